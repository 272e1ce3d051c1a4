"""Messages to callbacks and subscribers, and the secret they are signed with."""

from __future__ import annotations

from connector.json_types import Json
from connector.publish.operation import Body, Operation
from connector.publish.operations.shared import (
    CREATED,
    ENDED,
    ITEM_CODES,
    LIMIT,
    LIST_CODES,
    READ_CODES,
    path_id,
    query_filter,
)
from connector.publish.schemas import boolean, integer, output_schema, string

_STATES = ("waiting", "sent", "given_up", "dropped")
DELIVERY: dict[str, Json] = {
    "ok": boolean("True when it was delivered."),
    "id": string("The message's id, the same for all attempts."),
    "event": string("The event: run.completed, run.failed, run.needs_review or batch.completed."),
    "subject_id": string("The id of the run or batch."),
    "subscription_id": string("The subscription it was sent for; empty for a callback."),
    "receiver": string("The host it is sent to."),
    "state": string(f"The state: {', '.join(_STATES)}."),
    "attempts": integer("The number of attempts."),
    "detail": string("The result of the last attempt."),
    "created_at": string("When it was created, in UTC."),
    "next_try_at": string(
        "When the next attempt is due, in UTC; null if there is none.", nullable=True
    ),
    "ended_at": string(
        "When it was delivered or given up, in UTC; null until then.", nullable=True
    ),
}
_SENT = {
    "ok": True,
    "id": "msg_0123456789abcdef",
    "event": "run.completed",
    "subject_id": "run_0123456789abcdef",
    "subscription_id": "sub_0123456789abcdef",
    "receiver": "hooks.example:443",
    "state": "sent",
    "attempts": 1,
    "detail": "The receiver answered 200.",
    "created_at": CREATED,
    "next_try_at": None,
    "ended_at": ENDED,
}
_SECRET = {
    "id": string("The key's id."),
    "signing_secret": string("The secret, as whsec_ and Base64."),
}
_KEY = {"id": "key_0123456789abcdef", "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
_SCHEMA = output_schema(DELIVERY)
_DELIVERY_ID = path_id("delivery_id", "Message", "The message's id, such as msg_0123456789abcdef.")


def delivery_body(words: str) -> Body:
    """A response with one message."""
    return Body("delivery", _SCHEMA, _SENT, words)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/v1/deliveries",
        "list_deliveries",
        "List messages",
        "The newest messages to callbacks and subscribers of this key, with their states.",
        "deliveries",
        {200: Body("delivery", _SCHEMA, [_SENT], "The messages.", is_array=True)},
        parameters=(
            query_filter("state", "State", "Only messages in this state.", enum=list(_STATES)),
            query_filter("subject_id", "Run or batch", "Only messages about this run or batch."),
            query_filter("subscription_id", "Subscription", "Only messages of this subscription."),
            LIMIT,
        ),
        codes=LIST_CODES,
    ),
    Operation(
        "get",
        "/v1/deliveries/{delivery_id}",
        "get_delivery",
        "Get a message",
        "The state of one message.",
        "deliveries",
        {200: delivery_body("The message.")},
        parameters=(_DELIVERY_ID,),
        codes=ITEM_CODES,
    ),
    Operation(
        "post",
        "/v1/deliveries/{delivery_id}/resend",
        "resend_delivery",
        "Send a message again",
        "Sends a message again under the same id, or at once if it waits for its next attempt.",
        "deliveries",
        {200: delivery_body("The message in its current state.")},
        parameters=(_DELIVERY_ID,),
        codes=(*ITEM_CODES, "conflict", "rate_limited"),
    ),
    Operation(
        "get",
        "/v1/signing-secret",
        "get_signing_secret",
        "Get the signing secret",
        (
            "The secret with which a receiver verifies that messages come from here (Standard "
            "Webhooks); each key has its own."
        ),
        "deliveries",
        {200: Body("signing_secret", output_schema(_SECRET), _KEY, "The secret.")},
        codes=READ_CODES,
    ),
)
