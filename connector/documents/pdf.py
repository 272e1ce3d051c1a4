"""PDF: the text of each page as it is laid out, and images of what the text does not tell.

Runs in the child process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.catalogue.page_content import NO_TIME
from connector.documents.images import encode_image, fit_size
from connector.documents.job import DecodedPage, DecodeJob, EncodedPicture, Unreadable
from connector.documents.layout.page import layout_page
from connector.documents.ocr.reading import SCAN_WARNING, has_time, lacks_time, read_image
from connector.documents.page_builder import PageBuilder
from connector.documents.page_grid import CELLS, PageGrid
from connector.documents.pdf_annotations import Additions, read_additions
from connector.documents.pdf_drawings import Drawings, read_drawings
from connector.documents.pdf_words import (
    Box,
    PageFrame,
    PlacedWord,
    by_direction,
    page_words,
    unreadable_share,
)
from connector.documents.pdf_xfa import XFA_WARNING, is_xfa, xfa_values

_PASSWORD = 4  # FPDF_ERR_PASSWORD
_XFA_COVERAGE = 0.5  # the values of a form without its printed text
_MAX_POINTS = 20_000.0  # of a page's side
_MAX_SCALE = 3.0  # 216 dpi, the resolution of a scan
_SCAN_SCALE = 200 / 72  # 200 dpi, in which words are read
_MAX_SCAN_PIXELS = 16_000_000
_MAX_REGIONS = 8  # pictures of parts of one page
_MIN_SIDE = 18.0  # points; a smaller image is a bullet or an ornament
_MIN_AREA = 0.003  # of the page
_WHOLE_PAGE = 0.45  # of the page covered by pictures: they are shown as one
_NEAR = 12.0  # points; drawings with twice this distance are parts of one
_MARGIN = 4.0  # points around a part that is shown
_UNREADABLE = 0.25  # of a page's characters
_MIN_BARS = 3  # filled boxes without words that are a chart


def decode_pdf(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The selected pages of a PDF; a damaged page is empty and not readable."""
    import pypdfium2

    document = _open(content)
    document.init_forms()  # so that fields have values and are drawn
    if is_xfa(document):
        yield from _decode_xfa(job, document)
        return
    reader = _PageReader(job)
    for number in job.select_pages(len(document)):
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            yield DecodedPage(number, "", coverage=0.0, omissions=("a damaged page",))
            continue
        yield reader.read(number, page)
        page.close()


def _open(content: bytes) -> Any:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD or "password" in str(error).lower():
            raise Unreadable(
                "file_encrypted", "is a PDF with a password. Save it without one, and send that."
            ) from None
        raise Unreadable(
            "file_broken", "is a PDF that cannot be read: it is damaged or incomplete."
        ) from None
    if not len(document):
        raise Unreadable("file_broken", "is a PDF without pages.")
    return document


def _decode_xfa(job: DecodeJob, document: Any) -> Iterator[DecodedPage]:
    """The values of an XFA form on the first page; its pages do not show them."""
    values = xfa_values(document)
    if not values:
        raise Unreadable(
            "unsupported_file",
            "is an XFA form without values that can be read. Print it to a PDF, and send that.",
        )
    for number in job.select_pages(len(document)):
        yield DecodedPage(
            number,
            values if number == 1 else "",
            coverage=_XFA_COVERAGE,
            omissions=("an XFA form",),
            warnings=(XFA_WARNING,),
        )


@dataclass(frozen=True)
class _Unseen:
    """What the text of a page does not tell: parts of it, or the ``whole`` page."""

    regions: tuple[Box, ...] = ()
    omissions: tuple[str, ...] = ()
    coverage: float = 1.0
    whole: bool = False


