"""The fake provider refuses what the real service refuses; these tests hold it to that."""

import gzip
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import openai
import pytest
import requests
from openai import OpenAI
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import Response, response_create_params

from tests.support.guards import hang_guard
from tests.support.upstream import (
    FAULTS,
    MODELS,
    Chance,
    FakeUpstream,
    Log,
    ModelRow,
    Reply,
    Script,
    Usage,
    billed,
    dearest,
    fault,
    flowing,
    forced_call,
    function_call,
    function_calls,
    gated,
    incomplete,
    json_reply,
    read_log,
    refusal,
    slow,
    text,
)
from tests.support.upstream.cases import (
    ANY,
    ASK,
    CALLED,
    DROP,
    HISTORIES,
    KEYS,
    OWN_TURN,
    SCHEMA,
    STRICT,
    STRING,
    TOLD,
    C,
    R,
    body,
    closed,
    tool,
)
from tests.support.upstream.dialects import CHAT, RESPONSES
from tests.support.upstream.load import user_texts
from tests.support.upstream.rules import refusal as refusal_of
from tests.support.upstream.samples import sample
from tests.support.upstream.strict import strict_fault


def found(path: str, sent: Any) -> dict[str, Any] | None:
    """What the rules say, where `genuine` is the only encrypted content that was issued."""
    return refusal_of(path, sent, MODELS, issued=lambda content, snapshot: content == "genuine")


@pytest.mark.parametrize(("path", "refused", "accepted", "status_code", "param"), KEYS)
def test_top_level(
    path: str,
    refused: dict[str, Any],
    accepted: dict[str, Any],
    status_code: tuple[int, str | None],
    param: str | None,
) -> None:
    """Each parameter that the model refuses is refused by its name, and the right way to say it
    passes."""
    assert found(path, body(path, **accepted)) is None
    answer = found(path, body(path, **refused))
    assert answer is not None
    error = answer["error"]
    assert answer["status"] == status_code[0]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["code"] == status_code[1] or status_code[1] is ANY
    assert error["param"] == param or param is ANY


def test_exact_words() -> None:
    """A refused parameter is worded as the service words it, because clients read it."""
    assert found(C, body(C, parallel_tool_calls=False)) == {
        "status": 400,
        "error": {
            "message": (
                "Unsupported parameter: 'parallel_tool_calls' is not supported with this model."
            ),
            "type": "invalid_request_error",
            "param": "parallel_tool_calls",
            "code": "unsupported_parameter",
        },
    }


@pytest.mark.parametrize("path", [R, C])
@pytest.mark.parametrize(
    ("refused", "accepted", "code"),
    [
        ({"name": "has space"}, {"name": "has_no-space9"}, "invalid_value"),
        ({"name": "x" * 65}, {"name": "x" * 64}, "invalid_value"),
        ({"name": ""}, {"name": "x"}, "invalid_value"),
        ({"name": 5}, {"name": "x"}, "invalid_type"),
        ({"name": DROP}, {"name": "x"}, "missing_required_parameter"),
        ({"description": 5}, {"description": DROP}, "invalid_type"),
        ({"examples": []}, {}, "unknown_parameter"),
        ({"strict": DROP}, {"strict": True}, "invalid_function_parameters"),
        ({"strict": False}, {"strict": True}, "invalid_function_parameters"),
        ({"parameters": DROP}, {}, "invalid_function_parameters"),
        ({"parameters": {"type": "object", "properties": {}}}, {}, "invalid_function_parameters"),
    ],
)
def test_functions(path: str, refused: dict[str, Any], accepted: dict[str, Any], code: str) -> None:
    """A function needs a fit name and a strict schema, in either dialect."""
    assert found(path, tool(path, **accepted)) is None
    answer = found(path, tool(path, **refused))
    assert answer is not None
    assert (answer["status"], answer["error"]["code"]) == (400, code)


@pytest.mark.parametrize(("refused", "accepted", "word"), STRICT)
def test_strict_schemas(refused: Any, accepted: dict[str, Any], word: str) -> None:
    """A schema outside the strict subset is refused with a reason, its nearest neighbour inside is
    not."""
    assert strict_fault(accepted) is None
    assert word in str(strict_fault(refused))


@pytest.mark.parametrize(("path", "refused", "accepted", "words"), HISTORIES)
def test_histories(path: str, refused: list[Any], accepted: list[Any], words: str) -> None:
    """A replayed conversation must hang together: calls and outputs, reasoning and what follows
    it."""
    key = "input" if path == R else "messages"
    assert found(path, body(path, **{key: accepted})) is None
    answer = found(path, body(path, **{key: refused}))
    assert answer is not None
    assert words in str(answer["error"])
    assert answer["status"] == (404 if "persisted" in words else 400)


