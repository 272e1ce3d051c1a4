"""Economy batches: half the price through the provider's own batches, nothing lost and nothing done twice, whatever breaks off when."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.errors import FormcallError, ProviderError
from connector.jobs import economy_visit
from connector.jobs.economy import Pace
from connector.jobs.economy_visit import Visit
from connector.jobs.machinery import Left
from connector.jobs.orders import read_order
from connector.providers import offline
from connector.providers.offline import Offline
from connector.store.economy import Places
from connector.store.journal import Journal
from connector.store.tables import runs
from tests.conftest import ROOT, serving
from tests.databases import KINDS, database_url
from tests.desk import BATCH_NUSD, FIXED, KEY, LIVE_NUSD, USAGE, Desk, Killed, faults, making, place, usage_of
from tests.upstream import FakeUpstream, forced_call, refusal
from tests.upstream.models import rows

Json = dict[str, Any]


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    with making(tmp_path, monkeypatch) as make:
        yield make


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
@pytest.mark.parametrize(("name", "code"), [("auth", "provider_auth"), ("quota", "provider_quota"), ("content_filter", "refused")])
def test_refused_at_the_door(desks: Callable[..., Desk], call: str, name: str, code: str) -> None:
    """Where the provider does not let a batch in, its rows wait with its words until somebody resumes it; nothing is reserved."""
    desk = desks(trouble={call: [name]})
    batch_id = desk.add(2)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["left"], told["reserved_usd"]) == ("paused", code, 2, 0)
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


def test_a_creation_that_cannot_be_looked_for(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody knows whether a batch was created it is never given up or created again, even if the provider lets nobody in."""
    desk = desks(trouble={"POST /v1/batches": ["lost"]}, batch_seconds=1000)
    batch_id = desk.add(2)
    desk.look()
    monkeypatch.setattr(Offline, "find", denied)
    desk.finish()
    told = desk.told(batch_id)
    assert (told["status"], told["code"], told["left"]) == ("paused", "provider_auth", 2) and told["reserved_usd"] > 0
    monkeypatch.undo()
    desk.shop.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    desk.check_once()


def denied(self: Offline, *_: Any) -> None:
    raise ProviderError("provider_auth", "The provider does not accept this service's key.")


def test_the_provider_is_no_longer_there(desks: Callable[..., Desk]) -> None:
    """When the settings lead to another engine while rows are at the provider, they wait there, and come back once it is set again."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(2)
    desk.look()
    desk.settings = {"engine": "scripted"}
    desk.again()
    desk.finish()
    assert (desk.told(batch_id)["status"], desk.told(batch_id)["left"]) == ("paused", 2)
    assert "Run the batch without economy" in desk.told(batch_id)["detail"]
    desk.settings = {}
    desk.again()
    desk.shop.economy.keep_going()
    desk.shop.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.told(batch_id)["done"] == 2
    desk.check_once()


def test_lines_that_come_twice(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that comes twice while another one is missing does not hide that."""
    desk = desks()
    batch_id = desk.add(3)
    real = Offline.lines

    @contextmanager
    def doubled(self: Offline, file_id: str) -> Iterator[Any]:
        with real(self, file_id) as lines:
            found = sorted(lines, key=lambda line: line.custom_id)
            yield iter([found[0], *found[:2]] if len(found) > 1 else found)

    monkeypatch.setattr(Offline, "lines", doubled)
    desk.finish()
    assert sorted((row.estimated_nusd > 0, row.attempt) for row in desk.rows(batch_id)) == [(False, 1), (False, 1), (True, 2)]
    desk.check_money(batch_id)
