"""The journal: whatever is written by whom and whatever breaks, the books agree, no limit is passed, and nobody waits for ever."""

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
from connector.store import journal as journal_module
from connector.store.database import open_database
from connector.store.ids import today
from connector.store.journal import Journal
from connector.store.notes import (
    Begin,
    Cancel,
    CutOff,
    End,
    Entry,
    Fail,
    Gone,
    Grant,
    HandOver,
    Limits,
    More,
    Note,
    Release,
    Requeue,
    Reserved,
    Same,
    SettleRest,
    Start,
    Unwritten,
)
from tests import books
from tests.books import a_run, agree, entries, queued, standing, the_run
from tests.databases import KINDS, database_url

DAY = Limits(day=1_000)
PATIENCE = 60.0  # seconds, for what takes one or two


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A new database of each kind."""
    with database_url(request.param) as address:
        opened = open_database(Settings(data_dir=tmp_path, database_url=address))
        yield opened
        opened.dispose()


@pytest.fixture
def journal(database: Engine) -> Iterator[Journal]:
    opened = Journal(database)
    yield opened
    opened.close()


# --- a database that breaks --------------------------------------------------------------------------------------------


class Broken(Exception):
    """No failure that a database has."""


@dataclass
class Breaking:
    """A real database whose next transactions break at a place, as many as are told: at the first statement, in the middle, or at the
    end, ``before`` the commit or ``after`` it, when nobody can know any more that it was done."""

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


def breaking(database: Engine) -> tuple[Breaking, Journal]:
    owner = Breaking(database)
    return owner, Journal(owner)  # type: ignore[arg-type]


def insist(journal: Journal, note: Note) -> Any:
    """Write what must not be lost, as a runner does."""
    while True:
        try:
            return journal.write(note)
        except Unwritten:
            time.sleep(0.01)


# --- what each note does -----------------------------------------------------------------------------------------------


def test_a_run_that_is_answered(database: Engine, journal: Journal) -> None:
    """A run reserves what it may cost, and in the end has booked what it did cost and holds nothing; so has its key, by day and month."""
    row = a_run()
    assert journal.write(Begin(row, DAY, 400, 100)) == Grant(400)
    assert standing(database, "key_a") == (400, 0)
    assert agree(database) == 0
    assert journal.write(End(row["id"], 1, "done", (Entry(0, "m", 10, 0, 5, 0, 123),), "{}")) is True
    assert standing(database, "key_a") == standing(database, "key_a", today()[:7]) == (0, 123)
    assert agree(database) == 123
    found = the_run(database, row["id"])
    assert (found.status, found.cost_nusd, found.reserved_nusd, found.answer) == ("done", 123, 0, "{}")


@pytest.mark.parametrize("period", ["day", "month"])
def test_limits(database: Engine, journal: Journal, period: str) -> None:
    """A grant is never more than a budget has left, nor less than is asked for at the least; who is refused hears whether to wait."""
    limits = Limits(**{period: 1_000})
    first, second = a_run(), a_run()
    assert journal.write(Begin(first, limits, 700, 175)).nusd == 700
    assert journal.write(Begin(second, limits, 700, 175)).nusd == 300
    with pytest.raises(Reserved, match="reserved by calls that are under way"):
        journal.write(Begin(a_run(), limits, 700, 175))
    journal.write(End(first["id"], 1, "done", (Entry(0, "m", nusd=700),)))
    with pytest.raises(Reserved):
        journal.write(Begin(a_run(), limits, 700, 175))
    journal.write(End(second["id"], 1, "done", (Entry(0, "m", nusd=126),)))
    with pytest.raises(FormcallError, match=r"\$0.000001 ?\) does not pay for another call") as caught:
        journal.write(Begin(a_run(), limits, 700, 175))
    assert caught.value.code == "budget_exceeded"
    assert journal.write(Begin(a_run("key_b"), limits, 700, 175)).nusd == 700
    assert agree(database) == 826


def test_a_month_that_is_spent_is_said_at_once(journal: Journal) -> None:
    """Nobody waits for a day's budget that is only reserved while the month's is spent."""
    spent = a_run(day=f"{today()[:7]}-00")
    journal.write(Begin(spent, Limits(), 500, 500))
    journal.write(End(spent["id"], 1, "done", (Entry(0, "m", nusd=500),)))
    limits = Limits(day=100, month=560)
    assert journal.write(Begin(a_run(), limits, 60, 60)).nusd == 60
    with pytest.raises(Reserved):
        journal.write(Begin(a_run(), limits, 50, 50))
    with pytest.raises(FormcallError, match="this month") as caught:
        journal.write(Begin(a_run(), Limits(day=100, month=540), 50, 50))
    assert caught.value.code == "budget_exceeded"


def test_between_two_calls(database: Engine, journal: Journal) -> None:
    """The first call is booked and the next one reserved at once; a run that was refused for now holds nothing, and books nothing twice."""
    row = a_run()
    journal.write(Begin(row, DAY, 600, 150))
    more = More(row["id"], 1, (Entry(0, "m", nusd=200),), DAY, 600, 150)
    assert journal.write(more).nusd == 600
    assert standing(database, "key_a") == (600, 200)
    other = a_run()
    assert journal.write(Begin(other, DAY, 600, 150)).nusd == 200
    again = More(row["id"], 1, (Entry(1, "m", nusd=600),), DAY, 600, 150)
    with pytest.raises(Reserved):
        journal.write(again)
    assert standing(database, "key_a") == (200, 800)
    with pytest.raises(Reserved):
        journal.write(again)
    assert standing(database, "key_a") == (200, 800)
    journal.write(End(other["id"], 1, "done"))
    assert journal.write(again).nusd == 200
    assert agree(database) == 800
    assert [one.step for one in entries(database, row["id"])] == [0, 1]


def test_cancelling(database: Engine, journal: Journal) -> None:
    """What waits ends at once, what runs before its next call, what has ended stays; a call that was made is booked."""
    waits, runs = queued(), a_run()
    journal.write(Begin(waits))
    journal.write(Begin(runs, DAY, 100, 25))
    assert journal.write(Cancel(waits["id"], "{}")) == "cancelled"
    assert journal.write(Cancel(runs["id"])) == "running"
    with pytest.raises(Gone, match="cancelled"):
        journal.write(More(runs["id"], 1, (Entry(0, "m", nusd=40),), DAY, 100, 25))
    assert standing(database, "key_a") == (0, 40)
    journal.write(End(runs["id"], 1, "cancelled", code="cancelled"))
    assert journal.write(Cancel(runs["id"])) == "cancelled"
    done = a_run()
    journal.write(Begin(done))
    journal.write(End(done["id"], 1, "done", answer='{"ok": true}'))
    assert journal.write(Cancel(done["id"])) == "done"
    assert the_run(database, done["id"]).answer == '{"ok": true}'
    assert agree(database) == 40


def test_what_was_cut_off_is_booked_once(database: Engine, journal: Journal) -> None:
    """A reservation whose call nobody saw the end of stays with its run, and is booked in full when the run is settled, or run again."""
    for settle in (SettleRest, lambda run: Start(run, "there", 1, ("interrupted",)), Requeue):
        row = a_run()
        journal.write(Begin(row, DAY, 300, 75))
        assert journal.write(CutOff(row["id"], "{}")) is True
        assert journal.write(CutOff(row["id"], "{}")) is False
        assert the_run(database, row["id"]).reserved_nusd == 300
        journal.write(settle(row["id"]))
        found = the_run(database, row["id"])
        assert (found.reserved_nusd, found.cost_nusd, found.estimated_nusd) == (0, 300, 300)
        journal.write(SettleRest(row["id"]))
    assert agree(database) == 900
    assert {(one.step, one.estimated) for one in entries(database)} == {(-1, True)}


def test_a_run_that_is_cancelled_while_it_waits_again_holds_nothing(database: Engine, journal: Journal) -> None:
    """Cut off, put back into the queue and cancelled there: no money stays reserved for it."""
    row = a_run()
    journal.write(Begin(row, DAY, 300, 75))
    journal.write(CutOff(row["id"], "{}"))
    journal.write(Requeue(row["id"]))
    assert journal.write(Cancel(row["id"])) == "cancelled"
    assert standing(database, "key_a") == (0, 300)
    agree(database)


def test_an_attempt_is_followed_once(database: Engine, journal: Journal) -> None:
    """Of two who want to carry out the same attempt one does; the other, and whoever comes late with an older one, changes nothing."""
    row = queued()
    journal.write(Begin(row))
    assert journal.write(Start(row["id"], "a", 0, limits=DAY, want=100, least=25)) == Grant(100, 1)
    for late in (Start(row["id"], "b", 0, ("queued", "running")), Start(row["id"], "b", 1)):
        with pytest.raises(Gone, match="running"):
            journal.write(late)
    assert journal.write(Start(row["id"], "b", 1, ("running",), DAY, 100, 25)) == Grant(100, 2)
    assert journal.write(HandOver(row["id"], 1, "{}")) is False
    with pytest.raises(Gone):
        journal.write(More(row["id"], 1, (Entry(0, "m", nusd=7),)))
    assert journal.write(End(row["id"], 1, "done", (Entry(1, "m", nusd=8),))) is False
    assert journal.write(Fail(row["id"], 1, "internal", "{}")) is False
    found = the_run(database, row["id"])
    assert (found.status, found.host, found.attempt, found.reserved_nusd, found.cost_nusd) == ("running", "b", 2, 100, 115)
    assert agree(database) == 115


def test_each_wait_in_the_queue_has_a_number_of_its_own(database: Engine, journal: Journal) -> None:
    """A run that failed or was cancelled before it began has used up an attempt, so that its next place in the queue is a new one."""
    row = queued()
    journal.write(Begin(row))
    seen = {0}
    for end in (lambda last: Fail(row["id"], last, "internal", "{}"), lambda last: Cancel(row["id"])):
        journal.write(end(the_run(database, row["id"]).attempt))
        attempt = journal.write(Requeue(row["id"]))
        assert attempt not in seen
        seen.add(attempt)
        found = the_run(database, row["id"])
        assert (found.status, found.host, found.attempt) == ("queued", "", attempt)
    with pytest.raises(Gone, match="queued"):
        journal.write(Requeue(row["id"]))


def test_midnight(database: Engine, journal: Journal) -> None:
    """What was reserved on a day is freed and booked on that day; a new attempt is a new day's, and each day has its own budget."""
    row = a_run(day="2026-01-31")
    journal.write(Begin(row, DAY, 900, 225))
    assert journal.write(Begin(a_run(day="2026-02-01"), DAY, 900, 225)).nusd == 900
    assert journal.write(More(row["id"], 1, (Entry(0, "m", nusd=500),), DAY, 900, 225)).nusd == 500
    journal.write(CutOff(row["id"], "{}"))
    limits = Limits(day=2_000)
    assert journal.write(Start(row["id"], "here", 1, ("interrupted",), limits, 900, 225, "2026-02-01")).nusd == 900
    assert standing(database, "key_a", "2026-01-31") == standing(database, "key_a", "2026-01") == (0, 1_000)
    assert standing(database, "key_a", "2026-02-01") == standing(database, "key_a", "2026-02") == (1_800, 0)
    journal.write(End(row["id"], 2, "done", (Entry(0, "m", nusd=1),)))
    assert standing(database, "key_a", "2026-02-01") == (900, 1)
    assert [(one.attempt, one.step, one.day) for one in entries(database, row["id"])] == [
        (1, -1, "2026-01-31"), (1, 0, "2026-01-31"), (2, 0, "2026-02-01"),
    ]  # fmt: skip
    agree(database)


