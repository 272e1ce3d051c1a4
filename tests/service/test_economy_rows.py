"""The rows of economy batches: reservations, costs, and rows without an answer or with an invalid
one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.providers.hosted.batch_api import BatchClient
from connector.providers.pricing.models import load_models
from connector.runs import runner
from connector.runs.budget import RunBudget
from connector.store.key_limits import KeyLimits
from connector.store.ledger.changes import StartAttempt
from connector.store.ledger.money import to_usd
from connector.store.ledger.records import OPEN_STATUSES
from connector.store.tables import spending
from tests.support.economy_harness import (
    BATCH_NUSD,
    FIXED,
    GOOD,
    LIVE_NUSD,
    BatchHarness,
    SimulatedCrash,
    batch_harnesses,
    faults,
    provider_state,
    usage_of,
)
from tests.support.upstream import forced_call, incomplete, json_reply, refusal, text


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., BatchHarness]]:
    with batch_harnesses(tmp_path, monkeypatch) as make:
        yield make


# --- money ----------------------------------------------------------------------------------------


ROOM = 1_288  # tokens that a classification may write at low effort


def most_nusd(desk: BatchHarness) -> int:
    """What one row is reserved with."""
    desk.add(1)
    desk.poll()
    row = desk.rows(desk.jobs.waiting[0][1][0])[0]
    desk.finish()
    return int(row.reserved_nusd)


def test_the_most_it_can_cost(desks: Callable[..., BatchHarness]) -> None:
    """A row is reserved with half of what the dearest model that may answer can cost."""
    desk = desks(batch_seconds=1000)
    terra = load_models().find("gpt-5.6-terra")
    most = most_nusd(desk)
    assert ROOM * 12_000 // 2 < most < ROOM * 12_000 // 2 * 1.15
    full_price = terra.max_nano_usd(1_000, 8_000)
    assert full_price is not None
    assert (
        terra.max_nano_usd(1_000, 8_000, "batch")
        == full_price // 2
        == 2 * 500 * 1250 + 8_000 * 6_000
    )
    assert terra.affordable_output_tokens(8_000 * 6_000, 0, "batch") == 8_000
    assert load_models().find("gpt-6.2-astra").max_nano_usd(1, 1, "batch") is None


def test_rows_that_the_budget_does_not_pay_for(desks: Callable[..., BatchHarness]) -> None:
    """Rows whose reservation does not fit into the budget wait; the batch pauses after the others,
    and goes on when it is resumed."""
    desk = desks({"retired": "error"}, batch_seconds=1000)
    most = most_nusd(desk)
    batch_id = desk.add(5, budget_usd=to_usd(int(2.5 * most)))
    desk.poll()
    assert Counter(row.status for row in desk.rows(batch_id)) == {"running": 3, "queued": 2}
    assert desk.view(batch_id)["reserved_usd"] <= desk.view(batch_id)["budget_usd"]
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["code"], told["done"], told["left"]) == (
        "paused",
        "budget_exceeded",
        3,
        2,
    )
    assert "Resume the batch" in told["detail"]
    desk.service.batch_runner.resume(batch_id)
    desk.finish()
    assert (desk.view(batch_id)["status"], desk.view(batch_id)["done"]) == ("done", 5)
    desk.check_money(batch_id)
    desk.check_once()


def test_not_even_one_row(desks: Callable[..., BatchHarness]) -> None:
    """A budget that does not pay for a single row pauses the batch before anything is sent; a
    larger one sets it going."""
    desk = desks({"retired": "error"})
    batch_id = desk.add(3, budget_usd=0.001)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["code"], told["left"]) == ("paused", "budget_exceeded", 3)
    assert "The budget of this batch ($0.001)" in told["detail"] and desk.upstream.requests == []
    desk.service.batch_runner.resume(batch_id, budget_usd=1)
    desk.finish()
    assert desk.view(batch_id)["done"] == 3


def test_the_budget_of_the_key(desks: Callable[..., BatchHarness]) -> None:
    """The day's budget of the key holds for economy batches too, and money that live calls have
    reserved is waited for."""
    desk = desks({"retired": "error"})
    batch_id = desk.add(3, allowance=KeyLimits(budget_day_nusd=4_000_000))
    desk.finish()
    assert (desk.view(batch_id)["status"], desk.view(batch_id)["code"]) == (
        "paused",
        "budget_exceeded",
    )
    assert 0 < desk.view(batch_id)["done"] < 3
    desk.check_money(batch_id)
    waiting = desk.add(1)
    with desk.service.database.begin() as connection:
        connection.execute(spending.update().values(reserved_nusd=3_900_000))
    for _ in range(3):
        desk.poll()
        assert (
            desk.view(waiting)["status"] == "running"
            and desk.upstream.batches._batches.__len__() == 1
        )
    with desk.service.database.begin() as connection:
        connection.execute(spending.update().values(reserved_nusd=0))
    desk.finish()
    assert desk.view(waiting)["done"] == 1
    blocked = desk.add(1)
    with desk.service.database.begin() as connection:
        connection.execute(spending.update().values(reserved_nusd=3_900_000))
    desk.finish()
    assert (desk.view(blocked)["status"], desk.view(blocked)["code"]) == (
        "paused",
        "budget_exceeded",
    )


def test_room_for_shorter_answers(desks: Callable[..., BatchHarness]) -> None:
    """Near the end of a budget a row gets room for a shorter answer, and what is sent says so."""
    desk = desks({"retired": "error"}, batch_seconds=1000)
    most = most_nusd(desk)
    batch_id = desk.add(2, budget_usd=to_usd(int(1.5 * most)))
    desk.finish()
    limits = [line["body"]["max_output_tokens"] for line in desk.upstream.lines[1:]]
    assert limits[0] == ROOM
    assert 500 <= limits[1] < 0.6 * ROOM
    assert desk.view(batch_id)["done"] == 2


def test_unknown_prices(desks: Callable[..., BatchHarness], tmp_path: Path) -> None:
    """A model without a price for batches costs nobody knows what; with a budget its rows wait."""
    known = tmp_path / "models.yaml"
    known.write_text(
        "models:\n  o4-mini: {dialect: responses, efforts: [low], price: {input: 1, output: 2}}\n",
        encoding="utf-8",
    )
    desk = desks({"models_file": known})
    batch_id = desk.add(2)
    desk.finish()
    assert (desk.view(batch_id)["done"], desk.view(batch_id)["cost_usd"]) == (2, None)
    other = desk.add(2, budget_usd=1)
    desk.finish()
    assert (desk.view(other)["status"], desk.view(other)["code"], desk.view(other)["left"]) == (
        "paused",
        "price_unknown",
        2,
    )


def test_a_revoked_key(desks: Callable[..., BatchHarness]) -> None:
    """Rows of a key that was revoked are not sent; what is at the provider comes back and is
    booked."""
    desk = desks(batch_seconds=1000)
    before, batch_id = desk.add(2), ""
    desk.poll()
    batch_id = desk.add(2)
    desk.service.keys.revoke("test")
    desk.finish()
    assert desk.view(before)["done"] == 2
    assert (
        desk.view(batch_id)["status"],
        desk.view(batch_id)["code"],
        desk.view(batch_id)["left"],
    ) == ("paused", "unauthorized", 2)
    desk.check_money(before)


# --- rows that come back without an answer --------------------------------------------------------

# fault, is it sent again, what it ends with when it comes again, its code, whether it may have been
# billed
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
def test_rows_without_an_answer(
    desks: Callable[..., BatchHarness], name: str, again: bool, code: str, billed: bool
) -> None:
    """A row whose failure may pass is sent once more in a second batch; what may have been billed
    is booked at the most it can cost."""
    desk = desks(batch_faults={})
    first = desk.add(3)
    faults(desk, first, name)
    desk.finish()
    row, answer = desk.rows(first)[0], desk.answers(first)[0]
    assert (row.status, row.attempt) == (("done", 2) if again else ("failed", 1))
    assert row.estimated_nusd > 10 * LIVE_NUSD if billed else row.estimated_nusd == 0
    assert row.cost_nusd == row.estimated_nusd + BATCH_NUSD * again
    assert (
        answer["cost_usd"] == pytest.approx(row.cost_nusd / 1e9)
        if again
        else answer["code"] == code
    )
    assert [one.status for one in desk.rows(first)[1:]] == ["done", "done"]
    assert desk.view(first)["status"] == "done"
    second = desk.add(3)
    faults(desk, second, name)
    faults(desk, second, name, attempt=2)
    desk.finish()
    row, problem = desk.rows(second)[0], desk.answers(second)[0]
    assert (row.status, row.code, row.attempt) == ("failed", code, 1 + again)
    assert (
        problem["code"] == code
        and problem["detail"].endswith(".")
        and "sk-" not in problem["detail"]
    )
    assert desk.view(second)["status"] == "done" and desk.view(second)["failed"] == 1
    assert desk.upstream.batches.files.kept == []
    for batch_id in (first, second):
        desk.check_money(batch_id)
    desk.check_once()


def test_a_time_out_that_may_be_paid_twice(desks: Callable[..., BatchHarness]) -> None:
    """Where the operator allows that a call is paid for twice, a model's time-out is sent again as
    well."""
    desk = desks({"retry_after_timeout": True}, batch_faults={})
    batch_id = desk.add(1)
    faults(desk, batch_id, "timeout")
    desk.finish()
    row = desk.rows(batch_id)[0]
    assert (row.status, row.attempt) == ("done", 2) and row.estimated_nusd > 0


def test_an_account_without_credit(desks: Callable[..., BatchHarness]) -> None:
    """When the provider's account has no credit left, the rows it met wait until the batch is
    resumed; the others keep their answers."""
    desk = desks(batch_faults={})
    batch_id = desk.add(3)
    faults(desk, batch_id, "quota", "quota")
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["code"], told["done"], told["left"]) == (
        "paused",
        "provider_quota",
        1,
        2,
    )
    assert told["estimated_usd"] == 0
    desk.service.batch_runner.resume(batch_id)
    desk.finish()
    assert desk.view(batch_id)["done"] == 3
    desk.check_money(batch_id)


def test_what_a_server_does_not_take(desks: Callable[..., BatchHarness]) -> None:
    """A parameter that the server's batches do not take is left out the second time, and told in
    the answer."""

    def picky(request: Any) -> Any:
        if "prompt_cache_key" not in request.body:
            return forced_call(GOOD)(request)
        return fault_reply(
            400,
            "Unsupported parameter: 'prompt_cache_key'.",
            "unsupported_parameter",
            "prompt_cache_key",
        )

    desk = desks(batch_faults={"*": picky})
    batch_id = desk.add(2)
    desk.finish()
    assert desk.view(batch_id)["done"] == 2
    assert all(
        "does not accept `prompt_cache_key`" in answer["warnings"][0]
        for answer in desk.answers(batch_id)
    )


def fault_reply(status: int, message: str, code: str, param: str) -> Any:
    return json_reply(
        {
            "error": {
                "message": message,
                "type": "invalid_request_error",
                "param": param,
                "code": code,
            }
        },
        status,
    )


def test_a_batch_that_expires(desks: Callable[..., BatchHarness]) -> None:
    """What a batch has done in its day is kept, the rest goes on in one more, and fails with the
    second."""
    desk = desks(batch_seconds=1000, expire_after=510)
    batch_id = desk.add(8)
    desk.poll()
    desk.upstream.advance(600)
    desk.poll()
    assert (desk.view(batch_id)["done"], desk.view(batch_id)["left"]) == (4, 4)
    assert desk.view(batch_id)["detail"] == "at the provider: 0 of 4 done"
    desk.upstream.advance(600)
    desk.finish()
    told = desk.view(batch_id)
    assert (told["status"], told["done"], told["failed"]) == ("done", 6, 2)
    assert {row.code for row in desk.rows(batch_id) if row.status == "failed"} == {
        "provider_timeout"
    }
    assert told["cost_usd"] == pytest.approx(6 * BATCH_NUSD / 1e9)
    desk.service.batch_runner.retry(batch_id)
    desk.finish()
    assert (desk.view(batch_id)["done"], desk.view(batch_id)["failed"]) == (7, 1)
    desk.check_money(batch_id)
    desk.check_once()


@pytest.mark.parametrize(("status", "lost"), [("expired", 0), ("completed", 4)])
def test_rows_that_are_in_no_file(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch, status: str, lost: int
) -> None:
    """Rows of which a batch that was cut off says nothing were not run; where they were, their
    answers are lost and count as billed."""
    desk = desks(batch_seconds=1000, expire_after=510 if status == "expired" else 86_400)
    batch_id = desk.add(8)
    desk.poll()
    desk.upstream.advance(2000)
    real = BatchClient.result_lines

    @contextmanager
    def half(self: BatchClient, file_id: str) -> Iterator[Any]:
        with real(self, file_id) as lines:
            yield (
                line
                for line in lines
                if line.reached_model
                and (status == "expired" or line.custom_id in desk.names(batch_id)[:4])
            )

    def look(self: BatchClient, batch: str) -> Any:
        found = real_look(self, batch)
        return replace(found, files=found.files[:1])

    real_look = BatchClient.get
    with monkeypatch.context() as patch:
        patch.setattr(BatchClient, "result_lines", half)
        patch.setattr(BatchClient, "get", look)
        desk.poll()
    waiting = [row for row in desk.rows(batch_id) if row.status == "running"]
    assert len(waiting) == 4 and sum(row.estimated_nusd > 0 for row in waiting) == lost
    assert {row.attempt for row in waiting} == {2}


def test_one_row_is_cancelled(desks: Callable[..., BatchHarness]) -> None:
    """A row that is cancelled while it is at the provider keeps the answer that it gets, and is not
    asked again when it gets none."""
    desk = desks(batch_seconds=1000, batch_faults={})
    batch_id = desk.add(4)
    faults(desk, batch_id, None, "server_error", refusal(), "missing")
    desk.poll()
    for row in desk.rows(batch_id):
        assert desk.service.runner.cancel(row.id) == "running"
    desk.finish()
    assert [row.status for row in desk.rows(batch_id)] == ["done", "failed", "failed", "failed"]
    assert desk.view(batch_id)["status"] == "done"
    desk.check_money(batch_id)


# --- answers that cannot be used ------------------------------------------------------------------

UNUSABLE: list[tuple[Any, str]] = [
    (forced_call({"category": "nonsense"}), "invalid_output"),
    (forced_call("{not json"), "invalid_output"),
    (text("I think it is billing."), "invalid_output"),
    (incomplete(), "output_truncated"),
    (incomplete("content_filter"), "refused"),
    (refusal(), "refused"),
]


@pytest.mark.parametrize(("reply", "code"), UNUSABLE)
def test_answers_that_cannot_be_used(
    desks: Callable[..., BatchHarness], reply: Any, code: str
) -> None:
    """A row whose answer cannot be used is asked once more live, which its warnings say and its
    cost has."""
    desk = desks(batch_faults={})
    batch_id = desk.add(3)
    faults(desk, batch_id, None, reply)
    desk.finish()
    row, answer = desk.rows(batch_id)[1], desk.answers(batch_id)[1]
    assert (row.status, row.attempt, row.cost_nusd, row.estimated_nusd) == (
        "done",
        2,
        BATCH_NUSD + LIVE_NUSD,
        0,
    )
    assert (
        f"could not be used ({code})" in answer["warnings"][0]
        and "full price" in answer["warnings"][0]
    )
    assert usage_of(answer) == (824, 192, pytest.approx((BATCH_NUSD + LIVE_NUSD) / 1e9))
    assert [one.cost_nusd for one in desk.rows(batch_id)] == [
        BATCH_NUSD,
        BATCH_NUSD + LIVE_NUSD,
        BATCH_NUSD,
    ]
    desk.check_money(batch_id)
    assert len([one for one in desk.upstream.requests if one["path"] == "/v1/responses"]) == 1


@pytest.mark.parametrize(("reply", "code"), UNUSABLE)
def test_no_live_retry(desks: Callable[..., BatchHarness], reply: Any, code: str) -> None:
    """Where the caller does not want the full price, a row whose answer cannot be used has failed,
    at the price of the batch."""
    desk = desks(batch_faults={})
    batch_id = desk.add(2, live_retry=False)
    faults(desk, batch_id, reply)
    desk.finish()
    row, problem = desk.rows(batch_id)[0], desk.answers(batch_id)[0]
    assert (row.status, row.code, row.cost_nusd) == ("failed", code, BATCH_NUSD)
    assert (problem["code"], problem["cost_usd"]) == (code, pytest.approx(BATCH_NUSD / 1e9))
    assert [one for one in desk.upstream.requests if one["path"] == "/v1/responses"] == []
    desk.check_money(batch_id)


def test_a_live_try_with_its_repair(desks: Callable[..., BatchHarness]) -> None:
    """The live try has its repair turn like any other call, and when that does not help the row has
    failed with all it cost."""
    desk = desks(
        script=[forced_call({}), forced_call(GOOD), forced_call({}), forced_call({})],
        batch_faults={},
    )
    batch_id = desk.add(2)
    faults(desk, batch_id, forced_call({}), forced_call({}))
    desk.service.provider_batches._live_pool._max_workers = 1
    desk.finish()
    assert Counter(row.status for row in desk.rows(batch_id)) == {"done": 1, "failed": 1}
    for row, answer in zip(desk.rows(batch_id), desk.answers(batch_id), strict=True):
        assert row.cost_nusd == BATCH_NUSD + 2 * LIVE_NUSD
        assert answer["cost_usd"] == pytest.approx(row.cost_nusd / 1e9)
        assert "retried live" in answer["warnings"][0]
    desk.check_money(batch_id)


def test_no_money_for_a_live_try(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the budget does not pay for the live try, the row has failed with what was wrong with
    its answer."""
    desk = desks({"retired": "error"}, batch_faults={})
    monkeypatch.setattr(runner, "_BUDGET_WAIT_SECONDS", 0.0)
    desk.add(1)
    desk.finish()
    other = desk.add(1, budget_usd=to_usd(most_of(desk) + 1))
    faults(desk, other, refusal())
    desk.finish()
    row, problem = desk.rows(other)[0], desk.answers(other)[0]
    assert (row.status, row.code, row.cost_nusd) == ("failed", "refused", BATCH_NUSD)
    assert "the budget does not cover a retry" in problem["detail"]
    assert desk.view(other)["status"] == "done"
    desk.check_money(other)


