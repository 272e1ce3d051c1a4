"""docs/platforms: every request on the pages is sent unchanged, every piece of code is run, and
each page states what was tested."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from connector.catalogue import load_catalogue
from connector.json_types import Json
from tests.support.node_tools import node_in
from tests.support.running_service import FORMCALL, RunningService, clean_environment
from tests.support.samples import ROOT

FOLDER = ROOT / "docs" / "platforms"
TRIED_ELSEWHERE = {"node-red"}  # pages with tests of their own
PAGES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted(FOLDER.glob("*.md"))
    if path.stem not in TRIED_ELSEWHERE
}
OWN = {
    name: page for name, page in PAGES.items() if name not in {"README", "curl"}
}  # of one tool each, and written by hand
JS = ROOT / "tests" / "platforms" / "importers"
SERVED = re.compile(r"`(?:https://YOUR-HOST)?(/(?:v1/|mcp|openapi|swagger)[\w./-]*)`")


def _blocks(language: str) -> Iterator[tuple[str, str]]:
    for name, page in PAGES.items():
        for block in re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S):
            yield name, block


REQUESTS = list(_blocks("http"))
SCRIPTS = [(name, block) for name, block in _blocks("sh") if name != "curl"]


@pytest.mark.parametrize(
    ("name", "block"),
    REQUESTS,
    ids=[f"{name} {number}" for number, (name, _) in enumerate(REQUESTS)],
)
def test_requests(name: str, block: str, live_local: RunningService) -> None:
    """Each request is answered with what the page promises; only the key is put in."""
    head, _, body = block.partition("\n\n")
    line, *headers = head.splitlines()
    method, path, _ = line.split()
    sent = {
        key: value.replace("YOUR_KEY", live_local.key)
        for key, value in (one.split(": ", 1) for one in headers)
    }
    response = requests.request(
        method, live_local.address + path, headers=sent, data=body.rstrip("\n").encode(), timeout=30
    )
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("application/json")
    answer = response.json()
    assert (answer["ok"], answer["status"]) == (True, "done")
    assert answer["result"]


@pytest.mark.parametrize(("name", "script"), SCRIPTS, ids=[name for name, _ in SCRIPTS])
def test_commands(name: str, script: str, tmp_path: Path) -> None:
    """Each command works as it stands."""
    environment = clean_environment(FORMCALL_DATA_DIR=str(tmp_path / "data"))
    done = subprocess.run(
        ["sh", "-euc", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = re.findall(r"`(my-[\w./-]+\.json)`", PAGES[name])
    assert all((tmp_path / path).is_file() for path in made), made


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A folder from which the packages of tests/importers are found."""
    node_in(JS)
    (tmp_path / "node_modules").symlink_to(JS / "node_modules")
    return tmp_path


def _node(folder: Path, *words: str, **variables: str) -> Json:
    command = [node_in(JS), *words]
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: Json = json.loads(done.stdout.splitlines()[-1])
    return found


RIGHT = {
    "text": "I was charged twice for May.",
    "categories": ["billing: invoices and charges", "technical: errors and crashes"],
}
WRONG = {"text": "I was charged twice for May.", "categories": ["billing"]}


def test_the_step_of_pipedream(scripts: Path, live: RunningService) -> None:
    """With Pipedream's own library the step returns the answer, and a wrong call fails with the
    status and our sentence."""
    [code] = [block for name, block in _blocks("js") if name == "pipedream"]
    step = scripts / "step.mjs"
    step.write_text(code)
    settings = {"FORMCALL_URL": live.address, "FORMCALL_KEY": live.key}
    right = _node(scripts, str(JS / "pipedream.mjs"), str(step), json.dumps(RIGHT), **settings)
    assert (right["returned"]["ok"], right["returned"]["category"]) == (True, "billing")
    wrong = _node(scripts, str(JS / "pipedream.mjs"), str(step), json.dumps(WRONG), **settings)
    assert "422" in wrong["failed"] or wrong["answer"]["status"] == 422
    assert "at least 2 entries" in json.dumps(wrong)


