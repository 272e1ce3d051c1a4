"""What tests of batches share: a client of a service, and a workshop that carries batches out in the test's own process."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from connector.jobs.orders import read_order
from connector.jobs.progress import described
from connector.jobs.workshop import Workshop, open_workshop
from connector.settings import Settings
from connector.store.keys import Key
from tests.conftest import FORMCALL, Service, serving
from tests.upstream import Chance, FakeUpstream, Script
from tests.upstream.wire import Step

Json = dict[str, Any]

PATIENCE = 60.0  # seconds, far above what anything here takes
CATEGORIES = "billing: invoices and charges\ntechnical: errors and crashes"
COUNTS = ("done", "unknown", "failed", "cancelled", "left")
MARKER = r"row-\d+"


def engine(base_url: str) -> dict[str, str]:
    """The variables of a service that asks a fake provider."""
    return {"FORMCALL_ENGINE": "openai", "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": base_url}


def texts(count: int, first: int = 1) -> list[Json]:
    """Rows whose texts the log of a fake provider can tell apart."""
    return [{"text": f"row-{number} I was charged twice."} for number in range(first, first + count)]


def check(state: Json) -> Json:
    """A state whose counts add up."""
    assert state["total"] == sum(state[name] for name in COUNTS), state
    return state


class Client:
    """A caller of a service's batches with one key."""

    def __init__(self, address: str, key: str, service: Service) -> None:
        self.address, self.headers, self.service = address, {"X-API-Key": key}, service

    def other(self, name: str, *options: str) -> Client:
        """A caller with a new key."""
        return Client(self.address, new_key(self.service, name, *options), self.service)

    def post(self, path: str = "", **more: Any) -> requests.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return requests.post(f"{self.address}/v1/batches{path}", headers=headers, timeout=PATIENCE, **more)

    def get(self, path: str = "", **more: Any) -> requests.Response:
        return requests.get(f"{self.address}/v1/batches{path}", headers=self.headers, timeout=PATIENCE, **more)

    def order(self, rows: Any, action: str = "classify", **more: Any) -> Json:
        """A new batch that is taken in, once the service has started."""
        body = {"action": action, "rows": rows, "fixed": {"categories": CATEGORIES}, **more}
        until = time.monotonic() + PATIENCE
        while (response := self.post(json=body)).status_code == 503 and time.monotonic() < until:
            time.sleep(0.1)
        assert response.status_code == 202, response.text
        return check(response.json())

    def state(self, batch_id: str) -> Json:
        response = self.get(f"/{batch_id}")
        assert response.status_code == 200, response.text
        return check(response.json())

    def until(self, batch_id: str, holds: Callable[[Json], object], seconds: float = PATIENCE) -> Json:
        """The state of a batch once something holds of it; its counts add up in each state on the way."""
        end = time.monotonic() + seconds
        while not holds(state := self.state(batch_id)):
            assert time.monotonic() < end, state
            time.sleep(0.05)
        return state

    def over(self, batch_id: str, seconds: float = PATIENCE) -> Json:
        """The state of a batch that does not go on any more."""
        return self.until(batch_id, lambda state: state["status"] != "running", seconds)

    def rows(self, batch_id: str) -> list[Json]:
        """The results, after it was seen that both kinds tell the same of every row."""
        lines = self.get(f"/{batch_id}/results.jsonl").text.splitlines()
        objects = [json.loads(line) for line in lines]
        response = self.get(f"/{batch_id}/results.csv")
        cells = list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))
        assert [(row["row"], row["run_id"]) for row in cells] == [(str(one["row"]), one["run_id"]) for one in objects]
        return objects


@contextmanager
def asking(folder: Path, steps: Script | Iterable[Step], *, delay: float = 0.0, usage: Any = None, chance: Chance | None = None,
           **variables: str) -> Iterator[tuple[FakeUpstream, Client]]:  # fmt: skip
    """A fake provider that does these steps, and a client of a service that asks it."""
    with (
        FakeUpstream(steps, delay=delay, usage=usage, chance=chance) as upstream,
        serving(folder, **engine(upstream.base_url), **variables) as service,
    ):
        yield upstream, Client(service.address, service.key, service)


def new_key(service: Service, name: str, *options: str) -> str:
    """A key of its own, made by the command line."""
    command = [str(FORMCALL), "key", "create", name, *options]
    made = subprocess.run(command, env=service.environment, cwd=service.folder, capture_output=True, text=True, timeout=60, check=True)
    return made.stdout.strip()


def statuses(rows: list[Json]) -> Counter[str]:
    return Counter(row["status"] for row in rows)


@contextmanager
def working(folder: Path, upstream: FakeUpstream, **settings: Any) -> Iterator[Bench]:
    """A workshop that carries out durable work in this process."""
    known = {"engine": "openai", "openai_api_key": "sk-test", "openai_base_url": upstream.base_url, "data_dir": folder, "log": "off"}
    workshop = open_workshop(Settings(**{**known, **settings}))
    workshop.launch()
    try:
        yield Bench(workshop)
    finally:
        workshop.stop(5)
        connected = getattr(workshop.engine.provider, "_connected", None)
        if connected:
            connected.close()


class Bench:
    """A workshop with a key of its own."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.key: Key = workshop.keys.of_command_line()

    def order(self, rows: Any, **more: Any) -> Json:
        values = {"action": "classify", "rows": rows, "fixed": {"categories": CATEGORIES}, **more}
        return check(described(self.workshop.batch_runner.add(self.key, read_order(values))))

    def state(self, batch_id: str) -> Json:
        return check(described(self.workshop.batches.progress(batch_id)))

    def over(self, batch_id: str, status: str = "done") -> Json:
        end = time.monotonic() + PATIENCE
        while (state := self.state(batch_id))["status"] == "running":
            assert time.monotonic() < end, state
            time.sleep(0.05)
        assert state["status"] == status, state
        return state

    def rows(self, batch_id: str) -> list[Any]:
        return list(self.workshop.batches.rows(batch_id))
