"""Batches: one action on many rows. A row is a record of ``runs``, so everything that holds for a run holds for it.

The status of a batch is ``running``, ``paused`` (it waits for somebody), ``cancelled``, ``failed`` (as a whole) or ``done``. Whatever
its rows are doing, ``total = done + unknown + failed + cancelled + left`` in each answer, since one statement counts them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.store.group import message
from connector.store.ids import now_ms
from connector.store.tables import IS_GOING_ON, IS_OPEN, batches, deliveries, runs, subscriptions

Json = dict[str, Any]

COMPLETED = "batch.completed"
STATUSES = ("running", "paused", "cancelled", "failed", "done")
_RECENT_MS = 30_000  # the speed is that of so long
_PAGE = 200  # rows of results that are read at once

_FAILED = runs.c.status.in_(("failed", "incomplete", "interrupted"))
_DONE = runs.c.status == "done"
# what is wrong with the row itself is wrong at the next try as well, and without its form there is nothing to try again
_WORTH_A_RETRY = _FAILED & (runs.c.code != "invalid_input") & runs.c.form.is_not(None)


@dataclass(frozen=True)
class Progress:
    """A batch as it stands. Money is nano-dollars (None: not known); ``recent`` counts the rows that ended in ``recent_ms``."""

    batch: Any
    done: int
    unknown: int
    failed: int
    cancelled: int
    left: int
    cost_nusd: int | None
    estimated_nusd: int
    reserved_nusd: int
    recent: int
    recent_ms: int

    @property
    def ended(self) -> int:
        """How many rows have ended, in whatever way."""
        return int(self.batch.total) - self.left

    @property
    def rows_per_second(self) -> float:
        """How many rows end in a second at the moment, or did on the way, once all have."""
        batch = self.batch
        if batch.ended_ms:
            return self.ended * 1000 / max(1, int(batch.ended_ms - batch.created_ms))
        return self.recent * 1000 / self.recent_ms

    @property
    def eta_seconds(self) -> float | None:
        """How long the rest will take at this speed; None while that is not known."""
        is_known = self.batch.status == "running" and self.recent
        return self.left / self.rows_per_second if is_known else None


class Batches:
    """The table of batches in ``database``, and their rows as a whole. Without ``keep_texts`` what is over loses its forms.

    ``told`` is called when there are messages to send.
    """

    def __init__(self, database: Engine, *, keep_texts: bool, told: Callable[[], None]) -> None:
        self._database, self._told = database, told
        self._keep_texts = keep_texts

    def add(self, batch: Json, rows: Sequence[Json]) -> Any:
        """Keep a new batch with all of its rows, or none of it. The record of the batch that has its idempotency key already, if any."""
        try:
            with self._database.begin() as connection:
                connection.execute(insert(batches).values(**batch))
                connection.execute(insert(runs), rows)
            return None
        except IntegrityError:
            if found := self._same(batch):
                return found
            raise

    def release(self, batch_id: str) -> None:
        """The idempotency key of an old batch may be used again."""
        with self._database.begin() as connection:
            connection.execute(update(batches).where(batches.c.id == batch_id).values(idempotency_key=None))

    def _same(self, batch: Json) -> Any:
        mine = (batches.c.key_id == batch["key_id"]) & (batches.c.idempotency_key == batch["idempotency_key"])
        with self._database.connect() as connection:
            return connection.execute(select(batches).where(mine)).first()

    # --- reading ---

    def find(self, batch_id: str) -> Any:
        """The batch's own record, or None."""
        with self._database.connect() as connection:
            return connection.execute(select(batches).where(batches.c.id == batch_id)).first()

    def progress(self, batch_id: str) -> Progress:
        """How far a batch is; it must be there."""
        with self._database.connect() as connection:
            return _progress(connection, batch_id)

    def of_key(self, key_id: str, *, status: str = "", limit: int = 25) -> list[Progress]:
        """The newest batches of a key."""
        mine = select(batches.c.id).where(batches.c.key_id == key_id).order_by(batches.c.created_ms.desc(), batches.c.id.desc())
        if status:
            mine = mine.where(batches.c.status == status)
        with self._database.connect() as connection:
            return [_progress(connection, batch_id) for batch_id in connection.execute(mine.limit(limit)).scalars()]

    def going_on(self) -> Sequence[Any]:
        """The batches that some process is to carry out."""
        with self._database.connect() as connection:
            return connection.execute(select(batches).where(IS_GOING_ON)).all()

    def open_numbers(self, batch_id: str, generation: int) -> list[int]:
        """The numbers of the rows that have not ended, in order; none when the batch is not to go on in this generation."""
        wanted = and_(batches.c.id == batch_id, batches.c.generation == generation, batches.c.status == "running")
        query = select(runs.c.row_no).join(batches, runs.c.batch_id == batches.c.id).where(wanted, IS_OPEN)
        with self._database.connect() as connection:
            return list(connection.execute(query.order_by(runs.c.row_no)).scalars())

    def open_rows(self, batch_id: str, first: int, last: int) -> Sequence[Any]:
        """The records of the rows with these numbers that have not ended."""
        query = select(runs).where(runs.c.batch_id == batch_id, runs.c.row_no.between(first, last), IS_OPEN)
        with self._database.connect() as connection:
            return connection.execute(query.order_by(runs.c.row_no)).all()

    def rows(self, batch_id: str) -> Iterator[Any]:
        """The records of all rows, in order, read piece by piece: what has ended meanwhile is there as it is then."""
        last = -1
        while found := self._page(batch_id, last):
            yield from found
            last = found[-1].row_no

    def _page(self, batch_id: str, after: int) -> Sequence[Any]:
        query = select(runs).where(runs.c.batch_id == batch_id, runs.c.row_no > after).order_by(runs.c.row_no).limit(_PAGE)
        with self._database.connect() as connection:
            return connection.execute(query).all()

    # --- changing; each is one transaction, whose first statement writes: a reader that becomes a writer may find that it is too late

    def pause(self, batch_id: str, code: str, detail: str, *, generation: int | None = None) -> bool:
        """A batch that is going on (in this ``generation``, if one is given) waits from now on; the sentence says why."""
        which = IS_GOING_ON if generation is None else IS_GOING_ON & (batches.c.generation == generation)
        return self._stop(which & (batches.c.id == batch_id), status="paused", code=code, detail=detail)

    def fail(self, batch_id: str, code: str, detail: str) -> bool:
        """A batch whose rows have all ended has failed as a whole; the sentence says why."""
        return self._stop(IS_GOING_ON & (batches.c.id == batch_id), status="failed", code=code, detail=detail)

    def _stop(self, which: ColumnElement[bool], **values: Any) -> bool:
        with self._database.begin() as connection:
            return bool(connection.execute(update(batches).where(which).values(values)).rowcount)

    def resume(self, batch_id: str, generation: int, *, budget_nusd: int | None = None) -> bool:
        """A batch that waits goes on in its next generation; False when it does not wait, or somebody else was quicker."""
        budget = {} if budget_nusd is None else {"budget_nusd": budget_nusd}
        with self._database.begin() as connection:
            return _changed(connection, batch_id, ("paused",), generation, {**_GOING_ON, **budget})

    def retry(self, batch_id: str, generation: int) -> int:
        """Rows that failed are to be run again in the next generation; how many. 0: there are none, or the batch is going on."""
        with self._database.begin() as connection:
            if not _changed(connection, batch_id, ("paused", "failed", "done"), generation, _GOING_ON):
                return 0
            again = {"status": "queued", "cancel": False, "ended_ms": None}
            found = _change_rows(connection, (runs.c.batch_id == batch_id) & _WORTH_A_RETRY, again)
            if not found:
                connection.rollback()
            return found

    def cancel(self, batch_id: str, detail: str) -> bool:
        """Rows that have not begun are cancelled at once, those under way end with the call they are at; False when it is over."""
        with self._database.begin() as connection:
            values = {"status": "cancelled", "code": "cancelled", "detail": detail}
            if not _changed(connection, batch_id, ("running", "paused"), None, values):
                return False
            _cancel_queued(connection, batch_id)
            return True

    def finish(self, batch_id: str, tell: Callable[[Progress], str]) -> bool:
        """The end of a batch whose rows have all ended, which is told once: ``tell`` writes the message."""
        with self._database.begin() as connection:
            _cancel_queued(connection, batch_id)  # a row may have been put back after the batch was cancelled
            progress = _progress(connection, batch_id)
            status = _ENDS.get(progress.batch.status)
            if progress.left or status is None or progress.batch.ended_ms:
                return False
            values = {"status": status, "ended_ms": now_ms(), **({} if self._keep_texts else {"fixed": None})}
            still = and_(batches.c.id == batch_id, batches.c.status == progress.batch.status, batches.c.ended_ms.is_(None))
            if not connection.execute(update(batches).where(still).values(values)).rowcount:
                return False
            if not self._keep_texts:
                connection.execute(update(runs).where(runs.c.batch_id == batch_id, runs.c.form.is_not(None)).values(form=None))
            _tell(connection, _progress(connection, batch_id), tell)
        self._told()
        return True


