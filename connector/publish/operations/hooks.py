"""Inbound hooks: addresses that run an action on whatever is posted to them."""

from __future__ import annotations

from connector.catalogue import Field
from connector.publish.fixed.shared import BODY_CODES, CREATED, ONE_CODES, READ_CODES, Json, deleted, one
from connector.publish.operations import HANDED_OVER_BODY, LOCATION, RUN_CODES, SAMPLE, Body, Operation, answer_body
from connector.publish.samples import BILL
from connector.publish.schemas import ANSWER, asked_schema, shown_schema, text, yes

_FORM = (
    Field("name", "text", "Name", "What to call the hook in a list.", required=True, max=100),
    Field("action", "text", "Action", "The action to run, such as classify.", required=True, max=64),
    Field("fixed", "longtext", "Fixed fields", "Fields that are always the same, as a JSON object; senders cannot change them."),
    Field(
        "mapping", "longtext", "Mapping",
        'Where the other fields stand in what is posted, as a JSON object such as {"text": "order.lines.0.text"}. A field of the same '
        "name needs none.",
    ),
    Field("answer_at_once", "boolean", "Answer at once", "Whether the sender waits for the answer; yes if it is not given."),
)  # fmt: skip
_ASKED = {
    "name": "Shop orders",
    "action": "classify",
    "fixed": '{"categories": "billing: invoices and charges\\ntechnical: errors and crashes"}',
    "mapping": '{"text": "order.note"}',
    "answer_at_once": False,
}
_MORE = {"action": {"x-choices-from": {"operationId": "list_actions", "value-path": "id", "value-title": "name"}}}
_HOOK: dict[str, Json] = {
    "id": text("The hook's id."),
    "name": text("Its name."),
    "action": text("The action it runs."),
    "fixed": {"type": "object", "description": "The fields that are always the same."},
    "mapping": {"type": "object", "description": "Where the other fields stand in what is posted."},
    "answer_at_once": yes("Whether its senders wait for the answer."),
    "active": yes("Whether it can be posted to."),
    "created_at": text("When it was made, in UTC."),
    "revoked_at": text("When it was deleted, in UTC; null until then.", nullable=True),
}
_ONE = {
    "id": "hook_0123456789abcdef",
    "name": "Shop orders",
    "action": "classify",
    "fixed": {"categories": "billing: invoices and charges\ntechnical: errors and crashes"},
    "mapping": {"text": "order.note"},
    "answer_at_once": False,
    "active": True,
    "created_at": CREATED,
    "revoked_at": None,
}
_URL = text("The address to post to. It is a secret, and shown only now.")
_MADE = {**_ONE, "url": "https://forms.example/v1/hooks/fch_TOKEN"}
_POSTED = {"order": {"note": "I was charged twice for May."}}
_ANSWERED = {"ok": True, "status": "done", "result": "billing", "id": "run_0123456789abcdef", "action": "classify", **BILL}
_SCHEMA = shown_schema(_HOOK)
_ANYTHING: Json = {"type": "object", "description": "Whatever the sender posts."}
# one address for two, since an id and a token stand at the same place in it
_PATH = "/v1/hooks/{hook}"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post", "/v1/hooks", "create_hook", "Make a hook",
        "Makes an address that runs an action as this key on whatever is posted to it, for tools that can only post.", "hooks",
        {201: Body("new_hook", shown_schema({**_HOOK, "url": _URL}), _MADE, "The hook with its address.", headers=LOCATION)},
        body=Body("create_hook_input", asked_schema(_FORM, _ASKED, more=_MORE), _ASKED, "The action and where its fields come from."),
        codes=(*READ_CODES, *BODY_CODES, "unknown_action", "address_refused", "conflict"),
    ),
    Operation(
        "get", "/v1/hooks", "list_hooks", "List hooks",
        "This key's hooks without their addresses, the newest first.", "hooks",
        {200: Body("hook", _SCHEMA, [_ONE], "The hooks.", many=True)}, codes=READ_CODES,
    ),
    Operation(
        "delete", _PATH, "delete_hook", "Delete a hook",
        "Its address is nothing from now on. A second time changes nothing.", "hooks",
        {200: deleted("hook_0123456789abcdef")},
        parameters=(one("hook", "Hook", "The hook's id, such as hook_0123456789abcdef."),), codes=ONE_CODES,
    ),
    Operation(
        "post", _PATH, "receive_hook", "Post to a hook",
        "Runs the hook's action on what is posted, JSON or a form. The token in the address is the key; no other is needed.", "hooks",
        {200: answer_body("answer", ANSWER, _ANSWERED), 202: HANDED_OVER_BODY},
        body=Body("", _ANYTHING, _POSTED, "Whatever the sender posts."),
        parameters=(one("hook", "Hook", "The token at the end of the hook's address, such as fch_TOKEN."), SAMPLE),
        codes=(*RUN_CODES, "not_found"), needs_key=False,
    ),
)  # fmt: skip
