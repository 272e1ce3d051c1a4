"""Words on a page, and the lines that are drawn on it."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """Characters without a blank between them, and their box.

    Lengths are in any one unit (points, pixels) from the page's upper left corner as it is read,
    so ``top < bottom``. ``top`` and ``bottom`` are those of the letters or of the line; words of
    one line need not have equal ones. ``confidence`` is that of OCR, from 0 to 1.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float = 1.0


class Ruling(NamedTuple):
    """A drawn line, or a side of a drawn box: horizontal if ``top == bottom``, else vertical."""

    left: float
    top: float
    right: float
    bottom: float