_ENDS = {"running": "done", "cancelled": "cancelled", "failed": "failed"}
_GOING_ON: Json = {"status": "running", "code": None, "detail": None, "ended_ms": None}


def _changed(connection: Connection, batch_id: str, allowed: Sequence[str], generation: int | None, values: Json) -> bool:
    """Whether the batch had one of these statuses, and, with a ``generation``, was in that one: it is in the next one then."""
    which = (batches.c.id == batch_id) & batches.c.status.in_(allowed)
    if generation is not None:
        which, values = which & (batches.c.generation == generation), {**values, "generation": generation + 1}
    return bool(connection.execute(update(batches).where(which).values(values)).rowcount)


def _change_rows(connection: Connection, which: ColumnElement[bool], values: Json) -> int:
    # in the order in which the journal locks them, so that neither waits for the other
    found = select(runs.c.id).where(which).order_by(runs.c.id).with_for_update().scalar_subquery()
    return connection.execute(update(runs).where(runs.c.id.in_(found)).values(values)).rowcount


def _cancel_queued(connection: Connection, batch_id: str) -> None:
    is_cancelled = exists().where(batches.c.id == batch_id, batches.c.status == "cancelled")
    which = and_(runs.c.batch_id == batch_id, runs.c.status == "queued", is_cancelled)
    values = {"status": "cancelled", "code": "cancelled", "ended_ms": now_ms(), "cancel": True}
    _change_rows(connection, which, values)


