"""Node for tests: a folder's packages installed once, exactly as locked, and a browser if there is
one."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def node_in(
    folder: Path, *, seconds: float = 240, install: Sequence[str] = ("ci", "--ignore-scripts")
) -> str:
    """The node that runs the packages of ``folder``, which are installed before its first use;
    ``install`` is npm's command."""
    node, npm = needed("node"), needed("npm")
    locked = (folder / "package-lock.json").read_bytes()
    installed = folder / "node_modules" / ".installed"
    with _locked(folder):
        if not installed.exists() or installed.read_bytes() != locked:
            command = [npm, *install, "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            installed.write_bytes(locked)
    return node


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Only one process of the tests installs into ``folder`` at a time."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"formcall-npm-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def needed(*commands: str) -> str:
    """The path of the first of ``commands`` that is installed; without one the test is skipped, in
    continuous integration it fails."""
    for command in commands:
        if found := shutil.which(command):
            return found
    words = f"{' or '.join(commands)} is not installed"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def check_lock(path: Path) -> None:
    """The packages of a lock file come from whichever registry npm is set to, and each is the one
    that was locked."""
    packages = json.loads(path.read_text())["packages"]
    assert len(packages) > 1
    assert not [name for name, one in packages.items() if "resolved" in one]
    assert all("integrity" in one or one.get("inBundle") for name, one in packages.items() if name)
