"""Inbound hooks: URLs that run an action on the data posted to them."""

from __future__ import annotations

from connector.catalogue import Field
from connector.json_types import Json
from connector.publish.operation import (
    ACCEPTED_BODY,
    LOCATION,
    RUN_CODES,
    SAMPLE,
    Body,
    Operation,
    answer_body,
)
from connector.publish.operations.shared import (
    BODY_CODES,
    CREATED,
    ITEM_CODES,
    READ_CODES,
    deleted_body,
    path_id,
)
from connector.publish.samples import EXAMPLE_USAGE
from connector.publish.schemas import (
    ANSWER,
    boolean,
    input_schema,
    output_schema,
    string,
    strings,
)

_FORM = (
    Field("name", "text", "Name", "The name of the hook in a list.", required=True, max=100),
    Field(
        "action", "text", "Action", "The action to run, such as classify.", required=True, max=64
    ),
    Field(
        "fixed",
        "longtext",
        "Fixed fields",
        "Fields with constant values, as a JSON object; senders cannot change them.",
    ),
    Field(
        "mapping",
        "longtext",
        "Mapping",
        "The path of each other field in the posted data, as a JSON object such as "
        '{"text": "order.lines[0].text"}. A field of the same name needs none.',
    ),
    Field(
        "templates",
        "longtext",
        "Templates",
        "Texts of several posted values, as a JSON object such as "
        '{"text": "{{ subject }}: {{ body.text }}"}.',
    ),
    Field(
        "answer_at_once",
        "boolean",
        "Answer at once",
        "Whether the sender waits for the answer; default: yes.",
    ),
)
_INPUT_EXAMPLE = {
    "name": "Shop orders",
    "action": "classify",
    "fixed": '{"categories": "billing: invoices and charges\\ntechnical: errors and crashes"}',
    "mapping": '{"text": "order.note"}',
    "answer_at_once": False,
}
_MORE = {
    "action": {
        "x-choices-from": {"operationId": "list_actions", "value-path": "id", "value-title": "name"}
    }
}
_HOOK: dict[str, Json] = {
    "id": string("The hook's id."),
    "name": string("Its name."),
    "action": string("The action it runs."),
    "fixed": {"type": "object", "description": "The fields with constant values."},
    "mapping": {
        "type": "object",
        "description": "The paths of the other fields in the posted data.",
    },
    "templates": {
        "type": "object",
        "description": "The texts of several posted values.",
    },
    "answer_at_once": boolean("Whether its senders wait for the answer."),
    "active": boolean("Whether it accepts data."),
    "created_at": string("When it was created, in UTC."),
    "revoked_at": string("When it was deleted, in UTC; null until then.", nullable=True),
}
_EXAMPLE = {
    "id": "hook_0123456789abcdef",
    "name": "Shop orders",
    "action": "classify",
    "fixed": {"categories": "billing: invoices and charges\ntechnical: errors and crashes"},
    "mapping": {"text": "order.note"},
    "templates": {},
    "answer_at_once": False,
    "active": True,
    "created_at": CREATED,
    "revoked_at": None,
}
_URL = string("The URL to post to. It is a secret, and returned only now.")
_CREATED_EXAMPLE = {**_EXAMPLE, "url": "https://forms.example/v1/hooks/fch_TOKEN"}
_DATA_EXAMPLE = {"order": {"note": "I was charged twice for May."}}
_ANSWER_EXAMPLE = {
    "ok": True,
    "status": "done",
    "result": "billing",
    "id": "run_0123456789abcdef",
    "action": "classify",
    **EXAMPLE_USAGE,
}
_SCHEMA = output_schema(_HOOK)
_ANY_OBJECT: Json = {"type": "object", "description": "The data that the sender posts."}
_REFUSED: dict[str, Json] = {
    "id": string("The post's id."),
    "created_at": string("When it was posted, in UTC."),
    "code": string("A stable code for why it was refused."),
    "detail": string("The reason in a sentence; without values if the operator stores no texts."),
    "errors": {
        "type": "array",
        "description": "The invalid fields.",
        "items": {
            "type": "object",
            "properties": {
                "field": string("The field's name."),
                "code": string("A stable code for what is wrong with it."),
            },
        },
    },
    "content_type": string("The content type of the post."),
    "keys": strings("The paths of what was posted, up to 20, as a mapping takes them."),
    "body": string("What was posted; null if the operator stores no texts.", nullable=True),
}
_REFUSED_EXAMPLE = {
    "id": "post_0123456789abcdef",
    "created_at": CREATED,
    "code": "invalid_input",
    "detail": '"text" is missing: there is nothing at "order.note". What was posted has: note.',
    "errors": [{"field": "text", "code": "missing"}],
    "content_type": "application/json",
    "keys": ["note"],
    "body": None,
}
_READY: dict[str, Json] = {
    "ok": boolean("True."),
    "status": string("ready."),
    "detail": string("What to do with the URL."),
}
_READY_EXAMPLE = {
    "ok": True,
    "status": "ready",
    "detail": "This is a hook. Post the data to this URL.",
}
# one path for several operations, as an id and a token are at the same position in it
_PATH = "/v1/hooks/{hook}"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/v1/hooks",
        "create_hook",
        "Create a hook",
        (
            "Creates a URL that runs an action with this key on the data posted to it, for tools "
            "that can only send a POST."
        ),
        "hooks",
        {
            201: Body(
                "new_hook",
                output_schema({**_HOOK, "url": _URL}),
                _CREATED_EXAMPLE,
                "The hook with its URL.",
                headers=LOCATION,
            )
        },
        body=Body(
            "create_hook_input",
            input_schema(_FORM, _INPUT_EXAMPLE, more=_MORE),
            _INPUT_EXAMPLE,
            "The action and the sources of its fields.",
        ),
        codes=(*READ_CODES, *BODY_CODES, "unknown_action", "address_refused", "conflict"),
    ),
    Operation(
        "get",
        "/v1/hooks",
        "list_hooks",
        "List hooks",
        "This key's hooks without their URLs, the newest first.",
        "hooks",
        {200: Body("hook", _SCHEMA, [_EXAMPLE], "The hooks.", is_array=True)},
        codes=READ_CODES,
    ),
    Operation(
        "delete",
        _PATH,
        "delete_hook",
        "Delete a hook",
        "Its URL stops working. Deleting it again changes nothing.",
        "hooks",
        {200: deleted_body("hook_0123456789abcdef")},
        parameters=(path_id("hook", "Hook", "The hook's id, such as hook_0123456789abcdef."),),
        codes=ITEM_CODES,
    ),
    Operation(
        "post",
        _PATH,
        "receive_hook",
        "Post to a hook",
        (
            "Runs the hook's action on the posted data, JSON or a form. The token in the URL is "
            "the key; no other is needed."
        ),
        "hooks",
        {200: answer_body("answer", ANSWER, _ANSWER_EXAMPLE), 202: ACCEPTED_BODY},
        body=Body("", _ANY_OBJECT, _DATA_EXAMPLE, "The data that the sender posts."),
        parameters=(
            path_id("hook", "Hook", "The token at the end of the hook's URL, such as fch_TOKEN."),
            SAMPLE,
        ),
        codes=(*RUN_CODES, "not_found"),
        needs_key=False,
    ),
    Operation(
        "get",
        _PATH,
        "check_hook",
        "Check a hook",
        "Whether the URL is a hook. A sender's challenge in the query is returned as text.",
        "hooks",
        {200: Body("hook_ready", output_schema(_READY), _READY_EXAMPLE, "It is a hook.")},
        parameters=(
            path_id("hook", "Hook", "The token at the end of the hook's URL, such as fch_TOKEN."),
        ),
        codes=("bad_request", "not_found", "rate_limited", "internal"),
        needs_key=False,
    ),
    Operation(
        "get",
        f"{_PATH}/deliveries",
        "list_refused_posts",
        "List refused posts",
        "The last 20 posts that the hook refused, the newest first.",
        "hooks",
        {
            200: Body(
                "refused_post",
                output_schema(_REFUSED),
                [_REFUSED_EXAMPLE],
                "The refused posts.",
                is_array=True,
            )
        },
        parameters=(path_id("hook", "Hook", "The hook's id, such as hook_0123456789abcdef."),),
        codes=ITEM_CODES,
    ),
)
