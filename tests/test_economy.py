"""Economy batches: half the price through the provider's own batches, nothing lost and nothing paid twice, whatever breaks off when."""

from __future__ import annotations

import functools
import json
import re
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
import requests
from sqlalchemy import select

from connector.errors import FormcallError, ProviderError
from connector.jobs import economy_visit
from connector.jobs.economy import Economy, Pace
from connector.jobs.economy_visit import Visit
from connector.jobs.machinery import Left
from connector.jobs.orders import read_order
from connector.jobs.progress import described
from connector.jobs.workshop import Workshop, open_workshop
from connector.providers import offline, transport
from connector.providers.models import load_models
from connector.providers.offline import Offline
from connector.providers.openai import OpenAIProvider
from connector.settings import Settings
from connector.store.economy import AGAIN, LIVE, Places, read_place
from connector.store.journal import Journal
from connector.store.keys import Allowance
from connector.store.money import usd
from connector.store.tables import batches as batches_table
from connector.store.tables import ledger, spending
from tests.conftest import serving
from tests.upstream import FakeUpstream, fault, forced_call, incomplete, refusal

Json = dict[str, Any]

FIXED = {"categories": "billing: invoices and charges\ntechnical: errors and crashes"}
USAGE = (412, 0, 96, 64)
LIVE_NUSD = 412 * 1_100 + 96 * 4_400
BATCH_NUSD = LIVE_NUSD // 2
GOOD = {"category": "billing", "confidence": 1, "reason": "It is about a charge.", "runner_up": "technical"}
KEY = "sk-test-1234567890"


