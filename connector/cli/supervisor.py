"""The watchdog of `formcall worker`: a process that restarts the one which does the work.

As the first process of a service it loads nothing of ours. A worker that has died is started again.
One that is silent for too long, since a text keeps the interpreter to itself, is ended first:
SIGABRT makes it write to its log where it stood.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

log = logging.getLogger("formcall")

# twice the silence after which other processes take over the runs of this one
SILENT_SECONDS = 60.0
_BEAT_SECONDS = 1.0
_ABORT_SECONDS = 5.0  # for the traceback, before SIGKILL
_RESTART_SECONDS = 1.0
_MAX_RESTART_SECONDS = 10.0  # while each start fails, such as without the database
_POLL_SECONDS = 1.0
_BEAT = b"."
_READY = b"!"
Work = Callable[[Callable[[], None]], None]


def supervise(work: Work, *, silent_seconds: float = SILENT_SECONDS) -> int:
    """Do ``work`` in a child process until it ends by itself or by SIGTERM; its exit status.

    ``work(ready)`` calls ``ready`` once it has started; it is not repeated when its first process
    fails before.
    """
    supervisor = _Supervisor(work, silent_seconds)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.forward)
    return supervisor.run()


class _Supervisor:
    def __init__(self, work: Work, silent_seconds: float) -> None:
        self._work = work
        self._silent_seconds = silent_seconds
        self._child = 0
        self._is_stopping = False

    def forward(self, number: int, _: object) -> None:
        """Let the worker stop, and follow it."""
        self._is_stopping = True
        if self._child:
            os.kill(self._child, number)

    def run(self) -> int:
        has_started = False
        pause = _RESTART_SECONDS
        while True:
            status, was_ready = self._run_once()
            has_started |= was_ready
            if self._is_stopping or not has_started or status == 0:
                return status if status >= 0 else 128 - status
            log.error("the worker has ended with status %d and is started again", status)
            pause = _RESTART_SECONDS if was_ready else min(2 * pause, _MAX_RESTART_SECONDS)
            self._sleep(pause)
            if self._is_stopping:
                return 0

    def _sleep(self, seconds: float) -> None:
        """A sleep that a stop cuts short; ``time.sleep`` itself continues after a signal."""
        end = time.monotonic() + seconds
        while not self._is_stopping and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))

    def _run_once(self) -> tuple[int, bool]:
        """(exit status, negative for a signal; whether it had started) of one worker."""
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        # a signal between the fork and the note of its id would be lost
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        self._child = os.fork()
        if not self._child:
            ours.close()
            self._become_worker(theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        theirs.close()
        with ours:
            was_ready = self._follow(ours)
        _, status = os.waitpid(self._child, 0)
        self._child = 0
        return os.waitstatus_to_exitcode(status), was_ready

    def _become_worker(self, beats: socket.socket) -> None:
        """The worker's process, which ends here."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        faulthandler.enable()
        threading.Thread(target=_beat, args=(beats,), name="beat", daemon=True).start()
        threading.Thread(target=_end_with, args=(beats,), name="supervisor", daemon=True).start()
        status = 1
        try:
            self._work(lambda: beats.sendall(_READY))
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _follow(self, beats: socket.socket) -> bool:
        """Wait until the worker has ended, or end it when it is silent; whether it had started."""
        was_ready = False
        last = time.monotonic()
        while True:
            if _is_readable(beats):
                received = beats.recv(4_096)
                if not received:
                    return was_ready
                was_ready |= _READY in received
                last = time.monotonic()
            elif time.monotonic() - last > self._silent_seconds:
                self._end_silent(beats)
                return was_ready

    def _end_silent(self, beats: socket.socket) -> None:
        log.error(
            "the worker has been silent for %.0f s and is ended; its threads are listed below",
            self._silent_seconds,
        )
        os.kill(self._child, signal.SIGABRT)
        until = time.monotonic() + _ABORT_SECONDS
        while time.monotonic() < until and _is_readable(beats):
            if not beats.recv(4_096):
                return
        os.kill(self._child, signal.SIGKILL)


def _is_readable(beats: socket.socket) -> bool:
    """Whether the worker was heard, or has ended, within ``_POLL_SECONDS``."""
    poll = select.poll()
    poll.register(beats, select.POLLIN)
    return bool(poll.poll(_POLL_SECONDS * 1_000))


def _beat(beats: socket.socket) -> None:
    while True:
        try:
            beats.sendall(_BEAT)
        except OSError:
            return
        time.sleep(_BEAT_SECONDS)


def _end_with(beats: socket.socket) -> None:
    """End this process with its supervisor: who killed that one meant this one too."""
    while True:
        try:
            if not beats.recv(1):
                break
        except OSError:
            break
    os.kill(os.getpid(), signal.SIGKILL)
