"""The three versions of the specification, and all in which they differ: one row of ``EDITIONS`` each.

What a version writes in another place (bodies, parameters, answers, the server's address) is a function in its row; what it
only calls by another name is a lookup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connector.publish.operations import Body, Operation, Parameter

Json = dict[str, Any]

JSON, PROBLEM_JSON = "application/json", "application/problem+json"
_BEARER_WORDS = "The API key, as `Authorization: Bearer KEY`."
_KEY_WORDS = "The API key, as the header X-API-Key."
_KEY_HEADER: Json = {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": _KEY_WORDS}


@dataclass(frozen=True)
class Answer:
    """One answer of an operation: a schema (a marshmallow one, or a list of it), an example and the headers beside it."""

    words: str
    media: str
    schema: Any
    example: Any
    headers: Mapping[str, Json]


@dataclass(frozen=True)
class Edition:
    """How one version writes what is the same in all."""

    file: str
    version: str
    keys: Mapping[str, str | None]
    null: Callable[[Json], Json]
    server: Callable[[str], Json]
    security: Mapping[str, Json]
    operation: Callable[[Operation], Json]
    parameter: Callable[[Parameter, Json], Json]
    answer: Callable[[Answer], Json]

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
    if operation.body is None:
        return {}
    content = {JSON: {"schema": operation.body.schema, "example": operation.body.example}}
    return {"requestBody": {"description": operation.body.words, "required": True, "content": content}}


def _parameter_3(parameter: Parameter, schema: Json) -> Json:
    head = {"name": parameter.name, "in": parameter.place, "description": parameter.help, "required": parameter.required}
    return {**head, "schema": schema}


def _answer_3(answer: Answer) -> Json:
    headers = {name: {"description": schema["description"], "schema": _undescribed(schema)} for name, schema in answer.headers.items()}
    content = {answer.media: {"schema": answer.schema, "example": answer.example}}
    return {"description": answer.words, **({"headers": headers} if headers else {}), "content": content}


def _undescribed(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key != "description"}


# --- 2.0 ---------------------------------------------------------------------------------------------------------------


def _host(url: str) -> Json:
    parts = urlsplit(url)
    return {"host": parts.netloc, "basePath": parts.path.rstrip("/") or "/", "schemes": [parts.scheme]}


def _operation_2(operation: Operation) -> Json:
    media = list(dict.fromkeys([JSON, *([PROBLEM_JSON] if operation.codes else [])]))
    if operation.body is None:
        return {"produces": media}
    body = {"name": "body", "in": "body", "description": operation.body.words, "required": True, "schema": operation.body.schema}
    return {"consumes": [JSON], "produces": media, "parameters": [body]}


def _parameter_2(parameter: Parameter, schema: Json) -> Json:
    head = {"name": parameter.name, "in": parameter.place, "description": parameter.help, "required": parameter.required}
    shown = {"x-ms-summary": parameter.label, "x-ms-visibility": "important" if parameter.required else "advanced"}
    # here a parameter has its type beside its name, and no example
    return {**head, **{key: value for key, value in schema.items() if key != "example"}, **shown}


def _answer_2(answer: Answer) -> Json:
    headers = {"headers": dict(answer.headers)} if answer.headers else {}
    return {"description": answer.words, **headers, "schema": answer.schema, "examples": {answer.media: answer.example}}


_BOTH_KEYS: Json = {"bearer": {"type": "http", "scheme": "bearer", "description": _BEARER_WORDS}, "api_key": _KEY_HEADER}
_WORDS_3: dict[str, str | None] = {"x-label": "title", "x-caption": None, "x-visibility": None}
_SHAPE_3: Json = {"server": _servers, "security": _BOTH_KEYS, "operation": _operation_3, "parameter": _parameter_3, "answer": _answer_3}

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
        keys={"x-label": "x-ms-summary", "x-caption": "x-ms-summary", "x-visibility": "x-ms-visibility"},
        null=lambda schema: {**schema, "x-nullable": True},
        server=_host,
        security={"api_key": _KEY_HEADER},
        operation=_operation_2,
        parameter=_parameter_2,
        answer=_answer_2,
    ),
)


def body_schema(body: Body) -> Any:
    """The schema that stands in an operation: the body's own, or a bare array of it."""
    return {"type": "array", "items": body.schema} if body.many else body.schema