class Jobs:
    """In place of the job engine: what is put into its queue, to be carried out when the test says so. The same id counts once."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.waiting: list[tuple[str, tuple[Any, ...], float]] = []
        self.states: dict[str, str] = {}

    def enqueue(self, queue: str, name: str, id: str, *args: Any, key: str | None = None, delay: float = 0) -> None:
        assert (queue, name) == ("economy", "economy")
        if id not in self.known:
            self.known.add(id)
            self.waiting.append((id, args, delay))

    def status(self, id: str) -> str | None:
        return self.states.get(id)


@dataclass
class Desk:
    """A service without its threads, in which a batch is looked after step by step."""

    folder: Path
    up: FakeUpstream
    settings: Json = field(default_factory=dict)
    jobs: Jobs = field(default_factory=Jobs)
    shop: Workshop = field(init=False)
    key: Any = None

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """A process begins."""
        given = {"engine": "openai", "openai_api_key": KEY, "openai_base_url": self.up.base_url, "profile": "openai"}
        self.shop = open_workshop(Settings(**{**given, "data_dir": self.folder / "data", **self.settings}))
        self.shop.runner.jobs = self.shop.batch_runner._durable = self.shop.economy._durable = self.jobs  # type: ignore[assignment]
        self.shop.economy.pace = Pace(unseen=0)

    def close(self) -> None:
        """A process ends, in whatever way: nothing is kept but what is in the database."""
        self.shop.close()
        connected = getattr(self.shop.engine.provider, "_connected", None)
        for client in connected._clients if connected else ():
            client.close()

    def again(self) -> None:
        """The process is gone, and another one takes its place."""
        self.close()
        self.open()

    # --- what a caller does ---

    def add(self, count: int, *, allowance: Allowance | None = None, **more: Any) -> str:
        """A new batch of so many rows; its id."""
        if self.key is None:
            self.key, _ = self.shop.keys.create("test", allowance=allowance)
        rows = [{"text": f"I was charged twice, row {number}."} for number in range(1, count + 1)]
        order = read_order({"action": "classify", "rows": rows, "fixed": FIXED, "economy": True, **more})
        return str(self.shop.batch_runner.add(self.key, order).batch.id)

    def told(self, batch_id: str) -> Json:
        return described(self.shop.batches.progress(batch_id))

    def rows(self, batch_id: str) -> list[Any]:
        return list(self.shop.batches.rows(batch_id))

    def answers(self, batch_id: str) -> list[Json]:
        return [json.loads(row.answer) for row in self.rows(batch_id)]

    def names(self, batch_id: str, attempt: int = 1) -> list[str]:
        """What the rows' calls are called at the provider."""
        return [f"{row.id}.{attempt}" for row in self.rows(batch_id)]

    # --- what the job engine does ---

    def look(self) -> float:
        """Look after the batch that is next; how long that was put off."""
        work_id, args, delay = self.jobs.waiting[0]
        self.shop.economy.look(*args)
        self.jobs.waiting.pop(0)
        self.jobs.states[work_id] = "done"
        return delay

    def finish(self, seconds: float = 3_600.0, looks: int = 40) -> None:
        """Look after everything until there is nothing to be looked after; between looks so much time passes at the provider."""
        for _ in range(looks):
            if not self.jobs.waiting:
                return
            self.look()
            self.up.advance(seconds)
        raise AssertionError("there is no end to it")

    # --- what must always hold ---

    def check_money(self, batch_id: str) -> None:
        """Nothing is reserved, and what was spent is the same in the rows, the ledger and the accounts."""
        rows = self.rows(batch_id)
        total = sum(row.cost_nusd for row in rows)
        with self.shop.database.connect() as connection:
            entries = connection.execute(select(ledger).where(ledger.c.batch_id == batch_id)).all()
            accounts = connection.execute(select(spending)).all()
        assert [row.reserved_nusd for row in rows] == [0] * len(rows)
        assert sum(entry.nusd for entry in entries) == total
        assert {(one.reserved_nusd, one.spent_nusd) for one in accounts} <= {(0, total)}

    def check_once(self) -> None:
        """The provider was asked for no call twice: neither a line nor a part."""
        assert max(Counter(line["custom_id"] for line in self.up.lines).values(), default=1) == 1
        made = [(one.asked["metadata"]["formcall_batch"], one.asked["metadata"]["part"]) for one in self.up.batches._batches.values()]
        assert len(made) == len(set(made))


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes desks, each with a provider of its own; `settings` are the service's, the rest is the provider's."""
    with ExitStack() as stack:

        def make(settings: Json | None = None, **options: Any) -> Desk:
            up = stack.enter_context(FakeUpstream(**{"usage": USAGE, **options}))
            desk = Desk(tmp_path / secrets.token_hex(4), up, settings or {})
            stack.callback(lambda: desk.close())
            return desk

        yield make


def usage_of(answer: Json) -> tuple[int, int, float]:
    return answer["input_tokens"], answer["output_tokens"], answer["cost_usd"]


def faults(desk: Desk, batch_id: str, *named: Any, attempt: int = 1) -> None:
    """What happens to the first rows, one after the other; None: nothing."""
    found: dict[str, Any] = desk.up.batches.how.faults  # type: ignore[assignment]
    found.update({name: what for name, what in zip(desk.names(batch_id, attempt), named, strict=False) if what})


# --- from one end to the other -----------------------------------------------------------------------------------------


def test_half_the_price(desks: Callable[..., Desk]) -> None:
    """Rows go through a batch of the provider and come back as the answers of live calls would, each at half the price, booked once."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(7)
    assert desk.look() == 0
    told = desk.told(batch_id)
    assert (told["status"], told["left"], told["detail"]) == ("running", 7, "at the provider: 0 of 7 done")
    assert told["reserved_usd"] > 0
    desk.up.advance(600)
    assert desk.look() == 30
    assert re.fullmatch("at the provider: [3-5] of 7 done", desk.told(batch_id)["detail"])
    desk.up.advance(600)
    assert desk.look() == 45
    told = desk.told(batch_id)
    assert (told["status"], told["done"], told["left"], told["detail"], told["code"]) == ("done", 7, 0, "", "")
    assert told["cost_usd"] == pytest.approx(7 * BATCH_NUSD / 1e9) and told["reserved_usd"] == 0 == told["estimated_usd"]
    assert desk.jobs.waiting == []
    for row, answer in zip(desk.rows(batch_id), desk.answers(batch_id), strict=True):
        assert (row.status, row.attempt, row.cost_nusd) == ("done", 1, BATCH_NUSD)
        assert usage_of(answer) == (412, 96, pytest.approx(BATCH_NUSD / 1e9))
        assert answer["ok"] and answer["id"] == row.id and answer["model"] == "o4-mini-2025-04-16" and answer["warnings"] == []
        assert answer["duration_ms"] >= 0
    assert desk.up.batches.files.kept == [] and desk.up.errors == []
    desk.check_money(batch_id)
    desk.check_once()


def test_the_same_call_as_live(desks: Callable[..., Desk]) -> None:
    """A line of the file is exactly the call that would be made live, under the name of its row and attempt."""
    desk = desks()
    batch_id = desk.add(3)
    desk.look()
    uploaded = next(one for one in desk.up.requests if one["path"] == "/v1/files")
    assert uploaded["body"]["purpose"] == "batch" and uploaded["body"]["expires_after[seconds]"] == str(3 * 86_400)
    lines = [json.loads(line) for line in uploaded["body"]["file"]["content"].splitlines()]
    assert [line["custom_id"] for line in lines] == desk.names(batch_id)
    for row, line in zip(desk.rows(batch_id), lines, strict=True):
        run = desk.shop.engine.prepare("classify", desk.shop.records.values(row))
        provider: Any = desk.shop.engine.provider
        assert (line["method"], line["url"], line["body"]) == ("POST", "/v1/responses", provider.preview(run.opening()).body)
    created = next(one for one in desk.up.requests if one["path"] == "/v1/batches")["body"]
    assert created["metadata"] == {"formcall_batch": batch_id, "generation": "1", "part": "1"}
    assert created["completion_window"] == "24h" and created["output_expires_after"]["seconds"] == 30 * 86_400


