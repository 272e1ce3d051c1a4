"""What can be written into the journal: one class for each change of a run, which says what it needs and decides what happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.errors import FormcallError
from connector.store.ids import now_ms

if TYPE_CHECKING:
    from connector.store.group import Group

Json = dict[str, Any]

OPEN = ("queued", "running")
WAITING = "needs_review"  # a person is asked; nothing is reserved or carried out meanwhile
MOST_CALLBACKS = 10  # of one run: who asks for the same run again may name another address each time


@dataclass(frozen=True)
class Entry:
    """One call of a model as the ledger keeps it. ``nusd`` None: its price is not known."""

    step: int
    model: str
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    nusd: int | None = 0
    estimated: bool = False


@dataclass(frozen=True)
class Limits:
    """What a key may spend in nano-dollars (None: no limit), and how many of its runs may be under way at once."""

    day: int | None = None
    month: int | None = None
    at_once: int | None = None

    @property
    def has_budget(self) -> bool:
        return self.day is not None or self.month is not None


@dataclass(frozen=True)
class Grant:
    """``nusd`` are reserved for the next call of this ``attempt`` of the run."""

    nusd: int
    attempt: int = 1


@dataclass(frozen=True)
class Same:
    """Another run has this idempotency key already: ``id``, and the digest of what it was asked."""

    id: str
    digest: str


class Reserved(FormcallError):
    """Only calls under way stand in the way: when they have ended, there may be money again."""

    def __init__(self, whose: str) -> None:
        words = f"{whose} is reserved by calls that are under way. Try again in a few seconds."
        super().__init__("budget_reserved", words, retry_after=2)


class Unwritten(FormcallError):
    """The database did not take a note in. Whether it did after all may not be known; the same note may be written again."""

    def __init__(self) -> None:
        words = "The service's database does not answer at the moment. Try again in a few seconds."
        super().__init__("busy", words, retry_after=5)


class Gone(FormcallError):
    """The run is no longer this process's: it has ended, was taken over, or is to be cancelled."""

    def __init__(self, status: str) -> None:
        super().__init__("cancelled" if status == "cancelled" else "internal", f"The run is {status}.")
        self.status = status


# --- what can be written -----------------------------------------------------------------------------------------------


@dataclass
class Note:
    """One change, and what came of it."""

    outcome: Any = field(default=None, init=False)
    error: Exception | None = field(default=None, init=False)
    wake: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    leads: bool = field(default=False, init=False)
    written: bool = field(default=False, init=False)  # its transaction has ended well
    commits: int = field(default=0, init=False)  # a note that was refused for now is written again
    unsure: bool = field(default=False, init=False)  # it may be written already

    limits = Limits()

    def runs(self) -> tuple[str, ...]:
        """The runs whose records are read first, and locked."""
        return ()

    def broke_off(self) -> None:
        """Its transaction broke off at its end, before the commit or after it."""
        self.unsure |= self.error is None

    def decide(self, group: Group) -> Any:
        raise NotImplementedError


@dataclass
class Begin(Note):
    """A new run, queued or running. One that runs gets ``want`` nano-dollars, or less down to ``least``."""

    row: Json
    limits: Limits = Limits()
    want: int = 0
    least: int = 0

    def runs(self) -> tuple[str, ...]:
        return (self.row["id"],) if self.unsure else ()

    def decide(self, group: Group) -> Grant | Same:
        if self.unsure and (mine := group.find(self.row["id"])):
            return Grant(mine["reserved_nusd"], self.row["attempt"])
        if same := group.same(self.row):
            return same
        group.check_at_once(self.row, self.limits.at_once)
        granted = self._granted(group)
        group.insert(self.row, granted)
        return Grant(granted, self.row["attempt"])

    def _granted(self, group: Group) -> int:
        if self.row["status"] == "running":
            return group.grant(self.row, self.limits, self.want, self.least)
        try:  # it reserves when its turn comes; here it only hears at once that there is nothing left to spend
            group.grant(self.row, self.limits, self.want, self.least)
        except Reserved:
            pass
        return 0


