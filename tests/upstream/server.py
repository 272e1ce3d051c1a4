"""The server: HTTP/1.1 with keep-alive over a real socket, a thread a connection."""

import json
import secrets
import select
import socket
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from .dialects import Body
from .errors import Refusal, refuse
from .models import ModelRow, rows
from .replies import automatic
from .rules import deprecated, refusal
from .script import Script
from .wire import Reply, Request, Seals, Step, json_reply

MODELS_PATH = "/v1/models"
CREATED = 1_744_225_351
LEAVING = 2.0


class FakeUpstream:
    """An OpenAI-compatible server that refuses what the real one refuses.

    `requests` holds each POST as {"path", "headers", "body", "request_id"} (header names in lower case), `errors` each
    refused one with its "status" and "error". A refused request consumes no step of the script. `retired` models answer
    404, `models` adds rows (a deployment's name), `delay` is the seconds before each answer.
    """

    def __init__(
        self,
        script: Script | Iterable[Step] | None = None,
        *,
        retired: Iterable[str] = (),
        api_key: str | None = None,
        delay: float = 0.0,
        models: Iterable[ModelRow] = (),
    ) -> None:
        self.script = script if isinstance(script, Script) else Script(script or ())
        self.requests: list[Body] = []
        self.errors: list[Body] = []
        self.stopping = threading.Event()
        self._models = rows(retired, models)
        self._api_key = api_key
        self._delay = delay
        self._seals = Seals()
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def start(self, port: int = 0) -> Self:
        """Serve in a thread of its own, on a free port unless told."""
        self._server = _Server(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, and drop each open connection: a stalled client learns of it at once."""
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.drop_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, headers: dict[str, str]) -> Reply:
        """The models: all of them, or one with its shutdown date."""
        if denied := self._denied(headers):
            return _refused(denied)
        if path == MODELS_PATH:
            living = [_model(row) for row in self._models.values() if not row.retired]
            return json_reply({"object": "list", "data": living})
        name = path.removeprefix(f"{MODELS_PATH}/")
        if name == path:
            return _refused(refuse(f"Invalid URL (GET {path})", None, None, status=404))
        row = self._models.get(name)
        if row is None:
            return _refused(refuse(f"The model '{name}' does not exist", "model", "model_not_found", status=404))
        return _refused(deprecated(name)) if row.retired else json_reply(_model(row))

    def post(self, path: str, headers: dict[str, str], raw: bytes, request_id: str) -> Reply:
        """Record, check, and only then let the script answer."""
        body, unreadable = _parse(raw)
        record = {"path": path, "headers": headers, "body": body, "request_id": request_id}
        with self._lock:
            number = len(self.requests)
            self.requests.append(record)
        try:
            found = self._denied(headers) or unreadable or refusal(path, body, self._models, issued=self._seals.issued)
            if found is not None:
                return self._refuse(record, found)
            row = self._models[body["model"]]
            return self._answer(Request(path, headers, body, len(raw), number, row, self._seals))
        except Exception as error:  # a wrong script or an unheard-of body must reach the test, not a thread's stderr
            message = f"the fake upstream failed: {type(error).__name__}: {error}"
            return self._refuse(record, refuse(message, None, "fake_failed", status=500, kind="server_error"))

    def failed(self, error: BaseException) -> None:
        """Keep an error of the socket side, so that a test sees it."""
        self.errors.append({"path": None, "status": None, "error": {"message": repr(error)}, "body": None})

    def _answer(self, request: Request) -> Reply:
        step = self.script.take() or automatic
        self.stopping.wait(self._delay)
        return step(request)

    def _refuse(self, record: Body, found: Refusal) -> Reply:
        with self._lock:
            self.errors.append(record | found)
        return _refused(found)

    def _denied(self, headers: dict[str, str]) -> Refusal | None:
        given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("api-key", "")
        if self._api_key is None or given == self._api_key:
            return None
        message = f"Incorrect API key provided: {given[:3]}***. You can find your API key in your account settings."
        return refuse(message, None, "invalid_api_key", status=401)


def _parse(raw: bytes) -> tuple[Any, Refusal | None]:
    """The body, or its text and why it cannot be read. NaN and Infinity are no JSON."""
    try:
        return json.loads(raw, parse_constant=_no_constant), None
    except (ValueError, RecursionError):
        message = "We could not parse the JSON body of your request. The API expects a JSON payload."
        return raw.decode("utf-8", "replace"), refuse(message, None, None)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _refused(found: Refusal) -> Reply:
    return json_reply({key: value for key, value in found.items() if key != "status"}, found["status"])


def _model(row: ModelRow) -> Body:
    return {
        "id": row.id,
        "object": "model",
        "created": CREATED,
        "owned_by": "system",
        "shutdown_date": row.shutdown_date,
    }


class _Server(ThreadingHTTPServer):
    """Knows its connections, so that closing it ends those that wait as well."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, upstream: FakeUpstream, port: int) -> None:
        self.upstream = upstream
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.connections.discard(request)

    def drop_connections(self) -> None:
        """Wake the threads that read or wait, and give them a moment to end."""
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + LEAVING
        while self.connections and time.monotonic() < deadline:
            time.sleep(0.002)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no error here; anything else is shown to the test."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.upstream.failed(error)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, sends a reply, and knows how to misbehave."""

    protocol_version = "HTTP/1.1"
    server_version = "fake-upstream"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: a test prints what it wants to know."""

    def do_GET(self) -> None:
        self._send(self.server.upstream.get(self._path, self._lower_headers), _request_id(), time.monotonic())

    def do_POST(self) -> None:
        started, request_id = time.monotonic(), _request_id()
        length = self.headers.get("Content-Length")
        if length is None:
            self.close_connection = True
            self._send(_refused(refuse("Content-Length is required", None, None, status=411)), request_id, started)
            return
        raw = self.rfile.read(int(length))
        self._send(self.server.upstream.post(self._path, self._lower_headers, raw, request_id), request_id, started)

    @property
    def _path(self) -> str:
        return self.path.partition("?")[0]

    @property
    def _lower_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _send(self, reply: Reply, request_id: str, started: float) -> None:
        try:
            self._send_all(reply, request_id, started)
        except ConnectionError:
            self.close_connection = True

    def _send_all(self, reply: Reply, request_id: str, started: float) -> None:
        if reply.silent:
            self._wait()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("x-request-id", request_id)
        self.send_header("openai-processing-ms", str(int((time.monotonic() - started) * 1000)))
        if reply.drip is not None:
            self._drip(reply.drip)
            return
        self.send_header("Content-Length", str(len(reply.body) if reply.announced is None else reply.announced))
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()
        self.close_connection = self.close_connection or reply.announced is not None

    def _drip(self, interval: float) -> None:
        """Spaces are valid before JSON, so a parser that reads along has nothing to object to either."""
        self.send_header("Connection", "close")
        self.end_headers()
        while not self.server.upstream.stopping.is_set():
            self.wfile.write(b" ")
            self.wfile.flush()
            if self._left(interval):
                break

    def _wait(self) -> None:
        self.close_connection = True
        while not self.server.upstream.stopping.is_set() and not self._left(0.05):
            pass

    def _left(self, seconds: float) -> bool:
        """Wait so long; true as soon as the client has closed its side."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""


def _request_id() -> str:
    return f"req_{secrets.token_hex(16)}"
