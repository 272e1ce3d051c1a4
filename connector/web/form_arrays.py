"""Lists and objects in a form's names, as axios, qs, jQuery and PHP write them.

    categories[]=a   categories[0]=a
    fields[0][name]=total   fields[0].name=total   fields.0.name=total   fields{}={...}

A form has no lists, so its libraries put them into the names. What is written in two ways at once
is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.catalogue.values import clean
from connector.json_types import Json
from connector.web.fields import MAX_NAME, invalid_field

_PATH = re.compile(r"([^\[\]{}.]+)((?:\[[^\[\]]*\]|(?<=\])\.[^\[\].]+)+)")
_DOTTED = re.compile(r"([^\[\]{}.]+)(\.\d+(?:\.[^\[\]{}.]+)*)")  # axios with `dots`
_STEP = re.compile(r"\[([^\[\]]*)\]|\.([^\[\].]+)")
_JSON_SUFFIX = "{}"  # axios marks a field whose value it has written as JSON
_MAX_DEPTH = 6
_APPEND = ""


class _Node(dict[str, Any]):
    """An object or a list in the making: its keys are names, or positions."""


def base_name(name: str) -> str:
    """The field that ``name`` belongs to: `files` for `files[]` and `files[0]`."""
    match = _match_path(name)
    return match[1] if match else name.removesuffix(_JSON_SUFFIX)


def nested_values(given: Mapping[str, Sequence[str]]) -> Json:
    """The fields of a form from its names, each with its values; repeated ones become a list.

    ``InvalidInput`` names the field that is written in two ways.
    """
    fields: Json = {}
    row_counts: dict[str, int] = {}
    for name, values in given.items():
        match = _match_path(name)
        if match is None:
            _add_plain(fields, name.removesuffix(_JSON_SUFFIX), values)
            continue
        node = fields.setdefault(match[1], _Node())
        steps = list(_steps(match[2]))
        if not isinstance(node, _Node):
            raise _conflict(match[1])
        if _APPEND in steps[:-1] and row_counts.setdefault(match[1], len(values)) != len(values):
            raise _conflict(match[1])  # it is open which row lacks a value
        _add_nested(node, match[1], steps, values)
    return {name: _finished(value) for name, value in fields.items()}


def _match_path(name: str) -> re.Match[str] | None:
    """The field and the path in ``name``; None for a plain name."""
    return _PATH.fullmatch(name) or _DOTTED.fullmatch(name)


def _add_plain(fields: Json, name: str, values: Sequence[str]) -> None:
    if name in fields:
        raise _conflict(name)
    fields[name] = values[0] if len(values) == 1 else list(values)


def _steps(path: str) -> Iterator[str]:
    for match in _STEP.finditer(path):
        yield match[1] if match[1] is not None else match[2]


def _add_nested(node: _Node, name: str, steps: Sequence[str], values: Sequence[str]) -> None:
    """Put ``values`` at the path ``steps`` below ``node``.

    An empty step at the end appends; one before it, as in `[][name]`, is the row of the value.
    """
    if len(steps) > _MAX_DEPTH:
        raise invalid_field(_shown(name), "wrong_type", f'"{_shown(name)}" is nested too deeply.')
    *path, last = steps
    for row, value in enumerate(values):
        parent = node
        for step in path:
            child = parent.setdefault(str(row) if step == _APPEND else step, _Node())
            if not isinstance(child, _Node):
                raise _conflict(name)
            parent = child
        key = str(len(parent)) if last == _APPEND else last
        if key in parent:
            raise _conflict(name)
        parent[key] = value


def _finished(value: Any) -> Any:
    """A node whose keys are positions as a list in their order, any other as an object."""
    if not isinstance(value, _Node):
        return value
    if all(key.isascii() and key.isdecimal() for key in value):
        return [_finished(value[key]) for key in sorted(value, key=int)]
    return {key: _finished(one) for key, one in value.items()}


def _shown(name: str) -> str:
    return clean(name)[:MAX_NAME]


def _conflict(name: str) -> Exception:
    shown = _shown(name)
    message = (
        f'"{shown}" is sent in two ways, such as {shown}[] and {shown}[0], or twice at the same '
        "place. Send each entry once, all in the same way."
    )
    return invalid_field(shown, "wrong_type", message)
