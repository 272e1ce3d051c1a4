"""After a crash: what was promised goes on, what was not says so, and every call that may have been billed is in the books, once."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, select

from connector.jobs import recovery as recovery_module
from connector.jobs.machinery import Left
from connector.jobs.recovery import SETTLE_MS, Recovery
from connector.jobs.runner import Runner
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.notes import Begin, Cancel, End, HandOver, Note, Start, Unwritten
from connector.store.tables import runs
from tests.books import a_run, agree, entries, queued, the_run
from tests.conftest import Service, serving
from tests.databases import KINDS, database_url
from tests.shop import CALCULATE, COST, FOUND, Open, Shop, Till, by_turn, kill, look, new_key, over, send, shops, started, tell, until
from tests.upstream import FakeUpstream, Reply, Request, Step, dearest, function_call

Json = dict[str, Any]


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Open]:
    with shops(tmp_path) as one:
        yield one


class Gate:
    """A model that answers once the gate is open; its till takes what it answered, whoever still listens."""

    def __init__(self, step: Step | None = None) -> None:
        self.event, self.step = threading.Event(), step or Till()

    def __call__(self, request: Request) -> Reply:
        self.event.wait(60)
        return self.step(request)


class Jobs:
    """In place of the job engine: what it was asked to do, and when it does not answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.states: dict[str, str] = {}
        self.is_away = False

    def start(self, name: str, id: str, *args: Any) -> None:
        self._ask("start", id, args)

    def enqueue(self, queue: str, name: str, id: str, *args: Any, key: str | None = None) -> None:
        self._ask("enqueue", id, args)

    def _ask(self, what: str, id: str, args: tuple[Any, ...]) -> None:
        if self.is_away:
            raise ConnectionError
        self.asked.append((what, id, *args))
        self.states[id] = "queued"

    def status(self, id: str) -> str | None:
        return self.states.get(id)


def with_jobs(shop: Shop) -> tuple[Runner, Jobs, Recovery]:
    jobs = Jobs()
    shop.workshop.runner.jobs = jobs
    return shop.workshop.runner, jobs, shop.workshop.recovery


# --- kill -9 -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts a service again and again, over the same database of each kind."""
    with ExitStack() as stack:
        address = stack.enter_context(database_url(request.param))
        more = {"FORMCALL_DATABASE_URL": address} if address else {}
        key: list[str] = []

        def start(upstream: FakeUpstream, **variables: str) -> Service:
            service = stack.enter_context(serving(tmp_path / "service", **over(upstream, **more, **variables)))
            key.append(service.key or new_key(service))
            service.key = key[0]
            return service

        yield start


@contextmanager
def database_of(service: Service) -> Iterator[Engine]:
    settings = Settings(data_dir=service.folder / "data", database_url=service.environment.get("FORMCALL_DATABASE_URL", ""))
    database = open_database(settings)
    try:
        yield database
    finally:
        database.dispose()


def books_of(service: Service) -> int:
    with database_of(service) as database:
        return agree(database)


@pytest.mark.parametrize("action", ["classify", "answer_with_tools"])
def test_what_was_promised_goes_on(house: Callable[..., Service], action: str) -> None:
    """A run that was handed over before kill -9 is carried out again from its beginning and is done; what its first attempt had paid is in
    the books, with the call nobody saw the end of as an estimate. A process that shares a database is missed after half a minute."""
    steps = [Till(), Gate()] if action == "classify" else [Till(CALCULATE), Gate(Till(CALCULATE))]
    answer = by_turn(CALCULATE, function_call("answer_with_tools", FOUND)) if action == "answer_with_tools" else None
    rest = Till(answer) if answer else Till()
    at = len(steps) - 1 if action == "answer_with_tools" else 0
    first = steps if action == "answer_with_tools" else [steps[1]]
    with FakeUpstream([*first, *[rest] * 4]) as upstream:
        service = house(upstream)
        response = send(service, action, wait_seconds=0.5)
        assert response.status_code == 202
        run_id = response.json()["id"]
        until(lambda: len(upstream.requests) == at + 1)
        reserved = look(service, run_id)["reserved_usd"]
        kill(service)
        first[-1].event.set()
        service = house(upstream)
        ended = look(service, run_id, 90)
        assert (ended["status"], ended["attempt"], ended["ok"]) == ("done", 2, True)
        assert ended["estimated_usd"] == reserved > 0
        calls = 1 if action == "classify" else 2
        assert ended["cost_usd"] == pytest.approx(reserved + (at + calls) * COST / 1e9, abs=1e-12)
        assert (ended["reserved_usd"], len(upstream.requests)) == (0, at + 1 + calls)
        assert books_of(service) == round(ended["cost_usd"] * 1e9)
        with database_of(service) as database:
            found = [(call.attempt, call.step, call.estimated) for call in entries(database, run_id)]
        assert found == [(1, -1, True), *[(1, step, False) for step in range(at)], *[(2, step, False) for step in range(calls)]]


