"""Calls to a hosted model over a real socket with OpenAI's SDK: the request, and the handling of
each failure."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import openai
import pytest

from connector.catalogue import Action, Example, answer_function, load_catalogue
from connector.catalogue.user_fields import WRITABLE_TYPES
from connector.engine.engine import Engine
from connector.errors import FormcallError, ProviderError, SettingsError
from connector.json_types import Json
from connector.providers.base import Call, CallResult, Function, ModelRequest, Reply, Turn, Usage
from connector.providers.factory import make_provider
from connector.providers.hosted import client as provider_module
from connector.providers.hosted import connections
from connector.providers.hosted import transport as transport_module
from connector.providers.hosted.client import MAX_TRIES, OpenAIProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings
from tests.support.guards import hang_guard
from tests.support.model_actions import MODEL_ACTIONS
from tests.support.upstream import (
    FAULTS,
    FakeUpstream,
    ModelRow,
    Script,
    Step,
    fault,
    forced_call,
    function_call,
    function_calls,
    json_reply,
    text,
)
from tests.support.upstream import Reply as Wire
from tests.support.upstream.replies import automatic

KEY = "sk-live-4f8a1c0b9d7e6352"
CATALOGUE = load_catalogue()
MODELS = load_models()
SCHEMA = {
    "type": "object",
    "properties": {"category": {"type": ["string", "null"], "enum": ["billing", "other", None]}},
    "required": ["category"],
    "additionalProperties": False,
}
CLASSIFY = Function("classify", "", SCHEMA)
PATHS = {"responses": "/v1/responses", "chat": "/v1/chat/completions"}
DIALECTS = tuple(PATHS)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One pool and hardly any pause, so that a test takes no longer than what it shows; every
    connection is closed after it."""
    made: list[openai.OpenAI] = []
    make = transport_module._client

    def record(*options: Any) -> Any:
        made.append(make(*options))
        return made[-1]

    monkeypatch.setattr(transport_module, "_client", record)
    monkeypatch.setattr(provider_module, "_FIRST_WAIT", 0.002)
    yield
    for client in made:
        client.close()


def provider(up: FakeUpstream, **settings: Any) -> OpenAIProvider:
    """The provider that talks to ``up``."""
    return OpenAIProvider(
        Settings(**{"openai_base_url": up.base_url, "openai_api_key": KEY, **settings}), MODELS
    )


def asks(
    model: str = "o4-mini",
    *,
    seconds: float = 5.0,
    message: str = "Where is my invoice?",
    **changes: Any,
) -> ModelRequest:
    """A small request that is given up after ``seconds``."""
    made = ModelRequest(
        model,
        "low",
        "Classify.",
        message,
        (CLASSIFY,),
        "classify",
        deadline=time.monotonic() + seconds,
        action="classify",
    )
    return replace(made, **changes)


def always(step: Step) -> Script:
    """A server that does the same each time."""
    return Script([step], repeat=True)


