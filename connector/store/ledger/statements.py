"""Statements written once for a driver and then run on its own cursor: for what happens in each run, where every microsecond counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, bindparam, func, select, text, update
from sqlalchemy.engine import Dialect

from connector.store.tables import IS_OPEN, batches, deliveries, ledger, runs, spending, subscriptions

Json = dict[str, Any]

# what a change of a run has to know of it
ROW = (
    runs.c.id, runs.c.key_id, runs.c.action, runs.c.status, runs.c.attempt, runs.c.host, runs.c.day, runs.c.batch_id, runs.c.reserved_nusd,
    runs.c.cost_nusd, runs.c.estimated_nusd, runs.c.cancel, runs.c.callback_url,
)  # fmt: skip
_NAMES = tuple(column.name for column in ROW)
_ADD = text(
    "INSERT INTO spending (account, period, reserved_nusd, spent_nusd) VALUES (:account, :period, :reserved, :spent) "
    "ON CONFLICT (account, period) DO UPDATE SET reserved_nusd = spending.reserved_nusd + excluded.reserved_nusd, "
    "spent_nusd = spending.spent_nusd + excluded.spent_nusd"
)
# the row must be there before it can be locked, or two machines would each find an untouched budget
_HOLD = text(
    "INSERT INTO spending (account, period, reserved_nusd, spent_nusd) VALUES (:account, :period, 0, 0) "
    "ON CONFLICT (account, period) DO UPDATE SET reserved_nusd = spending.reserved_nusd RETURNING reserved_nusd, spent_nusd"
)


class Prepared:
    """One statement as the driver takes it."""

    def __init__(self, statement: Executable, dialect: Dialect, *, columns: Sequence[str] | None = None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
        self.sql: str = compiled.string
        self._names: Sequence[str] | None = compiled.positiontup

    def one(self, cursor: Any, values: Json) -> Any:
        """Run it and give its cursor."""
        cursor.execute(self.sql, self._given(values))
        return cursor

    def many(self, cursor: Any, rows: Iterable[Json]) -> None:
        """Run it for each of ``rows``."""
        cursor.executemany(self.sql, [self._given(row) for row in rows])

    def _given(self, values: Json) -> Any:
        return values if self._names is None else tuple(values[name] for name in self._names)


class Statements:
    """What the journal says to the database, each statement prepared when it is first needed."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._prepared = lru_cache(maxsize=256)(self._prepare)
        self.is_sqlite = dialect.name == "sqlite"
        self.add = Prepared(_ADD, dialect)
        mine = (spending.c.account == bindparam("account")) & (spending.c.period == bindparam("period"))
        # a transaction that writes has SQLite for itself, and needs no lock
        self.standing = Prepared(select(spending.c.reserved_nusd, spending.c.spent_nusd).where(mine) if self.is_sqlite else _HOLD, dialect)
        same = (runs.c.key_id == bindparam("key_id")) & (runs.c.idempotency_key == bindparam("idempotency_key"))
        self.same = Prepared(select(runs.c.id, runs.c.digest).where(same), dialect)
        self.batch = Prepared(select(batches.c.status, batches.c.budget_nusd).where(batches.c.id == bindparam("id")), dialect)
        open_ones = select(func.count()).where(runs.c.key_id == bindparam("key_id"), IS_OPEN, runs.c.batch_id.is_(None))
        self.under_way = Prepared(open_ones, dialect)
        self.entry = Prepared(ledger.insert(), dialect)
        booked = (ledger.c.run_id == bindparam("run_id")) & (ledger.c.attempt == bindparam("attempt"))
        self.booked = Prepared(select(ledger.c.step).where(booked), dialect)
        self.message = Prepared(
            deliveries.insert(), dialect, columns=[column.name for column in deliveries.c if column.name not in {"ended_ms", "detail"}]
        )

    def lock_runs(self, cursor: Any, ids: Sequence[str]) -> dict[str, Json]:
        """The records of these runs, by id; locked until the transaction ends."""
        found = self._prepared("lock", len(ids)).one(cursor, {f"id{number}": run_id for number, run_id in enumerate(ids)})
        return {row[0]: dict(zip(_NAMES, row, strict=True)) for row in found.fetchall()}

    def subscribed(self, cursor: Any, key_ids: Sequence[str]) -> list[tuple[str, str, str, str]]:
        """(id, key, event, address) of the subscriptions of these keys."""
        found = self._prepared("subscribed", len(key_ids)).one(cursor, {f"id{number}": key for number, key in enumerate(key_ids)})
        rows: list[tuple[str, str, str, str]] = found.fetchall()
        return rows

    def insert_runs(self, cursor: Any, rows: Sequence[Json]) -> None:
        """New records, all with the same columns."""
        self._prepared("insert", tuple(rows[0])).many(cursor, rows)

    def change_runs(self, cursor: Any, rows: Sequence[Json]) -> None:
        """Changes of the same columns; ``this_id`` names each record."""
        self._prepared("change", tuple(name for name in rows[0] if name != "this_id")).many(cursor, rows)

    def _prepare(self, what: str, shape: Any) -> Prepared:
        if what == "insert":
            return Prepared(runs.insert(), self._dialect, columns=list(shape))
        if what == "change":
            values: Json = {name: bindparam(name) for name in shape}
            return Prepared(update(runs).where(runs.c.id == bindparam("this_id")).values(values), self._dialect)
        several: list[Any] = [bindparam(f"id{number}") for number in range(shape)]
        if what == "lock":
            return Prepared(select(*ROW).where(runs.c.id.in_(several)).order_by(runs.c.id).with_for_update(), self._dialect)
        columns = (subscriptions.c.id, subscriptions.c.key_id, subscriptions.c.event, subscriptions.c.target_url)
        query = select(*columns).where(subscriptions.c.key_id.in_(several), subscriptions.c.ended_ms.is_(None))
        return Prepared(query, self._dialect)
