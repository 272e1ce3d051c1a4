"""REST hooks: addresses that are told of each run or batch. For Power Automate, subscribing is a trigger."""

from __future__ import annotations

from connector.catalogue import Choice, Field
from connector.publish.fixed.deliveries import delivery
from connector.publish.fixed.shared import BODY_CODES, CREATED, LIST_CODES, ONE_CODES, READ_CODES, Json, deleted, one
from connector.publish.operations import LOCATION, Body, Operation, Parameter
from connector.publish.samples import BILL
from connector.publish.schemas import APPROVALS, asked_schema, number, shown_schema, text, whole, yes

_EVENTS = {
    "run.completed": "A run is done",
    "run.failed": "A run has failed",
    "batch.completed": "A batch has ended",
    "run.needs_review": "A run waits for a person",
}
_FORM = (
    Field(
        "event", "choice", "Event", "What to be told of.", required=True,
        choices=tuple(Choice(name, label) for name, label in _EVENTS.items()),
    ),
    Field("target_url", "text", "Target URL", "The https address that messages are posted to.", required=True, max=2_000),
    Field(
        "authorization", "text", "Authorization",
        "The value of an Authorization header to send along, for receivers that cannot verify signatures.",
        max=4_000,
    ),
)  # fmt: skip
_ASKED = {"event": "run.completed", "target_url": "https://hooks.example/catch/1234"}
# Power Automate writes the address of its own trigger there, and nobody sees the box
_MORE: dict[str, Json] = {
    "target_url": {"x-notification-url": True, "x-visibility": "internal"},
    "authorization": {"x-visibility": "advanced"},
}

_SUBSCRIPTION: dict[str, Json] = {
    "id": text("The subscription's id."),
    "event": text("What it is told of."),
    "target_url": text("The address without its query, where tools put their secrets."),
    "has_authorization": yes("Whether an Authorization header is sent along."),
    "active": yes("Whether anything is sent to it."),
    "reason": text("Why nothing is sent any more; empty while it is active."),
    "created_at": text("When it was made, in UTC."),
    "ended_at": text("When it ended, in UTC; null until then.", nullable=True),
}
_ONE = {
    "id": "sub_0123456789abcdef",
    "event": "run.completed",
    "target_url": "https://hooks.example/catch/1234",
    "has_authorization": False,
    "active": True,
    "reason": "",
    "created_at": CREATED,
    "ended_at": None,
}
_SECRET = text("The secret with which messages are signed (Standard Webhooks); each key has its own.")
_MADE = {**_ONE, "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}

# what a failed run tells is its problem, whose status is a number, so the status is not promised here
_MESSAGE: dict[str, Json] = {
    "event": text(f"What happened: {', '.join(_EVENTS)}."),
    "id": text("The id of the run or batch."),
    "result": text("The answer as one text to show, or how a batch went."),
    "detail": text("Of a failure: what went wrong, in a sentence."),
    "code": text("Of a failure: a word that stays the same, to branch on."),
    "action": text("The action that was run."),
    "cost_usd": number("What it cost, in US dollars; null when the price is not known.", nullable=True),
    "total": whole("Of a batch: how many rows there were."),
    **APPROVALS,
    "done": whole("Of a batch: how many have their answer."),
    "failed": whole("Of a batch: how many have failed."),
}
_TOLD = {
    "event": "run.completed",
    "ok": True,
    "status": "done",
    "result": "billing",
    "category": "billing",
    "id": "run_0123456789abcdef",
    "action": "classify",
    **BILL,
}
_MESSAGE_SCHEMA = shown_schema(_MESSAGE, optional=tuple(name for name in _MESSAGE if name not in {"event", "id"}))
_SCHEMA = shown_schema(_SUBSCRIPTION)
_SUBSCRIPTION_ID = one("subscription_id", "Subscription", "The subscription's id, such as sub_0123456789abcdef.")
_EVENT = Parameter("event", "query", {"type": "string", "enum": list(_EVENTS)}, "Event", "What the messages tell of.", required=True)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post", "/v1/subscriptions", "create_subscription", "When something has ended",
        "Tells an address of each run or batch of this key. The messages are signed and are sent until they arrive; an address that "
        "answers 410 is dropped. The same address and event again is the same subscription.", "subscriptions",
        {
            201: Body(
                "new_subscription", shown_schema({**_SUBSCRIPTION, "signing_secret": _SECRET}), _MADE, "The subscription.", headers=LOCATION
            )
        },
        body=Body("create_subscription_input", asked_schema(_FORM, _ASKED, more=_MORE), _ASKED, "The event and the address."),
        codes=(*READ_CODES, *BODY_CODES, "address_refused", "conflict"),
        sends=Body("message", _MESSAGE_SCHEMA, _TOLD, "What is sent: a run's whole answer or problem, or where the batch stands."),
        more={"x-trigger": "single"},
    ),
    Operation(
        "get", "/v1/subscriptions", "list_subscriptions", "List subscriptions",
        "This key's subscriptions, also those that have ended, and why.", "subscriptions",
        {200: Body("subscription", _SCHEMA, [_ONE], "The subscriptions.", many=True)}, codes=READ_CODES,
    ),
    Operation(
        "get", "/v1/subscriptions/sample", "list_subscription_samples", "Samples of messages",
        "What was or would have been sent of this key's last runs, the newest first; a made-up message when there is none.",
        "subscriptions",
        {200: Body("message", _MESSAGE_SCHEMA, [_TOLD], "The messages.", many=True)}, parameters=(_EVENT,), codes=LIST_CODES,
    ),
    Operation(
        "get", "/v1/subscriptions/{subscription_id}", "get_subscription", "Get a subscription",
        "One subscription.", "subscriptions",
        {200: Body("subscription", _SCHEMA, _ONE, "The subscription.")}, parameters=(_SUBSCRIPTION_ID,), codes=ONE_CODES,
    ),
    Operation(
        "delete", "/v1/subscriptions/{subscription_id}", "delete_subscription", "Delete a subscription",
        "Sends nothing more to it, also nothing that waits. A second time changes nothing.", "subscriptions",
        {200: deleted("sub_0123456789abcdef")},
        parameters=(_SUBSCRIPTION_ID,), codes=ONE_CODES, more={"x-visibility": "internal"},
    ),
    Operation(
        "post", "/v1/subscriptions/{subscription_id}/test", "test_subscription", "Try a subscription",
        "Sends a made-up message in its full shape now, once, and says what came of it.", "subscriptions",
        {200: delivery("What came of the message.")},
        parameters=(_SUBSCRIPTION_ID,), codes=(*ONE_CODES, "conflict", "rate_limited"),
    ),
)  # fmt: skip