def says(body: Any, status: int = 200, **headers: str) -> Step:
    """A step that answers this JSON; ``retry_after="1"`` becomes a header."""
    return lambda request: json_reply(
        body, status, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def raw(body: bytes, status: int = 200) -> Step:
    """A step that answers these bytes."""
    return lambda request: Wire(status, body)


def failed(up: FakeUpstream, request: ModelRequest | None = None, **settings: Any) -> ProviderError:
    """The error that one call comes to."""
    with pytest.raises(ProviderError) as caught:
        provider(up, **settings).respond(request or asks())
    return caught.value


# --- what is sent ---------------------------------------------------------------------------------


CATEGORIES = "billing: invoices and charges\nother"
FORM = {"text": "Where is my invoice?", "categories": CATEGORIES}
GIVEN = {
    "category": "billing",
    "confidence": 0.9,
    "reason": "It is about an invoice.",
    "runner_up": None,
}
READ = CATALOGUE["classify"].read_form(FORM)
INSTRUCTIONS = CATALOGUE["classify"].instructions.render(READ)
PARAMETERS = answer_function(CATALOGUE["classify"], READ)[2]
ROOM = 4 * (256 + 6 + 3 + 6 + 4 + 6 + 30 + 6 + 3)  # usual reasoning, and each value of the answer
BODIES: dict[str, Json] = {
    "responses": {
        "model": "o4-mini",
        "input": [
            {"role": "developer", "content": INSTRUCTIONS},
            {"role": "user", "content": "Where is my invoice?"},
        ],
        "tools": [
            {"type": "function", "name": "classify", "parameters": PARAMETERS, "strict": True}
        ],
        "tool_choice": {"type": "function", "name": "classify"},
        "max_output_tokens": ROOM,
        "store": False,
        "reasoning": {"effort": "low"},
        "include": ["reasoning.encrypted_content"],
    },
    "chat": {
        "model": "o4-mini",
        "messages": [
            {"role": "developer", "content": INSTRUCTIONS},
            {"role": "user", "content": "Where is my invoice?"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "classify", "parameters": PARAMETERS, "strict": True},
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "classify"}},
        "max_completion_tokens": ROOM,
        "store": False,
        "reasoning_effort": "low",
    },
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_shot_body(dialect: str) -> None:
    """One run sends one forced strict function with the form's own categories, stores nothing, and
    sends nothing else."""
    with FakeUpstream([forced_call(GIVEN)], api_key=KEY) as up:
        settings = Settings(
            openai_base_url=up.base_url, openai_api_key=KEY, dialect=dialect, profile="openai"
        )
        engine = Engine(CATALOGUE, OpenAIProvider(settings, MODELS), MODELS, settings)
        outcome = engine.run("classify", FORM)
        (sent,) = up.requests
    assert outcome.ok
    assert sent["path"] == PATHS[dialect]
    body = dict(sent["body"])
    assert len(body.pop("prompt_cache_key")) <= 64
    assert body == BODIES[dialect]
    assert PARAMETERS["properties"]["category"]["enum"] == ["billing", "other", None]


def test_generic_server_gets_the_plainest_body() -> None:
    """A compatible server that no row describes gets the older role and limit, and no parameter of
    OpenAI's own."""
    with FakeUpstream() as up:
        reply = provider(up, model="local-llama").respond(asks("local-llama"))
        body = up.requests[0]["body"]
        assert not up.errors
    assert set(body) == {"model", "messages", "tools", "tool_choice", "max_tokens"}
    assert body["messages"][0]["role"] == "system"
    assert reply.effort == ""


def test_cache_key_follows_what_is_sent_not_what_is_said() -> None:
    """Requests with the same functions share a cache key whatever their text; other functions give
    another key."""
    first, second = asks(message="one"), asks(message="two")
    other = asks(functions=(replace(CLASSIFY, parameters={**SCHEMA, "required": []}),))
    assert first.cache_key == second.cache_key != other.cache_key
    assert "one" not in first.cache_key


class Says:
    """A server's script that is written while it runs: each run lays out what it is to hear."""

    def __init__(self) -> None:
        self.steps: deque[Step] = deque()

    def __call__(self, request: Any) -> Wire:
        return self.steps.popleft()(request)


def _final(action: Action, example: Example) -> Step:
    return function_call(action.id, example.output)


def _one_shot(action: Action, example: Example) -> list[Step]:
    return [_final(action, example)]


def _repaired_call(action: Action, example: Example) -> list[Step]:
    return [function_calls((action.id, {}), (action.id, "{broken")), _final(action, example)]


def _repaired_prose(action: Action, example: Example) -> list[Step]:
    return [text("I would say it is fine."), _final(action, example)]


def _tool_loop(action: Action, example: Example) -> list[Step]:
    if not action.tools or not example.input.get("tools"):
        return [_final(action, example)]
    calls = [(call["tool"], call["arguments"]) for call in example.calls]
    rounds: list[Step] = [
        function_calls(*calls, ("calculate", {"expression": "1/0"}), ("no_such_tool", {})),
        function_calls(*calls, (action.id, example.output)),
        text("Let me think."),
    ]
    return [*rounds, _final(action, example)]


WAYS = (_one_shot, _repaired_call, _repaired_prose, _tool_loop)
EXAMPLES = [(action, example) for action in MODEL_ACTIONS.values() for example in action.examples]


def every_body(model: str, dialect: str, profile: str) -> tuple[list[Json], list[Json]]:
    """All requests (and refusals) of every action, example, effort and way for one model in one
    dialect."""
    script = Says()
    with FakeUpstream(always(script)) as up:
        settings = Settings(
            openai_base_url=up.base_url,
            openai_api_key=KEY,
            model=model,
            dialect=dialect,
            profile=profile,
        )
        engine = Engine(CATALOGUE, OpenAIProvider(settings, MODELS), MODELS, settings)
        for action, example in EXAMPLES:
            for effort in ("low", "medium", "high"):
                for way in WAYS:
                    script.steps.extend(way(action, example))
                    form = {**example.input, "effort": effort, "instructions": "Be brief."}
                    if "language" in action.form:
                        form["language"] = "Deutsch"
                    outcome = engine.run(action, form)
                    assert outcome.ok, (
                        action.id,
                        example.name,
                        effort,
                        way.__name__,
                        outcome.error,
                    )
                    assert not script.steps
        return up.requests, up.errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "dialect", "profile"),
    [
        ("o4-mini", "responses", "openai"),
        ("o4-mini", "chat", "openai"),
        ("o4-mini", "responses", "generic"),
        ("gpt-5.6-terra", "responses", "openai"),
        ("gpt-5.6-terra", "chat", "openai"),
        ("local-llama", "chat", "generic"),
    ],
)
def test_every_request_is_accepted(model: str, dialect: str, profile: str) -> None:
    """Whatever an action, an example, an effort, a repair or a tool loop can send, a strict server
    takes."""
    sent, refused = every_body(model, dialect, profile)
    assert len(sent) >= len(EXAMPLES) * 3 * len(WAYS)
    assert not refused


# --- what becomes of a failure --------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("html", {}, ("provider_bad_reply", 502, 1)),
        ("empty", {}, ("provider_bad_reply", 502, 1)),
        ("truncated", {}, ("provider_bad_reply", 502, 1)),
        ("disconnect", {}, ("provider_unavailable", 502, 1)),
        ("error_in_200", {}, ("provider_unavailable", 502, MAX_TRIES)),
        ("error_in_200", {"code": 402}, ("provider_quota", 402, 1)),
        ("null", {}, ("provider_bad_reply", 502, 1)),
        ("rate_limit", {"retry_after": 0}, ("provider_rate_limited", 429, MAX_TRIES)),
        ("rate_limit", {"retry_after": None}, ("provider_rate_limited", 429, 1)),
        ("quota", {}, ("provider_quota", 402, 1)),
        ("server_error", {}, ("provider_unavailable", 502, MAX_TRIES)),
        ("unavailable", {}, ("provider_unavailable", 502, MAX_TRIES)),
        ("drip", {}, ("provider_timeout", 504, 1)),
        ("stall", {}, ("provider_timeout", 504, 1)),
        ("redirect", {"to": "http://127.0.0.1:9/v1"}, ("provider_rejected", 502, 1)),
        ("huge", {}, ("provider_bad_reply", 502, 1)),
        ("gzip_bomb", {}, ("provider_bad_reply", 502, 1)),
        ("auth", {}, ("provider_auth", 502, 1)),
        ("forbidden", {}, ("model_retired", 502, 1)),
        ("context", {}, ("too_long", 413, 1)),
        ("content_filter", {}, ("refused", 422, 1)),
        ("string_error", {}, ("provider_unavailable", 502, MAX_TRIES)),
        ("model_gone", {}, ("model_retired", 502, 1)),
    ],
)
def test_fault(name: str, options: Json, expected: tuple[str, int, int], dialect: str) -> None:
    """Each fault has its code, status and number of tries, ends within its time, and leaves nothing
    behind for the next call."""
    code, status, tries = expected
    # without Retry-After a pause is longer than three seconds, so there is no second try
    seconds = {"provider_timeout": 0.3, "provider_rate_limited": 3.0}.get(code, 30.0)
    script = Says()
    with FakeUpstream(always(script)) as up:
        asked = provider(up, dialect=dialect, retired="error")
        script.steps.extend([fault(name, **options)] * tries)
        with hang_guard(), pytest.raises(ProviderError) as caught:
            asked.respond(asks(seconds=seconds))
        assert (caught.value.code, caught.value.kind.status) == (code, status)
        assert (len(up.requests), up.errors) == (tries, [])
        script.steps.append(automatic)
        assert asked.respond(asks()).calls, (
            "the connection of a failed call must not harm the next one"
        )


