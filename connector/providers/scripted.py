"""The scripted engine: answers from the actions' examples, free and exact.

It serves demos, samples, the set-up of plug-ins, and tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from connector.catalogue import Action, Example, check_arguments
from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.base import Call, ModelRequest, Reply


class ScriptedProvider:
    """Replies with the example that has the form as input, else the first that fits its choices."""

    engine = "scripted"

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = actions

    def respond(self, request: ModelRequest) -> Reply:
        action = self._actions[request.action]
        example = self._example(action, request)
        if example.calls and not request.turns:
            calls = _tool_calls(example, request)
            if calls:
                return _reply(*calls)
        return _reply(_call(0, request.action, example.output))

    def _example(self, action: Action, request: ModelRequest) -> Example:
        form = dict(request.values)
        for example in action.examples:
            if action.read_form(example.input) == form:
                return example
        for example in action.examples:
            if not check_arguments(action, form, example.output).errors:
                return example
        raise ProviderError(
            "needs_model",
            f'The scripted engine has no example of "{action.title}" that fits this form. '
            "Send an example's input, or choose another engine.",
        )


def _tool_calls(example: Example, request: ModelRequest) -> list[Call]:
    """The example's calls of those tools that the request offers."""
    offered = {function.name for function in request.functions}
    calls = [call for call in example.calls if call["tool"] in offered]
    return [_call(number, call["tool"], call["arguments"]) for number, call in enumerate(calls)]


def _call(number: int, name: str, arguments: Json) -> Call:
    return Call(f"call_{number}", name, json.dumps(arguments, ensure_ascii=False))


def _reply(*calls: Call) -> Reply:
    return Reply(model="scripted", calls=calls, confidence_kind="reported")
