"""Heartbeats between processes: the jobs of a dead process are recovered by another one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from connector.durable.queue import JobQueue, elsewhere, supervised_by
from connector.durable.steps import traceback_without_message

log = logging.getLogger("formcall")

BEAT_SECONDS = 5.0
SILENT_SECONDS = 30.0


class HostRegistry(Protocol):
    """The processes that share a database, with times by the database's own clock."""

    def beat(self, host: str, role: str) -> bool:
        """Record a heartbeat of ``host``; False when it was not registered, or no longer."""

    def known(self) -> set[str]:
        """All hosts."""

    def workers(self) -> set[str]:
        """The hosts of role "worker"."""

    def dead(self, silent_seconds: float) -> list[str]:
        """The hosts without a heartbeat for ``silent_seconds``."""

    def remove(self, host: str) -> None:
        """Remove ``host``: it has ended, or its work was recovered."""

    def try_lead(self) -> AbstractContextManager[bool]:
        """Whether this process, and no other, leads for a while."""


class Heartbeat:
    """Sends this process's heartbeats, and recovers the jobs of dead processes.

    Start it before the jobs are launched, so that no unregistered host owns jobs.
    ``on_dead(host)`` is called for each dead host after its jobs were queued again, and is repeated
    if it fails or this process dies meanwhile. ``on_lost()`` is called when other processes took
    this one for dead, since it was stopped or cut off: its current steps run elsewhere as well, and
    their results here are dropped. ``on_beat()`` is called after each heartbeat that was written.
    All are called from threads of this object.
    """

    def __init__(
        self,
        jobs: JobQueue,
        hosts: HostRegistry,
        *,
        on_dead: Sequence[Callable[[str], None]] = (),
        on_lost: Sequence[Callable[[], None]] = (),
        on_beat: Callable[[], object] = bool,
        beat_seconds: float = BEAT_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._jobs = jobs
        self._hosts = hosts
        self._on_dead = tuple(on_dead)
        self._on_lost = tuple(on_lost)
        self._on_beat = on_beat
        self._beat_seconds = beat_seconds
        self._silent_seconds = silent_seconds
        self._stopping = threading.Event()
        self._threads = [self._thread(self._beat)]
        if jobs.executes:
            # a thread of its own, so that a long recovery does not delay this process's heartbeats
            self._threads.append(self._thread(self._recover_dead))
        self._last_beat = 0.0
        self._no_recovery_until = 0.0

    def _thread(self, function: Callable[[], None]) -> threading.Thread:
        name = f"heartbeat{function.__name__}"
        return threading.Thread(target=self._repeat, args=(function,), name=name, daemon=True)

    def start(self) -> None:
        """Send the first heartbeat, and start the threads."""
        self._hosts.beat(self._jobs.host, self._jobs.role)
        self._last_beat = time.monotonic()
        for thread in self._threads:
            thread.start()

    @property
    def is_silent(self) -> bool:
        """Whether no heartbeat could be written for some time."""
        return time.monotonic() - self._last_beat > self._silent_seconds / 2

    def stop(self, *, idle: bool) -> None:
        """Stop the heartbeats, after the jobs were stopped.

        When ``idle``, other processes recover what is left at once; else only after the usual
        silence, since a step of this process may still be running.
        """
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if idle:
            self._hosts.remove(self._jobs.host)

    def _repeat(self, function: Callable[[], None]) -> None:
        while not self._stopping.wait(self._beat_seconds):
            _try(function)

    def _beat(self) -> None:
        is_registered = self._hosts.beat(self._jobs.host, self._jobs.role)
        if self.is_silent:
            # if this process could not send heartbeats, perhaps none could: give all of them time
            self._no_recovery_until = time.monotonic() + self._silent_seconds
        self._last_beat = time.monotonic()
        self._on_beat()
        if not is_registered:
            for callback in self._on_lost:
                callback()

    def _recover_dead(self) -> None:
        if self.is_silent or time.monotonic() < self._no_recovery_until:
            return
        with self._hosts.try_lead() as is_leader:
            if not is_leader:
                return
            # a host that died after it was removed and before its next heartbeat is unregistered
            unregistered = self._jobs.holders() - self._hosts.known()
            for host in [*self._hosts.dead(self._silent_seconds), *sorted(unregistered)]:
                if not self._is_for_another(host):
                    _try(partial(self._recover, host))

    def _is_for_another(self, host: str) -> bool:
        """Whether ``host`` was a worker in whose place this one was started, and there are others.

        What has ended it could end this one too, and then one worker has lost two processes.
        """
        own = self._jobs.host
        if supervised_by(host) != supervised_by(own):
            return False
        return bool(elsewhere(own, self._hosts.workers()))

    def _recover(self, host: str) -> None:
        count = self._jobs.recover_host(host)
        log.warning("process %s is dead; %d of its jobs were queued again", host, count)
        for callback in self._on_dead:
            callback(host)
        self._hosts.remove(host)


def _try(function: Callable[[], None]) -> None:
    """Call a function that is repeated later; log its failure."""
    try:
        function()
    except DBAPIError:
        log.warning("heartbeats cannot reach the database and are retried")
    except Exception as error:
        log.error("heartbeats failed and are retried\n%s", traceback_without_message(error))
