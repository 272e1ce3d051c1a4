"""Servers of a test's own, which it may stop, kill and start again: PostgreSQL and Redis."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.running_service import free_port

_START_SECONDS = 60.0
_USERS = ("postgres", "nobody")  # PostgreSQL refuses to run as root


def _program(name: str, *folders: str) -> str:
    """The path of an installed program; without it the test is skipped, in CI it fails."""
    found = [str(path) for folder in folders for path in sorted(Path("/").glob(f"{folder}/{name}"))]
    path = found[-1] if found else shutil.which(name)
    if path is None:
        assert not os.environ.get("CI"), f"continuous integration has {name}"
        pytest.skip(f"{name} is not installed")
    return path


@dataclass
class OwnPostgres:
    """A cluster in a folder of its own."""

    folder: Path
    port: int
    pg_ctl: str
    user: dict[str, Any]  # for subprocess

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder}"
        self._control("start", "-w", "-o", options, "-l", str(self.folder / "log"))

    def stop(self, mode: str) -> None:
        """``mode`` is fast (its sessions are ended) or immediate (as after a power failure)."""
        self._control("stop", "-w", "-m", mode)

    def _control(self, what: str, *options: str) -> None:
        command = [self.pg_ctl, what, "-D", str(self.folder / "data"), *options]
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, cwd="/", stdout=quiet, stderr=quiet, **self.user)


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """A new PostgreSQL cluster on a free port, as a user who is not root."""
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL is installed")
    binaries = "usr/lib/postgresql/*/bin"
    initdb, pg_ctl = _program("initdb", binaries), _program("pg_ctl", binaries)
    user = _other_user() if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="formcall-postgres-"))
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        own = OwnPostgres(folder, free_port(), pg_ctl, user)
        create = [initdb, "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run(create, check=True, cwd="/", capture_output=True, **user)
        own.start()
        try:
            yield own
        finally:
            with suppress(subprocess.CalledProcessError):  # the test has stopped it
                own.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> dict[str, Any]:
    for name in _USERS:
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    pytest.skip("there is no user as whom PostgreSQL may run")


class OwnRedis:
    """A Redis on a port of its own that forgets everything when it is killed."""

    def __init__(self) -> None:
        self.port = free_port()
        self._program = _program("redis-server")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, cwd="/", stdout=quiet, stderr=quiet)
        end = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert time.monotonic() < end, "Redis does not start"
            time.sleep(0.05)

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as client:
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
        return False


@contextmanager
def own_redis() -> Iterator[OwnRedis]:
    pytest.importorskip("redis", reason="no driver for Redis is installed")
    redis = OwnRedis()
    redis.start()
    try:
        yield redis
    finally:
        redis.kill()
