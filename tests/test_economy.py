"""Economy batches: half the price through the provider's own batches, nothing lost and nothing paid twice, whatever breaks off when."""

from __future__ import annotations

import functools
import json
import re
import secrets
import subprocess
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
import requests
from sqlalchemy import select

from connector.catalogue import load_catalogue
from connector.errors import FormcallError, ProviderError
from connector.jobs import economy_visit, purse, runner, workshop
from connector.jobs.economy import Pace
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
from connector.store.economy import Places, read_place
from connector.store.journal import Journal
from connector.store.keys import Allowance
from connector.store.money import usd
from connector.store.notes import OPEN, Start
from connector.store.tables import ledger, runs, spending
from tests.conftest import ROOT, serving
from tests.databases import KINDS, database_url
from tests.upstream import FakeUpstream, forced_call, incomplete, json_reply, refusal, text
from tests.upstream.models import rows

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
        cells = [{"text": f"I was charged twice, row {number}."} for number in range(1, count + 1)]
        order = read_order({"action": "classify", "rows": cells, "fixed": FIXED, "economy": True, **more})
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
            entries = connection.execute(select(ledger.c.batch_id, ledger.c.nusd)).all()
            accounts = connection.execute(select(spending)).all()
        assert [row.reserved_nusd for row in rows] == [0] * len(rows)
        assert sum(entry.nusd for entry in entries if entry.batch_id == batch_id) == total
        of_all = sum(entry.nusd for entry in entries)
        spent = {batch_id: total, self.key.id: of_all}
        assert [one for one in accounts if one.account in spent and (one.reserved_nusd, one.spent_nusd) != (0, spent[one.account])] == []

    def check_once(self) -> None:
        """The provider was asked for no call twice: neither a line nor a part."""
        assert max(Counter(line["custom_id"] for line in self.up.lines).values(), default=1) == 1
        made = [(one.asked["metadata"]["formcall_batch"], one.asked["metadata"]["part"]) for one in self.up.batches._batches.values()]
        assert len(made) == len(set(made))


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    """Makes desks, each with a provider of its own; `settings` are the service's, the rest is the provider's."""
    monkeypatch.setitem(transport.Transport.__init__.__kwdefaults__, "shards", 1)
    monkeypatch.setattr(workshop, "load_catalogue", functools.cache(load_catalogue))
    monkeypatch.setattr(workshop, "load_models", functools.cache(load_models))
    with ExitStack() as stack:

        def make(settings: Json | None = None, **options: Any) -> Desk:
            up = stack.enter_context(FakeUpstream(**{"usage": USAGE, **options}))
            desk = Desk(tmp_path / secrets.token_hex(4), up, settings or {})
            stack.callback(desk.close)
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
    """Counts the points at which something was just kept or said, and ends the process at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.points: list[str] = []
        self.at: int | None = None
        watched: list[tuple[Any, str]] = [(Offline, name) for name in ("upload", "create", "find", "look", "lines", "delete", "cancel")]
        for owner, name in [*watched, (Places, "keep"), (Journal, "write")]:
            monkeypatch.setattr(owner, name, self._wired(getattr(owner, name)))

    def _wired(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wired(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            self._pass(function.__name__)
            return result

        return wired

    def _pass(self, point: str) -> None:
        self.points.append(point)
        if self.at is not None and len(self.points) > self.at:
            self.at = None
            raise Killed(point)


@pytest.mark.slow
def test_killed_at_any_point(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the process is killed, the next one finishes the batch: each row is answered, asked for once, and paid for once."""
    tripwire, killed = Tripwire(monkeypatch), Counter[str]()
    desk, number = desks(batch_seconds=1000), 0
    while True:
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
        number += 1
    assert number > 40
    assert {"create", "upload", "look", "lines", "keep", "write", "delete"} <= set(killed)


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


