"""An action's first example as published: its input as a person types it, and its full answer."""

from __future__ import annotations

import json
from typing import Any

from connector.catalogue import TYPES, Action, Field
from connector.catalogue.sample import sample_answer
from connector.json_types import Json

# the usage of a run that cost something; the numbers are those of a short text
EXAMPLE_USAGE: Json = {
    "checks": [
        {
            "check": "numbers",
            "ok": True,
            "detail": "All numbers of the answer are in what it was made of.",
        }
    ],
    "checks_failed": 0,
    "engine": "openai",
    "provider": "openai",
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
    "read_text": None,
}


def example_input(action: Action) -> Json:
    """The first example's input in the published types: lists become lines."""
    form = action.read_form(action.examples[0].input)
    return {
        name: to_published(action.fields[name], value, form[name])
        for name, value in action.examples[0].input.items()
        if name in form
    }


def to_published(entry: Field, value: Any, read: Any) -> Any:
    """``value`` in the type of the published request; ``read`` is the value after validation."""
    build = TYPES[entry.type].request_schema
    if build is None or build(entry)["type"] != "string":
        return read
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def example_answer(action: Action) -> Json:
    """The answer to the first example, with all keys in order."""
    return {
        **sample_answer(action),
        "id": "run_0123456789abcdef",
        **EXAMPLE_USAGE,
        "effort": action.effort,
    }
