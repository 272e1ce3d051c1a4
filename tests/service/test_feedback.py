"""Feedback: a person says whether an answer was right, and what would have been."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector.store.tables import runs
from tests.support.databases import KINDS, database_url
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]


@pytest.fixture(params=KINDS)
def app(request: pytest.FixtureRequest, make: Make) -> Iterator[WebApp]:
    """An application on a database of each kind."""
    with database_url(request.param) as url:
        made = make(database_url=url)
        yield made
        made.close()


def give(app: WebApp, run_id: str, key: str = "", **body: Any) -> Any:
    headers = {"X-API-Key": key or app.key}
    return app.client.post(f"/v1/runs/{run_id}/feedback", json=body, headers=headers)


def stored(app: WebApp, run_id: str) -> Any:
    url = f"/v1/runs/{run_id}?include=feedback"
    return app.client.get(url, headers=app.headers).get_json()["feedback"]


def test_feedback_is_kept_with_the_run(app: WebApp) -> None:
    """It is stored with who gave it and when, the newest counts, and the answer stays as it was."""
    answer = app.post(json=TICKET).get_json()
    assert stored(app, answer["id"]) == {
        "verdict": "",
        "values": {},
        "note": "",
        "by": "",
        "at": None,
    }
    assert give(app, answer["id"], verdict="right").get_json()["feedback"]["verdict"] == "right"
    body: Any = {"verdict": "wrong", "values": {"category": "technical"}, "note": "It crashed."}
    given = give(app, answer["id"], **body).get_json()
    assert given["feedback"] == stored(app, answer["id"])
    assert {name: given["feedback"][name] for name in body} == body
    assert given["feedback"]["by"] == app.keys.list_all()[0].name
    assert given["feedback"]["at"]
    run = app.client.get(f"/v1/runs/{answer['id']}", headers=app.headers).get_json()
    assert (run["category"], run["cost_usd"]) == (answer["category"], answer["cost_usd"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verdict"),
        ({"verdict": "good"}, "verdict"),
        ({"verdict": "wrong", "values": {"category": "odd"}}, "category"),
        ({"verdict": "wrong", "values": {"other": 1}}, "other"),
        ({"verdict": "wrong", "values": "[1]"}, "values"),
        ({"verdict": "right", "values": {"category": "billing"}}, "values"),
        ({"verdict": "wrong", "note": "n" * 2_001}, "note"),
        ({"verdict": "wrong", "why": "x"}, "why"),
    ],
)
def test_invalid_feedback_is_named(make: Make, body: Any, field: str) -> None:
    """What is wrong is named, and nothing is stored."""
    app = make()
    run_id = app.post(json=TICKET).get_json()["id"]
    problem = give(app, run_id, **body).get_json()
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_input", field)
    assert stored(app, run_id)["verdict"] == ""


def test_only_an_answer_of_the_own_key_is_judged(app: WebApp) -> None:
    """A run without an answer is a conflict, and one of another key is not found."""
    run_id = app.post(json=TICKET).get_json()["id"]
    stranger = app.keys.create("stranger")[1]
    assert give(app, run_id, stranger, verdict="right").status_code == 404
    with app.service.database.begin() as connection:
        connection.execute(runs.update().values(status="failed", code="timeout"))
    assert give(app, run_id, verdict="right").get_json()["code"] == "conflict"


def test_feedback_without_stored_texts(make: Make) -> None:
    """A verdict needs no text; values cannot be checked without the form and are refused."""
    app = make(store_text="off")
    run_id = app.post(json=TICKET).get_json()["id"]
    assert give(app, run_id, verdict="right").status_code == 200
    refused = give(app, run_id, verdict="wrong", values={"category": "technical"})
    assert refused.get_json()["code"] == "conflict"
