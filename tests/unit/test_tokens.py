"""Bounds of a call before it is made: its maximum tokens and its maximum cost."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rs_bpe.bpe import openai as bpe

from bench.tokens import declaration
from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.json_types import Json
from connector.providers.base import Call, CallResult, Function, ModelRequest, Reply, Turn, Usage
from connector.providers.factory import make_provider
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.pricing import tokens as tokens_module
from connector.providers.pricing.bounds import CostBound, cost_bound, missing_price, request_preview
from connector.providers.pricing.models import NO_LIMIT, Model, Models, load_models
from connector.providers.pricing.tokens import PER_REASONING, TokenCounter, utf8_length
from connector.settings import Settings
from tests.support.model_actions import MODEL_ACTIONS
from tests.support.upstream import FakeUpstream, Script, function_call, function_calls, json_reply
from tests.support.upstream.replies import automatic

CATALOGUE = load_catalogue()
MODELS = load_models()
MINI, TERRA = MODELS.find("o4-mini"), MODELS.find("gpt-5.6-terra")
EXACT, BYTES = TokenCounter(), TokenCounter(exact=False)
COUNT = bpe.o200k_base().count
SAMPLES = {
    "english": "I was charged twice for May, and nobody answers my letters. ",
    "german": "Die Rechnung über 1.234,56 € wurde zweimal abgebucht; bitte prüfen. ",
    "chinese": "五月份的费用被重复扣除了两次，请尽快退款。",
    "korean": "5월에 두 번 청구되었습니다. 환불해 주세요. ",
    "thai": "ฉันถูกเรียกเก็บเงินสองครั้งในเดือนพฤษภาคม",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🙏🏽",
    "signs": '{"a\\": [\n\t"\\u00e9", null]}\r\n|--=//##',
    "control": "<|endoftext|><|im_start|>system\x00\x1b[0m\u2028\ufeff",
    "rare": "\ue123\U000f0000꧁༒\U0001d573",
}
# half of a character has no UTF-8; it is sent as a question mark
ANY_TEXT = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(), max_size=80),
    st.sampled_from([*SAMPLES.values(), "\ud800x", ""]),
)


def asks(text: str = "Where is my invoice?", **changes: Any) -> ModelRequest:
    """A small request."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    made = ModelRequest(
        "o4-mini",
        "low",
        "Classify.",
        text,
        (Function("classify", "", schema),),
        "classify",
        action="classify",
    )
    return replace(made, **changes)


def exact(request: ModelRequest) -> int:
    return EXACT.input_bound(request, MINI).tokens


def by_bytes(request: ModelRequest) -> int:
    return BYTES.input_bound(request, MINI).tokens


# --- prices ---------------------------------------------------------------------------------------

AMOUNTS = st.one_of(st.integers(0, 50), st.decimals(0, 50, places=4).map(float))
OWN_ROWS = st.builds(
    lambda price, long, tiers: Model("own", price=price, long=long, tiers=tiers),
    st.fixed_dictionaries(
        {"input": AMOUNTS, "output": AMOUNTS}, optional={"cached": AMOUNTS, "cache_write": AMOUNTS}
    ),
    st.one_of(
        st.just({}),
        st.fixed_dictionaries(
            {"above": st.integers(0, 300_000), "input": AMOUNTS, "output": AMOUNTS}
        ),
    ),
    st.one_of(st.just({}), st.fixed_dictionaries({"flex": st.just(0.5), "default": AMOUNTS})),
)
ROWS = st.one_of(st.sampled_from(list(MODELS.rows.values())), OWN_ROWS)
TOKENS = st.one_of(st.integers(0, 3_000), st.integers(0, 1_100_000))


@st.composite
def usages(draw: st.DrawFn, most_input: int, most_output: int) -> Usage:
    """What a provider may say was used by a call with at most so many tokens."""
    used = draw(st.integers(0, most_input))
    cached = draw(st.integers(0, used))
    return Usage(
        used, cached, draw(st.integers(0, used - cached)), draw(st.integers(0, most_output))
    )


