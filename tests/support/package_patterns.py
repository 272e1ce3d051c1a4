"""Every regular expression of the package.

The compiled ones that a module holds, and those that a call such as ``re.sub`` names.
"""

from __future__ import annotations

import ast
import copy
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import connector
from connector.catalogue import text_spans
from connector.catalogue.text_spans import TextSpan
from tests.support.regex_pumps import Pattern

_FUNCTIONS = {"compile", "search", "match", "fullmatch", "sub", "split", "findall", "finditer"}
_ANCHORED = {"match", "fullmatch"}


def package_patterns(matched_only: Iterable[str] = ()) -> list[Pattern]:
    """Each pattern of the package, once for each place; ``AssertionError`` names unreadable ones.

    A pattern that is put together while the program runs has a sample in place of escaped text.
    ``matched_only`` are names of patterns, or of tables of them, that are never searched for.
    """
    modules = list(_modules())
    scanned = _scanned_names(modules)
    patterns: dict[str, Pattern] = {}
    for module in modules:
        for name, compiled in _held(module):
            place = f"{module.__name__}.{name}"
            is_matched = name.isidentifier() and (module.__name__, name) not in scanned
            is_anchored = is_matched or place.partition("[")[0] in matched_only
            patterns[place] = Pattern(place, compiled, is_anchored)
        patterns |= {pattern.place: pattern for pattern in _called(module)}
    return list(patterns.values())


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(connector.__path__, "connector."):
        if ".migrations." in info.name or info.name.endswith("__main__"):
            continue
        yield importlib.import_module(info.name)


def _tree(module: ModuleType) -> ast.Module:
    assert module.__file__
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def _scanned_names(modules: Iterable[ModuleType]) -> set[tuple[str, str]]:
    """(module, name) of the patterns whose every position is tried, also under another name."""
    scanned = set()
    for module in modules:
        tree = _tree(module)
        origins = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        used = {
            id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=name, ctx=ast.Load()) if used.get(id(node)) not in _ANCHORED:
                    scanned.add(origins.get(name, (module.__name__, name)))
    return scanned


def _held(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any]]]:
    for name, value in vars(module).items():
        if not name.startswith("__"):
            yield from _inside(name, value, 0)


def _inside(name: str, value: Any, depth: int) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif depth < 4 and isinstance(value, dict):
        for number, (key, item) in enumerate(value.items()):
            yield from _inside(f"{name}[{number}k]", key, depth + 1)
            yield from _inside(f"{name}[{number}]", item, depth + 1)
    elif depth < 4 and isinstance(value, tuple | list | set | frozenset):
        for number, item in enumerate(value):
            yield from _inside(f"{name}[{number}]", item, depth + 1)
    elif depth < 4 and is_dataclass(type(value)):
        for key in fields(value):
            yield from _inside(f"{name}.{key.name}", getattr(value, key.name), depth + 1)


def _called(module: ModuleType) -> Iterator[Pattern]:
    """The patterns of calls inside functions; at module level, ``_held`` finds what is kept."""
    for function in ast.walk(_tree(module)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and (name := _function_of_re(node)):
                place = f"{module.__name__}.{function.name}:{node.lineno - function.lineno}"
                flags = [word.value for word in node.keywords if word.arg == "flags"]
                if name not in {"sub", "split"}:
                    flags += node.args[1 if name == "compile" else 2 :]
                value = sum(int(_evaluate(flag, module, place, {})) for flag in flags)
                for number, names in enumerate(_samples_for(module, function.name)):
                    text = _evaluate(node.args[0], module, place, names)
                    pattern = re.compile(text, value)
                    yield Pattern(f"{place}/{number}", pattern, name in _ANCHORED)


def _function_of_re(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(value=ast.Name(id="re"), attr=name) if name in _FUNCTIONS:
            return name
    return ""


def _evaluate(node: ast.expr, module: ModuleType, place: str, names: dict[str, Any]) -> Any:
    node = _WithSamples().visit(copy.deepcopy(node))
    code = compile(ast.fix_missing_locations(ast.Expression(node)), place, "eval")
    try:
        return eval(code, {**vars(module), "_sample": "a b", **names})
    except NameError as error:
        raise AssertionError(f"{place}: its pattern needs a sample here: {error}") from None


class _WithSamples(ast.NodeTransformer):
    """Puts a sample in place of text that is escaped, which matches only itself."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node.func:
            case ast.Attribute(value=ast.Name(id="re"), attr="escape"):
                return ast.Name("_sample", ast.Load())
        return self.generic_visit(node)


# what the own names of a function may hold that puts a pattern together
_SAMPLES: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("tool_values", "_contains"): [{"pattern": r"a\s+b"}, {"pattern": r"0"}],
    ("error_answers", "_is_named"): [
        {"is_technical": True, "quoted": "[\"'`]a[\"'`]", "plain": r"(?<![\w.])a(?![\w.])"}
    ],
    ("statements", "_names"): [{"ending": r"\w{0,3}"}, {"ending": ""}],
    # the table of its results is read as it is
    ("personal_data", "_identifier"): [{"pattern": "a", "words": "a"}],
    ("key_terms", "_term"): [{"pattern": r"a\s+b"}],
    # what they are joined with is read as it is held
    ("protected_text", "_patterns"): [
        {
            "own_words": r"(?P<own>(?i:(?<!\w)(?:a|b c)(?!\w)))",
            "_OUTSIDE": re.compile("<b>"),
            "_INSIDE": re.compile("#"),
        }
    ],
    ("stated_values", "_has_name"): [{"patterns": [r"(?<!\w)as", r"(?<!\w)a(?!\w)"]}],
    ("text_versions", "has_term"): [{"words": r"a\w{0,4}\sb"}],
    ("redact", "_pattern"): [{"wanted": wanted, "has_signs": True} for wanted in ("KD-##", "? a")],
}


def _samples_for(module: ModuleType, function: str) -> list[dict[str, Any]]:
    name = module.__name__.rpartition(".")[2]
    if (name, function) == ("text_spans", "_matches"):
        return [{"pattern": pattern} for pattern in _span_patterns()]
    return _SAMPLES.get((name, function), [{}])


def _span_patterns() -> list[str]:
    """The patterns that look for a value in a text, as the functions that make them do."""
    patterns: list[str] = []

    def record(pattern: str, _: str) -> Iterator[TextSpan]:
        patterns.append(pattern)
        return iter(())

    values = {
        "text": "a b a",
        "number": "12345678.05",
        "integer": "0",
        "date": "2026-03-01",
        "time": "14:00",
        "currency": "EUR",
    }
    with mock.patch.object(text_spans, "_matches", record):
        for kind, value in values.items():
            text_spans.find_value("-", value, kind)
    return patterns
