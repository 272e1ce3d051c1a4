"""Recovery after a crash: promised runs continue, others become interrupted, and every call that
may have been billed is booked once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, select

from connector.durable.dbos_adapter import StepAborted
from connector.json_types import Json
from connector.runs import recovery as recovery_module
from connector.runs.deaths import Takeovers
from connector.runs.recovery import SETTLE_MS, Recovery
from connector.runs.runner import Runner
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.ledger.changes import Change, CreateRun, FinishRun, StartAttempt
from connector.store.ledger.control_changes import CancelRun, MakeDurable
from connector.store.ledger.records import RunSuperseded, StoreUnavailable
from connector.store.tables import runs
from tests.support.batch_client import BatchClient
from tests.support.databases import KINDS, database_url
from tests.support.guards import hang_guard
from tests.support.ledger_asserts import (
    assert_consistent,
    entries,
    queued_values,
    run_row,
    run_values,
)
from tests.support.running_service import RunningService, serving
from tests.support.service_harness import (
    CALCULATE,
    COST,
    TOOL_ANSWER,
    FakePricing,
    Gate,
    LocalService,
    OpenLocal,
    by_turn,
    formcall_process,
    get_run,
    hosted_environment,
    kill,
    local_services,
    new_key,
    post_to_run,
    run_action,
    wait_until,
)
from tests.support.upstream import (
    FakeUpstream,
    Reply,
    Request,
    Script,
    dearest,
    function_call,
)


@pytest.fixture
def open_local(tmp_path: Path) -> Iterator[OpenLocal]:
    with local_services(tmp_path) as one:
        yield one


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

    def statuses(self, ids: Collection[str]) -> dict[str, str]:
        return {one: self.states[one] for one in ids if one in self.states}


def with_jobs(local: LocalService) -> tuple[Runner, Jobs, Recovery]:
    jobs = Jobs()
    local.service.runner.queue.jobs = jobs
    return local.service.runner, jobs, local.service.recovery


# --- kill -9 --------------------------------------------------------------------------------------


@pytest.fixture(params=KINDS)
def house(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., RunningService]]:
    """Starts a service again and again, over the same database of each kind."""
    with ExitStack() as stack:
        address = stack.enter_context(database_url(request.param))
        more = {"FORMCALL_DATABASE_URL": address} if address else {}
        key: list[str] = []

        def start(upstream: FakeUpstream, **variables: str) -> RunningService:
            service = stack.enter_context(
                serving(tmp_path / "service", **hosted_environment(upstream, **more, **variables))
            )
            key.append(service.key or new_key(service))
            service.key = key[0]
            return service

        yield start


@contextmanager
def database_of(service: RunningService) -> Iterator[Engine]:
    settings = Settings(
        data_dir=service.folder / "data",
        database_url=service.environment.get("FORMCALL_DATABASE_URL", ""),
    )
    database = open_database(settings)
    try:
        yield database
    finally:
        database.dispose()


def books_of(service: RunningService) -> int:
    with database_of(service) as database:
        return assert_consistent(database)


@pytest.mark.parametrize("action", ["classify", "answer_with_tools"])
def test_what_was_promised_goes_on(house: Callable[..., RunningService], action: str) -> None:
    """A run that was handed over before kill -9 is carried out again from its beginning and is
    done; what its first attempt had paid is in the books, with the call nobody saw the end of as an
    estimate. A process that shares a database is missed after half a minute."""
    steps: list[Any] = (
        [FakePricing(), Gate()]
        if action == "classify"
        else [FakePricing(CALCULATE), Gate(FakePricing(CALCULATE))]
    )
    answer = (
        by_turn(CALCULATE, function_call("answer_with_tools", TOOL_ANSWER))
        if action == "answer_with_tools"
        else None
    )
    rest = FakePricing(answer) if answer else FakePricing()
    at = len(steps) - 1 if action == "answer_with_tools" else 0
    first: list[Any] = steps if action == "answer_with_tools" else [steps[1]]
    with FakeUpstream([*first, *[rest] * 4]) as upstream:
        service = house(upstream)
        response = run_action(service, action, wait_seconds=0.5)
        assert response.status_code == 202
        run_id = response.json()["id"]
        wait_until(lambda: len(upstream.requests) == at + 1)
        reserved = get_run(service, run_id)["reserved_usd"]
        kill(service)
        first[-1].event.set()
        service = house(upstream)
        ended = get_run(service, run_id, 90)
        assert (ended["status"], ended["attempt"], ended["ok"]) == ("done", 2, True)
        assert ended["estimated_usd"] == reserved > 0
        calls = 1 if action == "classify" else 2
        assert ended["cost_usd"] == pytest.approx(reserved + (at + calls) * COST / 1e9, abs=1e-12)
        assert (ended["reserved_usd"], len(upstream.requests)) == (0, at + 1 + calls)
        assert books_of(service) == round(ended["cost_usd"] * 1e9)
        with database_of(service) as database:
            found = [
                (call.attempt, call.step, call.estimated) for call in entries(database, run_id)
            ]
        assert found == [
            (1, -1, True),
            *[(1, step, False) for step in range(at)],
            *[(2, step, False) for step in range(calls)],
        ]


def _run_with_status(service: RunningService, run_id: str, status: str) -> Json | None:
    run = get_run(service, run_id)
    return run if run["status"] == status else None


def test_what_was_not_promised_says_so(house: Callable[..., RunningService]) -> None:
    """A run whose caller only waited says after kill -9 that it was cut off, keeps what it had
    reserved, and runs again by its key, under its id, or by retry; until then nothing more is asked
    for it."""
    gate = Gate()
    with (
        FakeUpstream([gate, gate, *[FakePricing()] * 3]) as upstream,
        ThreadPoolExecutor(2) as pool,
    ):
        service = house(upstream)
        callers = [pool.submit(_ignoring, service, name) for name in ("by its key", "by retry")]
        wait_until(lambda: upstream.in_flight == 2)
        kill(service)
        for caller in callers:
            caller.result()
        gate.event.set()
        service = house(upstream)
        with database_of(service) as database, database.connect() as connection:
            ids = {
                row.idempotency_key: row.id
                for row in connection.execute(select(runs.c.idempotency_key, runs.c.id))
            }
        for run_id in ids.values():
            cut = wait_until(
                partial(_run_with_status, service, run_id, "interrupted"),
                90,
            )
            assert (
                cut["ok"],
                cut["code"],
                cut["retryable"],
                cut["cost_usd"],
                cut["estimated_usd"],
            ) == (False, "interrupted", True, 0, 0)
            assert cut["reserved_usd"] > 0
            assert "same idempotency key" in cut["detail"]
        assert len(upstream.requests) == 2
        books_of(service)
        answer = run_action(service, idempotency_key="by its key")
        assert (answer.status_code, answer.json()["id"]) == (200, ids["by its key"])
        assert post_to_run(service, ids["by retry"], "retry").status_code == 202
        for run_id in ids.values():
            ended = get_run(service, run_id, 30)
            assert (ended["status"], ended["attempt"], ended["reserved_usd"]) == ("done", 2, 0)
            assert ended["cost_usd"] == pytest.approx(cut["reserved_usd"] + COST / 1e9, abs=1e-12)
        assert len(upstream.requests) == 4
        books_of(service)


def _ignoring(service: RunningService, name: str) -> None:
    try:
        run_action(service, idempotency_key=name)
    except requests.RequestException:
        pass


def test_a_run_whose_processes_die_is_given_up(
    house: Callable[..., RunningService],
) -> None:
    """A promised run whose process died three times has failed with what is known of it: no more
    calls are made for it, each that was made is in the books, and a person may retry it."""
    gates = [Gate() for _ in range(3)]
    with FakeUpstream([*gates, FakePricing()]) as upstream:
        service = house(upstream)
        run_id = run_action(service, wait_seconds=0).json()["id"]
        for number, gate in enumerate(gates, 1):
            wait_until(lambda number=number: len(upstream.requests) == number, 90)  # type: ignore[misc]
            kill(service)
            gate.event.set()
            service = house(upstream)
        ended = get_run(service, run_id, 90)
        assert (ended["status"], ended["code"], ended["retryable"]) == ("failed", "gave_up", False)
        assert "3 times in a row" in ended["detail"]
        assert len(upstream.requests) == 3
        assert ended["cost_usd"] == ended["estimated_usd"] > 0
        assert ended["reserved_usd"] == 0
        assert books_of(service) == round(ended["cost_usd"] * 1e9)
        assert post_to_run(service, run_id, "retry").status_code == 202
        assert get_run(service, run_id, 30)["status"] == "done"


@pytest.mark.slow
def test_a_row_whose_processes_die_is_given_up(house: Callable[..., RunningService]) -> None:
    """A row during which the process died three times has failed with what is known of it; the
    other rows are done, each was asked for once, and the counts and the books add up."""
    texts = [f"row-{number} I was charged twice." for number in range(1, 7)]
    with FakeUpstream() as upstream:
        hangs = Gate()
        upstream.script = Script([partial(_hang_on, "row-2 ", hangs)], repeat=True)
        service = house(upstream, FORMCALL_ROWS_AT_ONCE="2")
        client = BatchClient(service.address, service.key, service)
        batch_id = client.create([{"text": text} for text in texts])["id"]
        for life in range(1, 4):
            wait_until(lambda life=life: _asked(upstream, "row-2 ") == life)  # type: ignore[misc]
            client.wait_until(batch_id, lambda state: state["done"] == 4)  # row 3 comes after row 2
            kill(service)
            service = house(upstream, FORMCALL_ROWS_AT_ONCE="2")
            client = BatchClient(service.address, service.key, service)
        state = client.wait_finished(batch_id)
        hangs.open()
        assert (state["status"], state["done"], state["failed"], state["left"]) == ("done", 5, 1, 0)
        rows = client.rows(batch_id)
        assert [row["status"] for row in rows] == ["done", "failed", *["done"] * 4]
        given_up = get_run(service, rows[1]["run_id"])
        assert (given_up["code"], given_up["retryable"]) == ("gave_up", False)
        assert "3 times in a row" in given_up["detail"]
        assert given_up["cost_usd"] == given_up["estimated_usd"] > 0
        assert [_asked(upstream, f"row-{number} ") for number in range(1, 7)] == [1, 3, 1, 1, 1, 1]
        assert (state["reserved_usd"], state["estimated_usd"]) == (0, given_up["estimated_usd"])
        paid = 5 * COST + round(given_up["cost_usd"] * 1e9)
        assert books_of(service) == round(state["cost_usd"] * 1e9) == paid


def _hang_on(marker: str, gate: Gate, request: Request) -> Reply:
    return gate(request) if marker in str(request.body) else FakePricing()(request)


def _asked(upstream: FakeUpstream, marker: str) -> int:
    return sum(marker in str(body) for body in upstream.requests)


def test_a_death_is_counted_once(open_local: OpenLocal) -> None:
    """A process that takes a run over counts the death before it; while it waits for a budget or
    for the database, it counts nothing more, and no other process that read the same record may."""
    with FakeUpstream() as upstream:
        local = open_local(upstream)
        ledger, values = local.service.ledger, run_values(host="gone", durable=True)
        ledger.write(CreateRun(values))
        row = local.service.records.get(values["id"])
        takeovers = Takeovers(ledger, "here")
        takeovers.take_over(row)
        takeovers.take_over(row)
        taken = run_row(local.database, row.id)
        assert (taken.deaths, taken.host) == (1, "here")
        with pytest.raises(RunSuperseded):
            Takeovers(ledger, "elsewhere").take_over(row)
        assert run_row(local.database, row.id).deaths == 1


def test_killed_again_and_again(tmp_path: Path) -> None:
    """Whenever a service is killed while many runs are under way, in the end all that were promised
    are done, all others can be asked for again, no run is left open, and the books agree to the
    nano-dollar: each call is there once. No run meets three deaths, after which it is given up."""
    pricing = FakePricing()
    with FakeUpstream(pricing.script, delay=0.4) as upstream, ThreadPoolExecutor(16) as pool:
        promised: set[str] = set()
        names = iter(range(10_000))
        key = ""
        for number in range(4):
            with serving(tmp_path, **hosted_environment(upstream)) as service:
                key = service.key = key or service.key
                if number == 2:  # what died twice is done before the next death
                    with database_of(service) as database:
                        wait_until(lambda database=database: not _open(database))  # type: ignore[misc]
                asked = [
                    pool.submit(_promised, service, f"k{next(names)}", (0, 0.2, 30)[one % 3])
                    for one in range(12)
                ]
                time.sleep(0.25 + 0.2 * number)
                kill(service)
                promised |= {one.result() for one in asked} - {""}
        with serving(tmp_path, **hosted_environment(upstream)) as service:
            service.key = key
            assert promised
            assert {get_run(service, run_id, 60)["status"] for run_id in promised} == {"done"}
            with database_of(service) as database:
                wait_until(lambda: not _open(database))
                with database.connect() as connection:
                    all_runs = connection.execute(select(runs)).all()
                assert {row.status for row in all_runs} <= {"done", "interrupted"}
            cut_off = [row for row in all_runs if row.status == "interrupted"]
            again = list(
                pool.map(
                    lambda row: run_action(service, idempotency_key=row.idempotency_key).json(),
                    cut_off,
                )
            )
            assert [one["id"] for one in again] == [row.id for row in cut_off]
            spent = books_of(service)
            with database_of(service) as database:
                estimated = sum(call.nusd for call in entries(database) if call.estimated)
                assert spent - estimated == COST * sum(
                    not call.estimated for call in entries(database)
                )
                assert not [row for row in _all(database) if row.reserved_nusd]
            # what was answered to a process that was dead is in the estimates
            assert spent - estimated <= pricing.total


def _promised(service: RunningService, name: str, wait: float) -> str:
    """The run that the service said goes on, or whose answer it gave."""
    try:
        return str(run_action(service, idempotency_key=name, wait_seconds=wait).json()["id"])
    except requests.RequestException:
        return ""


def _all(database: Engine) -> list[Any]:
    with database.connect() as connection:
        return list(connection.execute(select(runs)).all())


def _open(database: Engine) -> list[Any]:
    return [row for row in _all(database) if row.status in {"queued", "running"}]


def test_a_stop_loses_nothing(house: Callable[..., RunningService]) -> None:
    """SIGTERM while runs are under way: who waits is answered, who was promised finds it, what
    waits in the queue is done later; each call is paid once and nothing is an estimate."""
    pricing = FakePricing()
    with FakeUpstream(pricing.script, delay=1.5) as upstream, ThreadPoolExecutor(8) as pool:
        service = house(upstream, FORMCALL_MAX_IN_FLIGHT="4")
        waiting = [pool.submit(run_action, service) for _ in range(2)]
        wait_until(lambda: upstream.in_flight == 2)
        ids = [run_action(service, wait_seconds=wait).json()["id"] for wait in (0.3, 0, 0, 0, 0, 0)]
        service.process.send_signal(signal.SIGTERM)
        assert [one.result().status_code for one in waiting] == [200, 200]
        service.process.wait(timeout=90)
        with database_of(service) as database:
            assert not [row for row in _all(database) if row.status in {"running", "interrupted"}]
        service = house(upstream)
        ended = [get_run(service, run_id, 60) for run_id in ids]
        assert {(one["status"], one["attempt"], one["estimated_usd"]) for one in ended} == {
            ("done", 1, 0)
        }
        assert (len(upstream.requests), books_of(service)) == (8, 8 * COST)


def test_a_process_that_only_seemed_dead(tmp_path: Path) -> None:
    """When a frozen machine's run was taken over by another one and the machine wakes, the run has
    one answer, that of the second, and both calls are in the books; the late one is not taken for
    the run's."""
    gate = Gate()
    with (
        database_url("postgresql") as database,
        FakeUpstream([gate, FakePricing()]) as upstream,
        local_services(tmp_path) as open_it,
    ):
        one, other = (open_it(upstream, database, secret="s") for _ in range(2))
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(one.run, wait_seconds=0.2)
            told = first.result()
            assert told.status == "running"
            # its call must be the first, which the gate holds
            wait_until(lambda: upstream.in_flight)
            runner, jobs, recovery = with_jobs(other)
            recovery.recover_host(one.service.runner.host)
            assert jobs.asked == [("start", f"{told.id}.1", told.id, 1)]
            assert runner.resume(told.id, 1) == "done"
            reserved = [call.nusd for call in entries(other.database, told.id) if call.estimated]
            answer = runner.wait(told.id, 0)
            gate.event.set()
            wait_until(lambda: not one.service.runner.active_count)
            assert runner.wait(told.id, 0) == answer
        row = run_row(other.database, told.id)
        assert (row.status, row.attempt, row.host) == ("done", 2, runner.host)
        assert row.cost_nusd == sum(reserved) + 2 * COST == assert_consistent(other.database)


