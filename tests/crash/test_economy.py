"""Economy batches: half the price through the provider's batch API; nothing is lost or repeated
when a process dies."""

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

from connector.batches.provider import poll as economy_visit
from connector.batches.provider.context import PollInterval
from connector.batches.provider.poll import ProviderBatchPoll
from connector.batches.request import read_batch_request
from connector.durable.dbos_adapter import StepAborted
from connector.errors import FormcallError, ProviderError
from connector.json_types import Json
from connector.providers.hosted import batch_api
from connector.providers.hosted.batch_api import BatchClient
from connector.store.ledger.group_commit import Ledger
from connector.store.provider_batches import ProviderBatchStore
from connector.store.tables import runs
from tests.support.databases import KINDS, database_url
from tests.support.economy_harness import (
    BATCH_NUSD,
    FIXED,
    KEY,
    LIVE_NUSD,
    USAGE,
    BatchHarness,
    SimulatedCrash,
    batch_harnesses,
    faults,
    provider_state,
    usage_of,
)
from tests.support.running_service import serving
from tests.support.samples import ROOT
from tests.support.upstream import FakeUpstream, forced_call, refusal
from tests.support.upstream.models import rows


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., BatchHarness]]:
    with batch_harnesses(tmp_path, monkeypatch) as make:
        yield make


# --- from one end to the other --------------------------------------------------------------------


def test_half_the_price(desks: Callable[..., BatchHarness]) -> None:
    """Rows go through a batch of the provider and come back as the answers of live calls would,
    each at half the price, booked once."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(7)
    assert desk.poll() == 0
    told = desk.view(batch_id)
    assert (told["status"], told["left"], told["detail"]) == (
        "running",
        7,
        "at the provider: 0 of 7 done",
    )
    assert told["reserved_usd"] > 0
    desk.upstream.advance(600)
    assert desk.poll() == 30
    assert re.fullmatch("at the provider: [3-5] of 7 done", desk.view(batch_id)["detail"])
    desk.upstream.advance(600)
    assert desk.poll() == 45
    told = desk.view(batch_id)
    assert (told["status"], told["done"], told["left"], told["detail"], told["code"]) == (
        "done",
        7,
        0,
        "",
        "",
    )
    assert (
        told["cost_usd"] == pytest.approx(7 * BATCH_NUSD / 1e9)
        and told["reserved_usd"] == 0 == told["estimated_usd"]
    )
    assert desk.jobs.waiting == []
    for row, answer in zip(desk.rows(batch_id), desk.answers(batch_id), strict=True):
        assert (row.status, row.attempt, row.cost_nusd) == ("done", 1, BATCH_NUSD)
        assert usage_of(answer) == (412, 96, pytest.approx(BATCH_NUSD / 1e9))
        assert (
            answer["ok"]
            and answer["id"] == row.id
            and answer["model"] == "o4-mini-2025-04-16"
            and answer["warnings"] == []
        )
        assert answer["duration_ms"] >= 0
    assert desk.upstream.batches.files.kept == [] and desk.upstream.errors == []
    desk.check_money(batch_id)
    desk.check_once()


def test_the_same_call_as_live(desks: Callable[..., BatchHarness]) -> None:
    """A line of the file is exactly the call that would be made live, under the name of its row and
    attempt."""
    desk = desks()
    batch_id = desk.add(3)
    desk.poll()
    uploaded = next(one for one in desk.upstream.requests if one["path"] == "/v1/files")
    assert uploaded["body"]["purpose"] == "batch" and uploaded["body"][
        "expires_after[seconds]"
    ] == str(3 * 86_400)
    lines = [json.loads(line) for line in uploaded["body"]["file"]["content"].splitlines()]
    assert [line["custom_id"] for line in lines] == desk.names(batch_id)
    for row, line in zip(desk.rows(batch_id), lines, strict=True):
        run = desk.service.engine.prepare("classify", desk.service.records.form_values(row))
        provider: Any = desk.service.engine.provider
        assert (line["method"], line["url"], line["body"]) == (
            "POST",
            "/v1/responses",
            provider.preview(run.initial_request()).body,
        )
    created = next(one for one in desk.upstream.requests if one["path"] == "/v1/batches")["body"]
    assert created["metadata"] == {"formcall_batch": batch_id, "generation": "1", "part": "1"}
    assert (
        created["completion_window"] == "24h"
        and created["output_expires_after"]["seconds"] == 30 * 86_400
    )


def test_looks_become_rare(desks: Callable[..., BatchHarness]) -> None:
    """A batch is looked after every half minute at first and every ten minutes at last."""
    desk = desks(batch_seconds=80_000)
    desk.add(1)
    delays = [desk.poll() for _ in range(12)]
    assert delays[:4] == [0, 30, 45, 67.5] and delays == sorted(delays) and delays[-1] == 600


def test_parts(desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that do not fit into one file go in several, each of them a batch of its own, by lines
    and by bytes."""
    monkeypatch.setattr(batch_api, "MAX_FILE_LINES", 4)
    desk = desks(batch_lines=4, batch_seconds=100)
    batch_id = desk.add(10)
    desk.poll()
    assert [file.call_count for file in provider_state(desk, batch_id).files] == [4, 4, 2]
    assert desk.view(batch_id)["detail"] == "at the provider: 0 of 10 done"
    desk.upstream.advance(200)
    desk.finish()
    assert desk.view(batch_id)["done"] == 10
    size = (
        len(
            next(one for one in desk.upstream.requests if one["path"] == "/v1/files")["body"][
                "file"
            ]["content"]
        )
        // 4
    )
    monkeypatch.setattr(batch_api, "MAX_FILE_BYTES", int(size * 2.5))
    other = desk.add(5)
    desk.poll()
    assert [file.call_count for file in provider_state(desk, other).files] == [2, 2, 1]
    desk.finish()
    assert desk.view(other)["done"] == 5
    desk.check_once()


