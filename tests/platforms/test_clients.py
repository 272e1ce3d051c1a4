"""Third-party clients, generated from the specifications and run against a real service."""

from __future__ import annotations

import csv
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator

from connector.catalogue import load_catalogue
from connector.json_types import Json
from connector.publish.operations import SERVICE_OPERATIONS
from tests.support.node_tools import check_lock, node_in
from tests.support.receivers import Receiver
from tests.support.running_service import FORMCALL, RunningService, clean_environment, serving
from tests.support.samples import ROOT, TICKET

SPECS = ("openapi.json", "openapi-3.1.json", "swagger.json")
OPERATIONS = [*(operation.operation_id for operation in SERVICE_OPERATIONS), *load_catalogue()]
JS = ROOT / "tests" / "platforms" / "js"

# Checks that are not among these are off on purpose:
# - negative_data_rejection, positive_data_acceptance: we take more than we publish, since no-code
# tools send it (a list for lines, a number for a text and the other way round, null and "" for an
# empty box, `?sample=true` without a body), and refuse forms that no schema can describe (two
# categories of one name, an example of a category that there is not);
# - unsupported_method, allow_header_conformance: the address of an action is published twice, GET
# with its id as a parameter and POST with its id written out, so that every action has a form of
# its own; each of the two alone seems to lack a method;
# - ignored_auth: it spoils the one header and leaves our valid key in the other, where it is as
# good (test_web.py has the wrong keys).
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "missing_required_header",
)
# an address of more than 8 kB is refused before it reaches an operation (test_web.py), with a
# status that is of no operation
HOOKS = """
from urllib.parse import urlencode

import schemathesis


@schemathesis.hook
def filter_query(context, query):
    return len(urlencode(query or {}, doseq=True, errors="surrogatepass")) < 6_000
"""
# the generator of Python clients does not know lines of JSON, and is told to take them for text
GENERATOR = {
    "content_type_overrides": {
        "application/x-ndjson": "text/plain",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (
            "application/octet-stream"
        ),
    }
}
SOMETIMES = {"Idempotent-Replayed"}  # a header of repeated calls only


# the three describe the same operations, so one is searched through and the others are tried
PHASES = {
    "openapi.json": ("examples,fuzzing", 4),
    "openapi-3.1.json": ("examples,coverage,fuzzing", 8),
    "swagger.json": ("examples,fuzzing", 4),
}


@pytest.mark.parametrize("spec", SPECS)
def test_schemathesis(live_local: RunningService, tmp_path: Path, spec: str) -> None:
    """Whatever is sent to any operation, the answer is one that the specification has: no 5xx, no
    other status, type or shape."""
    phases, examples = PHASES[spec]
    command = [
        str(FORMCALL.with_name("schemathesis")),
        "run",
        f"{live_local.address}/{spec}",
        "--header",
        f"X-API-Key: {live_local.key}",
        "--checks",
        ",".join(CHECKS),
        "--phases",
        phases,
        "--max-examples",
        str(examples),
        "--seed",
        "7",
        "--no-color",
        "--continue-on-failure",
        "--warnings",
        "off",
    ]
    (tmp_path / "short_addresses.py").write_text(HOOKS)
    environment = clean_environment(SCHEMATHESIS_HOOKS="short_addresses", PYTHONPATH=str(tmp_path))
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,  # a hang guard: minutes on a busy machine
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr
    assert f"Tested: {len(OPERATIONS)}" in done.stdout


@pytest.fixture
def generated(
    request: pytest.FixtureRequest,
    live: RunningService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ModuleType]:
    """The package that openapi-python-client, which reads 3.x alone, makes of the specification
    that the service gives."""
    name = f"made_of_{request.param.replace('.', '_').replace('-', '_')[:-5]}"
    (tmp_path / request.param).write_bytes(
        requests.get(f"{live.address}/{request.param}", timeout=60).content
    )
    (tmp_path / "generator.json").write_text(json.dumps(GENERATOR))
    generator = str(FORMCALL.with_name("openapi-python-client"))
    command = [
        generator,
        "generate",
        "--path",
        request.param,
        "--meta",
        "none",
        "--output-path",
        name,
        "--config",
        "generator.json",
    ]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module(name)
    for module in [
        module for module in sys.modules if module == name or module.startswith(f"{name}.")
    ]:
        del sys.modules[module]


