"""The SQLite file of the jobs: ready for many threads, and carried out by one process at a time."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from connector.errors import SettingsError

_WAL_SECONDS = 10.0
_HOLD_SECONDS = 3.0  # a process that ends may need a moment to let go


def prepare(path: Path) -> None:
    """Make the file at ``path``, where readers do not wait for writers. The mode stays with the file."""
    until = time.monotonic() + _WAL_SECONDS
    file = sqlite3.connect(path, timeout=_WAL_SECONDS)
    try:
        while True:
            try:
                file.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError:  # another process is changing the mode; SQLite does not wait for that by itself
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
    finally:
        file.close()


def hold(path: Path) -> sqlite3.Connection:
    """The right to carry out the jobs of a file, until the connection is closed or the process dies.

    Two processes would take each other's work for what a dead process left, and do it twice. ``SettingsError`` when one has it.
    """
    lock = sqlite3.connect(path.with_name(f"{path.name}.lock"), timeout=_HOLD_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        words = "Another Formcall works on the same data folder. Stop it, or give this one another FORMCALL_DATA_DIR."
        raise SettingsError(words) from None
    return lock
