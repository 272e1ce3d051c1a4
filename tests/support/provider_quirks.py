"""Reads tests/spec/provider_quirks.yaml: odd replies of real servers, and how each is handled.

The head of that file explains its keys. A ``Quirk`` makes the steps of the fake provider's script
from its row, in either dialect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.json_types import Json
from connector.yaml_subset import read_yaml
from tests.support.upstream import Step, forced_call
from tests.support.upstream.dialects import CHAT
from tests.support.upstream.wire import Reply, Request, json_reply

FILE = Path(__file__).parents[1] / "spec" / "provider_quirks.yaml"
DIALECTS = ("responses", "chat")
ANSWER = {
    "category": "billing",
    "confidence": 0.9,
    "reason": "Charged twice.",
    "runner_up": None,
}
_REPLY_KEYS = {
    "status",
    "headers",
    "body",
    "text",
    "change",
    "remove",
    "usage",
    "model",
    "if_sent",
    *DIALECTS,
}
_DROPPED = object()


@dataclass(frozen=True)
class Quirk:
    """One row of the table; the fields are its keys, with their defaults."""

    about: str
    replies: Sequence[Json]
    outcome: str
    calls: int
    booked: int | Mapping[str, Any]
    group: str = ""
    dialects: Sequence[str] = DIALECTS
    settings: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    action: str = "classify"
    estimated: bool = False
    warns: Sequence[str] = ()
    says: Sequence[str] = ()
    sent: Mapping[str, Any] = field(default_factory=dict)
    then: Mapping[str, int] = field(default_factory=dict)
    retry_after: float | None = None

    def script(self) -> Step:
        """What the provider does with each request, for as long as the row is tried."""
        conditional = [reply for reply in self.replies if "if_sent" in reply]
        in_order = [reply for reply in self.replies if "if_sent" not in reply] or [{}]

        def step(request: Request) -> Reply:
            for reply in conditional:
                if value_at(request.body, reply["if_sent"]) is not _DROPPED:
                    return _send(reply, request)
            return _send(in_order.pop(0) if len(in_order) > 1 else in_order[0], request)

        return step


def read_quirks() -> list[Quirk]:
    """All rows of the table, each with the group it stands in."""
    groups, _ = read_yaml(FILE.read_text(encoding="utf-8"), file=str(FILE))
    return [Quirk(group=group, **row) for group, rows in groups.items() for row in rows]


def value_at(value: Any, path: str) -> Any:
    """The value at a path such as ``choices.0.message``; a marker that equals nothing if absent."""
    for key in path.split("."):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _DROPPED
    return value


def _send(reply: Json, request: Request) -> Reply:
    """A right answer with the reply's changes, or the reply's own body."""
    unknown = reply.keys() - _REPLY_KEYS
    if unknown:
        raise ValueError(f"a reply has unknown keys: {', '.join(sorted(unknown))}")
    own = reply.get("chat" if request.dialect is CHAT else "responses", {})
    reply = {**reply, **own}
    status = reply.get("status", 200)
    headers = {name: str(value) for name, value in reply.get("headers", {}).items()}
    if "text" in reply:
        return Reply(status, reply["text"].encode(), {"Content-Type": "text/plain", **headers})
    if "body" in reply:
        return json_reply(reply["body"], status, headers)
    body = json.loads(forced_call(ANSWER)(request).body)
    for name in ("usage", "model"):
        if name in reply:
            body[name] = deepcopy(reply[name])
    for path in reply.get("remove", ()):
        _set(body, path, _DROPPED)
    for path, value in reply.get("change", {}).items():
        _set(body, path, deepcopy(value))
    return json_reply(body, status, headers)


def _set(body: Any, path: str, value: Any) -> None:
    """Set the value at a path, or remove it; a key that is not there yet is added."""
    *parents, last = path.split(".")
    for key in parents:
        body = body[int(key)] if isinstance(body, list) else body[key]
    if isinstance(body, list):
        last = int(last) if last != "-1" else len(body) - 1  # type: ignore[assignment]
    if value is _DROPPED:
        del body[last]
    else:
        body[last] = value
