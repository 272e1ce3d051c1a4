"""Processes that carry out runs over a fake provider whose cash desk is known: one of them in this process, or whole services."""

from __future__ import annotations

import json
import os
import signal
import subprocess
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
from connector.jobs import purse
from connector.jobs.telling import Told
from connector.jobs.workshop import Workshop, open_workshop
from connector.providers.models import load_models
from connector.settings import Settings
from connector.store.keys import Allowance, Key
from connector.store.money import nano_of_cost
from tests.conftest import FORMCALL, TICKET, Service, clean_environment, free_port
from tests.upstream import FakeUpstream, Reply, Request, Script, Step, Usage, automatic, function_call, function_calls, incomplete

Json = dict[str, Any]

CLIENTS = 64
QUESTION = {"question": "What is 15% of 80?", "tools": "calculate, dates"}
CALCULATE = function_call("calculate", {"expression": "0.15 * 80"})
FOUND = {"answer": "12", "value": "12", "found": True, "quotes": []}
MODELS = load_models()
SMALL = Usage(412, 0, 96, 0)
COST = 412 * 1_100 + 96 * 4_400  # of that usage, in nano-dollars


@dataclass
class Till:
    """The provider's own cash desk: what each reply costs by its usage and its model's price, in nano-dollars, as it leaves.

    ``step`` decides what is said, ``usage`` what it says that it cost.
    """

    step: Step = automatic
    usage: Callable[[Request], Usage] = lambda request: SMALL
    taken: list[int] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        told = self.usage(request)
        reply = self.step(replace(request, usage=told))
        if reply.status == 200:
            self.taken.append(cost_of(request, told))
        return reply

    @property
    def script(self) -> Script:
        return Script([self], repeat=True)

    @property
    def money(self) -> int:
        return sum(self.taken)


def cost_of(request: Request, told: Usage) -> int:
    row = MODELS.find(request.body["model"])
    output = request.limit if told.output is None else told.output
    price = {kind: round(1_000 * amount) for kind, amount in row.price.items()}
    plain = told.input - told.cached - told.written
    return plain * price["input"] + told.cached * price["cached"] + told.written * price.get("cache_write", 0) + output * price["output"]


