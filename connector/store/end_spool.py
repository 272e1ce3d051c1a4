"""Ends of runs that the database does not take now, kept on disk until it does.

A run that was paid while the database is away must be in the books when it returns, also if the
process dies meanwhile. Each end is a file in a folder of the data directory, named by its run and
attempt. The ledger takes it once, however often it is written.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.ledger.changes import FinishRun
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import LedgerEntry, StoreUnavailable
from connector.store.private_files import open_private

log = logging.getLogger("formcall")

# the answer is kept as it is: its caller cannot be there any longer when it is read again
_FIELDS = tuple(
    field.name
    for field in dataclasses.fields(FinishRun)
    if field.init and field.name != "stored_answer"
)


class EndSpool:
    """The kept ends in ``folder``. Thread-safe; several processes may share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, change: FinishRun) -> bool:
        """Store the end of an attempt before returning; False when the disk does not take it."""
        path = self._path(change)
        temporary = path.with_suffix(".new")
        text = json.dumps({name: getattr(change, name) for name in _FIELDS}, default=vars)
        try:
            self._folder.mkdir(0o700, exist_ok=True)
            with open(temporary, "w", encoding="utf-8", opener=open_private) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
            _sync_folder(self._folder)
        except OSError as error:
            log.error("the end of a run cannot be kept on disk: %s", error.strerror)
            return False
        return True

    def remove(self, change: FinishRun) -> None:
        """The end is in the database."""
        try:
            self._path(change).unlink(missing_ok=True)
        except OSError as error:  # it is read again, and changes nothing
            log.warning("a kept end of a run cannot be deleted: %s", error.strerror)

    def write(self, ledger: Ledger, run_id: str = "*", *, active: Collection[str] = ()) -> None:
        """Write the ends that an earlier process has kept, of one run or of all.

        Those of ``active`` runs are left to this process, which writes them itself.
        ``StoreUnavailable`` when the database is still away.
        """
        for change in self._read(run_id):
            if change.run_id in active:
                continue
            try:
                ledger.write(change)
                log.warning("the kept end of a run was written", extra={"run_id": change.run_id})
            except StoreUnavailable:
                raise
            except FormcallError as error:  # such as a run that was deleted
                log.error("the kept end of %s is dropped: %s", change.run_id, error.detail)
            self.remove(change)

    def _read(self, run_id: str) -> Iterator[FinishRun]:
        """The kept ends, oldest run first."""
        for path in sorted(self._folder.glob(f"{run_id}.*.json")):
            try:
                yield _parse(path.read_text(encoding="utf-8"))
            except FileNotFoundError:  # another process has written it
                continue
            except (OSError, ValueError, TypeError, KeyError) as error:
                log.error("%s is not the end of a run: %s", path, error)

    def _path(self, change: FinishRun) -> Path:
        return self._folder / f"{change.run_id}.{change.attempt}.json"


def _parse(text: str) -> FinishRun:
    content: Json = json.loads(text)
    values = {name: content[name] for name in _FIELDS if name in content}
    values["entries"] = tuple(LedgerEntry(**entry) for entry in content["entries"])
    change = FinishRun(**values)
    change.maybe_written = True
    return change


def _sync_folder(folder: Path) -> None:
    """Let the name of a new file survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
