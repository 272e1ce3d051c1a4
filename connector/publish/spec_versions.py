"""The three versions of the specification and all their differences, one row each.

Where a version has another structure (bodies, parameters, responses, the server's URL), its row has
a function; where only a key has another name, its row has a lookup.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connector.json_types import Json
from connector.publish.operation import (
    CSV,
    JSON,
    PROBLEM_JSON,
    STREAM_OPTIONS,
    Body,
    Operation,
    OperationParameter,
)

_BEARER_DESCRIPTION = "The API key, as `Authorization: Bearer KEY`."
_KEY_DESCRIPTION = "The API key, as the header X-API-Key."
_KEY_HEADER: Json = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": _KEY_DESCRIPTION,
}


@dataclass(frozen=True)
class SpecVersion:
    """How one version is written.

    ``key_names`` maps our neutral keys to those of this version (None: left out), ``nullable``
    marks a schema as nullable, ``excluded_options`` are run options that it cannot describe. The
    others return the version's form of an operation, a parameter, a response and so on.
    """

    file: str
    version: str
    key_names: Mapping[str, str | None]
    nullable: Callable[[Json], Json]
    server: Callable[[str], Json]
    security: Mapping[str, Json]
    path: Callable[[Operation], Json]
    operation: Callable[[Operation], Json]
    parameter: Callable[[OperationParameter, Json], Json]
    response: Callable[[Body], Json]
    excluded_options: Collection[str] = ()

    def schema(self, value: Any) -> Any:
        """A schema with neutral keys, at any depth, converted to this version."""
        if isinstance(value, list):
            return [self.schema(item) for item in value]
        if not isinstance(value, dict):
            return value
        schema: Json = {}
        for key, child in value.items():
            name = self.key_names.get(key, key)
            if key != "nullable" and name is not None:
                schema[name] = self._child(key, child)
        is_nullable = value.get("nullable") is True and "type" in schema
        return self.nullable(schema) if is_nullable else schema

    def _child(self, key: str, value: Any) -> Any:
        if key == "properties":  # its keys are property names, not keywords
            return {name: self.schema(child) for name, child in value.items()}
        return value if key in _LITERALS else self.schema(value)


_LITERALS = {"default", "enum", "example", "required"}  # keywords whose value is not a schema

# --- 3.0 and 3.1 ----------------------------------------------------------------------------------


def _servers(url: str) -> Json:
    return {"servers": [{"url": url.rstrip("/")}]}


def _operation_3(operation: Operation) -> Json:
    body = operation.body
    if body is None:
        return {}
    request_body = {
        "description": body.description,
        "required": body.required,
        "content": {body.media_type: {"schema": body.schema, "example": body.example}},
    }
    return {"requestBody": request_body}


def _parameter_3(parameter: OperationParameter, schema: Json) -> Json:
    return {**_parameter_head(parameter), "schema": schema}


def _parameter_head(parameter: OperationParameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.location,
        "description": parameter.help,
        "required": parameter.required,
    }


_STREAM_EXAMPLE = (
    'data: {"delta": "A text, "}\n\ndata: {"delta": "piece by piece."}\n\ndata: [DONE]\n\n'
)


def _response_3(body: Body) -> Json:
    headers = {
        name: {"description": schema["description"], "schema": _without_description(schema)}
        for name, schema in body.headers.items()
    }
    content = {body.media_type: {"schema": _schema_of(body), "example": body.example}}
    if body.media_type == PROBLEM_JSON:
        content[JSON] = content[PROBLEM_JSON]  # for clients that accept only this
    if body.csv_example:
        content[CSV] = {"schema": {"type": "string"}, "example": body.csv_example}
    if body.is_streamable:
        content["text/event-stream"] = {"schema": {}, "example": _STREAM_EXAMPLE}
    response: Json = {"description": body.description}
    if headers:
        response["headers"] = headers
    response["content"] = content
    return response


def _without_description(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key != "description"}


# --- 2.0 ------------------------------------------------------------------------------------------


def _host(url: str) -> Json:
    parts = urlsplit(url)
    return {
        "host": parts.netloc,
        "basePath": parts.path.rstrip("/") or "/",
        "schemes": [parts.scheme],
    }


def _path_2(operation: Operation) -> Json:
    """Power Platform's key for a trigger: the schema of the notifications that it will receive."""
    notification = operation.notification
    if notification is None:
        return {}
    return {
        "x-ms-notification-content": {
            "description": notification.description,
            "schema": {"$ref": f"#/definitions/{notification.name}"},
        }
    }


