"""The log: one line on standard error for each request, each finished run, and each failure.

    configure("json")                      once in a process that serves or works
    log_request(route=..., status=...)     a line with "event": "request"
    log_run(run_id=..., status=...)        a line with "event": "run"
    log.warning("...", extra={...})        a line with "event": "message"

A line is a JSON object, or readable text in a terminal. It never contains a form's text, an
answer, a key, a caller's address or the message of an exception, which may quote a caller: of an
exception only its type and its traceback positions are written.
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

from connector.json_types import Json

log = logging.getLogger("formcall")

_STANDARD_ERROR = 2
_MAX_POSITIONS = 40
_RECORD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_PROJECT_DIR = Path(__file__).parent.parent
_to_json = json.JSONEncoder(separators=(",", ":"), default=str).encode
_quote = json.encoder.encode_basestring_ascii


# --- the request that a thread answers ------------------------------------------------------------


@dataclass
class RequestContext:
    """A request: its id, and the run that it started, once there is one."""

    id: str
    run: Any = None


current_request: ContextVar[RequestContext | None] = ContextVar("current_request", default=None)


def attach_run(run: Any) -> str:
    """Record that this thread's request started ``run``; the request's id, "" outside a request."""
    context = current_request.get()
    if context is None:
        return ""
    context.run = run
    return context.id


# --- writing lines --------------------------------------------------------------------------------


def configure(mode: str) -> None:
    """Write this process's log to standard error; a second call replaces the first.

    ``mode`` is a value of ``FORMCALL_LOG``: "json", "text", "auto" (text when standard error is a
    terminal, else JSON), or "off" (warnings and errors only).
    """
    for old in [handler for handler in log.handlers if isinstance(handler, LineHandler)]:
        log.removeHandler(old)
    is_text = mode == "text" or (mode in {"auto", "off"} and os.isatty(_STANDARD_ERROR))
    log.addHandler(LineHandler(is_text=is_text))
    log.setLevel(logging.WARNING if mode == "off" else logging.INFO)
    log.propagate = False


def log_request(**fields: Any) -> None:
    """Log that a request was answered. Empty fields are left out."""
    _log_event("request", fields)


def log_run(**fields: Any) -> None:
    """Log that a run has finished. Empty fields are left out."""
    _log_event("run", fields)


def _log_event(event: str, fields: Json) -> None:
    # formatted here, without a LogRecord: the logger's own way costs each call several times more
    if not log.isEnabledFor(logging.INFO):
        return
    for handler in log.handlers:
        if isinstance(handler, LineHandler):
            handler.write(handler.format_event(event, fields))


class LineHandler(logging.Handler):
    """Writes each line with one system call, so that lines of threads and processes do not mix."""

    def __init__(self, file: int = _STANDARD_ERROR, *, is_text: bool = False) -> None:
        super().__init__()
        self._file = file
        self.format_event = text_event if is_text else json_event
        self._format_record = text_record if is_text else json_record

    def createLock(self) -> None:
        self.lock = None  # a single write needs no lock

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self._format_record(record)
        except Exception:  # arguments that do not fit the message; logging would print them
            message = "a line of the log could not be written"
            substitute = {"msg": message, "levelname": record.levelname}
            line = self._format_record(logging.makeLogRecord(substitute))
        self.write(line)

    def write(self, line: str) -> None:
        """Write a complete line."""
        try:
            os.write(self._file, line.encode())
        except OSError:  # a closed standard error is no reason to fail a call
            pass


# --- JSON -----------------------------------------------------------------------------------------


def json_event(event: str, fields: Json) -> str:
    """The line of a request or run as JSON."""
    parts = [
        f',"{name}":{_json_value(value)}'
        for name, value in fields.items()
        if value is not None and value != ""
    ]
    now = _utc_time(time.time())
    return f'{{"time":"{now}","level":"info","event":"{event}"{"".join(parts)}}}\n'


def _json_value(value: Any) -> str:
    kind = value.__class__
    if kind is str:
        return _quote(value)
    return repr(value) if kind in {int, float} else _to_json(value)


def json_record(record: logging.LogRecord) -> str:
    """The line of any other record as JSON: its message in ``words``, then its extra fields."""
    head = {
        "time": _utc_time(record.created),
        "level": record.levelname.lower(),
        "event": "message",
        "words": record.getMessage(),
    }
    return _to_json({**head, **_extra_fields(record)}) + "\n"


def _utc_time(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec='milliseconds')[:-6]}Z"


# --- text -----------------------------------------------------------------------------------------

# the fields that are shown first and without their names, those that are not shown
_SUMMARY = {"request": ("method", "route", "status"), "run": ("action", "status")}
_DURATIONS = ("ms", "duration_ms")
_HIDDEN = frozenset(
    (*_DURATIONS, "request_id", "key_id", "bytes_in", "bytes_out", "attempt", "upstream_ms")
)


def text_event(event: str, fields: Json) -> str:
    """The line of a request or run as text, such as ``07:37:00 info    run classify done``."""
    summary = _SUMMARY[event]
    parts = [] if event == "request" else [event]
    parts += [str(fields[name]) for name in summary if name in fields]
    parts += [f"{fields[name]:.0f} ms" for name in _DURATIONS if name in fields]
    rest = {
        name: value
        for name, value in fields.items()
        if value and name not in summary and name not in _HIDDEN
    }
    head = f"{_local_time(time.time())} info   "
    return " ".join([head, *parts, *_text_fields(rest)]) + "\n"


def text_record(record: logging.LogRecord) -> str:
    """The line of any other record as text: its message, then its extra fields."""
    message = " ".join(record.getMessage().split())
    head = f"{_local_time(record.created)} {record.levelname.lower():7}"
    return " ".join([head, message, *_text_fields(_extra_fields(record))]) + "\n"


def _text_fields(fields: Json) -> list[str]:
    return [
        f"{name}={value if _is_plain(value) else _to_json(value)}" for name, value in fields.items()
    ]


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and " " not in value


def _local_time(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds):%H:%M:%S}"


# --- records --------------------------------------------------------------------------------------


def _extra_fields(record: logging.LogRecord) -> Json:
    fields = {name: value for name, value in vars(record).items() if name not in _RECORD_ATTRIBUTES}
    if record.exc_info and record.exc_info[1]:
        fields["raised"] = describe_exception(record.exc_info[1])
    return fields


def describe_exception(error: BaseException) -> list[str]:
    """The type of ``error`` and of each of its causes, the first cause first; never their messages.

    Each type is followed by its traceback positions.
    """
    cause = error.__cause__
    if cause is None and not error.__suppress_context__:
        cause = error.__context__
    earlier = describe_exception(cause) if cause else []
    positions = list(_positions(error.__traceback__))[-_MAX_POSITIONS:]
    return [*earlier, type(error).__name__, *positions]


def _positions(trace: TracebackType | None) -> Iterator[str]:
    for frame, number in walk_tb(trace):
        path = Path(frame.f_code.co_filename)
        name = path.relative_to(_PROJECT_DIR) if path.is_relative_to(_PROJECT_DIR) else path.name
        yield f"{name}:{number} {frame.f_code.co_name}"
