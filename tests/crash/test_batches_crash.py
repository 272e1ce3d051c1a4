"""Batches survive the death of their process: every row ends once, and only rows in flight are
repeated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, func, select, text

from connector.json_types import Json
from connector.store.tables import runs
from tests.support.batch_client import MARKER, PATIENCE, BatchClient, engine, statuses, texts
from tests.support.databases import database_url
from tests.support.running_service import (
    FORMCALL,
    RunningService,
    clean_environment,
    first_key,
    free_port,
    serving,
)
from tests.support.samples import ROOT
from tests.support.service_harness import Gate, wait_until
from tests.support.upstream import FakeUpstream, read_log

ROWS, AT_ONCE, KILLS = 1_000, 32, 3
REPLY = json.dumps(
    {"category": "billing", "confidence": 0.9, "reason": "Charged twice.", "runner_up": None}
)


@contextmanager
def provider(
    folder: Path, *, delay: float, errors: float = 0.0, limited: float = 0.0
) -> Iterator[tuple[str, Path]]:
    """A fake provider as a process of its own: its address, and the log of what it was asked."""
    log = folder / "asked.jsonl"
    command = [
        sys.executable,
        "-m",
        "tests.support.upstream",
        "--plain",
        "--reply",
        REPLY,
        "--usage",
        "412/96",
        "--seed",
        "7",
        "--jitter",
    ]
    command += [
        "--delay",
        str(delay),
        "--errors",
        str(errors),
        "--limited",
        str(limited),
        "--log",
        str(log),
        "--marker",
        MARKER,
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), log
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout:
            process.stdout.close()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a server and the process that serves for it, before either can do anything about it."""
    for pid in [process.pid, *children(process.pid)]:
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=60)


def check_asked(log: Path, rows: list[Json], most_again: int) -> None:
    """Each row was asked for once, once more for each failure that it was answered with, and once
    more if it was cut off."""
    asked: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for line in read_log(log):
        if line["event"] == "asked":
            asked[line["marker"]] += 1
        elif line["status"] != 200:
            failed[line["marker"]] += 1
    assert set(asked) == {row["text"].partition(" ")[0] for row in rows}
    again = {marker: asked[marker] - 1 - failed[marker] for marker in asked}
    # what was cut off may have been on its way to a failure, and what came back from one may have
    # been cut off before it was tried again
    assert all(-1 <= more <= KILLS for more in again.values()), again
    assert sum(more for more in again.values() if more > 0) <= most_again
    assert sum(asked.values()) <= len(rows) + sum(failed.values()) + most_again


def check_ended(client: BatchClient, batch_id: str, count: int) -> list[Json]:
    """Every row is there once, with its answer and its price, and nothing is reserved any more."""
    state = client.state(batch_id)
    rows = client.rows(batch_id)
    assert (state["status"], state["total"], state["done"], state["left"]) == (
        "done",
        count,
        count,
        0,
    )
    assert [row["row"] for row in rows] == list(range(1, count + 1))
    assert statuses(rows) == {"done": count}
    assert len({row["run_id"] for row in rows}) == count
    assert state["reserved_usd"] == 0
    assert state["cost_usd"] == pytest.approx(sum(row["cost_usd"] for row in rows))
    return rows


def has_done(count: int) -> Callable[[Json], bool]:
    return lambda state: bool(state["done"] >= count)


@pytest.mark.slow
def test_a_batch_outlives_three_crashes(tmp_path: Path) -> None:
    """A service that is killed three times goes on each time where it was: no row is lost, none is
    answered twice."""
    batch_id, key = "", ""
    with provider(tmp_path, delay=0.2, errors=0.03, limited=0.02) as (base_url, log):
        for life in range(KILLS + 1):
            with serving(
                tmp_path, FORMCALL_ROWS_AT_ONCE=str(AT_ONCE), **engine(base_url)
            ) as service:
                key = key or service.key
                client = BatchClient(service.address, key, service)
                batch_id = batch_id or client.create(texts(ROWS))["id"]
                if life < KILLS:
                    client.wait_until(batch_id, has_done(client.state(batch_id)["done"] + 150))
                    kill(service.process)
                    continue
                state = client.wait_finished(batch_id, 90)
                rows = check_ended(client, batch_id, ROWS)
        assert 0 < state["estimated_usd"] < state["cost_usd"]
    check_asked(log, rows, KILLS * AT_ONCE)


@contextmanager
def started(
    command: list[str], folder: Path, name: str, **variables: str
) -> Iterator[RunningService]:
    """A process of Formcall other than a whole service; ended by its id."""
    environment = clean_environment(FORMCALL_DATA_DIR=str(folder / "data"), **variables)
    output = folder / f"{name}.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [str(FORMCALL), *command],
            env=environment,
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield RunningService("", "", folder, process, output, environment)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def clerk(folder: Path, **variables: str) -> Iterator[BatchClient]:
    """A caller of a service with the role web, which carries out nothing."""
    port = free_port()
    with started(
        ["serve", "--role", "web", "--port", str(port)], folder, "web", **variables
    ) as service:
        service.address = f"http://127.0.0.1:{port}"
        service.wait()
        key = first_key(service)
        assert key, service.output_text()
        yield BatchClient(service.address, key, service)


def hosts_of(address: str) -> set[str]:
    """The processes that have begun a row so far."""
    database = create_engine(address)
    try:
        with database.connect() as connection:
            return set(
                connection.execute(
                    select(runs.c.host).where(runs.c.host != "").distinct()
                ).scalars()
            )
    finally:
        database.dispose()


