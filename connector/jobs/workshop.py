"""All that carries runs out, put together once for a process: the store, the runner, and the durable jobs over them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from sqlalchemy import Engine as Database

from connector.catalogue import Catalogue, load_catalogue
from connector.engine.run import Engine
from connector.jobs.durable import Durable, Role, host_name
from connector.jobs.recovery import Recovery
from connector.jobs.runner import Runner
from connector.jobs.steps import Steps
from connector.jobs.watch import Watch
from connector.providers.factory import make_provider
from connector.providers.models import Models, load_models
from connector.settings import Settings
from connector.store.database import open_database, secret
from connector.store.hosts import StoredHosts
from connector.store.journal import Journal
from connector.store.keys import Keys, open_keys
from connector.store.runs import Runs

log = logging.getLogger("formcall")

_KEEP_SECONDS = 30.0  # between two rounds of what is done from time to time
_PER_KEY = 0.5  # of the places in a queue one key may have so many


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
    ended: threading.Event = field(default_factory=threading.Event)
    _watch: Watch | None = None
    _keeper: threading.Thread | None = None

    def launch(self) -> None:
        """Begin to carry out durable jobs, and see to what an earlier process has left."""
        at_once = self.settings.max_in_flight
        self.durable.register("carry_out", self._carry_out, queue="runs")
        self.durable.queue("runs", at_once=min(at_once, 64), per_key=max(1, int(min(at_once, 64) * _PER_KEY)))
        self._watch = Watch(self.durable, StoredHosts(self.database), on_dead=[self.recovery.left_by])
        self._watch.begin()
        self.durable.launch()
        self.runner.jobs = self.durable
        if self.durable.executes:
            self.recovery.left_by(self.durable.host)
            self.recovery.queued()
            self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
            self._keeper.start()

    def stop(self, seconds: float) -> None:
        """End what goes on within ``seconds``; the rest is taken up by the next process."""
        self.ended.set()
        self.runner.close(seconds)
        if self._watch:
            self._watch.end(idle=self.durable.stop(seconds))
        self.close()

    def close(self) -> None:
        """Give everything up that was opened."""
        self.runner.close()
        self.journal.close()
        self.keys.close()

    def _carry_out(self, steps: Steps, run_id: str) -> str:
        return str(steps.do("attempt", self.runner.resume, run_id))

    def _keep(self) -> None:
        while not self.ended.wait(_KEEP_SECONDS):
            try:
                self.recovery.settle()
            except Exception as error:  # the database is away, say; the next round does it
                log.warning("a round of keeping the store in order failed", exc_info=error)


def open_workshop(settings: Settings, *, role: Role = "all") -> Workshop:
    """A workshop over the settings' database; ``SettingsError`` when it cannot be opened."""
    catalogue = load_catalogue(settings.templates)
    models = load_models(settings.models_file)
    engine = Engine(catalogue, make_provider(settings, models, catalogue), models, settings)
    database = open_database(settings)
    address = settings.jobs_database
    durable = Durable(address, role=role, host=host_name(address, role), threads=settings.max_in_flight)
    keys, journal, records = open_keys(settings, database), Journal(database), Runs(database, secret(settings))
    runner = Runner(engine, journal, records, keys, host=durable.host, works=durable.executes)
    return Workshop(settings, role, database, catalogue, models, engine, keys, records, journal, runner, durable, Recovery(runner))
