"""A TCP proxy that a test can stop, cut and slow down: what a network does to a database."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class TcpProxy:
    """Forwards connections at ``port`` of 127.0.0.1 to another port."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._flows = threading.Event()  # else bytes are kept back, as in a black hole
        self._flows.set()
        self._is_cut = False
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.delay = 0.0  # seconds for each piece
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """Accept connections and bytes, and pass nothing on."""
        self._flows.clear()

    def cut(self) -> None:
        """Close all connections, and new ones at once."""
        self._is_cut = True
        self._flows.set()
        for end in self._sockets:
            _close(end)
        self._sockets.clear()

    def mend(self) -> None:
        """Pass everything on again, also what was kept back."""
        self._is_cut = False
        self._flows.set()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                _close(caller)
                continue
            threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            _close(caller)
            return
        self._sockets += [caller, server]
        threading.Thread(target=self._pump, args=(caller, server), daemon=True).start()
        self._pump(server, caller)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flows.wait()
                if self.delay:
                    time.sleep(self.delay)
                target.sendall(data)
        _close(source)
        _close(target)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def tcp_proxy(target: int) -> Iterator[TcpProxy]:
    proxy = TcpProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
