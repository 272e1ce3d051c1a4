"""The embedded engine as a provider: answers without a key, a network or a language model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from connector.catalogue.files import Files
from connector.errors import ProviderError
from connector.providers.base import NO_METHOD, Call, Function, ModelRequest, Reply, Usage
from connector.providers.computed import MODEL as RULES
from connector.providers.local.language_guard import (
    lower_confidence,
    read_languages,
    unread_answer,
)
from connector.providers.local.model.embed import Encoder, missing_packages, shared_encoder
from connector.providers.local.model.weights import RERANKER, sentence_weights

# gives the name of a function, its arguments, and warnings
Method = Callable[[ModelRequest, Encoder], tuple[str, dict[str, Any], *tuple[str, ...]]]
CONFIDENCE_KINDS = {
    "classify": "similarity",
    "extract": "evidence",
    "summarize": "none",
    "answer": "similarity",
    "quotes": "similarity",
    "findings": "none",
    "table": "none",
    "sentiment": "similarity",
    "draft_reply": "none",
    "rewrite": "none",
    "triage": "none",
    "check": "none",
    "moderate": "none",
}

# methods that decide by rules alone, and those where the cross-encoder decides if it is installed
RULED = frozenset({"extract", "table", "check", "moderate"})
RERANKED = frozenset({"answer", "quotes", "draft_reply"})


class LocalProvider:
    """Answers by sentence embeddings and rules. Thread-safe; the model is loaded on first use."""

    engine = "local"

    def __init__(self) -> None:
        problem = missing_packages()
        if problem:
            raise ProviderError("needs_model", problem)
        self._encoder = shared_encoder(sentence_weights())

    @staticmethod
    def available() -> str | None:
        """None if every package is installed, else a sentence that names the missing ones."""
        return missing_packages()

    def respond(self, request: ModelRequest) -> Reply:
        """Answer by ``request.method``; ``ProviderError`` (needs_model) for an unknown method."""
        method = METHODS.get(request.method or "")
        if method is None:
            raise ProviderError(
                "needs_model", NO_METHOD.format(request.action or request.method or "")
            )
        name, arguments, *warnings = self._guarded(request, method)
        call = Call(
            f"local_{len(request.turns) + 1}", name, json.dumps(arguments, ensure_ascii=True)
        )
        return Reply(
            model=self._model_of(request),
            calls=(call,),
            usage=Usage(),
            confidence_kind=CONFIDENCE_KINDS[str(request.method)],
            warnings=tuple(warnings),
        )

    def _model_of(self, request: ModelRequest) -> str:
        """The name of what decides: a model, or ``rules``."""
        from connector.providers.local.methods.answer import is_answered_by_tool
        from connector.providers.local.methods.reranking import installed_reranker

        if request.method in RULED or is_answered_by_tool(request):
            return RULES
        if request.method in RERANKED and installed_reranker():
            return RERANKER.name
        return self._encoder.weights.name

    def _guarded(
        self, request: ModelRequest, method: Method
    ) -> tuple[str, dict[str, Any], *tuple[str, ...]]:
        """What ``method`` answers, as far as the engine reads the language of the texts."""
        reading = read_languages(request)
        if reading.level == "none":
            function = final_function(request)

            def respond(one: ModelRequest) -> tuple[str, dict[str, Any]]:
                answered = method(one, self._encoder)
                return answered[0], answered[1]

            name, arguments = unread_answer(request, reading, respond)
            if not name:
                name, arguments = function.name, fit_to_schema(arguments, function)
            return name, arguments, reading.warning
        name, arguments, *warnings = method(request, self._encoder)
        if reading.level == "half":
            arguments = lower_confidence(arguments)
            warnings.append(reading.warning)
        return name, arguments, *warnings


def final_function(request: ModelRequest) -> Function:
    """The function that receives the answer: the forced one, else the action's, else the last."""
    if not request.functions:
        raise ProviderError("needs_model", NO_METHOD.format(request.action))
    for name in filter(None, (request.force, request.action)):
        for function in request.functions:
            if function.name == name:
                return function
    return request.functions[-1]


def fit_to_schema(answer: Mapping[str, Any], function: Function) -> dict[str, Any]:
    """The members of ``answer`` that ``function`` declares; missing ones are null, "" or []."""
    properties: Mapping[str, Any] = function.parameters.get("properties") or {}
    return {
        key: answer[key] if key in answer else _empty(schema) for key, schema in properties.items()
    }


