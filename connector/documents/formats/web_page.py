"""HTML as content in reading order: paragraphs, tables, and the pictures that come with it."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connector.catalogue.html_text import (
    HtmlTextWriter,
    html_attribute,
    read_html,
    unescape_entities,
)
from connector.documents.formats.charset_detection import decode_file
from connector.documents.formats.flow import FlowPicture, FlowTable, Item, Omission
from connector.documents.formats.pages import decode_flow
from connector.documents.job import DecodedPage, DecodeJob

_TITLE = re.compile(r"<title\b[^<>]{0,200}>([^<]{1,1000})", re.IGNORECASE)
_HEAD = 65_536  # characters in which a title is looked for
_MAX_DEPTH = 40  # tables in tables; deeper ones are read as text
_MAX_SPAN = 100
_MAX_PICTURES = 200
_DOT = 4  # pixels; what is smaller counts visits and shows nothing
_LINKED_SHARE = 0.01
_DATA_PICTURE = re.compile(r"data:image/[\w.+-]{1,40};base64,", re.IGNORECASE)

# the loader of a picture by its address in the page; None if it is not part of the file
FindPicture = Callable[[str], Callable[[], bytes] | None]


def decode_html(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """An HTML file as one page."""
    decoded = decode_file(content, job.charset)
    warnings = (decoded.warning,) if decoded.warning else ()
    yield from decode_flow(job, html_items(decoded.text), has_pages=True, warnings=warnings)


def html_items(source: str, find_picture: FindPicture = lambda _: None) -> list[Item]:
    """What an HTML text shows, beginning with its title."""
    writer = _ItemWriter(find_picture)
    read_html(source, writer)
    title = _TITLE.search(source[:_HEAD])
    shown = " ".join(unescape_entities(title[1]).split()) if title else ""
    return [*([shown] if shown else []), *writer.finish()]


@dataclass
class _Frame:
    """The content of the page, or of a cell."""

    items: list[Item] = field(default_factory=list)
    writer: HtmlTextWriter = field(default_factory=HtmlTextWriter)

    def flush(self) -> list[Item]:
        """All items so far; the text that follows is a paragraph of its own."""
        self.items += [part for part in self.writer.finish().split("\n\n") if part.strip()]
        self.writer = HtmlTextWriter()
        return self.items


@dataclass
class _TableFrame:
    table: FlowTable = field(default_factory=FlowTable)
    cell: _Frame | None = None
    only_titles: bool = True  # of the row that is read

    def open_row(self) -> None:
        self.close_row()
        self.only_titles = True
        self.table.rows.append([])

    def open_cell(self, *, is_title: bool, span: int) -> None:
        self.close_cell()
        if not self.table.rows:
            self.table.rows.append([])
        self.only_titles = self.only_titles and is_title
        self.cell = _Frame()
        row = self.table.rows[-1]
        row.append(self.cell.items)
        row += [[] for _ in range(span - 1)]

    def close_cell(self) -> None:
        if self.cell:
            self.cell.flush()
        self.cell = None

    def close_row(self) -> None:
        self.close_cell()
        rows = self.table.rows
        if rows and rows[-1] and self.only_titles and self.table.header_rows == len(rows) - 1:
            self.table.header_rows = len(rows)
        self.only_titles = False  # a row may be closed twice


class _ItemWriter:
    """Takes tables and pictures out of the text, which ``HtmlTextWriter`` writes."""

    def __init__(self, find_picture: FindPicture) -> None:
        self._find_picture = find_picture
        self._page = _Frame()
        self._tables: list[_TableFrame] = []
        self._pictures = 0

    def add_text(self, text: str) -> None:
        self._frame.writer.add_text(text)

    def open(self, name: str, attributes: str) -> None:
        writer = self._frame.writer
        if writer.is_hidden:
            writer.open(name, attributes)
        elif name == "table" and len(self._tables) < _MAX_DEPTH:
            self._frame.flush()
            self._tables.append(_TableFrame())
        elif self._tables and name == "tr":
            self._tables[-1].open_row()
        elif self._tables and name in {"td", "th"}:
            span = html_attribute(attributes, "colspan")
            columns = min(int(span), _MAX_SPAN) if span.isascii() and span.isdigit() else 1
            self._tables[-1].open_cell(is_title=name == "th", span=max(columns, 1))
        else:
            writer.open(name, attributes)
            if name == "img":
                self._add_picture(attributes)

    def close(self, name: str) -> None:
        writer = self._frame.writer
        if writer.is_hidden or not self._tables:
            writer.close(name)
        elif name == "table":
            self._close_table()
        elif name == "tr":
            self._tables[-1].close_row()
        elif name in {"td", "th"}:
            self._tables[-1].close_cell()
        else:
            writer.close(name)

    def finish(self) -> list[Item]:
        """All items; what was not closed ends here."""
        while self._tables:
            self._close_table()
        return self._page.flush()

    @property
    def _frame(self) -> _Frame:
        """Where text goes: the innermost open cell; text between cells stands before the table."""
        return next((one.cell for one in reversed(self._tables) if one.cell), self._page)

    def _close_table(self) -> None:
        frame = self._tables.pop()
        frame.close_row()
        outer = self._frame
        outer.flush().append(frame.table)

    def _add_picture(self, attributes: str) -> None:
        source = unescape_entities(html_attribute(attributes, "src")).strip()
        if _is_dot(attributes) or not source or self._pictures >= _MAX_PICTURES:
            return
        self._pictures += 1
        load = _embedded(source) or self._find_picture(source)
        picture = FlowPicture(load) if load else Omission("linked picture", _LINKED_SHARE)
        self._frame.flush().append(picture)


def _is_dot(attributes: str) -> bool:
    sides = (html_attribute(attributes, side) for side in ("width", "height"))
    return any(side.isascii() and side.isdigit() and int(side[:9]) < _DOT for side in sides)


def _embedded(source: str) -> Callable[[], bytes] | None:
    """The loader of a picture that stands in the page itself."""
    header = _DATA_PICTURE.match(source)
    if header is None:
        return None

    def load() -> bytes:
        try:
            return binascii.a2b_base64(source[header.end() :])
        except binascii.Error:
            return b""

    return load
