"""server.js of an action: one template for all actions, filled with the action's own data."""

from __future__ import annotations

import re
from pathlib import Path

from connector.json_types import Json
from connector.publish.bubble.actions import BubbleAction
from connector.publish.bubble.tables import spec
from connector.publish.javascript import comment, literal

_TEMPLATE = Path(__file__).with_name("server.template.js")
_PLACEHOLDER = re.compile("@([A-Z]+)@")
# problems that only the plug-in itself can detect, beside the codes of the service
PLUGIN_CODES: dict[str, Json] = {
    "no_base_url": {
        "detail": (
            "Base URL is empty. Open the Plugins tab of your app, choose Formcall, and "
            "enter the address of your service."
        ),
        "retryable": False,
    },
    "bad_base_url": {
        "detail": (
            "Base URL is not an address such as https://forms.example.com. Enter it "
            "without a question mark in the Plugins tab."
        ),
        "retryable": False,
    },
    "no_api_key": {
        "detail": (
            "API Key is empty. Open the Plugins tab of your app, choose Formcall, and "
            "enter a key of your service."
        ),
        "retryable": False,
    },
    "bad_api_key": {
        "detail": (
            "API Key has spaces or characters that no key has. Copy it again, alone, into the "
            "Plugins tab."
        ),
        "retryable": False,
    },
    "invalid_input": {"detail": '"{label}" is empty; it is needed.', "retryable": False},
    "unreachable": {
        "detail": (
            "The service could not be reached at the Base URL ({reason}). Check the "
            "address in the Plugins tab, and that it is up."
        ),
        "retryable": True,
    },
    "timed_out": {
        "detail": (
            "The service did not answer within {seconds} seconds. The run may be running; the "
            "same idempotency key gives the same run."
        ),
        "retryable": True,
    },
    "not_formcall": {
        "detail": (
            "What answered at the Base URL (status {status}) is not Formcall. Check the "
            "address in the Plugins tab."
        ),
        "retryable": False,
    },
    "unexpected": {
        "detail": (
            "A value of this step could not be read. Check the data in its boxes, and that "
            "the plug-in fits the service's version."
        ),
        "retryable": False,
    },
}


def server_js(action: BubbleAction) -> bytes:
    """The function that Bubble runs for ``action``, as one anonymous function expression."""
    operation = action.operation
    placeholders = {
        "SOURCE": comment(f"the action {operation.summary}: {operation.description}"),
        "ACTION": _declared("ACTION", spec(action)),
        "PROBLEMS": _declared("PROBLEMS", PLUGIN_CODES),
    }
    template = _TEMPLATE.read_text(encoding="utf-8")
    return _PLACEHOLDER.sub(lambda match: placeholders[match[1]], template).encode()


def _declared(name: str, value: Json) -> str:
    """``value`` as the right side of ``const NAME = `` in column 2."""
    return literal(value, indent=2, before=len(f"const {name} = "), after=1)
