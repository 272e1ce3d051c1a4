"""The state of a run with tools between two model calls, stored as JSON text.

It is stored before and after anything is changed outside, and when a person has to approve calls:

before writes   with the calls that are about to be made. After a crash they are not made again,
                since their result is unknown.
after writes    with the results, so that a new attempt continues from there.
while waiting   with the model's turn that has calls to approve, and the results of its others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from connector.catalogue.derived import ToolStep
from connector.json_types import Json
from connector.providers.base import Call, CallResult, Reply, Turn, Usage

RESULT_UNKNOWN = (
    "had started when the service was interrupted; its result is unknown. It was not repeated."
)


@dataclass
class Checkpoint:
    """A run with tools between two model calls.

    ``reply``    the model's turn that is not answered yet, if there is one
    ``results``  the known results of its calls, by index: the text for the model
    ``started``  the indexes of its calls that were started and have no stored result
    """

    turns: list[Turn] = field(default_factory=list)
    steps: list[ToolStep] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    warnings: list[str] = field(default_factory=list)
    rounds: int = 0
    calls: int = 0
    repaired: bool = False
    reply: Reply | None = None
    results: dict[int, str] = field(default_factory=dict)
    started: list[int] = field(default_factory=list)

    def to_json(self) -> str:
        """The stored text; ``parse_checkpoint`` reads it."""
        content = asdict(self)
        content["begun"] = content.pop("started")  # the key in stored checkpoints
        return json.dumps(content, ensure_ascii=False)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that ``to_json`` wrote as ``text``."""
    content: Json = json.loads(text)
    return Checkpoint(
        turns=[_turn(turn) for turn in content["turns"]],
        steps=[ToolStep(**step) for step in content["steps"]],
        usage=Usage(**content["usage"]),
        warnings=content["warnings"],
        rounds=content["rounds"],
        calls=content["calls"],
        repaired=content["repaired"],
        reply=_reply(content["reply"]) if content["reply"] else None,
        results={int(index): result for index, result in content["results"].items()},
        started=content["begun"],
    )


def _turn(content: Json) -> Turn:
    results = tuple(CallResult(**result) for result in content["results"])
    return Turn(_reply(content["reply"]), results, content["note"])


def _reply(content: Json) -> Reply:
    return Reply(
        **{
            **content,
            "calls": tuple(Call(**call) for call in content["calls"]),
            "warnings": tuple(content["warnings"]),
            "replay": tuple(content["replay"]),
            "usage": Usage(**content["usage"]),
        }
    )


@dataclass(frozen=True)
class PendingCall:
    """A call that waits for approval.

    ``index``      its position in the model's turn, from 0
    ``arguments``  the JSON text as the model wrote it
    """

    index: int
    tool: str
    title: str
    arguments: str


@dataclass(frozen=True)
class Decision:
    """A person's decision: the indexes of the approved calls, and a ``note`` for the model.

    All other calls are refused.
    """

    approved: tuple[int, ...] = ()
    note: str = ""


def parse_decision(content: Mapping[str, Any]) -> Decision:
    return Decision(tuple(content["approved"]), content["note"])


class ApprovalRequired(Exception):
    """The run cannot continue until a person has approved or refused the ``pending`` calls."""

    def __init__(self, pending: tuple[PendingCall, ...], checkpoint: Checkpoint) -> None:
        super().__init__("calls wait for approval")
        self.pending = pending
        self.checkpoint = checkpoint


class CheckpointStore(Protocol):
    """Stores the checkpoints of one run, so that it survives the end of its process."""

    def load(self) -> tuple[Checkpoint, Decision | None] | None:
        """The checkpoint of an earlier attempt and the decision made since, or None."""
        ...

    def save(self, checkpoint: Checkpoint) -> None:
        """Store ``checkpoint`` before returning.

        ``FormcallError`` when another process has taken the run over.
        """
        ...


class NullCheckpoints:
    """For runs that are not stored: the command line, evaluation."""

    def load(self) -> tuple[Checkpoint, Decision | None] | None:
        return None

    def save(self, checkpoint: Checkpoint) -> None:
        pass
