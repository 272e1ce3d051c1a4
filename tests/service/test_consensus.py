"""Votes and automatic quality: which calls are made, how agreement is measured, and what is
paid."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector.json_types import Json
from tests.support.upstream import FakeUpstream, Step, fault, forced_call, refusal, text
from tests.support.web_app import WebApp

FORM = {
    "text": "I was charged twice.",
    "categories": "billing: invoices\nrefunds: money back\ntechnical",
}
EXTRACT = {
    "text": "Total due: EUR 1,240.50 on 3 March 2026 for 3 boxes.",
    "fields": "total money\nissued date\nboxes integer",
}
STRONG = "gpt-5.6-terra"  # whose replacement's price is known as well, since it has none
DATA: Json = {"total": 1240.5, "total_currency": "EUR", "issued": "2026-03-03", "boxes": 3}


Asked = Callable[..., tuple[WebApp, FakeUpstream]]


@pytest.fixture
def asked(make: Callable[..., WebApp]) -> Iterator[Asked]:
    """Makes a service on a provider that does these steps."""
    open_: list[FakeUpstream] = []

    def one(*steps: Step, **options: Any) -> tuple[WebApp, FakeUpstream]:
        open_.append(FakeUpstream(list(steps)).start())
        return make(
            engine="openai", openai_base_url=open_[-1].base_url, openai_api_key="k", **options
        ), open_[-1]

    yield one
    for each in open_:
        each.close()


def says(category: str | None, confidence: float = 0.9, **more: Any) -> Step:
    return forced_call(
        {
            "category": category,
            "confidence": confidence,
            "reason": f"It is {category}.",
            "runner_up": None,
            **more,
        }
    )


def answer(made: WebApp, action: str = "classify", **form: Any) -> Json:
    response = made.post(action, json={**(FORM if action == "classify" else EXTRACT), **form})
    body: Json = response.get_json()
    assert response.status_code == 200, body
    return body


def one_answer(asked: Asked) -> Json:
    """What one call uses."""
    made, _ = asked(says("billing", 0.99))
    return answer(made)


def kept(made: WebApp, body: Json) -> Json:
    """The run as its record has it; what is booked for it is what the answer said."""
    found: Json = made.client.get(f"/v1/runs/{body['id']}", headers=made.headers).get_json()
    return found


def verdict(body: Json, name: str) -> Json | None:
    return next((one for one in body["checks"] if one["check"] == name), None)


# --- votes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "category", "confidence"),
    [
        (["billing", "billing", "billing"], "billing", 1.0),
        (["refunds", "billing", "billing"], "billing", 0.667),
        (["refunds", "billing", None], None, 0.333),
        ([None, None, "billing"], None, 0.667),
        (["billing", "refunds", "billing", "refunds", "technical"], None, 0.4),
        (["billing", "refunds", "billing", "refunds", "billing"], "billing", 0.6),
    ],
)
def test_agreement(
    asked: Asked, given: list[str | None], category: str | None, confidence: float
) -> None:
    """The category is what more than half of the calls gave, else none; the confidence is the share
    that agree, whatever they report."""
    made, up = asked(*[says(one, 0.99) for one in given])
    body = answer(made, votes=str(len(given)))
    assert (body["category"], body["confidence"], body["confidence_kind"]) == (
        category,
        confidence,
        "agreement",
    )
    assert body["matched"] == (category is not None)
    assert body["reason"] == f"It is {category}." or (category is None and None not in given)
    found = verdict(body, "agreement")
    assert found is not None
    assert found["ok"] == (len(set(given)) == 1)
    assert (found["detail"] in body["warnings"]) != found["ok"]
    bodies = [one["body"] for one in up.requests]
    assert len(bodies) == len(given)
    assert all(one == bodies[0] for one in bodies)
    assert body["input_tokens"] == len(given) * one_answer(asked)["input_tokens"]
    assert kept(made, body)["cost_usd"] == body["cost_usd"] > 0


def test_without_votes_a_confidence_is_reported(asked: Asked) -> None:
    """One call's own figure is named as what it is."""
    made, up = asked(says("billing", 0.4))
    body = answer(made, votes=1)
    assert (body["confidence"], body["confidence_kind"]) == (0.4, "reported")
    assert verdict(body, "agreement") is None
    assert len(up.requests) == 1


