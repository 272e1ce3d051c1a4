"""Services whose runs are executed over a fake provider with known prices.

One runs in the process of the test without its web part; others are whole processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from connector.errors import FormcallError
from connector.json_types import Json
from connector.providers.pricing.models import load_models
from connector.runs import budget
from connector.runs.responses import RunResponse
from connector.service import Service, build_service
from connector.settings import Settings
from connector.store.key_limits import KeyLimits
from connector.store.keys import Key
from connector.store.ledger.money import cost_to_nano
from tests.support.running_service import (
    FORMCALL,
    RunningService,
    clean_environment,
    free_port,
    stop,
)
from tests.support.samples import TICKET
from tests.support.upstream import (
    FakeUpstream,
    Reply,
    Request,
    Script,
    Step,
    Usage,
    automatic,
    function_call,
    function_calls,
    incomplete,
)

CLIENTS = 64
QUESTION = {"question": "What is 15% of 80?", "tools": "calculate, dates"}
CALCULATE = function_call("calculate", {"expression": "0.15 * 80"})
TOOL_ANSWER = {"answer": "12", "value": "12", "found": True, "quotes": []}
MODELS = load_models()
SMALL_USAGE = Usage(412, 0, 96, 0)
COST = 412 * 1_100 + 96 * 4_400  # of that usage, in nano-dollars


@dataclass
class FakePricing:
    """What the provider charges, in nano-dollars: the price of each reply by usage and model.

    ``step`` makes the reply, ``usage`` is the usage that the reply reports.
    """

    step: Step = automatic
    usage: Callable[[Request], Usage] = lambda request: SMALL_USAGE
    charges: list[int] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        usage = self.usage(request)
        reply = self.step(replace(request, usage=usage))
        if reply.status == 200:
            self.charges.append(cost_of(request, usage))
        return reply

    @property
    def script(self) -> Script:
        return Script([self], repeat=True)

    @property
    def total(self) -> int:
        return sum(self.charges)


def cost_of(request: Request, usage: Usage) -> int:
    row = MODELS.find(request.body["model"])
    output = request.limit if usage.output is None else usage.output
    price = {kind: round(1_000 * amount) for kind, amount in row.price.items()}
    plain = usage.input - usage.cached - usage.written
    return (
        plain * price["input"]
        + usage.cached * price["cached"]
        + usage.written * price.get("cache_write", 0)
        + output * price["output"]
    )


@dataclass
class LocalService:
    """A service without its web part; ``run`` executes an action with ``key``."""

    service: Service
    key: Key

    @property
    def database(self) -> Any:
        return self.service.database

    def run(
        self, action: str = "classify", *, key: Key | None = None, **fields: Any
    ) -> RunResponse:
        form = TICKET if action == "classify" else QUESTION
        return self.service.run(key or self.key, action, {**form, **fields})

    def outcome(self, action: str = "classify", **fields: Any) -> str:
        """The status of the run, or the code of its failure."""
        try:
            response = self.run(action, **fields)
        except FormcallError as error:
            return error.code
        return response.code or response.status

    def run_many(
        self, count: int = CLIENTS, action: str = "classify", **fields: Any
    ) -> Counter[str]:
        with ThreadPoolExecutor(count) as clients:
            return Counter(clients.map(lambda _: self.outcome(action, **fields), range(count)))

    def new_key(self, **budgets: int) -> Key:
        limits = KeyLimits(
            **{f"budget_{period}_nusd": amount for period, amount in budgets.items()}
        )
        return self.service.keys.create(f"key {time.monotonic_ns()}", ("actions", "tools"), limits)[
            0
        ]

    def first_call_bound(self, action: str = "classify", **fields: Any) -> tuple[int, int, int]:
        """Of the first call: its highest cost, the least that is reserved, its input tokens."""
        forecast = json.loads(self.run(action, dry_run=True, **fields).body)
        most, read = cost_to_nano(forecast["first_call_max_usd"]), forecast["input_tokens"]
        assert most is not None
        rows = self.service.engine.provider.billable_models("o4-mini")  # type: ignore[attr-defined]
        limit = budget.lowest_output_limit(forecast["output_tokens"])
        least = max(row.max_nano_usd(read, limit) or 0 for row in rows)
        return most, least, read

    def close(self) -> None:
        if self.connected:
            self.service.engine.provider._connected.close()  # type: ignore[attr-defined]
        self.service.close()

    @property
    def connected(self) -> bool:
        return bool(getattr(self.service.engine.provider, "_connected", None))


OpenLocal = Callable[..., LocalService]


@contextmanager
def local_services(folder: Path) -> Iterator[OpenLocal]:
    """Opens services on the data in ``folder``, by default on SQLite; closed at the end."""
    with ExitStack() as stack:

        def one(upstream: FakeUpstream, database: str = "", **settings: Any) -> LocalService:
            given = {
                "engine": "openai",
                "openai_api_key": "sk-x",
                "openai_base_url": upstream.base_url,
                "retired": "error",
                **settings,
            }
            service = build_service(
                Settings(data_dir=folder / "data", database_url=database, **given)
            )
            local = LocalService(
                service,
                service.keys.create(f"key {time.monotonic_ns()}", ("actions", "tools", "admin"))[0],
            )
            stack.callback(local.close)
            return local

        yield one


# --- whole services -------------------------------------------------------------------------------


def hosted_environment(upstream: FakeUpstream, **variables: str) -> dict[str, str]:
    """The environment of a service whose provider is ``upstream``."""
    own = {
        "FORMCALL_ENGINE": "openai",
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": upstream.base_url,
        "FORMCALL_RETIRED": "error",
    }
    return {**own, **variables}


@contextmanager
def formcall_process(folder: Path, *command: str, **variables: str) -> Iterator[RunningService]:
    """A Formcall process other than a whole service, such as a worker; stopped by its id."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(**{"FORMCALL_DATA_DIR": str(folder / "data"), **variables})
    output, port = folder / f"output-{time.monotonic_ns()}.txt", free_port()
    asked = [*command, *(["--port", str(port)] if command[0] == "serve" else [])]
    with output.open("wb") as file:
        process = subprocess.Popen(
            [str(FORMCALL), *asked],
            env=environment,
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    service = RunningService(f"http://127.0.0.1:{port}", "", folder, process, output, environment)
    try:
        if command[0] == "serve":
            service.wait()
        yield service
    finally:
        stop(process)


def kill(service: RunningService) -> None:
    """Kill every process of a service at once, as when a machine loses power."""
    children = (
        Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    )
    for pid in (service.process.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    service.process.wait()


def new_key(service: RunningService, *options: str) -> str:
    """The plain text of a new key; with all scopes unless ``options`` say otherwise."""
    scopes = (
        ()
        if "--scope" in options
        else ("--scope", "actions", "--scope", "tools", "--scope", "admin")
    )
    command = [str(FORMCALL), "key", "create", f"key {time.monotonic_ns()}", *scopes, *options]
    done = subprocess.run(
        command,
        env=service.environment,
        cwd=service.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def run_action(
    service: RunningService,
    action: str = "classify",
    *,
    key: str = "",
    headers: Json | None = None,
    **fields: Any,
) -> requests.Response:
    """Run an action with JSON."""
    form, sent = (
        TICKET if action == "classify" else QUESTION,
        {"X-API-Key": key or service.key, **(headers or {})},
    )
    return requests.post(
        f"{service.address}/v1/actions/{action}", json={**form, **fields}, headers=sent, timeout=120
    )


def get_run(service: RunningService, run_id: str, wait: float = 0, *, key: str = "") -> Json:
    """GET /v1/runs/{run_id}."""
    query = {"wait_seconds": str(wait)} if wait else {}
    headers = {"X-API-Key": key or service.key}
    found = requests.get(
        f"{service.address}/v1/runs/{run_id}", params=query, headers=headers, timeout=120
    )
    assert found.status_code == 200, found.text
    body: Json = found.json()
    return body


def post_to_run(
    service: RunningService, run_id: str, what: str, *, key: str = ""
) -> requests.Response:
    """POST to an operation of a run: ``cancel`` or ``retry``."""
    return requests.post(
        f"{service.address}/v1/runs/{run_id}/{what}",
        headers={"X-API-Key": key or service.key},
        timeout=60,
    )


def wait_until(what: Callable[[], Any], seconds: float = 120) -> Any:
    """The first true value that ``what`` returns."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)
    return found


# --- what a model does ----------------------------------------------------------------------------


class Gate:
    """A model that answers once the gate is open, whether or not the caller is still there."""

    def __init__(self, step: Step | None = None) -> None:
        self.event = threading.Event()
        self.step = step or FakePricing()

    def __call__(self, request: Request) -> Reply:
        self.event.wait(60)
        return self.step(request)

    def open(self) -> None:
        self.event.set()

    def close(self) -> None:
        self.event.clear()


def by_turn(*steps: Step) -> Step:
    """The first step at the first call of a run, the second at its second, and so on."""

    def step(request: Request) -> Reply:
        replies: int = sum(
            item.get("type") == "function_call" or item.get("role") == "assistant"
            for item in request.body["input"]
        )
        return steps[min(replies, len(steps) - 1)](request)

    return step


def cut_once(request: Request) -> Reply:
    """Cut off at the usual room of a classification, whole with twice as much."""
    return (automatic if request.body["max_output_tokens"] > 2_000 else incomplete())(request)


BOTH = function_calls(("calculate", {"expression": "1"}), ("calculate", {"expression": "2"}))
