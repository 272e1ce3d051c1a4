"""Metrics of the serving processes of one service, which share a port: a scrape reaches one of
them, and gets the sums of all.

Each process sends its own metrics to whoever connects to its socket in a folder that only they
know. A process that does not answer has ended, and its counts with it: Prometheus takes that for a
restart.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from connector.metrics import Metrics
from connector.queue_metrics import SHARED_FAMILIES

log = logging.getLogger("formcall")

_ANSWER_SECONDS = 2.0  # a busy sibling that needs longer is left out
_BACKLOG = 8
# not sums: when the service started, and whether a provider is passed over in any process
_LEAST = frozenset({"process_start_time_seconds"})
_LARGEST = frozenset({"formcall_provider_passed_over", "process_max_fds"})
_Series = tuple[str, tuple[tuple[str, str], ...]]


class Siblings:
    """The other processes that serve the same port; each has a socket in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = folder / f"{os.getpid()}.sock"

    def share(self, metrics: Metrics) -> None:
        """Answer the siblings from now on, in a thread of its own."""
        listener = socket.socket(socket.AF_UNIX)
        with suppress(FileNotFoundError):
            self._own.unlink()
        listener.bind(str(self._own))
        listener.listen(_BACKLOG)
        answer = threading.Thread(
            target=_answer, args=(listener, metrics), name="metrics", daemon=True
        )
        answer.start()

    def render(self, metrics: Metrics) -> bytes:
        """The metrics of all processes in the Prometheus text format."""
        texts = [metrics.render()]
        for path in sorted(self._folder.glob("*.sock")):
            if path != self._own:
                texts += _read(path)
        return texts[0] if len(texts) == 1 else merge(texts)


def _answer(listener: socket.socket, metrics: Metrics) -> None:
    while True:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.settimeout(_ANSWER_SECONDS)
            connection.sendall(metrics.render())


def _read(path: Path) -> list[bytes]:
    """The metrics of the process behind a socket, as a list; empty if it has ended."""
    pieces = []
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            connection.connect(str(path))
            while piece := connection.recv(65_536):
                pieces.append(piece)
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
        return []
    except OSError as error:
        log.warning("the metrics of a process are left out: %s", type(error).__name__)
        return []
    return [b"".join(pieces)]


def merge(texts: Iterable[bytes]) -> bytes:
    """The sums of the metrics of several processes, of which the first answers for all where they
    count the same database."""
    families: dict[str, Metric] = {}
    values: dict[str, dict[_Series, float]] = {}
    for number, text in enumerate(texts):
        for family in text_string_to_metric_families(text.decode("utf-8")):
            if number and family.name in SHARED_FAMILIES:
                continue
            families.setdefault(family.name, family)
            series = values.setdefault(family.name, {})
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                before = series.get(key)
                series[key] = (
                    sample.value if before is None else _combine(family.name, before, sample.value)
                )
    for name, family in families.items():
        family.samples = [
            Sample(sample, dict(labels), value) for (sample, labels), value in values[name].items()
        ]
    return generate_latest(_Collected(families.values()))


def _combine(name: str, first: float, second: float) -> float:
    if name in _LEAST:
        return min(first, second)
    return max(first, second) if name in _LARGEST else first + second


class _Collected:
    """Families as a registry, for ``generate_latest``."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> list[Metric]:
        return self._families
