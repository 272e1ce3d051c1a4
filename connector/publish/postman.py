"""openapi/formcall.postman_collection.json: operations with an example, a response and a test.

    build(catalogue, public_url="https://...") -> {"openapi/formcall.postman_collection.json":
    bytes}

The requests are in the order in which a person would send them; each uses ids from the responses to
earlier ones.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from itertools import groupby
from typing import Any

from connector.catalogue import Catalogue
from connector.catalogue.form_schema import FormSchema
from connector.json_types import Json
from connector.publish.openapi import DEFAULT_URL, select_operations, to_bytes
from connector.publish.operation import Operation, OperationParameter
from connector.publish.operations import GROUPS
from connector.publish.schemas import field_schema

PATH = "openapi/formcall.postman_collection.json"
# in addition to the actions: those that need no other service and change only what the key owns
OPERATIONS = (
    "list_actions",
    "get_action",
    "get_run",
    "list_runs",
    "create_batch",
    "get_batch",
    "list_batches",
    "get_batch_results_csv",
    "get_usage",
    "healthz",
    "readyz",
)
_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_DESCRIPTION = (
    "Set the variables baseUrl and apiKey, then send any request. Each action comes with its first "
    "example."
)
# path parameters taken from the id in an earlier response, with the start of the path of that POST
_SAVED_IDS = {"run_id": "/v1/actions/", "batch_id": "/v1/batches"}
_FIXED_IDS = {"action_id": "classify"}


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The collection, in version 2.1 of its format."""
    operations = select_operations(catalogue, OPERATIONS)
    collection = {
        "info": {"name": "Formcall", "description": _DESCRIPTION, "schema": _SCHEMA},
        "auth": _key("{{apiKey}}"),
        "variable": [
            {"key": "baseUrl", "value": (public_url or DEFAULT_URL).rstrip("/")},
            {"key": "apiKey", "value": ""},
            *({"key": name, "value": ""} for name in _SAVED_IDS),
        ],
        "item": [
            {
                "name": group.capitalize(),
                "description": GROUPS.get(group, ""),
                "item": [_item(one) for one in members],
            }
            for group, members in groupby(operations, key=lambda one: one.group)
        ],
    }
    return {PATH: to_bytes(collection)}


def _key(value: str) -> Json:
    pairs = {"key": "X-API-Key", "value": value, "in": "header"}
    return {
        "type": "apikey",
        "apikey": [{"key": key, "value": one, "type": "string"} for key, one in pairs.items()],
    }


def _item(operation: Operation) -> Json:
    request = _request(operation)
    status, response = next(iter(operation.responses.items()))
    example = {
        "name": response.description,
        "originalRequest": request,
        "status": HTTPStatus(status).phrase,
        "code": status,
        "header": [{"key": "Content-Type", "value": response.media_type}],
        "body": _body_text(response.example),
    }
    event = {"listen": "test", "script": {"type": "text/javascript", "exec": _script(operation)}}
    return {"name": operation.summary, "request": request, "response": [example], "event": [event]}


def _body_text(example: Any) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, ensure_ascii=False, indent=2)


def _request(operation: Operation) -> Json:
    description = f"{operation.description} (operationId: {operation.operation_id})"
    request: Json = {
        "method": operation.method.upper(),
        "description": description + _field_table(operation),
        "header": [],
        "url": _url(operation),
    }
    if not operation.needs_key:
        request["auth"] = {"type": "noauth"}
    if operation.body:
        request["header"] = [{"key": "Content-Type", "value": operation.body.media_type}]
        request["body"] = {
            "mode": "raw",
            "raw": json.dumps(operation.body.example, ensure_ascii=False, indent=2),
            "options": {"raw": {"language": "json"}},
        }
    return request


def _field_table(operation: Operation) -> str:
    """A table of all fields of the body, as its example has only some of them."""
    if operation.body is None or not isinstance(operation.body.schema, FormSchema):
        return ""
    lines = ["\n\n| field | needed | what to enter |\n|---|---|---|"]
    for name, field in operation.body.schema.fields.items():
        schema = field_schema(field)
        required = "yes" if field.required else ""
        lines.append(f"| `{name}` | {required} | {schema.get('description', schema['x-label'])} |")
    return "\n".join(lines)


def _url(operation: Operation) -> Json:
    path = re.sub(r"{(\w+)}", r":\1", operation.path)
    url: Json = {
        "raw": "{{baseUrl}}" + path,
        "host": ["{{baseUrl}}"],
        "path": path.strip("/").split("/"),
    }
    in_path = [one for one in operation.parameters if one.location == "path"]
    if in_path:
        url["variable"] = [{"key": one.name, "value": _path_value(one)} for one in in_path]
    in_query = [one for one in operation.parameters if one.location == "query"]
    if in_query:
        url["query"] = [_query(one) for one in in_query]
    return url


def _path_value(parameter: OperationParameter) -> str:
    if parameter.name in _SAVED_IDS:
        return f"{{{{{parameter.name}}}}}"
    return _FIXED_IDS.get(parameter.name, "")


def _query(parameter: OperationParameter) -> Json:
    return {"key": parameter.name, "value": "", "description": parameter.help, "disabled": True}


def _script(operation: Operation) -> list[str]:
    """A test of the response's status, and a line that saves the id for later requests."""
    statuses = ", ".join(str(status) for status in operation.responses)
    lines = [
        'pm.test("answers as published", () => '
        f"pm.expect(pm.response.code).to.be.oneOf([{statuses}]));"
    ]
    if name := _saved_id(operation):
        lines.append(f'pm.collectionVariables.set("{name}", pm.response.json().id);')
    return lines


def _saved_id(operation: Operation) -> str:
    """The path parameter whose value the operation's response has as its id, or ""."""
    for name, start in _SAVED_IDS.items():
        if operation.method == "post" and operation.path.startswith(start):
            return name
    return ""
