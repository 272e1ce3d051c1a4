"""Formcall beside a bare forwarder, in one run against the same fake upstream: calls a second, CPU per call, time added.

Each server runs on one pinned core, the fake upstream and the load on the other. Short rounds alternate between the two, and the
median of their ratios is what counts: a machine's own speed changes within seconds. Needs Linux and two cores.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from bench.load import Load, post

HERE = Path(__file__).resolve().parent
ROUNDS, SECONDS = 20, 1.5
FEW_ROUNDS, LONG = 5, 5.0  # callers who begin at one moment stay together for a while
REPLY = json.dumps({"category": "billing", "confidence": 0.9, "reason": "Charged for seats that are not used.", "runner_up": "refund"})
TARGETS = {"rate": 0.60, "cpu": 1.67, "added_p50": 2.0}
SERVER_CORE, OTHER_CORE = 0, 1
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server and what was measured of it."""

    name: str
    port: int
    pid: int
    key: str = ""
    rates: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    added: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(command: list[str], core: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # where the service's log goes
        text=True,
        cwd=HERE.parent,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  this process has one thread
    ) as running:
        try:
            yield running
        finally:
            running.terminate()
            running.wait(timeout=30)


@contextmanager
def upstream(delay: float, *more: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.upstream", "--plain", "--delay", str(delay), "--reply", REPLY, *more]
    with process(command, OTHER_CORE) as running:
        assert running.stdout is not None
        yield running.stdout.readline().strip()


@contextmanager
def forwarder(base_url: str, threads: int = 528) -> Iterator[Server]:
    port = free_port()
    options = ["-w", "1", "-k", "gthread", "--threads", str(threads), "--worker-connections", str(2 * threads), "--keep-alive", "30"]
    options += ["--timeout", "120", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    command = [str(Path(sys.executable).with_name("gunicorn")), *options, "--log-level", "warning", "bench.forwarder:app"]
    with process(command, SERVER_CORE, OPENAI_BASE_URL=base_url) as running:
        wait(port)
        yield Server("forwarder", port, running.pid)


@contextmanager
def formcall(base_url: str, in_flight: int = 512) -> Iterator[Server]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("formcall")), "serve", "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "OPENAI_API_KEY": "sk-bench",
            "OPENAI_BASE_URL": base_url,
            "FORMCALL_ENGINE": "openai",
            "FORMCALL_DATA_DIR": folder,
            "FORMCALL_DATABASE_URL": "",
            "FORMCALL_MAX_IN_FLIGHT": str(in_flight),
        }
        create = [command[0], "key", "create", "bench"]  # and the tables: what is measured is a service that was started before
        key = subprocess.run(create, env={**os.environ, **settings}, capture_output=True, text=True, check=True).stdout.strip()
        with process(command, SERVER_CORE, **settings) as running:
            wait(port)
            yield Server("formcall", port, running.pid, key)


def wait(port: int) -> None:
    for _ in range(600):
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
            return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.05)
    raise SystemExit("a server did not start")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, dead or alive."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(map(int, parts[11:15])) / _TICKS + sum(cpu_seconds(int(child)) for child in children)


def drive(server: Server, body: bytes, connections: int, seconds: float) -> tuple[Load, float]:
    before = cpu_seconds(server.pid)
    load = post(server.port, "/v1/actions/classify", body, key=server.key, connections=connections, seconds=seconds)
    if load.failed or not load.seconds:
        raise SystemExit(f"{server.name}: {load.failed} answers were not 200")
    return load, (cpu_seconds(server.pid) - before) / len(load.seconds) * 1000


def measure(delay: float, body: bytes, connections: int, rounds: int, seconds: float) -> list[Server]:
    with ExitStack() as stack:
        base_url = stack.enter_context(upstream(delay))
        servers = [stack.enter_context(forwarder(base_url)), stack.enter_context(formcall(base_url))]
        for server in servers:
            drive(server, body, connections, 2.0)  # warm-up, not counted
        for _ in range(rounds):
            for server in servers:
                load, cpu = drive(server, body, connections, seconds)
                server.rates.append(load.rate)
                server.cpus.append(cpu)
                server.added.append(load.percentile(0.5) - delay * 1000)
                server.p99.append(load.percentile(0.99) - delay * 1000)
        return servers


def ratio(ours: list[float], others: list[float]) -> float:
    """The median of the ratios of rounds that followed each other."""
    return statistics.median(one / other for one, other in zip(ours, others, strict=True))


def main() -> int:
    ticket = (HERE / "ticket.txt").read_text(encoding="utf-8")
    form = json.loads((HERE / "forms.json").read_text(encoding="utf-8"))["classify"]
    body = json.dumps({"text": ticket, **form}).encode()
    os.sched_setaffinity(0, {OTHER_CORE})
    median = statistics.median
    bare, ours = measure(0.0, body, 64, ROUNDS, SECONDS)
    rate, cpu = ratio(ours.rates, bare.rates), ratio(ours.cpus, bare.cpus)
    for server in (bare, ours):
        print(f"{server.name:10} {median(server.rates):7.0f} calls/s   {median(server.cpus):5.2f} ms CPU a call   (64 connections)")
    bare, ours = measure(0.2, body, 20, FEW_ROUNDS, LONG)
    for server in (bare, ours):
        print(f"{server.name:10} p50 +{median(server.added):.1f} ms   p99 +{median(server.p99):.1f} ms   (20 at once, 200 ms upstream)")
    added = ratio(ours.added, bare.added)
    checks = [
        ("calls/s", rate, ">=", TARGETS["rate"], rate >= TARGETS["rate"]),
        ("CPU a call", cpu, "<=", TARGETS["cpu"], cpu <= TARGETS["cpu"]),
        ("p50 added", added, "<=", TARGETS["added_p50"], added <= TARGETS["added_p50"]),
    ]
    for name, value, sign, target, met in checks:
        print(f"{'ok  ' if met else 'MISS'} {name}: {value:.2f} x the forwarder (target {sign} {target})")
    return 0 if all(met for *_, met in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
