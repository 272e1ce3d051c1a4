"""The Responses dialect: what o4-mini and its successors speak first.

Nothing is stored at the provider (``store`` is always false), so reasoning comes back encrypted and is sent again, in its
order, on the next turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connector.providers.base import Call, Finish, Function, Listener, ModelRequest, Reply, Turn
from connector.providers.dialects.reading import BadReply, BrokenOff, a_dict, a_list, text, text_or_none, usage, whole
from connector.providers.models import Model, Profile

Json = dict[str, Any]

# what may be sent back of each kind of item; anything else in it is the provider's own bookkeeping
_REPLAYED = {
    "reasoning": ("type", "id", "summary", "encrypted_content"),
    "function_call": ("type", "id", "call_id", "name", "arguments"),
    "message": ("type", "id", "role", "status", "content"),
}
STREAMING: Json = {"stream": True}
_ENDS = {"response.completed", "response.incomplete", "response.failed"}
_FINISH: dict[str, Finish] = {"max_output_tokens": "length", "content_filter": "filtered"}


def body(request: ModelRequest, model: Model, profile: Profile) -> Json:
    """The body of POST /responses."""
    found: Json = {
        "model": request.model,
        "input": [
            {"role": profile.role, "content": request.instructions},
            {"role": "user", "content": _content(request)},
            *(item for turn in request.turns for item in _items(turn)),
        ],
        "tools": [_tool(function) for function in request.functions],
        "tool_choice": {"type": "function", "name": request.force} if request.force else "required",
        "max_output_tokens": request.max_output_tokens,
        "store": False,
    }
    if model.reasons:
        found["reasoning"] = {"effort": model.effort(request.effort)}
        found["include"] = ["reasoning.encrypted_content"]
    if profile.cache_key and request.cache_key:
        found["prompt_cache_key"] = request.cache_key
    return found


def _content(request: ModelRequest) -> str | list[Json]:
    if not request.pictures:
        return request.message
    parts: list[Json] = [{"type": "input_text", "text": request.message}] if request.message else []
    for shown in request.pictures:
        image = {"type": "input_image", "image_url": shown.picture.data_url(), "detail": "high"}
        parts += [{"type": "input_text", "text": shown.words}, image]
    return parts


def _tool(function: Function) -> Json:
    described = {"description": function.description} if function.description else {}
    return {"type": "function", "name": function.name, **described, "parameters": function.parameters, "strict": True}


def _items(turn: Turn) -> list[Json]:
    answered = [{"type": "function_call_output", "call_id": one.call_id, "output": one.output} for one in turn.results]
    said = [{"role": "user", "content": turn.note}] if turn.note else []
    return [*turn.reply.replay, *answered, *said]


def reply(raw: Json) -> Reply:
    """What the model said in ``raw``."""
    items, status = a_list(raw.get("output")), text(raw.get("status"))
    if status not in {"completed", "incomplete", ""}:
        raise BadReply(f"an answer that is {status[:20]}, not completed")
    if not items and not status:
        raise BadReply("an answer without output")
    parts = [a_dict(part) for item in items if a_dict(item).get("type") == "message" for part in a_list(item.get("content"))]
    refusals = [text(part.get("refusal")) for part in parts if part.get("type") == "refusal"]
    reason = text(a_dict(raw.get("incomplete_details")).get("reason"))
    return Reply(
        model=text(raw.get("model")),
        calls=tuple(_call(item) for item in items if a_dict(item).get("type") == "function_call"),
        text="".join(text(part.get("text")) for part in parts if part.get("type") == "output_text"),
        refusal=refusals[0] if refusals else None,
        finish=_FINISH.get(reason, "length") if status == "incomplete" else "done",
        usage=usage(raw.get("usage"), ("input_tokens", "output_tokens")),
        service_tier=text_or_none(raw.get("service_tier")),
        replay=_replay([a_dict(item) for item in items]),
    )


def hear(events: Iterator[Any], listener: Listener) -> Json:
    """The whole answer that came in pieces; only the provider's own last event says that it is whole."""
    listener.begins()
    names: dict[int, str] = {}
    items: list[Json] = []
    for event in map(a_dict, events):
        kind, place, item = text(event.get("type")), whole(event.get("output_index")), a_dict(event.get("item"))
        if kind == "response.output_item.added":
            names[place] = text(item.get("name"))
        elif kind == "response.function_call_arguments.delta":
            listener.hears(place, names.get(place, ""), text(event.get("delta")))
        elif kind == "response.output_item.done":
            items.append(item)
        elif kind in _ENDS:
            found = a_dict(event.get("response"))
            return {**found, "output": found.get("output") or items}
        elif kind == "error" or event.get("error"):
            return {"error": a_dict(event.get("error")) or event}
    raise BrokenOff


def _call(item: Json) -> Call:
    return Call(id=text(item.get("call_id")), name=text(item.get("name")), arguments=text(item.get("arguments")))


def _replay(items: list[Json]) -> tuple[Json, ...]:
    """The items to send again. Reasoning without its encrypted form cannot be sent when nothing is stored; the calls that
    belonged to it then go without their ids, by which the provider would look for it. Reasoning that led to nothing is
    not taken either."""
    lost = any(item.get("type") == "reasoning" and not item.get("encrypted_content") for item in items)
    found = [kept for item in items if (kept := _kept(item, lost))]
    while found and found[-1]["type"] == "reasoning":
        found.pop()
    return tuple(found)


def _kept(item: Json, lost: bool) -> Json:
    kind = text(item.get("type"))
    if kind == "reasoning" and lost:
        return {}
    found = {key: item[key] for key in _REPLAYED.get(kind, ()) if item.get(key) is not None}
    if kind == "reasoning":
        found.setdefault("summary", [])
    elif lost:
        found.pop("id", None)
    return found