def test_fault_table_is_whole() -> None:
    """No fault that the fake knows is left out of the table above; a missing endpoint is no failure
    and has its own test."""
    marks = getattr(test_fault, "pytestmark")  # noqa: B009
    named = {row[0] for mark in marks if mark.args[0] != "dialect" for row in mark.args[1]}
    assert named | {"no_responses"} == set(FAULTS)


def test_redirect_is_not_followed() -> None:
    """A redirect reaches nobody: the other server gets neither the text nor the key."""
    with (
        FakeUpstream() as other,
        FakeUpstream([fault("redirect", to=f"{other.base_url}/responses")]) as up,
    ):
        error = failed(up)
        assert (error.code, other.requests) == ("provider_rejected", [])
    assert "OPENAI_BASE_URL" in error.detail


def test_large_answers_are_read_up_to_the_cap() -> None:
    """An answer of several megabytes is read; one beyond the cap is refused whether it says its
    size or not."""
    with FakeUpstream(
        [forced_call({"category": "x" * 5_000_000}), raw(b'"' + b"x" * 10_100_000)]
    ) as up:
        asked = provider(up, dialect="responses")
        assert len(asked.respond(asks()).calls[0].arguments) > 5_000_000
        with pytest.raises(ProviderError, match="larger than allowed"):
            asked.respond(asks())


def test_compressed_answer_is_not_inflated() -> None:
    """A compressed answer, which was not asked for, is refused before a byte of it is inflated."""
    with FakeUpstream([fault("gzip_bomb")]) as up:
        error = failed(up)
        assert up.requests[0]["headers"]["accept-encoding"] == "identity"
    assert "compressed" in error.detail


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b'{"output": ', "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b'{"usage": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"[]", "not a JSON object"),
        (b'"done"', "not a JSON object"),
        (b"true", "not a JSON object"),
        (b"{}", "without"),
        (b'{"output": null, "choices": null}', "without"),
        (b'{"output": [], "choices": [null]}', "without"),
        (b'{"output": [], "status": ["completed"], "choices": [{"message": "hi"}]}', "without"),
        (b'{"output": {}, "choices": {}}', "without"),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_unreadable_answer(body: bytes, words: str, dialect: str) -> None:
    """An answer that is not what its dialect says is one coded error, never tried again and never
    an exception of Python's own."""
    with FakeUpstream(always(raw(body))) as up:
        error = failed(up, dialect=dialect)
        assert (error.code, len(up.requests)) == ("provider_bad_reply", 1)
    assert words in error.detail


@pytest.mark.parametrize("status", ["failed", "in_progress", "queued", "cancelled"])
def test_unfinished_response_is_no_answer(status: str) -> None:
    """A response that was not completed is not taken as one, although it may hold a call
    already."""
    call = {
        "type": "function_call",
        "call_id": "call_1",
        "name": "classify",
        "arguments": '{"category": "billing"}',
    }
    with FakeUpstream([says({"model": "o4-mini", "status": status, "output": [call]})]) as up:
        assert failed(up).code == "provider_bad_reply"


@pytest.mark.parametrize(
    ("inside", "code", "tries"),
    [
        ({"code": "rate_limit_exceeded", "message": "slow"}, "provider_rate_limited", 1),
        ({"code": "insufficient_quota", "message": "none left"}, "provider_quota", 1),
        ({"code": "invalid_prompt", "message": "no"}, "refused", 1),
        ({"code": "content_filter", "message": "no"}, "refused", 1),
        ({"code": "context_length_exceeded", "message": "long"}, "too_long", 1),
        ({"code": "server_error", "message": "oops"}, "provider_unavailable", MAX_TRIES),
        ({"code": 401, "message": "who?"}, "provider_auth", 1),
        ({"code": 7, "message": "odd"}, "provider_unavailable", MAX_TRIES),
        ({"code": ["x"], "message": {"a": 1}}, "provider_unavailable", MAX_TRIES),
        ("just words", "provider_unavailable", MAX_TRIES),
        (["odd"], "provider_unavailable", MAX_TRIES),
    ],
)
def test_error_inside_an_answer(inside: Any, code: str, tries: int) -> None:
    """An error inside a success means what its code means; only what another try could mend is
    tried again."""
    with FakeUpstream(always(says({"error": inside, "status": "failed", "output": []}))) as up:
        assert failed(up).code == code
        assert len(up.requests) == tries


