"""Money: whatever the model and the provider do, no budget is exceeded and all records agree."""

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
from connector.json_types import Json
from connector.providers.pricing.bounds import CostBound
from connector.runs import admission, runner
from connector.service import build_service
from connector.settings import Settings
from connector.store.ids import today
from connector.store.key_limits import KeyLimits
from connector.store.keys import Key
from connector.store.ledger.money import NANO, cost_to_nano, format_usd, to_nano, to_usd
from tests.support.databases import KINDS, database_url
from tests.support.ledger_asserts import assert_consistent, balance, entries, run_row
from tests.support.running_service import serving
from tests.support.samples import TICKET
from tests.support.service_harness import (
    BOTH,
    CALCULATE,
    CLIENTS,
    COST,
    MODELS,
    SMALL_USAGE,
    TOOL_ANSWER,
    FakePricing,
    LocalService,
    OpenLocal,
    by_turn,
    cut_once,
    local_services,
)
from tests.support.upstream import (
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


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with database_url(request.param) as found:
        yield found


@pytest.fixture
def open_local(tmp_path: Path) -> Iterator[OpenLocal]:
    """Opens processes on the same data; on SQLite unless an address is given."""
    with local_services(tmp_path) as one:
        yield one


def check(
    local: LocalService,
    key: Key,
    charged: FakePricing,
    *,
    budget: int | None = None,
    lost: int = 0,
) -> int:
    """All books agree with the provider's desk to the nano-dollar, nothing is reserved, nothing
    overspent; what was spent.

    ``lost`` is what was taken for answers that never came; it is inside what was estimated for
    them.
    """
    reserved, spent = balance(local.database, key.id)
    mine = [call for call in entries(local.database) if call.key_id == key.id]
    estimated = sum(call.nusd for call in mine if call.estimated)
    assert reserved == 0
    assert sum(call.nusd for call in mine) == spent
    assert charged.total - lost == spent - estimated
    assert lost <= estimated
    assert budget is None or spent <= budget
    assert_consistent(local.database)
    return spent


# --- many at once ---------------------------------------------------------------------------------


def test_ten_of_the_dearest(open_local: OpenLocal, address: str) -> None:
    """Sixty-four at once on a budget that pays for ten calls at the most they can cost, each of
    which does cost that: ten are paid, and exactly ten, to the last nano-dollar; also when a little
    less than another call needs at the least is left."""
    charged = FakePricing()
    with FakeUpstream(charged.script, delay=0.05) as upstream:
        local = open_local(upstream, address)
        most, least, read = local.first_call_bound()
        charged.usage = lambda request: dearest(read)
        for spare in (0, least - 1):
            charged.charges.clear()
            key = local.new_key(day=10 * most + spare)
            assert local.run_many(key=key, wait_seconds=60) == {"done": 10, "budget_exceeded": 54}
            assert (
                check(local, key, charged, budget=10 * most + spare) == 10 * most == charged.total
            )
        with pytest.raises(FormcallError, match="for today") as caught:
            local.run(key=key)
        assert caught.value.code == "budget_exceeded"


def test_ten_of_what_they_really_cost(open_local: OpenLocal, address: str) -> None:
    """Calls reserve far more than they cost, and still as many are paid as the money allows: until
    no further one could be reserved."""
    charged = FakePricing()
    with FakeUpstream(charged.script, delay=0.01) as upstream:
        local = open_local(upstream, address)
        _, least, _ = local.first_call_bound()
        budget = 9 * COST + least
        key = local.new_key(day=budget)
        assert local.run_many(key=key, wait_seconds=90) == {"done": 10, "budget_exceeded": 54}
        assert check(local, key, charged, budget=budget) == 10 * COST


def test_all_that_the_money_allows(open_local: OpenLocal) -> None:
    """Nobody is refused for good because of others' reservations: with money for all, all are paid,
    though few at the same time."""
    charged = FakePricing()
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream)
        most, _, _ = local.first_call_bound()
        key = local.new_key(day=2 * most + CLIENTS * COST, month=3 * most + CLIENTS * COST)
        assert local.run_many(key=key, wait_seconds=90) == {"done": CLIENTS}
        assert check(local, key, charged) == CLIENTS * COST
        assert upstream.peak <= 9  # more could not be reserved


