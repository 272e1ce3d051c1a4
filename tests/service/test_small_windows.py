"""Models with a small window, as local servers have: every action works, and nothing is sent that
does not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.catalogue.files import data_url
from connector.engine.engine import Engine, Outcome
from connector.engine.window import MIN_OUTPUT_TOKENS, Window
from connector.errors import FormcallError
from connector.json_types import Json
from connector.providers.base import Function, ModelRequest, Turn
from connector.providers.base import Reply as ModelReply
from connector.providers.factory import make_provider
from connector.providers.pricing.models import Model, Models, load_models
from connector.providers.pricing.tokens import count_tokens
from connector.settings import Settings
from tests.support.document_factory import filler, pdf
from tests.support.model_actions import MODEL_ACTIONS
from tests.support.upstream import (
    FakeUpstream,
    Reply,
    Request,
    Script,
    Step,
    automatic,
    function_call,
    function_calls,
    incomplete,
)
from tests.support.upstream.wire import json_reply

CATALOGUE = load_catalogue()
WINDOWS = (4_096, 16_384, 32_768)
MAX_OUTPUT = 2_048
MODEL = "local-llama"
SEEN_IMAGE = 1_536  # tokens that the server counts for an image


def server(context: int, answer: Step = automatic) -> Step:
    """A server that refuses what does not fit into its window, as vLLM does."""

    def step(request: Request) -> Reply:
        body = request.body
        pictures = json.dumps(body["messages"]).count('"image_url":')
        text = json.dumps([_without_images(body["messages"]), body["tools"]])
        used = count_tokens(text) + pictures * SEEN_IMAGE
        if used + body["max_tokens"] > context:
            message = f"This model's maximum context length is {context} tokens, not {used}."
            return json_reply({"error": {"message": message, "code": 400}}, 400)
        return answer(request)

    return step


def _without_images(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_images(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _without_images(entry) for key, entry in value.items() if key != "image_url"}
    return value


@pytest.fixture
def opened() -> Iterator[list[Engine]]:
    """Engines whose connections are closed in the end."""
    engines: list[Engine] = []
    yield engines
    for engine in engines:
        connected = getattr(engine.provider, "_connected", None)
        if connected:
            connected.close()


def local_engine(up: FakeUpstream, opened: list[Engine], folder: Path, row: Json) -> Engine:
    """An engine for a local model that has a row of the operator's own."""
    own = folder / "models.yaml"
    own.write_text(json.dumps({"models": {MODEL: row}}), encoding="utf-8")
    settings = Settings(
        engine="openai",
        model=MODEL,
        openai_base_url=up.base_url,
        openai_api_key="k",
        models_file=own,
    )
    models = load_models(own)
    opened.append(Engine(CATALOGUE, make_provider(settings, models, CATALOGUE), models, settings))
    return opened[-1]


def row(context: int, **more: Any) -> Json:
    return {
        "context": context,
        "max_output": MAX_OUTPUT,
        "price": {"input": 0, "output": 0},
        **more,
    }


def limits(up: FakeUpstream) -> list[int]:
    return [request["body"]["max_tokens"] for request in up.requests]


@pytest.mark.parametrize("context", WINDOWS)
@pytest.mark.parametrize("action", MODEL_ACTIONS)
def test_every_action(action: str, context: int, opened: list[Engine], tmp_path: Path) -> None:
    """Each action sends only what fits into the window, asks for no more than the model writes,
    and has an answer or a code."""
    with FakeUpstream(Script([server(context)], repeat=True)) as up:
        engine = local_engine(up, opened, tmp_path, row(context))
        outcome = engine.run(action, CATALOGUE[action].examples[0].input)
        assert not up.errors
        assert up.requests
        assert max(limits(up)) <= MAX_OUTPUT
        assert outcome.ok or (outcome.error and outcome.error.code == "invalid_output"), outcome


@pytest.mark.parametrize("context", WINDOWS)
@pytest.mark.parametrize(
    "action", ["answer", "action_items", "extract_document", "analyze_document"]
)
def test_a_long_document(action: str, context: int, opened: list[Engine], tmp_path: Path) -> None:
    """A document of many pages is read in parts that fit into the window, each page once."""
    file = data_url(pdf([[f"Page mark {number}.", *filler(number)] for number in range(1, 25)]))
    field = CATALOGUE[action].file_fields[0]
    with FakeUpstream(Script([server(context)], repeat=True)) as up:
        engine = local_engine(up, opened, tmp_path, row(context))
        form = {**CATALOGUE[action].examples[0].input, field: file}
        outcome = engine.run(action, form)
        assert not up.errors
        assert outcome.ok or (outcome.error and outcome.error.code == "invalid_output"), outcome
        sent = json.dumps([request["body"]["messages"] for request in up.requests])
        for number in range(1, 25):
            assert sent.count(f"Page mark {number}.") == 1
        if context == WINDOWS[0]:
            assert len(up.requests) > 5


