"""Streaming: a text is sent while it is written, everything else after the whole answer was
checked; a disconnect ends the call."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.catalogue import load_catalogue
from connector.catalogue.values import clean
from connector.engine.streaming import JsonFieldStream
from connector.errors import KINDS
from connector.json_types import Json
from connector.providers.hosted import client as provider_module
from connector.web import streams
from tests.support.running_service import RunningService, serving
from tests.support.upstream import (
    FakeUpstream,
    Reply,
    Request,
    Script,
    Step,
    fault,
    flowing,
    function_call,
    function_calls,
    incomplete,
    json_reply,
    refusal,
    text,
)
from tests.support.upstream.streams import event
from tests.support.upstream.streams import streamed as as_stream
from tests.support.web_app import WebApp

SUMMARY = (
    "The “timber” for order 7731 is late — 300 m³ of it.\nIt is now expected on 19 March; "
    "the deposit of €400 comes back. 😀"
)
FORM = {"text": "The timber for your order 7731 was due on Monday.", "stream": True}
GOOD = function_call("summarize", {"summary": SUMMARY})
DIALECTS = ("responses", "chat")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "_FIRST_WAIT", 0.002)


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


def events(body: str) -> list[Json]:
    """The objects of a stream's events; it must end as one does."""
    lines = [line for line in body.split("\n\n") if line and not line.startswith(":")]
    assert all(line.startswith("data: ") and "\n" not in line for line in lines)
    assert lines[-1] == "data: [DONE]"
    found = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert all(isinstance(one["delta"], str) for one in found)
    assert all(set(one) == {"delta"} for one in found[:-1])
    return found


def streamed(made: WebApp, **form: Any) -> list[Json]:
    response = made.post("summarize", json={**FORM, **form})
    assert (response.status_code, response.mimetype) == (200, "text/event-stream"), (
        response.get_data(as_text=True)
    )
    return events(response.get_data(as_text=True))


def heard(found: list[Json]) -> str:
    return "".join(one["delta"] for one in found)


def kept(made: WebApp, run_id: str) -> Json:
    body: Json = made.client.get(
        f"/v1/runs/{run_id}?wait_seconds=5", headers=made.headers
    ).get_json()
    return body


# --- reading a text out of arguments that come bit by bit -----------------------------------------

TEXTS = st.text(max_size=40) | st.text(
    alphabet=' \n\t"\\/{}[]:,u0041é😀\ud83d\ude00\x00', max_size=40
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    before=st.dictionaries(TEXTS, VALUES, max_size=3),
    wanted=TEXTS,
    after=st.dictionaries(TEXTS, VALUES, max_size=2),
    manner=st.fixed_dictionaries(
        {"ensure_ascii": st.booleans(), "indent": st.sampled_from([None, 2])}
    ),
    cuts=st.lists(st.integers(0, 300), max_size=12),
)
def test_tap(before: Json, wanted: str, after: Json, manner: Json, cuts: list[int]) -> None:
    """However the JSON is written and cut into pieces, what is told is the text itself, and at each
    moment a beginning of it."""
    written = json.dumps({**before, "summary": wanted, **after}, **manner)
    places = [0, *sorted(min(cut, len(written)) for cut in cuts), len(written)]
    tap, told = JsonFieldStream("summary"), ""
    whole = clean(json.loads(written)["summary"]).strip()
    for start, end in pairwise(places):
        told += tap.feed(written[start:end])
        assert whole.startswith(told)
    assert told == whole


@pytest.mark.parametrize(
    "written",
    [
        "",
        "null",
        "[]",
        '["summary"]',
        '{"summary": null}',
        '{"summary": ["a"]}',
        '{"x": {"summary": "a"}}',
    ],
)
def test_tap_of_nothing(written: str) -> None:
    """What is no text under that very key tells nothing."""
    assert JsonFieldStream("summary").feed(written) == ""


