"""The flow of docs/platforms/node-red.md, in Node-RED itself, against a real service."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.json_types import Json
from tests.support.node_tools import check_lock, node_in
from tests.support.receivers import wait_until
from tests.support.running_service import RunningService, clean_environment, free_port, serving
from tests.support.samples import ROOT

TESTS = ROOT / "tests" / "platforms"
PAGE = (ROOT / "docs" / "platforms" / "node-red.md").read_text(encoding="utf-8")
FLOW: list[Json] = json.loads(re.findall(r"^```json\n(.*?)^```$", PAGE, re.M | re.S)[0])
VERSION = json.loads((TESTS / "node_red" / "package.json").read_text())["dependencies"]["node-red"]
SETTINGS = """
module.exports = { uiHost: "127.0.0.1", uiPort: %d, flowFile: "flows.json", credentialSecret: \
false, editorTheme: { tours: false },
  telemetry: { enabled: false }, logging: { console: { level: "info" } } };
"""


class NodeRed:
    """A running Node-RED with the page's flow; what its debug nodes show is read from its
    output."""

    def __init__(self, port: int, output: Path) -> None:
        self.address, self.port, self._output = f"http://127.0.0.1:{port}", port, output

    def press(self, button: str) -> None:
        """As the button of an inject node in the editor does."""
        [node] = [node for node in FLOW if node["type"] == "inject" and node["name"] == button]
        requests.post(f"{self.address}/inject/{node['id']}", timeout=60).raise_for_status()

    def shown(self, name: str, after: int = 0) -> Any:
        """The message that the debug node of this name shows ``after`` so many others, once it is
        there."""
        return json.loads(wait_until(lambda: self._lines(name)[after:])[0])

    def count(self, name: str) -> int:
        """How many messages a debug node has shown so far."""
        return len(self._lines(name))

    def starts(self) -> int:
        """How often flows were started."""
        return self._said().count("Started flows")

    def _lines(self, name: str) -> list[str]:
        return re.findall(rf"\[info\] \[debug:{name}\]\s+(.*)$", self._said(), re.M)

    def _said(self) -> str:
        return self._output.read_text(encoding="utf-8")


def filled_in(service: RunningService, port: int, key: str) -> list[Json]:
    """The flow with its variables set; debug nodes write what they show on the console, as one line
    of JSON."""
    known = {
        "FORMCALL_URL": service.address,
        "FORMCALL_KEY": key,
        "OWN_URL": f"http://127.0.0.1:{port}",
    }
    flow: list[Json] = json.loads(json.dumps(FLOW))
    for entry in flow[0]["env"]:
        entry["value"] = known.pop(entry["name"])
    assert known == {}
    for node in flow:
        if node["type"] == "debug":
            node.update(console=True, complete="$string(payload)", targetType="jsonata")
    return flow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """It may call Node-RED on this machine."""
    with serving(tmp_path_factory.mktemp("service"), FORMCALL_ALLOW_HOSTS="127.0.0.1") as found:
        yield found


@pytest.fixture(scope="module")
def node_red(
    service: RunningService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NodeRed]:
    folder, port, node = (
        tmp_path_factory.mktemp("node-red"),
        free_port(),
        node_in(TESTS / "node_red"),
    )
    (folder / "settings.js").write_text(SETTINGS % port)
    (folder / "flows.json").write_text(json.dumps(filled_in(service, port, service.key)))
    command = [
        node,
        str(TESTS / "node_red" / "node_modules" / "node-red" / "red.js"),
        "-u",
        str(folder),
        "-s",
        str(folder / "settings.js"),
    ]
    output = folder / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, env=clean_environment(), cwd=folder, stdout=file, stderr=subprocess.STDOUT
        )
    found = NodeRed(port, output)
    try:
        end = time.monotonic() + 90
        while not found.starts():
            assert process.poll() is None and time.monotonic() < end, output.read_text()
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_the_page_names_the_version() -> None:
    """The version that the page says it was checked with is the one that runs here."""
    assert f"Node-RED {VERSION}" in PAGE
    check_lock(TESTS / "node_red" / "package-lock.json")


def test_an_answer(node_red: NodeRed) -> None:
    """The first button gets the answer, which a switch can branch on."""
    before = node_red.count("Answer")
    node_red.press("Classify")
    answer = node_red.shown("Answer", before)
    assert (answer["ok"], answer["category"], answer["status"]) == (True, "billing", "done")


def test_called_back(node_red: NodeRed, service: RunningService) -> None:
    """The second button gets the run's id at once and the answer at its own address; the third
    finds the run."""
    before = node_red.count("Answer")
    node_red.press("Classify, be called back")
    begun = node_red.shown("Answer", before)
    assert (begun["status"], begun["result"]) == ("queued", "")
    told = node_red.shown("Called back")
    assert (told["event"], told["id"], told["status"]) == ("run.completed", begun["id"], "done")
    node_red.press("Look for the last run")
    [run] = node_red.shown("Answer", before + 1)
    assert (run["id"], run["status"], run["tag"]) == (begun["id"], "done", "node-red")
    url = f"{service.address}/v1/deliveries"
    [sent] = wait_until(
        lambda: [
            one
            for one in requests.get(url, headers=service.headers, timeout=60).json()
            if one["state"] == "sent"
        ]
    )
    assert (sent["subject_id"], sent["attempts"]) == (begun["id"], 1)


def test_a_wrong_key(node_red: NodeRed, service: RunningService) -> None:
    """What went wrong comes out of the second output, with its sentence."""
    flow, starts = filled_in(service, node_red.port, "fc_wrong"), node_red.starts()
    requests.post(f"{node_red.address}/flows", json=flow, timeout=60).raise_for_status()
    wait_until(lambda: node_red.starts() > starts)
    node_red.press("Classify")
    problem = node_red.shown("Problem")
    assert (problem["status"], problem["code"]) == (401, "unauthorized")
    assert problem["detail"].startswith("This API key is not valid")
