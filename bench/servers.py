"""The processes of a measurement: the fake upstream, the bare forwarder and Formcall.

Each server under test runs on one pinned core; the fake upstream and the load run on the other.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import requests

HERE = Path(__file__).resolve().parent
SERVER_CORE = 0
LOAD_CORE = 1
REPLY = json.dumps(
    {
        "category": "billing",
        "confidence": 0.9,
        "reason": "Charged for seats that are not used.",
        "runner_up": "refund",
    }
)
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MIB = 2**20


@dataclass
class Server:
    """A running server and the measurements of its rounds."""

    name: str
    port: int
    pid: int
    key: str = ""
    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    added_p50_ms: list[float] = field(default_factory=list)
    added_p99_ms: list[float] = field(default_factory=list)


@contextmanager
def run_process(
    command: list[str], core: int | None, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """A process pinned to ``core`` (None: to no core), which is terminated at the end."""
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # where the service's log goes
        text=True,
        cwd=HERE.parent,
        preexec_fn=None if core is None else partial(os.sched_setaffinity, 0, {core}),  # noqa: PLW1509  this process has one thread
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def upstream(delay: float, *options: str) -> Iterator[str]:
    """The fake provider, which answers after ``delay`` seconds; its base URL."""
    command = [sys.executable, "-m", "tests.support.upstream", "--plain"]
    command += ["--delay", str(delay), "--reply", REPLY, *options]
    with run_process(command, LOAD_CORE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


@contextmanager
def forwarder(base_url: str, threads: int = 528) -> Iterator[Server]:
    """The bare forwarder under gunicorn, with one worker process as Formcall has."""
    port = _free_port()
    command = [_script("gunicorn"), "-w", "1", "-k", "gthread", "--threads", str(threads)]
    command += ["--worker-connections", str(2 * threads), "--keep-alive", "30"]
    command += ["--timeout", "120", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    command += ["--log-level", "warning", "bench.forwarder:app"]
    with run_process(command, SERVER_CORE, OPENAI_BASE_URL=base_url) as process:
        _wait_until_ready(port)
        yield Server("forwarder", port, process.pid)


@contextmanager
def formcall(
    base_url: str,
    in_flight: int = 512,
    *,
    database_url: str = "",
    processes: int = 1,
    core: int | None = SERVER_CORE,
) -> Iterator[Server]:
    """Formcall with a new data directory and a key."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as data_dir:
        settings = {
            "OPENAI_API_KEY": "sk-bench",
            "OPENAI_BASE_URL": base_url,
            "FORMCALL_ENGINE": "openai",
            "FORMCALL_PROFILE": "openai",  # the call is forced by its name, as the forwarder does
            "FORMCALL_DATA_DIR": data_dir,
            "FORMCALL_DATABASE_URL": database_url,
            "FORMCALL_PROCESSES": str(processes),
            "FORMCALL_MAX_IN_FLIGHT": str(in_flight),
        }
        # this creates the tables as well, so that what is measured is a service started before
        created = subprocess.run(
            [_script("formcall"), "key", "create", "bench", "--rate", "none"],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=True,
        )
        command = [_script("formcall"), "serve", "--port", str(port)]
        with run_process(command, core, **settings) as process:
            _wait_until_ready(port)
            while len(_children(process.pid)) < processes:
                time.sleep(0.05)
            yield Server("formcall", port, process.pid, created.stdout.strip())


def classify_form() -> dict[str, str]:
    """The fields of ``classify`` besides its text."""
    forms = json.loads((HERE / "forms.json").read_text(encoding="utf-8"))
    form: dict[str, str] = forms["classify"]
    return form


def ticket() -> str:
    """The text that is classified."""
    return (HERE / "ticket.txt").read_text(encoding="utf-8")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, running or ended."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, parts[11:15])) / _TICKS_PER_SECOND
    return own + sum(map(cpu_seconds, _children(pid)))


def resident_mib(pid: int) -> float:
    """The resident memory of a process and its children."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * _PAGE_BYTES / _MIB + sum(map(resident_mib, _children(pid)))


def proportional_mib(pid: int) -> float:
    """The memory of a process and its children, with shared pages divided by their users (PSS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return kib / 1024 + sum(map(proportional_mib, _children(pid)))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(port: int) -> None:
    for _ in range(600):
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
            return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.05)
    raise SystemExit("a server did not start")