@dataclass
class Start(Note):
    """A run that is there already begins a new attempt here: it was queued, cut off, or is run again.

    What its last attempt still had reserved is booked in full, since nobody saw how that call ended.
    """

    run_id: str
    host: str
    last: int  # the attempt that the caller knows of: if there was another one since, this one is too late
    allowed: tuple[str, ...] = ("queued",)
    limits: Limits = Limits()
    want: int = 0
    least: int = 0
    day: str = ""

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> Grant:
        row = group.row(self.run_id)
        if self.unsure and (row["status"], row["attempt"], row["host"]) == ("running", self.last + 1, self.host):
            return Grant(row["reserved_nusd"], row["attempt"])
        if row["status"] not in self.allowed or row["attempt"] != self.last:
            raise Gone(row["status"])
        group.check_batch(row)
        group.book_rest(row)
        day = self.day or row["day"]
        granted = group.grant({**row, "day": day}, self.limits, self.want, self.least)
        attempt = row["attempt"] + 1
        group.change(
            row, status="running", attempt=attempt, host=self.host, day=day, reserved_nusd=granted, cancel=False, ended_ms=None,
            code=None, answer=None, unknown=False,
        )  # fmt: skip
        group.move(row, granted, 0)
        return Grant(granted, attempt)


@dataclass
class More(Note):
    """Between two calls of a run: the first one is booked, the next one reserved."""

    run_id: str
    attempt: int
    entries: tuple[Entry, ...]
    limits: Limits = Limits()
    want: int = 0
    least: int = 0

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def broke_off(self) -> None:
        self.unsure = True  # the first one is booked also when the next one is refused

    def decide(self, group: Group) -> Grant:
        row = group.row(self.run_id)
        if not self.commits:
            group.book(row, self.attempt, self.entries, unsure=self.unsure)
        if row["status"] != "running" or row["attempt"] != self.attempt:
            raise Gone(row["status"])
        group.move(row, -row["reserved_nusd"], 0)
        group.change(row, reserved_nusd=0)
        if row["cancel"]:
            raise Gone("cancelled")
        group.check_batch(row)
        granted = group.grant(row, self.limits, self.want, self.least)
        group.change(row, reserved_nusd=granted)
        group.move(row, granted, 0)
        return Grant(granted, self.attempt)


@dataclass
class End(Note):
    """A run has ended: its calls are booked, what is left of its reservation is free, its answer is kept, who waits is told.

    ``events`` are what subscribers and the callback hear of; their ``body`` is sent as it is. One that waits for a person ends for now:
    ``state`` is where it goes on from, with the ``form`` it began with.
    """

    run_id: str
    attempt: int
    status: str
    entries: tuple[Entry, ...] = ()
    answer: str = ""
    code: str | None = None
    unknown: bool = False
    event: str = ""
    body: str = ""
    keep: Callable[[], bool] = lambda: True  # asked at the last moment: it may just be handed over
    keep_form: bool = True
    state: str | None = None
    form: str = ""
    stateful: bool = False  # it may have written down where it stands

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> bool:
        row = group.row(self.run_id)
        group.book(row, self.attempt, self.entries, unsure=self.unsure)
        if self.unsure and (row["status"], row["attempt"]) == (self.status, self.attempt):
            return True
        if row["status"] != "running" or row["attempt"] != self.attempt:
            return False  # another process has taken the run over; what this one paid is booked all the same
        group.move(row, -row["reserved_nusd"], 0)
        keep = self.keep()
        changes: Json = {"status": self.status, "code": self.code, "answer": self.answer if keep else None, "unknown": self.unknown}
        group.change(row, **changes, reserved_nusd=0, ended_ms=now_ms(), **({} if self.keep_form else {"form": None}))
        if self.state is not None:
            group.change(row, state=self.state, decision=None, form=self.form)
        elif self.stateful and (self.status == "done" or not keep):
            group.change(row, state=None, decision=None)
        if self.event:
            group.tell(row, self.event, self.body)
        return True


@dataclass
class Keep(Note):
    """Where a run stands is written down, before it goes on; ``Gone`` when it is no longer this process's."""

    run_id: str
    attempt: int
    state: str

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> None:
        row = group.row(self.run_id)
        if row["status"] != "running" or row["attempt"] != self.attempt:
            raise Gone(row["status"])
        if row["cancel"]:
            raise Gone("cancelled")
        group.change(row, state=self.state)


@dataclass
class Decide(Note):
    """A person has said what a run that waits for it may do: it goes on, queued, as ``decision`` says."""

    run_id: str
    decision: str

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> int:
        row = group.row(self.run_id)
        if row["status"] != WAITING and not (self.unsure and row["status"] == "queued"):
            raise Gone(row["status"])
        group.change(row, status="queued", host="", durable=True, cancel=False, ended_ms=None, answer=None, decision=self.decision)
        return int(row["attempt"])


