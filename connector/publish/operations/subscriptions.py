"""REST hooks: URLs that are notified of each run or batch; in Power Automate, a trigger."""

from __future__ import annotations

from connector.catalogue import Choice, Field
from connector.json_types import Json
from connector.publish.operation import LOCATION, Body, Operation, OperationParameter
from connector.publish.operations.deliveries import delivery_body
from connector.publish.operations.shared import (
    BODY_CODES,
    CREATED,
    ITEM_CODES,
    LIST_CODES,
    READ_CODES,
    deleted_body,
    path_id,
)
from connector.publish.samples import EXAMPLE_USAGE
from connector.publish.schemas import (
    APPROVALS,
    boolean,
    input_schema,
    integer,
    number,
    output_schema,
    string,
)

_EVENTS = {
    "run.completed": "A run is done",
    "run.failed": "A run has failed",
    "batch.completed": "A batch has ended",
    "run.needs_review": "A run waits for a person",
}
_FORM = (
    Field(
        "event",
        "choice",
        "Event",
        "The event to be notified of.",
        required=True,
        choices=tuple(Choice(name, label) for name, label in _EVENTS.items()),
    ),
    Field(
        "target_url",
        "text",
        "Target URL",
        "The https URL that messages are posted to.",
        required=True,
        max=2_000,
    ),
    Field(
        "authorization",
        "text",
        "Authorization",
        (
            "The value of an Authorization header to send along, for receivers that cannot verify "
            "signatures."
        ),
        max=4_000,
    ),
)
_INPUT_EXAMPLE = {"event": "run.completed", "target_url": "https://hooks.example/catch/1234"}
# Power Automate enters the URL of its own trigger there and hides the field
_MORE: dict[str, Json] = {
    "target_url": {"x-notification-url": True, "x-visibility": "internal"},
    "authorization": {"x-visibility": "advanced"},
}

_SUBSCRIPTION: dict[str, Json] = {
    "id": string("The subscription's id."),
    "event": string("The event it is notified of."),
    "target_url": string("The URL without its query, where tools put their secrets."),
    "has_authorization": boolean("Whether an Authorization header is sent with it."),
    "active": boolean("Whether messages are sent to it."),
    "reason": string("Why no more messages are sent; empty while it is active."),
    "created_at": string("When it was created, in UTC."),
    "ended_at": string("When it ended, in UTC; null until then.", nullable=True),
}
_EXAMPLE = {
    "id": "sub_0123456789abcdef",
    "event": "run.completed",
    "target_url": "https://hooks.example/catch/1234",
    "has_authorization": False,
    "active": True,
    "reason": "",
    "created_at": CREATED,
    "ended_at": None,
}
_SECRET = string(
    "The secret with which messages are signed (Standard Webhooks); each key has its own."
)
_CREATED_EXAMPLE = {**_EXAMPLE, "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}

# without `status`: the message of a failed run is its problem, in which the status is a number
_MESSAGE: dict[str, Json] = {
    "event": string(f"The event: {', '.join(_EVENTS)}."),
    "id": string("The id of the run or batch."),
    "result": string("The answer as one text to display, or the progress of a batch."),
    "detail": string("Of a failure: what went wrong, in a sentence."),
    "code": string("Of a failure: a stable code to branch on."),
    "action": string("The action of the run."),
    "cost_usd": number("The cost in US dollars; null if the price is unknown.", nullable=True),
    "total": integer("Of a batch: the number of rows."),
    **APPROVALS,
    "done": integer("Of a batch: the number of rows with an answer."),
    "failed": integer("Of a batch: the number of failed rows."),
}
_MESSAGE_EXAMPLE = {
    "event": "run.completed",
    "ok": True,
    "status": "done",
    "result": "billing",
    "category": "billing",
    "id": "run_0123456789abcdef",
    "action": "classify",
    **EXAMPLE_USAGE,
}
_MESSAGE_SCHEMA = output_schema(
    _MESSAGE, optional=tuple(name for name in _MESSAGE if name not in {"event", "id"})
)
_SCHEMA = output_schema(_SUBSCRIPTION)
_SUBSCRIPTION_ID = path_id(
    "subscription_id", "Subscription", "The subscription's id, such as sub_0123456789abcdef."
)
_EVENT = OperationParameter(
    "event",
    "query",
    {"type": "string", "enum": list(_EVENTS)},
    "Event",
    "The event of the messages.",
    required=True,
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/v1/subscriptions",
        "create_subscription",
        "When a run or batch ends",
        "Notifies a URL of each run or batch of this key. The messages are signed and repeated "
        "until they are delivered; a URL that responds with 410 is removed. The same URL and event "
        "again give the same subscription.",
        "subscriptions",
        {
            201: Body(
                "new_subscription",
                output_schema({**_SUBSCRIPTION, "signing_secret": _SECRET}),
                _CREATED_EXAMPLE,
                "The subscription.",
                headers=LOCATION,
            )
        },
        body=Body(
            "create_subscription_input",
            input_schema(_FORM, _INPUT_EXAMPLE, more=_MORE),
            _INPUT_EXAMPLE,
            "The event and the URL.",
        ),
        codes=(*READ_CODES, *BODY_CODES, "address_refused", "conflict"),
        notification=Body(
            "message",
            _MESSAGE_SCHEMA,
            _MESSAGE_EXAMPLE,
            "The message: a run's complete answer or problem, or the progress of a batch.",
        ),
        extensions={"x-trigger": "single"},
    ),
    Operation(
        "get",
        "/v1/subscriptions",
        "list_subscriptions",
        "List subscriptions",
        "This key's subscriptions, including those that have ended, with the reason.",
        "subscriptions",
        {200: Body("subscription", _SCHEMA, [_EXAMPLE], "The subscriptions.", is_array=True)},
        codes=READ_CODES,
    ),
    Operation(
        "get",
        "/v1/subscriptions/sample",
        "list_subscription_samples",
        "Samples of messages",
        (
            "The messages about this key's latest runs, sent or not, the newest first; a made-up "
            "message if there is none."
        ),
        "subscriptions",
        {200: Body("message", _MESSAGE_SCHEMA, [_MESSAGE_EXAMPLE], "The messages.", is_array=True)},
        parameters=(_EVENT,),
        codes=LIST_CODES,
    ),
    Operation(
        "get",
        "/v1/subscriptions/{subscription_id}",
        "get_subscription",
        "Get a subscription",
        "One subscription.",
        "subscriptions",
        {200: Body("subscription", _SCHEMA, _EXAMPLE, "The subscription.")},
        parameters=(_SUBSCRIPTION_ID,),
        codes=ITEM_CODES,
    ),
    Operation(
        "delete",
        "/v1/subscriptions/{subscription_id}",
        "delete_subscription",
        "Delete a subscription",
        "Sends it no more messages, including waiting ones. Deleting it again changes nothing.",
        "subscriptions",
        {200: deleted_body("sub_0123456789abcdef")},
        parameters=(_SUBSCRIPTION_ID,),
        codes=ITEM_CODES,
        extensions={"x-visibility": "internal"},
    ),
    Operation(
        "post",
        "/v1/subscriptions/{subscription_id}/test",
        "test_subscription",
        "Test a subscription",
        "Sends a made-up message with all fields once, now, and returns the result.",
        "subscriptions",
        {200: delivery_body("The result of sending the message.")},
        parameters=(_SUBSCRIPTION_ID,),
        codes=(*ITEM_CODES, "conflict", "rate_limited"),
    ),
)
