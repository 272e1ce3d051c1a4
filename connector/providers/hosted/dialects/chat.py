"""The chat completions dialect, for compatible servers that do not speak Responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connector.providers.base import Call, Finish, Function, Listener, ModelRequest, Reply, Turn
from connector.providers.dialects.reading import BadReply, BrokenOff, a_dict, a_list, text, text_or_none, usage, whole
from connector.providers.models import Model, Profile

Json = dict[str, Any]

STREAMING: Json = {"stream": True, "stream_options": {"include_usage": True}}
# servers have more words than the dialect; one that is not known is no promise that the answer is whole
_FINISH: dict[str, Finish] = {
    **dict.fromkeys(("", "stop", "tool_calls", "tool_call", "function_call", "tool_use", "end_turn", "eos", "eos_token"), "done"),
    **dict.fromkeys(("content_filter", "safety", "recitation", "prohibited_content", "blocklist"), "filtered"),
}


def body(request: ModelRequest, model: Model, profile: Profile) -> Json:
    """The body of POST /chat/completions."""
    named = {"type": "function", "function": {"name": request.force}}
    found: Json = {
        "model": request.model,
        "messages": [
            {"role": profile.role, "content": request.instructions},
            {"role": "user", "content": _content(request)},
            *(message for turn in request.turns for message in _messages(turn)),
        ],
        "tools": [_tool(function) for function in request.functions],
        "tool_choice": named if request.force else "required",
        # reasoning models refuse max_tokens; servers that know no o-series model often know only max_tokens
        "max_completion_tokens" if model.reasons else "max_tokens": request.max_output_tokens,
    }
    if model.reasons:
        found["reasoning_effort"] = model.effort(request.effort, "chat")
    if profile.cache_key:
        found["store"] = False
        if request.cache_key:
            found["prompt_cache_key"] = request.cache_key
    return found


def _content(request: ModelRequest) -> str | list[Json]:
    if not request.pictures:
        return request.message
    parts: list[Json] = [{"type": "text", "text": request.message}] if request.message else []
    for shown in request.pictures:
        image = {"type": "image_url", "image_url": {"url": shown.picture.data_url(), "detail": "high"}}
        parts += [{"type": "text", "text": shown.words}, image]
    return parts


def _tool(function: Function) -> Json:
    described = {"description": function.description} if function.description else {}
    return {
        "type": "function",
        "function": {"name": function.name, **described, "parameters": function.parameters, "strict": True},
    }


def _messages(turn: Turn) -> list[Json]:
    answered = [{"role": "tool", "tool_call_id": one.call_id, "content": one.output} for one in turn.results]
    said = [{"role": "user", "content": turn.note}] if turn.note else []
    return [*turn.reply.replay, *answered, *said]


def reply(raw: Json) -> Reply:
    """What the model said in ``raw``."""
    choices = a_list(raw.get("choices"))
    choice = a_dict(choices[0]) if choices else {}
    if not isinstance(choice.get("message"), dict):
        raise BadReply("an answer without a message")
    message = choice["message"]
    calls = [a_dict(call) for call in a_list(message.get("tool_calls"))]
    return Reply(
        model=text(raw.get("model")),
        calls=tuple(_call(number, call) for number, call in enumerate(calls)),
        text=text(message.get("content")),
        refusal=text_or_none(message.get("refusal")) or None,
        finish=_FINISH.get(text(choice.get("finish_reason")).lower(), "length"),
        usage=usage(raw.get("usage"), ("prompt_tokens", "completion_tokens")),
        service_tier=text_or_none(raw.get("service_tier")),
        replay=(_kept(message, calls),),
    )


def hear(events: Iterator[Any], listener: Listener) -> Json:
    """The whole answer that came in pieces; it is whole once the provider has said why it ended."""
    listener.begins()
    found: Json = {}
    said: dict[str, str] = {}
    calls: dict[int, Json] = {}
    finish = None
    for chunk in map(a_dict, events):
        if chunk.get("error"):
            return {"error": chunk["error"]}
        found.update({key: chunk[key] for key in ("id", "model", "usage", "service_tier") if chunk.get(key) is not None})
        choice = a_dict(next(iter(a_list(chunk.get("choices"))), None))
        delta = a_dict(choice.get("delta"))
        for name in ("content", "refusal"):
            if text(delta.get(name)):
                said[name] = said.get(name, "") + delta[name]
        for piece in map(a_dict, a_list(delta.get("tool_calls"))):
            _add_piece(calls, piece, listener)
        finish = choice.get("finish_reason") or finish
    if finish is None:
        raise BrokenOff
    message = {"role": "assistant", **said, **({"tool_calls": list(calls.values())} if calls else {})}
    return {**found, "choices": [{"message": message, "finish_reason": finish}]}


def _add_piece(calls: dict[int, Json], piece: Json, listener: Listener) -> None:
    """A piece of a call: its id and name come once, its arguments bit by bit."""
    place, new = whole(piece.get("index")), a_dict(piece.get("function"))
    call = calls.setdefault(place, {"type": "function", "function": {"name": "", "arguments": ""}})
    if text(piece.get("id")):
        call["id"] = piece["id"]
    written = call["function"]
    written["name"] += text(new.get("name"))
    if arguments := text(new.get("arguments")):
        written["arguments"] += arguments
        listener.hears(place, written["name"], arguments)


def _call(number: int, call: Json) -> Call:
    function = a_dict(call.get("function"))
    # some servers give their calls no id, and a result must name its call
    return Call(id=text(call.get("id")) or f"call_{number}", name=text(function.get("name")), arguments=text(function.get("arguments")))


def _kept(message: Json, calls: list[Json]) -> Json:
    said: Json = {"role": "assistant", "content": text_or_none(message.get("content")) or ("" if not calls else None)}
    if calls:
        said["tool_calls"] = [
            {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
            for number, call in enumerate(calls)
            if (one := _call(number, call))
        ]
    return said
