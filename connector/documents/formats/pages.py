"""Decoded pages from the items of each: text, tables, notes, and the pictures to be shown."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from connector.catalogue.page_content import Span
from connector.documents.formats.flow import (
    ESTIMATED_PAGES,
    FlowPicture,
    FlowTable,
    Item,
    Omission,
    PageItems,
    PageNote,
    cell_paragraphs,
    divide_long_pages,
    paginate,
)
from connector.documents.images import decode_image
from connector.documents.job import DecodedPage, DecodeJob, EncodedPicture, Unreadable
from connector.documents.page_builder import PageBuilder

_MIN_PATCHES = 64
_UNKNOWN_SHARE = 0.1  # of a page that a picture of unknown size covers
_MAX_HIDDEN = 0.9  # of a page with text
_MIN_OCR_SHARE = 0.15  # of a page that a picture covers which may be a scan
_VOWELS = "aeiou"


def decode_flow(
    job: DecodeJob, items: Iterable[Item], *, has_pages: bool, warnings: Sequence[str] = ()
) -> Iterator[DecodedPage]:
    """The selected pages of a file; ``warnings`` are about all of it.

    ``has_pages``: it states where each page begins. Else pages that are too long for one are
    divided, with a warning.
    """
    pages = paginate(items)
    if not has_pages:
        divided = divide_long_pages(pages)
        if len(divided) > len(pages):
            warnings = (*warnings, ESTIMATED_PAGES)
        pages = divided
    yield from decode_pages(job, pages, warnings=warnings)


def decode_pages(
    job: DecodeJob, pages: Sequence[PageItems], *, warnings: Sequence[str] = ()
) -> Iterator[DecodedPage]:
    """The selected ones of ``pages``."""
    shown = _ShownPictures(job)
    for number in job.select_pages(len(pages)):
        yield _decode_page(number, pages[number - 1], shown, warnings)


def _decode_page(
    number: int, items: PageItems, shown: _ShownPictures, warnings: Sequence[str]
) -> DecodedPage:
    builder = PageBuilder()
    pictures: list[EncodedPicture] = []
    omissions: list[Omission] = []
    doubtful: list[Span] = []
    notices = list(warnings)
    for item in items:
        match item:
            case str():
                builder.add_text(item)
            case FlowTable():
                rows = [[cell_paragraphs(cell) for cell in row] for row in item.rows]
                builder.add_table(rows, header_rows=item.header_rows)
            case FlowPicture():
                result = shown.read(item)
                if isinstance(result, Omission):
                    omissions.append(result)
                elif result:
                    pictures += result.pictures
                    start, _ = builder.add_text(result.text)
                    doubtful += [(start + first, start + last) for first, last in result.doubtful]
                    notices += [one for one in result.warnings if one not in notices]
            case Omission():
                omissions.append(item)
    for item in items:
        if isinstance(item, PageNote):
            builder.add_text(item.text)
    return DecodedPage(
        number,
        builder.text,
        tuple(pictures),
        coverage=_coverage(omissions, has_content=bool(builder.text or pictures)),
        omissions=_omission_texts(omissions),
        warnings=tuple(notices),
        tables=tuple(builder.tables),
        doubtful=tuple(doubtful),
    )


def _coverage(omissions: Iterable[Omission], *, has_content: bool) -> float:
    hidden = sum(one.share for one in omissions)
    if not hidden:
        return 1.0
    return round(1.0 - min(hidden, _MAX_HIDDEN), 4) if has_content else 0.0


def _omission_texts(omissions: Iterable[Omission]) -> tuple[str, ...]:
    counts = Counter(one.noun for one in omissions)
    return tuple(_counted(noun, count) for noun, count in counts.items())


def _counted(noun: str, count: int) -> str:
    """Such as "a chart", "3 charts" or "2 formulas without a stored result"."""
    if count == 1:
        return f"{'an' if noun[0] in _VOWELS else 'a'} {noun}"
    name, preposition, rest = noun.partition(" without ")
    return f"{count} {name}s{preposition}{rest}"


class _ShownPictures:
    """The embedded pictures of a file that are shown; one that repeats is shown once."""

    def __init__(self, job: DecodeJob) -> None:
        self._job = job
        self._count = 0
        self._digests: set[bytes] = set()

    def read(self, picture: FlowPicture) -> DecodedPage | Omission | None:
        """The picture as a model sees it, with its words where OCR reads it, or what is missing.

        None where it was read before.
        """
        missing = Omission("picture", picture.share or _UNKNOWN_SHARE)
        limits = self._limits(picture)
        is_shown = limits.pictures != "none" and self._count < self._job.max_pictures
        if not is_shown and not limits.ocr:
            return missing
        try:
            content = picture.load()
            digest = hashlib.sha256(content).digest()
            if digest in self._digests:
                return None
            (page,) = decode_image(limits, content)
        except Unreadable:
            return replace(missing, noun="unreadable picture")
        if not page.pictures and not page.text:
            return missing
        self._digests.add(digest)
        self._count += 1
        return page

    def _limits(self, picture: FlowPicture) -> DecodeJob:
        """Room for about as many details as the picture has on its page; OCR if it is large."""
        share = min(1.0, 2 * (picture.share or 0.5))
        patches = max(_MIN_PATCHES, round(self._job.max_patches * share))
        return replace(
            self._job,
            pages=(),
            max_patches=min(patches, self._job.max_patches),
            ocr=self._job.ocr if picture.share >= _MIN_OCR_SHARE else (),
        )
