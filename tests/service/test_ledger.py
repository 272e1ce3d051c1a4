"""The ledger: concurrent writers and failures leave consistent records, no exceeded limit and no
writer waiting for ever."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Engine, event

from connector.errors import FormcallError
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.ids import today
from connector.store.ledger import group_commit
from connector.store.ledger.changes import (
    Change,
    CreateRun,
    FailRun,
    FinishRun,
    ReserveNextCall,
    StartAttempt,
)
from connector.store.ledger.control_changes import (
    CancelRun,
    MakeDurable,
    MarkInterrupted,
    ReleaseKey,
    RequeueRun,
    SettleReservation,
)
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import (
    BudgetContended,
    BudgetLimits,
    DuplicateKey,
    LedgerEntry,
    Reservation,
    RunSuperseded,
    StoreUnavailable,
)
from tests.support import ledger_asserts as books
from tests.support.databases import KINDS, database_url
from tests.support.guards import hang_guard
from tests.support.ledger_asserts import (
    assert_consistent,
    balance,
    entries,
    queued_values,
    run_row,
    run_values,
)

DAY = BudgetLimits(day=1_000)
PATIENCE = 60.0  # seconds, for what takes one or two


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A new database of each kind."""
    with database_url(request.param) as address:
        opened = open_database(Settings(data_dir=tmp_path, database_url=address))
        yield opened
        opened.dispose()


@pytest.fixture
def ledger(database: Engine) -> Iterator[Ledger]:
    opened = Ledger(database)
    yield opened
    opened.close()


# --- a database that breaks -----------------------------------------------------------------------


class Broken(Exception):
    """No failure that a database has."""


@dataclass
class Breaking:
    """A real database whose next transactions break at a place, as many as are told: at the first
    statement, in the middle, or at the end, ``before`` the commit or ``after`` it, when nobody can
    know any more that it was done."""

    real: Engine
    places: list[str] = field(default_factory=list)
    broken: int = 0

    @property
    def dialect(self) -> Any:
        return self.real.dialect

    @property
    def failure(self) -> Exception:
        return self.dialect.loaded_dbapi.OperationalError("the connection broke")  # type: ignore[no-any-return]

    def raw_connection(self) -> Any:
        if self.places and self.places[0] == "connect":
            self.breaks("connect")
        return Connection(self, self.real.raw_connection())

    def dispose(self) -> None:
        self.real.dispose()

    def breaks(self, place: str) -> None:
        if self.places and self.places[0] == place:
            self.places.pop(0)
            self.broken += 1
            raise self.failure


@dataclass
class Connection:
    """A connection of a ``Breaking`` database."""

    owner: Breaking
    real: Any

    def cursor(self) -> Any:
        return Cursor(self.owner, self.real.cursor())

    def commit(self) -> None:
        self.owner.breaks("before")
        self.real.commit()
        self.owner.breaks("after")

    def rollback(self) -> None:
        self.real.rollback()

    def invalidate(self) -> None:
        self.real.invalidate()


@dataclass
class Cursor:
    owner: Breaking
    real: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def execute(self, *args: Any) -> Any:
        self.owner.breaks("first")
        return self.real.execute(*args)

    def executemany(self, *args: Any) -> Any:
        self.owner.breaks("middle")
        return self.real.executemany(*args)


PLACES = ("connect", "first", "middle", "before", "after")


def breaking(database: Engine) -> tuple[Breaking, Ledger]:
    owner = Breaking(database)
    return owner, Ledger(owner)  # type: ignore[arg-type]


def insist(ledger: Ledger, change: Change[Any]) -> Any:
    """Write what must not be lost, as a runner does."""
    while True:
        try:
            return ledger.write(change)
        except StoreUnavailable:
            time.sleep(0.01)


def reserve(ledger: Ledger, change: CreateRun) -> int:
    """What a new run has reserved, in nano-dollars."""
    reservation = ledger.write(change)
    assert isinstance(reservation, Reservation)
    return reservation.nusd


# --- what each change does ------------------------------------------------------------------------


def test_a_run_that_is_answered(database: Engine, ledger: Ledger) -> None:
    """A run reserves what it may cost, and in the end has booked what it did cost and holds
    nothing; so has its key, by day and month."""
    row = run_values()
    assert ledger.write(CreateRun(row, DAY, 400, 100)) == Reservation(400)
    assert balance(database, "key_a") == (400, 0)
    assert assert_consistent(database) == 0
    assert (
        ledger.write(
            FinishRun(row["id"], 1, "done", (LedgerEntry(0, "m", 10, 0, 5, 0, 123),), "{}")
        )
        is True
    )
    assert balance(database, "key_a") == balance(database, "key_a", today()[:7]) == (0, 123)
    assert assert_consistent(database) == 123
    found = run_row(database, row["id"])
    assert (found.status, found.cost_nusd, found.reserved_nusd, found.answer) == (
        "done",
        123,
        0,
        "{}",
    )


@pytest.mark.parametrize("period", ["day", "month"])
def test_limits(database: Engine, ledger: Ledger, period: str) -> None:
    """A grant is never more than a budget has left, nor less than is asked for at the least; who is
    refused hears whether to wait."""
    limits = BudgetLimits(**{period: 1_000})
    first, second = run_values(), run_values()
    assert reserve(ledger, CreateRun(first, limits, 700, 175)) == 700
    assert reserve(ledger, CreateRun(second, limits, 700, 175)) == 300
    with pytest.raises(BudgetContended, match="reserved by running calls"):
        ledger.write(CreateRun(run_values(), limits, 700, 175))
    ledger.write(FinishRun(first["id"], 1, "done", (LedgerEntry(0, "m", nusd=700),)))
    with pytest.raises(BudgetContended):
        ledger.write(CreateRun(run_values(), limits, 700, 175))
    ledger.write(FinishRun(second["id"], 1, "done", (LedgerEntry(0, "m", nusd=126),)))
    with pytest.raises(
        FormcallError, match=r"\$0.000001 ?\) does not pay for another call"
    ) as caught:
        ledger.write(CreateRun(run_values(), limits, 700, 175))
    assert caught.value.code == "budget_exceeded"
    assert reserve(ledger, CreateRun(run_values("key_b"), limits, 700, 175)) == 700
    assert assert_consistent(database) == 826


