"""The job engine of a simulation: jobs and the results of their steps survive the process.

As with the real one, a step whose process died before its result was stored is run again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from connector.durable.dbos_adapter import MAX_RECOVERIES, StepAborted
from connector.durable.queue import _run
from connector.durable.steps import Steps
from connector.errors import FormcallError
from tests.simulation.scheduler import Scheduler, Signal


@dataclass
class StoredJob:
    name: str
    args: str  # JSON
    state: str = "pending"
    steps: list[Any] = field(default_factory=list)
    recoveries: int = 0


class SimulatedSteps(Steps):
    """Steps over the results in a ``StoredJob``; ``fault`` may end the process after a step."""

    def __init__(self, id: str, queue: SimulatedJobs) -> None:
        super().__init__(id, queue, queue.stopping)  # type: ignore[arg-type]
        self._stored = queue.stored[id].steps
        self._next = 0
        self._queue = queue

    def _run_step(self, name: str, function: Callable[[], Any]) -> Any:
        self._queue.check_alive()
        number, self._next = self._next, self._next + 1
        if number == len(self._stored):
            result = function()
            self._queue.after_step()
            self._queue.check_alive()
            self._stored.append(result)
        return json.loads(json.dumps(self._stored[number]))


class SimulatedJobs:
    """Stands in for ``JobQueue`` in one process; ``stored`` outlives it."""

    host = "local"
    role = "all"
    executes = True
    is_single_process = True

    def __init__(
        self, scheduler: Scheduler, owner: Any, stored: dict[str, StoredJob], stopping: Any
    ) -> None:
        self.stored = stored
        self.stopping = stopping
        self.after_step: Callable[[], None] = lambda: None
        self._scheduler = scheduler
        self._owner = owner
        self._jobs: dict[str, tuple[Callable[..., Any], int]] = {}
        self._changed = Signal()

    def check_alive(self) -> None:
        self._owner.check_alive()

    def register(
        self,
        name: str,
        job: Callable[..., Any],
        *,
        queue: str = "",
        max_recoveries: int = MAX_RECOVERIES,
    ) -> None:
        self._jobs[name] = (job, max_recoveries)

    def queue(self, name: str, **limits: object) -> None:
        pass

    def launch(self) -> None:
        """Continue the jobs of an earlier process."""
        for job_id, job in self.stored.items():
            if job.state == "pending":
                job.recoveries += 1
                if job.recoveries > self._jobs[job.name][1]:
                    job.state = "failed"
                else:
                    self._spawn(job_id)

    def start(self, name: str, id: str, *args: Any) -> None:
        self.check_alive()
        if id not in self.stored:
            self.stored[id] = StoredJob(name, json.dumps(args))
            self._spawn(id)

    def enqueue(
        self,
        queue: str,
        name: str,
        id: str,
        *args: Any,
        key: str | None = None,
        delay: float = 0,
    ) -> None:
        self.start(name, id, *args)

    def status(self, id: str) -> str | None:
        self.check_alive()
        job = self.stored.get(id)
        return job.state if job else None

    def statuses(self, ids: Iterable[str]) -> dict[str, str]:
        self.check_alive()
        return self.states(ids)

    def states(self, ids: Iterable[str]) -> dict[str, str]:
        return {one: self.stored[one].state for one in ids if one in self.stored}

    def prune(self, older_than: object) -> int:
        return 0

    def _spawn(self, id: str) -> None:
        delay = self._scheduler.random.uniform(0.01, 0.5)
        self._scheduler.spawn(self._owner, lambda: self._execute(id), delay=delay)

    def _execute(self, id: str) -> None:
        stored = self.stored[id]
        job = self._jobs[stored.name][0]
        try:
            _run(job, SimulatedSteps(id, self), tuple(json.loads(stored.args)))
            state = "done"
        except FormcallError:
            state = "failed"
        except StepAborted:
            return
        self.check_alive()
        stored.state = state
