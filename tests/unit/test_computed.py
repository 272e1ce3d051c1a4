"""Actions whose answers the server computes: no model is asked, whichever engine is set."""

from __future__ import annotations

from importlib import import_module

import pytest

from connector.catalogue import Action, load_catalogue
from connector.catalogue.fields import TYPES
from connector.catalogue.options import MODEL_OPTIONS
from connector.catalogue.reader import read_action_file
from connector.engine.engine import Engine
from connector.errors import TemplateError
from connector.providers.base import ModelRequest, Reply
from connector.providers.computed import COMPUTED_METHODS, ComputedProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings

CATALOGUE = load_catalogue()
COMPUTED = [action for action in CATALOGUE.values() if action.computed]
EXAMPLES = [(action, example) for action in COMPUTED for example in action.examples]
MINIMAL = """
title: Sum
summary: Adds numbers.
group: text
{keys}
fields:
  text: {{type: longtext, label: Text}}
returns:
  text_out: {{type: longtext}}
instructions: Add.
message: "{{{{ text }}}}"
examples:
  - {{name: One, input: {{text: a}}, output: {{text_out: a}}}}
"""


class Forbidden:
    """A provider that may not be asked."""

    engine = "openai"

    def respond(self, request: ModelRequest) -> Reply:
        raise AssertionError(request.action)


@pytest.mark.parametrize(
    ("action", "form"), [(action, example.input) for action, example in EXAMPLES]
)
def test_no_model_is_asked(action: Action, form: dict[str, str]) -> None:
    """With a hosted engine too the rules answer, free and without tokens, and say who answered."""
    outcome = Engine(CATALOGUE, Forbidden(), load_models(), Settings()).run(action, form)
    assert outcome.ok, outcome.error
    assert (outcome.engine, outcome.provider, outcome.model) == ("local", "local", "rules")
    assert outcome.cost_usd == 0.0
    assert outcome.usage.input == outcome.usage.output == 0
    assert outcome.checks == ()


@pytest.mark.parametrize("action", COMPUTED, ids=lambda action: action.id)
def test_options_of_models_are_left_out(action: Action) -> None:
    """A form that no model reads does not ask how a model should answer."""
    assert not MODEL_OPTIONS & set(action.form)
    assert {"dry_run", "idempotency_key", "wait_seconds", "tag"} <= set(action.form)


@pytest.mark.parametrize("action", COMPUTED, ids=lambda action: action.id)
def test_each_value_comes_from_the_method(action: Action) -> None:
    """The method gives every value of the answer, so that nothing is left empty by mistake."""
    assert action.local_coverage == "full"
    first = action.examples[0]
    answer, _ = import_module(COMPUTED_METHODS[str(action.local)]).answer(
        action.read_form(first.input)
    )
    assert list(answer) == list(action.returns)
    for name, entry in action.returns.items():
        check = TYPES[entry.type].check
        assert check is not None
        assert answer[name] is None or check(answer[name], entry, {}) == first.output[name]


def test_methods_are_those_of_actions() -> None:
    """Each method answers an action, and each such action has one."""
    assert {action.local for action in COMPUTED} == set(COMPUTED_METHODS)
    assert ComputedProvider.engine == "local"


@pytest.mark.parametrize(
    "keys",
    ["computed: true", "computed: true\nlocal: redact\ntools: [calculate]", "computed: maybe"],
)
def test_a_file_that_cannot_be_computed_is_refused(keys: str) -> None:
    """`computed` goes with a method and without tools; the sentence names the key and its line."""
    with pytest.raises(TemplateError) as refused:
        read_action_file("sum", MINIMAL.format(keys=keys), file="sum.yaml")
    assert "sum.yaml:5" in refused.value.detail and "computed" in refused.value.detail
