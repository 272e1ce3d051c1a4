"""HTTP/1.1 connections to a provider, on which every read and write keeps the limits of the call that it is made for.

The standard library reads the answers. The transport that comes with httpx2 reads them in Python, byte by byte checked, behind a pool
that looks at all of its connections for each call; that was a fifth of the time of a call, and of what a thousand calls at once keep
in memory. What is left out is what a call to a provider does not need: proxies, HTTP/2, bodies of unknown length, other addresses.
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
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any, TypeVar

import httpx2

T = TypeVar("T")

_CONNECT_SECONDS = 5.0
_IDLE_SECONDS, _MOST_IDLE = 30.0, 1_000
_AT_ONCE = 8  # old ones that are closed at a time: whoever gives one back should not have to close all that a burst has left
_TOGETHER = 65_536  # a head and a body up to this leave in one write
_PIECE = 65_536
_GLANCE = 0.25  # seconds between two looks at whether somebody still wants the answer
_PORTS = {"http": 80, "https": 443}
_INTERIM = range(102, 200)


class Limits(threading.local):
    """The limits of the call that this thread is making."""

    deadline: float = float("inf")  # time.monotonic() seconds
    bytes_left: int = 0
    too_large: bool = False
    left: threading.Event | None = None  # set when nobody wants the answer any more

    def seconds(self) -> float:
        """The seconds that are left; ``httpx2.ReadTimeout`` when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpx2.ReadTimeout("the call's deadline has passed")
        return left


limits = Limits()


class Connection:
    """A socket that never blocks for longer than the limits of the call allow."""

    def __init__(self, address: tuple[str, str, int]) -> None:
        """Connect to (scheme, host, port); httpx2's errors."""
        scheme, host, port = address
        self.address = address
        self.idle_since = 0.0
        seconds = min(_CONNECT_SECONDS, limits.seconds())
        try:
            self._socket = socket.create_connection((host, port), timeout=seconds)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme == "https":
                self._socket = _trusted().wrap_socket(self._socket, server_hostname=host)
        except TimeoutError as error:
            raise httpx2.ConnectTimeout(str(error)) from error
        except (OSError, ValueError) as error:  # a host that no name server would take is a ValueError
            raise httpx2.ConnectError(str(error)) from error
        self._socket.setblocking(False)

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._when_ready(lambda: self._socket.send(rest[:_PIECE]), select.POLLOUT) :]  # noqa: B023  called at once

    def receive_into(self, buffer: Any) -> int:
        count: int = self._when_ready(lambda: self._socket.recv_into(buffer), select.POLLIN)
        limits.bytes_left -= count
        if limits.bytes_left < 0:
            limits.too_large = True
            raise httpx2.ReadError("the answer is larger than allowed")
        return count

    def wait(self, event: int = select.POLLIN) -> None:
        """Wait for a sign of the other side."""
        while not (limits.left and limits.left.is_set()):
            seconds = limits.seconds()
            if self._is_ready(event, min(seconds, _GLANCE) if limits.left else seconds):
                return
        raise httpx2.ReadError("nobody wants the answer any more")

    @property
    def is_usable(self) -> bool:
        """Whether an idle connection may be used again: it is not old, and its other side has neither closed it nor said anything."""
        return time.monotonic() - self.idle_since < _IDLE_SECONDS and not self._is_ready(select.POLLIN, 0)

    def close(self) -> None:
        self._socket.close()

    def makefile(self, mode: str) -> io.BufferedReader:
        """The answer's bytes, for ``HTTPResponse``."""
        return io.BufferedReader(_Bytes(self))

    def _when_ready(self, act: Callable[[], T], event: int) -> T:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self.wait(select.POLLIN)
            except ssl.SSLWantWriteError:
                self.wait(select.POLLOUT)
            except BlockingIOError:
                self.wait(event)

    def _is_ready(self, event: int, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._socket, event)
        return bool(poll.poll(seconds * 1000))