def test_a_month_that_is_spent_is_said_at_once(ledger: Ledger) -> None:
    """Nobody waits for a day's budget that is only reserved while the month's is spent."""
    spent = run_values(day=f"{today()[:7]}-00")
    ledger.write(CreateRun(spent, BudgetLimits(), 500, 500))
    ledger.write(FinishRun(spent["id"], 1, "done", (LedgerEntry(0, "m", nusd=500),)))
    limits = BudgetLimits(day=100, month=560)
    assert reserve(ledger, CreateRun(run_values(), limits, 60, 60)) == 60
    with pytest.raises(BudgetContended):
        ledger.write(CreateRun(run_values(), limits, 50, 50))
    with pytest.raises(FormcallError, match="this month") as caught:
        ledger.write(CreateRun(run_values(), BudgetLimits(day=100, month=540), 50, 50))
    assert caught.value.code == "budget_exceeded"


def test_between_two_calls(database: Engine, ledger: Ledger) -> None:
    """The first call is booked and the next one reserved at once; a run that was refused for now
    holds nothing, and books nothing twice."""
    row = run_values()
    ledger.write(CreateRun(row, DAY, 600, 150))
    more = ReserveNextCall(row["id"], 1, (LedgerEntry(0, "m", nusd=200),), DAY, 600, 150)
    assert ledger.write(more).nusd == 600
    assert balance(database, "key_a") == (600, 200)
    other = run_values()
    assert reserve(ledger, CreateRun(other, DAY, 600, 150)) == 200
    again = ReserveNextCall(row["id"], 1, (LedgerEntry(1, "m", nusd=600),), DAY, 600, 150)
    with pytest.raises(BudgetContended):
        ledger.write(again)
    assert balance(database, "key_a") == (200, 800)
    with pytest.raises(BudgetContended):
        ledger.write(again)
    assert balance(database, "key_a") == (200, 800)
    ledger.write(FinishRun(other["id"], 1, "done"))
    assert ledger.write(again).nusd == 200
    assert assert_consistent(database) == 800
    assert [one.step for one in entries(database, row["id"])] == [0, 1]


def test_cancelling(database: Engine, ledger: Ledger) -> None:
    """What waits ends at once, what runs before its next call, what has ended stays; a call that
    was made is booked."""
    waits, runs = queued_values(), run_values()
    ledger.write(CreateRun(waits))
    ledger.write(CreateRun(runs, DAY, 100, 25))
    assert ledger.write(CancelRun(waits["id"], "{}")) == "cancelled"
    assert ledger.write(CancelRun(runs["id"])) == "running"
    with pytest.raises(RunSuperseded, match="cancelled"):
        ledger.write(ReserveNextCall(runs["id"], 1, (LedgerEntry(0, "m", nusd=40),), DAY, 100, 25))
    assert balance(database, "key_a") == (0, 40)
    ledger.write(FinishRun(runs["id"], 1, "cancelled", code="cancelled"))
    assert ledger.write(CancelRun(runs["id"])) == "cancelled"
    done = run_values()
    ledger.write(CreateRun(done))
    ledger.write(FinishRun(done["id"], 1, "done", answer='{"ok": true}'))
    assert ledger.write(CancelRun(done["id"])) == "done"
    assert run_row(database, done["id"]).answer == '{"ok": true}'
    assert assert_consistent(database) == 40


def test_what_was_cut_off_is_booked_once(database: Engine, ledger: Ledger) -> None:
    """A reservation whose call nobody saw the end of stays with its run, and is booked in full when
    the run is settled, or run again."""
    settlements: tuple[Callable[[str], Change[Any]], ...] = (
        SettleReservation,
        lambda run: StartAttempt(run, "there", 1, ("interrupted",)),
        RequeueRun,
    )
    for settle in settlements:
        row = run_values()
        ledger.write(CreateRun(row, DAY, 300, 75))
        assert ledger.write(MarkInterrupted(row["id"], "{}")) is True
        assert ledger.write(MarkInterrupted(row["id"], "{}")) is False
        assert run_row(database, row["id"]).reserved_nusd == 300
        ledger.write(settle(row["id"]))
        found = run_row(database, row["id"])
        assert (found.reserved_nusd, found.cost_nusd, found.estimated_nusd) == (0, 300, 300)
        ledger.write(SettleReservation(row["id"]))
    assert assert_consistent(database) == 900
    assert {(one.step, one.estimated) for one in entries(database)} == {(-1, True)}


def test_a_dead_attempt_is_settled_while_its_run_goes_on(database: Engine, ledger: Ledger) -> None:
    """Of a running run only the attempt that is known to be dead is booked, once."""
    row = run_values()
    ledger.write(CreateRun(row, DAY, 300, 75))
    for attempt in (None, 2):
        assert ledger.write(SettleReservation(row["id"], attempt)) is False
    assert balance(database, "key_a") == (300, 0)
    for _ in range(2):
        assert ledger.write(SettleReservation(row["id"], 1)) is True
        found = run_row(database, row["id"])
        assert (found.status, found.reserved_nusd, found.estimated_nusd) == ("running", 0, 300)
    ledger.write(StartAttempt(row["id"], "there", 1, ("running",), DAY, 100, 75))
    assert ledger.write(SettleReservation(row["id"], 1)) is False
    assert balance(database, "key_a") == (100, 300)
    assert_consistent(database)


