"""Answers as JSON by a schema, for servers and models without function calls that are enforced.

The schema of the function goes into the instructions, since such a model sees no functions, and
into the parameter with which many servers restrict what the model can write. What the model writes
is read as the call it stands for, so the engine sees no difference.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from connector.json_types import Json
from connector.providers.base import Call, Function, ModelRequest, Reply, Turn

_ONE = (
    "Answer with one JSON object and nothing else. Where a call of the function {name} is "
    "requested, write its arguments as this object. {description}\nIts JSON Schema: {schema}"
)
_SEVERAL = (
    "Answer with one JSON object and nothing else: the next function to call, by its name, with "
    "its arguments. Where a function is mentioned, call it this way.\nIts JSON Schema: {schema}"
)


def plain_request(request: ModelRequest) -> ModelRequest:
    """``request`` for a model that sees no functions, with the schema in its instructions."""
    callable_functions = _callable(request)
    schema = json.dumps(answer_schema(request), ensure_ascii=False, separators=(",", ":"))
    if len(callable_functions) == 1:
        function = callable_functions[0]
        guide = _ONE.format(name=function.name, description=function.description, schema=schema)
    else:
        guide = _SEVERAL.format(schema=schema)
    turns = tuple(_plain_turn(turn) for turn in request.turns)
    return replace(request, instructions=f"{request.instructions}\n\n{guide}", turns=turns)


def answer_schema(request: ModelRequest) -> Json:
    """The JSON Schema of an answer: the arguments of the one function, or a call of one of them."""
    callable_functions = _callable(request)
    if len(callable_functions) == 1:
        return callable_functions[0].parameters
    calls = [_call_schema(function) for function in callable_functions]
    return _object({"call": {"anyOf": calls}})


def answer_name(request: ModelRequest) -> str:
    """The name of the schema."""
    return text_function(request) or "next_call"


def text_function(request: ModelRequest) -> str:
    """The function whose arguments are the whole text of an answer; "" when a name precedes it."""
    callable_functions = _callable(request)
    return callable_functions[0].name if len(callable_functions) == 1 else ""


def calls_in(text: str, request: ModelRequest) -> tuple[Call, ...]:
    """The call for which ``text`` stands; none when it is not the requested JSON."""
    callable_functions = _callable(request)
    if len(callable_functions) == 1:
        is_object = text.lstrip().startswith("{")
        return (Call("call_0", callable_functions[0].name, text),) if is_object else ()
    try:
        ((name, arguments),) = json.loads(text)["call"].items()
        return (Call("call_0", name, json.dumps(arguments)),)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()


def _callable(request: ModelRequest) -> Sequence[Function]:
    forced = [function for function in request.functions if function.name == request.force]
    return forced or request.functions


def _call_schema(function: Function) -> Json:
    # strict schemas tell the alternatives apart by their first key
    return _object({function.name: {**function.parameters, "description": function.description}})


def _object(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _plain_turn(turn: Turn) -> Turn:
    """``turn`` as text: a server without functions refuses calls and their results."""
    written = turn.reply.text or "\n".join(call.arguments for call in turn.reply.calls)
    results = [result.output for result in turn.results]
    note = "\n".join([*results, *([turn.note] if turn.note else [])])
    message: Json = {"role": "assistant", "content": written}
    return Turn(Reply(turn.reply.model, replay=(message,)), note=note or None)
