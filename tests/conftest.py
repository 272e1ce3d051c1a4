"""What several test files share: an application in a folder of its own, and a real service on a free port."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from connector.settings import Settings
from connector.store.keys import Keys
from connector.web.app import create_app

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
FORMCALL = Path(sys.executable).with_name("formcall")
START_SECONDS = 30.0
# everything the service reads from its environment is set by the test, so that what a developer has set does not matter
_OURS = re.compile(r"FORMCALL_|OPENAI_")
TICKET = {"text": "I was charged twice for May.", "categories": "billing: invoices and charges\ntechnical: errors and crashes"}


def clean_environment(**variables: str) -> dict[str, str]:
    """This process's environment without any setting of Formcall, then ``variables``; the venv's commands come first."""
    kept = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
    return {**kept, "PATH": f"{FORMCALL.parent}{os.pathsep}{kept.get('PATH', '')}", **variables}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- an application in this process ------------------------------------------------------------------------------------


@dataclass
class Made:
    """An application with its keys and one of them; ``post`` runs an action with that key."""

    app: Flask
    keys: Keys
    key: str

    def close(self) -> None:
        """Give up what is open: the database, and the connections to a provider."""
        self.app.extensions["formcall"].workshop.close()
        connected = getattr(self.app.extensions["formcall"].engine.provider, "_connected", None)
        if connected:
            connected.close()

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    @property
    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key}

    def post(self, action: str = "classify", *, query: str = "", headers: Mapping[str, str] | None = None, **body: Any) -> Any:
        return self.client.post(f"/v1/actions/{action}{query}", headers={**self.headers, **(headers or {})}, **body)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Made]]:
    """Makes applications on the scripted engine, each over the same new folder; settings are given by name."""
    made: list[Made] = []

    def one(**settings: Any) -> Made:
        app = create_app(Settings(**{"engine": "scripted", "data_dir": tmp_path / "data", **settings}))
        keys: Keys = app.extensions["formcall"].keys
        _, plain = keys.create(f"key {len(made)}")
        made.append(Made(app, keys, plain))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One application on the scripted engine for all tests of a file; a test that changes it makes its own."""
    app = create_app(Settings(engine="scripted", data_dir=tmp_path_factory.mktemp("web")))
    keys: Keys = app.extensions["formcall"].keys
    _, plain = keys.create("test")
    made = Made(app, keys, plain)
    yield made
    made.close()


# --- a real service ----------------------------------------------------------------------------------------------------


@dataclass
class Service:
    """A running ``formcall serve``: its address, a key with every scope, its folder, and what it has said so far."""

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

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def post(self, action: str = "classify", body: Any = None, **more: Any) -> requests.Response:
        sent = {"json": TICKET if body is None else body} if not {"data", "files"} & set(more) else {}
        return requests.post(f"{self.address}/v1/actions/{action}", headers=self.headers, timeout=30, **sent, **more)

    def send(self, body: Any, kind: str, action: str = "classify") -> requests.Response:
        """A body as it is, of a content type; one that is an iterator goes in chunks."""
        headers = {**self.headers, **({"Content-Type": kind} if kind else {})}
        return requests.post(f"{self.address}/v1/actions/{action}", data=body, headers=headers, timeout=30)

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Until it answers."""
        until = time.monotonic() + seconds
        while True:
            try:
                requests.get(f"{self.address}/healthz", timeout=2).raise_for_status()
                return
            except requests.RequestException:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise AssertionError(f"the service does not answer:\n{self.said()}") from None
                time.sleep(0.05)


@contextmanager
def serving(folder: Path, *, port: int | None = None, **variables: str) -> Iterator[Service]:
    """A service with its data in ``folder``, ended by its process id at the end of the block."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(**{"FORMCALL_ENGINE": "scripted", "FORMCALL_DATA_DIR": str(folder / "data"), **variables})
    output = folder / f"output-{port}-{time.monotonic_ns()}.txt"
    with output.open("wb") as file:
        command = [str(FORMCALL), "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
    service = Service(f"http://127.0.0.1:{port}", "", folder, process, output, environment)
    try:
        service.wait()
        found = re.search(r"fc_[\w-]+", service.said())
        service.key = found[0] if found else ""
        yield service
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on the scripted engine, for the whole session; it takes bodies of 4 MB."""
    with serving(tmp_path_factory.mktemp("live"), FORMCALL_MAX_BODY_BYTES="4000000") as service:
        yield service


@pytest.fixture(scope="session")
def live_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on the embedded engine, for the whole session."""
    with serving(tmp_path_factory.mktemp("live_local"), FORMCALL_ENGINE="local") as service:
        yield service


def example_input(action: str) -> Json:
    """The input of examples/inputs for ``action``."""
    found: Json = json.loads((ROOT / "examples" / "inputs" / f"{action}.json").read_text(encoding="utf-8"))
    return found


def timeless(value: Any) -> Any:
    """``value`` without how long anything in it took."""
    if isinstance(value, dict):
        return {name: timeless(one) for name, one in value.items() if name != "duration_ms"}
    return [timeless(one) for one in value] if isinstance(value, list) else value
