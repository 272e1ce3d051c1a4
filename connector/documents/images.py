"""Images: decoded within limits, turned upright, scaled to what a model sees, encoded again.

The new encoding has no metadata: no location, no camera, no comments. Runs in the child process.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connector.catalogue.page_content import NO_TIME
from connector.documents.job import DecodedPage, DecodeJob, EncodedPicture, Unreadable
from connector.documents.ocr.reading import SCAN_WARNING, lacks_time, read_image

PATCH = 32  # models see an image in squares of this many pixels
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF")
_JPEG_QUALITY = 85
_FEW_COLOURS = 32


def decode_image(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The one page of an image; of an animation, the first frame."""
    from PIL import Image

    job.select_pages(1)
    upright = _open(content, job)
    scan = read_image(_without_transparency(upright), job)
    omissions = (NO_TIME,) if not scan and lacks_time(job) else ()
    page = DecodedPage(1, "", coverage=0.0, omissions=omissions)
    if scan:
        page = DecodedPage(
            1,
            scan.builder.text,
            warnings=(SCAN_WARNING,),
            tables=tuple(scan.builder.tables),
            doubtful=scan.doubtful,
        )
    if job.pictures == "none":
        yield page
        return
    image = _without_transparency(upright)
    size = fit_size(image.width, image.height, job.max_patches)
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    yield replace(page, pictures=(encode_image(image),), coverage=1.0, omissions=())


def _open(content: bytes, job: DecodeJob) -> Any:
    """The image, upright; ``Unreadable`` when it is damaged or has too many pixels."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # the limit below is lower, and its message says what to do
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
        pixels = image.width * image.height
        if pixels > job.max_pixels:
            raise Unreadable(
                "file_too_large",
                f"is an image of {pixels / 1e6:,.0f} million pixels; "
                f"{job.max_pixels / 1e6:,.0f} million are read at most. Send a smaller one.",
            )
        # a JPEG is decoded at a lower resolution, as long as that is twice the needed one
        side = 2 * fit_size(image.width, image.height, job.max_patches)[0]
        image.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(image)
        upright.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise Unreadable(
            "file_broken",
            "is an image that cannot be read: it is damaged or incomplete.",
        ) from None
    return upright


def fit_size(width: int, height: int, max_patches: int) -> tuple[int, int]:
    """The size, not larger than the given one, that covers at most ``max_patches`` squares."""
    if _patches(width, height) <= max_patches:
        return max(width, 1), max(height, 1)
    scale = math.sqrt(max_patches * PATCH * PATCH / (width * height))
    while True:
        size = max(1, int(width * scale)), max(1, int(height * scale))
        if _patches(*size) <= max_patches:
            return size
        scale *= 0.99


def _patches(width: int, height: int) -> int:
    return math.ceil(width / PATCH) * math.ceil(height / PATCH)


def _without_transparency(image: Any) -> Any:
    """The image in RGB, on a white background where it is transparent."""
    from PIL import Image

    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        foreground = image.convert("RGBA")
        background = Image.new("RGBA", foreground.size, "white")
        background.alpha_composite(foreground)
        return background.convert("RGB")
    return image.convert("RGB")


def encode_image(image: Any) -> EncodedPicture:
    """``image`` without transparency and metadata: few colours as PNG, photos as JPEG."""
    image = _without_transparency(image)
    out = io.BytesIO()
    if image.getcolors(_FEW_COLOURS) is not None:
        image.save(out, "PNG")
        return EncodedPicture("image/png", image.width, image.height, out.getvalue())
    image.save(out, "JPEG", quality=_JPEG_QUALITY)
    return EncodedPicture("image/jpeg", image.width, image.height, out.getvalue())