def test_a_window_that_is_too_small(opened: list[Engine], tmp_path: Path) -> None:
    """A window that does not even hold the instructions, and a text longer than the window, are
    refused with a sentence that says so; nothing is sent."""
    file = data_url(pdf([filler(1)]))
    with FakeUpstream() as up:
        engine = local_engine(up, opened, tmp_path, row(512))
        outcome = engine.run("answer", {"question": "Who?", "sources": file})
        assert _refusal(outcome) == "too_long"
        assert "512 tokens" in str(outcome.error)
        engine = local_engine(up, opened, tmp_path, row(4_096))
        outcome = engine.run("summarize", {"text": "A long story. " * 2_000})
        assert _refusal(outcome) == "too_long"
        assert MODEL in str(outcome.error) and "4,096" in str(outcome.error)
        assert not up.requests


def _refusal(outcome: Outcome) -> str:
    return outcome.error.code if outcome.error else "done"


def test_a_truncated_answer(opened: list[Engine], tmp_path: Path) -> None:
    """An answer that is cut off is requested again with more room where there is more, and not paid
    for twice where there is none."""
    form = CATALOGUE["summarize"].examples[0].input
    for written, calls in ((MAX_OUTPUT, 1), (64_000, 2)):
        with FakeUpstream(Script([incomplete()], repeat=True)) as up:
            more = row(8_192, max_output=written)
            outcome = local_engine(up, opened, tmp_path, more).run("summarize", form)
            assert _refusal(outcome) == "output_truncated"
            assert len(limits(up)) == calls
            assert sorted(limits(up)) == limits(up)
            assert max(limits(up)) <= written


SEARCHES = [("search_context", {"query": f"office {n}"}) for n in range(3)]
TOOL_FORM: Json = {
    "question": "Who works there?",
    "tools": "search_context",
    "context": "\n\n".join(f"The office of floor {n} " + "is long. " * 200 for n in range(40)),
}


@pytest.mark.parametrize("context", WINDOWS)
def test_results_of_tools_fit(context: int, opened: list[Engine], tmp_path: Path) -> None:
    """What tools return is cut off where it would leave no room for the answer, and the answer says
    of which tool; it is not the caller's text that is too long."""

    def answers(request: Request) -> Reply:
        is_first = not [one for one in request.body["messages"] if one["role"] == "tool"]
        found: Json = {"answer": "Nobody.", "value": None, "found": False, "quotes": []}
        last = function_call("answer_with_tools", found)
        return (function_calls(*SEARCHES) if is_first else last)(request)

    with FakeUpstream(Script([server(context, answers)], repeat=True)) as up:
        engine = local_engine(up, opened, tmp_path, row(context))
        outcome = engine.run("answer_with_tools", TOOL_FORM)
        assert (_refusal(outcome), len(up.requests)) == ("done", 2)
        read = [one for one in up.requests[1]["body"]["messages"] if one["role"] == "tool"]
        is_cut = ["[cut off]" in one["content"] for one in read]
        assert any(is_cut) == (context == WINDOWS[0])
        assert is_cut[0] == any("search_context" in warning for warning in outcome.warnings)


# --- the window alone -----------------------------------------------------------------------------


def request(message: str, limit: int = 8_000, turns: tuple[Turn, ...] = ()) -> ModelRequest:
    function = Function("classify", "", {"type": "object", "properties": {}})
    return ModelRequest(
        "m", "low", "Do.", message, (function,), "classify", turns, max_output_tokens=limit
    )


def test_limits_of_several_models() -> None:
    """Where several models may answer, each has to be able to; an unknown limit is none."""
    rows = [
        Model("a", context=200_000, max_output=100_000),
        Model("b", context=400_000, input_limit=150_000, max_output=4_000),
        Model("c", known=False),
    ]
    window = Window.of(rows)
    assert (window.context, window.max_input, window.max_output) == (200_000, 150_000, 4_000)
    assert [window.output_limit(usual) for usual in (1_000, 8_000)] == [1_000, 4_000]
    assert Window().output_limit(8_000) == 8_000
    assert Window(context=4_096).output_limit(8_000) == 1_024
    plain = request("Hello.")
    assert Window().fit(plain) is plain
    assert Window.of(rows[:1]).fit(plain) is plain


def test_room_beside_the_input() -> None:
    """The output limit is what the input leaves of the window, and an input that leaves no room is
    refused; so is one above the model's own limit of input."""
    small = Window.of([Model("a", context=4_000)])
    fitted = small.fit(request("word " * 2_000))
    assert MIN_OUTPUT_TOKENS <= fitted.max_output_tokens < 4_000 - 2_000
    reply = ModelReply("a", replay=({"role": "assistant", "content": "word " * 500},))
    longer = small.fit(request("word " * 1_000, turns=(Turn(reply, note="Again."),)))
    assert longer.max_output_tokens < small.fit(request("word " * 1_000)).max_output_tokens
    rows = (Model("a", context=100_000, input_limit=3_000), Model("a", input_limit=3_000))
    for window in (small, *(Window.of([row]) for row in rows)):
        with pytest.raises(FormcallError, match="longer than m can read") as caught:
            window.fit(request("word " * 12_000, 30_000))
        assert caught.value.code == "too_long"
    with pytest.raises(FormcallError, match="calls so far and their results are longer"):
        small.fit(request("word", turns=(Turn(reply, note="word " * 4_000),)))


def test_models_of_today_are_not_limited() -> None:
    """No row of ours limits the usual room of an answer, except by what the model can write."""
    models: Models = load_models()
    for name, entry in models.rows.items():
        usual = Window.of(models.candidates(name, "error")).output_limit(32_000)
        assert usual == min(32_000, entry.max_output)