# --- settling -------------------------------------------------------------------------------------


def test_what_is_settled_and_when(open_local: OpenLocal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run that was cut off had reserved is kept for an hour, so that it may be run again;
    then it is booked in full, once."""
    with FakeUpstream() as upstream:
        local = open_local(upstream)
        recovery, row = local.service.recovery, run_values(host="gone")
        local.service.ledger.write(CreateRun(row, desired=700))
        recovery.recover_host("gone")
        assert run_row(local.database, row["id"]).status == "interrupted"
        ended = run_row(local.database, row["id"]).ended_ms
        for later, settled, cost in (
            (0, 0, 0),
            (SETTLE_MS - 1_000, 0, 0),
            (SETTLE_MS + 1_000, 1, 700),
            (3 * SETTLE_MS, 0, 700),
        ):
            monkeypatch.setattr(recovery_module, "now_ms", lambda later=later: ended + later)
            assert recovery.settle_expired() == settled
            found = run_row(local.database, row["id"])
            assert (found.status, found.cost_nusd, found.estimated_nusd, found.reserved_nusd) == (
                "interrupted",
                cost,
                cost,
                700 - cost,
            )
            assert_consistent(local.database)
        assert (
            local.service.ledger.write(
                StartAttempt(row["id"], "here", 1, ("interrupted",), desired=5)
            ).attempt
            == 2
        )
        assert recovery.settle_expired() == 0
        assert assert_consistent(local.database) == 700


def test_whose_runs_are_seen_to(open_local: OpenLocal) -> None:
    """Of a dead process the promised runs go on, each once, the others are cut off; rows of
    batches, what has ended, what is carried out here, and the runs of others are left alone."""
    gate = Gate()
    with FakeUpstream([gate]) as upstream, ThreadPoolExecutor(1) as pool:
        local = open_local(upstream)
        runner, jobs, recovery = with_jobs(local)
        write = local.service.ledger.write
        rows = {name: run_values(host="gone") for name in ("promised", "waited for", "done")}
        rows |= {
            "row": run_values(host="gone", batch_id="batch_x", row_no=0, durable=True),
            "other": run_values(host="alive"),
        }
        rows |= {"new": queued_values(), "cancelled": queued_values()}
        for name, row in rows.items():
            if name != "row":
                write(CreateRun(row, desired=10))
        with local.database.begin() as connection:
            connection.execute(runs.insert().values(**rows["row"], reserved_nusd=0))
        write(MakeDurable(rows["promised"]["id"], 1, "{}"))
        write(FinishRun(rows["done"]["id"], 1, "done"))
        write(CancelRun(rows["cancelled"]["id"], "{}"))
        live = pool.submit(local.run)
        wait_until(lambda: upstream.in_flight)
        for _ in range(3):
            recovery.recover_host("gone")
            recovery.recover_host(runner.host)
            recovery.recover_own(runner.host)
            recovery.enqueue_missing()
        promised, new = rows["promised"]["id"], rows["new"]["id"]
        assert set(jobs.asked) == {
            ("start", f"{promised}.1", promised, 1),
            ("enqueue", f"{new}.q0", new, 0),
        }
        assert jobs.asked.count(("enqueue", f"{new}.q0", new, 0)) == 1
        status = {name: run_row(local.database, row["id"]).status for name, row in rows.items()}
        assert status == {
            "promised": "running",
            "waited for": "interrupted",
            "done": "done",
            "row": "running",
            "other": "running",
            "new": "queued",
            "cancelled": "cancelled",
        }
        gate.event.set()
        assert live.result().status == "done"


def test_a_run_that_has_just_begun_is_not_cut_off(open_local: OpenLocal) -> None:
    """While a process looks for what an earlier one of its name has left, runs begin in it: none of
    those is taken for one of them."""
    with FakeUpstream([FakePricing()] * 200) as upstream, ThreadPoolExecutor(24) as pool:
        local = open_local(upstream)
        ended = threading.Event()

        def look_all_the_time() -> None:
            while not ended.is_set():
                local.service.recovery.recover_host(local.service.runner.host)

        looker = threading.Thread(target=look_all_the_time)
        looker.start()
        try:
            assert {told.status for told in pool.map(lambda _: local.run(), range(150))} == {"done"}
        finally:
            ended.set()
            looker.join()


# --- when something does not work -----------------------------------------------------------------


def test_a_run_whose_beginning_nobody_heard_of(open_local: OpenLocal) -> None:
    """When it is not known whether a run's beginning was written, its caller is refused for now; if
    it was, the same request runs it at once under the same id, and is not told that it is running
    already; without one it is found to be cut off."""
    with FakeUpstream([FakePricing()]) as upstream:
        local = open_local(upstream)
        ledger = local.service.ledger
        write, broken = ledger.write, [True]

        def deaf(change: Change[Any]) -> Any:
            done = write(change)
            if isinstance(change, CreateRun) and broken.pop():
                raise StoreUnavailable
            return done

        ledger.write = deaf  # type: ignore[method-assign]
        with pytest.raises(StoreUnavailable):
            local.run(idempotency_key="a")
        broken.append(False)
        told = local.run(idempotency_key="a")
        assert (told.status, run_row(local.database, told.id).attempt, len(upstream.requests)) == (
            "done",
            2,
            1,
        )
        broken.append(True)
        with pytest.raises(StoreUnavailable):
            local.run(idempotency_key="b")
        local.service.recovery.recover_own(local.service.runner.host)
        with local.database.connect() as connection:
            rows = connection.execute(select(runs.c.status).where(runs.c.idempotency_key == "b"))
            assert list(rows.scalars()) == ["interrupted"]


def test_an_answer_that_cannot_be_written(open_local: OpenLocal) -> None:
    """An answer that no database takes fails its run, with what it cost; nobody waits for ever, and
    nothing stays open."""
    with FakeUpstream([FakePricing()]) as upstream:
        local = open_local(upstream)
        write = local.service.ledger.write

        def picky(change: Change[Any]) -> Any:
            if isinstance(change, FinishRun) and change.status == "done":
                raise UnicodeEncodeError("utf-8", "x", 0, 1, "no")
            return write(change)

        local.service.ledger.write = picky  # type: ignore[method-assign]
        told = local.run()
        assert (told.status, told.code) == ("failed", "internal")
        row = run_row(local.database, told.id)
        assert (row.status, row.cost_nusd, row.reserved_nusd) == ("failed", COST, 0)
        assert assert_consistent(local.database) == COST
        assert local.service.runner.active_count == 0


def test_a_job_engine_that_does_not_answer(open_local: OpenLocal) -> None:
    """A run that cannot get its place in the queue is told to be queued, and takes its place when
    the engine is back; one that was handed over goes on. What the engine has given up is said to
    have failed."""
    gate = Gate()
    with FakeUpstream([gate]) as upstream:
        local = open_local(upstream)
        runner, jobs, recovery = with_jobs(local)
        jobs.is_away = True
        waits, goes_on = local.run(wait_seconds=0), local.run(wait_seconds=0.2)
        assert (waits.status, goes_on.status, jobs.asked) == ("queued", "running", [])
        gate.event.set()
        assert runner.wait(goes_on.id, 30).status == "done"
        jobs.is_away = False
        recovery.enqueue_missing()
        assert jobs.asked == [("enqueue", f"{waits.id}.q0", waits.id, 0)]
        jobs.states[f"{waits.id}.q0"] = "failed"
        recovery.enqueue_missing()
        row = run_row(local.database, waits.id)
        assert (row.status, row.code, row.attempt) == ("failed", "gave_up", 1)
        assert runner.retry(waits.id).status == "queued"
        assert jobs.asked[-1] == ("enqueue", f"{waits.id}.q1", waits.id, 1)


def test_a_promised_run_whose_job_was_given_up(open_local: OpenLocal) -> None:
    """A promised run of a dead process whose job the engine has given up ends as failed, with what
    it had reserved booked, instead of running for ever; one whose job goes on is left alone."""
    with FakeUpstream() as upstream:
        local = open_local(upstream)
        _, jobs, recovery = with_jobs(local)
        rows = [run_values(host="gone") for _ in range(2)]
        for row in rows:
            local.service.ledger.write(CreateRun(row, desired=700))
            local.service.ledger.write(MakeDurable(row["id"], 1, "{}"))
        given_up, goes_on = (row["id"] for row in rows)
        recovery.recover_host("gone")
        jobs.states[f"{given_up}.1"] = "failed"
        for _ in range(2):
            recovery.enqueue_missing()
        row = run_row(local.database, given_up)
        assert (row.status, row.code, row.attempt) == ("failed", "gave_up", 2)
        assert (row.reserved_nusd, row.cost_nusd, row.estimated_nusd) == (0, 700, 700)
        assert run_row(local.database, goes_on).status == "running"
        assert assert_consistent(local.database) == 700


def test_a_job_waits_for_the_database(open_local: OpenLocal) -> None:
    """A durable job that finds the database away neither fails its run nor gives it up: it waits,
    unless its process ends before."""
    with FakeUpstream([FakePricing()]) as upstream:
        local = open_local(upstream)
        runner, _, _ = with_jobs(local)
        told = local.run(wait_seconds=0)
        write, tries = local.service.ledger.write, [3]

        def away(change: Change[Any]) -> Any:
            if isinstance(change, StartAttempt | FinishRun) and tries[0]:
                tries[0] -= 1
                raise StoreUnavailable
            return write(change)

        local.service.ledger.write = away  # type: ignore[method-assign]
        assert runner.resume(told.id, 0) == "done"
        assert (tries, len(upstream.requests), assert_consistent(local.database)) == ([0], 1, COST)
        second = local.run(wait_seconds=0)
        tries[0] = 10**6
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(runner.resume, second.id, 0)
            time.sleep(0.3)
            runner._closing.set()
            with pytest.raises(StepAborted):
                waiting.result(30)
        tries[0] = 0
        assert run_row(local.database, second.id).status == "queued"


def test_only_one_job_follows_an_attempt(open_local: OpenLocal) -> None:
    """However many jobs of a run are carried out at once or later, from before a crash and from
    after it, each attempt is made once."""
    with FakeUpstream([FakePricing()] * 3) as upstream, ThreadPoolExecutor(12) as pool:
        local = open_local(upstream)
        runner, _, _ = with_jobs(local)
        told = local.run(wait_seconds=0)
        came = list(pool.map(lambda _: runner.resume(told.id, 0), range(12)))
        assert "done" in came
        assert set(came) <= {"done", "running"}
        assert (len(upstream.requests), run_row(local.database, told.id).attempt) == (1, 1)
        assert [runner.resume(told.id, attempt) for attempt in (0, 1, 2)] == ["done"] * 3
        assert runner.resume("run_x", 0) == "gone"
        taken = run_values(
            host="elsewhere",
            attempt=2,
            form='{"text": "x", "categories": "a\\nb"}',
            key_id=local.key.id,
        )
        local.service.ledger.write(CreateRun(taken))
        assert [runner.resume(taken["id"], attempt) for attempt in (0, 1)] == ["running"] * 2
        assert len(upstream.requests) == 1


def test_a_run_that_can_never_begin(open_local: OpenLocal) -> None:
    """What a job finds wrong before a run begins is the run's failure, said in its record: a form
    that is no longer right, a key without money or revoked, an action that is gone."""
    pricing = FakePricing(usage=lambda request: dearest(10))
    with FakeUpstream(pricing.script) as upstream:
        local = open_local(upstream)
        runner, _, _ = with_jobs(local)
        poor, revoked = local.new_key(day=10**9), local.new_key()
        cases = {
            "invalid_input": {"form": "{}"},
            "unknown_action": {"action": "gone"},
            "unauthorized": {"key_id": revoked.id},
            "budget_exceeded": {"key_id": poor.id},
        }
        local.service.keys.revoke(revoked.id)
        local.service.keys.change(poor.id, limits={"budget_day_nusd": 1})
        for code, values in cases.items():
            form = '{"text": "x", "categories": "a\\nb"}'
            row = queued_values(**{"form": form, "key_id": local.key.id, **values})
            local.service.ledger.write(CreateRun(row))
            assert runner.resume(row["id"], 0) == "failed"
            found = run_row(local.database, row["id"])
            assert (found.status, found.code, found.attempt, found.reserved_nusd) == (
                "failed",
                code,
                1,
                0,
            )
        assert not upstream.requests


def test_closing_waits_for_what_goes_on(open_local: OpenLocal) -> None:
    """A process that ends waits for its runs, so long at most; what it cannot write then is found
    by the next one."""
    gate, pricing = Gate(), FakePricing()
    with FakeUpstream([gate, pricing]) as upstream:
        local = open_local(upstream)
        told = local.run(wait_seconds=0.2)
        with hang_guard(), ThreadPoolExecutor(1) as pool:
            closing_ = pool.submit(local.service.runner.close, 20)
            time.sleep(0.3)
            gate.event.set()
            closing_.result(30)
        assert run_row(local.database, told.id).status == "done"
        assert local.run().status == "done"  # who comes in the last moment is answered all the same


def test_two_machines_and_one_dies(tmp_path: Path) -> None:
    """Of two workers on one database one is killed: after half a minute the other carries out what
    was promised, also what waited in the queue; what only the dead one's caller waited for is cut
    off."""
    gate = Gate()
    with (
        database_url("postgresql") as database,
        FakeUpstream([gate] * 3 + [FakePricing()] * 6) as upstream,
    ):
        variables = hosted_environment(
            upstream,
            FORMCALL_DATABASE_URL=database,
            FORMCALL_SECRET="s" * 32,
            FORMCALL_MAX_IN_FLIGHT="3",
        )
        with (
            formcall_process(tmp_path / "a", "serve", **variables) as a,
            ThreadPoolExecutor(2) as pool,
        ):
            a.key = new_key(a)
            waited_for = pool.submit(_ignoring, a, "waited for")
            wait_until(lambda: upstream.in_flight == 1)
            promised = run_action(a, wait_seconds=0.3).json()["id"]
            in_queue = [run_action(a, wait_seconds=0).json()["id"] for _ in range(3)]
            wait_until(lambda: upstream.in_flight == 3)
            with formcall_process(tmp_path / "b", "serve", **variables) as b:
                b.key = a.key
                kill(a)
                waited_for.result()
                gate.event.set()
                for run_id in (promised, *in_queue):
                    assert get_run(b, run_id, 100)["status"] == "done"
                wait_until(lambda: run_action(b, idempotency_key="waited for").status_code == 200)
                assert get_run(b, promised)["attempt"] == 2
                assert {get_run(b, run_id)["attempt"] for run_id in in_queue} <= {1, 2}
                books_of(b)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "hangs"])
def test_a_hostile_run_and_two_workers(tmp_path: Path, end: signal.Signals) -> None:
    """A run that ends or hangs the process of each worker that executes it costs each of two
    workers one restart: then it is given up. Other runs go on meanwhile."""
    pids: list[int] = []
    hangs = Gate()
    with (
        database_url("postgresql") as database,
        FakeUpstream() as upstream,
        ExitStack() as stack,
    ):
        upstream.script = Script([partial(_hang_on, "hostile", hangs)], repeat=True)
        variables = hosted_environment(
            upstream, FORMCALL_DATABASE_URL=database, FORMCALL_SECRET="s" * 32
        )
        web, *workers = (
            stack.enter_context(formcall_process(tmp_path / command[0], *command[1:], **variables))
            for command in (("web", "serve", "--role", "web"), ("a", "worker"), ("b", "worker"))
        )
        stack.callback(_kill_all, pids)
        web.key = new_key(web)
        wait_until(lambda: all("Formcall" in one.output_text() for one in workers))
        run_id = run_action(web, text="hostile", wait_seconds=0).json()["id"]
        for number in (1, 2):
            wait_until(lambda number=number: _asked(upstream, "hostile") == number)  # type: ignore[misc]
            with database_of(web) as engine:
                pids.append(int(run_row(engine, run_id).host.split("-")[-2]))
            os.kill(pids[-1], end)
            other = run_action(web, wait_seconds=0).json()["id"]
            wait_until(partial(_run_with_status, web, other, "done"))
        ended = wait_until(partial(_run_with_status, web, run_id, "failed"))
        hangs.open()
        assert (ended["code"], ended["retryable"]) == ("gave_up", False)
        assert "2 times in a row" in ended["detail"]
        for worker in workers:
            wait_until(lambda worker=worker: "is started again" in worker.output_text())  # type: ignore[misc]
        assert [one.output_text().count("is started again") for one in workers] == [1, 1]
        assert run_action(web, wait_seconds=60).json()["status"] == "done"
        assert (_asked(upstream, "hostile"), ended["reserved_usd"]) == (2, 0)
        paid = 3 * COST + round(ended["estimated_usd"] * 1e9)
        assert books_of(web) == paid


def _kill_all(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # its supervisor has ended it
            os.kill(pid, signal.SIGKILL)