def test_killed_while_it_is_cancelled(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is cancelled is cancelled at the provider too, wherever the process is killed on the way there and back."""
    tripwire = Tripwire(monkeypatch)
    desk, number = desks(batch_seconds=1000), 0
    while True:
        batch_id = desk.add(4)
        desk.look()
        desk.up.advance(510)
        desk.shop.batch_runner.cancel(batch_id)
        tripwire.points.clear()
        tripwire.at = number
        died = finish_killed(desk, Counter())
        told = desk.told(batch_id)
        assert (told["status"], told["done"], told["cancelled"], told["left"]) == ("cancelled", 2, 2, 0), (number, tripwire.points)
        assert told["cost_usd"] == pytest.approx(2 * BATCH_NUSD / 1e9)
        desk.check_money(batch_id)
        desk.check_once()
        number += 1
        if not died:
            break
    assert number > 8


@pytest.mark.parametrize("answers", [["lost"], ["lost", "lost"], ["disconnect"], ["html"], ["server_error"], ["unavailable", "rate_limit"]])
@pytest.mark.parametrize("call", ["POST /v1/files", "POST /v1/batches"])
def test_lost_answers(desks: Callable[..., Desk], call: str, answers: list[str]) -> None:
    """What the provider did, though nobody heard of it, is found and not done again; what it did not do is tried again."""
    desk = desks(trouble={call: list(answers)}, batch_seconds=1000)
    batch_id = desk.add(3)
    desk.look()
    assert "could not be asked" in desk.told(batch_id)["detail"]
    desk.finish(400)
    assert desk.told(batch_id)["done"] == 3
    assert len(desk.up.batches._batches) == 1
    desk.check_once()
    desk.check_money(batch_id)


def test_a_lost_creation_is_looked_for_among_many(desks: Callable[..., Desk]) -> None:
    """A batch whose creation nobody saw is found behind hundreds of others, and none is searched that is older."""
    desk = desks(trouble={"POST /v1/batches": ["lost"]})
    batch_id = desk.add(1)
    desk.look()
    create = next(one for one in desk.up.requests if one["path"] == "/v1/batches")["body"]
    for number in range(250):
        desk.up.batches.post("/v1/batches", {**create, "metadata": {"other": str(number)}})
    before = len(desk.up.batches._batches)
    desk.finish()
    assert desk.told(batch_id)["done"] == 1 and len(desk.up.batches._batches) == before
    found = Offline(desk.shop.engine.provider)  # type: ignore[arg-type]
    assert found.find({"formcall_batch": batch_id}, time.time()) is not None
    assert found.find({"formcall_batch": "other"}, time.time()) is None
    desk.up.advance(10 * 86_400)
    desk.up.batches.post("/v1/batches", {**create, "metadata": {}})
    for number in range(100):
        desk.up.batches.post("/v1/batches", {**create, "metadata": {"other": str(number)}})
    assert found.find({"formcall_batch": batch_id}, time.time() + 9 * 86_400) is None


def test_a_creation_that_may_be_under_way(desks: Callable[..., Desk]) -> None:
    """A creation whose end nobody saw is waited for before it is looked for, and only then made again."""
    desk = desks(trouble={"POST /v1/batches": ["stall"]})
    desk.shop.economy.pace = Pace(unseen=3600)
    desk.shop.economy.offline  # noqa: B018  opened before the clock runs
    batch_id = desk.add(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offline, "_CALL_SECONDS", 0.3)
        desk.look()
    assert place(desk, batch_id).parts[0].status == "creating"
    for _ in range(3):
        desk.look()
    assert len([one for one in desk.up.requests if one["path"] == "/v1/batches"]) == 1
    desk.shop.economy.pace = Pace(unseen=0)
    desk.finish()
    assert desk.told(batch_id)["done"] == 1


def test_two_at_the_same_batch(desks: Callable[..., Desk]) -> None:
    """Of two who look after the same batch, one goes on and the other one leaves it alone."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(2)
    batch = desk.shop.batches.find(batch_id)
    first, second = Visit(desk.shop.economy, batch), Visit(desk.shop.economy, batch)
    assert first.look()
    with pytest.raises(economy_visit.Overtaken):
        second.look()
    desk.shop.economy.look(batch_id, 1, 0)
    assert len(desk.up.batches._batches) == 1
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    desk.check_once()


def test_the_same_results_twice(desks: Callable[..., Desk]) -> None:
    """Results that are delivered a second time change nothing and are booked once, also when they come in the same moment."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(20)
    desk.look()
    desk.up.advance(1000)
    barrier, real = threading.Barrier(2, timeout=20), Offline.lines

    @contextmanager
    def together(self: Offline, file_id: str) -> Iterator[Any]:
        with real(self, file_id) as lines:
            barrier.wait()
            yield lines

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Offline, "lines", together)
        threads = [threading.Thread(target=settle_alone, args=(desk, batch_id)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    desk.finish()
    assert [row.cost_nusd for row in desk.rows(batch_id)] == [BATCH_NUSD] * 20
    desk.check_money(batch_id)


def settle_alone(desk: Desk, batch_id: str) -> None:
    visit = Visit(desk.shop.economy, desk.shop.batches.find(batch_id))
    part = visit.place.parts[0]
    assert visit._watch(part) and visit._settle(part)


def test_left_in_the_middle(desks: Callable[..., Desk]) -> None:
    """A process that is to stop leaves a batch between two pages of rows, and the next one goes on there."""
    desk = desks()
    batch_id = desk.add(250)
    desk.shop.ended.set()
    with pytest.raises(Left):
        desk.look()
    assert desk.up.requests == []
    desk.again()
    desk.finish()
    assert desk.told(batch_id)["done"] == 250
    desk.check_once()


# --- money --------------------------------------------------------------------------------------------------------------


def most_nusd(desk: Desk) -> int:
    """What one row is reserved with."""
    desk.add(1)
    desk.look()
    row = desk.rows(desk.jobs.waiting[0][1][0])[0]
    desk.finish()
    return int(row.reserved_nusd)


def test_the_most_it_can_cost(desks: Callable[..., Desk]) -> None:
    """A row is reserved with half of what the dearest model that may answer can cost."""
    desk = desks(batch_seconds=1000)
    terra = load_models().find("gpt-5.6-terra")
    most = most_nusd(desk)
    assert 8_000 * 12_000 // 2 < most < 8_000 * 12_000 // 2 * 1.1
    assert terra.most(1_000, 8_000, "batch") == terra.most(1_000, 8_000) // 2 == 2 * 500 * 1250 + 8_000 * 6_000  # type: ignore[operator]
    assert terra.affordable(8_000 * 6_000, 0, "batch") == 8_000
    assert load_models().find("gpt-5.4-mini").most(1, 1, "batch") is None


def test_rows_that_the_budget_does_not_pay_for(desks: Callable[..., Desk]) -> None:
    """Rows whose reservation does not fit into the budget wait; the batch pauses after the others, and goes on when it is resumed."""
    desk = desks({"retired": "error"}, batch_seconds=1000)
    most = most_nusd(desk)
    batch_id = desk.add(5, budget_usd=usd(int(2.5 * most)))
    desk.look()
    assert Counter(row.status for row in desk.rows(batch_id)) == {"running": 3, "queued": 2}
    assert desk.told(batch_id)["reserved_usd"] <= desk.told(batch_id)["budget_usd"]
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["done"], told["left"]) == ("paused", "budget_exceeded", 3, 2)
    assert "Resume the batch" in told["detail"]
    desk.shop.batch_runner.resume(batch_id)
    desk.finish()
    assert (desk.told(batch_id)["status"], desk.told(batch_id)["done"]) == ("done", 5)
    desk.check_money(batch_id)
    desk.check_once()


def test_not_even_one_row(desks: Callable[..., Desk]) -> None:
    """A budget that does not pay for a single row pauses the batch before anything is sent; a larger one sets it going."""
    desk = desks({"retired": "error"})
    batch_id = desk.add(3, budget_usd=0.001)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["left"]) == ("paused", "budget_exceeded", 3)
    assert "The budget of this batch ($0.001)" in told["detail"] and desk.up.requests == []
    desk.shop.batch_runner.resume(batch_id, budget_usd=1)
    desk.finish()
    assert desk.told(batch_id)["done"] == 3


def test_the_budget_of_the_key(desks: Callable[..., Desk]) -> None:
    """The day's budget of the key holds for economy batches too, and money that live calls have reserved is waited for."""
    desk = desks({"retired": "error"})
    batch_id = desk.add(3, allowance=Allowance(budget_day_nusd=20_000_000))
    desk.finish()
    assert (desk.told(batch_id)["status"], desk.told(batch_id)["code"]) == ("paused", "budget_exceeded")
    assert 0 < desk.told(batch_id)["done"] < 3
    desk.check_money(batch_id)
    waiting = desk.add(1)
    with desk.shop.database.begin() as connection:
        connection.execute(spending.update().values(reserved_nusd=19_000_000))
    for _ in range(3):
        desk.look()
        assert desk.told(waiting)["status"] == "running" and desk.up.batches._batches.__len__() == 1
    with desk.shop.database.begin() as connection:
        connection.execute(spending.update().values(reserved_nusd=0))
    desk.finish()
    assert desk.told(waiting)["done"] == 1
    blocked = desk.add(1)
    with desk.shop.database.begin() as connection:
        connection.execute(spending.update().values(reserved_nusd=19_000_000))
    desk.finish()
    assert (desk.told(blocked)["status"], desk.told(blocked)["code"]) == ("paused", "budget_exceeded")


def test_room_for_shorter_answers(desks: Callable[..., Desk]) -> None:
    """Near the end of a budget a row gets room for a shorter answer, and what is sent says so."""
    desk = desks({"retired": "error"}, batch_seconds=1000)
    most = most_nusd(desk)
    batch_id = desk.add(2, budget_usd=usd(int(1.5 * most)))
    desk.finish()
    limits = [line["body"]["max_output_tokens"] for line in desk.up.lines[1:]]
    assert limits[0] == 8_000 and 3_000 < limits[1] < 4_500
    assert desk.told(batch_id)["done"] == 2


def test_unknown_prices(desks: Callable[..., Desk], tmp_path: Path) -> None:
    """A model without a price for batches costs nobody knows what; with a budget its rows wait."""
    known = tmp_path / "models.yaml"
    known.write_text("models:\n  o4-mini: {dialect: responses, efforts: [low], price: {input: 1, output: 2}}\n", encoding="utf-8")
    desk = desks({"models_file": known})
    batch_id = desk.add(2)
    desk.finish()
    assert (desk.told(batch_id)["done"], desk.told(batch_id)["cost_usd"]) == (2, None)
    other = desk.add(2, budget_usd=1)
    desk.finish()
    assert (desk.told(other)["status"], desk.told(other)["code"], desk.told(other)["left"]) == ("paused", "price_unknown", 2)


def test_a_revoked_key(desks: Callable[..., Desk]) -> None:
    """Rows of a key that was revoked are not sent; what is at the provider comes back and is booked."""
    desk = desks(batch_seconds=1000)
    before, batch_id = desk.add(2), ""
    desk.look()
    batch_id = desk.add(2)
    desk.shop.keys.revoke("test")
    desk.finish()
    assert desk.told(before)["done"] == 2
    assert (desk.told(batch_id)["status"], desk.told(batch_id)["code"], desk.told(batch_id)["left"]) == ("paused", "unauthorized", 2)
    desk.check_money(before)


# --- rows that come back without an answer ------------------------------------------------------------------------------

# fault, is it sent again, what it ends with when it comes again, its code, whether it may have been billed
UNANSWERED: list[tuple[str, bool, str, bool]] = [
    ("server_error", True, "provider_unavailable", False),
    ("rate_limit", True, "provider_rate_limited", False),
    ("unavailable", True, "provider_unavailable", False),
    ("expired", True, "provider_timeout", False),
    ("missing", True, "provider_bad_reply", True),
    ("timeout", False, "provider_timeout", True),
    ("context", False, "too_long", False),
    ("content_filter", False, "refused", False),
    ("html", False, "provider_timeout", True),
    ("error_in_200", True, "provider_unavailable", False),
    ("null", False, "provider_timeout", True),
    ("empty", False, "provider_timeout", True),
]


@pytest.mark.parametrize(("name", "again", "code", "billed"), UNANSWERED)
def test_rows_without_an_answer(desks: Callable[..., Desk], name: str, again: bool, code: str, billed: bool) -> None:
    """A row whose failure may pass is sent once more in a second batch; what may have been billed is booked at the most it can cost."""
    desk = desks(batch_faults={})
    first = desk.add(3)
    faults(desk, first, name)
    desk.finish()
    row, answer = desk.rows(first)[0], desk.answers(first)[0]
    assert (row.status, row.attempt) == (("done", 2) if again else ("failed", 1))
    assert row.estimated_nusd > 10 * LIVE_NUSD if billed else row.estimated_nusd == 0
    assert row.cost_nusd == row.estimated_nusd + BATCH_NUSD * again
    assert answer["cost_usd"] == pytest.approx(row.cost_nusd / 1e9) if again else answer["code"] == code
    assert [one.status for one in desk.rows(first)[1:]] == ["done", "done"]
    assert desk.told(first)["status"] == "done"
    second = desk.add(3)
    faults(desk, second, name)
    faults(desk, second, name, attempt=2)
    desk.finish()
    row, problem = desk.rows(second)[0], desk.answers(second)[0]
    assert (row.status, row.code, row.attempt) == ("failed", code, 1 + again)
    assert problem["code"] == code and problem["detail"].endswith(".") and "sk-" not in problem["detail"]
    assert desk.told(second)["status"] == "done" and desk.told(second)["failed"] == 1
    assert desk.up.batches.files.kept == []
    for batch_id in (first, second):
        desk.check_money(batch_id)
    desk.check_once()


def test_a_time_out_that_may_be_paid_twice(desks: Callable[..., Desk]) -> None:
    """Where the operator allows that a call is paid for twice, a model's time-out is sent again as well."""
    desk = desks({"retry_after_timeout": True}, batch_faults={})
    batch_id = desk.add(1)
    faults(desk, batch_id, "timeout")
    desk.finish()
    row = desk.rows(batch_id)[0]
    assert (row.status, row.attempt) == ("done", 2) and row.estimated_nusd > 0


def test_an_account_without_credit(desks: Callable[..., Desk]) -> None:
    """When the provider's account has no credit left, the rows it met wait until the batch is resumed; the others keep their answers."""
    desk = desks(batch_faults={})
    batch_id = desk.add(3)
    faults(desk, batch_id, "quota", "quota")
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["done"], told["left"]) == ("paused", "provider_quota", 1, 2)
    assert told["estimated_usd"] == 0
    desk.shop.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.told(batch_id)["done"] == 3
    desk.check_money(batch_id)


