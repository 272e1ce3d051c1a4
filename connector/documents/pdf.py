"""PDF: the text of each page, and a picture of those that have little of it. Runs in the child."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connector.documents.images import encoded, fitting
from connector.documents.job import Job, Read, Unreadable

_LITTLE_TEXT = 40  # characters; below it a page is a scan, a drawing or empty, and its picture says more
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_POINTS = 72
_MOST_POINTS = 20_000.0  # of a page's side
_HYPHEN = re.compile("[\x02\ufffe]\r?\n?")  # how PDFium marks a word that a line's end divides
_END_SPACE = re.compile(r"[ \t]+\n")


def pages(job: Job, content: bytes) -> Iterator[Read]:
    """The wanted pages of a PDF."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD or "password" in str(error).lower():
            raise Unreadable("file_encrypted", "is a PDF with a password. Save it without one, and send that.") from None
        raise Unreadable("file_broken", "is a PDF that cannot be read: it is damaged, or did not arrive whole.") from None
    if not len(document):
        raise Unreadable("file_broken", "is a PDF without pages.")
    pictures = 0
    for number in job.wanted(len(document)):
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            yield Read(number, "", seen=False)  # a damaged page; the others are read all the same
            continue
        text = _text(page)
        is_thin = _is_thin(page, text)
        shown = pictures < job.most_pictures and (job.pictures == "all" or (job.pictures == "thin" and is_thin))
        pictures += shown
        yield Read(number, text, _picture(page, job) if shown else None, seen=shown or not is_thin)
        page.close()


def _text(page: Any) -> str:
    found = page.get_textpage()
    try:
        text = str(found.get_text_range(errors="replace"))
    finally:
        found.close()
    text = _HYPHEN.sub("", text).replace("\r\n", "\n").replace("\0", "")
    return _END_SPACE.sub("\n", text).strip()


def _is_thin(page: Any, text: str) -> bool:
    """Whether the page shows more than it says; an empty one shows nothing."""
    return len(text) < _LITTLE_TEXT and next(iter(page.get_objects(max_depth=1)), None) is not None


def _picture(page: Any, job: Job) -> tuple[str, int, int, bytes]:
    width, height = (min(max(side, 1.0), _MOST_POINTS) for side in page.get_size())
    largest = 3.0  # 216 dots an inch show what a scanner saw
    wide, _ = fitting(round(width * largest), round(height * largest), job.most_patches)
    return encoded(page.render(scale=wide / width).to_pil())
