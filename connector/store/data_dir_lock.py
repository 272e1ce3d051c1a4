"""The folder of a service that keeps everything in files: one service at a time, until its last process has ended."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from connector.errors import SettingsError
from connector.settings import Settings

_WAIT_SECONDS, _LOOK_SECONDS = 5.0, 0.05


def database_file(settings: Settings) -> Path | None:
    """The SQLite file of the settings; None when the database is another one, or in memory."""
    # read without SQLAlchemy, whose 20 MB the first process of a service would keep for nothing
    scheme, _, rest = settings.database.partition("://")
    path = rest.partition("?")[0][1:]
    if scheme.partition("+")[0] != "sqlite" or path in {"", ":memory:"}:
        return None
    return Path(path)


def hold_folder(settings: Settings, *, wait_seconds: float = _WAIT_SECONDS) -> int | None:
    """The right to serve from an SQLite database; ``SettingsError`` when another service has it and keeps it.

    It is held for as long as the file that is given back is open here or in a process that was forked from this one, so it also
    outlives a master process that was killed until its worker has noticed. A service that is just ending is waited for. With a
    database that several machines share there is nothing to hold (None).
    """
    path = database_file(settings)
    if path is None or (file := _opened(path.with_suffix(".lock"), settings)) is None:
        return None
    until = time.monotonic() + wait_seconds
    while not _locked(file):
        if time.monotonic() > until:
            os.close(file)
            words = f"Another Formcall is running on the data folder {path.parent}."
            raise SettingsError(f"{words} Stop it, or give this one a folder of its own with FORMCALL_DATA_DIR.")
        time.sleep(_LOOK_SECONDS)
    return file


def _opened(path: Path, settings: Settings) -> int | None:
    try:
        settings.data_dir.mkdir(0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        if path.parent != settings.data_dir:
            return None  # what is wrong with the database is told when it is opened
        raise SettingsError(f"FORMCALL_DATA_DIR cannot be used: {error.strerror} ({settings.data_dir}).") from None


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