def test_dialect_of_a_model() -> None:
    """A server without the Responses endpoint says so as such servers do, and does not know the
    newer role name."""
    assert found(R, body(R, model="local-llama")) == {"status": 404, "detail": "Not Found"}
    assert (
        found(C, body(C, model="local-llama", messages=[{"role": "system", "content": "x"}, ASK]))
        is None
    )
    assert (
        found(
            C, body(C, model="local-llama", messages=[{"role": "developer", "content": "x"}, ASK])
        )
        is not None
    )


JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    "",
    "object",
    [],
    [[]],
    [None],
    {},
    {"type": []},
    {"a": {}},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values inside a value."""
    yield path
    for key, child in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        yield from places(child, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """The value with what stands at a path replaced; nothing is changed in place."""
    if not path:
        return by
    changed = value.copy()
    changed[path[0]] = replaced(value[path[0]], path[1:], by)
    return changed


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (
            R,
            body(
                R,
                input=[ASK, *OWN_TURN],
                tool_choice={"type": "function", "name": "classify"},
                reasoning={},
            ),
        ),
        (
            R,
            body(
                R,
                input=[ASK | {"content": [{"type": "input_text", "text": "x"}]}],
                include=[],
                text={"format": {}},
            ),
        ),
        (
            C,
            body(
                C,
                messages=[ASK, CALLED, TOLD],
                tool_choice={"type": "function", "function": {"name": "classify"}},
            ),
        ),
        (
            R,
            tool(
                R,
                parameters=closed(a={"anyOf": [closed(k=STRING), {"$ref": "#/$defs/b"}]})
                | {"$defs": {"b": STRING}},
            ),
        ),
    ],
)
def test_junk_is_never_a_crash(path: str, sent: dict[str, Any]) -> None:
    """Whatever stands at whatever place of a body, the rules give an answer."""
    for place in places(sent):
        for junk in JUNK:
            answer = found(path, replaced(sent, place, junk))
            assert answer is None or answer["status"] in (400, 404)


def test_keys_are_the_sdks() -> None:
    """The lists of known top-level keys are those of the installed SDK, so an upgrade shows what is
    new."""
    assert set(RESPONSES.keys) == set(
        response_create_params.ResponseCreateParamsNonStreaming.__annotations__
    )
    assert set(CHAT.keys) == set(chat_params.CompletionCreateParamsNonStreaming.__annotations__)


@pytest.mark.parametrize(
    "schema",
    [accepted for _, accepted, _ in STRICT if accepted != closed(a={"$ref": "#"})]
    + [
        closed(a={"type": kind, **limits})
        for kind in ("integer", "number")
        for limits in (
            {},
            {"minimum": 3, "maximum": 9},
            {"maximum": -2},
            {"exclusiveMinimum": 3, "multipleOf": 5},
            {"exclusiveMinimum": 0, "exclusiveMaximum": 2},
            {"minimum": 0, "exclusiveMaximum": 2},
        )
    ]
    + [closed(a={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5})]
    + [closed(a=STRING | {"format": "date"}), closed(a=STRING | {"pattern": r"^\d{4}-\d\d-\d\d$"})]
    + [
        closed(a={"type": "array", "items": STRING, "minItems": 3}),
        closed(a=STRING | {"minLength": 9, "maxLength": 9}),
    ]
    + [
        closed(a={"anyOf": [{"type": "null"}, {"$ref": "#"}]}),
        closed(a={"type": ["null", "boolean"]}),
    ],
)
def test_samples_fit(schema: dict[str, Any]) -> None:
    """A made-up value satisfies its schema, in the same way each time, and prefers a value to
    null."""
    made = sample(schema)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(
        made
    )
    assert made == sample(schema)
    assert None not in made.values()


@contextmanager
def serving(*steps: Any, **options: Any) -> Iterator[tuple[FakeUpstream, OpenAI]]:
    """A server with a script, and a real client of it that neither retries nor follows."""
    with (
        FakeUpstream(steps, **options) as upstream,
        OpenAI(base_url=upstream.base_url, api_key="k", max_retries=0) as client,
    ):
        yield upstream, client


def test_streams_are_read_by_the_services_own_client() -> None:
    """The client of the real service puts a stream together to what would have come at once, in
    both dialects."""
    step = function_call("classify", {"category": "billing"})
    with serving(flowing(step, size=3), flowing(step, size=3)) as (upstream, client):
        with client.responses.stream(**body("/v1/responses")) as stream:
            kinds = [event.type for event in stream]
            call: Any = stream.get_final_response().output[-1]
        assert kinds.count("response.function_call_arguments.delta") == 8
        assert (call.type, call.arguments) == ("function_call", '{"category": "billing"}')
        with client.chat.completions.stream(
            **body("/v1/chat/completions"), stream_options={"include_usage": True}
        ) as chunks:
            pieces = [
                event
                for event in chunks
                if event.type == "tool_calls.function.arguments.delta" and event.arguments_delta
            ]
            final: Any = chunks.get_final_completion()
        assert len(pieces) == 8
        assert (
            final.choices[0].message.tool_calls[0].function.arguments == '{"category": "billing"}'
        )
        assert final.usage.completion_tokens > 0
        assert upstream.errors == []


def post(upstream: FakeUpstream, path: str = "/responses", **options: Any) -> requests.Response:
    """The good body, by a client without opinions."""
    sent = body(f"/v1{path}")
    return requests.post(
        upstream.base_url + path, json=sent, timeout=60, allow_redirects=False, **options
    )


def test_two_turns_with_encrypted_reasoning() -> None:
    """The SDK's Responses loop, replayed item for item, is accepted; without its reasoning's
    content it is not."""
    kept: dict[str, Any] = body(R, include=["reasoning.encrypted_content"])
    with serving(function_call("classify", {"category": "other"}), text("Done.")) as (
        upstream,
        client,
    ):
        first = client.responses.create(**kept)
        assert [item.type for item in first.output] == ["reasoning", "function_call"]
        call = first.output[1].model_dump(exclude_none=True)
        items = [ASK, *(item.model_dump(exclude_none=True) for item in first.output)]
        items.append({"type": "function_call_output", "call_id": call["call_id"], "output": "ok"})
        bare = [
            {key: value for key, value in item.items() if key != "encrypted_content"}
            for item in items
        ]
        with pytest.raises(openai.NotFoundError, match="not persisted"):
            client.responses.create(**kept | {"input": bare})
        second = client.responses.create(**kept | {"input": items})
        assert second.output_text == "Done."
        assert [error["status"] for error in upstream.errors] == [404]
        assert len(upstream.requests) == 3
        with pytest.raises(openai.BadRequestError, match="could not be verified"):
            client.responses.create(**kept | {"input": items, "model": "gpt-5.6-terra"})
    with serving() as (_, other), pytest.raises(openai.BadRequestError) as caught:
        other.responses.create(**kept | {"input": items})
    assert caught.value.code == "invalid_encrypted_content"


def test_reasoning_only_on_request() -> None:
    """Encrypted content is issued to those who include it, and no reasoning at all without
    effort."""
    with serving() as (_, client):
        plain = client.responses.create(**body(R))
        idle = client.responses.create(
            **body(R, model="gpt-5.6-terra", reasoning={"effort": "none"})
        )
    assert plain.output[0].type == "reasoning" and plain.output[0].encrypted_content is None
    assert [item.type for item in idle.output] == ["function_call"]
    assert idle.usage is not None and idle.usage.output_tokens_details.reasoning_tokens == 0


def test_automatic_answers() -> None:
    """Without a script both dialects call the due function with fitting arguments, and speak once a
    tool was heard."""
    named = {"type": "function", "function": {"name": "classify"}}
    with serving() as (upstream, client):
        answer = client.chat.completions.create(**body(C, tool_choice=named))
        assert answer.choices[0].finish_reason == "stop"
        assert (
            client.chat.completions.create(**body(C, tool_choice="required"))
            .choices[0]
            .finish_reason
            == "tool_calls"
        )
        message = answer.choices[0].message
        assert message.tool_calls and message.tool_calls[0].type == "function"
        assert json.loads(message.tool_calls[0].function.arguments) == {"category": "billing"}
        told = TOLD | {"tool_call_id": message.tool_calls[0].id}
        history = [ASK, message.model_dump(exclude_none=True), told]
        assert (
            client.chat.completions.create(**body(C, messages=history)).choices[0].message.content
            == "sample"
        )
        assert client.responses.create(**body(R, tool_choice="none")).output_text == "sample"
        form = {"type": "json_schema", "name": "a", "strict": True, "schema": SCHEMA}
        written = client.responses.create(**body(R, tools=DROP, text={"format": form}))
        assert json.loads(written.output_text) == {"category": "billing"}
        assert upstream.errors == []


def test_replies_in_both_dialects() -> None:
    """Each kind of reply arrives as the SDK's own types expect it."""
    two = function_calls(("a", {"x": 1}), ("b", "{broken"))
    steps = [
        two,
        refusal("No."),
        incomplete(),
        incomplete("content_filter", content="Half"),
        forced_call({"category": None}),
    ]
    with serving(*steps, *steps) as (_, client):
        got = [client.responses.create(**body(R)) for _ in steps]
        chats = [client.chat.completions.create(**body(C)).choices[0] for _ in steps]
    for each in got:
        Response.model_validate(each.model_dump())
    assert [getattr(item, "arguments", None) for item in got[0].output] == [
        None,
        '{"x": 1}',
        "{broken",
    ]
    assert got[1].output[1].model_dump()["content"] == [{"type": "refusal", "refusal": "No."}]
    assert got[2].incomplete_details and got[2].incomplete_details.reason == "max_output_tokens"
    assert [each.status for each in got] == [
        "completed",
        "completed",
        "incomplete",
        "incomplete",
        "completed",
    ]
    assert [each.finish_reason for each in chats] == [
        "tool_calls",
        "stop",
        "length",
        "content_filter",
        "tool_calls",
    ]
    assert chats[1].message.refusal == "No."
    assert [len(each.message.tool_calls or ()) for each in chats] == [2, 0, 0, 0, 1]


