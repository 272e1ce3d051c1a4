"""The process that serves: a poller for callers who send or read, threads for requests to answer.

gunicorn's thread worker gives each connection a thread while its request arrives, and waits in its
only poller for callers who do not close. So some hundred half-sent requests stop it. Here the
poller gathers a request before it gets a thread, sends the rest of a response, and lets slow
closers go. A thread is taken by what can be answered, and each of these waits is bounded
(``Pace``).
"""

from __future__ import annotations

import errno
import resource
import selectors
import socket
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from connector.web.caller_socket import CallerSocket, Pace, nothing
from connector.web.partial_request import HeadTooLarge, PartialRequest
from connector.web.places import MAX_WAITING_CALLERS
from connector.web.refusals import HEAD_TOO_LARGE, explain, refusal
from connector.web.threads import LifoThreadPool, Task

MAX_CONNECTIONS = 8_192
# for reads and decisions on runs, which so are answered while runs have all other threads
BRIEF_THREADS = MAX_WAITING_CALLERS + 16
_OTHER_FILES = 1_024  # of the process: databases, providers, children
_IDLE_SECONDS = 30.0  # of a connection between two requests
_LINGER_SECONDS = 5.0  # for a caller who still sends what is not read, after the last bytes
_STOP_SECONDS = 2.0  # for connections without a request when the service stops
_MAX_GATHERED_BYTES = 64_000_000  # of all requests that have not arrived completely
_RECEIVE_BYTES = 65_536
_MAX_DISCARDED_BYTES = 64_000_000  # of a refused request
_TOO_SLOW = "The request did not arrive completely in time. Send it again."
_FULL = {errno.EMFILE, errno.ENFILE}
_NOT_NOW = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}


