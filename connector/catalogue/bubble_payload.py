"""What is told of a run or a batch to receivers that learn names and types from one example, and take nothing else afterwards.

Always the same keys and types: no null, no list, no object, and no empty text, which some of them take for a missing one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

NOTHING = "none"
# each key with its value when there is none
PLAIN: Json = {
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


def plain_message(told: Mapping[str, Any]) -> Json:
    """``told``, a message as others get it, with the keys of ``PLAIN``; its whole text is ``answer_json``."""
    own = {
        "status": told.get("run_status", told.get("status")),  # the status of a problem is a number
        "cost_known": told.get("cost_usd") is not None,
        "answer_json": json.dumps(told, ensure_ascii=False),
    }
    known = {**told, **own}
    return {key: _of_kind(known.get(key), nothing) for key, nothing in PLAIN.items()}


def _of_kind(value: Any, nothing: Any) -> Any:
    kinds = (int, float) if isinstance(nothing, int | float) and not isinstance(nothing, bool) else type(nothing)
    fits = isinstance(value, kinds) and isinstance(value, bool) is isinstance(nothing, bool)
    return value if fits and value != "" else nothing
