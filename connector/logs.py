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
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any

Json = dict[str, Any]

log = logging.getLogger("formcall")

_STANDARD_ERROR = 2
_MOST_PLACES = 40
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_HERE = Path(__file__).parent.parent
_encoded = json.JSONEncoder(separators=(",", ":"), default=str).encode
_quoted = json.encoder.encode_basestring_ascii


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
    # by hand and past the logger's own records, which would cost each call several times as much
    if log.isEnabledFor(logging.INFO):
        parts = [f',"{name}":{_value(value)}' for name, value in what.items() if value is not None and value != ""]
        text = f'{{"time":"{_moment(time.time())}","level":"info","event":"{event}"{"".join(parts)}}}\n'
        for handler in log.handlers:
            if isinstance(handler, Lines):
                handler.write(text)


def _value(value: Any) -> str:
    kind = value.__class__
    return _quoted(value) if kind is str else repr(value) if kind in {int, float} else _encoded(value)


def _moment(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec='milliseconds')[:-6]}Z"


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
            text = line(record)
        except Exception:  # words that do not fit their values; the library would print both
            text = line(logging.makeLogRecord({"msg": "a line of the log could not be written", "levelname": record.levelname}))
        self.write(text)

    def write(self, text: str) -> None:
        """Write a whole line."""
        try:
            os.write(self._file, text.encode())
        except OSError:  # nobody reads it any more; that is no reason to fail a call
            pass


def line(record: logging.LogRecord) -> str:
    """A record as its line of JSON: what somebody has to know, in words, and what belongs to it."""
    more = {name: value for name, value in vars(record).items() if name not in _USUAL}
    head = {"time": _moment(record.created), "level": record.levelname.lower(), "event": "message", "words": record.getMessage()}
    if record.exc_info and record.exc_info[1]:
        more["raised"] = raised(record.exc_info[1])
    return _encoded({**head, **more}) + "\n"


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