@pytest.mark.parametrize("generated", SPECS[:2], indirect=True, ids=SPECS[:2])
def test_openapi_python_client(generated: ModuleType, live: RunningService) -> None:
    """A typed client for every operation can be generated without a warning, and its classify gives
    the right answer."""
    package = generated.__name__
    models = importlib.import_module(f"{package}.models")
    made = {path.stem for path in Path(str(generated.__file__)).parent.glob("api/*/*.py")}
    assert made >= set(OPERATIONS)
    with generated.AuthenticatedClient(base_url=live.address, token=live.key) as client:
        classify = importlib.import_module(f"{package}.api.text.classify")
        answer = classify.sync(client=client, body=models.ClassifyInput(**TICKET))
        assert (answer.ok, answer.category, answer.matched, answer.runner_up) == (
            True,
            "billing",
            True,
            None,
        )
        refused = classify.sync(client=client, body=models.ClassifyInput(text="a", categories="b"))
        assert (refused.code, refused.errors[0].field) == ("invalid_input", "categories")
        listed = importlib.import_module(f"{package}.api.catalogue.list_actions").sync(
            client=client
        )
        assert [one.id for one in listed] == list(load_catalogue())
        extract = importlib.import_module(f"{package}.api.text.extract")
        sample = extract.sync(
            client=client, sample=True, body=models.ExtractInput(text="a", fields="b")
        )
        assert sample.data.additional_properties["invoice_number"] == "NP-2041"
        handed_over = classify.sync_detailed(
            client=client, body=models.ClassifyInput(**TICKET, wait_seconds=0)
        )
        assert (handed_over.status_code, handed_over.parsed.status_url) == (
            202,
            handed_over.headers["Location"],
        )
        run = importlib.import_module(f"{package}.api.runs.get_run").sync(
            handed_over.parsed.id, client=client, wait_seconds=20
        )
        assert (run.ok, run.status, run.additional_properties["category"]) == (
            True,
            "done",
            "billing",
        )
        # what nobody has filled in is not sent
        defaults = {
            name
            for name, entry in load_catalogue()["classify"].fields.items()
            if entry.default is not None
        }
        assert set(models.ClassifyInput(**TICKET).to_dict()) == {*TICKET, *defaults}


# --- every operation, with the answers that are published -----------------------------------------


UNKNOWN = {
    "text": "a",
    "fields": "zebras",
}  # no example of `extract` has such a field, so the scripted engine fails


