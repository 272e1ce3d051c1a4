"""An action's first example as the specifications show it: what a person types, and the whole answer."""

from __future__ import annotations

import json
from typing import Any

from connector.catalogue import TYPES, Action, Field
from connector.catalogue.sample import sample_answer

Json = dict[str, Any]

# what a run looks like that cost something; the figures are those of a short text
BILL: Json = {
    "checks": [{"check": "numbers", "ok": True, "detail": "All numbers of the answer are in what it was made of."}],
    "checks_failed": 0,
    "engine": "openai",
    "model": "o4-mini",
    "model_requested": "o4-mini",
    "effort": "low",
    "escalated": False,
    "version": 1,
    "previous_run": "",
    "warnings": [],
    "input_tokens": 412,
    "cached_tokens": 0,
    "output_tokens": 96,
    "reasoning_tokens": 64,
    "cost_usd": 0.000876,
    "duration_ms": 1840,
}


def sample_input(action: Action) -> Json:
    """The first example's input in the types that the specifications publish: lists become lines."""
    form = action.read_form(action.examples[0].input)
    return {name: as_published(action.fields[name], value, form[name]) for name, value in action.examples[0].input.items() if name in form}


def as_published(entry: Field, value: Any, read: Any) -> Any:
    """``value`` as the published request types it; ``read`` is the same value after reading."""
    build = TYPES[entry.type].request
    if build is None or build(entry)["type"] != "string":
        return read
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "\n".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def published_answer(action: Action) -> Json:
    """The answer to the first example, with all its keys in their order."""
    return {**sample_answer(action), "id": "run_0123456789abcdef", **BILL, "effort": action.effort}
