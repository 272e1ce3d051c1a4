"""Several processes behind one port: calls, rates, keys and metrics are those of one service, a
process that dies takes nothing with it, and a restart is not seen by callers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.cli.serve import count_processes
from connector.errors import FormcallError
from connector.machine import count_processors, memory_bytes, runs_that_fit
from connector.settings import Settings
from connector.web.siblings import merge
from tests.support.databases import database_url
from tests.support.running_service import FORMCALL, RunningService, clean_environment, serving
from tests.support.samples import TICKET
from tests.support.upstream import FakeUpstream

TWO = {"FORMCALL_PROCESSES": "2"}


@contextmanager
def two_processes(folder: Path, **variables: str) -> Iterator[RunningService]:
    with (
        database_url("postgresql") as database,
        serving(folder, FORMCALL_DATABASE_URL=database, **TWO, **variables) as service,
    ):
        wait_for(lambda: len(children(service)) == 2, "two serving processes")
        yield service


def children(service: RunningService) -> list[int]:
    """The processes that serve."""
    tasks = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text()
    return [int(pid) for pid in tasks.split()]


def wait_for(condition: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + 60  # a hang guard
    while not condition():
        assert time.monotonic() < deadline, f"waited for {name}"
        time.sleep(0.05)


def run(service: RunningService, key: str = "", **fields: Any) -> requests.Response:
    """One call over a connection of its own, so that any of the processes may accept it."""
    return requests.post(
        f"{service.address}/v1/actions/classify",
        json={**TICKET, **fields},
        headers={"X-API-Key": key or service.key, "Connection": "close"},
        timeout=60,
    )


def at_once(count: int, call: Callable[[int], requests.Response]) -> list[requests.Response]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(call, range(count)))


def scraped(service: RunningService, series: str) -> float:
    text = requests.get(f"{service.address}/metrics", headers=service.headers, timeout=30).text
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.slow
def test_one_service(tmp_path: Path) -> None:
    """Each process answers; whichever is asked, its metrics are the sums, a rate and a repeated
    request are counted once, and a revoked key is refused by all."""
    with two_processes(tmp_path) as service:
        assert {answer.status_code for answer in at_once(60, lambda _: run(service))} == {200}
        series = 'formcall_run_seconds_count{action="classify",status="done"}'
        assert [scraped(service, series) for _ in range(6)] == [60.0] * 6

        same = at_once(12, lambda _: run(service, idempotency_key="order 7"))
        assert len({answer.json()["id"] for answer in same}) == 1

        environment = service.environment
        limited = subprocess.run(
            [str(FORMCALL), "key", "create", "limited", "--rate", "10"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        counts = Counter(
            answer.status_code for answer in at_once(40, lambda _: run(service, limited))
        )
        assert counts == {200: 10, 429: 30}

        subprocess.run([str(FORMCALL), "key", "revoke", "limited"], env=environment, check=True)
        wait_for(
            lambda: (
                {one.status_code for one in at_once(8, lambda _: run(service, limited))} == {401}
            ),
            "the refusal of a revoked key",
        )
        assert service.output_text().count("  API key   ") == 1


@pytest.mark.slow
def test_a_process_that_is_killed(tmp_path: Path) -> None:
    """Runs that were promised go on in the other process, callers are answered by it, and a new
    process takes the place of the dead one."""
    upstream = FakeUpstream(delay=1.0)
    with (
        upstream,
        two_processes(
            tmp_path,
            FORMCALL_ENGINE="openai",
            OPENAI_API_KEY="k",
            OPENAI_BASE_URL=upstream.base_url,
            FORMCALL_RETIRED="error",
        ) as service,
    ):
        promised = [run(service, wait_seconds=0).json()["id"] for _ in range(12)]
        wait_for(lambda: bool(upstream.requests), "a call of the model")
        victim = children(service)[0]
        os.kill(victim, signal.SIGKILL)
        assert {answer.status_code for answer in at_once(8, lambda _: run(service))} == {200}
        wait_for(
            lambda: len(children(service)) == 2 and victim not in children(service), "a new process"
        )
        for run_id in promised:
            answer = requests.get(
                f"{service.address}/v1/runs/{run_id}?wait_seconds=60",
                headers=service.headers,
                timeout=90,
            ).json()
            assert answer["status"] in {"done", "interrupted"}, answer
        done = [
            requests.get(f"{service.address}/v1/runs/{run_id}", headers=service.headers, timeout=30)
            for run_id in promised
        ]
        assert [answer.json()["status"] for answer in done] == ["done"] * 12


@pytest.mark.slow
def test_a_rolling_restart(tmp_path: Path) -> None:
    """SIGHUP replaces the processes one after the other; each call meanwhile is answered."""
    with two_processes(tmp_path) as service:
        before = set(children(service))
        statuses: list[int] = []
        stopping = threading.Event()

        def call() -> None:
            while not stopping.is_set():
                statuses.append(run(service).status_code)

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        service.process.send_signal(signal.SIGHUP)
        wait_for(
            lambda: len(children(service)) == 2 and not before & set(children(service)),
            "two new processes",
        )
        stopping.set()
        for caller in callers:
            caller.join()
        assert statuses and set(statuses) == {200}


def test_sqlite_has_one_process(tmp_path: Path) -> None:
    """More are refused at the start, with the way out; PostgreSQL has one for each processor."""
    with pytest.raises(FormcallError, match="FORMCALL_DATABASE_URL") as refused:
        count_processes(Settings(data_dir=tmp_path), 2)
    assert refused.value.code == "settings_error"
    assert count_processes(Settings(data_dir=tmp_path), None) == 1
    shared = Settings(data_dir=tmp_path, database_url="postgresql+psycopg://127.0.0.1/none")
    assert count_processes(shared, None) == count_processors()
    assert count_processes(shared, 3) == 3
    environment = clean_environment(FORMCALL_DATA_DIR=str(tmp_path / "data"))
    done = subprocess.run(
        [str(FORMCALL), "serve", "--processes", "2"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "settings_error" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("limit", "count"),
    [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 0), ("9999900000 100000", 0)],
)
def test_the_processors_of_a_container(tmp_path: Path, limit: str, count: int) -> None:
    """A container's share of the processors counts, not those of its machine."""
    cores = len(os.sched_getaffinity(0))
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert count_processors(tmp_path) == min(count or cores, cores)
    assert count_processors(tmp_path / "none") == cores


