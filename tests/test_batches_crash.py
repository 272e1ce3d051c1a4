"""Batches outlive their processes: killed whenever, every row ends once, and only what was under way is asked for again."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.batching import CATEGORIES, MARKER, Client, engine, statuses, texts
from tests.conftest import FORMCALL, ROOT, Service, clean_environment, serving
from tests.databases import database_url
from tests.upstream import read_log

Json = dict[str, Any]

ROWS, AT_ONCE, KILLS = 1_000, 32, 3
REPLY = json.dumps({"category": "billing", "confidence": 0.9, "reason": "Charged twice.", "runner_up": None})


@contextmanager
def provider(folder: Path, *, delay: float, errors: float = 0.0, limited: float = 0.0) -> Iterator[tuple[str, Path]]:
    """A fake provider as a process of its own: its address, and the log of what it was asked."""
    log = folder / "asked.jsonl"
    command = [sys.executable, "-m", "tests.upstream", "--plain", "--reply", REPLY, "--usage", "412/96", "--seed", "7", "--jitter"]
    command += ["--delay", str(delay), "--errors", str(errors), "--limited", str(limited), "--log", str(log), "--marker", MARKER]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), log
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a server and the process that serves for it, before either can do anything about it."""
    for pid in [process.pid, *children(process.pid)]:
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=10)


def check_asked(log: Path, rows: list[Json], most_again: int) -> None:
    """Each row was asked for once, once more for each failure that it was answered with, and once more if it was cut off."""
    asked: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for line in read_log(log):
        if line["event"] == "asked":
            asked[line["marker"]] += 1
        elif line["status"] != 200:
            failed[line["marker"]] += 1
    assert set(asked) == {row["text"].partition(" ")[0] for row in rows}
    again = {marker: asked[marker] - 1 - failed[marker] for marker in asked}
    # what was cut off may have been on its way to a failure, and what came back from one may have been cut off before it was tried again
    assert all(-1 <= more <= KILLS for more in again.values()), again
    assert sum(more for more in again.values() if more > 0) <= most_again
    assert sum(asked.values()) <= len(rows) + sum(failed.values()) + most_again


def check_ended(client: Client, batch_id: str, count: int) -> list[Json]:
    """Every row is there once, with its answer and its price, and nothing is reserved any more."""
    state = client.state(batch_id)
    rows = client.rows(batch_id)
    assert (state["status"], state["total"], state["done"], state["left"]) == ("done", count, count, 0)
    assert [row["row"] for row in rows] == list(range(1, count + 1))
    assert statuses(rows) == {"done": count}
    assert len({row["run_id"] for row in rows}) == count
    assert state["reserved_usd"] == 0
    assert state["cost_usd"] == pytest.approx(sum(row["cost_usd"] for row in rows))
    usage = requests.get(f"{client.address}/v1/usage", headers=client.headers, timeout=60)
    assert usage.status_code == 200
    return rows


@pytest.mark.slow
def test_a_batch_outlives_three_crashes(tmp_path: Path) -> None:
    """A service that is killed three times goes on each time where it was: no row is lost, none is answered twice."""
    batch_id, key = "", ""
    with provider(tmp_path, delay=0.2, errors=0.03, limited=0.02) as (base_url, log):
        for life in range(KILLS + 1):
            with serving(tmp_path, FORMCALL_ROWS_AT_ONCE=str(AT_ONCE), **engine(base_url)) as service:
                key = key or service.key
                client = Client(service.address, key, service)
                batch_id = batch_id or client.order(texts(ROWS))["id"]
                before = client.state(batch_id)["done"]
                if life < KILLS:
                    client.until(batch_id, lambda state, least=before + 150: state["done"] >= least)  # type: ignore[misc]
                    kill(service.process)
                    continue
                state = client.over(batch_id, 90)
                rows = check_ended(client, batch_id, ROWS)
        assert 0 < state["estimated_usd"] < state["cost_usd"]
    check_asked(log, rows, KILLS * AT_ONCE)


@contextmanager
def workers(folder: Path, count: int, **variables: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that carry out what services take in."""
    started = []
    with ExitStack() as stack:
        for number in range(count):
            output = stack.enter_context((folder / f"worker-{number}.txt").open("wb"))
            environment = clean_environment(FORMCALL_DATA_DIR=str(folder / "data"), **variables)
            process = subprocess.Popen([str(FORMCALL), "worker"], env=environment, cwd=folder, stdout=output, stderr=output)
            started.append(process)
            stack.callback(_end, process)
        yield started


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def clerk(folder: Path, **variables: str) -> Iterator[Client]:
    """A service with the role web, which carries out nothing."""
    environment = variables
    command = [str(FORMCALL), "serve", "--role", "web"]
    with serving_with(command, folder, environment) as service:
        yield Client(service.address, service.key, service)


@pytest.mark.slow
def test_rows_of_a_worker_that_is_gone_are_taken_over(tmp_path: Path) -> None:
    """Of two workers on one PostgreSQL one dies for good: within a minute the other has answered its rows as well."""
    with database_url("postgresql") as address, provider(tmp_path, delay=0.2, errors=0.03, limited=0.02) as (base_url, log):
        variables = {"FORMCALL_DATABASE_URL": address, "FORMCALL_ROWS_AT_ONCE": "16", "FORMCALL_SECRET": "s" * 32, **engine(base_url)}
        with clerk(tmp_path, **variables) as client, workers(tmp_path, 2, **variables) as (first, second):
            taken = client.order(texts(500))
            client.until(taken["id"], lambda state: state["done"] > 100)
            both = wait_for_hosts(tmp_path, client, log)
            first.kill()
            first.wait()
            killed = time.monotonic()
            state = client.over(taken["id"], 90)
            assert time.monotonic() - killed < 60
            rows = check_ended(client, taken["id"], 500)
            assert both and second.poll() is None
            assert state["estimated_usd"] >= 0
    check_asked(log, rows, 16)
