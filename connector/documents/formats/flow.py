"""Content in reading order, as readers of office files give it, and the pages made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from connector.documents.job import Unreadable

# characters; a page of text has fewer, so a longer one is divided
_LONGEST_PAGE = 6_000
_ESTIMATED_PAGE = 3_000
_LONGEST_CELL = 1_500  # of a table that is one; longer ones are the layout of a page
_MAX_TEXT = 20_000_000
MAX_CELLS = 2_000_000
ESTIMATED_PAGES = (
    "The file has no page breaks of its own, or too few; its pages were counted by their length, "
    "and their numbers may differ from those on screen."
)


@dataclass(frozen=True)
class PageBreak:
    """``is_rendered``: where a program last began a page, which may repeat an explicit break."""

    is_rendered: bool = True


@dataclass(frozen=True)
class FlowPicture:
    """An embedded picture; ``share`` is the part of the page that it covers, 0 if unknown."""

    load: Callable[[], bytes]
    share: float = 0.0


@dataclass(frozen=True)
class PageNote:
    """A footnote, comment or the like, for the end of the page on which it is referred to."""

    text: str


@dataclass(frozen=True)
class Omission:
    """What is not read, as a noun in the singular, and the share of the page that it covers."""

    noun: str
    share: float = 0.05


@dataclass(frozen=True)
class RunningHead:
    """What the header of a page shows; a page break that follows is not preceded by content."""

    items: tuple[Item, ...]


@dataclass
class FlowTable:
    """A table: rows of cells, each with content of its own."""

    rows: list[list[list[Item]]] = field(default_factory=list)
    header_rows: int = 0


Item = str | FlowTable | PageBreak | FlowPicture | PageNote | Omission | RunningHead
PageItems = list[Item]


def paginate(items: Iterable[Item]) -> list[PageItems]:
    """The items of each page. A page is empty where two explicit breaks follow each other."""
    pages: list[PageItems] = [[]]
    is_empty = True
    last: PageBreak | None = None
    for item in _limited(_without_layout(items)):
        if isinstance(item, PageBreak):
            # at the start of a page it is the same break again, unless both are explicit
            if not is_empty or (last and not item.is_rendered and not last.is_rendered):
                pages.append([])
                is_empty = True
            last = item
        elif isinstance(item, RunningHead):
            heads = _without_layout(item.items)
            pages[-1] += [one for one in heads if not isinstance(one, PageBreak)]
        else:
            pages[-1].append(item)
            is_empty = is_empty and isinstance(item, PageNote)
    while len(pages) > 1 and not pages[-1]:
        pages.pop()
    return pages


def divide_long_pages(pages: Sequence[PageItems]) -> list[PageItems]:
    """The pages, with those that are longer than a page divided between their paragraphs."""
    return [part for page in pages for part in _divide(page)]


def _divide(page: PageItems) -> Iterator[PageItems]:
    if _length(page) <= _LONGEST_PAGE:
        yield page
        return
    part: PageItems = []
    length = 0
    for item in (piece for entry in page for piece in _shorter(entry)):
        added = _length([item])
        if part and length + added > _ESTIMATED_PAGE:
            yield part
            part, length = [], 0
        part.append(item)
        length += added
    yield part


def _shorter(item: Item) -> Iterator[Item]:
    """A table that is longer than a page as several; any other item as it is."""
    if not isinstance(item, FlowTable) or _length([item]) <= _ESTIMATED_PAGE:
        yield item
        return
    piece = FlowTable(header_rows=item.header_rows)
    length = 0
    for row in item.rows:
        added = sum(map(_length, row))
        if piece.rows and length + added > _ESTIMATED_PAGE:
            yield piece
            piece, length = FlowTable(), 0
        piece.rows.append(row)
        length += added
    yield piece


def _length(items: Iterable[Item]) -> int:
    """The characters of text."""
    total = 0
    for item in items:
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, FlowTable):
            total += sum(_length(cell) for row in item.rows for cell in row)
    return total


def _limited(items: Iterable[Item]) -> Iterator[Item]:
    total = 0
    for item in items:
        total += _length([item])
        if total > _MAX_TEXT:
            raise Unreadable("file_too_large", "has more text than is read. Split it.")
        yield item


# --- tables ---------------------------------------------------------------------------------------


def cell_paragraphs(cell: Iterable[Item]) -> str:
    """The text of a cell, a paragraph on a line."""
    return "\n".join(item for item in cell if isinstance(item, str))


def _without_layout(items: Iterable[Item]) -> Iterator[Item]:
    """The items with tables that are tables; those that only place text are taken apart."""
    for item in items:
        if isinstance(item, str):
            if item.strip():
                yield item
        elif not isinstance(item, FlowTable):
            yield item
        elif _is_layout(item):
            yield from _without_layout(inner for row in item.rows for cell in row for inner in cell)
        else:
            yield from _table_pieces(item)


def _is_layout(table: FlowTable) -> bool:
    """Whether a table only places text: it has a table in a cell, a single cell, or long texts."""
    cells = [cell for row in table.rows for cell in row if cell]
    return (
        len(cells) <= 1
        or any(isinstance(item, FlowTable) for cell in cells for item in cell)
        or any(_length(cell) > _LONGEST_CELL for cell in cells)
    )


def _table_pieces(table: FlowTable) -> Iterator[Item]:
    """A table, divided before the rows in which a page begins; then what is not text in it."""
    piece = FlowTable(header_rows=table.header_rows)
    others: list[Item] = []
    for row in table.rows:
        breaks = [item for cell in row for item in cell if isinstance(item, PageBreak)]
        if breaks and piece.rows:
            yield piece
            yield from others
            piece, others = FlowTable(), []
        yield from breaks[:1]
        piece.rows.append([[item for item in cell if isinstance(item, str)] for cell in row])
        others += [item for cell in row for item in cell if not isinstance(item, str | PageBreak)]
    yield piece
    yield from others
