"""retool/ as a whole: the delivered files, its functions and resource, its agreement with the
catalogue, and its README."""

from __future__ import annotations

import difflib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from connector.catalogue import Catalogue, load_catalogue, read_action
from connector.cli.main import main
from connector.publish import platforms, retool
from connector.publish.retool.app import RESOURCE_PLACEHOLDER
from connector.publish.retool.components import component_names
from connector.publish.retool.resource import KEY_PLACEHOLDER
from connector.yaml_subset import read_yaml
from tests.support.node_tools import needed, node_in
from tests.support.retool_api import RESOURCE, TOKEN, RetoolApi
from tests.support.retool_cli import (
    ODD_ACTION,
    PACKAGES,
    odd_catalogue,
    odd_folder,
    script,
    tool,
    typed_sample,
    write_library,
)
from tests.support.running_service import FORMCALL, RunningService, clean_environment, serving
from tests.support.samples import ROOT, TICKET

CATALOGUE = load_catalogue()
UUID = "0b1c2d3e-4f56-4a78-9b0c-1d2e3f4a5b6c"
README = (ROOT / "retool" / "README.md").read_text(encoding="utf-8")
JS = ROOT / "tests" / "platforms" / "js"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The prebuilt actions and one with a field of every type."""
    return odd_catalogue(tmp_path_factory.mktemp("actions"))


@pytest.fixture(scope="module")
def odd_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("odd")
    with serving(folder, FORMCALL_TEMPLATES=str(odd_folder(folder / "actions"))) as service:
        yield service


# --- it follows the catalogue ---------------------------------------------------------------------


def test_a_new_action_adds_its_own_and_changes_nothing_else(catalogue: Catalogue) -> None:
    """One more action file adds a component, a tab, its queries and a function; every line that was
    there stays."""
    before, after = retool.build(CATALOGUE), retool.build(catalogue)
    added = {path.removeprefix("retool/") for path in set(after) - set(before)}
    assert added == {
        "components/src/actions/OddJob.tsx",
        "app/lib/odd_job_Answer.js",
        "functions/odd_job.ts",
    }
    assert set(before) <= set(after)
    changed = {path.removeprefix("retool/") for path in before if before[path] != after[path]}
    lists = {"components/src/index.tsx", "components/src/outputs.ts", "manifest.json", "README.md"}
    assert changed == {
        *lists,
        "app/main.rsx",
        "app/functions.rsx",
        "app/.positions.json",
        "formcall-app.zip",
    }
    for path in changed - {"formcall-app.zip", "README.md"}:
        assert lost(before[f"retool/{path}"], after[f"retool/{path}"]) == [], path
    assert b'viewKey="odd_job"' in after["retool/app/main.rsx"]
    assert b'id="odd_job_Query"' in after["retool/app/functions.rsx"]
    assert b"OddJob" in after["retool/components/src/index.tsx"]


def lost(before: bytes, after: bytes) -> list[str]:
    """The lines that are gone; JSON's commas do not count."""
    first, second = (
        [line.rstrip(",") for line in body.decode().splitlines()] for body in (before, after)
    )
    return [line for line in difflib.ndiff(first, second) if line.startswith("- ")]


def test_a_field_that_is_taken_away_changes_its_own_action_alone() -> None:
    """Without one field, the component, the function and the tab of its action lose it; those of
    other actions stay as they are."""
    value = read_yaml((ROOT / "templates" / "summarize.yaml").read_text(encoding="utf-8"))[0]
    del value["fields"]["focus"]
    value["instructions"] = re.sub(
        r"\{% if focus %\}.*?\{% endif %\}", "", value["instructions"], flags=re.S
    )
    fewer = Catalogue(
        [
            read_action("summarize", value),
            *(action for action in CATALOGUE.values() if action.id != "summarize"),
        ]
    )
    before, after = retool.build(CATALOGUE), retool.build(fewer)
    changed = {path.removeprefix("retool/") for path in before if before[path] != after[path]}
    assert set(before) == set(after)
    own = {"components/src/actions/Summarize.tsx", "functions/summarize.ts"}
    assert changed == {
        *own,
        "manifest.json",
        "app/main.rsx",
        "app/functions.rsx",
        "app/.positions.json",
        "formcall-app.zip",
    }
    for path in ("app/main.rsx", "app/functions.rsx"):
        gone = "\n".join(lost(before[f"retool/{path}"], after[f"retool/{path}"]))
        assert "summarize__focus" in gone and not set(re.findall(r"(\w+)__\w+", gone)) - {
            "summarize"
        }
    places = [json.loads(files["retool/app/.positions.json"]) for files in (before, after)]
    others = [
        {one: place for one, place in found.items() if not one.startswith("summarize_")}
        for found in places
    ]
    assert others[0] == others[1] and set(places[0]) - set(places[1]) == {"summarize__focus"}


