"""A service without threads, in which economy batches are polled step by step against the fake
provider."""

from __future__ import annotations

import functools
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connector import service as service_module
from connector.batches.progress import batch_view
from connector.batches.provider.context import PollInterval
from connector.batches.request import read_batch_request
from connector.catalogue import load_catalogue
from connector.json_types import Json
from connector.providers.pricing.models import load_models
from connector.service import Service, build_service
from connector.settings import Settings
from connector.store.key_limits import KeyLimits
from connector.store.provider_batches import read_state
from connector.store.tables import ledger, spending
from tests.support.upstream import FakeUpstream

FIXED = {"categories": "billing: invoices and charges\ntechnical: errors and crashes"}
USAGE = (412, 0, 96, 64)
LIVE_NUSD = 412 * 1_100 + 96 * 4_400
BATCH_NUSD = LIVE_NUSD // 2
GOOD = {
    "category": "billing",
    "confidence": 1,
    "reason": "It is about a charge.",
    "runner_up": "technical",
}
KEY = "sk-test-1234567890"


class SimulatedCrash(BaseException):
    """The process is gone at this point."""


class FakeQueue:
    """In place of the job queue: a list of jobs, run when the test calls for it.

    An id is queued once.
    """

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.waiting: list[tuple[str, tuple[Any, ...], float]] = []
        self.states: dict[str, str] = {}

    def enqueue(
        self, queue: str, name: str, id: str, *args: Any, key: str | None = None, delay: float = 0
    ) -> None:
        assert (queue, name) == ("economy", "economy")
        if id not in self.known:
            self.known.add(id)
            self.waiting.append((id, args, delay))

    def status(self, id: str) -> str | None:
        return self.states.get(id)


@dataclass
class BatchHarness:
    """A service without its threads, in which a batch is looked after step by step."""

    folder: Path
    upstream: FakeUpstream
    settings: Json = field(default_factory=dict)
    jobs: FakeQueue = field(default_factory=FakeQueue)
    service: Service = field(init=False)
    key: Any = None

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """A process begins."""
        given = {
            "engine": "openai",
            "openai_api_key": KEY,
            "openai_base_url": self.upstream.base_url,
            "profile": "openai",
        }
        self.service = build_service(
            Settings(**{**given, "data_dir": self.folder / "data", **self.settings})
        )
        queue: Any = self.jobs
        self.service.runner.queue.jobs = queue
        self.service.batch_runner._queue = queue
        self.service.provider_batches._queue = queue
        self.service.provider_batches.poll_interval = PollInterval(creation_grace=0)

    def close(self) -> None:
        """A process ends, in whatever way: nothing is kept but what is in the database."""
        self.service.close()
        connected = getattr(self.service.engine.provider, "_connected", None)
        if connected:
            connected.close()

    def restart(self) -> None:
        """The process is gone, and another one takes its place."""
        self.close()
        self.open()

    # --- what a caller does ---

    def add(self, count: int, *, allowance: KeyLimits | None = None, **more: Any) -> str:
        """A new batch of so many rows; its id."""
        if self.key is None:
            self.key, _ = self.service.keys.create("test", limits=allowance)
        cells = [{"text": f"I was charged twice, row {number}."} for number in range(1, count + 1)]
        order = read_batch_request(
            {"action": "classify", "rows": cells, "fixed": FIXED, "economy": True, **more}
        )
        return str(self.service.batch_runner.add(self.key, order).batch.id)

    def view(self, batch_id: str) -> Json:
        return batch_view(self.service.batches.progress(batch_id))

    def rows(self, batch_id: str) -> list[Any]:
        return list(self.service.batches.rows(batch_id))

    def answers(self, batch_id: str) -> list[Json]:
        return [json.loads(row.answer) for row in self.rows(batch_id)]

    def names(self, batch_id: str, attempt: int = 1) -> list[str]:
        """What the rows' calls are called at the provider."""
        return [f"{row.id}.{attempt}" for row in self.rows(batch_id)]

    # --- what the job engine does ---

    def poll(self) -> float:
        """Look after the batch that is next; how long that was put off."""
        work_id, args, delay = self.jobs.waiting[0]
        self.service.provider_batches.poll(*args)
        self.jobs.waiting.pop(0)
        self.jobs.states[work_id] = "done"
        return delay

    def finish(self, seconds: float = 3_600.0, looks: int = 40) -> None:
        """Look after everything until there is nothing to be looked after; between looks so much
        time passes at the provider."""
        for _ in range(looks):
            if not self.jobs.waiting:
                return
            self.poll()
            self.upstream.advance(seconds)
        raise AssertionError("there is no end to it")

    # --- what must always hold ---

    def check_money(self, batch_id: str) -> None:
        """Nothing is reserved, and what was spent is the same in the rows, the ledger and the
        accounts."""
        rows = self.rows(batch_id)
        total = sum(row.cost_nusd for row in rows)
        with self.service.database.connect() as connection:
            entries = connection.execute(select(ledger.c.batch_id, ledger.c.nusd)).all()
            accounts = connection.execute(select(spending)).all()
        assert [row.reserved_nusd for row in rows] == [0] * len(rows)
        assert sum(entry.nusd for entry in entries if entry.batch_id == batch_id) == total
        of_all = sum(entry.nusd for entry in entries)
        spent = {batch_id: total, self.key.id: of_all}
        assert [
            one
            for one in accounts
            if one.account in spent
            and (one.reserved_nusd, one.spent_nusd) != (0, spent[one.account])
        ] == []

    def check_once(self) -> None:
        """The provider was asked for no call twice: neither a line nor a part."""
        assert (
            max(Counter(line["custom_id"] for line in self.upstream.lines).values(), default=1) == 1
        )
        made = [
            (one.asked["metadata"]["formcall_batch"], one.asked["metadata"]["part"])
            for one in self.upstream.batches._batches.values()
        ]
        assert len(made) == len(set(made))


@contextmanager
def batch_harnesses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., BatchHarness]]:
    """Makes desks, each with a provider of its own; `settings` are the service's, the rest is the
    provider's."""
    monkeypatch.setattr(service_module, "load_catalogue", functools.cache(load_catalogue))
    monkeypatch.setattr(service_module, "load_models", functools.cache(load_models))
    with ExitStack() as stack:

        def make(settings: Json | None = None, **options: Any) -> BatchHarness:
            up = stack.enter_context(FakeUpstream(**{"usage": USAGE, **options}))
            harness = BatchHarness(folder / secrets.token_hex(4), up, settings or {})
            stack.callback(harness.close)
            return harness

        yield make


def usage_of(answer: Json) -> tuple[int, int, Any]:
    return answer["input_tokens"], answer["output_tokens"], answer["cost_usd"]


def faults(harness: BatchHarness, batch_id: str, *named: Any, attempt: int = 1) -> None:
    """What happens to the first rows, one after the other; None: nothing."""
    found: dict[str, Any] = harness.upstream.batches.how.faults  # type: ignore[assignment]
    found.update(
        {
            name: what
            for name, what in zip(harness.names(batch_id, attempt), named, strict=False)
            if what
        }
    )


def provider_state(harness: BatchHarness, batch_id: str) -> Any:
    return read_state(harness.service.provider_batches.states.get(batch_id).provider)