def test_what_a_server_does_not_take(desks: Callable[..., Desk]) -> None:
    """A parameter that the server's batches do not take is left out the second time, and told in the answer."""

    def picky(request: Any) -> Any:
        if "prompt_cache_key" not in request.body:
            return forced_call(GOOD)(request)
        return fault_reply(400, "Unsupported parameter: 'prompt_cache_key'.", "unsupported_parameter", "prompt_cache_key")

    desk = desks(batch_faults={"*": picky})
    batch_id = desk.add(2)
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    assert all("does not take `prompt_cache_key`" in answer["warnings"][0] for answer in desk.answers(batch_id))


def fault_reply(status: int, message: str, code: str, param: str) -> Any:
    return json_reply({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}, status)


def test_a_batch_that_expires(desks: Callable[..., Desk]) -> None:
    """What a batch has done in its day is kept, the rest goes on in one more, and fails with the second."""
    desk = desks(batch_seconds=1000, expire_after=510)
    batch_id = desk.add(8)
    desk.look()
    desk.up.advance(600)
    desk.look()
    assert (desk.told(batch_id)["done"], desk.told(batch_id)["left"]) == (4, 4)
    assert desk.told(batch_id)["detail"] == "at the provider: 0 of 4 done"
    desk.up.advance(600)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["done"], told["failed"]) == ("done", 6, 2)
    assert {row.code for row in desk.rows(batch_id) if row.status == "failed"} == {"provider_timeout"}
    assert told["cost_usd"] == pytest.approx(6 * BATCH_NUSD / 1e9)
    desk.shop.batch_runner.retry(batch_id)
    desk.finish()
    assert (desk.told(batch_id)["done"], desk.told(batch_id)["failed"]) == (7, 1)
    desk.check_money(batch_id)
    desk.check_once()


