"""Figures for Prometheus: what this process has answered and carried out since it started.

Names and labels are a contract with whoever draws or alerts on them. A label is one of a known, small set (routes, statuses, codes,
actions and models that we have rows of); never the name or id of a key, nor anything that a caller or a provider chose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics, generate_latest

__all__ = ["CONTENT_TYPE", "OTHER", "Metrics"]

OTHER = "other"
_WHOLE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120)
_OWN = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_TOGETHER = (1, 2, 5, 10, 20, 50, 100, 200)
_MOST_NAMES = 1_000


class _Children(dict[Any, Any]):
    """The series of a metric by their labels: finding one again costs a look into a dict."""

    def __init__(self, metric: Any) -> None:
        super().__init__()
        self._metric = metric

    def __missing__(self, labels: Any) -> Any:
        child = self[labels] = self._metric.labels(*labels) if isinstance(labels, tuple) else self._metric.labels(labels)
        return child


class Metrics:
    """The figures of one process, in a registry of their own.

    ``actions`` are those there are, ``row_of`` gives the row that describes a model, or "" for an unknown one.
    """

    def __init__(self, actions: Collection[str], row_of: Callable[[str], str], *, under_way: Callable[[], int]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double what is read, and say only when a series began
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._actions, self._row_of = actions, row_of
        self._models: dict[str, str] = {}
        self._requests = _Children(self._counter("requests", "Requests answered.", "route", "status"))
        self._whole = self._histogram("request_seconds", "Time from a request's head to its answer.", _WHOLE)
        self._own = self._histogram("own_seconds", "The part of it that was not spent waiting for a model.", _OWN)
        self._runs = _Children(self._histogram("run_seconds", "Time from a run's beginning to its end.", _WHOLE, "action", "status"))
        self._upstream = _Children(self._histogram("upstream_seconds", "The part of it spent waiting for a model.", _WHOLE, "model"))
        self._tokens = _Children(self._counter("tokens", "Tokens used; cached of input, reasoning of output.", "model", "kind"))
        self._cost = _Children(self._counter("cost_usd", "What runs cost, in dollars.", "model"))
        self._errors = _Children(self._counter("provider_errors", "Runs that failed at the provider.", "code"))
        self.journal_group = self._histogram("journal_group_size", "Changes of the records that shared a transaction.", _TOGETHER).observe
        Gauge("formcall_runs_under_way", "Runs that this process is carrying out.", registry=self.registry).set_function(under_way)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"formcall_{name}", words, labels, registry=self.registry)

    def _histogram(self, name: str, words: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"formcall_{name}", words, labels, buckets=bounds, registry=self.registry)

    def request(self, route: str, status: int, seconds: float, own_seconds: float | None) -> None:
        """A request was answered; ``own_seconds`` None: no model was asked while it lasted."""
        self._requests[route, status].inc()
        self._whole.observe(seconds)
        if own_seconds is not None:
            self._own.observe(own_seconds)

    def run(self, action: str, status: str, model: str, seconds: float, upstream_seconds: float) -> None:
        """A run has ended that this process carried out."""
        self._runs[action if action in self._actions else OTHER, status].observe(seconds)
        self._upstream[self._model(model)].observe(upstream_seconds)

    def used(self, model: str, tokens: dict[str, int], cost_usd: float | None) -> None:
        """What a run has used of a model, by kind of token."""
        name = self._model(model)
        for kind, number in tokens.items():
            if number:
                self._tokens[name, kind].inc(number)
        if cost_usd:
            self._cost[name].inc(cost_usd)

    def provider_error(self, code: str) -> None:
        """A run failed at the provider."""
        self._errors[code].inc()

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)

    def _model(self, name: str) -> str:
        known = self._models.get(name)
        if known is None:
            known = self._row_of(name) or OTHER
            if len(self._models) < _MOST_NAMES:  # a provider may give each answer another name
                self._models[name] = known
        return known
