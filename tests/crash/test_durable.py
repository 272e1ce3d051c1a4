"""Durable jobs: finished steps are kept and unfinished ones are run, whichever process dies and
whenever."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, create_engine
from sqlalchemy import inspect as inspect_database

from connector.durable import workflow_table as records
from connector.durable.heartbeat import HostRegistry
from connector.durable.queue import JobQueue, host_name
from connector.durable.steps import json_copy
from connector.durable.workflow_table import QueueDepth
from connector.errors import SettingsError
from connector.store import hosts as store_hosts
from connector.store.hosts import StoredHosts
from connector.store.tables import hosts as hosts_table
from tests.support.durable_app import AT_ONCE, build
from tests.support.running_service import clean_environment, free_port
from tests.support.samples import ROOT

SERVER = "postgres@127.0.0.1:5432"
PATIENCE = 90.0  # seconds, for what takes one or two


class Place:
    """A database and a log for the processes of one test; ``jobs`` is this process's way in, which
    carries out nothing."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.log, self.errors = address, folder / "log.txt", folder / "errors.txt"
        self.log.touch()
        self.limits: dict[str, Any] = {}
        self._open = ExitStack()
        self._jobs: JobQueue | None = None

    @property
    def jobs(self) -> JobQueue:
        if self._jobs is None:
            self._jobs = build(self.log, self.address, role="web", host="test", **self.limits)
            self._jobs.launch()
            self._open.callback(self._jobs.stop, 0)
        return self._jobs

    def begin(self, **options: Any) -> subprocess.Popen[bytes]:
        """A process that carries out jobs; it ends with the test."""
        told = json.dumps({"address": self.address, "log": str(self.log), **self.limits, **options})
        with self.errors.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.durable_app", told], cwd=ROOT, stderr=errors
            )
        self._open.callback(_kill, process)
        return process

    def ready(self, process: subprocess.Popen[bytes]) -> None:
        self.until(lambda: any(line[1:] == ["ready", str(process.pid)] for line in self.lines()))

    def serve(self, **options: Any) -> subprocess.Popen[bytes]:
        """Such a process, once it is ready."""
        process = self.begin(**options)
        self.ready(process)
        return process

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.log.read_text().splitlines()]

    def noted(self, *words: str) -> list[list[str]]:
        """The lines with these words after the host."""
        return [line for line in self.lines() if line[1 : 1 + len(words)] == list(words)]

    def until(self, holds: Callable[[], object], seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, (
                f"{self.log.read_text()[-2000:]}\n{self.errors.read_text()[-2000:]}"
            )
            time.sleep(0.02)

    def until_ended(self, *ids: str, state: str = "done") -> None:
        self.until(lambda: all(self.jobs.status(one) in records.ENDED for one in ids))
        assert {self.jobs.status(one) for one in ids} == {state}, self.errors.read_text()[-2000:]

    def close(self) -> None:
        self._open.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _pg() -> Iterator[str]:
    """The address of a new PostgreSQL database, which is dropped in the end."""
    psycopg = pytest.importorskip("psycopg", reason="no driver for PostgreSQL is installed")
    try:
        server = psycopg.connect(
            f"postgresql://{SERVER}/postgres", autocommit=True, connect_timeout=2
        )
    except psycopg.OperationalError:
        assert not os.environ.get("CI"), (
            "continuous integration has a PostgreSQL, so a skip there would hide a fault"
        )
        pytest.skip("there is no PostgreSQL at 127.0.0.1:5432 that lets the user postgres in")
    name = f"formcall_test_{secrets.token_hex(6)}"
    with server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"postgresql+psycopg://{SERVER}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Place]:
    """An SQLite file, for one process."""
    place = Place(f"sqlite:///{tmp_path}/jobs.db", tmp_path)
    yield place
    place.close()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Place]:
    """A PostgreSQL database with the table of hosts, for several processes."""
    for address in _pg():
        engine = create_engine(address)
        hosts_table.create(engine)
        engine.dispose()
        place = Place(address, tmp_path)
        yield place
        place.close()


@pytest.fixture(params=["alone", "shared"])
def either(request: pytest.FixtureRequest) -> Place:
    """Each kind of database."""
    place: Place = request.getfixturevalue(request.param)
    return place


# --- nothing is lost ------------------------------------------------------------------------------


def _has_ended(place: Place, count: int) -> bool:
    return len(place.noted("end")) >= count