def test_what_was_not_promised_says_so(house: Callable[..., Service]) -> None:
    """A run whose caller only waited says after kill -9 that it was cut off, keeps what it had reserved, and runs again by its key, under
    its id, or by retry; until then nothing more is asked for it."""
    gate = Gate()
    with FakeUpstream([gate, gate, *[Till()] * 3]) as upstream, ThreadPoolExecutor(2) as pool:
        service = house(upstream)
        callers = [pool.submit(_ignoring, service, name) for name in ("by its key", "by retry")]
        until(lambda: upstream.in_flight == 2)
        kill(service)
        for caller in callers:
            caller.result()
        gate.event.set()
        service = house(upstream)
        with database_of(service) as database, database.connect() as connection:
            ids = {row.idempotency_key: row.id for row in connection.execute(select(runs.c.idempotency_key, runs.c.id))}
        for run_id in ids.values():
            cut = until(lambda run_id=run_id: (found := look(service, run_id))["status"] == "interrupted" and found, 90)
            assert (cut["ok"], cut["code"], cut["retryable"], cut["cost_usd"], cut["estimated_usd"]) == (False, "interrupted", True, 0, 0)
            assert cut["reserved_usd"] > 0
            assert "same idempotency key" in cut["detail"]
        assert len(upstream.requests) == 2
        books_of(service)
        answer = send(service, idempotency_key="by its key")
        assert (answer.status_code, answer.json()["id"]) == (200, ids["by its key"])
        assert tell(service, ids["by retry"], "retry").status_code == 202
        for run_id in ids.values():
            ended = look(service, run_id, 30)
            assert (ended["status"], ended["attempt"], ended["reserved_usd"]) == ("done", 2, 0)
            assert ended["cost_usd"] == pytest.approx(cut["reserved_usd"] + COST / 1e9, abs=1e-12)
        assert len(upstream.requests) == 4
        books_of(service)


def _ignoring(service: Service, name: str) -> None:
    try:
        send(service, idempotency_key=name)
    except requests.RequestException:
        pass


def test_killed_again_and_again(tmp_path: Path) -> None:
    """Whenever a service is killed while many runs are under way, in the end all that were promised are done, all others can be asked for
    again, no run is left open, and the books agree to the nano-dollar: each call is there once."""
    till = Till()
    with FakeUpstream(till.script, delay=0.4) as upstream, ThreadPoolExecutor(16) as pool:
        promised: set[str] = set()
        names = iter(range(10_000))
        key = ""
        for number in range(4):
            with serving(tmp_path, **over(upstream)) as service:
                key = service.key = key or service.key
                asked = [pool.submit(_promised, service, f"k{next(names)}", (0, 0.2, 30)[one % 3]) for one in range(12)]
                time.sleep(0.25 + 0.2 * number)
                kill(service)
                promised |= {one.result() for one in asked} - {""}
        with serving(tmp_path, **over(upstream)) as service:
            service.key = key
            assert promised
            assert {look(service, run_id, 60)["status"] for run_id in promised} == {"done"}
            with database_of(service) as database:
                until(lambda: not _open(database))
                with database.connect() as connection:
                    all_runs = connection.execute(select(runs)).all()
                assert {row.status for row in all_runs} <= {"done", "interrupted"}
            cut_off = [row for row in all_runs if row.status == "interrupted"]
            again = list(pool.map(lambda row: send(service, idempotency_key=row.idempotency_key).json(), cut_off))
            assert [one["id"] for one in again] == [row.id for row in cut_off]
            spent = books_of(service)
            with database_of(service) as database:
                estimated = sum(call.nusd for call in entries(database) if call.estimated)
                assert spent - estimated == COST * sum(not call.estimated for call in entries(database))
                assert not [row for row in _all(database) if row.reserved_nusd]
            # what was answered to a process that was dead is in the estimates
            assert spent - estimated <= till.money


