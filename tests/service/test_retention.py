"""Retention: expired data is deleted, needed data stays, and texts that should not be stored are
nowhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import (
    Boolean,
    Engine,
    Integer,
    Table,
    create_engine,
    func,
    insert,
    inspect,
    select,
    text,
)

from connector.json_types import Json
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.hosts import StoredHosts
from connector.store.ids import lowest_id, now_ms
from connector.store.keys import open_keys
from connector.store.retention import DAY_MS, Retention, current_cutoffs, plan_deletions
from connector.store.tables import (
    batches,
    cached_answers,
    deliveries,
    hook_refusals,
    hosts,
    ledger,
    rates,
    runs,
    spending,
)
from tests.support.databases import KINDS, database_url
from tests.support.receivers import Receiver
from tests.support.running_service import FORMCALL, RunningService, clean_environment, serving
from tests.support.samples import TICKET
from tests.support.upstream import FakeUpstream, Script, fault, forced_call, slow

_NUMBERS = iter(range(1, 1_000_000))


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with database_url(request.param) as address:
        yield Settings(
            data_dir=tmp_path / "data", database_url=address, keep_days=30, keep_ledger_days=100
        )


@pytest.fixture
def database(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    yield engine
    engine.dispose()


# --- rows of an age -------------------------------------------------------------------------------


def _empty(table: Table) -> Json:
    """A value for each column that must have one."""
    kinds: dict[type, Any] = {Boolean: False, Integer: 0}
    needed = [column for column in table.columns if not column.nullable]
    return {
        column.name: next(
            (value for kind, value in kinds.items() if isinstance(column.type, kind)), ""
        )
        for column in needed
    }


def put(database: Engine, table: Table, **values: Any) -> str:
    with database.begin() as connection:
        connection.execute(insert(table).values(**{**_empty(table), **values}))
    return str(values.get("id", ""))


def aged(prefix: str, days: float) -> Json:
    """The id and the moments of something that was made so many days ago and ended a second
    later."""
    at = now_ms() - round(days * DAY_MS)
    return {
        "id": f"{lowest_id(prefix, at)}{next(_NUMBERS):022x}",
        "created_ms": at,
        "ended_ms": at + 1000,
    }


def put_run(database: Engine, days: float, **values: Any) -> str:
    row = {
        **aged("run", days),
        "key_id": "key_1",
        "action": "classify",
        "status": "done",
        "form": '{"text": "a"}',
        "answer": "{}",
    }
    return put(database, runs, **{**row, **values})


def put_batch(database: Engine, days: float, **values: Any) -> str:
    row = {
        **aged("batch", days),
        "key_id": "key_1",
        "status": "done",
        "total": 2,
        "fixed": '{"a": "b"}',
    }
    return put(database, batches, **{**row, **values})


def put_message(database: Engine, days: float, **values: Any) -> str:
    row = {**aged("msg", days), "key_id": "key_1", "state": "sent", "body": "{}"}
    return put(database, deliveries, **{**row, **values})


def ids(database: Engine, table: Table) -> set[str]:
    with database.connect() as connection:
        return set(connection.execute(select(table.c.id)).scalars())


def find(database: Engine, table: Table, row_id: str) -> Any:
    with database.connect() as connection:
        return connection.execute(select(table).where(table.c.id == row_id)).one()


def count(database: Engine, table: Table) -> int:
    with database.connect() as connection:
        found: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
        return found


# --- what goes and what stays ---------------------------------------------------------------------


def test_runs_go_when_they_are_old(database: Engine, settings: Settings) -> None:
    """Runs that ended before the time go; younger ones stay with their texts, and so do all that
    are open or not settled."""
    old = [
        put_run(database, 31),
        put_run(database, 300, status="failed"),
        put_run(database, 40, status="interrupted"),
    ]
    young = put_run(database, 29)
    late = put_run(database, 50, ended_ms=now_ms() - DAY_MS)  # it took long, or was run again
    kept = [
        put_run(database, 90, status="running", ended_ms=None),
        put_run(database, 90, status="queued", ended_ms=None),
        put_run(database, 90, status="queued"),  # it is to be run again
        put_run(database, 90, status="interrupted", reserved_nusd=5),
    ]
    went = Retention(database).run_due(settings)
    assert went["runs"] == len(old)
    assert ids(database, runs) == {young, late, *kept}
    assert find(database, runs, young).form == '{"text": "a"}'


def test_a_request_that_may_come_again_finds_its_run(database: Engine, settings: Settings) -> None:
    """However short runs are kept, one with an idempotency key stays for the day in which its
    request may come again."""
    same = put_run(database, 0.5, idempotency_key="a")
    put_run(database, 0.5)
    put_run(database, 1.5, idempotency_key="b")
    Retention(database).run_due(Settings(data_dir=settings.data_dir, keep_days=0.1))
    assert ids(database, runs) == {same}


def test_batches_go_with_their_rows(database: Engine, settings: Settings) -> None:
    """A batch and its rows stay together: the rows of one that is young, paused or going on are not
    touched, however old they are."""
    old, young = put_batch(database, 40), put_batch(database, 40, ended_ms=now_ms() - DAY_MS)
    paused = put_batch(database, 40, status="paused", ended_ms=None)
    for batch in (old, young, paused):
        for number in range(3):
            put_run(database, 40, batch_id=batch, row_no=number)
        put(database, spending, account=batch, period="all", spent_nusd=5)
    stuck = put_batch(database, 40)
    put_run(database, 40, batch_id=stuck, row_no=0)
    unsettled = put_run(
        database, 40, batch_id=stuck, row_no=1, status="interrupted", reserved_nusd=7
    )
    Retention(database).run_due(settings)
    assert ids(database, batches) == {young, paused, stuck}
    assert count(database, runs) == 3 + 3 + 1
    assert unsettled in ids(database, runs)
    with database.connect() as connection:
        assert set(connection.execute(select(spending.c.account)).scalars()) == {young, paused}


def test_messages(database: Engine, settings: Settings) -> None:
    """What was sent loses its text after a day, what could not be sent keeps it, and all that ended
    goes with the records."""
    arrived, old_arrived = put_message(database, 0.5), put_message(database, 2)
    lost, waiting = (
        put_message(database, 2, state="given_up"),
        put_message(database, 90, state="waiting", ended_ms=None),
    )
    put_message(database, 31, state="given_up")
    Retention(database).run_due(settings)
    assert ids(database, deliveries) == {arrived, old_arrived, lost, waiting}
    assert {
        each
        for each in (arrived, old_arrived, lost, waiting)
        if find(database, deliveries, each).body
    } == {arrived, lost, waiting}


def put_refusal(database: Engine, days: float, **values: Any) -> str:
    row = {**aged("post", days), "key_id": "key_1", "hook_id": "hook_1", "body": "{}"}
    del row["ended_ms"]
    return put(database, hook_refusals, **{**row, **values})


def test_refused_posts(database: Engine, settings: Settings) -> None:
    """What a hook refused goes with the records; its text goes earlier where texts are not kept."""
    young, older = put_refusal(database, 0.5), put_refusal(database, 2)
    put_refusal(database, 31)
    Retention(database).run_due(settings)
    assert ids(database, hook_refusals) == {young, older}
    assert find(database, hook_refusals, older).body == "{}"
    Retention(database).run_due(replace(settings, store_text="off"))
    assert find(database, hook_refusals, older).body is None
    assert find(database, hook_refusals, young).body == "{}"


def test_books(database: Engine, settings: Settings) -> None:
    """The ledger stays as long as the operator wants, also without its runs; sums of periods long
    over go, unless they are reserved."""
    day = "2026-01-01"
    for name, on in (("old", "2020-01-01"), ("young", current_cutoffs(settings).ledger_day)):
        put(database, ledger, run_id=name, key_id="key_1", day=on, nusd=1)
    for period in ("2020-01-01", "2020-01", "all"):
        put(database, spending, account="key_1", period=period)
    put(database, spending, account="key_2", period="2020-01-01", reserved_nusd=1)
    put(database, spending, account="key_1", period=f"{current_cutoffs(settings).spending_day}")
    put(database, spending, account="key_1", period=f"{current_cutoffs(settings).spending_day}"[:7])
    put_run(database, 40, day=day)
    Retention(database).run_due(settings)
    with database.connect() as connection:
        assert set(connection.execute(select(ledger.c.run_id)).scalars()) == {"young"}
        left = {(row.account, row.period) for row in connection.execute(select(spending))}
    young = current_cutoffs(settings).spending_day or ""
    assert left == {
        ("key_1", "all"),
        ("key_2", "2020-01-01"),
        ("key_1", young),
        ("key_1", young[:7]),
    }


def test_what_has_expired(database: Engine, settings: Settings) -> None:
    """Answers that may not be given again, windows of rates that are over and processes nothing is
    left of go."""
    for name, expires in (("old", now_ms() - 1), ("young", now_ms() + 60_000)):
        put(
            database,
            cached_answers,
            key_id="key_1",
            digest=name,
            expires_ms=expires,
            created_ms=now_ms() - 1000,
        )
        put(database, rates, name=name, expires_ms=expires)
    known = StoredHosts(database)
    for host in ("alive", "gone", "holding"):
        known.beat(host, "worker")
    put_run(database, 3, status="running", ended_ms=None, host="holding")
    long_ago = (
        "datetime('now', '-2 days')"
        if database.dialect.name == "sqlite"
        else "now() - interval '2 days'"
    )
    with database.begin() as connection:
        connection.execute(text(f"UPDATE hosts SET seen_at = {long_ago} WHERE id != 'alive'"))
    Retention(database).run_due(settings)
    assert count(database, cached_answers) == count(database, rates) == 1
    assert ids(database, hosts) == {"alive", "holding"}


@pytest.mark.parametrize("store_text", ["hash", "off"])
def test_texts_that_nobody_asked_to_keep(
    database: Engine, settings: Settings, store_text: str
) -> None:
    """Forms and answers go a day after the run, or the batch as a whole, has ended; the record
    stays with its bill."""
    plain = Settings(
        data_dir=settings.data_dir, database_url=settings.database_url, store_text=store_text
    )
    yesterday, today = put_run(database, 1.1, cost_nusd=7), put_run(database, 0.9)
    open_run = put_run(database, 3, status="queued", ended_ms=None)
    over, going = put_batch(database, 1.1), put_batch(database, 3, status="running", ended_ms=None)
    row_over, row_going = (
        put_run(database, 2, batch_id=batch, row_no=0) for batch in (over, going)
    )
    lost, waiting = (
        put_message(database, 1.1, state="given_up"),
        put_message(database, 3, state="waiting", ended_ms=None),
    )
    Retention(database).run_due(plain)
    assert {each for each in ids(database, runs) if find(database, runs, each).answer} == {
        today,
        open_run,
        row_going,
    }
    assert find(database, runs, yesterday).form is None
    assert find(database, runs, yesterday).cost_nusd == 7
    assert (find(database, batches, over).fixed, find(database, runs, row_over).form) == (
        None,
        None,
    )
    assert find(database, batches, going).fixed
    assert (find(database, deliveries, lost).body, find(database, deliveries, waiting).body) == (
        None,
        "{}",
    )


# --- how it goes ----------------------------------------------------------------------------------


def test_many_rows_go_in_pieces(
    database: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows go, each transaction has a few, and all are gone in the end; those that
    stay do not stop it."""
    monkeypatch.setattr("connector.store.retention._CHUNK_ROWS", 7)
    kept = [
        put_run(database, 90 - number / 100, status="queued", ended_ms=None) for number in range(20)
    ]
    for number in range(50):
        put_run(database, 90 - number / 100)
        put(
            database,
            ledger,
            run_id=f"run_{number // 3}",
            attempt=number % 3,
            day="2020-01-01",
            key_id="key_1",
        )
    went = Retention(database).run_due(settings)
    assert (went["runs"], went["calls in the ledger"]) == (50, 50)
    assert ids(database, runs) == set(kept)


