# ruff: noqa: PLR2004 - shares of a line's height are plainest as figures
"""The rows of a table: lines of cells, put together where a cell goes over several lines."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from connector.documents.layout.hyphens import join_divided_words
from connector.documents.layout.rows import Row, TextRun, run_of, words_text
from connector.documents.layout.tables import Gap
from connector.documents.layout.words import Ruling, Word

_FIGURE = re.compile(
    r"[^\w\s]{0,3}\s?(?:[A-Z]{3}\s?)?[^\w\s]{0,3}\d[\d.,'\u00a0\s:/%-]*\s?[^\w\s]{0,3}(?:[A-Z]{3})?$"
)
_DIGIT = re.compile(r"\d")
_CELL_LEADING = 0.6  # of a line's height: the most space between two lines of a cell
_BELOW = 2.0  # of a line's height: where the line below the last row is looked for


@dataclass
class TableLine:
    """One line of a table: the words of each column, and its top and bottom."""

    cells: list[list[Word]]
    top: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @cached_property
    def filled(self) -> list[int]:
        """The columns that have words."""
        return [index for index, cell in enumerate(self.cells) if cell]

    @cached_property
    def texts(self) -> list[str]:
        return [words_text(cell) for cell in self.cells]


class TableShape:
    """What the lines of a table have in common: columns of figures, the ends of the columns."""

    def __init__(self, lines: Sequence[TableLine], rulings: Sequence[Ruling]) -> None:
        self.lines = lines
        self.boundaries = _horizontal_boundaries(lines, rulings)
        self.is_closed = _is_closed(lines[-1], rulings)
        columns = range(len(lines[0].cells))
        self.figures = {index for index in columns if _has_figures(lines, index)}
        self.ends = [
            max((line.cells[index][-1].right for line in lines if line.cells[index]), default=0.0)
            for index in columns
        ]
        self.pitch = _row_pitch(lines)


def read_table(
    rows: Sequence[Row], gutters: Sequence[Gap], rulings: Sequence[Ruling]
) -> tuple[list[list[str]], int]:
    """The texts of the table's cells, and the number of rows that are titles."""
    lines = [TableLine(split_row(row, gutters), row.top, row.bottom) for row in rows]
    groups = _groups(TableShape(lines, rulings))
    texts = [_cell_texts(group) for group in groups]
    return texts, int(_has_titles(texts))


def split_row(row: Row, gutters: Sequence[Gap]) -> list[list[Word]]:
    """The words of each column; a run across a gutter is divided there if a blank allows it."""
    cells: list[list[Word]] = [[] for _ in range(len(gutters) + 1)]
    for run in row.runs:
        for piece in _pieces(run, gutters) if len(row.runs) > 1 else [run]:
            cells[_column(piece, gutters)] += piece.words
    return cells


def _pieces(run: TextRun, gutters: Sequence[Gap]) -> Iterator[TextRun]:
    remaining = run.words
    for start, end in gutters:
        if not run.left < (start + end) / 2 < run.right:
            continue
        for index, (before, after) in enumerate(itertools.pairwise(remaining), 1):
            if before.right <= end and after.left >= start:
                yield run_of(remaining[:index])
                remaining = remaining[index:]
                break
    yield run_of(remaining)


def _column(run: TextRun, gutters: Sequence[Gap]) -> int:
    """The column in which a run begins; its middle decides if it begins within a gutter."""
    for index, (start, end) in enumerate(gutters):
        if run.left < start or (run.left < end and run.left + run.right < start + end):
            return index
    return len(gutters)


# --- lines of one row -----------------------------------------------------------------------------


def _groups(shape: TableShape) -> list[list[TableLine]]:
    """The lines of each row."""
    groups: list[list[TableLine]] = []
    intervals = _intervals(shape)
    are_rows = _are_rows(intervals, shape)
    for number, interval in enumerate(intervals, 1):
        is_row = _is_one_row(interval, shape) or (len(intervals) > 3 and len(interval) <= 4)
        # nothing drawn tells where a row ends that has a line above it but none below it
        is_open = number == len(intervals) and not shape.is_closed and _has_wide_gap(interval)
        if are_rows and is_row and not is_open:
            groups.append(interval)
        else:
            groups += _by_spacing(interval, shape)
    return groups


def _intervals(shape: TableShape) -> list[list[TableLine]]:
    """The lines between drawn horizontal lines; all lines if none is drawn."""
    intervals: dict[int, list[TableLine]] = {}
    for line in shape.lines:
        middle = (line.top + line.bottom) / 2
        above = sum(place < middle for place in shape.boundaries)
        intervals.setdefault(above, []).append(line)
    return list(intervals.values())


def _are_rows(intervals: Sequence[list[TableLine]], shape: TableShape) -> bool:
    """Whether drawn lines separate each row from the next one."""
    if len(intervals) < 2:
        return False
    return sum(_is_one_row(one, shape) for one in intervals) >= 0.6 * len(intervals) and (
        len(intervals) > 3 or max(map(len, intervals)) <= 3
    )


