"""Levels the image of a page as it was laid on the scanner, and brings it to a good size."""

from __future__ import annotations

import itertools
from typing import Any

_LONG_SIDE = 2_400  # pixels of a page that is read well: A4 at 200 dpi
_LEAST_SIDE = 1_600  # a smaller image is enlarged
_MAX_ENLARGED = 3.0
_MAX_SIDE = 5_000
_THUMBNAIL = 800  # and the angle
_MAX_ANGLE = 10  # degrees to either side
_SIDEWAYS = 2  # as much contrast across as along the page: its lines stand upright
_LEAST_ANGLE = 0.2  # a smaller one does not disturb


def straighten(image: Any) -> Any:
    """``image`` in grey, in a size that is read well, with its lines of text level.

    They may be upside down.
    """
    from PIL import ImageOps

    grey = _resize(ImageOps.autocontrast(image.convert("L")))
    angle, contrast = _skew(grey)
    _, contrast_sideways = _skew(grey.rotate(90, expand=True))
    if contrast_sideways > _SIDEWAYS * contrast:
        grey = grey.rotate(90, expand=True)
        angle, _ = _skew(grey)
    return _level(grey, angle)


def _level(image: Any, angle: float) -> Any:
    from PIL import Image

    if abs(angle) < _LEAST_ANGLE:
        return image
    return image.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def _resize(image: Any) -> Any:
    from PIL import Image

    longest = max(image.size)
    scale = 1.0
    if longest < _LEAST_SIDE:
        scale = min(_LONG_SIDE / max(longest, 1), _MAX_ENLARGED)
    elif longest > _MAX_SIDE:
        scale = _MAX_SIDE / longest
    if scale == 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _skew(image: Any) -> tuple[float, int]:
    """The angle in degrees, counter-clockwise, by which to turn the image, and its contrast.

    Lines of text are level when the sums of its rows of pixels differ most.
    """
    from PIL import Image, ImageOps

    small = image.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    ink = ImageOps.invert(small)

    def contrast(angle: float) -> int:
        turned = ink.rotate(angle, resample=Image.Resampling.BILINEAR)
        sums = turned.resize((1, turned.height), Image.Resampling.BOX).tobytes()
        return sum((above - below) ** 2 for above, below in itertools.pairwise(sums))

    coarse = max(range(-_MAX_ANGLE, _MAX_ANGLE + 1), key=contrast)
    middle = max((coarse + step / 4 for step in range(-3, 4)), key=contrast)
    angle = max((middle + step / 10 for step in (-1, 0, 1)), key=contrast)
    return angle, contrast(angle)
