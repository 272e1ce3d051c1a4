"""A process that runs durable jobs, for tests that kill it: ``python -m tests.support.durable_app
'{"address": ..., "log": ...}'``.

Each thing that happens is a line of the log: ``begin NAME STEP``, ``end NAME STEP``, ``done NAME``
and a few more, after the process's host. SIGTERM stops it as a service stops.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from connector.durable.heartbeat import Heartbeat
from connector.durable.queue import JobQueue, Role, host_name
from connector.durable.steps import Steps
from connector.errors import FieldError, FormcallError
from connector.store.hosts import StoredHosts

AT_ONCE = 10


class Workflows:
    """What the tests have done: every effect is a line of ``log``."""

    def __init__(self, log: Path, durable: JobQueue) -> None:
        self._log, self._durable = log, durable

    def note(self, *words: object) -> None:
        line = " ".join(map(str, (self._durable.host, *words))) + "\n"
        file = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)

    def _step(self, name: str, number: int, seconds: float) -> int:
        self.note("begin", name, number)
        time.sleep(seconds)
        self.note("end", name, number)
        return number

    def count(self, steps: Steps, name: str, number: int, seconds: float) -> list[int]:
        """``number`` steps, each of which takes a while."""
        done = [steps.run(f"step {n}", self._step, name, n, seconds) for n in range(number)]
        self.note("done", name, sum(done))
        return done

    def nap(self, steps: Steps, name: str, seconds: float) -> None:
        """A step that fails, and a pause."""
        try:
            steps.run("refused", self._refuse, name)
        except FormcallError as error:
            self.note(
                "heard",
                name,
                error.code,
                error.retry_after,
                [entry.as_dict() for entry in error.errors],
                error.extra,
            )
        steps.sleep(seconds)
        self.note("done", name, time.time())

    def _refuse(self, name: str) -> None:
        self.note("refused", name, time.time())
        error = FormcallError("busy", "There is no room.", retry_after=7, extra={"depth": 3})
        error.errors = (FieldError("text", "too_long", "It is too long."),)
        raise error

    def family(self, steps: Steps, name: str, children: int, key: str) -> dict[str, str]:
        ids = [f"{name}/{number}" for number in range(children)]

        def enqueue() -> None:
            for one in ids:
                self._durable.enqueue("rows", "count", one, one, 2, 0.01, key=key)

        steps.run("send out", enqueue)
        ends = steps.wait(ids)
        self.note("done", name, *sorted(set(ends.values())))
        return ends

    def fail(self, steps: Steps, name: str, secret: str) -> None:
        """A step that goes wrong, and then the rest as well."""
        try:
            steps.run("wrong", int, secret)
        except FormcallError as error:
            self.note("heard", name, error.code)
        raise ValueError(secret)

    def stray(self, steps: Steps, name: str) -> None:
        """A step in another thread than its own."""
        with ThreadPoolExecutor(1) as pool:
            self.note("stray", name, type(pool.submit(steps.run, "step", int).exception()).__name__)


def build(
    log: Path,
    address: str,
    *,
    role: Role = "all",
    host: str = "",
    at_once: int = AT_ONCE,
    **limits: Any,
) -> JobQueue:
    """Jobs as all processes of a test declare them, not yet launched; ``limits`` are those of the
    queue of rows."""
    durable = JobQueue(address, role=role, host=host or host_name(address, role), threads=8)
    works = Workflows(log, durable)
    for work in (works.count, works.nap, works.family, works.fail, works.stray):
        durable.register(work.__name__, work, queue="runs")
    durable.queue("runs", concurrency=at_once, poll_seconds=0.05)
    durable.queue("rows", concurrency=at_once, **limits, poll_seconds=0.05)
    return durable


def watching(
    durable: JobQueue, address: str, note: Callable[..., None], silent: float
) -> Heartbeat:
    """The watch over other processes, at a faster pace than usual."""
    return Heartbeat(
        durable,
        StoredHosts(create_engine(address)),
        on_dead=[lambda host: note("dead", host)],
        on_lost=[lambda: note("lost")],
        beat_seconds=0.4,
        silent_seconds=silent,
    )


def main(options: dict[str, Any]) -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    silent, stop_seconds = options.pop("silent", 0.0), options.pop("stop_seconds", 5.0)
    log = Path(options.pop("log"))
    durable = build(log, **options)
    note = Workflows(log, durable).note
    watch = watching(durable, options["address"], note, silent) if silent else None
    if watch:
        watch.start()
    durable.launch()
    note("ready", os.getpid())
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()
    idle = durable.stop(stop_seconds)
    if watch:
        watch.stop(idle=idle)
    note("stopped", idle)


def wsgi() -> Any:
    """For a server that forks: the path of a request is the name of the work to be done."""
    options = json.loads(os.environ["DURABLE_APP"])
    log = Path(options.pop("log"))
    durable = build(log, **options)
    durable.launch()
    Workflows(log, durable).note("ready", os.getpid())

    def application(environ: Any, start_response: Any) -> list[bytes]:
        name = environ["PATH_INFO"].strip("/")
        durable.start("count", name, name, 20, 0.05)
        start_response("202 Accepted", [("Content-Type", "text/plain")])
        return [str(os.getpid()).encode()]

    return application


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
