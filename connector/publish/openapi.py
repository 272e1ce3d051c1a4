"""The specifications: OpenAPI 3.0.3 for importers, 3.1 for those who want it, 2.0 with Microsoft's words for Power Platform.

    build(catalogue, public_url="https://...") -> {"openapi/openapi.json": bytes, ...}
    document(edition, operations, url) -> one of them as an object, for platforms that take a part of it

The same operations and the same marshmallow schemas go through apispec once a version; ``editions.py`` has the differences.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import marshmallow
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter

from connector import __version__
from connector.catalogue import Catalogue
from connector.catalogue.fields import FormSchema
from connector.errors import KINDS, TemplateError
from connector.publish.editions import EDITIONS, Edition
from connector.publish.fixed import FIXED_OPERATIONS, GROUPS
from connector.publish.operations import PROBLEM_JSON, RETRY_AFTER, Body, Operation, action_operation
from connector.publish.schemas import PROBLEM, published

__all__ = ["DEFAULT_URL", "FIXED_OPERATIONS", "as_bytes", "build", "chosen", "document"]

Json = dict[str, Any]

DEFAULT_URL = "http://127.0.0.1:8080"
_ABOUT = """\
Prebuilt AI steps for no-code tools: form fields in, answers a workflow can branch on out.

Every action is one POST. Fields are flat; lists may be typed as lines, an empty text means that the field is not given, and \
numbers and switches may come as text. The same fields may also be sent form-encoded or as multipart form data. \
The answer is one flat object with the same keys each time.

A run that takes longer than `wait_seconds` (25 if it is not given) goes on, and is answered with 202: ask for it at `status_url`, or \
give a `callback_url`. With `dry_run` nobody is asked and nothing is spent: the answer has `status: dry_run`, the request that would be \
sent and the most that the run can cost, and none of the action's own values.

With `stream`, where an action has it, the answer comes as server-sent events (`text/event-stream`): each `data:` is an object whose \
`delta` is a piece of the text, the last one is the whole answer with an empty `delta`, or the problem that the run ended with, and then \
comes `data: [DONE]`. Only a whole answer has `ok`. Who leaves before ends the run.

A failure has a real HTTP status and is a problem (RFC 9457): branch on its `code`, show its `detail` to a person, and try again \
only when it is `retryable`, after `Retry-After` seconds if it says so.

Give the API key as `Authorization: Bearer KEY` or as the header `X-API-Key`. With `?sample=true` an action answers its first \
example, free."""
_RETRY_STATUSES = {429, 503}
_FIRST_KEYS = ("openapi", "swagger", "info", "servers", "host", "basePath", "schemes", "security", "tags", "paths")


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The three specifications by path; ``public_url`` is the absolute address they tell others to call."""
    _refuse_same_id([*map(action_operation, catalogue.values()), *FIXED_OPERATIONS])
    every = [operation.operation_id for operation in FIXED_OPERATIONS]
    operations = {edition.file: chosen(catalogue, every, without=edition.without) for edition in EDITIONS}
    return {edition.file: as_bytes(document(edition, operations[edition.file], public_url or DEFAULT_URL)) for edition in EDITIONS}


def chosen(catalogue: Catalogue, names: Sequence[str], *, without: Collection[str] = ()) -> list[Operation]:
    """The operations of all actions, ``without`` some of their fields, then those others that ``names`` lists, in that order."""
    others = {operation.operation_id: operation for operation in FIXED_OPERATIONS}
    return [*(action_operation(action, without=without) for action in catalogue.values()), *(others[name] for name in names)]


def _refuse_same_id(operations: Sequence[Operation]) -> None:
    fixed = {operation.operation_id for operation in FIXED_OPERATIONS}
    if taken := [operation.operation_id for operation in operations[: -len(FIXED_OPERATIONS)] if operation.operation_id in fixed]:
        raise TemplateError(f"`{taken[0]}` is the name of another operation of this service; give the action another id.")


