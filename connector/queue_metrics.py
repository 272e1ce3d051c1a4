"""Figures that are counted when somebody asks for them: what waits in the queues and in the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from prometheus_client import Metric, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from connector.errors import FormcallError
from connector.jobs.durable import Durable
from connector.metrics import Metrics
from connector.store.counts import recent_deliveries, waiting_deliveries
from connector.store.runs import Runs

Counted = Mapping[tuple[str, ...], int]

_STATES = ("waiting", "sent", "given_up", "dropped")


class Gauges(Collector):
    """Counts of the store and of the job engine. They are the same in every process that shares a database."""

    def __init__(self, database: Engine, records: Runs, durable: Durable) -> None:
        self._database, self._records, self._durable = database, records, durable

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        # what cannot be counted now is left out, so that the other figures can still be read
        found = [family for count in (self._runs, self._jobs, self._waiting, self._recent) if (family := _counted(count))]
        up = GaugeMetricFamily("formcall_database_up", "Whether the database answers.")
        up.add_metric([], float(any(family.name == "formcall_runs_open" for family in found)))
        return [up, *found]

    def _runs(self) -> Metric:
        counted: Counted = {(status,): count for status, count in self._records.count_open().items()}
        return _family("runs_open", "Runs that are queued or running, in all processes, rows of batches included.", ("status",), counted)

    def _jobs(self) -> Metric:
        loads = self._durable.counts()
        counted: Counted = {
            (name or "none", state): count
            for name, load in loads.items()
            for state, count in (("queued", load.queued), ("running", load.running))
        }
        return _family("jobs", "Durable jobs that wait and that are carried out, in all processes.", ("queue", "state"), counted)

    def _waiting(self) -> Metric:
        return _family("deliveries_waiting", "Messages that wait to be sent.", (), {(): waiting_deliveries(self._database)})

    def _recent(self) -> Metric:
        found = recent_deliveries(self._database)
        counted: Counted = {(state,): found.get(state, 0) for state in _STATES}
        return _family("deliveries_last_hour", "What became of the messages of the last hour.", ("state",), counted)


def _counted(count: Callable[[], Metric]) -> Metric | None:
    with suppress(Exception):  # the database is away, or the jobs are not launched yet
        return count()
    return None


def _family(name: str, words: str, labels: tuple[str, ...], counted: Counted) -> Metric:
    family = GaugeMetricFamily(f"formcall_{name}", words, labels=labels)
    for values, count in counted.items():
        family.add_metric(values, count)
    return family


def serve_metrics(metrics: Metrics, port: int) -> Callable[[], None]:
    """Answer ``GET /metrics`` on 127.0.0.1 for a process that has no web side; what is given back ends it."""
    try:
        server, thread = start_http_server(port, "127.0.0.1", metrics.registry)
    except OSError as error:
        words = f"Cannot listen on 127.0.0.1:{port} ({error.strerror}). Choose another port with --metrics-port."
        raise FormcallError("settings_error", words) from None

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
