"""A run's text as server-sent events.

Every event is a ``data:`` line with an object that has the key ``delta``:

    data: {"delta": "The timber for order 7731 "}
    data: {"delta": "is held at the port of Bergen."}
    data: {"delta": "", "ok": true, "status": "done", "result": ..., "cost_usd": 0.0004, ...}
    data: [DONE]

The last object is the complete answer with its cost, or the problem of a failed run; only the
answer has ``ok``. A run that fails before its first text gets a problem response with a real
status instead. A reader that disconnects cancels the run.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

from flask import Response, request

from connector.engine.streaming import Empty, TextStream
from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.responses import RunResponse, to_json

HEARTBEAT_SECONDS = 10.0
_POLL_SECONDS = 0.25  # between two checks of the connection
_HEARTBEAT = ": waiting\n\n"
_DONE = "data: [DONE]\n\n"
# proxies must not cache or buffer the events
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class ClientConnection:
    """The connection of the client whose request is handled."""

    def __init__(self) -> None:
        self._connection: socket.socket | None = request.environ.get("gunicorn.socket")
        self.is_gone = False

    def is_disconnected(self) -> bool:
        """Whether the client has disconnected; known at once where the server gives us its
        socket."""
        if self._connection is not None:
            try:
                self.is_gone = not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except OSError:
                self.is_gone = True
        return self.is_gone


def first_chunk(stream: TextStream, reader: ClientConnection) -> str | None:
    """The first text of a run, "" when there is none for a while, None when the run has ended or
    its reader has disconnected."""
    return next(_chunks(stream, reader), None)


def event_stream(
    source: RunResponse | TextStream, reader: ClientConnection, first: str = ""
) -> Response:
    """The events of a running run, beginning with its ``first`` text, or of a finished one."""
    if isinstance(source, TextStream):
        events = _run_events(source, reader, first)
    else:
        events = _final_events(source, "")
    return Response(events, mimetype="text/event-stream", headers=_HEADERS)


def _run_events(stream: TextStream, reader: ClientConnection, first: str) -> Iterator[str]:
    sent = first
    try:
        yield _text_event(first)
        for chunk in _chunks(stream, reader):
            sent += chunk
            yield _text_event(chunk)
        if not reader.is_gone:
            yield from _final_events(_result(stream), sent)
    finally:  # also when the server closes this generator because the client has disconnected
        stream.cancelled.set()


def _chunks(stream: TextStream, reader: ClientConnection) -> Iterator[str]:
    """The text of the run until it ends or its reader disconnects; "" when a heartbeat is due."""
    last = time.monotonic()
    while True:
        try:
            chunk = stream.next_delta(_POLL_SECONDS)
        except Empty:
            if reader.is_disconnected():
                stream.cancelled.set()
                return
            if time.monotonic() - last < HEARTBEAT_SECONDS:
                continue
            chunk = ""
        if chunk is None:
            return
        yield chunk
        last = time.monotonic()


def _result(stream: TextStream) -> RunResponse:
    try:
        result: RunResponse = stream.result()
    except FormcallError as error:  # the end of the run could not be stored
        return RunResponse("", "failed", to_json(error.as_problem("")), error.code)
    return result


def _final_events(result: RunResponse, sent: str) -> Iterator[str]:
    """The rest of a finished run's text after ``sent``, its complete answer or problem, and the
    end."""
    body: Json = {"status": result.status, "id": result.id}
    if result.body:
        body = json.loads(result.body)
    rest = body.get("result", "")[len(sent) :]
    if rest:
        yield _text_event(rest)
    yield _event({**body, "delta": ""})
    yield _DONE


def _text_event(text: str) -> str:
    return _event({"delta": text}) if text else _HEARTBEAT


def _event(body: Json) -> str:
    return f"data: {to_json({'delta': '', **body})}\n\n"
