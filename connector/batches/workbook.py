"""Writing an XLSX file: one sheet of plain cells, sent while it is written.

Every text is a text cell, so nothing in it can be run as a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from xml.sax.saxutils import escape

from connector.catalogue.values import clean

Cell = str | int | float | bool | None

MAX_TEXT = 32_767  # UTF-16 units in a cell, the limit of Excel
_CUT = " … (cut here: a cell holds no more; results.csv and results.jsonl have all of it)"
_EXACT = 10**15  # larger numbers lose figures in a spreadsheet, and are written as text
_CHUNK_ROWS = 100
# ECMA-376 (22.9.2.19): characters that XML cannot hold, and texts that look like their escape
_ESCAPED = re.compile("[\x01-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
_NOT_XML = re.compile("[\ufffe\uffff]")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = "xl/worksheets/sheet1.xml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/{_SHEET}" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="Results" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
# the first row stays in sight
_SHEET_START = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_SHEET_END = "</sheetData></worksheet>"


class _Buffer(io.RawIOBase):
    """Takes what the archive writes, until it is sent; it cannot be rewound."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def write_xlsx(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The bytes of an XLSX file with these rows, piece by piece."""
    buffer = _Buffer()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _DECLARATION + content)
        with archive.open(_SHEET, "w") as sheet:
            sheet.write((_DECLARATION + _SHEET_START).encode())
            for chunk in _row_chunks(rows):
                sheet.write(chunk.encode())
                yield buffer.take()
            sheet.write(_SHEET_END.encode())
    yield buffer.take()


def _row_chunks(rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    numbered = zip(count(1), rows, strict=False)
    while chunk := list(islice(numbered, _CHUNK_ROWS)):
        yield "".join(_row(number, row) for number, row in chunk)


def _row(number: int, row: Sequence[Cell]) -> str:
    cells = "".join(
        _cell(f"{column_name(column)}{number}", value) for column, value in enumerate(row, 1)
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(reference: str, value: Cell) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, int | float) and abs(value) < _EXACT:
        return f'<c r="{reference}"><v>{value}</v></c>'
    text = _escape(str(value))
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _escape(text: str) -> str:
    text = _NOT_XML.sub("\ufffd", clean(_shorten(text)))
    return escape(_ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text))


def _shorten(text: str) -> str:
    """``text``, cut where it is longer than a cell may be."""
    if _utf16_length(text) <= MAX_TEXT:
        return text
    room = MAX_TEXT - len(_CUT)
    short = text[:room]
    while _utf16_length(short) > room:
        short = short[: len(short) - max(1, (_utf16_length(short) - room) // 2)]
    return short + _CUT


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def column_name(number: int) -> str:
    """The name of a column in a spreadsheet: A for 1, Z for 26, AA for 27."""
    name = ""
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