def test_a_run_that_is_cancelled_while_it_waits_again_holds_nothing(
    database: Engine, ledger: Ledger
) -> None:
    """Cut off, put back into the queue and cancelled there: no money stays reserved for it."""
    row = run_values()
    ledger.write(CreateRun(row, DAY, 300, 75))
    ledger.write(MarkInterrupted(row["id"], "{}"))
    ledger.write(RequeueRun(row["id"]))
    assert ledger.write(CancelRun(row["id"])) == "cancelled"
    assert balance(database, "key_a") == (0, 300)
    assert_consistent(database)


def test_an_attempt_is_followed_once(database: Engine, ledger: Ledger) -> None:
    """Of two who want to carry out the same attempt one does; the other, and whoever comes late
    with an older one, changes nothing."""
    row = queued_values()
    ledger.write(CreateRun(row))
    assert ledger.write(
        StartAttempt(row["id"], "a", 0, limits=DAY, desired=100, minimum=25)
    ) == Reservation(100, 1)
    for late in (
        StartAttempt(row["id"], "b", 0, ("queued", "running")),
        StartAttempt(row["id"], "b", 1),
    ):
        with pytest.raises(RunSuperseded, match="running"):
            ledger.write(late)
    assert ledger.write(StartAttempt(row["id"], "b", 1, ("running",), DAY, 100, 25)) == Reservation(
        100, 2
    )
    assert ledger.write(MakeDurable(row["id"], 1, "{}")) is False
    with pytest.raises(RunSuperseded):
        ledger.write(ReserveNextCall(row["id"], 1, (LedgerEntry(0, "m", nusd=7),)))
    assert ledger.write(FinishRun(row["id"], 1, "done", (LedgerEntry(1, "m", nusd=8),))) is False
    assert ledger.write(FailRun(row["id"], 1, "internal", "{}")) is False
    found = run_row(database, row["id"])
    assert (found.status, found.host, found.attempt, found.reserved_nusd, found.cost_nusd) == (
        "running",
        "b",
        2,
        100,
        115,
    )
    assert assert_consistent(database) == 115


def test_each_wait_in_the_queue_has_a_number_of_its_own(database: Engine, ledger: Ledger) -> None:
    """A run that failed or was cancelled before it began has used up an attempt, so that its next
    place in the queue is a new one."""
    row = queued_values()
    ledger.write(CreateRun(row))
    seen = {0}
    ends: tuple[Callable[[int], Change[Any]], ...] = (
        lambda last: FailRun(row["id"], last, "internal", "{}"),
        lambda last: CancelRun(row["id"]),
    )
    for end in ends:
        ledger.write(end(run_row(database, row["id"]).attempt))
        attempt = ledger.write(RequeueRun(row["id"]))
        assert attempt not in seen
        seen.add(attempt)
        found = run_row(database, row["id"])
        assert (found.status, found.host, found.attempt) == ("queued", "", attempt)
    with pytest.raises(RunSuperseded, match="queued"):
        ledger.write(RequeueRun(row["id"]))


def test_midnight(database: Engine, ledger: Ledger) -> None:
    """What was reserved on a day is freed and booked on that day; a new attempt is a new day's, and
    each day has its own budget."""
    row = run_values(day="2026-01-31")
    ledger.write(CreateRun(row, DAY, 900, 225))
    assert reserve(ledger, CreateRun(run_values(day="2026-02-01"), DAY, 900, 225)) == 900
    assert (
        ledger.write(
            ReserveNextCall(row["id"], 1, (LedgerEntry(0, "m", nusd=500),), DAY, 900, 225)
        ).nusd
        == 500
    )
    ledger.write(MarkInterrupted(row["id"], "{}"))
    limits = BudgetLimits(day=2_000)
    assert (
        ledger.write(
            StartAttempt(row["id"], "here", 1, ("interrupted",), limits, 900, 225, "2026-02-01")
        ).nusd
        == 900
    )
    assert (
        balance(database, "key_a", "2026-01-31")
        == balance(database, "key_a", "2026-01")
        == (0, 1_000)
    )
    assert (
        balance(database, "key_a", "2026-02-01")
        == balance(database, "key_a", "2026-02")
        == (1_800, 0)
    )
    ledger.write(FinishRun(row["id"], 2, "done", (LedgerEntry(0, "m", nusd=1),)))
    assert balance(database, "key_a", "2026-02-01") == (900, 1)
    assert [(one.attempt, one.step, one.day) for one in entries(database, row["id"])] == [
        (1, -1, "2026-01-31"),
        (1, 0, "2026-01-31"),
        (2, 0, "2026-02-01"),
    ]
    assert_consistent(database)


def test_a_price_that_is_not_known(database: Engine, ledger: Ledger) -> None:
    """A call without a price makes the cost of its run unknown for good; what else it spent is
    counted all the same."""
    row = run_values()
    ledger.write(CreateRun(row))
    ledger.write(
        ReserveNextCall(row["id"], 1, (LedgerEntry(0, "m", nusd=5), LedgerEntry(1, "x", nusd=None)))
    )
    ledger.write(FinishRun(row["id"], 1, "done", (LedgerEntry(2, "m", nusd=6),)))
    assert run_row(database, row["id"]).cost_nusd is None
    assert balance(database, "key_a") == (0, 11)
    assert_consistent(database)