def test_accounting() -> None:
    """Usage is a quarter of the bytes with reasoning inside the output; ids and the dated model
    name are there."""
    with serving(
        replace(text("four"), cached=128, reasoning=10), replace(text(""), usage=False)
    ) as (upstream, client):
        answer = client.responses.with_raw_response.create(**body(R, service_tier="flex"))
        without = client.chat.completions.create(**body(C))
        size = int(upstream.requests[0]["headers"]["content-length"])
    reply = answer.parse()
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (-(-size // 4), 11)
    assert reply.usage.input_tokens_details.cached_tokens == 128
    assert (reply.model, reply.service_tier) == ("o4-mini-2025-04-16", "flex")
    assert answer.headers["x-request-id"] == upstream.requests[0]["request_id"]
    assert answer.headers["openai-processing-ms"].isdigit()
    assert without.usage is None


def test_refused_requests_take_no_step() -> None:
    """A bad request is answered 400 and recorded; the script's step is still there for the good
    one."""
    with serving(text("later")) as (upstream, client):
        with pytest.raises(openai.BadRequestError) as caught:
            client.responses.create(**body(R, temperature=0))
        assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "temperature")
        assert upstream.script.left == 1
        assert client.responses.create(**body(R)).output_text == "later"
    assert [error["body"]["temperature"] for error in upstream.errors] == [0]
    assert [request["path"] for request in upstream.requests] == [R, R]


def test_scripts() -> None:
    """Steps are used once each from any thread, then the server answers by itself; the last repeats
    if told."""
    with FakeUpstream([text(str(n)) for n in range(40)]) as upstream, ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: post(upstream).json()["output"][-1], range(41)))
    assert sorted(item["content"][0]["text"] for item in said if "content" in item) == sorted(
        map(str, range(40))
    )
    assert [item["name"] for item in said if "name" in item] == ["classify"]
    with FakeUpstream(Script([fault("null"), fault("auth")], repeat=True)) as upstream:
        assert [post(upstream).status_code for _ in range(4)] == [200, 401, 401, 401]