def most_of(desk: BatchHarness) -> int:
    """The least that a row can be reserved with, at the price of a batch: with the least room for
    its answer."""
    run = desk.service.engine.prepare("classify", {**FIXED, "text": "I was charged twice, row 1."})
    asked = RunBudget(desk.service.engine, desk.service.ledger, desk.key, run, tier="batch")
    return asked.initial_reservation(has_budget=True)[1]


def test_killed_while_it_asks_live(desks: Callable[..., BatchHarness]) -> None:
    """A row whose live try was cut off is asked again; the call nobody saw the end of is booked at
    the most it can have cost."""
    desk = desks(batch_faults={})
    batch_id = desk.add(3)
    faults(desk, batch_id, refusal(), refusal())

    def cut_off(self: Any, row: Any, **more: Any) -> None:
        key = desk.service.keys.by_id(row.key_id)
        assert key
        desk.service.ledger.write(
            StartAttempt(
                row.id,
                "local",
                row.attempt,
                OPEN_STATUSES,
                key.limits.budget_limits(),
                5_000_000,
                1,
            )
        )
        raise SimulatedCrash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner.Runner, "run_stored", cut_off)
        desk.service.provider_batches._live_pool._max_workers = 1
        with pytest.raises(SimulatedCrash):
            desk.poll()
    assert len(provider_state(desk, batch_id).live_row_ids) == 2
    assert Counter(row.status for row in desk.rows(batch_id))["running"] >= 1
    desk.restart()
    desk.finish()
    assert desk.view(batch_id)["done"] == 3
    assert desk.view(batch_id)["estimated_usd"] > 0
    desk.check_money(batch_id)


