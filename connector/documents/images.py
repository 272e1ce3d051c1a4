"""Images: decoded within limits, turned upright, made as small as a model sees them, and encoded anew, so that nothing else of the
file goes on: no place, no camera, no comment. Runs in the child.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

from connector.documents.job import Job, Read, Unreadable

PATCH = 32  # models see an image in squares of so many pixels
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_JPEG_QUALITY = 85
_FEW_COLOURS = 32


def pages(job: Job, content: bytes) -> Iterator[Read]:
    """The one page that an image is; of a moving one the first picture."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit comes first, and says what to do
    job.wanted(1)
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
        if image.width * image.height > job.most_pixels:
            millions = f"{image.width * image.height / 1e6:,.0f} million pixels; {job.most_pixels / 1e6:,.0f} million are read at most"
            raise Unreadable("file_too_large", f"is an image of {millions}. Send a smaller one.")
        image.draft("RGB", (2 * fitting(image.width, image.height, job.most_patches)[0],) * 2)
        upright = ImageOps.exif_transpose(image)
        upright.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise Unreadable("file_broken", "is an image that cannot be read: it is damaged, or did not arrive whole.") from None
    if job.pictures == "none":
        yield Read(1, "", seen=False)
        return
    size = fitting(upright.width, upright.height, job.most_patches)
    yield Read(1, "", encoded(_flat(upright).resize(size, Image.Resampling.LANCZOS) if size != upright.size else _flat(upright)))


def fitting(width: int, height: int, most_patches: int) -> tuple[int, int]:
    """The size, no larger than the given one, that a model sees in at most ``most_patches`` squares, by its own rule."""
    if _patches(width, height) <= most_patches:
        return max(width, 1), max(height, 1)
    scale = math.sqrt(most_patches * PATCH * PATCH / (width * height))
    while True:
        found = max(1, int(width * scale)), max(1, int(height * scale))
        if _patches(*found) <= most_patches:
            return found
        scale *= 0.99


def _patches(width: int, height: int) -> int:
    return math.ceil(width / PATCH) * math.ceil(height / PATCH)


def _flat(image: Any) -> Any:
    """The image in plain colours; what one sees through is white behind."""
    from PIL import Image

    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        over = image.convert("RGBA")
        behind = Image.new("RGBA", over.size, "white")
        behind.alpha_composite(over)
        return behind.convert("RGB")
    return image.convert("RGB")


def encoded(image: Any) -> tuple[str, int, int, bytes]:
    """(media, width, height, bytes): drawings and screens without loss, photos as JPEG."""
    image = _flat(image)
    out = io.BytesIO()
    if image.getcolors(_FEW_COLOURS) is not None:
        image.save(out, "PNG")
        return "image/png", image.width, image.height, out.getvalue()
    image.save(out, "JPEG", quality=_JPEG_QUALITY)
    return "image/jpeg", image.width, image.height, out.getvalue()