class Caller(TConn):  # type: ignore[misc]  # gunicorn brings no types
    """A connection; it is in the poller or in a thread, never in both."""

    def __init__(self, cfg: Any, sock: CallerSocket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.request = PartialRequest()
        self.deadline = 0.0  # until when it may stay in the poller
        self.discarded = 0

    @property
    def connection(self) -> CallerSocket:
        sock: CallerSocket = self.sock
        return sock


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's thread worker with a poller of our own; it always stops gracefully.

    gunicorn's quick stop (Ctrl-C) shuts its pool down inside the signal handler, which deadlocks
    when the signal arrives while the same thread holds the pool's lock. It would also discard
    answers that are paid for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.worker_connections = _raise_file_limit() - _OTHER_FILES
        # in the poller, the one that has waited longest first
        self._waiting: dict[Caller, None] = {}
        self._gathered_bytes = 0
        self._next_sweep = 0.0

    def get_thread_pool(self) -> LifoThreadPool:
        return LifoThreadPool(self.cfg.threads, brief_threads=BRIEF_THREADS)

    def handle_quit(self, sig: int, frame: Any) -> None:
        self.handle_exit(sig, frame)

    def run(self) -> None:
        try:
            super().run()
        finally:
            self.app.stop()

    # --- in the poller ---

    def _wait(
        self, caller: Caller, event: int, then: Callable[[Caller], None], deadline: float
    ) -> None:
        """Call ``then`` at each ``event`` until the caller leaves the poller or is too late."""
        caller.deadline = deadline if self.alive else min(deadline, _from_now(_STOP_SECONDS))
        self._waiting[caller] = None

        def on_event(_: CallerSocket) -> None:
            if caller in self._waiting:  # else another event of the same moment has closed it
                then(caller)

        self.poller.register(caller.sock, event, on_event)

    def _leave(self, caller: Caller) -> None:
        if caller in self._waiting:
            del self._waiting[caller]
            self.poller.unregister(caller.sock)
            self._gathered_bytes -= len(caller.request.data)

    def _close(self, caller: Caller) -> None:
        self._leave(caller)
        self.nr_conns -= 1
        caller.close()

    def murder_keepalived(self, force: bool = False) -> None:
        """Let those go who are too late (``force``: all in the poller), at most once a second."""
        now = time.monotonic()
        if now < self._next_sweep and not force:
            return
        self._next_sweep = now + 1
        for caller in [one for one in self._waiting if force or one.deadline <= now]:
            if caller.request.data and not force:
                self._refuse(caller, HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW)
            else:
                self._close(caller)

    def murder_pending(self) -> None:
        """Nothing: connections of all kinds are in one list."""

    def _cap_keepalive(self, deadline: float) -> None:
        for caller in self._waiting:
            caller.deadline = min(caller.deadline, deadline)

    def _make_room(self, *, of_bytes: bool = False) -> None:
        """Close the connection that has waited longest (``of_bytes``: of those with bytes)."""
        for caller in self._waiting:
            if not caller.connection.unsent and (caller.request.data or not of_bytes):
                self._close(caller)
                return

    # --- a request arrives ---

    def accept(self, listener: socket.socket) -> None:
        try:
            accepted, client = listener.accept()
        except OSError as error:
            if error.errno in _FULL:
                self._make_room()
            elif error.errno not in _NOT_NOW:
                raise
            return
        caller = Caller(self.cfg, CallerSocket(accepted), client, listener.getsockname())
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        self._expect_request(caller)
        self._gather(caller)

    def _expect_request(self, caller: Caller) -> None:
        caller.connection.receiving = Pace()
        self._wait(caller, selectors.EVENT_READ, self._gather, _from_now(_IDLE_SECONDS))

    def _gather(self, caller: Caller) -> None:
        try:
            data = caller.connection.receive_now(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._add(caller, data)
        elif caller.request.data:  # the application says that it was cut off
            self._begin(caller)
        else:
            self._close(caller)

    def _add(self, caller: Caller, data: bytes) -> None:
        if not caller.request.data:
            caller.connection.receiving = Pace()
        self._gathered_bytes += len(data)
        try:
            caller.request.add(data)
        except HeadTooLarge:
            self._refuse(caller, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, HEAD_TOO_LARGE)
            return
        if caller.request.is_complete():
            self._begin(caller)
            return
        if self.alive:
            caller.deadline = caller.connection.receiving.deadline
        if self._gathered_bytes > _MAX_GATHERED_BYTES:
            self._make_room(of_bytes=True)

    def _begin(self, caller: Caller) -> None:
        self._leave(caller)
        self.enqueue_req(caller)

    def _refuse(self, caller: Caller, status: HTTPStatus, detail: str) -> None:
        self._leave(caller)
        caller.request = PartialRequest()
        is_late = status == HTTPStatus.REQUEST_TIMEOUT  # nothing of it has begun
        try:
            caller.sock.sendall(refusal(status, detail, retryable=is_late))
        except OSError:
            self._close(caller)
        else:
            self._linger(caller)

    # --- in a thread ---

    def enqueue_req(self, conn: Caller) -> None:
        task = self.tpool.submit(self.handle, conn, brief=conn.request.is_brief)
        task.add_done_callback(partial(self.method_queue.defer, self.finish_request, conn))

    def handle(self, conn: Caller) -> Any:
        conn.init()
        conn.parser.unreader.unread(bytes(conn.request.data))
        conn.connection.body_follows = conn.request.body_follows
        conn.request = PartialRequest()
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Caller) -> Any:
        connection = conn.connection
        connection.receiving = Pace()
        connection.may_wait = True
        connection.close_after_response = req.force_close
        try:
            return super().handle_request(req, conn)
        finally:
            connection.may_wait = False
            connection.close_after_response = nothing

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Refuse what the server could not read; its own page would quote the request."""
        explained = explain(exc)
        if explained is None:
            super().handle_error(req, client, addr, exc)
            return
        self.log.info("Refused a request that cannot be read: %s", type(exc).__name__)
        try:
            client.sendall(refusal(*explained))
        except OSError:
            pass  # the caller has gone

    def _keepalive_after(self, conn: Caller, keepalive: Any) -> bool:
        # of a body that was not read, only what is here already is skipped
        return bool(keepalive) and bool(conn.parser.finish_body())

    # --- after the response ---

    def finish_request(self, conn: Caller, fs: Task) -> None:
        try:
            is_kept = bool(fs.result())
        except BaseException:
            is_kept = False
        if not conn.connection.unsent:
            self._go_on(conn, is_kept=is_kept)
            return
        self._wait(
            conn,
            selectors.EVENT_WRITE,
            partial(self._send_rest, is_kept=is_kept),
            conn.connection.send_deadline,
        )

    def _send_rest(self, caller: Caller, *, is_kept: bool) -> None:
        try:
            is_sent = caller.connection.send_unsent()
        except OSError:
            self._close(caller)
            return
        if is_sent:
            self._leave(caller)
            self._go_on(caller, is_kept=is_kept)
        else:
            caller.deadline = caller.connection.send_deadline

    def _go_on(self, caller: Caller, *, is_kept: bool) -> None:
        if not is_kept:
            self._linger(caller)
            return
        self._expect_request(caller)
        # the server may have read the beginning of the next request
        if read_ahead := caller.parser.unreader.take_buffered():
            self._add(caller, read_ahead)

    def _linger(self, caller: Caller) -> None:
        """Discard what a caller still sends, so that it can read the response before the end."""
        try:
            caller.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(caller)
            return
        self._wait(caller, selectors.EVENT_READ, self._discard, _from_now(_LINGER_SECONDS))

    def _discard(self, caller: Caller) -> None:
        try:
            count = len(caller.connection.receive_now(_RECEIVE_BYTES))
        except BlockingIOError:
            return
        except OSError:
            count = 0
        caller.discarded += count
        if not count or caller.discarded > _MAX_DISCARDED_BYTES:
            self._close(caller)
        elif self.alive:
            pace = caller.connection.receiving
            caller.deadline = min(_from_now(_LINGER_SECONDS), pace.deadline)


def _from_now(seconds: float) -> float:
    return time.monotonic() + seconds


def _raise_file_limit() -> int:
    """The number of files that this process may open, raised to what the connections need."""
    wanted = MAX_CONNECTIONS + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return max(limit, 2 * _OTHER_FILES)
