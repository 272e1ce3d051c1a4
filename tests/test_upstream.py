"""The fake upstream is only worth something if it refuses what the real service refuses: so it is tested itself."""

import gzip
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import openai
import pytest
import requests
from openai import OpenAI
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import Response, response_create_params

from tests.upstream import (
    FAULTS,
    MODELS,
    FakeUpstream,
    ModelRow,
    Reply,
    Script,
    fault,
    forced_call,
    function_call,
    function_calls,
    incomplete,
    json_reply,
    refusal,
    text,
)
from tests.upstream.cases import (
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
from tests.upstream.dialects import CHAT, RESPONSES
from tests.upstream.rules import refusal as refusal_of
from tests.upstream.samples import sample
from tests.upstream.strict import strict_fault


def found(path: str, sent: Any) -> dict[str, Any] | None:
    """What the rules say, where `genuine` is the only encrypted content that was issued."""
    return refusal_of(path, sent, MODELS, issued=lambda content, snapshot: content == "genuine")


@pytest.mark.parametrize(("path", "refused", "accepted", "status_code", "param"), KEYS)
def test_top_level(
    path: str, refused: dict[str, Any], accepted: dict[str, Any], status_code: tuple[int, str | None], param: str | None
) -> None:
    """Each parameter that the model refuses is refused by its name, and the right way to say it passes."""
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
            "message": "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
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
    """A schema outside the strict subset is refused with a reason, its nearest neighbour inside is not."""
    assert strict_fault(accepted) is None
    assert word in str(strict_fault(refused))


@pytest.mark.parametrize(("path", "refused", "accepted", "words"), HISTORIES)
def test_histories(path: str, refused: list[Any], accepted: list[Any], words: str) -> None:
    """A replayed conversation must hang together: calls and outputs, reasoning and what follows it."""
    key = "input" if path == R else "messages"
    assert found(path, body(path, **{key: accepted})) is None
    answer = found(path, body(path, **{key: refused}))
    assert answer is not None
    assert words in str(answer["error"])
    assert answer["status"] == (404 if "persisted" in words else 400)


def test_dialect_of_a_model() -> None:
    """A server without the Responses endpoint says so as such servers do, and does not know the newer role name."""
    assert found(R, body(R, model="local-llama")) == {"status": 404, "detail": "Not Found"}
    assert found(C, body(C, model="local-llama", messages=[{"role": "system", "content": "x"}, ASK])) is None
    assert found(C, body(C, model="local-llama", messages=[{"role": "developer", "content": "x"}, ASK])) is not None


JUNK = (None, True, -1, 1.5, "", "object", [], [[]], [None], {}, {"type": []}, {"a": {}})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values inside a value."""
    yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
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
        (R, body(R, input=[ASK, *OWN_TURN], tool_choice={"type": "function", "name": "classify"}, reasoning={})),
        (R, body(R, input=[ASK | {"content": [{"type": "input_text", "text": "x"}]}], include=[], text={"format": {}})),
        (C, body(C, messages=[ASK, CALLED, TOLD], tool_choice={"type": "function", "function": {"name": "classify"}})),
        (
            R,
            tool(
                R, parameters=closed(a={"anyOf": [closed(k=STRING), {"$ref": "#/$defs/b"}]}) | {"$defs": {"b": STRING}}
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
    """The lists of known top-level keys are those of the installed SDK, so an upgrade shows what is new."""
    assert set(RESPONSES.keys) == set(response_create_params.ResponseCreateParamsNonStreaming.__annotations__)
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
    + [closed(a={"type": "array", "items": STRING, "minItems": 3}), closed(a=STRING | {"minLength": 9, "maxLength": 9})]
    + [closed(a={"anyOf": [{"type": "null"}, {"$ref": "#"}]}), closed(a={"type": ["null", "boolean"]})],
)
def test_samples_fit(schema: dict[str, Any]) -> None:
    """A made-up value satisfies its schema, in the same way each time, and prefers a value to null."""
    made = sample(schema)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(made)
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


def post(upstream: FakeUpstream, path: str = "/responses", **options: Any) -> requests.Response:
    """The good body, by a client without opinions."""
    sent = body(f"/v1{path}")
    return requests.post(upstream.base_url + path, json=sent, timeout=5, allow_redirects=False, **options)


def test_two_turns_with_encrypted_reasoning() -> None:
    """The SDK's Responses loop, replayed item for item, is accepted; without its reasoning's content it is not."""
    kept: dict[str, Any] = body(R, include=["reasoning.encrypted_content"])
    with serving(function_call("classify", {"category": "other"}), text("Done.")) as (upstream, client):
        first = client.responses.create(**kept)
        assert [item.type for item in first.output] == ["reasoning", "function_call"]
        call = first.output[1].model_dump(exclude_none=True)
        items = [ASK, *(item.model_dump(exclude_none=True) for item in first.output)]
        items.append({"type": "function_call_output", "call_id": call["call_id"], "output": "ok"})
        bare = [{key: value for key, value in item.items() if key != "encrypted_content"} for item in items]
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
    """Encrypted content is issued to those who include it, and no reasoning at all without effort."""
    with serving() as (_, client):
        plain = client.responses.create(**body(R))
        idle = client.responses.create(**body(R, model="gpt-5.6-terra", reasoning={"effort": "none"}))
    assert plain.output[0].type == "reasoning" and plain.output[0].encrypted_content is None
    assert [item.type for item in idle.output] == ["function_call"]
    assert idle.usage is not None and idle.usage.output_tokens_details.reasoning_tokens == 0


def test_automatic_answers() -> None:
    """Without a script both dialects call the due function with fitting arguments, and speak once a tool was heard."""
    named = {"type": "function", "function": {"name": "classify"}}
    with serving() as (upstream, client):
        answer = client.chat.completions.create(**body(C, tool_choice=named))
        assert answer.choices[0].finish_reason == "stop"
        assert (
            client.chat.completions.create(**body(C, tool_choice="required")).choices[0].finish_reason == "tool_calls"
        )
        message = answer.choices[0].message
        assert message.tool_calls and message.tool_calls[0].type == "function"
        assert json.loads(message.tool_calls[0].function.arguments) == {"category": "billing"}
        told = TOLD | {"tool_call_id": message.tool_calls[0].id}
        history = [ASK, message.model_dump(exclude_none=True), told]
        assert client.chat.completions.create(**body(C, messages=history)).choices[0].message.content == "sample"
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
    assert [getattr(item, "arguments", None) for item in got[0].output] == [None, '{"x": 1}', "{broken"]
    assert got[1].output[1].model_dump()["content"] == [{"type": "refusal", "refusal": "No."}]
    assert got[2].incomplete_details and got[2].incomplete_details.reason == "max_output_tokens"
    assert [each.status for each in got] == ["completed", "completed", "incomplete", "incomplete", "completed"]
    assert [each.finish_reason for each in chats] == ["tool_calls", "stop", "length", "content_filter", "tool_calls"]
    assert chats[1].message.refusal == "No."
    assert [len(each.message.tool_calls or ()) for each in chats] == [2, 0, 0, 0, 1]


def test_accounting() -> None:
    """Usage is a quarter of the bytes with reasoning inside the output; ids and the dated model name are there."""
    with serving(replace(text("four"), cached=128, reasoning=10), replace(text(""), usage=False)) as (upstream, client):
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
    """A bad request is answered 400 and recorded; the script's step is still there for the good one."""
    with serving(text("later")) as (upstream, client):
        with pytest.raises(openai.BadRequestError) as caught:
            client.responses.create(**body(R, temperature=0))
        assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "temperature")
        assert upstream.script.left == 1
        assert client.responses.create(**body(R)).output_text == "later"
    assert [error["body"]["temperature"] for error in upstream.errors] == [0]
    assert [request["path"] for request in upstream.requests] == [R, R]


