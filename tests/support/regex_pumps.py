"""Hostile texts for regular expressions, made from their parse trees, and what a match costs.

``hostile_recipes`` repeats what each part of a pattern accepts, so that a part that may end at many
places is tried at all of them. ``superlinear_text`` compares lengths of one text by the CPU time of
this thread, since ``re`` counts no steps.
"""

from __future__ import annotations

import itertools
import math
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SHORT = 1_000  # characters
SUSPICIOUS = 0.000_2  # seconds for a short text; a plain scan of it takes a tenth of that
MOST_GROWTH = 8.0  # for four times the length: linear is 4, quadratic 16
LONG = 0.1  # seconds: noise does not matter any longer
HARD_LIMIT = 1.0  # seconds of CPU time
_MAX_UNITS = 24
_MAX_CHARACTERS = 12
_MAX_HEADS = 8
_OTHER_CHARACTERS = "!\n x0A_-<é"  # tried for ".", for a negated set, and to break a match
_CATEGORIES = {
    "CATEGORY_DIGIT": "0",
    "CATEGORY_NOT_DIGIT": "x!",
    "CATEGORY_SPACE": " \n",
    "CATEGORY_NOT_SPACE": "x!",
    "CATEGORY_WORD": "x0",
    "CATEGORY_NOT_WORD": "! ",
}


@dataclass(frozen=True)
class Pattern:
    """A pattern of the package: where it is, and whether it is only matched from the start."""

    place: str
    compiled: re.Pattern[Any]
    is_anchored: bool = False

    def run(self, text: Any) -> None:
        """Do what costs most of what the package does with this pattern."""
        if self.is_anchored:
            self.compiled.match(text)
            self.compiled.fullmatch(text)
        else:
            for _ in self.compiled.finditer(text):
                pass