@given(st.data(), ROWS, TOKENS, TOKENS)
def test_no_call_costs_more_than_the_most(
    data: st.DataObject, row: Model, most_input: int, most_output: int
) -> None:
    """Whatever is used within a bound, under the plain tier or a cheaper one, costs at most what
    the bound says, to the nano-dollar."""
    usage = data.draw(usages(most_input, most_output))
    cheaper = [name for name, factor in row.tiers.items() if factor <= 1]
    most = row.max_nano_usd(most_input, most_output)
    assert most is not None
    for tier in (None, "", "auto", "default", "standard", *cheaper):
        paid = row.cost_nano_usd(usage, tier)
        assert paid is not None
        assert paid <= most


@given(st.data(), OWN_ROWS, TOKENS, TOKENS)
def test_a_cost_is_exact(
    data: st.DataObject, row: Model, most_input: int, most_output: int
) -> None:
    """A cost is the product of the figures in the file, rounded once at its end; in dollars it is
    the same amount."""
    usage = data.draw(usages(most_input, most_output))
    price = {kind: Fraction(str(amount)) for kind, amount in row.price.items()}
    into = (usage.input - usage.cached - usage.cache_write) * price["input"]
    into += usage.cached * price.get("cached", price["input"]) + usage.cache_write * price.get(
        "cache_write", price["input"]
    )
    out = usage.output * price["output"]
    if row.long and usage.input > row.long["above"]:
        into, out = into * Fraction(str(row.long["input"])), out * Fraction(str(row.long["output"]))
    amount = (into + out) * 1_000 * (Fraction(1, 2) if "flex" in row.tiers else 1)
    assert row.cost_nano_usd(usage, "flex" if row.tiers else None) == int(amount + Fraction(1, 2))
    assert row.cost_usd(usage) == (row.cost_nano_usd(usage) or 0) / 1e9


@given(ROWS, TOKENS, st.one_of(st.integers(-5, 5_000), st.integers(0, 10**13)))
def test_what_money_pays_for(row: Model, most_input: int, nano: int) -> None:
    """The affordable output is the largest whose price is within the money: one token more is not,
    and without any it is 0."""
    output = row.affordable_output_tokens(nano, most_input)
    assert output is not None
    if output == NO_LIMIT:
        assert (row.max_nano_usd(most_input, 10**9) or 0) <= nano
        return
    assert output == 0 or (row.max_nano_usd(most_input, output) or 0) <= nano
    assert (row.max_nano_usd(most_input, output + 1) or 0) > nano


@pytest.mark.parametrize(
    ("model", "tokens", "nano"),
    [
        ("o4-mini", (1_000, 8_000), 1_000 * 1_100 + 8_000 * 4_400),
        (
            "gpt-5.6-terra",
            (1_000, 8_000),
            1_000 * 2_500 + 8_000 * 12_000,
        ),  # all of it may be written to the cache
        ("gpt-5.6-terra", (272_000, 10), 272_000 * 2_500 + 10 * 12_000),
        ("gpt-5.6-terra", (272_001, 10), 272_001 * 5_000 + 10 * 18_000),
        ("gpt-6-luna", (1, 0), 125),
        ("o4-mini", (0, 0), 0),
    ],
)
def test_most(model: str, tokens: tuple[int, int], nano: int) -> None:
    """Input counts as the dearest kind of input, with the surcharge for long requests only where it
    can apply."""
    assert MODELS.find(model).max_nano_usd(*tokens) == nano


def test_without_prices_nothing_is_known() -> None:
    """A row without prices has no cost, no bound and nothing that it could afford; nor has a tier
    without a factor a cost."""
    row = MODELS.find("llama3")
    assert (
        row.cost_nano_usd(Usage(5)),
        row.cost_usd(Usage(5)),
        row.max_nano_usd(1, 1),
        row.affordable_output_tokens(10**9, 1),
    ) == (None,) * 4
    assert MINI.cost_nano_usd(Usage(5), "priority") is None


def test_a_dearer_default_tier_is_in_the_bound() -> None:
    """An operator whose calls are answered in a dearer tier unasked writes it into the row, and the
    bound has it."""
    row = replace(MINI, tiers={"default": 1.75})
    assert (
        row.max_nano_usd(1_000, 1_000)
        == row.cost_nano_usd(Usage(1_000, output=1_000), "default")
        == 1.75 * (1_100_000 + 4_400_000)
    )