@pytest.mark.parametrize(
    ("status", "code", "tries"),
    [
        (408, "provider_unavailable", 4),
        (409, "provider_unavailable", 4),
        (402, "provider_quota", 1),
        (405, "provider_rejected", 2),
        (413, "provider_rejected", 1),
        (422, "provider_rejected", 1),
        (418, "provider_unavailable", 1),
        (502, "provider_unavailable", 4),
        (504, "provider_timeout", 1),
        (524, "provider_timeout", 1),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b'{"detail": "odd"}', b"[]", b'{"error": null}']
)
def test_status_without_an_error_object(status: int, code: str, tries: int, body: bytes) -> None:
    """A status alone is enough: no page is quoted, and a gateway that gave up waiting is not asked
    again, as the model may have worked."""
    with FakeUpstream(always(raw(body, status))) as up:
        error = failed(up)
        assert (error.code, len(up.requests)) == (code, tries)
    assert "<" not in error.detail


def test_string_error_is_told() -> None:
    """An error that is a mere text is still told to the person."""
    with FakeUpstream(always(fault("string_error"))) as up:
        assert "something went wrong" in failed(up).detail


# --- time -----------------------------------------------------------------------------------------


def recorded_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which are recorded and not made."""
    pauses: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=pauses.append)
    monkeypatch.setattr(provider_module, "time", clock)
    return pauses


def test_retries_end_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries count: no pause is begun that would outlast the call."""
    monkeypatch.setattr(provider_module, "_FIRST_WAIT", 5.0)
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    pauses = recorded_pauses(monkeypatch)
    with FakeUpstream(always(fault("server_error"))) as up:
        assert failed(up, asks(seconds=1)).code == "provider_unavailable"
        assert (pauses, len(up.requests)) == ([], 1)


@pytest.mark.parametrize(("seconds", "tries"), [(0.3, 2), (30, 1)])
def test_retry_after(seconds: float, tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's own pause is kept when it fits the deadline; when it does not, the caller is
    told at once how long it is."""
    monkeypatch.setattr("random.uniform", lambda low, high: low)
    pauses = recorded_pauses(monkeypatch)
    with FakeUpstream([fault("rate_limit", retry_after=seconds)]) as up:
        asked = provider(up)
        if tries == 2:
            assert asked.respond(asks(seconds=20)).calls
            assert pauses == [seconds]
        else:
            with pytest.raises(ProviderError) as caught:
                asked.respond(asks(seconds=20))
            assert caught.value.retry_after == seconds
            assert pauses == []
        assert len(up.requests) == tries


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("inf", 86_400, 86_400),
        ("1e300", 86_400, 86_400),
        ("nan", 5, 5),
        ("soon", 5, 5),
        ("", 5, 5),
        ("Fri, 31 Dec 99999 23:59:59 GMT", 5, 5),
        ("Fri, 31 Dec 2199 23:59:59 GMT", 86_400, 86_400),
        ("Fri, 31 Feb 2199 23:59:59 GMT", 5, 86_400),
    ],
)
def test_odd_retry_after(header: str, least: float, most: float) -> None:
    """Whatever a server writes into Retry-After, the caller is told a number of seconds that a
    clock has."""
    with FakeUpstream(always(says({"error": {"message": "slow"}}, 429, retry_after=header))) as up:
        error = failed(up)
        assert len(up.requests) == 1
    assert error.retry_after is not None
    assert least <= error.retry_after <= most


@pytest.mark.parametrize("header", ["-5", "0", "Fri, 31 Dec 1999 23:59:59 GMT"])
def test_retry_after_that_has_passed(header: str) -> None:
    """A pause that is over already is no pause."""
    with FakeUpstream([says({"error": {"message": "slow"}}, 429, retry_after=header)]) as up:
        assert provider(up).respond(asks(seconds=2)).calls
        assert len(up.requests) == 2


@pytest.mark.parametrize("name", ["stall", "drip", "disconnect"])
@pytest.mark.parametrize(
    ("allowed", "faults", "answered", "tries"),
    [(False, 1, False, 1), (True, 1, True, 2), (True, 2, False, 2)],
)
def test_lost_answer_is_asked_for_again_only_if_allowed(
    name: str, allowed: bool, faults: int, answered: bool, tries: int
) -> None:
    """A call whose answer was lost may have been paid: it is made again once at most, and only if
    the operator allows it."""
    with FakeUpstream([fault(name)] * faults) as up:
        asked = provider(up, retry_after_timeout=allowed)
        with hang_guard():
            if answered:
                assert asked.respond(asks(seconds=0.5)).calls
            else:
                with pytest.raises(ProviderError) as caught:
                    asked.respond(asks(seconds=0.5))
                assert caught.value.code == (
                    "provider_unavailable" if name == "disconnect" else "provider_timeout"
                )
            assert len(up.requests) == tries


def test_unreachable_server_is_not_a_lost_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is refused or never comes about sent nothing, so it is tried again and told
    as what it is."""
    monkeypatch.setattr(connections, "_CONNECT_SECONDS", 0.1)
    with socket.socket() as full, socket.socket() as closed:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        closed.bind(("127.0.0.1", 0))
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        for address in (full.getsockname(), closed.getsockname()):
            asked = OpenAIProvider(
                Settings(openai_base_url=f"http://127.0.0.1:{address[1]}/v1", openai_api_key=KEY),
                MODELS,
            )
            with pytest.raises(ProviderError, match="cannot be reached") as caught:
                asked.respond(asks(seconds=2))
            assert caught.value.code == "provider_unavailable"
        for one in waiting:
            one.close()


def test_each_wait_has_only_what_is_left() -> None:
    """The time for one read is what is left of the call, not the whole of it again."""
    with FakeUpstream([fault("drip", interval=0.5)]) as up, hang_guard():
        assert failed(up, asks(seconds=0.6)).code == "provider_timeout"


def test_deadline_that_has_passed() -> None:
    """A call without time left ends at once and sends nothing."""
    with FakeUpstream() as up:
        error = failed(up, asks(seconds=-1))
        assert (error.code, error.outcome_unknown) == ("provider_timeout", False)
        assert not up.requests


# --- secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, "gsk_Zq81hJd03kTf7w", "0123456789abcdef0123456789abcdef"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 413, 429, 500, 503, 504])
def test_key_is_in_no_error(key: str, status: int) -> None:
    """A server that says our key back does not bring it into an error, whatever the key looks like
    and wherever it stands."""
    words = f"Incorrect API key provided: {key}. Visit {key}"
    at_the_cut = "x" * (240 - len(key) // 2) + f" {key}"  # where the quotation ends
    bodies = [
        {"error": {"message": words}},
        {"error": words},
        {"error": {"detail": words}},
        {"detail": words},
        {"error": {"message": at_the_cut}},
    ]
    for body in bodies[: 3 if status == 200 else None]:
        with FakeUpstream(always(says(body, status))) as up:
            found = failed(up, openai_api_key=key, retired="error")
        shown = f"{found!r} {found.detail} {found.extra} {found.args}"
        assert not any(key[at : at + 8] in shown for at in range(len(key) - 8))


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"openai_base_url": "http://["}, "OPENAI_BASE_URL"),
        ({"openai_base_url": "localhost:11434/v1"}, "OPENAI_BASE_URL"),
        ({"openai_base_url": "ftp://example.com/v1"}, "OPENAI_BASE_URL"),
        ({"openai_base_url": "https:///v1"}, "OPENAI_BASE_URL"),
        ({"openai_base_url": "https://example.com:port/v1"}, "OPENAI_BASE_URL"),
        ({"openai_api_key": "sk-ünusable"}, "OPENAI_API_KEY"),
        ({"openai_api_key": "sk-one\nsk-two"}, "OPENAI_API_KEY"),
        ({"openai_api_key": "Bearer sk-one"}, "OPENAI_API_KEY"),
    ],
)
def test_unusable_settings_stop_the_start(settings: Json, variable: str) -> None:
    """An address or a key with which no call could be made is refused at the start, by its variable
    and without the key."""
    with pytest.raises(SettingsError, match=variable) as caught:
        OpenAIProvider(Settings(**settings), MODELS)
    assert (
        settings.get("openai_api_key", "sk-") not in str(caught.value)
        or "openai_api_key" not in settings
    )


