"""An action of the plug-in for its two readers: Bubble's editor (params.json) and server.js."""

from __future__ import annotations

from connector.catalogue.options import MAX_WAIT_SECONDS, WAIT_SECONDS
from connector.json_types import Json
from connector.publish.bubble.actions import HAND_OVER, RETURN, ActionInput, BubbleAction
from connector.publish.bubble.ids import Ids
from connector.publish.bubble.widgets import CHOICE, Output, boxes_of


def params(action: BubbleAction, ids: Ids) -> Json:
    """The action's params.json."""
    fields = {
        ids.of(_input_key(action, one)): _field(one, rank) for rank, one in enumerate(action.inputs)
    }
    given = {
        ids.of(_output_key(action, one)): _return(one, rank)
        for rank, one in enumerate(action.outputs)
    }
    display = f"{action.operation.summary} (Formcall)"
    return {
        "category": "plugins",
        "display": display,
        "fields": fields,
        "return_value": given,
        "type": "server_side",
    }


def _field(one: ActionInput, rank: int) -> Json:
    entry, box = one.field, one.box
    default = entry.default if isinstance(entry.default, str | bool | int | float) else None
    switch = False if box.editor == "Checkbox" else None
    found = {
        "caption": one.caption,
        "default_val": switch if default is None else default,
        "doc": one.help or None,
        "editor": box.editor,
        "is_list": box.is_list or None,
        "long_text": box.long_text or None,
        "name": one.name,
        "optional": _is_optional(one) or None,
        "options": ",".join(choice.value for choice in entry.choices) if box == CHOICE else None,
        "rank": rank,
        "value": box.value or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _is_optional(one: ActionInput) -> bool:
    """Whether a box is optional: each of several boxes is, since one of them is enough; a switch
    and a heading are not."""
    return one.box.editor not in {"Checkbox", "Label"} and (
        not one.field.required or len(boxes_of(one.field)) > 1
    )


def _return(one: Output, rank: int) -> Json:
    return {
        "caption": one.caption,
        "name": one.name,
        "rank": rank,
        "value": one.value,
        **({"is_list": True} if one.is_list else {}),
    }


def _input_key(action: BubbleAction, one: ActionInput) -> str:
    kind = "field" if one.place else "plugin"
    return f"{action.key}.{kind}.{one.field.name}:{one.box.kind}"


def _output_key(action: BubbleAction, one: Output) -> str:
    if not one.source:
        return f"{action.key}.plugin.{one.name}:{one.kind}"
    return f"{action.key}.return.{'.'.join(filter(None, (one.source, one.part)))}:{one.kind}"


def spec(action: BubbleAction) -> Json:
    """The data in server.js: the call, where inputs are sent, and where outputs are read."""
    sends = [one for one in action.inputs if one.place]
    waits = any(one.field.name == "wait_seconds" and one.place == "body" for one in sends)
    return {
        "method": action.operation.method.upper(),
        "path": action.operation.path,
        "wait_seconds": WAIT_SECONDS if waits else 0,
        "most_wait_seconds": MAX_WAIT_SECONDS,
        "hand_over": HAND_OVER,
        "return_error": RETURN,
        "inputs": [_input_spec(one) for one in sends],
        "outputs": [_output_spec(one) for one in action.outputs if one.source],
    }


def _input_spec(one: ActionInput) -> Json:
    needed = one.place == "path"
    unset = one.box.editor == "Checkbox" and one.field.default is None
    found = {"name": one.name, "to": one.field.name, "in": one.place, "as": one.box.read}
    label = {"label": one.field.label} if needed else {}
    return {**found, **label, **({"only_yes": True} if unset else {})}


def _output_spec(one: Output) -> Json:
    more: Json = {}
    if one.part:
        more = {"part": one.part, "parts": list(one.parts)}
    elif one.beside:
        more = {"beside": list(one.beside)}
    return {
        "name": one.name,
        "from": one.source,
        "as": one.value,
        **({"list": True} if one.is_list else {}),
        **more,
    }