def test_the_memory_of_a_container(tmp_path: Path) -> None:
    """It decides how many runs are in progress at once by default: a thousand from 2 GB on."""
    machine = memory_bytes(tmp_path / "none")
    for limit, memory in (("268435456", 2**28), ("max", machine), ("99999999999999999", machine)):
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        assert memory_bytes(tmp_path) == memory
    assert [runs_that_fit(mib * 2**20) for mib in (64, 512, 1_024, 2_048, 65_536)] == [
        128,
        256,
        512,
        1_024,
        1_024,
    ]


ONE = b"""\
# HELP formcall_requests_total Requests answered.
# TYPE formcall_requests_total counter
formcall_requests_total{route="/a",status="200"} 3.0
# HELP formcall_request_seconds Time.
# TYPE formcall_request_seconds histogram
formcall_request_seconds_bucket{le="1.0"} 2.0
formcall_request_seconds_bucket{le="+Inf"} 3.0
formcall_request_seconds_count 3.0
formcall_request_seconds_sum 4.5
# HELP process_start_time_seconds Start.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 100.0
# HELP formcall_provider_passed_over Passed over.
# TYPE formcall_provider_passed_over gauge
formcall_provider_passed_over{provider="a"} 0.0
# HELP formcall_runs_open Open.
# TYPE formcall_runs_open gauge
formcall_runs_open{status="queued"} 5.0
"""
OTHER = (
    ONE.replace(b'"200"} 3.0', b'"500"} 1.0')
    .replace(b" 100.0", b" 90.0")
    .replace(b'{provider="a"} 0.0', b'{provider="a"} 1.0')
)


def test_merged_metrics() -> None:
    """Counts are added by their labels; what counts the database is taken once."""
    lines = merge([ONE, OTHER]).decode().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'formcall_requests_total{route="/a",status="200"} 3.0',
        'formcall_requests_total{route="/a",status="500"} 1.0',
        'formcall_request_seconds_bucket{le="1.0"} 4.0',
        'formcall_request_seconds_bucket{le="+Inf"} 6.0',
        "formcall_request_seconds_count 6.0",
        "formcall_request_seconds_sum 9.0",
        "process_start_time_seconds 90.0",
        'formcall_provider_passed_over{provider="a"} 1.0',
        'formcall_runs_open{status="queued"} 5.0',
    ]
    assert merge([ONE]) == ONE
