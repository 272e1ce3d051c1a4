"""Reads function calls in the forms in which servers send them beside that of the API.

A server that does not know how its model writes calls passes them on as text, or with parts of the
model's own markup in the name. A call is taken only where its text has exactly one reading, all of
it belongs to calls, and each names a function of the request; anything else stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connector.json_types import Json
from connector.providers.base import Call, ModelRequest, Reply
from connector.providers.hosted import json_answers
from connector.providers.hosted.dialects import DIALECTS
from connector.providers.hosted.dialects.reading import as_arguments, as_dict, as_text
from connector.providers.hosted.failures import Failure
from connector.providers.hosted.variants import RequestVariant

_THINKING = re.compile(
    r"\A\s*+(?:<(think|thinking|thought|reasoning)>.*?</\1>|(?:(?!<think).)*?</think>)", re.DOTALL
)
_FENCE = re.compile(r"\A\s*+```(?:json)?(.*)```\s*+\Z", re.DOTALL)
_TAGGED = re.compile(r"<(tool_call|function_call|tools)>(.*?)</\1>\s*+", re.DOTALL)
_NAMED_TAG = re.compile(r"<function=([\w.:-]{1,80})>?\s*+(\{.*?\})\s*+</?function>\s*+", re.DOTALL)
_MARKS = ("[TOOL_CALLS]", "<|python_tag|>", "<tool_call>")
_CALL_KEYS = {"name", "arguments", "parameters", "type", "id", "function"}
_MARKUP = ("{", "[", "<", "```")  # of calls that are not valid, or of thinking; not of prose
_MAX_PROSE = 1_000  # characters
_TWO_OBJECTS = re.compile(r"\}\s*\{")


def read_reply(raw: Json, request: ModelRequest, variant: RequestVariant) -> Reply:
    """The reply in a decoded answer to a call in ``variant``. Raises ``BadReply``."""
    reply = DIALECTS[variant.dialect].parse_reply(raw)
    if reply.calls:
        return _with_plain_calls(reply, request)
    return _with_calls_of_text(reply, request, variant) if reply.text else reply


def read_failed_call(
    outcome: Reply | Failure, request: ModelRequest, variant: RequestVariant
) -> Reply | Failure:
    """The reply of a call that the provider refused for what the model wrote, so that it can be
    repaired; any other outcome unchanged.

    A provider that does not report what it cost is charged for at most.
    """
    if isinstance(outcome, Reply) or not outcome.generation:
        return outcome
    billed = outcome.billed or Reply("", missing_counts=("input", "output"))
    replay: Json = {"role": "assistant", "content": outcome.generation}
    reply = replace(billed, text=outcome.generation, replay=(replay,))
    return _with_calls_of_text(reply, request, variant)


def _with_calls_of_text(reply: Reply, request: ModelRequest, variant: RequestVariant) -> Reply:
    """``reply`` with the calls that its text stands for, if it has no other reading."""
    text = without_thinking(reply.text)
    if variant.uses_schema:
        return replace(reply, text=text, calls=json_answers.calls_in(text, request))
    calls = calls_in_text(reply.text, request)
    if not calls:
        return replace(reply, text=text)
    return replace(reply, calls=calls, replay=DIALECTS[variant.dialect].replayed_calls(calls))


def as_prose(reply: Reply) -> Reply | None:
    """A reply in prose, of which no more is kept than its repair needs; None for any other.

    Prose that was cut off is no answer, so more room would not complete it.
    """
    if reply.calls or reply.refusal or not reply.text or reply.text.startswith(_MARKUP):
        return None
    if reply.finish == "filtered":
        return None
    if reply.finish == "done" and len(reply.text) <= _MAX_PROSE:
        return reply
    beginning = reply.text[:_MAX_PROSE]
    message: Json = {"role": "assistant", "content": beginning}
    return replace(reply, text=beginning, finish="done", replay=(message,))


def without_thinking(text: str) -> str:
    """``text`` without the reasoning that some models write before their answer."""
    return _THINKING.sub("", text, count=1).strip()


def calls_in_text(text: str, request: ModelRequest) -> tuple[Call, ...]:
    """The calls that are all of ``text``; () when it is anything else, or not certain."""
    names = [function.name for function in request.functions]
    text = without_thinking(text)
    named = _all_of(_NAMED_TAG, text)
    if named:
        found = [(name, arguments) for name, arguments in named]
    else:
        found = [_named_call(value, request) for value in _values(text)]
    resolved = [(resolve_name(name, names), arguments) for name, arguments in found]
    if not resolved or not all(name in names for name, _ in resolved):
        return ()
    return tuple(
        Call(f"call_{number}", name, arguments) for number, (name, arguments) in enumerate(resolved)
    )


def resolve_name(name: str, names: Sequence[str]) -> str:
    """The one of ``names`` that ``name`` stands for; ``name`` itself when there is not just one."""
    if name in names:
        return name
    bare = name.partition("<|")[0].strip()
    for form in (bare, re.split(r"[.:/]", bare)[-1]):
        matches = [one for one in names if one.casefold() == form.casefold()]
        matches = matches or [one for one in names if _repeats(form, one)]
        if len(matches) == 1:
            return matches[0]
    return name


def _repeats(text: str, name: str) -> bool:
    return bool(name) and len(text) > len(name) and text == name * (len(text) // len(name))


# --- calls of the API ----------------------------------------------------------------------------


def _with_plain_calls(reply: Reply, request: ModelRequest) -> Reply:
    names = [function.name for function in request.functions]
    calls = tuple(
        replace(
            call,
            name=resolve_name(call.name, names),
            arguments=plain_arguments(call.arguments),
        )
        for call in reply.calls
    )
    if calls == reply.calls:
        return reply
    renamed = {old.name: new.name for old, new in zip(reply.calls, calls, strict=True)}
    return replace(reply, calls=calls, replay=tuple(_renamed(i, renamed) for i in reply.replay))


def _renamed(item: Json, names: dict[str, str]) -> Json:
    """A replayed item with the function's right names; servers refuse others."""
    if as_text(item.get("name")) in names:
        return {**item, "name": names[item["name"]]}
    if "tool_calls" not in item:
        return item
    calls = [{**call, "function": _renamed(call["function"], names)} for call in item["tool_calls"]]
    return {**item, "tool_calls": calls}


