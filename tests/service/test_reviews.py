"""Reviews: answers that wait for a person, and the decision on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from connector.engine.checks import Check
from connector.engine.engine import Outcome
from connector.providers.base import Usage
from connector.runs.reviews import reason_to_review
from connector.store.ids import now_ms
from connector.store.retention import Cutoffs, Retention, plan_deletions
from connector.store.run_list import RunFilter
from connector.store.tables import deliveries, ledger, runs, spending
from tests.support.databases import KINDS, database_url
from tests.support.samples import TICKET
from tests.support.service_harness import QUESTION
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]
SECOND_CHOICE = "technical"


@pytest.fixture(params=KINDS)
def app(request: pytest.FixtureRequest, make: Make) -> Iterator[WebApp]:
    """An application on a database of each kind."""
    with database_url(request.param) as url:
        made = make(database_url=url)
        yield made
        made.close()


def waiting(app: WebApp, **fields: Any) -> str:
    """The id of a run whose answer waits."""
    response = app.post(json={**TICKET, "review": "always", **fields})
    assert (response.status_code, response.get_json()["status"]) == (202, "needs_review")
    return str(response.get_json()["id"])


def get(app: WebApp, path: str, key: str = "") -> Any:
    return app.client.get(path, headers={"X-API-Key": key or app.key}).get_json()


def decide(app: WebApp, run_id: str, key: str = "", **body: Any) -> Any:
    headers = {"X-API-Key": key or app.key}
    return app.client.post(f"/v1/reviews/{run_id}", json=body, headers=headers)


def new_key(app: WebApp, *scopes: str, **more: Any) -> str:
    return app.keys.create(f"key of {scopes} {len(app.keys.list_all())}", scopes, **more)[1]


def messages(app: WebApp) -> list[tuple[str, str]]:
    """(event, status in the body) of all messages, in order."""
    query = select(deliveries.c.event, deliveries.c.body).order_by(deliveries.c.id)
    with app.service.database.connect() as connection:
        return [
            (row.event, json.loads(row.body).get("status", "")) for row in connection.execute(query)
        ]


# --- which answers wait ---------------------------------------------------------------------------


def outcome(*, result: str = "a", confidence: float | None = None, ok: bool = True) -> Outcome:
    return Outcome(
        id="run_1",
        action="classify",
        status="done",
        engine="local",
        provider="",
        model="",
        model_requested="",
        effort="",
        usage=Usage(),
        cost_usd=0.0,
        duration_ms=1,
        result=result,
        values={"confidence": confidence},
        checks=(Check("quotes", ok, ""),),
    )


@pytest.mark.parametrize(
    ("policy", "answer", "waits"),
    [
        ("never", outcome(ok=False), False),
        ("", outcome(ok=False), False),
        ("always", outcome(), True),
        ("checks", outcome(), False),
        ("checks", outcome(ok=False), True),
        ("checks", outcome(confidence=0.1), False),
        ("unsure", outcome(), False),
        ("unsure", outcome(confidence=0.8), False),
        ("unsure", outcome(confidence=0.79), True),
        ("unsure", outcome(result=""), True),
        ("unsure", outcome(ok=False), False),
    ],
)
def test_which_answers_wait(policy: str, answer: Outcome, waits: bool) -> None:
    """Each policy names a reason for exactly the answers that it holds back."""
    assert bool(reason_to_review(policy, answer)) is waits


def test_a_key_has_a_default_that_a_form_overrides(app: WebApp) -> None:
    """Without the option the policy of the key holds; the option decides otherwise."""
    key = new_key(app, "actions", review="always")
    headers = {"X-API-Key": key}
    assert app.post(json=TICKET, headers=headers).status_code == 202
    assert app.post(json={**TICKET, "review": ""}, headers=headers).status_code == 202
    assert app.post(json={**TICKET, "review": "never"}, headers=headers).status_code == 200
    assert app.post(json=TICKET).status_code == 200


def test_an_answer_that_waits_is_not_shown(app: WebApp) -> None:
    """Its caller gets every key of the answer, empty, with the addresses for a decision; also when
    the run is read, listed, or requested again under its idempotency key."""
    form = {**TICKET, "review": "always", "idempotency_key": "once"}
    first = app.post(json=form)
    body = first.get_json()
    assert (body["ok"], body["status"], body["category"], body["result"]) == (
        False,
        "needs_review",
        None,
        "",
    )
    assert body["approve_url"].endswith(f"/v1/runs/{body['id']}/approve")
    assert app.post(json=form).get_json() == body
    for view in (get(app, f"/v1/runs/{body['id']}"), get(app, "/v1/runs?status=needs_review")[0]):
        assert (view["status"], view["category"], view["result"]) == ("needs_review", None, "")


def test_a_run_that_waits_holds_no_money(app: WebApp) -> None:
    """Its calls are booked once, and nothing is reserved, before and after the decision."""
    run_id = waiting(app)

    def money() -> tuple[Any, ...]:
        with app.service.database.connect() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id)).one()
            calls = connection.execute(select(ledger).where(ledger.c.run_id == run_id)).all()
            reserved = connection.execute(select(spending.c.reserved_nusd)).scalars().all()
        return row.reserved_nusd, row.cost_nusd, calls, sum(reserved)

    before = money()
    assert (before[0], before[3], len(before[2])) == (0, 0, 1)
    decide(app, run_id, decision="accept")
    assert money() == before


def test_what_cannot_wait_is_refused(make: Make) -> None:
    """A stream, a row of a batch and an unknown policy are refused before anything is run."""
    app = make()
    streamed = {"text": "One. Two.", "review": "always", "stream": True}
    refused = app.post("summarize", json=streamed).get_json()
    assert refused["errors"][0]["field"] == "stream"
    assert app.post(json={**TICKET, "review": "odd"}).get_json()["errors"][0]["field"] == "review"
    key = new_key(app, "actions", review="checks")
    batch = {"action": "classify", "rows": [TICKET]}
    with app.launched():
        answer = app.client.post(
            "/v1/batches", json={**batch, "fixed": {"review": "always"}}, headers=app.headers
        )
        assert answer.get_json()["errors"][0]["field"] == "review"
        answer = app.client.post("/v1/batches", json=batch, headers={"X-API-Key": key})
        assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")


def test_an_answer_that_waits_is_not_cached(make: Make) -> None:
    """The next caller of the same request gets no answer that nobody has reviewed."""
    app = make()
    waiting(app, cache="1d")
    assert app.post(json={**TICKET, "cache": "1d"}).get_json()["warnings"] == []
    waiting(app, cache="1d")


# --- the decision ---------------------------------------------------------------------------------


def test_an_accepted_answer_goes_on_as_any_other(app: WebApp) -> None:
    """The run is done with the answer as it was, its messages are sent, and its record and the
    review say who decided."""
    run_id = waiting(app, callback_url="https://1.1.1.1/x", tag="t")
    shown = get(app, f"/v1/reviews/{run_id}")
    assert (shown["kind"], shown["form"]["text"], shown["tag"]) == ("answer", TICKET["text"], "t")
    assert shown["answer"]["category"] == shown["result"] != ""
    assert shown["waits_until"] > shown["waits_since"]
    decided = decide(app, run_id, decision="accept", note="Looks right.").get_json()
    assert (decided["status"], decided["decision"], decided["note"]) == (
        "done",
        "accept",
        "Looks right.",
    )
    assert decided["decided_by"] == app.keys.list_all()[0].name
    run = get(app, f"/v1/runs/{run_id}")
    assert (run["ok"], run["category"]) == (True, shown["answer"]["category"])
    assert "A person accepted this answer." in run["warnings"]
    assert messages(app) == [("run.needs_review", "needs_review"), ("run.completed", "done")]


def test_a_corrected_answer_is_whole(app: WebApp) -> None:
    """Corrected values take the place of the model's, with everything that follows from them; the
    model's confidence, which was about another value, is gone. The first answer is kept."""
    run_id = waiting(app)
    first = get(app, f"/v1/reviews/{run_id}")["answer"]["category"]
    other = next(name for name in ("billing", SECOND_CHOICE) if name != first)
    decide(app, run_id, decision="correct", values={"category": other})
    run = get(app, f"/v1/runs/{run_id}")
    assert (run["status"], run["category"], run["result"]) == ("done", other, other)
    assert (run["confidence"], run["confidence_kind"]) == (None, "none")
    review = get(app, "/v1/reviews?state=decided")[0]
    assert (review["answer"]["category"], review["values"]) == (first, {"category": other})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "decision"),
        ({"decision": "maybe"}, "decision"),
        ({"decision": "correct"}, "values"),
        ({"decision": "correct", "values": "{"}, "values"),
        ({"decision": "correct", "values": ["category"]}, "values"),
        ({"decision": "correct", "values": {"category": "none of these"}}, "category"),
        ({"decision": "correct", "values": {"categry": "billing"}}, "categry"),
        ({"decision": "correct", "values": {"confidence_kind": "sure"}}, "confidence_kind"),
        ({"decision": "accept", "values": {"category": "billing"}}, "values"),
        ({"decision": "accept", "note": "n" * 2_001}, "note"),
        ({"decision": "accept", "noot": "x"}, "noot"),
        ({"decision": "accept", "wait_seconds": 101}, "wait_seconds"),
    ],
)
def test_an_invalid_decision_changes_nothing(make: Make, body: Any, field: str) -> None:
    """What is wrong is named, and the run still waits."""
    app = make()
    run_id = waiting(app)
    problem = decide(app, run_id, **body).get_json()
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_input", field)
    assert get(app, f"/v1/runs/{run_id}")["status"] == "needs_review"


