"""The quotes of an answer: each place once, and a label with the value that stands behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from connector.catalogue.files import Files
from connector.catalogue.page_content import CELL_SEPARATOR
from connector.catalogue.page_spans import quote_on_page
from connector.catalogue.text_folding import comparable
from connector.catalogue.text_spans import TextSpan, find_quote
from connector.json_types import Json

_MAX_LABEL = 48  # characters
_MAX_LABEL_WORDS = 7
_MAX_LINE = 300  # of a longer line, the value ends with its cell
_DIGIT = re.compile(r"\d")
_BULLET = re.compile(r"[\s*#>\u2022\u2013-]*")
# what stands between a label and its value: a colon, the next cell, a wide gap, dots
_BEHIND_LABEL = re.compile(r" ?[:\uff1a=](?:\s|$)?|\t| {2,}|\u00a0| ?\.{3}")
_PLACE = frozenset({"quote", "file", "page"})  # a row with nothing else is a quote


def settle_texts(text: str, quotes: Sequence[str]) -> list[str]:
    """The ``quotes`` of ``text``, each once, and labels with their values."""
    kept: dict[str, str] = {}
    for quote in dict.fromkeys(quotes):
        settled = _with_value(quote, partial(_in_text, text, quote))
        kept.setdefault(comparable(settled), settled)
    return list(kept.values())


def settle_rows(files: Files, rows: Sequence[Json]) -> list[Json]:
    """``rows`` with a ``quote`` and its ``page`` of ``files``, with labels as ``settle_texts`` has
    them.

    Rows that are nothing but quotes are each there once for a page; other rows all stay.
    """
    settled = [_settle_row(files, row) for row in rows]
    seen = set()
    kept = []
    for row in settled:
        if row.keys() <= _PLACE and row.get("quote"):
            key = (comparable(row["quote"]), *_page_of(files, row))
            if key in seen:
                continue
            seen.add(key)
        kept.append(row)
    return kept


def _settle_row(files: Files, row: Json) -> Json:
    quote = row.get("quote")
    if not quote:
        return row
    widened = _with_value(quote, partial(_on_page, files, row))
    return row if widened == quote else {**row, "quote": widened}


def _page_of(files: Files, row: Json) -> tuple[Any, Any]:
    """The file and the page on which the quote is found, or else those that the row names."""
    if span := quote_on_page(files, row["quote"], page=row.get("page"), file=row.get("file")):
        return span.page.file, span.page.number
    return row.get("file"), row.get("page")


def _in_text(text: str, quote: str) -> tuple[str, TextSpan | None]:
    return text, find_quote(text, quote)


def _on_page(files: Files, row: Json) -> tuple[str, TextSpan | None]:
    span = quote_on_page(files, row["quote"], page=row.get("page"), file=row.get("file"))
    if span is None or span.start is None or span.end is None:
        return "", None
    return span.page.text, TextSpan(span.start, span.end)


def _with_value(quote: str, find: Callable[[], tuple[str, TextSpan | None]]) -> str:
    """``quote``, with the rest of its line if it is a label that a value follows there."""
    if len(quote) > _MAX_LABEL or _DIGIT.search(quote) or len(quote.split()) > _MAX_LABEL_WORDS:
        return quote  # so that only few are looked up
    text, span = find()
    if span is None or "\n" in text[span.start : span.end]:
        return quote
    line_start = text.rfind("\n", 0, span.start) + 1
    cell_start = max(line_start, text.rfind(CELL_SEPARATOR, line_start, span.start) + 1)
    if _BULLET.fullmatch(text, cell_start, span.start) is None:
        return quote
    line_end = text.find("\n", span.end)
    line_end = len(text) if line_end < 0 else line_end
    has_colon = text[span.start : span.end].rstrip()[-1:] in {":", "\uff1a", "="}
    behind = _BEHIND_LABEL.match(text, span.end, line_end)
    value_start = behind.end() if behind else span.end
    if not (behind or has_colon) or not any(map(str.isalnum, text[value_start:line_end])):
        return quote
    if line_end - span.start > _MAX_LINE:
        cell_end = text.find(CELL_SEPARATOR, value_start + 1, span.start + _MAX_LINE)
        line_end = cell_end if cell_end > 0 else span.start + _MAX_LINE
    return text[span.start : line_end].rstrip()
