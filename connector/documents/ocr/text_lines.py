"""Lines of text in the map that a detector makes of a page: connected parts, and their boxes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

_TEXT = 0.3  # probability of a pixel that belongs to a line of text
_LEAST_SCORE = 0.6  # mean probability of a line
_LEAST_SIDE = 3  # pixels of the map
_UNCLIP = 1.3  # the detector marks the core of a line; its box is larger by this share
_LONG = 6  # heights; a shorter line has no angle of its own
_MAX_SLOPE = 0.1
_MAX_LINES = 2_000


class TextLine(NamedTuple):
    """A line of text in pixels: ``top`` and ``bottom`` at its left end, and how far it falls."""

    left: float
    top: float
    right: float
    bottom: float
    slope: float  # pixels down for each pixel to the right


class _Runs(NamedTuple):
    """Pixels of text that are side by side in a row of the map, and the part they belong to."""

    row: Integers
    start: Integers
    end: Integers
    part: Integers


class _TextParts(NamedTuple):
    """Connected parts of the map: their mass, their middle, how far they extend, their slope."""

    mass: Floats
    x: Floats
    y: Floats
    left: Floats
    right: Floats
    slope: Floats


def find_lines(probability: Floats, scale: tuple[float, float]) -> list[TextLine]:
    """The lines of text from the top; a pixel of the map (rows, columns) is ``scale`` pixels."""
    runs = _find_runs(probability > _TEXT)
    if not len(runs.row):
        return []
    parts = _measure(runs)
    middles = (runs.start + runs.end) / 2
    level = runs.row - parts.slope[runs.part] * (middles - parts.x[runs.part])
    top, bottom = _extent(runs.part, level, level + 1)
    width, height = parts.right - parts.left, bottom - top
    score = np.bincount(runs.part, _sums(probability, runs)) / parts.mass
    is_line = (np.minimum(width, height) >= _LEAST_SIDE) & (score >= _LEAST_SCORE)
    grown = width * height * _UNCLIP / (2 * (width + height))
    left = parts.left - grown
    fall = parts.slope * (left - parts.x)
    x, y = scale
    boxes = np.stack(
        [
            left * x,
            (top - grown + fall) * y,
            (parts.right + grown) * x,
            (bottom + grown + fall) * y,
            parts.slope * y / x,
        ],
        axis=1,
    )
    lines = [TextLine(*map(float, line)) for line in boxes[is_line]]
    return sorted(lines, key=lambda line: line.top)[:_MAX_LINES]


def _find_runs(is_text: NDArray[np.bool_]) -> _Runs:
    """The runs of each row; those that touch one of the row above are in its part."""
    steps = np.diff(np.pad(is_text.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(steps == 1)
    _, end = np.nonzero(steps == -1)
    parent = list(range(len(row)))
    _join_touching(row.tolist(), start.tolist(), end.tolist(), parent)
    roots = [_root(parent, index) for index in range(len(parent))]
    _, part = np.unique(np.array(roots, dtype=np.intp), return_inverse=True)
    return _Runs(row, start, end, part)


def _join_touching(row: list[int], start: list[int], end: list[int], parent: list[int]) -> None:
    above = 0
    for index, number in enumerate(row):
        while row[above] < number - 1 or (row[above] < number and end[above] < start[index]):
            above += 1
        other = above
        while row[other] < number and start[other] <= end[index]:
            parent[_root(parent, index)] = _root(parent, other)
            other += 1


def _root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index


def _measure(runs: _Runs) -> _TextParts:
    length = (runs.end - runs.start).astype(float)
    middles = (runs.start + runs.end) / 2
    mass = np.bincount(runs.part, length).astype(float)
    x = np.bincount(runs.part, length * middles) / mass
    y = np.bincount(runs.part, length * (runs.row + 0.5)) / mass
    left, right = _extent(runs.part, runs.start, runs.end)
    # least squares over the pixels; those of a run are spread evenly
    away, below = middles - x[runs.part], runs.row + 0.5 - y[runs.part]
    spread = np.bincount(runs.part, length * (away**2 + length**2 / 12))
    slope = np.bincount(runs.part, length * away * below) / spread
    is_long = (right - left) ** 2 > _LONG * mass
    usual = float(np.median(slope[is_long])) if is_long.any() else 0.0
    slope = np.clip(np.where(is_long, slope, usual), -_MAX_SLOPE, _MAX_SLOPE)
    return _TextParts(mass, x, y, left, right, slope)


def _extent(
    part: Integers, low: Floats | Integers, high: Floats | Integers
) -> tuple[Floats, Floats]:
    """The least and the greatest value of each part."""
    least = np.full(int(part.max()) + 1, np.inf)
    most = -least
    np.minimum.at(least, part, low)
    np.maximum.at(most, part, high)
    return least, most


def _sums(values: Floats, runs: _Runs) -> Floats:
    """The sum of the map's values in each run."""
    totals = np.pad(np.cumsum(values, axis=1, dtype=float), ((0, 0), (1, 0)))
    sums: Floats = totals[runs.row, runs.end] - totals[runs.row, runs.start]
    return sums
