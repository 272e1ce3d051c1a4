"""A batch of ten thousand rows: rows a second, CPU a row, and memory as it proceeds.

The model takes 50 ms for a row, 64 run at once. The service has one pinned core, the fake upstream
and this program the other. The CPU of a row must not grow with the rows before it, and memory must
not grow with the rows at all. Needs Linux and two cores.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import requests

from bench.report import Check, report
from bench.servers import (
    LOAD_CORE,
    Server,
    classify_form,
    cpu_seconds,
    formcall,
    resident_mib,
    ticket,
    upstream,
)

ROWS = 10_000
CONCURRENCY = 64
UPSTREAM_SECONDS = 0.05
MARKS = (0.1, 0.5, 1.0)  # shares of the rows after which a sample is taken
USAGE = ("--usage", "412/96")
TARGETS = {"growth": 1.25, "memory": 1.35}


@dataclass(frozen=True)
class Sample:
    """Finished rows, and the seconds and CPU seconds since the start, at a mark."""

    rows: int
    seconds: float
    cpu: float
    mib: float


def create_batch(server: Server, session: requests.Session, rows: int) -> str:
    """Create a batch, print how long that took, and return its URL."""
    text = ticket()
    body = {
        "action": "classify",
        "fixed": classify_form(),
        "rows": [{"text": f"Ticket {number}: {text}"} for number in range(rows)],
    }
    while True:
        started = time.perf_counter()
        response = session.post(f"http://127.0.0.1:{server.port}/v1/batches", json=body, timeout=60)
        if response.status_code != 503:  # still starting
            response.raise_for_status()
            url: str = response.json()["status_url"]
            print(f"{rows:,} rows accepted in {time.perf_counter() - started:.2f} s")
            return url
        time.sleep(0.2)


def take_samples(server: Server, session: requests.Session, url: str) -> list[Sample]:
    """A sample at each mark."""
    started = time.perf_counter()
    cpu_before = cpu_seconds(server.pid)
    samples = []
    for mark in MARKS:
        rows = wait_for_share(session, url, mark)
        sample = Sample(
            rows,
            time.perf_counter() - started,
            cpu_seconds(server.pid) - cpu_before,
            resident_mib(server.pid),
        )
        samples.append(sample)
        print(
            f"{rows:7,} rows   {rows / sample.seconds:5.0f} rows/s   "
            f"{sample.cpu / rows * 1000:5.2f} ms CPU a row   {sample.mib:4.0f} MiB"
        )
    return samples


def wait_for_share(session: requests.Session, url: str, share: float) -> int:
    """Wait until ``share`` of the rows are finished; how many are."""
    while True:
        batch: dict[str, Any] = session.get(url, timeout=60).json()
        finished: int = batch["total"] - batch["left"]
        if finished >= share * batch["total"]:
            break
        time.sleep(0.25)
    if batch["status"] not in {"running", "done"} or batch["failed"]:
        raise SystemExit(f"the batch is {batch['status']}: {batch['result']} {batch['detail']}")
    return finished


def time_downloads(session: requests.Session, url: str) -> None:
    """Print how long the results take to download."""
    for name in ("results.csv", "results.jsonl"):
        started = time.perf_counter()
        size = len(session.get(f"{url}/{name}", timeout=60).content)
        print(f"{name:14} {size / 1e6:5.1f} MB in {time.perf_counter() - started:.2f} s")


def main() -> int:
    os.environ["FORMCALL_ROWS_AT_ONCE"] = str(CONCURRENCY)
    os.sched_setaffinity(0, {LOAD_CORE})
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with (
        upstream(UPSTREAM_SECONDS, *USAGE) as base_url,
        formcall(base_url) as server,
        requests.Session() as session,
    ):
        session.headers["X-API-Key"] = server.key
        url = create_batch(server, session, rows)
        first, half, last = take_samples(server, session, url)
        time_downloads(session, url)
        mib_after = resident_mib(server.pid)
    early_cpu = (half.cpu - first.cpu) / (half.rows - first.rows)
    late_cpu = (last.cpu - half.cpu) / (last.rows - half.rows)
    memory = max(last.mib, mib_after) / first.mib
    return report(
        [
            Check("CPU a row, second half to before", late_cpu / early_cpu, TARGETS["growth"]),
            Check("memory, all rows and results to the first tenth", memory, TARGETS["memory"]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