def test_chat_dialect(desks: Callable[..., BatchHarness]) -> None:
    """Where chat completions are spoken, the file and the batch speak them too."""
    desk = desks({"dialect": "chat"})
    batch_id = desk.add(2)
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    assert {line["path"] for line in desk.upstream.lines} == {"/v1/chat/completions"}


def test_rows_that_are_not_right(desks: Callable[..., BatchHarness]) -> None:
    """A row whose form is not right fails on its own and is not sent."""
    desk = desks()
    desk.add(1)
    desk.finish()
    order = read_batch_request(
        {
            "action": "classify",
            "rows": [{"text": "a"}, {"text": ""}, {"text": "b"}],
            "fixed": FIXED,
            "economy": True,
        }
    )
    batch_id = desk.service.batch_runner.add(desk.key, order).batch.id
    desk.finish()
    assert [row.status for row in desk.rows(batch_id)] == ["done", "failed", "done"]
    assert len(desk.upstream.lines) == 3


# --- a process that dies --------------------------------------------------------------------------


class Tripwire:
    """Counts the points at which something was just kept or said, and ends the process at one of
    them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.points: list[str] = []
        self.at: int | None = None
        watched: list[tuple[Any, str]] = [
            (BatchClient, name)
            for name in ("upload", "create", "find", "get", "result_lines", "delete", "cancel")
        ]
        for owner, name in [*watched, (ProviderBatchStore, "save"), (Ledger, "write")]:
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
            raise SimulatedCrash(point)


@pytest.mark.slow
def test_killed_at_any_point(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the process is killed, the next one finishes the batch: each row is answered, asked
    for once, and paid for once."""
    tripwire, killed = Tripwire(monkeypatch), Counter[str]()
    desk, number = desks(batch_seconds=1000), 0
    while True:
        batch_id = desk.add(4)
        faults(desk, batch_id, "server_error", forced_call({"category": "nonsense"}))
        tripwire.points.clear()
        tripwire.at = number
        if not finish_killed(desk, killed):
            break
        told = desk.view(batch_id)
        assert (told["status"], told["done"], told["reserved_usd"]) == ("done", 4, 0), (
            number,
            tripwire.points[number],
        )
        # a live call that was cut off may have been billed, and counts as if it was
        assert told["cost_usd"] - told["estimated_usd"] == pytest.approx(
            (4 * BATCH_NUSD + LIVE_NUSD) / 1e9
        ), tripwire.points[number]
        desk.check_money(batch_id)
        desk.check_once()
        number += 1
    assert number > 40
    assert {"create", "upload", "get", "result_lines", "save", "write", "delete"} <= set(killed)


def finish_killed(desk: BatchHarness, killed: Counter[str]) -> bool:
    """Look after everything, also when a process dies over it; whether one did."""
    died = False
    for _ in range(20):
        if not desk.jobs.waiting:
            return died
        try:
            desk.poll()
            desk.upstream.advance(600)
        except SimulatedCrash as point:
            killed[str(point)] += 1
            died = True
            desk.restart()
    raise AssertionError("there is no end to it")