def test_looks_become_rare(desks: Callable[..., Desk]) -> None:
    """A batch is looked after every half minute at first and every ten minutes at last."""
    desk = desks(batch_seconds=80_000)
    desk.add(1)
    delays = [desk.look() for _ in range(12)]
    assert delays[:4] == [0, 30, 45, 67.5] and delays == sorted(delays) and delays[-1] == 600


def test_parts(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that do not fit into one file go in several, each of them a batch of its own, by lines and by bytes."""
    monkeypatch.setattr(offline, "MOST_LINES", 4)
    desk = desks(batch_lines=4, batch_seconds=100)
    batch_id = desk.add(10)
    desk.look()
    assert [part.lines for part in place(desk, batch_id).parts] == [4, 4, 2]
    assert desk.told(batch_id)["detail"] == "at the provider: 0 of 10 done"
    desk.up.advance(200)
    desk.finish()
    assert desk.told(batch_id)["done"] == 10
    size = len(next(one for one in desk.up.requests if one["path"] == "/v1/files")["body"]["file"]["content"]) // 4
    monkeypatch.setattr(offline, "MOST_BYTES", int(size * 2.5))
    other = desk.add(5)
    desk.look()
    assert [part.lines for part in place(desk, other).parts] == [2, 2, 1]
    desk.finish()
    assert desk.told(other)["done"] == 5
    desk.check_once()


def place(desk: Desk, batch_id: str) -> Any:
    return read_place(desk.shop.economy.places.find(batch_id).provider)


def test_chat_dialect(desks: Callable[..., Desk]) -> None:
    """Where chat completions are spoken, the file and the batch speak them too."""
    desk = desks({"dialect": "chat"})
    batch_id = desk.add(2)
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    assert {line["path"] for line in desk.up.lines} == {"/v1/chat/completions"}


def test_rows_that_are_not_right(desks: Callable[..., Desk]) -> None:
    """A row whose form is not right fails on its own and is not sent."""
    desk = desks()
    desk.add(1)
    desk.finish()
    order = read_order({"action": "classify", "rows": [{"text": "a"}, {"text": ""}, {"text": "b"}], "fixed": FIXED, "economy": True})
    batch_id = desk.shop.batch_runner.add(desk.key, order).batch.id
    desk.finish()
    assert [row.status for row in desk.rows(batch_id)] == ["done", "failed", "done"]
    assert len(desk.up.lines) == 3


# --- a process that dies ------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone at this point."""


class Tripwire:
    """Counts the points at which something is about to be kept or said, or just was, and ends the process at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.points: list[str] = []
        self.at: int | None = None
        watched: list[tuple[Any, str]] = [(Offline, name) for name in ("upload", "create", "find", "look", "lines", "delete", "cancel")]
        for owner, name in [*watched, (Places, "keep"), (Journal, "write")]:
            monkeypatch.setattr(owner, name, self._wired(getattr(owner, name)))

    def _wired(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wired(*args: Any, **kwargs: Any) -> Any:
            self._pass(f"before {function.__name__}")
            result = function(*args, **kwargs)
            self._pass(f"after {function.__name__}")
            return result

        return wired

    def _pass(self, point: str) -> None:
        self.points.append(point)
        if self.at is not None and len(self.points) > self.at:
            self.at = None
            raise Killed(point)


def test_killed_at_any_point(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the process is killed, the next one finishes the batch: each row is answered, asked for once, and paid for once."""
    tripwire, killed = Tripwire(monkeypatch), Counter[str]()
    number = 0
    while True:
        desk = desks(batch_seconds=1000)
        batch_id = desk.add(4)
        faults(desk, batch_id, "server_error", forced_call({"category": "nonsense"}))
        tripwire.points.clear()
        tripwire.at = number
        if not finish_killed(desk, killed):
            break
        told = desk.told(batch_id)
        assert (told["status"], told["done"], told["reserved_usd"]) == ("done", 4, 0), (number, tripwire.points[number])
        # a live call that was cut off may have been billed, and counts as if it was
        assert told["cost_usd"] - told["estimated_usd"] == pytest.approx((4 * BATCH_NUSD + LIVE_NUSD) / 1e9), tripwire.points[number]
        desk.check_money(batch_id)
        desk.check_once()
        desk.close()
        number += 1
    assert number > 40
    assert {"before create", "after create", "before upload", "after keep", "after write", "after lines", "before delete"} <= set(killed)


def finish_killed(desk: Desk, killed: Counter[str]) -> bool:
    """Look after everything, also when a process dies over it; whether one did."""
    died = False
    for _ in range(20):
        if not desk.jobs.waiting:
            return died
        try:
            desk.look()
            desk.up.advance(600)
        except Killed as point:
            killed[str(point)] += 1
            died = True
            desk.again()
    raise AssertionError("there is no end to it")
