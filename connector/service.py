"""The composition root: the parts of a process that runs actions, built once.

build_service(settings) -> Service
Service.run(key, action, values) -> RunResponse      the one way in which an action is run
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Engine as Database

from connector.batches.provider.scheduler import ProviderBatchScheduler
from connector.batches.runner import BatchRunner
from connector.catalogue import Catalogue, load_catalogue
from connector.durable.heartbeat import Heartbeat
from connector.durable.queue import JobQueue, Role, host_name
from connector.durable.steps import Steps
from connector.engine.engine import Engine
from connector.engine.streaming import TextStream
from connector.errors import FormcallError
from connector.providers.factory import make_provider
from connector.providers.pricing.models import Models, load_models
from connector.queue_metrics import ProviderMetrics, QueueMetrics
from connector.runs import queueing
from connector.runs.database_away import DATABASE_ERRORS
from connector.runs.deaths import MAX_DEATHS
from connector.runs.early_responder import EarlyResponder
from connector.runs.rate_limits import RateLimits
from connector.runs.recovery import Recovery
from connector.runs.responses import RunResponse
from connector.runs.review_links import ReviewLinks
from connector.runs.reviews import ReviewDecision, Reviews
from connector.runs.run_details import RunDetails
from connector.runs.runner import Runner
from connector.runs.search_indexer import SearchIndexer
from connector.settings import Settings
from connector.store.audit import AuditLog
from connector.store.batches import Batches
from connector.store.database import load_secret, open_database
from connector.store.deliveries import Deliveries, sender_id, signing_secret
from connector.store.hook_refusals import HookRefusals
from connector.store.hooks import Hooks
from connector.store.hosts import StoredHosts
from connector.store.keys import Key, Keys, open_keys
from connector.store.learned_variants import LearnedVariants
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import NEEDS_REVIEW
from connector.store.provider_batches import ProviderBatchStore
from connector.store.retention import Retention
from connector.store.rows import RunRow
from connector.store.run_list import RunList
from connector.store.runs import Runs
from connector.store.subscriptions import Subscriptions
from connector.tools import build_toolbox
from connector.webhooks.sender import ATTEMPT_SECONDS, WebhookSender, parse_retries

log = logging.getLogger("formcall")

_LAUNCH_RETRY_SECONDS = 2.0
_MAINTENANCE_SECONDS = 30.0  # between two rounds of maintenance
_JOB_RETENTION = dt.timedelta(days=3)  # of finished jobs; others may still wait for their end
_MAX_BACKGROUND_RUNS = 64  # queued runs executed at once beside those with a waiting caller


@dataclass
class Service:
    """The parts of a process that runs actions, and the one door through which actions are run.

    Call ``launch`` in the process that does the work, after any fork.
    """

    settings: Settings
    role: Role
    database: Database
    catalogue: Catalogue
    models: Models
    engine: Engine
    keys: Keys
    records: Runs
    ledger: Ledger
    runner: Runner
    jobs: JobQueue
    recovery: Recovery
    rate_limits: RateLimits
    hooks: Hooks
    hook_refusals: HookRefusals
    subscriptions: Subscriptions
    deliveries: Deliveries
    webhook_sender: WebhookSender
    batches: Batches
    run_list: RunList
    run_details: RunDetails
    reviews: Reviews
    review_links: ReviewLinks
    search_indexer: SearchIndexer
    audit: AuditLog
    batch_runner: BatchRunner = field(init=False)
    provider_batches: ProviderBatchScheduler = field(init=False)
    stopping: threading.Event = field(default_factory=threading.Event)
    _heartbeat: Heartbeat | None = None
    _maintenance: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.batch_runner = BatchRunner(
            self.runner, self.batches, StoredHosts(self.database), self.jobs, self.stopping
        )
        self.provider_batches = ProviderBatchScheduler(
            self.runner,
            self.batches,
            ProviderBatchStore(self.database),
            self.jobs,
            self.stopping,
            finish=self.batch_runner.finish,
        )
        self.batch_runner.provider_batches = self.provider_batches

    # --- the one door ---

    def run(
        self,
        key: Key,
        action: str,
        values: Mapping[str, Any],
        *,
        early: EarlyResponder | None = None,
        on_start: Callable[[str], object] | None = None,
    ) -> RunResponse:
        """Run an action on a form's ``values`` for ``key``, and wait as long as the form asks for.

        ``early`` answers the caller when the run takes longer than that, while this thread still
        executes it; without ``early`` the run then continues in a thread of its own.
        ``on_start`` is called with the run's id before it starts. ``FormcallError`` when the run
        may not start; a run that has failed is a response with a ``code``.

        Each door counts its calls (``rate_limits.check``) before it reads them. Runs that are
        recorded already (rows of batches, retries, queued runs) are executed
        from their records by ``Runner.run_stored``.
        """
        request = self.runner.admission.prepare(key, action, values)
        if on_start:
            on_start(request.run.id)
        return self.runner.run(request, early)

    def run_or_stream(
        self,
        key: Key,
        action: str,
        values: Mapping[str, Any],
        *,
        early: EarlyResponder | None = None,
    ) -> RunResponse | TextStream:
        """As ``run``, for a caller who can read a stream: returned where ``stream`` is true."""
        request = self.runner.admission.prepare(key, action, values)
        if request.run.options.stream:
            return self.runner.stream(request)
        return self.runner.run(request, early)

    def decide(
        self,
        row: RunRow,
        decision: ReviewDecision,
        *,
        calls: list[int] | None = None,
        seconds: float = 0,
    ) -> None:
        """Write a person's decision on a run that waits: on its answer, or on its tool calls.

        A run whose ``calls`` (None: all) are approved continues, and is waited for ``seconds``.
        ``FormcallError`` (conflict) when it waits for no such decision.
        """
        if row.review or row.status != NEEDS_REVIEW:
            self.reviews.decide(row, decision)
            return
        if decision.kind == "correct":
            raise FormcallError(
                "conflict", "Tool calls cannot be corrected. Accept them, some of them, or refuse."
            )
        approved = [] if decision.kind == "refuse" else calls
        self.runner.resolve_approval(
            row.id, approved=approved, note=decision.note, seconds=seconds, by=decision.actor
        )

    @property
    def takes_changes(self) -> bool:
        """Whether the database takes changes, as far as this process knows since the last one."""
        is_silent = self._heartbeat is not None and self._heartbeat.is_silent
        return self.ledger.is_available and not is_silent

    # --- launch and stop ---

    def launch(self) -> None:
        """Start the durable jobs, and recover the work of an earlier process.

        A database that does not respond is waited for, since requests are answered meanwhile.
        """
        while True:
            try:
                self._launch()
                return
            except DATABASE_ERRORS as error:
                log.warning("the jobs wait for the database (%s)", type(error).__name__)
                if self.stopping.wait(_LAUNCH_RETRY_SECONDS):
                    return

    def _launch(self) -> None:
        """A try to launch, which may be repeated."""
        if not self.jobs.is_launched:
            self._declare_jobs()
        self.audit.record_tools(self.settings.tools)
        heartbeat = self._heartbeat or Heartbeat(
            self.jobs,
            StoredHosts(self.database),
            on_dead=[self.recovery.recover_host],
            on_beat=self.ledger.mark_available,
        )
        if not self._heartbeat:
            heartbeat.start()
            self._heartbeat = heartbeat
        if self.role == "all" and self.jobs.is_single_process and not self._has_open_work():
            self.jobs.launch_on_demand(self.jobs.launch)
        else:
            self.jobs.launch()
        self.runner.queue.jobs = self.jobs
        if not self.jobs.executes:
            self.recovery.enqueue_missing()
            return
        self.recovery.recover_host(self.jobs.host)
        self._recover()
        self.webhook_sender.launch()
        if self.settings.store_text == "on":
            self.search_indexer.launch()
        self._maintenance = threading.Thread(target=self._maintain, name="maintenance", daemon=True)
        self._maintenance.start()

    def _declare_jobs(self) -> None:
        self.jobs.register(
            queueing.JOB, self._run_job, queue=queueing.QUEUE, max_recoveries=MAX_DEATHS
        )
        concurrency = self.settings.max_in_flight
        poll_seconds = 0.1
        # the callers of a worker's runs wait for the queue; a process that answers its callers
        # itself queues only runs for which no caller waits
        if self.role != "worker":
            concurrency = min(concurrency, _MAX_BACKGROUND_RUNS)
            poll_seconds = 0.25
        self.jobs.queue(queueing.QUEUE, concurrency=concurrency, poll_seconds=poll_seconds)
        self.batch_runner.declare()
        self.provider_batches.declare()

    def _run_job(self, steps: Steps, run_id: str, attempt: int) -> str:
        return str(steps.run("attempt", self.runner.resume, run_id, attempt))

    def _has_open_work(self) -> bool:
        """Whether an earlier process has left durable work."""
        if any(row.durable for row in self.records.list_open()):
            return True
        return bool(self.batches.list_running())

    def _recover(self) -> None:
        self.recovery.enqueue_missing()
        self.batch_runner.recover()
        self.provider_batches.recover()

    def _maintain(self) -> None:
        retention = Retention(self.database, self.stopping)
        while not self.stopping.wait(_MAINTENANCE_SECONDS):
            try:
                self.recovery.recover_own(self.jobs.host)
                self.recovery.settle_expired()
                self.reviews.expire_due()
                self._recover()
                if any(retention.run_due(self.settings).values()):
                    self.search_indexer.overwrite_deleted()
                self.jobs.prune(dt.datetime.now(dt.UTC) - _JOB_RETENTION)
            except Exception as error:  # such as a database that is down; the next round retries
                log.warning("a round of maintenance failed", exc_info=error)

    def stop(self, seconds: float) -> None:
        """Finish the work in progress within ``seconds``; the next process recovers the rest."""
        self.stopping.set()
        if self._maintenance:
            self._maintenance.join(_MAINTENANCE_SECONDS)
        self.search_indexer.stop()
        self.provider_batches.close()
        self.runner.close(seconds)
        self.webhook_sender.stop(min(seconds, ATTEMPT_SECONDS))
        if self._heartbeat:
            jobs_are_done = self.jobs.stop(seconds)
            self._heartbeat.stop(idle=jobs_are_done and not self.runner.active_count)
        self.close()

    def close(self) -> None:
        """Release everything that was opened."""
        self.provider_batches.close()
        self.runner.close()
        self.webhook_sender.stop(0)
        self.search_indexer.stop()
        self.ledger.close()
        self.keys.close()


def build_service(settings: Settings, *, role: Role = "all") -> Service:
    """A service over the settings' database; ``SettingsError`` when it cannot be opened."""
    catalogue = load_catalogue(settings.templates)
    models = load_models(settings.models_file)
    database = open_database(settings)
    provider = make_provider(settings, models, catalogue, LearnedVariants(database))
    engine = Engine(catalogue, provider, models, settings, build_toolbox(settings))
    secret = load_secret(settings)
    stores_text = settings.store_text == "on"
    jobs = JobQueue(
        settings.jobs_database,
        role=role,
        host=host_name(settings.jobs_database, role),
        threads=settings.max_in_flight,
    )
    keys = open_keys(settings, database)
    review_links = ReviewLinks(
        secret, hours=settings.review_link_hours, public_url=settings.public_url
    )
    ledger = Ledger(database)
    records = Runs(database, secret)
    runner = Runner(
        engine,
        ledger,
        records,
        keys,
        host=jobs.host,
        executes=jobs.executes,
        workers=StoredHosts(database).workers,
        review_links=review_links,
    )
    runner.metrics.registry.register(QueueMetrics(database, records, jobs))
    runner.metrics.registry.register(ProviderMetrics(provider))
    deliveries = Deliveries(database, keep_texts=stores_text)
    subscriptions = Subscriptions(database, secret)
    return Service(
        settings=settings,
        role=role,
        database=database,
        catalogue=engine.catalogue,
        models=models,
        engine=engine,
        keys=keys,
        records=records,
        ledger=ledger,
        runner=runner,
        jobs=jobs,
        recovery=Recovery(runner),
        rate_limits=RateLimits(settings, database),
        hooks=Hooks(database, secret),
        hook_refusals=HookRefusals(database, stores_text=settings.store_text == "on"),
        subscriptions=subscriptions,
        deliveries=deliveries,
        webhook_sender=WebhookSender(
            deliveries,
            subscriptions,
            runner.admission.outbound,
            secret_for=partial(signing_secret, secret),
            retries=parse_retries(settings.delivery_retries),
            sender_id=sender_id(secret),
            is_revoked=keys.is_revoked,
            wake=ledger.messages_ready,
        ),
        batches=Batches(database, keep_texts=stores_text, on_messages=ledger.messages_ready.set),
        run_list=RunList(database),
        run_details=RunDetails(engine, records),
        reviews=Reviews(engine, ledger, records),
        review_links=review_links,
        search_indexer=SearchIndexer(database),
        audit=AuditLog(database),
    )
