# ruff: noqa: PLR2004 - shares of a line's height are plainest as figures
"""Tables on a page: rows whose gaps are below each other, with or without drawn lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.documents.layout.rows import Row, is_bullet
from connector.documents.layout.words import Ruling

_MAX_ROW_GAP = 2.2  # of a line's height, between rows of one table
_MAX_SINGLE_ROWS = 3  # rows with one cell between rows with several
_PROSE_WORDS = 8
_CLEAR_GUTTER = 1.2  # of a line's height: two rows with such a gap are a table

Gap = tuple[float, float]


@dataclass(slots=True)
class TableRegion:
    """Rows ``first`` to ``last`` (included) of a part, and the gutters between their columns."""

    first: int
    last: int
    gutters: list[Gap]


def find_tables(rows: Sequence[Row], verticals: Sequence[Ruling] = ()) -> Iterator[TableRegion]:
    """The tables of ``rows``, which are from the top; none overlaps another."""
    index = 0
    while index < len(rows):
        last = _last_row(rows, index, verticals) if len(rows[index].runs) > 1 else index
        if last > index:
            region = rows[index : last + 1]
            gutters = _with_rulings(find_gutters(region), region, verticals)
            if gutters and not _is_list(region, gutters):
                last = _with_last_lines(rows, last, gutters)
                yield TableRegion(index, last, gutters)
                index = last
        index += 1


def _last_row(rows: Sequence[Row], first: int, verticals: Sequence[Ruling]) -> int:
    """The last of the rows from ``first`` on that may be rows of one table."""
    last = first
    for index in range(first + 1, len(rows)):
        row = rows[index]
        if row.top - rows[index - 1].bottom > _MAX_ROW_GAP * rows[last].height:
            break
        if len(row.runs) > 1:
            if not _share_a_gap(rows[last], row, verticals):
                break
            last = index
        elif index - last > _MAX_SINGLE_ROWS or _is_prose(row, rows[last]):
            break
    return last


def _with_last_lines(rows: Sequence[Row], last: int, gutters: Sequence[Gap]) -> int:
    """The last row, with the further lines of a cell in it.

    Below the first column, where text may follow the table, they begin within a sentence.
    """
    left, right = gutters[0][0], rows[last].right
    for index in range(last + 1, min(last + 1 + _MAX_SINGLE_ROWS, len(rows))):
        row = rows[index]
        is_cell = (
            len(row.runs) == 1
            and row.right <= right
            and (row.left >= left or row.runs[0].text[0].islower())
        )
        crosses = any(row.left < start and row.right > end for start, end in gutters)
        if not is_cell or crosses or row.top - rows[last].bottom > 0.3 * row.height:
            break
        last = index
    return last


def _share_a_gap(above: Row, below: Row, verticals: Sequence[Ruling]) -> bool:
    """Whether a gap of one row continues in the other; a row may have more cells."""
    need = 0.4 * min(above.height, below.height)
    common = [
        (max(start, other[0]), min(end, other[1]))
        for start, end in above.gaps
        for other in below.gaps
    ]
    return any(
        end - start >= need or any(start <= line.left <= end for line in verticals)
        for start, end in common
    )


def _is_prose(row: Row, above: Row) -> bool:
    """Whether a row of one run is a line of text across the table."""
    run = row.runs[0]
    return len(run.words) >= _PROSE_WORDS and run.width > 0.6 * (above.right - above.left)


def _with_rulings(
    gutters: list[Gap], rows: Sequence[Row], verticals: Sequence[Ruling]
) -> list[Gap]:
    """``gutters``, and the vertical lines through the rows that are in none of them."""
    top, bottom = rows[0].top, rows[-1].bottom
    left, right = min(row.left for row in rows), max(row.right for row in rows)
    lengths: dict[int, float] = {}
    for line in verticals:
        if left < line.left < right:
            place = round(line.left)
            inside = min(bottom, line.bottom) - max(top, line.top)
            lengths[place] = lengths.get(place, 0.0) + max(0.0, inside)
    drawn = [place for place, length in lengths.items() if length >= 0.6 * (bottom - top)]
    for place in sorted(drawn):
        if not any(start - 1.5 <= place <= end + 1.5 for start, end in gutters):
            gutters = sorted([*gutters, (place, place)])
    return gutters


def find_gutters(rows: Sequence[Row]) -> list[Gap]:
    """Where a gap goes through the rows: nearly no row has a word there, and at least two a gap."""
    several = [row for row in rows if len(row.runs) > 1]
    height = sorted(row.height for row in several)[len(several) // 2]
    needed = 2 if len(several) < 8 else len(several) // 4
    allowed = 0 if len(rows) < 4 else max(1, len(rows) // 7)
    wide = [gap for gap in _open_gaps(rows, needed, allowed) if gap[1] - gap[0] >= 0.4 * height]
    if len(several) <= 2 and not any(end - at >= _CLEAR_GUTTER * height for at, end in wide):
        return []
    return wide


def _open_gaps(rows: Sequence[Row], needed: int, allowed: int) -> Iterator[Gap]:
    """Where at least ``needed`` rows have a gap and at most ``allowed`` rows have words."""
    changes: dict[float, list[int]] = {}
    for row in rows:
        for start, end in row.gaps:
            changes.setdefault(start, [0, 0])[0] += 1
            changes.setdefault(end, [0, 0])[0] -= 1
        for run in row.runs:
            changes.setdefault(run.left, [0, 0])[1] += 1
            changes.setdefault(run.right, [0, 0])[1] -= 1
    gaps = words = 0
    opened: float | None = None
    for place in sorted(changes):
        gaps += changes[place][0]
        words += changes[place][1]
        is_open = gaps >= needed and words <= allowed and gaps > 2 * words
        if is_open and opened is None:
            opened = place
        elif not is_open and opened is not None:
            yield opened, place
            opened = None


def _is_list(rows: Sequence[Row], gutters: Sequence[Gap]) -> bool:
    """Whether the first column has only bullets or the numbers of a list's items."""
    if len(gutters) != 1:
        return False
    firsts = [
        row.runs[0].text for row in rows if row.right > gutters[0][1] and row.left < gutters[0][0]
    ]
    return all(map(is_bullet, firsts))