class Client:
    """Calls operations by their ids as OpenAPI 3.1 describes them, and holds each answer against
    what it says."""

    def __init__(self, service: RunningService) -> None:
        self.spec: Json = requests.get(f"{service.address}/openapi-3.1.json", timeout=60).json()
        self.called: set[str] = set()
        self._service = service
        self._operations = {
            one["operationId"]: (method, path, one)
            for path, entry in self.spec["paths"].items()
            for method, one in entry.items()
        }

    def example(self, operation_id: str) -> Json:
        found: Json = self._operations[operation_id][2]["requestBody"]["content"][
            "application/json"
        ]["example"]
        return found

    def call(
        self, operation_id: str, status: int, /, *place: str, body: Any = None, **query: Any
    ) -> Any:
        """What the operation answers, with this ``status``; ``place`` are the values in its
        address."""
        method, path, operation = self._operations[operation_id]
        names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
        assert set(query) <= {
            one["name"] for one in operation.get("parameters", []) if one["in"] == "query"
        }
        address = self._service.address + path.format(**dict(zip(names, place, strict=True)))
        headers = self._service.headers if operation.get("security") != [] else {}
        response = requests.request(
            method, address, params=query, json=body, headers=headers, timeout=60
        )
        self.called.add(operation_id)
        assert response.status_code == status, response.text
        return self._checked(operation["responses"][str(status)], response)

    def _checked(self, answer: Json, response: requests.Response) -> Any:
        if "$ref" in answer:
            answer = self.spec["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        media = response.headers["Content-Type"].partition(";")[0]
        found = (
            response.json()
            if media.endswith("json") and media != "application/x-ndjson"
            else response.text
        )
        schema = {**answer["content"][media]["schema"], "components": self.spec["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(found)] == []
        if response.status_code in {201, 202}:
            assert set(answer["headers"]) - SOMETIMES <= set(response.headers)
            location = response.headers["Location"]
            if "/v1/hooks/" in location:  # GET there takes a token; an id can only be deleted
                return found
            created = requests.get(location, headers=self._service.headers, timeout=10)
            assert created.status_code in {200, 405}
        return found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Of a service that may call receivers on this machine."""
    with serving(tmp_path_factory.mktemp("client"), FORMCALL_ALLOW_HOSTS="127.0.0.1") as service:
        yield Client(service)


def runs(client: Client) -> None:
    """A run is handed over, waited for, listed, cancelled and run again; a dry run and a failed one
    are as they are published."""
    begun = client.call("classify", 202, body={**TICKET, "wait_seconds": 0, "tag": "mine"})
    ended = client.call("get_run", 200, begun["id"], wait_seconds=20)
    assert list(ended)[:7] == ["ok", "status", "result", "detail", "code", "id", "action"]
    assert list(ended.values())[:7] == [True, "done", "billing", "", "", begun["id"], "classify"]
    assert [one["id"] for one in client.call("list_runs", 200, tag="mine", limit=1)] == [
        begun["id"]
    ]
    assert client.call("cancel_run", 200, begun["id"])["status"] == "done"
    assert client.call("retry_run", 409, begun["id"])["code"] == "conflict"
    assert client.call("classify", 200, body={**TICKET, "dry_run": True})["status"] == "dry_run"
    assert client.call("classify", 200, body=client.example("classify"))["ok"] is True
    failed = client.call("extract", 202, body={**UNKNOWN, "wait_seconds": 0})
    ended = client.call("get_run", 200, failed["id"], wait_seconds=20)
    assert list(ended.values())[:5] == [False, "failed", "", ended["detail"], "needs_model"]
    assert ended["detail"]
    assert client.call("retry_run", 202, failed["id"])["id"] == failed["id"]
    assert client.call("list_runs", 422, limit=0)["errors"][0]["field"] == "limit"
    for decided in ("approve_run", "refuse_run"):
        assert client.call(decided, 409, begun["id"], body={})["code"] == "conflict"
    for missing in ("get_run", "cancel_run", "retry_run", "approve_run", "refuse_run"):
        assert client.call(missing, 404, "run_0123456789abcdef")["code"] == "not_found"


def reviews(client: Client) -> None:
    """An answer waits for a person, is listed, shown and corrected, and feedback is given on it."""
    waiting = client.call("classify", 202, body={**TICKET, "review": "always"})
    assert (waiting["status"], waiting["category"]) == ("needs_review", None)
    assert waiting["id"] in {one["id"] for one in client.call("list_reviews", 200)}
    assert client.call("get_review", 200, waiting["id"])["id"] == waiting["id"]
    wrong = {"decision": "correct", "values": '{"category": "nothing of the kind"}'}
    assert client.call("decide_review", 422, waiting["id"], body=wrong)["code"] == "invalid_input"
    right = {"decision": "correct", "values": '{"category": "technical"}'}
    client.call("decide_review", 200, waiting["id"], body=right)
    ended = client.call("get_run", 200, waiting["id"], wait_seconds=20)
    assert (ended["status"], ended["category"]) == ("done", "technical")
    assert client.call("decide_review", 409, waiting["id"], body=right)["code"] == "conflict"
    verdict = {"verdict": "wrong", "values": '{"category": "billing"}'}
    client.call("give_feedback", 200, waiting["id"], body=verdict)
    for missing, body in (
        ("get_review", None),
        ("decide_review", right),
        ("give_feedback", verdict),
    ):
        unknown = client.call(missing, 404, "run_0123456789abcdef", body=body)
        assert unknown["code"] == "not_found"


def batches(client: Client) -> None:
    """The published example of a batch can be sent as it is, and its results come as CSV and as
    lines."""
    batch_id = _ended_batch(client, client.example("create_batch"), done=2, failed=0)
    assert client.call("retry_batch", 409, batch_id)["code"] == "conflict"
    batch_id = _ended_batch(
        client,
        {"action": "extract", "rows": json.dumps([client.example("extract"), UNKNOWN])},
        done=1,
        failed=1,
    )
    rows = list(csv.DictReader(client.call("get_batch_results_csv", 200, batch_id).splitlines()))
    lines = [
        json.loads(line)
        for line in client.call("get_batch_results_jsonl", 200, batch_id).splitlines()
    ]
    assert client.call("get_batch_results_xlsx", 200, batch_id).startswith("PK")
    assert [row["error_code"] for row in rows] == ["", "needs_model"]
    assert [line["status"] for line in lines] == ["done", "failed"]
    assert [one["id"] for one in client.call("list_batches", 200, status="done", limit=1)] == [
        batch_id
    ]
    assert (
        client.call("resume_batch", 409, batch_id, body=client.example("resume_batch"))["code"]
        == "conflict"
    )
    assert client.call("retry_batch", 202, batch_id)["id"] == batch_id
    assert client.call("cancel_batch", 200, batch_id)["id"] == batch_id
    for missing in (
        "get_batch",
        "cancel_batch",
        "resume_batch",
        "retry_batch",
        "get_batch_results_csv",
        "get_batch_results_jsonl",
        "get_batch_results_xlsx",
    ):
        assert client.call(missing, 404, "batch_0123456789abcdef")["code"] == "not_found"


def _ended_batch(client: Client, body: Json, *, done: int, failed: int) -> str:
    """The id of a new batch, once its rows have come to that."""
    batch_id: str = client.call("create_batch", 202, body=body)["id"]
    until = time.monotonic() + 60
    while (batch := client.call("get_batch", 200, batch_id))[
        "status"
    ] == "running" and time.monotonic() < until:
        time.sleep(0.1)
    assert (batch["status"], batch["done"], batch["failed"]) == ("done", done, failed)
    return batch_id


def messages(client: Client) -> None:
    """A subscriber is told, as the samples say, and the messages are listed, shown and sent
    again."""
    with Receiver() as receiver:
        for event in ("run.completed", "run.failed", "batch.completed"):
            client.call("list_subscription_samples", 200, event=event)
        body = {**client.example("create_subscription"), "target_url": receiver.url}
        made = client.call("create_subscription", 201, body=body)
        assert client.call("get_signing_secret", 200)["signing_secret"] == made["signing_secret"]
        assert client.call("test_subscription", 200, made["id"])["ok"] is True
        client.call("classify", 200, body=TICKET)
        told = receiver.wait(2)[1].verified(made["signing_secret"])
        assert (told["event"], told["category"]) == ("run.completed", "billing")
        message = client.call("list_deliveries", 200, subscription_id=made["id"], limit=1)[0]
        assert _sent_message(client, message["id"])["subject_id"] == told["id"]
        client.call("resend_delivery", 200, message["id"])
        assert receiver.wait(3)[2].id == message["id"]
    assert [one["active"] for one in client.call("list_subscriptions", 200)] == [True]
    assert client.call("get_subscription", 200, made["id"])["event"] == "run.completed"
    assert client.call("delete_subscription", 200, made["id"]) == {
        "id": made["id"],
        "deleted": True,
    }
    assert client.call("test_subscription", 409, made["id"])["code"] == "conflict"
    assert (
        client.call("create_subscription", 422, body={**body, "target_url": "http://10.0.0.1/"})[
            "code"
        ]
        == "address_refused"
    )
    for missing in (
        "get_subscription",
        "delete_subscription",
        "test_subscription",
        "get_delivery",
        "resend_delivery",
    ):
        assert client.call(missing, 404, "msg_0123456789abcdef")["code"] == "not_found"


def _sent_message(client: Client, message_id: str) -> Json:
    """The message once the service knows that it has arrived; before, it cannot be sent again."""
    until = time.monotonic() + 60
    while (found := client.call("get_delivery", 200, message_id))["state"] == "waiting":
        assert time.monotonic() < until, found
        time.sleep(0.05)
    return dict(found)


def hooks(client: Client) -> None:
    """The published example of a hook can be made as it is, and what is posted to it is answered as
    it is published."""
    made = client.call("create_hook", 201, body=client.example("create_hook"))
    token = made["url"].rpartition("/")[2]
    assert client.call("check_hook", 200, token)["status"] == "ready"
    begun = client.call("receive_hook", 202, token, body=client.example("receive_hook"))
    assert client.call("get_run", 200, begun["id"], wait_seconds=20)["category"] == "billing"
    assert client.call("receive_hook", 200, token, body={}, sample="true")["ok"] is True
    assert [one["id"] for one in client.call("list_hooks", 200)] == [made["id"]]
    assert client.call("list_refused_posts", 200, made["id"]) == []
    assert client.call("delete_hook", 200, made["id"])["deleted"] is True
    assert client.call("receive_hook", 404, token, body={})["code"] == "not_found"
    assert client.call("delete_hook", 404, "hook_0123456789abcdef")["code"] == "not_found"
    assert (
        client.call("create_hook", 404, body={"name": "a", "action": "b"})["code"]
        == "unknown_action"
    )


def keys(client: Client) -> None:
    """A key is made as the example is, listed, changed and revoked; the last admin stays."""
    made = client.call("create_key", 201, body=client.example("create_key"))
    assert made["key"].startswith(made["hint"])
    changed = client.call("change_key", 200, made["id"], body=client.example("change_key"))
    assert (changed["budget_day_usd"], changed["at_once"]) == (10.0, None)
    assert client.call("get_key", 200, made["id"]) == changed
    listed = client.call("list_keys", 200)
    assert made["id"] in {one["id"] for one in listed}
    assert client.call("revoke_key", 200, made["id"])["deleted"] is True
    [admin] = [one["id"] for one in listed if "admin" in one["scopes"]]
    assert client.call("revoke_key", 409, admin)["code"] == "conflict"
    assert client.call("create_key", 422, body={"name": "a", "scopes": "b"})["errors"]
    entry = client.call("list_audit_entries", 200, event="key.revoked", limit=1)[0]
    assert (entry["subject"], entry["by"]) == (made["id"], admin)
    for missing in ("get_key", "revoke_key"):
        assert client.call(missing, 404, "key_0000000000000000")["code"] == "not_found"


def others(client: Client) -> None:
    """Usage, in both formats, and the pages of the service are as they are published."""
    assert client.call("get_usage", 200, by="day,action,key,model")["ok"] is True
    assert client.call("get_usage", 200, format="csv").startswith("day,action,")
    assert client.call("get_overview", 200)["runs_today"]["done"] > 0
    assert client.call("get_usage", 422, by="moon")["code"] == "invalid_input"
    listed = [one["id"] for one in client.call("list_actions", 200)]
    assert listed == [client.call("get_action", 200, name)["id"] for name in listed]
    assert client.call("healthz", 200)["ok"] is client.call("readyz", 200)["ok"] is True


def test_every_operation_answers_as_published(client: Client) -> None:
    """Each operation that no action has is called, in the order in which a client would, and
    answers what is published of it."""
    for part in (runs, reviews, batches, messages, hooks, keys, others):
        part(client)
    assert {operation.operation_id for operation in SERVICE_OPERATIONS} - client.called == set()


FORMS = {
    "create_batch": "/v1/batches",
    "create_hook": "/v1/hooks",
    "create_subscription": "/v1/subscriptions",
}
TABLES = {"rows", "fixed", "mapping"}  # of a batch: they are read apart from the other fields


@pytest.mark.parametrize("name", FORMS)
def test_forms_that_no_action_has_are_those_that_are_read(
    client: Client, live: RunningService, name: str
) -> None:
    """Each field that is published is taken, one that nobody has published is refused by its name,
    and no other is named then."""
    fields = client.spec["components"]["schemas"][f"{name}_input"]["properties"]
    sent = {
        **client.example(name),
        **{field: "" for field in fields if field not in client.example(name)},
        "zzz": "1",
    }
    refused = requests.post(
        live.address + FORMS[name], json=sent, headers=live.headers, timeout=10
    ).json()
    assert [(one["field"], one["code"]) for one in refused["errors"]] == [("zzz", "unknown_field")]
    listed = (
        refused["errors"][0]["message"].rpartition(" The fields are ")[2].rstrip(".").split(", ")
    )
    assert set(fields) - set(listed) <= TABLES
    assert set(listed) <= set(fields)


@pytest.fixture(scope="module")
def node() -> str:
    return node_in(JS)


def test_swagger_client(node: str, live: RunningService) -> None:
    """The client behind Swagger UI finds every operation in each of the three specifications, and
    runs classify with each."""
    addresses = [f"{live.address}/{spec}" for spec in SPECS]
    command = [node, "classify.mjs", live.key, ",".join(OPERATIONS), *addresses]
    done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["url"] for one in found] == addresses
    for one in found:
        assert (one["errors"], one["missing"], one["status"], one["described"]) == (
            [],
            [],
            200,
            "classify",
        ), one
        assert (one["body"]["ok"], one["body"]["category"]) == (True, "billing")


def test_the_lock_file_names_no_host() -> None:
    """The packages come from whichever registry npm is set to."""
    check_lock(JS / "package-lock.json")
