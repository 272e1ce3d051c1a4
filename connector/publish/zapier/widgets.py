"""Form fields as Zapier's input fields, values of an answer as its output fields: one row a
type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import marshmallow

from connector.catalogue import OPTIONS, Action, Field
from connector.json_types import Json
from connector.publish.schemas import field_schema

Widget = Callable[[Field], Json]

ADVANCED = {"key": "advanced", "label": "Advanced"}
# the app sets the first two itself: it waits as long as Zapier lets it, and is called back when a
# run takes longer; and a step of Zapier reads an answer once it is whole
NOT_SHOWN = ("wait_seconds", "callback_url", "stream")


def _plain(kind: str) -> Widget:
    return lambda entry: {"type": kind}


def _number(kind: str) -> Widget:
    """A box that shows its default."""
    return lambda entry: {"type": kind, **_default(entry)}


def _choice(entry: Field) -> Json:
    """A drop-down in the order of the action's file."""
    return {"type": "string", "choices": _choices(entry), **_default(entry)}


def _default(entry: Field) -> Json:
    return {"default": str(entry.default)} if entry.default is not None else {}


def _list(entry: Field) -> Json:
    """Several of fixed choices are picked one after the other; anything else is typed, one a line,
    or mapped from another step."""
    return (
        {"type": "string", "list": True, "choices": _choices(entry)}
        if entry.choices
        else {"type": "text"}
    )


def _file(entry: Field) -> Json:
    """What Zapier gives for a file of another step is an https address."""
    return {"type": "file", **({"list": True} if (entry.max or 1) > 1 else {})}


def _choices(entry: Field) -> list[Json]:
    return [{"value": one.value, "sample": one.value, "label": one.label} for one in entry.choices]


# None: the type has no place in a form
WIDGETS: dict[str, Widget | None] = {
    "text": _plain("string"),
    "longtext": _plain("text"),
    "number": _number("number"),
    "integer": _number("integer"),
    "boolean": _plain("boolean"),
    "choice": _choice,
    "list": _list,
    "options": _plain("text"),
    "shape": _plain("text"),
    "file": _file,
    "record": None,
}
_OUTPUTS: dict[str, Json] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
}


def input_fields(action: Action) -> list[Json]:
    """The form of ``action``, with the run options in a group of their own."""
    return [input_field(entry) for entry in action.form.values() if entry.name not in NOT_SHOWN]


def input_field(entry: Field) -> Json:
    """One field of a form; ``KeyError`` for a type that has no row, ``TypeError`` for one that no
    form has."""
    widget = WIDGETS[entry.type]
    if widget is None:
        raise TypeError(entry.type)
    found: Json = {
        "key": entry.name,
        "label": entry.label,
        "required": entry.required,
        **widget(entry),
    }
    if entry.help:
        found["helpText"] = entry.help
    if entry.placeholder:
        found["placeholder"] = entry.placeholder
    if entry.name in OPTIONS:
        found["group"] = ADVANCED["key"]
    return found


def output_fields(schema: marshmallow.Schema) -> list[Json]:
    """The outputs of a step. An object with unknown keys is left to the sample."""
    shown = {name: field_schema(entry) for name, entry in schema.fields.items()}
    return list(_outputs(shown.items()))


def _outputs(shown: Iterable[tuple[str, Json]]) -> Iterable[Json]:
    for name, schema in shown:
        if kind := _output(schema):
            yield {"key": name, "label": schema.get("x-caption", _caption(name)), **kind}


def _output(schema: Mapping[str, Any]) -> Json | None:
    items = schema.get("items", {})
    if schema.get("type") != "array":
        return _OUTPUTS.get(schema.get("type", ""))
    if properties := items.get("properties"):
        return {"children": list(_outputs(properties.items()))}
    return {**_OUTPUTS[items["type"]], "list": True} if items.get("type") in _OUTPUTS else None


def _caption(name: str) -> str:
    return name.replace("_", " ").capitalize()
