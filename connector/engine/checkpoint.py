"""Where a run with tools stands, as JSON text: written down before anything is changed in the world and when a person is asked.

    before its writes   the calls that are about to be made; after a crash they are not made again, since nobody knows what came of them
    after them          what came of them, so that a new attempt goes on from there
    while it waits      the model's turn with the calls that need a yes, and the results of the others
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from connector.catalogue.filling import Step
from connector.providers.base import Call, CallResult, Reply, Turn, Usage

Json = dict[str, Any]

UNSEEN = "was begun when the service was cut off; nobody knows whether it was done. It was not made again."


@dataclass
class State:
    """A run with tools between two calls of the model.

    ``reply``    the model's turn that is not answered yet, if there is one
    ``results``  what is known of its calls, by their place in it: what the model is told
    ``begun``    those of its calls that were begun and whose end is not written down
    """

    turns: list[Turn] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    warnings: list[str] = field(default_factory=list)
    rounds: int = 0
    calls: int = 0
    repaired: bool = False
    reply: Reply | None = None
    results: dict[int, str] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)

    def text(self) -> str:
        """It as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_state(text: str) -> State:
    """The state that ``text`` was written from."""
    found: Json = json.loads(text)
    return State(
        turns=[_turn(one) for one in found["turns"]],
        steps=[Step(**one) for one in found["steps"]],
        usage=Usage(**found["usage"]),
        warnings=found["warnings"],
        rounds=found["rounds"],
        calls=found["calls"],
        repaired=found["repaired"],
        reply=_reply(found["reply"]) if found["reply"] else None,
        results={int(place): told for place, told in found["results"].items()},
        begun=found["begun"],
    )


def _turn(found: Json) -> Turn:
    return Turn(_reply(found["reply"]), tuple(CallResult(**one) for one in found["results"]), found["note"])


def _reply(found: Json) -> Reply:
    lists = {"calls": tuple(Call(**one) for one in found["calls"]), "warnings": tuple(found["warnings"]), "replay": tuple(found["replay"])}
    return Reply(**{**found, **lists, "usage": Usage(**found["usage"])})


@dataclass(frozen=True)
class Asking:
    """A call that waits for a person's yes: its place in the model's turn, the tool, and the arguments as the model wrote them."""

    place: int
    tool: str
    title: str
    arguments: str


@dataclass(frozen=True)
class Decision:
    """What a person said: the places of the calls that may be made, and a ``note`` for the model. All others are refused."""

    approved: tuple[int, ...] = ()
    note: str = ""


def read_decision(found: Mapping[str, Any]) -> Decision:
    return Decision(tuple(found["approved"]), found["note"])


class Waiting(Exception):
    """The run goes no further until a person has said whether these calls may be made."""

    def __init__(self, asking: tuple[Asking, ...], state: State) -> None:
        super().__init__("a person is asked")
        self.asking, self.state = asking, state


class Memory(Protocol):
    """Keeps what a run must not forget when its process dies."""

    def recall(self) -> tuple[State, Decision | None] | None:
        """What an earlier attempt of this run has left, with what a person has said to it since; None when there is nothing."""
        ...

    def keep(self, state: State) -> None:
        """Write ``state`` down, before this returns; ``FormcallError`` when the run is no longer this process's."""
        ...


class Forgetful:
    """For runs that nobody keeps: the command line, evaluation."""

    def recall(self) -> tuple[State, Decision | None] | None:
        return None

    def keep(self, state: State) -> None:
        pass