def test_scripts() -> None:
    """Steps are used once each from any thread, then the server answers by itself; the last repeats if told."""
    with FakeUpstream([text(str(n)) for n in range(40)]) as upstream, ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: post(upstream).json()["output"][-1], range(41)))
    assert sorted(item["content"][0]["text"] for item in said if "content" in item) == sorted(map(str, range(40)))
    assert [item["name"] for item in said if "name" in item] == ["classify"]
    with FakeUpstream(Script([fault("null"), fault("auth")], repeat=True)) as upstream:
        assert [post(upstream).status_code for _ in range(4)] == [200, 401, 401, 401]


def test_own_steps() -> None:
    """A step may be any function of the request; one that fails is shown to the test, not lost in a thread."""

    def wrong(request: Any) -> Reply:
        raise AssertionError("no such thing")

    with FakeUpstream([lambda request: json_reply({"n": request.number}, 418), wrong]) as upstream:
        assert (post(upstream).status_code, post(upstream).status_code) == (418, 500)
    assert "no such thing" in upstream.errors[0]["error"]["message"]


def test_models() -> None:
    """Models carry their shutdown date; retired and unheard-of ones are 404, further rows can be added."""
    with serving(retired=["o4-mini", "gpt-5"], models=[ModelRow("ours", efforts=("low",))]) as (_, client):
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
        assert requests.get(f"{upstream.base_url}/models", timeout=5).status_code == 401
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="z").responses.create(**body(R))


