"""A report of a table: metrics by group and period, all of them computed here, and its text."""

from __future__ import annotations

import csv
import datetime
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from connector.errors import FieldError, InvalidInput
from connector.providers.local.text import report_text
from connector.providers.local.text.metric_language import InvalidMetric, Metric, parse_metric
from connector.providers.local.text.metrics import MetricTable, MetricValue, rounded
from connector.providers.local.text.periods import period_name, period_start, previous_period
from connector.providers.local.text.record_rows import InvalidRows, read_rows
from connector.providers.local.text.sentences import word_set

MAX_ROWS = 20_000
MAX_GROUPS = 200
_MAX_PERIODS = 36
_MAX_USUAL = 10  # columns that are summed when no metric is given
_CHANGE_DECIMALS = 4
_EMPTY = "(empty)"
_NAMES = frozenset({"metric", "group", "note"})  # of the numbers: what the caller wrote
_LABELS = {
    "rows": "Rows",
    "metrics": "Metrics",
    "group_by": "Group by",
    "date_column": "Date column",
    "sections": "Sections",
}
# a column with such a word in its title holds numbers that nobody adds
_NAMES_OF_NUMBERS = word_set("id ids no nr number year month day zip postcode code phone")


@dataclass
class _Report:
    """What is asked for, and what was computed: a row of ``numbers`` for each metric and place."""

    table: MetricTable
    metrics: list[Metric]
    group_by: str
    period: str  # none, day, week, month, quarter, year
    date_column: str
    rows_of: dict[str, list[int]] = field(default_factory=dict)  # by the name of a period
    starts: dict[str, datetime.date] = field(default_factory=dict)
    numbers: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The periods, the last first."""
        return sorted(self.rows_of, key=lambda name: self.starts[name], reverse=True)


def answer(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``report_markdown``, ``numbers`` and ``csv`` of the form's rows."""
    report = _read(values)
    try:
        _compute(report)
    except InvalidMetric as error:
        raise _invalid("metrics", "bad_metric", f"{error}.") from None
    notes = list(dict.fromkeys([*report.notes, *(row["note"] or "" for row in report.numbers)]))
    notes = [note for note in notes if note]
    markdown = _markdown(report, values.get("sections") or (), notes)
    numbers = [
        {name: value for name, value in row.items() if name != "previous_text"}
        for row in report.numbers
    ]
    result = {
        "report_markdown": markdown,
        "numbers": numbers,
        "csv": _csv(numbers),
        "row_count": len(report.table.table.rows),
        "period_name": report.names[0] if report.rows_of else None,
        "notes": notes,
    }
    return result, ()


def _invalid(name: str, code: str, rest: str) -> InvalidInput:
    return InvalidInput([FieldError(name, code, f'"{_LABELS[name]}" {rest}')])


# --- reading the form -----------------------------------------------------------------------------


def _read(values: Mapping[str, Any]) -> _Report:
    try:
        rows = read_rows(str(values["rows"]))
    except InvalidRows as error:
        raise _invalid("rows", "bad_rows", str(error)) from None
    if not rows.rows:
        raise _invalid("rows", "too_few", "has a line of titles and no row below it.")
    if len(rows.rows) > MAX_ROWS:
        rest = f"takes at most {MAX_ROWS:,} rows; there are {len(rows.rows):,}."
        raise _invalid("rows", "too_many", rest)
    table = MetricTable(rows, str(values.get("region") or ""))
    period = str(values.get("period") or "none")
    report = _Report(
        table=table,
        metrics=_metrics(values.get("metrics") or (), table),
        group_by=_column(table, "group_by", str(values.get("group_by") or "")),
        period=period,
        date_column=_date_column(table, str(values.get("date_column") or ""), period),
    )
    if report.date_column and period != "none":
        _divide_by_period(report)
    return report


def _metrics(lines: Sequence[str], table: MetricTable) -> list[Metric]:
    """The metrics of the form; without any, the number of rows and sums of columns of numbers."""
    titles = table.table.titles
    if not lines:
        numeric = [title for title in titles if _is_summed(table, title)][:_MAX_USUAL]
        return [Metric("Rows", "count"), *(Metric(title, "sum", title) for title in numeric)]
    metrics: list[Metric] = []
    for number, line in enumerate(lines, 1):
        try:
            metric = parse_metric(line, titles)
        except InvalidMetric as error:
            raise _invalid("metrics", "bad_metric", f"line {number} {error}.") from None
        if any(metric.name.casefold() == other.name.casefold() for other in metrics):
            rest = f'has "{metric.name[:60]}" twice; give each metric a name of its own.'
            raise _invalid("metrics", "duplicate", rest)
        metrics.append(metric)
    return metrics