def test_killed_three_times(alone: Place) -> None:
    """A process that is killed three times does every step, and repeats at most those that were
    going on when it was killed."""
    names = [f"w{number}" for number in range(20)]
    for name in names:
        alone.jobs.enqueue("runs", "count", name, name, 5, 0.02)
    for ends in (15, 40, 65):
        process = alone.begin()
        alone.until(partial(_has_ended, alone, ends))
        _kill(process)
    alone.begin()
    alone.until_ended(*names)
    begun = Counter(tuple(line[2:]) for line in alone.noted("begin"))
    ended = Counter(tuple(line[2:]) for line in alone.noted("end"))
    assert set(begun) == set(ended) == {(name, str(step)) for name in names for step in range(5)}
    assert sum(begun.values()) - len(begun) <= 3 * AT_ONCE
    assert {line[2]: line[3] for line in alone.noted("done")} == dict.fromkeys(names, "10")


def test_work_of_a_dead_process_goes_on_in_another(shared: Place) -> None:
    """What a killed process was carrying out is taken over by another, from its last finished
    step."""
    dead = shared.serve(role="worker", host="a", silent=2.5, at_once=4)
    names = [f"w{number}" for number in range(8)]
    for name in names:
        shared.jobs.enqueue("runs", "count", name, name, 8, 0.1)
    shared.until(lambda: len(shared.noted("end")) >= 8)
    _kill(dead)
    shared.serve(role="worker", host="b", silent=2.5, at_once=4)
    shared.until_ended(*names)
    ended = Counter(tuple(line[2:]) for line in shared.noted("end"))
    assert set(ended) == {(name, str(step)) for name in names for step in range(8)}
    assert sum(ended.values()) - len(ended) <= 4
    shared.until(lambda: StoredHosts(_engine(shared)).known() == {"b"})
    assert [line[0] for line in shared.noted("dead", "a")] == ["b"]


def test_process_that_was_only_asleep(shared: Place) -> None:
    """A process that was stopped for so long that its work was taken over drops it when it wakes,
    is told, and goes on with other work."""
    asleep = shared.serve(role="worker", host="a", silent=2.5)
    shared.jobs.enqueue("runs", "count", "w", "w", 4, 0.6)
    shared.until(lambda: shared.noted("begin", "w", "1"))
    asleep.send_signal(signal.SIGSTOP)
    other = shared.serve(role="worker", host="b", silent=2.5)
    shared.until_ended("w")
    asleep.send_signal(signal.SIGCONT)
    shared.until(lambda: [line[0] for line in shared.noted("lost")] == ["a"])
    assert {tuple(line[2:]) for line in shared.noted("end")} == {
        ("w", str(step)) for step in range(4)
    }
    assert [line[0] for line in shared.noted("done")] == ["b"]
    assert max(int(line[3]) for line in shared.noted("begin") if line[0] == "a") <= 1
    _kill(other)
    shared.jobs.enqueue("runs", "count", "next", "next", 1, 0)
    shared.until_ended("next")
    assert [line[0] for line in shared.noted("done", "next")] == ["a"]


def test_pause_and_failure_survive_a_restart(alone: Place) -> None:
    """A pause is not cut short, and a step that failed fails again in the same words without being
    done again."""
    process = alone.serve()
    alone.jobs.enqueue("runs", "nap", "n", "n", 3)
    alone.until(lambda: alone.noted("heard"))
    _kill(process)
    alone.serve()
    alone.until_ended("n")
    (refused,), heard, (done,) = alone.noted("refused"), alone.noted("heard"), alone.noted("done")
    assert len(heard) == 2 and heard[0] == heard[1]
    assert float(done[3]) - float(refused[3]) >= 3