def _progress(connection: Connection, batch_id: str) -> Progress:
    at = now_ms()
    row = connection.execute(_counted(at - _RECENT_MS).where(batches.c.id == batch_id)).one()
    return Progress(
        row, int(row.done), int(row.unknown), int(row.failed), int(row.cancelled_rows), int(row.left_rows),
        None if row.unpriced else int(row.cost), int(row.estimated), int(row.reserved),
        int(row.recent), min(_RECENT_MS, max(1, at - row.created_ms)),
    )  # fmt: skip


def _counted(since: int) -> Select[Any]:
    def count(which: ColumnElement[bool], name: str) -> ColumnElement[int]:
        return func.sum(case((which, 1), else_=0)).label(name)

    return (
        select(
            batches,
            count(_DONE & ~runs.c.unknown, "done"),
            count(_DONE & runs.c.unknown, "unknown"),
            count(_FAILED, "failed"),
            count(runs.c.status == "cancelled", "cancelled_rows"),
            count(IS_OPEN, "left_rows"),
            count(runs.c.cost_nusd.is_(None), "unpriced"),
            count((runs.c.ended_ms > since) & (runs.c.attempt > 0), "recent"),
            func.sum(runs.c.cost_nusd).label("cost"),
            func.sum(runs.c.estimated_nusd).label("estimated"),
            func.sum(runs.c.reserved_nusd).label("reserved"),
        )
        .join(runs, runs.c.batch_id == batches.c.id)
        .group_by(batches.c.id)
    )


def _tell(connection: Connection, progress: Progress, tell: Callable[[Progress], str]) -> None:
    batch = progress.batch
    of_key = and_(subscriptions.c.key_id == batch.key_id, subscriptions.c.event == COMPLETED, subscriptions.c.ended_ms.is_(None))
    receivers: list[Any] = [(batch.callback_url, None)] if batch.callback_url else []
    receivers += connection.execute(select(subscriptions.c.target_url, subscriptions.c.id).where(of_key)).all()
    if receivers:
        body = tell(progress)
        rows = [message(batch.key_id, batch.id, COMPLETED, body, url=url, subscription_id=own) for url, own in receivers]
        connection.execute(insert(deliveries), rows)
