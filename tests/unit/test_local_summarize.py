"""Summaries by the embedded engine: the text's own sentences, chosen and in order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.providers.base import Function, ModelRequest
from connector.providers.local import LocalProvider
from connector.providers.local.text.prose import needs_context
from connector.providers.local.text.sentences import sentences

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
TEXT = """From: Ada <ada@fern.example>
Subject: The mill

Dear Tom,

The old mill on the river will be rebuilt next year. The town council voted for the plan on \
Monday. Dr. Reed, who
led the study, said the work costs 3.5 million euros. Half of the money comes from a lottery \
fund. The builders
start in March and want to finish before winter. Until then the bridge beside the mill stays \
closed for cars.
A small exhibition in the library shows the plans. Visitors may leave comments there until Friday.

Best regards,
Ada"""


def summarize(asked: str, **values: Any) -> Any:
    function = Function("summarize", "", {"type": "object", "properties": {asked: {}}})
    request = ModelRequest(
        "local",
        "low",
        "",
        "",
        (function,),
        None,
        action="summarize",
        method="summarize",
        values=values,
    )
    reply = LocalProvider().respond(request)
    return json.loads(reply.calls[0].arguments)[asked]


@needs_engine
@pytest.mark.parametrize(("length", "count"), [("short", 3), ("medium", 5), ("long", 8)])
def test_bullets_are_sentences_of_the_text(length: str, count: int) -> None:
    """Each bullet stands word for word in the text, in the text's order, without greetings and
    headers."""
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
    assert "lottery fund" in summarize(
        "summary", text=TEXT, length="short", focus="money and costs"
    )


@needs_engine
@pytest.mark.parametrize(
    ("text", "summary"),
    [("", ""), (" \n ", ""), ("Only this.", "Only this."), ("東京は雨。", "東京は雨。")],
)
def test_a_short_text_is_its_own_summary(text: str, summary: str) -> None:
    """There is nothing to choose in one sentence or none."""
    assert summarize("summary", text=text) == summary


ARTICLE = """The harbour of Vellmar will be deepened from May on, the port authority said.

The 41-year-old chairman, Ole Brandt, called it a late decision. "We have waited for years," he \
said.
However, the fishers of the town fear for their nets. They want to be heard before work begins. \
Three dredgers from Norway will dig for eight months and move two million tonnes of sand. The \
work costs 48 million euros, of which the state pays half. This is less than was planned in 2019. \
Ferries to the islands keep their timetable, but will use the northern quay until December.

