"""What the cells of a sheet have beside their values.

Formats of numbers that change what a value means (per cent and currencies), and formulas whose
results the file does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast
from xml.etree import ElementTree
from xml.parsers import expat

from connector.documents.formats.archive import Archive, Element, refuse_declarations
from connector.documents.formats.flow import MAX_CELLS
from connector.documents.formats.office_xml import child, children, whole_number
from connector.documents.job import Unreadable

_BUILT_IN = {9: "0%", 10: "0.00%"}
_QUOTED = re.compile(r'"([^"]{0,40})"|\[\$([^\]-]{0,10})[^\]]{0,20}\]|([€$£¥₹₽])')
_CURRENCY = re.compile(r"[€$£¥₹₽]|\b[A-Z]{3}\b|\b(?:kr|zł|Kč|Ft|Fr\.?)(?!\w)")
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_PLACES_IN_FORMAT = re.compile(r"0\.(0{1,10})")
_CHUNK = 65_536
_LARGEST = 20_000_000  # larger than any row or column
_MAX_EXTENT = 10_000_000  # cells


@dataclass(frozen=True)
class SheetFormats:
    """``codes`` by style; ``styles`` by the row and column of a cell, from 0.

    ``without_result`` counts the formulas that a program wrote and none has computed yet.
    """

    codes: Mapping[str, str] = field(default_factory=dict)
    styles: dict[tuple[int, int], str] = field(default_factory=dict)
    without_result: int = 0

    @classmethod
    def read(cls, archive: Archive, path: str, styles: Element | None) -> SheetFormats:
        """The formats of the sheet at ``path`` that are shown here."""
        codes = dict(_shown_codes(styles))
        found: dict[tuple[int, int], str] = {}
        without_result = 0
        extent = _Extent()
        for cell in _cells(archive.read(path)) if path in archive else ():
            place = _PLACE.fullmatch(cell.get("r", ""))
            if place:
                row, column = int(place[2]) - 1, _column(place[1])
                extent.add(row, column)
                if (style := cell.get("s", "")) in codes:
                    found[row, column] = style
            without_result += _lacks_result(cell)
        return cls(codes, found, without_result)

    def text(self, row: int, column: int, value: Any, text: str) -> str:
        """``text`` of a number with its sign of per cent or currency; of anything else as it is."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return text
        code = self.codes.get(self.styles.get((row, column), ""), "")
        if not code:
            return text
        if "%" in code:
            return f"{format((Decimal(text) * 100).normalize(), 'f')}%"
        return f"{_currency(code)} {_with_decimals(text, code)}"


class _Extent:
    """The rows and columns between the first and the last cell, all of which take memory."""

    def __init__(self) -> None:
        self._rows = [_LARGEST, 0]
        self._columns = [_LARGEST, 0]

    def add(self, row: int, column: int) -> None:
        for sides, place in ((self._rows, row), (self._columns, column)):
            sides[0] = min(sides[0], place)
            sides[1] = max(sides[1], place)
        height, width = (last - first + 1 for first, last in (self._rows, self._columns))
        if height * width > _MAX_EXTENT:
            raise Unreadable(
                "file_too_large", "has cells that are too far apart, with too many between them."
            )


def _with_decimals(text: str, code: str) -> str:
    places = _PLACES_IN_FORMAT.search(code)
    return format(Decimal(text), f".{len(places[1])}f") if places else text


def _shown_codes(styles: Element | None) -> Iterator[tuple[str, str]]:
    """By index of a cell's style the formats with a per cent sign or a currency."""
    own = {
        entry.get("numFmtId", ""): entry.get("formatCode", "")
        for entry in children(child(styles, "x:numFmts"), "x:numFmt")
    }
    for index, entry in enumerate(children(child(styles, "x:cellXfs"), "x:xf")):
        name = entry.get("numFmtId", "")
        code = own.get(name) or _BUILT_IN.get(whole_number(name), "")
        code = code.partition(";")[0][:200]
        if "%" in code or _currency(code):
            yield str(index), code


def _currency(code: str) -> str:
    for match in _QUOTED.finditer(code):
        text = next(filter(None, match.groups()), "").strip()
        if found := _CURRENCY.search(text):
            return found[0]
    return ""


def _cells(data: bytes) -> Iterator[Element]:
    """The cells of a sheet, each with its formula and its value; some of a damaged one."""
    try:
        refuse_declarations(data, "an Excel file")
        yield from _parsed_cells(data)
    except (ElementTree.ParseError, expat.ExpatError):
        return  # the library that reads the values says what is wrong


def _parsed_cells(data: bytes) -> Iterator[Element]:
    parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(events=("end",))
    count = 0
    for start in range(0, len(data), _CHUNK):
        parser.feed(data[start : start + _CHUNK])
        for _, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
            tag = element.tag.rpartition("}")[2]
            if tag == "row":
                element.clear()
            elif tag == "c":
                count += 1
                yield element
                element.clear()
            if count > MAX_CELLS:
                raise Unreadable("file_too_large", "has more cells than are read. Split it.")


def _lacks_result(cell: Element) -> bool:
    parts = {entry.tag.rpartition("}")[2]: entry.text for entry in cell}
    return "f" in parts and not parts.get("v") and "is" not in parts


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