def test_corrected_values_as_forms_send_them(make: Make) -> None:
    """Values may be JSON text, in a form-encoded body, with numbers as text and "" for null."""
    app = make()
    form = {**app.service.catalogue["extract"].examples[0].input, "review": "always"}
    run_id = app.post("extract", json=form).get_json()["id"]
    name = next(iter(get(app, f"/v1/reviews/{run_id}")["answer"]["data"]))
    data = {"decision": "correct", "values": json.dumps({"data": {name: None}}), "note": ""}
    response = app.client.post(f"/v1/reviews/{run_id}", data=data, headers=app.headers)
    assert response.status_code == 200, response.get_json()
    run = get(app, f"/v1/runs/{run_id}")
    assert run["data"][name] is None
    assert json.loads(run["data_json"]) == run["data"]
    assert dict(zip(run["names"], run["values"], strict=True)) == run["data"]
    assert name in run["not_found"]
    other = waiting(app)
    assert decide(app, other, decision="correct", values={"category": ""}).status_code == 200
    assert get(app, f"/v1/runs/{other}")["category"] is None


def test_a_refused_answer_is_an_error_with_the_note(app: WebApp) -> None:
    """The run has failed with review_refused; a repeat of the request gets the same, and a retry
    starts again."""
    form = {**TICKET, "review": "always", "idempotency_key": "once"}
    run_id = app.post(json=form).get_json()["id"]
    decided = decide(app, run_id, decision="refuse", note="Not ours.").get_json()
    assert (decided["status"], decided["decision"]) == ("failed", "refuse")
    again = app.post(json=form)
    assert (again.status_code, again.get_json()["code"]) == (409, "review_refused")
    assert "Not ours." in again.get_json()["detail"]
    assert get(app, f"/v1/runs/{run_id}")["category"] is None
    retry = app.client.post(f"/v1/runs/{run_id}/retry", headers=app.headers)
    assert retry.status_code == 202