def _operation_2(operation: Operation) -> Json:
    media_types: list[str] = []
    for response in operation.responses.values():
        media_types.append(response.media_type)
        if response.csv_example:
            media_types.append(CSV)
    if operation.codes:
        media_types += [PROBLEM_JSON, JSON]
    produces = list(dict.fromkeys(media_types))
    body = operation.body
    if body is None:
        return {"produces": produces}
    parameter = {
        "name": "body",
        "in": "body",
        "description": body.description,
        "required": body.required,
        "schema": body.schema,
    }
    return {"consumes": [body.media_type], "produces": produces, "parameters": [parameter]}


def _parameter_2(parameter: OperationParameter, schema: Json) -> Json:
    # in 2.0 a parameter has the keys of its schema itself, but no example
    flat_schema = {key: value for key, value in schema.items() if key != "example"}
    return {
        **_parameter_head(parameter),
        **flat_schema,
        "x-ms-summary": parameter.label,
        "x-ms-visibility": "important" if parameter.required else "advanced",
    }


def _response_2(body: Body) -> Json:
    response: Json = {"description": body.description}
    if body.headers:
        response["headers"] = dict(body.headers)
    response["schema"] = _schema_of(body)
    # no example of CSV: the one schema applies to all media types, and is that of the JSON
    response["examples"] = {body.media_type: body.example}
    return response


def _schema_of(body: Body) -> Any:
    """The schema of a response: the body's own, or an array of it."""
    return {"type": "array", "items": body.schema} if body.is_array else body.schema


_BOTH_KEYS: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": _BEARER_DESCRIPTION},
    "api_key": _KEY_HEADER,
}
# our neutral keys: the label of a form field, the label of a value of an answer, where a form shows
# a field, the labels of its choices, the operation that lists its choices, an operation that
# triggers a workflow, and the field for the URL of that workflow
_KEYS_3: dict[str, str | None] = {
    "x-label": "title",
    "x-caption": None,
    "x-visibility": None,
    "x-choices": None,
    "x-choices-from": None,
    "x-trigger": None,
    "x-notification-url": None,
}
_KEYS_2: dict[str, str | None] = {
    "x-label": "x-ms-summary",
    "x-caption": "x-ms-summary",
    "x-visibility": "x-ms-visibility",
    "x-choices": "x-ms-enum-values",
    "x-choices-from": "x-ms-dynamic-values",
    "x-trigger": "x-ms-trigger",
    "x-notification-url": "x-ms-notification-url",
}
_STRUCTURE_3: Json = {
    "server": _servers,
    "security": _BOTH_KEYS,
    "path": lambda operation: {},
    "operation": _operation_3,
    "parameter": _parameter_3,
    "response": _response_3,
}

SPEC_VERSIONS: tuple[SpecVersion, ...] = (
    SpecVersion(
        file="openapi/openapi.json",
        version="3.0.3",
        key_names=_KEYS_3,
        nullable=lambda schema: {**schema, "nullable": True},
        **_STRUCTURE_3,
    ),
    SpecVersion(
        file="openapi/openapi-3.1.json",
        version="3.1.0",
        key_names=_KEYS_3,
        nullable=lambda schema: {**schema, "type": [schema["type"], "null"]},
        **_STRUCTURE_3,
    ),
    SpecVersion(
        file="openapi/swagger.json",
        version="2.0",
        key_names=_KEYS_2,
        nullable=lambda schema: {**schema, "x-nullable": True},
        server=_host,
        security={"api_key": _KEY_HEADER},
        path=_path_2,
        operation=_operation_2,
        parameter=_parameter_2,
        response=_response_2,
        excluded_options=STREAM_OPTIONS,  # one schema applies to all media types
    ),
)
