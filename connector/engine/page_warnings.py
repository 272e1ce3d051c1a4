"""Warnings about documents: what of their pages was not read, and what is doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.catalogue.files import Files, Page, page_label
from connector.catalogue.page_content import NO_TIME

_MAX_NAMED = 10
_MAX_WARNINGS = 20


def page_warnings(files: Files) -> list[str]:
    """One sentence for each kind of thing that was not read or is doubtful, with its pages."""
    return [*_unread(files), *_omitted(files), *_stated(files)][:_MAX_WARNINGS]


def several_tables(files: Files) -> Iterator[str]:
    """What to send for another table than the one with most rows, where a document has several."""
    count = _count_tables(files)
    if count > 1:
        yield (
            f"{count} tables were found; one of them is given. For another one, name its columns "
            "or its pages."
        )


def _count_tables(files: Files) -> int:
    """The tables of all pages; one that goes on after a page break counts once."""
    count = 0
    titles_before: Sequence[str] = ()
    columns_before = 0
    for page in files.pages:
        for index, table in enumerate(one for one in page.tables if len(one.rows) > 1):
            columns = len(table.rows[0])
            titles: Sequence[str] = table.rows[0] if table.header_rows else titles_before
            is_continued = (
                index == 0 and columns == columns_before and list(titles) == list(titles_before)
            )
            count += not is_continued
            titles_before, columns_before = titles, columns
    return count


def _unread(files: Files) -> Iterator[str]:
    # an attachment that cannot be read has a sentence of its own
    unread = [page for page in files.pages if not page.is_readable and not page.warnings]
    if unread:
        yield (
            f"{len(unread)} of {len(files.pages)} pages are pictures that were not read: "
            f"{_named(files, unread)}."
        )
    if late := sum(NO_TIME in page.omissions for page in unread):
        yield f"There was no time to read {late} of these pages. Send fewer pages at once."


def _omitted(files: Files) -> Iterator[str]:
    """What is missing of pages that were read in part."""
    pages: dict[str, list[Page]] = {}
    for page in files.pages:
        if page.is_readable:
            for omission in page.omissions:
                pages.setdefault(omission, []).append(page)
    if pages:
        listed = [f"{noun} ({_named(files, found)})" for noun, found in pages.items()]
        yield f"Not read: {'; '.join(listed)}."


def _stated(files: Files) -> Iterator[str]:
    yield from dict.fromkeys(warning for page in files.pages for warning in page.warnings)


def _named(files: Files, pages: Sequence[Page]) -> str:
    """The first of the pages, and how many more there are."""
    labels = dict.fromkeys(page_label(files, page).strip("[]") for page in pages)
    named = ", ".join(list(labels)[:_MAX_NAMED])
    more = len(labels) - _MAX_NAMED
    return f"{named} and {more} more" if more > 0 else named
