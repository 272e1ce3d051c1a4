"""Finding the page of a value or a quote. A quote may continue on the next page."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.catalogue.files import Files, Page
from connector.catalogue.text_folding import comparable
from connector.catalogue.text_spans import TextSpan, find_quote, find_value

_PAGE_BREAK = "\n\n"
_ELLIPSIS = re.compile(r"\[?(?:\.\.\.|\u2026)\]?")
_IGNORED = re.compile("[\u00ad\u200b\u2060]|(?<=\\w)-[^\\S\n]*+\n\\s*+(?=\\w)")
_ISO_VALUE = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:+Z-]{1,20})?|\d\d:\d\d|[A-Z]{3}")
_MIN_CHARACTERS = 3  # letters and digits in a piece of a quote


@dataclass(frozen=True)
class PageSpan:
    """A span on a page, in characters from 0; None if the page has the text typeset differently."""

    page: Page
    start: int | None
    end: int | None

    @property
    def quote(self) -> str:
        return self.page.text[self.start : self.end]

    @property
    def is_doubtful(self) -> bool:
        """Whether a part of it was read with too little confidence to prove anything."""
        if self.start is None or self.end is None:
            return bool(self.page.doubtful)
        return any(start < self.end and end > self.start for start, end in self.page.doubtful)


class _PageIndex:
    """The pages of some files as one text, and the offset of each page in it."""

    def __init__(self, pages: tuple[Page, ...]) -> None:
        self.pages = pages
        self.starts = [0]
        for page in pages:
            self.starts.append(self.starts[-1] + len(page.text) + len(_PAGE_BREAK))
        self.text = _PAGE_BREAK.join(page.text for page in pages)
        self._normalized: list[str] | None = None

    def page_span(self, span: TextSpan | None) -> PageSpan | None:
        """``span`` of the whole text as a span on its page, cut off at the end of the page."""
        if span is None:
            return None
        number = bisect_right(self.starts, span.start) - 1
        page = self.pages[number]
        start = self.starts[number]
        return PageSpan(page, span.start - start, min(span.end - start, len(page.text)))

    @property
    def normalized(self) -> list[str]:
        """Each page normalised; slow, so only done once a quote is not found exactly."""
        if self._normalized is None:
            self._normalized = [_normalize(page.text) for page in self.pages]
        return self._normalized


def _page_index(files: Files) -> _PageIndex:
    """The index of ``files``, built once, because an answer has many quotes."""
    attributes = vars(files)  # stored like a cached property of the frozen dataclass
    if "_page_index" not in attributes:
        attributes["_page_index"] = _PageIndex(files.pages)
    index: _PageIndex = attributes["_page_index"]
    return index


def quote_on_page(
    files: Files, quote: str, *, page: int | None = None, file: int | None = None
) -> PageSpan | None:
    """The span of ``quote``, first on the page named, then on any.

    It is matched exactly, then except for case and white space, then except for typography, where
    an ellipsis in the quote may stand for any text.
    """
    if _count_alphanumeric(quote) < _MIN_CHARACTERS:
        return None
    named = [one for one in files.pages if one.number == page and file in (None, one.file)]
    for one in named:
        if span := find_quote(one.text, quote):
            return PageSpan(one, span.start, span.end)
    index = _page_index(files)
    exact = quote.strip()
    start = index.text.find(exact)
    if start >= 0:
        return index.page_span(TextSpan(start, start + len(exact)))
    return _loose_quote(index, quote, named)


def _loose_quote(index: _PageIndex, quote: str, named: list[Page]) -> PageSpan | None:
    """The first page, named ones first, that has the pieces of ``quote`` in order."""
    pieces = [
        _normalize(piece)
        for piece in _ELLIPSIS.split(quote)
        if _count_alphanumeric(piece) >= _MIN_CHARACTERS
    ]
    first = [number for number, one in enumerate(index.pages) if one in named] if named else []
    for number in dict.fromkeys([*first, *range(len(index.pages))]):
        if _has_pieces(index.normalized[number], pieces):
            page = index.pages[number]
            span = find_quote(page.text, quote) if len(pieces) == 1 else None
            return PageSpan(page, span.start, span.end) if span else PageSpan(page, None, None)
    return None


def value_on_page(files: Files, value: Any, kind: str, *, near: str = "") -> PageSpan | None:
    """The span of ``value``, of the user field type ``kind``, in any form the pages have it."""
    index = _page_index(files)
    return index.page_span(find_value(index.text, value, kind, near=near))


def rows_on_pages(files: Files, rows: Iterable[Sequence[Any]]) -> Iterator[PageSpan | None]:
    """The line of each row, in their order: the next one that has all texts among its values.

    Rows that are equal are different lines; None for a row whose texts are on no line.
    """
    lines = [(page, line) for page in files.pages for line in _lines(page)]
    position = 0
    for row in rows:
        texts = [folded for value in row if (folded := _cell_text(value))]
        texts = texts or [_plain(str(value)) for value in row if isinstance(value, int | float)]
        found = _line_with(lines, texts, position)
        if found is None:
            found = _line_with(lines[:position], texts, 0)
        else:
            position = found + 1
        if found is None:
            yield None
        else:
            page, (start, end, _) = lines[found]
            yield PageSpan(page, start, end)


def _lines(page: Page) -> Iterator[tuple[int, int, str]]:
    start = 0
    for line in page.text.split("\n"):
        yield start, start + len(line), _plain(line)
        start += len(line) + 1


def _line_with(
    lines: Sequence[tuple[Page, tuple[int, int, str]]], texts: Sequence[str], first: int
) -> int | None:
    """The first line from ``first`` on that has all ``texts``."""
    if not texts:
        return None
    for number in range(first, len(lines)):
        plain = lines[number][1][2]
        if all(text in plain for text in texts):
            return number
    return None


def _cell_text(value: Any) -> str:
    """The text of a cell as it can be looked up in a line; numbers have many notations."""
    if not isinstance(value, str) or _ISO_VALUE.fullmatch(value):
        return ""
    return _plain(value)


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _count_alphanumeric(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _has_pieces(text: str, pieces: list[str]) -> bool:
    """Whether ``text`` has all ``pieces``, at least one, in order."""
    start = 0
    for piece in pieces:
        start = text.find(piece, start)
        if start < 0:
            return False
        start += len(piece)
    return bool(pieces)


def _normalize(text: str) -> str:
    return comparable(_IGNORED.sub("", text))