# --- a text that flows ----------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_text_without_function_calls(asked: Asked, dialect: str) -> None:
    """A model that writes JSON by a schema, since it makes no function calls, is streamed too; its
    prose before is not."""
    written = text(json.dumps({"summary": SUMMARY}))
    prose = text("The timber is late.")
    made, up = asked(flowing(prose, size=3), flowing(written, size=3), dialect=dialect)
    found = streamed(made)
    assert len(found) > 20
    assert heard(found) == SUMMARY == found[-1]["summary"]
    assert len(up.requests) == 2


@pytest.mark.parametrize("dialect", DIALECTS)
def test_fenced_json_comes_at_once(asked: Asked, dialect: str) -> None:
    """JSON that begins with something else comes whole, after it was checked."""
    written = text("```json\n" + json.dumps({"summary": SUMMARY}) + "\n```")
    made, _ = asked(text("No."), flowing(written, size=3), dialect=dialect)
    found = streamed(made)
    assert heard(found) == SUMMARY == found[-1]["summary"]
    assert len(found) <= 2


@pytest.mark.parametrize("dialect", DIALECTS)
def test_text_comes_in_pieces(asked: Asked, dialect: str) -> None:
    """The deltas are the answer's text, piece by piece; the last event is the same answer as
    without a stream, with its bill."""
    made, up = asked(flowing(GOOD, size=3), GOOD, dialect=dialect)
    found = streamed(made)
    assert len(found) > 20
    last = found[-1]
    assert heard(found) == SUMMARY == last["result"] == last["summary"]
    assert (last["ok"], last["status"], last["delta"]) == (True, "done", "")
    assert last["output_tokens"] > 0 and last["cost_usd"] > 0
    plain = made.post("summarize", json={**FORM, "stream": False}).get_json()
    assert list(last) == ["delta", *plain]
    assert {name: last[name] for name in ("output_tokens", "model", "warnings")} == {
        name: plain[name] for name in ("output_tokens", "model", "warnings")
    }
    body, other = (one["body"] for one in up.requests)
    extra = {"stream", "stream_options"} if dialect == "chat" else {"stream"}
    assert set(body) - set(other) == extra
    assert {key: value for key, value in body.items() if key not in extra} == other
    told = kept(made, last["id"])
    assert (told["status"], told["result"], told["cost_usd"]) == ("done", SUMMARY, last["cost_usd"])
    assert not up.errors


def test_structured_answer_is_never_sent_half(asked: Asked) -> None:
    """A list comes whole, in one delta, after it was checked."""
    made, _ = asked(
        flowing(function_call("summarize", {"bullets": ["One thing.", "Another."]}), size=2)
    )
    text_, last = streamed(made, format="bullets")
    assert text_["delta"] == last["result"] == "One thing.\nAnother."


def test_only_actions_with_a_text_have_the_option(asked: Asked) -> None:
    """An action whose answer is no text has no such field, and says so by name."""
    made, up = asked()
    response = made.post("classify", json={"text": "x", "categories": "a\nb", "stream": True})
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["field"] == "stream"
    assert not up.requests
    flows = {action.id for action in load_catalogue().values() if "stream" in action.options}
    assert {"summarize", "answer_with_tools"} <= flows
    assert not {"classify", "extract"} & flows


@pytest.mark.parametrize("engine", ["scripted", "local"])
def test_engines_of_our_own(make: Callable[..., WebApp], engine: str) -> None:
    """An engine that does not write bit by bit tells its text at once."""
    found = streamed(
        make(engine=engine), text=load_catalogue()["summarize"].examples[0].input["text"]
    )
    assert len(found) == 2
    assert found[0]["delta"] == found[1]["result"] != ""