def _is_summed(table: MetricTable, title: str) -> bool:
    words = title.casefold().replace("_", " ").split()
    return not _NAMES_OF_NUMBERS & set(words) and table.is_numeric(title)


def _column(table: MetricTable, name: str, wanted: str) -> str:
    if not wanted:
        return ""
    for title in table.table.titles:
        if title.casefold() == " ".join(wanted.casefold().split()):
            return title
    shown = ", ".join(table.table.titles[:20])
    rest = f'has "{wanted[:60]}", which is no column. They are {shown}.'
    raise _invalid(name, "unknown_column", rest)


def _date_column(table: MetricTable, wanted: str, period: str) -> str:
    """The column that is named, or the only one that has dates."""
    if wanted or period == "none":
        return _column(table, "date_column", wanted)
    dated = [title for title in table.table.titles if table.is_dated(title)]
    if len(dated) == 1:
        return dated[0]
    found = f"there are several with dates: {', '.join(dated[:20])}" if dated else "none has dates"
    rest = f"is needed to divide rows by {period}: {found}. Name one."
    raise _invalid("date_column", "missing", rest)


def _divide_by_period(report: _Report) -> None:
    days = report.table.days(report.date_column)
    texts = report.table.texts(report.date_column)
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for row, day in enumerate(days.days):
        if day is not None:
            name = period_name(day, report.period)
            report.starts.setdefault(name, period_start(day, report.period))
            by_name[name].append(row)
    report.rows_of = dict(by_name)
    if days.unclear:
        shown = ", ".join(dict.fromkeys(texts[row] for row in days.unclear[:3]))
        report.notes.append(
            f"{report.date_column}: {len(days.unclear):,} dates can be read in two ways "
            f"({shown}) and are in no period. Choose the region."
        )
    missing = len(texts) - len(days.unclear) - sum(map(len, by_name.values()))
    if missing:
        report.notes.append(f"{report.date_column}: {missing:,} rows without a date are in none.")
    if not by_name:
        rest = "has no date that can be read in one way; choose the region, or another column."
        raise _invalid("date_column", "no_dates", rest)


# --- computing ------------------------------------------------------------------------------------


def _compute(report: _Report) -> None:
    everything = list(range(len(report.table.table.rows)))
    if not report.rows_of:
        _add(report, "", everything, [], None)
        return
    names = report.names
    for number, name in enumerate(names[:_MAX_PERIODS]):
        earlier = previous_period(report.starts[name], report.period)
        previous = report.rows_of.get(earlier, [])
        _add(report, name, report.rows_of[name], previous, number)
    if len(names) > _MAX_PERIODS:
        report.notes.append(f"The last {_MAX_PERIODS} of {len(names):,} periods are listed.")


def _add(
    report: _Report, period: str, rows: list[int], previous: list[int], number: int | None
) -> None:
    """The metrics of a period; groups in the last one only."""
    wholes = (rows, previous)
    report.numbers += [_number(report, one, period, wholes, wholes) for one in report.metrics]
    if not report.group_by or number:
        return
    now, before = (_groups(report, one) for one in (rows, previous))
    groups = sorted({*now, *before})
    if len(groups) > MAX_GROUPS:
        rest = f"has {len(groups):,} different values; at most {MAX_GROUPS} are grouped."
        raise _invalid("group_by", "too_many", rest)
    for group in groups:
        parts = (now.get(group, []), before.get(group, []))
        report.numbers += [
            _number(report, metric, period, parts, wholes, group=group) for metric in report.metrics
        ]


def _groups(report: _Report, rows: Sequence[int]) -> dict[str, list[int]]:
    """The rows of each value of the group's column."""
    texts = report.table.texts(report.group_by)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        groups[texts[row] or _EMPTY].append(row)
    return groups


