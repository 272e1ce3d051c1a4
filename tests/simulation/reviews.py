"""People who decide on the answers that runs wait with, and who say later whether one was right.

They decide at random, sometimes two at once, on a page that they opened long before, and also on
runs that nobody told them of. Some answers are decided on by nobody until their time is over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.responses import require_run
from connector.runs.reviews import Feedback, ReviewDecision
from connector.service import Service
from connector.store.ledger.records import NEEDS_REVIEW

if TYPE_CHECKING:
    from tests.simulation.history import History

POLICIES = ("always", "always", "unsure", "checks")
_KINDS = ("accept", "accept", "correct", "refuse")
_MAX_DECISIONS = 4  # of one person about one run
CORRECTIONS: dict[str, Json] = {
    "classify": {"category": "technical"},
    "answer_with_tools": {"answer": "Two seats are booked."},
}
_INVALID: Json = {"category": "nonsense", "seats": 2}


@dataclass
class Statement:
    """A decision on the answer of an attempt, or feedback on an answer. ``by`` is unique.

    ``answer`` is what its sender was told: "accepted", "rejected", or "" for nothing certain.
    """

    run_id: str
    attempt: int
    kind: str
    by: str
    values: Json
    answer: str = ""

    @property
    def may_count(self) -> bool:
        return self.answer != "rejected"


class Reviewer:
    """Any number of people."""

    def __init__(self, history: History) -> None:
        self.decisions: list[Statement] = []
        self.feedback: list[Statement] = []
        self._history = history
        self._random = history.world.scheduler.random

    def follow(self, run_id: str) -> None:
        """Decide while the answer waits, unless the person gives up; then give feedback."""
        for _ in range(_MAX_DECISIONS):
            if self._random.random() < 0.25:
                return  # nobody decides
            if self._random.random() < 0.4:
                self._history.spawn_client(partial(self.decide, run_id))
            if self.decide(run_id):
                break
            self._history.world.scheduler.sleep(self._random.uniform(0.5, 10))
        if self._random.random() < 0.3:
            self._history.spawn_client(partial(self.judge, run_id))

    def work_off(self) -> None:
        """Decide on whatever waits now, whoever asked for it."""
        waiting = "SELECT id FROM runs WHERE status = ? AND proposed IS NOT NULL ORDER BY id"
        for row in self._history.world.disk.query(waiting, NEEDS_REVIEW):
            self.decide(row["id"])

    def decide(self, run_id: str) -> bool:
        """Send a decision; whether the person knows that the run is decided on."""
        return self._send(self.decisions, partial(self._decide, run_id))

    def judge(self, run_id: str) -> None:
        """Say whether the answer was right."""
        self._send(self.feedback, partial(self._judge, run_id))

    def _send(self, statements: list[Statement], send: Any) -> bool:
        sent: list[Statement] = []
        answer = self._history.call(partial(send, sent))
        for statement in sent:
            if answer == "accepted":
                statement.answer = "accepted"
            elif isinstance(answer, FormcallError) and answer.code in {"conflict", "invalid_input"}:
                statement.answer = "rejected"
            self._history.log.append(f"{statement.run_id}: {statement.kind} {statement.answer}")
        statements.extend(sent)
        return isinstance(answer, str) or getattr(answer, "code", "") == "conflict"

    def _decide(self, run_id: str, sent: list[Statement], service: Service) -> str:
        row = require_run(service.records, run_id)
        if row.status != NEEDS_REVIEW or row.proposed is None:
            return "nothing waits"
        self._history.world.scheduler.sleep(self._random.choice((0.0, 0.0, 1.0, 45.0)))
        kind = self._random.choice(_KINDS)
        values: Json = {}
        if kind == "correct":
            values = _INVALID if self._random.random() < 0.1 else CORRECTIONS[row.action]
        by = f"person {len(self.decisions)} {self._random.random()}"
        sent.append(Statement(run_id, row.attempt, kind, by, values))
        service.decide(row, ReviewDecision(kind, by, values=values))
        return "accepted"

    def _judge(self, run_id: str, sent: list[Statement], service: Service) -> str:
        row = require_run(service.records, run_id)
        verdict = self._random.choice(("right", "wrong"))
        values = CORRECTIONS[row.action] if verdict == "wrong" else {}
        by = f"person {len(self.feedback)} {self._random.random()}"
        sent.append(Statement(run_id, row.attempt, verdict, by, values))
        service.reviews.save_feedback(row, Feedback(verdict, by, values=values))
        return "accepted"


def is_answer_to_review(body: str) -> bool:
    """Whether the response of a run that waits is about its answer, and not about tool calls."""
    return not json.loads(body)["approvals"]