def test_own_steps() -> None:
    """A step may be any function of the request; one that fails is shown to the test, not lost in a
    thread."""

    def wrong(request: Any) -> Reply:
        raise AssertionError("no such thing")

    with FakeUpstream([lambda request: json_reply({"n": request.number}, 418), wrong]) as upstream:
        assert (post(upstream).status_code, post(upstream).status_code) == (418, 500)
    assert "no such thing" in upstream.errors[0]["error"]["message"]


def test_models() -> None:
    """Models carry their shutdown date; retired and unheard-of ones are 404, further rows can be
    added."""
    with serving(retired=["o4-mini", "gpt-5"], models=[ModelRow("ours", efforts=("low",))]) as (
        _,
        client,
    ):
        assert {"o3", "ours"} <= {model.id for model in client.models.list()}
        assert "o4-mini" not in {model.id for model in client.models.list()}
        assert client.models.retrieve("o4-mini-2025-04-16").shutdown_date == "2026-10-23"
        for name in ("o4-mini", "gpt-5", "o9"):
            with pytest.raises(openai.NotFoundError) as caught:
                client.responses.create(**body(R, model=name))
            assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
            with pytest.raises(openai.NotFoundError):
                client.models.retrieve(name)
        assert client.responses.create(**body(R, model="ours")).model == "ours"


def test_api_key() -> None:
    """With a key set, another one is refused."""
    with serving(api_key="k") as (upstream, client):
        assert client.responses.create(**body(R)).status == "completed"
        assert requests.get(f"{upstream.base_url}/models", timeout=60).status_code == 401
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="z").responses.create(**body(R))


