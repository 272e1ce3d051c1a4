"""A program under the worker's watchdog: ``python -m tests.support.supervised WHAT FILE``.

Each start adds a line to FILE; the first two behave as WHAT says, the third runs until SIGTERM.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from connector.cli.supervisor import supervise

SILENT_SECONDS = 3.0


def work(what: str, file: Path, ready: Callable[[], None]) -> None:
    with file.open("a", encoding="ascii") as starts:
        starts.write(f"{os.getpid()}\n")
    number = len(file.read_text(encoding="ascii").splitlines())
    if what == "fail at the start" or (what == "fail when restarted" and number == 2):
        sys.exit(3)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    ready()
    if number <= 2:
        BEHAVIOURS[what]()
    stopped.wait()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """Match a text that keeps the interpreter's lock for ever, as no thread can stop it."""
    re.fullmatch(r"(?:x+x+)+y", "x" * 60)


def run() -> None:
    """Do as a worker does."""


BEHAVIOURS: dict[str, Callable[[], None]] = {
    "die": die,
    "fail when restarted": die,
    "hang": hang,
    "run": run,
}


if __name__ == "__main__":
    name, target = sys.argv[1:]
    sys.exit(supervise(partial(work, name, Path(target)), silent_seconds=SILENT_SECONDS))
