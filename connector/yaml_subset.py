"""YAML without surprises: the few forms a person means, each refused form named with its line.

PyYAML reads ``no`` as False, ``010`` as 8, ``1:30`` as 90 and lets a repeated key win in silence. This reader takes the
same files but knows only: maps with unique text keys, lists, quoted and plain text, whole and decimal numbers, ``true``,
``false`` and ``null``. Anchors, aliases, tags and several documents are refused.
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
_LOOKS_NUMERIC = re.compile(r"[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*)")
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_MAX_DEPTH = 20
_MAX_DIGITS = 18


class Lines:
    """Where each value of a document stands: ``lines.of("fields", "text")`` is a line number, counted from 1."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {(): 1}

    def put(self, path: Path, line: int) -> None:
        self._lines[path] = line

    def of(self, *path: str | int) -> int:
        """The line of ``path``, or of the nearest thing around it that has one."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]


def read_yaml(text: str, *, file: str = "") -> tuple[Any, Lines]:
    """The value of one YAML document and the lines of its parts; ``TemplateError`` with file and line if refused."""
    lines = Lines()
    try:
        node = _compose(text, file)
        _refuse_aliases(text, file)
    except yaml.MarkedYAMLError as error:
        ended = "end of stream" in (error.problem or "")  # then the line to look at is where the open text began
        mark = (error.context_mark if ended else None) or error.problem_mark or error.context_mark
        problem = error.problem or error.context or "not YAML"
        raise TemplateError(f"this is not YAML: {problem}.", file=file, line=mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        raise TemplateError(f"this is not YAML: {str(error).splitlines()[0]}.", file=file, line=1) from None
    except RecursionError:
        raise TemplateError(f"nested deeper than {_MAX_DEPTH} levels.", file=file, line=1) from None
    if node is None:
        raise TemplateError("the file is empty.", file=file, line=1)
    return _Builder(file, lines).build(node, ()), lines


def _compose(text: str, file: str) -> yaml.Node | None:
    loader = yaml.SafeLoader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    except (ValueError, OverflowError):  # PyYAML lets a number it cannot read in an escape or a directive fall through
        raise TemplateError("this is not YAML: a number is out of range.", file=file, line=loader.line + 1) from None
    finally:
        loader.dispose()
    return node


def _refuse_aliases(text: str, file: str) -> None:
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise TemplateError("anchors and aliases (& and *) are not allowed; write the value out.", file=file, line=_line(event))
        if getattr(event, "tag", None) is not None:
            raise TemplateError("tags (!) are not allowed; quote the text.", file=file, line=_line(event))


def _line(part: yaml.Node | yaml.Event) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


class _Builder:
    """Turns PyYAML's nodes into plain values, noting lines on the way."""

    def __init__(self, file: str, lines: Lines) -> None:
        self._file, self._lines = file, lines

    def build(self, node: yaml.Node, path: Path) -> Any:
        self._lines.put(path, _line(node))
        if len(path) > _MAX_DEPTH:
            raise self._error(node, f"nested deeper than {_MAX_DEPTH} levels.")
        if isinstance(node, yaml.MappingNode):
            return self._map(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(cast(yaml.ScalarNode, node))

    def _map(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                shown = f"`{key_node.value}`" if isinstance(key_node, yaml.ScalarNode) else "this"
                raise self._error(key_node, f"{shown} is not a text key; quote it.")
            if key in found:
                raise self._error(key_node, f"`{key}` stands twice here; keep one.")
            found[key] = self.build(value_node, (*path, key))
            self._lines.put((*path, key), _line(key_node))
        return found

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = node.value
        if _UNUSABLE.search(text):
            raise self._error(node, "a text here has a character that no file can carry (NUL or half of a pair).")
        if node.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
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
            raise self._error(node, f"`{text}` could be a number or a text; write the number plainly or quote the text.")
        return text

    def _error(self, node: yaml.Node, problem: str) -> TemplateError:
        return TemplateError(problem, file=self._file, line=_line(node))
