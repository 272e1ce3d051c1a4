"""The server's checks of an answer: each has answers that pass and answers that fail."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine, Outcome
from connector.json_types import Json
from connector.providers.base import Call, ModelRequest, Reply, Usage
from connector.providers.pricing.models import load_models
from connector.providers.scripted import ScriptedProvider
from connector.settings import Settings

CATALOGUE = load_catalogue()
MODELS = load_models()
TEXT = (
    "Northwind Paper Ltd, 3 March 2026. Your order NP-2041 of 1,240.50 euros (15% off) is held "
    "at Bergen. Ann O'Brien expects three\n"
    "boxes on 2026-03-19 at 14:30. Write to accounts@northwind.example or see "
    "https://northwind.example/orders/2041."
)


class Says:
    """A provider that calls these functions one after another."""

    engine = "openai"

    def __init__(self, *calls: tuple[str, Json]) -> None:
        self.calls = deque(calls)

    def respond(self, request: ModelRequest) -> Reply:
        name, arguments = self.calls.popleft()
        return Reply(
            "o4-mini", (Call("c", name, json.dumps(arguments)),), usage=Usage(10, output=10)
        )


def run(action: str, form: Json, *calls: tuple[str, Json]) -> Outcome:
    outcome = Engine(CATALOGUE, Says(*calls), MODELS, Settings()).run(action, form)
    assert outcome.ok, outcome.error
    return outcome


def summary(said: str, text: str = TEXT, **form: Any) -> Outcome:
    return run("summarize", {"text": text, **form}, ("summarize", {"summary": said}))


def verdicts(outcome: Outcome) -> dict[str, bool]:
    return {one.check: one.ok for one in outcome.checks}


def detail(outcome: Outcome, name: str) -> str:
    return next(one.detail for one in outcome.checks if one.check == name)


PASSES: dict[str, tuple[str, ...]] = {
    "numbers": (
        "It costs 1240.50 euros.",
        "It costs 1.240,50 euros.",
        "It costs 1 240.5 euros, 15 % off.",
        "3 boxes come on 19 March.",
        "They come on 2026-03-19 at 14:30.",
        "The letter is of 2026-03-03.",
        "Order NP-2041 is of 2026.",
    ),
    "names": (
        "The order of Northwind Paper is held at Bergen.",
        "It is O'Brien's order, and Ann's.",
        "Ask Ann, in March or on a Tuesday.",
        "Then NORTHWIND writes.",
    ),
    "addresses": (
        "Write to accounts@northwind.example.",
        "See https://northwind.example/orders/2041.",
        "See HTTPS://northwind.example/orders/2041 for more.",
    ),
}
FAILS: dict[str, tuple[tuple[str, str], ...]] = {
    "numbers": (
        ("It costs 1,240.05 euros.", "1,240.05"),
        ("It costs 124050 euros.", "124050"),
        ("It costs 12.40 euros.", "12.40"),
        ("It costs 40 euros.", "40"),
        ("4 boxes come.", "4"),
        ("They come on 2026-04-19.", "2026-04-19"),
        ("Order NP-2014 is late.", "2014"),
        ("It is 1.5 % off.", "1.5"),
    ),
    "names": (
        ("The order of Southwind is held.", "Southwind"),
        ("It is held at Oslo by Ann Smith.", "Oslo, Smith"),
        ("It is the order of An.", ""),
    ),
    "addresses": (
        ("Write to account@northwind.example.", "account@northwind.example"),
        ("See https://northwind.example/refunds for more.", "https://northwind.example/refunds"),
        ("See www.northwind-paper.example.", "www.northwind-paper.example"),
    ),
}


@pytest.mark.parametrize(
    ("name", "said"), [(name, said) for name, answers in PASSES.items() for said in answers]
)
def test_what_is_in_the_source_passes(name: str, said: str) -> None:
    """A number, a name or an address counts as found in whatever form the source has it."""
    outcome = summary(said)
    assert verdicts(outcome)[name], detail(outcome, name)
    assert not outcome.warnings


@pytest.mark.parametrize(
    ("name", "said", "missing"),
    [(name, *one) for name, answers in FAILS.items() for one in answers if one[1]],
)
def test_what_is_not_in_the_source_is_told(name: str, said: str, missing: str) -> None:
    """What the source lacks is named, in the check and in a warning; the answer itself is not
    touched."""
    outcome = summary(said)
    assert not verdicts(outcome)[name]
    assert detail(outcome, name).endswith(f": {missing}.")
    assert detail(outcome, name) in outcome.warnings
    answer = outcome.to_json()
    assert (answer["ok"], answer["result"]) == (True, said)
    assert answer["checks_failed"] == sum(not one["ok"] for one in answer["checks"]) >= 1


def test_nothing_to_look_at() -> None:
    """A check that has nothing to look at is not listed."""
    outcome = summary("All is well.")
    assert outcome.to_json()["checks"] == []
    assert outcome.to_json()["checks_failed"] == 0


def test_names_in_another_language() -> None:
    """Where names become other words, and where every noun has a capital, capitals tell nothing."""
    assert "names" not in verdicts(
        summary("Die Bestellung ist in Bergen, und der Preis ist mit Rabatt.", language="Deutsch")
    )
    assert "names" not in verdicts(
        summary("Die Bestellung ist in der Stadt, und das Papier wird geliefert.")
    )
    assert "names" in verdicts(summary("The order is at Bergen."))


def test_instructions_and_choices_are_a_source_too() -> None:
    """What the caller wrote anywhere in the form is no invention."""
    outcome = summary(
        "For Contoso: 99 euros.",
        instructions="Begin with `For Contoso`, and say that it costs 99 euros.",
    )
    assert verdicts(outcome) == {"numbers": True, "names": True} or verdicts(outcome) == {
        "numbers": True
    }


@pytest.mark.parametrize(
    ("said", "ok"),
    [
        ("The calculator displays 186.075.", False),
        ("I calculated it: 186.075.", False),
        ("I ran the code and got 186.075.", False),
        ("I searched the web, and it is 186.075.", False),
        ("It is 186.075.", None),
    ],
)
def test_a_tool_that_never_ran(said: str, ok: bool | None) -> None:
    """An answer that speaks of a tool which was not used is flagged."""
    final: Json = {"answer": said, "value": None, "found": True, "quotes": []}
    outcome = run(
        "answer_with_tools",
        {"question": "15% of 1240.50?", "tools": "calculate"},
        ("answer_with_tools", final),
    )
    assert verdicts(outcome).get("tools_claimed") == ok
    assert not verdicts(outcome)["numbers"]


def test_a_tool_that_ran() -> None:
    """The same words are true once the tool was used, and what it gave is a source."""
    final = {
        "answer": "The calculator gives 186.075.",
        "value": "186.075",
        "found": True,
        "quotes": [],
    }
    calls = ("calculate", {"expression": "15 / 100 * 1240.50"}), ("answer_with_tools", final)
    outcome = run(
        "answer_with_tools", {"question": "15% of 1240.50?", "tools": "calculate"}, *calls
    )
    assert verdicts(outcome) == {"numbers": True, "tools_claimed": True}


def test_a_lie_about_a_result() -> None:
    """A result that is told otherwise than the tool gave it is flagged."""
    final: Json = {"answer": "It is 2469134468978476.", "value": None, "found": True, "quotes": []}
    question = "12345678987654321 - 9876543212345678?"
    calls = (
        ("calculate", {"expression": "12345678987654321 - 9876543212345678"}),
        ("answer_with_tools", final),
    )
    outcome = run("answer_with_tools", {"question": question, "tools": "calculate"}, *calls)
    assert detail(outcome, "numbers").endswith(": 2469134468978476.")


EXTRACT = {
    "text": TEXT,
    "fields": (
        "company text\ntotal money\nexpected date\nmail email\npaid boolean\nspeed "
        "choice(fast|slow)"
    ),
}
FOUND: Json = {
    "company": "Northwind Paper Ltd",
    "total": 1240.5,
    "total_currency": "EUR",
    "expected": "2026-03-19",
    "mail": "accounts@northwind.example",
    "paid": True,
    "speed": "slow",
}


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({}, ""),
        ({"company": "Northwind Paper Limited"}, "company"),
        ({"total": 1240.05}, "total"),
        ({"expected": "2026-03-20"}, "expected"),
        ({"mail": "sales@northwind.example"}, "mail"),
        ({"total_currency": "USD"}, "total_currency"),
    ],
)
def test_extracted_values_stand_in_the_text(changed: Json, missing: str) -> None:
    """A value that the text does not have is named; a yes or no and a choice need not stand
    there."""
    outcome = run("extract", EXTRACT, ("extract", {**FOUND, **changed}))
    assert verdicts(outcome) == {"quotes": not missing}
    if missing:
        assert detail(outcome, "quotes").endswith(f": {missing}.")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("+49 (0)30 1234-567", "+49301234567"),
        ("0049 30 / 123 45 67", "+49301234567"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("030 1234567", "030 1234567"),
        ("555-2671", "555-2671"),
        ("+49 30 ext", "+49 30 ext"),
    ],
)
def test_telephone_numbers_are_made_alike(written: str, value: str) -> None:
    """A number with its country is E.164, one without is as written; the original stands in the
    evidence."""
    text = f"Call {written} before noon."
    outcome = run(
        "extract", {"text": text, "fields": "number phone"}, ("extract", {"number": written})
    )
    assert outcome.values["data"] == {"number": value}
    (proof,) = outcome.values["evidence"]
    assert (proof["quote"], proof["verified"]) == (written, True)


@pytest.mark.parametrize(
    ("quote", "ok"),
    [
        ("The total is 1240.50 euros.", True),
        ("the TOTAL  is\n1240.50 euros.", True),
        ("It ships from Ann\u2019s \u201cold\u201d yard \u2013 in Bergen.", True),
        ("The total is 1204.50 euros.", False),
        ("The total was 1240.50 euros.", False),
    ],
)
def test_quotations_stand_in_the_context(quote: str, ok: bool) -> None:
    """A quotation is found exactly, or but for case, white space and the kinds of marks and dashes;
    its place is the source's own."""
    context = 'Order 7731. The total is 1240.50 euros. It ships from Ann\'s "old" yard - in Bergen.'
    final: Json = {"answer": "It is there.", "value": None, "found": True, "quotes": [quote]}
    outcome = run(
        "answer_with_tools",
        {"question": "Where?", "context": context},
        ("answer_with_tools", final),
    )
    assert verdicts(outcome) == {"quotes": ok}
    (proof,) = outcome.values["evidence"]
    assert proof["verified"] == ok
    if ok:
        assert proof["quote"] == context[proof["start"] : proof["end"]]


@pytest.mark.parametrize("action", CATALOGUE)
def test_examples_hold(action: str) -> None:
    """No check finds fault with an action's own examples."""
    runs = Engine(CATALOGUE, ScriptedProvider(CATALOGUE), MODELS, Settings(engine="scripted"))
    for example in CATALOGUE[action].examples:
        outcome = runs.run(action, example.input)
        assert [one.detail for one in outcome.checks if not one.ok] == []
