"""The database is away: callers are told in time, nothing is lost or paid twice, and the service
comes back by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.json_types import Json
from connector.settings import Settings
from connector.store.database import open_database
from tests.support.databases import SERVER, database_url
from tests.support.ledger_asserts import assert_consistent
from tests.support.running_service import RunningService, serving
from tests.support.service_harness import (
    COST,
    FakePricing,
    Gate,
    hosted_environment,
    run_action,
    wait_until,
)
from tests.support.tcp_proxy import TcpProxy, tcp_proxy
from tests.support.upstream import FakeUpstream

pytestmark = pytest.mark.slow
_PATIENCE = 90.0  # of a caller: a guard, not a measurement; silence lasts for minutes


@dataclass
class Away:
    """A service whose PostgreSQL is behind a proxy, and a way to the database beside it."""

    service: RunningService
    proxy: TcpProxy
    address: str

    def books(self) -> int:
        """The nano-dollars in the books, which are consistent."""
        database = open_database(Settings(data_dir=self.service.folder, database_url=self.address))
        try:
            return assert_consistent(database)
        finally:
            database.dispose()

    def post(self, **fields: Any) -> requests.Response:
        return run_action(self.service, **fields)

    def is_ready(self) -> bool:
        return requests.get(f"{self.service.address}/readyz", timeout=_PATIENCE).ok


@contextmanager
def behind_proxy(tmp_path: Path, upstream: FakeUpstream, **more: str) -> Iterator[Away]:
    with database_url("postgresql") as address, tcp_proxy(5432) as proxy:
        proxied = address.replace(SERVER, f"postgres@127.0.0.1:{proxy.port}")
        environment = hosted_environment(upstream, FORMCALL_DATABASE_URL=proxied, **more)
        with serving(tmp_path / "service", **environment) as service:
            yield Away(service, proxy, address)


WAYS: dict[str, Callable[[TcpProxy], None]] = {"cut": TcpProxy.cut, "held": TcpProxy.hold}


@pytest.mark.parametrize("go_away", WAYS.values(), ids=WAYS)
def test_calls_while_it_is_away(tmp_path: Path, go_away: Callable[[TcpProxy], None]) -> None:
    """A call that cannot be recorded gets 503 with its code and a time, costs nothing, and leaves
    its thread; the service says that it is not ready, and is again when the database is."""
    with (
        FakeUpstream([FakePricing()] * 3) as upstream,
        behind_proxy(tmp_path, upstream, FORMCALL_MAX_IN_FLIGHT="4") as away,
    ):
        assert away.post().status_code == 200
        assert away.is_ready()
        go_away(away.proxy)
        with ThreadPoolExecutor(30) as callers:
            refused = list(callers.map(lambda _: away.post(wait_seconds=25), range(30)))
        for response in refused:
            assert (response.status_code, response.json()["code"]) == (503, "busy")
            assert int(response.headers["Retry-After"]) > 0
        found = requests.get(
            f"{away.service.address}/v1/usage",
            headers={"X-API-Key": away.service.key},
            timeout=_PATIENCE,
        )
        assert (found.status_code, found.json()["code"]) == (503, "busy")
        assert not away.is_ready()
        assert requests.get(f"{away.service.address}/healthz", timeout=_PATIENCE).ok
        assert len(upstream.requests) == 1
        away.proxy.mend()
        wait_until(away.is_ready)
        answer = wait_until(lambda: _answered(away.post()))
        assert answer["ok"]
        assert away.books() == len(upstream.requests) * COST


@pytest.mark.parametrize("go_away", WAYS.values(), ids=WAYS)
def test_a_paid_run_while_it_is_away(tmp_path: Path, go_away: Callable[[TcpProxy], None]) -> None:
    """Runs that are at the model when the database goes: their callers are told at the end of
    their time that the run goes on and is not recorded yet. When the database is back, the runs
    are in the books, once, with their answers."""
    gate = Gate()
    with FakeUpstream([gate] * 2) as upstream, behind_proxy(tmp_path, upstream) as away:
        with ThreadPoolExecutor(2) as callers:
            keys = ("", "key-1")
            waiting = [
                callers.submit(away.post, wait_seconds=15, idempotency_key=key) for key in keys
            ]
            wait_until(lambda: len(upstream.requests) == 2)
            go_away(away.proxy)
            told = [caller.result(_PATIENCE) for caller in waiting]
        for response, key in zip(told, keys, strict=True):
            body = response.json()
            assert (response.status_code, body["code"]) == (503, "busy"), body
            assert (body["run_status"], body["retryable"]) == ("running", bool(key))
        gate.open()
        wait_until(lambda: upstream.in_flight == 0)
        away.proxy.mend()
        for response in told:
            run = wait_until(partial(_ended, away, response.json()["id"]))
            assert (run["status"], run["ok"], run["attempt"]) == ("done", True, 1)
        again = away.post(idempotency_key="key-1")
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json()["id"] == told[1].json()["id"]
        assert (away.books(), len(upstream.requests)) == (2 * COST, 2)


@pytest.mark.parametrize("go_away", WAYS.values(), ids=WAYS)
def test_a_restart_while_it_is_away(tmp_path: Path, go_away: Callable[[TcpProxy], None]) -> None:
    """A serving process that dies while the database is away is started again, says once that it
    waits, and answers when the database is back."""
    with FakeUpstream([FakePricing()] * 2) as upstream, behind_proxy(tmp_path, upstream) as away:
        assert away.post().status_code == 200
        first = _serving_process(away)
        go_away(away.proxy)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: _WAITS in away.service.output_text())
        assert away.service.process.poll() is None
        away.proxy.mend()
        answer = away.post()
        assert (answer.status_code, answer.json()["ok"]) == (200, True)
        assert _serving_process(away) != first
        assert away.service.output_text().count(_WAITS) == 1
        assert away.books() == 2 * COST


@pytest.mark.parametrize("go_away", WAYS.values(), ids=WAYS)
def test_killed_while_it_is_away(tmp_path: Path, go_away: Callable[[TcpProxy], None]) -> None:
    """Runs that were paid while the database was away, in a process that was killed before the
    database came back, are in the books once, with their answers, when both are back; the same
    request gets the answer and is not paid again."""
    gate = Gate()
    with FakeUpstream([gate] * 2) as upstream, behind_proxy(tmp_path, upstream) as away:
        with ThreadPoolExecutor(2) as callers:
            sent = [
                callers.submit(away.post, wait_seconds=60, idempotency_key=key)
                for key in ("key-1", "key-2")
            ]
            wait_until(lambda: len(upstream.requests) == 2)
            go_away(away.proxy)
            gate.open()
            kept = away.service.folder / "data" / "ends"
            wait_until(lambda: len(list(kept.glob("*.json"))) == 2)
            assert {path.stat().st_mode & 0o077 for path in (kept, *kept.iterdir())} == {0}
            os.kill(_serving_process(away), signal.SIGKILL)
            assert all(caller.exception(_PATIENCE) for caller in sent)
        away.proxy.mend()
        wait_until(away.is_ready)
        for key in ("key-1", "key-2"):
            again = away.post(idempotency_key=key)
            assert again.headers["Idempotent-Replayed"] == "true"
            assert again.json()["ok"]
            run = _ended(away, again.json()["id"])
            assert run
            assert (run["status"], run["attempt"]) == ("done", 1)
        assert (away.books(), len(upstream.requests)) == (2 * COST, 2)
        assert not list(kept.iterdir())


_WAITS = "waits for the database: "


def _serving_process(away: Away) -> int:
    pid = away.service.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _ended(away: Away, run_id: str) -> Json | None:
    found = requests.get(
        f"{away.service.address}/v1/runs/{run_id}",
        headers={"X-API-Key": away.service.key},
        timeout=_PATIENCE,
    )
    run: Json = found.json()
    return run if found.ok and run["status"] not in {"queued", "running"} else None


def _answered(response: requests.Response) -> Json | None:
    body: Json = response.json()
    return body if response.ok else None