def test_killed_while_it_is_cancelled(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that is cancelled is cancelled at the provider too, wherever the process is killed on
    the way there and back."""
    tripwire = Tripwire(monkeypatch)
    desk, number = desks(batch_seconds=1000), 0
    while True:
        batch_id = desk.add(4)
        desk.poll()
        desk.upstream.advance(510)
        desk.service.batch_runner.cancel(batch_id)
        tripwire.points.clear()
        tripwire.at = number
        died = finish_killed(desk, Counter())
        told = desk.view(batch_id)
        assert (told["status"], told["done"], told["cancelled"], told["left"]) == (
            "cancelled",
            2,
            2,
            0,
        ), (number, tripwire.points)
        assert told["cost_usd"] == pytest.approx(2 * BATCH_NUSD / 1e9)
        desk.check_money(batch_id)
        desk.check_once()
        number += 1
        if not died:
            break
    assert number > 8


@pytest.mark.parametrize(
    "answers",
    [
        ["lost"],
        ["lost", "lost"],
        ["disconnect"],
        ["html"],
        ["server_error"],
        ["unavailable", "rate_limit"],
    ],
)
@pytest.mark.parametrize("call", ["POST /v1/files", "POST /v1/batches"])
def test_lost_answers(desks: Callable[..., BatchHarness], call: str, answers: list[str]) -> None:
    """What the provider did, though nobody heard of it, is found and not done again; what it did
    not do is tried again."""
    desk = desks(trouble={call: list(answers)}, batch_seconds=1000)
    batch_id = desk.add(3)
    desk.poll()
    assert "failed and will be repeated" in desk.view(batch_id)["detail"]
    desk.finish(400)
    assert desk.view(batch_id)["done"] == 3
    assert len(desk.upstream.batches._batches) == 1
    desk.check_once()
    desk.check_money(batch_id)


def test_a_lost_creation_is_looked_for_among_many(desks: Callable[..., BatchHarness]) -> None:
    """A batch whose creation nobody saw is found behind hundreds of others, and none is searched
    that is older."""
    desk = desks(trouble={"POST /v1/batches": ["lost"]})
    batch_id = desk.add(1)
    desk.poll()
    create = next(one for one in desk.upstream.requests if one["path"] == "/v1/batches")["body"]
    for number in range(250):
        desk.upstream.batches.post("/v1/batches", {**create, "metadata": {"other": str(number)}})
    before = len(desk.upstream.batches._batches)
    desk.finish()
    assert desk.view(batch_id)["done"] == 1 and len(desk.upstream.batches._batches) == before
    found = BatchClient(desk.service.engine.provider, "o4-mini")  # type: ignore[arg-type]
    assert found.find({"formcall_batch": batch_id}, time.time()) is not None
    assert found.find({"formcall_batch": "other"}, time.time()) is None
    desk.upstream.advance(10 * 86_400)
    desk.upstream.batches.post("/v1/batches", {**create, "metadata": {}})
    for number in range(100):
        desk.upstream.batches.post("/v1/batches", {**create, "metadata": {"other": str(number)}})
    assert found.find({"formcall_batch": batch_id}, time.time() + 9 * 86_400) is None


def test_a_creation_that_may_be_under_way(desks: Callable[..., BatchHarness]) -> None:
    """A creation whose end nobody saw is waited for before it is looked for, and only then made
    again."""
    desk = desks(trouble={"POST /v1/batches": ["stall"]})
    desk.service.provider_batches.poll_interval = PollInterval(creation_grace=3600)
    batch_id = desk.add(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_api, "_CALL_SECONDS", 0.3)
        desk.poll()
    assert provider_state(desk, batch_id).files[0].status == "creating"
    for _ in range(3):
        desk.poll()
    assert len([one for one in desk.upstream.requests if one["path"] == "/v1/batches"]) == 1
    desk.service.provider_batches.poll_interval = PollInterval(creation_grace=0)
    desk.finish()
    assert desk.view(batch_id)["done"] == 1


def test_two_at_the_same_batch(desks: Callable[..., BatchHarness]) -> None:
    """Of two who look after the same batch, one goes on and the other one leaves it alone."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(2)
    batch = desk.service.batches.get(batch_id)
    first, second = (
        ProviderBatchPoll(desk.service.provider_batches.context(), batch),
        ProviderBatchPoll(desk.service.provider_batches.context(), batch),
    )
    assert first.run()
    with pytest.raises(economy_visit.StaleState):
        second.run()
    desk.service.provider_batches.poll(batch_id, 1, 0)
    assert len(desk.upstream.batches._batches) == 1
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    desk.check_once()


def test_the_same_results_twice(desks: Callable[..., BatchHarness]) -> None:
    """Results that are delivered a second time change nothing and are booked once, also when they
    come in the same moment."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(20)
    desk.poll()
    desk.upstream.advance(1000)
    barrier, real = threading.Barrier(2, timeout=60), BatchClient.result_lines

    @contextmanager
    def together(self: BatchClient, file_id: str) -> Iterator[Any]:
        with real(self, file_id) as lines:
            barrier.wait()
            yield lines

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BatchClient, "result_lines", together)
        threads = [threading.Thread(target=settle_alone, args=(desk, batch_id)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    desk.finish()
    assert [row.cost_nusd for row in desk.rows(batch_id)] == [BATCH_NUSD] * 20
    desk.check_money(batch_id)


def settle_alone(desk: BatchHarness, batch_id: str) -> None:
    visit = ProviderBatchPoll(
        desk.service.provider_batches.context(), desk.service.batches.get(batch_id)
    )
    part = visit.state.files[0]
    assert visit._files._check_status(part) and visit._files._settle(part)


def test_left_in_the_middle(desks: Callable[..., BatchHarness]) -> None:
    """A process that is to stop leaves a batch between two pages of rows, and the next one goes on
    there."""
    desk = desks()
    batch_id = desk.add(250)
    desk.service.stopping.set()
    with pytest.raises(StepAborted):
        desk.poll()
    assert desk.upstream.requests == []
    desk.restart()
    desk.finish()
    assert desk.view(batch_id)["done"] == 250
    desk.check_once()


# --- a batch as a whole ---------------------------------------------------------------------------


def test_cancelled_before_it_is_sent(desks: Callable[..., BatchHarness]) -> None:
    """A batch that is cancelled before it was sent costs nothing and never gets to the provider."""
    desk = desks()
    batch_id = desk.add(3)
    assert desk.service.batch_runner.cancel(batch_id).cancelled == 3
    desk.finish()
    assert (desk.view(batch_id)["status"], desk.view(batch_id)["cancelled"]) == ("cancelled", 3)
    assert desk.upstream.requests == []


@pytest.mark.parametrize("point", ["upload", "create"])
def test_cancelled_on_its_way(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """A batch that is cancelled while it is on its way is called back: nothing of it is answered
    any more, nothing is reserved."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(3)
    real = getattr(BatchClient, point)

    def cancelled(self: BatchClient, *args: Any, **kwargs: Any) -> Any:
        result = real(self, *args, **kwargs)
        desk.service.batch_runner.cancel(batch_id)
        return result

    monkeypatch.setattr(BatchClient, point, cancelled)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["cancelled"], told["cost_usd"]) == ("cancelled", 3, 0)
    assert desk.upstream.lines == [] and desk.upstream.batches.files.kept == []
    desk.check_money(batch_id)


