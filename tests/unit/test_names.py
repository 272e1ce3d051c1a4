"""Names and sizes that a reader can rely on."""

import re
import statistics
from collections import Counter, defaultdict

from tests.support.source_tree import MODULES, functions, public_names, source, tree

# words that once had a meaning of our own; each has a standard term in their place
PRIVATE_WORDS = set(
    "told tell telling said say asked asks wants wanted nobody somebody whose lets aside purse "
    "forecast heard hears came workshop machinery gauges".split()
)
# functions that are one table or one published structure
LONGEST_MODULE = 400
MEDIAN_LINES = 8
NINE_IN_TEN_LINES = 22


def words(name: str) -> list[str]:
    """The words of a name in snake_case or CamelCase."""
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)


def test_class_names_are_unique() -> None:
    """A class is found by its name alone."""
    modules = defaultdict(list)
    for name in MODULES:
        for node in tree(name).body:
            if type(node).__name__ == "ClassDef":
                modules[node.name].append(name)  # type: ignore[attr-defined]
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}


def test_public_names_use_standard_words() -> None:
    """No public name has a word that only this project understands."""
    private = [
        path
        for name in MODULES
        for path, last in public_names(name)
        if PRIVATE_WORDS & {word.lower() for word in words(last)}
    ]
    assert private == []


def test_modules_are_short() -> None:
    """A module fits in the head; complexity of functions is held by ruff (C901)."""
    lines = Counter({name: source(name).count("\n") for name in MODULES})
    assert {name: count for name, count in lines.items() if count > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    """Half of all functions have at most eight lines, and nine of ten at most 22."""
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for name in MODULES
        for node in functions(name)
    ]
    assert statistics.median(lengths) <= MEDIAN_LINES
    assert statistics.quantiles(lengths, n=10)[-1] <= NINE_IN_TEN_LINES
