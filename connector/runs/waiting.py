"""Waiting for the end of a recorded run, wherever it is executed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from contextlib import suppress

from connector.runs.database_away import DATABASE_ERRORS
from connector.runs.execution import ActiveRun
from connector.runs.responses import RunResponse, require_run, stored_response
from connector.store.runs import Runs

# seconds between reads of a run that another process executes: the first, and the longest
_FIRST_POLL_SECONDS = 0.02
_MAX_POLL_SECONDS = 0.25
_CALLER_CHECK_SECONDS = 1.0


def wait_for_run(
    records: Runs,
    active_runs: Mapping[str, ActiveRun],
    run_id: str,
    seconds: float,
    is_given_up: Callable[[], bool] = bool,
) -> RunResponse:
    """The response of a run once it has ended, or once ``seconds`` have passed.

    It is given earlier when ``is_given_up``, which is called about once a second.

    ``active_runs`` are those that this process executes: for their end nothing is read again and
    again, since many callers may wait for one run. ``FormcallError`` (not_found) without a record.
    A database that does not respond meanwhile is waited for, and the run is open until it does.
    """
    until = time.monotonic() + seconds
    pause = _FIRST_POLL_SECONDS
    response = RunResponse(run_id, "running")
    while True:
        with suppress(*DATABASE_ERRORS):
            response = stored_response(require_run(records, run_id))
        remaining = until - time.monotonic()
        if not response.is_open or remaining <= 0:
            return response
        if active := active_runs.get(run_id):
            if _wait_for_future(active.future, until, is_given_up):
                return response
        elif is_given_up():
            return response
        else:
            time.sleep(min(pause, remaining))
            pause = min(pause * 1.5, _MAX_POLL_SECONDS)


def _wait_for_future(
    future: Future[RunResponse], until: float, is_given_up: Callable[[], bool]
) -> bool:
    """Wait for an end in this process until a moment; whether the caller has left."""
    while (remaining := until - time.monotonic()) > 0:
        if wait_for_futures([future], min(remaining, _CALLER_CHECK_SECONDS)).done:
            return False
        if is_given_up():
            return True
    return False
