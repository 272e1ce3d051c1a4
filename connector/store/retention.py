"""What is kept how long: records, texts and books each have their time, and go in small transactions.

Nothing goes that is still open, that somebody may be asked for again under its idempotency key, or whose money is not settled. A
batch goes with its rows, and its rows not before it.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Engine, Table, delete, exists, func, select, true, tuple_, update

from connector.settings import Settings
from connector.store.hosts import StoredHosts
from connector.store.ids import id_from, now_ms
from connector.store.tables import IS_OPEN, IS_WAITING, batches, cached_answers, deliveries, kept_files, ledger, rates, runs, spending

Json = dict[str, Any]

DAY_MS = 86_400_000
_TEXTS_MS = DAY_MS  # how long texts stay that nobody asked to keep: long enough to be fetched and tried again
_BODIES_MS = DAY_MS  # how long a message that has arrived can be sent again
_SPENDING_DAYS = 400
_HOST_SECONDS = 86_400.0
_AT_ONCE = 200  # rows in one transaction
_PAUSE_SECONDS = 0.02  # between two of them, for those who wait to write
_HOUR_SECONDS = 3600.0

_HAS_TEXTS = runs.c.form.is_not(None) | runs.c.answer.is_not(None) | runs.c.state.is_not(None)
_HAS_ENDED = runs.c.ended_ms.is_not(None) & runs.c.status.not_in(("queued", "running")) & (runs.c.reserved_nusd == 0)
_BATCH_HAS_ENDED = batches.c.ended_ms.is_not(None) & batches.c.status.not_in(("running", "paused"))


@dataclass(frozen=True)
class Ages:
    """What goes now: what ended before these moments (ms since 1970, None: it stays), and books of days before these."""

    records_ms: int | None = None
    texts_ms: int | None = None
    bodies_ms: int | None = None  # of messages that have arrived
    cached_ms: int | None = None  # answers that were made before, also if they may be given again for a while
    ledger_day: str | None = None
    spending_day: str | None = None
    key_id: str | None = None  # of this key alone


@dataclass(frozen=True)
class Task:
    """Rows of a table that go, or with ``values`` lose something. ``then`` must also hold by the time that is done."""

    name: str
    table: Table
    which: ColumnElement[bool]
    values: Json | None = None
    then: ColumnElement[bool] = field(default_factory=true)
    is_frequent: bool = False  # an index leads to its rows: it can be looked for at any time


def ages(settings: Settings) -> Ages:
    """What goes now by the operator's settings."""
    now = now_ms()
    return Ages(
        records_ms=now - round(settings.keep_days * DAY_MS),
        texts_ms=None if settings.store_text == "on" else now - _TEXTS_MS,
        bodies_ms=now - _BODIES_MS,
        ledger_day=_day_before(settings.keep_ledger_days),
        spending_day=_day_before(_SPENDING_DAYS),
    )


def _day_before(days: float) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).date().isoformat()


# --- what goes ---------------------------------------------------------------------------------------------------------


def tasks(given: Ages) -> Iterator[Task]:
    """What is to be done, in an order in which it can be."""
    if given.records_ms is not None:
        yield from _records(given, given.records_ms)
    if given.texts_ms is not None:
        yield from _texts(given, given.texts_ms)
    if given.bodies_ms is not None:
        is_sent = _message(given, given.bodies_ms) & (deliveries.c.state == "sent") & deliveries.c.body.is_not(None)
        yield Task("texts of messages that have arrived", deliveries, is_sent, {"body": None})
    if given.ledger_day:
        yield Task("calls in the ledger", ledger, ledger.c.day < given.ledger_day)
    if given.spending_day:
        yield Task("sums of days and months", spending, _is_past(given.spending_day))
    is_over = (cached_answers.c.expires_ms < now_ms()) | (cached_answers.c.created_ms < (given.cached_ms or 0))
    files_ms = max(given.cached_ms or 0, now_ms() - _TEXTS_MS)
    yield Task("files of runs", kept_files, _of_key(kept_files, given) & (kept_files.c.kept_ms < files_ms), is_frequent=True)
    yield Task("cached answers", cached_answers, _of_key(cached_answers, given) & is_over, is_frequent=True)
    if given.key_id is None:
        yield Task("windows of rates", rates, rates.c.expires_ms < now_ms(), is_frequent=True)


def _records(given: Ages, before: int) -> Iterator[Task]:
    # ids begin with the time, so the index of the ids leads to what is old enough; what ended before was made before
    alone = runs.c.batch_id.is_(None) & (runs.c.id < id_from("run", before)) & (runs.c.ended_ms < before)
    yield Task("runs", runs, _of_key(runs, given) & alone & _HAS_ENDED & ~_may_come_again(runs), is_frequent=True)
    old = _batch(given, before) & ~_may_come_again(batches)
    yield Task("rows of batches", runs, runs.c.batch_id.in_(select(batches.c.id).where(old)) & _HAS_ENDED)
    no_rows = ~exists().where(runs.c.batch_id == batches.c.id)
    no_batch = spending.c.account.like("batch\\_%", escape="\\") & ~exists().where(batches.c.id == spending.c.account)
    yield Task("batches", batches, old, then=no_rows)
    if given.key_id is None:
        yield Task("sums of batches", spending, no_batch & (spending.c.reserved_nusd == 0))
    yield Task("messages", deliveries, _message(given, before))


