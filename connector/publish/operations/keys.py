"""API keys, for a key with the scope admin."""

from __future__ import annotations

from connector.catalogue import Field
from connector.catalogue.options import REVIEW_POLICIES
from connector.catalogue.values import Choice
from connector.json_types import Json
from connector.publish.operation import LOCATION, Body, Operation
from connector.publish.operations.shared import (
    BODY_CODES,
    CREATED,
    ENDED,
    ITEM_CODES,
    READ_CODES,
    deleted_body,
    path_id,
)
from connector.publish.schemas import (
    boolean,
    input_schema,
    integer,
    number,
    output_schema,
    string,
    strings,
)

_NAME = Field(
    "name", "text", "Name", "What the key is for, such as the tool.", required=True, max=100
)
_SCOPES = Field(
    "scopes",
    "list",
    "Scopes",
    "What it may do: actions, tools, review, admin, tool:NAME, review:KEY_ID.",
)
_LIMITS = (
    Field("rate_per_minute", "text", "Calls a minute", "A whole number, or none.", max=40),
    Field("at_once", "text", "Runs at once", "A whole number, or none.", max=40),
    Field("budget_run_usd", "text", "Budget of a run", "What one run may cost, or none.", max=40),
    Field(
        "budget_day_usd",
        "text",
        "Budget of a day",
        "What it may spend in a day (UTC), in US dollars, or none.",
        max=40,
    ),
    Field(
        "budget_month_usd",
        "text",
        "Budget of a month",
        "What it may spend in a month (UTC), in US dollars, or none.",
        max=40,
    ),
)
_REVIEW = Field(
    "review",
    "choice",
    "Review",
    "Which of its answers wait for a person, unless a run says otherwise.",
    choices=tuple(Choice(name, name.capitalize()) for name in REVIEW_POLICIES),
)
_CREATE: Json = {
    "name": "shop",
    "scopes": "actions",
    "rate_per_minute": "60",
    "budget_day_usd": "5",
}
_CHANGE: Json = {"budget_day_usd": "10", "at_once": "none"}

_KEY: dict[str, Json] = {
    "id": string("The key's id."),
    "name": string("Its name."),
    "hint": string("Its first characters."),
    "scopes": strings("What it may do."),
    "active": boolean("False once it is revoked."),
    "rate_per_minute": integer("How many calls a minute it may make; null: any.", nullable=True),
    "at_once": integer("How many runs at the same time; null: any.", nullable=True),
    "budget_run_usd": number("What one run may cost; null: any amount.", nullable=True),
    "budget_day_usd": number("What it may spend in a day; null: any amount.", nullable=True),
    "budget_month_usd": number("What it may spend in a month; null: any amount.", nullable=True),
    "review": string("Which of its answers wait for a person: a policy, or empty for none."),
    "spent_day_usd": number("What it has spent today (UTC)."),
    "spent_month_usd": number("What it has spent this month (UTC)."),
    "created_at": string("When it was created, in UTC."),
    "last_used_at": string("When its newest stored run was requested, in UTC.", nullable=True),
    "revoked_at": string("When it was revoked, in UTC; null until then.", nullable=True),
}
_EXAMPLE = {
    "id": "key_0123456789abcdef",
    "name": "shop",
    "hint": "fc_Jd7aK",
    "scopes": ["actions"],
    "active": True,
    "rate_per_minute": 60,
    "at_once": None,
    "budget_run_usd": None,
    "budget_day_usd": 5.0,
    "budget_month_usd": None,
    "review": "",
    "spent_day_usd": 0.001752,
    "spent_month_usd": 0.0481,
    "created_at": CREATED,
    "last_used_at": ENDED,
    "revoked_at": None,
}
_NEW_EXAMPLE = {
    **_EXAMPLE,
    "spent_day_usd": 0.0,
    "spent_month_usd": 0.0,
    "last_used_at": None,
    "key": "fc_EXAMPLE-the-text-of-a-key-is-shown-only-once",
}
_SCHEMA = output_schema(_KEY)
_KEY_ID = path_id("key_id", "Key", "The key's id, such as key_0123456789abcdef.")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/v1/keys",
        "list_keys",
        "List API keys",
        "All keys, the oldest first, also revoked ones: their limits, last use and spending.",
        "keys",
        {200: Body("key", _SCHEMA, [_EXAMPLE], "The keys.", is_array=True)},
        codes=READ_CODES,
    ),
    Operation(
        "post",
        "/v1/keys",
        "create_key",
        "Create an API key",
        (
            "The text of the key is in this response only. Without scopes it may use actions and "
            "tools, and without a rate it may make 3,000 calls a minute."
        ),
        "keys",
        {
            201: Body(
                "new_key",
                output_schema({**_KEY, "key": string("The text of the key.")}),
                _NEW_EXAMPLE,
                "The key.",
                headers=LOCATION,
            )
        },
        body=Body(
            "create_key_input",
            input_schema((_NAME, _SCOPES, *_LIMITS, _REVIEW), _CREATE),
            _CREATE,
            "Its name, what it may do, and its limits.",
        ),
        codes=(*READ_CODES, *BODY_CODES, "conflict"),
    ),
    Operation(
        "get",
        "/v1/keys/{key_id}",
        "get_key",
        "Get an API key",
        "One key, without its text.",
        "keys",
        {200: Body("key", _SCHEMA, _EXAMPLE, "The key.")},
        parameters=(_KEY_ID,),
        codes=ITEM_CODES,
    ),
    Operation(
        "patch",
        "/v1/keys/{key_id}",
        "change_key",
        "Change an API key",
        ("From its next call on. What is left out or empty stays; the word none removes a limit."),
        "keys",
        {200: Body("key", _SCHEMA, {**_EXAMPLE, "budget_day_usd": 10.0}, "The key.")},
        body=Body(
            "change_key_input",
            input_schema((_SCOPES, *_LIMITS, _REVIEW), _CHANGE),
            _CHANGE,
            "What to change.",
        ),
        parameters=(_KEY_ID,),
        codes=(*ITEM_CODES, *BODY_CODES, "conflict"),
    ),
    Operation(
        "delete",
        "/v1/keys/{key_id}",
        "revoke_key",
        "Revoke an API key",
        (
            "Every later call with it is refused. The last valid key with the scope admin cannot "
            "be revoked here."
        ),
        "keys",
        {200: deleted_body("key_0123456789abcdef")},
        parameters=(_KEY_ID,),
        codes=(*ITEM_CODES, "conflict"),
    ),
)
