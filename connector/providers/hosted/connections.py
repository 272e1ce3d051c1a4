"""HTTP/1.1 connections to a provider, whose every read and write keeps the limits of its call.

The standard library reads the answers (``answer_head.py``). httpx2's own transport parses them in
Python and looks at every connection of its pool for each call: a fifth of the CPU of a call, and of
the memory that a thousand concurrent calls keep. What a call to a provider does not need is left
out: HTTP/2 and other addresses. The sockets are those of ``deadline_socket``, as in ``outbound/``.
"""

from __future__ import annotations

import functools
import io
import select
import socket
import ssl
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any

import httpx2

from connector.deadline_socket import DeadlineSocket, Limits, Violation, connect, start_tls
from connector.providers.hosted.answer_head import AnswerWithHead
from connector.providers.hosted.route import DIRECT, Proxy, Route

Origin = tuple[str, str, int]  # scheme, host, port

_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 30.0
_MAX_IDLE = 1_000
# old connections closed per release, so that no single call closes all that a burst has left
_MAX_CLOSED_AT_ONCE = 8
COALESCE_BYTES = 65_536  # a head and a body up to this size leave in one write
_CHUNK = 65_536
_PORTS = {"http": 80, "https": 443}
HEAD = "formcall.head"  # the extension of a request that brings its head as bytes


class CallLimits(Limits, threading.local):
    """The limits of the call that the current thread is making; httpx2's errors.

    ``too_large`` is set once the answer was larger than allowed.
    """

    too_large: bool = False

    def error(self, violation: Violation) -> Exception:
        if violation == "timeout":
            return httpx2.ReadTimeout("the call's deadline has passed")
        if violation == "too_large":
            self.too_large = True
            return httpx2.ReadError("the answer is larger than allowed")
        return httpx2.ReadError("the call was cancelled")


limits = CallLimits()


class DeadlinePassed(httpx2.ConnectTimeout):
    """The call's time was over before anything of it was sent."""


class Connection:
    """A connection to ``origin``, which calls use one after the other."""

    def __init__(self, origin: Origin, route: Route = DIRECT) -> None:
        """Connect; httpx2's errors."""
        self.origin = origin
        self.idle_since = 0.0
        self.socket = _open_socket(origin, route)

    @property
    def is_reusable(self) -> bool:
        """Whether an idle connection is not too old, and was neither closed nor written to."""
        is_recent = time.monotonic() - self.idle_since < _IDLE_SECONDS
        return is_recent and not self.socket.is_ready(select.POLLIN, 0)

    def makefile(self, mode: str) -> io.BufferedReader:
        """The received bytes, for ``HTTPResponse``; the socket's own way takes twice the time."""
        return io.BufferedReader(_Received(self.socket))

    def close(self) -> None:
        self.socket.close()


