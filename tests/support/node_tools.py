"""Node for tests: a folder's packages installed once, exactly as its lock file says, and a browser that is there or is skipped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]


def node_in(folder: Path, *, seconds: float = 240, install: Sequence[str] = ("ci", "--ignore-scripts")) -> str:
    """The node that runs the packages of ``folder``, which are installed before its first use; ``install`` is npm's command."""
    found, npm = needed("node"), needed("npm")
    wanted, installed = (folder / "package-lock.json").read_bytes(), folder / "node_modules" / ".installed"
    if not installed.exists() or installed.read_bytes() != wanted:
        command = [npm, *install, "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        installed.write_bytes(wanted)
    return found


def needed(*commands: str) -> str:
    """The path of the first of ``commands`` that is installed; without one the test is skipped, in continuous integration it fails."""
    for command in commands:
        if found := shutil.which(command):
            return found
    words = f"{' or '.join(commands)} is not installed"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def check_lock(path: Path) -> None:
    """The packages of a lock file come from whichever registry npm is set to, and each is the one that was locked."""
    packages = json.loads(path.read_text())["packages"]
    assert len(packages) > 1
    assert not [name for name, one in packages.items() if "resolved" in one]
    assert all("integrity" in one or one.get("inBundle") for name, one in packages.items() if name)
