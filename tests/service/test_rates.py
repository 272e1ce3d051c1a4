"""How often a key may call: counted exactly, wherever it is counted, and never a reason for the service to stop."""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connector.errors import FormcallError, SettingsError
from connector.jobs.rates import Rates
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.keys import Allowance, Key, open_keys
from tests.conftest import TICKET, Made, clean_environment
from tests.databases import database_url

REDIS = "redis://127.0.0.1:6379/9"
STORES = ("memory", "redis", "postgresql")


@pytest.fixture
def redis_url() -> str:
    redis = pytest.importorskip("redis", reason="no driver for Redis is installed")
    try:
        with redis.Redis.from_url(REDIS, socket_connect_timeout=2) as client:
            client.ping()
    except redis.ConnectionError:
        assert not os.environ.get("CI"), "continuous integration has a Redis, so a skip there would hide a fault"
        pytest.skip("there is no Redis at 127.0.0.1:6379")
    return REDIS


@pytest.fixture(params=STORES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings under which calls are counted in each place there is."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    with database_url("postgresql" if request.param == "postgresql" else "sqlite") as address:
        yield Settings(engine="scripted", data_dir=tmp_path / "data", limits_url=url, database_url=address)


@pytest.fixture
def rates(settings: Settings) -> Iterator[Rates]:
    database = open_database(settings)
    yield Rates(settings, database)
    database.dispose()


def a_key(rate: int | None) -> Key:
    """A key that nobody else has, so that a Redis may be shared."""
    made = dt.datetime.now(dt.UTC)
    return Key(f"key_{secrets.token_hex(8)}", "one", "fc_", ("actions",), made, allowance=Allowance(rate_per_minute=rate))


def taken(rates: Rates, key: Key, times: int) -> int:
    """How many of so many calls are let through."""
    return sum(is_let_through(rates, key) for _ in range(times))


def is_let_through(rates: Rates, key: Key) -> bool:
    try:
        rates.check(key)
    except FormcallError as error:
        return error.code != "rate_limited"
    return True


# --- counting ----------------------------------------------------------------------------------------------------------


def test_a_key_has_its_calls_and_no_more(rates: Rates) -> None:
    """So many calls are let through in a minute, each key has its own, and keys without a rate have no limit."""
    one, other, free = a_key(5), a_key(2), a_key(None)
    assert taken(rates, one, 9) == 5
    assert taken(rates, other, 9) == 2
    assert taken(rates, free, 9) == 9
    assert taken(rates, one, 3) == 0


def test_the_sentence_and_the_seconds(rates: Rates) -> None:
    """A refused call says how many are allowed, and in how many whole seconds it can work."""
    key = a_key(1)
    rates.check(key)
    with pytest.raises(FormcallError, match=r"may make one call a minute and has made them. Try again in \d+ seconds") as refused:
        rates.check(key)
    assert isinstance(refused.value.retry_after, int)
    assert 55 <= refused.value.retry_after <= 60


def test_threads_count_together(rates: Rates) -> None:
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
from connector.jobs.rates import Rates
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.keys import Allowance, Key
from tests.test_rates import taken
settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], limits_url=sys.argv[3])
key = Key(sys.argv[4], "one", "fc_", ("actions",), dt.datetime.now(dt.UTC), allowance=Allowance(rate_per_minute=50))
rates = Rates(settings, open_database(settings))
sys.stdin.readline()
print(taken(rates, key, 40))
"""


@pytest.mark.parametrize("settings", ["redis", "postgresql"], indirect=True)
def test_processes_count_together(settings: Settings) -> None:
    """Several processes let through as many calls together as one would alone."""
    name = f"key_{secrets.token_hex(8)}"
    command = [sys.executable, "-c", COUNT, str(settings.data_dir), settings.database_url, settings.limits_url, name]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen(command, text=True, env=clean_environment(), **pipes) for _ in range(3)]
    told = [process.communicate("go\n", timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, told
    assert sum(int(out) for out, _ in told) == 50


@pytest.mark.parametrize("settings", ["memory", "postgresql"], indirect=True)
def test_a_window_that_is_over_begins_anew(rates: Rates, settings: Settings) -> None:
    """After its minute a key has all of its calls again."""
    key = a_key(3)
    assert taken(rates, key, 5) == 3
    counting = rates._counting().storage
    if settings.database_url:
        with rates._database.begin() as connection:
            connection.exec_driver_sql("UPDATE rates SET expires_ms = expires_ms - 60001")
    else:
        for name in counting.expirations:  # type: ignore[attr-defined]
            counting.expirations[name] = time.time()  # type: ignore[attr-defined]
    assert taken(rates, key, 5) == 3


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_the_storage_of_the_database(rates: Rates) -> None:
    """The table can be asked, emptied by name and altogether, like every storage of the package."""
    storage = rates._counting().storage
    assert storage.check()
    assert (storage.incr("a", 60), storage.incr("a", 60, 2), storage.incr("b", 60)) == (1, 3, 1)
    assert (storage.get("a"), storage.get("none")) == (3, 0)
    assert time.time() + 50 < storage.get_expiry("a") < time.time() + 61
    assert storage.get_expiry("none") <= time.time()
    storage.clear("a")
    assert (storage.get("a"), storage.get("b")) == (0, 1)
    assert storage.reset() == 1


# --- when the counter is away ------------------------------------------------------------------------------------------


def test_calls_are_let_through_when_redis_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without its Redis the service goes on; this is told once a minute, without the address, and costs a call nothing."""
    settings = Settings(data_dir=tmp_path, limits_url="redis://:hunter2@127.0.0.1:9/0")
    database = open_database(settings)
    rates, key = Rates(settings, database), a_key(1)
    with caplog.at_level(logging.WARNING, "formcall"):
        assert taken(rates, key, 50) == 50
        rates._rests_until = 0.0
        assert taken(rates, key, 1) == 1
    assert len(caplog.records) == 1
    assert "calls cannot be counted (ConnectionError)" in caplog.text
    assert "hunter2" not in caplog.text
    database.dispose()


