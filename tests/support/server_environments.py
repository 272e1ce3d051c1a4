"""Real servers for tests: each in a virtual environment of its own, installed once, and a relay
that counts the calls to one."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import requests

from tests.support.running_service import stop
from tests.support.samples import ROOT

REQUIREMENTS = ROOT / "tests" / "platforms" / "servers"
INSTALL_SECONDS = 1800.0  # hundreds of megabytes
START_SECONDS = 300.0  # a hang guard; LiteLLM imports for half a minute on a busy machine


def environment(name: str) -> Path:
    """The Python of ``build/servers/NAME``, which has the packages of the list of that name.

    They are installed before the first use, by one process at a time.
    """
    packages = REQUIREMENTS / f"{name}.txt"
    folder = ROOT / "build" / "servers" / name
    python = folder / "bin" / "python"
    installed = folder / ".installed"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = packages.read_bytes()
        if not installed.exists() or installed.read_bytes() != wanted:
            _run(sys.executable, "-m", "venv", str(folder))
            # each list is whole, so that what a package declares and does not need is left out
            pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
            _run(str(python), *pip, "-r", str(packages))
            installed.write_bytes(wanted)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running(
    command: Sequence[str | Path], health_url: str, output: Path, variables: dict[str, str]
) -> Iterator[None]:
    """A server that answers at ``health_url`` before the block begins, and is stopped after it."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            [str(part) for part in command], env=variables, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, health_url, output)
        yield
    finally:
        stop(process)


def _wait(process: subprocess.Popen[bytes], url: str, output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            requests.get(url, timeout=10).raise_for_status()
            return
        except requests.RequestException:
            if time.monotonic() > deadline or process.poll() is not None:
                text = output.read_text(encoding="utf-8", errors="replace")
                raise AssertionError(f"no answer at {url}:\n{text[-5_000:]}") from None
            time.sleep(0.1)


class Relay:
    """Passes requests on to ``target`` and counts the calls of a model; ``address`` has no path."""

    def __init__(self, target: str) -> None:
        self.calls: list[int] = []  # the status of each
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(target))
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self, target: str) -> type[BaseHTTPRequestHandler]:
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            passed_on: ClassVar = ("content-type", "authorization")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self._answer("POST", body)

            def do_GET(self) -> None:
                self._answer("GET", b"")

            def _answer(self, method: str, body: bytes) -> None:
                headers = {name: self.headers[name] for name in self.passed_on}
                answer = requests.request(
                    method,
                    target + self.path,
                    data=body,
                    headers=headers,
                    timeout=600,
                )
                if method == "POST":
                    calls.append(answer.status_code)
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers.get("content-type", ""))
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None: ...

        return Handler

    def __enter__(self) -> Relay:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
