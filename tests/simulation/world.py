"""The world of a simulation: a disk, a provider, receivers, and one process after the other."""

from __future__ import annotations

import logging
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Engine as Database
from sqlalchemy import text

from connector.catalogue import Catalogue, load_catalogue
from connector.engine.engine import Engine
from connector.metrics import Metrics
from connector.providers.pricing.models import load_models
from connector.runs import execution
from connector.settings import REVIEW_EXPIRED, Settings
from connector.store.key_limits import KeyLimits
from connector.store.keys import Keys
from connector.store.ledger.statements import Statements
from connector.tools.toolbox import DECLARED
from tests.simulation import clock
from tests.simulation.disk import Disk
from tests.simulation.jobs import StoredJob
from tests.simulation.process import SECRET, Process
from tests.simulation.provider import SimulatedProvider
from tests.simulation.receivers import SimulatedOutbound
from tests.simulation.scheduler import Crash, Scheduler
from tests.simulation.tools import SimulatedTools

ANSWER = "answer_with_tools"
MAX_CRASHES = 4
_CRASHES_IN_TOOLS = 80  # of 1,000 calls that change something
_KEEP_SECONDS = 20.0  # of records, in some histories
_REVIEW_HOURS = (72.0, 72.0, 40 / 3_600, 5 / 3_600)  # that an answer or a call waits for a person
KEYS = {
    "free": KeyLimits(),
    "daily": KeyLimits(budget_day_nusd=30_000_000),
    "monthly": KeyLimits(budget_month_nusd=45_000_000),
    "narrow": KeyLimits(at_once=2, budget_run_nusd=20_000_000, budget_day_nusd=60_000_000),
}


class World:
    """What outlives a process. ``start`` begins a history; ``build`` makes it once for many."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(
            data_dir=folder / "data",
            engine="openai",
            openai_api_key="sk-simulated",
            openai_base_url="https://provider.example/v1",
            retired="error",
            max_in_flight=64,
            rows_at_once=4,
        )
        models = load_models()
        self.provider = SimulatedProvider(self.settings, models)
        self.tools = SimulatedTools()
        self.tools.after_booking = self._crash_sometimes
        self.engine = Engine(
            _catalogue(), self.provider, models, self.settings, self.tools.toolbox()
        )
        self.disk = Disk(folder)
        self.disk.create_template(self.settings, self._create_keys)
        self.statements = Statements(self.disk.engine.dialect)
        self.disk.on_commit = self._on_commit
        self.disk.check_alive = self._check_alive
        self.metrics = Metrics(self.engine.catalogue, lambda model: "", runs_in_progress=lambda: 0)

    def _create_keys(self, database: Database) -> None:
        keys = Keys(database, SECRET)
        for name, limits in KEYS.items():
            keys.create(name, ("actions", "tools"), limits)
        with database.begin() as connection:  # the same in every process
            connection.execute(text("UPDATE api_keys SET id = 'key_' || name"))

    # --- one history ---

    def start(self, seed: int) -> None:
        """Begin the history of ``seed``."""
        self.scheduler = Scheduler(random.Random(seed))
        self.scheduler.after_switch = self._bury
        clock.use(self.scheduler)
        self.provider.start_history(self.scheduler)
        self.tools.start_history(self.scheduler)
        self.outbound = SimulatedOutbound(self.scheduler)
        self.jobs: dict[str, StoredJob] = {}
        self.process: Process | None = None
        self.crashes = 0
        self.disk_is_full = False
        self.is_calm = False
        self.keep_days = self.scheduler.random.choice((30.0, 30.0, 30.0, _KEEP_SECONDS / 86_400))
        self.review_hours = self.scheduler.random.choice(_REVIEW_HOURS)
        self.review_expired = self.scheduler.random.choice(REVIEW_EXPIRED)
        # of 1,000 commits
        self.commit_faults = self.scheduler.random.choice((0, 20, 60))
        self.crash_faults = self.scheduler.random.choice((0, 5, 15))
        self.disk.reset()
        shutil.rmtree(self.settings.data_dir / "ends", ignore_errors=True)
        self.launch()

    def launch(self) -> None:
        """Start a process."""
        self.engine.settings = replace(
            self.settings,
            keep_days=self.keep_days,
            review_hours=self.review_hours,
            review_expired=self.review_expired,
        )
        self.process = Process(self, self.engine, self.engine.settings)
        self.process.launch()

    def calm_down(self) -> None:
        """From now on nothing goes wrong."""
        self.is_calm = True
        self.provider.calm = self.outbound.calm = self.tools.calm = True
        self.disk_is_full = False

    # --- faults ---

    def fault_point(self, name: str) -> None:
        """A moment at which the process may die."""
        if self._dice() < self.crash_faults:
            self.crash()

    def _crash_sometimes(self) -> None:
        if self._dice() < _CRASHES_IN_TOOLS:
            self.crash()

    def crash(self) -> None:
        """The process dies here, as with SIGKILL."""
        if self.is_calm or self.crashes >= MAX_CRASHES or self.process is None:
            return
        self.crashes += 1
        self.process.is_dead = True
        task = self.scheduler.current
        if task and task.owner is self.process:
            raise Crash

    def _dice(self) -> int:
        return self.scheduler.random.randrange(1_000)

    def _on_commit(self) -> str:
        self.fault_point("before the commit")
        if self.is_calm:
            return ""
        if self.disk_is_full:
            return "refused"
        dice = self._dice()
        if dice < self.crash_faults:
            # the commit takes effect, and the process dies before it learns of it
            self.crash_after_commit()
            return ""
        if dice < self.commit_faults:
            return "lost" if dice % 2 else "refused"
        return ""

    def crash_after_commit(self) -> None:
        """The process is dead, but what it has just asked for is still done."""
        if self.crashes < MAX_CRASHES and self.process is not None:
            self.crashes += 1
            self.process.is_dead = True

    def _check_alive(self) -> None:
        """A connection belongs to the running process, since each dies with its own."""
        if self.process and self.process.is_dead:
            raise Crash

    def _bury(self) -> None:
        """End everything of a process that has died, and start the next one soon."""
        process = self.process
        if process is None or not process.is_dead:
            return
        self.scheduler.kill(process)
        self.disk.disconnect()
        self.process = None
        delay = self.scheduler.random.choice((0.5, 3.0, 30.0))
        self.scheduler.spawn(None, self.launch, delay=delay)


def _catalogue() -> Catalogue:
    """The prebuilt actions; the one with tools has only those that the operator declares."""
    actions = dict(load_catalogue())
    actions[ANSWER] = replace(actions[ANSWER], tools=(DECLARED,))
    return Catalogue(list(actions.values()))


@contextmanager
def _silenced(logger: logging.Logger) -> Iterator[None]:
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def simulated_world() -> Iterator[World]:
    """A world for any number of histories, in a folder in memory where there is one."""
    shared_memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shared_memory if shared_memory.is_dir() else None))
    try:
        with ExitStack() as stack:
            for name in ("formcall", "sqlalchemy.pool"):
                stack.enter_context(_silenced(logging.getLogger(name)))
            world = World(folder)
            stack.enter_context(clock.simulated_clock())
            metrics: Any = lambda *args, **options: world.metrics  # noqa: E731  stands in for a class
            stack.enter_context(mock.patch.object(execution, "Metrics", metrics))
            yield world
            world.disk.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