def test_cancelled_while_it_asks_live(desks: Callable[..., BatchHarness]) -> None:
    """A row whose live try was cut off in a batch that was cancelled meanwhile is cancelled, and
    booked as if it was billed."""
    desk = desks(batch_faults={})
    batch_id = desk.add(1)
    faults(desk, batch_id, refusal())

    def cut_off(self: Any, row: Any, **more: Any) -> None:
        key = desk.service.keys.by_id(row.key_id)
        assert key
        desk.service.ledger.write(
            StartAttempt(
                row.id,
                "local",
                row.attempt,
                OPEN_STATUSES,
                key.limits.budget_limits(),
                5_000_000,
                1,
            )
        )
        raise SimulatedCrash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner.Runner, "run_stored", cut_off)
        with pytest.raises(SimulatedCrash):
            desk.poll()
    desk.restart()
    desk.service.batch_runner.cancel(batch_id)
    desk.finish()
    row = desk.rows(batch_id)[0]
    assert (row.status, row.estimated_nusd, row.cost_nusd) == (
        "cancelled",
        5_000_000,
        5_000_000 + BATCH_NUSD,
    )
    assert desk.view(batch_id)["status"] == "cancelled"
    desk.check_money(batch_id)


def test_answers_without_usage(desks: Callable[..., BatchHarness]) -> None:
    """An answer that does not say what it used counts as the most that it can have cost, and says
    so."""
    desk = desks({"retired": "error"}, batch_faults={})
    batch_id = desk.add(2)
    faults(desk, batch_id, replace(forced_call(GOOD), usage=False))
    desk.finish()
    row, answer = desk.rows(batch_id)[0], desk.answers(batch_id)[0]
    assert row.status == "done" and row.cost_nusd == row.estimated_nusd > ROOM * 4_400 // 2
    assert answer["cost_usd"] == pytest.approx(row.cost_nusd / 1e9)
    assert (
        "The cost of a call is not known; it is charged at its maximum possible cost."
        in answer["warnings"]
    )
    desk.check_money(batch_id)


