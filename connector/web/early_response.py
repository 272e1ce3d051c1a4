"""Answering a request while its own thread is still at work.

A run mostly waits, and it waits in the thread of its request. When the caller's patience ends first, the answer (202, the run's id)
cannot come from that thread, so another one writes it onto the connection and ends it there; the run goes on. The other way, a
second thread for each run, takes twice the threads and a switch between them for each answer.

It needs the socket, which gunicorn gives its applications, and HTTP/1. Without them a run has a thread of its own after all.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Response

from connector.jobs.telling import Told

log = logging.getLogger("formcall")


class EarlyAnswer:
    """The one answer of a request: whoever ``claim``s it first gives it. ``respond`` makes the response for a run that goes on."""

    def __init__(self, connection: socket.socket, respond: Callable[[Told], Response]) -> None:
        self._connection, self._respond = connection, respond
        self._lock, self._taken = threading.Lock(), False

    def claim(self) -> bool:
        """Whether the answer is now the caller's to give."""
        with self._lock:
            mine, self._taken = not self._taken, True
            return mine

    def send(self, told: Told) -> None:
        """Answer that the run goes on, unless its own thread has the answer already."""
        if not self.claim():
            return
        response = self._respond(told)
        body = response.get_data()
        status = HTTPStatus(response.status_code)
        headers = [*response.headers.items(), ("Connection", "close")]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        try:
            self._connection.sendall(f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n".encode("latin-1") + body)
            # what the request's own thread writes in the end goes nowhere, and the server then gives the connection up
            self._connection.shutdown(socket.SHUT_WR)
        except OSError:
            log.debug("a caller left before it was told that its run goes on")


def early_answer(environ: Mapping[str, Any], respond: Callable[[Told], Response]) -> EarlyAnswer | None:
    """The early answer of a request, where its server allows one."""
    connection = environ.get("gunicorn.socket")
    if connection is None or environ.get("SERVER_PROTOCOL", "") not in {"HTTP/1.1", "HTTP/1.0"} or "HTTP_VERSION" in environ:
        return None
    return EarlyAnswer(connection, respond)