def test_what_there_is_not(ledger: Ledger) -> None:
    """A change about a run that there is not is refused, and is no reason to refuse another."""
    changes: tuple[Change[Any], ...] = (
        FinishRun("run_x", 1, "done"),
        ReserveNextCall("run_x", 1, ()),
        CancelRun("run_x"),
        StartAttempt("run_x", "h", 1),
        ReleaseKey("run_x"),
    )
    for change in changes:
        with pytest.raises(FormcallError, match="no such run"):
            ledger.write(change)


def test_as_many_at_once_as_a_key_may(database: Engine, ledger: Ledger) -> None:
    """Runs under way are counted also when they come in the same moment; one that ends makes
    room."""
    limits, rows = BudgetLimits(max_concurrent=3), [run_values() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        came = list(pool.map(lambda row: _came(ledger, CreateRun(row, limits)), rows))
    begun = [row for row, one in zip(rows, came, strict=True) if isinstance(one, Reservation)]
    assert len(begun) == 3
    assert {one.code for one in came if isinstance(one, FormcallError)} == {"too_many_at_once"}
    ledger.write(FinishRun(begun[0]["id"], 1, "done"))
    assert isinstance(ledger.write(CreateRun(run_values(), limits)), Reservation)


def _came(ledger: Ledger, change: Change[Any]) -> Any:
    try:
        return ledger.write(change)
    except FormcallError as error:
        return error


def test_the_same_key_at_the_same_moment(database: Engine) -> None:
    """Of requests with one idempotency key, from several processes at once, one begins and the
    others hear which; other keys begin."""
    ledgers = [Ledger(database) for _ in range(3)]
    rows = [
        run_values(f"key_{number % 2}", idempotency_key="order 7", digest=f"d{number}")
        for number in range(24)
    ]
    gate = threading.Barrier(len(rows))

    def begin(number: int) -> Any:
        gate.wait()
        return insist(ledgers[number % 3], CreateRun(rows[number], DAY, 10, 10))

    with ThreadPoolExecutor(len(rows)) as pool:
        came = list(pool.map(begin, range(len(rows))))
    for own in (0, 1):
        mine = came[own::2]
        (winner,) = [
            rows[own::2][number] for number, one in enumerate(mine) if isinstance(one, Reservation)
        ]
        assert {one for one in mine if isinstance(one, DuplicateKey)} == {
            DuplicateKey(winner["id"], winner["digest"])
        }
        assert balance(database, f"key_{own}") == (10, 0)
    assert_consistent(database)
    for each in ledgers:
        each.close()


# --- when something breaks ------------------------------------------------------------------------


def _prepared(ledger: Ledger) -> dict[str, tuple[Callable[[], Change[Any]], Any]]:
    """Each kind of change and its expected outcome, over runs that are stored for it."""
    made: dict[str, Any] = {
        name: run_values()
        for name in ("more", "end", "over", "cut", "settle", "requeue", "again", "release")
    }
    waiting = {name: queued_values() for name in ("start", "fail", "cancel")}
    for row in made.values():
        ledger.write(CreateRun(row, DAY, 10, 10))
    for row in waiting.values():
        ledger.write(CreateRun(row))
    for name in ("settle", "requeue", "again"):
        ledger.write(MarkInterrupted(made[name]["id"], "{}"))
    ids = {name: row["id"] for name, row in {**made, **waiting}.items()}
    fresh, same = run_values(), run_values(idempotency_key="k", digest="d")
    return {
        "begin": (lambda: CreateRun(fresh, DAY, 10, 10), Reservation(10)),
        "begin with a key": (lambda: CreateRun(same, DAY, 10, 10), Reservation(10)),
        "begin queued": (
            lambda: CreateRun(queued_values(id="run_q"), DAY, 10, 10),
            Reservation(0, 0),
        ),
        "more": (
            lambda: ReserveNextCall(
                ids["more"],
                1,
                (LedgerEntry(0, "m", nusd=3), LedgerEntry(1, "m", nusd=4)),
                DAY,
                20,
                10,
            ),
            Reservation(20),
        ),
        "end": (
            lambda: FinishRun(
                ids["end"],
                1,
                "done",
                (LedgerEntry(0, "m", nusd=5),),
                "{}",
                event="run.completed",
                body="{}",
            ),
            True,
        ),
        "hand over": (lambda: MakeDurable(ids["over"], 1, "{}"), True),
        "settle": (lambda: SettleReservation(ids["settle"]), True),
        "requeue": (lambda: RequeueRun(ids["requeue"], "{}"), 1),
        "start": (
            lambda: StartAttempt(ids["start"], "here", 0, ("queued",), DAY, 10, 10),
            Reservation(10, 1),
        ),
        "start again": (
            lambda: StartAttempt(ids["again"], "here", 1, ("interrupted",), DAY, 10, 10),
            Reservation(10, 2),
        ),
        "cancel": (lambda: CancelRun(ids["cancel"]), "cancelled"),
        "release": (lambda: ReleaseKey(ids["release"]), None),
    }


@pytest.mark.parametrize("place", PLACES)
def test_a_transaction_that_breaks_is_written_once(database: Engine, place: str) -> None:
    """Wherever the connection breaks, also right after a commit that nobody heard of, each kind of
    change is written once and hears so."""
    owner, ledger = breaking(database)
    for name, (make, wanted) in _prepared(ledger).items():
        before = assert_consistent(database)
        owner.places = [place]
        if place == "connect":
            ledger.close()
        change = make()
        assert ledger.write(change) == wanted, name
        assert (owner.places, change.commit_count) == ([], 1), name
        assert assert_consistent(database) - before == {
            "more": 7,
            "end": 5,
            "settle": 10,
            "requeue": 10,
            "start again": 10,
        }.get(name, 0), name
    ledger.close()
    books.is_unlocked(database)


@pytest.mark.parametrize("place", ["before", "after"])
def test_who_gives_up_and_comes_back_is_written_once(
    database: Engine, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that the database does not accept for long is refused for now; written again, it is
    stored once."""
    monkeypatch.setattr(group_commit, "_RETRY_SECONDS", 0.0)
    owner, ledger = breaking(database)
    for name, (make, wanted) in _prepared(ledger).items():
        owner.places = [place] * 3
        change = make()
        for _ in range(3):
            with pytest.raises(StoreUnavailable) as caught:
                ledger.write(change)
            assert (caught.value.code, caught.value.kind.status) == ("busy", 503)
        assert ledger.write(change) == wanted, name
        assert_consistent(database)
    ledger.close()


def test_one_that_cannot_be_written_takes_no_other_along(database: Engine, ledger: Ledger) -> None:
    """A text that no database accepts, or an error of ours, fails its own change only; those beside
    it and after it are written."""

    class Wrong(Change[Any]):
        def apply(self, transaction: Any) -> Any:
            raise Broken

    rows = [run_values() for _ in range(20)]
    bad = run_values(tag="\ud800")
    changes: list[Change[Any]] = [CreateRun(row, DAY, 1, 1) for row in rows]
    changes[5:5], changes[9:9] = [CreateRun(bad, DAY, 1, 1)], [Wrong()]
    came = _together(ledger, changes)
    assert sum(isinstance(one, Reservation) for one in came) == len(rows)
    assert {type(one) for one in came} >= {Broken, Reservation}
    assert sum(isinstance(one, Exception) for one in came) == 2
    assert balance(database, "key_a") == (20, 0)
    assert_consistent(database)


def _together(ledger: Ledger, changes: list[Change[Any]]) -> list[Any]:
    """What came of changes that wait for the same turn: nobody can write until all are there."""
    holds = threading.Event()

    class First(Change[Any]):
        def apply(self, transaction: Any) -> None:
            holds.wait(PATIENCE)

    first, join = _begun(ledger, [First()])
    while not ledger._has_leader:
        time.sleep(0.001)
    came, join_them = _begun(ledger, changes)
    while len(ledger._queue) < len(changes):
        time.sleep(0.001)
    holds.set()
    join()
    join_them()
    assert first == [None]
    return came


def _begun(ledger: Ledger, changes: list[Change[Any]]) -> tuple[list[Any], Callable[[], None]]:
    """Threads that write ``changes``: what comes of each, and a wait for all of them."""
    came: list[Any] = [Broken] * len(changes)

    def write(number: int, change: Change[Any]) -> None:
        try:
            came[number] = ledger.write(change)
        except BaseException as error:
            came[number] = error

    threads = [
        threading.Thread(target=write, args=pair, daemon=True) for pair in enumerate(changes)
    ]
    for thread in threads:
        thread.start()

    def join() -> None:
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a thread hangs"

    return came, join


@pytest.mark.parametrize(
    "kind", [SystemExit, KeyboardInterrupt, Broken, MemoryError, RecursionError]
)
def test_a_leader_that_is_torn_out(
    database: Engine, ledger: Ledger, kind: type[BaseException]
) -> None:
    """Whatever is raised while a thread writes for others, nobody hangs, nobody hears of a change
    that was not made, nothing stays open."""

    class Torn(Change[Any]):
        def apply(self, transaction: Any) -> Any:
            raise kind

    rows = [run_values() for _ in range(30)]
    changes: list[Change[Any]] = [CreateRun(row, DAY, 1, 1) for row in rows]
    changes.insert(7, Torn())
    came = _together(ledger, changes)
    assert isinstance(came.pop(7), kind | StoreUnavailable)
    books.is_unlocked(database)
    for row, one in zip(rows, came, strict=True):
        if isinstance(one, Reservation):
            assert run_row(database, row["id"]).reserved_nusd == 1
        else:
            assert isinstance(one, kind | StoreUnavailable)
    assert sum(isinstance(one, Reservation) for one in came) * 1 == balance(database, "key_a")[0]
    assert reserve(ledger, CreateRun(run_values(), DAY, 1, 1)) == 1
    assert_consistent(database)


@pytest.mark.parametrize("leads", [True, False], ids=["who writes", "who waits"])
def test_a_thread_that_is_called_away(database: Engine, ledger: Ledger, leads: bool) -> None:
    """A signal in the midst of writing, or of waiting for it, ends that thread's wait and nobody
    else's."""
    holds, inside = threading.Event(), threading.Event()

    class Slow(Change[Any]):
        def apply(self, transaction: Any) -> None:
            inside.set()
            holds.wait(PATIENCE)

    def called(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, called)
    row = run_values()
    _, join = _begun(ledger, [] if leads else [Slow()])
    try:
        assert leads or inside.wait(PATIENCE)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            ledger.write(Slow() if leads else CreateRun(row, DAY, 1, 1))
    finally:
        signal.signal(signal.SIGALRM, before)
    holds.set()
    join()
    came, join = _begun(ledger, [CreateRun(run_values(), DAY, 1, 1) for _ in range(8)])
    join()
    assert came == [Reservation(1)] * 8
    assert_consistent(database)


def test_a_database_that_is_busy(tmp_path: Path) -> None:
    """While another process holds an SQLite file, a change waits; when it takes too long it is
    refused for now, and works afterwards."""
    database = open_database(Settings(data_dir=tmp_path))
    event.listen(
        database, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=100")
    )
    database.dispose()
    ledger, other = Ledger(database), database.raw_connection()
    other.execute("BEGIN IMMEDIATE")
    row = run_values()
    with hang_guard():
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ledger.write, CreateRun(row, DAY, 5, 5))
            time.sleep(0.5)
            other.rollback()
            assert waiting.result(PATIENCE) == Reservation(5)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            ledger.write(FinishRun(row["id"], 1, "done", (LedgerEntry(0, "m", nusd=5),)))
        other.rollback()
    assert ledger.write(FinishRun(row["id"], 1, "done", (LedgerEntry(0, "m", nusd=5),))) is True
    assert assert_consistent(database) == 5
    other.close()
    ledger.close()
    database.dispose()


def test_a_database_that_is_away(tmp_path: Path) -> None:
    """While nobody can reach the database, all who write are refused for now within seconds,
    however many; afterwards all works again."""
    with database_url("postgresql") as address:
        database = open_database(Settings(data_dir=tmp_path, database_url=address))
        ledger, rows = Ledger(database), [run_values() for _ in range(40)]
        for row in rows[:20]:
            ledger.write(CreateRun(row, DAY, 5, 5))
        changes: list[Change[Any]] = [
            FinishRun(row["id"], 1, "done", (LedgerEntry(0, "m", nusd=5),)) for row in rows[:20]
        ]
        changes += [CreateRun(row, DAY, 5, 5) for row in rows[20:]]
        books.disconnect(database, is_away=True)
        with hang_guard():
            with ThreadPoolExecutor(len(changes)) as pool:
                came = list(pool.map(lambda change: _came(ledger, change), changes))
            assert {type(one) for one in came} == {StoreUnavailable}
        books.disconnect(database, is_away=False)
        with ThreadPoolExecutor(len(changes)) as pool:
            assert {
                type(one) for one in pool.map(lambda change: _came(ledger, change), changes)
            } == {
                bool,
                Reservation,
            }
        assert balance(database, "key_a") == (100, 100)
        assert assert_consistent(database) == 100
        ledger.close()
        database.dispose()


# --- many at once ---------------------------------------------------------------------------------


@dataclass
class Worker:
    """A thread that carries runs out as the service does, in a random order, on keys that all
    share."""

    ledger: Ledger
    database: Engine
    chance: random.Random
    keys: tuple[str, ...]
    limits: BudgetLimits
    paid: int = 0
    refused: int = 0

    def one(self) -> None:
        row = run_values(self.chance.choice(self.keys))
        want = self.chance.randrange(1, 60)
        begun = self._try(CreateRun(row, self.limits, want, max(1, want // 4)))
        if not begun:
            return None
        attempt, step, granted = 1, 0, begun.nusd
        while self.chance.random() < 0.5:
            cost = self.chance.randrange(granted + 1)
            more = self._insist(
                ReserveNextCall(
                    row["id"],
                    attempt,
                    (LedgerEntry(step, "m", nusd=cost),),
                    self.limits,
                    want,
                    max(1, want // 4),
                )
            )
            self.paid, step = self.paid + cost, step + 1
            if not more:
                return self._end(row, attempt, ())
            granted = more.nusd
        self._finish(row, attempt, step, granted, want)
        return None

    def _finish(self, row: Any, attempt: int, step: int, granted: int, want: int) -> None:
        fate = self.chance.random()
        if fate < 0.15:
            self._insist(MarkInterrupted(row["id"], "{}"))
            self.paid += granted
            self._insist(self.chance.choice([SettleReservation(row["id"]), RequeueRun(row["id"])]))
            self._insist(CancelRun(row["id"]))
        elif fate < 0.3:
            begun = self._insist(
                StartAttempt(
                    row["id"], "there", attempt, ("running",), self.limits, want, max(1, want // 4)
                )
            )
            self.paid += granted
            self._end(row, attempt + 1 if begun else attempt, ())
        else:
            cost = self.chance.randrange(granted + 1)
            self.paid += cost
            self._insist(MakeDurable(row["id"], attempt, "{}"))
            self._end(row, attempt, (LedgerEntry(step, "m", nusd=cost),))

    def _end(self, row: Any, attempt: int, made: tuple[LedgerEntry, ...]) -> None:
        assert self._insist(FinishRun(row["id"], attempt, "done", made)) is True

    def _try(self, change: Change[Any]) -> Any:
        """One try, after which the change is given up."""
        try:
            return self.ledger.write(change)
        except FormcallError:
            self.refused += 1
            return None

    def _insist(self, change: Change[Any]) -> Any:
        try:
            return insist(self.ledger, change)
        except FormcallError:
            self.refused += 1
            return None


def _work(workers: list[Worker], rounds: int, trouble: Callable[[], object] = lambda: None) -> None:
    """All work at once, until each has had its rounds; nobody hangs and nothing is raised."""
    failures: list[BaseException] = []

    def carry_out(worker: Worker) -> None:
        try:
            for _ in range(rounds):
                worker.one()
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=carry_out, args=(worker,), daemon=True) for worker in workers
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + PATIENCE
    while any(thread.is_alive() for thread in threads):
        assert time.monotonic() < until, "a thread hangs"
        trouble()
        time.sleep(0.01)
    assert not failures, failures


def _never_over(database: Engine, keys: tuple[str, ...], most: int) -> Callable[[], None]:
    def look() -> None:
        for key in keys:
            reserved, spent = balance(database, key)
            assert reserved >= 0
            assert spent >= 0
            assert reserved + spent <= most

    return look


@pytest.mark.parametrize("seed", [1, 2])
def test_many_threads(database: Engine, seed: int) -> None:
    """Threads of two processes on the same keys: at no moment more is reserved and spent than a
    budget has, and what was paid is booked."""
    keys, limits = ("key_a", "key_b", "key_c"), BudgetLimits(day=3_000, month=50_000)
    ledgers = [Ledger(database), Ledger(database)]
    workers = [
        Worker(ledgers[number % 2], database, random.Random(f"{seed}.{number}"), keys, limits)
        for number in range(16)
    ]
    _work(workers, 25, _never_over(database, keys, 3_000))
    paid = sum(worker.paid for worker in workers)
    assert assert_consistent(database) == paid > 3_000
    assert sum(worker.refused for worker in workers)
    assert all(balance(database, key)[0] == 0 for key in keys)
    for ledger in ledgers:
        ledger.close()


def test_two_processes_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Two processes that reserve and book on the same keys in every order never come to a
    deadlock."""
    with database_url("postgresql") as address:
        database = open_database(Settings(data_dir=tmp_path, database_url=address))
        keys = tuple(f"key_{number}" for number in range(6))
        ledgers = [Ledger(database), Ledger(database)]
        for ledger in ledgers:
            ledger.write(CreateRun(run_values(), DAY, 1, 1))
        connections = [ledger._connection for ledger in ledgers]
        limits = [BudgetLimits(day=10**9), BudgetLimits(month=10**9), BudgetLimits()]
        chances = [random.Random(number) for number in range(16)]
        workers = [
            Worker(ledgers[number % 2], database, chance, keys, limits[number % 3])
            for number, chance in enumerate(chances)
        ]
        _work(workers, 25)
        assert [ledger._connection for ledger in ledgers] == connections, (
            "a transaction was broken off"
        )
        assert_consistent(database)
        for ledger in ledgers:
            ledger.close()
        database.dispose()


def test_many_threads_over_a_database_that_breaks(database: Engine) -> None:
    """The same over connections that break anywhere at any time: nothing is lost, nothing is
    doubled, nobody hangs."""
    owner, ledger = breaking(database)
    keys, limits, chance = ("key_a", "key_b"), BudgetLimits(day=10_000), random.Random(7)
    workers = [
        Worker(ledger, database, random.Random(number), keys, limits) for number in range(12)
    ]

    def trouble() -> None:
        if not owner.places and chance.random() < 0.4:
            owner.places = [chance.choice(PLACES) for _ in range(chance.choice([1, 1, 2]))]

    _work(workers, 15, trouble)
    assert owner.broken > 10
    owner.places = []
    assert assert_consistent(database) == sum(worker.paid for worker in workers)
    ledger.close()


def test_many_threads_over_connections_that_are_cut(tmp_path: Path) -> None:
    """The same while the server of a PostgreSQL database ends our sessions again and again."""
    with database_url("postgresql") as address:
        database = open_database(Settings(data_dir=tmp_path, database_url=address))
        keys = ("key_a", "key_b")
        ledgers = [Ledger(database), Ledger(database)]
        workers = [
            Worker(
                ledgers[number % 2],
                database,
                random.Random(number),
                keys,
                BudgetLimits(day=10_000),
            )
            for number in range(8)
        ]
        cuts = iter([time.monotonic() + 0.1 * number for number in range(1, 12)] + [float("inf")])
        at = [next(cuts)]

        def trouble() -> None:
            if time.monotonic() > at[0]:
                at[0] = next(cuts)
                books.disconnect(database, is_away=True)
                books.disconnect(database, is_away=False)

        _work(workers, 40, trouble)
        database.dispose()
        # a run whose beginning was given up may have begun, since its commit was not heard of: its
        # process would find it later
        assert assert_consistent(database) == sum(worker.paid for worker in workers)
        for ledger in ledgers:
            ledger.close()
        database.dispose()


# --- any order ------------------------------------------------------------------------------------


@dataclass
class Known:
    """What a run must look like."""

    row: Any
    limits: BudgetLimits
    status: str
    attempt: int
    granted: int = 0
    step: int = 0


LIMITS = (
    BudgetLimits(),
    BudgetLimits(day=500),
    BudgetLimits(month=900),
    BudgetLimits(day=400, month=700),
)
faults = st.lists(st.sampled_from(PLACES), max_size=2)
share = st.floats(0, 1)


class Books(RuleBasedStateMachine):
    """Notes of every kind in any order over a database that breaks anywhere: what is known of each
    run holds, and the books agree."""

    folder: Path
    number = 0

    def __init__(self) -> None:
        super().__init__()
        Books.number += 1
        self.database = open_database(Settings(data_dir=self.folder / str(Books.number)))
        self.owner, self.ledger = breaking(self.database)
        self.runs: list[Known] = []
        self.paid = 0
        self.late = (
            0  # of calls of attempts that were taken over: their estimates are booked as well
        )

    def teardown(self) -> None:
        self.ledger.close()
        self.database.dispose()

    def write(self, change: Change[Any], broken: list[str]) -> Any:
        self.owner.places = list(broken)
        try:
            return insist(self.ledger, change)
        except FormcallError as error:
            return error
        finally:
            self.owner.places = []

    def pick(self, data: st.DataObject, *statuses: str) -> Known | None:
        found = [one for one in self.runs if one.status in statuses]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(
        limits=st.integers(0, len(LIMITS) - 1),
        want=st.integers(0, 300),
        waits=st.booleans(),
        broken=faults,
    )
    def begin(self, limits: int, want: int, waits: bool, broken: list[str]) -> None:
        row = (queued_values if waits else run_values)(f"key_{limits}")
        came = self.write(CreateRun(row, LIMITS[limits], want, want // 4), broken)
        if isinstance(came, Reservation):
            assert came.nusd == 0 if waits else want // 4 <= came.nusd <= want
            self.runs.append(Known(row, LIMITS[limits], row["status"], row["attempt"], came.nusd))

    @rule(data=st.data(), want=st.integers(0, 300), again=st.booleans(), broken=faults)
    def start(self, data: st.DataObject, want: int, again: bool, broken: list[str]) -> None:
        if (run := self.pick(data, "queued", "running", "interrupted", "failed")) is None:
            return
        last = run.attempt - again
        change = StartAttempt(
            run.row["id"],
            "there",
            last,
            ("queued", "running", "interrupted", "failed"),
            run.limits,
            want,
            want // 4,
        )
        came = self.write(change, broken)
        if again:
            assert isinstance(came, RunSuperseded)
            return
        self.paid, run.granted = self.paid + run.granted, 0
        if isinstance(came, Reservation):
            run.step = 0  # a refused start leaves the attempt, and so the numbers of its calls
            run.status, run.attempt, run.granted = "running", run.attempt + 1, came.nusd
            assert came.attempt == run.attempt

    @rule(data=st.data(), part=share, want=st.integers(0, 300), broken=faults)
    def more(self, data: st.DataObject, part: float, want: int, broken: list[str]) -> None:
        if (run := self.pick(data, "running")) is None:
            return
        cost = int(run.granted * part)
        came = self.write(
            ReserveNextCall(
                run.row["id"],
                run.attempt,
                (LedgerEntry(run.step, "m", nusd=cost),),
                run.limits,
                want,
                want // 4,
            ),
            broken,
        )
        self.paid, run.step, run.granted = (
            self.paid + cost,
            run.step + 1,
            came.nusd if isinstance(came, Reservation) else 0,
        )

    @rule(data=st.data(), part=share, late=st.booleans(), broken=faults)
    def end(self, data: st.DataObject, part: float, late: bool, broken: list[str]) -> None:
        if (run := self.pick(data, "running")) is None or (late and run.attempt < 2):
            return
        cost = int((30 if late else run.granted) * part)
        step = 1_000 + run.step if late else run.step
        came = self.write(
            FinishRun(
                run.row["id"],
                run.attempt - late,
                "done",
                (LedgerEntry(step, "m", nusd=cost),),
                "{}",
            ),
            broken,
        )
        assert came is not late
        self.paid, self.late, run.step = self.paid + cost, self.late + cost * late, run.step + 1
        if not late:
            run.status, run.granted = "done", 0

    @rule(data=st.data(), broken=faults)
    def cancel(self, data: st.DataObject, broken: list[str]) -> None:
        if (run := self.pick(data, "queued", "done", "failed", "interrupted")) is None:
            return
        came = self.write(CancelRun(run.row["id"]), broken)
        if run.status == "queued":
            run.status, run.attempt = "cancelled", run.attempt + 1
        assert came == run.status

    @rule(data=st.data(), broken=faults)
    def cut_off(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "running", "done"):
            came = self.write(MarkInterrupted(run.row["id"], "{}"), broken)
            assert came is (run.status == "running") or "after" in broken
            run.status = "interrupted" if run.status == "running" else run.status

    @rule(data=st.data(), broken=faults)
    def settle(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "interrupted", "done", "queued", "running"):
            came = self.write(SettleReservation(run.row["id"]), broken)
            assert came is (run.status in {"interrupted", "done"})
            if came:
                self.paid, run.granted = self.paid + run.granted, 0

    @rule(data=st.data(), broken=faults)
    def hand_over(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "running", "done"):
            assert self.write(MakeDurable(run.row["id"], run.attempt, "{}"), broken) is (
                run.status == "running"
            )

    @rule(data=st.data(), broken=faults)
    def requeue(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "interrupted", "failed", "cancelled", "done", "queued"):
            came = self.write(RequeueRun(run.row["id"]), broken)
            if run.status in {"done", "queued"}:
                # who cannot know whether it was written finds it queued, and takes that for what
                # was asked
                assert isinstance(came, RunSuperseded) or (
                    run.status == "queued" and {"before", "after"} & set(broken)
                )
                return
            assert came == run.attempt
            self.paid, run.granted, run.status = self.paid + run.granted, 0, "queued"

    @rule(data=st.data(), broken=faults)
    def fail(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "queued", "running", "done"):
            self.write(FailRun(run.row["id"], run.attempt, "internal", "{}"), broken)
            if run.status != "done":
                self.paid, run.granted, run.status, run.attempt = (
                    self.paid + run.granted,
                    0,
                    "failed",
                    run.attempt + 1,
                )

    @precondition(lambda self: self.runs)
    @invariant()
    def as_known(self) -> None:
        for run in self.runs:
            found = run_row(self.database, run.row["id"])
            assert (found.status, found.attempt, found.reserved_nusd) == (
                run.status,
                run.attempt,
                run.granted,
            )
        assert assert_consistent(self.database) == self.paid
        for number, limits in enumerate(LIMITS):
            for most, period in ((limits.day, today()), (limits.month, today()[:7])):
                assert (
                    most is None
                    or sum(balance(self.database, f"key_{number}", period)) <= most + self.late
                )


def test_any_order(tmp_path: Path) -> None:
    """No order of changes and of broken transactions brings the books apart, or a key over its
    budget."""
    Books.folder = tmp_path
    case: Any = Books.TestCase()
    generate = (
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    )  # making a failure smaller takes longer than reading it
    checks = list(HealthCheck)
    case.settings = settings(
        max_examples=25,
        stateful_step_count=30,
        deadline=None,
        phases=generate,
        suppress_health_check=checks,
    )
    case.runTest()
