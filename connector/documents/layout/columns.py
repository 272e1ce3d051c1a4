# ruff: noqa: PLR2004 - shares of a line's height are plainest as figures
"""Columns: a page divided into parts that are read one after the other."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from connector.documents.layout.rows import TextRun
from connector.documents.layout.words import Ruling

_MIN_GUTTER = 0.7  # of a line's height
_CLEAR_GUTTER = 1.5  # of a line's height, between things that are no running text
_MIN_LINES = 3
_MAX_DEPTH = 6
_MAX_GUTTERS = 12  # that are tried
_SAME_EDGE = 0.4  # of a line's height: lines that begin at the same place
_LONG = 0.7  # of the column's width: a line that was broken because it was full
_MAX_BESIDE = 4  # lines that are tried to be the one that a run is on
_MIN_CHARACTERS = 12  # in an average line of running text


def read_by_columns(
    runs: Sequence[TextRun], rulings: Sequence[Ruling], depth: int = 0
) -> Iterator[list[TextRun]]:
    """``runs`` in parts, in reading order: within a part one reads by rows."""
    gutter = _find_gutter(runs, rulings) if depth < _MAX_DEPTH else None
    if gutter is None:
        if runs:
            yield list(runs)
        return
    for band, is_divided in _bands(runs, gutter, rulings):
        if not is_divided:
            yield from read_by_columns(band, rulings, depth + 1)
            continue
        for side in _sides(band, gutter):
            yield from read_by_columns(side, rulings, depth + 1)


def _find_gutter(runs: Sequence[TextRun], rulings: Sequence[Ruling]) -> float | None:
    """The middle of a gutter that divides columns of running text; the one with most lines."""
    best = None
    most = 0
    for gutter in _candidates(runs):
        lines = sum(len(band) for band, is_divided in _bands(runs, gutter, rulings) if is_divided)
        if lines > most:
            best, most = gutter, lines
    return best


def _candidates(runs: Sequence[TextRun]) -> list[float]:
    """Left edges, each shared by some runs, that are the next ones beyond some other runs."""
    if not runs:
        return []
    near = _SAME_EDGE * _usual_height(runs)
    edges: list[list[float]] = []
    for left in sorted(run.left for run in runs):
        if edges and left - edges[-1][0] <= near:
            edges[-1].append(left)
        else:
            edges.append([left])
    starts = [edge[0] for edge in edges if len(edge) >= _MIN_LINES]
    votes: Counter[float] = Counter()
    for run in runs:
        place = bisect_right(starts, run.right + _MIN_GUTTER * run.height)
        if place < len(starts):
            votes[starts[place]] += 1
    frequent = votes.most_common(_MAX_GUTTERS)
    return sorted(start - 0.01 * near for start, count in frequent if count >= _MIN_LINES)


def _usual_height(runs: Sequence[TextRun]) -> float:
    return sorted(run.height for run in runs)[len(runs) // 2]


def _bands(
    runs: Sequence[TextRun], gutter: float, rulings: Sequence[Ruling]
) -> Iterator[tuple[list[TextRun], bool]]:
    """Parts from the top, and whether ``gutter`` divides it into columns of running text."""
    undivided: list[TextRun] = []
    for band in _uncrossed(runs, gutter):
        if _has_columns(band, gutter, rulings):
            if undivided:
                yield undivided, False
                undivided = []
            yield band, True
        else:
            undivided += band
    if undivided:
        yield undivided, False


def _uncrossed(runs: Sequence[TextRun], gutter: float) -> Iterator[list[TextRun]]:
    """Parts from the top between lines that cross the gutter; such lines are parts of their own."""
    part: list[TextRun] = []
    was_crossing = False
    ordered = sorted(runs, key=lambda one: one.top)
    for run, crosses in zip(ordered, _are_crossing(ordered, gutter), strict=True):
        if crosses != was_crossing and part:
            yield part
            part = []
        was_crossing = crosses
        part.append(run)
    if part:
        yield part


def _are_crossing(ordered: Sequence[TextRun], gutter: float) -> Iterator[bool]:
    """Whether each run, from the top, crosses the gutter or is on the line of one that does."""
    crossing = [run for run in ordered if run.left < gutter < run.right]
    near = 0
    for run in ordered:
        while near < len(crossing) and crossing[near].bottom <= run.top:
            near += 1
        yield any(_is_beside(run, other) for other in crossing[near : near + _MAX_BESIDE])


def _sides(runs: Sequence[TextRun], gutter: float) -> tuple[list[TextRun], list[TextRun]]:
    left = [run for run in runs if run.right <= gutter]
    return left, [run for run in runs if run.right > gutter]


def _has_columns(runs: Sequence[TextRun], gutter: float, rulings: Sequence[Ruling]) -> bool:
    """Whether ``gutter`` divides columns of running text, or things that only stand side by side.

    Rows of a table and pairs of label and value are read across, so they have no columns.
    """
    left, right = _sides(runs, gutter)
    if min(len(left), len(right)) < _MIN_LINES:
        return False
    if any(run.left < gutter < run.right for run in left):
        return False
    height = _usual_height(runs)
    edge = min(run.left for run in right)
    close = [run for run in left if run.right > edge - _MIN_GUTTER * height]
    if any(_is_beside(run, other) for run in close for other in right):
        return False
    if _crossing_lines(left, right, rulings):
        return False
    if all(_is_running_text(side) for side in (left, right)):
        return not _has_common_gaps(left, right, height)
    return edge - max(run.right for run in left) >= _CLEAR_GUTTER * height and (
        not _is_aligned(left, right) or _have_equal_titles(left, right)
    )


def _is_beside(run: TextRun, other: TextRun) -> bool:
    """Whether the runs are on one line."""
    overlap = min(run.bottom, other.bottom) - max(run.top, other.top)
    return overlap > 0.5 * min(run.height, other.height)


def _is_aligned(left: Sequence[TextRun], right: Sequence[TextRun]) -> bool:
    """Whether most lines of the side with fewer ones are beside a line of the other side.

    A line may also be beside the middle of two lines, as a number beside a cell of two lines.
    """
    fewer, more = sorted((_lines(left), _lines(right)), key=len)
    beside = 0
    for middle, height in fewer:
        place = bisect_right(more, (middle, 0.0))
        near = [line for line, _ in more[max(0, place - 1) : place + 1]]
        between = [sum(near) / 2] if len(near) > 1 else []
        beside += any(abs(line - middle) < 0.15 * height for line in near) or any(
            abs(line - middle) < 0.1 * height for line in between
        )
    return beside >= 0.6 * len(fewer)


def _lines(runs: Sequence[TextRun]) -> list[tuple[float, float]]:
    """The middle and the height of each line of ``runs``."""
    lines: list[tuple[float, float]] = []
    for run in sorted(runs, key=lambda one: one.middle):
        if not lines or run.middle - lines[-1][0] > 0.3 * run.height:
            lines.append((run.middle, run.height))
    return lines


def _have_equal_titles(left: Sequence[TextRun], right: Sequence[TextRun]) -> bool:
    """Whether both sides begin with the same titles, at least two: a table that goes on there."""
    titles = [
        [run.text for run in sorted(side, key=lambda one: one.left) if _is_beside(run, first)]
        for side in (left, right)
        for first in [min(side, key=lambda one: one.top)]
    ]
    return titles[0] == titles[1] and len(titles[0]) > 1


def _is_running_text(runs: Sequence[TextRun]) -> bool:
    """Whether these are lines of sentences, and not cells, labels or figures."""
    texts = [run.text for run in runs]
    characters = sum(map(len, texts))
    if characters < _MIN_CHARACTERS * len(runs):
        return False
    if sum(char.isdigit() for text in texts for char in text) > 0.25 * characters:
        return False
    widths = sorted(run.width for run in runs)
    full = sum(width >= _LONG * widths[-1] for width in widths) / len(runs)
    lowercase = sum(text[0].islower() for text in texts) / len(runs)
    return full >= 0.75 or (full >= 0.4 and lowercase >= 0.25)


def _crossing_lines(
    left: Sequence[TextRun], right: Sequence[TextRun], rulings: Sequence[Ruling]
) -> bool:
    """Whether lines from one side to the other divide them into rows, as in a table."""
    top = min(run.top for run in (*left, *right))
    bottom = max(run.bottom for run in (*left, *right))
    begin = sorted(run.right for run in left)[len(left) // 2]
    end = min(run.left for run in right)
    places = {
        round(line.top)
        for line in rulings
        if line.top == line.bottom
        and line.left < begin
        and line.right > end
        and top < line.top < bottom
    }
    return len(places) >= 2


def _has_common_gaps(left: Sequence[TextRun], right: Sequence[TextRun], height: float) -> bool:
    """Whether both sides are divided at the same heights, as the rows of a table are."""
    gaps = _vertical_gaps(left, height), _vertical_gaps(right, height)
    common = sum(
        any(min(end, other[1]) - max(start, other[0]) > 0.2 * height for other in gaps[1])
        for start, end in gaps[0]
    )
    return common >= 2 and common >= 0.6 * max(map(len, gaps))


def _vertical_gaps(runs: Sequence[TextRun], height: float) -> list[tuple[float, float]]:
    """Gaps between lines that are wider than those within a paragraph."""
    ordered = sorted(runs, key=lambda run: run.top)
    pitches = sorted(after.top - before.top for before, after in itertools.pairwise(ordered))
    usual = pitches[len(pitches) // 3]
    return [
        (before.bottom, after.top)
        for before, after in itertools.pairwise(ordered)
        if after.top - before.top > usual + 0.3 * height
    ]
