"""What passes between the server, its replies and its scripts: a request that passed the rules, a reply to send."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .dialects import DIALECTS, Dialect
from .models import ModelRow

JSON_TYPE = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Request:
    """One request that passed the rules; `size` is its body in bytes, `number` counts from 0 over the server."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    size: int
    number: int
    row: ModelRow
    seals: "Seals"

    @property
    def dialect(self) -> Dialect:
        """The language that it speaks."""
        return DIALECTS[self.path]


@dataclass(frozen=True)
class Reply:
    """What goes over the wire.

    `announced` is a Content-Length other than the body's, after which the connection is closed; `drip` sends one byte
    each so many seconds until the client leaves; `silent` sends nothing at all.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_TYPE)
    announced: int | None = None
    drip: float | None = None
    silent: bool = False


Step = Callable[[Request], Reply]
"""One step of a script: our named replies and faults are such callables, and a test may write its own."""


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON body with a status."""
    return Reply(status, json.dumps(body).encode(), JSON_TYPE | dict(headers or {}))


class Seals:
    """Issues and recognises encrypted reasoning, bound to one server and one model as on the real service."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(16)

    def issue(self, snapshot: str) -> str:
        """New encrypted content for a model."""
        nonce = secrets.token_hex(16)
        return f"gAAAA{nonce}{self._mark(nonce, snapshot)}"

    def issued(self, content: str, snapshot: str) -> bool:
        """Whether this server issued `content` for that model."""
        nonce, mark = content[5:37], content[37:]
        return content.startswith("gAAAA") and hmac.compare_digest(mark.encode(), self._mark(nonce, snapshot).encode())

    def _mark(self, nonce: str, snapshot: str) -> str:
        return hmac.new(self._secret, f"{nonce} {snapshot}".encode(), hashlib.sha256).hexdigest()