class _Received(io.RawIOBase):
    """The bytes received on a socket, which stays open when this is closed."""

    def __init__(self, connection: DeadlineSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.recv_into(buffer)


def _open_socket(origin: Origin, route: Route) -> DeadlineSocket:
    scheme, host, port = origin
    try:
        connection = _tunnel(route.proxy, host, port) if route.proxy else _dial(host, port)
        if scheme == "https":
            connection = _over_tls(connection, route, host)
    except TimeoutError as error:
        raise httpx2.ConnectTimeout(str(error)) from error
    except (OSError, ValueError) as error:  # ValueError: not a host name at all
        raise httpx2.ConnectError(str(error)) from error
    return connection


def _over_tls(connection: DeadlineSocket, route: Route, host: str) -> DeadlineSocket:
    try:
        trusted = _trusted_in(route.certificates) if route.certificates else _trusted()
        seconds = _connect_seconds()
    except BaseException:
        connection.close()
        raise
    return start_tls(connection, trusted, host, seconds=seconds)


def _tunnel(proxy: Proxy, host: str, port: int) -> DeadlineSocket:
    """A connection to a host through ``proxy``."""
    connection = _dial(proxy.host, proxy.port)
    try:
        proxy.open_tunnel(connection, host, port)
    except BaseException:
        connection.close()
        raise
    return connection


def _dial(host: str, port: int) -> DeadlineSocket:
    """A connection to the first of the host's IP addresses that accepts one."""
    failure = OSError("the host has no address")
    for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return connect(family, address, limits, seconds=_connect_seconds())
        except OSError as error:
            failure = error
    raise failure


def _connect_seconds() -> float:
    """The seconds left for a connection. ``DeadlinePassed`` if none are."""
    remaining = limits.deadline - time.monotonic()
    if remaining <= 0:
        raise DeadlinePassed("the call's deadline has passed")
    return min(_CONNECT_SECONDS, remaining)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates this machine trusts, read once."""
    return httpx2.create_ssl_context()


@functools.cache
def _trusted_in(certificates: str) -> ssl.SSLContext:
    """The certificates in a file, read once."""
    try:
        return ssl.create_default_context(cafile=certificates)
    except OSError as error:
        raise httpx2.ConnectError(f"SSL_CERT_FILE cannot be read: {error}") from error


class ConnectionPool:
    """Idle connections. Thread-safe.

    The one used last is taken first, so that those no longer needed grow old and are closed.
    """

    def __init__(self, route: Route = DIRECT) -> None:
        self._route = route
        self._idle: deque[Connection] = deque()
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._idle)

    def acquire(self, origin: Origin) -> Connection:
        """A connection to ``origin``, an idle one or a new one."""
        while connection := self._pop():
            if connection.origin == origin and connection.is_reusable:
                return connection
            connection.close()
        return Connection(origin, self._route)

    def release(self, connection: Connection) -> None:
        """Keep a connection whose answer was read to its end."""
        now = time.monotonic()
        connection.idle_since = now
        expired: list[Connection] = []
        with self._lock:
            self._idle.append(connection)
            while len(self._idle) > _MAX_IDLE or (
                len(expired) < _MAX_CLOSED_AT_ONCE
                and now - self._idle[0].idle_since > _IDLE_SECONDS
            ):
                expired.append(self._idle.popleft())
        for old in expired:
            old.close()

    def close(self) -> None:
        """Close the idle connections."""
        while connection := self._pop():
            connection.close()

    def _pop(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None


def _close_all(connections: deque[Connection]) -> None:
    while connections:
        connections.pop().close()


class _Body(httpx2.SyncByteStream):
    """The body of an answer; once it was read to its end, its connection can be used again."""

    def __init__(
        self, response: HTTPResponse, connection: Connection, pool: ConnectionPool
    ) -> None:
        self._response = response
        self._pool = pool
        self._connection: Connection | None = connection
        self._is_complete = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._response.read1(_CHUNK):
                yield chunk
        except (HTTPException, OSError) as error:
            message = f"the answer ended early: {type(error).__name__}"
            raise httpx2.RemoteProtocolError(message) from error
        if self._response.length:
            raise httpx2.RemoteProtocolError("the answer ended early")
        self._is_complete = True

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._response.close()
        if self._is_complete and not self._response.will_close:
            self._pool.release(connection)
        else:
            connection.close()


class CompleteResponse(httpx2.Response):
    """An answer that is read in one step; its transport accepts no encoded ones."""

    def read(self) -> bytes:
        if not hasattr(self, "_content"):
            self.is_stream_consumed = True
            try:
                self._content = b"".join(self.stream)  # type: ignore[arg-type]  # not an async one
            finally:
                self.close()
        return self._content


class DeadlineTransport(httpx2.BaseTransport):
    """Sends requests over pooled connections, within ``limits``. Thread-safe; httpx2's errors."""

    def __init__(self, route: Route = DIRECT) -> None:
        self._pool = ConnectionPool(route)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        head = _head(request)
        connection = self._pool.acquire(_origin(request.url))
        try:
            _send(connection.socket, head, request)
            response = _read_head(connection)
        except (HTTPException, OSError) as error:
            connection.close()
            message = f"no answer was received: {type(error).__name__}"
            raise httpx2.RemoteProtocolError(message) from error
        except BaseException:
            connection.close()
            raise
        # the library decodes a head as Latin-1, which has every byte; httpx2 would assume ASCII
        headers = httpx2.Headers(response.getheaders(), encoding="latin-1")
        return CompleteResponse(
            response.status, headers=headers, stream=_Body(response, connection, self._pool)
        )

    def close(self) -> None:
        self._pool.close()


def _send(connection: DeadlineSocket, head: bytes, request: httpx2.Request) -> None:
    pending = [head]
    size = len(head)
    try:
        for chunk in request.stream:  # type: ignore[union-attr]  # our client is not an async one
            pending.append(chunk)
            size += len(chunk)
            if size > COALESCE_BYTES:
                connection.sendall(b"".join(pending))
                pending = []
                size = 0
        connection.sendall(b"".join(pending))
    except ConnectionError:
        pass  # a server that stops reading may have sent an answer that explains why


def _read_head(connection: Connection) -> HTTPResponse:
    connection.socket.wait()  # before any buffer exists: a thousand waiting calls then need none
    response = AnswerWithHead(connection)  # type: ignore[arg-type]  # it only calls makefile
    response.begin()
    return response


def _head(request: httpx2.Request) -> bytes:
    prepared: bytes | None = request.extensions.get(HEAD)
    return prepared or head_of(request)


def head_of(request: httpx2.Request) -> bytes:
    """The request line and the headers as they are sent. ``LocalProtocolError``: not one a line."""
    raw = request.headers.raw
    lines = b"".join([b"%b: %b\r\n" % pair for pair in raw])
    if lines.count(b"\n") != len(raw) or lines.count(b"\r") != len(raw) or b"\0" in lines:
        raise httpx2.LocalProtocolError("a header contains a line break or a null character")
    method = request.method.encode("ascii")
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, request.url.raw_path, lines)


def _origin(url: httpx2.URL) -> Origin:
    if url.scheme not in _PORTS:
        raise httpx2.UnsupportedProtocol(f"the scheme {url.scheme} is not supported")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
