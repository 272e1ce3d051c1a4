"""The watch of several processes over one another: what a dead one was carrying out goes on in another."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from connector.jobs.durable import Durable
from connector.jobs.steps import places

log = logging.getLogger("formcall")

BEAT_SECONDS, SILENT_SECONDS = 5.0, 30.0


class Hosts(Protocol):
    """What is known of the processes that share a database, by the database's own clock."""

    def beat(self, host: str, role: str) -> bool:
        """``host`` is alive; False when nobody knew of it, or any more."""

    def known(self) -> set[str]:
        """All hosts."""

    def dead(self, silent_seconds: float) -> list[str]:
        """The hosts that were not heard of for so long."""

    def forget(self, host: str) -> None:
        """``host`` has ended, or what it left has been seen to."""

    def lead(self) -> AbstractContextManager[bool]:
        """Whether this process, and no other, leads for a while."""


class Watch:
    """One process's part in the watch: it says that it is alive, and sees to those that do not any more.

    Begin it before the jobs are launched, so that no work is held by a host that nobody knows of. ``on_dead(host)`` is called for each
    host found dead, after its work was given back, and again if the caller itself dies meanwhile. ``on_lost()`` is called when others
    thought this process dead, since it was stopped or cut off: what it was carrying out may have been done elsewhere too.
    """

    def __init__(
        self,
        durable: Durable,
        hosts: Hosts,
        *,
        on_dead: Sequence[Callable[[str], None]] = (),
        on_lost: Sequence[Callable[[], None]] = (),
        beat_seconds: float = BEAT_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._durable, self._hosts = durable, hosts
        self._on_dead, self._on_lost = tuple(on_dead), tuple(on_lost)
        self._beat_seconds, self._silent_seconds = beat_seconds, silent_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_round, name="watch", daemon=True)
        self._heard = self._patient_until = 0.0

    def begin(self) -> None:
        """Say that this process is alive, and go on saying so."""
        self._hosts.beat(self._durable.host, self._durable.role)
        self._heard = time.monotonic()
        self._thread.start()

    def end(self, *, idle: bool) -> None:
        """Stop watching, after the jobs were stopped. When ``idle``, others take what this process left at once; else only after it
        has been silent for long enough, since a step of it may be going on still."""
        self._ended.set()
        self._thread.join()
        if idle:
            self._hosts.forget(self._durable.host)

    def _go_round(self) -> None:
        while not self._ended.wait(self._beat_seconds):
            try:
                self._beat()
                if self._durable.executes and time.monotonic() > self._patient_until:
                    self._sweep()
            except Exception as error:  # the database is away, say: others must not be thought dead for that, nor this thread end
                log.warning("the watch over other processes failed and goes on\n%s", places(error))

    def _beat(self) -> None:
        known = self._hosts.beat(self._durable.host, self._durable.role)
        now = time.monotonic()
        if now - self._heard > self._silent_seconds:
            # this process could not say that it is alive, so perhaps nobody could: everybody gets the time to do so
            self._patient_until = now + self._silent_seconds
        self._heard = now
        if not known:
            for tell in self._on_lost:
                tell()

    def _sweep(self) -> None:
        with self._hosts.lead() as leads:
            if leads:
                # work may be held by a host that is in no table, if it died between being forgotten and being heard of again
                strangers = self._durable.holders() - self._hosts.known()
                for host in [*self._hosts.dead(self._silent_seconds), *sorted(strangers)]:
                    self._see_to(host)

    def _see_to(self, host: str) -> None:
        given_back = self._durable.take_over(host)
        log.warning("process %s is dead; %d pieces of its work go on elsewhere", host, given_back)
        for settle in self._on_dead:
            settle(host)
        self._hosts.forget(host)
