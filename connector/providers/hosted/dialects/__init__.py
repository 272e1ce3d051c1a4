"""The two dialects of OpenAI's API: each builds a request's body and parses its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.json_types import Json
from connector.providers.base import Call, ModelRequest, Reply, StreamListener
from connector.providers.hosted.dialects import chat, responses
from connector.providers.pricing.models import Model, Profile


@dataclass(frozen=True)
class Dialect:
    """How one endpoint is called.

    ``build_body``         the body of a POST to ``path``
    ``parse_reply``        the reply in a decoded answer; ``BadReply`` when it is not one
    ``stream_parameters``  what the body has in addition when the answer is streamed
    ``read_stream``        the answer of a stream, as it would have come at once; ``BrokenOff``.
                           Its text goes to the listener as arguments of the named function
    ``schema_parameters``  what a body has in place of functions, for a kind and its parameters
    ``replayed_calls``     calls as they are sent again, when the server had sent them as text
    """

    path: str
    build_body: Callable[[ModelRequest, Model, Profile], Json]
    parse_reply: Callable[[Json], Reply]
    stream_parameters: Json
    read_stream: Callable[[Iterator[Any], StreamListener, str], Json]
    schema_parameters: Callable[[str, Json], Json]
    replayed_calls: Callable[[Sequence[Call]], tuple[Json, ...]]


DIALECTS = {
    "responses": Dialect(
        "/responses",
        responses.build_body,
        responses.parse_reply,
        responses.STREAM_PARAMETERS,
        responses.read_stream,
        responses.schema_parameters,
        responses.replayed_calls,
    ),
    "chat": Dialect(
        "/chat/completions",
        chat.build_body,
        chat.parse_reply,
        chat.STREAM_PARAMETERS,
        chat.read_stream,
        chat.schema_parameters,
        chat.replayed_calls,
    ),
}

__all__ = ["DIALECTS", "Dialect"]
