"""Files of data that only the service's own user may read, whatever the umask."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_PRIVATE = 0o600
_OTHERS = 0o077


def make_private(file: Path) -> None:
    """Create an SQLite file for this user only, or take the rights of others from its files.

    SQLite gives the files that it puts beside it (``-wal``, ``-shm``) the same rights. What does
    not succeed is left to the opening of the database, which tells why.
    """
    with suppress(OSError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, _PRIVATE))
    for path in file.parent.glob(f"{file.name}*"):
        with suppress(OSError):  # such as a file of another user
            if path.stat().st_mode & _OTHERS:
                path.chmod(_PRIVATE)


def write_private(path: Path, text: str) -> None:
    """Write a new file for this user only, in place of an older one."""
    path.unlink(missing_ok=True)
    with open(path, "x", encoding="utf-8", opener=open_private) as file:
        file.write(text)


def open_private(path: str, flags: int) -> int:
    """An opener (see ``open``) of files for this user only."""
    return os.open(path, flags, _PRIVATE)