def test_who_may_answer() -> None:
    """A model's own row counts, and its successors, and theirs, unless a retired model is an error;
    circles end, and no more than three successors are tried."""
    rows = {
        name: Model(name, replacement=other)
        for name, other in (("a", "b"), ("b", "c"), ("c", "a"), ("d", ""), ("e", "gone"))
    }
    models = Models(rows, {})
    assert [[row.id for row in models.candidates(name, "replace")] for name in ("a", "d", "e")] == [
        ["a", "b", "c"],
        ["d"],
        ["e", "gone"],
    ]
    assert [row.id for row in models.candidates("a", "error")] == ["a"]
    assert [row.id for row in MODELS.candidates("o4-mini-2025-04-16", "replace")] == [
        "o4-mini",
        "gpt-5.6-terra",
        "gpt-6.1-terra",
        "gpt-6-luna",
    ]
    rows = {f"m{number}": Model(f"m{number}", replacement=f"m{number + 1}") for number in range(9)}
    assert Models(rows, {}).successors("m0") == ("m1", "m2", "m3")


# --- tokens ---------------------------------------------------------------------------------------

WEATHER = Function(
    "weather",
    "Get weather information for a location",
    {
        "properties": {"location": {"description": "the city", "type": "string"}},
        "required": ["location"],
        "type": "object",
    },
)
_TWO = {
    "a": {"description": "first number", "type": "integer"},
    "b": {"description": "second number", "type": "integer"},
}
NUMBERS = {"properties": _TWO, "required": ["a", "b"], "type": "object"}
SUMS = (
    Function("add", "Add two numbers", NUMBERS),
    Function("multiply", "Multiply two numbers", NUMBERS),
)
BOTH = (
    "You are a helpful assistant. CRITICAL: Always use both add and multiply at the same time "
    "ALWAYS."
)
UNITS = {
    "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
}
CURRENT = Function(
    "get_current_weather",
    "Get the current weather in a given location",
    {"type": "object", "properties": UNITS},
)


def replied(*calls: tuple[str, str, str], usage: Usage | None = None, sealed: bool = False) -> Turn:
    """A turn of calls (name, arguments, result), over the Responses dialect."""
    made = [
        Call(f"call_mNRPdaouMLQT0VFAO0oChvB{number}", name, arguments)
        for number, (name, arguments, _) in enumerate(calls)
    ]
    items: list[Json] = [
        {"type": "function_call", "call_id": one.id, "name": one.name, "arguments": one.arguments}
        for one in made
    ]
    if sealed:
        items.insert(
            0,
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [],
                "encrypted_content": "gAAAAABo8jm7" * 1_000,
            },
        )
    reply = Reply("o4-mini", tuple(made), usage=usage or Usage(), replay=tuple(items))
    return Turn(
        reply,
        tuple(CallResult(one.id, result) for one, (_, _, result) in zip(made, calls, strict=True)),
    )


FLORENCE = ("weather", '{"location":"Florence, Italy"}', "40 C")
TWO_AND_THREE = (("add", '{"a":2,"b":3}', "5"), ("multiply", '{"a":2,"b":3}', "6"))


