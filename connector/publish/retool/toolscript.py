"""Toolscript, the file format of a classic app: tags with attributes, formatted as in Retool's own
exports."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_INDENT = "  "
_PLAIN = re.compile(r'[^"&\\\n\r]*')  # what may stand in double quotes as it is
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True)
class Include:
    """The text of another file as the value of an attribute; ``path`` is below the app's folder."""

    path: str


@dataclass(frozen=True)
class HexId:
    """The id of an event, an option or a view: ``length`` hexadecimal digits of its owner's
    hash."""

    length: int
    parts: tuple[str, ...]

    def digits(self, attempt: int) -> str:
        return hashlib.sha256(
            "\0".join((*self.parts, "" if not attempt else str(attempt))).encode()
        ).hexdigest()[: self.length]


@dataclass(frozen=True)
class Element:
    """A tag. ``place`` is its position on the canvas, for visible ones."""

    tag: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[Element, ...] = ()
    place: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        return str(self.attributes.get("id", ""))

    def walk(self) -> Iterator[Element]:
        """The element and everything in it."""
        yield self
        for child in self.children:
            yield from child.walk()


def resolve_ids(root: Element) -> Element:
    """The same tree with every ``HexId`` replaced by its digits; no two are equal."""
    ids = [
        one
        for element in root.walk()
        for one in element.attributes.values()
        if isinstance(one, HexId)
    ]
    resolved: dict[HexId, str] = {}
    for one in dict.fromkeys(ids):
        resolved[one] = next(
            digits
            for attempt in range(len(ids))
            if (digits := one.digits(attempt)) not in resolved.values()
        )
    return _with_ids(root, resolved)


def _with_ids(element: Element, ids: Mapping[HexId, str]) -> Element:
    def replaced(values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: ids[value] if isinstance(value, HexId) else value
            for name, value in values.items()
        }

    children = tuple(_with_ids(child, ids) for child in element.children)
    place = None if element.place is None else replaced(element.place)
    return replace(element, attributes=replaced(element.attributes), children=children, place=place)


def write_rsx(element: Element) -> str:
    """The text of one .rsx file."""
    return "\n".join(_lines(element)) + "\n"


def positions(root: Element) -> dict[str, Any]:
    """The file .positions.json: the position of each element."""
    return {element.id: dict(element.place) for element in root.walk() if element.place is not None}


def _lines(element: Element) -> Iterator[str]:
    attributes = [f"{name}={_value(value)}" for name, value in element.attributes.items()]
    if not element.children:
        yield from _opening(element.tag, attributes, " />")
        return
    yield from _opening(element.tag, attributes, ">")
    for child in element.children:
        yield from (_INDENT + line for line in _lines(child))
    yield f"</{element.tag}>"


def _opening(tag: str, attributes: list[str], end: str) -> Iterator[str]:
    short = " ".join([f"<{tag}", *attributes]) + end
    if len(short) <= 80:  # noqa: PLR2004  where Retool breaks its lines
        yield short
        return
    yield f"<{tag}"
    yield from (_INDENT + attribute for attribute in attributes)
    yield end.strip()


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"' if _PLAIN.fullmatch(value) else f"{{{_string(value)}}}"
    return f"{{{_expression(value)}}}"


def _expression(value: Any) -> str:
    if isinstance(value, Include):
        return f'include("./{value.path}", "string")'
    if isinstance(value, dict):
        inner = ", ".join(
            f"{key if _IDENTIFIER.fullmatch(key) else json.dumps(key)}: {_expression(one)}"
            for key, one in value.items()
        )
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_expression, value))}]"
    return _string(value) if isinstance(value, str) else json.dumps(value)


def _string(text: str) -> str:
    """A text as JavaScript writes it, in the quotes that need fewer backslashes."""
    double = (
        json.dumps(text, ensure_ascii=False)
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
    if '"' not in text or text.count("'") >= text.count('"'):
        return double
    return "'" + double[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