def test_the_address_stands_in_the_resource_and_in_what_people_read() -> None:
    """Another address changes the resource, the index and the README, and no component, app or
    function."""
    here, there = (
        retool.build(CATALOGUE),
        retool.build(CATALOGUE, public_url="https://ai.example.org/forms/"),
    )
    changed = {path.removeprefix("retool/") for path in here if here[path] != there[path]}
    assert changed == {"resource/restapi.json", "resource/main.tf", "manifest.json", "README.md"}
    assert b'"base_url": "https://ai.example.org/forms/"' in there["retool/resource/restapi.json"]
    assert b"https://ai.example.org/forms/openapi.json" in there["retool/README.md"]


def test_the_index(catalogue: Catalogue) -> None:
    """manifest.json says that it is ours, and names what is there: components, queries, functions
    and widgets of each action."""
    files = retool.build(catalogue, resource_uuid=UUID)
    index = json.loads(files["retool/manifest.json"])
    texts = {"type": "string", "minLength": 1}
    field = {
        "type": "object",
        "required": ["name", "type", "state", "inspector", "widget", "widget_id"],
        "additionalProperties": texts,
    }
    action = {
        "type": "object",
        "required": ["id", "title", "operation_id", "component", "query", "function", "fields"],
        "properties": {
            "function": {"type": "object"},
            "fields": {"type": "array", "items": field, "minItems": 1},
        },
    }
    schema = {
        "type": "object",
        "required": ["about", "actions"],
        "properties": {"actions": {"type": "array", "items": action}},
    }
    Draft202012Validator(schema).validate(index)
    assert "not a file of Retool's" in index["about"] and index["tried_on_a_live_retool"] is False
    assert index["resource"]["uuid"] == UUID
    main, functions = (
        files["retool/app/main.rsx"].decode(),
        files["retool/app/functions.rsx"].decode(),
    )
    for one in index["actions"]:
        assert f"retool/components/src/actions/{one['component']}.tsx" in files
        assert one["function"]["name"] in files[f"retool/{one['function']['file']}"].decode()
        assert f'id="{one["query"]}"' in functions
        assert all(f'id="{entry["widget_id"]}"' in main for entry in one["fields"])


# --- functions ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def functions(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    platforms.write_files(
        {path: body for path, body in retool.build(catalogue).items() if "/functions/" in path},
        folder,
    )
    return folder / "retool" / "functions"


def test_functions_pass_the_strict_type_check(functions: Path, tmp_path: Path) -> None:
    """The functions have no type fault, and a caller who sends a wrong field or reads a value that
    there is not is told."""
    shutil.copytree(functions, tmp_path / "all")
    shutil.copy(PACKAGES / "tsconfig.json", tmp_path)
    assert tool("tsc", "-p", ".", folder=tmp_path).stdout == ""
    (tmp_path / "all" / "wrong.ts").write_text(
        "import runClassify from './classify'\n"
        "const answer = await runClassify({ params: { text: 'a', categories: ['b', 'c'], colour: "
        "'red' } })\n"
        "export const found = answer.zebra\n"
    )
    told = tool("tsc", "-p", ".", folder=tmp_path).stdout
    assert "'colour' does not exist" in told and "'zebra' does not exist" in told


