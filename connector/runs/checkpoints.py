"""Checkpoints of runs with tools, stored in the run's record so that they survive a crash."""

from __future__ import annotations

import json

from connector.engine.checkpoint import Checkpoint, Decision, parse_checkpoint, parse_decision
from connector.engine.run import Cancelled, Run
from connector.runs.budget import write_when_affordable
from connector.store.ledger.changes import SaveCheckpoint
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import RunSuperseded
from connector.store.runs import Runs


class StoredCheckpoints:
    """The checkpoints of one attempt of a recorded run."""

    def __init__(self, ledger: Ledger, records: Runs, run: Run, attempt: int) -> None:
        self._ledger = ledger
        self._records = records
        self._run = run
        self._attempt = attempt

    def load(self) -> tuple[Checkpoint, Decision | None] | None:
        """The checkpoint of an earlier attempt and the decision on it; None when there is none."""
        row = self._records.find(self._run.id) if self._attempt > 1 else None
        if row is None or not row.state:
            return None
        decision = parse_decision(json.loads(row.decision)) if row.decision else None
        return parse_checkpoint(row.state), decision

    def save(self, checkpoint: Checkpoint) -> None:
        """Write ``state``; ``Cancelled`` when another process has taken over the run."""
        change = SaveCheckpoint(self._run.id, self._attempt, checkpoint.to_json())
        try:
            write_when_affordable(self._ledger, change, self._run.deadline, wait_for_database=True)
        except RunSuperseded as error:
            raise Cancelled from error
