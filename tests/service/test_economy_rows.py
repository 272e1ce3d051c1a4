"""The rows of economy batches: what each is reserved with, what becomes of one that comes back with no answer or a bad one, its cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.jobs import purse, runner
from connector.providers.models import load_models
from connector.providers.offline import Offline
from connector.store.keys import Allowance
from connector.store.money import usd
from connector.store.notes import OPEN, Start
from connector.store.tables import spending
from tests.desk import BATCH_NUSD, FIXED, GOOD, LIVE_NUSD, Desk, Killed, faults, making, place, usage_of
from tests.upstream import forced_call, incomplete, json_reply, refusal, text

Json = dict[str, Any]


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    with making(tmp_path, monkeypatch) as make:
        yield make


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


def test_no_money_for_a_live_try(desks: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """When the budget does not pay for the live try, the row has failed with what was wrong with its answer."""
    desk = desks({"retired": "error"}, batch_faults={})
    monkeypatch.setattr(runner, "_PATIENCE", 0.0)
    desk.add(1)
    desk.finish()
    other = desk.add(1, budget_usd=usd(most_of(desk) + 1))
    faults(desk, other, refusal())
    desk.finish()
    row, problem = desk.rows(other)[0], desk.answers(other)[0]
    assert (row.status, row.code, row.cost_nusd) == ("failed", "refused", BATCH_NUSD)
    assert "the budget does not pay for another try" in problem["detail"]
    assert desk.told(other)["status"] == "done"
    desk.check_money(other)


def most_of(desk: Desk) -> int:
    """The least that a row can be reserved with, at the price of a batch: with the least room for its answer."""
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