@pytest.mark.parametrize("raw", [b"{", b"", b'{"model": NaN}', b"[]", b"\xff"])
def test_unreadable_bodies(raw: bytes) -> None:
    """What is no JSON object is a 400."""
    with FakeUpstream() as upstream:
        assert (
            requests.post(f"{upstream.base_url}/responses", data=raw, timeout=60).status_code == 400
        )
        assert requests.post(f"{upstream.base_url}/nothing", json={}, timeout=60).status_code == 404
        assert len(upstream.errors) == 2


STATUSES: list[tuple[str, dict[str, Any], int, str | int | None]] = [
    ("rate_limit", {"retry_after": 1}, 429, "rate_limit_exceeded"),
    ("quota", {}, 429, "insufficient_quota"),
    ("server_error", {}, 500, None),
    ("unavailable", {"retry_after": 2}, 503, None),
    ("auth", {}, 401, "invalid_api_key"),
    ("forbidden", {}, 403, "model_not_found"),
    ("context", {}, 400, "context_length_exceeded"),
    ("content_filter", {}, 400, "content_filter"),
    ("model_gone", {}, 404, "model_not_found"),
    ("error_in_200", {}, 200, 502),
]


@pytest.mark.parametrize(("name", "options", "status", "code"), STATUSES)
def test_error_faults(
    name: str, options: dict[str, Any], status: int, code: str | int | None
) -> None:
    """An error fault has its status, its code, and Retry-After where one is due."""
    with FakeUpstream([fault(name, **options)]) as upstream:
        answer = post(upstream)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("Retry-After") == (str(options["retry_after"]) if options else None)
    assert answer.headers["x-request-id"] == upstream.requests[0]["request_id"]


def test_body_faults() -> None:
    """Broken bodies come with status 200 and a right length: only their content is wrong."""
    names = ("html", "empty", "null", "truncated", "string_error")
    with FakeUpstream([fault(name) for name in names]) as upstream:
        html, empty, null, truncated, string_error = (post(upstream) for _ in names)
    assert html.text.startswith("<!DOCTYPE") and html.headers["Content-Type"] == "text/html"
    assert (empty.status_code, empty.content, null.json()) == (200, b"", None)
    assert truncated.content.startswith(b'{"id"') and len(truncated.content) == int(
        truncated.headers["Content-Length"]
    )
    with pytest.raises(ValueError):
        truncated.json()
    assert (string_error.status_code, string_error.json()) == (
        500,
        {"error": "something went wrong"},
    )


def test_no_responses() -> None:
    """A server without the Responses endpoint answers chat."""
    with FakeUpstream(Script([fault("no_responses")], repeat=True)) as upstream:
        answer = post(upstream)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
        assert post(upstream, "/chat/completions").json()["object"] == "chat.completion"


def test_redirect() -> None:
    """A redirect names the stranger, and nothing is sent there by the fake."""
    with FakeUpstream([fault("redirect", to="http://127.0.0.1:9/v1/responses")]) as upstream:
        answer = post(upstream)
    assert (answer.status_code, answer.headers["Location"]) == (
        307,
        "http://127.0.0.1:9/v1/responses",
    )


def test_large_faults() -> None:
    """A huge body is as long as asked; a bomb is small on the wire and huge once inflated."""
    with FakeUpstream([fault("huge", mib=3), fault("gzip_bomb", mib=8)]) as upstream:
        huge, bomb = post(upstream), post(upstream, stream=True)
        wire = bomb.raw.read(decode_content=False)
    assert len(huge.json()["id"]) == 3 << 20
    assert bomb.headers["Content-Encoding"] == "gzip"
    assert len(wire) < 100_000 < 8 << 20 < len(gzip.decompress(wire))


def test_disconnect() -> None:
    """Half of what was announced arrives, then the connection ends."""
    with FakeUpstream([fault("disconnect")]) as upstream:
        with pytest.raises(
            (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)
        ):
            post(upstream)
        with OpenAI(base_url=upstream.base_url, api_key="k", max_retries=0) as client:
            assert client.responses.create(**body(R)).status == "completed"


def raw_request(upstream: FakeUpstream) -> socket.socket:
    """The good body on a bare socket."""
    address = urlsplit(upstream.base_url)
    sent = json.dumps(body(R)).encode()
    connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=60)
    connection.sendall(
        f"POST {R} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent
    )
    return connection