def test_a_callback_that_is_registered_while_it_waits(app: WebApp) -> None:
    """A repeat of the request that adds a callback URL is notified of the decision only."""
    form = {**TICKET, "review": "always", "idempotency_key": "once"}
    run_id = app.post(json=form).get_json()["id"]
    again = app.post(json={**form, "callback_url": "https://1.1.1.1/x"})
    assert (again.status_code, again.get_json()["id"]) == (202, run_id)
    assert messages(app) == []
    decide(app, run_id, decision="accept")
    assert messages(app) == [("run.completed", "done")]
    app.post(json={**form, "callback_url": "https://1.1.1.1/y"})  # the run has ended
    assert messages(app) == [("run.completed", "done")] * 2


def test_only_one_decision_counts(app: WebApp) -> None:
    """A second decision is refused, whatever the first one was, also on another address."""
    run_id = waiting(app)
    assert decide(app, run_id, decision="refuse").status_code == 200
    for kind in ("accept", "refuse"):
        assert decide(app, run_id, decision=kind).get_json()["code"] == "conflict"
    approve = app.client.post(f"/v1/runs/{run_id}/approve", json={}, headers=app.headers)
    assert approve.get_json()["code"] == "conflict"
    stale = app.service.records.get(run_id)._replace(status="needs_review")
    with pytest.raises(Exception, match="already decided"):
        app.service.decide(stale, _accept())


