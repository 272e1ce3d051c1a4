"""Economy batches: where each stands at the provider, and what happens to its rows on the way there and back.

A row is ``running`` while it is at the provider, on the "host" of the part that it was sent with; no process of ours has such a name.
A row that came back without an answer is ``queued`` again, and its host says how it is to go on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Engine, Select, case, func, select, update

from connector.errors import FormcallError
from connector.store.journal import Journal
from connector.store.notes import End, Entry, Note
from connector.store.tables import batches, ledger, runs

if TYPE_CHECKING:
    from connector.store.group import Group

PAGE = 200  # rows that are read and written together
AGAIN, LIVE = "provider.again", "provider.live"  # hosts of queued rows: to the provider once more, or to the model itself
_ENDED = "ended"


def host_of(number: int) -> str:
    """The host of the rows of a part."""
    return f"provider.{number}"


@dataclass
class Part:
    """One file of calls, and the provider's batch over it. Times are seconds since 1970.

    ``status``  filling (its rows are being reserved), filled, uploaded, creating, waiting, settling (it has come back), ended
    ``second``  its rows were sent before and came back without an answer
    ``lines``   how many calls are in the file
    ``done``    how many of them were carried out there
    ``files``   what came back; ``cut_off`` says that its time was over before all of it was carried out
    ``said``    the code and the sentence of why it failed as a whole
    ``troubles``  calls about it that failed in a row
    """

    number: int
    generation: int
    second: bool
    model: str
    dialect: str
    left_out: list[str]
    status: str = "filling"
    lines: int = 0
    file: str = ""
    batch: str = ""
    began: float = 0.0
    done: int = 0
    files: list[str] = field(default_factory=list)
    cut_off: bool = False
    said: list[str] = field(default_factory=list)
    troubles: int = 0

    @property
    def is_open(self) -> bool:
        return self.status != _ENDED

    def end(self) -> None:
        self.status = _ENDED


@dataclass
class Place:
    """Where a batch stands.

    ``looks``   how often it was looked after; ``waits`` of them since there was something new
    ``live``    whether a row whose answer cannot be used is asked once more live
    ``trying``  rows that are being asked live
    ``short``   the code and the sentence of why rows could not be sent, ``failed`` of why the provider took none
    ``stalled``  it waits for somebody, although rows are at the provider; ``mistakes`` of ours in a row
    ``rubbish``  files at the provider that are not needed any more
    """

    generation: int = 0
    looks: int = 0
    waits: int = 0
    live: bool = True
    parts: list[Part] = field(default_factory=list)
    trying: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    stalled: bool = False
    mistakes: int = 0
    rubbish: list[str] = field(default_factory=list)

    @property
    def open_parts(self) -> list[Part]:
        return [part for part in self.parts if part.is_open]

    def begin(self, generation: int) -> None:
        """It goes on, perhaps in a new generation: what stood in its way may be gone."""
        self.generation, self.waits, self.mistakes, self.stalled = generation, 0, 0, False
        self.short, self.failed = [], []
        for part in self.open_parts:
            part.troubles = 0


def new_place(*, live: bool) -> str:
    """The place of a new batch, as it is kept."""
    return json.dumps({"live": live})


def read_place(text: str) -> Place:
    """A place as it was kept."""
    kept = json.loads(text)
    parts = [Part(**part) for part in kept.pop("parts", ())]
    return Place(**kept, parts=parts)


# --- notes -------------------------------------------------------------------------------------------------------------


@dataclass
class Together(Note):
    """Notes of one transaction that do not depend on one another: each has its own outcome, or its own error."""

    notes: Sequence[Note]

    def runs(self) -> tuple[str, ...]:
        return tuple(run_id for note in self.notes for run_id in note.runs())

    def broke_off(self) -> None:
        for note in self.notes:
            note.broke_off()

    def decide(self, group: Group) -> None:
        for note in self.notes:
            note.outcome, note.error, note.unsure = None, None, self.unsure
            try:
                note.outcome = note.decide(group)
            except FormcallError as error:
                note.error = error


def write_together(journal: Journal, notes: Sequence[Note]) -> None:
    """Write ``notes``, many in a transaction; what came of each is in it."""
    for start in range(0, len(notes), PAGE):
        journal.write(Together(notes[start : start + PAGE]))
    with journal.freed:
        journal.freed.notify_all()


@dataclass
class Deliver(End):
    """What came back for a row ends it. The same thing may come again, and is neither booked nor told a second time."""

    def decide(self, group: Group) -> bool:
        return (self.unsure or _is_this(group, self.run_id, self.attempt)) and super().decide(group)


@dataclass
class PutBack(Note):
    """A row came back without an answer and is to go on in the way that ``host`` says: its calls are booked, the rest is free.

    ``code`` is what was wrong with it.
    """

    run_id: str
    attempt: int
    host: str
    entries: tuple[Entry, ...] = ()
    code: str | None = None

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> bool:
        row = group.row(self.run_id)
        if not _is_this(group, self.run_id, self.attempt):
            return self.unsure and (row["status"], row["attempt"]) == ("queued", self.attempt)
        group.book(row, self.attempt, self.entries)
        group.move(row, -row["reserved_nusd"], 0)
        group.change(row, status="queued", host=self.host, code=self.code, reserved_nusd=0)
        return True


def _is_this(group: Group, run_id: str, attempt: int) -> bool:
    row = group.row(run_id)
    return bool(row["status"] == "running" and row["attempt"] == attempt)


# --- the tables --------------------------------------------------------------------------------------------------------

_NO_MARK = runs.c.host.not_in((AGAIN, LIVE))


class Places:
    """Reads and writes where batches stand. Rows are changed through the journal."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def find(self, batch_id: str) -> Any:
        """The batch's record, or None."""
        with self._database.connect() as connection:
            return connection.execute(select(batches).where(batches.c.id == batch_id)).first()

    def status(self, batch_id: str) -> str:
        with self._database.connect() as connection:
            return connection.execute(select(batches.c.status).where(batches.c.id == batch_id)).scalar() or ""

    def going_on(self) -> Sequence[Any]:
        """The economy batches that have not ended: also those that wait for somebody may have rows at the provider."""
        query = select(batches).where(batches.c.economy, batches.c.ended_ms.is_(None))
        with self._database.connect() as connection:
            return connection.execute(query).all()

    def keep(self, batch: Any, before: str, place: Place, detail: str | None) -> str | None:
        """The new text of ``place``; None when it was changed from ``before`` by somebody else, or the batch is in another generation.

        ``detail`` is shown with a batch that is going on.
        """
        after = json.dumps(asdict(place))
        which = (batches.c.id == batch.id) & (batches.c.generation == batch.generation) & (batches.c.provider == before)
        shown = case((batches.c.status == "running", detail), else_=batches.c.detail)
        with self._database.begin() as connection:
            kept = connection.execute(update(batches).where(which).values(provider=after, detail=shown)).rowcount
        return after if kept else None

    def waiting(self, batch_id: str, after: int, *, again: bool) -> Sequence[Any]:
        """Queued rows behind the one with a number: those that come ``again``, or those that were not sent yet."""
        which = (runs.c.status == "queued") & (runs.c.host == AGAIN if again else _NO_MARK)
        return self._page(batch_id, which, after)

    def sent(self, batch_id: str, part: Part, after: int) -> Sequence[Any]:
        """The rows of a part that have not come back, behind the one with a number."""
        return self._page(batch_id, (runs.c.status == "running") & (runs.c.host == host_of(part.number)), after)

    def queued(self, batch_id: str) -> int:
        """How many rows wait."""
        query = select(func.count()).where(runs.c.batch_id == batch_id, runs.c.status == "queued")
        with self._database.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def for_live(self, batch_id: str) -> Sequence[Any]:
        """Some rows that are to be asked live."""
        return self._page(batch_id, (runs.c.status == "queued") & (runs.c.host == LIVE), -1)

    def _page(self, batch_id: str, which: ColumnElement[bool], after: int) -> Sequence[Any]:
        query = select(runs).where(runs.c.batch_id == batch_id, runs.c.row_no > after, which)
        return self._all(query.order_by(runs.c.row_no).limit(PAGE))

    def rows(self, batch_id: str, ids: Iterable[str]) -> dict[str, Any]:
        """Rows of a batch by their ids."""
        found = self._all(select(runs).where(runs.c.batch_id == batch_id, runs.c.id.in_(list(ids))))
        return {row.id: row for row in found}

    def _all(self, query: Select[Any]) -> Sequence[Any]:
        with self._database.connect() as connection:
            return connection.execute(query).all()

    def used(self, run_id: str) -> Any:
        """What the earlier attempts of a row used: ``input``, ``cached``, ``output`` and ``reasoning`` tokens."""
        names = ("input", "cached", "output", "reasoning")
        sums = [func.coalesce(func.sum(ledger.c[f"{name}_tokens"]), 0).label(name) for name in names]
        with self._database.connect() as connection:
            return connection.execute(select(*sums).where(ledger.c.run_id == run_id)).one()
