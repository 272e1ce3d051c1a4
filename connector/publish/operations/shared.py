"""What operations of several subjects have in common: the codes they can answer, parameters, and moments."""

from __future__ import annotations

from typing import Any

from connector.publish.operations import Body, Parameter
from connector.publish.schemas import shown_schema, text, yes

Json = dict[str, Any]

READ_CODES = ("bad_request", "unauthorized", "forbidden", "internal")
ONE_CODES = (*READ_CODES, "not_found")
LIST_CODES = (*READ_CODES, "invalid_input")
# of those that read a body
BODY_CODES = ("bad_json", "unsupported_media_type", "body_too_large", "invalid_input")

CREATED = "2026-01-31T12:00:00.000Z"
ENDED = "2026-01-31T12:00:02.000Z"
_DELETED = shown_schema({"id": text("Its id."), "deleted": yes("True.")})


def deleted(example_id: str) -> Body:
    """The answer of what deletes something."""
    return Body("deleted", _DELETED, {"id": example_id, "deleted": True}, "It is nothing any more.")


def one(name: str, label: str, help: str) -> Parameter:
    """The id in an address."""
    return Parameter(name, "path", {"type": "string"}, label, help, required=True)


def wanted(name: str, label: str, help: str, **more: Any) -> Parameter:
    """A word that narrows a list."""
    return Parameter(name, "query", {"type": "string", **more}, label, help)


LIMIT = Parameter(
    "limit", "query", {"type": "integer", "minimum": 1, "maximum": 100}, "Limit", "How many entries at most; 25 if it is not given."
)