@pytest.mark.parametrize(
    ("billed", "instructions", "message", "functions", "turn"),
    [
        (
            60,
            "You are a helpful assistant",
            "What's the weather in Florence, Italy?",
            (WEATHER,),
            None,
        ),
        (
            89,
            "You are a helpful assistant",
            "What's the weather in Florence, Italy?",
            (WEATHER,),
            replied(FLORENCE),
        ),
        (
            1_406,
            "You are a helpful assistant",
            "What's the weather in Florence, Italy?",
            (WEATHER,),
            replied(FLORENCE, usage=Usage(60, output=1_302, reasoning=1_280), sealed=True),
        ),
        # reasoning of which the bill said nothing, read again
        (
            159,
            "You are a helpful assistant",
            "What's the weather in Florence, Italy?",
            (WEATHER,),
            replied(FLORENCE, usage=Usage(63, output=22), sealed=True),
        ),
        (194, BOTH, "Add and multiply the number 2 and 3", SUMS, None),
        (266, BOTH, "Add and multiply the number 2 and 3", SUMS, replied(*TWO_AND_THREE)),
        (291, "", "What is the weather like in Boston today?", (CURRENT,), None),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_what_was_billed(
    billed: int, instructions: str, message: str, functions: tuple[Function, ...], turn: Turn | None
) -> None:
    """The bounds hold for what OpenAI billed for such calls of o4-mini, gpt-5 and gpt-4.1 (public
    recordings and documentation)."""
    request = asks(
        message,
        instructions=instructions,
        functions=functions,
        force=None,
        turns=(turn,) if turn else (),
    )
    assert billed <= exact(request) <= by_bytes(request)


class Listening(OpenAIProvider):
    """A provider that remembers what it was asked."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, MODELS)
        self.asked: list[ModelRequest] = []

    def respond(self, request: ModelRequest) -> Reply:
        self.asked.append(request)
        return super().respond(request)


@pytest.fixture
def listening(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., tuple[Listening, FakeUpstream]]]:
    """Makes providers, each with a server of its own; both are closed at the end."""
    made: list[tuple[Listening, FakeUpstream]] = []

    def one(**settings: Any) -> tuple[Listening, FakeUpstream]:
        up = FakeUpstream().__enter__()
        made.append(
            (
                Listening(
                    Settings(
                        **{"openai_base_url": up.base_url, "openai_api_key": "sk-test", **settings}
                    )
                ),
                up,
            )
        )
        return made[-1]

    yield one
    for provider, up in made:
        if provider._connected:
            provider._connected.close()
        up.__exit__(None, None, None)


def everything(provider: Listening, up: FakeUpstream, sample: str) -> list[ModelRequest]:
    """All that is asked for every action and example, with a repair, a tool loop and a text in a
    language."""
    settings = provider._settings
    engine = Engine(CATALOGUE, provider, MODELS, settings)
    for action in MODEL_ACTIONS.values():
        for one in action.examples:
            form = {**one.input, "instructions": sample}
            if "language" in action.form:
                form["language"] = "Deutsch"
            if "text" in action.fields:
                form["text"] = f"{form.get('text', '')} {sample}" * 3
            calls = (
                [(call["tool"], call["arguments"]) for call in one.calls]
                if one.input.get("tools")
                else []
            )
            rounds = (
                [function_calls(*calls, (action.id, {"a": sample}))]
                if calls
                else [function_call(action.id, {"a": sample})]
            )
            up.script = Script([*rounds, function_call(action.id, one.output)])
            engine.run(action, form)
    return provider.asked


def shown(value: Any) -> Iterator[str]:
    """Every text in a body that a model may see: the words of our format are not."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from shown(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in {"type", "role", "encrypted_content", "parameters"}:
                yield from shown(one)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_bounds_of_everything_that_is_sent(sample: str, dialect: str, listening: Any) -> None:
    """For all that is ever sent: bytes bound tokens, and tokens bound every text in the body with
    each function as a declaration."""
    provider, up = listening(dialect=dialect, profile="openai")
    asked = everything(provider, up, sample)
    assert len(asked) > 2 * len(MODEL_ACTIONS)
    assert any(len(turn.results) > 1 for request in asked for turn in request.turns)
    for request in asked:
        body = provider.preview(request).body
        texts = shown([body.get("input") or body["messages"], body["tools"]])
        declared = sum(
            COUNT(declaration(function.name, function.parameters)) for function in request.functions
        )
        counted = sum(COUNT(text.encode("utf-8", "replace").decode()) for text in texts) + declared
        assert counted < exact(request) <= by_bytes(request)


@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=4), st.booleans())
@example(SAMPLES["korean"], [SAMPLES["chinese"]] * 3, True)
def test_text_anywhere(text: str, words: list[str], at_once: bool) -> None:
    """Wherever a text stands in a request, its bytes bound its tokens, and both are in the bound,
    also as JSON in ASCII."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "enum": words, "description": text}},
    }
    calls = [("classify", json.dumps({"a": text}), text)] * (2 if at_once else 1)
    turns = (replied(*calls), Turn(Reply("m"), note=text))
    request = asks(
        text, instructions=text, functions=(Function("classify", text, schema),), turns=turns
    )
    sent = text.encode("utf-8", "replace").decode()
    ascii_words = " | ".join(json.dumps(word) for word in (*words, text, text))
    result = json.dumps(text) * 4 if at_once else sent * 2
    least = 3 * COUNT(sent) + COUNT(result) + COUNT(ascii_words) + 4
    assert least <= exact(request) <= by_bytes(request)


@given(ANY_TEXT)
def test_bytes_bound_tokens(text: str) -> None:
    """A text never has more tokens than bytes."""
    assert (
        COUNT(text.encode("utf-8", "replace").decode())
        <= utf8_length(text)
        == len(text.encode("utf-8", "replace"))
    )


@pytest.mark.parametrize(
    "text",
    [*SAMPLES.values(), "a", " ", "\n", "-", "ab", "1", "aA'", "\r\n \t", "é", "가"],
    ids=lambda text: ascii(text)[:30],
)
def test_long_texts_are_counted_in_pieces(text: str) -> None:
    """A long text is counted piece by piece: a little more than all at once, never less."""
    for length in (16_384, 16_385, 200_000):
        long = (text * (length // len(text) + 1))[:length]
        whole = COUNT(long)
        pieces = exact(asks(long)) - exact(asks(""))
        assert whole <= pieces <= whole + 16 * (length // 16_384 + 1)


def test_what_is_too_long_to_count() -> None:
    """Of a text the first million characters are counted, the rest goes by its bytes."""
    more = exact(asks("word " * 400_000)) - exact(asks("word " * 200_000))
    assert 980_000 <= more <= 1_000_000


def test_sealed_reasoning_counts_as_what_was_billed() -> None:
    """Reasoning that nobody can read counts as all output of its reply, not by its length; without
    a bill its length counts."""
    bare = exact(asks(turns=(replied(FLORENCE),)))
    sealed = exact(asks(turns=(replied(FLORENCE, usage=Usage(60, output=700), sealed=True),)))
    assert 700 + PER_REASONING < sealed - bare < 700 + PER_REASONING + 100
    assert exact(asks(turns=(replied(FLORENCE, sealed=True),))) - bare > 12_000


def test_many_short_words() -> None:
    """An enum of one-letter words, which a declaration writes longer than JSON does, is within the
    bound."""
    words = [chr(0x4E00 + number) for number in range(250)]
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": words}}}
    line = "\n// ".join(["one", *itertools.repeat("", 200)])
    request = asks(functions=(Function("a", "\n" * 200, schema),))
    form = " | ".join(f'"{word}"' for word in words)
    assert COUNT(form) + COUNT(line) < exact(request) <= by_bytes(request)


def test_unknown_tokenizers_go_by_bytes() -> None:
    """A row whose tokenizer is not known, or a counter that was told so, counts bytes and says
    it."""
    request = asks(SAMPLES["chinese"])
    other = EXACT.input_bound(request, replace(MINI, tokenizer="other"))
    assert other == BYTES.input_bound(request, MINI)
    assert (other.exact, EXACT.input_bound(request, MINI).exact) == (False, True)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that counts, bytes are counted."""
    monkeypatch.setitem(sys.modules, "rs_bpe.bpe", None)
    tokens_module._tokenizer.cache_clear()
    try:
        assert TokenCounter().input_bound(asks(), MINI) == BYTES.input_bound(asks(), MINI)
    finally:
        tokens_module._tokenizer.cache_clear()


