"""Measuring an action on labelled rows: a CSV of inputs and expected answers gives accuracy, errors and seconds."""

from __future__ import annotations

import csv
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from connector.catalogue import Action
from connector.catalogue.answer import flat_schemas
from connector.engine.run import Engine
from connector.errors import FormcallError

Json = dict[str, Any]

_LARGEST_CELL = 50_000_000


@dataclass
class Report:
    """Counts of values over all rows: right, null where something was expected, and wrong; and the time of each row."""

    rows: int = 0
    whole_rows: int = 0
    right: int = 0
    null: int = 0
    wrong: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    cost_usd: float = 0.0
    misses: list[str] = field(default_factory=list)

    def figures(self) -> Json:
        values = self.right + self.null + self.wrong
        times = sorted(self.seconds) or [0.0]
        return {
            "rows": self.rows,
            "accuracy": round(self.right / values, 4) if values else None,
            "rows_all_right": self.whole_rows,
            "right": self.right,
            "null": self.null,
            "wrong": self.wrong,
            "errors": self.errors,
            "seconds": round(sum(self.seconds), 2),
            "p50_ms": round(statistics.median(times) * 1000, 1),
            "p95_ms": round(times[int(len(times) * 0.95)] * 1000 if len(times) > 1 else times[0] * 1000, 1),
            "cost_usd": round(self.cost_usd, 6),
        }

    def tell(self, show: bool) -> None:
        for miss in self.misses if show else ():
            click.echo(miss)
        for name, value in self.figures().items():
            click.echo(f"{name:15} {value}")


def evaluate_file(engine: Engine, action: Action, path: Path, *, fixed: Mapping[str, str], limit: int | None = None) -> Report:
    """Run ``action`` on each row of the CSV at ``path``; columns named like the answer's keys hold what is expected.

    An expected cell that is empty means null. A cell ``@FILE`` is the content of that file beside the CSV.
    """
    report = Report()
    answers = set(flat_schemas(action))
    if unknown := [name for name in fixed if name not in action.form]:
        raise FormcallError("bad_request", f'"{action.title}" has no field {unknown[0]}; it has: {", ".join(action.form)}.')
    for number, row in enumerate(_rows(path), 2):
        if limit is not None and report.rows >= limit:
            break
        inputs = {**fixed, **{name: _cell(text, path) for name, text in row.items() if name in action.form}}
        expected = {name: text for name, text in row.items() if name in answers and name not in action.fields}
        if not expected:
            known = ", ".join(sorted(answers))
            raise FormcallError("bad_request", f"No column of {path.name} is named like a value of the answer: {known}.")
        _evaluate_row(engine, action, inputs, expected, report, number=number)
    if not report.rows:
        raise FormcallError("bad_request", f"{path.name} has no rows: a line of column names, then a line for each case.")
    return report


def _rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(_LARGEST_CELL)
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            for row in csv.DictReader(file):
                yield {name: text or "" for name, text in row.items() if isinstance(name, str)}
        except (csv.Error, UnicodeDecodeError):
            raise FormcallError("bad_request", f"{path.name} is not a CSV file in UTF-8.") from None


def _cell(text: str, path: Path) -> str:
    if not text.startswith("@"):
        return text
    try:
        return (path.parent / text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return text  # a text that only begins with an @


def _evaluate_row(engine: Engine, action: Action, inputs: Json, expected: Mapping[str, str], report: Report, *, number: int) -> None:
    started = time.monotonic()
    report.rows += 1
    try:
        outcome = engine.run(action, inputs)
        error = outcome.error
    except FormcallError as raised:
        outcome, error = None, raised
    report.seconds.append(time.monotonic() - started)
    if error or outcome is None:
        code = error.code if error else "internal"
        report.errors[code] = report.errors.get(code, 0) + 1
        report.wrong += len(expected)
        report.misses.append(f"row {number}: {code}: {error.detail if error else ''}")
        return
    report.cost_usd += outcome.cost_usd or 0.0
    missed = report.null + report.wrong
    for name, text in expected.items():
        for label, wanted, got in _pairs(name, _expected(text), outcome.values[name]):
            _count(report, f"row {number}: {label}", wanted, got)
    report.whole_rows += report.null + report.wrong == missed


def _pairs(name: str, wanted: Any, got: Any) -> Iterator[tuple[str, Any, Any]]:
    """A record is compared key by key; everything else as one value."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            yield f"{name}.{key}", value, got.get(key) if isinstance(got, dict) else got
    else:
        yield name, wanted, got


def _expected(text: str) -> Any:
    if text.strip()[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text.strip() or None


def _count(report: Report, label: str, wanted: Any, got: Any) -> None:
    if _same(wanted, got):
        report.right += 1
        return
    if got is None or got == []:
        report.null += 1
    else:
        report.wrong += 1
    report.misses.append(f"{label}: expected {wanted!r}, got {got!r}")


def _same(wanted: Any, got: Any) -> bool:
    if wanted in (None, []) and got in (None, []):
        return True
    if isinstance(wanted, str) and isinstance(got, str):
        return " ".join(wanted.split()).casefold() == " ".join(got.split()).casefold()
    if isinstance(wanted, str) and isinstance(got, bool):
        return wanted.lower() == str(got).lower()
    if isinstance(wanted, str) and isinstance(got, int | float):
        return _number(wanted) == got
    return bool(wanted == got)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
