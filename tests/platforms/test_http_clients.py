"""axios, qs and fetch against a real service: the bytes that scripts and no-code servers send."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from connector.json_types import Json
from tests.support.node_tools import check_lock, node_in
from tests.support.running_service import clean_environment, serving

FOLDER = Path(__file__).with_name("http_clients")
BOTH = "billing\nother, misc"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, Json]]:
    """(status, content type, body) of each way to send the same form."""
    check_lock(FOLDER / "package-lock.json")
    node = node_in(FOLDER)
    with serving(tmp_path_factory.mktemp("clients"), FORMCALL_ENGINE="local") as service:
        command = [node, str(FOLDER / "send.mjs"), service.address, service.key]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env=clean_environment(),
        )
    assert done.returncode == 0, done.stderr
    lines = (json.loads(line) for line in done.stdout.splitlines())
    return {way: (status, kind, body) for way, status, kind, body in lines}


SAME = [
    *("axios JSON", "axios form", "axios params", "axios urlencoded object", "axios string"),
    *("axios text/plain", "axios twice", "qs indices", "qs brackets", "qs repeat"),
    "fetch FormData",
]


@pytest.mark.parametrize("way", SAME)
def test_one_form_sent_in_many_ways(answers: dict[str, tuple[int, str, Json]], way: str) -> None:
    """However a library writes the form, the same text is read and gets the same answer."""
    status, kind, body = answers[way]
    assert (status, kind, body["category"]) == (200, "application/json", "billing")
    assert "Hello, I was charged twice for my May invoice" in body["reason"]


def test_options_in_params(answers: dict[str, tuple[int, str, Json]]) -> None:
    """Options given as params are read; a mistyped one is refused, under the type that axios
    accepts."""
    assert answers["axios options in params"][2]["status"] == "dry_run"
    status, kind, body = answers["axios mistyped"]
    assert (status, kind, body["code"]) == (422, "application/json", "invalid_input")
    assert 'Did you mean "dry_run"?' in body["detail"]


@pytest.mark.parametrize("way", ["qs latin-1", "qs sentinel"])
def test_latin_1_that_is_declared(answers: dict[str, tuple[int, str, Json]], way: str) -> None:
    """A form in Latin-1 is read when its content type, or qs's sentinel, says so."""
    status, _, body = answers[way]
    assert status == 200
    assert body["read_text"] == "José wants 5 back"


def test_latin_1_that_is_not_declared(answers: dict[str, tuple[int, str, Json]]) -> None:
    """A form in Latin-1 that says nothing of it is refused with what to do."""
    status, _, body = answers["qs latin-1 undeclared"]
    assert (status, body["errors"][0]["code"]) == (422, "wrong_charset")
    assert "charset=windows-1252" in body["detail"]
