"""Summaries by the embedded engine: the text's own sentences, chosen and in order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.providers.base import Function, ModelRequest
from connector.providers.local import LocalProvider
from connector.providers.local.sentences import sentences

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
TEXT = """From: Ada <ada@fern.example>
Subject: The mill

Dear Tom,

The old mill on the river will be rebuilt next year. The town council voted for the plan on Monday. Dr. Reed, who
led the study, said the work costs 3.5 million euros. Half of the money comes from a lottery fund. The builders
start in March and want to finish before winter. Until then the bridge beside the mill stays closed for cars.
A small exhibition in the library shows the plans. Visitors may leave comments there until Friday.

Best regards,
Ada"""


def summarize(asked: str, **values: Any) -> Any:
    function = Function("summarize", "", {"type": "object", "properties": {asked: {}}})
    request = ModelRequest("local", "low", "", "", (function,), None, action="summarize", method="summarize", values=values)
    reply = LocalProvider().respond(request)
    return json.loads(reply.calls[0].arguments)[asked]


@needs_engine
@pytest.mark.parametrize(("length", "count"), [("short", 3), ("medium", 5), ("long", 8)])
def test_bullets_are_sentences_of_the_text(length: str, count: int) -> None:
    """Each bullet stands word for word in the text, in the text's order, without greetings and headers."""
    bullets = summarize("bullets", text=TEXT, format="bullets", length=length)
    flat = " ".join(TEXT.split())
    places = [flat.find(bullet) for bullet in bullets]
    assert len(bullets) == count
    assert min(places) > flat.find("Dear Tom")
    assert places == sorted(places)


@needs_engine
def test_one_line_is_one_sentence() -> None:
    """The shortest form is the one sentence nearest to all the others."""
    assert summarize("summary", text=TEXT, format="tldr") in " ".join(TEXT.split())


@needs_engine
def test_a_focus_decides_what_counts() -> None:
    """With a focus, the sentences about it come in."""
    assert "lottery fund" in summarize("summary", text=TEXT, length="short", focus="money and costs")


@needs_engine
@pytest.mark.parametrize(("text", "summary"), [("", ""), (" \n ", ""), ("Only this.", "Only this."), ("東京は雨。", "東京は雨。")])
def test_a_short_text_is_its_own_summary(text: str, summary: str) -> None:
    """There is nothing to choose in one sentence or none."""
    assert summarize("summary", text=text) == summary


SPLITS = [
    ("Mr. Ray paid 3.50 euros. He left.", ["Mr. Ray paid 3.50 euros.", "He left."]),
    ('She said "Stop!" and ran. Why?', ['She said "Stop!" and ran.', "Why?"]),
    ("Items:\n- one apple\n- two pears", ["Items:", "one apple", "two pears"]),
    ("今日は雨。明日は晴れ！", ["今日は雨。", "明日は晴れ！"]),
    ("Am 3. März kam er. Dann ging er, z.B. nach Köln.", ["Am 3. März kam er.", "Dann ging er, z.B. nach Köln."]),
    ("Version 5.3.2 is out... Really e.g. today? Yes", ["Version 5.3.2 is out...", "Really e.g. today?", "Yes"]),
    ("Call (505) 555-0142. Name:   Ann\nCity:   Rome", ["Call (505) 555-0142.", "Name: Ann", "City: Rome"]),
]


@pytest.mark.parametrize(("text", "expected"), SPLITS)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    """Abbreviations, decimals, ordinals, quotes, lists and scripts without spaces are cut right."""
    assert [sentence.text for sentence in sentences(text)] == expected


def test_a_sentence_knows_its_place() -> None:
    """The span of each sentence gives it back, verbatim."""
    assert all(TEXT[sentence.start : sentence.end] == sentence.raw for sentence in sentences(TEXT))