def test_cancel_is_seen_to_at_once(desks: Callable[..., BatchHarness]) -> None:
    """A batch that is cancelled is cancelled at the provider at once, not only when it would be
    looked after next."""
    desk = desks(batch_seconds=10_000)
    batch_id = desk.add(2)
    for _ in range(8):
        desk.poll()
    desk.service.batch_runner.cancel(batch_id)
    assert [delay for *_, delay in desk.jobs.waiting][1:] == [0]
    desk.jobs.waiting.reverse()
    desk.poll()
    assert any(one["path"].endswith("/cancel") for one in desk.upstream.requests)
    desk.finish()
    assert desk.view(batch_id)["status"] == "cancelled"


def test_cancelled_elsewhere(desks: Callable[..., BatchHarness]) -> None:
    """A batch that somebody cancelled at the provider keeps what was done; its other rows are
    cancelled, and the batch is done."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(8)
    desk.poll()
    desk.upstream.advance(510)
    desk.upstream.batches.post(
        f"/v1/batches/{provider_state(desk, batch_id).files[0].provider_batch_id}/cancel", None
    )
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["done"], told["cancelled"]) == ("done", 4, 4)
    assert (
        "at the provider"
        in json.loads(next(row.answer for row in desk.rows(batch_id) if row.status == "cancelled"))[
            "detail"
        ]
    )
    desk.check_money(batch_id)


def test_refused_as_a_whole(desks: Callable[..., BatchHarness]) -> None:
    """A file that the provider does not take fails the batch with its words; nothing was billed,
    and it can be tried again."""
    desk = desks(batch_faults={"*": "token_limit"})
    batch_id = desk.add(3)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["ok"], told["code"], told["failed"]) == (
        "failed",
        False,
        "provider_rate_limited",
        3,
    )
    assert "Its message: Enqueued token limit reached for o4-mini" in told["detail"]
    assert (told["cost_usd"], told["reserved_usd"]) == (0, 0)
    assert {row.code for row in desk.rows(batch_id)} == {"provider_rate_limited"} and told[
        "ended_at"
    ]
    desk.check_money(batch_id)
    desk.upstream.batches.how.faults.clear()  # type: ignore[attr-defined]
    desk.service.batch_runner.retry(batch_id)
    desk.finish()
    assert (
        desk.view(batch_id)["status"],
        desk.view(batch_id)["done"],
        desk.view(batch_id)["code"],
    ) == ("done", 3, "")


def test_one_part_refused(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When one of several files is refused, the others come to their end, and the batch has failed
    with what it has."""
    monkeypatch.setattr(batch_api, "MAX_FILE_LINES", 3)
    desk = desks(batch_lines=2, batch_seconds=100)
    batch_id = desk.add(5)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["code"], told["done"], told["failed"]) == (
        "failed",
        "provider_rejected",
        2,
        3,
    )
    assert "exceeds the maximum allowed value of 2" in told["detail"]
    desk.check_money(batch_id)


