"""Running heads and feet: lines that repeat at the top or the bottom of a document's pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from connector.catalogue.files import Document, Page
from connector.catalogue.page_content import Span

_MIN_PAGES = 3
_MIN_SHARE = 0.3  # of the pages: heads of left and right pages may differ
_EDGE_LINES = 3  # at the top and at the bottom of a page
_MAX_LENGTH = 200  # characters of such a line
_LINE = re.compile(r"[^\n]+")
# the number of a page: at an end of the line, after "page", before "of 12"
_NUMBER = re.compile(
    r"(?:(?<=^)|(?<=page )|(?<=seite )|(?<=p\. )|(?<=página )|(?<=pagina ))\d{1,5}(?!\d)"
    r"|(?<!\d)\d{1,5}(?= ?/ ?\d| of | von | de | sur | di )"
    r"|(?<!\d)(?<!/)(?<!/ )(?<! of )(?<!von )(?<! de )(?<!sur )(?<! di )\d{1,5}$"
)


class _EdgeLine(NamedTuple):
    span: Span
    keys: frozenset[str]


def mark_repeated(document: Document) -> Document:
    """``document``, on whose pages the lines that repeat are marked, as ``Page.repeated``.

    Lines are equal if they differ only in a number that counts the pages.
    """
    if len(document.pages) < _MIN_PAGES:
        return document
    edges = [list(_edge_lines(page)) for page in document.pages]
    counts = Counter(key for lines in edges for key in {key for line in lines for key in line.keys})
    needed = max(_MIN_PAGES, _MIN_SHARE * len(document.pages))
    return replace(
        document,
        pages=tuple(
            replace(page, repeated=spans)
            if (spans := tuple(line.span for line in lines if _is_frequent(line, counts, needed)))
            else page
            for page, lines in zip(document.pages, edges, strict=True)
        ),
    )


def _is_frequent(line: _EdgeLine, counts: Counter[str], needed: float) -> bool:
    return any(counts[key] >= needed for key in line.keys)


def _edge_lines(page: Page) -> Iterator[_EdgeLine]:
    """The first and the last lines of a page."""
    lines = [match.span() for match in _LINE.finditer(page.text) if match[0].strip()]
    count = min(_EDGE_LINES, max(1, len(lines) // 3))
    for start, end in [*lines[:count], *lines[max(count, len(lines) - count) :]]:
        if end - start <= _MAX_LENGTH:
            yield _EdgeLine((start, end), _keys(page.text[start:end], page.number))


def _keys(line: str, page: int) -> frozenset[str]:
    """What the line is compared by: itself, and itself with its numbers counted from the page's."""
    folded = " ".join(line.casefold().split())
    return frozenset({folded, _NUMBER.sub(lambda number: f"<{int(number[0]) - page}>", folded)})