def test_bytes_need_no_tokenizer() -> None:
    """A counter of bytes never loads a tokenizer, which takes memory; nor does one counter for
    models of different tokenizers."""
    tokens_module._tokenizer.cache_clear()
    assert not bound(hosted(), asks(), counter=BYTES).exact
    assert EXACT.input_bound(asks(), MINI, replace(TERRA, tokenizer="other")) == BYTES.input_bound(
        asks(), MINI
    )
    assert tokens_module._tokenizer.cache_info().currsize == 0


def test_many_threads_count_alike() -> None:
    """Threads that count at once, from the very first time on, all find the same."""
    tokens_module._tokenizer.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: exact(asks(SAMPLES["german"] * 50)), range(64)))) == 1


# --- a call ---------------------------------------------------------------------------------------


def bound(
    provider: Any, request: ModelRequest, *, counter: TokenCounter = EXACT, twice: bool = False
) -> CostBound:
    found = cost_bound(provider, MODELS, request, counter, may_be_billed_twice=twice)
    assert found
    return found


def hosted(**settings: Any) -> OpenAIProvider:
    """A provider that is not asked anything."""
    return OpenAIProvider(Settings(openai_api_key="sk-test", **settings), MODELS)


def soon(request: ModelRequest) -> ModelRequest:
    """The request, given up after a few seconds from now."""
    return replace(request, deadline=time.monotonic() + 5)


