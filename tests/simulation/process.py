"""One process of the simulated service: the real parts of ``connector.service``, on the world."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

from connector.engine.engine import Engine
from connector.runs.rate_limits import RateLimits
from connector.runs.recovery import Recovery
from connector.runs.reviews import Reviews
from connector.runs.runner import Runner
from connector.service import Service
from connector.settings import Settings
from connector.store.batches import Batches
from connector.store.deliveries import Deliveries, signing_secret
from connector.store.hook_refusals import HookRefusals
from connector.store.hooks import Hooks
from connector.store.keys import Keys
from connector.store.ledger.changes import Change, T
from connector.store.ledger.group_commit import Ledger
from connector.store.retention import Retention
from connector.store.runs import Runs
from connector.store.subscriptions import Subscriptions
from connector.webhooks.sender import WebhookSender, parse_retries
from tests.simulation.jobs import SimulatedJobs
from tests.simulation.scheduler import Crash, Scheduler
from tests.simulation.waiting import (
    SimulatedCondition,
    SimulatedEvent,
    SimulatedLock,
    SimulatedPool,
    SimulatedTimers,
)

if TYPE_CHECKING:
    from tests.simulation.world import World

_MAINTENANCE_SECONDS = 30.0
_NO_DEFAULT = (dataclasses.MISSING, dataclasses.MISSING)
_UNUSED = mock.MagicMock()
SECRET = b"0123456789abcdef0123456789abcdef"


def _unused_parts() -> dict[str, Any]:
    """Stand-ins for the parts of a service that need a value and that no history uses."""
    return {
        part.name: _UNUSED
        for part in dataclasses.fields(Service)
        if part.init and (part.default, part.default_factory) == _NO_DEFAULT
    }


class SimulatedLedger(Ledger):
    """The ledger; its writers wait on the clock of the simulation, so groups of them form."""

    scheduler: Scheduler
    moment = 0.02  # the longest time that a writer needs before it writes

    def write(self, change: Change[T]) -> T:
        change.wake = SimulatedLock(self.scheduler)  # type: ignore[assignment]
        self._pause()
        return super().write(change)

    def _lead(self, own: Change[Any]) -> None:
        self._pause()  # meanwhile others queue their changes
        super()._lead(own)

    def _pause(self) -> None:
        self.scheduler.sleep(self.scheduler.random.choice((0.0, self.moment)))


class Process:
    """A process from its start to its death. ``check_alive`` raises ``Crash`` after that."""

    def __init__(self, world: World, engine: Engine, settings: Settings) -> None:
        self.is_dead = False
        self._world = world
        self._scheduler = world.scheduler
        self.service = self._build(engine, settings)

    def check_alive(self) -> None:
        if self.is_dead:
            raise Crash

    def _build(self, engine: Engine, settings: Settings) -> Service:
        database = self._world.disk.engine
        scheduler = self._scheduler
        stopping: Any = SimulatedEvent(scheduler)
        jobs: Any = SimulatedJobs(scheduler, self, self._world.jobs, stopping)
        jobs.after_step = partial(self._world.fault_point, "step")
        ledger = SimulatedLedger(database)
        ledger._statements = self._world.statements  # compiled once for all histories
        ledger.scheduler = scheduler
        ledger.budget_freed = SimulatedCondition(scheduler)  # type: ignore[assignment]
        ledger.messages_ready = SimulatedEvent(scheduler)  # type: ignore[assignment]
        keys = Keys(database, SECRET)
        records = Runs(database, SECRET)
        runner = self._runner(engine, ledger, records, keys)
        deliveries = Deliveries(database)
        subscriptions = Subscriptions(database, SECRET)
        sender = WebhookSender(
            deliveries,
            subscriptions,
            self._world.outbound,  # type: ignore[arg-type]
            secret_for=partial(signing_secret, SECRET),
            retries=parse_retries("5,60,600,3600,3600,3600,3600,3600,3600,3600"),
            wake=ledger.messages_ready,
        )
        sender._pool = SimulatedPool(scheduler, self)  # type: ignore[assignment]
        parts: dict[str, Any] = {
            "settings": settings,
            "role": "all",
            "database": database,
            "catalogue": engine.catalogue,
            "models": engine.models,
            "engine": engine,
            "keys": keys,
            "records": records,
            "ledger": ledger,
            "runner": runner,
            "jobs": jobs,
            "recovery": Recovery(runner),
            "rate_limits": RateLimits(settings, database),
            "hooks": Hooks(database, SECRET),
            "hook_refusals": HookRefusals(database, stores_text=True),
            "subscriptions": subscriptions,
            "deliveries": deliveries,
            "webhook_sender": sender,
            "batches": Batches(database, keep_texts=True, on_messages=ledger.messages_ready.set),
            "stopping": stopping,
            "reviews": Reviews(engine, ledger, records),
        }
        return Service(**{**_unused_parts(), **parts})

    def _runner(self, engine: Engine, ledger: Ledger, records: Runs, keys: Keys) -> Runner:
        runner = Runner(engine, ledger, records, keys, host="local")
        runner._pool = SimulatedPool(self._scheduler, self)  # type: ignore[assignment]
        runner._timers = SimulatedTimers(self._scheduler, self)  # type: ignore[assignment]
        closing: Any = SimulatedEvent(self._scheduler)
        runner._closing = runner._executor._closing = closing
        runner.admission.outbound = self._world.outbound  # type: ignore[assignment]
        return runner

    def launch(self) -> None:
        """What ``Service.launch`` does, with tasks of the simulation as its threads."""
        service = self.service
        jobs: Any = service.jobs
        service._declare_jobs()
        service.runner.queue.jobs = jobs
        jobs.launch()
        self._scheduler.spawn(self, self._recover)
        self._scheduler.spawn(self, service.webhook_sender._poll)

    def _recover(self) -> None:
        """What ``launch`` and ``_maintain`` of the service do; a round that fails is repeated.

        Most histories delete nothing: looking for it would take a third of the time.
        """
        service = self.service
        retention = Retention(service.database, service.stopping)
        while True:
            try:
                service.recovery.recover_host("local")
                service._recover()
                break
            except Exception:
                self._scheduler.sleep(1.0)
        while True:
            self._scheduler.sleep(_MAINTENANCE_SECONDS)
            try:
                service.recovery.recover_own("local")
                service.recovery.settle_expired()
                service.reviews.expire_due()
                service._recover()
                if service.settings.keep_days < 1:
                    retention.run_due(service.settings)
            except Exception:
                pass  # the next round tries again
