"""Statements compiled once and then run on the driver's own cursor.

They are part of every run, and SQLAlchemy's execution costs more than the statement itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Executable, bindparam, func, select, text, update
from sqlalchemy.engine import Dialect

from connector.json_types import Json
from connector.store.tables import (
    IS_OPEN,
    audit_entries,
    batches,
    deliveries,
    ledger,
    runs,
    spending,
    subscriptions,
)

# the columns of a run that a change needs
_RUN_COLUMNS = (
    runs.c.id,
    runs.c.key_id,
    runs.c.action,
    runs.c.status,
    runs.c.attempt,
    runs.c.deaths,
    runs.c.host,
    runs.c.day,
    runs.c.batch_id,
    runs.c.reserved_nusd,
    runs.c.cost_nusd,
    runs.c.estimated_nusd,
    runs.c.cancel,
    runs.c.callback_url,
    runs.c.decision,
    runs.c.review,
)
_RUN_COLUMN_NAMES = tuple(column.name for column in _RUN_COLUMNS)
_ADD_TO_ACCOUNT = text(
    "INSERT INTO spending (account, period, reserved_nusd, spent_nusd) "
    "VALUES (:account, :period, :reserved, :spent) "
    "ON CONFLICT (account, period) DO UPDATE SET "
    "reserved_nusd = spending.reserved_nusd + excluded.reserved_nusd, "
    "spent_nusd = spending.spent_nusd + excluded.spent_nusd"
)
# only an existing row can be locked; without one, two machines would each find an untouched budget
_LOCK_ACCOUNT = text(
    "INSERT INTO spending (account, period, reserved_nusd, spent_nusd) "
    "VALUES (:account, :period, 0, 0) "
    "ON CONFLICT (account, period) DO UPDATE SET reserved_nusd = spending.reserved_nusd "
    "RETURNING reserved_nusd, spent_nusd"
)
_READ_ACCOUNT = select(spending.c.reserved_nusd, spending.c.spent_nusd).where(
    spending.c.account == bindparam("account"), spending.c.period == bindparam("period")
)
_FIND_DUPLICATE = select(runs.c.id, runs.c.digest).where(
    runs.c.key_id == bindparam("key_id"),
    runs.c.idempotency_key == bindparam("idempotency_key"),
)
_READ_BATCH = select(batches.c.status, batches.c.budget_nusd).where(batches.c.id == bindparam("id"))
_COUNT_OPEN_RUNS = select(func.count()).where(
    runs.c.key_id == bindparam("key_id"), IS_OPEN, runs.c.batch_id.is_(None)
)
_BOOKED_STEPS = select(ledger.c.step).where(
    ledger.c.run_id == bindparam("run_id"), ledger.c.attempt == bindparam("attempt")
)
_DELIVERY_COLUMNS = [
    column.name for column in deliveries.c if column.name not in {"ended_ms", "detail"}
]


class CompiledStatement:
    """One statement as SQL text and parameter order of the driver."""

    def __init__(
        self, statement: Executable, dialect: Dialect, *, columns: Sequence[str] | None = None
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
        self.sql: str = compiled.string
        # the driver's parameters of a row: itself where it takes names
        names: Sequence[str] | None = compiled.positiontup
        self._parameters: Callable[[Json], Any] = _unchanged if names is None else _values_of(names)

    def execute(self, cursor: Any, values: Json) -> Any:
        """Run the statement; returns the cursor with its rows."""
        cursor.execute(self.sql, self._parameters(values))
        return cursor

    def execute_many(self, cursor: Any, rows: Iterable[Json]) -> None:
        """Run the statement for each of ``rows``."""
        cursor.executemany(self.sql, list(map(self._parameters, rows)))


class Statements:
    """The ledger's statements; those whose shape varies are compiled on first use and cached."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.is_sqlite = dialect.name == "sqlite"
        self._lock = lru_cache(maxsize=256)(self._compile_lock)
        self._subscriptions = lru_cache(maxsize=256)(self._compile_subscriptions)
        self._insert = lru_cache(maxsize=64)(self._compile_insert)
        self._update = lru_cache(maxsize=64)(self._compile_update)
        self.add_to_account = self._compile(_ADD_TO_ACCOUNT)
        # SQLite has one writer at a time, so its accounts need no lock
        self.read_account = self._compile(_READ_ACCOUNT if self.is_sqlite else _LOCK_ACCOUNT)
        self.find_duplicate = self._compile(_FIND_DUPLICATE)
        self.read_batch = self._compile(_READ_BATCH)
        self.count_open_runs = self._compile(_COUNT_OPEN_RUNS)
        self.insert_entry = self._compile(ledger.insert())
        self.insert_audit = self._compile(audit_entries.insert())
        self.booked_steps = self._compile(_BOOKED_STEPS)
        self.insert_delivery = self._compile(deliveries.insert(), columns=_DELIVERY_COLUMNS)

    def lock_runs(self, cursor: Any, ids: Sequence[str]) -> dict[str, Json]:
        """The ``_RUN_COLUMNS`` of these runs, by id; locked until the transaction ends."""
        rows = self._lock(len(ids)).execute(cursor, _numbered(ids)).fetchall()
        return {row[0]: dict(zip(_RUN_COLUMN_NAMES, row, strict=True)) for row in rows}

    def active_subscriptions(
        self, cursor: Any, key_ids: Sequence[str]
    ) -> list[tuple[str, str, str, str]]:
        """(id, key id, event, target URL) of the active subscriptions of these keys."""
        statement = self._subscriptions(len(key_ids))
        rows: list[tuple[str, str, str, str]]
        rows = statement.execute(cursor, _numbered(key_ids)).fetchall()
        return rows

    def insert_runs(self, cursor: Any, rows: Sequence[Json]) -> None:
        """Insert runs that all have the same columns."""
        self._insert(tuple(rows[0])).execute_many(cursor, rows)

    def update_runs(self, cursor: Any, rows: Sequence[Json]) -> None:
        """Update the same columns of several runs; ``this_id`` is the id of each."""
        self._update(tuple(rows[0])).execute_many(cursor, rows)

    def _compile(
        self, statement: Executable, *, columns: Sequence[str] | None = None
    ) -> CompiledStatement:
        return CompiledStatement(statement, self._dialect, columns=columns)

    def _compile_insert(self, columns: tuple[str, ...]) -> CompiledStatement:
        return self._compile(runs.insert(), columns=list(columns))

    def _compile_update(self, names: tuple[str, ...]) -> CompiledStatement:
        values: Json = {name: bindparam(name) for name in names if name != "this_id"}
        return self._compile(update(runs).where(runs.c.id == bindparam("this_id")).values(values))

    def _compile_lock(self, count: int) -> CompiledStatement:
        which = runs.c.id.in_(_id_parameters(count))
        query = select(*_RUN_COLUMNS).where(which).order_by(runs.c.id).with_for_update()
        return self._compile(query)

    def _compile_subscriptions(self, count: int) -> CompiledStatement:
        columns = (
            subscriptions.c.id,
            subscriptions.c.key_id,
            subscriptions.c.event,
            subscriptions.c.target_url,
        )
        of_keys = subscriptions.c.key_id.in_(_id_parameters(count))
        return self._compile(select(*columns).where(of_keys, subscriptions.c.ended_ms.is_(None)))


def _unchanged(row: Json) -> Json:
    return row


def _values_of(names: Sequence[str]) -> Callable[[Json], Any]:
    """The function that gives a row's values in the order of ``names``."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)


def _numbered(ids: Sequence[str]) -> Json:
    return {f"id{number}": value for number, value in enumerate(ids)}


def _id_parameters(count: int) -> list[Any]:
    return [bindparam(f"id{number}") for number in range(count)]
