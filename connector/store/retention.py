"""Deletes expired records, texts and ledger entries, each after its own time.

Open records stay, and so does a record that its idempotency key may return again, or that has a
reservation. A batch is deleted with its rows, and its rows not before it.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Engine,
    Select,
    Table,
    Update,
    delete,
    exists,
    func,
    select,
    true,
    tuple_,
    update,
)

from connector.json_types import Json
from connector.settings import Settings
from connector.store.hosts import StoredHosts
from connector.store.ids import lowest_id, now_ms
from connector.store.tables import (
    IS_OPEN,
    IS_WAITING,
    audit_entries,
    batches,
    cached_answers,
    deliveries,
    hook_refusals,
    ledger,
    rates,
    runs,
    spending,
    stored_files,
)

DAY_MS = 86_400_000
# with FORMCALL_STORE_TEXT=off: long enough to fetch an answer and to retry a run
_TEXTS_MS = DAY_MS
_BODIES_MS = DAY_MS  # how long a delivered message can be sent again
_SPENDING_DAYS = 400
_HOST_SECONDS = 86_400.0
_CHUNK_ROWS = 200  # in one transaction
_PAUSE_SECONDS = 0.02  # between two chunks, for other writers
_HOUR_SECONDS = 3600.0

_HAS_TEXTS = runs.c.form.is_not(None) | runs.c.answer.is_not(None) | runs.c.state.is_not(None)
_HAS_ENDED = (
    runs.c.ended_ms.is_not(None)
    & runs.c.status.not_in(("queued", "running"))
    & (runs.c.reserved_nusd == 0)
    # whoever decides needs the texts, and the wait has a time limit of its own
    & runs.c.review_until_ms.is_(None)
)
_BATCH_HAS_ENDED = batches.c.ended_ms.is_not(None) & batches.c.status.not_in(("running", "paused"))


@dataclass(frozen=True)
class Cutoffs:
    """What to delete: what ended before these times (ms since 1970; None: nothing of this kind)."""

    records_ms: int | None = None
    texts_ms: int | None = None
    bodies_ms: int | None = None  # of delivered messages
    cached_ms: int | None = None  # cached answers older than this, even if not expired
    ledger_day: str | None = None  # ledger entries before this day
    audit_ms: int | None = None  # entries of the audit log before this time
    spending_day: str | None = None  # sums of days and months before this day
    key_id: str | None = None  # only what belongs to this key


@dataclass(frozen=True)
class Deletion:
    """Rows of a table to delete, or columns of them to set to ``values``.

    ``then`` must also hold at the time of the deletion.
    """

    name: str
    table: Table
    which: ColumnElement[bool]
    values: Json | None = None
    then: ColumnElement[bool] = field(default_factory=true)
    is_frequent: bool = False  # cheap, since an index leads to its rows


def current_cutoffs(settings: Settings) -> Cutoffs:
    """The cutoffs at this time, by the operator's settings."""
    now = now_ms()
    return Cutoffs(
        records_ms=now - round(settings.keep_days * DAY_MS),
        texts_ms=None if settings.store_text == "on" else now - _TEXTS_MS,
        bodies_ms=now - _BODIES_MS,
        ledger_day=_day_before(settings.keep_ledger_days),
        audit_ms=now - round(settings.keep_ledger_days * DAY_MS),
        spending_day=_day_before(_SPENDING_DAYS),
    )


def _day_before(days: float) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).date().isoformat()


# --- what is deleted ------------------------------------------------------------------------------


def plan_deletions(cutoffs: Cutoffs) -> Iterator[Deletion]:
    """The deletions, in an order in which each can be done."""
    if cutoffs.records_ms is not None:
        yield from _records(cutoffs, cutoffs.records_ms)
    if cutoffs.texts_ms is not None:
        yield from _texts(cutoffs, cutoffs.texts_ms)
    if cutoffs.bodies_ms is not None:
        is_sent = (deliveries.c.state == "sent") & deliveries.c.body.is_not(None)
        which = _old_messages(cutoffs, cutoffs.bodies_ms) & is_sent
        yield Deletion("texts of messages that have arrived", deliveries, which, {"body": None})
    if cutoffs.ledger_day:
        yield Deletion("calls in the ledger", ledger, ledger.c.day < cutoffs.ledger_day)
    if cutoffs.audit_ms is not None:
        is_old = audit_entries.c.id < lowest_id("audit", cutoffs.audit_ms)
        yield Deletion("entries of the audit log", audit_entries, is_old)
    if cutoffs.spending_day:
        yield Deletion("sums of days and months", spending, _is_past(cutoffs.spending_day))
    yield from _caches(cutoffs)
    if cutoffs.key_id is None:
        yield Deletion("windows of rates", rates, rates.c.expires_ms < now_ms(), is_frequent=True)


