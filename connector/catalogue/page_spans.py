"""On which page a value or a quote stands. All pages are looked through as one text, so that a quote may cross a page's end."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from connector.catalogue.files import Files, Page
from connector.catalogue.places import Place, find_quote, find_value

_BETWEEN = "\n\n"
_ELLIPSIS = re.compile(r"\s*(?:\[?(?:\.\.\.|\u2026)\]?)\s*")
_DROPPED = re.compile("[\u00ad\u200b\u2060]|(?<=\\w)-\\s*\n\\s*(?=\\w)")
_SAME = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\ufb01": "fi", "\ufb02": "fl"}
)
_LEAST = 3  # letters and digits that a piece of a quote has


@dataclass(frozen=True)
class Located:
    """A page and the place on it, in characters from 0; no place when the page has the words in another dress only."""

    page: Page
    start: int | None
    end: int | None

    @property
    def quote(self) -> str:
        return self.page.text[self.start : self.end]


class _Book:
    """The pages of some files, ready to be looked through."""

    def __init__(self, pages: tuple[Page, ...]) -> None:
        self.pages = pages
        self.starts = [0]
        for page in pages:
            self.starts.append(self.starts[-1] + len(page.text) + len(_BETWEEN))
        self.text = _BETWEEN.join(page.text for page in pages)
        self._plain: list[str] | None = None

    def at(self, place: Place | None) -> Located | None:
        """The place on its page; what goes on over the page's end is cut there."""
        if place is None:
            return None
        number = bisect_right(self.starts, place.start) - 1
        page, start = self.pages[number], self.starts[number]
        return Located(page, place.start - start, min(place.end - start, len(page.text)))

    @property
    def plain(self) -> list[str]:
        """Each page in plain dress, which takes a while and is only asked for when a quote is not there as it is."""
        if self._plain is None:
            self._plain = [_plainly(page.text) for page in self.pages]
        return self._plain


def _book(files: Files) -> _Book:
    """The book of ``files``, made once: an answer has many quotes."""
    kept = vars(files)  # as a cached property keeps what it is
    if "book" not in kept:
        kept["book"] = _Book(files.pages)
    found: _Book = kept["book"]
    return found


def quote_on_page(files: Files, quote: str, *, page: int | None = None, file: int | None = None) -> Located | None:
    """Where ``quote`` stands: on the page that was named, else on any; exactly, but for case and space, or but for how it is typeset."""
    if sum(char.isalnum() for char in quote) < _LEAST:
        return None
    named = [one for one in files.pages if one.number == page and file in (None, one.file)]
    for one in named:
        if place := find_quote(one.text, quote):
            return Located(one, place.start, place.end)
    book = _book(files)
    if (at := book.text.find(quote.strip())) >= 0:
        return book.at(Place(at, at + len(quote.strip())))
    pieces = [_plainly(piece) for piece in _ELLIPSIS.split(quote) if sum(char.isalnum() for char in piece) >= _LEAST]
    wanted = [index for index, one in enumerate(book.pages) if one in named] if named else []
    for index in dict.fromkeys([*wanted, *range(len(book.pages))]):
        if _has(book.plain[index], pieces):
            found = find_quote(book.pages[index].text, quote) if len(pieces) == 1 else None
            return Located(book.pages[index], *((found.start, found.end) if found else (None, None)))
    return None


def value_on_page(files: Files, value: Any, kind: str, *, near: str = "") -> Located | None:
    """Where ``value`` of the shape type ``kind`` stands, in whatever form the pages have it."""
    book = _book(files)
    return book.at(find_value(book.text, value, kind, near=near))


def _has(text: str, pieces: list[str]) -> bool:
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return bool(pieces)


def _plainly(text: str) -> str:
    return " ".join(_DROPPED.sub("", text).translate(_SAME).casefold().split())
