"""The words of a line of text, from what a recogniser saw at each place of its image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connector.documents.layout.words import Word
from connector.documents.ocr.text_lines import Floats, TextLine

Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]

_NOTHING = 0  # the class of a place that shows no further character
_INK = 0.4  # of the greatest contrast in the line
_EDGE = 0.15  # of the line's height, where neighbouring lines reach into it
_WIDE_GAP = 0.5  # of the line's height: a gap between words, even within a figure
_LEAST_GAP = 0.15  # a narrower one is none
_WIDER = 2  # times the gap between most characters
_AS_BLANK = 0.7  # of the blanks of the line that were read
_FIGURE = frozenset("0123456789.,-/'")


class _Character(NamedTuple):
    text: str
    probability: float
    place: float  # of its middle, in columns of the line's image
    is_first: bool  # of a word, since a blank was read before it


def find_line_words(
    probability: Floats, characters: Sequence[str], pixels: Pixels, line: TextLine, margin: int
) -> Iterator[Word]:
    """The words of ``line``.

    ``probability`` has a row for each place from the left and a column for each of the
    ``characters``; ``pixels`` (rows, columns) are the line's image in grey, which the recogniser
    saw with a ``margin`` of so many columns to its right.
    """
    height, width = pixels.shape
    scale = (line.right - line.left) / width
    read = list(_read(probability, characters, width + margin))
    for word, start, end in _split(read, _blank_columns(pixels), height):
        fall = line.slope * scale * (start + end) / 2
        edge = _EDGE * (line.bottom - line.top)
        yield Word(
            "".join(one.text for one in word),
            line.left + start * scale,
            line.top + fall + edge,
            line.left + end * scale,
            line.bottom + fall - edge,
            min(one.probability for one in word),
        )


def _read(probability: Floats, characters: Sequence[str], width: int) -> Iterator[_Character]:
    """The characters without blanks; equal neighbours are one character."""
    classes = probability.argmax(axis=1)
    best = probability.max(axis=1)
    is_first = False
    index = 0
    for found, places in groupby(classes.tolist()):
        count = len(list(places))
        text = characters[found]
        if found != _NOTHING and text.isspace():
            is_first = True
        elif found != _NOTHING:
            place = (index + count / 2) * width / len(classes)
            yield _Character(text, float(best[index : index + count].max()), place, is_first)
            is_first = False
        index += count


def _split(
    read: Sequence[_Character], is_blank: Flags, height: int
) -> Iterator[tuple[list[_Character], int, int]]:
    """Words, each with the columns where its ink begins and ends."""
    if not read:
        return
    inked = np.flatnonzero(~is_blank)
    start, last = (int(inked[0]), int(inked[-1]) + 1) if len(inked) else (0, len(is_blank))
    gaps = [_gap(is_blank, int(one.place), int(other.place)) for one, other in pairwise(read)]
    least = _least_gap(read, [begin - end for end, begin in gaps], height)
    word = [read[0]]
    for one, (end, begin) in zip(read[1:], gaps, strict=True):
        is_figure = word[-1].text in _FIGURE and one.text in _FIGURE
        if one.is_first or begin - end >= (_WIDE_GAP * height if is_figure else least):
            yield word, start, end
            word, start = [], begin
        word.append(one)
    yield word, start, last


def _least_gap(read: Sequence[_Character], gaps: Sequence[int], height: int) -> float:
    """The width of a gap that is a blank, even if none was read: as those that were read."""
    blanks = sorted(gap for one, gap in zip(read[1:], gaps, strict=True) if one.is_first)
    if blanks:
        return max(_AS_BLANK * blanks[len(blanks) // 2], _LEAST_GAP * height)
    usual = sorted(gaps)[len(gaps) // 2] if gaps else 0
    return max(_WIDER * usual, _LEAST_GAP * height)


def _gap(is_blank: Flags, first: int, last: int) -> tuple[int, int]:
    """The widest blank between two columns; without one, what is in their middle."""
    best = ((first + last) // 2,) * 2
    column = first
    for blank, columns in groupby(is_blank[first:last].tolist()):
        count = len(list(columns))
        if blank and count > best[1] - best[0]:
            best = (column, column + count)
        column += count
    return best


def _blank_columns(pixels: Pixels) -> Flags:
    """Whether a column has nothing but background, on which the text may be dark or light."""
    edge = round(_EDGE * len(pixels))
    grey = pixels[edge : len(pixels) - edge].astype(np.int16)
    contrast: NDArray[Any] = np.abs(grey - np.median(grey))
    blank: Flags = contrast.max(axis=0) < _INK * max(1, contrast.max())
    return blank