def test_answer_after_tools(asked: Asked) -> None:
    """With tools the rounds before the answer are silent, and the answer flows."""
    final = {"answer": "It is 186.075.", "value": "186.075", "found": True, "quotes": []}
    sum_ = function_call("calculate", {"expression": "0.15 * 1240.50"})
    made, up = asked(sum_, flowing(function_call("answer_with_tools", final), size=2))
    form = {
        "question": "What is 15% of 1240.50?",
        "tools": "calculate",
        "require_tool": True,
        "stream": True,
    }
    found = events(made.post("answer_with_tools", json=form).get_data(as_text=True))
    assert len(found) > 5
    assert heard(found) == "It is 186.075." == found[-1]["result"]
    assert found[-1]["tools_used"] == ["calculate"]
    assert [one["body"]["stream"] for one in up.requests] == [True, True]


def test_answer_that_lacks_its_tool_is_not_told(asked: Asked) -> None:
    """Where a tool is required, an answer without one is not shown, not even its beginning."""
    final = {"answer": "It is 180.", "value": "180", "found": True, "quotes": []}
    made, _ = asked(*[flowing(function_call("answer_with_tools", final))] * 2)
    form = {
        "question": "What is 15% of 1240.50?",
        "tools": "calculate",
        "require_tool": True,
        "stream": True,
    }
    response = made.post("answer_with_tools", json=form)
    assert (response.status_code, response.get_json()["code"]) == (422, "tool_required")


# --- what goes wrong ------------------------------------------------------------------------------


MIDDLE = 12  # events after which some words of the answer were sent
ERROR = {
    "message": "The server had an error.",
    "type": "server_error",
    "code": "server_error",
    "param": None,
}


def halfway(*parts: bytes) -> Step:
    """The right answer up to some words of it, then these events, then the stream's end."""

    def step(request: Request) -> Reply:
        whole = as_stream(GOOD(request), request)
        return replace(
            whole, flow=replace(whole.flow, events=(*whole.flow.events[:MIDDLE], *parts))
        )

    return step


def written(more: str) -> Step:
    """A call whose arguments have the text first and then ``more``."""
    return flowing(function_call("summarize", json.dumps({"summary": SUMMARY})[:-1] + more))