def as_bytes(document: Json) -> bytes:
    """A document as it is written into a file."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def document(edition: Edition, operations: Sequence[Operation], url: str, *, about: str = _ABOUT) -> Json:
    """The specification of ``operations`` in one version, for the service at ``url``."""
    spec = APISpec(
        "Formcall",
        __version__,
        edition.version,
        info={"description": about, "license": {"name": "MIT", "url": "https://opensource.org/license/mit"}},
        plugins=[_plugin(edition)],
        **edition.server(url),
        security=[{name: []} for name in edition.security],
    )
    for name, scheme in edition.security.items():
        spec.components.security_scheme(name, scheme)
    _add_schemas(spec, operations)
    codes = [code for code in KINDS if any(code in operation.codes for operation in operations)]
    for status in _statuses(codes):
        spec.components.response(f"problem_{status}", edition.answer(_problem(status, codes)))
    for group in dict.fromkeys(operation.group for operation in operations):
        spec.tag({"name": group, "description": GROUPS.get(group, f"The actions of the group {group}.")})
    for operation in operations:
        spec.path(path=operation.path, operations={**edition.path(operation), operation.method: _operation(edition, operation)})
    return _ordered(spec.to_dict())


def _plugin(edition: Edition) -> MarshmallowPlugin:
    """apispec's plug-in; it asks us what a field says and so needs none of its own rules."""

    class Converter(OpenAPIConverter):
        def init_attribute_functions(self) -> None:
            self.attribute_functions = [lambda field, **_: edition.schema(published(field))]

    plugin = MarshmallowPlugin()
    plugin.Converter = Converter
    return plugin


def _add_schemas(spec: APISpec, operations: Iterable[Operation]) -> None:
    """Each schema once, under its name; a form says that it takes no other keys, since they are refused."""
    bodies = [body for operation in operations for body in (operation.body, operation.sends, *operation.answers.values()) if body]
    for name, schema in {body.name: body.schema for body in bodies if isinstance(body.schema, marshmallow.Schema)}.items():
        closed = {"additionalProperties": False} if isinstance(schema, FormSchema) else {}
        spec.components.schema(name, closed, schema=schema)
    spec.components.schema("problem", schema=PROBLEM)


def _operation(edition: Edition, operation: Operation) -> Json:
    own = edition.operation(operation)
    parameters = [edition.parameter(one, edition.schema(one.schema)) for one in operation.parameters]
    answers = {
        str(status): edition.answer(replace(body, headers={**_headers(status), **body.headers}))
        for status, body in operation.answers.items()
    }
    problems = {str(status): f"problem_{status}" for status in _statuses(operation.codes)}
    return {
        "operationId": operation.operation_id,
        "tags": [operation.group],
        "summary": operation.summary,
        "description": operation.description,
        **edition.schema(operation.more),
        **({} if operation.needs_key else {"security": []}),
        **own,
        **({"parameters": found} if (found := [*parameters, *own.get("parameters", [])]) else {}),
        "responses": {**answers, **problems},
    }


def _statuses(codes: Iterable[str]) -> list[int]:
    return sorted({KINDS[code].status for code in codes})


def _problem(status: int, codes: Sequence[str]) -> Body:
    """The answer for those failures of ``codes`` that have ``status``; it lists them."""
    kinds = {code: KINDS[code] for code in codes if KINDS[code].status == status}
    words = "; ".join(f"{code}: {kind.title}" for code, kind in kinds.items())
    example = _problem_example(next(iter(kinds)), status)
    return Body("problem", PROBLEM, example, f"{words}.", media=PROBLEM_JSON, headers=_headers(status))


def _problem_example(code: str, status: int) -> Json:
    kind = KINDS[code]
    return {
        "type": f"urn:formcall:problem:{code}",
        "title": kind.title,
        "status": status,
        "detail": f"{kind.title}.",
        "code": code,
        "retryable": kind.retryable,
        "id": "run_0123456789abcdef",
        "errors": [{"field": "text", "code": "missing", "message": '"Text" is empty; it is needed.'}] if code == "invalid_input" else [],
    }


def _headers(status: int) -> Json:
    return RETRY_AFTER if status in _RETRY_STATUSES else {}


def _ordered(document: Json) -> Json:
    """What a reader looks for first comes first."""
    first = {key: document[key] for key in _FIRST_KEYS if key in document}
    first["info"] = {key: first["info"][key] for key in ("title", "version", "description", "license")}
    return {**first, **{key: value for key, value in document.items() if key not in first}}
