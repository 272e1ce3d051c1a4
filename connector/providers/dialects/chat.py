"""The chat completions dialect, for compatible servers that do not speak Responses."""

from __future__ import annotations

from typing import Any

from connector.providers.base import Call, Finish, Function, ModelRequest, Reply, Turn
from connector.providers.dialects.reading import BadReply, a_dict, a_list, text, text_or_none, usage
from connector.providers.models import Model, Profile

Json = dict[str, Any]

_FINISH: dict[str, Finish] = {"length": "length", "content_filter": "filtered"}


def body(request: ModelRequest, model: Model, profile: Profile) -> Json:
    """The body of POST /chat/completions."""
    named = {"type": "function", "function": {"name": request.force}}
    found: Json = {
        "model": request.model,
        "messages": [
            {"role": profile.role, "content": request.instructions},
            {"role": "user", "content": request.message},
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
        finish=_FINISH.get(text(choice.get("finish_reason")), "done"),
        usage=usage(raw.get("usage"), ("prompt_tokens", "completion_tokens")),
        service_tier=text_or_none(raw.get("service_tier")),
        replay=(_kept(message, calls),),
    )


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
