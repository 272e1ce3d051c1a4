"""Computing metrics of a table exactly: fractions inside, decimals rounded half away from zero."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from connector.providers.local.text.metric_language import Condition, InvalidMetric, Metric
from connector.providers.local.text.record_rows import RecordRows
from connector.providers.local.text.table_columns import Days, NumberCell, read_days, read_numbers

_DECIMALS = 2  # of averages and shares, at least
_MAX_DECIMALS = 6
_SAMPLE = 200  # cells by which a column of dates is recognised
_SHOWN = 3  # cells that a note names
_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class MetricValue:
    """``value`` is rounded to ``decimals``; None has a ``note``, and so has one that leaves cells
    out. ``text`` is the value as people read it."""

    value: Fraction | None
    text: str
    rows: int
    note: str = ""


def rounded(value: Fraction, decimals: int) -> Fraction:
    """Half away from zero, as is usual for money."""
    scale = 10**decimals
    whole = Fraction(math.floor(abs(value) * scale + _HALF), scale)
    return -whole if value < 0 else whole


def number_text(value: Fraction, decimals: int, unit: str = "") -> str:
    """``1,234.50 EUR``; ``value`` is rounded before."""
    scaled = abs(value.numerator) * 10**decimals // value.denominator
    whole, part = divmod(scaled, 10**decimals)
    text = f"{'-' if value < 0 else ''}{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")
    return f"{text}{'' if unit[:1] in {'', '%'} else ' '}{unit}"


class MetricTable:
    """A table whose columns are read once, as what is asked of them. Not thread-safe."""

    def __init__(self, table: RecordRows, region: str = "") -> None:
        self.table = table
        self._region = region
        self._places = {title: place for place, title in enumerate(table.titles)}
        self._texts: dict[str, list[str]] = {}
        self._numbers: dict[str, list[NumberCell]] = {}
        self._days: dict[str, Days] = {}
        self._fulfilled: dict[Condition, Sequence[bool]] = {}
        # by the identity of the rows, which are kept beside their total
        self._wholes: dict[tuple[str, int], tuple[Sequence[int], MetricValue]] = {}

    def texts(self, column: str) -> list[str]:
        """The cells of a column."""
        if column not in self._texts:
            place = self._places[column]
            self._texts[column] = [row[place] for row in self.table.rows]
        return self._texts[column]

    def numbers(self, column: str) -> list[NumberCell]:
        """The cells of a column as numbers."""
        if column not in self._numbers:
            is_typed = column in self.table.numeric
            self._numbers[column] = read_numbers(
                self.texts(column), region=self._region, typed=is_typed
            )
        return self._numbers[column]

    def days(self, column: str) -> Days:
        """The cells of a column as days."""
        if column not in self._days:
            self._days[column] = read_days(self.texts(column), self._region)
        return self._days[column]

    def is_numeric(self, column: str) -> bool:
        """Whether the column has numbers and otherwise at most empty cells."""
        states = {cell.state for cell in self.numbers(column)}
        return bool(states & {"number", "unclear"}) and "text" not in states

    def is_dated(self, column: str) -> bool:
        """Whether most cells that are not empty are dates, by the first of them."""
        texts = [text for text in self.texts(column) if text][:_SAMPLE]
        return 2 * len(read_days(texts, self._region).unreadable) < len(texts)

    def compute(self, metric: Metric, rows: Sequence[int], all_rows: Sequence[int]) -> MetricValue:
        """The metric of ``rows`` (numbers from 0); a share is a part of ``all_rows``."""
        used = self._where(metric, rows)
        if metric.function == "share":
            return self._share(metric, used, rows if metric.conditions else all_rows)
        if metric.function == "count" and not metric.column:
            return MetricValue(Fraction(len(used)), number_text(Fraction(len(used)), 0), len(used))
        if metric.function in {"count", "distinct"}:
            texts = [text for row in used if (text := self.texts(metric.column)[row])]
            count = Fraction(len(set(texts) if metric.function == "distinct" else texts))
            return MetricValue(count, number_text(count, 0), len(used))
        return self._of_numbers(metric, used)

    def _of_numbers(self, metric: Metric, rows: Sequence[int]) -> MetricValue:
        cells = [self.numbers(metric.column)[row] for row in rows]
        problem = self._problem(metric.column, rows, cells)
        if problem:
            return MetricValue(None, "-", len(rows), problem)
        found = [cell for cell in cells if cell.state == "number"]
        note = self._left_out(metric.column, rows, cells)
        if not found and metric.function != "sum":
            note = note or ("There is no number." if rows else "")
            return MetricValue(None, "-", len(rows), note)
        values = [cell.value for cell in found]
        decimals = min(max((cell.decimals for cell in found), default=0), _MAX_DECIMALS)
        if metric.function in {"avg", "median"}:
            decimals = max(decimals, _DECIMALS)
        value = rounded(_FUNCTIONS[metric.function](values), decimals)
        unit = found[0].unit if found else ""
        return MetricValue(value, number_text(value, decimals, unit), len(rows), note)

    def _share(self, metric: Metric, part: Sequence[int], whole: Sequence[int]) -> MetricValue:
        whole_value = self._whole(metric.column, whole)
        if whole_value.value is None:
            return MetricValue(None, "-", len(part), whole_value.note)
        top = Fraction(len(part))
        if metric.column:
            top = _total(self.numbers(metric.column)[row].value for row in part)
        if not whole_value.value:
            note = "There is nothing to take a share of." if whole else ""
            return MetricValue(None, "-", len(part), note)
        percent = rounded(top / whole_value.value * 100, _DECIMALS)
        text = number_text(percent, _DECIMALS, "%")
        return MetricValue(percent, text, len(part), whole_value.note)

    def _whole(self, column: str, rows: Sequence[int]) -> MetricValue:
        """The sum of a column in ``rows``, or their number."""
        key = (column, id(rows))
        if key not in self._wholes:
            self._wholes[key] = rows, self._sum(column, rows)
        return self._wholes[key][1]

    def _sum(self, column: str, rows: Sequence[int]) -> MetricValue:
        if not column:
            return MetricValue(Fraction(len(rows)), "", len(rows))
        cells = [self.numbers(column)[row] for row in rows]
        if problem := self._problem(column, rows, cells):
            return MetricValue(None, "-", len(rows), problem)
        note = self._left_out(column, rows, cells)
        return MetricValue(_total(cell.value for cell in cells), "", len(rows), note)

    def _problem(self, column: str, rows: Sequence[int], cells: Sequence[NumberCell]) -> str:
        """Why no number may be computed of the cells, or ""."""
        if unclear := self._texts_of("unclear", column, rows, cells):
            return f"{column}: {_listed(unclear)} can be read in two ways. Choose the region."
        units = dict.fromkeys(cell.unit for cell in cells if cell.state == "number")
        if len(units) > 1:
            named = " and ".join(unit or "no unit" for unit in list(units)[:_SHOWN])
            return f"{column}: {named} cannot be added. Group or filter by the unit."
        return ""

    def _left_out(self, column: str, rows: Sequence[int], cells: Sequence[NumberCell]) -> str:
        texts = self._texts_of("text", column, rows, cells)
        return f"{column}: left out what is no number ({_listed(texts)})." if texts else ""

    def _texts_of(
        self, state: str, column: str, rows: Sequence[int], cells: Sequence[NumberCell]
    ) -> list[str]:
        pairs = zip(rows, cells, strict=True)
        return [self.texts(column)[row] for row, cell in pairs if cell.state == state]

    # --- conditions -------------------------------------------------------------------------------

    def _where(self, metric: Metric, rows: Sequence[int]) -> Sequence[int]:
        for condition in metric.conditions:
            fulfilled = self._fulfilled.get(condition)
            if fulfilled is None:
                fulfilled = self._fulfilled[condition] = self._test(condition)
            rows = [row for row in rows if fulfilled[row]]
        return rows

    def _test(self, condition: Condition) -> Sequence[bool]:
        texts = self.texts(condition.column)
        if condition.operator in {"empty", "filled"}:
            return [bool(text) is (condition.operator == "filled") for text in texts]
        wanted = condition.value.casefold()
        if condition.operator == "contains":
            return [wanted in text.casefold() for text in texts]
        number = read_numbers([condition.value], region=self._region or "US")[0]
        if number.state == "number" and self.is_numeric(condition.column):
            return self._test_numbers(condition, number)
        day = read_days([condition.value], self._region).days[0]
        if day and self.is_dated(condition.column):
            return _compare(self.days(condition.column).days, condition.operator, day)
        if condition.operator in {"=", "!="}:
            return [(text.casefold() == wanted) is (condition.operator == "=") for text in texts]
        raise InvalidMetric(
            f'compares "{condition.column[:60]}" with "{condition.value[:40]}" by '
            f"{condition.operator}, which takes a number or a date, and a column of such"
        )

    def _test_numbers(self, condition: Condition, number: NumberCell) -> Sequence[bool]:
        cells = self.numbers(condition.column)
        if number.unit:
            cells = [cell if cell.unit == number.unit else NumberCell("text") for cell in cells]
        if any(cell.state == "unclear" for cell in cells):
            raise InvalidMetric(
                f'compares "{condition.column[:60]}", which has numbers that can be read in two '
                "ways; choose the region"
            )
        values = [cell.value if cell.state == "number" else None for cell in cells]
        return _compare(values, condition.operator, number.value)


def _compare(
    values: Iterable[Fraction | datetime.date | None], operator: str, wanted: Any
) -> list[bool]:
    """Whether each value compares so; None never does, but for !=."""
    test: Callable[[Any], bool] = {
        "=": lambda value: value == wanted,
        "!=": lambda value: value != wanted,
        "<": lambda value: value < wanted,
        "<=": lambda value: value <= wanted,
        ">": lambda value: value > wanted,
        ">=": lambda value: value >= wanted,
    }[operator]
    return [operator == "!=" if value is None else test(value) for value in values]


def _listed(texts: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(text[:40] for text in texts))
    more = f" and {len(distinct) - _SHOWN:,} more" if len(distinct) > _SHOWN else ""
    return ", ".join(distinct[:_SHOWN]) + more


def _total(values: Iterable[Fraction]) -> Fraction:
    return sum(values, Fraction(0))


_FUNCTIONS: dict[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "sum": _total,
    "avg": lambda values: _total(values) / len(values),
    "median": lambda values: Fraction(median(values)),
    "min": min,
    "max": max,
}
