"""Removes drawn lines from the image of a page: Tesseract takes a ruled table for a picture."""

from __future__ import annotations

from typing import Any

_LENGTH = 60  # pixels of a line's parts, all dark; a letter of 36 points is as high
_DARK = 150  # a darker pixel is ink
_FULL = 250  # of 255: a part without gaps
_THICKNESS = 6  # pixels; what is twice as thick is a filled area


def remove_rulings(image: Any) -> Any:
    """``image`` in grey, level, without its long horizontal and vertical lines."""
    from PIL import Image, ImageChops

    ink = image.point(lambda value: 255 if value < _DARK else 0)
    turned = _lines(ink.transpose(Image.Transpose.TRANSPOSE))
    lines = ImageChops.lighter(_lines(ink), turned.transpose(Image.Transpose.TRANSPOSE))
    return ImageChops.lighter(image, lines)


def _lines(ink: Any) -> Any:
    """The horizontal lines in white: rows of parts that are all ink, and the parts beside them."""
    from PIL import Image, ImageChops, ImageFilter

    parts = max(1, ink.width // _LENGTH)
    share = ink.resize((parts, ink.height), Image.Resampling.BOX)
    full = share.point(lambda value: 255 if value >= _FULL else 0)
    core = ImageChops.darker(_moved(full, _THICKNESS), _moved(full, -_THICKNESS))
    core = ImageChops.darker(core, full)
    for rows in (_THICKNESS // 2, _THICKNESS):
        core = ImageChops.lighter(core, ImageChops.lighter(_moved(core, rows), _moved(core, -rows)))
    thin = ImageChops.subtract(full, core)
    return thin.filter(ImageFilter.MaxFilter(3)).resize(ink.size, Image.Resampling.NEAREST)


def _moved(image: Any, rows: int) -> Any:
    """The image moved down; the rows that come in from above are black."""
    return image.crop((0, -rows, image.width, image.height - rows))
