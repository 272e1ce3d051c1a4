"""Money: whatever the model and the provider do, and however many ask at once, no budget is overspent and every book says the same."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from connector.errors import FormcallError
from connector.jobs import admission, runner
from connector.jobs.workshop import open_workshop
from connector.providers.bounds import Bound
from connector.settings import Settings
from connector.store.ids import today
from connector.store.keys import Allowance, Key
from connector.store.money import NANO, dollars, nano, nano_of_cost, usd
from tests.books import agree, entries, standing, the_run
from tests.conftest import TICKET, serving
from tests.databases import KINDS, database_url
from tests.shop import BOTH, CALCULATE, CLIENTS, COST, FOUND, MODELS, SMALL, Open, Shop, Till, by_turn, cut_once, shops
from tests.upstream import (
    FakeUpstream,
    Reply,
    Request,
    Script,
    Step,
    Usage,
    automatic,
    dearest,
    fault,
    forced_call,
    function_call,
    incomplete,
    json_reply,
    refusal,
    text,
)

Json = dict[str, Any]


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with database_url(request.param) as found:
        yield found


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Open]:
    """Opens processes on the same data; on SQLite unless an address is given."""
    with shops(tmp_path) as one:
        yield one


def check(shop: Shop, key: Key, till: Till, *, budget: int | None = None, lost: int = 0) -> int:
    """All books agree with the provider's desk to the nano-dollar, nothing is reserved, nothing overspent; what was spent.

    ``lost`` is what was taken for answers that never came; it is inside what was estimated for them.
    """
    reserved, spent = standing(shop.database, key.id)
    mine = [call for call in entries(shop.database) if call.key_id == key.id]
    estimated = sum(call.nusd for call in mine if call.estimated)
    assert reserved == 0
    assert sum(call.nusd for call in mine) == spent
    assert till.money - lost == spent - estimated
    assert lost <= estimated
    assert budget is None or spent <= budget
    agree(shop.database)
    return spent


# --- many at once ------------------------------------------------------------------------------------------------------


def test_ten_of_the_dearest(open_shop: Open, address: str) -> None:
    """Sixty-four at once on a budget that pays for ten calls at the most they can cost, each of which does cost that: ten are paid, and
    exactly ten, to the last nano-dollar; also when a little less than another call needs at the least is left."""
    till = Till()
    with FakeUpstream(till.script, delay=0.05) as upstream:
        shop = open_shop(upstream, address)
        most, least, read = shop.bound()
        till.usage = lambda request: dearest(read)
        for spare in (0, least - 1):
            till.taken.clear()
            key = shop.new_key(day=10 * most + spare)
            assert shop.all_at_once(key=key, wait_seconds=60) == {"done": 10, "budget_exceeded": 54}
            assert check(shop, key, till, budget=10 * most + spare) == 10 * most == till.money
        with pytest.raises(FormcallError, match="for today") as caught:
            shop.ask(key=key)
        assert caught.value.code == "budget_exceeded"


def test_ten_of_what_they_really_cost(open_shop: Open, address: str) -> None:
    """Calls reserve far more than they cost, and still as many are paid as the money allows: until no further one could be reserved."""
    till = Till()
    with FakeUpstream(till.script, delay=0.01) as upstream:
        shop = open_shop(upstream, address)
        _, least, _ = shop.bound()
        budget = 9 * COST + least
        key = shop.new_key(day=budget)
        assert shop.all_at_once(key=key, wait_seconds=90) == {"done": 10, "budget_exceeded": 54}
        assert check(shop, key, till, budget=budget) == 10 * COST


def test_all_that_the_money_allows(open_shop: Open) -> None:
    """Nobody is refused for good because of others' reservations: with money for all, all are paid, though few at the same time."""
    till = Till()
    with FakeUpstream(till.script) as upstream:
        shop = open_shop(upstream)
        most, _, _ = shop.bound()
        key = shop.new_key(day=2 * most + CLIENTS * COST, month=3 * most + CLIENTS * COST)
        assert shop.all_at_once(key=key, wait_seconds=90) == {"done": CLIENTS}
        assert check(shop, key, till) == CLIENTS * COST
        assert upstream.peak <= 9  # more could not be reserved


