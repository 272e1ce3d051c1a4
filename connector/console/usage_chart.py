"""Usage as bars by day: where each part of a bar is, for the SVG of a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from connector.json_types import Json

WIDTH, HEIGHT = 720, 200  # in units of the drawing
_LEFT, _TOP, _BOTTOM = 56, 12, 24
_MAX_SERIES = 5
_GAP = 0.25  # of a day's width between bars
_MAX_LABELS = 8
OTHERS = "Others"


@dataclass(frozen=True)
class BarPart:
    """A part of a day's bar: its rectangle, the number of its series, and what it says."""

    x: float
    y: float
    width: float
    height: float
    series: int
    day: str
    name: str
    value: float


@dataclass(frozen=True)
class UsageChart:
    """A drawing of ``WIDTH`` x ``HEIGHT``. ``series``: (name, sum), the largest first, then others.

    ``labels``: (x, day). ``top`` is the value at the upper edge of the bars.
    """

    parts: tuple[BarPart, ...]
    series: tuple[tuple[str, float], ...]
    labels: tuple[tuple[float, str], ...]
    top: float
    left: float = _LEFT
    upper: float = _TOP
    base: float = HEIGHT - _BOTTOM


def usage_chart(
    rows: Sequence[Json], days: Sequence[str], *, name: str, measure: str
) -> UsageChart | None:
    """The chart of usage rows by day and ``name`` (such as action); None where all values are 0.

    ``measure`` is a number of the rows, such as calls or cost_usd.
    """
    sums: dict[str, float] = {}
    values: dict[tuple[str, str], float] = {}
    for row in rows:
        series = str(row[name]) or "–"
        value = float(row[measure] or 0)
        sums[series] = sums.get(series, 0.0) + value
        values[row["day"], series] = values.get((row["day"], series), 0.0) + value
    if not any(sums.values()):
        return None
    return _drawn(_largest(sums), values, days)


def days_between(first: str, last: str) -> list[str]:
    """The days from ``first`` to ``last``, both included."""
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    count = (end - start).days + 1
    return [(start + dt.timedelta(days=number)).isoformat() for number in range(count)]


def _largest(sums: dict[str, float]) -> dict[str, list[str]]:
    """The names of each series: the largest alone, the rest together."""
    names = sorted(sums, key=lambda name: (-sums[name], name))
    series = {name: [name] for name in names[:_MAX_SERIES]}
    if rest := names[_MAX_SERIES:]:
        series[OTHERS] = rest
    return series


def _drawn(
    series: dict[str, list[str]], values: dict[tuple[str, str], float], days: Sequence[str]
) -> UsageChart:
    by_day = {
        day: [sum(values.get((day, name), 0.0) for name in names) for names in series.values()]
        for day in days
    }
    top = max(sum(amounts) for amounts in by_day.values())
    step = (WIDTH - _LEFT) / len(days)
    parts: list[BarPart] = []
    for place, day in enumerate(days):
        x = _LEFT + step * (place + _GAP / 2)
        parts += _bar(day, by_day[day], list(series), x=x, width=step * (1 - _GAP), top=top)
    every = -(-len(days) // _MAX_LABELS)
    labels = [(_LEFT + step * (at + 0.5), days[at][5:]) for at in range(0, len(days), every)]
    totals = [sum(column) for column in zip(*by_day.values(), strict=True)]
    return UsageChart(tuple(parts), tuple(zip(series, totals, strict=True)), tuple(labels), top)


def _bar(
    day: str, amounts: Sequence[float], names: Sequence[str], *, x: float, width: float, top: float
) -> list[BarPart]:
    """The parts of one day, the largest series at the bottom."""
    room = HEIGHT - _TOP - _BOTTOM
    base = float(HEIGHT - _BOTTOM)
    parts = []
    for number, amount in enumerate(amounts):
        if amount <= 0:
            continue
        height = room * amount / top
        base -= height
        rectangle = (round(x, 2), round(base, 2), round(width, 2), round(height, 2))
        parts.append(BarPart(*rectangle, number, day, names[number], amount))
    return parts
