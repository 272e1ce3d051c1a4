"""Rate limits: counted exactly in every backend; a failing backend never stops the service."""

from __future__ import annotations

import datetime as dt
import logging
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event

from connector.errors import FormcallError, SettingsError
from connector.runs.rate_limits import RateLimits
from connector.settings import Settings
from connector.store import rates as store_rates
from connector.store.database import open_database
from connector.store.key_limits import KeyLimits
from connector.store.keys import Key, open_keys
from tests.support.databases import database_url
from tests.support.guards import hang_guard
from tests.support.running_service import clean_environment
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

REDIS = "redis://127.0.0.1:6379/9"
STORES = ("memory", "redis", "postgresql")


@pytest.fixture
def redis_url() -> str:
    redis = pytest.importorskip("redis", reason="no driver for Redis is installed")
    try:
        with redis.Redis.from_url(REDIS, socket_connect_timeout=2) as client:
            client.ping()
    except redis.ConnectionError:
        assert not os.environ.get("CI"), (
            "continuous integration has a Redis, so a skip there would hide a fault"
        )
        pytest.skip("there is no Redis at 127.0.0.1:6379")
    return REDIS


@pytest.fixture(params=STORES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings under which calls are counted in each place there is."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    with database_url("postgresql" if request.param == "postgresql" else "sqlite") as address:
        yield Settings(
            engine="scripted", data_dir=tmp_path / "data", limits_url=url, database_url=address
        )


@pytest.fixture
def rates(settings: Settings) -> Iterator[RateLimits]:
    database = open_database(settings)
    yield RateLimits(settings, database)
    database.dispose()


def a_key(rate: int | None) -> Key:
    """A key that nobody else has, so that a Redis may be shared."""
    made = dt.datetime.now(dt.UTC)
    return Key(
        f"key_{secrets.token_hex(8)}",
        "one",
        "fc_",
        ("actions",),
        made,
        limits=KeyLimits(rate_per_minute=rate),
    )


def taken(rates: RateLimits, key: Key, times: int) -> int:
    """How many of so many calls are let through."""
    return sum(is_let_through(rates, key) for _ in range(times))


def is_let_through(rates: RateLimits, key: Key) -> bool:
    try:
        rates.check(key)
    except FormcallError as error:
        return error.code != "rate_limited"
    return True


# --- counting -------------------------------------------------------------------------------------


def test_a_key_has_its_calls_and_no_more(rates: RateLimits) -> None:
    """So many calls are let through in a minute, each key has its own, and keys without a rate have
    no limit."""
    one, other, free = a_key(5), a_key(2), a_key(None)
    assert taken(rates, one, 9) == 5
    assert taken(rates, other, 9) == 2
    assert taken(rates, free, 9) == 9
    assert taken(rates, one, 3) == 0


def test_the_sentence_and_the_seconds(rates: RateLimits) -> None:
    """A refused call says how many are allowed, and in how many whole seconds it can work."""
    key = a_key(1)
    rates.check(key)
    with pytest.raises(
        FormcallError,
        match=r"may make one call a minute and has made them. Try again in \d+ seconds",
    ) as refused:
        rates.check(key)
    assert isinstance(refused.value.retry_after, int)
    assert 55 <= refused.value.retry_after <= 60


def test_threads_count_together(rates: RateLimits) -> None:
    """Many calls at the same moment are counted one by one."""
    key, start = a_key(20), threading.Barrier(16)

    def some() -> int:
        start.wait()
        return taken(rates, key, 5)

    with ThreadPoolExecutor(16) as pool:
        assert sum(future.result() for future in [pool.submit(some) for _ in range(16)]) == 20


COUNT = """
import datetime as dt, sys
from pathlib import Path
from connector.runs.rate_limits import RateLimits
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.key_limits import KeyLimits
from connector.store.keys import Key
from tests.service.test_rates import taken
settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], limits_url=sys.argv[3])
key = Key(sys.argv[4], "one", "fc_", ("actions",), dt.datetime.now(dt.UTC), \
limits=KeyLimits(rate_per_minute=50))
rates = RateLimits(settings, open_database(settings))
sys.stdin.readline()
print(taken(rates, key, 40))
"""


@pytest.mark.parametrize("settings", ["redis", "postgresql"], indirect=True)
def test_processes_count_together(settings: Settings) -> None:
    """Several processes let through as many calls together as one would alone."""
    name = f"key_{secrets.token_hex(8)}"
    command = [
        sys.executable,
        "-c",
        COUNT,
        str(settings.data_dir),
        settings.database_url,
        settings.limits_url,
        name,
    ]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    processes = [
        subprocess.Popen(command, text=True, env=clean_environment(), **pipes) for _ in range(3)
    ]
    told = [process.communicate("go\n", timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, told
    assert sum(int(out) for out, _ in told) == 50


@pytest.mark.parametrize("settings", ["memory", "postgresql"], indirect=True)
def test_a_window_that_is_over_begins_anew(rates: RateLimits, settings: Settings) -> None:
    """After its minute a key has all of its calls again."""
    key = a_key(3)
    assert taken(rates, key, 5) == 3
    if settings.database_url:
        _end_windows(settings)
    else:
        counting: Any = rates._get_limiter().storage
        for name in counting.expirations:
            counting.expirations[name] = time.time()
    assert taken(rates, key, 5) == 3


def _end_windows(settings: Settings) -> None:
    database = open_database(settings)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE rates SET expires_ms = expires_ms - 60001")
    database.dispose()


# --- slices of PostgreSQL -------------------------------------------------------------------------


@contextmanager
def _counted(settings: Settings) -> Iterator[tuple[RateLimits, list[str]]]:
    """Rate limits as in another process, and the statements that they make."""
    database = open_database(settings)
    statements: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *given: statements.append(str(given[2])))
    try:
        yield RateLimits(settings, database), statements
    finally:
        database.dispose()


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_most_calls_cost_no_statement(settings: Settings) -> None:
    """A process takes calls in slices that grow to a hundredth of the rate; a key of a low rate has
    each call counted by itself."""
    with _counted(settings) as (rates, statements):
        assert taken(rates, a_key(3_000), 301) == 301
        assert len(statements) == 5 + 9  # 1, 2, 4, 8, 16, and then 30 each
        statements.clear()
        assert taken(rates, a_key(150), 20) == 20
        assert len(statements) == 20


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_slices_together_are_the_rate(settings: Settings) -> None:
    """Processes whose calls are mixed at random let through exactly the rate together, however
    their slices lie."""
    with ExitStack() as stack:
        several = [stack.enter_context(_counted(settings))[0] for _ in range(3)]
        for rate, seed in ((1_000, 1), (777, 2), (201, 3)):
            key, chance = a_key(rate), random.Random(seed)
            calls = [chance.choice(several) for _ in range(2 * rate)]
            assert sum(is_let_through(rates, key) for rates in calls) == rate


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("made", "unused"), [(1, 0), (2, 1), (4, 3), (496, 9)])
def test_what_a_process_that_stops_leaves_unused(
    settings: Settings, made: int, unused: int
) -> None:
    """A process that makes no more calls has kept back at most as many as it has made, and never
    more than a hundredth of the rate; the others have all of the rest."""
    with _counted(settings) as (one, _), _counted(settings) as (other, _):
        key = a_key(1_000)
        assert taken(one, key, made) == made
        assert unused <= min(made, 10)
        assert taken(other, key, 1_100) == 1_000 - made - unused


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_slice_ends_with_its_window(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of a slice is not used in the next window, which starts with a new one."""
    moment = [1_000.0]
    monkeypatch.setattr(store_rates, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    with _counted(settings) as (rates, statements):
        key = a_key(1_000)
        assert taken(rates, key, 2) == 2  # of slices of 1 and 2 calls
        _end_windows(settings)
        moment[0] += 61
        statements.clear()
        assert taken(rates, key, 1_100) == 1_000
        assert statements


# --- when the counter is away ---------------------------------------------------------------------


def test_calls_are_let_through_when_redis_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without its Redis the service goes on; this is told once a minute, without the address, and
    costs a call nothing."""
    settings = Settings(data_dir=tmp_path, limits_url="redis://:hunter2@127.0.0.1:9/0")
    database = open_database(settings)
    rates, key = RateLimits(settings, database), a_key(1)
    with caplog.at_level(logging.WARNING, "formcall"):
        assert taken(rates, key, 50) == 50
        rates._backs_off_until = 0.0
        assert taken(rates, key, 1) == 1
    assert len(caplog.records) == 1
    assert "calls cannot be counted (ConnectionError)" in caplog.text
    assert "hunter2" not in caplog.text
    database.dispose()


def test_a_redis_that_does_not_answer_holds_nobody_up(tmp_path: Path) -> None:
    """A server that takes the connection and says nothing is waited for half a second, then not
    asked for a while."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(
            data_dir=tmp_path, limits_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        )
        database = open_database(settings)
        rates, key = RateLimits(settings, database), a_key(1)
        with hang_guard():
            assert taken(rates, key, 20) == 20
        database.dispose()


def test_a_counter_that_comes_back_counts_again(redis_url: str, tmp_path: Path) -> None:
    """After a rest the counter is asked again."""
    settings = Settings(data_dir=tmp_path, limits_url=redis_url)
    database = open_database(settings)
    rates, key = RateLimits(settings, database), a_key(2)
    rates._back_off(ConnectionError())
    assert taken(rates, key, 5) == 5
    rates._backs_off_until = 0.0
    assert taken(rates, key, 5) == 2
    database.dispose()


@pytest.mark.parametrize(
    "url",
    ["memcached://127.0.0.1:11211", "my redis", "redis://host:hunter2", "http://a:hunter2@host"],
)
def test_an_address_that_is_no_redis(url: str, tmp_path: Path) -> None:
    """A wrong address stops the start with a sentence that does not repeat it."""
    database = open_database(Settings(data_dir=tmp_path))
    with pytest.raises(
        SettingsError, match="FORMCALL_LIMITS_URL must be the address of a Redis"
    ) as raised:
        RateLimits(Settings(data_dir=tmp_path, limits_url=url), database)
    assert "hunter2" not in raised.value.detail
    database.dispose()


# --- over HTTP ------------------------------------------------------------------------------------


def limited(made: WebApp, rate: int) -> dict[str, str]:
    _, plain = made.keys.create(f"limited {rate}", limits=KeyLimits(rate_per_minute=rate))
    return {"X-API-Key": plain}


def test_a_refused_call_over_http(make: Callable[..., WebApp]) -> None:
    """Refused calls are 429 with Retry-After as a whole number; what only reads is not counted, nor
    are other keys."""
    made = make()
    headers = limited(made, 2)
    for _ in range(5):
        assert made.client.get("/v1/actions", headers=headers).status_code == 200
    told = [
        made.client.post("/v1/actions/classify", json=TICKET, headers=headers) for _ in range(3)
    ]
    assert [one.status_code for one in told] == [200, 200, 429]
    assert told[2].json["code"] == "rate_limited"
    assert told[2].json["retryable"] is True
    assert 1 <= int(told[2].headers["Retry-After"]) <= 60
    assert "may make 2 calls a minute" in told[2].json["detail"]
    assert made.post(json=TICKET).status_code == 200


def test_it_is_looked_at_before_the_body(make: Callable[..., WebApp]) -> None:
    """A body that cannot be read is not even looked at when the key has made its calls."""
    made = make()
    headers = {**limited(made, 1), "Content-Type": "application/json"}
    assert (
        made.client.post("/v1/actions/classify", data=b"{", headers=headers).json["code"]
        == "bad_json"
    )
    assert (
        made.client.post("/v1/actions/classify", data=b"{", headers=headers).json["code"]
        == "rate_limited"
    )


def test_a_new_rate_holds_at_once(make: Callable[..., WebApp]) -> None:
    """A rate that an operator sets holds from the next call on, and one that is taken away is
    gone."""
    made = make()
    key, plain = made.keys.create("changing")
    headers = {"X-API-Key": plain}
    keys = open_keys(made.service.settings)

    def statuses(number: int) -> list[int]:
        return [
            made.client.post("/v1/actions/classify", json=TICKET, headers=headers).status_code
            for _ in range(number)
        ]

    assert statuses(4) == [200] * 4
    keys.change(key.id, limits={"rate_per_minute": 1})
    assert statuses(2) == [200, 429]
    keys.change(key.id, limits={"rate_per_minute": None})
    assert statuses(3) == [200] * 3
    keys.close()
