"""The generated package for n8n: its agreement with the actions, and (``make test-n8n``) its use in
n8n against a real service."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.catalogue import TYPES, load_catalogue
from connector.json_types import Json
from connector.publish import platforms
from connector.publish.n8n.node import NOT_SHOWN, WIDGETS
from connector.publish.n8n.workflow import CREDENTIAL
from connector.publish.openapi import DEFAULT_URL
from connector.publish.samples import example_input
from tests.support.node_tools import check_lock, node_in
from tests.support.receivers import wait_until
from tests.support.running_service import RunningService, clean_environment, free_port, serving
from tests.support.samples import ROOT, TICKET, without_durations

TESTS = ROOT / "tests" / "platforms"
CATALOGUE = load_catalogue()
FILES = platforms.build_all(CATALOGUE, platforms=["n8n"])
NODE: Json = json.loads(FILES["n8n/nodes/description.json"])
WORKFLOW: Json = json.loads(FILES["n8n/workflow.json"])
SECONDS = 240.0


# --- what is written ------------------------------------------------------------------------------


def shown_for(operation: str) -> list[Json]:
    """The boxes that n8n shows for an operation, those of its options among them."""
    found = [
        one
        for one in NODE["properties"]
        if operation in one.get("displayOptions", {}).get("show", {}).get("operation", ())
    ]
    return [
        inner
        for one in found
        for inner in (one["options"] if one["type"] == "collection" else [one])
    ]


def test_every_type_has_a_widget() -> None:
    """Each type that a form can have has a row, and each row is of a type that there is, or soon
    will be."""
    assert {name for name, row in TYPES.items() if row.read} <= {
        name for name, widget in WIDGETS.items() if widget
    }
    assert set(TYPES) <= set(WIDGETS) <= {*TYPES, "file"}


def test_every_action_and_field_is_there() -> None:
    """Each action is one operation with every field of its form, each of which is sent under its
    name."""
    [select] = [
        one
        for one in NODE["properties"]
        if one["name"] == "operation" and "action" in one["displayOptions"]["show"]["resource"]
    ]
    assert [one["value"] for one in select["options"]] == list(CATALOGUE)
    for action in CATALOGUE.values():
        shown = shown_for(action.id)
        assert {one["name"] for one in shown} == set(action.form) - set(NOT_SHOWN)
        assert [one["name"] for one in shown if one.get("required")] == [
            name for name, entry in action.form.items() if entry.required
        ]
        assert [one["routing"]["send"]["property"] for one in shown] == [
            one["name"] for one in shown
        ]


def test_reviews_are_operations() -> None:
    """What waits for a person can be found, read and decided on; required boxes are at the top."""
    [select] = [
        one
        for one in NODE["properties"]
        if one["name"] == "operation" and "review" in one["displayOptions"]["show"]["resource"]
    ]
    assert [one["value"] for one in select["options"]] == [
        "list_reviews",
        "get_review",
        "decide_review",
    ]
    request = select["options"][2]["routing"]["request"]
    assert request["method"] == "POST"
    assert request["url"] == '=/v1/reviews/{{encodeURIComponent($parameter["run_id"])}}'
    boxes = shown_for("decide_review")
    assert [one["name"] for one in boxes if one.get("required")] == ["run_id", "decision"]
    sent = {
        one["name"]: one["routing"]["send"] for one in boxes if "send" in one.get("routing", {})
    }
    assert sent["decision"] == {"type": "body", "property": "decision"}
    assert {"values", "note", "calls"} < set(sent)


def test_the_workflow_has_every_action() -> None:
    """Each action is one HTTP Request node that begins with the start, and each node uses the one
    credential."""
    calls = [node for node in WORKFLOW["nodes"] if node["type"] == "n8n-nodes-base.httpRequest"]
    assert {node["parameters"]["url"] for node in calls} == {
        f"{DEFAULT_URL}/v1/actions/{action}" for action in CATALOGUE
    }
    assert [one["node"] for one in WORKFLOW["connections"]["Start"]["main"][0]] == [
        node["name"] for node in calls
    ]
    assert all(node["credentials"] == {"httpHeaderAuth": CREDENTIAL} for node in calls)
    assert {node["parameters"]["contentType"] for node in calls} == {"json", "form-urlencoded"}


def test_a_public_address() -> None:
    """The workflow calls the address that others reach the service at, and its note says so."""
    files = platforms.PLATFORMS["n8n"](CATALOGUE, public_url="https://forms.example/ai/")
    workflow = json.loads(files["n8n/workflow.json"])
    urls = [node["parameters"]["url"] for node in workflow["nodes"] if "url" in node["parameters"]]
    assert all(url.startswith("https://forms.example/ai/v1/actions/") for url in urls)
    assert "forms.example" in workflow["nodes"][1]["parameters"]["content"]


def test_the_lock_file_names_no_host() -> None:
    """The packages come from whichever registry npm is set to."""
    check_lock(TESTS / "n8n" / "package-lock.json")


# --- in n8n itself --------------------------------------------------------------------------------


N8N = str(TESTS / "n8n" / "node_modules" / ".bin" / "n8n")


class N8n:
    """n8n in a home of its own, with our package where the package's README says to put it."""

    def __init__(self, root: Path) -> None:
        # its newest packages cannot be resolved with their peers, and its database is compiled on
        # the way
        node_in(TESTS / "n8n", seconds=1_800, install=("install", "--legacy-peer-deps"))
        self.root, self.port = root, free_port()
        self._environment = clean_environment(
            HOME=str(root / "home"),
            N8N_PORT=str(self.port),
            N8N_LISTEN_ADDRESS="127.0.0.1",
            N8N_RUNNERS_BROKER_PORT=str(free_port()),
            N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE="true",
            N8N_DIAGNOSTICS_ENABLED="false",
            N8N_VERSION_NOTIFICATIONS_ENABLED="false",
            N8N_TEMPLATES_ENABLED="false",
            N8N_SECURE_COOKIE="false",
            N8N_ENCRYPTION_KEY="only-for-this-test",
        )
        copy, build = re.findall(
            r"^```sh\n(.*?)^```$", FILES["n8n/README.md"].decode(), re.M | re.S
        )
        subprocess.run(
            ["sh", "-euc", build + copy],
            cwd=root,
            env=self._environment,
            check=True,
            capture_output=True,
            timeout=60,
        )

    def run(self, *words: str) -> str:
        command = [N8N, *words]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def load(self, kind: str, value: Any) -> None:
        file = self.root / f"{kind}.json"
        file.write_text(json.dumps(value), encoding="utf-8")
        said = self.run(f"import:{kind}", f"--input={file}")
        assert "Successfully imported" in said

    def execute(self, workflow: Json) -> dict[str, list[Json]]:
        """What each node of ``workflow`` gave, after it was imported and run."""
        self.load("workflow", workflow)
        said = self.run("execute", "--id", workflow["id"], "--rawOutput")
        found = json.loads(said[said.index("\n{") :])
        runs = found["data"]["resultData"]["runData"]
        return {
            name: [item["json"] for item in (run[0]["data"]["main"][0] or [])]
            for name, run in runs.items()
        }

    @contextmanager
    def serving(self) -> Iterator[requests.Session]:
        """Its server, and somebody who is signed in."""
        output = self.root / "server.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [N8N, "start"],
                cwd=self.root,
                env=self._environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(
                lambda: (
                    b"Editor is now accessible" in output.read_bytes() or process.poll() is not None
                ),
                SECONDS,
            )
            session = requests.Session()
            owner = {
                "email": "owner@forms.example",
                "firstName": "A",
                "lastName": "B",
                "password": "Only4this",
            }
            session.post(
                f"{self.address}/rest/owner/setup", json=owner, timeout=30
            ).raise_for_status()
            yield session
        finally:
            process.terminate()
            process.wait(timeout=60)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with serving(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture(scope="module")
def n8n(tmp_path_factory: pytest.TempPathFactory, service: RunningService) -> N8n:
    """n8n with both ways to connect: the key as a header, and our own credential."""
    made = N8n(tmp_path_factory.mktemp("n8n"))
    header = {
        **CREDENTIAL,
        "type": "httpHeaderAuth",
        "data": {"name": "X-API-Key", "value": service.key},
    }
    own = {
        **OWN,
        "type": "formcallApi",
        "data": {"address": f"{service.address}/ ", "apiKey": service.key},
    }
    bad = {**BAD, "type": "formcallApi", "data": {"address": service.address, "apiKey": "fc_wrong"}}
    made.load("credentials", [header, own, bad])
    return made


OWN, BAD = {"id": "own", "name": "Formcall API"}, {"id": "bad", "name": "A wrong key"}


def step(
    name: str,
    operation: str,
    top: Json,
    options: Json,
    *,
    resource: str = "action",
    credential: Json = OWN,
) -> Json:
    """Our node; one that fails goes on with what it says."""
    parameters = {"resource": resource, "operation": operation, **top, "options": options}
    return {
        "id": name,
        "name": name,
        "type": "CUSTOM.formcall",
        "typeVersion": 1,
        "position": [0, 0],
        "parameters": parameters,
        "credentials": {"formcallApi": credential},
        "onError": "continueRegularOutput",
    }


def action_step(name: str, values: Json, **more: Any) -> Json:
    required = {
        key: value for key, value in values.items() if CATALOGUE.find(name).form[key].required
    }
    return step(
        more.pop("called", name),
        name,
        required,
        {key: value for key, value in values.items() if key not in required},
        **more,
    )


def chained(nodes: list[Json]) -> Json:
    """A workflow of ``nodes``, one after the other."""
    start = {
        "id": "s",
        "name": "Start",
        "type": "n8n-nodes-base.manualTrigger",
        "typeVersion": 1,
        "position": [0, 0],
        "parameters": {},
    }
    names = ["Start", *(node["name"] for node in nodes)]
    pairs = itertools.pairwise(names)
    links = {one: {"main": [[{"node": other, "type": "main", "index": 0}]]} for one, other in pairs}
    version = "6d0b5c5e-9c0b-4d4e-8f4b-2f6f5a6b7c8d"
    return {
        "id": "own-node",
        "name": "own node",
        "versionId": version,
        "nodes": [start, *nodes],
        "connections": links,
        "active": False,
    }


@pytest.mark.n8n
def test_the_workflow_is_imported_and_runs(n8n: N8n, service: RunningService) -> None:
    """n8n takes the workflow as it is, and each of its nodes gets the answer of its example, as
    JSON and as a form."""
    told = json.loads(json.dumps(WORKFLOW).replace(DEFAULT_URL, service.address))
    given = n8n.execute(told)
    for action in CATALOGUE.values():
        expected = service.post(action.id, example_input(action)).json()
        [answer] = given[action.title]
        assert (answer["ok"], answer["result"]) == (True, expected["result"])
    [as_form] = given[f"{next(iter(CATALOGUE.values())).title} (form)"]
    assert as_form["ok"] is True


@pytest.mark.n8n
def test_the_node_is_loaded_and_runs(n8n: N8n, service: RunningService) -> None:
    """Our node runs every action, looks a run up, finds it by its tag, and tells a failure in the
    service's sentence."""
    tagged = {**TICKET, "tag": "from n8n", "multiple": False, "max_cost_usd": 0.5, "effort": "low"}
    nodes = [
        *(action_step(name, example_input(action)) for name, action in CATALOGUE.items()),
        action_step("classify", tagged, called="tagged"),
        step("get", "get_run", {"run_id": "={{$json.id}}"}, {"wait_seconds": 5}, resource="run"),
        step(
            "find",
            "list_runs",
            {},
            {"tag": "from n8n", "status": "done", "limit": 5},
            resource="run",
        ),
        action_step("classify", {"text": "a", "categories": "one"}, called="refused"),
        action_step("classify", TICKET, called="wrong key", credential=BAD),
    ]
    given = n8n.execute(chained(nodes))
    for action in CATALOGUE.values():
        expected = service.post(action.id, example_input(action)).json()
        [answer] = given[action.id]
        assert [without_durations(answer[name]) for name in action.returns] == [
            without_durations(expected[name]) for name in action.returns
        ]
    assert (
        {run["id"] for run in given["find"]}
        == {given["tagged"][0]["id"]}
        == {run["id"] for run in given["get"]}
    )
    assert given["get"][0]["category"] == "billing"
    for name, values, key in (
        ("refused", {"text": "a", "categories": "one"}, service.key),
        ("wrong key", TICKET, "fc_wrong"),
    ):
        assert given[name] == [{"error": sentence(service, values, key)}]


@pytest.mark.n8n
def test_the_connection_is_tried_and_an_agent_may_use_the_node(
    n8n: N8n, service: RunningService
) -> None:
    """n8n's server tries the connection when it is saved, lists the node with its picture, and
    offers it to agents as a tool."""
    with n8n.serving() as session:
        nodes = {
            one["name"]: one
            for one in session.get(f"{n8n.address}/types/nodes.json", timeout=60).json()
        }
        assert nodes["CUSTOM.formcall"]["outputs"] == ["main"]
        assert nodes["CUSTOM.formcallTool"]["outputs"] == ["ai_tool"]
        assert session.get(
            f"{n8n.address}/{nodes['CUSTOM.formcall']['iconUrl']}", timeout=30
        ).text.startswith("<svg")
        for key, status in ((service.key, "OK"), ("fc_wrong", "Error")):
            own = {
                "name": status,
                "type": "formcallApi",
                "data": {"address": f" {service.address}/", "apiKey": f"{key} "},
            }
            made = session.post(f"{n8n.address}/rest/credentials", json=own, timeout=60).json()[
                "data"
            ]
            tried = session.post(
                f"{n8n.address}/rest/credentials/test",
                json={"credentials": {**own, "id": made["id"]}},
                timeout=60,
            )
            assert tried.json()["data"]["status"] == status, tried.text


INVOICE = "Northwind Paper Ltd\nInvoice no. NP-2041\nTotal due: EUR 1,240.50"


@pytest.mark.n8n
def test_a_file_of_another_node(n8n: N8n, tmp_path: Path) -> None:
    """The name of a binary field sends the file in it, whole and with its name, whether it must be
    filled in or is an option."""
    with serving(tmp_path, FORMCALL_ENGINE="local") as local:
        own = {
            "id": "local",
            "name": "Local",
            "type": "formcallApi",
            "data": {"address": local.address, "apiKey": local.key},
        }
        n8n.load("credentials", [own])
        make = {
            "operation": "toText",
            "sourceProperty": "text",
            "options": {"fileName": "invoice.txt"},
        }
        text = {"mode": "raw", "jsonOutput": json.dumps({"text": INVOICE}), "options": {}}
        credential = {"id": own["id"], "name": own["name"]}
        top, options = {"task": "the total"}, {"file": "data", "count": 1}
        nodes = [
            builtin("text", "set", 3.4, text),
            builtin("file", "convertToFile", 1.1, make),
            step(
                "extracted",
                "extract_document",
                {"file": "data", "fields": "total money"},
                {},
                credential=credential,
            ),
        ]
        [answer] = n8n.execute(chained(nodes))["extracted"]
        assert (answer["ok"], answer["data"]["total"]) == (True, 1240.5)
        nodes[-1] = step("analyzed", "analyze_document", top, options, credential=credential)
        [answer] = n8n.execute(chained(nodes))["analyzed"]
        assert (answer["ok"], answer["page_count"]) == (True, 1)


def builtin(name: str, kind: str, version: float, parameters: Json) -> Json:
    return {
        "id": name,
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [0, 0],
        "parameters": parameters,
    }


def sentence(service: RunningService, values: Json, key: str) -> str:
    """What the service says to ``values``."""
    url = f"{service.address}/v1/actions/classify"
    found: str = requests.post(url, json=values, headers={"X-API-Key": key}, timeout=60).json()[
        "detail"
    ]
    return found
