"""The SQLite file of the jobs: in WAL mode for many threads, and locked by one worker process."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from connector.errors import SettingsError

_WAL_SECONDS = 10.0
_LOCK_SECONDS = 3.0  # a process that is just ending may need a moment to release it


def enable_wal(path: Path) -> None:
    """Create the file at ``path`` in WAL mode, in which readers do not wait for writers."""
    deadline = time.monotonic() + _WAL_SECONDS
    connection = sqlite3.connect(path, timeout=_WAL_SECONDS)
    try:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError:
                # another process is changing the mode, which SQLite itself does not wait for
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
    finally:
        connection.close()


def acquire_lock(path: Path) -> sqlite3.Connection:
    """Lock the jobs of a file, until the connection is closed or the process dies.

    Two processes would take each other's jobs for those of a dead process, and run them twice.
    ``SettingsError`` when another process has the lock.
    """
    lock = sqlite3.connect(
        path.with_name(f"{path.name}.lock"),
        timeout=_LOCK_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        raise SettingsError(
            "Another Formcall works on the same data folder. Stop it, or give this one another "
            "FORMCALL_DATA_DIR."
        ) from None
    return lock
