"""openapi/formcall.postman_collection.json: every operation that can be tried alone, with its example, its answer and a test.

    build(catalogue, public_url="https://...") -> {"openapi/formcall.postman_collection.json": bytes}

The requests are in the order in which a person would send them, and each takes from the answers before it what it needs.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from itertools import groupby
from typing import Any

from connector.catalogue import Catalogue
from connector.catalogue.fields import FormSchema
from connector.publish.fixed import GROUPS
from connector.publish.openapi import DEFAULT_URL, as_bytes, chosen
from connector.publish.operations import Operation, Parameter
from connector.publish.schemas import published

Json = dict[str, Any]

PATH = "openapi/formcall.postman_collection.json"
# beside the actions: what needs no other service, and changes nothing that its key does not own
OPERATIONS = (
    "list_actions", "get_action", "get_run", "list_runs", "create_batch", "get_batch", "list_batches", "get_batch_results_csv",
    "get_usage", "healthz", "readyz",
)  # fmt: skip
_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_ABOUT = "Set the variables baseUrl and apiKey, then send any request. Each action comes with its first example."
# path parameters that an answer has as its id, and how the address begins that gives such an answer to a POST
_KEPT = {"run_id": "/v1/actions/", "batch_id": "/v1/batches"}
_GIVEN = {"action_id": "classify"}


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The collection, in version 2.1 of its format."""
    operations = chosen(catalogue, OPERATIONS)
    collection = {
        "info": {"name": "Formcall", "description": _ABOUT, "schema": _SCHEMA},
        "auth": _key("{{apiKey}}"),
        "variable": [
            {"key": "baseUrl", "value": (public_url or DEFAULT_URL).rstrip("/")},
            {"key": "apiKey", "value": ""},
            *({"key": name, "value": ""} for name in _KEPT),
        ],
        "item": [
            {"name": group.capitalize(), "description": GROUPS.get(group, ""), "item": [_item(one) for one in members]}
            for group, members in groupby(operations, key=lambda one: one.group)
        ],
    }
    return {PATH: as_bytes(collection)}


def _key(value: str) -> Json:
    pairs = {"key": "X-API-Key", "value": value, "in": "header"}
    return {"type": "apikey", "apikey": [{"key": key, "value": one, "type": "string"} for key, one in pairs.items()]}


def _item(operation: Operation) -> Json:
    request = _request(operation)
    status, answer = next(iter(operation.answers.items()))
    example = {
        "name": answer.words,
        "originalRequest": request,
        "status": HTTPStatus(status).phrase,
        "code": status,
        "header": [{"key": "Content-Type", "value": answer.media}],
        "body": answer.example if isinstance(answer.example, str) else json.dumps(answer.example, ensure_ascii=False, indent=2),
    }
    event = {"listen": "test", "script": {"type": "text/javascript", "exec": _script(operation)}}
    return {"name": operation.summary, "request": request, "response": [example], "event": [event]}


def _request(operation: Operation) -> Json:
    found: Json = {
        "method": operation.method.upper(),
        "description": f"{operation.description} (operationId: {operation.operation_id}){_fields(operation)}",
        "header": [],
        "url": _url(operation),
    }
    if not operation.needs_key:
        found["auth"] = {"type": "noauth"}
    if operation.body:
        found["header"] = [{"key": "Content-Type", "value": operation.body.media}]
        raw = json.dumps(operation.body.example, ensure_ascii=False, indent=2)
        found["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return found


def _fields(operation: Operation) -> str:
    """A table of all that the body may have, since its example has only some of it."""
    if operation.body is None or not isinstance(operation.body.schema, FormSchema):
        return ""
    entries = [published(field) | {"name": name, "needed": field.required} for name, field in operation.body.schema.fields.items()]
    rows = (f"| `{one['name']}` | {'yes' if one['needed'] else ''} | {one.get('description', one['x-label'])} |" for one in entries)
    return "\n".join(["\n\n| field | needed | what to enter |\n|---|---|---|", *rows])


def _url(operation: Operation) -> Json:
    places = {one.name: _value(one) for one in operation.parameters if one.place == "path"}
    path = re.sub(r"{(\w+)}", r":\1", operation.path)
    found: Json = {"raw": "{{baseUrl}}" + path, "host": ["{{baseUrl}}"], "path": path.strip("/").split("/")}
    if places:
        found["variable"] = [{"key": name, "value": value} for name, value in places.items()]
    if query := [_query(one) for one in operation.parameters if one.place == "query"]:
        found["query"] = query
    return found


def _value(parameter: Parameter) -> str:
    return f"{{{{{parameter.name}}}}}" if parameter.name in _KEPT else _GIVEN.get(parameter.name, "")


def _query(parameter: Parameter) -> Json:
    return {"key": parameter.name, "value": "", "description": parameter.help, "disabled": True}


def _script(operation: Operation) -> list[str]:
    """What is tested of an answer, and what of it a later request needs."""
    statuses = ", ".join(str(status) for status in operation.answers)
    lines = [f'pm.test("answers as published", () => pm.expect(pm.response.code).to.be.oneOf([{statuses}]));']
    if name := _kept_by(operation):
        lines.append(f'pm.collectionVariables.set("{name}", pm.response.json().id);')
    return lines


def _kept_by(operation: Operation) -> str:
    return next((name for name, start in _KEPT.items() if operation.method == "post" and operation.path.startswith(start)), "")