@dataclass
class Shop:
    """A process without its web: runs are asked for with ``ask``, by ``key`` unless told otherwise."""

    workshop: Workshop
    key: Key

    @property
    def database(self) -> Any:
        return self.workshop.database

    def ask(self, action: str = "classify", *, key: Key | None = None, **fields: Any) -> Told:
        form = TICKET if action == "classify" else QUESTION
        made = self.workshop.runner.admission.ask(key or self.key, action, {**form, **fields})
        return self.workshop.runner.run(made)

    def tried(self, action: str = "classify", **fields: Any) -> str:
        """What it came to: "done", or the code of the failure."""
        try:
            told = self.ask(action, **fields)
        except FormcallError as error:
            return error.code
        return told.code or told.status

    def all_at_once(self, count: int = CLIENTS, action: str = "classify", **fields: Any) -> Counter[str]:
        with ThreadPoolExecutor(count) as clients:
            return Counter(clients.map(lambda _: self.tried(action, **fields), range(count)))

    def new_key(self, **budgets: int) -> Key:
        limits = Allowance(**{f"budget_{period}_nusd": amount for period, amount in budgets.items()})
        return self.workshop.keys.create(f"key {time.monotonic_ns()}", ("actions", "tools"), limits)[0]

    def bound(self, action: str = "classify", **fields: Any) -> tuple[int, int, int]:
        """(the most that the first call can cost, the least that is reserved for it, the tokens it reads at most)."""
        forecast = json.loads(self.ask(action, dry_run=True, **fields).body)
        most, read = nano_of_cost(forecast["first_call_max_usd"]), forecast["input_tokens"]
        assert most is not None
        rows = self.workshop.engine.provider.priced("o4-mini")  # type: ignore[attr-defined]
        least = max(row.most(read, forecast["output_tokens"] // purse._LEAST_SHARE) or 0 for row in rows)
        return most, least, read

    def close(self) -> None:
        if self.connected:
            self.workshop.engine.provider._connected.close()  # type: ignore[attr-defined]
        self.workshop.close()

    @property
    def connected(self) -> bool:
        return bool(getattr(self.workshop.engine.provider, "_connected", None))


Open = Callable[..., Shop]


@contextmanager
def shops(folder: Path) -> Iterator[Open]:
    """Opens processes on the same data in ``folder``, on SQLite unless an address is given; they are closed in the end."""
    with ExitStack() as stack:

        def one(upstream: FakeUpstream, database: str = "", **settings: Any) -> Shop:
            given = {"engine": "openai", "openai_api_key": "sk-x", "openai_base_url": upstream.base_url, "retired": "error", **settings}
            workshop = open_workshop(Settings(data_dir=folder / "data", database_url=database, **given))
            shop = Shop(workshop, workshop.keys.create(f"key {time.monotonic_ns()}", ("actions", "tools", "admin"))[0])
            stack.callback(shop.close)
            return shop

        yield one


# --- whole services ----------------------------------------------------------------------------------------------------


def over(upstream: FakeUpstream, **variables: str) -> dict[str, str]:
    """The environment of a service that asks ``upstream``."""
    own = {"FORMCALL_ENGINE": "openai", "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": upstream.base_url, "FORMCALL_RETIRED": "error"}
    return {**own, **variables}


@contextmanager
def started(folder: Path, *command: str, **variables: str) -> Iterator[Service]:
    """A process of Formcall that is not a whole service, such as a worker; ended by its id."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(**{"FORMCALL_DATA_DIR": str(folder / "data"), **variables})
    output, port = folder / f"output-{time.monotonic_ns()}.txt", free_port()
    asked = [*command, *(["--port", str(port)] if command[0] == "serve" else [])]
    with output.open("wb") as file:
        process = subprocess.Popen([str(FORMCALL), *asked], env=environment, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
    service = Service(f"http://127.0.0.1:{port}", "", folder, process, output, environment)
    try:
        if command[0] == "serve":
            service.wait()
        yield service
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def kill(service: Service) -> None:
    """The whole service at once, as when the machine loses power."""
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    for pid in (service.process.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    service.process.wait()


def new_key(service: Service, *options: str) -> str:
    """The plain text of a new key; with all scopes unless ``options`` say otherwise."""
    scopes = () if "--scope" in options else ("--scope", "actions", "--scope", "tools", "--scope", "admin")
    command = [str(FORMCALL), "key", "create", f"key {time.monotonic_ns()}", *scopes, *options]
    done = subprocess.run(command, env=service.environment, cwd=service.folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def send(service: Service, action: str = "classify", *, key: str = "", headers: Json | None = None, **fields: Any) -> requests.Response:
    """A run asked for with JSON."""
    form, sent = TICKET if action == "classify" else QUESTION, {"X-API-Key": key or service.key, **(headers or {})}
    return requests.post(f"{service.address}/v1/actions/{action}", json={**form, **fields}, headers=sent, timeout=120)


def look(service: Service, run_id: str, wait: float = 0, *, key: str = "") -> Json:
    """A run as its own address shows it."""
    query = {"wait_seconds": str(wait)} if wait else {}
    headers = {"X-API-Key": key or service.key}
    found = requests.get(f"{service.address}/v1/runs/{run_id}", params=query, headers=headers, timeout=120)
    assert found.status_code == 200, found.text
    body: Json = found.json()
    return body


def tell(service: Service, run_id: str, what: str, *, key: str = "") -> requests.Response:
    """``cancel`` or ``retry`` a run."""
    return requests.post(f"{service.address}/v1/runs/{run_id}/{what}", headers={"X-API-Key": key or service.key}, timeout=60)


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    """What ``what`` gives, once it gives something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)
    return found


# --- what a model does -------------------------------------------------------------------------------------------------


def by_turn(*steps: Step) -> Step:
    """What is said at the first call of a run, at its second and so on, told by how much has been said before."""

    def step(request: Request) -> Reply:
        said = sum(item.get("type") == "function_call" or item.get("role") == "assistant" for item in request.body["input"])
        return steps[min(said, len(steps) - 1)](request)

    return step


def cut_once(request: Request) -> Reply:
    """Cut off at the usual room, whole with twice as much."""
    return (automatic if request.body["max_output_tokens"] > 8_000 else incomplete())(request)


BOTH = function_calls(("calculate", {"expression": "1"}), ("calculate", {"expression": "2"}))