@pytest.mark.parametrize("key", ["", "  ", f" {KEY}\n"])
def test_server_without_a_key(key: str) -> None:
    """A server that wants no key can be asked without one, and blanks around a key do not count."""
    with FakeUpstream() as up:
        assert provider(up, openai_api_key=key).respond(asks()).calls
        assert up.requests[0]["headers"]["authorization"] == f"Bearer {key.strip() or 'none'}"


# --- a server that does not take everything -------------------------------------------------------


def refuses(*names: str, code: str = "unsupported_parameter") -> Step:
    """A server that takes everything but these parameters."""

    def step(request: Any) -> Wire:
        for name in names:
            if name.partition(".")[0] in request.body:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                return json_reply(
                    {
                        "error": {
                            "message": message,
                            "type": "invalid_request_error",
                            "param": name,
                            "code": code,
                        }
                    },
                    400,
                )
        return automatic(request)

    return step


@pytest.mark.parametrize(
    ("dialect", "name", "code"),
    [
        ("responses", "prompt_cache_key", "unsupported_parameter"),
        ("responses", "reasoning", "unsupported_parameter"),
        ("responses", "reasoning.effort", "unsupported_value"),
        ("responses", "include", "unknown_parameter"),
        ("responses", "max_output_tokens", "unsupported_parameter"),
        ("chat", "prompt_cache_key", "unknown_parameter"),
        ("chat", "reasoning_effort", "unsupported_value"),
    ],
)
def test_refused_optional_parameter_is_left_out(dialect: str, name: str, code: str) -> None:
    """What a request can do without is left out once the server refuses it by name; that is
    remembered, and told each time."""
    top = name.partition(".")[0]
    with FakeUpstream(always(refuses(name, code=code))) as up:
        asked = provider(up, dialect=dialect, profile="openai")
        first, second = asked.respond(asks()), asked.respond(asks())
        assert [top in sent["body"] for sent in up.requests] == [True, False, False]
        assert all(sent["body"]["store"] is False for sent in up.requests)
    for reply in (first, second):
        assert any(f"`{top}`" in words for words in reply.warnings)
        assert reply.effort == ("" if top.startswith("reasoning") else "low")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_all_optional_parameters_may_be_refused(dialect: str) -> None:
    """A server that takes none of them is asked as often as there are parameters, and then
    answers."""
    names = ["reasoning", "include", "prompt_cache_key", "max_output_tokens"]
    if dialect == "chat":
        names = ["reasoning_effort", "prompt_cache_key", "max_completion_tokens", "max_tokens"]
    with FakeUpstream(always(refuses(*names))) as up:
        reply = provider(up, dialect=dialect, profile="openai").respond(asks())
        assert len(up.requests) == len(names) + 1
    assert reply.calls
    assert len(reply.warnings) == len(names)


@pytest.mark.parametrize(
    "name",
    [
        "store",
        "model",
        "input",
        "",
        "temperature",
    ],
)
@pytest.mark.parametrize(
    "code", ["unsupported_parameter", "unsupported_value", "unknown_parameter"]
)
def test_what_is_never_left_out(name: str, code: str) -> None:
    """A server that refuses the text, or that nothing is stored, gets no other request: the call
    fails with the server's words."""
    error = {"message": f"'{name}' is not for me.", "param": name, "code": code}
    with FakeUpstream(always(says({"error": error}, 400))) as up:
        found = failed(up)
        assert (found.code, len(up.requests)) == ("provider_rejected", 1)
    assert "is not for me" in found.detail


def test_parameter_refused_although_left_out() -> None:
    """A server that goes on refusing what is no longer sent gets no third request."""
    error = {"message": "No.", "param": "reasoning", "code": "unsupported_parameter"}
    with FakeUpstream(always(says({"error": error}, 400))) as up:
        assert failed(up).code == "provider_rejected"
        assert len(up.requests) == 2


