"""The embedded engine behind the provider seam: real answers without a key, a network or a language model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ...catalogue.files import Files
from ...errors import ProviderError
from ..base import Call, Function, ModelRequest, Reply, Usage
from .embed import MODEL, Encoder, missing

Method = Callable[[ModelRequest, Encoder], tuple[str, dict[str, Any]]]
KIND = {
    "classify": "similarity",
    "extract": "evidence",
    "summarize": "none",
    "answer": "similarity",
    "quotes": "similarity",
    "findings": "none",
}
NO_METHOD = 'The action "{}" needs a model. Set OPENAI_API_KEY, or choose an action that works without one.'


class LocalProvider:
    """Answers by sentence embeddings and rules. One instance may serve many threads; the model loads on first use."""

    engine = "local"

    def __init__(self) -> None:
        problem = missing()
        if problem:
            raise ProviderError("needs_model", problem)
        self._encoder = Encoder()

    @staticmethod
    def available() -> str | None:
        """None when every package is installed, else the sentence that tells which one to install."""
        return missing()

    def respond(self, request: ModelRequest) -> Reply:
        """Answer by ``request.method`` from ``request.values``. Raises ProviderError("needs_model") for other methods."""
        method = METHODS.get(request.method or "")
        if method is None:
            raise ProviderError("needs_model", NO_METHOD.format(request.action or request.method or ""))
        name, arguments = method(request, self._encoder)
        call = Call(f"local_{len(request.turns) + 1}", name, json.dumps(arguments, ensure_ascii=True))
        return Reply(model=MODEL, calls=(call,), usage=Usage(), confidence_kind=KIND[str(request.method)])


def final_function(request: ModelRequest) -> Function:
    """The function that takes the answer: the forced one, else the action's own, else the last."""
    wanted = (request.force, request.action)
    named = [function for name in wanted for function in request.functions if name and function.name == name]
    if not request.functions:
        raise ProviderError("needs_model", NO_METHOD.format(request.action))
    return (named or [request.functions[-1]])[0]


def fit(answer: Mapping[str, Any], function: Function) -> dict[str, Any]:
    """``answer`` cut and filled to the properties that ``function`` asks for: what is missing is null, or []."""
    asked: Mapping[str, Any] = function.parameters.get("properties") or {}
    return {key: answer[key] if key in answer else _empty(schema) for key, schema in asked.items()}


def _empty(schema: Any) -> Any:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    return [] if kind == "array" else "" if kind == "string" else None


def _classify(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from .classify import classify

    function = final_function(request)
    return function.name, fit(classify(request.values, encoder), function)


def _extract(request: ModelRequest, _: Encoder) -> tuple[str, dict[str, Any]]:
    from .extract import extract

    function = final_function(request)
    many = "rows" in (function.parameters.get("properties") or {})
    return function.name, fit(extract(with_text(request.values), many), function)


def _summarize(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from .summarize import summarize

    function = final_function(request)
    return function.name, fit(summarize(request.values, encoder), function)


def _answer(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from .answer import answer

    function = final_function(request)
    name, arguments = answer(request, encoder)
    return name, arguments if name != function.name else fit(arguments, function)


def _quotes(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from .pages import quotes

    function = final_function(request)
    return function.name, fit(quotes(request.values, encoder), function)


def _findings(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from .pages import findings

    function = final_function(request)
    return function.name, fit(findings(request.values, encoder), function)


def with_text(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form with the text of its document as its text."""
    files = [value for value in values.values() if isinstance(value, Files)]
    return {**values, "text": "\n\n".join(page.text for one in files for page in one.pages)} if files else values


METHODS: dict[str, Method] = {
    "classify": _classify, "extract": _extract, "summarize": _summarize, "answer": _answer, "quotes": _quotes, "findings": _findings,
}  # fmt: skip
