"""What was sent to callbacks and subscribers, and the secret that it is signed with."""

from __future__ import annotations

from connector.publish.fixed.shared import CREATED, ENDED, LIMIT, LIST_CODES, ONE_CODES, READ_CODES, Json, one, wanted
from connector.publish.operations import Body, Operation
from connector.publish.schemas import shown_schema, text, whole, yes

_STATES = ("waiting", "sent", "given_up", "dropped")
_DELIVERY: dict[str, Json] = {
    "ok": yes("True when it has arrived."),
    "id": text("The message's id, which is the same over all its tries."),
    "event": text("What it tells of: run.completed, run.failed, run.needs_review or batch.completed."),
    "subject_id": text("The id of the run or batch."),
    "subscription_id": text("The subscription it was sent for; empty for a callback."),
    "receiver": text("The host it is sent to."),
    "state": text(f"Where it stands: {', '.join(_STATES)}."),
    "attempts": whole("How often it was tried."),
    "detail": text("What the last try came to."),
    "created_at": text("When it was written, in UTC."),
    "next_try_at": text("When it is tried next, in UTC; null when it is not.", nullable=True),
    "ended_at": text("When it arrived or was given up, in UTC; null until then.", nullable=True),
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
_SECRET = {"id": text("The key's id."), "signing_secret": text("The secret, as whsec_ and Base64.")}
_KEY = {"id": "key_0123456789abcdef", "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
_SCHEMA = shown_schema(_DELIVERY)
_DELIVERY_ID = one("delivery_id", "Message", "The message's id, such as msg_0123456789abcdef.")


def delivery(words: str) -> Body:
    """The answer with one message."""
    return Body("delivery", _SCHEMA, _SENT, words)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get", "/v1/deliveries", "list_deliveries", "List messages",
        "The newest messages to callbacks and subscribers of this key, and where each stands.", "deliveries",
        {200: Body("delivery", _SCHEMA, [_SENT], "The messages.", many=True)},
        parameters=(
            wanted("state", "State", "Only messages that stand there.", enum=list(_STATES)),
            wanted("subject_id", "Run or batch", "Only messages that tell of this run or batch."),
            wanted("subscription_id", "Subscription", "Only messages of this subscription."),
            LIMIT,
        ),
        codes=LIST_CODES,
    ),
    Operation(
        "get", "/v1/deliveries/{delivery_id}", "get_delivery", "Get a message",
        "Where one message stands.", "deliveries",
        {200: delivery("The message.")}, parameters=(_DELIVERY_ID,), codes=ONE_CODES,
    ),
    Operation(
        "post", "/v1/deliveries/{delivery_id}/resend", "resend_delivery", "Send a message again",
        "Sends a message again under the same id, or at once if it waits for its next try.", "deliveries",
        {200: delivery("The message as it stands now.")},
        parameters=(_DELIVERY_ID,), codes=(*ONE_CODES, "conflict", "rate_limited"),
    ),
    Operation(
        "get", "/v1/signing-secret", "get_signing_secret", "Get the signing secret",
        "The secret with which a receiver verifies that messages come from here (Standard Webhooks); each key has its own.", "deliveries",
        {200: Body("signing_secret", shown_schema(_SECRET), _KEY, "The secret.")}, codes=READ_CODES,
    ),
)  # fmt: skip