def gone(request: Any) -> Any:
    """A server that no longer has the model."""
    return json_reply({"error": {"message": "gone", "code": "model_not_found"}}, 404)


def no_limit(request: Any) -> Any:
    """A server that does not want to be told how long an answer may be."""
    if "max_output_tokens" not in request.body:
        return automatic(request)
    return json_reply(
        {"error": {"message": "no", "code": "unsupported_parameter", "param": "max_output_tokens"}},
        400,
    )


def test_the_dearest_model_that_may_answer_counts() -> None:
    """A bound is that of the dearest model which may answer: the replacement of a model that may be
    gone, unless that is an error."""
    request = asks(max_output_tokens=8_000)
    replaced, kept = bound(hosted(), request), bound(hosted(retired="error"), request)
    assert [row.id for row in replaced.rows] == [
        row.id for row in MODELS.candidates("o4-mini", "replace")
    ]
    assert replaced.max_nano_usd() == TERRA.max_nano_usd(exact(request), 8_000)
    assert kept.max_nano_usd() == MINI.max_nano_usd(exact(request), 8_000)
    assert bound(
        hosted(retired="error"), request, counter=BYTES
    ).max_nano_usd() == MINI.max_nano_usd(by_bytes(request), 8_000)


def test_a_call_that_may_be_made_twice() -> None:
    """Where a lost answer is asked for again the bound is twice as high, and money pays for an
    answer half as dear."""
    once, twice = bound(hosted(), asks()), bound(hosted(), asks(), twice=True)
    assert twice.max_nano_usd() == 2 * once.max_nano_usd()
    assert twice.affordable_output_tokens(2 * once.max_nano_usd(5_000) + 1) == 5_000


@given(st.integers(0, 10**9), st.booleans())
def test_money_for_a_shorter_answer(nano: int, twice: bool) -> None:
    """The affordable answer is the longest within the money, and never longer than was asked
    for."""
    made = bound(hosted(), asks(max_output_tokens=8_000), twice=twice)
    output = made.affordable_output_tokens(nano)
    assert 0 <= output <= 8_000
    assert output == 0 or made.max_nano_usd(output) <= nano
    assert output == 8_000 or made.max_nano_usd(output + 1) > nano


def test_input_is_at_most_what_the_model_reads() -> None:
    """A request that is longer than a model can read is refused, so its bound is the model's
    window."""
    request = asks("word " * 300_000)
    assert bound(hosted(retired="error"), request, counter=BYTES).max_nano_usd(
        0
    ) == MINI.max_nano_usd(200_000, 0)


@pytest.mark.parametrize(
    ("model", "tier", "words"),
    [
        ("llama3", "", "The price of llama3 is not known"),
        ("old", "", "The price of nowhere, which may answer instead of old, is not known"),
        ("alone", "batch", "The price of alone in the service tier batch is not known"),
    ],
)
def test_no_bound_without_a_price(model: str, tier: str, words: str) -> None:
    """Where a model that may answer has no price nothing can be promised, and the sentence names
    the row that is missing."""
    old = Model("old", price={"input": 1, "output": 2}, replacement="nowhere")
    alone = Model("alone", price={"input": 1, "output": 2})
    models = Models({"old": old, "alone": alone}, MODELS.profiles)
    provider = OpenAIProvider(Settings(openai_api_key="k"), models)
    request = asks(model=model)
    no_bound = cost_bound(provider, models, request, EXACT, may_be_billed_twice=False, tier=tier)
    assert no_bound is None
    assert missing_price(provider, models, model, tier) == words


def test_a_bound_is_made_of_prices() -> None:
    """A bound over a model without a price is a mistake, never a bound of 0."""
    with pytest.raises(ValueError, match="prices"):
        CostBound(1, True, 1, (MODELS.find("llama3"),)).max_nano_usd()


def test_no_bound_for_an_answer_of_any_length(listening: Any) -> None:
    """Where a server takes no limit, and nobody knows how much the model writes, nothing can be
    promised."""
    provider, up = listening(retired="error", profile="openai")
    up.script = Script([no_limit], repeat=True)
    provider.respond(soon(asks()))
    models = Models({"o4-mini": replace(MINI, max_output=0)}, {})
    provider._replacements._models = models
    assert cost_bound(provider, models, asks(), EXACT, may_be_billed_twice=False) is None