class _PageReader:
    """Reads pages one after the other; an image that repeats on each page is shown once."""

    def __init__(self, job: DecodeJob) -> None:
        self._job = job
        self._pictures = 0
        self._seen_images: set[str] = set()

    def read(self, number: int, page: Any) -> DecodedPage:
        box = Box(*page.get_bbox())
        words = _words(page)
        groups = by_direction(words) if words else []
        direction = groups[0][0] if groups else 0
        additions = read_additions(page, direction)
        drawings = read_drawings(page)
        unseen = self._unseen(box, [*words, *additions.words], drawings)
        pictures = self._show(page, box, unseen)
        scan = None
        if unseen.whole and has_time(self._job):
            scan = read_image(_to_scan(page), self._job)
        if scan:
            builder = scan.builder
        else:
            builder = _lay_out(box, [*words, *additions.words], drawings, additions)
        is_shown = bool(scan) or self._is_complete(unseen, len(pictures))
        lacks = unseen.omissions
        if unseen.whole and not scan and lacks_time(self._job):
            lacks = (NO_TIME,)
        return DecodedPage(
            number,
            builder.text,
            pictures,
            coverage=1.0 if is_shown else unseen.coverage,
            omissions=(*additions.omissions, *(() if is_shown else lacks)),
            warnings=(SCAN_WARNING,) if scan else (),
            tables=tuple(builder.tables),
            doubtful=scan.doubtful if scan else (),
        )

    def _unseen(self, box: Box, words: Sequence[PlacedWord], drawings: Drawings) -> _Unseen:
        if not words:
            return (
                _Unseen(coverage=0.0, omissions=("a page without text",), whole=True)
                if (drawings.objects)
                else _Unseen()
            )
        unreadable = unreadable_share(words)
        if unreadable > _UNREADABLE:
            omission = "text in a font that does not tell its letters"
            return _Unseen(coverage=1 - unreadable, omissions=(omission,), whole=True)
        return self._unseen_parts(PageGrid(box), words, drawings)

    def _unseen_parts(
        self, grid: PageGrid, words: Sequence[PlacedWord], drawings: Drawings
    ) -> _Unseen:
        """The images and drawings beside the text."""
        images = self._new_images(drawings)
        shapes = [shape for shape in drawings.shapes if not _is_small(shape)]
        bars = _bars(drawings.fills, words)
        if not images and not shapes and not bars:
            return _Unseen()
        boxes = [*images, *shapes, *bars]
        cells = grid.cells(boxes)
        found = grid.parts(cells, grid.cells(map(_enlarged, boxes)))
        parts = [part for part in found if len(part) >= _MIN_AREA * CELLS]
        area = sum(map(len, parts))
        if not area:
            return _Unseen()
        text_cells = grid.cells(Box(*word[1:5]) for word in words)
        kinds = {"a picture": len(images), "a drawing": len(shapes) + len(bars)}
        return _Unseen(
            tuple(map(grid.box, parts)),
            tuple(kind for kind, count in kinds.items() if count),
            round(max(0.01, len(text_cells) / (len(text_cells) + area)), 2),
            whole=area >= _WHOLE_PAGE * CELLS or len(parts) > _MAX_REGIONS,
        )

    def _new_images(self, drawings: Drawings) -> list[Box]:
        """The images that were not on a page before, without those that the text repeats."""
        if drawings.is_text_invisible:
            return []
        new = [(box, key) for box, key in drawings.images if key not in self._seen_images]
        self._seen_images.update(key for _, key in new)
        return [box for box, _ in new if not _is_small(box)]

    def _show(self, page: Any, box: Box, unseen: _Unseen) -> tuple[EncodedPicture, ...]:
        """Images of the page, or of the parts of it that its text does not tell."""
        left = self._job.max_pictures - self._pictures
        if self._job.pictures == "none" or left <= 0:
            return ()
        pictures: tuple[EncodedPicture, ...] = ()
        if self._job.pictures == "all" or unseen.whole:
            pictures = (_render(page, self._job),)
        elif unseen.regions:
            regions = unseen.regions[:left]
            pictures = tuple(_render(page, self._job, box, region) for region in regions)
        self._pictures += len(pictures)
        return pictures

    def _is_complete(self, unseen: _Unseen, pictures: int) -> bool:
        """Whether so many pictures show all that the text does not tell."""
        if not unseen.whole and not unseen.regions:
            return True
        needed = 1 if unseen.whole or self._job.pictures == "all" else len(unseen.regions)
        return pictures >= needed


def _words(page: Any) -> list[PlacedWord]:
    text_page = page.get_textpage()
    try:
        return page_words(text_page)
    finally:
        text_page.close()


def _lay_out(
    box: Box, words: Sequence[PlacedWord], drawings: Drawings, additions: Additions
) -> PageBuilder:
    """The page's text: what is read in its usual direction, then what is read across it."""
    builder = PageBuilder()
    for direction, group in by_direction(words):
        frame = PageFrame(box, direction)
        layout_page(frame.words(group), frame.rulings(drawings.lines), builder)
    for note in additions.notes:
        builder.add_text(f"[comment] {note}")
    return builder


def _is_small(box: Box) -> bool:
    return min(box.right - box.left, box.top - box.bottom) < _MIN_SIDE


def _enlarged(box: Box) -> Box:
    return Box(box.left - _NEAR, box.bottom - _NEAR, box.right + _NEAR, box.top + _NEAR)


def _bars(fills: Sequence[Box], words: Sequence[PlacedWord]) -> list[Box]:
    """The filled boxes without words, if they are as many as the bars of a chart."""
    empty = [fill for fill in fills[:200] if not any(_is_inside(word, fill) for word in words)]
    return empty if len(empty) >= _MIN_BARS else []


def _is_inside(word: PlacedWord, box: Box) -> bool:
    x, y = (word.left + word.right) / 2, (word.bottom + word.top) / 2
    return box.left <= x <= box.right and box.bottom <= y <= box.top


def _render(
    page: Any, job: DecodeJob, box: Box | None = None, region: Box | None = None
) -> EncodedPicture:
    """An image of the page, or of a ``region`` of its ``box``, as large as a model sees it."""
    width, height = (min(max(side, 1.0), _MAX_POINTS) for side in page.get_size())
    crop = _crop(box, region, page.get_rotation()) if box and region else (0.0, 0.0, 0.0, 0.0)
    width, height = width - crop[0] - crop[2], height - crop[1] - crop[3]
    largest = (max(1, round(width * _MAX_SCALE)), max(1, round(height * _MAX_SCALE)))
    pixels_wide, _ = fit_size(*largest, job.max_patches)
    return encode_image(page.render(scale=pixels_wide / width, crop=crop).to_pil())


def _to_scan(page: Any) -> Any:
    """An image of the page in the resolution in which its words are read."""
    width, height = (min(max(side, 1.0), _MAX_POINTS) for side in page.get_size())
    scale = min(_SCAN_SCALE, math.sqrt(_MAX_SCAN_PIXELS / (width * height)))
    return page.render(scale=scale, grayscale=True).to_pil()


def _crop(box: Box, region: Box, rotation: int) -> tuple[float, float, float, float]:
    """What to cut off the page as it is shown, from its left, bottom, right and top."""
    cuts = (
        region.left - box.left,
        region.bottom - box.bottom,
        box.right - region.right,
        box.top - region.top,
    )
    turns = rotation // 90  # clockwise: what was at the bottom is at the left
    turned = (*cuts[turns:], *cuts[:turns])
    return tuple(max(0.0, cut - _MARGIN) for cut in turned)  # type: ignore[return-value]
