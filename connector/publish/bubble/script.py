"""server.js of an action: one template for all of them, with what its action is written into it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from connector.publish.bubble.actions import BubbleAction
from connector.publish.bubble.tables import spec

Json = dict[str, Any]

_TEMPLATE = Path(__file__).with_name("server.template.js")
_PLACE = re.compile("@([A-Z]+)@")
# what only the plug-in itself can find out, beside the codes that the service answers
PLUGIN_CODES: dict[str, Json] = {
    "no_base_url": {
        "detail": "Base URL is empty. Open the Plugins tab of your app, choose Formcall, and enter the address of your service.",
        "retryable": False,
    },
    "bad_base_url": {
        "detail": "Base URL is not an address such as https://forms.example.com. Enter it without a question mark in the Plugins tab.",
        "retryable": False,
    },
    "no_api_key": {
        "detail": "API Key is empty. Open the Plugins tab of your app, choose Formcall, and enter a key of your service.",
        "retryable": False,
    },
    "bad_api_key": {
        "detail": "API Key has spaces or signs that no key has. Copy it again, alone, into the Plugins tab.",
        "retryable": False,
    },
    "invalid_input": {"detail": '"{label}" is empty; it is needed.', "retryable": False},
    "unreachable": {
        "detail": "The service could not be reached at the Base URL ({reason}). Check the address in the Plugins tab, and that it is up.",
        "retryable": True,
    },
    "timed_out": {
        "detail": "The service did not answer within {seconds} seconds. A run may go on; the same idempotency key gives the same run.",
        "retryable": True,
    },
    "not_formcall": {
        "detail": "What answered at the Base URL (status {status}) is not Formcall. Check the address in the Plugins tab.",
        "retryable": False,
    },
    "unexpected": {
        "detail": "A value of this step could not be read. Check the data in its boxes, and that the plug-in fits the service's version.",
        "retryable": False,
    },
}


def server_js(action: BubbleAction) -> bytes:
    """The function that Bubble runs for ``action``, as one anonymous function expression."""
    words = " ".join(f"{action.operation.summary}: {action.operation.description}".split())  # no line end may leave the comment
    places = {"TITLE": words, "ACTION": _written(spec(action)), "SAID": _written(PLUGIN_CODES)}
    return _PLACE.sub(lambda found: places[found[1]], _TEMPLATE.read_text(encoding="utf-8")).encode()


def _written(value: Json) -> str:
    """``value`` as JavaScript that a person can read: one entry a line."""
    lines = []
    for name, one in value.items():
        if isinstance(one, list):
            entries = "".join(f"\n      {_line(entry)}," for entry in one)
            lines.append(f"    {name}: [{entries}\n    ],")
        else:
            lines.append(f"    {name}: {_line(one)},")
    return "\n".join(["{", *lines, "  }"])


def _line(value: Any) -> str:
    # the two line ends of JavaScript that JSON may have as they are
    return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