def _promised(service: Service, name: str, wait: float) -> str:
    """The run that the service said goes on, or whose answer it gave."""
    try:
        return str(send(service, idempotency_key=name, wait_seconds=wait).json()["id"])
    except requests.RequestException:
        return ""


def _all(database: Engine) -> list[Any]:
    with database.connect() as connection:
        return list(connection.execute(select(runs)).all())


def _open(database: Engine) -> list[Any]:
    return [row for row in _all(database) if row.status in {"queued", "running"}]


def test_a_stop_loses_nothing(house: Callable[..., Service]) -> None:
    """SIGTERM while runs are under way: who waits is answered, who was promised finds it, what waits in the queue is done later; each call
    is paid once and nothing is an estimate."""
    till = Till()
    with FakeUpstream(till.script, delay=1.5) as upstream, ThreadPoolExecutor(8) as pool:
        service = house(upstream, FORMCALL_MAX_IN_FLIGHT="4")
        waiting = [pool.submit(send, service) for _ in range(2)]
        until(lambda: upstream.in_flight == 2)
        ids = [send(service, wait_seconds=wait).json()["id"] for wait in (0.3, 0, 0, 0, 0, 0)]
        service.process.send_signal(signal.SIGTERM)
        assert [one.result().status_code for one in waiting] == [200, 200]
        service.process.wait(timeout=90)
        with database_of(service) as database:
            assert not [row for row in _all(database) if row.status in {"running", "interrupted"}]
        service = house(upstream)
        ended = [look(service, run_id, 60) for run_id in ids]
        assert {(one["status"], one["attempt"], one["estimated_usd"]) for one in ended} == {("done", 1, 0)}
        assert (len(upstream.requests), books_of(service)) == (8, 8 * COST)


def test_a_process_that_only_seemed_dead(tmp_path: Path) -> None:
    """When a frozen machine's run was taken over by another one and the machine wakes, the run has one answer, that of the second, and both
    calls are in the books; the late one is not taken for the run's."""
    gate = Gate()
    with database_url("postgresql") as database, FakeUpstream([gate, Till()]) as upstream, shops(tmp_path) as open_it:
        one, other = (open_it(upstream, database, secret="s") for _ in range(2))
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(one.ask, wait_seconds=0.2)
            told = first.result()
            assert told.status == "running"
            runner, jobs, recovery = with_jobs(other)
            recovery.left_by(one.workshop.runner.host)
            assert jobs.asked == [("start", f"{told.id}.1", told.id, 1)]
            assert runner.resume(told.id, 1) == "done"
            reserved = [call.nusd for call in entries(other.database, told.id) if call.estimated]
            answer = runner.told(told.id)
            gate.event.set()
            until(lambda: not one.workshop.runner.under_way)
            assert runner.told(told.id) == answer
        row = the_run(other.database, told.id)
        assert (row.status, row.attempt, row.host) == ("done", 2, runner.host)
        assert row.cost_nusd == sum(reserved) + 2 * COST == agree(other.database)


# --- settling ----------------------------------------------------------------------------------------------------------