def _records(cutoffs: Cutoffs, before: int) -> Iterator[Deletion]:
    # ids start with the time, so their index leads to the old ones
    is_single = runs.c.batch_id.is_(None)
    is_old = (runs.c.id < lowest_id("run", before)) & (runs.c.ended_ms < before)
    is_deletable = _HAS_ENDED & ~_is_repeatable(runs)
    which = _of_key(runs, cutoffs) & is_single & is_old & is_deletable
    yield Deletion("runs", runs, which, is_frequent=True)

    old_batches = _old_batches(cutoffs, before) & ~_is_repeatable(batches)
    of_old_batch = runs.c.batch_id.in_(select(batches.c.id).where(old_batches))
    yield Deletion("rows of batches", runs, of_old_batch & _HAS_ENDED)
    has_no_rows = ~exists().where(runs.c.batch_id == batches.c.id)
    yield Deletion("batches", batches, old_batches, then=has_no_rows)
    if cutoffs.key_id is None:
        is_batch = spending.c.account.like("batch\\_%", escape="\\")
        is_deleted = ~exists().where(batches.c.id == spending.c.account)
        is_settled = spending.c.reserved_nusd == 0
        yield Deletion("sums of batches", spending, is_batch & is_deleted & is_settled)
    yield Deletion("messages", deliveries, _old_messages(cutoffs, before))
    yield Deletion("refused posts", hook_refusals, _old_refusals(cutoffs, before))


def _texts(cutoffs: Cutoffs, before: int) -> Iterator[Deletion]:
    old_batches = _old_batches(cutoffs, before)
    is_old = runs.c.batch_id.is_(None) & (runs.c.ended_ms < before)
    of_old_batch = runs.c.batch_id.in_(select(batches.c.id).where(old_batches))
    which = _of_key(runs, cutoffs) & _HAS_TEXTS & _HAS_ENDED & (is_old | of_old_batch)
    names = ("form", "answer", "state", "decision", "proposed", "feedback")
    no_texts: Json = dict.fromkeys(names)
    yield Deletion("texts of runs", runs, which, no_texts)
    has_fixed = batches.c.fixed.is_not(None)
    yield Deletion("texts of batches", batches, old_batches & has_fixed, {"fixed": None})
    has_body = deliveries.c.body.is_not(None)
    which = _old_messages(cutoffs, before) & has_body
    yield Deletion("texts of messages", deliveries, which, {"body": None})
    which = _old_refusals(cutoffs, before) & hook_refusals.c.body.is_not(None)
    yield Deletion("texts of refused posts", hook_refusals, which, {"body": None})


def _caches(cutoffs: Cutoffs) -> Iterator[Deletion]:
    cached_ms = cutoffs.cached_ms or 0
    files_ms = max(cached_ms, now_ms() - _TEXTS_MS)
    which = _of_key(stored_files, cutoffs) & (stored_files.c.kept_ms < files_ms)
    yield Deletion("files of runs", stored_files, which, is_frequent=True)
    has_expired = cached_answers.c.expires_ms < now_ms()
    is_old = cached_answers.c.created_ms < cached_ms
    which = _of_key(cached_answers, cutoffs) & (has_expired | is_old)
    yield Deletion("cached answers", cached_answers, which, is_frequent=True)


def _is_repeatable(table: Table) -> ColumnElement[bool]:
    """The request may be repeated under its idempotency key, and must find this record."""
    return table.c.idempotency_key.is_not(None) & (table.c.created_ms > now_ms() - DAY_MS)


def _old_batches(cutoffs: Cutoffs, before: int) -> ColumnElement[bool]:
    return _of_key(batches, cutoffs) & _BATCH_HAS_ENDED & (batches.c.ended_ms < before)


