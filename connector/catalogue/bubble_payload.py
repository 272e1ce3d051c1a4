"""A message for receivers that learn names and types from one example and accept nothing else.

Every message has the same keys and types: no null, no list, no object, and no empty text, which
some receivers treat as a missing value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.json_types import Json

NOTHING = "none"
# each key with the value that stands for "none"
DEFAULTS: Json = {
    "event": NOTHING,
    "ok": False,
    "status": NOTHING,
    "id": NOTHING,
    "action": NOTHING,
    "result": NOTHING,
    "detail": NOTHING,
    "code": NOTHING,
    "retryable": False,
    "cost_usd": 0.0,
    "cost_known": False,
    "total": 0,
    "done": 0,
    "failed": 0,
    "answer_json": "{}",
}


def flatten_message(message: Mapping[str, Any]) -> Json:
    """``message`` with exactly the keys of ``DEFAULTS``; ``answer_json`` is all of it as text."""
    values = {
        **message,
        # in a problem, `status` is the HTTP status, a number
        "status": message.get("run_status", message.get("status")),
        "cost_known": message.get("cost_usd") is not None,
        "answer_json": json.dumps(message, ensure_ascii=False),
    }
    return {key: _same_type(values.get(key), default) for key, default in DEFAULTS.items()}


def _same_type(value: Any, default: Any) -> Any:
    """``value`` if it has the JSON type of ``default`` and is not "", else ``default``."""
    if value == "":
        return default
    if isinstance(value, bool) or isinstance(default, bool):
        return value if isinstance(value, bool) and isinstance(default, bool) else default
    accepted = (int, float) if isinstance(default, int | float) else type(default)
    return value if isinstance(value, accepted) else default
