"""Batches: one action on many rows. Each row is a record of ``runs``, with all rules of a run.

The status of a batch is ``running``, ``paused`` (until it is resumed), ``cancelled``, ``failed``
(as a whole) or ``done``. In each response ``total = done + unknown + failed + cancelled + left``,
whatever the rows are doing, since one statement counts them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from connector.json_types import Json
from connector.store.ids import now_ms
from connector.store.ledger.transaction import delivery_row
from connector.store.rows import BatchRow, RunRow
from connector.store.tables import BATCH_IS_RUNNING as IS_RUNNING
from connector.store.tables import IS_OPEN, batches, deliveries, runs, subscriptions

COMPLETED = "batch.completed"
STATUSES = ("running", "paused", "cancelled", "failed", "done")
_RECENT_MS = 30_000  # the speed is measured over this time
_PAGE = 200  # rows of results that are read together

_FAILED = runs.c.status.in_(("failed", "incomplete", "interrupted"))
_DONE = runs.c.status == "done"
# a row that is wrong itself fails again, and without its form there is nothing to run
_IS_RETRYABLE = _FAILED & (runs.c.code != "invalid_input") & runs.c.form.is_not(None)


@dataclass(frozen=True)
class Progress:
    """A batch and the counts of its rows.

    Money is nano-dollars (None: unknown); ``recent`` counts rows that ended in ``recent_ms``.
    ``is_replay``: an earlier request with the same idempotency key started the batch.
    """

    batch: BatchRow
    done: int
    unknown: int
    failed: int
    cancelled: int
    remaining: int
    cost_nusd: int | None
    estimated_nusd: int
    reserved_nusd: int
    recent: int
    recent_ms: int
    is_replay: bool = False

    @property
    def ended(self) -> int:
        """The number of rows that have ended, with any status."""
        return self.batch.total - self.remaining

    @property
    def rows_per_second(self) -> float:
        """The current speed, or the average once the batch has ended."""
        batch = self.batch
        if batch.ended_ms:
            return self.ended * 1000 / max(1, batch.ended_ms - batch.created_ms)
        return self.recent * 1000 / self.recent_ms

    @property
    def eta_seconds(self) -> float | None:
        """The time until the end at the current speed; None while that is unknown."""
        if self.batch.status != "running" or not self.recent:
            return None
        return self.remaining / self.rows_per_second


class Batches:
    """The table of batches, and their rows as a whole.

    Without ``keep_texts`` an ended batch loses its forms. ``on_messages`` is called when there are
    messages to send.
    """

    def __init__(
        self, database: Engine, *, keep_texts: bool, on_messages: Callable[[], None]
    ) -> None:
        self._database = database
        self._keep_texts = keep_texts
        self._on_messages = on_messages

    def add(self, batch: Json, rows: Sequence[Json]) -> BatchRow | None:
        """Store a new batch with all of its rows, or nothing.

        Returns the batch that already has its idempotency key, else None.
        """
        try:
            with self._database.begin() as connection:
                connection.execute(insert(batches).values(**batch))
                connection.execute(insert(runs), rows)
            return None
        except IntegrityError:
            duplicate = self._find_duplicate(batch)
            if duplicate:
                return duplicate
            raise

    def release_idempotency_key(self, batch_id: str) -> None:
        """Make the idempotency key of an old batch usable again."""
        change = update(batches).where(batches.c.id == batch_id).values(idempotency_key=None)
        with self._database.begin() as connection:
            connection.execute(change)

    def _find_duplicate(self, batch: Json) -> BatchRow | None:
        is_key = batches.c.key_id == batch["key_id"]
        return self._first(is_key & (batches.c.idempotency_key == batch["idempotency_key"]))

    # --- reads ---

    def find(self, batch_id: str) -> BatchRow | None:
        """The batch's record, or None."""
        return self._first(batches.c.id == batch_id)

    def get(self, batch_id: str) -> BatchRow:
        """The record of a batch that must exist."""
        return self._list(batches.c.id == batch_id)[0]

    def _first(self, which: ColumnElement[bool]) -> BatchRow | None:
        return next(iter(self._list(which)), None)

    def progress(self, batch_id: str) -> Progress:
        """The progress of a batch that must exist."""
        with self._database.connect() as connection:
            return _progress(connection, batch_id)

    def list_by_key(self, key_id: str, *, status: str = "", limit: int = 25) -> list[Progress]:
        """The newest batches of a key."""
        query = (
            select(batches.c.id)
            .where(batches.c.key_id == key_id)
            .order_by(batches.c.created_ms.desc(), batches.c.id.desc())
        )
        if status:
            query = query.where(batches.c.status == status)
        with self._database.connect() as connection:
            ids = connection.execute(query.limit(limit)).scalars()
            return [_progress(connection, batch_id) for batch_id in ids]

    def list_running(self) -> list[BatchRow]:
        """The batches that are running, in any process."""
        return self._list(IS_RUNNING)

    def list_cancelled(self) -> list[BatchRow]:
        """The cancelled batches that have not ended, since some of their rows have not."""
        return self._list((batches.c.status == "cancelled") & batches.c.ended_ms.is_(None))

    def _list(self, which: ColumnElement[bool]) -> list[BatchRow]:
        with self._database.connect() as connection:
            return [BatchRow._make(row) for row in connection.execute(select(batches).where(which))]

    def open_row_numbers(self, batch_id: str, generation: int) -> list[int]:
        """The numbers of the open rows, in order; none when this generation is not running."""
        is_current = (batches.c.generation == generation) & IS_RUNNING
        query = (
            select(runs.c.row_no)
            .join(batches, runs.c.batch_id == batches.c.id)
            .where(batches.c.id == batch_id, is_current, IS_OPEN)
            .order_by(runs.c.row_no)
        )
        with self._database.connect() as connection:
            return list(connection.execute(query).scalars())

    def open_rows(self, batch_id: str, first: int, last: int) -> list[RunRow]:
        """The open rows with numbers from ``first`` to ``last``."""
        in_range = runs.c.row_no.between(first, last)
        query = select(runs).where(runs.c.batch_id == batch_id, in_range, IS_OPEN)
        return self._rows(query.order_by(runs.c.row_no))

    def rows(self, batch_id: str) -> Iterator[RunRow]:
        """All rows in order, read page by page, each as it is at that time."""
        last = -1
        while page := self._page(batch_id, last):
            yield from page
            last = page[-1].row_no or 0

    def _page(self, batch_id: str, after: int) -> list[RunRow]:
        query = select(runs).where(runs.c.batch_id == batch_id, runs.c.row_no > after)
        return self._rows(query.order_by(runs.c.row_no).limit(_PAGE))

    def _rows(self, query: Select[Any]) -> list[RunRow]:
        with self._database.connect() as connection:
            return [RunRow._make(row) for row in connection.execute(query)]

    # --- changes ---
    # Each is one transaction that starts with a write: SQLite may refuse to turn a reader into a
    # writer.

    def pause(
        self, batch_id: str, code: str, detail: str, *, generation: int | None = None
    ) -> bool:
        """Pause a running batch, in this ``generation`` if one is given; ``detail`` tells why."""
        which = IS_RUNNING & (batches.c.id == batch_id)
        if generation is not None:
            which &= batches.c.generation == generation
        return self._stop(which, status="paused", code=code, detail=detail)

    def fail(self, batch_id: str, code: str, detail: str) -> bool:
        """Fail a running batch as a whole, whose rows have all ended; ``detail`` tells why."""
        which = IS_RUNNING & (batches.c.id == batch_id)
        return self._stop(which, status="failed", code=code, detail=detail)

    def _stop(self, which: ColumnElement[bool], **values: Any) -> bool:
        change = update(batches).where(which).values(values)
        with self._database.begin() as connection:
            return connection.execute(change).rowcount > 0

    def resume(self, batch_id: str, generation: int, *, budget_nusd: int | None = None) -> bool:
        """Continue a paused batch in its next generation; False when it is no longer paused."""
        values = dict(_RUNNING)
        if budget_nusd is not None:
            values["budget_nusd"] = budget_nusd
        with self._database.begin() as connection:
            return _change_batch(connection, batch_id, ("paused",), generation, values)

    def retry_failed(self, batch_id: str, generation: int) -> int:
        """Queue failed rows again in the next generation and return their number.

        0 when there are none, or the batch is running.
        """
        stopped = ("paused", "failed", "done")
        with self._database.begin() as connection:
            if not _change_batch(connection, batch_id, stopped, generation, _RUNNING):
                return 0
            values = {"status": "queued", "cancel": False, "ended_ms": None}
            which = (runs.c.batch_id == batch_id) & _IS_RETRYABLE
            count = _change_rows(connection, which, values)
            if not count:
                connection.rollback()
            return count

    def cancel(self, batch_id: str, detail: str) -> bool:
        """Cancel the queued rows now; running ones end before their next call.

        False when the batch has ended.
        """
        values = {"status": "cancelled", "code": "cancelled", "detail": detail}
        with self._database.begin() as connection:
            if not _change_batch(connection, batch_id, ("running", "paused"), None, values):
                return False
            _cancel_queued(connection, batch_id)
            return True

    def finish(self, batch_id: str, render_message: Callable[[Progress], str]) -> bool:
        """End a batch whose rows have all ended, and queue its messages; once for each batch."""
        with self._database.begin() as connection:
            # a row may have been released after the batch was cancelled
            _cancel_queued(connection, batch_id)
            progress = _progress(connection, batch_id)
            if progress.remaining or not self._end(connection, progress.batch):
                return False
            if not self._keep_texts:
                _delete_forms(connection, batch_id)
            _queue_messages(connection, _progress(connection, batch_id), render_message)
        self._on_messages()
        return True

    def _end(self, connection: Connection, batch: BatchRow) -> bool:
        """Set the final status; False when the batch is paused or has ended."""
        status = _FINAL_STATUSES.get(batch.status)
        if status is None or batch.ended_ms:
            return False
        values: Json = {"status": status, "ended_ms": now_ms()}
        if not self._keep_texts:
            values["fixed"] = None
        is_unchanged = and_(
            batches.c.id == batch.id,
            batches.c.status == batch.status,
            batches.c.ended_ms.is_(None),
        )
        return connection.execute(update(batches).where(is_unchanged).values(values)).rowcount > 0


