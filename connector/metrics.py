"""Prometheus metrics of this process: the requests it answered and the runs it executed.

Dashboards and alerts rely on the names and labels. A label has few, known values (routes, statuses,
codes, actions, models in our table); never the name or id of a key, nor anything that a caller or a
provider chose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

__all__ = ["CONTENT_TYPE", "OTHER", "Metrics"]

OTHER = "other"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120)
_OWN_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_GROUP_SIZES = (1, 2, 5, 10, 20, 50, 100, 200)
_MAX_MODEL_NAMES = 1_000


class _Children(dict[Any, Any]):
    """The series of a metric by their labels; finding one again costs a dict access."""

    def __init__(self, metric: Any) -> None:
        super().__init__()
        self._metric = metric

    def __missing__(self, labels: Any) -> Any:
        values = labels if isinstance(labels, tuple) else (labels,)
        child = self._metric.labels(*values)
        self[labels] = child
        return child


class Metrics:
    """The metrics of one process, in their own registry.

    ``actions`` are the known ids of actions. ``model_row`` gives the row of our table that
    describes a model, "" for an unknown one.
    """

    def __init__(
        self,
        actions: Collection[str],
        model_row: Callable[[str], str],
        *,
        runs_in_progress: Callable[[], int],
    ) -> None:
        # the time at which each series started; it would double the size of the response
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._actions = actions
        self._model_row = model_row
        self._models: dict[str, str] = {}
        self._requests = _Children(
            self._counter("requests", "Requests answered.", "route", "status")
        )
        self._request_seconds = self._histogram(
            "request_seconds", "Time from the head of a request to its response.", _SECONDS
        )
        self._own_seconds = self._histogram(
            "own_seconds", "The part of it that was not spent waiting for a model.", _OWN_SECONDS
        )
        self._run_seconds = _Children(
            self._histogram(
                "run_seconds",
                "Time from the start of a run to its end.",
                _SECONDS,
                "action",
                "status",
            )
        )
        self._upstream_seconds = _Children(
            self._histogram(
                "upstream_seconds", "The part of it spent waiting for a model.", _SECONDS, "model"
            )
        )
        self._tokens = _Children(
            self._counter(
                "tokens", "Tokens used; cached of input, reasoning of output.", "model", "kind"
            )
        )
        self._cost = _Children(self._counter("cost_usd", "Cost of runs, in US dollars.", "model"))
        self._errors = _Children(
            self._counter("provider_errors", "Runs that failed at the provider.", "code")
        )
        self.observe_group_size = self._histogram(
            "journal_group_size", "Changes that shared one database transaction.", _GROUP_SIZES
        ).observe
        Gauge(
            "formcall_runs_under_way",
            "Runs in progress in the processes that serve this port.",
            registry=self.registry,
        ).set_function(runs_in_progress)

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(f"formcall_{name}", description, labels, registry=self.registry)

    def _histogram(
        self, name: str, description: str, bounds: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"formcall_{name}", description, labels, buckets=bounds, registry=self.registry
        )

    def record_request(
        self, route: str, status: int, seconds: float, own_seconds: float | None
    ) -> None:
        """Count an answered request; ``own_seconds`` is None when it called no model."""
        self._requests[route, status].inc()
        self._request_seconds.observe(seconds)
        if own_seconds is not None:
            self._own_seconds.observe(own_seconds)

    def record_run(
        self, action: str, status: str, model: str, seconds: float, upstream_seconds: float
    ) -> None:
        """Count a run that this process has finished."""
        self._run_seconds[action if action in self._actions else OTHER, status].observe(seconds)
        self._upstream_seconds[self._model(model)].observe(upstream_seconds)

    def record_usage(self, model: str, tokens: dict[str, int], cost_usd: float | None) -> None:
        """Count the tokens, by kind, and the cost that a run used of a model."""
        name = self._model(model)
        for kind, number in tokens.items():
            if number:
                self._tokens[name, kind].inc(number)
        if cost_usd:
            self._cost[name].inc(cost_usd)

    def record_provider_error(self, code: str) -> None:
        """Count a run that failed at the provider."""
        self._errors[code].inc()

    def render(self) -> bytes:
        """All metrics in the Prometheus text format."""
        return generate_latest(self.registry)

    def _model(self, name: str) -> str:
        known = self._models.get(name)
        if known is None:
            known = self._model_row(name) or OTHER
            if len(self._models) < _MAX_MODEL_NAMES:  # a provider may invent names
                self._models[name] = known
        return known