def test_the_wait_for_money_is_a_part_of_the_wait(open_local: OpenLocal) -> None:
    """Who meets only reservations waits as long as for an answer, not longer, then hears that it is
    worth another try, and when."""
    gate, charged = threading.Event(), FakePricing()
    with FakeUpstream([lambda request: (gate.wait(30), charged(request))[1]]) as upstream:
        local = open_local(upstream)
        most, _, _ = local.first_call_bound()
        key = local.new_key(day=most)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(local.outcome, key=key, wait_seconds=60)
            while not upstream.in_flight:
                time.sleep(0.01)
            with pytest.raises(FormcallError) as caught:
                local.run(key=key, wait_seconds=1)
            assert (caught.value.code, caught.value.retry_after) == ("budget_reserved", 2)
            assert caught.value.kind.retryable
            gate.set()
            assert first.result() == "done"
        assert check(local, key, charged) == COST


def test_waiting_for_money_and_for_the_answer_are_one_wait(tmp_path: Path) -> None:
    """A caller who waited for money for a while is handed over when the whole of its patience is at
    its end, not later."""
    gates = [threading.Event(), threading.Event()]

    def held(request: Request) -> Reply:
        gates[request.number].wait(30)
        return automatic(replace(request, usage=SMALL_USAGE))

    with FakeUpstream(Script([held], repeat=True)) as upstream:
        variables = {
            "FORMCALL_ENGINE": "openai",
            "OPENAI_API_KEY": "x",
            "OPENAI_BASE_URL": upstream.base_url,
            "FORMCALL_RETIRED": "error",
        }
        with serving(tmp_path, **variables) as service, ThreadPoolExecutor(2) as pool:
            most = service.post(body={**TICKET, "dry_run": 1}).json()["first_call_max_usd"]
            local = build_service(Settings(data_dir=tmp_path / "data"))
            _, plain = local.keys.create(
                "poor", limits=KeyLimits(budget_day_nusd=to_nano(most) + COST)
            )
            local.close()

            def ask(wait: float) -> requests.Response:
                body, headers = {**TICKET, "wait_seconds": wait}, {"X-API-Key": plain}
                return requests.post(
                    f"{service.address}/v1/actions/classify", json=body, headers=headers, timeout=60
                )

            first = pool.submit(ask, 60)
            while not upstream.in_flight:
                time.sleep(0.01)
            second = pool.submit(ask, 4)
            time.sleep(2.5)
            gates[0].set()
            assert first.result().status_code == 200
            response = second.result()
            gates[1].set()  # until here the provider did not answer the second call
            assert response.status_code == 202


@pytest.mark.attack(
    "Many calls at once, in several processes, to pass a budget",
    "money is reserved before each call; the budget is never passed",
)
def test_two_processes_and_one_budget(open_local: OpenLocal) -> None:
    """Two machines that share a database share a budget: together they pay for exactly ten of the
    dearest calls."""
    charged = FakePricing()
    with (
        database_url("postgresql") as database,
        FakeUpstream(charged.script, delay=0.02) as upstream,
    ):
        pair = [open_local(upstream, database, secret="s") for _ in range(2)]
        most, least, read = pair[0].first_call_bound()
        charged.usage = lambda request: dearest(read)
        key = pair[0].new_key(day=10 * most + least - 1)
        with ThreadPoolExecutor(2) as pool:
            came = list(pool.map(lambda local: local.run_many(32, key=key, wait_seconds=60), pair))
        assert came[0] + came[1] == {"done": 10, "budget_exceeded": 54}
        assert check(pair[0], key, charged) == 10 * most


