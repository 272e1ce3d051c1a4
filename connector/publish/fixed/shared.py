"""What operations of several subjects have in common: the codes they can answer, parameters, and moments."""

from __future__ import annotations

from typing import Any

from connector.publish.operations import Parameter

Json = dict[str, Any]

READ_CODES = ("unauthorized", "forbidden", "internal")
ONE_CODES = (*READ_CODES, "not_found")
LIST_CODES = (*READ_CODES, "invalid_input")
# of those that read a body
BODY_CODES = ("bad_json", "unsupported_media_type", "body_too_large", "bad_request", "invalid_input")

CREATED = "2026-01-31T12:00:00.000Z"
ENDED = "2026-01-31T12:00:02.000Z"


def one(name: str, label: str, help: str) -> Parameter:
    """The id in an address."""
    return Parameter(name, "path", {"type": "string"}, label, help, required=True)


def wanted(name: str, label: str, help: str, **more: Any) -> Parameter:
    """A word that narrows a list."""
    return Parameter(name, "query", {"type": "string", **more}, label, help)


LIMIT = Parameter(
    "limit", "query", {"type": "integer", "minimum": 1, "maximum": 100}, "Limit", "How many entries at most; 25 if it is not given."
)
