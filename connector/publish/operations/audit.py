"""The audit log, for a key with the scope admin."""

from __future__ import annotations

from connector.json_types import Json
from connector.publish.operation import NEXT_PAGE, Body, Operation
from connector.publish.operations.shared import CREATED, LIMIT, LIST_CODES, query_filter
from connector.publish.schemas import output_schema, string

EVENTS = (
    *("key.created", "key.changed", "key.revoked", "key.erased"),
    *("hook.created", "hook.revoked"),
    *("subscription.created", "subscription.changed", "subscription.ended"),
    *("tool.loaded", "tool.changed", "tool.removed"),
    *("review.decided", "calls.decided"),
    *("data.exported", "data.backed_up", "data.purged"),
    *("console.signed_in", "console.link_made"),
)
_ENTRY: dict[str, Json] = {
    "id": string("The entry's id."),
    "event": string(f"What was done: {', '.join(EVENTS)}."),
    "by": string(
        "The id of the key that did it; operator for the command line, link for whoever has a "
        "signed link, service for the service itself."
    ),
    "by_name": string("The name of that key, or empty."),
    "address": string("The network address it came from; empty if there is none."),
    "subject": string("The id, or the name, of what it was done to."),
    "details": {
        "type": "object",
        "description": "What it is now, such as the limits of a key; never a secret or a text.",
    },
    "created_at": string("When, in UTC."),
}
_EXAMPLE = {
    "id": "audit_0123456789abcdef",
    "event": "key.changed",
    "by": "key_0123456789abcdef",
    "by_name": "operations",
    "address": "192.0.2.7",
    "subject": "key_fedcba9876543210",
    "details": {"name": "shop", "budget_day_usd": 5.0},
    "created_at": CREATED,
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/v1/audit",
        "list_audit_entries",
        "List the audit log",
        "Who did what, when and from where, the newest first; entries are only ever added.",
        "audit",
        {
            200: Body(
                "audit_entry",
                output_schema(_ENTRY),
                [_EXAMPLE],
                "The entries.",
                is_array=True,
                headers=NEXT_PAGE,
            )
        },
        parameters=(
            query_filter("event", "Event", "Only these events.", enum=list(EVENTS)),
            query_filter("by", "By", "Only what this key did, by its id; or operator, link."),
            query_filter("subject", "Subject", "Only what was done to this id or name."),
            query_filter("from", "From", "From this day or time in UTC."),
            query_filter("to", "To", "Until this day, included, or before this time, in UTC."),
            query_filter(
                "cursor", "Cursor", "For the next page: the id of the last entry of this one."
            ),
            LIMIT,
        ),
        codes=LIST_CODES,
    ),
)