# --- everything that a model and a provider may do ------------------------------------------------

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
    "a tool, then the answer": (
        "answer_with_tools",
        by_turn(CALCULATE, function_call("answer_with_tools", TOOL_ANSWER)),
        "done",
        2,
    ),
    "three tools": (
        "answer_with_tools",
        by_turn(CALCULATE, CALCULATE, CALCULATE, function_call("answer_with_tools", TOOL_ANSWER)),
        "done",
        4,
    ),
    "tools for ever": ("answer_with_tools", CALCULATE, "max_steps", 9),
    "several at once": (
        "answer_with_tools",
        by_turn(BOTH, function_call("answer_with_tools", TOOL_ANSWER)),
        "done",
        2,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_model_does(open_local: OpenLocal, name: str) -> None:
    """Whatever becomes of a run, all of its calls are booked, its answer says what they cost, and
    so does its record."""
    action, step, wanted, calls = CASES[name]
    charged = FakePricing(step)
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream)
        key = local.new_key(day=10 * NANO)
        told = local.run(action, key=key)
        assert (told.code or told.status, len(upstream.requests)) == (wanted, calls), told.body
        assert check(local, key, charged) == calls * COST
        assert cost_to_nano(json.loads(told.body)["cost_usd"]) == calls * COST
        row = run_row(local.database, told.id)
        assert (row.cost_nusd, row.estimated_nusd, row.reserved_nusd) == (calls * COST, 0, 0)
        found = entries(local.database, told.id)
        assert [(call.step, call.input_tokens, call.output_tokens) for call in found] == [
            (step, 412, 96) for step in range(calls)
        ]


@pytest.mark.parametrize("name", CASES)
def test_the_dearest_of_it_stays_within_the_budget(open_local: OpenLocal, name: str) -> None:
    """Each call costs the most it can, on a budget that ends in the midst of a run: what was begun
    is booked, nothing is overspent."""
    action, step, wanted, calls = CASES[name]
    charged = FakePricing(step)
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream)
        most, _, read = local.first_call_bound(action)
        charged.usage = lambda request: dearest(min(read, math.ceil(request.size / 4)))
        budget = 3 * most
        key = local.new_key(day=budget)
        came = local.run_many(6, action, key=key, wait_seconds=60)
        assert set(came) <= {wanted, "budget_exceeded", "budget_reserved", "output_truncated"}
        spent = check(local, key, charged, budget=budget)
        assert spent > most // 2
        assert len(charged.charges) >= min(calls, 3)


