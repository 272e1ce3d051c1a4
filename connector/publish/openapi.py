"""The specifications: OpenAPI 3.0.3 for importers, 3.1, and 2.0 with the keys of Power Platform.

    build(catalogue, public_url="https://...") -> {"openapi/openapi.json": bytes, ...}
    document(version, operations, url) -> one specification as an object, for other platforms

The same operations and the same marshmallow schemas go through apispec once for each version;
``spec_versions.py`` has the differences.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import marshmallow
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter

from connector import __version__
from connector.catalogue import Catalogue
from connector.catalogue.form_schema import FormSchema
from connector.errors import KINDS, TemplateError
from connector.json_types import Json
from connector.publish.operation import PROBLEM_JSON, RETRY_AFTER, Body, Operation, action_operation
from connector.publish.operations import GROUPS, SERVICE_OPERATIONS, STEP_OPERATIONS
from connector.publish.schemas import PROBLEM, field_schema
from connector.publish.spec_versions import SPEC_VERSIONS, SpecVersion

__all__ = [
    "DEFAULT_URL",
    "SERVICE_OPERATIONS",
    "build",
    "document",
    "select_operations",
    "to_bytes",
]

DEFAULT_URL = "http://127.0.0.1:8080"
_DESCRIPTION = """\
Prebuilt AI steps for no-code tools: form fields in, answers a workflow can branch on out.

Every action is one POST. Fields are flat; lists may be typed as lines, an empty text means that \
the field is not given, and numbers and booleans may be sent as text. The same fields may also be \
sent form-encoded or as multipart form data. The answer is one flat object that always has the \
same keys.

A run that takes longer than `wait_seconds` (default 25) continues, and the response is 202: it \
has every key of the answer, null or empty, with `ok` false and `status` running or queued. \
Request the answer at `status_url`, or give a `callback_url`. With `dry_run` no model is called \
and nothing is spent: the answer has `status: dry_run`, the request that would be sent and the \
maximum cost of the run, and none of the action's own values.

The run options, such as `dry_run`, may also be in the query of the URL. A parameter that a URL \
does not know is refused.

With `stream`, where an action has it, the answer comes as server-sent events \
(`text/event-stream`): each `data:` is an object whose `delta` is a piece of the text; the last \
one is the complete answer with an empty `delta`, or the problem that ended the run; then comes \
`data: [DONE]`. Only a complete answer has `ok`. Closing the connection earlier stops the run.

A failure has an HTTP error status and is a problem (RFC 9457): branch on its `code`, display its \
`detail`, and try again only if it is `retryable`, after `Retry-After` seconds if that is given. \
It is `application/problem+json`, or `application/json` for clients that accept only this.

A request with the `idempotency_key` of an earlier one (a field, or the header `Idempotency-Key`) \
starts no run: it waits for that run, gets the same answer, and has the header \
`Idempotent-Replayed: true`.

Give the API key as `Authorization: Bearer KEY` or as the header `X-API-Key`. With `?sample=true` \
an action returns its first example, free of charge."""
_RETRY_STATUSES = {429, 503}
_FIRST_KEYS = (
    *("openapi", "swagger", "info", "servers", "host", "basePath", "schemes"),
    *("security", "tags", "paths"),
)


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The three specifications by path; ``public_url`` is the service's absolute URL in them."""
    _check_ids(catalogue)
    files = {}
    for version in SPEC_VERSIONS:
        operations = [
            *_action_operations(catalogue, version.excluded_options),
            *SERVICE_OPERATIONS,
        ]
        files[version.file] = to_bytes(document(version, operations, public_url or DEFAULT_URL))
    return files


def check(catalogue: Catalogue) -> None:
    """``TemplateError`` when actions that are each valid share a name, with each other or with
    another operation. One version shows that, since all have the same names."""
    _check_ids(catalogue)
    version = SPEC_VERSIONS[0]
    operations = [*_action_operations(catalogue, version.excluded_options), *SERVICE_OPERATIONS]
    document(version, operations, DEFAULT_URL)


def select_operations(
    catalogue: Catalogue, names: Sequence[str], *, without: Collection[str] = ()
) -> list[Operation]:
    """The steps of a workflow: all actions, then the operations in ``names``, in that order.

    ``without`` are form fields of the actions to leave out.
    """
    return [
        *_action_operations(catalogue, without),
        *(STEP_OPERATIONS[name] for name in names),
    ]


def _action_operations(catalogue: Catalogue, without: Collection[str]) -> list[Operation]:
    return [action_operation(action, without=without) for action in catalogue.values()]


def _check_ids(catalogue: Catalogue) -> None:
    """``TemplateError`` if an action has the id of another operation."""
    for operation in SERVICE_OPERATIONS:
        if operation.operation_id in catalogue:
            raise TemplateError(
                f"`{operation.operation_id}` is the name of another operation of this service; "
                "give the action another id."
            )


