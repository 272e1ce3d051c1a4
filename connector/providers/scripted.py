"""The scripted engine: answers from the actions' own examples. For demos, samples, plug-in set-up and tests; free and exact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.catalogue import Action, Example, check_arguments
from connector.errors import ProviderError
from connector.providers.base import Call, ModelRequest, Reply

Json = dict[str, Any]


class ScriptedProvider:
    """Replies with the example whose input equals the form; for any other form, with the first example that fits its choices."""

    engine = "scripted"

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = actions

    def respond(self, request: ModelRequest) -> Reply:
        action = self._actions[request.action]
        example = self._example(action, request)
        if example.calls and not request.turns:
            offered = {function.name for function in request.functions}
            calls = [call for call in example.calls if call["tool"] in offered]
            if calls:
                return self._reply(*(self._call(number, call["tool"], call["arguments"]) for number, call in enumerate(calls)))
        return self._reply(self._call(0, request.action, example.output))

    def _example(self, action: Action, request: ModelRequest) -> Example:
        form = dict(request.values)
        for example in action.examples:
            if action.read_form(example.input) == form:
                return example
        for example in action.examples:
            if not check_arguments(action, form, example.output).faults:
                return example
        words = f'The scripted engine has no example of "{action.title}" that fits this form.'
        raise ProviderError("needs_model", f"{words} Send an example's input, or choose another engine.")

    def _call(self, number: int, name: str, arguments: Json) -> Call:
        return Call(f"call_{number}", name, json.dumps(arguments, ensure_ascii=False))

    def _reply(self, *calls: Call) -> Reply:
        return Reply(model="scripted", calls=calls, confidence_kind="reported")
