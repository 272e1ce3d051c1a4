"""The installed package contains everything it needs and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from connector.catalogue import load_catalogue
from tests.support.running_service import clean_environment
from tests.support.samples import ROOT

pytestmark = pytest.mark.slow

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
PARTS = ("connector", "templates", "openapi", "bubble", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy so that nothing is left in it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, source / name)
    command = [*PIP, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(source)]
    done = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [found] = out.glob("formcall-*.whl")
    return found


def test_what_is_in_the_wheel(wheel: Path) -> None:
    """The wheel holds the package with its actions, specifications, models and migrations, and no
    tests or examples."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"connector", "formcall"}
    wanted = {f"connector/templates/{action}.yaml" for action in load_catalogue()}
    wanted |= {f"connector/openapi/{path.name}" for path in (ROOT / "openapi").iterdir()}
    wanted.add("connector/publish/bubble/ids.lock.json")
    files = [
        path
        for path in (ROOT / "connector").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    wanted |= {str(path.relative_to(ROOT)) for path in files}
    assert wanted - names == set()
    assert not [name for name in names if "__pycache__" in name or name.endswith((".db", ".env"))]
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_installed_package_works_anywhere(wheel: Path, tmp_path: Path) -> None:
    """Installed into a folder of its own, the command finds its actions, checks them, runs one and
    makes a key."""
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    install = [*PIP, "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run(
        [*install, str(wheel)], env=clean_environment(), capture_output=True, timeout=60, check=True
    )
    environment = clean_environment(
        PYTHONPATH=str(site), FORMCALL_ENGINE="scripted", PYTHONDONTWRITEBYTECODE="1"
    )

    def run(*words: str) -> str:
        # -P: only the installed package, never one in the folder that one is in
        command = [
            sys.executable,
            "-P",
            "-c",
            "import sys; from connector.cli.main import main; main(sys.argv[1:])",
            *words,
        ]
        done = subprocess.run(
            command,
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = subprocess.run(
        [sys.executable, "-P", "-c", ("import connector; print(connector.__file__)")],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert where.stdout.startswith(str(site))
    assert run("check") == f"{len(load_catalogue())} actions, 0 invalid\n"
    assert (
        json.loads(
            run("run", "classify", "--text", "a", "--categories", "billing, account", "--json")
        )["category"]
        == "billing"
    )
    assert run("key", "create", "one").startswith("fc_")
    assert (work / "data" / "formcall.db").exists()
    run("build", "openapi", "out")
    assert (work / "out" / "openapi" / "openapi.json").read_bytes() == (
        ROOT / "openapi" / "openapi.json"
    ).read_bytes()
