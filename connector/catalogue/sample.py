"""Samples: an action's first example as a full answer, from which tools learn names and types.

A sample has no null and no empty list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.answer import flat_schemas, flat_values, result_text
from connector.catalogue.derived import ToolStep, derive
from connector.catalogue.reply import check_arguments
from connector.catalogue.user_fields import USER_FIELD_TYPES
from connector.json_types import Json

_PLACEHOLDERS: Json = {
    "string": "text",
    "number": 1.5,
    "integer": 1,
    "boolean": True,
    "object": {},
    "array": ["text"],
}
_CONFIDENCE = 0.9
_USAGE: Json = {
    "engine": "scripted",
    "provider": "scripted",
    "model": "scripted",
    "model_requested": "scripted",
    "effort": "low",
    "escalated": False,
    "version": 2,
    "previous_run": "run_before",
    "warnings": ["This is a sample: the action's first example, not an answer to your input."],
    "input_tokens": 0,
    "cached_tokens": 0,
    "output_tokens": 0,
    "reasoning_tokens": 0,
    "cost_usd": 0.0,
    "duration_ms": 1,
    "read_text": "text",
}


def sample_answer(action: Action) -> Json:
    """The answer to the first example of ``action``; empty values get a placeholder."""
    example = action.examples[0]
    form = action.read_form(example.input)
    steps = [
        ToolStep(1, call["tool"], json.dumps(call["arguments"]), call["output"], True, 1)
        for call in example.calls
    ]
    values = derive(action, form, check_arguments(action, form, example.output).values, steps)
    schemas = flat_schemas(action)
    answer = {name: _fill_value(value, schemas[name]) for name, value in values.items()}
    if values.get("confidence", 0) is None:
        answer["confidence"] = _CONFIDENCE
    for name, entry in action.returns.items():
        if entry.has_shape:
            answer[name] = _fill_shape(answer[name], entry.shape_fields(form))
    return {
        "ok": True,
        "status": "done",
        "result": result_text(action, answer, form),
        **flat_values(action, answer, confidence_kind="reported", form=form),
        "checks": [
            {
                "check": "numbers",
                "ok": True,
                "detail": "All numbers of the answer are in what it was made of.",
            }
        ],
        "checks_failed": 0,
        "id": "run_sample",
        "action": action.id,
        **_USAGE,
    }


def _fill_value(value: Any, schema: Mapping[str, Any]) -> Any:
    if value is None:
        return _PLACEHOLDERS[schema.get("type", "string")]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_fill_value(one, items) for one in value] or [_placeholder(items)]
    if isinstance(value, dict) and "properties" in schema:
        return {
            key: _fill_value(one, schema["properties"].get(key, {})) for key, one in value.items()
        }
    return value if value != "" else "text"


def _placeholder(schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "object":
        return {key: _placeholder(one) for key, one in schema.get("properties", {}).items()}
    return _PLACEHOLDERS[schema.get("type", "string")]


def _fill_shape(value: Any, fields: list[Json]) -> Any:
    """A record, or a list of records, with a placeholder in every empty field."""
    if isinstance(value, list):
        return [_fill_shape(one, fields) for one in value]
    placeholders = {
        field["name"]: _PLACEHOLDERS[USER_FIELD_TYPES[field["type"]].strict_schema["type"]]
        for field in fields
    }
    return {name: placeholders[name] if one in (None, []) else one for name, one in value.items()}
