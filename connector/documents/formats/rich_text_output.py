"""What an RTF text shows, while it is read: paragraphs, tables and pictures."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field

from connector.documents.formats.flow import (
    FlowPicture,
    FlowTable,
    Item,
    Omission,
    PageBreak,
    cell_paragraphs,
)

_PAGE_TWIPS = 11_906 * 16_838  # of a page of A4


@dataclass
class RichTextOutput:
    """Where text goes: the document, or a note, a header, a box within it."""

    kind: str = ""
    items: list[Item] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    cell: list[Item] = field(default_factory=list)
    row: list[list[Item]] = field(default_factory=list)
    table: FlowTable | None = None

    def end_paragraph(self, *, in_table: bool) -> None:
        # characters beyond 16 bits are written as two
        pairs = "".join(self.text).encode("utf-16-le", "surrogatepass")
        text = pairs.decode("utf-16-le", "replace").strip("\n").rstrip()
        self.text.clear()
        if in_table:
            self.cell += [text] if text else []
        elif text:
            self.end_table()
            self.items.append(text)

    def end_cell(self) -> None:
        self.end_paragraph(in_table=True)
        self.row.append(self.cell)
        self.cell = []

    def end_row(self) -> None:
        self.end_paragraph(in_table=True)
        if self.cell:
            self.end_cell()
        if self.row:
            self.table = self.table or FlowTable()
            self.table.rows.append(self.row)
            self.row = []

    def end_table(self) -> None:
        if self.row or self.cell:
            self.end_row()
        if self.table:
            self.items.append(self.table)
            self.table = None

    def add(self, item: Item) -> None:
        """Add what is not text; a break ends what stands before it."""
        if isinstance(item, PageBreak):
            self.end_paragraph(in_table=False)
            self.end_table()
            self.items.append(item)
        elif self.row or self.cell or self.table:
            self.cell.append(item)
        else:
            self.items.append(item)

    def finish(self) -> list[Item]:
        self.end_paragraph(in_table=bool(self.row or self.cell))
        self.end_table()
        return self.items


class RichTextPicture:
    """The picture that is read: hexadecimal digits, and its size in twips."""

    def __init__(self) -> None:
        self.hexadecimal: list[str] = []
        self.binary = ""
        self._width = 0
        self._height = 0
        self._is_bitmap = False

    def set(self, word: str, number: int) -> None:
        if word == "picwgoal":
            self._width = number
        elif word == "pichgoal":
            self._height = number
        elif word in {"pngblip", "jpegblip"}:
            self._is_bitmap = True

    def item(self) -> Item | None:
        share = min(1.0, max(0, self._width) * max(0, self._height) / _PAGE_TWIPS)
        digits = "".join(self.hexadecimal)
        if self.binary and self._is_bitmap:
            return FlowPicture(lambda: self.binary.encode("latin-1"), share)
        if not digits.strip():
            return Omission("picture", share or 0.1) if self._is_bitmap else None
        if not self._is_bitmap:
            return Omission("vector drawing", share or 0.1)
        return FlowPicture(lambda: _from_hexadecimal(digits), share)


def _from_hexadecimal(digits: str) -> bytes:
    try:
        return binascii.a2b_hex("".join(digits.split()))
    except binascii.Error:
        return b""


def joined_text(items: list[Item]) -> str:
    """The text of items, a paragraph or a row on a line."""
    lines = [item for item in items if isinstance(item, str)]
    for item in items:
        if isinstance(item, FlowTable):
            lines += ["\t".join(map(cell_paragraphs, row)).strip() for row in item.rows]
    return "\n".join(lines)