@pytest.mark.slow
def test_rows_of_a_worker_that_is_gone_are_taken_over(tmp_path: Path) -> None:
    """Of two workers on one PostgreSQL one dies for good: within a minute the other has answered
    its rows as well."""
    with (
        database_url("postgresql") as address,
        provider(tmp_path, delay=0.2, errors=0.03, limited=0.02) as (base_url, log),
    ):
        variables = {
            "FORMCALL_DATABASE_URL": address,
            "FORMCALL_ROWS_AT_ONCE": "16",
            "FORMCALL_SECRET": "s" * 32,
            **engine(base_url),
        }
        with (
            clerk(tmp_path, **variables) as client,
            started(["worker"], tmp_path, "first", **variables) as first,
            started(["worker"], tmp_path, "second", **variables) as second,
        ):
            taken = client.create(texts(600))
            client.wait_until(
                taken["id"], lambda state: state["done"] > 100 and len(hosts_of(address)) == 2
            )  # both are at work
            first.process.kill()
            first.process.wait()
            state = client.wait_finished(taken["id"], 180)
            rows = check_ended(client, taken["id"], 600)
            assert second.process.poll() is None, second.output_text()
        assert state["estimated_usd"] > 0
    check_asked(log, rows, 16)


@pytest.mark.slow
def test_a_database_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """When every connection to PostgreSQL is cut again and again, the batch comes to its end, and
    nothing of it is asked twice."""
    with database_url("postgresql") as address, provider(tmp_path, delay=0.2) as (base_url, log):
        variables = {
            "FORMCALL_DATABASE_URL": address,
            "FORMCALL_ROWS_AT_ONCE": "16",
            **engine(base_url),
        }
        with serving(tmp_path, **variables) as service:
            client = BatchClient(service.address, service.key, service)
            taken = client.create(texts(300))
            for count in (30, 100, 170):
                wait_done(address, taken["id"], count)
                cut_off(address)
            wait_done(address, taken["id"], 300)
            client.wait_finished(taken["id"])
            rows = check_ended(client, taken["id"], 300)
            assert client.state(taken["id"])["estimated_usd"] == 0
    check_asked(log, rows, 0)


def wait_done(address: str, batch_id: str, count: int) -> None:
    """Until so many rows are done, as seen without the service, whose own answers may fail
    meanwhile."""
    database = create_engine(address, poolclass=NullPool)
    is_done = (runs.c.batch_id == batch_id) & (runs.c.status == "done")
    until = time.monotonic() + PATIENCE
    while True:
        with database.connect() as connection:
            if (connection.execute(select(func.count()).where(is_done)).scalar() or 0) >= count:
                return
        assert time.monotonic() < until
        time.sleep(0.1)


def cut_off(address: str) -> None:
    """Cut every other connection to the database."""
    database = create_engine(address, poolclass=NullPool)
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid()"
    )
    with database.connect() as connection:
        connection.execute(text(others))


@pytest.mark.slow
def test_a_stop_lets_rows_end(tmp_path: Path) -> None:
    """A service that is told to stop ends the rows under way and no others; after its next start
    each of the rest is asked for once."""
    with provider(tmp_path, delay=0.3) as (base_url, log):
        with serving(tmp_path, FORMCALL_ROWS_AT_ONCE="16", **engine(base_url)) as service:
            client = BatchClient(service.address, service.key, service)
            taken = client.create(texts(300))
            client.wait_until(taken["id"], has_done(40))
        assert "Traceback" not in service.output_text()
        with serving(tmp_path, FORMCALL_ROWS_AT_ONCE="16", **engine(base_url)) as again:
            client = BatchClient(again.address, service.key, again)
            client.wait_finished(taken["id"])
            rows = check_ended(client, taken["id"], 300)
            assert client.state(taken["id"])["estimated_usd"] == 0
    check_asked(log, rows, 0)


@pytest.mark.slow
def test_a_cancelled_batch_whose_process_was_killed(tmp_path: Path) -> None:
    """A batch that is cancelled while rows are at the model, and whose process is killed then, ends
    after the next start: no row is left open or asked for again, and what the cut-off rows had
    reserved is booked, since they may have been billed."""
    gate = Gate()
    with FakeUpstream([gate] * 4) as upstream:
        variables = {**engine(upstream.base_url), "FORMCALL_ROWS_AT_ONCE": "4"}
        with serving(tmp_path, **variables) as service:
            client = BatchClient(service.address, service.key, service)
            batch_id = client.create(texts(20))["id"]
            wait_until(lambda: upstream.in_flight == 4)
            cancelled = client.post(f"/{batch_id}/cancel").json()
            assert (cancelled["status"], cancelled["left"]) == ("cancelled", 4)
            kill(service.process)
        gate.open()
        with serving(tmp_path, **variables) as again:
            client = BatchClient(again.address, service.key, again)
            state = client.wait_until(batch_id, lambda state: not state["left"])
            assert (state["status"], state["cancelled"], state["failed"]) == ("cancelled", 16, 4)
            assert state["reserved_usd"] == 0
            assert state["cost_usd"] == state["estimated_usd"] > 0
            assert statuses(client.rows(batch_id)) == {"cancelled": 16, "interrupted": 4}
        assert len(upstream.requests) == 4
