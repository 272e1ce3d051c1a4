"""The files for importers: valid for the official checkers, within the importers' limits, and run
where possible."""

from __future__ import annotations

import copy
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from connector.catalogue import Catalogue, load_catalogue, read_file
from connector.json_types import Json
from connector.publish import curl, gpt, platforms, postman, power_automate
from tests.platforms.test_publish import ODD_ACTION
from tests.support.node_tools import check_lock, needed, node_in
from tests.support.power_platform_rules import faults, property_faults
from tests.support.running_service import FORMCALL, RunningService, clean_environment
from tests.support.samples import ROOT

JS = ROOT / "tests" / "platforms" / "importers"
CONNECTOR = "power-automate/apiDefinition.swagger.json"
SPECS = (
    "openapi/openapi.json",
    "openapi/openapi-3.1.json",
    "openapi/swagger.json",
    gpt.PATH,
    CONNECTOR,
)
MOST_DESCRIPTION, MOST_PARAMETER, MOST_OPERATIONS = 300, 700, 30  # of a GPT's editor
CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The catalogue with one more action that has a field of every type."""
    path = tmp_path_factory.mktemp("actions") / "odd_job.yaml"
    path.write_text(ODD_ACTION)
    return Catalogue([*CATALOGUE.values(), read_file(path)])


@pytest.fixture(scope="module")
def built(odd: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All generated files of that catalogue, for a service that others reach."""
    folder = tmp_path_factory.mktemp("built")
    platforms.write_files(platforms.build_all(odd, public_url="https://forms.example"), folder)
    return folder


def _run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(
        NO_UPDATE_NOTIFIER="1",
        REDOCLY_TELEMETRY="off",
        REDOCLY_SUPPRESS_UPDATE_NOTICE="true",
        **variables,
    )
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --- every specification, for those who check specifications --------------------------------------


@pytest.mark.parametrize("path", SPECS)
def test_openapi_spec_validator(path: str, built: Path) -> None:
    """Each published specification is valid."""
    validate(json.loads((built / path).read_text()))


def test_spectral(built: Path, tmp_path: Path) -> None:
    """Spectral's rules for OpenAPI find no error in any specification; that there is nobody to
    contact is all it warns of."""
    node_in(JS)
    rules = tmp_path / "rules.yaml"
    rules.write_text('extends: ["spectral:oas"]\n')
    command = [
        str(JS / "node_modules" / ".bin" / "spectral"),
        "lint",
        "-r",
        str(rules),
        "--format",
        "json",
        "--quiet",
        *SPECS,
    ]
    done = _run(command, built)
    found = json.loads(done.stdout)
    assert [one for one in found if one["severity"] == 0] == []
    assert {one["code"] for one in found} <= {"info-contact"}
    assert done.returncode == 0, done.stderr


def test_redocly(built: Path) -> None:
    """Redocly's recommended rules find no error in any specification."""
    node_in(JS)
    done = _run(
        [str(JS / "node_modules" / ".bin" / "redocly"), "lint", *SPECS, "--format", "json"], built
    )
    # one report after another
    assert re.findall(r'"totals": {\s*"errors": (\d+)', done.stdout) == ["0"] * len(SPECS), (
        done.stdout[:4_000]
    )
    assert done.returncode == 0, done.stderr


# --- Power Automate -------------------------------------------------------------------------------


def test_the_connector_is_what_microsofts_tools_take(built: Path) -> None:
    """Neither file has a key, a word or a reference that they would refuse, also with a field of
    every type."""
    assert faults(json.loads((built / CONNECTOR).read_text())) == []
    assert (
        property_faults(json.loads((built / "power-automate/apiProperties.json").read_text())) == []
    )
    assert faults(json.loads((built / "openapi/swagger.json").read_text())) == []


def _places(document: Json) -> Iterator[tuple[str, Json]]:
    form = document["definitions"]["classify_input"]
    yield "may not stand in document", document
    yield "may not stand in operation", document["paths"]["/v1/actions/classify"]["post"]
    yield "may not stand in schema", form["properties"]["text"]
    yield (
        "may not stand in body",
        document["paths"]["/v1/actions/classify"]["post"]["parameters"][-1],
    )


def test_what_they_would_refuse_is_found(built: Path) -> None:
    """A word of Microsoft's in the wrong place, one that is not known, and what leads nowhere are
    each seen."""
    whole = json.loads((built / CONNECTOR).read_text())
    for number, (words, _) in enumerate(_places(whole)):
        broken = copy.deepcopy(whole)
        list(_places(broken))[number][1]["x-ms-nothing"] = True
        assert any(words in fault for fault in faults(broken)), words
    for key, value in (
        ("x-ms-visibility", "hidden"),
        ("$ref", "#/definitions/nothing"),
        ("format", "time"),
        ("nullable", True),
    ):
        broken = copy.deepcopy(whole)
        broken["definitions"]["classify_input"]["properties"]["text"][key] = value
        assert faults(broken), key
    assert property_faults({"properties": {"capabilities": []}, "more": 1}) == [
        "#: more",
        "properties: properties has no iconBrandColor",
    ]


