"""Images that take more than ``images``: TIFF files of several pages, and HEIC photos."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connector.documents.images import decode_image
from connector.documents.job import DecodedPage, DecodeJob, Unreadable

_ERRORS = (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, IndexError)
_GREY = ("1", "L", "LA", "I;16", "I", "F")


def decode_tiff(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The pages of a TIFF file, such as a fax or a scan."""
    image = _open(content, "TIFF")
    try:
        count = getattr(image, "n_frames", 1)
    except _ERRORS:
        raise _broken() from None
    shown = 0
    for number in job.select_pages(count):
        if job.pictures != "none" and shown >= job.max_pictures:
            yield DecodedPage(number, "", coverage=0.0, omissions=("a page",))
            continue
        shown += 1
        try:
            image.seek(number - 1)
        except _ERRORS:
            raise _broken() from None
        yield _decode_frame(job, image, number)


def decode_heic(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The one page of a photo, as phones write it."""
    import pi_heif

    pi_heif.register_heif_opener()
    job.select_pages(1)
    yield _decode_frame(job, _open(content, "HEIF"), 1)


def _open(content: bytes, form: str) -> Any:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the limit of the job is lower, and its message says what to do
    try:
        return Image.open(io.BytesIO(content), formats=(form,))
    except _ERRORS:
        raise _broken() from None


def _decode_frame(job: DecodeJob, image: Any, number: int) -> DecodedPage:
    """The page of the frame that was selected, decoded as any image is."""
    pixels = image.width * image.height
    if pixels > job.max_pixels:
        raise Unreadable(
            "file_too_large",
            f"is an image of {pixels / 1e6:,.0f} million pixels; "
            f"{job.max_pixels / 1e6:,.0f} million are read at most. Send a smaller one.",
        )
    plain = io.BytesIO()
    try:
        image.convert("L" if image.mode in _GREY else "RGB").save(plain, "BMP")
    except _ERRORS:
        raise _broken() from None
    (page,) = decode_image(replace(job, pages=()), plain.getvalue())
    return replace(page, number=number)


def _broken() -> Unreadable:
    return Unreadable(
        "file_broken", "is an image that cannot be read: it is damaged or incomplete."
    )
