"""The socket side of the server: HTTP/1.1 with keep-alive, one thread per connection, and
misbehaviour."""

import re
import secrets
import select
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.support.upstream.dialects import DIALECTS
from tests.support.upstream.errors import refuse
from tests.support.upstream.wire import Flow, Reply, refused

if TYPE_CHECKING:
    from tests.support.upstream.server import FakeUpstream

LEAVING = 2.0
SPOKEN = re.compile(
    rb'"type":"response\.[a-z_]+\.delta"|"delta":\{.*"(?:arguments|content|refusal)":"[^"]'
)
"""A part of a stream that carries words, in either dialect."""


class Flights:
    """How many are in the air now, and how many at most were."""

    def __init__(self) -> None:
        self.now = self.peak = 0
        self._lock = threading.Lock()

    def take_off(self) -> None:
        """One more."""
        with self._lock:
            self.now += 1
            self.peak = max(self.peak, self.now)

    def land(self) -> None:
        """One less."""
        with self._lock:
            self.now -= 1


class Server(ThreadingHTTPServer):
    """Knows its connections, so that closing it ends those that wait as well."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, upstream: "FakeUpstream", port: int) -> None:
        self.upstream = upstream
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

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


class Handler(BaseHTTPRequestHandler):
    """Reads a request, sends a reply, and knows how to misbehave."""

    protocol_version = "HTTP/1.1"
    server_version = "fake-upstream"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: a test prints what it wants to know."""

    def do_GET(self) -> None:
        query = dict(parse_qsl(self.path.partition("?")[2]))
        self._send(
            self.server.upstream.get(self._path, self._lower_headers, query),
            _request_id(),
            time.monotonic(),
        )

    def do_DELETE(self) -> None:
        self._send(
            self.server.upstream.delete(self._path, self._lower_headers),
            _request_id(),
            time.monotonic(),
        )

    def do_POST(self) -> None:
        started, request_id = time.monotonic(), _request_id()
        length = self.headers.get("Content-Length")
        if length is None:
            self.close_connection = True
            self._send(
                refused(refuse("Content-Length is required", None, None, status=411)),
                request_id,
                started,
            )
            return
        raw = self.rfile.read(int(length))
        flights = self.server.upstream.flights if self._path in DIALECTS else Flights()
        flights.take_off()
        reply = self.server.upstream.post(self._path, self._lower_headers, raw, request_id)
        # whoever has its answer shall not be counted any more; who never gets one is, until it
        # leaves
        if reply.lasting:
            self._send(reply, request_id, started)
        flights.land()
        if not reply.lasting:
            self._send(reply, request_id, started)

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
        if reply.flow.events:
            self._flow(reply.flow)
            return
        self.send_header(
            "Content-Length", str(len(reply.body) if reply.announced is None else reply.announced)
        )
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()
        self.close_connection = self.close_connection or reply.announced is not None

    def _drip(self, interval: float) -> None:
        """Spaces are valid before JSON, so a parser that reads along has nothing to object to
        either."""
        self.send_header("Connection", "close")
        self.end_headers()
        while not self.server.upstream.stopping.is_set():
            self.wfile.write(b" ")
            self.wfile.flush()
            if self._left(interval):
                break

    def _flow(self, flow: Flow) -> None:
        """Each part as a chunk of its own, until the client leaves; the first one that carries
        words is the beginning."""
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        upstream, has_begun = self.server.upstream, False
        for number, part in enumerate(flow.events):
            if number in (flow.stops, flow.stalls):
                if number == flow.stalls:
                    self._wait()
                    upstream.left.append(time.monotonic())
                self.close_connection = True
                return
            if SPOKEN.search(part):
                if (
                    self._left(flow.pause if has_begun else flow.first)
                    or upstream.stopping.is_set()
                ):
                    upstream.left.append(time.monotonic())
                    self.close_connection = True
                    return
                if not has_begun:
                    upstream.began.append(time.monotonic())
                has_begun = True
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _wait(self) -> None:
        self.close_connection = True
        while not self.server.upstream.stopping.is_set() and not self._left(0.05):
            pass

    def _left(self, seconds: float) -> bool:
        """Wait so long; true as soon as the client has closed its side."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return bool(poll.poll(seconds * 1_000)) and self.connection.recv(1, socket.MSG_PEEK) == b""


def _request_id() -> str:
    return f"req_{secrets.token_hex(16)}"