# --- answers that cannot be used ----------------------------------------------------------------------------------------

UNUSABLE: list[tuple[Any, str]] = [
    (forced_call({"category": "nonsense"}), "invalid_output"),
    (forced_call("{not json"), "invalid_output"),
    (text("I think it is billing."), "invalid_output"),
    (incomplete(), "output_truncated"),
    (incomplete("content_filter"), "refused"),
    (refusal(), "refused"),
]


@pytest.mark.parametrize(("reply", "code"), UNUSABLE)
def test_answers_that_cannot_be_used(desks: Callable[..., Desk], reply: Any, code: str) -> None:
    """A row whose answer cannot be used is asked once more live, which its warnings say and its cost has."""
    desk = desks(batch_faults={})
    batch_id = desk.add(3)
    faults(desk, batch_id, None, reply)
    desk.finish()
    row, answer = desk.rows(batch_id)[1], desk.answers(batch_id)[1]
    assert (row.status, row.attempt, row.cost_nusd, row.estimated_nusd) == ("done", 2, BATCH_NUSD + LIVE_NUSD, 0)
    assert f"could not be used ({code})" in answer["warnings"][0] and "full price" in answer["warnings"][0]
    assert usage_of(answer) == (824, 192, pytest.approx((BATCH_NUSD + LIVE_NUSD) / 1e9))
    assert [one.cost_nusd for one in desk.rows(batch_id)] == [BATCH_NUSD, BATCH_NUSD + LIVE_NUSD, BATCH_NUSD]
    desk.check_money(batch_id)
    assert len([one for one in desk.up.requests if one["path"] == "/v1/responses"]) == 1


@pytest.mark.parametrize(("reply", "code"), UNUSABLE)
def test_no_live_retry(desks: Callable[..., Desk], reply: Any, code: str) -> None:
    """Where the caller does not want the full price, a row whose answer cannot be used has failed, at the price of the batch."""
    desk = desks(batch_faults={})
    batch_id = desk.add(2, live_retry=False)
    faults(desk, batch_id, reply)
    desk.finish()
    row, problem = desk.rows(batch_id)[0], desk.answers(batch_id)[0]
    assert (row.status, row.code, row.cost_nusd) == ("failed", code, BATCH_NUSD)
    assert (problem["code"], problem["cost_usd"]) == (code, pytest.approx(BATCH_NUSD / 1e9))
    assert [one for one in desk.up.requests if one["path"] == "/v1/responses"] == []
    desk.check_money(batch_id)


def test_a_live_try_with_its_repair(desks: Callable[..., Desk]) -> None:
    """The live try has its repair turn like any other call, and when that does not help the row has failed with all it cost."""
    desk = desks(script=[forced_call({}), forced_call(GOOD), forced_call({}), forced_call({})], batch_faults={})
    batch_id = desk.add(2)
    faults(desk, batch_id, forced_call({}), forced_call({}))
    desk.shop.economy._live._max_workers = 1
    desk.finish()
    assert Counter(row.status for row in desk.rows(batch_id)) == {"done": 1, "failed": 1}
    for row, answer in zip(desk.rows(batch_id), desk.answers(batch_id), strict=True):
        assert row.cost_nusd == BATCH_NUSD + 2 * LIVE_NUSD
        assert answer["cost_usd"] == pytest.approx(row.cost_nusd / 1e9)
        assert "asked once more live" in answer["warnings"][0]
    desk.check_money(batch_id)


def test_no_money_for_a_live_try(desks: Callable[..., Desk]) -> None:
    """When the budget does not pay for the live try, the row has failed with what was wrong with its answer."""
    desk = desks({"retired": "error"}, batch_faults={})
    batch_id = desk.add(1, budget_usd=0.02)
    faults(desk, batch_id, refusal())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "_PATIENCE", 0.0)
        desk.shop.batches._change(batch_id, ("running",), budget_nusd=19_000_000)
        desk.look()
    assert desk.told(batch_id)["status"] == "done"
    other = desk.add(1, budget_usd=0.02)
    desk.shop.batches._change(other, ("running",), budget_nusd=most_of(desk) + 1)
    faults(desk, other, refusal())
    desk.finish()
    row, problem = desk.rows(other)[0], desk.answers(other)[0]
    assert (row.status, row.code, row.cost_nusd) == ("failed", "refused", BATCH_NUSD)
    assert "the budget does not pay for another try" in problem["detail"]
    assert desk.told(other)["status"] == "done"
    desk.check_money(other)


def most_of(desk: Desk) -> int:
    """The least that a row can be reserved with, at the price of a batch: room for a quarter of the usual answer."""
    run = desk.shop.engine.prepare("classify", {**FIXED, "text": "I was charged twice, row 1."})
    asked = purse.Purse(desk.shop.engine, desk.shop.journal, desk.key, run, tier="batch")
    return asked.opening(has_budget=True)[1]


def test_killed_while_it_asks_live(desks: Callable[..., Desk]) -> None:
    """A row whose live try was cut off is asked again; the call nobody saw the end of is booked at the most it can have cost."""
    desk = desks(batch_faults={})
    batch_id = desk.add(3)
    faults(desk, batch_id, refusal(), refusal())

    def cut_off(self: Any, row: Any, **more: Any) -> None:
        key = desk.shop.keys.by_id(row.key_id)
        assert key
        desk.shop.journal.write(Start(row.id, "local", row.attempt, OPEN, key.allowance.limits(), 5_000_000, 1))
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner.Runner, "carry_out_kept", cut_off)
        desk.shop.economy._live._max_workers = 1
        with pytest.raises(Killed):
            desk.look()
    assert len(place(desk, batch_id).trying) == 2
    assert Counter(row.status for row in desk.rows(batch_id))["running"] >= 1
    desk.again()
    desk.finish()
    assert desk.told(batch_id)["done"] == 3
    assert desk.told(batch_id)["estimated_usd"] > 0
    desk.check_money(batch_id)


