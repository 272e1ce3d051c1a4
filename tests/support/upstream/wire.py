"""Requests that passed the rules, and replies to send."""

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.support.upstream.dialects import DIALECTS, Dialect
from tests.support.upstream.errors import Refusal
from tests.support.upstream.models import ModelRow

JSON_TYPE = {"Content-Type": "application/json"}


class Usage(NamedTuple):
    """What a reply says it cost, in tokens; `cached` and `written` (to the cache) are inside the
    input, `reasoning` is inside the output. With `output=None` it is all that the request allows.
    """

    input: int
    cached: int
    output: int | None
    reasoning: int = 0
    written: int = 0


def dearest(input: int, *, cached: int = 0, reasoning: int = 0) -> Usage:
    """The dearest reply there can be to `input` tokens: its output is the request's own limit."""
    return Usage(input, cached, None, reasoning)


@dataclass(frozen=True)
class Request:
    """One request that passed the rules; `size` is its body in bytes, `number` counts from 0 over
    the server.

    `usage` is what the reply shall say it cost. `hurry` is set when a step shall not wait: the
    server closes, or this is a line of a batch, whose time is the batch's.
    """

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    size: int
    number: int
    row: ModelRow
    seals: "Seals"
    usage: Usage | None = None
    hurry: threading.Event = field(default_factory=threading.Event)

    @property
    def limit(self) -> int:
        """The most tokens of output that it allows."""
        limit: int | None = self.body.get(self.dialect.limit) or self.body.get("max_tokens")
        return limit or self.row.max_output

    @property
    def dialect(self) -> Dialect:
        """The language that it speaks."""
        return DIALECTS[self.path]


@dataclass(frozen=True)
class Flow:
    """How an answer is streamed: its arguments and texts in pieces of `size` signs, the first after
    `first` seconds, each other `pause` seconds after the one before.

    `events` are the parts that are sent instead of those that the body makes; `stops` closes the
    connection after so many, `stalls` falls silent after them.
    """

    size: int = 5
    first: float = 0.0
    pause: float = 0.0
    events: tuple[bytes, ...] = ()
    stops: int | None = None
    stalls: int | None = None


@dataclass(frozen=True)
class Reply:
    """What goes over the wire.

    `announced` is a Content-Length other than the body's, after which the connection is closed;
    `drip` sends one byte each so many seconds until the client leaves; `silent` sends nothing at
    all. A body that is asked for as a stream is sent in `flow`'s manner.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_TYPE)
    announced: int | None = None
    drip: float | None = None
    silent: bool = False
    flow: Flow = field(default_factory=Flow)

    @property
    def lasting(self) -> bool:
        """Whether it never ends by itself."""
        return self.silent or self.drip is not None


Step = Callable[[Request], Reply]
"""One step of a script: our named replies and faults are such callables, and a test may write its
own."""


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON body with a status."""
    return Reply(status, json.dumps(body).encode(), JSON_TYPE | dict(headers or {}))


def refused(found: Refusal) -> Reply:
    """A refusal as it is sent."""
    return json_reply(
        {key: value for key, value in found.items() if key != "status"}, found["status"]
    )


class Seals:
    """Issues and recognises encrypted reasoning, bound to one server and one model as on the real
    service."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(16)

    def issue(self, snapshot: str) -> str:
        """New encrypted content for a model."""
        nonce = secrets.token_hex(16)
        return f"gAAAA{nonce}{self._mark(nonce, snapshot)}"

    def issued(self, content: str, snapshot: str) -> bool:
        """Whether this server issued `content` for that model."""
        nonce, mark = content[5:37], content[37:]
        return content.startswith("gAAAA") and hmac.compare_digest(
            mark.encode(), self._mark(nonce, snapshot).encode()
        )

    def _mark(self, nonce: str, snapshot: str) -> str:
        return hmac.new(self._secret, f"{nonce} {snapshot}".encode(), hashlib.sha256).hexdigest()
