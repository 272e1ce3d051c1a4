"""What a durable function works with: steps whose results outlive the process, pauses, and the end of other work."""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import exc

from connector.errors import FieldError, FormcallError
from connector.jobs import machinery
from connector.jobs.machinery import Left
from connector.jobs.records import ENDED, Records

log = logging.getLogger("formcall")

_GONE = "gone"
_LOOK_SECONDS = 0.25  # how often the end of other work is looked for
_CHECK_SECONDS = 1.0  # how often somebody who pauses looks whether the work was cancelled


class Steps:
    """The steps of one piece of work, for the thread that carries it out; ``id`` is the work's.

    After a crash the function is called again from its beginning, and steps that were finished give their results at once. So between
    its steps a function may only do what comes out the same each time.
    """

    def __init__(self, id: str, records: Records, stopping: threading.Event) -> None:
        self.id = id
        self._records, self._stopping = records, stopping

    def do(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """What ``function(*args)`` gives, as plain JSON; it is called again only if the process died before that was written down.

        A ``FormcallError`` is kept like a result and raised again; anything else that goes wrong is logged and comes as ``internal``.
        """
        return _heard(self._kept(name, lambda: _told(self.id, name, function, args)))

    def sleep(self, seconds: float) -> None:
        """Go on ``seconds`` after this was first called, however often the process dies meanwhile. It keeps a thread: for long
        pauses put the rest of the work into a queue with a delay."""
        until = self.do("sleep", lambda: time.time() + seconds)
        while (left := until - time.time()) > 0:
            self._pause(min(left, _CHECK_SECONDS))
            self._look([])

    def wait(self, ids: Iterable[str]) -> dict[str, str]:
        """How other pieces of work ended, once all have: done, failed or cancelled; "gone" for one that nobody knows."""
        waited = list(dict.fromkeys(ids))
        ended: dict[str, str] = self.do("wait", lambda: self._ends(waited))
        return ended

    def _ends(self, ids: list[str]) -> dict[str, str]:
        ends: dict[str, str] = {}
        while missing := [one for one in ids if one not in ends]:
            states = self._look(missing)
            now = {one: states.get(one, _GONE) for one in missing}
            ends |= {one: state for one, state in now.items() if state in {*ENDED, _GONE}}
            self._pause(_LOOK_SECONDS if len(ends) < len(ids) else 0)
        return ends

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Left

    def _look(self, ids: list[str]) -> dict[str, str]:
        """The states of other work, unless this one is to be left. A database that is away is waited for."""
        while True:
            try:
                states = self._records.states([self.id, *ids])
            except (exc.InterfaceError, exc.OperationalError, exc.TimeoutError):
                self._pause(_CHECK_SECONDS)
                continue
            if states.get(self.id) in {"cancelled", None}:
                raise Left
            return states

    def _kept(self, name: str, function: Callable[[], Any]) -> Any:
        if self._stopping.is_set():
            raise Left
        if self.id != machinery.current():
            raise RuntimeError("Steps are for the thread that carries out the work; what other threads do would not be kept.")
        return machinery.step(name, function, self._stopping)


def _told(id: str, step: str, function: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    """The result or the failure of a step, in a form that comes out of the database as it went in."""
    try:
        return {"value": plain(function(*args))}
    except FormcallError as error:
        failure = error
    except Exception as error:
        log.error("step %s of %s failed\n%s", step, id, places(error))
        failure = FormcallError("internal", "Something went wrong on our side.")
    errors = [entry.as_dict() for entry in failure.errors]
    told = {"code": failure.code, "detail": failure.detail, "wait": failure.retry_after, "errors": errors, "extra": failure.extra}
    kept: dict[str, Any] = plain(told)
    return kept


def _heard(told: dict[str, Any]) -> Any:
    if "value" in told:
        return told["value"]
    errors = [FieldError(**entry) for entry in told["errors"]]
    raise FormcallError(told["code"], told["detail"], retry_after=told["wait"], errors=errors, extra=told["extra"])


def plain(value: Any) -> Any:
    """``value`` as it will be read back; ``TypeError`` or ``ValueError`` for what JSON in UTF-8 cannot hold."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()
    return json.loads(text)


def places(error: BaseException) -> str:
    """Where ``error`` was raised, and its kind; never its words, which may hold the caller's text."""
    return f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"
