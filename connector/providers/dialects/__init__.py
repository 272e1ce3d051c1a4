"""The two dialects of OpenAI's wire format: each turns a request into a body and a raw answer into a reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.providers.base import ModelRequest, Reply
from connector.providers.dialects import chat, responses
from connector.providers.models import Model, Profile


@dataclass(frozen=True)
class Dialect:
    """``body`` writes a request for ``path``; ``reply`` reads what came back, or raises ``BadReply``."""

    path: str
    body: Callable[[ModelRequest, Model, Profile], dict[str, Any]]
    reply: Callable[[dict[str, Any]], Reply]


DIALECTS = {
    "responses": Dialect("/responses", responses.body, responses.reply),
    "chat": Dialect("/chat/completions", chat.body, chat.reply),
}

__all__ = ["DIALECTS", "Dialect"]