# --- hostile texts --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """A text of any length: a head, then ``units`` repeated one after the other, then an end."""

    units: tuple[str, ...]
    head: str = ""
    end: str = ""

    def text(self, length: int) -> str:
        share = length // len(self.units)
        middle = "".join(unit * max(1, share // len(unit)) for unit in self.units)
        return f"{self.head}{middle}{self.end}"


def hostile_recipes(pattern: re.Pattern[Any]) -> list[Recipe]:
    """Texts that may cost much to match: every part repeated, after every part before it."""
    tree = list(re._parser.parse(pattern.pattern, pattern.flags))  # type: ignore[attr-defined]
    return list(dict.fromkeys(_recipes(tree)))


def text_for(pattern: re.Pattern[Any], recipe: Recipe, length: int) -> Any:
    """The recipe's text, as bytes for a pattern of bytes."""
    text = recipe.text(length)
    return text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text


def _recipes(tree: list[Any]) -> Iterator[Recipe]:
    literals = list(dict.fromkeys(itertools.chain(_alphabet(tree), _OTHER_CHARACTERS)))
    characters = literals[:_MAX_CHARACTERS]
    units = list(itertools.islice(dict.fromkeys(filter(None, _units(tree))), _MAX_UNITS))
    heads = list(itertools.islice(dict.fromkeys(_heads(tree)), 3 * _MAX_HEADS))
    ends = list(dict.fromkeys(["", "!", "\n", "\x00", " ", *literals[:3]]))
    for unit in dict.fromkeys([*units, *characters]):
        for end in ends:
            yield Recipe((unit,), end=end)
        for head in filter(None, heads[:_MAX_HEADS]):
            yield Recipe((unit,), head)
            yield Recipe((unit,), head, "\x00")
            yield Recipe((unit,), head, "\n")
    for head in filter(None, heads):  # each start goes on to where the next ones are
        yield Recipe((head,))
        for character in characters[:3]:
            yield Recipe((head + character * 40,))
    for first, second in itertools.permutations(characters[:8], 2):
        yield Recipe((first + second,), end="\x00")
        yield Recipe((first, second), end="\x00")


def _units(tree: list[Any]) -> Iterator[str]:
    """Samples of every run of parts of each sequence of the tree."""
    for sequence in _sequences(tree):
        samples = [_samples(node) for node in sequence]
        for start in range(len(sequence)):
            for end in range(start + 1, min(len(sequence), start + 8) + 1):
                for choice in range(2):
                    yield "".join(item[min(choice, len(item) - 1)] for item in samples[start:end])


def _heads(tree: list[Any], before: str = "") -> Iterator[str]:
    """What a match accepts before each part, also of the sequences inside others."""
    for node in tree:
        yield before
        for inner in _inner(node)[:3]:
            yield from _heads(inner, before)
        before += _samples(node)[0]


def _sequences(tree: list[Any]) -> Iterator[list[Any]]:
    yield tree
    for node in tree:
        for inner in _inner(node):
            yield from _sequences(inner)


def _inner(node: Any) -> list[list[Any]]:
    kind, value = str(node[0]), node[1]
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return [list(value[2])]
    if kind == "SUBPATTERN":
        return [list(value[3])]
    if kind == "BRANCH":
        return [list(branch) for branch in value[1]]
    if kind in {"ASSERT", "ASSERT_NOT"}:
        return [list(value[1])]
    if kind == "ATOMIC_GROUP":
        return [list(value)]
    return []


def _samples(node: Any) -> list[str]:
    """Texts that a part accepts; the first is the plainest. Never empty."""
    kind, value = str(node[0]), node[1]
    if kind == "LITERAL":
        return [chr(value)]
    if kind in {"ANY", "NOT_LITERAL", "IN", "CATEGORY"}:
        return list(dict.fromkeys(_characters(node))) or ["x"]
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        count = min(max(value[0], 1), value[1], 60)
        return [text * count for text in _sequence_samples(list(value[2]))]
    if kind == "BRANCH":
        return [_sequence_samples(branch)[0] for branch in _inner(node)]
    is_behind = kind == "ASSERT" and value[0] < 0
    if is_behind or kind in {"SUBPATTERN", "ATOMIC_GROUP"}:
        return _sequence_samples(_inner(node)[0])
    return [""]


def _sequence_samples(sequence: list[Any]) -> list[str]:
    samples = [_samples(node) for node in sequence]
    count = min(6, max((len(item) for item in samples), default=1))
    return ["".join(item[min(n, len(item) - 1)] for item in samples) for n in range(count)]


def _alphabet(tree: list[Any]) -> Iterator[str]:
    for sequence in _sequences(tree):
        for node in sequence:
            yield from _characters(node)


def _characters(node: Any) -> Iterator[str]:
    kind, value = str(node[0]), node[1]
    if kind == "LITERAL":
        yield chr(value)
    elif kind == "ANY":
        yield from "x! "
    elif kind == "CATEGORY":
        yield from _CATEGORIES[str(value)]
    elif kind == "NOT_LITERAL":
        yield from (c for c in _OTHER_CHARACTERS if c != chr(value))
    elif kind == "IN":
        yield from _of_set(value)


def _of_set(items: list[Any]) -> Iterator[str]:
    if str(items[0][0]) == "NEGATE":
        excluded = set(_of_set(items[1:]))
        yield from (character for character in "x! 0\n<-" if character not in excluded)
        return
    for item in items:
        if str(item[0]) == "RANGE":
            yield chr(item[1][0])
            yield chr(item[1][1])
        else:
            yield from _characters(item)


# --- costs ----------------------------------------------------------------------------------------


def superlinear_text(pattern: Pattern) -> str:
    """A text on which the pattern needs more than linear time, shortened; "" if there is none."""
    for recipe in hostile_recipes(pattern.compiled):
        if _costs(pattern, recipe, SHORT) > SUSPICIOUS and _grows(pattern, recipe):
            return f"{recipe.head!r}, {[u[:60] for u in recipe.units]} repeated, {recipe.end!r}"
    return ""


def _grows(pattern: Pattern, recipe: Recipe) -> bool:
    """Whether four times the length costs much more than four times as much, at three lengths."""
    for length in (SHORT, 2 * SHORT, 4 * SHORT):
        longer = lowest_cost(pattern, recipe, 4 * length)
        if longer == math.inf:
            return True
        if longer < MOST_GROWTH * lowest_cost(pattern, recipe, length):
            return False
    return True


def lowest_cost(pattern: Pattern, recipe: Recipe, length: int) -> float:
    """Seconds of CPU time for a text of ``length``, of three tries unless it is long."""
    costs = (_costs(pattern, recipe, length) for _ in range(3))
    first = next(costs)
    return first if first > LONG else min(first, *costs)


def _costs(pattern: Pattern, recipe: Recipe, length: int) -> float:
    """Seconds of CPU time; infinite when the match would take longer than ``HARD_LIMIT``."""
    text = text_for(pattern.compiled, recipe, length)
    start = time.thread_time()
    try:
        with cpu_limit(HARD_LIMIT):
            pattern.run(text)
    except TimeoutError:
        return math.inf
    return time.thread_time() - start


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Ends a match that explodes: ``TimeoutError`` after ``seconds`` of CPU time."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
