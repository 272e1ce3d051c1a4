"""One history: what callers do, what goes wrong meanwhile, and the rest that follows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy.exc import DBAPIError

from connector.batches.request import read_batch_request
from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.responses import RunResponse
from connector.service import Service
from connector.store.batches import Progress
from connector.store.keys import Key
from connector.store.ledger.records import NEEDS_REVIEW
from tests.simulation.approvals import Approver, Decision
from tests.simulation.callers import SimulatedCaller
from tests.simulation.reviews import POLICIES, Reviewer, is_answer_to_review
from tests.simulation.tools import BOOK, LOOK
from tests.simulation.world import ANSWER, KEYS, World

MINUTES = 3  # in which callers come and faults happen
_ROUNDS = 40  # of rest, until everything has ended
_REST_SECONDS = 2_000.0
_CALLER_SECONDS = 90.0  # a caller waits no longer for an answer
_FORM = {"categories": "billing: invoices and charges\ntechnical: errors and crashes"}
_ASKS_BEFORE = ("writes", "writes", "all", "never")
_SUBSCRIPTIONS = {"free": "run.completed", "daily": "run.failed"}


class History:
    """The history of a seed. ``told`` is {run id: the answers that callers were given of it}."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.seed = seed
        self.told: dict[str, list[RunResponse]] = {}
        self.promised: set[str] = set()  # their callers were given only the id
        self._unrecorded: set[str] = set()
        self.batches: set[str] = set()
        self.decisions: list[Decision] = []
        self.asks_before: dict[str, str] = {}  # of runs with tools, by their mark
        self.policies: dict[str, str] = {}  # which answers wait for a person, by mark
        self.clock_jumps = False
        self.log: list[str] = []
        self._marks = 0
        world.start(seed)
        self._random = world.scheduler.random
        self._spawn = world.scheduler.spawn
        self.keys: dict[str, Key] = {}
        self._approver = Approver(self)
        self.reviewer = Reviewer(self)

    def run(self) -> None:
        """Run the history to its rest; ``AssertionError`` when it does not come to rest."""
        assert self.world.process
        keys = self.world.process.service.keys
        self.keys = {name: keys.by_name(name) for name in KEYS}
        self._plan()
        self.world.scheduler.run(MINUTES * 60.0)
        self.world.calm_down()
        for _ in range(_ROUNDS):
            self.world.scheduler.run(self.world.scheduler.elapsed + 65.0)
            if self._is_at_rest():
                return
            self._resume_batches()
            self._skip(_REST_SECONDS)
        raise AssertionError(f"not at rest: {[tuple(row) for row in self._open_work()]}")

    def digest(self) -> str:
        """The same for two equal histories: of all that was stored, and that callers heard."""
        query = self.world.disk.query
        tables = ("runs", "ledger", "spending", "batches", "deliveries", "witness")
        rows = [tuple(row) for table in tables for row in query(f"SELECT * FROM {table}")]
        return hashlib.sha256(repr([*rows, *self.log]).encode()).hexdigest()[:16]

    def _plan(self) -> None:
        random = self._random
        for _ in range(random.randint(3, 7)):
            self._at_random(self._caller(self._post_run))
        for _ in range(random.choice((0, 1, 1, 2))):
            self._at_random(self._caller(self._post_run_with_tools))
        if random.random() < 0.6:
            self._at_random(self._caller(self._post_batch))
        for _ in range(random.choice((0, 1, 2))):
            self._at_random(self.world.crash)
        if random.random() < 0.3:
            self._at_random(self._fill_disk)
        if random.random() < 0.3:
            self._at_random(self._jump_clock)
        if random.random() < 0.3:
            self._at_random(self.reviewer.work_off)
        if random.random() < 0.3:
            self._at_random(self._subscribe)

    def _at_random(self, run: Callable[[], object]) -> None:
        # most callers come at about the same time, so that their runs meet
        limit = self._random.choice((5.0, 5.0, 60.0, 180.0))
        self._spawn(None, run, delay=self._random.uniform(0.1, limit))

    def _caller(self, run: Callable[[str], object]) -> Callable[[], object]:
        self._marks += 1
        mark = f"t{self._marks}"
        return lambda: run(mark)

    # --- the rest ---

    def _skip(self, seconds: float) -> None:
        """Let time pass in which nothing is polled."""
        self.world.scheduler.elapsed += seconds

    def _open_work(self) -> list[Any]:
        return self.world.disk.query(
            "SELECT 'run', id, status FROM runs "
            "WHERE status IN ('queued', 'running') OR reserved_nusd <> 0 "
            "UNION ALL SELECT 'batch', id, status FROM batches WHERE ended_ms IS NULL "
            "UNION ALL SELECT 'message', id, state FROM deliveries WHERE state = 'waiting' "
            "UNION ALL SELECT 'review', id, status FROM runs "
            "WHERE status = 'needs_review' AND review_until_ms < ?",
            round(self.world.scheduler.wall * 1_000),
        )

    def _is_at_rest(self) -> bool:
        is_running = bool(self.world.process)
        return is_running and not self._open_work()

    def _resume_batches(self) -> None:
        for row in self.world.disk.query("SELECT id, code FROM batches WHERE status = 'paused'"):
            is_broke = row["code"] == "budget_exceeded"
            self._spawn(None, partial(self._resume, row["id"], is_broke))

    def _resume(self, batch_id: str, is_broke: bool) -> None:
        if is_broke:
            self.call(lambda service: service.batch_runner.cancel(batch_id))
        else:
            self.call(lambda service: service.batch_runner.resume(batch_id))

    # --- faults ---

    def _fill_disk(self) -> None:
        self.world.disk_is_full = True
        self.world.scheduler.sleep(self._random.choice((1.0, 5.0, 40.0)))
        self.world.disk_is_full = False

    def _jump_clock(self) -> None:
        self.clock_jumps = True
        self.world.scheduler.wall_offset += self._random.choice((-3_600, 3_600, -30, 30))

    # --- callers ---

    def spawn_client(self, run: Callable[[], object]) -> None:
        """Somebody else does something soon."""
        self._spawn(None, run, delay=self._random.choice((0.01, 1.0, 5.0)))

    def call(self, run: Callable[[Service], Any]) -> Any:
        """The service's answer: a value, or an error; None when no answer arrives."""
        return self._request(lambda service, caller: run(service))

    def _request(self, run: Callable[[Service, SimulatedCaller], Any]) -> Any:
        """The same for a request that may be answered early."""
        process = self.world.process
        if process is None or process.is_dead:
            self.world.scheduler.sleep(1.0)
            return None
        caller = SimulatedCaller()

        def handle() -> None:
            try:
                answer = run(process.service, caller)
            except (FormcallError, DBAPIError) as error:
                answer = error
            process.check_alive()
            caller.receive(answer)

        self._spawn(process, handle)
        self.world.scheduler.wait(caller.answered, _CALLER_SECONDS)
        is_lost = self._random.random() < 0.05 and not self.world.is_calm
        return None if is_lost else caller.answer

    def _post_run(self, mark: str) -> None:
        self._post(mark, "classify", {**_FORM, "text": f"I was charged twice [{mark}]."})

    def _post_run_with_tools(self, mark: str) -> None:
        form: Json = {"question": f"Book two seats [{mark}].", "tools": f"{BOOK}, {LOOK}"}
        form["effort"] = "low"
        form["approve"] = self.asks_before[mark] = self._random.choice(_ASKS_BEFORE)
        self._post(mark, ANSWER, form)

    def _post(self, mark: str, action: str, form: Json) -> None:
        random = self._random
        key = self.keys[random.choice(list(KEYS))]
        form["tag"] = mark
        form["wait_seconds"] = random.choice((0, 1, 5, 25, 60))
        if random.random() < 0.3:
            form["review"] = self.policies[mark] = random.choice(POLICIES)
        if random.random() < 0.6:
            form["idempotency_key"] = f"key-{mark}"
            if random.random() < 0.3:  # the request is delivered twice
                again = partial(self._send, key, action, form)
                self._spawn(None, again, delay=random.uniform(0, 20))
        if random.random() < 0.6:
            form["callback_url"] = f"https://receiver.example/{mark}"
        self._send(key, action, form)

    def _send(self, key: Key, action: str, form: Json) -> None:
        for _ in range(4 if "idempotency_key" in form else 1):
            answer = self._request(
                lambda service, caller: service.run(key, action, form, early=caller)
            )
            if isinstance(answer, RunResponse):
                self.heard(answer)
                return self._follow(answer)
            self.log.append(f"{form['tag']}: {getattr(answer, 'code', type(answer).__name__)}")
            self.world.scheduler.sleep(self._random.uniform(0.5, 10))
        return None

    def heard(self, answer: RunResponse) -> None:
        self.told.setdefault(answer.id, []).append(answer)
        if answer.is_open and answer.code:  # it says that nothing can be promised now
            self._unrecorded.add(answer.id)
        elif answer.is_open and answer.id not in self._unrecorded:
            self.promised.add(answer.id)
        self.log.append(f"{answer.id}: {answer.status} {answer.code}")

    def _follow(self, answer: RunResponse) -> None:
        """The caller waits for the end, cancels the run, or retries one that has failed."""
        choice = self._random.random()
        if answer.status == NEEDS_REVIEW:
            self.attend(answer)
        elif answer.is_open and choice < 0.15:
            self.world.scheduler.sleep(self._random.uniform(0, 5))
            self.call(lambda service: service.runner.cancel(answer.id))
        elif answer.is_open and choice < 0.8:
            later = self.call(lambda service: service.runner.wait(answer.id, 60))
            if isinstance(later, RunResponse):
                self.heard(later)
                if later.status == NEEDS_REVIEW:
                    self.attend(later)
        elif not answer.is_open and answer.code and choice < 0.5:
            later = self.call(lambda service: service.runner.retry(answer.id))
            if isinstance(later, RunResponse):
                self.heard(later)

    def attend(self, answer: RunResponse) -> None:
        """People decide on what a run waits for."""
        if is_answer_to_review(answer.body):
            self.reviewer.follow(answer.id)
        else:
            self._approver.follow(answer.id)

    def _post_batch(self, mark: str) -> None:
        random = self._random
        rows = [
            {"text": f"I was charged [{mark}{number:02}].", "tag": f"{mark}{number:02}"}
            for number in range(random.randint(1, 6))
        ]
        fields: Json = {
            "action": "classify",
            "rows": rows,
            "fixed": json.dumps(_FORM),
            "idempotency_key": mark,
            "callback_url": f"https://receiver.example/{mark}",
        }
        if random.random() < 0.3:
            fields["budget_usd"] = 0.03
        key = self.keys[random.choice(list(KEYS))]
        request = read_batch_request(fields)
        for _ in range(4):
            answer = self.call(lambda service: service.batch_runner.add(key, request))
            if isinstance(answer, Progress):
                self.batches.add(answer.batch.id)
                return self._follow_batch(answer.batch.id)
            self.world.scheduler.sleep(random.uniform(0.5, 10))
        return None

    def _follow_batch(self, batch_id: str) -> None:
        choice = self._random.random()
        self.world.scheduler.sleep(self._random.uniform(0, 60))
        if choice < 0.15:
            self.call(lambda service: service.batch_runner.cancel(batch_id))
        elif choice < 0.3:
            self.call(lambda service: service.batches.pause(batch_id, "paused", "By its owner."))
            self.world.scheduler.sleep(self._random.uniform(0, 30))
            self.call(lambda service: service.batch_runner.resume(batch_id))
        elif choice < 0.5:
            self.world.scheduler.sleep(60)
            self.call(lambda service: service.batch_runner.retry(batch_id))

    def _subscribe(self) -> None:
        for name, event in _SUBSCRIPTIONS.items():
            key, url = self.keys[name], f"https://receiver.example/{name}"
            self.call(partial(_subscribe, key, event, url))


def _subscribe(key: Key, event: str, url: str, service: Service) -> object:
    return service.subscriptions.subscribe(key.id, event, url)
