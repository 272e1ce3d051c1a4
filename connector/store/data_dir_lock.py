"""The lock of a data folder: one service at a time, until its last process has ended."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from connector.errors import SettingsError
from connector.settings import Settings

_WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.05


def database_file(settings: Settings) -> Path | None:
    """The SQLite file of the settings; None for another database, or one in memory."""
    # parsed without SQLAlchemy, whose 20 MB the service's master process would hold for nothing
    scheme, _, rest = settings.database.partition("://")
    path = rest.partition("?")[0][1:]
    if scheme.partition("+")[0] != "sqlite" or path in {"", ":memory:"}:
        return None
    return Path(path)


def lock_data_dir(settings: Settings, *, wait_seconds: float = _WAIT_SECONDS) -> int | None:
    """Lock the data folder for this service; ``SettingsError`` when another one holds it.

    The lock is held while the returned file descriptor is open here or in a forked process, so it
    survives a killed master process until its worker has ended. A service that is just stopping is
    waited for. A database that several machines share has no lock (None).
    """
    path = database_file(settings)
    if path is None:
        return None
    file = _open(path.with_suffix(".lock"), settings)
    if file is None:
        return None
    deadline = time.monotonic() + wait_seconds
    while not _try_lock(file):
        if time.monotonic() > deadline:
            os.close(file)
            raise SettingsError(
                f"Another Formcall is running on the data folder {path.parent}. Stop it, or give "
                "this one a folder of its own with FORMCALL_DATA_DIR."
            )
        time.sleep(_POLL_SECONDS)
    return file


def _open(path: Path, settings: Settings) -> int | None:
    try:
        settings.data_dir.mkdir(0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        if path.parent != settings.data_dir:
            return None  # opening the database reports what is wrong
        raise SettingsError(
            f"FORMCALL_DATA_DIR cannot be used: {error.strerror} ({settings.data_dir})."
        ) from None


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
