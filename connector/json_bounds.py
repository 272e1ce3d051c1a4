"""Bounds of a JSON text, checked before it is parsed.

A value takes up to a hundred times as much memory as its text, so a body of values without content
must be refused by its text.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_VALUES = 500_000  # as many as 10,000 rows of 50 columns
MAX_CONTAINERS = 200_000  # objects and lists
MAX_DEPTH = 100
# a string to its end, or to the end of a text that is cut off
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_STRING_BYTES = re.compile(_STRING.pattern.encode(), re.DOTALL)
_OPENING = ("[", "{")


class JsonTooLarge(ValueError):
    """A JSON text with too many values, or nested too deeply; says which, without a subject."""


def check_size(text: str | bytes) -> None:
    """``JsonTooLarge`` when ``text`` has too many values; a text within strings does not count."""
    if len(text) <= MAX_CONTAINERS:
        return
    containers = sum(_count(text, sign) for sign in _OPENING)
    values = containers + _count(text, ",")
    if containers <= MAX_CONTAINERS and values <= MAX_VALUES:
        return
    pattern: Any = _STRING if isinstance(text, str) else _STRING_BYTES
    for number, string in enumerate(pattern.finditer(text)):
        start, end = string.span()
        if number > 2 * MAX_VALUES:  # names and values
            raise _too_many_values()
        if end - start > len('""'):
            inside = sum(_count(text, sign, start, end) for sign in _OPENING)
            containers -= inside
            values -= inside + _count(text, ",", start, end)
    if values > MAX_VALUES:
        raise _too_many_values()
    if containers > MAX_CONTAINERS:
        raise JsonTooLarge(f"has more than {MAX_CONTAINERS:,} lists and objects")


def check_depth(value: Any) -> None:
    """``JsonTooLarge`` when a parsed value is nested more deeply than its readers recurse."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise JsonTooLarge(f"is nested more than {MAX_DEPTH} levels deep")


def bounded_loads(text: str | bytes, **options: Any) -> Any:
    """``json.loads`` of a text within the bounds; ``JsonTooLarge`` for another."""
    check_size(text)
    value = json.loads(text, **options)
    check_depth(value)
    return value


def _count(text: str | bytes, sign: str, start: int = 0, end: int | None = None) -> int:
    if isinstance(text, str):
        return text.count(sign, start, end)
    return text.count(sign.encode(), start, end)


def _too_many_values() -> JsonTooLarge:
    return JsonTooLarge(f"has more than {MAX_VALUES:,} values")