def test_what_is_settled_and_when(open_shop: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run that was cut off had reserved is kept for an hour, so that it may be run again; then it is booked in full, once."""
    with FakeUpstream() as upstream:
        shop = open_shop(upstream)
        recovery, row = shop.workshop.recovery, a_run(host="gone")
        shop.workshop.journal.write(Begin(row, want=700))
        recovery.left_by("gone")
        assert the_run(shop.database, row["id"]).status == "interrupted"
        ended = the_run(shop.database, row["id"]).ended_ms
        for later, settled, cost in ((0, 0, 0), (SETTLE_MS - 1_000, 0, 0), (SETTLE_MS + 1_000, 1, 700), (3 * SETTLE_MS, 0, 700)):
            monkeypatch.setattr(recovery_module, "now_ms", lambda later=later: ended + later)
            assert recovery.settle() == settled
            found = the_run(shop.database, row["id"])
            assert (found.status, found.cost_nusd, found.estimated_nusd, found.reserved_nusd) == ("interrupted", cost, cost, 700 - cost)
            agree(shop.database)
        assert shop.workshop.journal.write(Start(row["id"], "here", 1, ("interrupted",), want=5)).attempt == 2
        assert recovery.settle() == 0
        assert agree(shop.database) == 700


def test_whose_runs_are_seen_to(open_shop: Open) -> None:
    """Of a dead process the promised runs go on, each once, the others are cut off; rows of batches, what has ended, what is carried out
    here, and the runs of others are left alone."""
    gate = Gate()
    with FakeUpstream([gate]) as upstream, ThreadPoolExecutor(1) as pool:
        shop = open_shop(upstream)
        runner, jobs, recovery = with_jobs(shop)
        write = shop.workshop.journal.write
        rows = {name: a_run(host="gone") for name in ("promised", "waited for", "done")}
        rows |= {"row": a_run(host="gone", batch_id="batch_x", row_no=0, durable=True), "other": a_run(host="alive")}
        rows |= {"new": queued(), "cancelled": queued()}
        for name, row in rows.items():
            if name != "row":
                write(Begin(row, want=10))
        with shop.database.begin() as connection:
            connection.execute(runs.insert().values(**rows["row"], reserved_nusd=0))
        write(HandOver(rows["promised"]["id"], 1, "{}"))
        write(End(rows["done"]["id"], 1, "done"))
        write(Cancel(rows["cancelled"]["id"], "{}"))
        live = pool.submit(shop.ask)
        until(lambda: upstream.in_flight)
        for _ in range(3):
            recovery.left_by("gone")
            recovery.left_by(runner.host)
            recovery.left_here(runner.host)
            recovery.queued()
        promised, new = rows["promised"]["id"], rows["new"]["id"]
        assert set(jobs.asked) == {("start", f"{promised}.1", promised, 1), ("enqueue", f"{new}.q0", new, 0)}
        assert jobs.asked.count(("enqueue", f"{new}.q0", new, 0)) == 1
        status = {name: the_run(shop.database, row["id"]).status for name, row in rows.items()}
        assert status == {
            "promised": "running", "waited for": "interrupted", "done": "done", "row": "running", "other": "running", "new": "queued",
            "cancelled": "cancelled",
        }  # fmt: skip
        gate.event.set()
        assert live.result().status == "done"


def test_a_run_that_has_just_begun_is_not_cut_off(open_shop: Open) -> None:
    """While a process looks for what an earlier one of its name has left, runs begin in it: none of those is taken for one of them."""
    with FakeUpstream([Till()] * 200) as upstream, ThreadPoolExecutor(24) as pool:
        shop = open_shop(upstream)
        ended = threading.Event()

        def look_all_the_time() -> None:
            while not ended.is_set():
                shop.workshop.recovery.left_by(shop.workshop.runner.host)

        looker = threading.Thread(target=look_all_the_time)
        looker.start()
        try:
            assert {told.status for told in pool.map(lambda _: shop.ask(), range(150))} == {"done"}
        finally:
            ended.set()
            looker.join()


# --- when something does not work --------------------------------------------------------------------------------------


def test_a_run_whose_beginning_nobody_heard_of(open_shop: Open) -> None:
    """When it is not known whether a run's beginning was written, its caller is refused for now; if it was, it is found to be cut off, and
    the same request runs it again."""
    with FakeUpstream([Till()]) as upstream:
        shop = open_shop(upstream)
        journal = shop.workshop.journal
        write, broken = journal.write, [True]

        def deaf(note: Note) -> Any:
            done = write(note)
            if isinstance(note, Begin) and broken.pop():
                raise Unwritten
            return done

        journal.write = deaf  # type: ignore[method-assign]
        with pytest.raises(Unwritten):
            shop.ask(idempotency_key="a")
        broken.append(False)
        assert shop.ask(idempotency_key="a").status == "running"
        shop.workshop.recovery.left_here(shop.workshop.runner.host)
        broken.append(False)
        told = shop.ask(idempotency_key="a")
        assert (told.status, the_run(shop.database, told.id).attempt, len(upstream.requests)) == ("done", 2, 1)


def test_an_answer_that_cannot_be_written(open_shop: Open) -> None:
    """An answer that no database takes fails its run, with what it cost; nobody waits for ever, and nothing stays open."""
    with FakeUpstream([Till()]) as upstream:
        shop = open_shop(upstream)
        write = shop.workshop.journal.write

        def picky(note: Note) -> Any:
            if isinstance(note, End) and note.status == "done":
                raise UnicodeEncodeError("utf-8", "x", 0, 1, "no")
            return write(note)

        shop.workshop.journal.write = picky  # type: ignore[method-assign]
        told = shop.ask()
        assert (told.status, told.code) == ("failed", "internal")
        row = the_run(shop.database, told.id)
        assert (row.status, row.cost_nusd, row.reserved_nusd) == ("failed", COST, 0)
        assert agree(shop.database) == COST
        assert shop.workshop.runner.under_way == 0


def test_a_job_engine_that_does_not_answer(open_shop: Open) -> None:
    """A run that cannot get its place in the queue is told to be queued, and takes its place when the engine is back; one that was handed
    over goes on. What the engine has given up is said to have failed."""
    gate = Gate()
    with FakeUpstream([gate]) as upstream:
        shop = open_shop(upstream)
        runner, jobs, recovery = with_jobs(shop)
        jobs.is_away = True
        waits, goes_on = shop.ask(wait_seconds=0), shop.ask(wait_seconds=0.2)
        assert (waits.status, goes_on.status, jobs.asked) == ("queued", "running", [])
        gate.event.set()
        assert runner.wait(goes_on.id, 30).status == "done"
        jobs.is_away = False
        recovery.queued()
        assert jobs.asked == [("enqueue", f"{waits.id}.q0", waits.id, 0)]
        jobs.states[f"{waits.id}.q0"] = "failed"
        recovery.queued()
        row = the_run(shop.database, waits.id)
        assert (row.status, row.code, row.attempt) == ("failed", "internal", 1)
        assert runner.retry(waits.id).status == "queued"
        assert jobs.asked[-1] == ("enqueue", f"{waits.id}.q1", waits.id, 1)


def test_a_job_waits_for_the_database(open_shop: Open) -> None:
    """A durable job that finds the database away neither fails its run nor gives it up: it waits, unless its process ends before."""
    with FakeUpstream([Till()]) as upstream:
        shop = open_shop(upstream)
        runner, _, _ = with_jobs(shop)
        told = shop.ask(wait_seconds=0)
        write, tries = shop.workshop.journal.write, [3]

        def away(note: Note) -> Any:
            if isinstance(note, Start | End) and tries[0]:
                tries[0] -= 1
                raise Unwritten
            return write(note)

        shop.workshop.journal.write = away  # type: ignore[method-assign]
        assert runner.resume(told.id, 0) == "done"
        assert (tries, len(upstream.requests), agree(shop.database)) == ([0], 1, COST)
        second = shop.ask(wait_seconds=0)
        tries[0] = 10**6
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(runner.resume, second.id, 0)
            time.sleep(0.3)
            runner._closing.set()
            with pytest.raises(Left):
                waiting.result(30)
        tries[0] = 0
        assert the_run(shop.database, second.id).status == "queued"


def test_only_one_job_follows_an_attempt(open_shop: Open) -> None:
    """However many jobs of a run are carried out at once or later, from before a crash and from after it, each attempt is made once."""
    with FakeUpstream([Till()] * 3) as upstream, ThreadPoolExecutor(12) as pool:
        shop = open_shop(upstream)
        runner, _, _ = with_jobs(shop)
        told = shop.ask(wait_seconds=0)
        came = list(pool.map(lambda _: runner.resume(told.id, 0), range(12)))
        assert "done" in came
        assert set(came) <= {"done", "running"}
        assert (len(upstream.requests), the_run(shop.database, told.id).attempt) == (1, 1)
        assert [runner.resume(told.id, attempt) for attempt in (0, 1, 2)] == ["done"] * 3
        assert runner.resume("run_x", 0) == "gone"
        taken = a_run(host="elsewhere", attempt=2, form='{"text": "x", "categories": "a\\nb"}', key_id=shop.key.id)
        shop.workshop.journal.write(Begin(taken))
        assert [runner.resume(taken["id"], attempt) for attempt in (0, 1)] == ["running"] * 2
        assert len(upstream.requests) == 1


def test_a_run_that_can_never_begin(open_shop: Open) -> None:
    """What a job finds wrong before a run begins is the run's failure, said in its record: a form that is no longer right, a key without
    money or revoked, an action that is gone."""
    till = Till(usage=lambda request: dearest(10))
    with FakeUpstream(till.script) as upstream:
        shop = open_shop(upstream)
        runner, _, _ = with_jobs(shop)
        poor, revoked = shop.new_key(day=10**9), shop.new_key()
        cases = {
            "invalid_input": {"form": "{}"}, "unknown_action": {"action": "gone"}, "unauthorized": {"key_id": revoked.id},
            "budget_exceeded": {"key_id": poor.id},
        }  # fmt: skip
        shop.workshop.keys.revoke(revoked.id)
        shop.workshop.keys.change(poor.id, budget_day_nusd=1)
        for code, values in cases.items():
            form = '{"text": "x", "categories": "a\\nb"}'
            row = queued(**{"form": form, "key_id": shop.key.id, **values})
            shop.workshop.journal.write(Begin(row))
            assert runner.resume(row["id"], 0) == "failed"
            found = the_run(shop.database, row["id"])
            assert (found.status, found.code, found.attempt, found.reserved_nusd) == ("failed", code, 1, 0)
        assert not upstream.requests


def test_closing_waits_for_what_goes_on(open_shop: Open) -> None:
    """A process that ends waits for its runs, so long at most; what it cannot write then is found by the next one."""
    gate, till = Gate(), Till()
    with FakeUpstream([gate, till]) as upstream:
        shop = open_shop(upstream)
        told = shop.ask(wait_seconds=0.2)
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            closing_ = pool.submit(shop.workshop.runner.close, 20)
            time.sleep(0.3)
            gate.event.set()
            closing_.result(30)
        assert time.monotonic() - began < 15
        assert the_run(shop.database, told.id).status == "done"
        assert shop.ask().status == "done"  # who comes in the last moment is answered all the same


def test_two_machines_and_one_dies(tmp_path: Path) -> None:
    """Of two workers on one database one is killed: after half a minute the other carries out what was promised, also what waited in the
    queue; what only the dead one's caller waited for is cut off."""
    gate = Gate()
    with database_url("postgresql") as database, FakeUpstream([gate] * 3 + [Till()] * 6) as upstream:
        variables = over(upstream, FORMCALL_DATABASE_URL=database, FORMCALL_SECRET="s" * 32, FORMCALL_MAX_IN_FLIGHT="3")
        with started(tmp_path / "a", "serve", **variables) as a, ThreadPoolExecutor(2) as pool:
            a.key = new_key(a)
            waited_for = pool.submit(_ignoring, a, "waited for")
            until(lambda: upstream.in_flight == 1)
            promised = send(a, wait_seconds=0.3).json()["id"]
            in_queue = [send(a, wait_seconds=0).json()["id"] for _ in range(3)]
            until(lambda: upstream.in_flight == 3)
            with started(tmp_path / "b", "serve", **variables) as b:
                b.key = a.key
                kill(a)
                waited_for.result()
                gate.event.set()
                for run_id in (promised, *in_queue):
                    assert look(b, run_id, 100)["status"] == "done"
                until(lambda: send(b, idempotency_key="waited for").status_code == 200)
                assert look(b, promised)["attempt"] == 2
                assert {look(b, run_id)["attempt"] for run_id in in_queue} <= {1, 2}
                books_of(b)