def test_functions_are_answered(
    functions: Path, catalogue: Catalogue, live_local: RunningService, odd_service: RunningService
) -> None:
    """Each function, run in Node on a stand-in for the resource, gives the answer of a real
    service."""
    calls = []
    for action in catalogue.values():
        service = live_local if action.local else odd_service
        where = {
            "address": service.address,
            "key": service.key,
            "style": "text" if action.id == "classify" else "",
        }
        calls.append(
            {"file": str(functions / f"{action.id}.ts"), "params": typed_sample(action), **where}
        )
    for action, one in zip(
        catalogue.values(), script("functions.mjs", {"calls": calls}), strict=True
    ):
        assert one["asked"] == [f"POST v1/actions/{action.id}"]
        assert (one["answer"]["ok"], one["answer"]["action"]) == (True, action.id), one
        assert set(action.returns) <= set(one["answer"])


def test_functions_wait_and_fail_in_sentences(functions: Path, live_local: RunningService) -> None:
    """A run that is handed over is waited for; a refusal is an error with the service's
    sentence."""
    where = {
        "file": str(functions / "classify.ts"),
        "address": live_local.address,
        "key": live_local.key,
    }
    waits = {**where, "params": {**TICKET, "wait_seconds": 0}}
    refused = {**where, "params": {"text": "a", "categories": "b"}}
    nobody = {**where, "params": TICKET, "key": "fc_wrong"}
    waited, wrong, stranger = script("functions.mjs", {"calls": [waits, refused, nobody]})
    assert waited["answer"]["category"] == "billing"
    assert re.fullmatch(r"GET v1/runs/run_\w+\?wait_seconds=10", waited["asked"][1])
    assert wrong["error"] == (
        '"Categories" needs at least 2 entries; there is 1. '
        "Write one a line, or put commas between them."
    )
    assert "key" in stranger["error"] and "Request failed" not in stranger["error"]


