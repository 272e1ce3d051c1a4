"""Samples: an action's first example as a full answer, free, without a null or an empty list, so that tools learn its shape."""

from __future__ import annotations

import json
from typing import Any

from connector.catalogue import Action, Catalogue
from connector.catalogue.answer import flat_schemas
from connector.engine.run import Engine
from connector.providers.models import Models
from connector.providers.scripted import ScriptedProvider
from connector.settings import Settings

Json = dict[str, Any]

_STAND_INS: Json = {"string": "text", "number": 1.5, "integer": 1, "boolean": True, "object": {}}


def sample_answer(action: Action) -> Json:
    """The answer to the first example of ``action``; what the example leaves empty is filled with a stand-in of its type."""
    catalogue = Catalogue([action])
    engine = Engine(catalogue, ScriptedProvider(catalogue), Models({}, {}), Settings(engine="scripted"))
    outcome = engine.run(action, action.examples[0].input)
    if outcome.error:
        raise outcome.error
    answer = outcome.answer()
    schemas = flat_schemas(action)
    for key, value in answer.items():
        answer[key] = _whole(value, schemas.get(key, {}))
    for name, entry in action.returns.items():
        if entry.type == "record":
            answer[f"{name}_json"] = json.dumps(answer[name], ensure_ascii=False)
    answer["warnings"] = ["This is a sample: the action's first example, not an answer to your input."]
    return {**answer, "id": "run_sample", "duration_ms": 1}


def _whole(value: Any, schema: Json) -> Any:
    if value is None:
        return _STAND_INS.get(schema.get("type", "string"), "text")
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_whole(one, items) for one in value] or [_stand_in(items)]
    if isinstance(value, dict):
        return {key: _whole(one, schema.get("properties", {}).get(key, {})) for key, one in value.items()}
    return value if value != "" else "text"


def _stand_in(schema: Json) -> Any:
    if schema.get("type") == "object":
        return {key: _stand_in(one) for key, one in schema.get("properties", {}).items()}
    return _STAND_INS.get(schema.get("type", "string"), "text")
