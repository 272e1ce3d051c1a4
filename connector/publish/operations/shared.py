"""Error codes, parameters, examples and bodies shared by operations of several subjects."""

from __future__ import annotations

from typing import Any

from connector.publish.operation import Body, OperationParameter
from connector.publish.schemas import boolean, output_schema, string

# invalid_input: a parameter of the query that the address does not know
READ_CODES = ("bad_request", "unauthorized", "forbidden", "invalid_input", "internal")
ITEM_CODES = (*READ_CODES, "not_found")
LIST_CODES = READ_CODES
# of operations with a request body
BODY_CODES = ("bad_json", "unsupported_media_type", "body_too_large")

CREATED = "2026-01-31T12:00:00.000Z"
ENDED = "2026-01-31T12:00:02.000Z"
_DELETED = output_schema({"id": string("Its id."), "deleted": boolean("True.")})


def deleted_body(example_id: str) -> Body:
    """The response of an operation that deletes something."""
    return Body("deleted", _DELETED, {"id": example_id, "deleted": True}, "It has been deleted.")


def path_id(name: str, label: str, help: str) -> OperationParameter:
    """An id in the path."""
    return OperationParameter(name, "path", {"type": "string"}, label, help, required=True)


def query_filter(name: str, label: str, help: str, **more: Any) -> OperationParameter:
    """A query parameter that filters a list."""
    return OperationParameter(name, "query", {"type": "string", **more}, label, help)


LIMIT = OperationParameter(
    "limit",
    "query",
    {"type": "integer", "minimum": 1, "maximum": 100},
    "Limit",
    "The maximum number of entries; default 25.",
)
