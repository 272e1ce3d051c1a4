"""What a dry run says that a run costs, usually and at most; and what a budget carries at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.json_types import Json
from connector.providers.pricing.tokens import count_tokens
from connector.store.ledger.money import NANO, cost_to_nano, format_usd, to_nano
from tests.support.ledger_asserts import balance
from tests.support.model_actions import MODEL_ACTIONS
from tests.support.samples import TICKET
from tests.support.service_harness import (
    SMALL_USAGE,
    FakePricing,
    LocalService,
    OpenLocal,
    local_services,
)
from tests.support.upstream import (
    FakeUpstream,
    Reply,
    Request,
    Script,
    Usage,
    automatic,
    function_calls,
)

ACTIONS = load_catalogue()
MOST_TIMES = 20


@pytest.fixture
def open_local(tmp_path: Path) -> Iterator[OpenLocal]:
    with local_services(tmp_path) as one:
        yield one


def dry(local: LocalService, action: str, form: Json) -> Json:
    answer: Json = json.loads(
        local.service.run(local.key, action, {**form, "dry_run": "true"}).body
    )
    return answer


@pytest.mark.parametrize("retired", ["replace", "error"])
def test_the_bound_is_near_the_usual_price(open_local: OpenLocal, retired: str) -> None:
    """What an action costs at most, also with tools, is no more than 20 times what it usually
    costs, at each effort, whether or not a retired model is replaced."""
    with FakeUpstream() as upstream:
        local = open_local(upstream, retired=retired)
        for action, effort in product(MODEL_ACTIONS, ("low", "medium", "high")):
            answer = dry(local, action, {**ACTIONS[action].examples[0].input, "effort": effort})
            usual, most = answer["expected_cost_usd"], answer["max_cost_usd"]
            assert 0 < usual < answer["first_call_max_usd"] < most, action
            assert most <= MOST_TIMES * usual, action
            assert f"usually about {format_usd(to_nano(usual))}" in answer["result"]


@pytest.mark.parametrize(
    ("form", "room"),
    [
        ({}, 1_288),
        ({"multiple": True}, 1_320),
        ({"effort": "medium"}, 4_360),
        ({"effort": "high"}, 16_648),
    ],
)
def test_room_follows_from_what_is_returned(open_local: OpenLocal, form: Json, room: int) -> None:
    """The room of a call is four times the usual reasoning and the usual values of the answer."""
    with FakeUpstream() as upstream:
        answer = dry(open_local(upstream), "classify", {**TICKET, **form})
        assert answer["output_tokens"] == room
        (sent,) = answer["requests"]
        assert sent["body"]["max_output_tokens"] == room


@pytest.mark.parametrize(
    ("retired", "usual_input", "most_input", "output"),
    # nano-dollars for a token: o4-mini, and gpt-5.6-terra, where input is written to a cache
    [("error", 1_100, 1_100, 4_400), ("replace", 2_000, 2_500, 12_000)],
)
def test_exact_amounts(
    open_local: OpenLocal, retired: str, usual_input: int, most_input: int, output: int
) -> None:
    """The usual price is that of the request's tokens and a quarter of the room, at the model that
    answers; the highest is a first call, a repair that is cut off, and a longer one."""
    with FakeUpstream() as upstream:
        answer = dry(open_local(upstream, retired=retired), "classify", TICKET)
        read, room = answer["input_tokens"], answer["output_tokens"]
        usual = cost_to_nano(answer["expected_cost_usd"])
        assert usual is not None
        usual_read, rest = divmod(usual - room // 4 * output, usual_input)
        assert rest == 0
        assert 0.3 * read < usual_read < read
        first = read * most_input + room * output
        repair = (read + 2 * room + 800) * most_input
        assert cost_to_nano(answer["first_call_max_usd"]) == first
        assert cost_to_nano(answer["max_cost_usd"]) == first + 2 * repair + 3 * room * output


@pytest.mark.parametrize(
    ("form", "times"), [({"votes": "3"}, 3), ({"votes": "5"}, 5), ({"quality": "standard"}, 1)]
)
def test_votes_cost_their_multiple(open_local: OpenLocal, form: Json, times: int) -> None:
    """Each vote is a call, in the usual price as in the highest."""
    with FakeUpstream() as upstream:
        local = open_local(upstream)
        one, several = dry(local, "classify", TICKET), dry(local, "classify", {**TICKET, **form})
        for name in ("expected_cost_usd", "max_cost_usd"):
            assert several[name] == pytest.approx(times * one[name], abs=1e-12)


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"engine": "local"}, 0), ({"model": "unheard-of"}, None)],
)
def test_what_has_no_price(
    open_local: OpenLocal, options: dict[str, Any], expected: int | None
) -> None:
    """An engine of our own costs nothing; what a model without a price costs is not known."""
    with FakeUpstream() as upstream:
        answer = dry(open_local(upstream, **options), "classify", TICKET)
        assert (answer["expected_cost_usd"], answer["max_cost_usd"]) == (expected, expected)


def test_a_model_without_a_price_has_all_the_room(open_local: OpenLocal) -> None:
    """Nothing is reserved for a model without a price, so its reasoning is not cut short."""
    with FakeUpstream() as upstream:
        local = open_local(upstream, model="unheard-of")
        (sent,) = dry(local, "classify", TICKET)["requests"]
        assert 8_000 in sent["body"].values()


def test_rows_have_room_for_the_whole_text(open_local: OpenLocal) -> None:
    """Rows repeat the text, so a longer text gets more room, up to that of the effort."""
    form = {"fields": "item text\nquantity integer", "many_rows": True}
    with FakeUpstream() as upstream:
        local = open_local(upstream)
        rooms = [
            dry(local, "extract", {**form, "text": "3 boxes of envelopes\n" * lines})
            for lines in (1, 200, 20_000)
        ]
        assert [answer["output_tokens"] for answer in rooms] == [1_748, 5_244, 8_000]
        for answer in rooms:
            assert answer["max_cost_usd"] <= MOST_TIMES * answer["expected_cost_usd"]


READ_AT_MOST = {"question": "What does it say?", "tools": "search_context, calculate"}


@pytest.mark.parametrize("dialect", ["responses", "chat"])
@pytest.mark.parametrize("form", [{}, {"max_steps": 20}, {"max_steps": 1}, {"effort": "high"}])
def test_tools_cost_no_more_than_was_said(open_local: OpenLocal, dialect: str, form: Json) -> None:
    """A model that calls tools without end, and writes and reads as much as it can, costs no more
    than the dry run says, and not much less."""

    def greedy(request: Request) -> Reply:
        number = request.number
        calls = [("search_context", {"query": f"order {number} {n}"}) for n in range(4)]
        return function_calls(*calls)(request)

    def usage(request: Request) -> Usage:
        text = json.dumps(request.body.get("input") or request.body["messages"])
        return Usage(count_tokens(text) + 600, 0, request.limit)

    charged = FakePricing(greedy, usage)
    asked = {**READ_AT_MOST, **form, "context": "Order 7 is late. " * 9_000}
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream, dialect=dialect)
        most = cost_to_nano(dry(local, "answer_with_tools", asked)["max_cost_usd"])
        assert most is not None
        assert local.outcome("answer_with_tools", **asked) == "max_steps"
    assert most // 4 < charged.total <= most


def test_five_dollars_carry_fifty_calls_at_once(open_local: OpenLocal) -> None:
    """A budget of $5 carries 50 classifications that are all in progress at the same moment, and
    it would if each cost all that it can."""
    together = threading.Barrier(50)

    def meet(request: Request) -> Reply:
        together.wait(60)
        return automatic(replace(request, usage=SMALL_USAGE))

    with FakeUpstream(Script([meet], repeat=True)) as upstream:
        local = open_local(upstream)
        assert 50 * dry(local, "classify", TICKET)["max_cost_usd"] <= 5
        key = local.new_key(day=5 * NANO)
        assert local.run_many(50, key=key, wait_seconds=60) == {"done": 50}
        reserved, spent = balance(local.database, key.id)
        assert reserved == 0
        assert 0 < spent < 5 * NANO
