"""What a job works with: steps with durable results, pauses, and waiting for other jobs."""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import exc

from connector.durable import dbos_adapter
from connector.durable.dbos_adapter import StepAborted
from connector.durable.workflow_table import ENDED, WorkflowTable
from connector.errors import FieldError, FormcallError
from connector.json_types import Json

log = logging.getLogger("formcall")

_UNKNOWN = "gone"  # the result of ``wait`` for an id that does not exist
_POLL_SECONDS = 0.25  # between reads of the states of other jobs
_CHECK_SECONDS = 1.0  # between checks, during a pause, whether this job was cancelled


class Steps:
    """The steps of one job, for the thread that runs it; ``id`` is the job's.

    After a crash the job's function is called again from its beginning, and finished steps return
    their stored results at once. So between steps the function must be deterministic.
    """

    def __init__(self, id: str, table: WorkflowTable, stopping: threading.Event) -> None:
        self.id = id
        self._table = table
        self._stopping = stopping

    def run(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """The result of ``function(*args)`` as plain JSON.

        The function is called again only if the process died before its result was stored. A
        ``FormcallError`` is stored like a result and raised again; any other exception is logged
        and raised as ``internal``.
        """
        return _result(self._run_step(name, lambda: _to_stored(self.id, name, function, args)))

    def sleep(self, seconds: float) -> None:
        """Pause until ``seconds`` after the first call, even if the process dies meanwhile.

        It occupies a thread: for a long pause enqueue the rest as a job with a delay.
        """
        until = self.run("sleep", lambda: time.time() + seconds)
        while (remaining := until - time.time()) > 0:
            self._pause(min(remaining, _CHECK_SECONDS))
            self._states([])

    def wait(self, ids: Iterable[str]) -> dict[str, str]:
        """Wait until other jobs have ended: done, failed, cancelled, or "gone" if unknown."""
        unique = list(dict.fromkeys(ids))
        ended: dict[str, str] = self.run("wait", lambda: self._wait_for_end(unique))
        return ended

    def _wait_for_end(self, ids: list[str]) -> dict[str, str]:
        ended: dict[str, str] = {}
        while missing := [id_ for id_ in ids if id_ not in ended]:
            states = self._states(missing)
            for id_ in missing:
                state = states.get(id_, _UNKNOWN)
                if state in {*ENDED, _UNKNOWN}:
                    ended[id_] = state
            self._pause(_POLL_SECONDS if len(ended) < len(ids) else 0)
        return ended

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise StepAborted

    def _states(self, ids: list[str]) -> dict[str, str]:
        """The states of other jobs; ``StepAborted`` when this one was cancelled.

        Waits while the database is unavailable.
        """
        while True:
            try:
                states = self._table.states([self.id, *ids])
            except (exc.InterfaceError, exc.OperationalError, exc.TimeoutError):
                self._pause(_CHECK_SECONDS)
                continue
            if states.get(self.id) in {"cancelled", None}:
                raise StepAborted
            return states

    def _run_step(self, name: str, function: Callable[[], Any]) -> Any:
        if self._stopping.is_set():
            raise StepAborted
        if self.id != dbos_adapter.current_workflow_id():
            raise RuntimeError(
                "Steps belong to the thread that runs the job; results of other threads would not "
                "be stored."
            )
        return dbos_adapter.run_step(name, function, self._stopping)


def _to_stored(id: str, step: str, function: Callable[..., Any], args: tuple[Any, ...]) -> Json:
    """The result or the error of a step, as it is stored."""
    try:
        return {"value": json_copy(function(*args))}
    except FormcallError as error:
        failure = error
    except Exception as error:
        log.error("step %s of %s failed\n%s", step, id, traceback_without_message(error))
        failure = FormcallError("internal", "Something went wrong on our side.")
    stored: Json = json_copy(
        {
            "code": failure.code,
            "detail": failure.detail,
            "wait": failure.retry_after,
            "errors": [entry.as_dict() for entry in failure.errors],
            "extra": failure.extra,
        }
    )
    return stored


def _result(stored: Json) -> Any:
    """The result of a step from its stored form, or its error raised."""
    if "value" in stored:
        return stored["value"]
    raise FormcallError(
        stored["code"],
        stored["detail"],
        retry_after=stored["wait"],
        errors=[FieldError(**entry) for entry in stored["errors"]],
        extra=stored["extra"],
    )


def json_copy(value: Any) -> Any:
    """``value`` as JSON stores it; ``TypeError`` or ``ValueError`` for what it cannot store."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()
    return json.loads(text)


def traceback_without_message(error: BaseException) -> str:
    """Traceback and type of ``error``, without its message, which may quote a caller's text."""
    return f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"