def _is_one_row(lines: Sequence[TableLine], shape: TableShape) -> bool:
    """Whether no column of figures, or else not the first column, has more than one line."""
    columns = shape.figures or {0}
    return len(lines) == 1 or all(
        sum(bool(line.cells[index]) for line in lines) <= 1 for index in columns
    )


def _has_wide_gap(lines: Sequence[TableLine]) -> bool:
    """Whether there is more space between two of the lines than within a cell."""
    return any(
        below.top - above.bottom > _CELL_LEADING * below.height
        for above, below in itertools.pairwise(lines)
    )


def _by_spacing(lines: Sequence[TableLine], shape: TableShape) -> list[list[TableLine]]:
    groups: list[list[TableLine]] = []
    for number, line in enumerate(lines):
        if groups and (
            _interlocks(groups[-1], line)
            or _continues(groups[-1], line, shape)
            or (number == 1 and _is_second_title_line(groups[-1][0], line, shape))
        ):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _interlocks(group: Sequence[TableLine], line: TableLine) -> bool:
    """Whether ``line`` stands half beside the line before, in other columns: centred cells."""
    last = group[-1]
    overlap = last.bottom - line.top
    return overlap > 0.3 * min(last.height, line.height) and not set(last.filled) & set(line.filled)


def _continues(group: Sequence[TableLine], line: TableLine, shape: TableShape) -> bool:
    """Whether the cells of ``line`` are further lines of cells of the group.

    Without more space between rows than within them, a line in the first column that does not begin
    within a sentence is a heading.
    """
    last, first = group[-1], group[0]
    cells = line.filled
    if (
        len(cells) >= len(first.filled)
        or set(cells) & shape.figures
        or not all(last.cells[index] for index in cells)
        or line.top - last.bottom > _CELL_LEADING * line.height
    ):
        return False
    if line.top - last.top < 0.85 * shape.pitch:
        return True
    return all(
        line.texts[index][0].islower() or (index and _was_full(last, line, index, shape))
        for index in cells
    )


def _was_full(last: TableLine, line: TableLine, index: int, shape: TableShape) -> bool:
    """Whether the next word had no room behind the last one of the cell."""
    word = line.cells[index][0]
    right = last.cells[index][-1].right
    return right + (word.right - word.left) + 0.2 * line.height > shape.ends[index]


def _is_second_title_line(first: TableLine, line: TableLine, shape: TableShape) -> bool:
    """Whether the titles of some columns have a line above that of the others."""
    return (
        set(first.filled) < set(line.filled)
        and line.top - first.bottom <= 0.5 * line.height
        and line.top - first.top < 1.35 * line.height
        and not any(_DIGIT.search(text) for text in [*first.texts, *line.texts])
        and bool(shape.figures)
    )


# --- the whole table ------------------------------------------------------------------------------


def _has_figures(lines: Sequence[TableLine], index: int) -> bool:
    cells = [line.texts[index] for line in lines if line.cells[index]]
    return sum(bool(_FIGURE.match(cell)) for cell in cells) > 0.5 * len(cells)


def _row_pitch(lines: Sequence[TableLine]) -> float:
    """The usual distance between the first lines of rows: lines with most cells."""
    most = max(len(line.filled) for line in lines)
    starts = [line.top for line in lines if len(line.filled) >= max(2, most - 1)]
    pitches = sorted(after - before for before, after in itertools.pairwise(starts))
    return pitches[len(pitches) // 4] if pitches else 0.0


def _is_closed(last: TableLine, rulings: Sequence[Ruling]) -> bool:
    """Whether a line is drawn below the table's last one, under one of its words at least."""
    words = [word for cell in last.cells for word in cell]
    left, right = min(word.left for word in words), max(word.right for word in words)
    limit = last.bottom + _BELOW * last.height
    return any(
        line.top == line.bottom
        and (last.top + last.bottom) / 2 < line.top <= limit
        and line.left < right
        and line.right > left
        for line in rulings
    )


def _horizontal_boundaries(lines: Sequence[TableLine], rulings: Sequence[Ruling]) -> list[float]:
    """Where drawn lines go through at least half of the table's width."""
    words = [word for line in lines for cell in line.cells for word in cell]
    left, right = min(word.left for word in words), max(word.right for word in words)
    lengths: dict[int, float] = {}
    for line in rulings:
        if line.top == line.bottom and lines[0].top < line.top < lines[-1].bottom:
            place = round(line.top)
            inside = min(right, line.right) - max(left, line.left)
            lengths[place] = lengths.get(place, 0.0) + max(0.0, inside)
    return sorted(
        place
        for place, length in lengths.items()
        if length + lengths.get(place + 1, 0.0) >= 0.5 * (right - left)
    )


def _cell_texts(group: Sequence[TableLine]) -> list[str]:
    return [
        " ".join(join_divided_words([line.texts[index] for line in group if line.cells[index]]))
        for index in range(len(group[0].cells))
    ]


def _has_titles(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row has words where the others have figures."""
    if len(rows) < 2 or sum(map(bool, rows[0])) < 2 or any(map(_DIGIT.search, rows[0])):
        return False
    return (
        any(
            cell and any(_DIGIT.search(row[index]) for row in rows[1:])
            for index, cell in enumerate(rows[0])
        )
        and len(rows[0]) > 2
    )
