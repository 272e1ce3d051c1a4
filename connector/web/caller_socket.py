"""The socket of a caller: nothing that a thread does with it lasts longer than a caller may take.

A caller that sends or reads slowly costs a place in the poller, and no thread: a request is read
before it gets a thread (``worker.py``), and what is left of a response is written after its thread
has gone. Only bodies larger than what the poller gathers are read, and only streams are written,
while a thread waits; ``Pace`` bounds both.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import Any

_GRACE_SECONDS = 20.0
_BYTES_PER_SECOND = 8_192  # the least average rate after the grace


class Pace:
    """Until when the other side may take: 20 s, and a second for each 8 kB that it has moved."""

    __slots__ = ("_moved", "_started")

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._moved = 0

    def add(self, count: int) -> None:
        self._moved += count

    @property
    def deadline(self) -> float:
        """As ``time.monotonic()``."""
        return self._started + _GRACE_SECONDS + self._moved / _BYTES_PER_SECOND


def nothing() -> None:
    """There is no request in progress."""


class CallerSocket(socket.socket):
    """A connection that never blocks.

    ``recv`` in a thread waits only while ``may_wait``, and within the pace of the request's body.
    ``sendall`` keeps what the caller does not take yet as ``unsent``, once: a second one waits for
    the first within the pace of the response.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        super().setblocking(False)
        self.may_wait = False
        self.body_follows = False  # the body of the request in progress was not gathered
        # announces that the request in progress is the last one of this connection
        self.close_after_response: Callable[[], object] = nothing
        self.unsent = memoryview(b"")
        self.receiving = Pace()
        self._sending = Pace()

    def setblocking(self, flag: bool) -> None:
        """Nothing: gunicorn changes it at each step, and it stays non-blocking."""

    def settimeout(self, value: float | None) -> None:
        """Nothing, as ``setblocking``."""

    def receive_now(self, size: int) -> bytes:
        """What has arrived; ``BlockingIOError`` when nothing has, b"" at the end."""
        data = super().recv(size)
        self.receiving.add(len(data))
        return data

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Bytes of a request; ``TimeoutError`` when the caller is too slow."""
        while True:
            try:
                data = super().recv(size, flags)
            except BlockingIOError:
                if flags & socket.MSG_DONTWAIT:
                    raise
                if not self.may_wait:
                    raise TimeoutError("the rest of the request has not arrived") from None
                self._wait(select.POLLIN, self.receiving)
            else:
                self.receiving.add(len(data))
                return data

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send ``data``, or keep its rest; ``TimeoutError`` when the caller does not read."""
        while self.unsent and not self.send_unsent():
            self._wait(select.POLLOUT, self._sending)
        self._sending = Pace()
        self.unsent = memoryview(data)
        self.send_unsent()

    def send_unsent(self) -> bool:
        """Send what the caller takes now; whether nothing is left."""
        while self.unsent:
            try:
                count = super().send(self.unsent)
            except BlockingIOError:
                return False
            self._sending.add(count)
            self.unsent = self.unsent[count:]
        return True

    @property
    def send_deadline(self) -> float:
        """Until when the caller may take for ``unsent``."""
        return self._sending.deadline

    def _wait(self, event: int, pace: Pace) -> None:
        seconds = pace.deadline - time.monotonic()
        poll = select.poll()
        poll.register(self, event)
        if seconds <= 0 or not poll.poll(seconds * 1_000):
            raise TimeoutError("the caller is too slow")