def test_several_categories(asked: Asked) -> None:
    """With several categories each one counts that most calls gave."""
    rest = {"confidence": 0.9, "reason": "Both.", "runner_up": None}
    lists = [["billing", "refunds"], ["billing"], ["refunds", "billing"]]
    made, _ = asked(*[forced_call({"categories": one, **rest}) for one in lists])
    body = answer(made, votes="3", multiple=True)
    assert (sorted(body["categories"]), body["confidence"]) == (["billing", "refunds"], 0.667)


def test_fields_agree_one_by_one(asked: Asked) -> None:
    """Each extracted field counts by itself: what most calls gave, else null; what was disputed is
    named."""
    made, _ = asked(
        forced_call(DATA),
        forced_call({**DATA, "total": 1204.5, "boxes": 2}),
        forced_call({**DATA, "boxes": 4}),
    )
    body = answer(made, "extract", votes="3")
    assert body["data"] == {**DATA, "boxes": None}
    assert (body["confidence"], body["confidence_kind"]) == (0.75, "agreement")
    assert body["not_found"] == ["boxes"]
    found = verdict(body, "agreement")
    assert found is not None
    assert found["detail"] == "The calls did not all give the same: total (67%), boxes (33%)."


@pytest.mark.parametrize("bad", [text("It is billing."), refusal()])
def test_vote_that_failed_agrees_with_nobody(asked: Asked, bad: Step) -> None:
    """A call without a valid answer is a vote for nothing; where most have failed, so has the
    run."""
    repaired = [bad] if bad == refusal() else [bad, bad]
    made, _ = asked(says("billing"), *repaired, says("billing"))
    body = answer(made, votes="3")
    assert (body["category"], body["confidence"]) == ("billing", 0.667)
    made, _ = asked(says("billing"), *repaired, *repaired)
    response = made.post("classify", json={**FORM, "votes": "3"})
    assert response.status_code in {422, 502}
    assert response.get_json()["cost_usd"] > 0


def test_provider_that_fails_on_the_way(asked: Asked) -> None:
    """Where no further call can be made, those that were made count, of all that were wanted."""
    made, _ = asked(says("billing"), says("billing"), fault("quota"))
    body = answer(made, votes="3")
    assert (body["category"], body["confidence"]) == ("billing", 0.667)
    assert any(one.startswith("Only 2 of 3 calls were made: ") for one in body["warnings"])


@pytest.mark.parametrize("engine", ["scripted", "local"])
def test_engines_that_always_answer_the_same(make: Callable[..., WebApp], engine: str) -> None:
    """An engine of our own is asked once and says so; its agreement with itself would mean
    nothing."""
    body = answer(
        make(engine=engine),
        votes="5",
        quality="auto",
        text="I was charged twice for my May invoice. Please refund it.",
    )
    assert body["confidence_kind"] != "agreement"
    assert any(
        "always answers the same" in one and "Votes and Quality" in one for one in body["warnings"]
    )


# --- quality --------------------------------------------------------------------------------------


def models(up: FakeUpstream) -> list[str]:
    return [one["body"]["model"] for one in up.requests]


def test_strong(asked: Asked) -> None:
    """Strong quality asks the stronger model, and only it."""
    made, up = asked(says("billing"))
    body = answer(made, quality="strong")
    assert models(up) == ["gpt-6.1-sol"] == [body["model_requested"]]
    assert not body["escalated"]


def test_auto_stays_where_it_is_sure(asked: Asked) -> None:
    """A sure and valid answer of the first model is the answer."""
    made, up = asked(says("billing", 0.9))
    body = answer(made, quality="auto")
    assert models(up) == ["o4-mini"]
    assert (body["escalated"], body["category"]) == (False, "billing")


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ([says("refunds", 0.3)], "its confidence was 0.3"),
        ([text("Billing, I think.")] * 2, "the model's answer is invalid"),
        ([refusal()], "the model refused to answer"),
        (
            [says("refunds", 0.9, reason="Invoice 99 was paid twice.")],
            "its answer failed the check of numbers",
        ),
    ],
)
def test_auto_asks_the_stronger_model(asked: Asked, first: list[Step], reason: str) -> None:
    """An answer that is unsure, not valid or not in the source is given by the stronger model; the
    warning has the first's cost."""
    made, up = asked(*first, says("billing", 0.9))
    body = answer(made, quality="auto")
    assert models(up) == ["o4-mini"] * len(first) + ["gpt-6.1-sol"]
    assert (body["escalated"], body["category"], body["confidence"]) == (True, "billing", 0.9)
    (told,) = [one for one in body["warnings"] if "was called first" in one]
    assert reason in told
    first_cost = float(told.split("$")[1].split(";")[0])
    assert 0 < first_cost < body["cost_usd"]
    assert kept(made, body)["cost_usd"] == body["cost_usd"]


