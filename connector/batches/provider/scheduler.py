"""Economy batches: the rows go through the provider's own batches, at half the price and within a day.

    Economy.begin(batch_id, generation)      from now on the batch is looked after until it has ended

A batch is looked after again and again (``look``), each time by a piece of durable work of its own, so no thread waits meanwhile.
Where it stands is in its record (``Place``), which a look changes only if nobody else has changed it since. The order is always: write
down what is to be done, do it, write down what came of it; what was begun and may have been done is looked for before it is done again.
So a process may die anywhere: no row is lost, no call is paid for twice, and what comes back is booked once.

The rows are reserved at the most they can cost at the provider's price for batches, and put into parts, each of which is one file and
one batch at the provider. A row that comes back without an answer for a reason that may pass is sent once more in a second part. A row
whose answer cannot be used (it is not valid, cut off, or refused) is asked once more live, at the full price, unless the batch's place
was made with ``live`` off; its warnings say so, and its cost has both.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.errors import FormcallError
from connector.jobs.durable import Durable
from connector.jobs.economy_visit import Overtaken, Visit
from connector.jobs.runner import Runner
from connector.jobs.steps import Steps, places
from connector.store.batches import Batches
from connector.store.economy import Places, read_place

if TYPE_CHECKING:
    from connector.providers.offline import Offline

log = logging.getLogger("formcall")

_AT_ONCE, _PER_KEY = 8, 4  # batches that are looked after at the same time in one process
_GROWS, _LONG = 1.5, 50  # how much longer each wait is than the one before, and how often at most
_ELSEWHERE = "Economy needs a provider with a Batch API, such as OpenAI itself (OPENAI_API_KEY). Run the batch without economy."


@dataclass(frozen=True)
class Pace:
    """Seconds: between looks at first and at last, and after which a creation whose end nobody saw has come to something or to nothing."""

    first: float = 30.0
    longest: float = 600.0
    unseen: float = 45.0

    def wait(self, looks: int) -> float:
        """How long until the next look, after so many at which there was nothing new."""
        return min(self.longest, self.first * _GROWS ** min(looks, _LONG))


class Economy:
    """Looks after economy batches. Thread-safe; one for a process. ``ended`` is set when the process is to stop.

    ``finish`` ends a batch whose rows have all ended; False while some have not.
    """

    def __init__(
        self,
        runner: Runner,
        batches: Batches,
        kept: Places,
        durable: Durable,
        ended: threading.Event,
        *,
        finish: Callable[[str], bool],
        pace: Pace | None = None,
    ) -> None:
        self.runner, self.batches, self.places, self.ended, self.finish = runner, batches, kept, ended, finish
        self.pace = pace or Pace()
        self._durable = durable
        self._live = ThreadPoolExecutor(runner.engine.settings.rows_at_once, thread_name_prefix="economy")

    def declare(self) -> None:
        """Make the work known, before the jobs are launched."""
        self._durable.register("economy", self._work, queue="economy")
        self._durable.queue("economy", at_once=_AT_ONCE, per_key=_PER_KEY, look=0.5)

    def close(self) -> None:
        """Begin nothing more."""
        self._live.shutdown(wait=False, cancel_futures=True)

    # --- being looked after ---

    def begin(self, batch_id: str, generation: int) -> None:
        """Look after a batch in a generation, from now on until it has ended, or waits for somebody."""
        self._ask(self.places.find(batch_id), generation)

    def cancel(self, batch_id: str) -> None:
        """A batch was cancelled: see to its rows at the provider now, and not only when it would be looked after next."""
        batch = self.places.find(batch_id)
        try:
            self._ask(batch, batch.generation, mark=".now")
        except Exception as error:  # it is cancelled; that its rows are called back can wait until it is looked after next
            log.warning("economy batch %s is not looked after at once\n%s", batch_id, places(error))

    def keep_going(self) -> None:
        """See to batches that nobody looks after, since a process died too early or its database was away. Nothing is done twice."""
        for batch in self.places.going_on():
            place = read_place(batch.provider)
            if batch.status != "running" and (place.stalled or not place.open_parts):
                continue
            if self._durable.status(_id(batch.id, batch.generation, place.looks)) in {"failed", "cancelled"}:
                place.looks += 1
                self.places.keep(batch, batch.provider, place, batch.detail)
            self._ask(self.places.find(batch.id), batch.generation)

    def _ask(self, batch: Any, generation: int, *, delay: float = 0, mark: str = "") -> None:
        number = read_place(batch.provider).looks
        work_id = _id(batch.id, generation, number) + mark
        self._durable.enqueue("economy", "economy", work_id, batch.id, generation, number, key=batch.key_id, delay=delay)

    # --- looking after ---

    def _work(self, steps: Steps, batch_id: str, generation: int, number: int) -> None:
        steps.do("look", self.look, batch_id, generation, number)

    def look(self, batch_id: str, generation: int, number: int) -> None:
        """Do all that can be done for a batch now, and see to it that it is looked after again while there is more to come."""
        batch = self.places.find(batch_id)
        if batch is None or batch.generation != generation or batch.ended_ms:
            return
        try:
            visit = Visit(self, batch)
        except FormcallError as error:  # the settings do not lead to that provider any more
            self.batches.pause(batch_id, error.code, error.detail)
            return
        try:
            if visit.place.looks == number and not visit.look():
                return
        except Overtaken:
            return
        self._ask(self.places.find(batch_id), generation, delay=self.pace.wait(visit.place.waits - 1))

    @property
    def offline(self) -> Offline:
        """The provider's slow way; ``FormcallError`` when it has none."""
        from connector.providers.offline import Offline
        from connector.providers.openai import OpenAIProvider

        provider = self.runner.engine.provider
        if not isinstance(provider, OpenAIProvider) or not provider.takes_batches:
            raise FormcallError("bad_request", _ELSEWHERE)
        return Offline(provider)

    def check(self) -> None:
        """``FormcallError`` when there is no provider that takes batches."""
        if self.runner.engine.provider.engine != "openai":  # the way to a provider is dear to open
            raise FormcallError("bad_request", _ELSEWHERE)
        _ = self.offline

    def all_live(self, ask: Callable[[Any], None], rows: Iterable[Any]) -> None:
        """Ask for each of ``rows``, so many at the same time as rows of batches may be, and wait for all."""
        for _ in self._live.map(lambda row: None if self.ended.is_set() else ask(row), rows):
            pass


def _id(batch_id: str, generation: int, number: int) -> str:
    return f"{batch_id}.e{generation}.{number}"
