"""What was used and spent, from the ledger: one row for each call of a model, summed as whole numbers."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, case, func, select

from connector.errors import FieldError, FormcallError, InvalidInput
from connector.store.ids import today
from connector.store.money import usd
from connector.store.tables import keys, ledger

Json = dict[str, Any]

BY = ("day", "action", "key", "model")
_MOST_ROWS = 10_000
_COLUMNS = {"day": ledger.c.day, "action": ledger.c.action, "key": ledger.c.key_id, "model": ledger.c.model}
_TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
COLUMNS = ("day", "action", "key", "key_name", "model", "calls", "runs", *_TOKENS, "cost_usd", "unpriced_calls", "estimated_usd")
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
    """Days from ``first`` to ``last``, both included, such as 2026-01-31; what is used is counted by days in UTC."""

    first: str
    last: str


def read_period(first: str | None, last: str | None) -> Period:
    """The days that were asked for, by default this month so far; ``InvalidInput`` names the one that is not right."""
    end = _day("to", last) if last else today()
    begin = _day("from", first) if first else f"{end[:7]}-01"
    if begin > end:
        raise InvalidInput([FieldError("from", "out_of_range", f'"from" ({begin}) must not be after "to" ({end}).')])
    return Period(begin, end)


def read_by(text: str | None) -> tuple[str, ...]:
    """What to break the sums down by, from words with commas, in the order of ``BY``; ``InvalidInput`` names an unknown one."""
    given = [word.strip().lower() for word in (text or "day").split(",") if word.strip()]
    if wrong := [word for word in given if word not in BY]:
        words = f'"by" takes {", ".join(BY)}, with commas between them; "{wrong[0][:40]}" is none of them.'
        raise InvalidInput([FieldError("by", "not_allowed", words)])
    return tuple(word for word in BY if word in given)


def _day(name: str, text: str) -> str:
    try:
        return dt.datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=dt.UTC).date().isoformat()
    except ValueError:
        words = f'"{name}" takes a day such as {today()}, not "{text.strip()[:40]}".'
        raise InvalidInput([FieldError(name, "wrong_type", words)]) from None


class Usage:
    """Reads the ledger in ``database``."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def rows(self, period: Period, by: tuple[str, ...], *, key_id: str | None = None) -> list[Json]:
        """One row for each day, action, key and model that ``by`` tells apart; what it does not is "". ``key_id``: of this key alone."""
        columns = [_COLUMNS[name] for name in by]
        if not columns:
            return [self.totals(period, key_id=key_id)]
        query = _of(select(*(column.label(name) for column, name in zip(columns, by, strict=True)), *_SUMS), period, key_id)
        with self._database.connect() as connection:
            found = connection.execute(query.group_by(*columns).order_by(*columns).limit(_MOST_ROWS + 1)).all()
            names = {row[0]: row[1] for row in connection.execute(select(keys.c.id, keys.c.name))} if "key" in by else {}
        if len(found) > _MOST_ROWS:
            words = f"These are more than {_MOST_ROWS:,} rows. Ask for fewer days, or for less in `by`."
            raise FormcallError("bad_request", words)
        return [_row(row, by, names) for row in found]

    def totals(self, period: Period, *, key_id: str | None = None) -> Json:
        """The sums of everything; a run that is in several rows is counted once."""
        with self._database.connect() as connection:
            return _row(connection.execute(_of(select(*_SUMS), period, key_id)).one(), (), {})


def _of(query: Select[Any], period: Period, key_id: str | None) -> Select[Any]:
    which: list[ColumnElement[bool]] = [ledger.c.day >= period.first, ledger.c.day <= period.last]
    return query.where(*which, *([ledger.c.key_id == key_id] if key_id else []))


def _row(row: Row[Any], by: tuple[str, ...], names: dict[str, str]) -> Json:
    told = {name: getattr(row, name) if name in by else "" for name in BY}
    # PostgreSQL sums whole numbers as decimals
    sums = {name: int(getattr(row, name) or 0) for name in ("calls", "runs", *_TOKENS, "unpriced_calls", "nusd", "estimated_nusd")}
    cost, estimated = sums.pop("nusd"), sums.pop("estimated_nusd")
    found = {**told, "key_name": names.get(told["key"], ""), **sums, "cost_usd": usd(cost), "estimated_usd": usd(estimated)}
    return {name: found[name] for name in COLUMNS}


def as_csv(rows: list[Json]) -> str:
    """Rows as CSV under a line of headings."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