_FINAL_STATUSES = {"running": "done", "cancelled": "cancelled", "failed": "failed"}
_RUNNING: Json = {"status": "running", "code": None, "detail": None, "ended_ms": None}


def _change_batch(
    connection: Connection,
    batch_id: str,
    allowed_statuses: Sequence[str],
    generation: int | None,
    values: Json,
) -> bool:
    """Set ``values`` if the batch has one of these statuses; returns whether it had.

    With a ``generation`` it must also be in that one, and is moved to the next one.
    """
    which = (batches.c.id == batch_id) & batches.c.status.in_(allowed_statuses)
    if generation is not None:
        which &= batches.c.generation == generation
        values = {**values, "generation": generation + 1}
    return bool(connection.execute(update(batches).where(which).values(values)).rowcount)


def _change_rows(connection: Connection, which: ColumnElement[bool], values: Json) -> int:
    # locked in the same order as by the ledger, so that they cannot deadlock
    ids = select(runs.c.id).where(which).order_by(runs.c.id).with_for_update().scalar_subquery()
    return connection.execute(update(runs).where(runs.c.id.in_(ids)).values(values)).rowcount


def _cancel_queued(connection: Connection, batch_id: str) -> None:
    is_cancelled = exists().where(batches.c.id == batch_id, batches.c.status == "cancelled")
    which = and_(runs.c.batch_id == batch_id, runs.c.status == "queued", is_cancelled)
    values = {"status": "cancelled", "code": "cancelled", "ended_ms": now_ms(), "cancel": True}
    _change_rows(connection, which, values)