def test_drip() -> None:
    """Bytes keep coming one by one, so no read ever times out, and closing the server ends it."""
    with (
        FakeUpstream([fault("drip", interval=0.01)]) as upstream,
        raw_request(upstream) as connection,
    ):
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < 5:
            received += connection.recv(100)
        assert received.startswith(b"HTTP/1.1 200") and received.endswith(b"     ")
        with hang_guard():
            upstream.close()
            while connection.recv(100):
                pass


def test_stall() -> None:
    """A stalled request is recorded and never answered, until the server closes."""
    with FakeUpstream([fault("stall")]) as upstream, raw_request(upstream) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert len(upstream.requests) == 1
        connection.settimeout(5)
        upstream.close()
        assert connection.recv(1) == b""


def test_unknown_fault() -> None:
    """A misspelt fault is an error when the script is written, and says which names there are."""
    with pytest.raises(ValueError, match="rate_limit"):
        fault("ratelimit")
    assert {"html", "stall", "gzip_bomb"} <= FAULTS.keys()


def test_delay_and_keep_alive() -> None:
    """Answers wait as long as told, and one connection serves many requests."""
    with FakeUpstream(delay=60) as upstream, raw_request(upstream) as connection:
        wait_for(lambda: upstream.in_flight == 1)
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    with (
        FakeUpstream() as upstream,
        closing(HTTPConnection(urlsplit(upstream.base_url).netloc)) as kept,
    ):
        kept.connect()
        first = kept.sock
        for _ in range(3):
            kept.request("GET", "/v1/models")
            assert kept.getresponse().read()
        assert kept.sock is first


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_held_in_flight() -> None:
    """A gated call is counted until it is released, and whoever has its answer is not counted any
    more."""
    gate = threading.Event()
    steps = [gated(gate, text(str(n))) for n in range(3)]
    with FakeUpstream(steps) as upstream, ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(post, upstream) for _ in range(3)]
        wait_for(lambda: upstream.in_flight == 3)
        assert not any(call.done() for call in calls)
        gate.set()
        said = {call.result().json()["output"][-1]["content"][0]["text"] for call in calls}
        assert (said, upstream.in_flight, upstream.peak) == ({"0", "1", "2"}, 0, 3)
        assert post(upstream).status_code == 200
        assert requests.get(f"{upstream.base_url}/models", timeout=60).ok
        assert (upstream.in_flight, upstream.peak) == (0, 3)


def test_slow_step() -> None:
    """One slow step leaves the others as they are."""
    with (
        FakeUpstream([slow(0.2, text("late")), text("soon")]) as upstream,
        ThreadPoolExecutor(1) as pool,
    ):
        late = pool.submit(post, upstream)
        wait_for(lambda: upstream.in_flight == 1)
        assert "soon" in post(upstream).text
        assert not late.done()
        assert "late" in late.result().text


def test_stalled_calls_are_in_flight() -> None:
    """A call that never gets an answer is in flight until its client leaves."""
    with FakeUpstream([fault("stall"), fault("drip")]) as upstream:
        with raw_request(upstream), raw_request(upstream):
            wait_for(lambda: upstream.in_flight == 2)
            time.sleep(0.1)
            assert upstream.in_flight == 2
        wait_for(lambda: upstream.in_flight == 0)


def test_closing_releases() -> None:
    """Closing the server lets go of what it holds: a test that failed does not hang."""
    with (
        FakeUpstream([gated(threading.Event()), slow(60)]) as upstream,
        raw_request(upstream) as held,
        raw_request(upstream) as late,
    ):
        wait_for(lambda: upstream.in_flight == 2)
        with hang_guard():
            upstream.close()
        held.recv(1)
        late.recv(1)


@pytest.mark.parametrize(
    ("usage", "changes", "wanted"),
    [
        ((412, 100, 96, 64), {}, (412, 100, 0, 96, 64)),
        (Usage(412, 0, 96, 0, written=300), {}, (412, 0, 300, 96, 0)),
        (dearest(412), {"max_output_tokens": 4096}, (412, 0, 0, 4096, 0)),
        (dearest(412, cached=128, reasoning=16), {}, (412, 128, 0, 100_000, 16)),
        (dearest(1), {"model": "gpt-6-luna"}, (1, 0, 0, 128_000, 0)),
    ],
)
def test_told_usage(usage: Any, changes: dict[str, Any], wanted: tuple[int, ...]) -> None:
    """Replies of both dialects cost what they are told to, up to all that the request allows."""
    chat_changes = {
        "max_completion_tokens" if key == "max_output_tokens" else key: changes[key]
        for key in changes
    }
    if "model" in changes:
        chat_changes["reasoning_effort"] = "none"
    with serving(usage=usage) as (_, client):
        used = client.responses.create(**body(R, **changes)).usage
        chat = client.chat.completions.create(**body(C, **chat_changes)).usage
    assert used and chat and chat.prompt_tokens_details and chat.completion_tokens_details
    details = used.input_tokens_details
    assert (used.input_tokens, details.cached_tokens, details.cache_write_tokens) == wanted[:3]
    assert (used.output_tokens, used.output_tokens_details.reasoning_tokens) == wanted[3:]
    assert used.total_tokens == chat.total_tokens == wanted[0] + wanted[3]
    assert (chat.prompt_tokens, chat.prompt_tokens_details.cached_tokens) == wanted[:2]
    assert (chat.completion_tokens, chat.completion_tokens_details.reasoning_tokens) == wanted[3:]