@dataclass
class HandOver(Note):
    """Somebody was promised the answer of a run that is still going on: from now on it survives a crash."""

    run_id: str
    attempt: int
    form: str

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> bool:
        row = group.row(self.run_id)
        if row["status"] != "running" or row["attempt"] != self.attempt:
            return False
        group.change(row, durable=True, form=self.form)
        return True


@dataclass
class Fail(Note):
    """A run that was to begin cannot: it ends without a call. That counts as an attempt, so that each attempt ends once."""

    run_id: str
    last: int  # the attempt that the caller knows of
    code: str
    answer: str
    event: str = ""
    body: str = ""

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> bool:
        row = group.row(self.run_id)
        if row["status"] not in OPEN or row["attempt"] != self.last:
            return False
        group.book_rest(row)
        group.change(row, status="failed", attempt=row["attempt"] + 1, code=self.code, answer=self.answer, ended_ms=now_ms())
        if self.event:
            group.tell(row, self.event, self.body)
        return True


@dataclass
class AddCallback(Note):
    """Another address is to hear how a run ends: at its end, or now if it has ended. ``event`` and ``body`` are what is said now.

    False when the run has ended and there is no ``body``. One that is about to begin again (``begins``) tells at its next end.
    """

    run_id: str
    url: str
    event: str = ""
    body: str = ""
    begins: bool = False

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> bool:
        row = group.row(self.run_id)
        known = callbacks(row)
        if self.url in known:
            return True
        if row["status"] not in OPEN and not self.begins:
            if not self.body:
                return False
            group.send(row, self.event, self.body, self.url)
        group.change(row, callback_url="\n".join([*known[-MOST_CALLBACKS + 1 :], self.url]))
        return True


def callbacks(row: Json) -> list[str]:
    """The addresses that are to hear how a run ends. No address has a line break in it."""
    return row["callback_url"].split("\n") if row["callback_url"] else []


@dataclass
class Release(Note):
    """The idempotency key of an old run may be used again."""

    run_id: str

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> None:
        group.change(group.row(self.run_id), idempotency_key=None)


@dataclass
class Requeue(Note):
    """A run that has ended without an answer is to be run again; ``form`` is kept when it was not before."""

    run_id: str
    form: str | None = None

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> int:
        row = group.row(self.run_id)
        if row["status"] in {*OPEN, "done", WAITING} and not (self.unsure and row["status"] == "queued"):
            raise Gone(row["status"])
        group.book_rest(row)
        form = {} if self.form is None else {"form": self.form}
        group.change(row, status="queued", host="", durable=True, cancel=False, ended_ms=None, decision=None, **form)
        return int(row["attempt"])


@dataclass
class Cancel(Note):
    """A run that is queued or waits for a person ends at once, which counts as an attempt; one that runs is told before its next call."""

    run_id: str
    answer: str = ""
    event: str = ""
    body: str = ""

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> str:
        row = group.row(self.run_id)
        if row["status"] in {"queued", WAITING}:
            attempt = row["attempt"] + 1
            group.change(row, status="cancelled", attempt=attempt, code="cancelled", answer=self.answer, ended_ms=now_ms(), cancel=True)
            if self.event:
                group.tell(row, self.event, self.body)
            return "cancelled"
        if row["status"] == "running":
            group.change(row, cancel=True)
        return str(row["status"])


@dataclass
class CutOff(Note):
    """The process that carried the run out is gone. The run says so; its reservation stays until it is settled."""

    run_id: str
    answer: str
    event: str = ""
    body: str = ""

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> bool:
        row = group.row(self.run_id)
        if row["status"] != "running":
            return False
        group.change(row, status="interrupted", code="interrupted", answer=self.answer, ended_ms=now_ms())
        if self.event:
            group.tell(row, self.event, self.body)
        return True


@dataclass
class SettleRest(Note):
    """What a run that was cut off still has reserved is booked in full."""

    run_id: str

    def runs(self) -> tuple[str, ...]:
        return (self.run_id,)

    def decide(self, group: Group) -> bool:
        row = group.row(self.run_id)
        if row["status"] in OPEN:
            return False
        group.book_rest(row)
        return True
