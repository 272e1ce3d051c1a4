"""Metrics that are counted when they are scraped: the sizes of queues and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from prometheus_client import Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from connector.durable.queue import JobQueue
from connector.errors import FormcallError
from connector.metrics import Metrics
from connector.providers.base import Provider
from connector.store.queue_counts import count_recent_deliveries, count_waiting_deliveries
from connector.store.runs import Runs

Counted = Mapping[tuple[str, ...], int]


class ProviderMetrics(Collector):
    """The calls that this process made to each provider, by how they ended."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        calls = CounterMetricFamily(
            "formcall_provider_calls",
            "Calls of a model, by provider; outcome: answered, or the code of the error.",
            labels=("provider", "outcome"),
        )
        for client in getattr(self._provider, "clients", ()):
            for outcome, count in sorted(client.outcomes.copy().items()):
                calls.add_metric([client.name, outcome], count)
        return [calls, *self._passed_over()]

    def _passed_over(self) -> Iterable[Metric]:
        is_passed_over = getattr(self._provider, "is_passed_over", None)
        if is_passed_over is None:
            return
        passed_over = GaugeMetricFamily(
            "formcall_provider_passed_over",
            "1 while another provider is asked first, since this one has just failed.",
            labels=("provider",),
        )
        for client in getattr(self._provider, "clients", ()):
            passed_over.add_metric([client.name], float(is_passed_over(client.name)))
        yield passed_over


# counted in the database, so that each process has the same figures
SHARED_FAMILIES = frozenset(
    f"formcall_{name}"
    for name in ("database_up", "runs_open", "jobs", "deliveries_waiting", "deliveries_last_hour")
)
_STATES = ("waiting", "sent", "given_up", "dropped")


class QueueMetrics(Collector):
    """Counts of the store and the job queue, the same in all processes that share a database."""

    def __init__(self, database: Engine, records: Runs, queue: JobQueue) -> None:
        self._database = database
        self._records = records
        self._queue = queue

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        # a metric that cannot be counted now is left out, so that the others can still be read
        runs = _count_or_none(self._runs)
        families = [
            runs,
            _count_or_none(self._jobs),
            _count_or_none(self._waiting),
            _count_or_none(self._recent),
        ]
        up = GaugeMetricFamily("formcall_database_up", "Whether the database is available.")
        up.add_metric([], float(runs is not None))
        return [up, *filter(None, families)]

    def _runs(self) -> Metric:
        counted: Counted = {
            (status,): count for status, count in self._records.count_open().items()
        }
        return _family(
            "runs_open",
            "Runs that are queued or running in all processes, including rows of batches.",
            ("status",),
            counted,
        )

    def _jobs(self) -> Metric:
        depths = self._queue.depths()
        counted: Counted = {
            (name or "none", state): count
            for name, depth in depths.items()
            for state, count in (("queued", depth.queued), ("running", depth.running))
        }
        return _family(
            "jobs",
            "Durable jobs that are queued or running in all processes.",
            ("queue", "state"),
            counted,
        )

    def _waiting(self) -> Metric:
        return _family(
            "deliveries_waiting",
            "Messages that are waiting to be sent.",
            (),
            {(): count_waiting_deliveries(self._database)},
        )

    def _recent(self) -> Metric:
        recent = count_recent_deliveries(self._database)
        counted: Counted = {(state,): recent.get(state, 0) for state in _STATES}
        return _family(
            "deliveries_last_hour",
            "Messages of the last hour by state.",
            ("state",),
            counted,
        )


def _count_or_none(count: Callable[[], Metric]) -> Metric | None:
    with suppress(Exception):  # the database is unavailable, or the queue is not launched yet
        return count()
    return None


def _family(name: str, description: str, labels: tuple[str, ...], counted: Counted) -> Metric:
    family = GaugeMetricFamily(f"formcall_{name}", description, labels=labels)
    for values, count in counted.items():
        family.add_metric(values, count)
    return family


def serve_metrics(metrics: Metrics, port: int) -> Callable[[], None]:
    """Serve ``/metrics`` on 127.0.0.1 in a process without a web server; returns a stop function.

    Raises ``FormcallError`` if the port cannot be used.
    """
    try:
        server, thread = start_http_server(port, "127.0.0.1", metrics.registry)
    except OSError as error:
        raise FormcallError(
            "settings_error",
            f"Cannot listen on 127.0.0.1:{port} ({error.strerror}). Choose another port with "
            "--metrics-port.",
        ) from None

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