class _Bytes(io.RawIOBase):
    """What comes in over a connection, which stays open when this is closed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.receive_into(buffer)


class Pool:
    """Idle connections. Thread-safe. The one that was used last is taken first, so that those nobody needs grow old and are closed."""

    def __init__(self) -> None:
        self._idle: deque[Connection] = deque()
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    def take(self, address: tuple[str, str, int]) -> Connection:
        """A connection to ``address``, perhaps a new one."""
        while found := self._pop():
            if found.address == address and found.is_usable:
                return found
            found.close()
        return Connection(address)

    def give(self, connection: Connection) -> None:
        """Keep a connection that has nothing more to do."""
        now = connection.idle_since = time.monotonic()
        dropped: list[Connection] = []
        with self._lock:
            self._idle.append(connection)
            while len(self._idle) > _MOST_IDLE or (len(dropped) < _AT_ONCE and now - self._idle[0].idle_since > _IDLE_SECONDS):
                dropped.append(self._idle.popleft())
        for old in dropped:
            old.close()

    def close(self) -> None:
        """Close what is idle."""
        while found := self._pop():
            found.close()

    def _pop(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None


def _close(connections: deque[Connection]) -> None:
    while connections:
        connections.pop().close()


class _Body(httpx2.SyncByteStream):
    """The body of an answer. Once it was read to its end, its connection can be used again."""

    def __init__(self, response: HTTPResponse, connection: Connection, pool: Pool) -> None:
        self._response, self._pool = response, pool
        self._connection: Connection | None = connection
        self._is_whole = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            while piece := self._response.read1(_PIECE):
                yield piece
        except (HTTPException, OSError) as error:
            raise httpx2.RemoteProtocolError(f"the answer was broken off: {type(error).__name__}") from error
        if self._response.length:
            raise httpx2.RemoteProtocolError("the answer was broken off")
        self._is_whole = True

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._is_whole and not self._response.will_close:
            self._pool.give(connection)
        else:
            connection.close()
        self._response.close()


class Wire(httpx2.BaseTransport):
    """Carries a request over a connection of its pool. Thread-safe; httpx2's errors."""

    def __init__(self) -> None:
        self._pool = Pool()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        head = _head(request)
        connection = self._pool.take(_address(request.url))
        try:
            _send(connection, head, request)
            response = _answer(connection)
        except (HTTPException, OSError) as error:
            connection.close()
            raise httpx2.RemoteProtocolError(f"no answer came: {type(error).__name__}") from error
        except BaseException:
            connection.close()
            raise
        # the library reads a head as Latin-1, in which each byte is a letter; httpx2 would take ASCII alone
        headers = httpx2.Headers(response.getheaders(), encoding="latin-1")
        return httpx2.Response(response.status, headers=headers, stream=_Body(response, connection, self._pool))

    def close(self) -> None:
        self._pool.close()


def _send(connection: Connection, head: bytes, request: httpx2.Request) -> None:
    waiting, size = [head], len(head)
    try:
        for piece in request.stream:  # type: ignore[union-attr]  # our client is no async one
            waiting.append(piece)
            size += len(piece)
            if size > _TOGETHER:
                connection.send(b"".join(waiting))
                waiting, size = [], 0
        connection.send(b"".join(waiting))
    except ConnectionError:
        pass  # who will not hear the whole may have said why


def _answer(connection: Connection) -> HTTPResponse:
    connection.wait()  # reading needs a buffer, which a thousand that wait need not have
    response = HTTPResponse(connection)  # type: ignore[arg-type]  # all it does with a socket is to make a file of it
    response.begin()
    while response.status in _INTERIM:  # of the answers before the answer, the library passes over 100 alone
        response.headers = response.msg = None  # type: ignore[assignment]
        response.begin()
    return response


def _head(request: httpx2.Request) -> bytes:
    raw = request.headers.raw
    lines = b"".join([b"%b: %b\r\n" % pair for pair in raw])
    if lines.count(b"\n") != len(raw) or lines.count(b"\r") != len(raw) or b"\0" in lines:
        raise httpx2.LocalProtocolError("a header has a sign that ends a line")
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (request.method.encode("ascii"), request.url.raw_path, lines)


def _address(url: httpx2.URL) -> tuple[str, str, int]:
    if url.scheme not in _PORTS:
        raise httpx2.UnsupportedProtocol(f"{url.scheme} is not spoken here")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates this machine trusts, read once."""
    return httpx2.create_ssl_context()
