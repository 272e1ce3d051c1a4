"""Sockets on which every wait ends with the exchange they are used for.

A time-out of the standard library starts again with each byte, so a server that drips is waited
for without end. Here each wait, whether for data, for room to send or in a TLS handshake, lasts no
longer than the limits of the exchange, and received bytes are counted. Both HTTP clients run on
these sockets: ``outbound/`` (addresses that callers name) and ``providers/hosted/`` (model calls).
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Violation = Literal["timeout", "too_large", "cancelled"]

POLL = 0.25  # seconds between two checks whether the exchange was cancelled
_CHUNK = 65_536  # bytes handed to the system at once


class Limits:
    """How long an exchange may last and how much it may receive.

    ``deadline``    when it must be over, in ``time.monotonic()`` seconds
    ``bytes_left``  how many bytes, as they come over the wire, it may still receive
    ``cancelled``   set when the answer is no longer wanted; None: it cannot be cancelled
    """

    deadline: float = float("inf")
    bytes_left: int = 0
    cancelled: threading.Event | None = None

    def error(self, violation: Violation) -> Exception:
        """The exception for a violated limit; each client has its own."""
        raise NotImplementedError

    def seconds(self) -> float:
        """The seconds left, more than 0. Raises the ``timeout`` error."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise self.error("timeout")
        return remaining

    def received(self, count: int) -> None:
        """Count received bytes. Raises the ``too_large`` error."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise self.error("too_large")


class _HandshakeLimits(Limits):
    """The time for a TLS handshake; ``TimeoutError`` when it is over, as for a connection."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def error(self, violation: Violation) -> Exception:
        return TimeoutError("the TLS handshake took too long")


class DeadlineSocket(socket.socket):
    """A connected, non-blocking socket that waits within ``limits``; made by ``connect``."""

    limits: Limits

    def recv_into(self, buffer: Any, *args: Any) -> int:
        count = self._when_ready(select.POLLIN, super().recv_into, buffer, *args)
        self.limits.received(count)
        return count

    def send(self, data: Any, *args: Any) -> int:
        return self._when_ready(select.POLLOUT, super().send, data, *args)

    def sendall(self, data: Any, *args: Any) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest[:_CHUNK], *args) :]

    def settimeout(self, value: float | None) -> None:
        """Stay non-blocking, whatever a library sets: the limits bound each wait."""
        super().settimeout(0.0)

    def wait(self, event: int = select.POLLIN) -> None:
        """Wait until the socket is ready. Raises the ``timeout`` or ``cancelled`` error."""
        limits = self.limits
        cancelled = limits.cancelled
        while not (cancelled and cancelled.is_set()):
            seconds = limits.seconds()
            if self.is_ready(event, min(seconds, POLL) if cancelled else seconds):
                return
        raise limits.error("cancelled")

    def is_ready(self, event: int, seconds: float) -> bool:
        """Whether the socket is ready within ``seconds``, which 0 does not wait for."""
        poll = select.poll()
        poll.register(self.fileno(), event)
        return bool(poll.poll(seconds * 1000))

    def _when_ready(self, event: int, operation: Callable[..., T], *args: Any) -> T:
        while True:
            try:
                return operation(*args)
            except ssl.SSLWantReadError:
                self.wait(select.POLLIN)
            except ssl.SSLWantWriteError:
                self.wait(select.POLLOUT)
            except BlockingIOError:
                self.wait(event)


class _TlsSocket(DeadlineSocket, ssl.SSLSocket):
    """The same over TLS."""

    def do_handshake(self, block: bool = False) -> None:
        self._when_ready(select.POLLIN, super().do_handshake)


def connect(
    family: socket.AddressFamily, address: Any, limits: Limits, *, seconds: float
) -> DeadlineSocket:
    """A connection to ``address`` (in its family's form), tried for ``seconds``.

    Raises ``OSError``; ``TimeoutError`` is one.
    """
    connection = DeadlineSocket(family, socket.SOCK_STREAM)
    connection.limits = limits
    try:
        socket.socket.settimeout(connection, seconds)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect(address)
        connection.settimeout(0.0)
    except BaseException:
        connection.close()
        raise
    return connection


def start_tls(
    connection: DeadlineSocket, context: ssl.SSLContext, host: str, *, seconds: float
) -> DeadlineSocket:
    """``connection`` over TLS, once ``context`` has accepted the certificate for ``host``.

    Raises ``ssl.SSLError``, ``TimeoutError`` after ``seconds``, or another ``OSError``, or
    ``ValueError`` for a host that no certificate can name; the connection is then closed.
    """
    context.sslsocket_class = _TlsSocket
    limits = connection.limits
    try:
        # it takes the file descriptor over: closing `connection` afterwards changes nothing
        secured = context.wrap_socket(
            connection, server_hostname=host, do_handshake_on_connect=False
        )
    except BaseException:
        connection.close()
        raise
    assert isinstance(secured, _TlsSocket)  # noqa: S101  by the line that sets the context's class
    try:
        secured.limits = _HandshakeLimits(seconds)
        secured.do_handshake()
        secured.limits = limits
    except BaseException:
        secured.close()
        raise
    return secured