@pytest.mark.parametrize(
    "lost",
    [
        "stall",
        "drip",
        "disconnect",
        "truncated",
        "html",
        "null",
        "empty",
        "huge",
        "redirect",
        "server_error",
        "quota",
        "auth",
    ],
)
def test_an_answer_that_is_lost(open_local: OpenLocal, lost: str) -> None:
    """A call that may have been billed is booked at the most that was reserved for it, as an
    estimate; one that was not is free. Both are within the budget, also where that only paid for a
    short answer."""
    step = fault(lost, **({"to": "http://127.0.0.1:9/"} if lost == "redirect" else {}))
    with FakeUpstream(Script([step], repeat=True)) as upstream:
        local = open_local(upstream, deadline_seconds=1.5)
        most, least, _ = local.first_call_bound()
        for budget in (10 * most, (most + least) // 2):
            key = local.new_key(day=budget)
            told = local.run(key=key, wait_seconds=30)
            body = json.loads(told.body)
            spent = check(local, key, FakePricing(), budget=budget)
            billed = lost not in {"redirect", "server_error", "quota", "auth"}
            assert (
                spent
                == run_row(local.database, told.id).estimated_nusd
                == cost_to_nano(body["cost_usd"])
            )
            assert min(budget, most) - 4_400 < spent <= min(budget, most) if billed else spent == 0


def test_a_second_try_after_a_time_out(open_local: OpenLocal) -> None:
    """Where a call may be made again after a time-out, both are reserved before and booked after:
    the one that came, and the lost one."""
    charged = FakePricing()
    with FakeUpstream(
        [
            fault("stall"),
            charged,
            fault("stall"),
            fault("auth"),
            fault("stall"),
            fault("stall"),
        ]
    ) as upstream:
        local = open_local(upstream, deadline_seconds=2.0, retry_after_timeout=True)
        most, _, _ = local.first_call_bound()
        key = local.new_key(day=10 * most)
        assert local.outcome(key=key) == "done"
        assert check(local, key, charged) == most // 2 + COST
        assert [call.estimated for call in entries(local.database)] == [True, False]
        assert local.outcome(key=key) == "provider_auth"
        assert local.outcome(key=key) == "provider_timeout"
        assert check(local, key, charged) == most // 2 + COST + 2 * most


def test_a_provider_that_does_not_count(open_local: OpenLocal) -> None:
    """Who does not say what a call used does not get it for nothing: it counts as the most it can
    have cost, and the answer says so."""
    with FakeUpstream(
        Script([replace(forced_call(json.loads(SAID)), usage=False)], repeat=True)
    ) as upstream:
        local = open_local(upstream)
        most, least, _ = local.first_call_bound()
        key = local.new_key(day=3 * most)
        came = [local.run(key=key) for _ in range(3)]
        assert [told.status for told in came] == ["done"] * 3
        assert local.outcome(key=key) == "budget_exceeded"
        assert check(local, key, FakePricing(), budget=3 * most) > 3 * most - 4_400
        body = json.loads(came[0].body)
        assert (
            cost_to_nano(body["cost_usd"])
            == run_row(local.database, body["id"]).estimated_nusd
            == most
        )
        assert any("charged at its maximum" in words for words in body["warnings"])
        assert least < most


SAID = '{"category": "billing", "confidence": 0.9, "reason": "Charged twice.", "runner_up": null}'


def test_a_tier_without_a_price(open_local: OpenLocal) -> None:
    """An answer at a service tier whose price nobody knows is counted at the most, not at
    nothing."""

    def fast(request: Request) -> Reply:
        reply = automatic(replace(request, usage=SMALL_USAGE))
        return replace(
            reply,
            body=reply.body.replace(b'"service_tier": "default"', b'"service_tier": "lightning"'),
        )

    with FakeUpstream(Script([fast], repeat=True)) as upstream:
        local = open_local(upstream)
        most, _, _ = local.first_call_bound()
        key = local.new_key(day=most)
        assert local.outcome(key=key) == "done"
        assert local.outcome(key=key) == "budget_exceeded"
        assert check(local, key, FakePricing(), budget=most) == most


def test_a_model_that_was_replaced(open_local: OpenLocal) -> None:
    """What is reserved is what the dearer replacement costs, and what is booked is what really
    answered."""
    charged = FakePricing()
    with FakeUpstream(charged.script, retired=["o4-mini"]) as upstream:
        local = open_local(upstream, retired="replace")
        most, least, read = local.first_call_bound()
        charged.usage = lambda request: Usage(read, 0, None, 0, read)
        key = local.new_key(day=2 * most + least - 1)
        assert local.run_many(6, key=key, wait_seconds=60) == {"done": 2, "budget_exceeded": 4}
        assert check(local, key, charged) == 2 * most
        assert {call.model for call in entries(local.database)} == {"gpt-5.6-terra"}


def test_a_server_that_takes_no_limit(open_local: OpenLocal, address: str) -> None:
    """A server that refuses to hear how long an answer may be is not asked without that limit on
    money that was reserved for a short answer: the run is told to try again, and from then on the
    longest answer there can be is reserved."""
    charged = FakePricing(usage=lambda request: Usage(400, 0, 90_000, 0))

    def refuses(request: Request) -> Reply:
        if "max_output_tokens" not in request.body:
            return charged(request)
        error = {
            "message": "Unsupported parameter.",
            "param": "max_output_tokens",
            "code": "unsupported_parameter",
        }
        return json_reply({"error": error}, 400)

    with FakeUpstream(Script([refuses], repeat=True)) as upstream:
        local = open_local(upstream, address)
        most, _, _ = local.first_call_bound()
        key, rich = local.new_key(day=2 * most), local.new_key(day=NANO)
        assert set(local.run_many(8, key=key)) <= {"provider_unavailable", "budget_exceeded"}
        assert not charged.charges
        assert local.outcome(key=key) == "budget_exceeded"
        assert local.outcome(key=rich) == "done"
        assert check(local, key, FakePricing(), budget=0) == 0
        assert check(local, rich, charged, budget=NANO) == 400 * 1_100 + 90_000 * 4_400


def test_anything_in_any_order(open_local: OpenLocal, address: str) -> None:
    """A crowd on a tight budget over a provider that does all of it by chance, from two processes
    at once: the books agree to the nano-dollar with what was taken, and no moment sees more
    reserved and spent than there is."""
    chance, lock = random.Random(5), threading.Lock()
    with_tools = by_turn(
        CALCULATE, CALCULATE, WRONG, function_call("answer_with_tools", TOOL_ANSWER)
    )

    def step(request: Request) -> Reply:
        if len(request.body["tools"]) > 1:
            return with_tools(request)
        others: list[Step] = [WRONG, cut_once, automatic]
        return chance.choice(others)(request)

    charged = FakePricing(step)
    faults = [
        fault(name)
        for name in ("disconnect", "html", "rate_limit", "quota", "server_error", "truncated")
    ]
    lost: list[int] = []

    def anything(request: Request) -> Reply:
        with lock:
            kind, step = chance.random(), chance.choice(faults)
            size = Usage(
                chance.randrange(50, 400),
                0,
                min(request.limit, chance.choice([40, 400, 900, 10**6])),
                0,
            )
            charged.usage = lambda request: size
            if kind < 0.1:
                return step(request)
            reply = charged(request)
            if kind < 0.15:  # it is taken, and the answer is lost
                lost.append(charged.charges[-1])
                return replace(reply, body=reply.body[: len(reply.body) // 2])
            return reply

    with FakeUpstream(Script([anything], repeat=True)) as upstream:
        pair = [
            open_local(upstream, address, secret="s", deadline_seconds=20.0)
            for _ in range(2 if address else 1)
        ]
        most, _, _ = pair[0].first_call_bound("answer_with_tools")
        budget = 15 * most
        key = pair[0].new_key(day=budget)
        over: list[int] = []
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.02):
                if sum(balance(pair[0].database, key.id)) > budget:
                    over.append(1)

        watcher = threading.Thread(target=look)
        watcher.start()
        with ThreadPoolExecutor(2 * len(pair)) as pool:
            jobs = [
                pool.submit(local.run_many, 24, action, key=key, wait_seconds=20)
                for local in pair
                for action in ("answer_with_tools", "classify")
            ]
            came = sum((job.result() for job in jobs), Counter())
        ended.set()
        watcher.join()
        assert not over
        assert came["done"] > 3, came
        assert came["budget_exceeded"] > 3, came
        check(pair[0], key, charged, budget=budget, lost=sum(lost))


# --- limits of one run ----------------------------------------------------------------------------


def test_a_run_stays_within_its_own_limit(open_local: OpenLocal) -> None:
    """Neither the run's own limit nor that of its key is passed by all of its calls together, the
    dearest there can be."""
    charged = FakePricing(CALCULATE)
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream)
        most, least, read = local.first_call_bound("answer_with_tools")
        charged.usage = lambda request: dearest(read)
        for limit in (3 * most, most + least + 400_000, most - 1):
            for key, given in (
                (local.new_key(), f"{limit / NANO:.9f}"),
                (local.new_key(run=limit), ""),
            ):
                charged.charges.clear()
                told = local.run("answer_with_tools", key=key, max_cost_usd=given)
                assert (told.status, told.code) == ("failed", "cost_limit")
                assert limit // 2 < check(local, key, charged, budget=limit) <= limit
                assert format_usd(limit) in json.loads(told.body)["detail"]
        for key, given in (
            (local.new_key(), f"{(least - 1) / NANO:.9f}"),
            (local.new_key(run=least - 1), ""),
        ):
            with pytest.raises(FormcallError, match="could cost") as caught:
                local.run("answer_with_tools", key=key, max_cost_usd=given)
            assert caught.value.code == "cost_limit"
            assert not entries(local.database, caught.value.extra.get("id", "x"))


def test_attempts_of_a_run_share_its_limit(open_local: OpenLocal) -> None:
    """A run that is begun again under its key may cost no more in all than it may, with what was
    estimated for the first attempt."""
    charged = FakePricing()
    with FakeUpstream([fault("stall"), charged, fault("stall")]) as upstream:
        local = open_local(upstream, deadline_seconds=1.0)
        most, least, _ = local.first_call_bound()
        for limit, again in ((2 * most, "done"), (most + least - 1, "cost_limit")):
            key, fields = (
                local.new_key(),
                {"idempotency_key": "a", "max_cost_usd": f"{limit / NANO:.9f}"},
            )
            first = local.run(key=key, **fields)
            assert first.code == "provider_timeout"
            assert local.outcome(key=key, **fields) == again
            row = run_row(local.database, first.id)
            assert row.cost_nusd == balance(local.database, key.id)[1] <= limit
            assert row.cost_nusd == most + COST * (again == "done")


def test_a_price_that_is_not_known(open_local: OpenLocal) -> None:
    """Without a price no budget can be kept, so a call with any limit is refused; without one it is
    made, and its cost is null."""
    charged = FakePricing(usage=lambda request: SMALL_USAGE)
    with FakeUpstream(Script([automatic], repeat=True), models=()) as upstream:
        local = open_local(upstream, model="local-llama", dialect="chat")
        cases: list[tuple[Json, Key]] = [
            ({"max_cost_usd": 5}, local.new_key()),
            ({}, local.new_key(day=NANO)),
            ({}, local.new_key(run=NANO)),
        ]
        for fields, key in cases:
            assert local.outcome(key=key, **fields) == "price_unknown"
        assert not upstream.requests
        told = local.run()
        assert (told.status, json.loads(told.body)["cost_usd"]) == ("done", None)
        assert run_row(local.database, told.id).cost_nusd is None
        assert_consistent(local.database)
        assert not charged.charges


@pytest.mark.parametrize("engine", ["scripted", "local"])
def test_an_engine_that_costs_nothing(open_local: OpenLocal, engine: str) -> None:
    """Where nothing is paid no budget stands in the way, not even one of nothing."""
    with FakeUpstream() as upstream:
        local = open_local(upstream, engine=engine)
        key = local.new_key(day=0, month=0, run=0)
        told = local.run(key=key, max_cost_usd=0)
        assert (told.status, json.loads(told.body)["cost_usd"]) == ("done", 0.0)
        assert balance(local.database, key.id) == (0, 0)
        assert [call.nusd for call in entries(local.database)] == [0]


# --- days and months ------------------------------------------------------------------------------


def test_a_new_day_has_a_new_budget(open_local: OpenLocal, monkeypatch: pytest.MonkeyPatch) -> None:
    """At midnight UTC a day's budget begins anew, a month's does not; a run under way at midnight
    stays with the day it began on."""
    day = ["2026-03-30"]
    for module in (admission, runner):
        monkeypatch.setattr(module, "today", lambda: day[0])
    gate, charged = threading.Event(), FakePricing()

    def slow(request: Request) -> Reply:
        if request.number == 1:
            gate.wait(30)
        return charged(request)

    with FakeUpstream(Script([slow], repeat=True)) as upstream:
        local = open_local(upstream)
        most, _, read = local.first_call_bound()
        charged.usage = lambda request: dearest(read)
        key = local.new_key(day=2 * most, month=5 * most)
        assert local.outcome(key=key) == "done"
        with ThreadPoolExecutor(1) as pool:
            over_midnight = pool.submit(local.outcome, key=key)
            while upstream.in_flight == 0:
                time.sleep(0.01)
            day[0] = "2026-03-31"
            assert [local.outcome(key=key, wait_seconds=1) for _ in range(3)] == [
                "done",
                "done",
                "budget_exceeded",
            ]
            gate.set()
            assert over_midnight.result() == "done"
        assert (
            balance(local.database, key.id, "2026-03-30")
            == balance(local.database, key.id, "2026-03-31")
            == (0, 2 * most)
        )
        day[0] = "2026-04-01"
        assert [local.outcome(key=key, wait_seconds=1) for _ in range(3)] == [
            "done",
            "done",
            "budget_exceeded",
        ]
        day[0] = "2026-03-31"
        with pytest.raises(FormcallError, match="for today"):
            local.run(key=key)
        assert balance(local.database, key.id, "2026-03") == (0, 4 * most)
        day[0] = "2026-03-29"
        assert local.outcome(key=key) == "done"
        with pytest.raises(FormcallError, match="this month"):
            local.run(key=key)
        assert_consistent(local.database)


def test_days_are_those_of_utc() -> None:
    """A day is UTC's, as the sentence about it says."""
    assert today() == time.strftime("%Y-%m-%d", time.gmtime())


# --- when the database does not answer ------------------------------------------------------------


def test_a_call_is_booked_whenever_the_database_is_back(
    tmp_path: Path, open_local: OpenLocal
) -> None:
    """While a run asks its model the database goes away for good ten seconds: its calls are booked
    and its answer is written afterwards."""
    from tests.support.ledger_asserts import disconnect

    charged, shut = (
        FakePricing(by_turn(CALCULATE, function_call("answer_with_tools", TOOL_ANSWER))),
        threading.Event(),
    )
    pair: list[LocalService] = []

    def closing(request: Request) -> Reply:
        if not shut.is_set():
            shut.set()
            disconnect(pair[0].database, is_away=True)
        return charged(request)

    with (
        database_url("postgresql") as database,
        FakeUpstream(Script([closing], repeat=True)) as upstream,
    ):
        pair.append(open_local(upstream, database))
        local = pair[0]
        key = local.new_key(day=NANO)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(local.run, "answer_with_tools", key=key, wait_seconds=60)
            assert shut.wait(30)
            time.sleep(10)
            disconnect(local.database, is_away=False)
            told = answer.result(60)
        assert (told.status, json.loads(told.body)["cost_usd"]) == ("done", 2 * COST / NANO)
        assert check(local, key, charged) == 2 * COST
        assert local.service.runner.active_count == 0


def test_what_was_paid_is_booked_also_when_the_next_call_is_not_made(
    open_local: OpenLocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the second call of a run cannot be written down in time, the run fails, and its first
    call is booked."""
    from connector.store.ledger.changes import ReserveNextCall
    from connector.store.ledger.records import StoreUnavailable

    charged = FakePricing(CALCULATE)
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream, deadline_seconds=1.0)
        write, key = local.service.ledger.write, local.new_key(day=NANO)

        def breaks(note: Any) -> Any:
            if isinstance(note, ReserveNextCall):
                raise StoreUnavailable
            return write(note)

        monkeypatch.setattr(local.service.ledger, "write", breaks)
        assert local.outcome("answer_with_tools", key=key) == "busy"
        assert len(upstream.requests) == 1
        assert check(local, key, charged) == COST


# --- numbers --------------------------------------------------------------------------------------

PRICED = [row for row in MODELS.rows.values() if row.price]


SOME = st.lists(st.sampled_from(PRICED), min_size=1, max_size=2)


@given(st.integers(0, 1_200_000), st.integers(1, 200_000), SOME, st.booleans(), st.floats(0, 1))
@trials(deadline=None)
def test_a_shorter_answer_fits_into_what_was_granted(
    read: int, written: int, rows: list[Any], twice: bool, part: float
) -> None:
    """An answer as long as a grant affords costs no more than the grant, and a full grant affords
    the full answer."""
    bound = CostBound(read, True, written, tuple(rows), twice)
    assert bound.affordable_output_tokens(bound.max_nano_usd()) == written
    granted = int(bound.max_nano_usd() * part)
    room = bound.affordable_output_tokens(granted)
    assert room == 0 or replace(bound, output_tokens=room).max_nano_usd() <= granted


@given(st.integers(0, 10**15))
def test_money_goes_out_and_in_again(amount: int) -> None:
    """An amount is the same after it was written as dollars, in an answer and in a sentence; a
    limit is never made larger."""
    assert cost_to_nano(to_usd(amount)) == amount
    assert to_nano(format_usd(amount).removeprefix("$")) == amount
    assert to_nano(f"{amount / NANO:.12f}") <= amount + 1


def test_limits_are_rounded_down() -> None:
    """A part of a nano-dollar is nothing; a number that a form sent as a float is the number it
    shows."""
    assert [to_nano(given) for given in (0.1, "0.0000000019", 1e-10, 29.99, 1_000_000, "1e-9")] == [
        100_000_000,
        1,
        0,
        29_990_000_000,
        10**15,
        1,
    ]
