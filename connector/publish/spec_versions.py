"""The three versions of the specification, and all in which they differ: one row of ``EDITIONS`` each.

What a version writes in another place (bodies, parameters, answers, the server's address) is a function in its row; what it
only calls by another name is a lookup.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connector.publish.operations import CSV, EVENTS, PROBLEM_JSON, Body, Operation, Parameter

Json = dict[str, Any]

_BEARER_WORDS = "The API key, as `Authorization: Bearer KEY`."
_KEY_WORDS = "The API key, as the header X-API-Key."
_KEY_HEADER: Json = {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": _KEY_WORDS}


@dataclass(frozen=True)
class Edition:
    """How one version writes what is the same in all."""

    file: str
    version: str
    keys: Mapping[str, str | None]
    null: Callable[[Json], Json]
    server: Callable[[str], Json]
    security: Mapping[str, Json]
    path: Callable[[Operation], Json]
    operation: Callable[[Operation], Json]
    parameter: Callable[[Parameter, Json], Json]
    answer: Callable[[Body], Json]
    without: Collection[str] = ()  # options of actions that it cannot describe

    def schema(self, value: Any) -> Any:
        """A schema in neutral words, at any depth, in the words of this version."""
        if isinstance(value, list):
            return [self.schema(one) for one in value]
        if not isinstance(value, dict):
            return value
        nullable = value.get("nullable") is True
        renamed = ((self.keys.get(key, key), self._inner(key, one)) for key, one in value.items() if key != "nullable")
        found = {key: one for key, one in renamed if key is not None}
        return self.null(found) if nullable and "type" in found else found

    def _inner(self, key: str, value: Any) -> Any:
        if key == "properties":  # its keys are names, not words of the specification
            return {name: self.schema(one) for name, one in value.items()}
        return value if key in _VALUES else self.schema(value)


_VALUES = {"default", "enum", "example", "required"}

# --- 3.0 and 3.1 -------------------------------------------------------------------------------------------------------


def _servers(url: str) -> Json:
    return {"servers": [{"url": url.rstrip("/")}]}


def _operation_3(operation: Operation) -> Json:
    body = operation.body
    if body is None:
        return {}
    content = {body.media: {"schema": body.schema, "example": body.example}}
    return {"requestBody": {"description": body.words, "required": body.required, "content": content}}


def _parameter_3(parameter: Parameter, schema: Json) -> Json:
    head = {"name": parameter.name, "in": parameter.place, "description": parameter.help, "required": parameter.required}
    return {**head, "schema": schema}


_STREAMED = 'data: {"delta": "A text, "}\n\ndata: {"delta": "piece by piece."}\n\ndata: [DONE]\n\n'


def _answer_3(body: Body) -> Json:
    headers = {name: {"description": schema["description"], "schema": _undescribed(schema)} for name, schema in body.headers.items()}
    content = {body.media: {"schema": _schema_of(body), "example": body.example}}
    if body.csv:
        content[CSV] = {"schema": {"type": "string"}, "example": body.csv}
    if body.flows:
        content["text/event-stream"] = {"schema": {}, "example": _STREAMED}
    return {"description": body.words, **({"headers": headers} if headers else {}), "content": content}


def _undescribed(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key != "description"}


# --- 2.0 ---------------------------------------------------------------------------------------------------------------


def _host(url: str) -> Json:
    parts = urlsplit(url)
    return {"host": parts.netloc, "basePath": parts.path.rstrip("/") or "/", "schemes": [parts.scheme]}


def _path_2(operation: Operation) -> Json:
    """What Power Platform reads of a trigger: the shape of what it will be sent."""
    sent = operation.sends
    if sent is None:
        return {}
    return {"x-ms-notification-content": {"description": sent.words, "schema": {"$ref": f"#/definitions/{sent.name}"}}}


def _operation_2(operation: Operation) -> Json:
    answers = [media for answer in operation.answers.values() for media in (answer.media, *([CSV] if answer.csv else []))]
    media = list(dict.fromkeys([*answers, *([PROBLEM_JSON] if operation.codes else [])]))
    body = operation.body
    if body is None:
        return {"produces": media}
    sent = {"name": "body", "in": "body", "description": body.words, "required": body.required, "schema": body.schema}
    return {"consumes": [body.media], "produces": media, "parameters": [sent]}


def _parameter_2(parameter: Parameter, schema: Json) -> Json:
    head = {"name": parameter.name, "in": parameter.place, "description": parameter.help, "required": parameter.required}
    shown = {"x-ms-summary": parameter.label, "x-ms-visibility": "important" if parameter.required else "advanced"}
    # here a parameter has its type beside its name, and no example
    return {**head, **{key: value for key, value in schema.items() if key != "example"}, **shown}


def _answer_2(body: Body) -> Json:
    headers = {"headers": dict(body.headers)} if body.headers else {}
    # one schema stands for all media here, so an example of CSV would be held against that of JSON
    return {"description": body.words, **headers, "schema": _schema_of(body), "examples": {body.media: body.example}}


def _schema_of(body: Body) -> Any:
    """The schema that stands in an answer: the body's own, or a bare array of it."""
    return {"type": "array", "items": body.schema} if body.many else body.schema


_BOTH_KEYS: Json = {"bearer": {"type": "http", "scheme": "bearer", "description": _BEARER_WORDS}, "api_key": _KEY_HEADER}
# our own words: what a form calls a field, what an answer calls a value, where a form shows it, what people see of each choice, the
# operation that lists what may be chosen, an operation that begins a workflow, and the field that its address is written into
_WORDS_3: dict[str, str | None] = {
    "x-label": "title",
    "x-caption": None,
    "x-visibility": None,
    "x-choices": None,
    "x-choices-from": None,
    "x-trigger": None,
    "x-notification-url": None,
}
_WORDS_2: dict[str, str | None] = {
    "x-label": "x-ms-summary",
    "x-caption": "x-ms-summary",
    "x-visibility": "x-ms-visibility",
    "x-choices": "x-ms-enum-values",
    "x-choices-from": "x-ms-dynamic-values",
    "x-trigger": "x-ms-trigger",
    "x-notification-url": "x-ms-notification-url",
}
_SHAPE_3: Json = {
    "server": _servers,
    "security": _BOTH_KEYS,
    "path": lambda operation: {},
    "operation": _operation_3,
    "parameter": _parameter_3,
    "answer": _answer_3,
}

EDITIONS: tuple[Edition, ...] = (
    Edition(
        file="openapi/openapi.json",
        version="3.0.3",
        keys=_WORDS_3,
        null=lambda schema: {**schema, "nullable": True},
        **_SHAPE_3,
    ),
    Edition(
        file="openapi/openapi-3.1.json",
        version="3.1.0",
        keys=_WORDS_3,
        null=lambda schema: {**schema, "type": [schema["type"], "null"]},
        **_SHAPE_3,
    ),
    Edition(
        file="openapi/swagger.json",
        version="2.0",
        keys=_WORDS_2,
        null=lambda schema: {**schema, "x-nullable": True},
        server=_host,
        security={"api_key": _KEY_HEADER},
        path=_path_2,
        operation=_operation_2,
        parameter=_parameter_2,
        answer=_answer_2,
        without=EVENTS,  # one schema stands for all media
    ),
)