def _accept() -> Any:
    from connector.runs.reviews import ReviewDecision

    return ReviewDecision("accept", "test")


@pytest.mark.parametrize(("end", "status"), [("approve", "done"), ("refuse", "failed")])
def test_the_addresses_for_tool_calls_decide_too(make: Make, end: str, status: str) -> None:
    """A step that approves or refuses tool calls accepts or refuses an answer as well."""
    app = make()
    run_id = waiting(app)
    url = f"/v1/runs/{run_id}/{end}"
    assert app.client.post(url, json={"calls": "1"}, headers=app.headers).status_code == 422
    response = app.client.post(url, json={"note": "x"}, headers=app.headers)
    assert (response.status_code, response.get_json()["status"]) == (200, status)


def test_a_run_that_waits_can_be_cancelled(app: WebApp) -> None:
    """It is cancelled, leaves the queue, and no decision is taken any longer."""
    run_id = waiting(app)
    app.client.post(f"/v1/runs/{run_id}/cancel", headers=app.headers)
    assert get(app, "/v1/reviews") == []
    assert decide(app, run_id, decision="accept").get_json()["code"] == "conflict"


# --- the time limit -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "status", "code"), [("refuse", "failed", "review_expired"), ("accept", "done", "")]
)
def test_what_happens_when_nobody_decides(make: Make, setting: str, status: str, code: str) -> None:
    """After its time limit a run ends as the operator has set, with a message as of any end."""
    app = make(review_hours=1.0, review_expired=setting)
    run_id = waiting(app, callback_url="https://1.1.1.1/x")
    assert app.service.reviews.expire_due() == 0
    with app.service.database.begin() as connection:
        connection.execute(runs.update().values(review_until_ms=1))
    assert app.service.reviews.expire_due() == 1
    run = get(app, f"/v1/runs/{run_id}")
    assert (run["status"], run["code"]) == (status, code)
    assert messages(app)[-1][0] == ("run.completed" if status == "done" else "run.failed")
    assert app.service.reviews.expire_due() == 0


def test_texts_are_kept_as_long_as_they_are_needed(make: Make) -> None:
    """Without stored texts the form and the answer stay until the decision, and then only the
    answer, for its caller to fetch."""
    app = make(store_text="off")
    run_id = waiting(app)
    assert get(app, f"/v1/reviews/{run_id}")["form"] == {**TICKET, "review": "always"}
    cancelled = waiting(app)
    app.client.post(f"/v1/runs/{cancelled}/cancel", headers=app.headers)
    later = now_ms() + 1_000
    deletions = plan_deletions(Cutoffs(records_ms=later, texts_ms=later))
    Retention(app.service.database).run(deletions)
    assert app.service.records.find(cancelled) is None
    decide(app, run_id, decision="correct", values={"category": SECOND_CHOICE})
    row = app.service.records.get(run_id)
    assert (row.form, row.proposed) == (None, None)
    assert get(app, f"/v1/runs/{run_id}")["category"] == SECOND_CHOICE