@pytest.mark.parametrize("call", ["POST /v1/files", "POST /v1/batches"])
@pytest.mark.parametrize(
    ("name", "code"),
    [("auth", "provider_auth"), ("quota", "provider_quota"), ("content_filter", "refused")],
)
def test_refused_at_the_door(
    desks: Callable[..., BatchHarness], call: str, name: str, code: str
) -> None:
    """Where the provider does not let a batch in, its rows wait with its words until somebody
    resumes it; nothing is reserved."""
    desk = desks(trouble={call: [name]})
    batch_id = desk.add(2)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["code"], told["left"], told["reserved_usd"]) == (
        "paused",
        code,
        2,
        0,
    )
    assert desk.upstream.lines == [] and desk.upstream.batches.files.kept == []
    desk.service.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    desk.check_once()


@pytest.mark.parametrize("call", ["GET /v1/batches/{id}", "GET /v1/files/{id}/content"])
@pytest.mark.parametrize(
    "name",
    [
        "html",
        "truncated",
        "disconnect",
        "unavailable",
        "rate_limit",
        "null",
        "empty",
        "gzip_bomb",
        "auth",
    ],
)
def test_trouble_with_what_came_back(
    desks: Callable[..., BatchHarness], call: str, name: str
) -> None:
    """While the provider cannot be asked for what came back, it is asked again; no row is taken for
    lost because of that."""
    desk = desks(trouble={call: [name, name]})
    batch_id = desk.add(3)
    desk.poll()
    assert "failed and will be repeated" in desk.view(batch_id)["detail"]
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["done"], told["estimated_usd"], told["detail"]) == (
        "done",
        3,
        0,
        "",
    )
    desk.check_money(batch_id)


def test_trouble_without_end(desks: Callable[..., BatchHarness]) -> None:
    """When nothing can be heard of a batch for long, it waits for somebody with its rows at the
    provider; resumed, it goes on there."""
    trouble = {"GET /v1/batches/{id}": ["auth"] * 12}
    desk = desks(trouble=trouble)
    batch_id = desk.add(2)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["code"], told["left"]) == ("paused", "provider_auth", 2) and told[
        "reserved_usd"
    ] > 0
    desk.service.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    desk.check_once()


