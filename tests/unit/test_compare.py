"""Comparing texts: what differs, where it stands, and what is the same though written otherwise."""

from __future__ import annotations

import random
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.providers.computed import ComputedProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings

ENGINE = Engine(load_catalogue(), ComputedProvider(), load_models(), Settings())
CONTRACT = (
    "This agreement of 3 March 2026 is between Northwind Ltd and Acme GmbH.\n"
    "Acme pays EUR 1,240.50 within 30 days of each invoice.\n"
    "Either party may end it with three months' notice.\n"
    "Deliveries to Bergen take 12 working days."
)


def compare(a: str, b: str, **form: Any) -> dict[str, Any]:
    outcome = ENGINE.run("compare", {"a": a, "b": b, **form})
    assert outcome.ok, outcome.error
    return outcome.values


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("due on 3 March 2026", "due on 2026-03-03"),
        ("a total of 1,000.50", "a total of 1000.50"),
        ("we pay EUR 5.00 now", "we pay €5.00 now"),
        ("one  two\n\nthree", "one two\nthree"),
        ("it’s “fine”", 'it\'s "fine"'),
    ],
)
def test_the_same_in_other_words(a: str, b: str) -> None:
    """Values are equal however they are written; blanks and typographic quotation marks are not
    compared."""
    answer = compare(a, b)
    assert (answer["same"], answer["differences"], answer["count"]) == (True, [], 0)
    assert answer["verdict"] == "The texts are the same."


CHANGES = {
    "number": ("30 days", "45 days", "30", "45"),
    "date": ("3 March 2026", "4 March 2026", "3 March 2026", "4 March 2026"),
    "money": ("EUR 1,240.50", "EUR 1,420.50", "EUR 1,240.50", "EUR 1,420.50"),
    "changed": ("may end", "can end", "may", "can"),
    "removed": ("each invoice", "invoice", "each", None),
    "added": ("notice", "written notice", None, "written"),
}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("way", ["there", "back"])
def test_a_change_is_found_where_it_stands(kind: str, way: str) -> None:
    """One change in a text is one difference of its kind, at its places in both texts; the other
    way round it is its mirror image."""
    before, after, a, b = CHANGES[kind]
    first, second = CONTRACT, CONTRACT.replace(before, after)
    if way == "back":
        first, second, a, b = second, first, b, a
        kind = {"added": "removed", "removed": "added"}.get(kind, kind)
    answer = compare(first, second)
    [found] = answer["differences"]
    assert (found["kind"], found["a"], found["b"]) == (kind, a, b)
    assert first[found["a_start"] :].startswith(a or "")
    assert second[found["b_start"] :].startswith(b or "")
    assert not answer["same"] and answer["similarity"] < 1


@pytest.mark.parametrize("seed", range(30))
def test_offsets_give_the_differences(seed: int) -> None:
    """Whatever is changed at random, each difference stands at its offsets in both texts, and
    changed texts are never called the same."""
    rng = random.Random(seed)
    words = CONTRACT.split(" ")
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(words))
        words[at] = rng.choice(["", "\U0001f600 new", words[at] + "x", "7", words[at].upper()])
    changed = " ".join(words)
    answer = compare(CONTRACT, changed)
    for one in answer["differences"]:
        for side, text in (("a", CONTRACT), ("b", changed)):
            part = one[side] or ""
            assert text[one[f"{side}_start"] :][: len(part)] == part
    assert answer["same"] is (CONTRACT.split() == changed.split())


def test_focus_and_what_is_ignored() -> None:
    """The focus leaves the other differences out; capitals, punctuation and the order of lines can
    be ignored."""
    changed = CONTRACT.replace("30 days", "45 days").replace("may end", "can end")
    assert [one["b"] for one in compare(CONTRACT, changed, focus="values")["differences"]] == ["45"]
    assert [one["b"] for one in compare(CONTRACT, changed, focus="words")["differences"]] == ["can"]
    lines = "\n".join(reversed(CONTRACT.upper().replace(".", "").split("\n")))
    assert not compare(CONTRACT, lines)["same"]
    words = CONTRACT.replace("1,240.50", "1240,50")
    everything = {"ignore": "case\npunctuation\norder"}
    assert compare(words.replace(".", ""), words.upper().replace("EUR", "EUR"), **everything)[
        "similarity"
    ] == pytest.approx(1.0, abs=0.05)


def test_long_texts_without_lines() -> None:
    """Two long texts without a full stop are compared as one piece, and not for ever."""
    first = " ".join(f"w{number % 977}" for number in range(40_000))
    answer = compare(first, first.replace("w5 ", "v5 "))
    assert answer["count"] == 1 and not answer["same"]