def _delete_forms(connection: Connection, batch_id: str) -> None:
    has_form = (runs.c.batch_id == batch_id) & runs.c.form.is_not(None)
    connection.execute(update(runs).where(has_form).values(form=None))


def _progress(connection: Connection, batch_id: str) -> Progress:
    at = now_ms()
    query = _count_rows(at - _RECENT_MS).where(batches.c.id == batch_id)
    row = connection.execute(query).one()
    return Progress(
        batch=BatchRow._make(row[: len(BatchRow._fields)]),
        done=int(row.done),
        unknown=int(row.unknown),
        failed=int(row.failed),
        cancelled=int(row.cancelled_rows),
        remaining=int(row.open_rows),
        cost_nusd=None if row.unpriced else int(row.cost),
        estimated_nusd=int(row.estimated),
        reserved_nusd=int(row.reserved),
        recent=int(row.recent),
        recent_ms=min(_RECENT_MS, max(1, at - row.created_ms)),
    )


def _count_rows(since: int) -> Select[Any]:
    """The columns of batches, each with the counts and sums of its rows."""

    def count(which: ColumnElement[bool], name: str) -> ColumnElement[int]:
        return func.sum(case((which, 1), else_=0)).label(name)

    return (
        select(
            batches,
            count(_DONE & ~runs.c.unknown, "done"),
            count(_DONE & runs.c.unknown, "unknown"),
            count(_FAILED, "failed"),
            count(runs.c.status == "cancelled", "cancelled_rows"),
            count(IS_OPEN, "open_rows"),
            count(runs.c.cost_nusd.is_(None), "unpriced"),
            count((runs.c.ended_ms > since) & (runs.c.attempt > 0), "recent"),
            func.sum(runs.c.cost_nusd).label("cost"),
            func.sum(runs.c.estimated_nusd).label("estimated"),
            func.sum(runs.c.reserved_nusd).label("reserved"),
        )
        .join(runs, runs.c.batch_id == batches.c.id)
        .group_by(batches.c.id)
    )


def _queue_messages(
    connection: Connection, progress: Progress, render_message: Callable[[Progress], str]
) -> None:
    """Queue a message to the batch's callback URL and to the key's subscriptions."""
    batch = progress.batch
    is_subscribed = and_(
        subscriptions.c.key_id == batch.key_id,
        subscriptions.c.event == COMPLETED,
        subscriptions.c.ended_ms.is_(None),
    )
    query = select(subscriptions.c.target_url, subscriptions.c.id).where(is_subscribed)
    receivers: list[tuple[str, str | None]] = []
    if batch.callback_url:
        receivers.append((batch.callback_url, None))
    receivers += [(row.target_url, row.id) for row in connection.execute(query)]
    if not receivers:
        return
    body = render_message(progress)
    rows = [
        delivery_row(batch.key_id, batch.id, COMPLETED, body, url=url, subscription_id=own_id)
        for url, own_id in receivers
    ]
    connection.execute(insert(deliveries), rows)