def test_cancelled_and_never_heard_of_again(desks: Callable[..., BatchHarness]) -> None:
    """A cancelled batch of which nothing can be heard any more comes to its end: its rows count as
    if they were billed."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(2)
    desk.poll()
    desk.upstream.batches._batches.clear()
    desk.service.batch_runner.cancel(batch_id)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["cancelled"]) == ("cancelled", 2) and told[
        "estimated_usd"
    ] == told["cost_usd"] > 0
    desk.check_money(batch_id)


def test_files_that_cannot_be_deleted(desks: Callable[..., BatchHarness]) -> None:
    """A batch ends also when its files cannot be deleted; they go by themselves some day."""
    desk = desks(trouble={"DELETE /v1/files/{id}": ["unavailable", "auth"]})
    batch_id = desk.add(2)
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    assert (
        all(file.expires for file in desk.upstream.batches.files.kept)
        and len(desk.upstream.batches.files.kept) == 2
    )


def test_stalled_and_cancelled(desks: Callable[..., BatchHarness]) -> None:
    """A batch that waits for somebody with its rows at the provider is cancelled there, once the
    provider can be asked again."""
    desk = desks(trouble={"GET /v1/batches/{id}": ["auth"] * 12}, batch_seconds=1000)
    batch_id = desk.add(2)
    desk.finish(1)
    assert desk.view(batch_id)["status"] == "paused"
    desk.service.batch_runner.cancel(batch_id)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["cancelled"], told["cost_usd"]) == ("cancelled", 2, 0)
    desk.check_money(batch_id)


# --- a model that is gone -------------------------------------------------------------------------


def test_a_model_that_is_gone(desks: Callable[..., BatchHarness]) -> None:
    """When the provider's batches do not have the model any more, its replacement answers at its
    own price, and each answer says so."""
    desk = desks(retired=["o4-mini"])
    batch_id = desk.add(2)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["done"]) == ("done", 2)
    terra = (412 * 2_000 + 96 * 12_000) // 2
    for row, answer in zip(desk.rows(batch_id), desk.answers(batch_id), strict=True):
        assert row.cost_nusd == terra
        assert (
            answer["model"].startswith("gpt-5.6-terra") and answer["model_requested"] == "o4-mini"
        )
        assert "gpt-5.6-terra answered instead" in answer["warnings"][0]
    other = desk.add(1)
    desk.finish()
    assert desk.view(other)["done"] == 1
    assert [one.asked["metadata"]["part"] for one in desk.upstream.batches._batches.values()] == [
        "1",
        "2",
        "1",
    ]
    desk.check_money(batch_id)


@pytest.mark.parametrize(
    ("settings", "retired", "code", "words"),
    [
        ({"retired": "error"}, ["o4-mini"], "model_retired", "Set FORMCALL_MODEL=gpt-5.6-terra"),
        (
            {},
            ["o4-mini", "gpt-5.6-terra", "gpt-6.1-terra", "gpt-6-luna"],
            "model_unavailable",
            "does not have o4-mini, nor its replacements gpt-5.6-terra",
        ),
        (
            {"model": "gpt-5.6-luna"},
            ["gpt-5.6-luna"],
            "model_unavailable",
            "does not have the model gpt-5.6-luna",
        ),
    ],
)
def test_a_model_that_is_gone_for_good(
    desks: Callable[..., BatchHarness], settings: Json, retired: list[str], code: str, words: str
) -> None:
    """When no model may answer, the rows wait with the setting to change, and nothing was spent."""
    desk = desks(settings, retired=retired)
    batch_id = desk.add(2)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["code"], told["left"], told["cost_usd"], told["reserved_usd"]) == (
        "paused",
        code,
        2,
        0,
        0,
    )
    assert words in told["detail"]
    desk.upstream._models.update(rows(()))
    desk.restart()
    desk.service.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.view(batch_id)["done"] == 2


def test_a_model_that_goes_while_it_is_asked(desks: Callable[..., BatchHarness]) -> None:
    """A row that meets the end of its model in the middle of a batch is sent again to the
    replacement."""
    desk = desks(batch_faults={})
    batch_id = desk.add(2)
    faults(desk, batch_id, None, "model_gone")
    desk.finish()
    first, second = desk.answers(batch_id)
    assert first["model"].startswith("o4-mini") and second["model"].startswith("gpt-5.6-terra")
    desk.check_money(batch_id)


# --- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [{"engine": "scripted"}, {"engine": "local"}, {"profile": "generic"}, {"profile": "azure"}],
)
def test_no_provider_for_it(desks: Callable[..., BatchHarness], settings: Json) -> None:
    """Economy is refused where nobody takes batches, with what to do instead."""
    desk = desks(settings)
    with pytest.raises(FormcallError, match="Run the batch without economy") as caught:
        desk.add(1)
    assert caught.value.code == "bad_request"
    assert desk.service.batches.list_by_key(desk.key.id) == []


def test_no_tools(desks: Callable[..., BatchHarness]) -> None:
    """An action that may use tools for what is asked is refused, and so is a row that would."""
    desk = desks()
    with pytest.raises(FormcallError, match="Economy does not support tools") as caught:
        desk.add(
            2,
            action="answer_with_tools",
            fixed={"tools": ["calculate"], "question": "2 + 2?"},
            rows=[{"context": "a"}],
        )
    assert caught.value.code == "bad_request"
    batch_id = desk.add(
        2,
        action="answer_with_tools",
        fixed={},
        rows=[
            {"question": "What is it?", "context": "A."},
            {"question": "2 + 2?", "tools": ["calculate"]},
        ],
    )
    desk.finish()
    assert [(row.status, row.code) for row in desk.rows(batch_id)] == [
        ("done", None),
        ("failed", "bad_request"),
    ]


def test_without_texts(desks: Callable[..., BatchHarness]) -> None:
    """Where texts are not kept, a row's form is gone once it has ended, and there until then, also
    while it is tried again."""
    desk = desks({"store_text": "off"}, batch_faults={}, batch_seconds=1000)
    batch_id = desk.add(3)
    faults(desk, batch_id, "server_error", refusal())
    desk.poll()
    assert all(row.form for row in desk.rows(batch_id))
    desk.finish()
    assert desk.view(batch_id)["done"] == 3
    assert not any(row.form for row in desk.rows(batch_id)) and all(
        row.answer for row in desk.rows(batch_id)
    )


def test_an_action_that_was_changed(desks: Callable[..., BatchHarness]) -> None:
    """A row whose form is no longer right when it comes back has failed, at the most it can have
    cost; the others have their answers."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(3)
    desk.poll()
    with desk.service.database.begin() as connection:
        connection.execute(
            runs.update()
            .where(runs.c.batch_id == batch_id, runs.c.row_no == 2)
            .values(form='{"text": ""}')
        )
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["done"], told["failed"]) == ("done", 2, 1) and told[
        "estimated_usd"
    ] > 0
    desk.check_money(batch_id)