References
[1] Port of Vellmar, Plan 2030.
"""
MESSAGES = [
    (
        "Rhett: I am late for the call because my train stands in Bergen. Please start without me. "
        "The slides are in the folder that Kim shared. I will join at ten.",
        "I am late for the call because my train stands in Bergen.",
    ),
    (
        "Hi Jo,\n\nI hope you are well. The printer on the third floor is broken and needs a new "
        "drum. "
        "It has been slow for weeks. Could you order one this week? The old one is in my "
        "office.\n\n"
        "Best,\nKim\nFern & Elm Ltd",
        "The printer on the third floor is broken and needs a new drum.",
    ),
    (
        "Patricia, the contract for the hall ends in June and we must give notice by Friday. This "
        "is "
        "in clause nine. Tom has the papers. He can sign them.\n\nThanks again,\nVince",
        "Patricia, the contract for the hall ends in June and we must give notice by Friday.",
    ),
]


@needs_engine
@pytest.mark.parametrize("length", ["short", "medium", "long"])
def test_a_summary_is_understood_alone(length: str) -> None:
    """No sentence speaks of what only a sentence that was left out names; the lead is kept."""
    bullets = summarize("bullets", text=ARTICLE, format="bullets", length=length)
    flat = " ".join(ARTICLE.split())
    assert bullets[0].startswith("The harbour of Vellmar")
    assert "Plan 2030" not in " ".join(bullets)
    for bullet, before in zip(bullets[1:], bullets, strict=False):
        if needs_context(bullet):
            assert f"{before} {bullet}" in flat


@needs_engine
@pytest.mark.parametrize(("text", "line"), MESSAGES)
def test_a_message_in_one_line_is_its_first_telling_sentence(text: str, line: str) -> None:
    """Neither a salutation nor a pleasantry, and without the name in front of it."""
    assert summarize("summary", text=text, format="tldr") == line


@needs_engine
def test_a_headline_is_no_part_of_a_sentence() -> None:
    """A headline that a tool has joined to the first sentence is left out."""
    text = (
        "Cairn shares up on new oil find Cairn said on Monday that it has found oil in the desert. "
        "The field lies near Jodhpur. Its shares rose by five percent. Analysts expect more wells. "
        "The state must still agree to the plan."
    )
    summary = summarize("summary", text=text, format="tldr")
    assert summary == "Cairn said on Monday that it has found oil in the desert."


@needs_engine
@pytest.mark.parametrize(
    "text",
    [
        "He was late. The meeting had begun.",
        "Dear Tom,\n\nthe bridge beside the mill stays closed until March.\n\nBest,\nAda",
    ],
)
def test_a_text_of_two_sentences_is_its_own_summary(text: str) -> None:
    """There is nothing to leave out of it but a greeting and a signature."""
    told = [line for line in text.split("\n") if len(line) > 12]
    assert summarize("summary", text=text) == " ".join(told)


@pytest.mark.parametrize(
    ("sentence", "is_open"),
    [
        ("He has never been beyond round four.", True),
        ("However, the plan failed.", True),
        ("The 23-year-old won.", True),
        ('"It is late," she said.', True),
        ("And so it began.", True),
        ("Hendrix fans bought the house.", False),
        ("The harbour will be deepened.", False),
        ('"It is late," Kim Berg said.', False),
        ("So far, 300 houses are built.", False),
        ("Thisted is a town in Denmark.", False),
    ],
)
def test_a_sentence_that_points_back_needs_another(sentence: str, is_open: bool) -> None:
    """Pronouns, connectives and quotes of "he" or "she" are nothing without what they refer to."""
    assert needs_context(sentence) == is_open


SPLITS = [
    ("Mr. Ray paid 3.50 euros. He left.", ["Mr. Ray paid 3.50 euros.", "He left."]),
    ('She said "Stop!" and ran. Why?', ['She said "Stop!" and ran.', "Why?"]),
    ("Items:\n- one apple\n- two pears", ["Items:", "one apple", "two pears"]),
    ("今日は雨。明日は晴れ！", ["今日は雨。", "明日は晴れ！"]),
    (
        "Am 3. März kam er. Dann ging er, z.B. nach Köln.",
        ["Am 3. März kam er.", "Dann ging er, z.B. nach Köln."],
    ),
    ("We meet at 11:45. Vince brings cake.", ["We meet at 11:45.", "Vince brings cake."]),
    ("My daughter is now 12. She is tall.", ["My daughter is now 12.", "She is tall."]),
    ("Der Zug hält am 2. Gleis.", ["Der Zug hält am 2. Gleis."]),
    (
        "Version 5.3.2 is out... Really e.g. today? Yes",
        ["Version 5.3.2 is out...", "Really e.g. today?", "Yes"],
    ),
    (
        "Call (505) 555-0142. Name:   Ann\nCity:   Rome",
        ["Call (505) 555-0142.", "Name: Ann", "City: Rome"],
    ),
]


@pytest.mark.parametrize(("text", "expected"), SPLITS)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    """Abbreviations, decimals, ordinals, quotes, lists and scripts without spaces are cut right."""
    assert [sentence.text for sentence in sentences(text)] == expected


def test_a_sentence_knows_its_place() -> None:
    """The span of each sentence gives it back, verbatim."""
    assert all(TEXT[sentence.start : sentence.end] == sentence.raw for sentence in sentences(TEXT))