def test_billed_step() -> None:
    """One step can cost something else than the server's others."""
    with FakeUpstream([billed((1, 0, 2, 0)), text("x")], usage=(10, 0, 20, 0)) as upstream:
        assert [post(upstream).json()["usage"]["total_tokens"] for _ in range(2)] == [3, 30]


def test_chance() -> None:
    """Shares come out as told, the same seed gives the same fates, and nothing happens unless
    told."""
    fates = [Chance(errors=0.1, limited=0.05, seed=7) for _ in range(2)]
    drawn = [[each.fault() for _ in range(4000)] for each in fates]
    assert drawn[0] == drawn[1]
    found = Counter(drawn[0])
    assert found.keys() == {None, "rate_limit", "server_error", "unavailable"}
    assert (
        120 < found["rate_limit"] < 280 and 280 < found["server_error"] + found["unavailable"] < 520
    )
    assert {Chance().fault() for _ in range(100)} == {None}
    waits = [Chance(jitter=0.5, seed=n).delay(2.0, None) for n in range(200)]
    assert 1.0 <= min(waits) < 1.2 and 2.8 < max(waits) <= 3.0
    assert Chance().delay(2.0, None) == 2.0 and Chance().delay(2.0, "rate_limit") == 0.0


def test_chance_takes_no_step() -> None:
    """A request that chance fails leaves the script's step to the next one; a limited one is told
    when to come again."""
    with FakeUpstream([text("x")], chance=Chance(limited=1.0)) as upstream:
        answer = post(upstream)
        assert (answer.status_code, answer.headers["Retry-After"], upstream.script.left) == (
            429,
            "1",
            1,
        )
        assert (
            requests.post(f"{upstream.base_url}/responses", json={}, timeout=60).status_code == 400
        )


@pytest.mark.parametrize(
    ("sent", "texts"),
    [
        (body(R, input="one row-1"), ["one row-1"]),
        (body(C), ["Where is my invoice?"]),
        (body(R, input=[{"role": "developer", "content": "row-0"}, ASK]), ["Where is my invoice?"]),
        (
            body(
                R,
                input=[
                    {
                        "role": "user",
                        "content": [{"type": "input_text", "text": "a"}, {"text": 5}, 5],
                    }
                ],
            ),
            ["a"],
        ),
        (None, []),
        ("x", []),
        ([], []),
        ({"input": 5}, []),
        ({"input": [5, {"role": "user"}]}, []),
    ],
)
def test_user_texts(sent: Any, texts: list[str]) -> None:
    """The log reads what the user says in either dialect, and stumbles over nothing."""
    assert list(user_texts(sent)) == texts


