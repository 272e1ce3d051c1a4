"""Rewritten texts: what was left out, added or changed is computed by the server."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.catalogue.text_versions import (
    left_out,
    missing_terms,
    negations_changed,
    numbers_kept,
    text_changes,
)
from connector.engine.engine import Engine, Outcome
from connector.errors import ProviderError
from connector.providers.base import Call, ModelRequest, Reply, Usage
from connector.providers.local import LocalProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings

CATALOGUE = load_catalogue()
MODELS = load_models()
TEXT = (
    "Dear all, on 3 March 2026 we has moved 1,240.50 euros to Ana Ruiz. The rest follow in two "
    "weeks. Questions go to ana@shop.example."
)


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        (TEXT.replace("has", "have"), []),
        ("Am 2026-03-03 gingen 1.240,50 Euro an Ana Ruiz, ana@shop.example, in 2 Wochen.", []),
        ("On 3 March we moved 1,240.50 euros to Ana: ana@shop.example.", ["2026", "Ruiz"]),
        (
            "In March 2026 we moved 1,250.40 euros to Ana Ruiz.",
            ["3", "1,240.50", "ana@shop.example"],
        ),
        ("On 3 March 2026 we moved 1,240.50 euros to Anas Ruiz via ana@shop.example.", []),
    ],
)
def test_what_a_version_leaves_out(version: str, missing: list[str]) -> None:
    """Numbers count by value and names in any ending; everything else is listed."""
    assert left_out(TEXT, version) == missing


@pytest.mark.parametrize(
    ("text", "version", "kept"),
    [
        ("It costs 1,234.56.", "Es kostet 1.234,56.", True),
        ("It costs 1,234.56.", "It costs 123,456.", False),
        ("Come at 9 or 10.", "Come at 10 or 9.", True),
        ("Come at 9.", "Come at 9 with 2 friends.", False),
        ("Three came on 2026-03-09.", "3 came on 9 March 2026.", True),
        ("No number here.", "None there.", True),
    ],
)
def test_numbers_in_both_directions(text: str, version: str, kept: bool) -> None:
    assert numbers_kept(text, version) is kept


@pytest.mark.parametrize(
    ("version", "changed"),
    [
        ("The deposit is refundable once it begins", ["The deposit is refundable once it begins"]),
        ("The deposit isn't refundable, and guests may bring dogs.", []),
        ("Guests may not bring dogs to the garden.", ["Guests may not bring dogs to the garden"]),
        ("No dogs.", []),
        ("Nobody gets the deposit back.", []),
    ],
)
def test_a_negation_that_changed(version: str, changed: list[str]) -> None:
    """A clause with the words of the text, but with or without a "not" that the text lacks."""
    text = "The deposit is not refundable once it begins. Guests may bring dogs to the garden."
    assert negations_changed(text, version) == changed


def test_terms_word_for_word() -> None:
    """Case, line breaks and typography do not matter; letters do."""
    version = "The “Terms of\nUse” apply — always."
    assert missing_terms(version, ['"terms of use"', "Term of use", "- always"]) == ["Term of use"]


def test_the_difference_is_computed() -> None:
    """Each change has what was there, what is there now, and its place in the text."""
    text, version = "Their will be no delivery today.", "There will be no delivery, sadly, today."
    changes = text_changes(text, version)
    assert changes == [
        {"before": "Their", "after": "There", "start": 0},
        {"before": "delivery", "after": "delivery, sadly,", "start": 17},
    ]
    assert all(text[one["start"] :].startswith(one["before"]) for one in changes)
    assert text_changes("a b", "a b c") == [{"before": None, "after": "c", "start": 3}]
    assert text_changes("a b c", "a c") == [{"before": "b", "after": None, "start": 2}]
    assert text_changes(text, text) == []


# --- with a model ---------------------------------------------------------------------------------


class Says:
    """A model that writes these versions one after another."""

    engine = "openai"

    def __init__(self, *versions: str) -> None:
        self.versions = deque(versions)
        self.requests: list[ModelRequest] = []

    def respond(self, request: ModelRequest) -> Reply:
        self.requests.append(request)
        arguments = {"text_out": self.versions.popleft()}
        return Reply(
            "o4-mini",
            (Call("c", request.functions[0].name, json.dumps(arguments)),),
            usage=Usage(10, output=10),
        )


def rewrite(*versions: str, **form: Any) -> tuple[Outcome, int]:
    model = Says(*versions)
    outcome = Engine(CATALOGUE, model, MODELS, Settings()).run("rewrite", {"text": TEXT, **form})
    assert outcome.ok, outcome.error
    return outcome, len(model.requests)


def test_a_changed_number_is_repaired_once() -> None:
    good = TEXT.replace("has", "have").replace("follow ", "follows ")
    outcome, calls = rewrite(good.replace("1,240.50", "1,250.40"), good)
    assert calls == 2
    assert outcome.result == good
    assert outcome.values["numbers_kept"] is True
    assert [one["after"] for one in outcome.values["changes"]] == ["have", "follows"]
    assert not outcome.warnings


def test_what_stays_wrong_is_in_the_answer() -> None:
    wrong = TEXT.replace("Ruiz", "Ruis").replace("3 March", "4 March")
    outcome, calls = rewrite(wrong, wrong, must_keep="The rest follows")
    assert calls == 2
    values = outcome.values
    assert values["numbers_kept"] is False
    assert (values["left_out"], values["added"]) == (["3", "Ruiz"], ["4", "Ruis"])
    assert values["missing"] == ["The rest follows"]
    assert any(one.check == "requirements" and not one.ok for one in outcome.checks)


def test_shortening_may_leave_out_but_not_add() -> None:
    """What a shorter text leaves out is listed and no fault; what it adds is one."""
    short = "We moved 1,240.50 euros to Ana Ruiz."
    outcome, calls = rewrite(short, goal="shorten")
    assert calls == 1
    assert outcome.values["left_out"] == ["3", "2026", "ana@shop.example"]
    _, calls = rewrite("We moved 1,300 euros.", short, goal="shorten")
    assert calls == 2
    outcome, calls = rewrite(TEXT, short, goal="shorten", max_words=9)
    assert (calls, outcome.values["words_over"], outcome.result) == (2, 0, short)


def test_an_order_in_the_text_is_text() -> None:
    """The instructions say that the text is data; a version that obeys it is seen to add."""
    outcome, calls = rewrite("Send 500 euros to Eve.", "Send 500 euros to Eve.")
    assert calls == 2
    assert {"500", "Eve"} <= set(outcome.values["added"])


def test_long_texts_are_compared_in_bounded_time() -> None:
    text = "again and again " * 4_000
    assert text_changes(text, text + "stop")[-1]["after"].endswith("stop")


# --- without a model ------------------------------------------------------------------------------

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
NOTICE = (
    "The timber for your order 7731 was due on Monday, 9 March. The ship is held at the port of "
    "Bergen because of a strike. We now expect it on Thursday, 19 March. You need not do anything. "
    "If you would rather cancel, write to us before Friday and we return the deposit in full."
)


@needs_engine
def test_the_embedded_engine_only_shortens() -> None:
    engine = Engine(CATALOGUE, LocalProvider(), MODELS, Settings(engine="local"))
    form = {"text": NOTICE, "goal": "shorten", "max_words": 30}
    outcome = engine.run("rewrite", form)
    assert outcome.ok, outcome.error
    assert 0 < outcome.values["word_count"] <= 30
    assert all(one["after"] is None for one in outcome.values["changes"])
    assert outcome.values["added"] == []
    for change in ({"goal": "fix"}, {"max_words": 5}, {"must_keep": "a discount"}):
        outcome = engine.run("rewrite", {**form, **change})
        assert isinstance(outcome.error, ProviderError)
        assert outcome.error.code == "needs_model"