def test_the_wait_for_money_is_a_part_of_the_wait(open_shop: Open) -> None:
    """Who meets only reservations waits as long as for an answer, not longer, then hears that it is worth another try, and when."""
    gate, till = threading.Event(), Till()
    with FakeUpstream([lambda request: (gate.wait(30), till(request))[1]]) as upstream:
        shop = open_shop(upstream)
        most, _, _ = shop.bound()
        key = shop.new_key(day=most)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(shop.tried, key=key, wait_seconds=60)
            while not upstream.in_flight:
                time.sleep(0.01)
            began = time.monotonic()
            with pytest.raises(FormcallError) as caught:
                shop.ask(key=key, wait_seconds=1)
            assert 0.9 < time.monotonic() - began < 5
            assert (caught.value.code, caught.value.retry_after) == ("budget_reserved", 2)
            assert caught.value.kind.retryable
            gate.set()
            assert first.result() == "done"
        assert check(shop, key, till) == COST


def test_waiting_for_money_and_for_the_answer_are_one_wait(tmp_path: Path) -> None:
    """A caller who waited for money for a while is handed over when the whole of its patience is at its end, not later."""
    gates = [threading.Event(), threading.Event()]

    def held(request: Request) -> Reply:
        gates[request.number].wait(30)
        return automatic(replace(request, usage=SMALL))

    with FakeUpstream(Script([held], repeat=True)) as upstream:
        variables = {"FORMCALL_ENGINE": "openai", "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": upstream.base_url, "FORMCALL_RETIRED": "error"}
        with serving(tmp_path, **variables) as service, ThreadPoolExecutor(2) as pool:
            most = service.post(body={**TICKET, "dry_run": 1}).json()["first_call_max_usd"]
            workshop = open_workshop(Settings(data_dir=tmp_path / "data"))
            _, plain = workshop.keys.create("poor", allowance=Allowance(budget_day_nusd=nano(most) + COST))
            workshop.close()

            def ask(wait: float) -> tuple[requests.Response, float]:
                began = time.monotonic()
                body, headers = {**TICKET, "wait_seconds": wait}, {"X-API-Key": plain}
                made = requests.post(f"{service.address}/v1/actions/classify", json=body, headers=headers, timeout=60)
                return made, time.monotonic() - began

            first = pool.submit(ask, 60)
            while not upstream.in_flight:
                time.sleep(0.01)
            second = pool.submit(ask, 4)
            time.sleep(2.5)
            gates[0].set()
            assert first.result()[0].status_code == 200
            response, took = second.result()
            gates[1].set()
            assert response.status_code == 202
            assert 3.5 < took < 6


def test_two_processes_and_one_budget(open_shop: Open) -> None:
    """Two machines that share a database share a budget: together they pay for exactly ten of the dearest calls."""
    till = Till()
    with database_url("postgresql") as database, FakeUpstream(till.script, delay=0.02) as upstream:
        pair = [open_shop(upstream, database, secret="s") for _ in range(2)]
        most, least, read = pair[0].bound()
        till.usage = lambda request: dearest(read)
        key = pair[0].new_key(day=10 * most + least - 1)
        with ThreadPoolExecutor(2) as pool:
            came = list(pool.map(lambda shop: shop.all_at_once(32, key=key, wait_seconds=60), pair))
        assert came[0] + came[1] == {"done": 10, "budget_exceeded": 54}
        assert check(pair[0], key, till) == 10 * most


# --- everything that a model and a provider may do ---------------------------------------------------------------------

WRONG = forced_call({"category": "nonsense"})


