"""The thread that puts the texts of ended runs into the search index.

Runs do not wait for it. It rests far longer than it works, so that a service under load spends
little on it, and a run is found some seconds after its end.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy import Engine

from connector.runs.database_away import DATABASE_ERRORS
from connector.store.run_search import RunSearch

log = logging.getLogger("formcall")

_CHUNK_RUNS = 50
_IDLE_SECONDS = 2.0  # between two looks where there is nothing to do
_REST_FACTOR = 50  # of its time it works at most one part in so many


class SearchIndexer:
    """Fills the search index of a database; one thread per process."""

    def __init__(self, database: Engine) -> None:
        self._search = RunSearch(database)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def launch(self) -> None:
        """Start the thread, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="search", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop it after its present chunk."""
        self._stopping.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def overwrite_deleted(self) -> None:
        """Remove the words of deleted runs from the index itself."""
        self._search.overwrite_deleted()

    def index_all(self) -> int:
        """Index all that is due now, without rests; the number of runs."""
        total = 0
        while count := self._search.index_due(_CHUNK_RUNS):
            total += count
        return total

    def _run(self) -> None:
        rest = 0.0
        while not self._stopping.wait(rest):
            started = time.monotonic()
            is_busy = self._index_chunk()
            seconds = _REST_FACTOR * (time.monotonic() - started)
            rest = seconds if is_busy else max(seconds, _IDLE_SECONDS)

    def _index_chunk(self) -> bool:
        """Whether there may be more."""
        try:
            return self._search.index_due(_CHUNK_RUNS) == _CHUNK_RUNS
        except DATABASE_ERRORS as error:
            log.warning("texts of runs wait for their search index (%s)", type(error).__name__)
            return False