def to_bytes(document: Json) -> bytes:
    """The content of a file with this JSON document."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def document(
    version: SpecVersion,
    operations: Sequence[Operation],
    url: str,
    *,
    description: str = _DESCRIPTION,
) -> Json:
    """The specification of ``operations`` in one version, for the service at ``url``."""
    spec = APISpec(
        "Formcall",
        __version__,
        version.version,
        info={
            "description": description,
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        },
        plugins=[_plugin(version)],
        **version.server(url),
        security=[{name: []} for name in version.security],
    )
    for name, scheme in version.security.items():
        spec.components.security_scheme(name, scheme)
    _add_schemas(spec, operations)
    codes = [code for code in KINDS if any(code in operation.codes for operation in operations)]
    for status in _statuses(codes):
        spec.components.response(f"problem_{status}", version.response(_problem(status, codes)))
    for group in dict.fromkeys(operation.group for operation in operations):
        spec.tag(
            {"name": group, "description": GROUPS.get(group, f"The actions of the group {group}.")}
        )
    for operation in operations:
        spec.path(
            path=operation.path,
            operations={
                **version.path(operation),
                operation.method: _operation(version, operation),
            },
        )
    return _ordered(spec.to_dict())


def _plugin(version: SpecVersion) -> MarshmallowPlugin:
    """apispec's plug-in, with our schema of each field in place of its own rules."""

    class Converter(OpenAPIConverter):
        def init_attribute_functions(self) -> None:
            self.attribute_functions = [lambda field, **_: version.schema(field_schema(field))]

    plugin = MarshmallowPlugin()
    plugin.Converter = Converter
    return plugin


def _add_schemas(spec: APISpec, operations: Iterable[Operation]) -> None:
    """Add each schema once, by name; a form allows no other keys, as the service rejects them."""
    schemas: dict[str, marshmallow.Schema] = {}
    for operation in operations:
        for body in (operation.body, operation.notification, *operation.responses.values()):
            if body and isinstance(body.schema, marshmallow.Schema):
                schemas[body.name] = body.schema
    for name, schema in schemas.items():
        closed = {"additionalProperties": False} if isinstance(schema, FormSchema) else {}
        spec.components.schema(name, closed, schema=schema)
    spec.components.schema("problem", schema=PROBLEM)


def _operation(version: SpecVersion, operation: Operation) -> Json:
    own = version.operation(operation)
    parameters = [
        version.parameter(parameter, version.schema(parameter.schema))
        for parameter in operation.parameters
    ]
    parameters += own.get("parameters", [])
    responses = {
        str(status): version.response(replace(body, headers={**_headers(status), **body.headers}))
        for status, body in operation.responses.items()
    }
    problems = {str(status): f"problem_{status}" for status in _statuses(operation.codes)}
    made: Json = {
        "operationId": operation.operation_id,
        "tags": [operation.group],
        "summary": operation.summary,
        "description": operation.description,
        **version.schema(operation.extensions),
    }
    if not operation.needs_key:
        made["security"] = []
    made.update(own)
    if parameters:
        made["parameters"] = parameters
    made["responses"] = {**responses, **problems}
    return made


def _statuses(codes: Iterable[str]) -> list[int]:
    return sorted({KINDS[code].status for code in codes})


def _problem(status: int, codes: Sequence[str]) -> Body:
    """The response for the errors of ``codes`` that have ``status``; its description lists them."""
    kinds = {code: KINDS[code] for code in codes if KINDS[code].status == status}
    titles = "; ".join(f"{code}: {kind.title}" for code, kind in kinds.items())
    example = _problem_example(next(iter(kinds)), status)
    return Body(
        "problem", PROBLEM, example, f"{titles}.", media_type=PROBLEM_JSON, headers=_headers(status)
    )


def _problem_example(code: str, status: int) -> Json:
    kind = KINDS[code]
    missing = {"field": "text", "code": "missing", "message": '"Text" is empty; it is needed.'}
    return {
        "type": f"urn:formcall:problem:{code}",
        "title": kind.title,
        "status": status,
        "detail": f"{kind.title}.",
        "code": code,
        "retryable": kind.retryable,
        "id": "run_0123456789abcdef",
        "errors": [missing] if code == "invalid_input" else [],
    }


def _headers(status: int) -> Json:
    return RETRY_AFTER if status in _RETRY_STATUSES else {}


def _ordered(document: Json) -> Json:
    """``document`` with the most important keys first."""
    info = document["info"]
    first = {key: document[key] for key in _FIRST_KEYS if key in document}
    first["info"] = {key: info[key] for key in ("title", "version", "description", "license")}
    return {**first, **document, **first}
