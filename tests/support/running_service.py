"""A real ``formcall serve`` on a free port."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from connector.cli.serve import FIRST_KEY_FILE
from tests.support.samples import TICKET

FORMCALL = Path(sys.executable).with_name("formcall")
START_SECONDS = 90.0  # a hang guard: a start takes about a second on an idle machine
# every setting that Formcall reads is removed, so that a developer's own settings do not matter
_SETTING = re.compile(r"FORMCALL_|OPENAI_")


def clean_environment(**variables: str) -> dict[str, str]:
    """This process's environment without Formcall's settings, plus ``variables``.

    A service has one process unless they say otherwise. The commands of the virtual environment
    come first in PATH.
    """
    inherited = {name: value for name, value in os.environ.items() if not _SETTING.match(name)}
    inherited["FORMCALL_PROCESSES"] = "1"  # on PostgreSQL too, unless a test is about several
    path = f"{FORMCALL.parent}{os.pathsep}{inherited.get('PATH', '')}"
    return {**inherited, "PATH": path, **variables}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RunningService:
    """A running ``formcall serve``: its URL, a key with every scope, its folder and its output."""

    address: str
    key: str
    folder: Path
    process: subprocess.Popen[bytes]
    output: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key}

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def output_text(self) -> str:
        """Standard output and standard error so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def post(self, action: str = "classify", body: Any = None, **more: Any) -> requests.Response:
        """Run an action with ``body`` as JSON, or with requests' ``data`` or ``files``."""
        if not {"data", "files"} & set(more):
            more["json"] = TICKET if body is None else body
        return requests.post(
            f"{self.address}/v1/actions/{action}", headers=self.headers, timeout=60, **more
        )

    def send(self, body: Any, content_type: str, action: str = "classify") -> requests.Response:
        """Run an action with a raw body; an iterator is sent in chunks."""
        headers = dict(self.headers)
        if content_type:
            headers["Content-Type"] = content_type
        return requests.post(
            f"{self.address}/v1/actions/{action}", data=body, headers=headers, timeout=60
        )

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Wait until the service answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                requests.get(f"{self.address}/healthz", timeout=10).raise_for_status()
                return
            except requests.RequestException:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    message = f"the service does not answer:\n{self.output_text()}"
                    raise AssertionError(message) from None
                time.sleep(0.05)


def stop(process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Stop a process by SIGTERM; kill it when it has not ended after ``seconds``."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def first_key(service: RunningService) -> str:
    """The key that the first start of a service has made; "" when a key was there before."""
    file = Path(service.environment["FORMCALL_DATA_DIR"], FIRST_KEY_FILE)
    is_new = str(file.resolve()) in service.output_text()
    return file.read_text().strip() if is_new else ""


@contextmanager
def serving(folder: Path, port: int = 0, /, **variables: str) -> Iterator[RunningService]:
    """A service with its data in ``folder``, stopped at the end of the block.

    ``port`` is a free one unless it is given; ``variables`` are added to its environment.
    """
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(
        **{"FORMCALL_ENGINE": "scripted", "FORMCALL_DATA_DIR": str(folder / "data"), **variables}
    )
    output = folder / f"output-{port}-{time.monotonic_ns()}.txt"
    with output.open("wb") as file:
        command = [str(FORMCALL), "serve", "--port", str(port)]
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=file, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    service = RunningService(address, "", folder, process, output, environment)
    try:
        service.wait()
        service.key = first_key(service)
        yield service
    finally:
        stop(process)
