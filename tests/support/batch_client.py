"""A client of a service for tests of batches, and a service that runs batches in the process of the
test."""

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

from connector.batches.progress import batch_view
from connector.batches.request import read_batch_request
from connector.json_types import Json
from connector.service import Service, build_service
from connector.settings import Settings
from connector.store.keys import Key
from tests.support.running_service import FORMCALL, RunningService, serving
from tests.support.upstream import Chance, FakeUpstream, Script
from tests.support.upstream.wire import Step

PATIENCE = 120.0  # seconds, far above what anything here takes
CATEGORIES = "billing: invoices and charges\ntechnical: errors and crashes"
COUNTS = ("done", "unknown", "failed", "cancelled", "left")
MARKER = r"row-\d+"


def engine(base_url: str) -> dict[str, str]:
    """The variables of a service that asks a fake provider."""
    return {"FORMCALL_ENGINE": "openai", "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": base_url}


def texts(count: int, first: int = 1) -> list[Json]:
    """Rows whose texts the log of a fake provider can tell apart."""
    return [
        {"text": f"row-{number} I was charged twice."} for number in range(first, first + count)
    ]


def check(state: Json) -> Json:
    """A state whose counts add up."""
    assert state["total"] == sum(state[name] for name in COUNTS), state
    return state


class BatchClient:
    """A caller of a service's batches with one key."""

    def __init__(self, address: str, key: str, service: RunningService) -> None:
        self.address, self.headers, self.service = address, {"X-API-Key": key}, service

    def other(self, name: str, *options: str) -> BatchClient:
        """A caller with a new key."""
        return BatchClient(self.address, new_key(self.service, name, *options), self.service)

    def post(self, path: str = "", **more: Any) -> requests.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return requests.post(
            f"{self.address}/v1/batches{path}", headers=headers, timeout=PATIENCE, **more
        )

    def get(self, path: str = "", **more: Any) -> requests.Response:
        return requests.get(
            f"{self.address}/v1/batches{path}", headers=self.headers, timeout=PATIENCE, **more
        )

    def create(self, rows: Any, action: str = "classify", **more: Any) -> Json:
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

    def wait_until(
        self, batch_id: str, holds: Callable[[Json], object], seconds: float = PATIENCE
    ) -> Json:
        """The state of a batch once something holds of it; its counts add up in each state on the
        way."""
        end = time.monotonic() + seconds
        while not holds(state := self.state(batch_id)):
            assert time.monotonic() < end, state
            time.sleep(0.05)
        return state

    def wait_finished(self, batch_id: str, seconds: float = PATIENCE) -> Json:
        """The state of a batch that does not go on any more."""
        return self.wait_until(batch_id, lambda state: state["status"] != "running", seconds)

    def rows(self, batch_id: str) -> list[Json]:
        """The results, after it was seen that both kinds tell the same of every row."""
        lines = self.get(f"/{batch_id}/results.jsonl").text.splitlines()
        objects = [json.loads(line) for line in lines]
        response = self.get(f"/{batch_id}/results.csv")
        cells = list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))
        assert [(row["row"], row["run_id"]) for row in cells] == [
            (str(one["row"]), one["run_id"]) for one in objects
        ]
        return objects


@contextmanager
def serving_over(
    folder: Path,
    steps: Script | Iterable[Step],
    *,
    delay: float = 0.0,
    usage: Any = None,
    chance: Chance | None = None,
    **variables: str,
) -> Iterator[tuple[FakeUpstream, BatchClient]]:
    """A fake provider that does these steps, and a client of a service that asks it."""
    with (
        FakeUpstream(steps, delay=delay, usage=usage, chance=chance) as upstream,
        serving(folder, **engine(upstream.base_url), **variables) as service,
    ):
        yield upstream, BatchClient(service.address, service.key, service)


def new_key(service: RunningService, name: str, *options: str) -> str:
    """A key of its own, made by the command line."""
    command = [str(FORMCALL), "key", "create", name, *options]
    made = subprocess.run(
        command,
        env=service.environment,
        cwd=service.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return made.stdout.strip()


def statuses(rows: list[Json]) -> Counter[str]:
    return Counter(row["status"] for row in rows)


@contextmanager
def local_bench(folder: Path, upstream: FakeUpstream, **settings: Any) -> Iterator[BatchBench]:
    """A service that runs durable work in this process."""
    known = {
        "engine": "openai",
        "openai_api_key": "sk-test",
        "openai_base_url": upstream.base_url,
        "data_dir": folder,
        "log": "off",
    }
    service = build_service(Settings(**{**known, **settings}))
    service.launch()
    try:
        yield BatchBench(service)
    finally:
        service.stop(5)
        connected = getattr(service.engine.provider, "_connected", None)
        if connected:
            connected.close()


class BatchBench:
    """A service with a key of its own."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.key: Key = service.keys.command_line_key()

    def create(self, rows: Any, **more: Any) -> Json:
        values = {"action": "classify", "rows": rows, "fixed": {"categories": CATEGORIES}, **more}
        return check(
            batch_view(self.service.batch_runner.add(self.key, read_batch_request(values)))
        )

    def state(self, batch_id: str) -> Json:
        return check(batch_view(self.service.batches.progress(batch_id)))

    def wait_finished(self, batch_id: str, status: str = "done") -> Json:
        end = time.monotonic() + PATIENCE
        while (state := self.state(batch_id))["status"] == "running":
            assert time.monotonic() < end, state
            time.sleep(0.05)
        assert state["status"] == status, state
        return state

    def rows(self, batch_id: str) -> list[Any]:
        return list(self.service.batches.rows(batch_id))