BROKEN: dict[str, tuple[Step, str]] = {
    "the connection breaks": (flowing(GOOD, stops=MIDDLE), "provider_unavailable"),
    "the stream ends in the middle": (halfway(), "provider_unavailable"),
    "the stream is done in the middle": (halfway(b"data: [DONE]\n\n"), "provider_unavailable"),
    "an event is no JSON": (halfway(b"data: {broken\n\n"), "provider_bad_reply"),
    "an error comes": (
        halfway(event({"type": "error", "error": ERROR}, name="error")),
        "provider_unavailable",
    ),
    "the answer is cut off": (replace(GOOD, incomplete="max_output_tokens"), "output_truncated"),
    "the filter stops it": (replace(GOOD, incomplete="content_filter"), "refused"),
    "a refusal comes with it": (replace(GOOD, refusal="No."), "refused"),
    "a second call": (
        function_calls(("summarize", {"summary": SUMMARY}), ("summarize", {"summary": "Other."})),
        "invalid_output",
    ),
    "a key too many": (written(', "mood": "good"}'), "invalid_output"),
    "the text twice": (written(', "summary": "Other."}'), "invalid_output"),
    "arguments that break off": (written(', "mood'), "invalid_output"),
    "silence": (flowing(GOOD, stalls=MIDDLE), "provider_timeout"),
}
UNSEEN = {"provider_unavailable", "provider_bad_reply", "provider_timeout"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", BROKEN)
def test_answer_that_goes_wrong_on_the_way(asked: Asked, name: str, dialect: str) -> None:
    """What was told cannot be taken back: the stream ends with the problem, nobody is asked again,
    and the run has failed.

    A call whose end was not seen counts as billed.
    """
    step, code = BROKEN[name]
    made, up = asked(
        step,
        GOOD,
        dialect=dialect,
        deadline_seconds=1.0 if name == "silence" else 60.0,
        retry_after_timeout=True,
    )
    found = streamed(made)
    last = found[-1]
    assert heard(found) and SUMMARY.startswith(heard(found))
    assert (last["code"], last["status"], last["run_status"]) == (
        code,
        KINDS[code].status,
        "failed",
    )
    assert not {"ok", "result", "summary"} & set(last)
    assert len(up.requests) == 1
    told = kept(made, last["id"])
    assert (told["ok"], told["status"], told["code"]) == (False, "failed", code)
    assert told["cost_usd"] == last["cost_usd"] > 0
    assert bool(told["estimated_usd"]) == (code in UNSEEN)
    assert told["reserved_usd"] == 0


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (text("I would say it is late."), "invalid_output"),
        (text(json.dumps({"summary": SUMMARY}) + " I hope this helps."), "invalid_output"),
        (function_call("summarise", {"summary": SUMMARY}), "invalid_output"),
        (function_call("summarize", {"summary": ""}), "invalid_output"),
        (incomplete(), "output_truncated"),
        (refusal(), "refused"),
        (fault("rate_limit", retry_after=0), "provider_rate_limited"),
        (fault("auth"), "provider_auth"),
        (fault("html"), "provider_bad_reply"),
        (fault("disconnect"), "provider_unavailable"),
    ],
)
def test_before_the_first_word(asked: Asked, bad: Step, code: str, dialect: str) -> None:
    """Until something is told all is as without a stream: what can be mended is, and a failure has
    its own status."""
    made, up = asked(bad, flowing(GOOD), dialect=dialect)
    if code not in {"refused", "provider_auth", "provider_bad_reply", "provider_unavailable"}:
        found = streamed(made)
        assert heard(found) == SUMMARY == found[-1]["result"]
        assert len(up.requests) == 2
    made, up = asked(*[bad] * 4, dialect=dialect)
    response = made.post("summarize", json=FORM)
    assert (response.status_code, response.mimetype) == (
        KINDS[code].status,
        "application/problem+json",
    )
    assert response.get_json()["code"] == code


def test_wrong_form_and_empty_purse(asked: Asked) -> None:
    """What may not begin is refused as ever."""
    made, up = asked()
    assert made.post("summarize", json={"stream": True}).status_code == 422
    assert (
        made.post("summarize", json={**FORM, "max_cost_usd": 0}).get_json()["code"] == "cost_limit"
    )
    assert not up.requests


# --- servers and requests of other kinds ----------------------------------------------------------


def test_server_that_cannot_stream(asked: Asked) -> None:
    """A server that sends its answer whole is understood, and so is one that refuses the parameter;
    the latter is remembered."""
    made, _ = asked(whole_reply, dialect="responses")
    assert heard(streamed(made)) == SUMMARY
    made, up = asked(unsupported("stream"), flowing(GOOD), flowing(GOOD), dialect="responses")
    for warned in (True, True):
        found = streamed(made)
        assert heard(found) == SUMMARY
        assert any("`stream`" in one for one in found[-1]["warnings"]) == warned
    assert ["stream" in one["body"] for one in up.requests] == [True, False, False]


def test_server_that_does_not_count_a_stream(asked: Asked) -> None:
    """A server that refuses stream_options still streams; its usage is unknown, and the cost is the
    most it can have been."""
    made, up = asked(unsupported("stream_options"), flowing(GOOD, size=4), dialect="chat")
    found = streamed(made)
    assert heard(found) == SUMMARY
    assert len(found) > 10
    assert up.requests[1]["body"]["stream"] is True
    assert found[-1]["output_tokens"] == 0
    assert kept(made, found[-1]["id"])["estimated_usd"] == found[-1]["cost_usd"] > 0


