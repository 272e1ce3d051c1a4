"""The chat completions dialect, for compatible servers that do not speak Responses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
    as_content,
    as_count,
    as_dict,
    as_list,
    as_text,
    as_text_or_none,
    is_whole_object,
)
from connector.providers.hosted.dialects.usage import read_usage
from connector.providers.pricing.models import Model, Profile

STREAM_PARAMETERS: Json = {"stream": True, "stream_options": {"include_usage": True}}
# Servers use more reasons than the dialect has; what an unknown one means is decided by `_finish`.
_LENGTH_REASONS = ("length", "max_tokens", "max_output_tokens", "model_length")
_DONE_REASONS = (
    "",
    "stop",
    "tool_calls",
    "tool_call",
    "function_call",
    "tool_use",
    "end_turn",
    "eos",
    "eos_token",
)
_FILTER_REASONS = ("content_filter", "safety", "recitation", "prohibited_content", "blocklist")
_FINISH: dict[str, Finish] = {
    **dict.fromkeys(_DONE_REASONS, "done"),
    **dict.fromkeys(_FILTER_REASONS, "filtered"),
}
# the keys that are sent again in their own form, or not at all
_OWN_MESSAGE_KEYS = (
    "role",
    "content",
    "tool_calls",
    "function_call",
    "refusal",
    "audio",
    "annotations",
)
_OWN_CALL_KEYS = ("id", "type", "function", "index")
_STREAM_FIELDS = ("id", "model", "usage", "service_tier")


def build_body(request: ModelRequest, model: Model, profile: Profile) -> Json:
    """The body of POST /chat/completions."""
    forced = {"type": "function", "function": {"name": request.force}}
    body: Json = {
        "model": request.model,
        "messages": [
            {"role": profile.role, "content": request.instructions},
            {"role": "user", "content": _content(request)},
            *(message for turn in request.turns for message in _messages(turn)),
        ],
        "tools": [_tool(function) for function in request.functions],
        "tool_choice": forced if request.force else "required",
        # reasoning models refuse max_tokens; servers that know no o-series model often know only
        # max_tokens
        "max_completion_tokens" if model.is_reasoning else "max_tokens": request.max_output_tokens,
    }
    if model.is_reasoning:
        body["reasoning_effort"] = model.effort(request.effort, "chat")
    if profile.cache_key:
        body["store"] = False
        if request.cache_key:
            body["prompt_cache_key"] = request.cache_key
    return body


def _content(request: ModelRequest) -> str | list[Json]:
    if not request.pictures:
        return request.message
    parts: list[Json] = [{"type": "text", "text": request.message}] if request.message else []
    for image in request.pictures:
        parts.append({"type": "text", "text": image.label})
        url = {"url": image.picture.data_url(), "detail": "high"}
        parts.append({"type": "image_url", "image_url": url})
    return parts


def _tool(function: Function) -> Json:
    description = {"description": function.description} if function.description else {}
    return {
        "type": "function",
        "function": {
            "name": function.name,
            **description,
            "parameters": function.parameters,
            "strict": True,
        },
    }


def _messages(turn: Turn) -> list[Json]:
    results = [
        {"role": "tool", "tool_call_id": result.call_id, "content": result.output}
        for result in turn.results
    ]
    note = [{"role": "user", "content": turn.note}] if turn.note else []
    return [*turn.reply.replay, *results, *note]


def parse_reply(raw: Json) -> Reply:
    """The reply in a decoded answer. Raises ``BadReply``."""
    choices = as_list(raw.get("choices"))
    choice = as_dict(choices[0]) if choices else {}
    if not isinstance(choice.get("message"), dict):
        raise BadReply("an answer without a message")
    message = choice["message"]
    calls = _raw_calls(message)
    text = as_content(message.get("content"))
    reported = read_usage(raw.get("usage"), has_output=bool(calls or text))
    return Reply(
        model=as_text(raw.get("model")),
        calls=tuple(_call(number, call) for number, call in enumerate(calls)),
        text=text,
        refusal=as_text_or_none(message.get("refusal")) or None,
        finish=_finish(as_text(choice.get("finish_reason")).lower(), calls),
        usage=reported.usage,
        missing_counts=reported.missing,
        service_tier=as_text_or_none(raw.get("service_tier")),
        warnings=reported.warnings,
        replay=(_replay(message, calls),),
    )


def read_stream(events: Iterator[Any], listener: StreamListener, function: str = "") -> Json:
    """The answer of a stream, which is complete once it has a finish reason; ``BrokenOff``.

    Text is passed on as the arguments of ``function``, if there is one.
    """
    listener.on_start()
    answer: Json = {}
    message: Json = {"role": "assistant"}
    calls: dict[int, Json] = {}
    finish = None
    for chunk in map(as_dict, events):
        if chunk.get("error"):
            return {**answer, **chunk}
        for key in _STREAM_FIELDS:
            if chunk.get(key) is not None:
                answer[key] = chunk[key]
        choice = as_dict(next(iter(as_list(chunk.get("choices"))), None))
        delta = as_dict(choice.get("delta"))
        _add_message_part(message, delta)
        if function and (text := as_content(delta.get("content"))):
            listener.on_delta(TEXT, function, text)
        for part in map(as_dict, as_list(delta.get("tool_calls"))):
            _add_call_part(calls, part, listener)
        finish = choice.get("finish_reason") or finish
    if finish is None:
        raise BrokenOff
    if calls:
        message["tool_calls"] = list(calls.values())
    return {**answer, "choices": [{"message": message, "finish_reason": finish}]}


def _add_message_part(message: Json, delta: Json) -> None:
    """Add the texts of a part, and the server's own fields, which come in parts as well."""
    for key, value in delta.items():
        if key in {"role", "tool_calls"} or not value:
            continue
        before = message.get(key)
        comes_in_parts = isinstance(value, str | list) and type(before) is type(value)
        message[key] = before + value if comes_in_parts else value