def plain_arguments(text: str) -> str:
    """Arguments that came twice, or as JSON inside JSON, once; all others unchanged."""
    stripped = text.strip()
    if stripped.startswith('"'):
        inner = _decoded(stripped)
        is_object = isinstance(inner, str) and isinstance(_decoded(inner), dict)
        return inner if is_object else text
    if not (stripped.startswith("{") and _TWO_OBJECTS.search(stripped)):
        return text
    try:
        first, end = json.JSONDecoder().raw_decode(stripped)
        second = json.loads(stripped[end:]) if stripped[end:] else None
    except (ValueError, RecursionError):
        return text
    return stripped[:end] if first == second else text


# --- calls in text -------------------------------------------------------------------------------


def _values(text: str) -> list[Any]:
    """The JSON values of which ``text`` consists; [] when it is not all JSON."""
    fenced = _FENCE.match(text)
    if fenced:
        text = fenced[1].strip()
    tagged = _all_of(_TAGGED, text)
    if tagged:
        return [_decoded(body) for _, body in tagged]
    for mark in _MARKS:
        text = text.removeprefix(mark).strip()
    value = _decoded(text)
    return value if isinstance(value, list) else [value]


def _all_of(pattern: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """The groups of all matches of which ``text`` consists; [] when it has anything else."""
    groups = []
    position = 0
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:  # no other start is tried, which would look at the whole rest again
            return []
        groups.append((match[1], match[2]))
        position = match.end()
    return groups


def _named_call(value: Any, request: ModelRequest) -> tuple[str, str]:
    """(name, arguments) of a call as JSON, or of the arguments of the one function; ("", "")."""
    value = as_dict(value)
    only = request.functions[0] if len(request.functions) == 1 else None
    if only and value and set(value) == set(only.parameters.get("properties", {})):
        return only.name, json.dumps(value, ensure_ascii=False)
    if not value or not set(value) <= _CALL_KEYS:
        return "", ""
    call = as_dict(value.get("function")) or value
    given = [call[key] for key in ("arguments", "parameters") if key in call]
    if len(given) != 1:
        return "", ""
    return as_text(call.get("name")), as_arguments(given[0])


def _decoded(text: str) -> Any:
    """The JSON value of ``text``; None when it is not JSON, or has a key twice."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)
