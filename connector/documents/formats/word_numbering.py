"""The numbers of paragraphs that Word counts itself: lists and clauses such as 4.2 or (a)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connector.documents.formats.archive import Element
from connector.documents.formats.office_xml import child, children, value, whole_number

_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    *((1_000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LARGEST_ROMAN = 5_000
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_BULLET = "-"


@dataclass(frozen=True)
class _Level:
    form: str
    text: str
    start: int


class Numbering:
    """Counts the paragraphs of a document in their order."""

    def __init__(self, root: Element | None) -> None:
        abstract = {
            value_of_id: _levels(entry)
            for entry in children(root, "w:abstractNum")
            if (value_of_id := entry.get("w:abstractNumId", ""))
        }
        self._lists: dict[str, tuple[str, dict[int, _Level]]] = {}
        for entry in children(root, "w:num"):
            name = value(entry, "w:abstractNumId")
            levels = {**abstract.get(name, {}), **_overrides(entry)}
            self._lists[entry.get("w:numId", "")] = (name, levels)
        self._counts: dict[str, list[int | None]] = {}

    def label(self, list_id: str, level: int) -> str:
        """The number of the next paragraph of a list, such as "4.2"; "" for none."""
        name, levels = self._lists.get(list_id, ("", {}))
        if level not in levels:
            return ""
        if levels[level].form == "bullet":
            return _BULLET
        # lists that continue one another share their counts
        counts = self._counts.setdefault(name or list_id, [None] * _LEVELS)
        last = counts[level]
        counts[level] = levels[level].start if last is None else last + 1
        counts[level + 1 :] = [None] * (_LEVELS - level - 1)
        return self._text(levels, counts, level)

    def _text(self, levels: dict[int, _Level], counts: list[int | None], level: int) -> str:
        def number(match: re.Match[str]) -> str:
            index = int(match[1]) - 1
            entry = levels.get(index, _Level("decimal", "", 1))
            count = counts[index]
            return format_number(entry.start if count is None else count, entry.form)

        return _PLACE.sub(number, levels[level].text).strip()


def _levels(element: Element) -> dict[int, _Level]:
    found = {}
    for entry in children(element, "w:lvl"):
        index = whole_number(entry.get("w:ilvl", ""), default=_LEVELS)
        if index < _LEVELS:
            form = value(entry, "w:numFmt") or "decimal"
            text = value(entry, "w:lvlText")[:100]
            found[index] = _Level(form, text, whole_number(value(entry, "w:start"), default=1))
    return found


def _overrides(element: Element) -> dict[int, _Level]:
    found: dict[int, _Level] = {}
    for entry in children(element, "w:lvlOverride"):
        if child(entry, "w:lvl") is not None:
            found |= _levels(entry)
    return found


def format_number(number: int, form: str) -> str:
    """A number as WordprocessingML names its forms: decimal, lowerRoman, upperLetter, none ..."""
    if form == "none":
        return ""
    if form in {"lowerRoman", "upperRoman"} and number <= _LARGEST_ROMAN:
        text = _roman(number)
        return text.upper() if form == "upperRoman" else text
    if form in {"lowerLetter", "upperLetter"} and number:
        letter = _ALPHABET[(number - 1) % 26] * min(1 + (number - 1) // 26, 20)
        return letter.upper() if form == "upperLetter" else letter
    return f"{number:02d}" if form == "decimalZero" else str(number)


def _roman(number: int) -> str:
    text = ""
    for size, letters in _ROMAN:
        text += letters * (number // size)
        number %= size
    return text