@pytest.mark.parametrize("dialect", DIALECTS)
def test_stream_that_fails_and_reports_its_usage(asked: Asked, dialect: str) -> None:
    """A stream that ends with an error is charged for the tokens that it reports, and is not
    requested again."""
    error = {"code": 502, "message": "The backend failed."}
    ends = {
        "responses": (
            event(
                {
                    "type": "response.failed",
                    "response": {
                        "status": "failed",
                        "error": error,
                        "usage": {"input_tokens": 100, "output_tokens": 30},
                    },
                }
            ),
        ),
        "chat": (
            event({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 30}}),
            event({"error": error}),
        ),
    }
    made, up = asked(flowing(GOOD, events=ends[dialect]), dialect=dialect, retired="error")
    response = made.post("summarize", json=FORM)
    problem = response.get_json()
    assert (problem["code"], len(up.requests)) == ("provider_unavailable", 1)
    assert kept(made, problem["id"])["cost_usd"] == pytest.approx(0.000242)
    assert kept(made, problem["id"])["estimated_usd"] == 0


def whole_reply(request: Request) -> Reply:
    return json_reply(
        json.loads(GOOD(request).body) | {"object": "response"}, 200, {"X-Whole": "1"}
    )


def unsupported(name: str) -> Step:
    error = {
        "message": f"Unsupported: '{name}'.",
        "type": "invalid_request_error",
        "param": name,
        "code": "unsupported_parameter",
    }
    return lambda request: json_reply({"error": error}, 400)


def test_same_key_again(asked: Asked) -> None:
    """The same idempotency key gives the same run: its text at once, nothing paid again."""
    made, up = asked(flowing(GOOD))
    first, again = (streamed(made, idempotency_key="order 7731") for _ in range(2))
    assert len(again) == 2
    assert again[0]["delta"] == heard(first) == SUMMARY
    assert again[-1] == first[-1]
    assert len(up.requests) == 1


def test_dry_run(asked: Asked) -> None:
    """A dry run has no text to tell, and is answered as ever."""
    made, up = asked()
    body = made.post("summarize", json={**FORM, "dry_run": True}).get_json()
    assert body["status"] == "dry_run"
    assert not up.requests


def test_kept_answer(asked: Asked) -> None:
    """An answer from the cache comes at once, as a stream."""
    made, up = asked(flowing(GOOD))
    first, again = (streamed(made, cache="1h") for _ in range(2))
    assert (len(again), heard(again), again[-1]["cost_usd"]) == (2, heard(first), 0.0)
    assert len(up.requests) == 1


