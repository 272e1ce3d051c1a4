"""Samples: an action's first example as a full answer, without a null or an empty list, so that tools learn its shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.answer import flat_schemas, flat_values, result_text
from connector.catalogue.filling import Step, fill
from connector.catalogue.reply import check_arguments
from connector.catalogue.shape import SHAPE_TYPES

Json = dict[str, Any]

_STAND_INS: Json = {"string": "text", "number": 1.5, "integer": 1, "boolean": True, "object": {}, "array": ["text"]}
_SURE = 0.9
_BILL: Json = {
    "engine": "scripted",
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
}


def sample_answer(action: Action) -> Json:
    """The answer to the first example of ``action``; what the example leaves empty is filled with a stand-in of its type."""
    example = action.examples[0]
    form = action.read_form(example.input)
    steps = [Step(1, call["tool"], json.dumps(call["arguments"]), call["output"], True, 1) for call in example.calls]
    values = fill(action, form, check_arguments(action, form, example.output).values, steps)
    schemas = flat_schemas(action)
    whole = {name: _whole(value, schemas[name]) for name, value in values.items()}
    if values.get("confidence", 0) is None:
        whole["confidence"] = _SURE
    for name, entry in action.returns.items():
        if entry.has_shape:
            whole[name] = _whole_shape(whole[name], entry.entries(form))
    return {
        "ok": True,
        "status": "done",
        "result": result_text(action, whole, action.asked(form)),
        **flat_values(action, whole, confidence_kind="reported"),
        "checks": [{"check": "numbers", "ok": True, "detail": "All numbers of the answer are in what it was made of."}],
        "checks_failed": 0,
        "id": "run_sample",
        "action": action.id,
        **_BILL,
    }


def _whole(value: Any, schema: Mapping[str, Any]) -> Any:
    if value is None:
        return _STAND_INS[schema.get("type", "string")]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_whole(one, items) for one in value] or [_stand_in(items)]
    if isinstance(value, dict) and "properties" in schema:
        return {key: _whole(one, schema["properties"].get(key, {})) for key, one in value.items()}
    return value if value != "" else "text"


def _stand_in(schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "object":
        return {key: _stand_in(one) for key, one in schema.get("properties", {}).items()}
    return _STAND_INS[schema.get("type", "string")]


def _whole_shape(value: Any, fields: list[Json]) -> Any:
    """A record, or a list of them, with every empty field of the caller's filled by its type."""
    if isinstance(value, list):
        return [_whole_shape(one, fields) for one in value]
    stand_ins = {field["name"]: _STAND_INS[SHAPE_TYPES[field["type"]].strict["type"]] for field in fields}
    return {name: stand_ins[name] if one in (None, []) else one for name, one in value.items()}
