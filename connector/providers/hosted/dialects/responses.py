"""The Responses dialect, the preferred one of o4-mini and its successors.

Nothing is stored at the provider (``store`` is always false), so reasoning is returned encrypted
and sent again, in its order, on the next turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from connector.json_types import Json
from connector.providers.base import (
    Call,
    Finish,
    Function,
    ModelRequest,
    Reply,
    StreamListener,
    Turn,
)
from connector.providers.hosted.dialects.reading import (
    TEXT,
    BadReply,
    BrokenOff,
    as_arguments,
    as_count,
    as_dict,
    as_list,
    as_text,
    as_text_or_none,
)
from connector.providers.hosted.dialects.usage import read_usage
from connector.providers.pricing.models import Model, Profile

# the keys of each kind of item that are sent again
_REPLAYED = {
    "reasoning": ("type", "id", "summary", "encrypted_content"),
    "function_call": ("type", "id", "call_id", "name", "arguments"),
    "message": ("type", "id", "role", "status", "content"),
}
# the provider's keys that it does not take back; those of other makers are sent again
_OWN_KEYS = {"status", "content", "encrypted_content", "summary", "parsed_arguments", "namespace"}
STREAM_PARAMETERS: Json = {"stream": True}
_ENDS = {"response.completed", "response.incomplete", "response.failed"}
_FINISH: dict[str, Finish] = {"max_output_tokens": "length", "content_filter": "filtered"}


def build_body(request: ModelRequest, model: Model, profile: Profile) -> Json:
    """The body of POST /responses."""
    body: Json = {
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
    if model.is_reasoning:
        body["reasoning"] = {"effort": model.effort(request.effort)}
        body["include"] = ["reasoning.encrypted_content"]
    if profile.cache_key and request.cache_key:
        body["prompt_cache_key"] = request.cache_key
    return body


def _content(request: ModelRequest) -> str | list[Json]:
    if not request.pictures:
        return request.message
    parts: list[Json] = [{"type": "input_text", "text": request.message}] if request.message else []
    for image in request.pictures:
        url = image.picture.data_url()
        parts.append({"type": "input_text", "text": image.label})
        parts.append({"type": "input_image", "image_url": url, "detail": "high"})
    return parts


def _tool(function: Function) -> Json:
    description = {"description": function.description} if function.description else {}
    return {
        "type": "function",
        "name": function.name,
        **description,
        "parameters": function.parameters,
        "strict": True,
    }


def _items(turn: Turn) -> list[Json]:
    results = [
        {"type": "function_call_output", "call_id": result.call_id, "output": result.output}
        for result in turn.results
    ]
    note = [{"role": "user", "content": turn.note}] if turn.note else []
    return [*turn.reply.replay, *results, *note]


def parse_reply(raw: Json) -> Reply:
    """The reply in a decoded answer. Raises ``BadReply``."""
    items = [as_dict(item) for item in as_list(raw.get("output"))]
    status = as_text(raw.get("status"))
    if status not in {"completed", "incomplete", ""}:
        raise BadReply(f"an answer that is {status[:20]}, not completed")
    if not items and not status:
        raise BadReply("an answer without output")
    parts = [
        as_dict(part)
        for item in items
        if item.get("type") == "message"
        for part in as_list(item.get("content"))
    ]
    texts = [as_text(part.get("text")) for part in parts if part.get("type") == "output_text"]
    refusals = [as_text(part.get("refusal")) for part in parts if part.get("type") == "refusal"]
    reason = as_text(as_dict(raw.get("incomplete_details")).get("reason"))
    calls = tuple(_call(item) for item in items if item.get("type") == "function_call")
    reported = read_usage(raw.get("usage"), has_output=bool(calls or any(texts)))
    return Reply(
        model=as_text(raw.get("model")),
        calls=calls,
        text="".join(texts),
        refusal=refusals[0] if refusals else None,
        finish=_FINISH.get(reason, "length") if status == "incomplete" else "done",
        usage=reported.usage,
        missing_counts=reported.missing,
        service_tier=as_text_or_none(raw.get("service_tier")),
        warnings=reported.warnings,
        replay=_replay(items),
    )


def read_stream(events: Iterator[Any], listener: StreamListener, function: str = "") -> Json:
    """The answer of a stream, which only the provider's last event completes; ``BrokenOff``.

    Text is passed on as the arguments of ``function``, if there is one.
    """
    listener.on_start()
    names: dict[int, str] = {}
    items: list[Json] = []
    for event in map(as_dict, events):
        kind = as_text(event.get("type"))
        index = as_count(event.get("output_index"))
        item = as_dict(event.get("item"))
        if kind == "response.output_item.added":
            names[index] = as_text(item.get("name"))
        elif kind == "response.function_call_arguments.delta":
            listener.on_delta(index, names.get(index, ""), as_text(event.get("delta")))
        elif kind == "response.output_text.delta" and function:
            listener.on_delta(TEXT, function, as_text(event.get("delta")))
        elif kind == "response.output_item.done":
            items.append(item)
        elif kind in _ENDS:
            answer = as_dict(event.get("response"))
            return {**answer, "output": answer.get("output") or items}
        elif kind == "error" or event.get("error"):
            return {"error": as_dict(event.get("error")) or event}
    raise BrokenOff


def replayed_calls(calls: Sequence[Call]) -> tuple[Json, ...]:
    """Calls as they are sent again, when the server had sent them as text."""
    return tuple(
        {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
        for call in calls
    )


def schema_parameters(kind: str, form: Json) -> Json:
    """What requests JSON of a ``kind`` (json_schema, json_object) with the parameters ``form``."""
    return {"text": {"format": {"type": kind, **form}}}


def _call(item: Json) -> Call:
    return Call(
        id=as_text(item.get("call_id")),
        name=as_text(item.get("name")),
        arguments=as_arguments(item.get("arguments")),
    )


def _replay(items: list[Json]) -> tuple[Json, ...]:
    """The items to send again on the next turn.

    Reasoning that came without its encrypted form cannot be sent, since nothing is stored. Calls
    that belonged to it then go without their ids, by which the provider would look for it.
    Reasoning that no other item follows is refused as well.
    """
    lacks_reasoning = any(
        item.get("type") == "reasoning" and not item.get("encrypted_content") for item in items
    )
    replayed = [_replayed_item(item, lacks_reasoning=lacks_reasoning) for item in items]
    replayed = [item for item in replayed if item]
    while replayed and replayed[-1]["type"] == "reasoning":
        replayed.pop()
    return tuple(replayed)


def _replayed_item(item: Json, *, lacks_reasoning: bool) -> Json:
    """The item to send again, {} for none."""
    kind = as_text(item.get("type"))
    if kind == "reasoning" and lacks_reasoning:
        return {}
    if kind not in _REPLAYED:
        return {}
    replayed = {
        key: value
        for key, value in item.items()
        if value is not None and (key in _REPLAYED[kind] or key not in _OWN_KEYS)
    }
    if kind == "function_call":
        replayed["arguments"] = as_arguments(item.get("arguments"))
    if kind == "reasoning":
        replayed.setdefault("summary", [])
    elif lacks_reasoning:
        replayed.pop("id", None)
    return replayed


def without_reasoning(request: ModelRequest) -> ModelRequest:
    """The request without earlier reasoning, which a changed key or model cannot decrypt."""
    turns = []
    for turn in request.turns:
        items = [item for item in turn.reply.replay if item.get("type") != "reasoning"]
        replay = tuple(_without_id(item) for item in items)
        turns.append(replace(turn, reply=replace(turn.reply, replay=replay)))
    return replace(request, turns=tuple(turns))


def _without_id(item: Json) -> Json:
    # by the id of a call, the provider would look for the reasoning that belongs to it
    is_message = item.get("type") == "message"
    return {key: value for key, value in item.items() if key != "id" or is_message}