def test_signs_of_life(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing comes, a comment tells that the run goes on."""
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(streams, "_POLL_SECONDS", 0.02)
    made, _ = asked(flowing(GOOD, first=0.5, size=200))
    body = made.post("summarize", json=FORM).get_data(as_text=True)
    assert body.startswith(": waiting\n\n")
    assert body.count(": waiting") >= 3
    assert heard(events(body)) == SUMMARY


def test_streams_do_not_mix(asked: Asked) -> None:
    """Many streams at once each tell their own text."""

    def echo(request: Request) -> Reply:
        return flowing(
            function_call("summarize", {"summary": request.body["input"][1]["content"]}),
            size=3,
            pause=0.001,
        )(request)

    made, _ = asked(*[echo] * 24)
    texts = [f"Number {number}: {'word ' * number}end." for number in range(24)]
    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(lambda one: streamed(made, text=one), texts))
    assert [heard(one) for one in found] == texts
    assert [one[-1]["result"] for one in found] == texts


# --- through gunicorn -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningService, FakeUpstream]]:
    """A real service on a slow provider."""
    with FakeUpstream(Script([Says()], repeat=True)) as up:
        folder = tmp_path_factory.mktemp("slow")
        with serving(
            folder, FORMCALL_ENGINE="openai", OPENAI_BASE_URL=up.base_url, OPENAI_API_KEY="k"
        ) as service:
            yield service, up


class Says:
    """A script that each test writes anew."""

    step: Step = GOOD

    def __call__(self, request: Request) -> Reply:
        return type(self).step(request)


@contextmanager
def reading(service: RunningService, **form: Any) -> Iterator[requests.Response]:
    with requests.post(
        f"{service.address}/v1/actions/summarize",
        json={**FORM, **form},
        headers=service.headers,
        stream=True,
    ) as response:
        yield response


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def found_run(service: RunningService, tag: str) -> Json:
    """The run with this tag, once it has ended."""

    def look() -> Json | None:
        (row,) = requests.get(
            f"{service.address}/v1/runs?tag={tag}", headers=service.headers, timeout=10
        ).json()
        return row if row["status"] not in {"queued", "running"} else None

    row: Json = until(look)
    return row


def test_first_words_are_not_kept_back(
    slow: tuple[RunningService, FakeUpstream], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader has the first words while the provider is still writing."""
    service, up = slow
    monkeypatch.setattr(Says, "step", staticmethod(flowing(GOOD, stalls=MIDDLE)))
    up.left.clear()
    with reading(service) as response:
        lines = response.iter_lines(chunk_size=1)
        next(line for line in lines if line.startswith(b"data: {") and b"delta" in line)
        assert not up.left  # the provider still holds the stream
    assert until(lambda: up.left)


@pytest.mark.parametrize(
    ("name", "flow", "words"),
    [
        ("while it thinks", {"first": 120.0}, False),
        ("while it writes", {"pause": 0.2}, True),
        ("in its silence", {"stalls": MIDDLE}, True),
    ],
)
def test_who_leaves_ends_the_call(
    slow: tuple[RunningService, FakeUpstream],
    name: str,
    flow: Json,
    words: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When a reader leaves, the provider's connection is closed; the run is cancelled, and its call
    is charged as billed."""
    service, up = slow
    monkeypatch.setattr(Says, "step", staticmethod(flowing(GOOD, **flow)))
    up.left.clear()
    asked = len(up.requests)
    tag = name.replace(" ", "-")
    if words:
        with reading(service, tag=tag) as response:
            next(line for line in response.iter_lines(chunk_size=1) if b"delta" in line)
    else:
        leave_silently(service, tag, lambda: len(up.requests) > asked)
    assert until(lambda: up.left)
    row = found_run(service, tag)
    assert (row["status"], row["code"]) == ("cancelled", "cancelled")
    assert row["cost_usd"] == row["estimated_usd"] > 0
    assert row["reserved_usd"] == 0
    assert len(up.requests) == asked + 1


def leave_silently(service: RunningService, tag: str, asked: Callable[[], bool]) -> None:
    """Send a request, wait until the provider was asked, and hang up before anything was
    answered."""
    body = json.dumps({**FORM, "tag": tag}).encode()
    head = (
        "POST /v1/actions/summarize HTTP/1.1\r\nHost: x\r\nX-API-Key: "
        f"{service.key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(head.encode() + body)
        assert until(asked)


def test_cancel_ends_the_call(
    slow: tuple[RunningService, FakeUpstream], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that is cancelled at its run's address ends with that, and so does its call."""
    service, up = slow
    monkeypatch.setattr(Says, "step", staticmethod(flowing(GOOD, pause=0.2)))
    up.left.clear()
    with reading(service, tag="cancel") as response:
        lines = response.iter_lines(chunk_size=1)
        next(line for line in lines if b"delta" in line)
        (row,) = requests.get(
            f"{service.address}/v1/runs?tag=cancel", headers=service.headers, timeout=10
        ).json()
        requests.post(
            f"{service.address}/v1/runs/{row['id']}/cancel", headers=service.headers, timeout=10
        )
        rest = [line for line in lines if line.startswith(b"data: ")]
    assert rest[-1] == b"data: [DONE]"
    assert json.loads(rest[-2].removeprefix(b"data: "))["code"] == "cancelled"
    assert until(lambda: up.left)
    assert found_run(service, "cancel")["status"] == "cancelled"
