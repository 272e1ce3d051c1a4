"""What has happened lately, what waits and what fails: counts with a bounded cost.

A count reads at most the newest ``MAX_ROWS`` rows of its kind, whatever the size of the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, case, func, select, true

from connector.store.ids import lowest_id, now_ms
from connector.store.ledger.records import NEEDS_REVIEW
from connector.store.tables import (
    HAS_PROBLEM,
    IS_OPEN,
    IS_SINGLE,
    IS_WAITING,
    deliveries,
    runs,
)

MAX_ROWS = 50_000
DAY_MS = 86_400_000
DAYS = 7


@dataclass
class ActionCounts:
    """The runs of an action: all, those with an answer, those without one, and their cost."""

    runs: int = 0
    done: int = 0
    failed: int = 0
    cost_nusd: int = 0


@dataclass
class RecentRuns:
    """Runs of the last days, without rows of batches.

    ``is_complete`` is False when there are more than ``MAX_ROWS``: the counts are of the newest.
    """

    today: dict[str, int] = field(default_factory=dict)
    actions: dict[str, ActionCounts] = field(default_factory=dict)
    is_complete: bool = True


@dataclass(frozen=True)
class Waiting:
    """What waits: answers and tool calls for a person, open runs with rows of batches, messages.

    ``messages_failing`` were tried already and are tried again; ``messages_given_up`` are those of
    the last day. ``is_complete`` is False when one of the counts stopped at ``MAX_ROWS``.
    """

    answers: int
    calls: int
    queued: int
    running: int
    messages: int
    messages_failing: int
    messages_given_up: int
    is_complete: bool


class Overview:
    """Counts for the first page that a person sees."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def recent(self, key_id: str | None) -> RecentRuns:
        """The runs of the last seven days of a key, or of all (None)."""
        now = now_ms()
        # a UTC day has a fixed number of milliseconds, so today began at its last multiple
        is_today = runs.c.id >= lowest_id("run", now - now % DAY_MS)
        newest = (
            select(runs.c.action, runs.c.status, runs.c.cost_nusd, is_today.label("is_today"))
            .where(IS_SINGLE, runs.c.id >= lowest_id("run", now - DAYS * DAY_MS))
            .where(_of_key(runs.c.key_id, key_id))
            .order_by(runs.c.id.desc())
            .limit(MAX_ROWS)
            .subquery()
        )
        columns = (newest.c.action, newest.c.status, newest.c.is_today)
        counted = func.count(), func.sum(newest.c.cost_nusd)
        found = RecentRuns()
        total = 0
        with self._database.connect() as connection:
            for row in connection.execute(select(*columns, *counted).group_by(*columns)):
                action, status, of_today, count, cost = row
                total += count
                _add(found, action, status, int(count), int(cost or 0), of_today=bool(of_today))
        found.is_complete = total < MAX_ROWS
        return found

    def waiting(self, key_id: str | None, reviewed_keys: frozenset[str] | None) -> Waiting:
        """What waits of a key, or of all (None); reviews are those of ``reviewed_keys``."""
        waits = select(runs.c.review.is_(None).label("is_call"))
        waits = waits.where(HAS_PROBLEM, runs.c.status == NEEDS_REVIEW)
        if reviewed_keys is not None:
            waits = waits.where(runs.c.key_id.in_(sorted(reviewed_keys)))
        is_open = select(runs.c.status).where(IS_OPEN, _of_key(runs.c.key_id, key_id))
        of_key = _of_key(deliveries.c.key_id, key_id)
        tried = case((deliveries.c.attempts > 0, "failing"), else_="new").label("tried")
        messages = select(tried).where(IS_WAITING, of_key)
        recent = deliveries.c.id >= lowest_id("msg", now_ms() - DAY_MS)
        ended = select(deliveries.c.state).where(recent, of_key).order_by(deliveries.c.id.desc())
        reviews, open_runs = self._count(waits), self._count(is_open)
        to_send, sent = self._count(messages), self._count(ended)
        counts = (reviews, open_runs, to_send, sent)
        return Waiting(
            answers=reviews.get("0", 0),
            calls=reviews.get("1", 0),
            queued=open_runs.get("queued", 0),
            running=open_runs.get("running", 0),
            messages=sum(to_send.values()),
            messages_failing=to_send.get("failing", 0),
            messages_given_up=sent.get("given_up", 0),
            is_complete=all(sum(count.values()) < MAX_ROWS for count in counts),
        )

    def _count(self, query: Select[Any]) -> Mapping[str, int]:
        """How often each value of the query's only column occurs; of booleans 0 and 1."""
        newest = query.limit(MAX_ROWS).subquery()
        (column,) = newest.c
        grouped = select(column, func.count()).group_by(column)
        with self._database.connect() as connection:
            rows = connection.execute(grouped).all()
        return {str(int(value) if isinstance(value, bool) else value): n for value, n in rows}


def _of_key(column: ColumnElement[str], key_id: str | None) -> ColumnElement[bool]:
    return true() if key_id is None else column == key_id


def _add(
    found: RecentRuns, action: str, status: str, count: int, cost: int, *, of_today: bool
) -> None:
    entry = found.actions.setdefault(action, ActionCounts())
    entry.runs += count
    entry.done += count if status == "done" else 0
    entry.failed += count if status in {"failed", "incomplete", "interrupted"} else 0
    entry.cost_nusd += cost
    if of_today:
        found.today[status] = found.today.get(status, 0) + count