def _texts(given: Ages, before: int) -> Iterator[Task]:
    alone = runs.c.batch_id.is_(None) & (runs.c.ended_ms < before)
    of_batch = runs.c.batch_id.in_(select(batches.c.id).where(_batch(given, before)))
    which = _of_key(runs, given) & _HAS_TEXTS & _HAS_ENDED & (alone | of_batch)
    yield Task("texts of runs", runs, which, {"form": None, "answer": None, "state": None, "decision": None})
    yield Task("texts of batches", batches, _batch(given, before) & batches.c.fixed.is_not(None), {"fixed": None})
    yield Task("texts of messages", deliveries, _message(given, before) & deliveries.c.body.is_not(None), {"body": None})


def _may_come_again(table: Table) -> ColumnElement[bool]:
    """The same request may come again under its idempotency key, and must find what it led to."""
    return table.c.idempotency_key.is_not(None) & (table.c.created_ms > now_ms() - DAY_MS)


def _batch(given: Ages, before: int) -> ColumnElement[bool]:
    return _of_key(batches, given) & _BATCH_HAS_ENDED & (batches.c.ended_ms < before)


def _message(given: Ages, before: int) -> ColumnElement[bool]:
    return _of_key(deliveries, given) & (deliveries.c.id < id_from("msg", before)) & (deliveries.c.ended_ms < before) & ~IS_WAITING


def _of_key(table: Table, given: Ages) -> ColumnElement[bool]:
    return true() if given.key_id is None else table.c.key_id == given.key_id


def _is_past(day: str) -> ColumnElement[bool]:
    """Periods that were over before ``day``, with nothing reserved: days, and months before that of the day."""
    length = func.length(spending.c.period)
    is_day = (length == len("2026-01-31")) & (spending.c.period < day)
    is_month = (length == len("2026-01")) & (spending.c.period < day[:7])
    return (is_day | is_month) & (spending.c.reserved_nusd == 0)


# --- how it goes -------------------------------------------------------------------------------------------------------


class Retention:
    """Takes out of ``database`` what has had its time. Several processes may do so at once; ``ended`` stops it between two pieces."""

    def __init__(self, database: Engine, ended: threading.Event | None = None) -> None:
        self._database, self._ended = database, ended or threading.Event()
        self._hourly_from = 0.0

    def round(self, settings: Settings) -> dict[str, int]:
        """What is done from time to time: what an index leads to each time, the rest once an hour. What went, and how many."""
        hourly = time.monotonic() >= self._hourly_from
        if hourly:
            self._hourly_from = time.monotonic() + _HOUR_SECONDS
            self._forget_hosts()
        return self.carry_out([task for task in tasks(ages(settings)) if hourly or task.is_frequent])

    def carry_out(self, wanted: list[Task]) -> dict[str, int]:
        """How many rows went, or lost something, by the task's name."""
        return {task.name: self._do(task) for task in wanted if not self._ended.is_set()}

    def count(self, wanted: list[Task]) -> dict[str, int]:
        """How many there are, by the task's name; nothing is changed."""
        with self._database.connect() as connection:
            return {
                task.name: int(connection.execute(select(func.count()).select_from(task.table).where(task.which)).scalar_one())
                for task in wanted
            }

    def _do(self, task: Task) -> int:
        names = tuple(task.table.primary_key.columns)
        which = select(*names).where(task.which, task.then).order_by(*names).limit(_AT_ONCE)
        change = update(task.table).values(task.values) if task.values else delete(task.table)
        total = 0
        after: ColumnElement[bool] = true()
        while True:
            # what somebody else is changing at this moment is left for the next round
            some = which.where(after).with_for_update(skip_locked=True).cte("some")
            with self._database.begin() as connection:
                done = connection.execute(change.where(tuple_(*names).in_(select(*some.c))).returning(*names)).all()
            total += len(done)
            if len(done) < _AT_ONCE or self._ended.wait(_PAUSE_SECONDS):
                return total
            after = tuple_(*names) > tuple_(*max(tuple(row) for row in done))  # not to look through all of them again

    def _forget_hosts(self) -> None:
        """Processes that were not heard of for a day, and that nothing is left of that others would have to take up."""
        known = StoredHosts(self._database)
        for host in known.dead(_HOST_SECONDS):
            with self._database.connect() as connection:
                left = connection.execute(select(exists().where(runs.c.host == host, IS_OPEN))).scalar_one()
            if not left:
                known.forget(host)