@pytest.mark.parametrize("raw", [b"{", b"", b'{"model": NaN}', b"[]", b"\xff"])
def test_unreadable_bodies(raw: bytes) -> None:
    """What is no JSON object is a 400."""
    with FakeUpstream() as upstream:
        assert requests.post(f"{upstream.base_url}/responses", data=raw, timeout=5).status_code == 400
        assert requests.post(f"{upstream.base_url}/nothing", json={}, timeout=5).status_code == 404
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
def test_error_faults(name: str, options: dict[str, Any], status: int, code: str | int | None) -> None:
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
    assert truncated.content.startswith(b'{"id"') and len(truncated.content) == int(truncated.headers["Content-Length"])
    with pytest.raises(ValueError):
        truncated.json()
    assert (string_error.status_code, string_error.json()) == (500, {"error": "something went wrong"})


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
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://127.0.0.1:9/v1/responses")


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
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
            post(upstream)
        with OpenAI(base_url=upstream.base_url, api_key="k", max_retries=0) as client:
            assert client.responses.create(**body(R)).status == "completed"


def raw_request(upstream: FakeUpstream) -> socket.socket:
    """The good body on a bare socket."""
    address = urlsplit(upstream.base_url)
    sent = json.dumps(body(R)).encode()
    connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=5)
    connection.sendall(f"POST {R} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent)
    return connection


def test_drip() -> None:
    """Bytes keep coming one by one, so no read ever times out, and closing the server ends it."""
    with FakeUpstream([fault("drip", interval=0.01)]) as upstream, raw_request(upstream) as connection:
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < 5:
            received += connection.recv(100)
        assert received.startswith(b"HTTP/1.1 200") and received.endswith(b"     ")
        started = time.monotonic()
        upstream.close()
        while connection.recv(100):
            pass
    assert time.monotonic() - started < 3


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
    with FakeUpstream(delay=0.05) as upstream, raw_request(upstream) as connection:
        started = time.monotonic()
        assert connection.recv(9) == b"HTTP/1.1 "
        assert time.monotonic() - started > 0.04
    with FakeUpstream() as upstream, closing(HTTPConnection(urlsplit(upstream.base_url).netloc)) as kept:
        kept.connect()
        first = kept.sock
        for _ in range(3):
            kept.request("GET", "/v1/models")
            assert kept.getresponse().read()
        assert kept.sock is first


@pytest.mark.parametrize("mode", [["--plain"], []])
def test_as_a_process(mode: list[str]) -> None:
    """The process prints its base URL, answers both dialects with the given arguments, and ends on SIGTERM."""
    command = [sys.executable, "-m", "tests.upstream", "--port", "0", "--reply", '{"category": "other"}', *mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        with OpenAI(base_url=base_url, api_key="k", max_retries=0) as client:
            choice = {"type": "function", "name": "classify"}
            answer = client.responses.create(**body(R, tool_choice=choice)).output[-1].model_dump()
            nested_choice = {"type": "function", "function": {"name": "classify"}}
            chat = client.chat.completions.create(**body(C, tool_choice=nested_choice)).choices[0].message.model_dump()
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    wanted = ("classify", '{"category": "other"}')
    function = chat["tool_calls"][0]["function"]
    assert (answer["name"], answer["arguments"]) == (function["name"], function["arguments"]) == wanted