def test_several_processes_at_once(
    database: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several may take things out at the same moment; each row goes once and nobody waits for
    ever."""
    monkeypatch.setattr("connector.store.retention._CHUNK_ROWS", 5)
    for number in range(120):
        put_run(database, 60 + number / 100)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: Retention(database).run_due(settings)["runs"], range(4)))
    assert sum(found) == 120
    assert count(database, runs) == 0


def test_what_takes_long_is_done_once_an_hour(database: Engine, settings: Settings) -> None:
    """A round looks through whole tables only once an hour; what an index leads to goes each
    time."""
    retention = Retention(database)
    assert "calls in the ledger" in retention.run_due(settings)
    assert set(retention.run_due(settings)) == {
        "runs",
        "cached answers",
        "files of runs",
        "windows of rates",
    }


KEEP = """
import sys, time
from pathlib import Path
from connector import service as services
from connector.settings import Settings
services._MAINTENANCE_SECONDS = 0.1
if __name__ == "__main__":
    service = services.build_service(Settings(engine="scripted", data_dir=Path(sys.argv[1]), \
database_url=sys.argv[2]))
    service.launch()
    sys.stdin.readline()
    service.stop(5)
"""


def test_a_service_does_it_by_itself(database: Engine, settings: Settings) -> None:
    """A process that works takes out what has had its time, again and again."""
    command = [sys.executable, "-c", KEEP, str(settings.data_dir), settings.database_url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=clean_environment(), text=True, **pipes) as process:
        for _ in range(2):
            put_run(database, 31)
            until = time.monotonic() + 30
            while count(database, runs):
                assert time.monotonic() < until
                time.sleep(0.05)
        _, told = process.communicate("end\n", timeout=60)
    assert (process.returncode, told) == (0, "")


def test_counting_changes_nothing(database: Engine, settings: Settings) -> None:
    """A dry run says what would go, also of a batch whose rows are there still."""
    batch = put_batch(database, 40)
    put_run(database, 40, batch_id=batch, row_no=0)
    put_run(database, 40)
    wanted = list(plan_deletions(current_cutoffs(settings)))
    counted = Retention(database).count(wanted)
    assert (counted["runs"], counted["rows of batches"], counted["batches"]) == (1, 1, 1)
    assert count(database, runs) == 2
    assert Retention(database).run(wanted) == counted


# --- formcall purge -------------------------------------------------------------------------------


def purge(settings: Settings, *words: str) -> dict[str, int]:
    """The counts that the command tells."""
    environment = {
        "FORMCALL_DATA_DIR": str(settings.data_dir),
        "FORMCALL_DATABASE_URL": settings.database_url,
    }
    done = _command("purge", *words, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return {
        name: int(number.replace(",", ""))
        for number, name in re.findall(r"^ *([\d,]+)  (.+)$", done.stdout, re.M)
    }


def _command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = clean_environment(FORMCALL_ENGINE="scripted", **environment)
    return subprocess.run(
        [FORMCALL, *words], env=variables, capture_output=True, text=True, timeout=60, check=False
    )


def test_purge(database: Engine, settings: Settings) -> None:
    """`formcall purge` takes out at once what has had its time, or what is older than one says; a
    dry run only counts."""
    for days in (31, 8, 6, 0.001):
        put_run(database, days)
    assert purge(settings, "--dry-run")["runs"] == 1
    assert count(database, runs) == 4
    assert purge(settings)["runs"] == 1
    assert purge(settings, "--older-than", "7d", "--vacuum")["runs"] == 1
    assert purge(settings, "--older-than", "1m")["runs"] == 2
    assert count(database, runs) == 0


def test_purge_of_one_key(database: Engine, settings: Settings) -> None:
    """What belongs to one key goes, also when it is revoked; the books and what others have
    stay."""
    keys = open_keys(settings, database)
    one, other = keys.create("one")[0], keys.create("other")[0]
    keys.revoke("one")
    for key in (one, other):
        put_run(database, 1, key_id=key.id)
        put_message(database, 1, key_id=key.id)
        put_refusal(database, 1, key_id=key.id)
        put(
            database,
            cached_answers,
            key_id=key.id,
            digest="a",
            created_ms=now_ms() - DAY_MS,
            expires_ms=now_ms() + DAY_MS,
        )
        put(database, ledger, run_id=key.id, key_id=key.id, day="2026-01-01", nusd=1)
    assert purge(settings, "--key", "one", "--older-than", "0d") == {
        "runs": 1,
        "rows of batches": 0,
        "batches": 0,
        "messages": 1,
        "refused posts": 1,
        "cached answers": 1,
        "files of runs": 0,
    }
    with database.connect() as connection:
        assert list(connection.execute(select(runs.c.key_id)).scalars()) == [other.id]
    assert count(database, ledger) == 2
    failed = _command(
        "purge",
        "--key",
        "nobody",
        FORMCALL_DATA_DIR=str(settings.data_dir),
        FORMCALL_DATABASE_URL=settings.database_url,
    )
    assert failed.returncode == 1
    assert 'There is no key called "nobody"' in failed.stderr


def test_purge_of_texts(database: Engine, settings: Settings) -> None:
    """With --texts the records stay and lose their texts, also cached answers that could be given
    again; what is open keeps its own."""
    ended, open_run = (
        put_run(database, 0.001, cost_nusd=9),
        put_run(database, 1, status="queued", ended_ms=None),
    )
    put(
        database,
        cached_answers,
        key_id="key_1",
        digest="a",
        created_ms=now_ms() - 1000,
        expires_ms=now_ms() + DAY_MS,
    )
    batch = put_batch(database, 0.001)
    assert purge(settings, "--texts")["texts of runs"] == 1
    assert (find(database, runs, ended).form, find(database, runs, ended).cost_nusd) == (None, 9)
    assert find(database, runs, open_run).form
    assert find(database, batches, batch).fixed is None
    assert count(database, cached_answers) == 0


def test_an_age_that_is_none() -> None:
    """An age is a number of days, hours or minutes."""
    failed = _command("purge", "--older-than", "week")
    assert failed.returncode == 2
    assert "'week' is not an age such as 7d, 12h or 30m" in failed.stderr


# --- no text anywhere -----------------------------------------------------------------------------

ASKED, ANSWERED = "zanzibar-in-the-form", "zanzibar-in-the-answer"
MARK = b"zanzibar"
FORM = {"text": f"I was charged twice for {ASKED}.", "categories": "billing\ntechnical"}
REPLY = {
    "category": "billing",
    "confidence": 0.9,
    "reason": f"It says {ANSWERED}.",
    "runner_up": None,
}


@pytest.mark.parametrize("store_text", ["off", "hash"])
def test_texts_that_are_not_kept_are_nowhere(tmp_path: Path, store_text: str) -> None:
    """Unless texts are kept, no table, no file and no line of the log holds a word of a form or an
    answer, however its run went."""
    with FakeUpstream() as upstream, Receiver() as receiver:
        variables = {
            "FORMCALL_ENGINE": "openai",
            "OPENAI_API_KEY": "sk-x",
            "OPENAI_BASE_URL": upstream.base_url,
            "FORMCALL_STORE_TEXT": store_text,
            "FORMCALL_ALLOW_HOSTS": "127.0.0.1",
        }
        with serving(tmp_path, **variables) as service:
            _every_kind_of_run(service, upstream, receiver)
            told = _command(
                "purge", "--texts", "--vacuum", FORMCALL_DATA_DIR=str(tmp_path / "data")
            )
            assert told.returncode == 0, told.stderr
            _assert_nowhere(tmp_path / "data")
        assert MARK not in service.output_text().encode()
        _assert_nowhere(tmp_path / "data")


def _every_kind_of_run(service: RunningService, upstream: FakeUpstream, receiver: Receiver) -> None:
    upstream.script = Script([forced_call(REPLY)], repeat=True)
    assert ANSWERED in service.post(body=FORM).text
    assert _texts(service) == set()  # an answer that was given is not kept at all
    assert service.post(body={**FORM, "idempotency_key": "one", "tag": "a"}).ok
    for _ in range(2):
        assert service.post(body={**FORM, "cache": "1h"}).ok
    assert service.post(body={**FORM, "categories": ASKED}).status_code == 422
    _ended(
        service,
        service.post(body={**FORM, "wait_seconds": 0, "callback_url": receiver.url}).json()["id"],
    )
    upstream.script = Script([slow(2.0, forced_call(REPLY))])
    handed_over = service.post(body={**FORM, "wait_seconds": 1})
    assert handed_over.status_code == 202
    _ended(service, handed_over.json()["id"])
    upstream.script = Script([fault("server_error")] * 8)
    failed = service.post(body={**FORM, "callback_url": receiver.url})
    assert failed.status_code == 502
    upstream.script = Script([forced_call(REPLY)], repeat=True)
    receiver.wait(2)
    assert any(ANSWERED.encode() in post.body for post in receiver.posts)
    _batch(service)


def _batch(service: RunningService) -> None:
    body = {
        "action": "classify",
        "rows": [{"text": f"Row {number} says {ASKED}"} for number in range(5)],
        "fixed": {"categories": "a\nb"},
    }
    sent = requests.post(
        f"{service.address}/v1/batches", json=body, headers=service.headers, timeout=30
    )
    assert sent.status_code in {200, 202}, sent.text
    address, until = f"{service.address}/v1/batches/{sent.json()['id']}", time.monotonic() + 30
    while requests.get(address, headers=service.headers, timeout=60).json()["status"] not in {
        "done",
        "failed",
        "paused",
    }:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert requests.get(address, headers=service.headers, timeout=60).json()["status"] == "done"


def _ended(service: RunningService, run_id: str) -> None:
    told = requests.get(
        f"{service.address}/v1/runs/{run_id}?wait_seconds=20", headers=service.headers, timeout=30
    ).json()
    assert told["status"] == "done", told


def _texts(service: RunningService) -> set[str]:
    """Where a marker is found in our tables, as table.column."""
    engine = create_engine(f"sqlite:///{service.folder / 'data' / 'formcall.db'}")
    found = _found(engine)
    engine.dispose()
    return found


def _found(engine: Engine) -> set[str]:
    found = set()
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                found |= {f"{table}.{name}" for name, value in row.items() if MARK in _bytes(value)}
    return found


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _assert_nowhere(data: Path) -> None:
    for name in ("formcall.db", "jobs.db"):
        engine = create_engine(f"sqlite:///{data / name}")
        assert _found(engine) == set(), name
        engine.dispose()
    for path in data.iterdir():
        assert MARK not in path.read_bytes(), path.name


def test_what_is_kept_is_seen_by_this_search(tmp_path: Path) -> None:
    """The same search finds texts that are kept, so that finding none means something."""
    with FakeUpstream(Script([forced_call(REPLY)], repeat=True)) as upstream:
        variables = {
            "FORMCALL_ENGINE": "openai",
            "OPENAI_API_KEY": "sk-x",
            "OPENAI_BASE_URL": upstream.base_url,
        }
        with serving(tmp_path, **variables) as service:
            assert service.post(body={**FORM, "cache": "1h"}).ok
            assert _texts(service) == {"runs.form", "runs.answer", "cached_answers.answer"}
            assert json.loads(service.post(body=TICKET).text)["ok"]


def test_what_is_deleted_is_written_over(tmp_path: Path) -> None:
    """A text that was deleted is not left in the file, also without writing it anew."""
    settings = Settings(data_dir=tmp_path)
    database = open_database(settings)
    for number in range(50):
        put_run(database, 40, form=f"{ASKED} {number} " * 200)
    with database.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert MARK in (tmp_path / "formcall.db").read_bytes()
    Retention(database).run_due(settings)
    with database.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert MARK not in (tmp_path / "formcall.db").read_bytes()
    database.dispose()
