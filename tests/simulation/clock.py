"""Puts the clock and the numbers of a simulation in place of the machine's, and back again."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from connector.batches.provider import scheduler as provider_batches
from connector.durable import steps
from connector.engine import tool_calls
from connector.runs import budget, execution, runner, waiting
from connector.store import ids, retention
from connector.webhooks import sender
from tests.simulation.scheduler import Scheduler
from tests.simulation.waiting import SimulatedFuture, SimulatedToolPool, wait_for_futures

# what is read again and again while threads wait; longer pauses make a history shorter to run
_POLLS: tuple[tuple[Any, str, float], ...] = (
    (sender, "_POLL_SECONDS", 45.0),
    (steps, "_POLL_SECONDS", 3.0),
    (budget, "_POLL_SECONDS", 3.0),
    (waiting, "_FIRST_POLL_SECONDS", 1.0),
    (waiting, "_MAX_POLL_SECONDS", 5.0),
)


class _Running:
    """The simulation whose clock is read; there is one at a time."""

    scheduler: Scheduler


class _SimulatedDatetime(dt.datetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return dt.datetime.fromtimestamp(_Running.scheduler.wall, tz)


def use(scheduler: Scheduler) -> None:
    """From now on this scheduler's clock and random numbers are used."""
    _Running.scheduler = scheduler
    SimulatedFuture.scheduler = scheduler


@contextmanager
def simulated_clock() -> Iterator[None]:
    """Replaces time, random numbers and futures until the end of the block."""
    now = SimpleNamespace(
        datetime=_SimulatedDatetime, date=dt.date, timedelta=dt.timedelta, UTC=dt.UTC
    )
    random_bytes = SimpleNamespace(uniform=lambda low, high: _random().uniform(low, high))
    with ExitStack() as stack:

        def replace(owner: Any, name: str, value: Any) -> None:
            stack.enter_context(mock.patch.object(owner, name, value))

        replace(time, "monotonic", lambda: _Running.scheduler.elapsed)
        replace(time, "time", lambda: _Running.scheduler.wall)
        replace(time, "time_ns", lambda: round(_Running.scheduler.wall * 1_000) * 1_000_000)
        replace(time, "sleep", _sleep)
        replace(secrets, "token_hex", lambda count=16: _random().randbytes(count).hex())
        replace(sender, "random", random_bytes)
        replace(ids, "dt", now)
        replace(retention, "dt", now)
        replace(execution, "Future", SimulatedFuture)
        replace(runner, "Future", SimulatedFuture)
        replace(tool_calls, "_executor", SimulatedToolPool())
        replace(waiting, "wait_for_futures", wait_for_futures)
        replace(provider_batches, "ThreadPoolExecutor", mock.MagicMock())
        for owner, name, seconds in _POLLS:
            replace(owner, name, seconds)
        yield


def _sleep(seconds: float) -> None:
    _Running.scheduler.sleep(seconds)


def _random() -> Any:
    return _Running.scheduler.random
