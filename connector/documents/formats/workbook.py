"""XLSX and ODS: each sheet as a page with its table, as people see its values."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from connector.documents.formats.archive import (
    Archive,
    Element,
    broken,
    main_part,
    parts_of_kind,
    relationships,
)
from connector.documents.formats.drawings import DrawingReader
from connector.documents.formats.flow import (
    MAX_CELLS,
    FlowTable,
    Item,
    Omission,
    PageItems,
    PageNote,
)
from connector.documents.formats.office_xml import child, children, office_part_if_there
from connector.documents.formats.pages import decode_pages
from connector.documents.formats.sheet_formats import SheetFormats
from connector.documents.job import DecodedPage, DecodeJob, Unreadable
from connector.documents.spreadsheet import cell_text, open_workbook

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_WHAT = "an Excel file"
_MAX_COMMENTS = 5_000
_PICTURE_SHARE = 0.1
_AREA = 11_906 * 16_838 * 635.0 * 635.0  # of a page of A4, in square English Metric Units


def decode_workbook(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The sheets of a workbook as pages; a chart sheet has the values of its chart."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    archive = Archive(content, _WHAT)
    workbook = open_workbook(content)
    extras = _SheetExtras(archive) if "xl/workbook.xml" in archive else None
    entries = workbook.sheets_metadata
    if not entries:
        raise Unreadable("file_broken", "is a spreadsheet without sheets.")
    selected = set(job.select_pages(len(entries)))
    pages: list[PageItems] = []
    for number, entry in enumerate(entries, 1):
        items: PageItems = []
        if number in selected:
            mark = "" if entry.visible == SheetVisibleEnum.Visible else " (hidden)"
            items.append(f"Sheet: {entry.name}{mark}")
            formats = extras.formats(entry.name) if extras else SheetFormats()
            if entry.typ == SheetTypeEnum.WorkSheet:
                items += _sheet_items(workbook, entry.name, formats)
            items += extras.items(entry.name) if extras else ()
        pages.append(items)
    yield from decode_pages(job, [page if len(page) > 1 else [] for page in pages])


def _sheet_items(workbook: CalamineWorkbook, name: str, formats: SheetFormats) -> list[Item]:
    from python_calamine import CalamineError

    try:
        return list(_table(workbook.get_sheet_by_name(name), formats))
    except CalamineError:
        raise broken("a spreadsheet") from None


def _table(sheet: CalamineSheet, formats: SheetFormats) -> Iterator[Item]:
    table = FlowTable()
    first_row, first_column = sheet.start or (0, 0)
    cells = 0
    for row_number, row in enumerate(sheet.iter_rows(), first_row):
        cells += sum(value != "" for value in row)
        if cells > MAX_CELLS:
            raise Unreadable(
                "file_too_large", f"has a sheet of more than {MAX_CELLS:,} cells. Split it."
            )
        texts = [
            formats.text(row_number, column, value, cell_text(value))
            for column, value in enumerate(row, first_column)
        ]
        if any(texts):
            table.rows.append([[text] if text else [] for text in texts])
    yield from [Omission("formula without a stored result", 0.01)] * formats.without_result
    if table.rows:
        table.header_rows = int(_is_header(table.rows))
        yield table


def _is_header(rows: list[list[list[Item]]]) -> bool:
    """Whether the first row names the columns: it is full, and has no numbers."""
    first = ["".join(item for item in cell if isinstance(item, str)) for cell in rows[0]]
    return (
        len(rows) > 1
        and len(first) > 1
        and all(text and not any(char.isdigit() for char in text[:1]) for text in first)
    )


class _SheetExtras:
    """What the library for cells does not read: formats, comments, pictures, charts, boxes."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        part = main_part(archive, "xl/workbook.xml", _WHAT)
        relations = relationships(archive, part)
        root = office_part_if_there(archive, part)
        self._paths = {
            entry.get("name", ""): relations.get(entry.get("r:id", ""), ("", ""))[1]
            for entry in children(child(root, "x:sheets"), "x:sheet")
        }
        styles = next(iter(parts_of_kind(relations, "styles")), "")
        self._styles = office_part_if_there(archive, styles)

    def formats(self, name: str) -> SheetFormats:
        """The formats of numbers in a sheet."""
        path = self._paths.get(name, "")
        return SheetFormats.read(self._archive, path, self._styles)

    def items(self, name: str) -> Iterator[Item]:
        """What stands beside the cells of a sheet."""
        relations = relationships(self._archive, self._paths.get(name, ""))
        for path in parts_of_kind(relations, "drawing"):
            yield from self._drawing(path)
        for path in parts_of_kind(relations, "comments"):
            yield from _comments(office_part_if_there(self._archive, path))

    def _drawing(self, path: str) -> Iterator[Item]:
        root = office_part_if_there(self._archive, path)
        drawings = DrawingReader(self._archive, relationships(self._archive, path), _AREA)
        for anchor in root if root is not None else ():
            extent = child(anchor, "xdr:ext")
            share = (
                drawings.share(extent.get("cx", ""), extent.get("cy", ""))
                if extent is not None
                else _PICTURE_SHARE
            )
            text = "\n".join(filter(None, map(_paragraph, anchor.iter("a:p"))))
            if text:
                yield text
            yield from drawings.graphic(anchor, share or _PICTURE_SHARE)


def _paragraph(paragraph: Element) -> str:
    return "".join(entry.text or "" for entry in paragraph.iter("a:t"))


def _comments(root: Element | None) -> Iterator[Item]:
    authors = [entry.text or "" for entry in children(child(root, "x:authors"), "x:author")]
    for entry in islice(children(child(root, "x:commentList"), "x:comment"), _MAX_COMMENTS):
        text = "".join(piece.text or "" for piece in entry.iter("x:t")).strip()
        index = entry.get("authorId", "")
        known = index.isascii() and index.isdigit() and int(index[:9]) < len(authors)
        author = authors[int(index)] if known else ""
        by = f" by {author}" if author else ""
        if text:
            yield PageNote(f"[comment{by} on {entry.get('ref', '')[:20]}: {text}]")
