"""The value of an answer comes from a tool's result; a different value of the model is reported as
a warning."""

from __future__ import annotations

from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.local import LocalProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings
from tests.support.upstream import FakeUpstream, function_call
from tests.unit.test_tool_loop import Says, calls, final, run

CATALOGUE, MODELS = load_catalogue(), load_models()
# question, the tool's expression, the right value, and a lie
SUMS = {
    "a long difference": (
        "What is 12345678987654321 - 9876543212345678?",
        "12345678987654321 - 9876543212345678",
        "2469135775308643",
        "2469135775308642",
    ),
    "a percentage": ("What is 15% of 1240.50?", "15 / 100 * 1240.50", "186.075", "180"),
}
EACH_SUM = pytest.mark.parametrize(
    ("question", "expression", "value", "lie"), SUMS.values(), ids=SUMS
)


@EACH_SUM
def test_embedded_engine(question: str, expression: str, value: str, lie: str) -> None:
    """The embedded engine works it out with the tool, exactly."""
    outcome = Engine(CATALOGUE, LocalProvider(), MODELS, Settings()).run(
        "answer_with_tools", {"question": question, "tools": "calculate"}
    )
    assert (outcome.values["value"], outcome.values["tools_used"]) == (value, ["calculate"])
    assert value in outcome.result
    assert outcome.warnings == ()


@EACH_SUM
def test_model_that_first_lies(question: str, expression: str, value: str, lie: str) -> None:
    """A model answers out of its head, is sent back to the tool, and lies again: the value is the
    tool's, both lies are flagged."""
    told = {"answer": f"It is exactly {lie}.", "value": lie, "found": True, "quotes": []}
    lies = function_call("answer_with_tools", told)
    with FakeUpstream([lies, function_call("calculate", {"expression": expression}), lies]) as up:
        settings = Settings(openai_base_url=up.base_url, openai_api_key="sk-test")
        provider = OpenAIProvider(settings, MODELS)
        outcome = Engine(CATALOGUE, provider, MODELS, settings).run(
            "answer_with_tools", {"question": question, "tools": "calculate", "require_tool": True}
        )
        provider._transport.close()
    assert outcome.ok
    assert outcome.values["value"] == value
    said = " | ".join(outcome.warnings)
    assert "first answered without a tool" in said
    assert f'The model gave {lie} as "value"; the tool calculate gave {value}' in said
    assert f'"answer" states {lie}, but the tool calculate gave {value}' in said


@pytest.mark.parametrize(
    ("claimed", "value", "flagged"),
    [
        ("186.075", "186.075", False),
        ("186,075", "186.075", True),  # so many thousands: another number
        ("€186.08", "186.075", False),  # rounded as people do
        ("186.07", "186.075", True),
        (" 186.0750 ", "186.075", False),
        ("186.075 euros", "186.075", False),
        ("about 190", "186.075", True),
        ("1240.50", "186.075", True),  # a number of the question is no result
        (None, None, False),
    ],
)
def test_what_counts_as_the_same(claimed: str | None, value: str | None, flagged: bool) -> None:
    """A value may be written with a currency, or rounded; anything else is not what the tool
    gave."""
    outcome = run(
        Says(calls(("calculate", {"expression": "15 / 100 * 1240.50"})), final(value=claimed))
    )
    assert outcome.values["value"] == value
    assert bool(outcome.warnings) == flagged


def test_of_several_tools() -> None:
    """The model says which result it means; a wrong one is replaced by the last."""
    both = calls(("calculate", {"expression": "2 + 3"}), ("calculate", {"expression": "2 * 3"}))
    text = "The sum is 5, the product 6."
    assert run(Says(both, final(value="5", answer=text))).values["value"] == "5"
    assert run(Says(both, final(value="7", answer=text))).values["value"] == "6"


def test_without_a_tool() -> None:
    """A value that no tool gave must stand in the form; one that does not is left out, and said to
    be."""
    context = "The order was signed by Ada Berg on 2 March."
    kept = run(Says(final(value="Ada Berg", answer="Ada Berg.")), context=context)
    assert (kept.values["value"], kept.warnings) == ("Ada Berg", ())
    made_up = run(Says(final(value="Bo Lind", answer="Bo Lind.")), context=context)
    assert made_up.values["value"] is None
    assert "without a tool" in made_up.warnings[0]


def test_a_failed_tool_gives_no_value() -> None:
    """What a tool could not do is no value."""
    outcome: Any = run(
        Says(calls(("calculate", {"expression": "1 / 0"})), final(value="0", answer="Zero."))
    )
    assert outcome.values["value"] is None
