"""The embedded engine answers any text without an exception and in linear time."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from connector.providers.base import Function, ModelRequest
from connector.providers.local import LocalProvider
from tests.support.guards import cpu_limit

REASON = LocalProvider.available()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")
SIZE = 2_000_000
SECONDS = 3.0
KINDS = [
    "text",
    "number",
    "integer",
    "boolean",
    "date",
    "datetime",
    "time",
    "email",
    "phone",
    "url",
    "money",
    "percent",
    "choice",
    "list",
]
FIELDS: list[dict[str, Any]] = [
    {
        "name": f"{kind} total",
        "key": kind,
        "type": kind,
        "hint": "number of the customer",
        "choices": ["a", "word"],
        "of": None,
    }
    for kind in KINDS
]
CATEGORIES = [{"name": "a", "description": "words"}, {"name": "b", "description": ""}]
PIECES = {
    "letters": "x",
    "words": "word ",
    "lines": "ab\n",
    "labels": "a: ",
    "stops": ".",
    "digits": "1",
    "decimals": "1.",
    "groups": "1,",
    "spaces": " ",
    "breaks": "\n",
    "addresses": "a@",
    "domains": "a.b.",
    "bars": "a|b|",
    "commas": "a,b,c\n",
    "tabs": "a\tb\tc\n",
    "surrogates": "\ud800",
    "hebrew": "\u05e9\u05dc\u05d5\u05dd. ",
    "emoji": "\U0001f44d\U0001f3fd",
    "japanese": "\u6771\u4eac\u3002",
    "quotes": "> a\n",
    "dates": "3 March 2026 ",
    "money": "EUR 3,000.50 ",
    "names": "Abc Def GmbH ",
    "phones": "+49 30 1234567 ",
    "table": "abc  3  4.50\n",
    "dashes": "-",
    "urls": "http://a.b/ ",
    "mixed": ("Total: $5 of 3 March at 10:00 no. A-1\n"),
    "nulls": "\x00",
}


def respond(
    engine: LocalProvider, method: str, asked: list[str], values: dict[str, Any]
) -> dict[str, Any]:
    function = Function("done", "", {"type": "object", "properties": {key: {} for key in asked}})
    reply = engine.respond(
        ModelRequest(
            "local", "low", "", "", (function,), "done", action="done", method=method, values=values
        )
    )
    answer: dict[str, Any] = json.loads(reply.calls[0].arguments)
    assert list(answer) == asked
    return answer


def try_all(engine: LocalProvider, text: str) -> None:
    with cpu_limit():
        respond(
            engine,
            "classify",
            ["category", "confidence", "reason"],
            {"text": text, "categories": CATEGORIES},
        )
        respond(engine, "extract", KINDS, {"text": text, "fields": FIELDS})
        respond(engine, "extract", ["rows"], {"text": text, "fields": FIELDS, "many_rows": True})
        respond(engine, "summarize", ["summary"], {"text": text, "focus": text[:2000]})
        respond(
            engine,
            "answer",
            ["answer", "value", "found", "quotes"],
            {"question": "What is 15% of the total?", "context": text},
        )
        respond(
            engine,
            "answer",
            ["answer", "value", "found", "quotes"],
            {"question": text[:20_000], "context": "The cat sat."},
        )


@pytest.fixture(scope="module")
def engine() -> LocalProvider:
    return LocalProvider()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["letters", "decimals", "mixed"])
def test_two_megabytes_are_answered_soon(engine: LocalProvider, name: str) -> None:
    """The largest text that a form takes costs seconds at most."""
    try_all(engine, (PIECES[name] * SIZE)[:SIZE])


@pytest.mark.slow
@pytest.mark.parametrize("name", PIECES)
def test_no_repetition_takes_long(engine: LocalProvider, name: str) -> None:
    """Texts made to slow down a careless pattern are as quick as others."""
    try_all(engine, (PIECES[name] * 8_000)[:8_000])


@pytest.mark.slow
def test_random_texts_are_answered(engine: LocalProvider) -> None:
    """Bytes, half characters and all scripts, in any order, are only text."""
    chance = random.Random(5)
    for _ in range(12):
        try_all(
            engine,
            "".join(
                chr(chance.choice([chance.randrange(256), chance.randrange(0x11_0000)]))
                for _ in range(300)
            ),
        )
        try_all(engine, "".join(chance.choice(list(PIECES.values())) for _ in range(60)))


@pytest.mark.parametrize("method", ["classify", "extract", "summarize", "answer"])
def test_absent_values_are_empty_values(engine: LocalProvider, method: str) -> None:
    """A form that leaves everything out gets an empty answer, not an error."""
    assert respond(engine, method, ["category", "summary", "found"], {})["category"] is None
    assert respond(
        engine,
        method,
        ["summary"],
        {"text": None, "categories": None, "fields": None, "question": None},
    )
