"""Repeated requests, requests that are not waited for, dry runs and hooks' mappings: alike through
every way in, on the embedded engine and on a provider of each dialect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import flask
import pytest

from connector.json_types import Json
from tests.support.upstream import Script, forced_call
from tests.support.ways_in import ENGINES, WAYS, Case, Engine, engine_at_work

pytestmark = pytest.mark.slow

FORM = {
    "text": "I was charged twice on my invoice, please refund me.",
    "categories": "billing: invoice, charged, refund\ntechnical: errors, crashes",
}
REPLY = {"category": "billing", "confidence": 0.9, "reason": "x", "runner_up": None}
RUNS = ("JSON", "query", "form", "multipart", "hook", "MCP")  # a row of a batch is no call
BY_KEY = tuple(way for way in RUNS if way != "hook")  # whose keys are of the hook alone


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    with engine_at_work(request.param, tmp_path_factory.mktemp(request.param)) as engine:
        upstream = engine[1]
        if upstream:
            upstream.script = Script([forced_call(REPLY)], repeat=True)
        yield engine
        assert not (upstream and upstream.errors)


def count_calls(engine: Engine) -> int:
    return len(engine[1].requests) if engine[1] else 0


def send(engine: Engine, way: str, **options: Any) -> tuple[int, Json]:
    return WAYS[way](engine[0], Case("classify", FORM, options=options))


def is_replayed(app: Any, call: Any) -> tuple[Any, list[str | None]]:
    """What ``call`` returns, and the header of a replayed answer in each response of a run."""
    seen: list[str | None] = []

    def record(_: Any, response: flask.Response, **more: Any) -> None:
        if flask.request.path.startswith("/v1/actions/"):
            seen.append(response.headers.get("Idempotent-Replayed"))

    with flask.request_finished.connected_to(record, app):
        return call(), seen


@pytest.mark.parametrize("way", BY_KEY)
def test_a_repeat_is_the_same_run(engine: Engine, way: str) -> None:
    """A request with a key that was used is answered again with the answer of its run, whichever
    way the first came, and nothing more is paid."""
    key = f"repeat-{way}"
    status, first = send(engine, "JSON", idempotency_key=key)
    assert (status, first["category"]) == (200, "billing")
    before = count_calls(engine)
    (status, again), headers = is_replayed(
        engine[0].app, lambda: send(engine, way, idempotency_key=key)
    )
    assert (status, again) == (200, first)
    assert count_calls(engine) == before
    assert headers == ([] if way == "MCP" else ["true"])  # a tool call has no headers


@pytest.mark.parametrize("way", BY_KEY)
def test_eight_at_once(engine: Engine, way: str) -> None:
    """Eight equal requests with one key get eight equal answers of one paid call."""
    before = count_calls(engine)
    with ThreadPoolExecutor(8) as pool:
        key = f"eight-{way}"
        answers = list(pool.map(lambda _: send(engine, way, idempotency_key=key), range(8)))
    assert [status for status, _ in answers] == [200] * 8
    assert all(body == answers[0][1] for _, body in answers)
    assert count_calls(engine) - before == (1 if engine[1] else 0)


def test_a_message_that_is_posted_again(engine: Engine) -> None:
    """Eight equal messages at once to a hook, and a later one, are one run: by the sender's id of
    the message as by a key of the caller."""
    app, _ = engine
    made = {"name": "again", "action": "classify", "fixed": {"categories": FORM["categories"]}}
    hook = app.client.post("/v1/hooks", json=made, headers=app.headers).get_json()
    path = "/v1" + hook["url"].partition("/v1")[2]
    for header in ("svix-id", "X-GitHub-Delivery", "X-Shopify-Event-Id", "Idempotency-Key"):

        def post(_: int, header: str = header) -> Json:
            body = {"text": FORM["text"]}
            response = app.client.post(path, json=body, headers={header: f"of-{header}"})
            assert response.status_code == 200, response.text
            answer: Json = response.get_json()
            return answer

        before = count_calls(engine)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(post, range(8)))
        assert all(answer == answers[0] for answer in [*answers, post(8)])
        assert count_calls(engine) - before == (1 if engine[1] else 0)
    app.client.delete(f"/v1/hooks/{hook['id']}", headers=app.headers)


@pytest.mark.parametrize("way", RUNS)
def test_an_answer_that_is_not_waited_for_has_every_key(engine: Engine, way: str) -> None:
    """A branch on a key of the answer finds it, null or empty, with ``ok: false`` and a status."""
    _, done = send(engine, way)
    status, promised = send(engine, way, wait_seconds=0)
    assert status == (200 if way == "MCP" else 202)  # the protocol of MCP has no status
    assert (promised["ok"], promised["category"]) == (False, None)
    assert promised["status"] in {"queued", "running"}
    assert promised.keys() >= done.keys()


@pytest.mark.parametrize("way", RUNS)
def test_a_dry_run(engine: Engine, way: str) -> None:
    """The usual price and the highest are told, the highest is at most 20 times the usual, and
    nothing is called."""
    before = count_calls(engine)
    status, body = send(engine, way, dry_run=True)
    assert status == 200, body
    assert count_calls(engine) == before
    usual, most = body["expected_cost_usd"], body["max_cost_usd"]
    if engine[1]:
        assert 0 < usual <= most <= 20 * usual
    else:
        assert (usual, most) == (0, 0)


PAYLOAD = {
    "subject": "Invoice",
    "order": {"lines": [{"text": "I was charged twice, please refund me."}]},
    "fields": [{"label": "Name", "value": "Ann"}, {"label": "E-mail", "value": "ann@example.org"}],
}
MAPPINGS: dict[str, tuple[Json, Json, str]] = {
    "an entry of a list": (
        {"mapping": {"text": "order.lines[0].text"}},
        {"json": PAYLOAD},
        "I was charged twice, please refund me.",
    ),
    "several values": (
        {"templates": {"text": "{{ subject }}\n{{ order.lines[0].text }}"}},
        {"json": PAYLOAD},
        "Invoice\nI was charged twice, please refund me.",
    ),
    "a value by its label": (
        {"templates": {"text": "{{ subject }} of {{ fields[label=E-mail].value }}"}},
        {"json": PAYLOAD},
        "Invoice of ann@example.org",
    ),
    "JSON inside a field of a form": (
        {"mapping": {"text": "payload.order.lines[0].text"}},
        {"data": {"payload": json.dumps(PAYLOAD)}},
        "I was charged twice, please refund me.",
    ),
    "JSON that is called a form": (
        {"mapping": {"text": "order.lines[0].text"}},
        {"data": json.dumps(PAYLOAD), "content_type": "application/x-www-form-urlencoded"},
        "I was charged twice, please refund me.",
    ),
    "a header": (
        {"templates": {"text": "{{ subject }} for {{ header:X-Shop }}"}},
        {"json": PAYLOAD, "headers": {"X-Shop": "north"}},
        "Invoice for north",
    ),
}


@pytest.mark.parametrize(("preset", "posted", "text"), MAPPINGS.values(), ids=MAPPINGS)
def test_a_mapping(engine: Engine, preset: Json, posted: Json, text: str) -> None:
    """What a hook's mapping selects is the text that the model reads."""
    app, upstream = engine
    made = {
        "name": "mapped",
        "action": "classify",
        "fixed": {"categories": FORM["categories"], "read_text": True},
        **preset,
    }
    hook = app.client.post("/v1/hooks", json=made, headers=app.headers).get_json()
    answer = app.client.post("/v1" + hook["url"].partition("/v1")[2], **posted).get_json()
    app.client.delete(f"/v1/hooks/{hook['id']}", headers=app.headers)
    assert answer["ok"] and answer["category"] == "billing"
    assert answer["read_text"] == text
    if upstream:
        sent = json.dumps(upstream.requests[-1]["body"])
        assert json.dumps(text)[1:-1] in json.loads(json.dumps(sent))


