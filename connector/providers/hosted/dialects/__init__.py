"""The two dialects of OpenAI's wire format: each turns a request into a body and a raw answer into a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from connector.providers.base import Listener, ModelRequest, Reply
from connector.providers.dialects import chat, responses
from connector.providers.models import Model, Profile


@dataclass(frozen=True)
class Dialect:
    """``body`` writes a request for ``path``; ``reply`` reads what came back, or raises ``BadReply``.

    ``streaming`` is what a body says beside that when the answer shall come in pieces; ``hear`` puts them together to what would have
    come at once, or raises ``BrokenOff``.
    """

    path: str
    body: Callable[[ModelRequest, Model, Profile], dict[str, Any]]
    reply: Callable[[dict[str, Any]], Reply]
    streaming: dict[str, Any]
    hear: Callable[[Iterator[Any], Listener], dict[str, Any]]


DIALECTS = {
    "responses": Dialect("/responses", responses.body, responses.reply, responses.STREAMING, responses.hear),
    "chat": Dialect("/chat/completions", chat.body, chat.reply, chat.STREAMING, chat.hear),
}

__all__ = ["DIALECTS", "Dialect"]
