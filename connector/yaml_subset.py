"""A strict subset of YAML; everything outside it is refused with its line.

PyYAML reads ``no`` as False, ``010`` as 8, ``1:30`` as 90, and lets the last of two equal keys win
silently. This reader accepts only: maps with unique text keys, lists, quoted and plain text, whole
and decimal numbers, ``true``, ``false`` and ``null``. Anchors, aliases, tags and several documents
in one file are refused.
"""

from __future__ import annotations

import math
import re
from typing import Any, cast

import yaml

from connector.errors import TemplateError

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_LOOKS_NUMERIC = re.compile(r"[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9]++_[0-9_]*)")
_INVALID_CHARACTERS = re.compile("[\x00\ud800-\udfff]")
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
_ALIAS_OR_TAG = frozenset("&*!")
_MAX_DEPTH = 20
_MAX_DIGITS = 18


class LineNumbers:
    """The line of each value of a document, from 1: ``lines.of("fields", "text")``."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {(): 1}

    def set(self, path: Path, line: int) -> None:
        self._lines[path] = line

    def of(self, *path: str | int) -> int:
        """The line of ``path``, or of the nearest enclosing value that has one."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]


def read_yaml(text: str, *, file: str = "") -> tuple[Any, LineNumbers]:
    """The value of a YAML document and its line numbers; ``TemplateError`` if it is refused."""
    lines = LineNumbers()
    try:
        node = _compose(text, file)
        _refuse_aliases(text, file)
    except yaml.MarkedYAMLError as error:
        # an error at the end of the file began at the text that was never closed
        is_at_end = "end of stream" in (error.problem or "")
        mark = (error.context_mark if is_at_end else None) or error.problem_mark
        mark = mark or error.context_mark
        problem = error.problem or error.context or "not YAML"
        raise TemplateError(
            f"this is not YAML: {problem}.", file=file, line=mark.line + 1 if mark else 1
        ) from None
    except yaml.YAMLError as error:
        raise TemplateError(
            f"this is not YAML: {str(error).splitlines()[0]}.", file=file, line=1
        ) from None
    except RecursionError:
        raise TemplateError(f"nested deeper than {_MAX_DEPTH} levels.", file=file, line=1) from None
    if node is None:
        raise TemplateError("the file is empty.", file=file, line=1)
    return _Builder(file, lines).build(node, ()), lines


def _compose(text: str, file: str) -> yaml.Node | None:
    loader = yaml.SafeLoader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    except (ValueError, OverflowError):
        # PyYAML does not catch these for a number in an escape or a directive
        raise TemplateError(
            "this is not YAML: a number is out of range.", file=file, line=loader.line + 1
        ) from None
    finally:
        loader.dispose()
    return node


def _refuse_aliases(text: str, file: str) -> None:
    if _ALIAS_OR_TAG.isdisjoint(text):
        return  # reading the events takes as long as reading the values
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise TemplateError(
                "anchors and aliases (& and *) are not allowed; write the value out.",
                file=file,
                line=_line(event),
            )
        if getattr(event, "tag", None) is not None:
            raise TemplateError(
                "tags (!) are not allowed; quote the text.", file=file, line=_line(event)
            )


def _line(part: yaml.Node | yaml.Event) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


class _Builder:
    """Converts PyYAML's nodes to plain values and records their lines."""

    def __init__(self, file: str, lines: LineNumbers) -> None:
        self._file = file
        self._lines = lines

    def build(self, node: yaml.Node, path: Path) -> Any:
        self._lines.set(path, _line(node))
        if len(path) > _MAX_DEPTH:
            raise self._error(node, f"nested deeper than {_MAX_DEPTH} levels.")
        if isinstance(node, yaml.MappingNode):
            return self._map(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(cast(yaml.ScalarNode, node))

    def _map(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                shown = f"`{key_node.value}`" if isinstance(key_node, yaml.ScalarNode) else "this"
                raise self._error(key_node, f"{shown} is not a text key; quote it.")
            if key in values:
                raise self._error(key_node, f"`{key}` is given twice here; keep one.")
            values[key] = self.build(value_node, (*path, key))
            self._lines.set((*path, key), _line(key_node))
        return values

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = node.value
        if _INVALID_CHARACTERS.search(text):
            raise self._error(
                node, "a text here has an invalid character (null or an unpaired surrogate)."
            )
        if node.style is not None:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            if len(text.lstrip("+-")) > _MAX_DIGITS:
                raise self._error(node, "this number is too long; quote it if it is text.")
            return int(text)
        if _DECIMAL.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                raise self._error(node, "this number is too large; quote it if it is text.")
            return number
        if _LOOKS_NUMERIC.fullmatch(text):
            raise self._error(
                node,
                f"`{text}` could be a number or a text; write the number in full or quote it.",
            )
        return text

    def _error(self, node: yaml.Node, problem: str) -> TemplateError:
        return TemplateError(problem, file=self._file, line=_line(node))
