"""A run's text as server-sent events: ``data:`` lines alone, each an object with the key ``delta``, so that any reader can use them.

    data: {"delta": "The timber for order 7731 "}
    data: {"delta": "is held at the port of Bergen."}
    data: {"delta": "", "ok": true, "status": "done", "result": ..., "output_tokens": 61, "cost_usd": 0.0004, ...}
    data: [DONE]

The event before the last is the whole answer with what it cost, or the problem that the run ended with; only the former has ``ok``. A
run that fails before its first word is answered with its problem and a real status instead. A reader who leaves ends the call.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

from flask import Response, request

from connector.engine.outlet import Empty, Outlet
from connector.errors import FormcallError
from connector.jobs.telling import Told, written

Json = dict[str, Any]

HEARTBEAT_SECONDS = 10.0
_GLANCE = 0.25  # seconds between two looks at whether the reader is still there
_BEAT, _DONE = ": waiting\n\n", "data: [DONE]\n\n"
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # nothing on the way may keep pieces back


class Reader:
    """Who reads the answer to the request that is being handled."""

    def __init__(self) -> None:
        self._connection: socket.socket | None = request.environ.get("gunicorn.socket")
        self.is_gone = False

    def has_left(self) -> bool:
        """Whether there is nobody any more; seen at once where the server gives us the connection."""
        if self._connection is not None:
            try:
                self.is_gone = not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except OSError:
                self.is_gone = True
        return self.is_gone


def first_piece(outlet: Outlet, reader: Reader) -> str | None:
    """The first words of a run, "" when there are none for a while; None when it has ended, or nobody reads it."""
    return next(_pieces(outlet, reader), None)


def streamed(told: Told | Outlet, reader: Reader, first: str = "") -> Response:
    """The events of a run, from its ``first`` words on; of one that has ended already, all at once."""
    events = _of_run(told, reader, first) if isinstance(told, Outlet) else _ending(told, "")
    return Response(events, mimetype="text/event-stream", headers=_HEADERS)


def _of_run(outlet: Outlet, reader: Reader, first: str) -> Iterator[str]:
    heard = ""
    try:
        heard += first
        yield _event(delta=first) if first else _BEAT
        for piece in _pieces(outlet, reader):
            heard += piece
            yield _event(delta=piece) if piece else _BEAT
        if not reader.is_gone:
            yield from _last(outlet, heard)
    finally:  # also when the server closes this, having found nobody to send it to
        outlet.left.set()


def _pieces(outlet: Outlet, reader: Reader) -> Iterator[str]:
    """What the run tells, until it ends or its reader leaves; "" each time that it was silent for long."""
    silent_since = time.monotonic()
    while True:
        try:
            piece = outlet.next(_GLANCE)
        except Empty:
            if reader.has_left():
                outlet.left.set()
                return
            if time.monotonic() - silent_since < HEARTBEAT_SECONDS:
                continue
            piece = ""
        if piece is None:
            return
        yield piece
        silent_since = time.monotonic()


def _last(outlet: Outlet, heard: str) -> Iterator[str]:
    try:
        told: Told = outlet.told()
    except FormcallError as error:  # what became of the run could not be written down
        told = Told("", "failed", written(error.as_problem("")), error.code)
    yield from _ending(told, heard)


def _ending(told: Told, heard: str) -> Iterator[str]:
    """What is left to tell of a run that has ended: the rest of its text, then all of its answer or its problem."""
    body: Json = json.loads(told.body) if told.body else {"status": told.status, "id": told.id}
    if rest := body.get("result", "")[len(heard) :]:
        yield _event(delta=rest)
    yield _event(**{**body, "delta": ""})
    yield _DONE


def _event(*, delta: str, **more: Any) -> str:
    return f"data: {written({'delta': delta, **more})}\n\n"