def test_cancelled_while_it_asks_live(desks: Callable[..., Desk]) -> None:
    """A row whose live try was cut off in a batch that was cancelled meanwhile is cancelled, and booked as if it was billed."""
    desk = desks(batch_faults={})
    batch_id = desk.add(1)
    faults(desk, batch_id, refusal())

    def cut_off(self: Any, row: Any, **more: Any) -> None:
        key = desk.shop.keys.by_id(row.key_id)
        assert key
        desk.shop.journal.write(Start(row.id, "local", row.attempt, OPEN, key.allowance.limits(), 5_000_000, 1))
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner.Runner, "carry_out_kept", cut_off)
        with pytest.raises(Killed):
            desk.look()
    desk.again()
    desk.shop.batch_runner.cancel(batch_id)
    desk.finish()
    row = desk.rows(batch_id)[0]
    assert (row.status, row.estimated_nusd, row.cost_nusd) == ("cancelled", 5_000_000, 5_000_000 + BATCH_NUSD)
    assert desk.told(batch_id)["status"] == "cancelled"
    desk.check_money(batch_id)


# --- a batch as a whole -------------------------------------------------------------------------------------------------


def test_cancelled_before_it_is_sent(desks: Callable[..., Desk]) -> None:
    """A batch that is cancelled before it was sent costs nothing and never gets to the provider."""
    desk = desks()
    batch_id = desk.add(3)
    assert desk.shop.batch_runner.cancel(batch_id).cancelled == 3
    desk.finish()
    assert (desk.told(batch_id)["status"], desk.told(batch_id)["cancelled"]) == ("cancelled", 3)
    assert desk.up.requests == []


@pytest.mark.parametrize("point", ["upload", "create"])
def test_cancelled_on_its_way(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """A batch that is cancelled while it is on its way is called back: nothing of it is answered any more, nothing is reserved."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(3)
    real = getattr(Offline, point)

    def cancelled(self: Offline, *args: Any, **kwargs: Any) -> Any:
        result = real(self, *args, **kwargs)
        desk.shop.batch_runner.cancel(batch_id)
        return result

    monkeypatch.setattr(Offline, point, cancelled)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["cancelled"], told["cost_usd"]) == ("cancelled", 3, 0)
    assert desk.up.lines == [] and desk.up.batches.files.kept == []
    desk.check_money(batch_id)


def test_cancel_is_seen_to_at_once(desks: Callable[..., Desk]) -> None:
    """A batch that is cancelled is cancelled at the provider at once, not only when it would be looked after next."""
    desk = desks(batch_seconds=10_000)
    batch_id = desk.add(2)
    for _ in range(8):
        desk.look()
    desk.shop.batch_runner.cancel(batch_id)
    assert [delay for *_, delay in desk.jobs.waiting][1:] == [0]
    desk.jobs.waiting.reverse()
    desk.look()
    assert any(one["path"].endswith("/cancel") for one in desk.up.requests)
    desk.finish()
    assert desk.told(batch_id)["status"] == "cancelled"


def test_cancelled_elsewhere(desks: Callable[..., Desk]) -> None:
    """A batch that somebody cancelled at the provider keeps what was done; its other rows are cancelled, and the batch is done."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(8)
    desk.look()
    desk.up.advance(510)
    desk.up.batches.post(f"/v1/batches/{place(desk, batch_id).parts[0].batch}/cancel", None)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["done"], told["cancelled"]) == ("done", 4, 4)
    assert "at the provider" in json.loads(next(row.answer for row in desk.rows(batch_id) if row.status == "cancelled"))["detail"]
    desk.check_money(batch_id)


def test_refused_as_a_whole(desks: Callable[..., Desk]) -> None:
    """A file that the provider does not take fails the batch with its words; nothing was billed, and it can be tried again."""
    desk = desks(batch_faults={"*": "token_limit"})
    batch_id = desk.add(3)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["ok"], told["code"], told["failed"]) == ("failed", False, "provider_rate_limited", 3)
    assert "It said: Enqueued token limit reached for o4-mini" in told["detail"]
    assert (told["cost_usd"], told["reserved_usd"]) == (0, 0)
    assert {row.code for row in desk.rows(batch_id)} == {"provider_rate_limited"} and told["ended_at"]
    desk.check_money(batch_id)
    desk.up.batches.how.faults.clear()  # type: ignore[attr-defined]
    desk.shop.batch_runner.retry(batch_id)
    desk.finish()
    assert (desk.told(batch_id)["status"], desk.told(batch_id)["done"], desk.told(batch_id)["code"]) == ("done", 3, "")


def test_one_part_refused(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """When one of several files is refused, the others come to their end, and the batch has failed with what it has."""
    monkeypatch.setattr(offline, "MOST_LINES", 3)
    desk = desks(batch_lines=2, batch_seconds=100)
    batch_id = desk.add(5)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["done"], told["failed"]) == ("failed", "provider_rejected", 2, 3)
    assert "exceeds the maximum allowed value of 2" in told["detail"]
    desk.check_money(batch_id)


@pytest.mark.parametrize("call", ["POST /v1/files", "POST /v1/batches"])
@pytest.mark.parametrize(("name", "code"), [("auth", "provider_auth"), ("quota", "provider_quota"), ("redirect", "provider_rejected")])
def test_refused_at_the_door(desks: Callable[..., Desk], call: str, name: str, code: str) -> None:
    """Where the provider does not let a batch in, its rows wait with its words until somebody resumes it; nothing is reserved."""
    desk = desks(trouble={call: [name]} if name != "redirect" else {call: ["forbidden"]})
    batch_id = desk.add(2)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["left"], told["reserved_usd"]) == (
        "paused", code if name != "redirect" else "provider_auth", 2, 0,
    )  # fmt: skip
    assert desk.up.lines == [] and desk.up.batches.files.kept == []
    desk.shop.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    desk.check_once()


@pytest.mark.parametrize("call", ["GET /v1/batches/{id}", "GET /v1/files/{id}/content"])
@pytest.mark.parametrize("name", ["html", "truncated", "disconnect", "unavailable", "rate_limit", "null", "empty", "gzip_bomb", "auth"])
def test_trouble_with_what_came_back(desks: Callable[..., Desk], call: str, name: str) -> None:
    """While the provider cannot be asked for what came back, it is asked again; no row is taken for lost because of that."""
    desk = desks(trouble={call: [name, name]})
    batch_id = desk.add(3)
    desk.look()
    assert "could not be asked" in desk.told(batch_id)["detail"]
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["done"], told["estimated_usd"], told["detail"]) == ("done", 3, 0, "")
    desk.check_money(batch_id)