def _add_call_part(calls: dict[int, Json], part: Json, listener: StreamListener) -> None:
    """Add a part of a call: its id and name come once, its arguments in many parts."""
    index = as_count(part.get("index"))
    delta = as_dict(part.get("function"))
    call = calls.setdefault(index, {"type": "function", "function": {"name": "", "arguments": ""}})
    call.update({key: value for key, value in part.items() if key != "function" and value})
    function = call["function"]
    name = as_text(delta.get("name"))
    if name != function["name"]:  # some servers repeat the whole name with each part
        function["name"] += name
    arguments = as_arguments(delta.get("arguments"))
    if arguments:
        function["arguments"] += arguments
        listener.on_delta(index, function["name"], arguments)


def _call(number: int, call: Json) -> Call:
    function = as_dict(call.get("function"))
    # some servers send calls without ids, and a result must name its call
    return Call(
        id=as_text(call.get("id")) or f"call_{number}",
        name=as_text(function.get("name")),
        arguments=as_arguments(function.get("arguments")),
    )


def _replay(message: Json, calls: list[Json]) -> Json:
    """The message as it is sent again on the next turn."""
    content = as_content(message.get("content"))
    if not calls:
        return {"role": "assistant", "content": content}
    # a model of another maker wants its own fields of a call back, such as signatures of thoughts
    return {
        **_without(message, _OWN_MESSAGE_KEYS),
        "role": "assistant",
        "content": content or None,
        "tool_calls": [_replayed_call(number, call) for number, call in enumerate(calls)],
    }


def _replayed_call(number: int, raw: Json) -> Json:
    call = _call(number, raw)
    function = {
        **_without(as_dict(raw.get("function")), ("name", "arguments")),
        "name": call.name,
        "arguments": call.arguments,
    }
    return {
        **_without(raw, _OWN_CALL_KEYS),
        "id": call.id,
        "type": "function",
        "function": function,
    }


def _without(value: Json, keys: Collection[str]) -> Json:
    return {
        key: entry for key, entry in value.items() if key not in keys and entry not in (None, [])
    }


def replayed_calls(calls: Sequence[Call]) -> tuple[Json, ...]:
    """Calls as they are sent again, when the server had sent them as text."""
    raw = [
        {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
    return (_replay({}, raw),)


def schema_parameters(kind: str, form: Json) -> Json:
    """What requests JSON of a ``kind`` (json_schema, json_object) with the parameters ``form``."""
    schema = {"json_schema": form} if form else {}
    return {"response_format": {"type": kind, **schema}}


def _raw_calls(message: Json) -> list[Json]:
    """The calls of a message; one without them may have one in the form of older servers."""
    calls = [as_dict(call) for call in as_list(message.get("tool_calls"))]
    legacy = as_dict(message.get("function_call"))
    return calls or ([{"function": legacy}] if legacy.get("name") else [])


def _finish(reason: str, calls: list[Json]) -> Finish:
    """What a finish reason means.

    An unknown one does not promise that the answer is complete; only calls that are whole JSON do.
    """
    if reason in _FINISH:
        return _FINISH[reason]
    is_cut_off = reason in _LENGTH_REASONS or not calls
    arguments = [_call(number, call).arguments for number, call in enumerate(calls)]
    return "length" if is_cut_off or not all(map(is_whole_object, arguments)) else "done"