CASES: dict[str, tuple[str, Step, str, int]] = {
    # name: (action, what the model does, what comes of it, calls)
    "at once": ("classify", automatic, "done", 1),
    "one repair": ("classify", by_turn(WRONG, automatic), "done", 2),
    "two wrong answers": ("classify", WRONG, "invalid_output", 2),
    "cut off once": ("classify", cut_once, "done", 2),
    "cut off twice": ("classify", incomplete(), "output_truncated", 2),
    "filtered": ("classify", incomplete("content_filter"), "refused", 1),
    "refused": ("classify", refusal(), "refused", 1),
    "prose": ("classify", text("It is about money."), "invalid_output", 2),
    "a tool, then the answer": ("answer_with_tools", by_turn(CALCULATE, function_call("answer_with_tools", FOUND)), "done", 2),
    "three tools": ("answer_with_tools", by_turn(CALCULATE, CALCULATE, CALCULATE, function_call("answer_with_tools", FOUND)), "done", 4),
    "tools for ever": ("answer_with_tools", CALCULATE, "max_steps", 9),
    "several at once": ("answer_with_tools", by_turn(BOTH, function_call("answer_with_tools", FOUND)), "done", 2),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_model_does(open_shop: Open, name: str) -> None:
    """Whatever becomes of a run, all of its calls are booked, its answer says what they cost, and so does its record."""
    action, step, wanted, calls = CASES[name]
    till = Till(step)
    with FakeUpstream(till.script) as upstream:
        shop = open_shop(upstream)
        key = shop.new_key(day=10 * NANO)
        told = shop.ask(action, key=key)
        assert (told.code or told.status, len(upstream.requests)) == (wanted, calls), told.body
        assert check(shop, key, till) == calls * COST
        assert nano_of_cost(json.loads(told.body)["cost_usd"]) == calls * COST
        row = the_run(shop.database, told.id)
        assert (row.cost_nusd, row.estimated_nusd, row.reserved_nusd) == (calls * COST, 0, 0)
        found = entries(shop.database, told.id)
        assert [(call.step, call.input_tokens, call.output_tokens) for call in found] == [(step, 412, 96) for step in range(calls)]


@pytest.mark.parametrize("name", CASES)
def test_the_dearest_of_it_stays_within_the_budget(open_shop: Open, name: str) -> None:
    """Each call costs the most it can, on a budget that ends in the midst of a run: what was begun is booked, nothing is overspent."""
    action, step, wanted, calls = CASES[name]
    till = Till(step)
    with FakeUpstream(till.script) as upstream:
        shop = open_shop(upstream)
        most, _, read = shop.bound(action)
        till.usage = lambda request: dearest(min(read, math.ceil(request.size / 4)))
        budget = 3 * most
        key = shop.new_key(day=budget)
        came = shop.all_at_once(6, action, key=key, wait_seconds=60)
        assert set(came) <= {wanted, "budget_exceeded", "budget_reserved", "output_truncated"}
        spent = check(shop, key, till, budget=budget)
        assert spent > most // 2
        assert len(till.taken) >= min(calls, 3)


@pytest.mark.parametrize(
    "lost", ["stall", "drip", "disconnect", "truncated", "html", "null", "empty", "huge", "redirect", "server_error", "quota", "auth"]
)
def test_an_answer_that_is_lost(open_shop: Open, lost: str) -> None:
    """A call that may have been billed is booked at the most that was reserved for it, as an estimate; one that was not is free. Both are
    within the budget, also where that only paid for a short answer."""
    step = fault(lost, **({"to": "http://127.0.0.1:9/"} if lost == "redirect" else {}))
    with FakeUpstream(Script([step], repeat=True)) as upstream:
        shop = open_shop(upstream, deadline_seconds=1.5)
        most, least, _ = shop.bound()
        for budget in (10 * most, (most + least) // 2):
            key = shop.new_key(day=budget)
            told = shop.ask(key=key, wait_seconds=30)
            body = json.loads(told.body)
            spent = check(shop, key, Till(), budget=budget)
            billed = lost not in {"redirect", "server_error", "quota", "auth"}
            assert spent == the_run(shop.database, told.id).estimated_nusd == nano_of_cost(body["cost_usd"])
            assert min(budget, most) - 4_400 < spent <= min(budget, most) if billed else spent == 0


def test_a_second_try_after_a_time_out(open_shop: Open) -> None:
    """Where a call may be made again after a time-out, both are reserved before and booked after: the one that came, and the lost one."""
    till = Till()
    with FakeUpstream([fault("stall"), till, fault("stall"), fault("auth"), fault("stall"), fault("stall")]) as upstream:
        shop = open_shop(upstream, deadline_seconds=2.0, retry_after_timeout=True)
        most, _, _ = shop.bound()
        key = shop.new_key(day=10 * most)
        assert shop.tried(key=key) == "done"
        assert check(shop, key, till) == most // 2 + COST
        assert [call.estimated for call in entries(shop.database)] == [True, False]
        assert shop.tried(key=key) == "provider_auth"
        assert shop.tried(key=key) == "provider_timeout"
        assert check(shop, key, till) == most // 2 + COST + 2 * most


def test_a_provider_that_does_not_count(open_shop: Open) -> None:
    """Who does not say what a call used does not get it for nothing: it counts as the most it can have cost, and the answer says so."""
    with FakeUpstream(Script([replace(forced_call(json.loads(SAID)), usage=False)], repeat=True)) as upstream:
        shop = open_shop(upstream)
        most, least, _ = shop.bound()
        key = shop.new_key(day=3 * most)
        came = [shop.ask(key=key) for _ in range(3)]
        assert [told.status for told in came] == ["done"] * 3
        assert shop.tried(key=key) == "budget_exceeded"
        assert check(shop, key, Till(), budget=3 * most) > 3 * most - 4_400
        body = json.loads(came[0].body)
        assert nano_of_cost(body["cost_usd"]) == the_run(shop.database, body["id"]).estimated_nusd == most
        assert any("counted as the most" in words for words in body["warnings"])
        assert least < most


SAID = '{"category": "billing", "confidence": 0.9, "reason": "Charged twice.", "runner_up": null}'


def test_a_tier_without_a_price(open_shop: Open) -> None:
    """An answer at a service tier whose price nobody knows is counted at the most, not at nothing."""

    def fast(request: Request) -> Reply:
        reply = automatic(replace(request, usage=SMALL))
        return replace(reply, body=reply.body.replace(b'"service_tier": "default"', b'"service_tier": "lightning"'))

    with FakeUpstream(Script([fast], repeat=True)) as upstream:
        shop = open_shop(upstream)
        most, _, _ = shop.bound()
        key = shop.new_key(day=most)
        assert shop.tried(key=key) == "done"
        assert shop.tried(key=key) == "budget_exceeded"
        assert check(shop, key, Till(), budget=most) == most


def test_a_model_that_was_replaced(open_shop: Open) -> None:
    """What is reserved is what the dearer replacement costs, and what is booked is what really answered."""
    till = Till()
    with FakeUpstream(till.script, retired=["o4-mini"]) as upstream:
        shop = open_shop(upstream, retired="replace")
        most, least, read = shop.bound()
        till.usage = lambda request: Usage(read, 0, None, 0, read)
        key = shop.new_key(day=2 * most + least - 1)
        assert shop.all_at_once(6, key=key, wait_seconds=60) == {"done": 2, "budget_exceeded": 4}
        assert check(shop, key, till) == 2 * most
        assert {call.model for call in entries(shop.database)} == {"gpt-5.6-terra"}


def test_a_server_that_takes_no_limit(open_shop: Open, address: str) -> None:
    """A server that refuses to hear how long an answer may be is not asked without that limit on money that was reserved for a short
    answer: the run is told to try again, and from then on the longest answer there can be is reserved."""
    till = Till(usage=lambda request: Usage(400, 0, 90_000, 0))

    def refuses(request: Request) -> Reply:
        if "max_output_tokens" not in request.body:
            return till(request)
        error = {"message": "Unsupported parameter.", "param": "max_output_tokens", "code": "unsupported_parameter"}
        return json_reply({"error": error}, 400)

    with FakeUpstream(Script([refuses], repeat=True)) as upstream:
        shop = open_shop(upstream, address)
        most, _, _ = shop.bound()
        key, rich = shop.new_key(day=2 * most), shop.new_key(day=NANO)
        assert set(shop.all_at_once(8, key=key)) <= {"provider_unavailable", "budget_exceeded"}
        assert not till.taken
        assert shop.tried(key=key) == "budget_exceeded"
        assert shop.tried(key=rich) == "done"
        assert check(shop, key, Till(), budget=0) == 0
        assert check(shop, rich, till, budget=NANO) == 400 * 1_100 + 90_000 * 4_400


def test_anything_in_any_order(open_shop: Open, address: str) -> None:
    """A crowd on a tight budget over a provider that does all of it by chance, from two processes at once: the books agree to the
    nano-dollar with what was taken, and no moment sees more reserved and spent than there is."""
    chance, lock = random.Random(5), threading.Lock()
    with_tools = by_turn(CALCULATE, CALCULATE, WRONG, function_call("answer_with_tools", FOUND))
    till = Till(lambda request: (with_tools if len(request.body["tools"]) > 1 else chance.choice([WRONG, cut_once, automatic]))(request))
    faults = [fault(name) for name in ("disconnect", "html", "rate_limit", "quota", "server_error", "truncated")]
    lost: list[int] = []

    def anything(request: Request) -> Reply:
        with lock:
            kind, step = chance.random(), chance.choice(faults)
            size = Usage(chance.randrange(50, 400), 0, min(request.limit, chance.choice([40, 400, 900, 10**6])), 0)
            till.usage = lambda request: size
            if kind < 0.1:
                return step(request)
            reply = till(request)
            if kind < 0.15:  # it is taken, and the answer is lost
                lost.append(till.taken[-1])
                return replace(reply, body=reply.body[: len(reply.body) // 2])
            return reply

    with FakeUpstream(Script([anything], repeat=True)) as upstream:
        pair = [open_shop(upstream, address, secret="s", deadline_seconds=20.0) for _ in range(2 if address else 1)]
        most, _, _ = pair[0].bound("answer_with_tools")
        budget = 15 * most
        key = pair[0].new_key(day=budget)
        over: list[int] = []
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.02):
                if sum(standing(pair[0].database, key.id)) > budget:
                    over.append(1)

        watcher = threading.Thread(target=look)
        watcher.start()
        with ThreadPoolExecutor(2 * len(pair)) as pool:
            jobs = [
                pool.submit(shop.all_at_once, 24, action, key=key, wait_seconds=20)
                for shop in pair
                for action in ("answer_with_tools", "classify")
            ]
            came = sum((job.result() for job in jobs), Counter())
        ended.set()
        watcher.join()
        assert not over
        assert came["done"] > 3, came
        assert came["budget_exceeded"] > 3, came
        check(pair[0], key, till, budget=budget, lost=sum(lost))


# --- limits of one run -------------------------------------------------------------------------------------------------


def test_a_run_stays_within_its_own_limit(open_shop: Open) -> None:
    """Neither the run's own limit nor that of its key is passed by all of its calls together, the dearest there can be."""
    till = Till(CALCULATE)
    with FakeUpstream(till.script) as upstream:
        shop = open_shop(upstream)
        most, least, read = shop.bound("answer_with_tools")
        till.usage = lambda request: dearest(read)
        for limit in (3 * most, most + least + 400_000, most - 1):
            for key, given in ((shop.new_key(), f"{limit / NANO:.9f}"), (shop.new_key(run=limit), "")):
                till.taken.clear()
                told = shop.ask("answer_with_tools", key=key, max_cost_usd=given)
                assert (told.status, told.code) == ("failed", "cost_limit")
                assert limit // 2 < check(shop, key, till, budget=limit) <= limit
                assert dollars(limit) in json.loads(told.body)["detail"]
        for key, given in ((shop.new_key(), f"{(least - 1) / NANO:.9f}"), (shop.new_key(run=least - 1), "")):
            with pytest.raises(FormcallError, match="could cost") as caught:
                shop.ask("answer_with_tools", key=key, max_cost_usd=given)
            assert caught.value.code == "cost_limit"
            assert not entries(shop.database, caught.value.extra.get("id", "x"))


def test_attempts_of_a_run_share_its_limit(open_shop: Open) -> None:
    """A run that is begun again under its key may cost no more in all than it may, with what was estimated for the first attempt."""
    till = Till()
    with FakeUpstream([fault("stall"), till, fault("stall")]) as upstream:
        shop = open_shop(upstream, deadline_seconds=1.0)
        most, least, _ = shop.bound()
        for limit, again in ((2 * most, "done"), (most + least - 1, "cost_limit")):
            key, fields = shop.new_key(), {"idempotency_key": "a", "max_cost_usd": f"{limit / NANO:.9f}"}
            first = shop.ask(key=key, **fields)
            assert first.code == "provider_timeout"
            assert shop.tried(key=key, **fields) == again
            row = the_run(shop.database, first.id)
            assert row.cost_nusd == standing(shop.database, key.id)[1] <= limit
            assert row.cost_nusd == most + COST * (again == "done")


def test_a_price_that_is_not_known(open_shop: Open) -> None:
    """Without a price no budget can be kept, so a call with any limit is refused; without one it is made, and its cost is null."""
    till = Till(usage=lambda request: SMALL)
    with FakeUpstream(Script([automatic], repeat=True), models=()) as upstream:
        shop = open_shop(upstream, model="local-llama", dialect="chat")
        for fields, key in (({"max_cost_usd": 5}, shop.new_key()), ({}, shop.new_key(day=NANO)), ({}, shop.new_key(run=NANO))):
            assert shop.tried(key=key, **fields) == "price_unknown"
        assert not upstream.requests
        told = shop.ask()
        assert (told.status, json.loads(told.body)["cost_usd"]) == ("done", None)
        assert the_run(shop.database, told.id).cost_nusd is None
        agree(shop.database)
        assert not till.taken


@pytest.mark.parametrize("engine", ["scripted", "local"])
def test_an_engine_that_costs_nothing(open_shop: Open, engine: str) -> None:
    """Where nothing is paid no budget stands in the way, not even one of nothing."""
    with FakeUpstream() as upstream:
        shop = open_shop(upstream, engine=engine)
        key = shop.new_key(day=0, month=0, run=0)
        told = shop.ask(key=key, max_cost_usd=0)
        assert (told.status, json.loads(told.body)["cost_usd"]) == ("done", 0.0)
        assert standing(shop.database, key.id) == (0, 0)
        assert [call.nusd for call in entries(shop.database)] == [0]


# --- days and months ---------------------------------------------------------------------------------------------------


def test_a_new_day_has_a_new_budget(open_shop: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """At midnight UTC a day's budget begins anew, a month's does not; a run under way at midnight stays with the day it began on."""
    day = ["2026-03-30"]
    for module in (admission, runner):
        monkeypatch.setattr(module, "today", lambda: day[0])
    gate, till = threading.Event(), Till()

    def slow(request: Request) -> Reply:
        if request.number == 1:
            gate.wait(30)
        return till(request)

    with FakeUpstream(Script([slow], repeat=True)) as upstream:
        shop = open_shop(upstream)
        most, _, read = shop.bound()
        till.usage = lambda request: dearest(read)
        key = shop.new_key(day=2 * most, month=5 * most)
        assert shop.tried(key=key) == "done"
        with ThreadPoolExecutor(1) as pool:
            over_midnight = pool.submit(shop.tried, key=key)
            while upstream.in_flight == 0:
                time.sleep(0.01)
            day[0] = "2026-03-31"
            assert [shop.tried(key=key, wait_seconds=1) for _ in range(3)] == ["done", "done", "budget_exceeded"]
            gate.set()
            assert over_midnight.result() == "done"
        assert standing(shop.database, key.id, "2026-03-30") == standing(shop.database, key.id, "2026-03-31") == (0, 2 * most)
        day[0] = "2026-04-01"
        assert [shop.tried(key=key, wait_seconds=1) for _ in range(3)] == ["done", "done", "budget_exceeded"]
        day[0] = "2026-03-31"
        with pytest.raises(FormcallError, match="for today"):
            shop.ask(key=key)
        assert standing(shop.database, key.id, "2026-03") == (0, 4 * most)
        day[0] = "2026-03-29"
        assert shop.tried(key=key) == "done"
        with pytest.raises(FormcallError, match="this month"):
            shop.ask(key=key)
        agree(shop.database)


def test_days_are_those_of_utc() -> None:
    """A day is UTC's, as the sentence about it says."""
    assert today() == time.strftime("%Y-%m-%d", time.gmtime())


# --- when the database does not answer ---------------------------------------------------------------------------------


def test_a_call_is_booked_whenever_the_database_is_back(tmp_path: Path, open_shop: Open) -> None:
    """While a run asks its model the database goes away for good ten seconds: its calls are booked and its answer is written afterwards."""
    from tests.books import away

    till, shut = Till(by_turn(CALCULATE, function_call("answer_with_tools", FOUND))), threading.Event()
    pair: list[Shop] = []

    def closing(request: Request) -> Reply:
        if not shut.is_set():
            shut.set()
            away(pair[0].database, is_away=True)
        return till(request)

    with database_url("postgresql") as database, FakeUpstream(Script([closing], repeat=True)) as upstream:
        pair.append(open_shop(upstream, database))
        shop = pair[0]
        key = shop.new_key(day=NANO)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(shop.ask, "answer_with_tools", key=key, wait_seconds=60)
            assert shut.wait(30)
            time.sleep(10)
            away(shop.database, is_away=False)
            told = answer.result(60)
        assert (told.status, json.loads(told.body)["cost_usd"]) == ("done", 2 * COST / NANO)
        assert check(shop, key, till) == 2 * COST
        assert shop.workshop.runner.under_way == 0


def test_what_was_paid_is_booked_also_when_the_next_call_is_not_made(open_shop: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second call of a run cannot be written down in time, the run fails, and its first call is booked."""
    from connector.store.notes import More, Unwritten

    till = Till(CALCULATE)
    with FakeUpstream(till.script) as upstream:
        shop = open_shop(upstream, deadline_seconds=1.0)
        write, key = shop.workshop.journal.write, shop.new_key(day=NANO)

        def breaks(note: Any) -> Any:
            if isinstance(note, More):
                raise Unwritten
            return write(note)

        monkeypatch.setattr(shop.workshop.journal, "write", breaks)
        assert shop.tried("answer_with_tools", key=key) == "busy"
        assert len(upstream.requests) == 1
        assert check(shop, key, till) == COST


# --- numbers -----------------------------------------------------------------------------------------------------------

PRICED = [row for row in MODELS.rows.values() if row.price]


SOME = st.lists(st.sampled_from(PRICED), min_size=1, max_size=2)


@given(st.integers(0, 1_200_000), st.integers(1, 200_000), SOME, st.booleans(), st.floats(0, 1))
@trials(deadline=None)
def test_a_shorter_answer_fits_into_what_was_granted(read: int, written: int, rows: list[Any], twice: bool, part: float) -> None:
    """An answer as long as a grant affords costs no more than the grant, and a full grant affords the full answer."""
    bound = Bound(read, True, written, tuple(rows), twice)
    assert bound.affordable(bound.nano()) == written
    granted = int(bound.nano() * part)
    room = bound.affordable(granted)
    assert room == 0 or replace(bound, output_tokens=room).nano() <= granted


@given(st.integers(0, 10**15))
def test_money_goes_out_and_in_again(amount: int) -> None:
    """An amount is the same after it was written as dollars, in an answer and in a sentence; a limit is never made larger."""
    assert nano_of_cost(usd(amount)) == amount
    assert nano(dollars(amount).removeprefix("$")) == amount
    assert nano(f"{amount / NANO:.12f}") <= amount + 1


def test_limits_are_rounded_down() -> None:
    """A part of a nano-dollar is nothing; a number that a form sent as a float is the number it shows."""
    assert [nano(given) for given in (0.1, "0.0000000019", 1e-10, 29.99, 1_000_000, "1e-9")] == [
        100_000_000, 1, 0, 29_990_000_000, 10**15, 1,
    ]  # fmt: skip
