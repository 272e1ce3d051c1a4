"""A batch of ten thousand rows, whose model takes 50 ms for each, 64 at once: rows a second, CPU a row, memory as it goes on.

The service has one pinned core, the fake upstream and this program the other. What a row costs must not grow with the rows that were
done before it, and memory must not grow with the rows at all. Needs Linux and two cores.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.forwarding import HERE, OTHER_CORE, Server, cpu_seconds, formcall, upstream

ROWS, AT_ONCE, DELAY = 10_000, 64, 0.05
MARKS = (0.1, 0.5, 1.0)  # shares of the rows at which it is looked at
USAGE = ("--usage", "412/96")
TARGETS = {"growth": 1.25, "memory": 1.35}


@dataclass(frozen=True)
class Seen:
    """How things stood at a mark: rows that have ended, seconds and CPU seconds since the beginning, MiB."""

    rows: int
    seconds: float
    cpu: float
    mib: float


def mib(pid: int) -> float:
    """The resident memory of a process and its children."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 + sum(mib(int(child)) for child in children)


def order(server: Server, session: requests.Session, rows: int) -> str:
    """The address of a new batch; told is how long it took to take it in."""
    ticket = (HERE / "ticket.txt").read_text(encoding="utf-8")
    form = json.loads((HERE / "forms.json").read_text(encoding="utf-8"))["classify"]
    body = {"action": "classify", "fixed": form, "rows": [{"text": f"Ticket {number}: {ticket}"} for number in range(rows)]}
    while True:
        began = time.perf_counter()
        answer = session.post(f"http://127.0.0.1:{server.port}/v1/batches", json=body, timeout=60)
        if answer.status_code != 503:  # it is only starting
            answer.raise_for_status()
            address: str = answer.json()["status_url"]
            print(f"{rows:,} rows taken in after {time.perf_counter() - began:.2f} s")
            return address
        time.sleep(0.2)


def watch(server: Server, session: requests.Session, address: str) -> list[Seen]:
    """What was seen at each mark."""
    began, cpu, seen = time.perf_counter(), cpu_seconds(server.pid), list[Seen]()
    for mark in MARKS:
        while (state := session.get(address, timeout=60).json())["total"] - state["left"] < mark * state["total"]:
            time.sleep(0.25)
        if state["status"] not in {"running", "done"} or state["failed"]:
            raise SystemExit(f"the batch is {state['status']}: {state['result']} {state['detail']}")
        ended = state["total"] - state["left"]
        seen.append(Seen(ended, time.perf_counter() - began, cpu_seconds(server.pid) - cpu, mib(server.pid)))
        one = seen[-1]
        print(f"{ended:7,} rows   {ended / one.seconds:5.0f} rows/s   {one.cpu / ended * 1000:5.2f} ms CPU a row   {one.mib:4.0f} MiB")
    return seen


def fetch(session: requests.Session, address: str) -> None:
    """How long the results take."""
    for name in ("results.csv", "results.jsonl"):
        began = time.perf_counter()
        size = len(session.get(f"{address}/{name}", timeout=60).content)
        print(f"{name:14} {size / 1e6:5.1f} MB in {time.perf_counter() - began:.2f} s")


def main() -> int:
    os.environ["FORMCALL_ROWS_AT_ONCE"] = str(AT_ONCE)
    os.sched_setaffinity(0, {OTHER_CORE})
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with upstream(DELAY, *USAGE) as base_url, formcall(base_url) as server, requests.Session() as session:
        session.headers["X-API-Key"] = server.key
        address = order(server, session, rows)
        first, half, whole = watch(server, session, address)
        fetch(session, address)
        after = mib(server.pid)
    early = (half.cpu - first.cpu) / (half.rows - first.rows)
    growth = (whole.cpu - half.cpu) / (whole.rows - half.rows) / early
    memory = max(whole.mib, after) / first.mib
    checks = [
        ("CPU a row, second half to before", growth, TARGETS["growth"]),
        ("memory, all rows and results to the first tenth", memory, TARGETS["memory"]),
    ]
    for name, value, most in checks:
        print(f"{'ok  ' if value <= most else 'MISS'} {name}: {value:.2f} (target <= {most})")
    return 0 if all(value <= most for _, value, most in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
