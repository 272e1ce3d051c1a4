"""What a run with tools must not forget when its process dies, kept in its record; and what a person says to one that asks."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from connector.engine.state import Decision, State, read_decision, read_state
from connector.engine.turns import Cancelled, Run
from connector.jobs.purse import patiently
from connector.store.journal import Journal
from connector.store.notes import Gone, Keep
from connector.store.runs import Runs

Json = dict[str, Any]


class StoredMemory:
    """The memory of one attempt of a run that is recorded."""

    def __init__(self, journal: Journal, records: Runs, run: Run, attempt: int) -> None:
        self._journal, self._records, self._run, self._attempt = journal, records, run, attempt

    def recall(self) -> tuple[State, Decision | None] | None:
        row = self._records.find(self._run.id) if self._attempt > 1 else None
        if row is None or not row.state:
            return None
        return read_state(row.state), read_decision(json.loads(row.decision)) if row.decision else None

    def keep(self, state: State) -> None:
        try:
            patiently(self._journal, Keep(self._run.id, self._attempt, state.text()), self._run.deadline, for_database=True)
        except Gone as gone:
            raise Cancelled from gone


def written_decision(decision: Decision) -> str:
    """A decision as it is kept."""
    return json.dumps(asdict(decision), ensure_ascii=False)


def asked_calls(row: Any) -> list[int]:
    """The numbers, from 1, of the calls that a waiting run asks about."""
    body: Json = json.loads(row.answer or "{}")
    return [one["call"] for one in body.get("approvals", [])]