# --- who sees and decides -------------------------------------------------------------------------


def test_who_may_decide(app: WebApp) -> None:
    """A key sees and decides its own runs; `review` those of all keys, `review:KEY` those of one;
    such a key neither runs nor reads anything else."""
    owner = app.keys.list_all()[0]
    run_id = waiting(app)
    stranger = new_key(app, "actions")
    reviewer = new_key(app, "review")
    of_owner = new_key(app, f"review:{owner.id}")
    of_other = new_key(app, f"review:{owner.id[:-1]}{'0' if owner.id[-1] != '0' else '1'}")
    toolman = new_key(app, "tools")
    for key in (stranger, of_other):
        assert get(app, "/v1/reviews", key) == []
        assert get(app, f"/v1/reviews/{run_id}", key)["code"] == "not_found"
        assert decide(app, run_id, key, decision="accept").get_json()["code"] == "not_found"
    assert get(app, "/v1/reviews", toolman)["code"] == "forbidden"
    for key in (app.key, reviewer, of_owner, new_key(app, "admin")):
        assert [one["id"] for one in get(app, "/v1/reviews", key)] == [run_id]
        assert get(app, f"/v1/reviews/{run_id}", key)["id"] == run_id
    for path in ("/v1/runs", f"/v1/runs/{run_id}", "/v1/usage", "/v1/actions"):
        assert get(app, path, reviewer)["code"] == "forbidden", path
    assert app.post(json=TICKET, headers={"X-API-Key": reviewer}).status_code == 403
    assert decide(app, run_id, of_owner, decision="accept").status_code == 200
    other = app.post(json=TICKET).get_json()["id"]
    assert get(app, f"/v1/reviews/{other}", reviewer)["code"] == "not_found"


def test_the_queue_is_paged_and_filtered(app: WebApp) -> None:
    """The oldest waits first; a page continues above the last run; actions can be chosen."""
    found = [waiting(app) for _ in range(3)]
    form = {"text": "One. Two. Three.", "review": "always"}
    summary = app.post("summarize", json=form).get_json()["id"]
    assert [one["id"] for one in get(app, "/v1/reviews")] == [*found, summary]
    assert [one["id"] for one in get(app, "/v1/reviews?action=summarize")] == [summary]
    page = app.client.get("/v1/reviews?limit=2", headers=app.headers)
    assert [one["id"] for one in page.get_json()] == found[:2]
    assert f"cursor={found[1]}" in page.headers["Link"]
    rest = get(app, f"/v1/reviews?limit=2&cursor={found[1]}")
    assert [one["id"] for one in rest] == [found[2], summary]
    for run_id in found:
        decide(app, run_id, decision="accept")
    decided = [one["id"] for one in get(app, "/v1/reviews?state=decided")]
    assert decided == list(reversed(found))
    filters = RunFilter(app.keys.list_all()[0].id, status="needs_review")
    assert [row.id for row in app.service.run_list.page(filters, limit=9)] == [summary]


def test_tool_calls_are_in_the_same_queue(make: Make) -> None:
    """A question without pending calls waits with its answer like any other; what is no answer
    cannot be corrected."""
    app = make()
    run_id = app.post("answer_with_tools", json={**QUESTION, "review": "always"}).get_json()["id"]
    shown = get(app, f"/v1/reviews/{run_id}")
    assert (shown["kind"], bool(shown["result"])) == ("answer", True)
    corrected = decide(app, run_id, decision="correct", values={"answer": "13"})
    assert corrected.status_code == 200, corrected.get_json()
    assert get(app, f"/v1/runs/{run_id}")["answer"] == "13"
