"""Turns a page upright before its words are read: a few of its lines are read either way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

from connector.documents.layout.words import Word

Recognise = Callable[[Any], Sequence[Word]]  # the words in an image

_BANDS = 2  # parts of the page from which lines are read
_BAND_SHARE = 1 / 13  # of the page's height: about four lines
_LEAST_BAND = 200  # pixels
_CLEAR = 0.85  # mean confidence of lines that stand upright for certain
_POOR = 0.65  # and of lines that may not
_HALF_TURN = 180
_QUARTERS = (90, 270)


def turn_upright(image: Any, recognise: Recognise) -> Any:
    """``image``, whose lines are level, turned by a half or a quarter if that reads better."""
    confidence, total = _trial(image, recognise)
    if confidence >= _CLEAR:
        return image
    best = image
    for turns in ((_HALF_TURN,), _QUARTERS):
        for degrees in turns:
            turned = image.rotate(degrees, expand=True)
            mean, more = _trial(turned, recognise)
            if mean >= _POOR and more > total:
                best, confidence, total = turned, mean, more
        if confidence >= _POOR:
            break
    return best


def total_confidence(words: Sequence[Word]) -> float:
    """The characters that were read, each as much as its word is certain."""
    return sum(word.confidence * len(word.text) for word in words)


def _trial(image: Any, recognise: Recognise) -> tuple[float, float]:
    """The mean and the total confidence of the words in a few lines."""
    words = recognise(_bands(image))
    total = total_confidence(words)
    return total / max(1, sum(len(word.text) for word in words)), total


def _bands(image: Any) -> Any:
    """The parts of the page with most lines, one below the other."""
    from PIL import Image

    height = min(image.height, max(_LEAST_BAND, round(image.height * _BAND_SHARE)))
    if height * _BANDS >= image.height:
        return image
    strip = Image.new("L", (image.width, height * _BANDS), 255)
    part = image.height // _BANDS
    for number in range(_BANDS):
        start = number * part
        top = start + _best_band(image.crop((0, start, image.width, start + part)), height)
        strip.paste(image.crop((0, top, image.width, top + height)), (0, number * height))
    return strip


def _best_band(image: Any, height: int) -> int:
    """The first row of the band in which the ink of the rows differs most, as it does in text."""
    from PIL import Image

    sums = image.resize((1, image.height), Image.Resampling.BOX).tobytes()
    contrast = [0, *accumulate((above - below) ** 2 for above, below in pairwise(sums))]
    return max(
        range(len(contrast) - height + 1),
        key=lambda top: contrast[top + height - 1] - contrast[top],
    )