@pytest.mark.parametrize("engine", ["scripted", "local"])
def test_engines_that_cost_nothing(engine: str) -> None:
    """An engine of our own costs nothing, calls nobody and can always be afforded."""
    free = make_provider(Settings(engine=engine), MODELS, CATALOGUE)
    made = bound(free, asks(max_output_tokens=700), twice=True)
    assert (
        made.max_nano_usd(),
        made.max_nano_usd(10**6),
        made.affordable_output_tokens(0),
        made.rows,
    ) == (0, 0, 700, ())
    assert request_preview(free, asks()) is None


def test_a_provider_that_says_nothing_of_itself() -> None:
    """For a provider that cannot say at whose prices it is billed, every model that may answer
    counts."""

    class Says:
        engine = "openai"

        def respond(self, request: ModelRequest) -> Reply:
            return Reply(request.model)

    assert bound(Says(), asks()).max_nano_usd() == bound(hosted(), asks()).max_nano_usd()
    assert request_preview(Says(), asks()) is None


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_a_preview_is_what_is_sent(dialect: str, listening: Any) -> None:
    """A preview is the body that is sent next, to the last word, also with a turn before it; it
    sends nothing itself."""
    provider, up = listening(dialect=dialect, profile="openai")
    reply = provider.respond(soon(asks()))
    request = soon(
        asks(turns=(Turn(reply, tuple(CallResult(call.id, "ok") for call in reply.calls)),))
    )
    made = request_preview(provider, request)
    assert made
    assert len(up.requests) == 1
    provider.respond(request)
    assert up.requests[1]["body"] == made.body
    assert (made.method, made.url) == (
        "POST",
        up.base_url + {"responses": "/responses", "chat": "/chat/completions"}[dialect],
    )


def test_a_preview_knows_what_was_learned(listening: Any) -> None:
    """What a server refused is left out of the preview, and a model that is gone is replaced; its
    successors are then what the bound is made of."""
    provider, up = listening(profile="openai")
    up.script = Script([gone, automatic])
    provider.respond(soon(asks()))
    assert provider.preview(asks()).body["model"] == "gpt-5.6-terra"
    assert [row.id for row in bound(provider, asks()).rows] == [
        "gpt-5.6-terra",
        "gpt-6.1-terra",
        "gpt-6-luna",
    ]


def test_a_server_that_takes_no_limit(listening: Any) -> None:
    """Where the server takes no limit an answer may be as long as the model can write, and cannot
    be made shorter for less money."""
    provider, up = listening(retired="error", profile="openai")
    up.script = Script([no_limit], repeat=True)
    assert bound(provider, asks()).output_tokens == 16_000
    provider.respond(soon(asks()))
    assert "max_output_tokens" not in provider.preview(asks()).body
    made = bound(provider, asks())
    assert (made.output_tokens, made.output_is_limited) == (100_000, False)
    assert (
        made.max_nano_usd()
        == made.max_nano_usd(10)
        == MINI.max_nano_usd(made.input_tokens, 100_000)
    )
    assert (
        made.affordable_output_tokens(made.max_nano_usd()),
        made.affordable_output_tokens(made.max_nano_usd() - 1),
    ) == (100_000, 0)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://api.openai.com/v1/", "https://api.openai.com/v1/responses"),
        (
            "https://name:pa%40ss@res.openai.azure.com:8443/openai/v1",
            "https://res.openai.azure.com:8443/openai/v1/responses",
        ),
        ("http://me@[::1]:8080/v1?key=secret#part", "http://[::1]:8080/v1/responses"),
    ],
)
def test_a_preview_has_no_secrets(address: str, url: str) -> None:
    """The address in a preview has no name, password or query."""
    assert hosted(openai_base_url=address, dialect="responses").preview(asks()).url == url


@pytest.mark.parametrize("text", ["I was charged twice for May. ", "x", "Straße "])
def test_estimates_of_huge_texts_stay_below_half_of_their_bytes(text: str) -> None:
    """A huge text is estimated as a text, not by its bytes, so that a large window takes it."""
    huge = text * (2_000_000 // len(text))
    tokens = EXACT.estimate(huge, MINI)
    assert EXACT.estimate(huge[:1_000_000], MINI) < tokens < utf8_length(huge) / 2
