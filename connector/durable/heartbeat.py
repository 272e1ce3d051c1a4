"""The watch of several processes over one another: what a dead one was carrying out goes on in another."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

from sqlalchemy.exc import DBAPIError

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
    host found dead, after its work was given back, and again if the caller fails or dies meanwhile. ``on_lost()`` is called when others
    thought this process dead, since it was stopped or cut off: the steps it was at are done elsewhere as well, and their results here
    are dropped. Both kinds of calls come from threads of the watch.
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
        # others are seen to in a thread of its own, so that a long settlement does not keep this process from saying that it is alive
        acts = [self._beat, self._sweep] if durable.executes else [self._beat]
        self._threads = [threading.Thread(target=self._again, args=(act,), name=f"watch{act.__name__}", daemon=True) for act in acts]
        self._heard = self._patient_until = 0.0

    def begin(self) -> None:
        """Say that this process is alive, and go on saying so."""
        self._hosts.beat(self._durable.host, self._durable.role)
        self._heard = time.monotonic()
        for thread in self._threads:
            thread.start()

    def end(self, *, idle: bool) -> None:
        """Stop watching, after the jobs were stopped. When ``idle``, others take what this process left at once; else only after it
        has been silent for long enough, since a step of it may be going on still."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        if idle:
            self._hosts.forget(self._durable.host)

    def _again(self, act: Callable[[], None]) -> None:
        while not self._ended.wait(self._beat_seconds):
            _try(act)

    def _beat(self) -> None:
        known = self._hosts.beat(self._durable.host, self._durable.role)
        if self._was_silent():
            # if this process could not say that it is alive, perhaps nobody could: everybody gets the time to do so
            self._patient_until = time.monotonic() + self._silent_seconds
        self._heard = time.monotonic()
        if not known:
            for tell in self._on_lost:
                tell()

    def _was_silent(self) -> bool:
        return time.monotonic() - self._heard > self._silent_seconds / 2

    def _sweep(self) -> None:
        if self._was_silent() or time.monotonic() < self._patient_until:
            return
        with self._hosts.lead() as leads:
            if leads:
                # work may be held by a host that is in no table, if it died between being forgotten and being heard of again
                strangers = self._durable.holders() - self._hosts.known()
                for host in [*self._hosts.dead(self._silent_seconds), *sorted(strangers)]:
                    _try(partial(self._see_to, host))

    def _see_to(self, host: str) -> None:
        given_back = self._durable.take_over(host)
        log.warning("process %s is dead; %d pieces of its work go on elsewhere", host, given_back)
        for settle in self._on_dead:
            settle(host)
        self._hosts.forget(host)


def _try(act: Callable[[], None]) -> None:
    """Do something that is tried again later if it fails."""
    try:
        act()
    except DBAPIError:
        log.warning("the watch over other processes cannot reach the database and goes on trying")
    except Exception as error:
        log.error("the watch over other processes failed and goes on\n%s", places(error))