def test_swagger_client_runs_each_action(
    catalogue: Catalogue, live_local: RunningService, odd_service: RunningService
) -> None:
    """The requests that swagger-client builds from the served specification for each action are
    answered with 200."""
    node = node_in(JS)
    embedded = [action.id for action in CATALOGUE.values() if action.local]
    for service, actions in ((live_local, embedded), (odd_service, list(catalogue))):
        command = [
            node,
            "actions.mjs",
            service.key,
            f"{service.address}/openapi.json",
            ",".join(actions),
        ]
        done = subprocess.run(
            command, cwd=JS, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        found = [json.loads(line) for line in done.stdout.splitlines()]
        wanted = [
            (one, f"{service.address}/v1/actions/{one}", 200, True, "done") for one in actions
        ]
        assert sorted(tuple(one.values()) for one in found) == sorted(wanted)


# --- the resource and Retool's own commands -------------------------------------------------------


def test_the_library_is_deployed(tmp_path: Path) -> None:
    """Retool's own command uploads the bundle and the manifest, with the token that the environment
    has."""
    library = write_library(CATALOGUE, tmp_path)
    with RetoolApi() as api:
        words = ("deploy", "--skip-updates-check", "--url", api.url, "--access-token", TOKEN)
        done = tool("retool-ccl", *words, folder=library.folder)
    assert "Updated code received by Retool" in done.stdout, done.stdout + done.stderr
    [revision] = api.revisions
    assert revision["version_bump"] == b"major"
    manifest = json.loads(revision["retool-custom-component-manifest.json"])
    assert set(manifest["components"]) == {*component_names(CATALOGUE).values(), "RunStatus"}
    assert revision["components.js"] == (library.dist / "components.js").read_bytes()


def test_the_resource_is_taken(tmp_path: Path) -> None:
    """The README's command makes the resource by Retool's API: the body keeps its rules, and the
    key is in it and in no file."""
    needed("curl")
    platforms.write_files(retool.build(CATALOGUE, public_url="https://ai.example.org"), tmp_path)
    [command] = [block for block in shown() if "/api/v2/resources" in block]
    with RetoolApi() as api:
        variables = {"RETOOL_URL": api.url, "RETOOL_TOKEN": TOKEN, "FORMCALL_KEY": "fc_of_the_test"}
        done = run_shown(command, tmp_path / "retool", variables)
        assert json.loads(done.stdout)["data"]["id"] == RESOURCE
        [made] = api.resources
        assert made["options"]["base_url"] == "https://ai.example.org/"
        assert made["options"]["authentication_options"]["bearer_token"] == "fc_of_the_test"
        # the rules are rules: another type or one option more is refused
        for wrong in (
            {**made, "type": "openapi"},
            {**made, "options": {**made["options"], "spec": "x"}},
        ):
            assert (
                api.post("/api/v2/resources", "application/json", json.dumps(wrong).encode())[0]
                == 400
            )


def test_terraform_says_the_same() -> None:
    """The Terraform file makes the same resource, takes the key from a variable and gives the
    id."""
    files = retool.build(CATALOGUE, public_url="https://ai.example.org/${a}")
    text = files["retool/resource/main.tf"].decode()
    body = json.loads(files["retool/resource/restapi.json"])
    assert (
        f'type         = "{body["type"]}"' in text
        and f'display_name = "{body["display_name"]}"' in text
    )
    assert 'base_url = "https://ai.example.org/$${a}/"' in text  # Terraform fills nothing in
    assert "bearer_token        = var.formcall_key" in text and "sensitive   = true" in text
    assert text.count("{") == text.count("}") and KEY_PLACEHOLDER not in text


def test_no_key_is_in_any_file() -> None:
    """Nothing that is delivered has a key in it, or a place for one but in the resource."""
    for path, body in retool.build(CATALOGUE).items():
        assert not re.search(rb"fc_[\w-]{8,}", body), path
        assert (KEY_PLACEHOLDER.encode() in body) is (
            path in {"retool/resource/restapi.json", "retool/README.md"}
        ), path


# --- the command and the README -------------------------------------------------------------------


def shown() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", README, re.M | re.S)


def run_shown(
    command: str, folder: Path, variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(**variables)
    done = subprocess.run(
        ["sh", "-euc", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_readmes_build_command(tmp_path: Path) -> None:
    """The command of the README writes the folder with the operator's own actions, the address and
    the resource in it."""
    [command] = re.findall(r"`(formcall build retool [^`]+)`", README.replace("\n   ", " "))
    command = command.replace("YOUR-RESOURCE-ID", UUID)
    run_shown(command, tmp_path, {"FORMCALL_TEMPLATES": str(odd_folder(tmp_path / "actions"))})
    [folder] = [path for path in tmp_path.iterdir() if path.name == "my-retool"]
    assert (folder / "retool" / "formcall-app.zip").is_file()
    assert "odd_job" in (folder / "retool" / "app" / "functions.rsx").read_text()
    assert UUID in (folder / "retool" / "app" / "functions.rsx").read_text()


@pytest.mark.parametrize(
    "words", [["retool", "--resource-uuid", "my resource"], ["--resource-uuid", "0b1c"]]
)
def test_a_wrong_id_is_refused_in_a_sentence(words: list[str], tmp_path: Path) -> None:
    """What is not the id of a resource is named, and nothing is written."""
    command = [str(FORMCALL), "build", *words]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f'bad_request: "{words[-1]}" is not the id of a resource of Retool; one looks like '
        f"{UUID}.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_the_readme_names_is_there() -> None:
    """Each file, component, query and function that the README names is delivered, and it lists
    every action."""
    for path in re.findall(
        r"\]\((?!https?:|#)([^)#]+)\)|`((?:components|functions|resource|screenshots)/[\w./-]+)`",
        README,
    ):
        assert (ROOT / "retool" / "".join(path)).exists(), path
    assert RESOURCE_PLACEHOLDER in README
    for action, component in component_names(CATALOGUE).items():
        assert f"| `{component}` | `{action}_Query` | `{action}.ts` |" in README
    assert "Not tested" in README and "live Retool" in README
    options = {word for option in main.commands["build"].params for word in option.opts}
    assert (
        set(re.findall(r"(--[\w-]+)", " ".join(re.findall(r"`(formcall build [^`]+)`", README))))
        <= options
    )


def test_the_odd_action_is_one_that_the_reader_takes() -> None:
    """The action that these tests add is a good one, with texts that are hard to quote."""
    assert "\\" in ODD_ACTION and "both" in ODD_ACTION
    assert read_action("odd_job", read_yaml(ODD_ACTION)[0]).fields["request"].help.count("'") == 2