def test_a_price_that_is_not_known(database: Engine, journal: Journal) -> None:
    """A call without a price makes the cost of its run unknown for good; what else it spent is counted all the same."""
    row = a_run()
    journal.write(Begin(row))
    journal.write(More(row["id"], 1, (Entry(0, "m", nusd=5), Entry(1, "x", nusd=None))))
    journal.write(End(row["id"], 1, "done", (Entry(2, "m", nusd=6),)))
    assert the_run(database, row["id"]).cost_nusd is None
    assert standing(database, "key_a") == (0, 11)
    agree(database)


def test_what_there_is_not(journal: Journal) -> None:
    """A note about a run that there is not is refused, and is no reason to refuse another."""
    for note in (End("run_x", 1, "done"), More("run_x", 1, ()), Cancel("run_x"), Start("run_x", "h", 1), Release("run_x")):
        with pytest.raises(FormcallError, match="no such run"):
            journal.write(note)


def test_as_many_at_once_as_a_key_may(database: Engine, journal: Journal) -> None:
    """Runs under way are counted also when they come in the same moment; one that ends makes room."""
    limits, rows = Limits(at_once=3), [a_run() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        came = list(pool.map(lambda row: _came(journal, Begin(row, limits)), rows))
    begun = [row for row, one in zip(rows, came, strict=True) if isinstance(one, Grant)]
    assert len(begun) == 3
    assert {one.code for one in came if isinstance(one, FormcallError)} == {"too_many_at_once"}
    journal.write(End(begun[0]["id"], 1, "done"))
    assert isinstance(journal.write(Begin(a_run(), limits)), Grant)


def _came(journal: Journal, note: Note) -> Any:
    try:
        return journal.write(note)
    except FormcallError as error:
        return error


def test_the_same_key_at_the_same_moment(database: Engine) -> None:
    """Of requests with one idempotency key, from several processes at once, one begins and the others hear which; other keys begin."""
    journals = [Journal(database) for _ in range(3)]
    rows = [a_run(f"key_{number % 2}", idempotency_key="order 7", digest=f"d{number}") for number in range(24)]
    gate = threading.Barrier(len(rows))

    def begin(number: int) -> Any:
        gate.wait()
        return insist(journals[number % 3], Begin(rows[number], DAY, 10, 10))

    with ThreadPoolExecutor(len(rows)) as pool:
        came = list(pool.map(begin, range(len(rows))))
    for own in (0, 1):
        mine = came[own::2]
        (winner,) = [rows[own::2][number] for number, one in enumerate(mine) if isinstance(one, Grant)]
        assert {one for one in mine if isinstance(one, Same)} == {Same(winner["id"], winner["digest"])}
        assert standing(database, f"key_{own}") == (10, 0)
    agree(database)
    for each in journals:
        each.close()


# --- when something breaks ---------------------------------------------------------------------------------------------


def _prepared(journal: Journal) -> dict[str, tuple[Callable[[], Note], Any]]:
    """Each kind of note, what it comes to, ready to be written over runs that are there for it."""
    made: dict[str, Any] = {name: a_run() for name in ("more", "end", "over", "cut", "settle", "requeue", "again", "release")}
    waiting = {name: queued() for name in ("start", "fail", "cancel")}
    for row in made.values():
        journal.write(Begin(row, DAY, 10, 10))
    for row in waiting.values():
        journal.write(Begin(row))
    for name in ("settle", "requeue", "again"):
        journal.write(CutOff(made[name]["id"], "{}"))
    ids = {name: row["id"] for name, row in {**made, **waiting}.items()}
    fresh, same = a_run(), a_run(idempotency_key="k", digest="d")
    return {
        "begin": (lambda: Begin(fresh, DAY, 10, 10), Grant(10)),
        "begin with a key": (lambda: Begin(same, DAY, 10, 10), Grant(10)),
        "begin queued": (lambda: Begin(queued(id="run_q"), DAY, 10, 10), Grant(0, 0)),
        "more": (lambda: More(ids["more"], 1, (Entry(0, "m", nusd=3), Entry(1, "m", nusd=4)), DAY, 20, 10), Grant(20)),
        "end": (lambda: End(ids["end"], 1, "done", (Entry(0, "m", nusd=5),), "{}", event="run.completed", body="{}"), True),
        "hand over": (lambda: HandOver(ids["over"], 1, "{}"), True),
        "settle": (lambda: SettleRest(ids["settle"]), True),
        "requeue": (lambda: Requeue(ids["requeue"], "{}"), 1),
        "start": (lambda: Start(ids["start"], "here", 0, ("queued",), DAY, 10, 10), Grant(10, 1)),
        "start again": (lambda: Start(ids["again"], "here", 1, ("interrupted",), DAY, 10, 10), Grant(10, 2)),
        "cancel": (lambda: Cancel(ids["cancel"]), "cancelled"),
        "release": (lambda: Release(ids["release"]), None),
    }


@pytest.mark.parametrize("place", PLACES)
def test_a_transaction_that_breaks_is_written_once(database: Engine, place: str) -> None:
    """Wherever the connection breaks, also right after a commit that nobody heard of, each kind of note is written once and hears so."""
    owner, journal = breaking(database)
    for name, (make, wanted) in _prepared(journal).items():
        before = agree(database)
        owner.places = [place]
        if place == "connect":
            journal.close()
        note = make()
        assert journal.write(note) == wanted, name
        assert (owner.places, note.commits) == ([], 1), name
        assert agree(database) - before == {"more": 7, "end": 5, "settle": 10, "requeue": 10, "start again": 10}.get(name, 0), name
    journal.close()
    books.is_unlocked(database)


@pytest.mark.parametrize("place", ["before", "after"])
def test_who_gives_up_and_comes_back_is_written_once(database: Engine, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note that the database did not take for long is refused for now; written again later, it is there once."""
    monkeypatch.setattr(journal_module, "_PATIENCE", 0.0)
    owner, journal = breaking(database)
    for name, (make, wanted) in _prepared(journal).items():
        owner.places = [place] * 3
        note = make()
        for _ in range(3):
            with pytest.raises(Unwritten) as caught:
                journal.write(note)
            assert (caught.value.code, caught.value.kind.status) == ("busy", 503)
        assert journal.write(note) == wanted, name
        agree(database)
    journal.close()


def test_one_that_cannot_be_written_takes_no_other_along(database: Engine, journal: Journal) -> None:
    """A text that no database takes, or a mistake of ours, fails its own note; those beside it are written, and so is what comes after."""

    class Wrong(Note):
        def decide(self, group: Any) -> Any:
            raise Broken

    rows = [a_run() for _ in range(20)]
    bad = a_run(tag="\ud800")
    notes: list[Note] = [Begin(row, DAY, 1, 1) for row in rows]
    notes[5:5], notes[9:9] = [Begin(bad, DAY, 1, 1)], [Wrong()]
    came = _together(journal, notes)
    assert sum(isinstance(one, Grant) for one in came) == len(rows)
    assert {type(one) for one in came} >= {Broken, Grant}
    assert sum(isinstance(one, Exception) for one in came) == 2
    assert standing(database, "key_a") == (20, 0)
    agree(database)


def _together(journal: Journal, notes: list[Note]) -> list[Any]:
    """What came of notes that wait for the same turn: nobody can write until all are there."""
    holds = threading.Event()

    class First(Note):
        def decide(self, group: Any) -> None:
            holds.wait(PATIENCE)

    first, join = _begun(journal, [First()])
    while not journal._is_led:
        time.sleep(0.001)
    came, join_them = _begun(journal, notes)
    while len(journal._waiting) < len(notes):
        time.sleep(0.001)
    holds.set()
    join()
    join_them()
    assert first == [None]
    return came


def _begun(journal: Journal, notes: list[Note]) -> tuple[list[Any], Callable[[], None]]:
    """Threads that write ``notes``: what comes of each, and a wait for all of them."""
    came: list[Any] = [Broken] * len(notes)

    def write(number: int, note: Note) -> None:
        try:
            came[number] = journal.write(note)
        except BaseException as error:
            came[number] = error

    threads = [threading.Thread(target=write, args=pair, daemon=True) for pair in enumerate(notes)]
    for thread in threads:
        thread.start()

    def join() -> None:
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a thread hangs"

    return came, join


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, Broken, MemoryError, RecursionError])
def test_a_leader_that_is_torn_out(database: Engine, journal: Journal, kind: type[BaseException]) -> None:
    """Whatever is raised while a thread writes for others, nobody hangs, nobody hears of a change that was not made, nothing stays open."""

    class Torn(Note):
        def decide(self, group: Any) -> Any:
            raise kind

    rows = [a_run() for _ in range(30)]
    notes: list[Note] = [Begin(row, DAY, 1, 1) for row in rows]
    notes.insert(7, Torn())
    came = _together(journal, notes)
    assert isinstance(came.pop(7), kind | Unwritten)
    books.is_unlocked(database)
    for row, one in zip(rows, came, strict=True):
        if isinstance(one, Grant):
            assert the_run(database, row["id"]).reserved_nusd == 1
        else:
            assert isinstance(one, kind | Unwritten)
    assert sum(isinstance(one, Grant) for one in came) * 1 == standing(database, "key_a")[0]
    assert journal.write(Begin(a_run(), DAY, 1, 1)).nusd == 1
    agree(database)


@pytest.mark.parametrize("leads", [True, False], ids=["who writes", "who waits"])
def test_a_thread_that_is_called_away(database: Engine, journal: Journal, leads: bool) -> None:
    """A signal in the midst of writing, or of waiting for it, ends that thread's wait and nobody else's."""
    holds, inside = threading.Event(), threading.Event()

    class Slow(Note):
        def decide(self, group: Any) -> None:
            inside.set()
            holds.wait(PATIENCE)

    def called(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, called)
    row = a_run()
    _, join = _begun(journal, [] if leads else [Slow()])
    try:
        assert leads or inside.wait(PATIENCE)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            journal.write(Slow() if leads else Begin(row, DAY, 1, 1))
    finally:
        signal.signal(signal.SIGALRM, before)
    holds.set()
    join()
    came, join = _begun(journal, [Begin(a_run(), DAY, 1, 1) for _ in range(8)])
    join()
    assert came == [Grant(1)] * 8
    agree(database)


def test_a_database_that_is_busy(tmp_path: Path) -> None:
    """While another process holds an SQLite file, a note waits; when it takes too long it is refused for now, and works afterwards."""
    database = open_database(Settings(data_dir=tmp_path))
    event.listen(database, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=100"))
    database.dispose()
    journal, other = Journal(database), database.raw_connection()
    other.execute("BEGIN IMMEDIATE")
    row = a_run()
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(journal.write, Begin(row, DAY, 5, 5))
        time.sleep(0.5)
        other.rollback()
        assert waiting.result(PATIENCE).nusd == 5
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unwritten):
        journal.write(End(row["id"], 1, "done", (Entry(0, "m", nusd=5),)))
    other.rollback()
    assert time.monotonic() - began < PATIENCE
    assert journal.write(End(row["id"], 1, "done", (Entry(0, "m", nusd=5),))) is True
    assert agree(database) == 5
    other.close()
    journal.close()
    database.dispose()


def test_a_database_that_is_away(tmp_path: Path) -> None:
    """While nobody can reach the database, all who write are refused for now within seconds, however many; afterwards all works again."""
    with database_url("postgresql") as address:
        database = open_database(Settings(data_dir=tmp_path, database_url=address))
        journal, rows = Journal(database), [a_run() for _ in range(40)]
        for row in rows[:20]:
            journal.write(Begin(row, DAY, 5, 5))
        notes: list[Note] = [End(row["id"], 1, "done", (Entry(0, "m", nusd=5),)) for row in rows[:20]]
        notes += [Begin(row, DAY, 5, 5) for row in rows[20:]]
        books.away(database, is_away=True)
        began = time.monotonic()
        with ThreadPoolExecutor(len(notes)) as pool:
            came = list(pool.map(lambda note: _came(journal, note), notes))
        assert {type(one) for one in came} == {Unwritten}
        assert time.monotonic() - began < 20
        books.away(database, is_away=False)
        with ThreadPoolExecutor(len(notes)) as pool:
            assert {type(one) for one in pool.map(lambda note: _came(journal, note), notes)} == {bool, Grant}
        assert standing(database, "key_a") == (100, 100)
        assert agree(database) == 100
        journal.close()
        database.dispose()


# --- many at once ------------------------------------------------------------------------------------------------------


@dataclass
class Worker:
    """A thread that carries runs out as the service does, in a random order, on keys that all share."""

    journal: Journal
    database: Engine
    chance: random.Random
    keys: tuple[str, ...]
    limits: Limits
    paid: int = 0
    refused: int = 0

    def one(self) -> None:
        row = a_run(self.chance.choice(self.keys))
        want = self.chance.randrange(1, 60)
        begun = self._try(Begin(row, self.limits, want, max(1, want // 4)))
        if not begun:
            return None
        attempt, step, granted = 1, 0, begun.nusd
        while self.chance.random() < 0.5:
            cost = self.chance.randrange(granted + 1)
            more = self._insist(More(row["id"], attempt, (Entry(step, "m", nusd=cost),), self.limits, want, max(1, want // 4)))
            self.paid, step = self.paid + cost, step + 1
            if not more:
                return self._end(row, attempt, ())
            granted = more.nusd
        self._finish(row, attempt, step, granted, want)
        return None

    def _finish(self, row: Any, attempt: int, step: int, granted: int, want: int) -> None:
        fate = self.chance.random()
        if fate < 0.15:
            self._insist(CutOff(row["id"], "{}"))
            self.paid += granted
            self._insist(self.chance.choice([SettleRest(row["id"]), Requeue(row["id"])]))
            self._insist(Cancel(row["id"]))
        elif fate < 0.3:
            begun = self._insist(Start(row["id"], "there", attempt, ("running",), self.limits, want, max(1, want // 4)))
            self.paid += granted
            self._end(row, attempt + 1 if begun else attempt, ())
        else:
            cost = self.chance.randrange(granted + 1)
            self.paid += cost
            self._insist(HandOver(row["id"], attempt, "{}"))
            self._end(row, attempt, (Entry(step, "m", nusd=cost),))

    def _end(self, row: Any, attempt: int, made: tuple[Entry, ...]) -> None:
        assert self._insist(End(row["id"], attempt, "done", made)) is True

    def _try(self, note: Note) -> Any:
        """One try, after which the note is given up."""
        try:
            return self.journal.write(note)
        except FormcallError:
            self.refused += 1
            return None

    def _insist(self, note: Note) -> Any:
        try:
            return insist(self.journal, note)
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

    threads = [threading.Thread(target=carry_out, args=(worker,), daemon=True) for worker in workers]
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
            reserved, spent = standing(database, key)
            assert reserved >= 0
            assert spent >= 0
            assert reserved + spent <= most

    return look


@pytest.mark.parametrize("seed", [1, 2])
def test_many_threads(database: Engine, seed: int) -> None:
    """Threads of two processes on the same keys: at no moment more is reserved and spent than a budget has, and what was paid is booked."""
    keys, limits = ("key_a", "key_b", "key_c"), Limits(day=3_000, month=50_000)
    journals = [Journal(database), Journal(database)]
    workers = [Worker(journals[number % 2], database, random.Random(f"{seed}.{number}"), keys, limits) for number in range(16)]
    _work(workers, 25, _never_over(database, keys, 3_000))
    paid = sum(worker.paid for worker in workers)
    assert agree(database) == paid > 3_000
    assert sum(worker.refused for worker in workers)
    assert all(standing(database, key)[0] == 0 for key in keys)
    for journal in journals:
        journal.close()


def test_two_processes_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Two processes that reserve and book on the same keys in every order never come to a deadlock."""
    with database_url("postgresql") as address:
        database = open_database(Settings(data_dir=tmp_path, database_url=address))
        keys = tuple(f"key_{number}" for number in range(6))
        journals = [Journal(database), Journal(database)]
        for journal in journals:
            journal.write(Begin(a_run(), DAY, 1, 1))
        connections = [journal._connection for journal in journals]
        limits = [Limits(day=10**9), Limits(month=10**9), Limits()]
        chances = [random.Random(number) for number in range(16)]
        workers = [Worker(journals[number % 2], database, chance, keys, limits[number % 3]) for number, chance in enumerate(chances)]
        _work(workers, 25)
        assert [journal._connection for journal in journals] == connections, "a transaction was broken off"
        agree(database)
        for journal in journals:
            journal.close()
        database.dispose()


def test_many_threads_over_a_database_that_breaks(database: Engine) -> None:
    """The same over connections that break anywhere at any time: nothing is lost, nothing is doubled, nobody hangs."""
    owner, journal = breaking(database)
    keys, limits, chance = ("key_a", "key_b"), Limits(day=10_000), random.Random(7)
    workers = [Worker(journal, database, random.Random(number), keys, limits) for number in range(12)]

    def trouble() -> None:
        if not owner.places and chance.random() < 0.4:
            owner.places = [chance.choice(PLACES) for _ in range(chance.choice([1, 1, 2]))]

    _work(workers, 15, trouble)
    assert owner.broken > 10
    owner.places = []
    assert agree(database) == sum(worker.paid for worker in workers)
    journal.close()


def test_many_threads_over_connections_that_are_cut(tmp_path: Path) -> None:
    """The same while the server of a PostgreSQL database ends our sessions again and again."""
    with database_url("postgresql") as address:
        database = open_database(Settings(data_dir=tmp_path, database_url=address))
        keys = ("key_a", "key_b")
        journals = [Journal(database), Journal(database)]
        workers = [Worker(journals[number % 2], database, random.Random(number), keys, Limits(day=10_000)) for number in range(8)]
        cuts = iter([time.monotonic() + 0.1 * number for number in range(1, 12)] + [float("inf")])
        at = [next(cuts)]

        def trouble() -> None:
            if time.monotonic() > at[0]:
                at[0] = next(cuts)
                books.away(database, is_away=True)
                books.away(database, is_away=False)

        _work(workers, 40, trouble)
        database.dispose()
        # a run whose beginning was given up may have begun, since its commit was not heard of: its process would find it later
        assert agree(database) == sum(worker.paid for worker in workers)
        for journal in journals:
            journal.close()
        database.dispose()


# --- any order ---------------------------------------------------------------------------------------------------------


@dataclass
class Known:
    """What a run must look like."""

    row: Any
    limits: Limits
    status: str
    attempt: int
    granted: int = 0
    step: int = 0


LIMITS = (Limits(), Limits(day=500), Limits(month=900), Limits(day=400, month=700))
faults = st.lists(st.sampled_from(PLACES), max_size=2)
share = st.floats(0, 1)


class Books(RuleBasedStateMachine):
    """Notes of every kind in any order over a database that breaks anywhere: what is known of each run holds, and the books agree."""

    folder: Path
    number = 0

    def __init__(self) -> None:
        super().__init__()
        Books.number += 1
        self.database = open_database(Settings(data_dir=self.folder / str(Books.number)))
        self.owner, self.journal = breaking(self.database)
        self.runs: list[Known] = []
        self.paid = 0
        self.late = 0  # of calls of attempts that were taken over: their estimates are booked as well

    def teardown(self) -> None:
        self.journal.close()
        self.database.dispose()

    def write(self, note: Note, broken: list[str]) -> Any:
        self.owner.places = list(broken)
        try:
            return insist(self.journal, note)
        except FormcallError as error:
            return error
        finally:
            self.owner.places = []

    def pick(self, data: st.DataObject, *statuses: str) -> Known | None:
        found = [one for one in self.runs if one.status in statuses]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(limits=st.integers(0, len(LIMITS) - 1), want=st.integers(0, 300), waits=st.booleans(), broken=faults)
    def begin(self, limits: int, want: int, waits: bool, broken: list[str]) -> None:
        row = (queued if waits else a_run)(f"key_{limits}")
        came = self.write(Begin(row, LIMITS[limits], want, want // 4), broken)
        if isinstance(came, Grant):
            assert came.nusd == 0 if waits else want // 4 <= came.nusd <= want
            self.runs.append(Known(row, LIMITS[limits], row["status"], row["attempt"], came.nusd))

    @rule(data=st.data(), want=st.integers(0, 300), again=st.booleans(), broken=faults)
    def start(self, data: st.DataObject, want: int, again: bool, broken: list[str]) -> None:
        if (run := self.pick(data, "queued", "running", "interrupted", "failed")) is None:
            return
        last = run.attempt - again
        note = Start(run.row["id"], "there", last, ("queued", "running", "interrupted", "failed"), run.limits, want, want // 4)
        came = self.write(note, broken)
        if again:
            assert isinstance(came, Gone)
            return
        self.paid, run.granted, run.step = self.paid + run.granted, 0, 0
        if isinstance(came, Grant):
            run.status, run.attempt, run.granted = "running", run.attempt + 1, came.nusd
            assert came.attempt == run.attempt

    @rule(data=st.data(), part=share, want=st.integers(0, 300), broken=faults)
    def more(self, data: st.DataObject, part: float, want: int, broken: list[str]) -> None:
        if (run := self.pick(data, "running")) is None:
            return
        cost = int(run.granted * part)
        came = self.write(More(run.row["id"], run.attempt, (Entry(run.step, "m", nusd=cost),), run.limits, want, want // 4), broken)
        self.paid, run.step, run.granted = self.paid + cost, run.step + 1, came.nusd if isinstance(came, Grant) else 0

    @rule(data=st.data(), part=share, late=st.booleans(), broken=faults)
    def end(self, data: st.DataObject, part: float, late: bool, broken: list[str]) -> None:
        if (run := self.pick(data, "running")) is None or (late and run.attempt < 2):
            return
        cost = int((30 if late else run.granted) * part)
        step = 1_000 + run.step if late else run.step
        came = self.write(End(run.row["id"], run.attempt - late, "done", (Entry(step, "m", nusd=cost),), "{}"), broken)
        assert came is not late
        self.paid, self.late, run.step = self.paid + cost, self.late + cost * late, run.step + 1
        if not late:
            run.status, run.granted = "done", 0

    @rule(data=st.data(), broken=faults)
    def cancel(self, data: st.DataObject, broken: list[str]) -> None:
        if (run := self.pick(data, "queued", "done", "failed", "interrupted")) is None:
            return
        came = self.write(Cancel(run.row["id"]), broken)
        if run.status == "queued":
            run.status, run.attempt = "cancelled", run.attempt + 1
        assert came == run.status

    @rule(data=st.data(), broken=faults)
    def cut_off(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "running", "done"):
            came = self.write(CutOff(run.row["id"], "{}"), broken)
            assert came is (run.status == "running") or "after" in broken
            run.status = "interrupted" if run.status == "running" else run.status

    @rule(data=st.data(), broken=faults)
    def settle(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "interrupted", "done", "queued", "running"):
            came = self.write(SettleRest(run.row["id"]), broken)
            assert came is (run.status in {"interrupted", "done"})
            if came:
                self.paid, run.granted = self.paid + run.granted, 0

    @rule(data=st.data(), broken=faults)
    def hand_over(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "running", "done"):
            assert self.write(HandOver(run.row["id"], run.attempt, "{}"), broken) is (run.status == "running")

    @rule(data=st.data(), broken=faults)
    def requeue(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "interrupted", "failed", "cancelled", "done", "queued"):
            came = self.write(Requeue(run.row["id"]), broken)
            if run.status in {"done", "queued"}:
                # who cannot know whether it was written finds it queued, and takes that for what was asked
                assert isinstance(came, Gone) or (run.status == "queued" and {"before", "after"} & set(broken))
                return
            assert came == run.attempt
            self.paid, run.granted, run.status = self.paid + run.granted, 0, "queued"

    @rule(data=st.data(), broken=faults)
    def fail(self, data: st.DataObject, broken: list[str]) -> None:
        if run := self.pick(data, "queued", "running", "done"):
            self.write(Fail(run.row["id"], run.attempt, "internal", "{}"), broken)
            if run.status != "done":
                self.paid, run.granted, run.status, run.attempt = self.paid + run.granted, 0, "failed", run.attempt + 1

    @precondition(lambda self: self.runs)
    @invariant()
    def as_known(self) -> None:
        for run in self.runs:
            found = the_run(self.database, run.row["id"])
            assert (found.status, found.attempt, found.reserved_nusd) == (run.status, run.attempt, run.granted)
        assert agree(self.database) == self.paid
        for number, limits in enumerate(LIMITS):
            for most, period in ((limits.day, today()), (limits.month, today()[:7])):
                assert most is None or sum(standing(self.database, f"key_{number}", period)) <= most + self.late


def test_any_order(tmp_path: Path) -> None:
    """No order of notes and of broken transactions brings the books apart, or a key over its budget."""
    Books.folder = tmp_path
    case: Any = Books.TestCase()
    generate = (Phase.explicit, Phase.reuse, Phase.generate)  # making a failure smaller takes longer than reading it
    checks = list(HealthCheck)
    case.settings = settings(max_examples=25, stateful_step_count=30, deadline=None, phases=generate, suppress_health_check=checks)
    case.runTest()