def test_server_without_responses() -> None:
    """A server that has no Responses API is asked over chat completions, from then on at once, and
    each answer says so."""
    with FakeUpstream(always(fault("no_responses"))) as up:
        asked = provider(up)
        replies = [asked.respond(asks()) for _ in range(2)]
        assert [sent["path"] for sent in up.requests] == [
            PATHS["responses"],
            PATHS["chat"],
            PATHS["chat"],
        ]
    assert all(any("Responses API" in words for words in reply.warnings) for reply in replies)


def test_server_without_responses_when_they_are_wanted() -> None:
    """An operator who asks for the Responses API does not get another one in its place."""
    with FakeUpstream(always(fault("no_responses"))) as up:
        error = failed(up, dialect="responses")
        assert (error.code, len(up.requests)) == ("provider_rejected", 1)
    assert "OPENAI_BASE_URL" in error.detail


def test_missing_item_is_no_missing_endpoint() -> None:
    """A 404 about something in the request does not send every later call to another endpoint."""
    message = "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."
    with FakeUpstream(
        [says({"error": {"message": message, "param": "input", "code": None}}, 404)]
    ) as up:
        asked = provider(up)
        with pytest.raises(ProviderError):
            asked.respond(asks())
        asked.respond(asks())
        assert [sent["path"] for sent in up.requests] == [PATHS["responses"]] * 2


@pytest.mark.parametrize(
    "step",
    [refuses("prompt_cache_key", "include"), fault("no_responses")],
    ids=["parameter", "endpoint"],
)
def test_threads_learn_at_once(step: Step) -> None:
    """Calls that are refused at the same moment are each made again: what one learns does not leave
    the others without an answer."""
    count = 16
    together = threading.Barrier(count, timeout=60)

    def waits(request: Any) -> Wire:
        if request.number < count:
            together.wait()
        return step(request)

    with FakeUpstream(always(waits)) as up, ThreadPoolExecutor(count) as pool:
        asked = provider(up, profile="openai")
        replies = list(pool.map(lambda _: asked.respond(asks()), range(count)))
        assert not up.errors
    assert all(reply.calls and reply.warnings for reply in replies)


# --- reasoning ------------------------------------------------------------------------------------


def answered(reply: Reply) -> Turn:
    """The turn in which every call of ``reply`` gets a result."""
    return Turn(reply, tuple(CallResult(call.id, "ok") for call in reply.calls))


def without_reasoning_content(request: Any) -> Wire:
    """A server that gives reasoning but keeps its encrypted form."""
    body = json.loads(automatic(request).body)
    for item in body["output"]:
        item.pop("encrypted_content", None)
    return json_reply(body)


def test_reasoning_is_sent_again() -> None:
    """The next turn carries the encrypted reasoning, its call and our result, in this order and as
    the server takes them."""
    with FakeUpstream() as up:
        asked = provider(up)
        asked.respond(asks(turns=(answered(asked.respond(asks())),)))
        kinds = [item.get("type") for item in up.requests[1]["body"]["input"]]
        assert not up.errors
    assert kinds == [None, None, "reasoning", "function_call", "function_call_output"]


def test_reasoning_of_another_account_is_dropped_once() -> None:
    """Reasoning that a server cannot read is left out with the ids that belong to it, once; the
    call is then answered."""
    with FakeUpstream() as one, FakeUpstream() as other:
        turn = answered(provider(one).respond(asks()))
        assert provider(other).respond(asks(turns=(turn,))).calls
        assert [refused["error"]["code"] for refused in other.errors] == [
            "invalid_encrypted_content"
        ]
        items = other.requests[1]["body"]["input"]
    assert not any(item.get("type") == "reasoning" or item.get("id") for item in items)


def test_reasoning_that_cannot_be_read_twice() -> None:
    """A server that refuses reasoning which is no longer sent is not asked a third time."""
    error = {
        "message": "The encrypted content could not be verified.",
        "code": "invalid_encrypted_content",
    }
    with FakeUpstream(always(says({"error": error}, 400))) as up:
        assert failed(up).code == "provider_rejected"
        assert len(up.requests) == 2


def test_reasoning_without_its_encrypted_form() -> None:
    """Reasoning that came without its encrypted form cannot be sent again, so it is not."""
    with FakeUpstream([without_reasoning_content]) as up:
        asked = provider(up)
        assert asked.respond(asks(turns=(answered(asked.respond(asks())),))).calls
        assert not up.errors


def test_reasoning_that_led_to_nothing() -> None:
    """A reply that is reasoning alone is not sent again: the server wants what follows it."""

    def thinks(request: Any) -> Wire:
        body = json.loads(automatic(request).body)
        return json_reply({**body, "output": body["output"][:1]})

    with FakeUpstream([thinks]) as up:
        asked = provider(up)
        reply = asked.respond(asks())
        assert (reply.calls, reply.text) == ((), "")
        assert asked.respond(asks(turns=(Turn(reply, note="Call the function."),))).calls
        assert not up.errors


def test_calls_without_ids() -> None:
    """Calls to which a compatible server gives no id get one each, so that every result names its
    call."""
    call = {"type": "function", "function": {"name": "classify", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call, {**call, "id": ""}]}
    with FakeUpstream([says({"model": "local-llama", "choices": [{"message": message}]})]) as up:
        asked = provider(up, model="local-llama")
        reply = asked.respond(asks("local-llama"))
        assert len({one.id for one in reply.calls}) == 2
        asked.respond(asks("local-llama", turns=(answered(reply),)))
        assert not up.errors


