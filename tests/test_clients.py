"""Clients that others have written, made from our specifications and run against a real service."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import requests

from connector.catalogue import load_catalogue
from connector.publish.operations import FIXED_OPERATIONS
from tests.conftest import FORMCALL, ROOT, TICKET, Service, clean_environment

SPECS = ("openapi.json", "openapi-3.1.json", "swagger.json")
OPERATIONS = [*(operation.operation_id for operation in FIXED_OPERATIONS), *load_catalogue()]
JS = ROOT / "tests" / "js"

# Checks that are not among these are off on purpose:
# - negative_data_rejection, positive_data_acceptance: we take more than we publish, since no-code tools send it (a list for lines,
#   a number for a text and the other way round, null and "" for an empty box, `?sample=true` without a body), and refuse forms that
#   no schema can describe (two categories of one name, an example of a category that there is not);
# - unsupported_method, allow_header_conformance: the address of an action is published twice, GET with its id as a parameter and
#   POST with its id written out, so that every action has a form of its own; each of the two alone seems to lack a method;
# - ignored_auth: it spoils the one header and leaves our valid key in the other, where it is as good (test_web.py has the wrong keys).
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "missing_required_header")  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_schemathesis(live_local: Service, tmp_path: Path, spec: str) -> None:
    """Whatever is sent to any operation, the answer is one that the specification has: no 5xx, no other status, type or shape."""
    command = [
        str(FORMCALL.with_name("schemathesis")), "run", f"{live_local.address}/{spec}", "--header", f"X-API-Key: {live_local.key}",
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", "12", "--seed", "7", "--no-color",
        "--continue-on-failure", "--warnings", "off",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr
    assert f"Tested: {len(OPERATIONS)}" in done.stdout


@pytest.fixture
def generated(request: pytest.FixtureRequest, live: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package that openapi-python-client, which reads 3.x alone, makes of the specification that the service gives."""
    name = f"made_of_{request.param.replace('.', '_').replace('-', '_')[:-5]}"
    (tmp_path / request.param).write_bytes(requests.get(f"{live.address}/{request.param}", timeout=10).content)
    generator = str(FORMCALL.with_name("openapi-python-client"))
    command = [generator, "generate", "--path", request.param, "--meta", "none", "--output-path", name]
    done = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module(name)
    for module in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
        del sys.modules[module]


@pytest.mark.parametrize("generated", SPECS[:2], indirect=True, ids=SPECS[:2])
def test_openapi_python_client(generated: ModuleType, live: Service) -> None:
    """A typed client for every operation can be generated without a warning, and its classify gives the right answer."""
    package = generated.__name__
    models = importlib.import_module(f"{package}.models")
    made = {path.stem for path in Path(str(generated.__file__)).parent.glob("api/*/*.py")}
    assert made >= set(OPERATIONS)
    with generated.AuthenticatedClient(base_url=live.address, token=live.key) as client:
        classify = importlib.import_module(f"{package}.api.text.classify")
        answer = classify.sync(client=client, body=models.ClassifyInput(**TICKET))
        assert (answer.ok, answer.category, answer.matched, answer.runner_up) == (True, "billing", True, None)
        refused = classify.sync(client=client, body=models.ClassifyInput(text="a", categories="b"))
        assert (refused.code, refused.errors[0].field) == ("invalid_input", "categories")
        listed = importlib.import_module(f"{package}.api.catalogue.list_actions").sync(client=client)
        assert [one.id for one in listed] == list(load_catalogue())
        extract = importlib.import_module(f"{package}.api.text.extract")
        sample = extract.sync(client=client, sample=True, body=models.ExtractInput(text="a", fields="b"))
        assert sample.data.additional_properties["invoice_number"] == "NP-2041"


@pytest.fixture(scope="module")
def node() -> str:
    """The node that runs the packages of tests/js, which are installed once, exactly as its lock file says."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        pytest.skip("node and npm are not installed")
    wanted, installed = (JS / "package-lock.json").read_bytes(), JS / "node_modules" / ".installed"
    if not installed.exists() or installed.read_bytes() != wanted:
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=110, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        installed.write_bytes(wanted)
    return found


def test_swagger_client(node: str, live: Service) -> None:
    """The client behind Swagger UI finds every operation in each of the three specifications, and runs classify with each."""
    addresses = [f"{live.address}/{spec}" for spec in SPECS]
    command = [node, "classify.mjs", live.key, ",".join(OPERATIONS), *addresses]
    done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["url"] for one in found] == addresses
    for one in found:
        assert (one["errors"], one["missing"], one["status"], one["described"]) == ([], [], 200, "classify"), one
        assert (one["body"]["ok"], one["body"]["category"]) == (True, "billing")


def test_the_lock_file_names_no_host() -> None:
    """The packages come from whichever registry npm is set to."""
    packages = json.loads((JS / "package-lock.json").read_text())["packages"]
    assert len(packages) > 10
    assert not [name for name, one in packages.items() if "resolved" in one]
    assert all("integrity" in one for name, one in packages.items() if name)