def test_failures_that_report_their_usage(desks: Callable[..., BatchHarness]) -> None:
    """A row whose call failed at the provider is charged for the tokens that the failure reports,
    at half the price, and is not sent again."""
    body = {
        "status": "failed",
        "error": {"code": "server_error", "message": "The model failed."},
        "output": [],
        "usage": {"input_tokens": 100, "output_tokens": 200},
    }
    desk = desks({"retired": "error"}, batch_faults={})
    batch_id = desk.add(2)
    faults(desk, batch_id, lambda request: json_reply(body))
    desk.finish()
    row, problem = desk.rows(batch_id)[0], desk.answers(batch_id)[0]
    assert (row.status, row.code, row.attempt) == ("failed", "provider_unavailable", 1)
    assert (row.cost_nusd, row.estimated_nusd) == ((100 * 1_100 + 200 * 4_400) // 2, 0)
    assert problem["cost_usd"] == pytest.approx(row.cost_nusd / 1e9)
    desk.check_money(batch_id)


def test_answers_say_what_their_rows_cost(desks: Callable[..., BatchHarness]) -> None:
    """What an answer or a problem says it cost is what is booked for its row, with all that was
    tried before."""
    desk = desks(batch_faults={})
    batch_id = desk.add(6)
    faults(desk, batch_id, "missing", "timeout", refusal(), "server_error", "context")
    faults(desk, batch_id, "missing", attempt=2)
    desk.finish()
    assert [row.status for row in desk.rows(batch_id)] == [
        "failed",
        "failed",
        "done",
        "done",
        "failed",
        "done",
    ]
    for row, answer in zip(desk.rows(batch_id), desk.answers(batch_id), strict=True):
        assert answer["cost_usd"] == pytest.approx(row.cost_nusd / 1e9)
