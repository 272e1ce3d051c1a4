"""The options for the time zone and the region through every way in, on the embedded engine and on
a provider of each dialect."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connector.json_types import Json
from tests.support.model_actions import MODEL_ACTIONS
from tests.support.service_harness import local_services
from tests.support.upstream import FakeUpstream, Script, forced_call
from tests.support.web_app import WebApp

TEXT = "Start: 03/04/2026 15:00\nPhone: 030 901820\nFee: $5"
FIELDS = "start datetime\nphone phone\nfee money"
OPTIONS = {"timezone": "australia/sydney", "region": "au"}
READ = {
    "start": "2026-04-03T15:00+11:00",
    "phone": "+6130901820",
    "fee": 5,
    "fee_currency": "AUD",
}


def post_json(made: WebApp, form: Json) -> Json:
    answer: Json = made.post("extract", json=form).json
    return answer


def post_form(made: WebApp, form: Json, **more: Any) -> Json:
    answer: Json = made.post("extract", data=form, **more).json
    return answer


def post_query(made: WebApp, form: Json) -> Json:
    query = "?timezone=Australia%2FSydney&region=AU"
    body = {name: value for name, value in form.items() if name not in OPTIONS}
    answer: Json = made.post("extract", query=query, json=body).json
    return answer


def post_hook(made: WebApp, form: Json) -> Json:
    preset = {
        "name": "Bookings",
        "action": "extract",
        "fixed": OPTIONS,
        "mapping": {"text": "a[0].text", "fields": "b"},
    }
    hook = made.client.post("/v1/hooks", headers=made.headers, json=preset).json
    path = hook["url"].removeprefix("http://localhost")
    body = {"a": [{"text": form["text"]}], "b": form["fields"]}
    answer: Json = made.client.post(path, json=body).json
    return answer


def call_tool(made: WebApp, form: Json) -> Json:
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "extract", "arguments": form},
    }
    headers = {**made.headers, "Accept": "application/json, text/event-stream"}
    result: Json = made.client.post("/mcp", json=call, headers=headers).json["result"]
    return {"ok": not result.get("isError"), **result["structuredContent"]}


WAYS: dict[str, Callable[[WebApp, Json], Json]] = {
    "JSON": post_json,
    "a form": post_form,
    "multipart": partial(post_form, content_type="multipart/form-data"),
    "the query": post_query,
    "a hook": post_hook,
    "MCP": call_tool,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_takes_them(make: Callable[..., WebApp], way: str) -> None:
    """The embedded engine reads the same values, whatever sends the options."""
    made = make(engine="local")
    answer = WAYS[way](made, {"text": TEXT, "fields": FIELDS, **OPTIONS})
    assert answer.get("ok"), answer
    assert json.loads(answer["data_json"]) == READ


def test_rows_of_a_batch_take_them(make: Callable[..., WebApp]) -> None:
    """They may be the same for all rows, or a column; a row without a valid one fails alone."""
    made = make(engine="local")
    with made.launched():
        body = {
            "action": "extract",
            "fixed": {"fields": FIELDS, "region": "AU"},
            "rows": [
                {"text": TEXT, "timezone": "Australia/Sydney"},
                {"text": TEXT, "timezone": "Mars/Base"},
            ],
        }
        batch = made.client.post("/v1/batches", json=body, headers=made.headers).json
        assert made.service.batches.progress(batch["id"]).batch.total == 2
        rows = made.client.get(f"/v1/batches/{batch['id']}/results.jsonl", headers=made.headers)
        failed = [row for row in map(json.loads, rows.text.splitlines()) if row["error_code"]]
        assert [(row["row"], row["error_code"]) for row in failed] == [(2, "invalid_input")]
        assert "Time zone" in failed[0]["error"]


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_a_model_is_told_and_its_times_get_the_offset(tmp_path: Path, dialect: str) -> None:
    """The request says where the text is from. A time that the model copied without an offset gets
    that of the zone; one with an offset keeps it."""
    replies = [
        {"start": "2026-07-03T15:00", "fee": 5, "fee_currency": "AUD"},
        {"start": "2026-07-03T15:00+02:00", "fee": 5, "fee_currency": "AUD"},
    ]
    script = Script([forced_call(reply) for reply in replies])
    form = {"text": "a", "fields": "start datetime\nfee money", **OPTIONS}
    with FakeUpstream(script) as upstream, local_services(tmp_path) as open_local:
        local = open_local(upstream, dialect=dialect)
        answers = [
            json.loads(local.service.run(local.key, "extract", form).body)["data"] for _ in replies
        ]
        sent = json.dumps(upstream.requests[0]["body"])
    assert [answer["start"] for answer in answers] == [
        "2026-07-03T15:00+10:00",
        "2026-07-03T15:00+02:00",
    ]
    assert "local times of Australia/Sydney" in sent and "The text is from Australia" in sent


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_every_action_that_states_values_tells_its_model(tmp_path: Path, dialect: str) -> None:
    """Summaries, answers and documents are read with the same zone and country as typed fields."""
    states = [name for name, action in MODEL_ACTIONS.items() if "timezone" in action.options]
    told = []
    with FakeUpstream() as upstream, local_services(tmp_path) as open_local:
        local = open_local(upstream, dialect=dialect)
        for action in states:
            form = {**MODEL_ACTIONS[action].examples[0].input, **OPTIONS, "dry_run": True}
            answer = json.loads(local.service.run(local.key, action, form).body)
            sent = answer["requests_json"]
            if "local times of Australia/Sydney" in sent and "The text is from Australia" in sent:
                told.append(action)
    assert told == states


def test_they_are_refused_where_nothing_is_stated(make: Callable[..., WebApp]) -> None:
    """An action that has no use for a zone names what it does not know."""
    made = make()
    answer = made.post("classify", json={"text": "a", "categories": "b, c", **OPTIONS})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json["errors"]} == {"timezone", "region"}
