"""Formcall beside a bare forwarder, against the same fake upstream: rate, CPU and added time.

Short rounds alternate between the two, and the median of their ratios is what counts, since a
machine's own speed changes within seconds. Needs Linux and two cores.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from contextlib import ExitStack

from bench.load import Load, post
from bench.report import Check, median_ratio, report
from bench.servers import (
    LOAD_CORE,
    Server,
    classify_form,
    cpu_seconds,
    formcall,
    forwarder,
    ticket,
    upstream,
)

ROUNDS = 20
SECONDS = 1.5
# callers who start at one moment stay together for a while, so these rounds are longer
LATENCY_ROUNDS = 5
LATENCY_SECONDS = 5.0
TARGETS = {"rate": 0.60, "cpu": 1.67, "added_p50": 2.0}


def run_round(server: Server, body: bytes, connections: int, seconds: float) -> tuple[Load, float]:
    """The load's result and the CPU milliseconds of a call."""
    before = cpu_seconds(server.pid)
    load = post(
        server.port,
        "/v1/actions/classify",
        body,
        key=server.key,
        connections=connections,
        seconds=seconds,
    )
    if load.failed or not load.seconds:
        raise SystemExit(f"{server.name}: {load.failed} answers were not 200")
    return load, (cpu_seconds(server.pid) - before) / len(load.seconds) * 1000


def measure(
    delay: float, body: bytes, connections: int, rounds: int, seconds: float
) -> list[Server]:
    """The forwarder and Formcall after ``rounds`` each, with an upstream of ``delay`` seconds."""
    with ExitStack() as stack:
        base_url = stack.enter_context(upstream(delay))
        servers = [
            stack.enter_context(forwarder(base_url)),
            stack.enter_context(formcall(base_url)),
        ]
        for server in servers:
            run_round(server, body, connections, 2.0)  # warm-up, not counted
        for _ in range(rounds):
            for server in servers:
                load, cpu_ms = run_round(server, body, connections, seconds)
                server.rates.append(load.rate)
                server.cpu_ms.append(cpu_ms)
                server.added_p50_ms.append(load.percentile(0.5) - delay * 1000)
                server.added_p99_ms.append(load.percentile(0.99) - delay * 1000)
        return servers


def compare_throughput(body: bytes) -> list[Check]:
    """64 connections, an upstream that answers at once."""
    bare, ours = measure(0.0, body, 64, ROUNDS, SECONDS)
    for server in (bare, ours):
        rate = statistics.median(server.rates)
        cpu_ms = statistics.median(server.cpu_ms)
        print(
            f"{server.name:10} {rate:7.0f} calls/s   {cpu_ms:5.2f} ms CPU a call   (64 connections)"
        )
    rate_ratio = median_ratio(ours.rates, bare.rates)
    cpu_ratio = median_ratio(ours.cpu_ms, bare.cpu_ms)
    return [
        Check("calls/s, x the forwarder", rate_ratio, TARGETS["rate"], at_least=True),
        Check("CPU a call, x the forwarder", cpu_ratio, TARGETS["cpu"]),
    ]


def compare_latency(body: bytes) -> list[Check]:
    """20 connections, an upstream that takes 200 ms."""
    bare, ours = measure(0.2, body, 20, LATENCY_ROUNDS, LATENCY_SECONDS)
    for server in (bare, ours):
        p50 = statistics.median(server.added_p50_ms)
        p99 = statistics.median(server.added_p99_ms)
        print(
            f"{server.name:10} p50 +{p50:.1f} ms   p99 +{p99:.1f} ms   "
            "(20 at once, 200 ms upstream)"
        )
    added_ratio = median_ratio(ours.added_p50_ms, bare.added_p50_ms)
    return [Check("p50 added, x the forwarder", added_ratio, TARGETS["added_p50"])]


def main() -> int:
    body = json.dumps({"text": ticket(), **classify_form()}).encode()
    os.sched_setaffinity(0, {LOAD_CORE})
    return report([*compare_throughput(body), *compare_latency(body)])


if __name__ == "__main__":
    sys.exit(main())