def test_trouble_without_end(desks: Callable[..., Desk]) -> None:
    """When nothing can be heard of a batch for long, it waits for somebody with its rows at the provider; resumed, it goes on there."""
    trouble = {"GET /v1/batches/{id}": ["auth"] * 12}
    desk = desks(trouble=trouble)
    batch_id = desk.add(2)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["left"]) == ("paused", "provider_auth", 2) and told["reserved_usd"] > 0
    desk.shop.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    desk.check_once()


def test_cancelled_and_never_heard_of_again(desks: Callable[..., Desk]) -> None:
    """A cancelled batch of which nothing can be heard any more comes to its end: its rows count as if they were billed."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(2)
    desk.look()
    desk.up.batches._batches.clear()
    desk.shop.batch_runner.cancel(batch_id)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["cancelled"]) == ("cancelled", 2) and told["estimated_usd"] == told["cost_usd"] > 0
    desk.check_money(batch_id)


def test_files_that_cannot_be_deleted(desks: Callable[..., Desk]) -> None:
    """A batch ends also when its files cannot be deleted; they go by themselves some day."""
    desk = desks(trouble={"DELETE /v1/files/{id}": ["unavailable", "auth"]})
    batch_id = desk.add(2)
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    assert all(file.expires for file in desk.up.batches.files.kept) and len(desk.up.batches.files.kept) == 2


# --- a model that is gone -----------------------------------------------------------------------------------------------


def test_a_model_that_is_gone(desks: Callable[..., Desk]) -> None:
    """When the provider's batches do not have the model any more, its replacement answers at its own price, and each answer says so."""
    desk = desks(retired=["o4-mini"])
    batch_id = desk.add(2)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["done"]) == ("done", 2)
    terra = (412 * 2_000 + 96 * 12_000) // 2
    for row, answer in zip(desk.rows(batch_id), desk.answers(batch_id), strict=True):
        assert row.cost_nusd == terra
        assert answer["model"].startswith("gpt-5.6-terra") and answer["model_requested"] == "o4-mini"
        assert "gpt-5.6-terra answered instead" in answer["warnings"][0]
    other = desk.add(1)
    desk.finish()
    assert desk.told(other)["done"] == 1
    assert [one.asked["metadata"]["part"] for one in desk.up.batches._batches.values()] == ["1", "2", "1"]
    desk.check_money(batch_id)


@pytest.mark.parametrize(
    ("settings", "retired", "code", "words"),
    [
        ({"retired": "error"}, ["o4-mini"], "model_retired", "Set FORMCALL_MODEL=gpt-5.6-terra"),
        ({}, ["o4-mini", "gpt-5.6-terra"], "model_unavailable", "neither o4-mini nor its replacement gpt-5.6-terra"),
        ({"model": "gpt-5.6-luna"}, ["gpt-5.6-luna"], "model_unavailable", "does not have the model gpt-5.6-luna"),
    ],
)
def test_a_model_that_is_gone_for_good(desks: Callable[..., Desk], settings: Json, retired: list[str], code: str, words: str) -> None:
    """When no model may answer, the rows wait with the setting to change, and nothing was spent."""
    desk = desks(settings, retired=retired)
    batch_id = desk.add(2)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["left"], told["cost_usd"], told["reserved_usd"]) == ("paused", code, 2, 0, 0)
    assert words in told["detail"]
    desk.up._models.update(rows(()))
    desk.again()
    desk.shop.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.told(batch_id)["done"] == 2


def test_a_model_that_goes_while_it_is_asked(desks: Callable[..., Desk]) -> None:
    """A row that meets the end of its model in the middle of a batch is sent again to the replacement."""
    desk = desks(batch_faults={})
    batch_id = desk.add(2)
    faults(desk, batch_id, None, "model_gone")
    desk.finish()
    first, second = desk.answers(batch_id)
    assert first["model"].startswith("o4-mini") and second["model"].startswith("gpt-5.6-terra")
    desk.check_money(batch_id)


# --- who may ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"engine": "scripted"}, {"engine": "local"}, {"profile": "generic"}, {"profile": "azure"}])
def test_no_provider_for_it(desks: Callable[..., Desk], settings: Json) -> None:
    """Economy is refused where nobody takes batches, with what to do instead."""
    desk = desks(settings)
    with pytest.raises(FormcallError, match="Run the batch without economy") as caught:
        desk.add(1)
    assert caught.value.code == "bad_request"
    assert desk.shop.batches.of_key(desk.key.id) == []


def test_no_tools(desks: Callable[..., Desk]) -> None:
    """An action that may use tools for what is asked is refused, and so is a row that would."""
    desk = desks()
    with pytest.raises(FormcallError, match="Economy cannot use tools") as caught:
        desk.add(2, action="answer_with_tools", fixed={"tools": ["calculate"], "question": "2 + 2?"}, rows=[{"context": "a"}])
    assert caught.value.code == "bad_request"
    batch_id = desk.add(
        2,
        action="answer_with_tools",
        fixed={},
        rows=[{"question": "What is it?", "context": "A."}, {"question": "2 + 2?", "tools": ["calculate"]}],
    )
    desk.finish()
    assert [(row.status, row.code) for row in desk.rows(batch_id)] == [("done", None), ("failed", "bad_request")]


def test_without_texts(desks: Callable[..., Desk]) -> None:
    """Where texts are not kept, a row's form is gone once it has ended, and there until then, also while it is tried again."""
    desk = desks({"store_text": "off"}, batch_faults={}, batch_seconds=1000)
    batch_id = desk.add(3)
    faults(desk, batch_id, "server_error", refusal())
    desk.look()
    assert all(row.form for row in desk.rows(batch_id))
    desk.finish()
    assert desk.told(batch_id)["done"] == 3
    assert not any(row.form for row in desk.rows(batch_id)) and all(row.answer for row in desk.rows(batch_id))


def test_an_action_that_was_changed(desks: Callable[..., Desk]) -> None:
    """A row whose form is no longer right when it comes back has failed, at the most it can have cost; the others have their answers."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(3)
    desk.look()
    with desk.shop.database.begin() as connection:
        connection.execute(runs.update().where(runs.c.batch_id == batch_id, runs.c.row_no == 2).values(form='{"text": ""}'))
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["done"], told["failed"]) == ("done", 2, 1) and told["estimated_usd"] > 0
    desk.check_money(batch_id)


def test_something_went_wrong(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours pauses a batch after a few looks, is logged without anybody's text, and is over when the batch is resumed."""
    desk = desks()
    batch_id = desk.add(1)
    real = Offline.upload
    monkeypatch.setattr(Offline, "upload", lambda *_: 1 / 0)
    for _ in range(4):
        desk.look()
    assert (desk.told(batch_id)["status"], desk.told(batch_id)["code"]) == ("paused", "internal") and desk.jobs.waiting == []
    monkeypatch.setattr(Offline, "upload", real)
    desk.shop.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.told(batch_id)["done"] == 1
    desk.check_money(batch_id)


