"""Economy batches: the state of each at the provider, and the rows that it sends and receives.

While a row is at the provider it is ``running`` on the "host" of the file that it was sent with; no
process has such a name. A row that came back without an answer is ``queued`` again, and its host
tells how it continues.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, case, func, select, update

from connector.json_types import Json
from connector.store.rows import BatchRow, RunRow, TokenUsage
from connector.store.tables import batches, ledger, runs

PAGE = 200  # rows that are read and written together
# hosts of queued rows
RESUBMIT = "provider.again"  # goes to the provider's batch API once more
ASK_LIVE = "provider.live"  # is asked live, at the full price
_ENDED = "ended"


def host_of_file(number: int) -> str:
    """The host of the rows of a file."""
    return f"provider.{number}"


@dataclass
class ProviderBatchFile:
    """One file of calls, and the provider's batch that runs it.

    - ``is_resubmission``: its rows were sent before and came back without an answer
    - ``status``: filling (its rows are being reserved), filled, uploaded, creating, waiting,
      settling (its results are being read), ended
    - ``call_count``: the calls in the file, ``processed``: those that the provider has run
    - ``created_at``: seconds since 1970
    - ``expired``: the provider stopped before it had run all calls
    - ``failure``: code and sentence of why it failed as a whole
    - ``consecutive_errors``: requests about it that failed in a row
    """

    number: int
    generation: int
    is_resubmission: bool
    model: str
    dialect: str
    omitted_parameters: list[str]
    status: str = "filling"
    call_count: int = 0
    input_file: str = ""
    provider_batch_id: str = ""
    created_at: float = 0.0
    processed: int = 0
    output_files: list[str] = field(default_factory=list)
    expired: bool = False
    failure: list[str] = field(default_factory=list)
    consecutive_errors: int = 0

    @property
    def is_open(self) -> bool:
        return self.status != _ENDED

    def end(self) -> None:
        self.status = _ENDED


@dataclass
class ProviderBatchState:
    """The progress of an economy batch at the provider.

    - ``polls``: all polls, ``idle_polls``: those since something changed
    - ``retry_live``: whether a row whose answer is not usable is asked once more live
    - ``live_row_ids``: rows that are being asked live
    - ``unsent_reason``: code and sentence of why rows could not be sent
    - ``refusal``: code and sentence of why the provider accepted no row
    - ``stalled``: the batch is paused although rows are at the provider
    - ``internal_errors``: polls that failed in a row by an error of ours
    - ``obsolete_files``: ids of files to delete at the provider
    - ``provider``: its name, where there are several; "" until the first poll
    """

    generation: int = 0
    polls: int = 0
    idle_polls: int = 0
    retry_live: bool = True
    files: list[ProviderBatchFile] = field(default_factory=list)
    live_row_ids: list[str] = field(default_factory=list)
    unsent_reason: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    stalled: bool = False
    internal_errors: int = 0
    obsolete_files: list[str] = field(default_factory=list)
    provider: str = ""

    @property
    def open_files(self) -> list[ProviderBatchFile]:
        return [file for file in self.files if file.is_open]

    def start_generation(self, generation: int) -> None:
        """Continue in this generation, with the errors of earlier ones cleared."""
        self.generation = generation
        self.idle_polls = 0
        self.internal_errors = 0
        self.stalled = False
        self.unsent_reason = []
        self.refusal = []
        for file in self.open_files:
            file.consecutive_errors = 0


# The names in stored states, which processes of other releases read and write as well.
_STORED_STATE_NAMES = {
    "polls": "looks",
    "idle_polls": "waits",
    "retry_live": "live",
    "files": "parts",
    "live_row_ids": "trying",
    "unsent_reason": "short",
    "refusal": "failed",
    "internal_errors": "mistakes",
    "obsolete_files": "rubbish",
}
_STORED_FILE_NAMES = {
    "is_resubmission": "second",
    "omitted_parameters": "left_out",
    "call_count": "lines",
    "input_file": "file",
    "provider_batch_id": "batch",
    "created_at": "began",
    "processed": "done",
    "output_files": "files",
    "expired": "cut_off",
    "failure": "said",
    "consecutive_errors": "troubles",
}
_STATE_ATTRIBUTES = {stored: name for name, stored in _STORED_STATE_NAMES.items()}
_FILE_ATTRIBUTES = {stored: name for name, stored in _STORED_FILE_NAMES.items()}


def new_state_json(*, retry_live: bool) -> str:
    """The stored state of a new batch."""
    return json.dumps({"live": retry_live})


def read_state(text: str | None) -> ProviderBatchState:
    """The state from its stored JSON."""
    values = _renamed(json.loads(text or "{}"), _STATE_ATTRIBUTES)
    stored_files = values.pop("files", ())
    files = [ProviderBatchFile(**_renamed(stored, _FILE_ATTRIBUTES)) for stored in stored_files]
    return ProviderBatchState(**values, files=files)


def _state_json(state: ProviderBatchState) -> str:
    values = asdict(state)
    values["files"] = [_renamed(file, _STORED_FILE_NAMES) for file in values["files"]]
    return json.dumps(_renamed(values, _STORED_STATE_NAMES))


def _renamed(values: Json, names: dict[str, str]) -> Json:
    return {names.get(name, name): value for name, value in values.items()}


# --- the tables -----------------------------------------------------------------------------------

_NOT_SENT = runs.c.host.not_in((RESUBMIT, ASK_LIVE))


class ProviderBatchStore:
    """Reads and writes the states of economy batches; rows are changed through the ledger."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def get(self, batch_id: str) -> BatchRow:
        """The record of a batch that must exist."""
        query = select(batches).where(batches.c.id == batch_id)
        with self._database.connect() as connection:
            return BatchRow._make(connection.execute(query).one())

    def status(self, batch_id: str) -> str:
        """The batch's status, "" when there is no such batch."""
        query = select(batches.c.status).where(batches.c.id == batch_id)
        with self._database.connect() as connection:
            return connection.execute(query).scalar() or ""

    def list_unfinished(self) -> list[BatchRow]:
        """The economy batches that have not ended; a paused one may have rows at the provider."""
        query = select(batches).where(batches.c.economy, batches.c.ended_ms.is_(None))
        with self._database.connect() as connection:
            return [BatchRow._make(row) for row in connection.execute(query)]

    def save(
        self, batch: BatchRow, before: str | None, state: ProviderBatchState, detail: str | None
    ) -> str | None:
        """Store ``state`` and return its JSON; ``detail`` is shown while the batch is running.

        None when another process changed it from ``before``, or the batch is in another generation.
        """
        after = _state_json(state)
        is_unchanged = (
            (batches.c.id == batch.id)
            & (batches.c.generation == batch.generation)
            & (batches.c.provider == before)
        )
        shown = case((batches.c.status == "running", detail), else_=batches.c.detail)
        change = update(batches).where(is_unchanged).values(provider=after, detail=shown)
        with self._database.begin() as connection:
            is_saved = connection.execute(change).rowcount
        return after if is_saved else None

    def unsent_rows(self, batch_id: str, after: int, *, resubmitted: bool) -> list[RunRow]:
        """Queued rows after a row number: new ones, or those to be ``resubmitted``."""
        by_host = runs.c.host == RESUBMIT if resubmitted else _NOT_SENT
        return self._page(batch_id, (runs.c.status == "queued") & by_host, after)

    def submitted_rows(
        self, batch_id: str, batch_file: ProviderBatchFile, after: int
    ) -> list[RunRow]:
        """The rows of a file without a result so far, after a row number."""
        of_file = runs.c.host == host_of_file(batch_file.number)
        return self._page(batch_id, (runs.c.status == "running") & of_file, after)

    def count_queued(self, batch_id: str) -> int:
        """The number of queued rows."""
        query = select(func.count()).where(runs.c.batch_id == batch_id, runs.c.status == "queued")
        with self._database.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def live_rows(self, batch_id: str) -> list[RunRow]:
        """A page of the rows to be asked live."""
        return self._page(batch_id, (runs.c.status == "queued") & (runs.c.host == ASK_LIVE), -1)

    def _page(self, batch_id: str, which: ColumnElement[bool], after: int) -> list[RunRow]:
        query = select(runs).where(runs.c.batch_id == batch_id, runs.c.row_no > after, which)
        return self._read(query.order_by(runs.c.row_no).limit(PAGE))

    def rows_by_id(self, batch_id: str, ids: Iterable[str]) -> dict[str, RunRow]:
        """Rows of a batch by their ids."""
        query = select(runs).where(runs.c.batch_id == batch_id, runs.c.id.in_(list(ids)))
        return {row.id: row for row in self._read(query)}

    def _read(self, query: Select[Any]) -> list[RunRow]:
        with self._database.connect() as connection:
            return [RunRow._make(row) for row in connection.execute(query)]

    def token_usage(self, run_id: str) -> TokenUsage:
        """The tokens of all earlier attempts of a row."""
        sums = [
            func.coalesce(func.sum(ledger.c[f"{name}_tokens"]), 0) for name in TokenUsage._fields
        ]
        with self._database.connect() as connection:
            row = connection.execute(select(*sums).where(ledger.c.run_id == run_id)).one()
        return TokenUsage._make(map(int, row))
