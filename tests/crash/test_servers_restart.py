"""The servers that a service uses are restarted, or lose what they had: runs go on, nothing is lost
or paid twice, and the service comes back by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests

from connector.json_types import Json
from connector.settings import Settings
from connector.store.database import open_database
from tests.support.ledger_asserts import assert_consistent
from tests.support.own_servers import own_postgres, own_redis
from tests.support.running_service import RunningService, serving
from tests.support.service_harness import (
    COST,
    FakePricing,
    Gate,
    get_run,
    hosted_environment,
    new_key,
    run_action,
    wait_until,
)
from tests.support.upstream import FakeUpstream

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_postgresql(tmp_path: Path, mode: str) -> None:
    """Runs at the model while PostgreSQL is restarted, or dies and recovers, end with their
    answers: one whose caller waits, one that is promised, and one that is queued. Each is paid
    once, and later calls are answered."""
    gate = Gate()
    with (
        own_postgres() as database,
        FakeUpstream([gate] * 3 + [FakePricing()]) as upstream,
        serving(
            tmp_path / "service", **hosted_environment(upstream, FORMCALL_DATABASE_URL=database.url)
        ) as service,
        ThreadPoolExecutor(1) as caller,
    ):
        waiting = caller.submit(run_action, service, wait_seconds=90)
        promised = run_action(service, wait_seconds=0.3).json()["id"]
        queued = run_action(service, wait_seconds=0).json()["id"]
        wait_until(lambda: upstream.in_flight == 3)
        database.stop(mode)
        wait_until(lambda: not _is_ready(service))
        database.start()
        wait_until(lambda: _is_ready(service))
        gate.open()
        assert waiting.result().json()["ok"]
        for run_id in (promised, queued):
            run = wait_until(partial(_ended, service, run_id))
            assert (run["status"], run["attempt"]) == ("done", 1)
        assert wait_until(lambda: run_action(service).ok)
        assert (_books(tmp_path, database.url), len(upstream.requests)) == (4 * COST, 4)


def _is_ready(service: RunningService) -> bool:
    return requests.get(f"{service.address}/readyz", timeout=60).ok


def _ended(service: RunningService, run_id: str) -> Json | None:
    run = get_run(service, run_id)
    return run if run["status"] not in {"queued", "running"} else None


def _books(folder: Path, url: str) -> int:
    database = open_database(Settings(data_dir=folder, database_url=url))
    try:
        return assert_consistent(database)
    finally:
        database.dispose()


def test_a_redis_that_is_killed(tmp_path: Path) -> None:
    """While the Redis that counts calls is gone, calls are answered and not counted; when it has
    started again, with nothing in it, rates hold again."""
    with (
        own_redis() as redis,
        serving(tmp_path, FORMCALL_LIMITS_URL=redis.url) as service,
    ):
        service.key = new_key(service, "--rate", "2")
        assert [_status(service) for _ in range(3)] == [200, 200, 429]
        redis.kill()
        assert [_status(service) for _ in range(4)] == [200] * 4
        assert _is_ready(service)
        redis.start()
        wait_until(lambda: _status(service) == 429)


def _status(service: RunningService) -> int:
    return run_action(service).status_code
