"""Copies of the files of a service, made while it runs: each database as it was at one moment, and the secret of the keys."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from connector.errors import FormcallError
from connector.settings import Settings
from connector.store.folder import database_file

_ARCHIVE = (".tar", ".tar.gz", ".tgz")
_BUSY_SECONDS = 30.0


def back_up(settings: Settings, target: Path) -> list[str]:
    """Copy formcall.db, jobs.db and the secret into the new folder ``target``, or the new archive if it is named like one.

    The names of what was copied. ``FormcallError`` when something is there already or cannot be written. For SQLite only.
    """
    if target.exists():
        raise FormcallError("bad_request", f"{target} is there already. Name a folder or a .tar.gz file that is not.")
    try:
        parent = target.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".formcall-backup-", dir=parent))
        try:
            names = _copy_all(settings, made)
            _put(made, names, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise FormcallError("bad_request", f"The backup cannot be written to {target}: {error.strerror}.") from None
    except sqlite3.Error as error:
        raise FormcallError("bad_request", f"The database cannot be copied: {error}.") from None
    return names


def _copy_all(settings: Settings, folder: Path) -> list[str]:
    # the jobs first: what they say is over must be over in the records as well, or it would never be taken up again
    sources = {"jobs.db": settings.data_dir / "jobs.db", "formcall.db": database_file(settings)}
    names = [name for name, source in sources.items() if source and source.exists() and _copy(source, folder / name)]
    if "formcall.db" not in names:
        words = f"There is no database in {settings.data_dir} yet. Start the service once, or check FORMCALL_DATA_DIR."
        raise FormcallError("bad_request", words)
    secret = settings.data_dir / "secret"
    if not settings.secret and secret.exists():
        _private(folder / "secret").write_bytes(secret.read_bytes())
        names.append("secret")
    return names


def _copy(source: Path, target: Path) -> bool:
    """One file as of one moment; those who write to it meanwhile do not wait. It is then read through for faults."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as old, closing(sqlite3.connect(_private(target))) as new:
        old.backup(new)  # in one go: in pieces it would begin anew whenever somebody writes
        found = new.execute("PRAGMA quick_check(1)").fetchone()[0]
        new.execute("PRAGMA journal_mode=DELETE")  # one file alone, until a service opens it
    if found != "ok":
        raise FormcallError("internal", f"{source} is damaged: {found}. Go back to an older backup.")
    return True


def _private(path: Path) -> Path:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _put(made: Path, names: list[str], target: Path) -> None:
    """Whole or not at all."""
    if not target.name.endswith(_ARCHIVE):
        os.rename(made, target)
        return
    path = _private(made / "archive")
    with tarfile.open(path, "w" if target.suffix == ".tar" else "w:gz") as archive:
        for name in names:
            archive.add(made / name, name)
    os.rename(path, target)