@pytest.mark.parametrize("dialect", DIALECTS)
def test_half_a_character(dialect: str) -> None:
    """Half of a surrogate pair in an answer does not break the turn that sends it again, or whoever
    shows it."""
    with FakeUpstream(
        [function_call("odd\ud800", '{"category": "\ud800"}'), text("half \udfff")]
    ) as up:
        asked = provider(up, dialect=dialect)
        turns: tuple[Turn, ...] = ()
        for _ in range(2):
            reply = asked.respond(asks(turns=turns))
            f"{reply.calls} {reply.text}".encode()
            turns = (*turns, answered(reply) if reply.calls else Turn(reply, note="Again."))
        assert asked.respond(asks(turns=turns)).calls
        assert not up.errors


# --- which model answered -------------------------------------------------------------------------


def answers_as(model: str) -> Step:
    """A server that answers under another name."""

    def step(request: Any) -> Wire:
        return json_reply({**json.loads(automatic(request).body), "model": model})

    return step


@pytest.mark.parametrize(
    ("model", "warned"),
    [
        ("o4-mini-2025-04-16", False),
        ("o4-mini", False),
        ("o3", True),
        ("gpt-4o-mini", True),
        ("", False),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_answer_by_another_model(model: str, warned: bool, dialect: str) -> None:
    """An answer by a model that was not asked for says so; a dated snapshot of the same model is
    the same model."""
    with FakeUpstream([answers_as(model)]) as up:
        reply = provider(up, dialect=dialect).respond(asks())
    assert reply.model == (model or "o4-mini")
    assert bool(reply.warnings) is warned
    assert all(model in words and "o4-mini" in words for words in reply.warnings)


def test_retired_model_is_replaced_and_said() -> None:
    """With the model gone its replacement answers at its own price under its own name; the next
    call goes there straight."""
    with FakeUpstream(retired=["o4-mini"]) as up:
        settings = Settings(openai_base_url=up.base_url, openai_api_key=KEY)
        engine = Engine(CATALOGUE, OpenAIProvider(settings, MODELS), MODELS, settings)
        outcomes = []
        for _ in range(2):
            up.script = Script([forced_call(GIVEN)])
            outcomes.append(engine.run("classify", FORM))
        assert [sent["body"]["model"] for sent in up.requests] == [
            "o4-mini",
            "gpt-5.6-terra",
            "gpt-5.6-terra",
        ]
    for outcome in outcomes:
        assert outcome.ok
        assert (outcome.model_requested, outcome.model) == ("o4-mini", "gpt-5.6-terra")
        assert outcome.cost_usd == pytest.approx(
            MODELS.find("gpt-5.6-terra").cost_usd(outcome.usage)
        )
        assert any(
            "o4-mini" in words and "gpt-5.6-terra" in words and "2026-10-23" in words
            for words in outcome.warnings
        )


def test_retired_model_as_an_error() -> None:
    """An operator who wants no replacement gets an error that names both ways out; no other model
    is asked."""
    with FakeUpstream(retired=["o4-mini"]) as up:
        error = failed(up, retired="error")
        assert {sent["body"]["model"] for sent in up.requests} == {"o4-mini"}
    assert error.code == "model_retired"
    assert "FORMCALL_MODEL=gpt-5.6-terra" in error.detail
    assert "FORMCALL_RETIRED=replace" in error.detail


def test_unknown_model_has_no_replacement() -> None:
    """A model that no row describes and no provider has is an error that says what to set."""
    with FakeUpstream() as up:
        error = failed(up, asks("no-such-model"), model="no-such-model")
    assert error.code == "model_unavailable"
    assert "no-such-model" in error.detail
    assert "FORMCALL_MODEL" in error.detail


SUCCESSORS = ["gpt-5.6-terra", "gpt-6.1-terra", "gpt-6-luna"]


@pytest.mark.parametrize("gone", [1, 2])
def test_successors_are_tried_in_turn(gone: int) -> None:
    """A successor that the provider does not have either is passed over; the next call goes to the
    one that answered, whose price counts."""
    names = ["o4-mini", *SUCCESSORS]
    with FakeUpstream(retired=names[: gone + 1]) as up:
        hosted = provider(up)
        for calls in (gone + 2, gone + 3):
            reply = hosted.respond(asks())
            assert [sent["body"]["model"] for sent in up.requests] == [
                *names[: gone + 2],
                *[names[gone + 1]] * (calls - gone - 2),
            ]
            assert reply.priced_as == names[gone + 1]
            assert any(names[gone + 1] in words for words in reply.warnings)
    assert hosted.billable_models("o4-mini") == tuple(map(MODELS.find, names[gone + 1 :]))


def test_all_successors_are_gone() -> None:
    """When the provider has none of them, the error names all; the next call asks only for the
    last."""
    with FakeUpstream(retired=["o4-mini", *SUCCESSORS]) as up:
        hosted = provider(up)
        for calls in (4, 5):
            with pytest.raises(ProviderError) as raised:
                hosted.respond(asks())
            assert len(up.requests) == calls
            assert raised.value.code == "model_unavailable"
            assert all(name in raised.value.detail for name in ("o4-mini", *SUCCESSORS))


def test_threads_find_the_same_successor() -> None:
    """Calls that are refused at the same time move on once, not once each."""
    with FakeUpstream(retired=["o4-mini"], delay=0.05) as up:
        hosted = provider(up)
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(hosted.respond, [asks() for _ in range(8)]))
    assert {reply.priced_as for reply in replies} == {"gpt-5.6-terra"}


def test_successor_over_chat() -> None:
    """A successor that takes functions over chat only without effort is asked so, and the answer
    says it."""
    with FakeUpstream() as up:
        reply = provider(up, model="gpt-5.6-terra", dialect="chat").respond(asks("gpt-5.6-terra"))
        assert not up.errors
    assert reply.effort == "none"
    assert any("none" in words for words in reply.warnings)


def test_deployment_with_a_name_of_its_own() -> None:
    """A deployment's own name works; the answer names the model behind it."""
    row = ModelRow(
        "my-deployment", efforts=("low", "medium", "high"), answers_as="o4-mini-2025-04-16"
    )
    with FakeUpstream(models=[row]) as up:
        reply = provider(up, model="my-deployment", profile="azure").respond(asks("my-deployment"))
        assert not up.errors
    assert reply.model == "o4-mini-2025-04-16"


def test_answer_without_a_count() -> None:
    """A server that counts no tokens is told apart from one that used none."""
    with FakeUpstream([replace(forced_call({"category": None}), usage=False)]) as up:
        reply = provider(up).respond(asks())
    assert reply.usage == Usage()
    assert any("tokens" in words for words in reply.warnings)


@pytest.mark.parametrize(
    "count", [-1, True, 1.5, "1.2e3", None, 10**400, [1]], ids=lambda value: repr(value)[:20]
)
def test_odd_counts(count: Any) -> None:
    """A count that is no count is missing, so that no sum and no price can break on it."""
    usage = {
        "input_tokens": count,
        "output_tokens": 3,
        "input_tokens_details": {"cached_tokens": count},
        "output_tokens_details": count,
    }

    def step(request: Any) -> Wire:
        return json_reply({**json.loads(automatic(request).body), "usage": usage})

    with FakeUpstream([step]) as up:
        reply = provider(up).respond(asks())
    assert (reply.usage, reply.missing_counts) == (Usage(output=3), ("input",))


# --- many at once ---------------------------------------------------------------------------------


def _by_message(request: Any) -> Wire:
    """Answers with the number in the message, or never comes to an end, in one way or the other."""
    message = request.body["input"][1]["content"]
    if message.startswith("never"):
        return Wire(silent=True) if int(message[6:]) % 8 else Wire(drip=0.02)
    time.sleep(0.15)
    return forced_call({"category": message})(request)


def test_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 calls at once over all pools: each gets its own answer, and one call's short time is not
    another's."""
    with FakeUpstream(always(_by_message)) as up, ThreadPoolExecutor(64) as pool:
        asked = provider(up)

        def call(number: int) -> str:
            ends = number % 4 > 0
            try:
                request = asks(
                    message=f"{'answer' if ends else 'never'} {number}",
                    seconds=60.0 if ends else 1.0,
                )
                return str(json.loads(asked.respond(request).calls[0].arguments)["category"])
            except ProviderError as error:
                return error.code

        for _ in range(2):  # the second time over connections and threads that were used before
            for number, found in enumerate(pool.map(call, range(64))):
                assert found == ("provider_timeout" if number % 4 == 0 else f"answer {number}")
        assert not up.errors


def test_first_calls_share_one_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many calls come first at the same moment, the connections are made once."""
    made = []
    original = transport_module.Transport

    def counted(**options: Any) -> Any:
        made.append(1)
        time.sleep(0.05)
        return original(**options)

    monkeypatch.setattr(transport_module, "Transport", counted)
    with FakeUpstream() as up, ThreadPoolExecutor(8) as pool:
        asked = provider(up)
        assert all(reply.calls for reply in pool.map(lambda _: asked.respond(asks()), range(8)))
    assert len(made) == 1


def test_sdk_is_imported_by_the_first_call() -> None:
    """Making a provider costs no import of the SDK, which takes half a second."""
    code = (
        "import sys\n"
        "from connector.catalogue import load_catalogue\n"
        "from connector.engine.engine import Engine\n"
        "from connector.providers.factory import make_provider\n"
        "from connector.providers.pricing.models import load_models\n"
        "from connector.settings import Settings\n"
        "settings = Settings(engine='openai', openai_api_key='sk-x')\n"
        "catalogue, models = load_catalogue(), load_models()\n"
        "Engine(catalogue, make_provider(settings, models, catalogue), models, settings)\n"
        "print(sorted({'openai', 'httpx2', 'httpcore2'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture
def slow_reader() -> Iterator[Callable[[], str]]:
    """A server that takes what is sent to it a little at a time, without end."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            while not over.wait(0.05) and connection.recv(1_000_000):
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield lambda: f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    over.set()
    listening.close()
    thread.join(2)


def test_slow_reader_ends_with_the_deadline(slow_reader: Callable[[], str]) -> None:
    """A server that reads a long text drop by drop is not waited for beyond the deadline."""
    asked = OpenAIProvider(Settings(openai_base_url=slow_reader(), openai_api_key=KEY), MODELS)
    with hang_guard():
        with pytest.raises(ProviderError) as caught:
            asked.respond(asks(seconds=0.5, message="x" * 40_000_000))
        assert caught.value.code in {"provider_timeout", "provider_unavailable"}


def test_unknown_failure_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of our own is not dressed up as the provider's."""
    with FakeUpstream() as up:
        asked = provider(up)
        asked.respond(asks())
        monkeypatch.setattr(transport_module.Transport, "post", lambda *args, **options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            asked.respond(asks())
    assert issubclass(ProviderError, FormcallError)
    assert Call("a", "b", "c") == Call("a", "b", "c")


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_every_type_of_a_callers_field_is_accepted(dialect: str) -> None:
    """A strict function with one field of each type a caller may write is taken, and its answer
    passes our own checks."""
    brackets = {"choice": "(a|b)", "rows": "(a text, b money)"}
    lines = "\n".join(f"{kind}_one {kind}{brackets.get(kind, '')}" for kind in WRITABLE_TYPES)
    with FakeUpstream() as up:
        settings = Settings(openai_api_key="sk-test", openai_base_url=up.base_url, dialect=dialect)
        models, catalogue = load_models(), load_catalogue()
        engine = Engine(catalogue, make_provider(settings, models, catalogue), models, settings)
        outcome = engine.run("extract", {"text": "x", "fields": lines})
        assert up.errors == []
    assert outcome.ok, outcome.error
    assert set(outcome.values["data"]) == {f"{kind}_one" for kind in WRITABLE_TYPES} | {
        *("money_one_currency", "rows_one_text", "rows_one_json"),
    }