def _number(
    report: _Report,
    metric: Metric,
    period: str,
    rows: tuple[list[int], list[int]],
    wholes: tuple[list[int], list[int]],
    *,
    group: str = "",
) -> dict[str, Any]:
    """A row of ``numbers``; both pairs are those of the period and of the one before."""
    found = report.table.compute(metric, rows[0], wholes[0])
    before = report.table.compute(metric, rows[1], wholes[1]) if rows[1] else None
    return {
        "metric": metric.name,
        "group": group or None,
        "period": period or None,
        "value": _float(found.value),
        "shown": None if found.value is None else found.text,
        "previous": _float(before.value) if before else None,
        "change": _change(found, before),
        "rows": found.rows,
        "note": found.note or None,
        "previous_text": before.text if before else "-",
    }


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _change(now: MetricValue, before: MetricValue | None) -> float | None:
    """The change as a share of the earlier value; None from 0, or between different units."""
    if before is None or now.value is None or not before.value:
        return None
    if now.rows and _unit(now.text) != _unit(before.text):
        return None
    change = (now.value - before.value) / abs(before.value)
    return float(rounded(change, _CHANGE_DECIMALS))


def _unit(text: str) -> str:
    return text.lstrip("-0123456789.,").strip()


# --- the text -------------------------------------------------------------------------------------


def _markdown(report: _Report, sections: Sequence[Mapping[str, str]], notes: Sequence[str]) -> str:
    last = report.names[0] if report.rows_of else ""
    facts = {"rows": f"{len(report.table.table.rows):,}"}
    if last:
        earlier = previous_period(report.starts[last], report.period)
        facts |= {"period": last, "previous period": earlier}
    known = report_text.placeholders(report.numbers, facts)
    tables = dict(_tables(report, last))
    parts = [] if sections else _usual_parts(tables, last)
    for section in sections:
        try:
            text = report_text.fill(section.get("description") or "", known, tables)
            title = report_text.fill(section["name"], known, {})
        except report_text.UnknownPlaceholder as error:
            names = ", ".join([*known, *tables][:20])
            rest = f"has {{{error}}}, which is no value of the report. There are {names}."
            raise _invalid("sections", "unknown_placeholder", rest) from None
        parts.append(f"## {title}\n\n{text.strip()}".strip())
    if notes:
        lines = "\n".join(f"- {report_text.plain(note)}" for note in notes)
        parts.append(f"## Notes\n\n{lines}")
    return "\n\n".join(parts)


def _usual_parts(tables: Mapping[str, str], last: str) -> list[str]:
    titles = {"totals": f"Report {last}".strip(), "groups": "By group", "periods": "By period"}
    levels = {"totals": "#"}
    return [f"{levels.get(name, '##')} {titles[name]}\n\n{tables[name]}" for name in tables]


def _tables(report: _Report, last: str) -> Iterator[tuple[str, str]]:
    """The Markdown tables that there are, by their names."""
    totals = [row for row in report.numbers if not row["group"] and (row["period"] or "") == last]
    titles = ["Metric", "Value", "Previous", "Change"] if last else ["Metric", "Value"]
    yield "totals", report_text.table(titles, [_line(row)[: len(titles)] for row in totals])
    names = [metric.name for metric in report.metrics]
    if report.group_by:
        yield "groups", report_text.table([report.group_by, *names], _pivot(report, "group"))
    if last:
        yield "periods", report_text.table(["Period", *names], _pivot(report, "period"))


def _line(row: Mapping[str, Any]) -> list[str]:
    change = report_text.change_text(row["change"])
    return [row["metric"], row["shown"] or "-", row["previous_text"], change]


def _pivot(report: _Report, key: str) -> list[list[str]]:
    """A line for each group, or for each period, with its metrics."""
    lines: dict[str, list[str]] = {}
    for row in report.numbers:
        if bool(row["group"]) is (key == "group"):
            lines.setdefault(row[key], [row[key]]).append(row["shown"] or "-")
    return list(lines.values())


def _csv(numbers: Sequence[Mapping[str, Any]]) -> str:
    """The numbers as CSV; a name that a sheet would take for a formula begins with a quote."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(numbers[0])
    for row in numbers:
        writer.writerow(_safe(value) if name in _NAMES else value for name, value in row.items())
    return output.getvalue()


def _safe(name: str | None) -> str | None:
    return f"'{name}" if name and name[0] in "=+-@\t" else name
