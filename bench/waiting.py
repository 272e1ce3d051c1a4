"""A thousand concurrent callers, each of whom waits two seconds for the model, beside a forwarder.

Three bursts, with quick calls before and after them. Compared are the slowest answers of a burst,
later bursts with the first, the server's speed after the bursts with that before, and its memory.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from bench.forwarding import run_round
from bench.load import burst
from bench.report import Check, median_ratio, report
from bench.servers import (
    LOAD_CORE,
    Server,
    classify_form,
    formcall,
    forwarder,
    proportional_mib,
    ticket,
    upstream,
)

CALLERS = 1_000
UPSTREAM_SECONDS = 2.0
THREADS = 1_100
BURSTS = 3
ROUNDS = 15
SECONDS = 1.0
SLOW = "Please take your time."
TARGETS = {"p99": 1.1, "third": 1.2, "after": 0.9, "memory": 1.25}

StartServer = Callable[[str, int], AbstractContextManager[Server]]


@dataclass
class BurstResult:
    """The measurements of one server.

    ``p99``            seconds, of each burst
    ``before, after``  calls a second, as a part of those of the same server without bursts
    ``mib``            the most memory
    """

    p99: list[float] = field(default_factory=list)
    before: float = 0.0
    after: float = 0.0
    mib: float = 0.0


def relative_rate(server: Server, idle: Server, body: bytes) -> float:
    """Calls a second, as a part of those of ``idle``: the machine's speed changes in minutes."""
    rates: list[float] = []
    idle_rates: list[float] = []
    for _ in range(ROUNDS):
        rates.append(run_round(server, body, 64, SECONDS)[0].rate)
        idle_rates.append(run_round(idle, body, 64, SECONDS)[0].rate)
    rate = statistics.median(rates)
    idle_rate = statistics.median(idle_rates)
    print(f"{server.name:10} {rate:.0f} calls a second, without bursts {idle_rate:.0f}", flush=True)
    return median_ratio(rates, idle_rates)


def measure_bursts(server: Server, idle: Server, quick: bytes, slow: bytes) -> BurstResult:
    result = BurstResult()
    for each in (server, idle):
        run_round(each, quick, 64, 2.0)  # warm-up, not counted
    result.before = relative_rate(server, idle, quick)
    for _ in range(BURSTS):
        load = burst(server.port, "/v1/actions/classify", slow, key=server.key, callers=CALLERS)
        if load.failed or len(load.seconds) != CALLERS:
            raise SystemExit(
                f"{server.name}: {CALLERS - len(load.seconds)} of {CALLERS} callers got no answer"
            )
        p50 = load.percentile(0.5) / 1000
        p99 = load.percentile(0.99) / 1000
        result.p99.append(p99)
        result.mib = max(result.mib, proportional_mib(server.pid))
        print(
            f"{server.name:10} p50 {p50:.2f} s   p99 {p99:.2f} s   {result.mib:.0f} MiB", flush=True
        )
    result.after = relative_rate(server, idle, quick)
    return result


def measure(start: StartServer, base_url: str, quick: bytes, slow: bytes) -> BurstResult:
    with start(base_url, THREADS) as server, start(base_url, THREADS) as idle:
        return measure_bursts(server, idle, quick, slow)


def main() -> int:
    form = classify_form()
    quick = json.dumps({"text": ticket(), **form}).encode()
    slow = json.dumps({"text": ticket() + SLOW, **form}).encode()
    os.sched_setaffinity(0, {LOAD_CORE})
    with upstream(UPSTREAM_SECONDS, "--slow", SLOW) as base_url:
        bare = measure(forwarder, base_url, quick, slow)
        ours = measure(formcall, base_url, quick, slow)
    p99_ratio = statistics.median(ours.p99) / statistics.median(bare.p99)
    third_ratio = ours.p99[-1] / ours.p99[0]
    after_ratio = ours.after / ours.before
    return report(
        [
            Check("p99 of a burst, x the forwarder", p99_ratio, TARGETS["p99"]),
            Check("third burst, x the first", third_ratio, TARGETS["third"]),
            Check("calls a second after, x before", after_ratio, TARGETS["after"], at_least=True),
            Check("memory, x the forwarder", ours.mib / bare.mib, TARGETS["memory"]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
