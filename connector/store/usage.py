"""Usage and cost from the ledger, which has one row for each model call."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, case, func, select

from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json
from connector.store.ids import today
from connector.store.ledger.money import to_usd
from connector.store.tables import keys, ledger

DIMENSIONS = ("day", "action", "key", "model", "provider")
_MAX_ROWS = 10_000
_DIMENSION_COLUMNS = {
    "day": ledger.c.day,
    "action": ledger.c.action,
    "key": ledger.c.key_id,
    "model": ledger.c.model,
    "provider": func.coalesce(ledger.c.provider, ""),
}
_TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
COLUMNS = (
    "day",
    "action",
    "key",
    "key_name",
    "model",
    "calls",
    "runs",
    *_TOKENS,
    "cost_usd",
    "unpriced_calls",
    "estimated_usd",
    "provider",
)
_SUMS = (
    func.count().label("calls"),
    func.count(ledger.c.run_id.distinct()).label("runs"),
    *(func.sum(ledger.c[name]).label(name) for name in _TOKENS),
    func.sum(ledger.c.nusd).label("nusd"),
    func.count().filter(ledger.c.nusd.is_(None)).label("unpriced_calls"),
    func.sum(case((ledger.c.estimated, ledger.c.nusd), else_=0)).label("estimated_nusd"),
)


@dataclass(frozen=True)
class Period:
    """UTC days from ``first`` to ``last``, both included, such as 2026-01-31."""

    first: str
    last: str


def parse_period(first: str | None, last: str | None) -> Period:
    """The requested days, by default this month so far; ``InvalidInput`` names an invalid one."""
    end = _parse_day("to", last) if last else today()
    begin = _parse_day("from", first) if first else f"{end[:7]}-01"
    if begin > end:
        detail = f'"from" ({begin}) must not be after "to" ({end}).'
        raise InvalidInput([FieldError("from", "out_of_range", detail)])
    return Period(begin, end)


def parse_dimensions(text: str | None) -> tuple[str, ...]:
    """The dimensions in a list with commas, in the order of ``DIMENSIONS``; by default the day.

    ``InvalidInput`` names an unknown one.
    """
    names = [part.strip().lower() for part in (text or "day").split(",") if part.strip()]
    for name in names:
        if name not in DIMENSIONS:
            detail = (
                f'"by" takes {", ".join(DIMENSIONS)}, with commas between them; "{name[:40]}" is '
                "none of them."
            )
            raise InvalidInput([FieldError("by", "not_allowed", detail)])
    return tuple(name for name in DIMENSIONS if name in names)


def _parse_day(name: str, text: str) -> str:
    text = text.strip()
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).date().isoformat()
    except ValueError:
        detail = f'"{name}" takes a day such as {today()}, not "{text[:40]}".'
        raise InvalidInput([FieldError(name, "wrong_type", detail)]) from None


class UsageReport:
    """Sums over the ledger."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def rows(
        self, period: Period, dimensions: tuple[str, ...], *, key_id: str | None = None
    ) -> list[Json]:
        """The sums for each combination of ``dimensions``; the others are "".

        ``key_id``: only the calls of this key.
        """
        if not dimensions:
            return [self.totals(period, key_id=key_id)]
        columns = [_DIMENSION_COLUMNS[name] for name in dimensions]
        labels = [column.label(name) for column, name in zip(columns, dimensions, strict=True)]
        query = (
            _filtered(select(*labels, *_SUMS), period, key_id)
            .group_by(*columns)
            .order_by(*columns)
            .limit(_MAX_ROWS + 1)
        )
        with self._database.connect() as connection:
            rows = connection.execute(query).all()
            names = _key_names(connection) if "key" in dimensions else {}
        if len(rows) > _MAX_ROWS:
            raise FormcallError(
                "bad_request",
                f"This report has more than {_MAX_ROWS:,} rows. Request fewer days, or fewer "
                "dimensions in `by`.",
            )
        return [_to_json(row, dimensions, names) for row in rows]

    def totals(self, period: Period, *, key_id: str | None = None) -> Json:
        """The sums of all calls; a run with several calls is counted once."""
        query = _filtered(select(*_SUMS), period, key_id)
        with self._database.connect() as connection:
            return _to_json(connection.execute(query).one(), (), {})


def _key_names(connection: Connection) -> dict[str, str]:
    rows = connection.execute(select(keys.c.id, keys.c.name))
    return {row.id: row.name for row in rows}


def _filtered(query: Select[Any], period: Period, key_id: str | None) -> Select[Any]:
    query = query.where(ledger.c.day >= period.first, ledger.c.day <= period.last)
    return query.where(ledger.c.key_id == key_id) if key_id else query


def _to_json(row: Row[Any], dimensions: tuple[str, ...], key_names: dict[str, str]) -> Json:
    values: Json = dict.fromkeys(DIMENSIONS, "")
    for name in dimensions:
        values[name] = getattr(row, name)
    values["key_name"] = key_names.get(values["key"], "")
    # PostgreSQL returns sums of whole numbers as decimals, and a sum over no rows as NULL
    for name in ("calls", "runs", *_TOKENS, "unpriced_calls"):
        values[name] = int(getattr(row, name) or 0)
    values["cost_usd"] = to_usd(int(row.nusd or 0))
    values["estimated_usd"] = to_usd(int(row.estimated_nusd or 0))
    return {name: values[name] for name in COLUMNS}


def to_csv(rows: list[Json]) -> str:
    """Rows as CSV with a header line."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
