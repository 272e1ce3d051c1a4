"""The answer of a run that has none yet: every key, null or empty."""

from __future__ import annotations

from typing import Any

from connector.catalogue.action import ENVELOPE, ENVELOPE_HEAD, Action
from connector.catalogue.answer import flat_schemas, flat_values
from connector.catalogue.derived_rules import DERIVED_RULES
from connector.catalogue.fields import ReturnField
from connector.json_types import Json

_EMPTY_ENVELOPE: Json = {"ok": False, "result": "", "checks": [], "warnings": []}
_CONTAINERS: dict[str, type] = {"array": list, "object": dict}


def empty_answer(action: Action | None) -> Json:
    """Every key of the action's answer, so that a workflow that branches on one finds it.

    Without an action, such as one that was removed: the keys that all actions have.
    """
    envelope: Json = {**dict.fromkeys(ENVELOPE), **_EMPTY_ENVELOPE}
    if action is None:
        return envelope
    schemas = flat_schemas(action)
    values = {
        name: _without_answer(entry) or _empty_value(schemas[name])
        for name, entry in action.returns.items()
    }
    head = {name: envelope[name] for name in ENVELOPE[:ENVELOPE_HEAD]}
    return {**head, **flat_values(action, values, confidence_kind="none"), **envelope}


def _without_answer(entry: ReturnField) -> str:
    return DERIVED_RULES[entry.fill[0]].without_answer if entry.fill else ""


def _empty_value(schema: Json) -> Any:
    """A list or an object without entries, "" for a text that is never null; else null.

    A choice is null too, since "" is none of the choices.
    """
    if container := _CONTAINERS.get(schema["type"]):
        return container()
    is_text = schema["type"] == "string" and not schema.get("nullable") and "enum" not in schema
    return "" if is_text else None