def test_stop_leaves_work_between_two_steps(either: Place) -> None:
    """A process that is stopped finishes the step it is at; after a restart no step is done
    twice."""
    watched = {"silent": 20.0} if "postgresql" in either.address else {}
    process = either.serve(**watched)
    either.jobs.enqueue("runs", "count", "w", "w", 15, 0.05)
    either.until(lambda: either.noted("end", "w", "3"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0 and [
        line[2] for line in either.noted("stopped")
    ] == ["True"]
    either.serve(**watched)
    either.until_ended("w")
    assert [int(line[3]) for line in either.noted("begin")] == list(range(15))


def test_server_that_forks(alone: Place) -> None:
    """Jobs run in a worker of gunicorn, and a worker that replaces a killed one goes on with
    them."""
    address = f"127.0.0.1:{free_port()}"
    told = json.dumps({"address": alone.address, "log": str(alone.log)})
    options = [
        "-b",
        address,
        "-w",
        "1",
        "-k",
        "gthread",
        "--threads",
        "4",
        "--no-control-socket",
        "--log-level",
        "error",
    ]
    command = [
        str(Path(sys.executable).with_name("gunicorn")),
        *options,
        "tests.support.durable_app:wsgi()",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env=clean_environment(DURABLE_APP=told))
    try:
        alone.until(lambda: alone.noted("ready"))
        worker = int(requests.get(f"http://{address}/w", timeout=60).text)
        alone.until(lambda: alone.noted("end", "w", "2"))
        os.kill(worker, signal.SIGKILL)
        alone.until_ended("w")
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)
    ready = {line[2] for line in alone.noted("ready")}
    assert len(ready) == 2 and len(alone.noted("begin")) <= 21


# --- once, in order, fairly -----------------------------------------------------------------------


def test_web_carries_out_nothing(either: Place) -> None:
    """A process of role web puts work into queues, also what it is asked to start, and leaves it
    there for others."""
    before = threading.active_count()
    either.jobs.enqueue("runs", "count", "a", "a", 1, 0)
    either.jobs.start("count", "b", "b", 1, 0)
    either.jobs.enqueue("rows", "count", "c", "c", 1, 0, key="k", delay=600)
    time.sleep(0.5)
    assert threading.active_count() == before
    assert either.jobs.depths() == {"runs": QueueDepth(queued=2), "rows": QueueDepth(queued=1)}
    either.serve()
    either.until_ended("a", "b")
    assert either.jobs.status("c") == "queued" and either.jobs.status("d") is None
    assert either.jobs.depths() == {"runs": QueueDepth(), "rows": QueueDepth(queued=1)}


def test_same_id_twice(either: Place) -> None:
    """Work that is put into a queue twice under one id is done once, also when it has ended
    before."""
    either.jobs.enqueue("runs", "count", "w", "w", 2, 0.01)
    either.jobs.enqueue("runs", "count", "w", "w", 2, 0.01)
    either.serve()
    either.until_ended("w")
    either.jobs.enqueue("runs", "count", "w", "w", 2, 0.01)
    either.jobs.enqueue("runs", "count", "x", "x", 1, 0)
    either.until_ended("x")
    assert len(either.noted("done", "w")) == 1 and len(either.noted("begin", "w")) == 2


def test_cancel(either: Place) -> None:
    """Cancelled work does nothing after the step that was going on, and work that waited is never
    begun."""
    either.limits = {"at_once": 1}
    either.serve()
    either.jobs.enqueue("runs", "count", "w", "w", 50, 0.1)
    either.jobs.enqueue("runs", "count", "waits", "waits", 1, 0)
    either.until(lambda: either.noted("end", "w", "2"))
    either.jobs.cancel("w", "waits")
    begun = len(either.noted("begin", "w"))
    either.jobs.enqueue("runs", "count", "x", "x", 1, 0)
    either.until_ended("x")
    assert either.jobs.status("w") == either.jobs.status("waits") == "cancelled"
    assert len(either.noted("begin", "w")) <= begun + 1 and not either.noted("begin", "waits")


def test_cancelled_pause_and_children(alone: Place) -> None:
    """Who pauses or waits notices that it was cancelled; who waits is told how each of the others
    ended."""
    alone.limits = {"at_once": 1}
    alone.serve()
    alone.jobs.enqueue("runs", "nap", "n", "n", 600)
    alone.until(lambda: alone.noted("heard", "n"))
    alone.jobs.cancel("n")
    alone.jobs.enqueue("runs", "family", "f", "f", 6, "k")
    alone.until_ended("f")
    assert alone.noted("done", "f") == [["local", "done", "f", "done"]]
    alone.jobs.enqueue("rows", "count", "long", "long", 100, 0.1, key="k")
    alone.jobs.enqueue("runs", "family", "g", "g", 2, "k")
    alone.until(lambda: alone.jobs.status("g/1") == "queued")
    alone.jobs.cancel("long", "g/1")
    alone.until_ended("g")
    assert alone.noted("done", "g") == [["local", "done", "g", "cancelled", "done"]]


def test_many_of_one_key_do_not_hold_up_few_of_another(either: Place) -> None:
    """Keys take turns at each free place of a process, of which one key alone may use all."""
    either.limits = {"at_once": 4}
    many, few = [f"a{number}" for number in range(150)], [f"b{number}" for number in range(3)]
    for name in many:
        either.jobs.enqueue("rows", "count", name, name, 1, 0.05, key="a")
    either.serve()
    either.until(lambda: len(either.noted("done")) >= 8)
    for name in few:
        either.jobs.enqueue("rows", "count", name, name, 1, 0.05, key="b")
    before = len(either.noted("done"))
    either.until_ended(*few)
    passed_by = len(either.noted("done")) - before
    assert passed_by < 60
    assert _most_at_once(either, "a") <= _most_at_once(either, "") <= 4


def test_limits_of_a_key_and_of_all_processes(shared: Place) -> None:
    """A key's limit in a process and a queue's in all processes together are kept, although there
    would be room for more."""
    shared.limits = {"at_once": 4, "per_key": 2, "global_concurrency": 5}
    names = [f"{key}{number}" for number in range(10) for key in "ab"]
    for process in [shared.begin(role="worker", host=host) for host in "xy"]:
        shared.ready(process)
    for name in names:
        shared.jobs.enqueue("rows", "count", name, name, 1, 0.1, key=name[0])
    shared.until_ended(*names)
    assert _most_at_once(shared, "") <= 5  # how near they come to it is a matter of luck
    assert all(_most_at_once(shared, key, host) <= 2 for key in "ab" for host in "xy")


def _most_at_once(place: Place, beginning: str, host: str = "") -> int:
    """How many steps of work whose name begins like this were going on together, anywhere or in a
    process."""
    now, most = 0, 0
    for line in place.lines():
        if (
            line[1] in {"begin", "end"}
            and line[2].startswith(beginning)
            and line[0].startswith(host)
        ):
            now += 1 if line[1] == "begin" else -1
            most = max(most, now)
    return most


# --- beginnings and ends --------------------------------------------------------------------------


def test_launches_at_the_same_moment(shared: Place) -> None:
    """Processes that are launched together on a new database all come up, and work for one
    another."""
    processes = [
        shared.begin(role="worker", silent=20.0),
        shared.begin(role="all"),
        shared.begin(role="web"),
    ]
    shared.jobs.enqueue("runs", "count", "w", "w", 1, 0)
    for process in processes:
        shared.ready(process)
    shared.until_ended("w")
    with _opened(shared) as engine:
        assert set(inspect_database(engine).get_schema_names()) >= {"public", records.SCHEMA}
        assert inspect_database(engine).get_table_names() == ["hosts"]


def test_second_process_on_a_file(alone: Place) -> None:
    """A second process that would carry out the jobs of a file is refused in a sentence; one of
    role web is not."""
    alone.serve()
    second = build(alone.log, alone.address)
    with pytest.raises(SettingsError, match="Another Formcall works on the same data folder"):
        second.launch()
    other = build(alone.log, alone.address, role="web")
    other.launch()
    other.enqueue("runs", "count", "w", "w", 1, 0)
    alone.until(lambda: other.status("w") == "done")
    other.stop(0)


def test_prune(either: Place) -> None:
    """What is known of ended work is deleted by its age; work that has not ended stays."""
    either.serve()
    for name in ("a", "b", "c"):
        either.jobs.enqueue("runs", "count", name, name, 1, 0)
    either.until_ended("a", "b", "c")
    either.jobs.enqueue("runs", "count", "d", "d", 1, 0, delay=600)
    now = dt.datetime.now(dt.UTC)
    assert either.jobs.prune(now - dt.timedelta(hours=1)) == 0
    assert either.jobs.prune(now + dt.timedelta(seconds=5)) == 3
    assert [either.jobs.status(name) for name in ("a", "b", "d")] == [None, None, "queued"]


def test_failure_says_nothing_of_the_caller(alone: Place) -> None:
    """What goes wrong unforeseen comes as ``internal`` and is logged by its kind and place, never
    with its words."""
    alone.serve()
    alone.jobs.enqueue("runs", "fail", "w", "w", "sesame-4711")
    alone.until_ended("w", state="failed")
    assert alone.noted("heard") == [["local", "heard", "w", "internal"]]
    said = alone.errors.read_text()
    assert "step wrong of w failed" in said and "job w failed" in said and "ValueError" in said
    assert "4711" not in said and "dbos" not in said


def test_steps_of_another_thread(alone: Place) -> None:
    """A step in a thread that does not carry out the work is refused, since its result would not be
    kept."""
    alone.serve()
    alone.jobs.enqueue("runs", "stray", "w", "w")
    alone.until_ended("w")
    assert alone.noted("stray") == [["local", "stray", "w", "RuntimeError"]]


def test_launched_once(alone: Place) -> None:
    """A second launch changes nothing, other jobs in the same process are refused, and unknown
    names too."""
    alone.jobs.launch()
    with pytest.raises(RuntimeError, match="once in a process"):
        build(alone.log, alone.address, role="web").launch()
    with pytest.raises(LookupError):
        alone.jobs.enqueue("runs", "unknown", "w")
    with pytest.raises(RuntimeError, match="before the launch"):
        alone.jobs.queue("late", concurrency=1)
    with pytest.raises(LookupError):
        alone.jobs.enqueue("unknown", "count", "w")


def test_only_plain_json() -> None:
    """What would not be read back as it was written is refused at once."""
    assert json_copy({"a": (1, "é", None)}) == {"a": [1, "é", None]}
    for value in (Decimal(1), {1}, float("nan"), "\ud800", dt.datetime.now(dt.UTC)):
        with pytest.raises((TypeError, ValueError)):
            json_copy(value)


def test_host_names() -> None:
    """Who is alone on a file keeps its name over restarts; everybody else has a name of its own."""
    assert host_name("sqlite:///jobs.db", "all") == "local"
    names = {
        host_name("postgresql://host/name", "all"),
        host_name("postgresql://host/name", "all"),
        host_name("sqlite:///x", "worker"),
    }
    assert len(names) == 3 and all(str(os.getpid()) in name and len(name) <= 120 for name in names)


# --- the table of hosts, and what DBOS promises ---------------------------------------------------


def _engine(place: Place) -> Engine:
    engine = create_engine(place.address)
    place._open.callback(engine.dispose)
    return engine


@contextmanager
def _opened(place: Place) -> Iterator[Engine]:
    engine = create_engine(place.address)
    yield engine
    engine.dispose()


def test_hosts(either: Place) -> None:
    """A host is known from its first beat, dead when it was silent for long enough, and new again
    after it was forgotten."""
    engine = _engine(either)
    hosts_table.create(engine, checkfirst=True)
    hosts: HostRegistry = StoredHosts(engine)
    assert [hosts.beat("a", "worker"), hosts.beat("a", "worker"), hosts.beat("b", "web")] == [
        False,
        True,
        False,
    ]
    assert hosts.known() == {"a", "b"} and hosts.dead(5) == []
    time.sleep(2.1)  # SQLite's clock has whole seconds
    hosts.beat("b", "web")
    assert hosts.dead(1) == ["a"]
    hosts.remove("a")
    assert hosts.known() == {"b"} and hosts.beat("a", "worker") is False


def test_one_leads(shared: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several processes one leads; when it lets go, or is frozen for a while, another can."""
    monkeypatch.setattr(
        store_hosts, "_LOCK_TIMEOUT", "SET LOCAL idle_in_transaction_session_timeout = '300ms'"
    )
    one, other = StoredHosts(_engine(shared)), StoredHosts(_engine(shared))
    with one.try_lead() as leads:
        assert leads
        with other.try_lead() as too:
            assert not too
        time.sleep(0.5)
        with other.try_lead() as instead:
            assert instead
    with one.try_lead() as leads:
        assert leads


def test_what_we_rely_on_in_dbos(alone: Place) -> None:
    """The private call for a dead host's work, the table that is read and the words in it are as
    they were."""
    from dbos import DBOS, WorkflowStatusString, error

    assert list(inspect.signature(DBOS._recover_pending_workflows).parameters) == ["executor_ids"]
    assert {state.value for state in WorkflowStatusString} == set(records._STATES)
    for kind in (error.DBOSWorkflowCancelledError, error.DBOSWorkflowConflictIDError):
        assert issubclass(kind, error.DBOSBaseException) and not issubclass(kind, Exception)
    assert alone.jobs.depths()["runs"] == QueueDepth()
    columns = {
        column["name"] for column in inspect_database(_engine(alone)).get_columns("workflow_status")
    }
    assert columns >= set(records._COLUMNS)
