"""A full disk, a frozen process, a clock that jumps: nothing is lost or paid twice, and the service
comes back by itself."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, event

from connector.json_types import Json
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.ledger.changes import FinishRun
from connector.store.ledger.records import StoreUnavailable
from tests.support.databases import database_url
from tests.support.ledger_asserts import assert_consistent
from tests.support.running_service import (
    FORMCALL,
    RunningService,
    clean_environment,
    free_port,
    serving,
    stop,
)
from tests.support.service_harness import (
    COST,
    FakePricing,
    Gate,
    OpenLocal,
    formcall_process,
    get_run,
    hosted_environment,
    local_services,
    new_key,
    run_action,
    wait_until,
)
from tests.support.upstream import FakeUpstream

_CLOCK_SOURCE = Path(__file__).parents[1] / "support" / "jumping_clock.c"
_DISK_BYTES = 8_000_000
_SECONDS = 60


@pytest.fixture
def open_local(tmp_path: Path) -> Iterator[OpenLocal]:
    with local_services(tmp_path) as one:
        yield one


def books_of(service: RunningService) -> int:
    settings = Settings(
        data_dir=service.folder / "data",
        database_url=service.environment.get("FORMCALL_DATABASE_URL", ""),
    )
    database = open_database(settings)
    try:
        return assert_consistent(database)
    finally:
        database.dispose()


def is_ready(service: RunningService) -> bool:
    return requests.get(f"{service.address}/readyz", timeout=_SECONDS).ok


# --- disks ----------------------------------------------------------------------------------------


class Disk:
    """Lets the connections of an SQLite database be read-only."""

    def __init__(self, database: Engine) -> None:
        self._connections: list[Any] = []
        event.listen(database, "checkout", self._note)
        self._is_read_only = False

    def _note(self, connection: Any, *_: Any) -> None:
        self._connections.append(connection)
        self._apply(connection)

    def _apply(self, connection: Any) -> None:
        connection.execute(f"PRAGMA query_only={'ON' if self._is_read_only else 'OFF'}")

    def set_read_only(self, is_read_only: bool) -> None:
        self._is_read_only = is_read_only


def test_a_disk_that_is_read_only(open_local: OpenLocal) -> None:
    """Runs are refused as busy before they cost anything, and accepted when it can be written."""
    with FakeUpstream([FakePricing()] * 2) as upstream:
        local = open_local(upstream)
        disk = Disk(local.database)
        disk.set_read_only(True)
        assert local.outcome() == "busy"
        assert not local.service.takes_changes
        assert not upstream.requests
        disk.set_read_only(False)
        assert local.outcome() == "done"
        assert local.service.takes_changes
        assert assert_consistent(local.database) == COST


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write to a folder, root included."""
    if os.geteuid():
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    bind = ["mount", "--bind", str(folder), str(folder)]
    if subprocess.run(bind, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        lock = ["mount", "-o", "remount,bind,ro", str(folder)]
        subprocess.run(lock, check=True, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("has_data", [False, True], ids=["new", "with data"])
def test_a_data_folder_that_is_read_only(tmp_path: Path, has_data: bool) -> None:
    """A start on a data folder that cannot be written ends at once with a sentence that names the
    setting, and leaves what is there as it is; with the right to write it starts."""
    data = tmp_path / "data"
    if has_data:
        with serving(tmp_path) as service:
            assert run_action(service).ok
    data.mkdir(exist_ok=True)
    before = {path.name for path in data.iterdir()}
    environment = clean_environment(FORMCALL_ENGINE="scripted", FORMCALL_DATA_DIR=str(data))
    command = [str(FORMCALL), "serve", "--port", str(free_port())]
    with read_only(data):
        done = subprocess.run(
            command,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode
    assert "FORMCALL_DATA_DIR" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert {path.name for path in data.iterdir()} == before
    with serving(tmp_path) as service:
        service.key = service.key or new_key(service)
        assert run_action(service).ok


def test_an_end_that_cannot_be_kept_on_disk(
    open_local: OpenLocal, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of a paid run is kept in memory where the data folder cannot be written either, and
    is in the books when the database is back; of one that was kept on disk nothing is left."""
    with FakeUpstream([FakePricing()] * 2) as upstream:
        local = open_local(upstream)
        folder = local.service.settings.data_dir / "ends"
        write = local.service.ledger.write
        refusals = [0]

        def away(change: Any) -> Any:
            if isinstance(change, FinishRun) and refusals[0]:
                refusals[0] -= 1
                raise StoreUnavailable
            return write(change)

        local.service.ledger.write = away  # type: ignore[method-assign]
        folder.touch()  # a file in its place: nothing can be kept there
        refusals[0] = 2
        assert local.outcome() == "done"
        assert "it is kept in memory" in caplog.text
        folder.unlink()
        refusals[0] = 2
        assert local.outcome() == "done"
        assert "it is kept on disk" in caplog.text
        assert not list(folder.iterdir())
        assert assert_consistent(local.database) == 2 * COST


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of ``_DISK_BYTES`` at ``folder``."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """A file that takes all that is left of its disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4_096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


@pytest.mark.slow
def test_a_full_disk(tmp_path: Path) -> None:
    """A run at the model when the disk fills keeps its answer until there is room, and its caller
    is told; others are refused as busy. With room everything is in the books, once."""
    gate = Gate()
    with (
        FakeUpstream([gate, *[FakePricing()] * 2]) as upstream,
        small_disk(tmp_path / "service" / "data") as disk,
        serving(tmp_path / "service", **hosted_environment(upstream)) as service,
        ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(run_action, service, wait_seconds=20, idempotency_key="one")
        wait_until(lambda: upstream.in_flight)
        filler = fill(disk)
        refused = wait_until(partial(_refused, service))
        assert refused["code"] == "busy"
        wait_until(lambda: not is_ready(service))
        gate.open()
        told = waiting.result()
        assert (told.status_code, told.json()["code"]) == (503, "busy")
        filler.unlink()
        wait_until(partial(is_ready, service))
        run = wait_until(partial(_ended, service, told.json()["id"]))
        assert (run["status"], run["attempt"]) == ("done", 1)
        assert wait_until(partial(_answered, service))
        paid = len(upstream.requests) * COST
        assert books_of(service) == paid


def _refused(service: RunningService) -> Json | None:
    """The problem of a run that is refused; a few small ones still find room."""
    response = run_action(service, text="word " * 20_000)
    body: Json = response.json()
    return None if response.ok else body


def _answered(service: RunningService) -> bool:
    return run_action(service).ok


def _ended(service: RunningService, run_id: str) -> Json | None:
    found = requests.get(
        f"{service.address}/v1/runs/{run_id}", headers=service.headers, timeout=_SECONDS
    )
    run: Json = found.json()
    return run if found.ok and run["status"] not in {"queued", "running"} else None


# --- processes ------------------------------------------------------------------------------------


def signal_all(service: RunningService, number: signal.Signals) -> None:
    """Send a signal to each process of a service, the first one before those it watches."""
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    for pid in (service.process.pid, *map(int, children.read_text().split())):
        os.kill(pid, number)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_frozen_process(tmp_path: Path, command: str) -> None:
    """The promised run of a process that is stopped goes on in another one; when the first is
    continued, its late answer changes nothing, both calls are booked, and it works again."""
    gate = Gate()
    with (
        database_url("postgresql") as database,
        FakeUpstream([gate, *[FakePricing()] * 2]) as upstream,
        ExitStack() as stack,
    ):
        variables = hosted_environment(
            upstream, FORMCALL_DATABASE_URL=database, FORMCALL_SECRET="s" * 32
        )

        def start(name: str, *words: str) -> RunningService:
            return stack.enter_context(formcall_process(tmp_path / name, *words, **variables))

        web = start("web", "serve", "--role", "web") if command == "worker" else None
        first = start("a", command)
        door = web or first
        door.key = new_key(door)
        run_id = run_action(door, wait_seconds=0.5).json()["id"]
        wait_until(lambda: upstream.in_flight == 1)
        other = start("b", command)
        other.key = door.key
        reader = web or other
        signal_all(first, signal.SIGSTOP)
        try:
            run = wait_until(partial(_ended, reader, run_id))
            assert (run["status"], run["attempt"]) == ("done", 2)
        finally:
            signal_all(first, signal.SIGCONT)
        gate.open()
        wait_until(lambda: upstream.in_flight == 0)
        # the call of the first attempt at its estimate, and what it cost in the end
        wait_until(partial(_booked, reader, len(upstream.requests) * COST))
        stop(other.process)
        assert wait_until(partial(_answered, door))
        again = get_run(door, run_id)
        assert (again["result"], again["attempt"]) == (run["result"], 2)
        estimated = round(again["estimated_usd"] * 1e9)
        assert (len(upstream.requests), books_of(door)) == (3, 3 * COST + estimated)


def _booked(service: RunningService, least: int) -> int | None:
    booked = books_of(service)
    return booked if booked > least else None


# --- clocks ---------------------------------------------------------------------------------------


@pytest.fixture
def clock_library(tmp_path: Path) -> Path:
    """A library that lets the clock of a process jump."""
    library, source = tmp_path / "jumping_clock.so", _CLOCK_SOURCE
    compiler = shutil.which("cc")
    if not compiler or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


@pytest.mark.slow
def test_a_clock_that_jumps(tmp_path: Path, clock_library: Path) -> None:
    """The clock of the machine jumps an hour ahead while a promised run is at the model, and two
    hours back: the run ends once, keys are repeated as before, the books are right."""
    gate, clock = Gate(), tmp_path / "clock"
    clock.write_text("0")
    with FakeUpstream([gate, *[FakePricing()] * 3]) as upstream:
        environment = hosted_environment(
            upstream, LD_PRELOAD=str(clock_library), CLOCK_FILE=str(clock)
        )
        with serving(tmp_path / "service", **environment) as service:
            run_id = run_action(service, wait_seconds=0.5).json()["id"]
            wait_until(lambda: upstream.in_flight == 1)
            times = []
            for jump in (3_600, -3_600):
                clock.write_text(str(jump))
                answer = run_action(service, idempotency_key=f"at {jump}")
                again = run_action(service, idempotency_key=f"at {jump}")
                assert answer.ok and again.headers["Idempotent-Replayed"] == "true"
                assert again.json()["id"] == answer.json()["id"]
                times.append(parsedate_to_datetime(answer.headers["Date"]))
            assert times[0] - times[1] > dt.timedelta(hours=1)  # so the clock has jumped
            gate.open()
            run = get_run(service, run_id, 60)
            assert (run["status"], run["attempt"]) == ("done", 1)
            assert len(upstream.requests) == 3
            assert books_of(service) == 3 * COST