def test_nobody_looks_after_it(desks: Callable[..., Desk]) -> None:
    """A batch whose work was lost or failed is looked after again: nothing of it is done twice."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(2)
    desk.jobs.waiting.clear()
    desk.jobs.known.clear()  # the process died before it had asked for the first look
    desk.shop.economy.keep_going()
    desk.shop.economy.keep_going()
    assert len(desk.jobs.waiting) == 1
    desk.look()
    lost = desk.jobs.waiting.pop()
    desk.jobs.states[lost[0]] = "failed"
    desk.shop.economy.keep_going()
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    desk.shop.economy.keep_going()
    assert desk.jobs.waiting == []
    desk.check_once()


# --- real processes and databases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_on_each_database(desks: Callable[..., Desk], kind: str) -> None:
    """Two processes that look after the same batch at the same time, over and over, do nothing twice, on every database."""
    with database_url(kind) as address:
        desk = desks({"database_url": address}, batch_seconds=1000, batch_faults={}, trouble={"POST /v1/batches": ["lost"]})
        batch_id = desk.add(30, budget_usd=5)
        faults(desk, batch_id, "server_error", refusal(), "missing", forced_call({}))
        for _ in range(40):
            if not desk.jobs.waiting:
                break
            work_id, args, _ = desk.jobs.waiting[0]
            threads = [threading.Thread(target=desk.shop.economy.look, args=args) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            desk.jobs.waiting.remove((work_id, args, _))
            desk.up.advance(400)
        told = desk.told(batch_id)
        assert (told["status"], told["done"], told["reserved_usd"]) == ("done", 30, 0)
        desk.check_once()
        desk.check_money(batch_id)
        desk.close()


@contextmanager
def process(folder: Path, up: FakeUpstream, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that carries out jobs over ``folder``, once it is ready; it is killed at the end of the block."""
    settings = {"engine": "openai", "openai_api_key": KEY, "openai_base_url": up.base_url, "profile": "openai", "data_dir": str(folder)}
    command = [sys.executable, "-m", "tests.economy_app", json.dumps({"settings": settings, **options})]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout and running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


@pytest.mark.slow
def test_killed_for_real(tmp_path: Path) -> None:
    """A process that is killed again and again, at whatever moment, finishes its batch in the end, with nothing done twice."""
    faults: Json = {}
    with FakeUpstream(usage=USAGE, batch_seconds=4.0, batch_faults=faults, trouble={"POST /v1/batches": ["lost"]}) as up:
        with process(tmp_path / "data", up, rows=400):
            time.sleep(0.2)
        for seconds in (0.1, 0.3, 0.6, 1.0, 1.5):
            with process(tmp_path / "data", up):
                time.sleep(seconds)
        shop = Desk(tmp_path, up)
        try:
            batch_id = shop.shop.batches.going_on()[0].id
            shop.key = shop.shop.keys.named("test")
            with process(tmp_path / "data", up):
                until = time.monotonic() + 60
                while shop.told(batch_id)["status"] == "running" and time.monotonic() < until:
                    time.sleep(0.1)
            told = shop.told(batch_id)
            assert (told["status"], told["done"], told["reserved_usd"], told["estimated_usd"]) == ("done", 400, 0, 0)
            assert told["cost_usd"] == pytest.approx(400 * BATCH_NUSD / 1e9)
            shop.check_money(batch_id)
            shop.check_once()
        finally:
            shop.close()


def test_over_http(tmp_path: Path) -> None:
    """A batch is asked for with one field more, shows where it stands at the provider, and is cancelled there too."""
    variables = {"FORMCALL_ENGINE": "openai", "OPENAI_API_KEY": KEY, "FORMCALL_PROFILE": "openai"}
    with FakeUpstream(usage=USAGE, batch_seconds=1000) as up, serving(tmp_path, OPENAI_BASE_URL=up.base_url, **variables) as service:
        body = {"action": "classify", "rows": [{"text": "A"}, {"text": "B"}], "fixed": FIXED, "economy": True}
        made = post_when_ready(f"{service.address}/v1/batches", service.headers, body)
        assert made.status_code == 202 and made.json()["economy"] is True
        url, until = made.json()["status_url"], time.monotonic() + 30
        while (told := requests.get(url, headers=service.headers, timeout=10).json())["detail"] != "at the provider: 0 of 2 done":
            assert time.monotonic() < until, told
            time.sleep(0.1)
        up.advance(2000)
        assert requests.post(f"{url}/cancel", headers=service.headers, timeout=10).status_code == 200
        while (told := requests.get(url, headers=service.headers, timeout=10).json())["ended_at"] is None:
            assert time.monotonic() < until, told
            time.sleep(0.1)
        # everything was done before it could be cancelled, so it is booked and kept
        assert (told["status"], told["done"], told["left"]) == ("cancelled", 2, 0)
        assert told["cost_usd"] == pytest.approx(2 * BATCH_NUSD / 1e9)
        bad = requests.post(f"{service.address}/v1/batches", headers=service.headers, json={**body, "live_retry": "perhaps"}, timeout=10)
        assert bad.status_code == 422 and bad.json()["errors"][0]["field"] == "live_retry"


def post_when_ready(url: str, headers: dict[str, str], body: Json) -> requests.Response:
    until = time.monotonic() + 30
    while True:
        answer = requests.post(url, headers=headers, json=body, timeout=10)
        if answer.status_code != 503 or time.monotonic() > until:
            return answer
        time.sleep(0.2)


# --- the way there and back ---------------------------------------------------------------------------------------------


