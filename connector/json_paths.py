"""Paths into JSON: ``order.lines[0].text``, ``fields[label=E-mail].value``, ``["a.b"].c``.

A path goes on inside a text that is itself JSON, as in a form's ``payload={...}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_PATH = 300  # characters
_MAX_INDEX = 6  # figures
_MAX_DEPTH = 8  # of the paths that are listed
_MAX_LISTED_LENGTH = 120
_STEP = re.compile(
    r"\[\s*(?P<index>[0-9]+)\s*\]"
    r"|\[\s*\"(?P<double>[^\"]+)\"\s*\]"
    r"|\[\s*'(?P<single>[^']+)'\s*\]"
    r"|\[\s*(?P<key>[^\[\]=\"'\s][^\[\]=\"']*)=\s*(?P<value>[^\[\]\s][^\[\]]*)\]"
    r"|\[\s*(?P<bare>[^\W\d][^\[\]=*{}\"'?@]*)\]"
    r"|(?P<name>[^.\[\]]+)"
)
_PLAIN_KEY = re.compile(r"[^.\[\]{}\s\"'$/][^.\[\]{}\"]*(?<!\s)")
_FOREIGN = (
    (re.compile(r"\{\{|\}\}|\{%"), 'is a template. Templates go into "templates"'),
    (re.compile(r"\$(?:[.\[]|$)"), 'is JSONPath. Leave out the "$."'),
    (re.compile(r"\$(?:json|node|input|body)\b"), "is an expression of another tool"),
    (re.compile(r"[/#@]"), "begins with a character that no path begins with"),
)
_HELP = "Write names with dots between them, such as order.lines[0].text."


class PathError(ValueError):
    """A text that is not a path: a sentence that follows the path."""


@dataclass(frozen=True)
class Match:
    """The step ``[key=value]``: the only entry of a list with this value, compared without case."""

    key: str
    value: str

    def entries(self, items: list[Any]) -> list[Any]:
        return [
            item
            for item in items
            if isinstance(item, Mapping) and _folded(item.get(self.key)) == _folded(self.value)
        ]


Step = str | Match


@lru_cache(maxsize=1_024)
def parse_path(path: str) -> tuple[Step, ...]:
    """The steps of a path; ``PathError`` for a text that can never match anything."""
    if not path.strip():
        raise PathError(f"is empty. {_HELP}")
    if len(path) > MAX_PATH:
        raise PathError(f"has more than {MAX_PATH} characters. {_HELP}")
    for pattern, problem in _FOREIGN:
        if pattern.match(path) or ("{" in path and pattern.search(path)):
            raise PathError(f"{problem}. {_HELP}")
    steps: list[Step] = []
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise PathError(f"cannot be read at character {position + 1}. {_HELP}")
        steps.append(_step(step))
        position = _next_position(path, step.end())
    return tuple(steps)


def _next_position(path: str, end: int) -> int:
    """Where the step after the one that ends at ``end`` begins; a dot needs a step after it."""
    if path[end : end + 1] != ".":
        return end
    if path[end + 1 : end + 2] in {"", "."}:
        raise PathError(f"has a dot too many at character {end + 1}. {_HELP}")
    return end + 1


def _step(match: re.Match[str]) -> Step:
    if match["key"]:
        value = match["value"].rstrip()
        is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        return Match(match["key"].rstrip(), value[1:-1] if is_quoted else value)
    keys = (match[group] for group in ("index", "double", "single", "bare", "name"))
    return next(key for key in keys if key).strip()


def value_at(data: Any, path: str) -> Any:
    """The value at ``path``, or None; a key equal to the whole path comes first."""
    data = _unpacked(data)
    if isinstance(data, Mapping) and path in data:
        return data[path]
    try:
        steps = parse_path(path)
    except PathError:
        return None
    for step in steps:
        data = _value_of(_unpacked(data), step)
    return data


def _value_of(data: Any, step: Step) -> Any:
    if isinstance(step, Match):
        entries = step.entries(data) if isinstance(data, list) else []
        return entries[0] if len(entries) == 1 else None
    if isinstance(data, Mapping):
        return data.get(step)
    if isinstance(data, list) and step.isascii() and step.isdigit() and len(step) <= _MAX_INDEX:
        return data[int(step)] if int(step) < len(data) else None
    return None


def problem_at(data: Any, path: str) -> str:
    """Why there is no value at ``path``, as a sentence without an end."""
    try:
        steps = parse_path(path)
    except PathError:
        steps = ()
    for step in steps:
        data = _unpacked(data)
        if isinstance(step, Match) and isinstance(data, list) and len(step.entries(data)) > 1:
            count = len(step.entries(data))
            return f'there are {count} entries with {step.key}={step.value} at "{path}"'
        data = _value_of(data, step)
    return f'there is nothing at "{path}"'


def _unpacked(data: Any) -> Any:
    """The object or list in a text that is JSON, else ``data``."""
    if isinstance(data, str) and data.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(data, strict=False)
        except (ValueError, RecursionError):
            return data
    return data


def _folded(value: Any) -> str:
    return " ".join(str(value).split()).casefold()


# --- listing --------------------------------------------------------------------------------------


def list_paths(data: Any) -> Iterator[str]:
    """The paths of the values in ``data``, without the values; of a list, those of its first entry.

    They are written as a mapping takes them.
    """
    yield from (path for path in _paths(data, "", 0) if 0 < len(path) <= _MAX_LISTED_LENGTH)


def _paths(data: Any, path: str, depth: int) -> Iterator[str]:
    data = _unpacked(data)
    if depth < _MAX_DEPTH and isinstance(data, Mapping) and data:
        for key, value in data.items():
            if not str(key).strip():
                continue  # no path leads there
            yield from _paths(value, _joined(path, str(key)), depth + 1)
    elif depth < _MAX_DEPTH and isinstance(data, list) and data:
        yield from _paths(data[0], f"{path}[0]", depth + 1)
    else:
        yield path


def _joined(path: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        quote = "'" if '"' in key else '"'
        return f"{path}[{quote}{key}{quote}]"
    return f"{path}.{key}" if path else key