def test_the_connector_has_what_a_flow_needs(built: Path) -> None:
    """Every action, the trigger with the operation that ends it, and the list that drop-downs are
    filled from; nothing for operators."""
    document = json.loads((built / CONNECTOR).read_text())
    found = {
        one["operationId"]: one
        for entry in document["paths"].values()
        for one in entry.values()
        if "operationId" in one
    }
    assert list(found) == [
        *sorted([*CATALOGUE, "odd_job"]),
        *sorted(power_automate.OPERATIONS, key=list(found).index),
    ]
    assert [name for name, one in found.items() if one.get("x-ms-trigger")] == [
        "create_subscription"
    ]
    assert found["delete_subscription"]["x-ms-visibility"] == "internal"
    form = document["definitions"]["create_batch_input"]["properties"]
    assert form["action"]["x-ms-dynamic-values"]["operationId"] == "list_actions"
    tone = document["definitions"]["odd_job_input"]["properties"]["tone"]
    assert tone["x-ms-enum-values"] == [
        {"value": "warm", "displayName": "Warm"},
        {"value": "cool", "displayName": "Cool"},
    ]
    parameters = json.loads((built / "power-automate/apiProperties.json").read_text())[
        "properties"
    ]["connectionParameters"]
    assert set(parameters) == set(document["securityDefinitions"])
    # a box that nobody sees and that must be filled in is only the one that Power Automate fills in
    # itself
    for schema in document["definitions"].values():
        needed = [schema["properties"][name] for name in schema.get("required", [])]
        assert all(
            one["x-ms-notification-url"]
            for one in needed
            if one.get("x-ms-visibility") == "internal"
        )


# --- custom GPTs ----------------------------------------------------------------------------------


def _nodes(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
    for one in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _nodes(one)


def test_gpt_limits(built: Path) -> None:
    """Texts are short enough, each object says its properties, one credential and no header is
    asked for, no user is asked each time."""
    document = json.loads((built / gpt.PATH).read_text())
    operations = [one for entry in document["paths"].values() for one in entry.values()]
    assert len(operations) <= MOST_OPERATIONS
    for operation in operations:
        assert max(len(operation["summary"]), len(operation["description"])) <= MOST_DESCRIPTION
        assert re.fullmatch(r"[a-z_]{1,40}", operation["operationId"])
        assert all(
            one["in"] != "header" and len(one["description"]) <= MOST_PARAMETER
            for one in operation.get("parameters", [])
        )
    assert all(
        one["x-openai-isConsequential"] is False
        for one in operations
        if one["operationId"] in CATALOGUE
    )
    assert list(document["components"]["securitySchemes"]) == ["bearer"]
    assert document["servers"] == [{"url": "https://forms.example"}]
    for schema in document["components"]["schemas"].values():
        for one in _nodes(schema):
            assert one.get("type") != "object" or "properties" in one
            assert (
                not isinstance(one.get("description"), str)
                or len(one["description"]) <= MOST_PARAMETER
            )


# --- Postman and curl -----------------------------------------------------------------------------


def test_newman_runs_the_collection(live: RunningService, tmp_path: Path) -> None:
    """Postman's own runner sends every request of the collection, in its order, and each is
    answered as published."""
    node_in(JS)
    command = [
        str(JS / "node_modules" / ".bin" / "newman"),
        "run",
        str(ROOT / postman.PATH),
        "--reporters",
        "json",
    ]
    command += ["--reporter-json-export", "report.json", "--timeout-request", "30000"]
    for name, value in (("baseUrl", live.address), ("apiKey", live.key)):
        command += ["--env-var", f"{name}={value}"]
    done = _run(command, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())["run"]
    assert report["failures"] == [], done.stdout
    assert done.returncode == 0
    assert (
        report["stats"]["requests"]["total"]
        == report["stats"]["assertions"]["total"]
        == len(CATALOGUE) + len(postman.OPERATIONS)
    )
    asked = {one["item"]["name"]: one for one in report["executions"]}
    sent = {"".join(f"/{part}" for part in one["request"]["url"]["path"]) for one in asked.values()}
    assert {f"/v1/actions/{name}" for name in CATALOGUE} <= sent
    assert not [path for path in sent if "{{" in path]


def _blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)


COMMANDS = _blocks((ROOT / curl.PATH).read_text(encoding="utf-8"))[1:]
NAMES = [f"{action} as {kind}" for action in CATALOGUE for kind in ("json", "form")]


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_curl(command: str, live: RunningService, tmp_path: Path) -> None:
    """Each command of the page works as it stands; only the address and the key are put in."""
    needed("curl")
    script = command.replace("http://127.0.0.1:8080", live.address)
    done = _run(["sh", "-euc", script], tmp_path, FORMCALL_KEY=live.key)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["ok"], answer["action"]) == (True, re.findall(r"actions/(\w+)", command)[0]), (
        answer
    )


def test_curl_has_two_commands_for_each_action() -> None:
    """One sends JSON, the other a form, of every action in its order."""
    assert [re.findall(r"actions/(\w+)", one)[0] for one in COMMANDS] == [
        name for name in CATALOGUE for _ in range(2)
    ]
    for action in CATALOGUE.values():
        words = shlex.split(curl.json_command(action, "https://forms.example"))
        assert json.loads(words[words.index("-d") + 1])


# --- where they are said to be --------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["power-automate", "gpt", "postman", "curl"])
def test_one_command_builds_a_platform_for_an_address(platform: str, tmp_path: Path) -> None:
    """`formcall build PLATFORM DIR --base-url ...` writes that platform's files, with that address
    in them."""
    command = [str(FORMCALL), "build", platform, "out", "--base-url", "https://forms.example/ai"]
    assert _run(command, tmp_path).returncode == 0
    texts = [path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert any("forms.example" in text for text in texts)
    assert not any("127.0.0.1" in text for text in texts)


def test_the_lock_file_names_no_host() -> None:
    """The packages come from whichever registry npm is set to."""
    check_lock(JS / "package-lock.json")