@contextmanager
def elsewhere() -> Iterator[Offline]:
    """The way to a provider that is another process, whose memory is not ours."""
    with subprocess.Popen([sys.executable, "-m", "tests.upstream"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            settings = Settings(openai_base_url=running.stdout.readline().strip(), openai_api_key=KEY)
            provider = OpenAIProvider(settings, load_models())
            yield Offline(provider)
            for client in provider._connected._clients if provider._connected else ():
                client.close()
        finally:
            running.terminate()


def test_large_files_are_not_held_in_memory() -> None:
    """Files of any size go there and back piece by piece."""
    line = b'{"custom_id": "a", "response": {"status_code": 200, "body": {"x": "' + b"y" * 100_000 + b'"}}}\n'
    with elsewhere() as far, TemporaryFile() as file:
        file.write(line * 300)
        with pytest.raises(ProviderError):
            far.look("batch_none")  # what is loaded at the first call does not count
        tracemalloc.start()
        try:
            file_id = far.upload("rows.jsonl", file)
            sent = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            with far.lines(file_id) as lines:
                assert sum(1 for _ in lines) == 300
            came = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sent < 5_000_000 and came < 5_000_000


def test_limits_of_a_download(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of answers that is larger than it may be, or comes too slowly, is given up, and nothing of it is taken."""
    desk = desks(trouble={"GET /v1/files/{id}/content": ["drip"]})
    far = desk.shop.economy.offline
    with TemporaryFile() as file:
        file.write(b'{"custom_id": "a"}\n' * 100_000)
        file_id = far.upload("rows.jsonl", file)
    monkeypatch.setattr(offline, "_FILE_SECONDS", 0.5)
    with pytest.raises(ProviderError) as slow, far.lines(file_id) as lines:
        list(lines)
    assert slow.value.code == "provider_timeout"
    monkeypatch.setattr(offline, "_FILE_SECONDS", 30.0)
    monkeypatch.setattr(transport, "MAX_DOWNLOAD_BYTES", 1_000_000)
    with pytest.raises(ProviderError, match="larger than allowed") as large, far.lines(file_id) as lines:
        list(lines)
    assert large.value.code == "provider_bad_reply"
    monkeypatch.setattr(transport, "MAX_DOWNLOAD_BYTES", 3_000_000)
    with far.lines(file_id) as lines:
        assert sum(1 for _ in lines) == 100_000


def test_ids_that_cannot_be_ids(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server calls a file or a batch never becomes another address."""
    desk = desks()
    far = desk.shop.economy.offline
    monkeypatch.setattr(OpenAIProvider, "manage", lambda *_: {"id": "../models", "status": "completed", "output_file_id": "a/../b"})
    with TemporaryFile() as file, pytest.raises(ProviderError, match="an id that cannot be one"):
        far.upload("rows.jsonl", file)
    with pytest.raises(ProviderError, match="an id that cannot be one"):
        far.look("batch_a")


def test_words_of_the_provider(desks: Callable[..., Desk]) -> None:
    """A provider's words are quoted short and without anything that looks like a key."""
    far = desks().shop.economy.offline
    said = f"Key {KEY} and sk-other12345 are wrong. " + "x" * 1_000
    for found in (
        far.refusal(offline.Standing("a", "failed", 1, 0, 0, (), (("odd", said),))),
        far.heard(None, None, offline.Line("a", 0, None, "odd", said)).error,  # type: ignore[arg-type, union-attr]
    ):
        assert "[hidden]" in found.detail and "sk-" not in found.detail and len(found.detail) < 400
    assert far.refusal(offline.Standing("a", "failed", 1, 0, 0, (), ())).detail == "The provider did not accept the batch."


def test_stalled_and_cancelled(desks: Callable[..., Desk]) -> None:
    """A batch that waits for somebody with its rows at the provider is cancelled there, once the provider can be asked again."""
    desk = desks(trouble={"GET /v1/batches/{id}": ["auth"] * 12}, batch_seconds=1000)
    batch_id = desk.add(2)
    desk.finish(1)
    assert desk.told(batch_id)["status"] == "paused"
    desk.shop.batch_runner.cancel(batch_id)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["cancelled"], told["cost_usd"]) == ("cancelled", 2, 0)
    desk.check_money(batch_id)


def test_one_row_is_cancelled(desks: Callable[..., Desk]) -> None:
    """A row that is cancelled while it is at the provider keeps the answer that it gets, and is not asked again when it gets none."""
    desk = desks(batch_seconds=1000, batch_faults={})
    batch_id = desk.add(4)
    faults(desk, batch_id, None, "server_error", refusal(), "missing")
    desk.look()
    for row in desk.rows(batch_id):
        assert desk.shop.runner.cancel(row.id) == "running"
    desk.finish()
    assert [row.status for row in desk.rows(batch_id)] == ["done", "failed", "failed", "failed"]
    assert desk.told(batch_id)["status"] == "done"
    desk.check_money(batch_id)


@pytest.mark.parametrize(("status", "lost"), [("expired", 0), ("completed", 4)])
def test_rows_that_are_in_no_file(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, status: str, lost: int) -> None:
    """Rows of which a batch that was cut off says nothing were not run; where they were, their answers are lost and count as billed."""
    desk = desks(batch_seconds=1000, expire_after=510 if status == "expired" else 86_400)
    batch_id = desk.add(8)
    desk.look()
    desk.up.advance(2000)
    real = Offline.lines

    @contextmanager
    def half(self: Offline, file_id: str) -> Iterator[Any]:
        with real(self, file_id) as lines:
            yield (line for line in lines if line.was_run and (status == "expired" or line.custom_id in desk.names(batch_id)[:4]))

    def look(self: Offline, batch: str) -> Any:
        found = real_look(self, batch)
        return replace(found, files=found.files[:1])

    real_look = Offline.look
    with monkeypatch.context() as patch:
        patch.setattr(Offline, "lines", half)
        patch.setattr(Offline, "look", look)
        desk.look()
    waiting = [row for row in desk.rows(batch_id) if row.status == "running"]
    assert len(waiting) == 4 and sum(row.estimated_nusd > 0 for row in waiting) == lost
    assert {row.attempt for row in waiting} == {2}


def test_answers_without_usage(desks: Callable[..., Desk]) -> None:
    """An answer that does not say what it used counts as the most that it can have cost, and says so."""
    desk = desks({"retired": "error"}, batch_faults={})
    batch_id = desk.add(2)
    faults(desk, batch_id, replace(forced_call(GOOD), usage=False))
    desk.finish()
    row, answer = desk.rows(batch_id)[0], desk.answers(batch_id)[0]
    assert row.status == "done" and row.cost_nusd == row.estimated_nusd > 8_000 * 4_400 // 2
    assert answer["cost_usd"] == pytest.approx(row.cost_nusd / 1e9)
    assert "The cost of a call is not known; it is counted as the most that the call can have cost." in answer["warnings"]
    desk.check_money(batch_id)


def test_answers_say_what_their_rows_cost(desks: Callable[..., Desk]) -> None:
    """What an answer or a problem says it cost is what is booked for its row, with all that was tried before."""
    desk = desks(batch_faults={})
    batch_id = desk.add(6)
    faults(desk, batch_id, "missing", "timeout", refusal(), "server_error", "context")
    faults(desk, batch_id, "missing", attempt=2)
    desk.finish()
    assert [row.status for row in desk.rows(batch_id)] == ["failed", "failed", "done", "done", "failed", "done"]
    for row, answer in zip(desk.rows(batch_id), desk.answers(batch_id), strict=True):
        assert answer["cost_usd"] == pytest.approx(row.cost_nusd / 1e9)