def test_a_redis_that_does_not_answer_holds_nobody_up(tmp_path: Path) -> None:
    """A server that takes the connection and says nothing is waited for half a second, then not asked for a while."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(data_dir=tmp_path, limits_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        database = open_database(settings)
        rates, key = Rates(settings, database), a_key(1)
        began = time.monotonic()
        assert taken(rates, key, 20) == 20
        assert time.monotonic() - began < 5
        database.dispose()


def test_a_counter_that_comes_back_counts_again(redis_url: str, tmp_path: Path) -> None:
    """After a rest the counter is asked again."""
    settings = Settings(data_dir=tmp_path, limits_url=redis_url)
    database = open_database(settings)
    rates, key = Rates(settings, database), a_key(2)
    rates._rest(ConnectionError())
    assert taken(rates, key, 5) == 5
    rates._rests_until = 0.0
    assert taken(rates, key, 5) == 2
    database.dispose()


@pytest.mark.parametrize("url", ["memcached://127.0.0.1:11211", "my redis", "redis://host:hunter2", "http://a:hunter2@host"])
def test_an_address_that_is_no_redis(url: str, tmp_path: Path) -> None:
    """A wrong address stops the start with a sentence that does not repeat it."""
    database = open_database(Settings(data_dir=tmp_path))
    with pytest.raises(SettingsError, match="FORMCALL_LIMITS_URL must be the address of a Redis") as raised:
        Rates(Settings(data_dir=tmp_path, limits_url=url), database)
    assert "hunter2" not in raised.value.detail
    database.dispose()


# --- over HTTP ---------------------------------------------------------------------------------------------------------


def limited(made: Made, rate: int) -> dict[str, str]:
    _, plain = made.keys.create(f"limited {rate}", allowance=Allowance(rate_per_minute=rate))
    return {"X-API-Key": plain}


def test_a_refused_call_over_http(make: Callable[..., Made]) -> None:
    """Refused calls are 429 with Retry-After as a whole number; what only reads is not counted, nor are other keys."""
    made = make()
    headers = limited(made, 2)
    for _ in range(5):
        assert made.client.get("/v1/actions", headers=headers).status_code == 200
    told = [made.client.post("/v1/actions/classify", json=TICKET, headers=headers) for _ in range(3)]
    assert [one.status_code for one in told] == [200, 200, 429]
    assert told[2].json["code"] == "rate_limited"
    assert told[2].json["retryable"] is True
    assert 1 <= int(told[2].headers["Retry-After"]) <= 60
    assert "may make 2 calls a minute" in told[2].json["detail"]
    assert made.post(json=TICKET).status_code == 200


def test_it_is_looked_at_before_the_body(make: Callable[..., Made]) -> None:
    """A body that cannot be read is not even looked at when the key has made its calls."""
    made = make()
    headers = {**limited(made, 1), "Content-Type": "application/json"}
    assert made.client.post("/v1/actions/classify", data=b"{", headers=headers).json["code"] == "bad_json"
    assert made.client.post("/v1/actions/classify", data=b"{", headers=headers).json["code"] == "rate_limited"


def test_a_new_rate_holds_at_once(make: Callable[..., Made]) -> None:
    """A rate that an operator sets holds from the next call on, and one that is taken away is gone."""
    made = make()
    key, plain = made.keys.create("changing")
    headers = {"X-API-Key": plain}
    keys = open_keys(made.app.extensions["formcall"].settings)

    def statuses(number: int) -> list[int]:
        return [made.client.post("/v1/actions/classify", json=TICKET, headers=headers).status_code for _ in range(number)]

    assert statuses(4) == [200] * 4
    keys.change(key.id, rate_per_minute=1)
    assert statuses(2) == [200, 429]
    keys.change(key.id, rate_per_minute=None)
    assert statuses(3) == [200] * 3
    keys.close()
