"""What a poll of a provider batch needs from its scheduler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.runs.runner import Runner
from connector.store.batches import Batches
from connector.store.provider_batches import ProviderBatchStore
from connector.store.rows import RunRow

if TYPE_CHECKING:
    from connector.providers.hosted.batch_api import BatchClient

_BACKOFF_FACTOR = 1.5
_MAX_BACKOFF_STEPS = 50


@dataclass(frozen=True)
class PollInterval:
    """Seconds between polls, from ``first`` up to ``longest``.

    ``creation_grace``: after so many seconds, a creation request without a reply has taken effect
    or never will.
    """

    first: float = 30.0
    longest: float = 600.0
    creation_grace: float = 45.0

    def wait(self, idle_polls: int) -> float:
        """Seconds until the next poll, after ``idle_polls`` polls without a new status."""
        factor: float = _BACKOFF_FACTOR ** min(idle_polls, _MAX_BACKOFF_STEPS)
        return min(self.longest, self.first * factor)


@dataclass(frozen=True)
class PollContext:
    """The services of a poll. ``stopping`` is set at shutdown.

    ``finish`` ends a batch whose rows have all ended; False while it has open rows.
    ``run_live`` calls a function for each row, several at the same time, and waits for all.
    """

    runner: Runner
    batches: Batches
    states: ProviderBatchStore
    client: BatchClient
    poll_interval: PollInterval
    stopping: threading.Event
    finish: Callable[[str], bool]
    run_live: Callable[[Callable[[RunRow], None], Iterable[RunRow]], None]

    @property
    def model(self) -> str:
        """The model that the settings ask for; the provider may have replaced it."""
        return self.runner.engine.settings.model
