"""All that carries runs out, put together once for a process: the store, the runner, and the durable jobs over them."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Engine as Database

from connector.catalogue import Catalogue, load_catalogue
from connector.engine.run import Engine
from connector.jobs.batches import BatchRunner
from connector.jobs.deliveries import TRY_SECONDS, Deliverer, read_retries
from connector.jobs.durable import Durable, Role, host_name
from connector.jobs.economy import Economy
from connector.jobs.gauges import Gauges
from connector.jobs.rates import Rates
from connector.jobs.recovery import Recovery
from connector.jobs.runner import Runner
from connector.jobs.steps import Steps
from connector.jobs.watch import Watch
from connector.providers.factory import make_provider
from connector.providers.models import Models, load_models
from connector.settings import Settings
from connector.store.batches import Batches
from connector.store.database import open_database, secret
from connector.store.deliveries import Deliveries, signing_secret
from connector.store.economy import Places
from connector.store.hooks import Hooks
from connector.store.hosts import StoredHosts
from connector.store.journal import Journal
from connector.store.keys import Keys, open_keys
from connector.store.retention import Retention
from connector.store.runs import Runs
from connector.store.subscriptions import Subscriptions
from connector.tools import make_toolbox

log = logging.getLogger("formcall")

_KEEP_SECONDS = 30.0  # between two rounds of what is done from time to time
_JOBS_KEPT = dt.timedelta(days=3)  # of jobs that have ended; others may still wait to hear how
_UNHURRIED = 64  # queued runs at the same time, beside those that are waited for


@dataclass
class Workshop:
    """The parts of a process that runs actions. ``launch`` in the process that does the work, so after any fork."""

    settings: Settings
    role: Role
    database: Database
    catalogue: Catalogue
    models: Models
    engine: Engine
    keys: Keys
    records: Runs
    journal: Journal
    runner: Runner
    durable: Durable
    recovery: Recovery
    rates: Rates
    hooks: Hooks
    subscriptions: Subscriptions
    deliveries: Deliveries
    deliverer: Deliverer
    batches: Batches
    batch_runner: BatchRunner = field(init=False)
    economy: Economy = field(init=False)
    ended: threading.Event = field(default_factory=threading.Event)
    _watch: Watch | None = None
    _keeper: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.batch_runner = BatchRunner(self.runner, self.batches, StoredHosts(self.database), self.durable, self.ended)
        kept, finish = Places(self.database), self.batch_runner.finish
        self.economy = Economy(self.runner, self.batches, kept, self.durable, self.ended, finish=finish)
        self.batch_runner.economy = self.economy

    def launch(self) -> None:
        """Begin to carry out durable jobs, and see to what an earlier process has left."""
        self.durable.register("carry_out", self._carry_out, queue="runs")
        # callers wait for what workers do; where a process answers its callers itself, its queue is for what nobody waits for
        callers_wait = self.role == "worker"
        at_once = self.settings.max_in_flight if callers_wait else min(self.settings.max_in_flight, _UNHURRIED)
        self.durable.queue("runs", at_once=at_once, look=0.1 if callers_wait else 0.25)
        self.batch_runner.declare()
        self.economy.declare()
        self._watch = Watch(self.durable, StoredHosts(self.database), on_dead=[self.recovery.left_by])
        self._watch.begin()
        if self.role == "all" and self.durable.is_alone and not self._left_open():
            self.durable.launch_when_needed(self.durable.launch)
        else:
            self.durable.launch()
        self.runner.jobs = self.durable
        if self.durable.executes:
            self._take_up()
            self.deliverer.launch()
            self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
            self._keeper.start()
        else:
            self.recovery.queued()

    def _left_open(self) -> bool:
        """Whether an earlier process has left work that was promised."""
        return any(row.durable for row in self.records.open()) or bool(self.batches.going_on())

    def _take_up(self) -> None:
        self.recovery.left_by(self.durable.host)
        self.recovery.queued()
        self.batch_runner.keep_going()
        self.economy.keep_going()

    def stop(self, seconds: float) -> None:
        """End what goes on within ``seconds``; the rest is taken up by the next process."""
        self.ended.set()
        if self._keeper:
            self._keeper.join(_KEEP_SECONDS)
        self.economy.close()
        self.runner.close(seconds)
        self.deliverer.stop(min(seconds, TRY_SECONDS))
        if self._watch:
            self._watch.end(idle=self.durable.stop(seconds) and not self.runner.under_way)
        self.close()

    def close(self) -> None:
        """Give everything up that was opened."""
        self.economy.close()
        self.runner.close()
        self.deliverer.stop(0)
        self.journal.close()
        self.keys.close()

    def _carry_out(self, steps: Steps, run_id: str, attempt: int) -> str:
        return str(steps.do("attempt", self.runner.resume, run_id, attempt))

    def _keep(self) -> None:
        retention = Retention(self.database, self.ended)
        while not self.ended.wait(_KEEP_SECONDS):
            try:
                self.recovery.left_here(self.durable.host)
                self.recovery.queued()
                self.recovery.settle()
                self.batch_runner.keep_going()
                self.economy.keep_going()
                retention.round(self.settings)
                self.durable.prune(dt.datetime.now(dt.UTC) - _JOBS_KEPT)
            except Exception as error:  # the database is away, say; the next round does it
                log.warning("a round of keeping the store in order failed", exc_info=error)


def open_workshop(settings: Settings, *, role: Role = "all") -> Workshop:
    """A workshop over the settings' database; ``SettingsError`` when it cannot be opened."""
    catalogue = load_catalogue(settings.templates)
    models = load_models(settings.models_file)
    engine = Engine(catalogue, make_provider(settings, models, catalogue), models, settings, make_toolbox(settings))
    database = open_database(settings)
    address = settings.jobs_database
    durable = Durable(address, role=role, host=host_name(address, role), threads=settings.max_in_flight)
    keys, journal, records = open_keys(settings, database), Journal(database), Runs(database, secret(settings))
    runner = Runner(engine, journal, records, keys, host=durable.host, works=durable.executes)
    runner.metrics.registry.register(Gauges(database, records, durable))
    deliveries, subscriptions = Deliveries(database, keeps=settings.store_text == "on"), Subscriptions(database, secret(settings))
    deliverer = Deliverer(
        deliveries,
        subscriptions,
        runner.admission.outbound,
        sign_with=partial(signing_secret, secret(settings)),
        retries=read_retries(settings.delivery_retries),
        wake=journal.told,
    )
    return Workshop(
        settings, role, database, engine.catalogue, models, engine, keys, records, journal, runner, durable, Recovery(runner),
        Rates(settings, database), Hooks(database, secret(settings)), subscriptions, deliveries, deliverer,
        Batches(database, keep_texts=settings.store_text == "on", told=journal.told.set),
    )  # fmt: skip