def test_the_piece_of_activepieces(scripts: Path, live: RunningService) -> None:
    """With Activepieces' own framework the action returns the answer, and a wrong call fails with
    the status and our sentence."""
    [code] = [block for name, block in _blocks("js") if name == "activepieces"]
    piece = scripts / "piece.cjs"
    piece.write_text(code)
    right = _node(
        scripts, str(JS / "activepieces.cjs"), str(piece), live.address, live.key, json.dumps(RIGHT)
    )
    assert (right["returned"]["ok"], right["returned"]["category"]) == (True, "billing")
    assert set(right["props"]) <= set(load_catalogue()["classify"].fields)
    wrong = _node(
        scripts, str(JS / "activepieces.cjs"), str(piece), live.address, live.key, json.dumps(WRONG)
    )
    assert "422" in wrong["failed"]
    assert "at least 2 entries" in wrong["failed"]
    keyless = _node(
        scripts,
        str(JS / "activepieces.cjs"),
        str(piece),
        live.address,
        "fc_wrong",
        json.dumps(RIGHT),
    )
    assert "401" in keyless["failed"]


def test_answers_that_tooljet_reads(live: RunningService) -> None:
    """To a right, a wrong and a keyless call the answer is a JSON object with content."""
    for body, key in ((RIGHT, live.key), (WRONG, live.key), (RIGHT, ""), ({}, live.key)):
        response = requests.post(
            f"{live.address}/v1/actions/classify", json=body, headers={"X-API-Key": key}, timeout=10
        )
        assert response.content
        assert isinstance(response.json(), dict)


def test_the_specification_is_one_that_dify_reads(live: RunningService) -> None:
    """One absolute address, short plain ids, one kind of body, and parameters without references,
    alternatives or lists of types."""
    spec = requests.get(f"{live.address}/openapi.json", timeout=60).json()
    assert [re.match(r"https?://", server["url"]) is not None for server in spec["servers"]] == [
        True
    ]
    for entry in spec["paths"].values():
        for operation in entry.values():
            assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", operation["operationId"])
            assert operation["description"]
            content = operation.get("requestBody", {}).get("content", {})
            assert list(content) in ([], ["application/json"])
            for media in content.values():
                schema = media["schema"]
                name = schema.get("$ref", "").rpartition("/")[2]
                properties = (spec["components"]["schemas"][name] if name else schema).get(
                    "properties", {}
                )
                for one in [
                    *properties.values(),
                    *(given["schema"] for given in operation.get("parameters", [])),
                ]:
                    assert isinstance(one["type"], str)
                    assert not {"$ref", "anyOf", "oneOf", "allOf"} & set(one)


def test_configurations_are_json() -> None:
    """What is shown as a file of settings is JSON, and starts or calls what there is."""
    shown_as_json = [json.loads(block) for _, block in _blocks("json")]
    found = [one["mcpServers"]["formcall"] for one in shown_as_json if "mcpServers" in one]
    assert len(found) == 3
    for entry in found:
        if "command" in entry:
            assert (entry["command"], entry["args"][0]) == ("formcall", "mcp")
            shown = subprocess.run(
                [str(FORMCALL), "mcp", "--help"],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            ).stdout
            assert all(word in shown for word in entry["args"] if word.startswith("--"))
        else:
            assert entry["url"].endswith("/mcp")


@pytest.mark.parametrize("name", OWN)
def test_each_page_says_what_was_tried(name: str) -> None:
    """Each page of a tool has instructions and ends by saying what was tried, and how."""
    title, _, tail = OWN[name].partition("\n## What was tried\n")
    assert title.startswith("# ")
    assert len(tail.split()) > 10
    assert "\n## " not in tail


def test_the_table_has_every_page() -> None:
    """The first page lists every other one of the folder, and whatever it links to is there."""
    linked = re.findall(r"\]\(([^)#]+)\)", PAGES["README"])
    assert {path.name for path in FOLDER.glob("*.md")} - {"README.md"} <= set(linked)
    for name, page in PAGES.items():
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", page):
            assert (FOLDER / link).exists(), (name, link)


def test_addresses(live: RunningService) -> None:
    """Each address of the service that a page names is served."""
    paths = {path for page in PAGES.values() for path in SERVED.findall(page)}
    assert {"/mcp", "/openapi.json"} <= paths
    for path in paths - {"/v1/actions/..."}:
        status = requests.get(live.address + path, headers=live.headers, timeout=60).status_code
        assert status == 200 or (status == 405 and path == "/mcp"), path
