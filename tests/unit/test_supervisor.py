"""The watchdog of a worker: one that dies or hangs is started again, and a stop is a stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.service_harness import wait_until


@contextmanager
def supervised(what: str, file: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.supervised", what, str(file)],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text(encoding="ascii").split()] if file.exists() else []


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "reason"),
    [("die", "status -9"), ("hang", "in fullmatch"), ("fail when restarted", "status 3")],
    ids=["die", "hang", "fail when restarted"],
)
def test_a_worker_is_started_again(what: str, reason: str, tmp_path: Path) -> None:
    """A worker that was killed, or that a text keeps busy for ever, is replaced; the log says where
    it stood. SIGTERM then ends the last one cleanly."""
    file = tmp_path / "starts"
    with supervised(what, file) as process:
        wait_until(lambda: len(pids(file)) == 3, 60)
        assert not any(exists(pid) for pid in pids(file)[:2])
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
        assert process.returncode == 0
    assert reason in log
    assert len(pids(file)) == 3


def test_a_worker_that_cannot_start_is_not_repeated(tmp_path: Path) -> None:
    """A mistake in the settings ends the command with the worker's own status."""
    file = tmp_path / "starts"
    with supervised("fail at the start", file) as process:
        process.communicate(timeout=60)
        assert (process.returncode, len(pids(file))) == (3, 1)


def test_a_worker_ends_with_its_watchdog(tmp_path: Path) -> None:
    """kill -9 of the process that was started ends the work as well, so that none is left alone."""
    file = tmp_path / "starts"
    with supervised("run", file) as process:
        wait_until(lambda: pids(file), 60)
        process.kill()
        process.wait(timeout=60)
        wait_until(lambda: not exists(pids(file)[0]), 60)