def _empty(schema: Any) -> Any:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind == "array":
        return []
    return "" if kind == "string" else None


def _classify(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from connector.providers.local.methods.classify import classify

    function = final_function(request)
    return function.name, fit_to_schema(classify(request.values, encoder), function)


def _extract(request: ModelRequest, _: Encoder) -> tuple[str, dict[str, Any], *tuple[str, ...]]:
    from connector.providers.local.methods.extract import extract

    function = final_function(request)
    many = "rows" in (function.parameters.get("properties") or {})
    notes: list[str] = []
    answer = extract(with_document_text(request.values), many, notes)
    return function.name, fit_to_schema(answer, function), *notes


def _summarize(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from connector.providers.local.methods.summarize import summarize

    function = final_function(request)
    return function.name, fit_to_schema(summarize(request.values, encoder), function)


def _answer(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from connector.providers.local.methods.answer import answer

    function = final_function(request)
    name, arguments = answer(request, encoder)
    return name, arguments if name != function.name else fit_to_schema(arguments, function)


def _quotes(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from connector.providers.local.text.pages import quotes

    function = final_function(request)
    return function.name, fit_to_schema(quotes(request.values, encoder), function)


def _findings(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    from connector.providers.local.text.pages import findings

    function = final_function(request)
    return function.name, fit_to_schema(findings(request.values, encoder), function)


def _table(request: ModelRequest, _: Encoder) -> tuple[str, dict[str, Any]]:
    from connector.providers.local.methods.table import table

    function = final_function(request)
    return function.name, fit_to_schema(table(request.values), function)


def _moderate(request: ModelRequest, _: Encoder) -> tuple[str, dict[str, Any], *tuple[str, ...]]:
    from connector.providers.local.methods.moderate import moderate

    function = final_function(request)
    notes: list[str] = []
    answer = moderate(request.values, notes)
    return function.name, fit_to_schema(answer, function), *notes


def _check(request: ModelRequest, _: Encoder) -> tuple[str, dict[str, Any]]:
    from connector.providers.local.methods.check import check

    function = final_function(request)
    return function.name, fit_to_schema(check(request.values), function)


def _sentiment(
    request: ModelRequest, encoder: Encoder
) -> tuple[str, dict[str, Any], *tuple[str, ...]]:
    from connector.providers.local.methods.sentiment import sentiment

    function = final_function(request)
    notes: list[str] = []
    answer = sentiment(request.values, encoder, notes)
    return function.name, fit_to_schema(answer, function), *notes


def _draft_reply(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any], str]:
    from connector.providers.local.methods.draft_reply import QUOTED, draft_reply

    function = final_function(request)
    return function.name, fit_to_schema(draft_reply(request.values, encoder), function), QUOTED


def _rewrite(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any], str]:
    from connector.providers.local.methods.rewrite import QUOTED, rewrite

    function = final_function(request)
    return function.name, fit_to_schema(rewrite(request.values, encoder), function), QUOTED


def _triage(
    request: ModelRequest, encoder: Encoder
) -> tuple[str, dict[str, Any], *tuple[str, ...]]:
    from connector.providers.local.methods.triage import NO_DRAFT, triage

    function = final_function(request)
    notes = (NO_DRAFT,) if request.values.get("facts") else ()
    return function.name, fit_to_schema(triage(request.values, encoder), function), *notes


def with_document_text(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form's values with the text of its files as ``text``, if it has files.

    Running heads and feet are those of the first page.
    """
    from connector.providers.local.text.page_tables import find_document_tables
    from connector.providers.local.text.rows import TITLE_WORDS

    files = [value for value in values.values() if isinstance(value, Files)]
    if not files:
        return values
    text = "\n\n".join(
        page.text if page is document.pages[0] else page.body
        for file in files
        for document in file.documents or ()
        for page in document.pages
    )
    tables = [table for file in files for table in find_document_tables(file, TITLE_WORDS)]
    return {**values, "text": text, "tables": tables}


METHODS: dict[str, Method] = {
    "classify": _classify,
    "extract": _extract,
    "summarize": _summarize,
    "answer": _answer,
    "quotes": _quotes,
    "findings": _findings,
    "table": _table,
    "sentiment": _sentiment,
    "draft_reply": _draft_reply,
    "rewrite": _rewrite,
    "triage": _triage,
    "check": _check,
    "moderate": _moderate,
}
