"""The log: one line of JSON on standard error for each request, each run that ends, and whatever goes wrong.

    set_up("json")                    once in a process that serves or works
    request(route=..., status=...)    one line with "event": "request"; ``run`` writes one with "event": "run"

A line never has a text, a key, an address of a caller or the words of a failure: of what was raised only its kind and its places
are written, since its words may quote a caller.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any

Json = dict[str, Any]

log = logging.getLogger("formcall")

EVENTS = ("request", "run")
_STANDARD_ERROR = 2
_MOST_PLACES = 40
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_HERE = Path(__file__).parent.parent
_encoded = json.JSONEncoder(separators=(",", ":"), default=str).encode


# --- what is known of the request that a thread answers ----------------------------------------------------------------


@dataclass
class Incoming:
    """A request: its id, and the run that it led to, once there is one."""

    id: str
    run: Any = None


incoming: ContextVar[Incoming | None] = ContextVar("incoming", default=None)


def led_to(run: Any) -> str:
    """The request that this thread answers led to ``run``; the request's id, or "" where there is no request."""
    found = incoming.get()
    if found is None:
        return ""
    found.run = run
    return found.id


# --- writing lines -----------------------------------------------------------------------------------------------------


def request(**what: Any) -> None:
    """A request was answered. What is empty is left out of its line."""
    _note("request", what)


def run(**what: Any) -> None:
    """A run has ended. What is empty is left out of its line."""
    _note("run", what)


def _note(event: str, what: Json) -> None:
    if log.isEnabledFor(logging.INFO):
        # as the logger would, without its search for the line that calls it
        log.handle(logging.LogRecord(log.name, logging.INFO, "", 0, event, (what,), None))


def set_up(mode: str) -> None:
    """Write what this process logs to standard error: with "off" only what went wrong. A second call takes the first one's place."""
    for old in [one for one in log.handlers if isinstance(one, Lines)]:
        log.removeHandler(old)
    log.addHandler(Lines())
    log.setLevel(logging.INFO if mode == "json" else logging.WARNING)
    log.propagate = False


class Lines(logging.Handler):
    """Writes each record as one line, in one go, so that the lines of threads and processes do not mix."""

    def __init__(self, file: int = _STANDARD_ERROR) -> None:
        super().__init__()
        self._file = file

    def createLock(self) -> None:
        self.lock = None  # one write needs none

    def emit(self, record: logging.LogRecord) -> None:
        try:
            os.write(self._file, line(record).encode())
        except OSError:  # nobody reads it any more; that is no reason to fail a call
            pass

    def handleError(self, record: logging.LogRecord) -> None:
        """The library would print the record's own values."""


def line(record: logging.LogRecord) -> str:
    """A record as its line of JSON."""
    at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
    head: Json = {"time": f"{at[:-6]}Z", "level": record.levelname.lower()}
    if record.msg in EVENTS and isinstance(record.args, Mapping):
        head["event"] = record.msg
        head.update({name: value for name, value in record.args.items() if value is not None and value != ""})
    else:
        head.update(_told(record))
    return _encoded(head) + "\n"


def _told(record: logging.LogRecord) -> Json:
    """What somebody has to know, in words, and what belongs to it."""
    more = {name: value for name, value in vars(record).items() if name not in _USUAL}
    told = {"event": "message", "words": record.getMessage(), **more}
    if record.exc_info and record.exc_info[1]:
        told["raised"] = raised(record.exc_info[1])
    return told


def raised(error: BaseException) -> list[str]:
    """The kind of ``error`` and of each of its causes, the first one first, each followed by its places; never their words."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = raised(cause) if cause else []
    return [*before, type(error).__name__, *list(_places(error.__traceback__))[-_MOST_PLACES:]]


def _places(trace: TracebackType | None) -> Iterator[str]:
    for frame, number in walk_tb(trace):
        path = Path(frame.f_code.co_filename)
        name = path.relative_to(_HERE) if path.is_relative_to(_HERE) else path.name
        yield f"{name}:{number} {frame.f_code.co_name}"
