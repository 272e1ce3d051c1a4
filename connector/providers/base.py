"""The one seam to any model: a frozen request goes in, a frozen reply comes out.

A provider is one method, ``respond(request) -> Reply``, and knows nothing of forms, HTTP or money. Hosted models, the
embedded engine and the scripted one all stand behind it, so that the engine above cannot tell which it talks to.
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

Json = dict[str, Any]
Finish = Literal["done", "length", "filtered"]


@dataclass(frozen=True)
class Function:
    """A strict function the model may call. ``parameters`` is a closed JSON Schema: every property is required."""

    name: str
    description: str
    parameters: Json

    @cached_property
    def written(self) -> str:
        """All of it as compact JSON in ASCII."""
        return json.dumps([self.name, self.description, self.parameters], separators=(",", ":"))


@dataclass(frozen=True)
class Call:
    """A function call as the model wrote it: ``arguments`` is its raw JSON text, not yet trusted."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class CallResult:
    """What we answer to a call: ``output`` is text for the model."""

    call_id: str
    output: str


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider billed them. Reasoning tokens are inside ``output``, cached ones inside ``input``."""

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
    """What a model said: calls, or text, or a refusal.

    ``effort`` is the effort that was really asked of the model, "" when it has none.
    ``replay`` is what this provider needs to see again on the next turn (opaque to everybody else).
    ``confidence_kind`` says where a number called confidence in the calls comes from.
    ``lost``: before this one there was a try whose end was not seen, and which the provider may have billed as well.
    """

    model: str
    calls: tuple[Call, ...] = ()
    text: str = ""
    refusal: str | None = None
    finish: Finish = "done"
    usage: Usage = Usage()
    service_tier: str | None = None
    effort: str = ""
    confidence_kind: str = "reported"
    request_id: str | None = None
    warnings: tuple[str, ...] = ()
    replay: tuple[Json, ...] = ()
    lost: bool = False


@dataclass(frozen=True)
class Turn:
    """One exchange that already happened: what the model said and what we answered to its calls.

    ``note`` is a plain sentence of ours, for a reply that made no call and so has nothing to answer to.
    """

    reply: Reply
    results: tuple[CallResult, ...] = ()
    note: str | None = None


class Listener(Protocol):
    """Hears a reply while it is being written. ``left``: nobody listens any more, so the call may end; ``heard``: something of it has
    been told, so that no other reply can take its place."""

    left: threading.Event

    @property
    def heard(self) -> bool: ...

    def begins(self) -> None:
        """A reply begins, perhaps at a further try."""
        ...

    def hears(self, call: int, function: str, piece: str) -> None:
        """A piece of the arguments of one of the reply's calls."""
        ...


@dataclass(frozen=True)
class Shown:
    """An image with the words that stand before it, such as ``[page 7]``."""

    words: str
    picture: Picture


@dataclass(frozen=True)
class ModelRequest:
    """All a provider needs for one reply.

    ``force``       the function that must be called; None: any of ``functions``, the model's choice, but one of them
    ``deadline``    the moment (``time.monotonic()`` seconds) after which nobody waits for the answer any more
    ``bounded``     its price was reserved for an answer of this length, so it may not be made without that limit
    ``method``      the embedded engine's method for this action, or None
    ``values``      the form's values, already validated: what the embedded and the scripted engine read
    ``listener``    who is told of the reply while it is being written, by providers that can
    ``pictures``    images that go with the message, each behind its name
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
    listener: Listener | None = field(default=None, compare=False)
    pictures: tuple[Shown, ...] = ()

    @property
    def cache_key(self) -> str:
        """Equal for requests that begin alike, so that a provider can keep their beginning; says nothing of the content."""
        functions = "".join(function.written for function in self.functions)
        return f"{self.action}-{hashlib.sha256(functions.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Preview:
    """A call as it would be made now. ``url`` has neither a name nor a password nor a query in it."""

    method: str
    url: str
    body: Json


class Provider(Protocol):
    """Who answers. ``engine`` is the name each answer carries: openai, local or scripted."""

    engine: str

    def respond(self, request: ModelRequest) -> Reply:
        """Answer ``request`` or raise ``ProviderError``; never return a reply that is not the model's own."""
        ...