def test_something_went_wrong(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours pauses a batch after a few looks, is logged without anybody's text, and is
    over when the batch is resumed."""
    desk = desks()
    batch_id = desk.add(1)
    real = BatchClient.upload
    monkeypatch.setattr(BatchClient, "upload", lambda *_: 1 / 0)
    for _ in range(4):
        desk.poll()
    assert (desk.view(batch_id)["status"], desk.view(batch_id)["code"]) == (
        "paused",
        "internal",
    ) and desk.jobs.waiting == []
    monkeypatch.setattr(BatchClient, "upload", real)
    desk.service.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.view(batch_id)["done"] == 1
    desk.check_money(batch_id)


def test_nobody_looks_after_it(desks: Callable[..., BatchHarness]) -> None:
    """A batch whose work was lost or failed is looked after again: nothing of it is done twice."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(2)
    desk.jobs.waiting.clear()
    desk.jobs.known.clear()  # the process died before it had asked for the first look
    desk.service.provider_batches.recover()
    desk.service.provider_batches.recover()
    assert len(desk.jobs.waiting) == 1
    desk.poll()
    lost = desk.jobs.waiting.pop()
    desk.jobs.states[lost[0]] = "failed"
    desk.service.provider_batches.recover()
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    desk.service.provider_batches.recover()
    assert desk.jobs.waiting == []
    desk.check_once()


# --- real processes and databases -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_on_each_database(desks: Callable[..., BatchHarness], kind: str) -> None:
    """Two processes that look after the same batch at the same time, over and over, do nothing
    twice, on every database."""
    with database_url(kind) as address:
        desk = desks(
            {"database_url": address},
            batch_seconds=1000,
            batch_faults={},
            trouble={"POST /v1/batches": ["lost"]},
        )
        batch_id = desk.add(30, budget_usd=5)
        faults(desk, batch_id, "server_error", refusal(), "missing", forced_call({}))
        for _ in range(40):
            if not desk.jobs.waiting:
                break
            work_id, args, _ = desk.jobs.waiting[0]
            threads = [
                threading.Thread(target=desk.service.provider_batches.poll, args=args)
                for _ in range(2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            desk.jobs.waiting.remove((work_id, args, _))
            desk.upstream.advance(400)
        told = desk.view(batch_id)
        assert (told["status"], told["done"], told["reserved_usd"]) == ("done", 30, 0)
        desk.check_once()
        desk.check_money(batch_id)
        desk.close()


@contextmanager
def process(folder: Path, up: FakeUpstream, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that carries out jobs over ``folder``, once it is ready; it is killed at the end of
    the block."""
    settings = {
        "engine": "openai",
        "openai_api_key": KEY,
        "openai_base_url": up.base_url,
        "profile": "openai",
        "data_dir": str(folder),
    }
    command = [
        sys.executable,
        "-m",
        "tests.support.economy_app",
        json.dumps({"settings": settings, **options}),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout and running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


@pytest.mark.slow
def test_killed_for_real(tmp_path: Path) -> None:
    """A process that is killed again and again, at whatever moment, finishes its batch in the end,
    with nothing done twice."""
    faults: Json = {}
    with FakeUpstream(
        usage=USAGE, batch_seconds=4.0, batch_faults=faults, trouble={"POST /v1/batches": ["lost"]}
    ) as up:
        with process(tmp_path / "data", up, rows=400):
            time.sleep(0.2)
        for seconds in (0.1, 0.3, 0.6, 1.0, 1.5):
            with process(tmp_path / "data", up):
                time.sleep(seconds)
        shop = BatchHarness(tmp_path, up)
        try:
            batch_id = shop.service.batches.list_running()[0].id
            shop.key = shop.service.keys.by_name("test")
            with process(tmp_path / "data", up):
                until = time.monotonic() + 60
                while shop.view(batch_id)["status"] == "running" and time.monotonic() < until:
                    time.sleep(0.1)
            told = shop.view(batch_id)
            assert (told["status"], told["done"], told["reserved_usd"], told["estimated_usd"]) == (
                "done",
                400,
                0,
                0,
            )
            assert told["cost_usd"] == pytest.approx(400 * BATCH_NUSD / 1e9)
            shop.check_money(batch_id)
            shop.check_once()
        finally:
            shop.close()


def test_over_http(tmp_path: Path) -> None:
    """A batch is asked for with one field more, shows where it stands at the provider, and is
    cancelled there too."""
    variables = {"FORMCALL_ENGINE": "openai", "OPENAI_API_KEY": KEY, "FORMCALL_PROFILE": "openai"}
    with (
        FakeUpstream(usage=USAGE, batch_seconds=1000) as up,
        serving(tmp_path, OPENAI_BASE_URL=up.base_url, **variables) as service,
    ):
        body = {
            "action": "classify",
            "rows": [{"text": "A"}, {"text": "B"}],
            "fixed": FIXED,
            "economy": True,
        }
        made = post_when_ready(f"{service.address}/v1/batches", service.headers, body)
        assert made.status_code == 202 and made.json()["economy"] is True
        url, until = made.json()["status_url"], time.monotonic() + 30
        while (told := requests.get(url, headers=service.headers, timeout=60).json())[
            "detail"
        ] != "at the provider: 0 of 2 done":
            assert time.monotonic() < until, told
            time.sleep(0.1)
        up.advance(2000)
        assert (
            requests.post(f"{url}/cancel", headers=service.headers, timeout=60).status_code == 200
        )
        while (told := requests.get(url, headers=service.headers, timeout=60).json())[
            "ended_at"
        ] is None:
            assert time.monotonic() < until, told
            time.sleep(0.1)
        # everything was done before it could be cancelled, so it is booked and kept
        assert (told["status"], told["done"], told["left"]) == ("cancelled", 2, 0)
        assert told["cost_usd"] == pytest.approx(2 * BATCH_NUSD / 1e9)
        bad = requests.post(
            f"{service.address}/v1/batches",
            headers=service.headers,
            json={**body, "live_retry": "perhaps"},
            timeout=60,
        )
        assert bad.status_code == 422 and bad.json()["errors"][0]["field"] == "live_retry"


def post_when_ready(url: str, headers: dict[str, str], body: Json) -> requests.Response:
    until = time.monotonic() + 30
    while True:
        answer = requests.post(url, headers=headers, json=body, timeout=60)
        if answer.status_code != 503 or time.monotonic() > until:
            return answer
        time.sleep(0.2)


def test_a_creation_that_cannot_be_looked_for(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nobody knows whether a batch was created it is never given up or created again, even if
    the provider lets nobody in."""
    desk = desks(trouble={"POST /v1/batches": ["lost"]}, batch_seconds=1000)
    batch_id = desk.add(2)
    desk.poll()
    monkeypatch.setattr(BatchClient, "find", denied)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["code"], told["left"]) == ("paused", "provider_auth", 2) and told[
        "reserved_usd"
    ] > 0
    monkeypatch.undo()
    desk.service.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    desk.check_once()


def denied(self: BatchClient, *_: Any) -> None:
    raise ProviderError("provider_auth", "The provider does not accept this service's key.")


def test_the_provider_is_no_longer_there(desks: Callable[..., BatchHarness]) -> None:
    """When the settings lead to another engine while rows are at the provider, they wait there, and
    come back once it is set again."""
    desk = desks(batch_seconds=1000)
    batch_id = desk.add(2)
    desk.poll()
    desk.settings = {"engine": "scripted"}
    desk.restart()
    desk.finish()
    assert (desk.view(batch_id)["status"], desk.view(batch_id)["left"]) == ("paused", 2)
    assert "Set it up again, and resume the batch" in desk.view(batch_id)["detail"]
    desk.settings = {}
    desk.restart()
    desk.service.provider_batches.recover()
    desk.service.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    desk.check_once()


def test_lines_that_come_twice(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that comes twice while another one is missing does not hide that."""
    desk = desks()
    batch_id = desk.add(3)
    real = BatchClient.result_lines

    @contextmanager
    def doubled(self: BatchClient, file_id: str) -> Iterator[Any]:
        with real(self, file_id) as lines:
            found = sorted(lines, key=lambda line: line.custom_id)
            yield iter([found[0], *found[:2]] if len(found) > 1 else found)

    monkeypatch.setattr(BatchClient, "result_lines", doubled)
    desk.finish()
    assert sorted((row.estimated_nusd > 0, row.attempt) for row in desk.rows(batch_id)) == [
        (False, 1),
        (False, 1),
        (True, 2),
    ]
    desk.check_money(batch_id)