def test_log(tmp_path: Path) -> None:
    """Each call of a model is logged when it arrives and when it is answered, refused ones too,
    stalled ones once."""
    with (
        closing(Log(tmp_path / "log", r"inv\w+")) as log,
        FakeUpstream([text("x"), fault("stall")], log=log) as upstream,
    ):
        post(upstream)
        assert (
            requests.post(f"{upstream.base_url}/responses", data=b"{", timeout=60).status_code
            == 400
        )
        assert requests.get(f"{upstream.base_url}/models", timeout=60).ok
        with raw_request(upstream):
            wait_for(lambda: upstream.in_flight == 1)
    lines = read_log(tmp_path / "log")
    assert [(each["id"], each["event"], each["status"], each["marker"]) for each in lines] == [
        (0, "asked", None, "invoice"),
        (0, "answered", 200, "invoice"),
        (1, "asked", None, None),
        (1, "answered", 400, None),
        (2, "asked", None, "invoice"),
    ]
    assert [each["at"] for each in lines] == sorted(each["at"] for each in lines)


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The fake as a process of its own, and its base URL."""
    command = [sys.executable, "-m", "tests.support.upstream", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


@pytest.mark.parametrize("mode", [["--plain"], []])
def test_load_as_a_process(mode: list[str], tmp_path: Path) -> None:
    """A seeded process fails the same requests each time, says what it was told to cost, and its
    log survives a kill."""
    options = [
        "--errors",
        "0.2",
        "--limited",
        "0.1",
        "--seed",
        "5",
        "--jitter",
        "--delay",
        "0.002",
        "--usage",
        "412/96",
        "--reply",
        '{"category": "other"}',
        "--log",
        str(tmp_path / "log"),
        "--marker",
        r"row-\d+",
    ]
    statuses: list[list[int]] = []
    for _ in range(2):
        with process(*options, *mode) as (running, base_url), requests.Session() as session:
            sent = [
                body(R, input=[{"role": "user", "content": f"Sort row-{n} of many"}])
                for n in range(60)
            ]
            answers = [
                session.post(f"{base_url}/responses", json=each, timeout=60) for each in sent
            ]
            running.kill()
        statuses.append([answer.status_code for answer in answers])
        good = [answer.json()["usage"] for answer in answers if answer.ok]
        assert {(usage["input_tokens"], usage["output_tokens"]) for usage in good} == {(412, 96)}
        assert {
            answer.headers.get("Retry-After") for answer in answers if answer.status_code == 429
        } == {"1"}
    assert statuses[0] == statuses[1] and {200, 429, 500, 503} == set(statuses[0])
    lines = read_log(tmp_path / "log")
    assert Counter((each["event"], each["marker"]) for each in lines) == {
        (event, f"row-{n}"): 2 for event in ("asked", "answered") for n in range(60)
    }
    assert [each["status"] for each in lines if each["event"] == "answered"] == statuses[0] * 2


@pytest.mark.parametrize("mode", [["--plain"], []])
def test_many_connections(mode: list[str], tmp_path: Path) -> None:
    """64 connections that wait 200 ms each are served side by side, and their log lines stay
    whole."""
    options = [
        "--delay",
        "0.2",
        "--reply",
        '{"category": "other"}',
        "--log",
        str(tmp_path / "log"),
        "--errors",
        "0",
    ]
    with process(*options, *mode) as (_, base_url), ThreadPoolExecutor(64) as pool:
        calls = [
            pool.submit(requests.post, f"{base_url}/responses", json=body(R), timeout=60)
            for _ in range(128)
        ]
        assert {call.result().status_code for call in calls} == {200}
    lines = read_log(tmp_path / "log")
    assert Counter(each["id"] for each in lines) == dict.fromkeys(range(128), 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--plain"],
        ["--plain", "--reply", "1", "--usage", "412/max"],
        ["--usage", "many"],
        ["--reply", "{"],
    ],
)
def test_wrong_options(arguments: list[str]) -> None:
    """Options that mean nothing together end the process with a word, before it serves."""
    command = [sys.executable, "-m", "tests.support.upstream", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "error: " in done.stderr


def test_batches_as_a_process() -> None:
    """The process serves the Batch API as well, and `max` makes each reply as dear as its request
    allows."""
    with (
        process("--usage", "412/max", "--batch-seconds", "0") as (_, base_url),
        OpenAI(base_url=base_url, api_key="k", max_retries=0) as client,
    ):
        row = {"custom_id": "a", "method": "POST", "url": R, "body": body(R, max_output_tokens=900)}
        file = client.files.create(file=("rows.jsonl", json.dumps(row).encode()), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id, endpoint="/v1/responses", completion_window="24h"
        )
        usage = client.batches.retrieve(batch.id).usage
    assert usage and (usage.input_tokens, usage.output_tokens) == (412, 900)


@pytest.mark.parametrize("mode", [["--plain"], []])
def test_as_a_process(mode: list[str]) -> None:
    """The process prints its base URL, answers both dialects with the given arguments, and ends on
    SIGTERM."""
    command = [
        sys.executable,
        "-m",
        "tests.support.upstream",
        "--port",
        "0",
        "--reply",
        '{"category": "other"}',
        *mode,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        with OpenAI(base_url=base_url, api_key="k", max_retries=0) as client:
            choice = {"type": "function", "name": "classify"}
            answer = client.responses.create(**body(R, tool_choice=choice)).output[-1].model_dump()
            nested_choice = {"type": "function", "function": {"name": "classify"}}
            chat = (
                client.chat.completions.create(**body(C, tool_choice=nested_choice))
                .choices[0]
                .message.model_dump()
            )
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    wanted = ("classify", '{"category": "other"}')
    function = chat["tool_calls"][0]["function"]
    assert (
        (answer["name"], answer["arguments"]) == (function["name"], function["arguments"]) == wanted
    )
