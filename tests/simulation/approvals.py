"""People who decide on the tool calls that runs wait for, at random and sometimes two at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.errors import FormcallError
from connector.runs.responses import RunResponse
from connector.service import Service
from connector.store.ledger.records import NEEDS_REVIEW
from tests.simulation.reviews import is_answer_to_review

if TYPE_CHECKING:
    from tests.simulation.history import History

_MAX_DECISIONS = 6  # of one person about one run


@dataclass
class Decision:
    """A decision that was sent, on the seats whose calls ``attempt`` of a run waits for.

    ``answer`` is what its sender was told: "accepted", "rejected", or "" for nothing certain.
    """

    run_id: str
    mark: str
    attempt: int
    approved: frozenset[int]
    refused: frozenset[int]
    answer: str = ""

    @property
    def may_count(self) -> bool:
        return self.answer != "rejected"


class Approver:
    """One person."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._random = history.world.scheduler.random

    def follow(self, run_id: str) -> None:
        """Decide for as long as the run waits, unless the person gives up."""
        for _ in range(_MAX_DECISIONS):
            if self._random.random() < 0.1:
                return  # its calls are never decided on
            if self._random.random() < 0.4:
                self._history.spawn_client(partial(self._decide, run_id))
            answer = self._decide(run_id)
            if isinstance(answer, RunResponse) and answer.status != NEEDS_REVIEW:
                return
            if isinstance(answer, RunResponse) and is_answer_to_review(answer.body):
                self._history.attend(answer)
                return
            self._history.world.scheduler.sleep(self._random.uniform(0.5, 10))

    def _decide(self, run_id: str) -> Any:
        sent: list[Decision] = []
        answer = self._history.call(partial(self._resolve, run_id, sent))
        for decision in sent:
            if isinstance(answer, RunResponse):
                decision.answer = "accepted"
            elif isinstance(answer, FormcallError) and answer.code == "conflict":
                decision.answer = "rejected"
        if isinstance(answer, RunResponse):
            self._history.heard(answer)
        return answer

    def _resolve(self, run_id: str, sent: list[Decision], service: Service) -> RunResponse:
        row = service.records.find(run_id)
        if row is None or row.status != NEEDS_REVIEW or row.proposed is not None:
            return service.runner.resolve_approval(run_id, approved=None, note="", seconds=0)
        calls = {
            call["call"]: json.loads(call["arguments"])["seat"]
            for call in json.loads(row.answer or "{}")["approvals"]
        }
        approved = self._random.choice((list(calls), [], self._some(list(calls))))
        seats = frozenset(calls[number] for number in approved)
        refused = frozenset(calls.values()) - seats
        sent.append(Decision(run_id, str(row.tag), row.attempt, seats, refused))
        self._history.decisions.extend(sent)
        return service.runner.resolve_approval(
            run_id, approved=approved, note="", seconds=self._random.choice((0, 5, 60))
        )

    def _some(self, numbers: list[int]) -> list[int]:
        return [number for number in numbers if self._random.random() < 0.5]