REFUSED: dict[str, tuple[Json, str]] = {
    "a path of another tool": ({"mapping": {"text": "$.order.text"}}, "$"),
    "a placeholder as a path": ({"mapping": {"text": "{{ order.text }}"}}, "templates"),
}


@pytest.mark.parametrize(("preset", "word"), REFUSED.values(), ids=REFUSED)
def test_a_mapping_that_can_never_match(engine: Engine, preset: Json, word: str) -> None:
    """It is refused when the hook is made, with the way out."""
    app, _ = engine
    made = {"name": "never", "action": "classify", **preset}
    response = app.client.post("/v1/hooks", json=made, headers=app.headers)
    assert (response.status_code, response.get_json()["code"]) == (422, "invalid_input")
    assert word in response.get_json()["detail"]


def test_a_mapping_that_finds_nothing(engine: Engine) -> None:
    """The error names the path, what was posted instead, and nothing is called."""
    app, _ = engine
    made = {
        "name": "nothing",
        "action": "classify",
        "fixed": {"categories": FORM["categories"]},
        "mapping": {"text": "order.note"},
    }
    hook = app.client.post("/v1/hooks", json=made, headers=app.headers).get_json()
    before = count_calls(engine)
    response = app.client.post("/v1" + hook["url"].partition("/v1")[2], json=PAYLOAD)
    assert response.status_code == 422
    assert '"order.note"' in response.get_json()["detail"]
    assert "order.lines[0].text" in response.get_json()["detail"]
    address = f"/v1/hooks/{hook['id']}/deliveries"
    (refused,) = app.client.get(address, headers=app.headers).get_json()
    assert "order.lines[0].text" in json.dumps(refused)
    assert count_calls(engine) == before
    app.client.delete(f"/v1/hooks/{hook['id']}", headers=app.headers)
