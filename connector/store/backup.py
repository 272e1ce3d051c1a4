"""Copies the files of a running service: its databases, each as of one moment, and its secret."""

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
from connector.store.data_dir_lock import database_file

_ARCHIVE_SUFFIXES = (".tar", ".tar.gz", ".tgz")
_BUSY_SECONDS = 30.0


def back_up(settings: Settings, target: Path) -> list[str]:
    """Copy formcall.db, jobs.db and the secret into a new folder, or a new archive by its suffix.

    Returns the names of the copied files. ``FormcallError`` when ``target`` exists or cannot be
    written. For SQLite only.
    """
    if target.exists():
        raise FormcallError(
            "bad_request",
            f"{target} exists already. Name a folder or a .tar.gz file that does not.",
        )
    try:
        parent = target.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".formcall-backup-", dir=parent))
        try:
            names = _copy_all(settings, folder)
            _publish(folder, names, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise FormcallError(
            "bad_request", f"The backup cannot be written to {target}: {error.strerror}."
        ) from None
    except sqlite3.Error as error:
        raise FormcallError("bad_request", f"The database cannot be copied: {error}.") from None
    return names


def _copy_all(settings: Settings, folder: Path) -> list[str]:
    # the jobs first: a run whose job has ended must have ended in the later copy of the records as
    # well, or it would never be run again
    sources = {"jobs.db": settings.data_dir / "jobs.db", "formcall.db": database_file(settings)}
    names: list[str] = []
    for name, source in sources.items():
        if source and source.exists():
            _copy_database(source, folder / name)
            names.append(name)
    if "formcall.db" not in names:
        raise FormcallError(
            "bad_request",
            f"There is no database in {settings.data_dir} yet. Start the service once, or check "
            "FORMCALL_DATA_DIR.",
        )
    secret = settings.data_dir / "secret"
    if not settings.secret and secret.exists():
        _create_private(folder / "secret").write_bytes(secret.read_bytes())
        names.append("secret")
    return names


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database as of one moment, without blocking writers, and check the copy."""
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as old,
        closing(sqlite3.connect(_create_private(target))) as new,
    ):
        # all pages in one step: in several it would start again whenever the source is written
        old.backup(new)
        result = new.execute("PRAGMA quick_check(1)").fetchone()[0]
        new.execute("PRAGMA journal_mode=DELETE")  # a single file, until a service opens it
    if result != "ok":
        raise FormcallError(
            "internal", f"{source} is damaged: {result}. Go back to an older backup."
        )


def _create_private(path: Path) -> Path:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _publish(folder: Path, names: list[str], target: Path) -> None:
    """Move the finished backup to ``target`` atomically."""
    if not target.name.endswith(_ARCHIVE_SUFFIXES):
        os.rename(folder, target)
        return
    path = _create_private(folder / "archive")
    with tarfile.open(path, "w" if target.suffix == ".tar" else "w:gz") as archive:
        for name in names:
            archive.add(folder / name, name)
    os.rename(path, target)
