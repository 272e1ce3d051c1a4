"""The interface to any model: a frozen request goes in, a frozen reply comes out.

A provider has one method, ``respond(request) -> Reply``, and knows nothing of forms, HTTP or money.
Hosted models, the embedded engine and the scripted one all implement it, so the engine above cannot
tell them apart.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from connector.catalogue.files import Picture
from connector.json_types import Json

Finish = Literal["done", "length", "filtered"]
NO_METHOD = (
    'The action "{}" needs a model. Set OPENAI_API_KEY, or choose an action that works without '
    "one: the list of actions names them (`local`)."
)


@dataclass(frozen=True)
class Function:
    """A strict function the model may call.

    ``parameters`` is a closed JSON Schema: every property is required.
    """

    name: str
    description: str
    parameters: Json

    @cached_property
    def as_json(self) -> str:
        """The whole function as compact JSON in ASCII."""
        return json.dumps([self.name, self.description, self.parameters], separators=(",", ":"))

    @cached_property
    def choice_count(self) -> int:
        """How many values all enums in ``parameters`` have together."""
        return _count_choices(self.parameters)


def _count_choices(schema: Any) -> int:
    if isinstance(schema, list):
        return sum(_count_choices(child) for child in schema if isinstance(child, dict | list))
    children = [child for child in schema.values() if isinstance(child, dict | list)]
    return sum(map(_count_choices, children)) + len(schema.get("enum", ()))


@dataclass(frozen=True)
class Call:
    """A function call as the model wrote it; ``arguments`` is raw JSON text, not yet trusted."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class CallResult:
    """Our answer to a call; ``output`` is text for the model."""

    call_id: str
    output: str


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider billed them.

    Reasoning tokens are included in ``output``, cached and cache-write ones in ``input``.
    """

    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.cached + other.cached,
            self.cache_write + other.cache_write,
            self.output + other.output,
            self.reasoning + other.reasoning,
        )


@dataclass(frozen=True)
class Reply:
    """A model's reply: calls, or text, or a refusal.

    ``priced_as``        the id of the row that prices it, where ``model`` has none; "": ``model``
    ``missing_counts``   the counts (input, output) that the provider did not report
    ``effort``           the effort that was really requested, "" when the model has none
    ``replay``           what this provider must be sent again on the next turn; opaque to others
    ``confidence_kind``  where a number called confidence in the calls comes from
    ``lost``             an earlier attempt ended without an answer; it may have been billed as well
    ``lost_at``          the provider of that attempt; "": the same as of the reply
    ``provider``         the name of the provider that answered
    """

    model: str
    calls: tuple[Call, ...] = ()
    text: str = ""
    refusal: str | None = None
    finish: Finish = "done"
    usage: Usage = Usage()
    missing_counts: tuple[str, ...] = ()
    service_tier: str | None = None
    priced_as: str = ""
    effort: str = ""
    confidence_kind: str = "reported"
    request_id: str | None = None
    warnings: tuple[str, ...] = ()
    replay: tuple[Json, ...] = ()
    lost: bool = False
    lost_at: str = ""
    provider: str = ""


@dataclass(frozen=True)
class Turn:
    """One earlier exchange: the model's reply and the results of its calls.

    ``note`` is a plain sentence to the model, for a reply that made no call.
    """

    reply: Reply
    results: tuple[CallResult, ...] = ()
    note: str | None = None


class StreamListener(Protocol):
    """Receives a reply while it is being written.

    ``cancelled``   the reply is no longer wanted, so the call may end
    ``has_output``  a part of it was passed on, so no other reply may replace it
    """

    cancelled: threading.Event

    @property
    def has_output(self) -> bool: ...

    def on_start(self) -> None:
        """A reply begins; again for each further attempt."""
        ...

    def on_delta(self, call: int, function: str, delta: str) -> None:
        """The next part of the arguments of a call, which is numbered within the reply."""
        ...


class _NoListener:
    """Hears a reply and keeps nothing."""

    has_output = False
    cancelled = threading.Event()

    def on_start(self) -> None: ...

    def on_delta(self, call: int, function: str, delta: str) -> None: ...


NO_LISTENER: StreamListener = _NoListener()


@dataclass(frozen=True)
class LabelledImage:
    """An image and the text before it, such as ``[page 7]``."""

    label: str
    picture: Picture


@dataclass(frozen=True)
class ModelRequest:
    """All a provider needs for one reply.

    ``force``     the function that must be called; None: one of ``functions``, as the model chooses
    ``deadline``  in ``time.monotonic()`` seconds; the answer is not awaited any longer
    ``bounded``   money was reserved for ``max_output_tokens``, so that limit may not be left out
    ``method``    the embedded engine's method for this action, or None
    ``values``    the validated values of the form, which the embedded and scripted engines read
    ``listener``  receives the reply while it is being written, from providers that can stream
    ``pictures``  images that follow the message, each after its label
    ``has_alternative``  another provider is asked if this one fails, so it is not tried for long
    ``lost``      the call was made before, and may have been billed; it may not be repeated again
    """

    model: str
    effort: str
    instructions: str
    message: str
    functions: tuple[Function, ...]
    force: str | None
    turns: tuple[Turn, ...] = ()
    max_output_tokens: int = 16_000
    bounded: bool = False
    deadline: float = field(default_factory=lambda: time.monotonic() + 60)
    action: str = ""
    method: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    listener: StreamListener | None = field(default=None, compare=False)
    pictures: tuple[LabelledImage, ...] = ()
    has_alternative: bool = False
    lost: bool = False

    @property
    def cache_key(self) -> str:
        """Equal for requests with equal beginnings, which a provider may cache; no content."""
        functions = "".join(function.as_json for function in self.functions)
        return f"{self.action}-{hashlib.sha256(functions.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class RequestPreview:
    """A call as it would be made now; ``url`` has no user name, password or query."""

    method: str
    url: str
    body: Json


class Provider(Protocol):
    """A source of replies; ``engine`` is named in each answer: openai, local or scripted."""

    engine: str

    def respond(self, request: ModelRequest) -> Reply:
        """The model's own reply. Raises ``ProviderError``."""
        ...
