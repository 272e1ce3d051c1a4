"""Revisions: feedback on a run gives a new version of its text, which names the run it was made
from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.errors import InvalidInput
from connector.json_types import Json
from tests.support.upstream import FakeUpstream, Script, Step, forced_call, refusal
from tests.support.web_app import WebApp

TEXT = "The office is closed on Friday 3 April for repairs. It opens again on Monday."
FORM: Json = {"text": TEXT, "audience": "new customers", "effort": "medium"}
FIRST, SECOND, THIRD = (
    "We close on Friday.",
    "Closed on Friday 3 April.",
    "Closed 3 April; open on Monday.",
)
Asked = Callable[..., tuple[WebApp, FakeUpstream]]


@pytest.fixture
def asked(make: Callable[..., WebApp]) -> Iterator[Asked]:
    """Makes a service on a provider that does these steps."""
    open_: list[FakeUpstream] = []

    def one(*steps: Step, **options: Any) -> tuple[WebApp, FakeUpstream]:
        open_.append(FakeUpstream(Script(list(steps), repeat=True)).start())
        return make(
            engine="openai", openai_base_url=open_[-1].base_url, openai_api_key="k", **options
        ), open_[-1]

    yield one
    for each in open_:
        each.close()


def writes(summary: str) -> Step:
    return forced_call({"summary": summary})


def answer(made: WebApp, action: str = "summarize", **form: Any) -> Json:
    response = made.post(action, json=form)
    body: Json = response.get_json()
    assert response.status_code == 200, body
    return body


def refused(
    made: WebApp, action: str = "summarize", *, headers: Json | None = None, **form: Any
) -> tuple[str, str, str]:
    """The field, the code and the sentence of what is wrong with a form."""
    response = made.post(action, json=form, headers=headers)
    body = response.get_json()
    assert response.status_code == 422, body
    [wrong] = body["errors"]
    return wrong["field"], wrong["code"], wrong["message"]


def test_version_after_version(asked: Asked) -> None:
    """Each version is made from the last one and the feedback; only these two are sent, and the
    other fields stay as they were."""
    made, upstream = asked(writes(FIRST), writes(SECOND), writes(THIRD))
    first = answer(made, **FORM)
    second = answer(made, previous_run=first["id"], feedback="Name the date.")
    third = answer(made, previous_run=second["id"], feedback="And when it opens.", audience="staff")
    assert [one["summary"] for one in (first, second, third)] == [FIRST, SECOND, THIRD]
    lineage = [(one["version"], one["previous_run"]) for one in (first, second, third)]
    assert lineage == [(1, ""), (2, first["id"]), (3, second["id"])]
    bodies = [request["body"] for request in upstream.requests]
    sent = [
        (*(item["content"] for item in body["input"][:2]), body["reasoning"]["effort"])
        for body in bodies
    ]
    for instructions, message, effort in sent:
        assert TEXT in message
        assert effort == "medium"
        assert ("staff" in instructions + message) is (instructions == sent[2][0])
    assert not any(word in "".join(sent[0][:2]) for word in ("earlier_version", "Feedback"))
    assert ("Name the date." in sent[1][0], FIRST in sent[1][1]) == (True, True)
    assert ("And when it opens." in sent[2][0], SECOND in sent[2][1], FIRST in sent[2][1]) == (
        True,
        True,
        False,
    )
    kept = made.client.get(f"/v1/runs/{third['id']}", headers=made.headers).get_json()
    assert (kept["version"], kept["previous_run"]) == (3, second["id"])


def test_a_version_is_made_again_from_its_record(asked: Asked) -> None:
    """A new version that failed is retried on the same earlier text, as is one that goes on after a
    crash."""
    made, upstream = asked(writes(FIRST), refusal("No."), writes(SECOND))
    first = answer(made, **FORM)
    failed = made.post(
        "summarize", json={"previous_run": first["id"], "feedback": "Name the date.", "tag": "news"}
    ).get_json()
    assert failed["code"] == "refused"
    runner = made.service.runner
    assert runner.retry(failed["id"]).status == "queued"
    told = runner.run_stored(runner.records.get(failed["id"]))
    assert (told.status, '"version": 2' in told.body, first["id"] in told.body) == (
        "done",
        True,
        True,
    )
    assert FIRST in upstream.requests[-1]["body"]["input"][1]["content"]


def test_how_a_run_is_carried_out_is_its_own_matter(asked: Asked) -> None:
    """A tag, a limit or an idempotency key of the first run is not the next one's; what was typed
    again is taken instead."""
    made, _ = asked(writes(FIRST), writes(SECOND))
    first = answer(made, **FORM, idempotency_key="one", tag="news", max_cost_usd=0.05)
    second = answer(made, previous_run=first["id"], feedback="Name the date.")
    assert second["id"] != first["id"]
    kept = made.client.get(f"/v1/runs/{second['id']}", headers=made.headers).get_json()
    assert kept["tag"] == ""


def test_answers_from_before(asked: Asked) -> None:
    """The cache tells versions apart by the text they come from, and a repeated idempotency key
    with other feedback is refused."""
    made, upstream = asked(writes(FIRST), writes(SECOND), writes(THIRD), writes("Other."))
    first, other = answer(made, **FORM), answer(made, **FORM)
    ask = {"feedback": "Shorter.", "cache": "1d"}
    made_once = answer(made, previous_run=first["id"], **ask)
    again, from_other = (
        answer(made, previous_run=first["id"], **ask),
        answer(made, previous_run=other["id"], **ask),
    )
    assert (again["summary"], again["version"], again["previous_run"]) == (
        made_once["summary"],
        2,
        first["id"],
    )
    assert from_other["summary"] != made_once["summary"]
    assert len(upstream.requests) == 4
    answer(made, previous_run=first["id"], feedback="Longer.", idempotency_key="k")
    clash = made.post(
        "summarize",
        json={"previous_run": other["id"], "feedback": "Longer.", "idempotency_key": "k"},
    )
    assert clash.get_json()["code"] == "idempotency_mismatch"


def test_what_is_no_run_to_go_on_from(asked: Asked) -> None:
    """Half of the two fields, a run that is not there, of somebody else, of another action, or that
    failed: each is told by its field."""
    made, _ = asked(
        writes(FIRST), refusal("No."), forced_call({"answer": "3 April.", "quotes": []})
    )
    run = answer(made, **FORM)["id"]
    failed = made.post("summarize", json=FORM).get_json()["id"]
    _, plain = made.keys.create("somebody else")
    assert refused(made, feedback="Shorter.", **FORM)[:2] == ("previous_run", "missing")
    assert refused(made, previous_run=run)[:2] == ("feedback", "missing")
    assert refused(made, previous_run=run, feedback=" ")[:2] == ("feedback", "missing")
    assert refused(made, previous_run="run_x", feedback="Shorter.")[:2] == (
        "previous_run",
        "not_found",
    )
    assert refused(made, previous_run=run, feedback="Shorter.", headers={"X-API-Key": plain})[
        :2
    ] == ("previous_run", "not_found")
    assert refused(made, "answer", previous_run=run, feedback="Shorter.")[:2] == (
        "previous_run",
        "not_found",
    )
    field, code, words = refused(made, previous_run=failed, feedback="Shorter.")
    assert (field, code) == ("previous_run", "no_answer")
    assert "its status is failed" in words


def test_texts_that_are_not_kept(asked: Asked) -> None:
    """Where the operator keeps no texts there is nothing to go on from, and the sentence says what
    to do."""
    made, _ = asked(writes(FIRST), store_text="off")
    run = answer(made, **FORM)["id"]
    field, code, words = refused(made, previous_run=run, feedback="Shorter.")
    assert (field, code) == ("previous_run", "no_answer")
    assert "Send all fields again" in words


def test_a_dry_run_has_the_whole_request(asked: Asked) -> None:
    """The price of a new version counts the earlier text, and nobody is asked."""
    made, upstream = asked(writes(FIRST))
    run = answer(made, **FORM)["id"]
    told = answer(made, previous_run=run, feedback="Name the date.", dry_run=True)
    assert FIRST in told["requests_json"]
    assert (told["version"], told["previous_run"], len(upstream.requests)) == (2, run, 1)


def test_the_embedded_engine_says_that_it_cannot(make: Callable[..., WebApp]) -> None:
    """It quotes and does not write, so it gives the text anew for the fields and warns that the
    feedback changed nothing."""
    made = make(engine="local")
    first = answer(made, **FORM)
    second = answer(made, previous_run=first["id"], feedback="More cheerful.")
    assert (second["summary"], second["version"]) == (first["summary"], 2)
    assert any("feedback changed nothing" in one for one in second["warnings"])


def test_only_where_it_can_be_used(make: Callable[..., WebApp]) -> None:
    """Actions whose answer is a text have the two fields, others and rows of batches refuse them by
    name."""
    made = make()
    for action in load_catalogue().values():
        has = {"previous_run", "feedback"} & set(action.form)
        assert has == (
            {"previous_run", "feedback"}
            if next(iter(action.returns.values())).is_streamable and not action.computed
            else set()
        ), action.id
    assert refused(made, "classify", text="a", categories="a\nb", feedback="x")[:2] == (
        "feedback",
        "unknown_field",
    )
    with pytest.raises(
        InvalidInput, match="rows of a batch"
    ):  # what prepares a row knows of no run before it
        made.service.engine.prepare(
            "summarize", {**FORM, "previous_run": "run_x", "feedback": "Shorter."}
        )