def _old_messages(cutoffs: Cutoffs, before: int) -> ColumnElement[bool]:
    is_old = (deliveries.c.id < lowest_id("msg", before)) & (deliveries.c.ended_ms < before)
    return _of_key(deliveries, cutoffs) & is_old & ~IS_WAITING


def _old_refusals(cutoffs: Cutoffs, before: int) -> ColumnElement[bool]:
    return _of_key(hook_refusals, cutoffs) & (hook_refusals.c.created_ms < before)


def _of_key(table: Table, cutoffs: Cutoffs) -> ColumnElement[bool]:
    return true() if cutoffs.key_id is None else table.c.key_id == cutoffs.key_id


def _is_past(day: str) -> ColumnElement[bool]:
    """Days before ``day`` and months before its month, with nothing reserved."""
    length = func.length(spending.c.period)
    is_day = (length == len("2026-01-31")) & (spending.c.period < day)
    is_month = (length == len("2026-01")) & (spending.c.period < day[:7])
    return (is_day | is_month) & (spending.c.reserved_nusd == 0)


# --- how it is deleted ----------------------------------------------------------------------------


class Retention:
    """Runs deletions in small transactions, in any number of processes at once.

    Setting ``stopping`` ends it between two transactions.
    """

    def __init__(self, database: Engine, stopping: threading.Event | None = None) -> None:
        self._database = database
        self._stopping = stopping or threading.Event()
        self._next_hourly = 0.0

    def run_due(self, settings: Settings) -> dict[str, int]:
        """Run the frequent deletions, and once an hour all; returns the numbers of rows by name."""
        is_hourly = time.monotonic() >= self._next_hourly
        if is_hourly:
            self._next_hourly = time.monotonic() + _HOUR_SECONDS
            self._remove_hosts()
        deletions = list(plan_deletions(current_cutoffs(settings)))
        if not is_hourly:
            deletions = [deletion for deletion in deletions if deletion.is_frequent]
        return self.run(deletions)

    def run(self, deletions: Iterable[Deletion]) -> dict[str, int]:
        """Run ``deletions``; returns the numbers of changed rows by name."""
        counts: dict[str, int] = {}
        for deletion in deletions:
            if not self._stopping.is_set():
                counts[deletion.name] = self._run(deletion)
        return counts

    def count(self, deletions: Iterable[Deletion]) -> dict[str, int]:
        """The numbers of rows that ``deletions`` would change, by name."""
        counts: dict[str, int] = {}
        with self._database.connect() as connection:
            for deletion in deletions:
                query = select(func.count()).select_from(deletion.table).where(deletion.which)
                counts[deletion.name] = int(connection.execute(query).scalar_one())
        return counts

    def _run(self, deletion: Deletion) -> int:
        """Delete chunk by chunk, in the order of the primary key; returns the number of rows."""
        key: tuple[Column[Any], ...] = tuple(deletion.table.primary_key.columns)
        query = select(*key).where(deletion.which, deletion.then).order_by(*key).limit(_CHUNK_ROWS)
        total = 0
        after: ColumnElement[bool] = true()
        while True:
            changed = self._change_chunk(deletion, query.where(after), key)
            total += len(changed)
            if len(changed) < _CHUNK_ROWS or self._stopping.wait(_PAUSE_SECONDS):
                return total
            after = tuple_(*key) > tuple_(*max(changed))  # skips the rows already seen

    def _change_chunk(
        self, deletion: Deletion, query: Select[Any], key: tuple[Column[Any], ...]
    ) -> list[tuple[Any, ...]]:
        # a row that another transaction is changing is left for the next round
        chunk = query.with_for_update(skip_locked=True).cte("chunk")
        change: Update | Delete
        if deletion.values:
            change = update(deletion.table).values(deletion.values)
        else:
            change = delete(deletion.table)
        statement = change.where(tuple_(*key).in_(select(*chunk.c))).returning(*key)
        with self._database.begin() as connection:
            return [tuple(row) for row in connection.execute(statement)]

    def _remove_hosts(self) -> None:
        """Remove processes without a heartbeat for a day and without open runs."""
        hosts = StoredHosts(self._database)
        for host in hosts.dead(_HOST_SECONDS):
            has_runs = select(exists().where(runs.c.host == host, IS_OPEN))
            with self._database.connect() as connection:
                is_needed = connection.execute(has_runs).scalar_one()
            if not is_needed:
                hosts.remove(host)
