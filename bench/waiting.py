"""A thousand callers at once, each of whom waits two seconds for the model: Formcall beside the bare forwarder, in one run.

Three bursts, with calls that are answered at once before and after them: what is compared is the slowest answer of a burst, whether
later bursts are slower than the first, whether a burst leaves the server slower than it was, and how much memory it takes.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from bench.forwarding import HERE, OTHER_CORE, Server, drive, formcall, forwarder, ratio, upstream
from bench.load import burst

CALLERS, WAIT, THREADS = 1_000, 2.0, 1_100
BURSTS = 3
ROUNDS, SECONDS = 15, 1.0
SLOW = "Please take your time."
TARGETS = {"p99": 1.1, "third": 1.2, "after": 0.9, "pss": 1.25}


@dataclass
class Seen:
    """What was measured of one server: seconds, its calls a second as parts of those of one that rests, MiB."""

    p99: list[float] = field(default_factory=list)
    before: float = 0.0
    after: float = 0.0
    pss: float = 0.0


def pss(pid: int) -> float:
    """The memory of a process and its children in MiB, shared pages by their share."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    own = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own / 1024 + sum(pss(int(child)) for child in children)


def speed(server: Server, resting: Server, body: bytes) -> float:
    """Calls a second, as a part of what the same server makes that has no bursts: the machine's own speed changes within minutes."""
    rates: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for found, one in zip(rates, (server, resting), strict=True):
            found.append(drive(one, body, 64, SECONDS)[0].rate)
    mine, other = map(statistics.median, rates)
    print(f"{server.name:10} {mine:.0f} calls a second, one that rests {other:.0f}", flush=True)
    return ratio(*rates)


def measure(server: Server, resting: Server, quick: bytes, slow: bytes) -> Seen:
    seen = Seen()
    for one in (server, resting):
        drive(one, quick, 64, 2.0)  # warm-up, not counted
    seen.before = speed(server, resting, quick)
    for _ in range(BURSTS):
        load = burst(server.port, "/v1/actions/classify", slow, key=server.key, callers=CALLERS)
        if load.failed or len(load.seconds) != CALLERS:
            raise SystemExit(f"{server.name}: {CALLERS - len(load.seconds)} of {CALLERS} callers got no answer")
        seen.p99.append(load.percentile(0.99) / 1000)
        seen.pss = max(seen.pss, pss(server.pid))
        times = f"p50 {load.percentile(0.5) / 1000:.2f} s   p99 {seen.p99[-1]:.2f} s"
        print(f"{server.name:10} {times}   {seen.pss:.0f} MiB", flush=True)
    seen.after = speed(server, resting, quick)
    return seen


def measured(make: Callable[[str, int], AbstractContextManager[Server]], base_url: str, quick: bytes, slow: bytes) -> Seen:
    with make(base_url, THREADS) as server, make(base_url, THREADS) as resting:
        return measure(server, resting, quick, slow)


def main() -> int:
    ticket = (HERE / "ticket.txt").read_text(encoding="utf-8")
    form = json.loads((HERE / "forms.json").read_text(encoding="utf-8"))["classify"]
    quick, slow = (json.dumps({"text": ticket + more, **form}).encode() for more in ("", SLOW))
    os.sched_setaffinity(0, {OTHER_CORE})
    with upstream(WAIT, "--slow", SLOW) as base_url:
        bare, ours = (measured(make, base_url, quick, slow) for make in (forwarder, formcall))
    checks = [
        ("p99 of a burst, x the forwarder", statistics.median(ours.p99) / statistics.median(bare.p99), "<=", TARGETS["p99"]),
        ("third burst, x the first", ours.p99[-1] / ours.p99[0], "<=", TARGETS["third"]),
        ("calls a second after, x before", ours.after / ours.before, ">=", TARGETS["after"]),
        ("memory, x the forwarder", ours.pss / bare.pss, "<=", TARGETS["pss"]),
    ]
    met = [value <= target if sign == "<=" else value >= target for _, value, sign, target in checks]
    for good, (name, value, sign, target) in zip(met, checks, strict=True):
        print(f"{'ok  ' if good else 'MISS'} {name}: {value:.2f} (target {sign} {target})")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