def test_first_answer_stands_where_there_is_no_second(asked: Asked) -> None:
    """Where the stronger model cannot be asked, or fails, an answer that is only unsure is given as
    what it is."""
    made, up = asked(says("billing", 0.3), fault("quota"))
    body = answer(made, quality="auto")
    assert (body["category"], body["confidence"], body["model"]) == (
        "billing",
        0.3,
        "o4-mini-2025-04-16",
    )
    assert any(
        one.startswith("The first answer stands, since gpt-6.1-sol could not give another: ")
        for one in body["warnings"]
    )
    assert models(up) == ["o4-mini", "gpt-6.1-sol"]


def test_votes_and_auto(asked: Asked) -> None:
    """Calls that do not agree are unsure, too; the stronger model is then asked as often."""
    made, up = asked(says("billing"), says("refunds"), says(None), *[says("billing")] * 3)
    body = answer(made, quality="auto", votes="3")
    assert models(up) == ["o4-mini"] * 3 + ["gpt-6.1-sol"] * 3
    assert (body["category"], body["confidence"], body["escalated"]) == ("billing", 1.0, True)


def test_streamed_auto_tells_nothing_that_may_be_replaced(asked: Asked) -> None:
    """With automatic quality the first model's text is not told before it has passed."""
    wrong, right = (
        forced_call({"summary": said}) for said in ("It costs 99 euros.", "It costs 12 euros.")
    )
    made, _ = asked(wrong, right)
    response = made.post(
        "summarize", json={"text": "It costs 12 euros.", "stream": True, "quality": "auto"}
    )
    body = response.get_data(as_text=True)
    assert "99 euros" not in body
    assert json.loads(body.split("data: ")[-2])["result"] == "It costs 12 euros."


@pytest.mark.parametrize(
    "form",
    [{"votes": "3"}, {"quality": "auto"}, {"votes": "5", "quality": "auto"}, {"quality": "strong"}],
)
def test_dry_run_counts_every_call(asked: Asked, form: Json) -> None:
    """What a dry run says the run can cost at most is more than it then costs, and a cap below that
    ends it."""
    unsure = [
        says("refunds", 0.1),
        says("billing", 0.1),
        says(None, 0.1),
        says("refunds"),
        says("billing"),
    ]
    made, up = asked(*unsure * 3, model_strong=STRONG)
    most = answer(made, dry_run=True, **form)["max_cost_usd"]
    plain = answer(made, dry_run=True)["max_cost_usd"]
    assert most > plain or form == {"quality": "strong"}  # which may answer for the plain one, too
    assert not up.requests
    assert 0 < answer(made, **form)["cost_usd"] <= most


def test_cache_knows_them_apart(asked: Asked) -> None:
    """An answer to one call is not given where three were asked for."""
    made, up = asked(*[says("billing")] * 4)
    answer(made, cache="1h")
    assert answer(made, cache="1h", votes="3")["confidence_kind"] == "agreement"
    assert len(up.requests) == 4


def test_economy_asks_once(asked: Asked) -> None:
    """A batch at half the price cannot ask again and again, and says so before it begins; other
    batches can."""
    made, _ = asked(*[says("billing")] * 3, profile="openai")
    order = {
        "action": "classify",
        "rows": [{"text": "I was charged twice."}],
        "fixed": {"categories": FORM["categories"], "votes": "3"},
    }
    with made.launched():
        refused = made.client.post(
            "/v1/batches", json={**order, "economy": True}, headers=made.headers
        )
        taken = made.client.post("/v1/batches", json=order, headers=made.headers)
    assert (refused.status_code, refused.get_json()["code"]) == (400, "bad_request")
    assert "Votes" in refused.get_json()["detail"]
    assert taken.status_code == 202
