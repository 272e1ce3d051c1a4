"""Bubble without the plug-in: the recipes for its API Connector, and the messages to its
workflows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import requests

from connector.catalogue import load_catalogue
from connector.catalogue.bubble_payload import DEFAULTS, flatten_message
from connector.catalogue.sample import sample_answer
from connector.json_types import Json
from connector.publish.samples import example_input
from connector.webhooks.events import EVENTS, sample_message
from connector.webhooks.payloads import adapt
from tests.support.receivers import Post, Receiver, Step
from tests.support.running_service import RunningService, clean_environment, serving
from tests.support.samples import ROOT, TICKET

RECIPES = {
    path.name.removesuffix(".curl.txt"): path
    for path in sorted((ROOT / "bubble" / "api-connector").glob("*.curl.txt"))
}
STREAMS = [name for name in RECIPES if name.endswith(".stream")]
PLAIN_CALLS = [name for name in RECIPES if name not in STREAMS]
TOKEN = "Bearer bubble-api-token"
WORKFLOW = "/version-test/api/1.1/wf/formcall_ended"
LIVE_WORKFLOW = "/api/1.1/wf/formcall_ended"
UNKNOWN = {
    "text": "a",
    "fields": "zebras",
}  # no example of `extract` has such a field, so the scripted engine fails


# --- recipes --------------------------------------------------------------------------------------


def ran(text: str, folder: Path) -> tuple[int, str]:
    """(status, body) of a recipe, run as it stands."""
    if not shutil.which("curl"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("curl is not installed")
    (folder / ".curlrc").write_text('silent\nshow-error\nwrite-out = "\\n%{http_code}"\n')
    command = ["sh", "-euc", text]
    done = subprocess.run(
        command,
        env=clean_environment(CURL_HOME=str(folder)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def filled(name: str, service: RunningService, **values: Any) -> str:
    """A recipe with the service's address and key, and ``values`` in its places."""
    text = RECIPES[name].read_text(encoding="utf-8")
    text = text.replace("https://YOUR-FORMCALL-HOST", service.address).replace(
        "YOUR-API-KEY", service.key
    )
    text = re.sub(
        r"<(\w+)>",
        lambda found: json.dumps(values[found[1]], ensure_ascii=False).replace("'", "'\\''"),
        text,
    )
    return re.sub(r"\[(\w+_id)\]", lambda found: str(values[found[1]]), text)


def sent_by(action: str) -> Json:
    """What a builder enters who tries ``action``: its first example, with line breaks and both
    kinds of quotation marks."""
    return {
        name: f"{value}\n" if isinstance(value, str) else value
        for name, value in example_input(load_catalogue()[action]).items()
    }


@pytest.mark.parametrize("action", load_catalogue())
def test_recipes_of_actions(
    action: str, live_local: RunningService, live: RunningService, tmp_path: Path
) -> None:
    """Each recipe, with its places filled in, is answered with 200 and the whole answer."""
    status, body = ran(filled(action, live_local, **sent_by(action)), tmp_path)
    if load_catalogue()[action].local_coverage != "full" and '"needs_model"' in body:
        status, body = ran(filled(action, live, **sent_by(action)), tmp_path)
    assert status == 200, body
    assert json.loads(body)["ok"] is True


def test_values_with_quotation_marks_and_lines(live_local: RunningService, tmp_path: Path) -> None:
    """JSON-safe values may hold whatever people write."""
    text = 'He said: "I was charged twice."\nIt\'s the May invoice.\t\\ <text> {x}'
    status, body = ran(
        filled("classify", live_local, text=text, categories=TICKET["categories"]), tmp_path
    )
    assert (status, json.loads(body)["category"]) == (200, "billing")


@pytest.mark.parametrize("action", load_catalogue())
def test_initialize(action: str, live_local: RunningService, tmp_path: Path) -> None:
    """With the header that asks for a sample, each recipe shows the full shape to Bubble, free: no
    null, no empty list."""
    text = filled(action, live_local, **sent_by(action)).rstrip() + " -H 'X-Sample: 1'"
    status, body = ran(text, tmp_path)
    answer = json.loads(body)
    assert (status, answer["id"]) == (200, "run_sample")
    assert not [name for name, value in answer.items() if value is None or value in ("", [], {})]


def test_recipes_to_come_back(live: RunningService, tmp_path: Path) -> None:
    """A run and a batch can be started and found by their recipes."""
    begun = live.post(body={**TICKET, "wait_seconds": 0}).json()
    status, body = ran(filled("get_run", live, run_id=begun["id"]), tmp_path)
    assert (status, json.loads(body)["category"]) == (200, "billing")
    fixed = f"categories: {json.dumps(TICKET['categories'].splitlines())}"
    values = {"action": "classify", "rows": "text\nI was charged twice.\n", "fixed": fixed}
    status, body = ran(filled("create_batch", live, **values), tmp_path)
    assert status == 202, body
    status, body = ran(filled("get_batch", live, batch_id=json.loads(body)["id"]), tmp_path)
    assert (status, json.loads(body)["total"]) == (200, 1)


def test_recipes_are_all_tried() -> None:
    """Every recipe is one that a test here runs."""
    assert {*load_catalogue(), "get_run", "create_batch", "get_batch"} == set(PLAIN_CALLS)
    assert {
        f"{name}.stream" for name, action in load_catalogue().items() if "stream" in action.form
    } == set(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_recipes_that_stream(
    name: str, live_local: RunningService, live: RunningService, tmp_path: Path
) -> None:
    """A streaming recipe gives data lines alone, each an object with the same key, then the whole
    answer and the end."""
    action = name.removesuffix(".stream")
    status, body = ran(filled(name, live_local, **sent_by(action)), tmp_path)
    if load_catalogue()[action].local_coverage != "full" and '"needs_model"' in body:
        status, body = ran(filled(name, live, **sent_by(action)), tmp_path)
    assert status == 200, body
    lines = [line for line in body.split("\n\n") if line and not line.startswith(":")]
    assert all(line.startswith("data: ") and "\n" not in line for line in lines)
    assert lines[-1] == "data: [DONE]"
    *pieces, last = (json.loads(line.removeprefix("data: ")) for line in lines[:-1])
    assert pieces and all(list(piece) == ["delta"] and piece["delta"] for piece in pieces)
    assert (last["delta"], last["ok"], last["status"]) == ("", True, "done")
    assert "".join(piece["delta"] for piece in pieces) == last["result"]
    assert {"cost_usd", "input_tokens", "output_tokens"} <= set(last)


# --- what a workflow is sent ----------------------------------------------------------------------


class Workflow(Receiver):
    """A Bubble app's backend workflow: what comes to `/initialize` sets names and types, and what
    differs later is refused."""

    def __init__(self, *, token: str = "") -> None:
        super().__init__()
        self.learned: dict[str, str] = {}
        self.refused: list[Post] = []
        self._token = token

    def address(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def next_step(self, post: Post) -> Step:
        super().next_step(post)
        types = {name: kind(value) for name, value in post.json.items()}
        if self._token and post.headers.get("authorization") != self._token:
            self.refused.append(post)
            return 401
        if "" in types.values():
            self.refused.append(post)
            return 400
        if post.path.endswith("/initialize"):
            self.learned = types
            return 200
        if types != self.learned or post.path not in {WORKFLOW, LIVE_WORKFLOW}:
            self.refused.append(post)
            return 400
        return 200


def kind(value: Any) -> str:
    """The type that Bubble detects; "" for what leaves a gap in a workflow's data."""
    kinds = {bool: "yes / no", int: "number", float: "number", str: "text"}
    return "" if value in ("", None) else kinds.get(type(value), "")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with serving(tmp_path_factory.mktemp("workflow"), FORMCALL_ALLOW_HOSTS="127.0.0.1") as found:
        yield found


def subscribe(service: RunningService, event: str, url: str) -> str:
    body = {"event": event, "target_url": url, "authorization": TOKEN}
    made = requests.post(
        f"{service.address}/v1/subscriptions", json=body, headers=service.headers, timeout=10
    )
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def test_a_workflow_takes_every_message(service: RunningService) -> None:
    """A workflow that learnt its data from a sample takes what is sent of runs that are done,
    unknown or failed, and of batches."""
    with Workflow(token=TOKEN) as workflow:
        trial = subscribe(service, "run.completed", workflow.address(f"{WORKFLOW}/initialize"))
        tried = requests.post(
            f"{service.address}/v1/subscriptions/{trial}/test", headers=service.headers, timeout=20
        ).json()
        assert tried["state"] == "sent", tried
        assert workflow.learned == {name: kind(value) for name, value in DEFAULTS.items()}
        requests.delete(
            f"{service.address}/v1/subscriptions/{trial}", headers=service.headers, timeout=10
        )
        for event in EVENTS:
            subscribe(service, event, workflow.address(WORKFLOW))
        for action in load_catalogue().values():
            for example in action.examples:  # the examples have empty answers among them
                assert (
                    service.post(action.id, {**example.input, "wait_seconds": 60}).status_code
                    == 200
                )
        assert service.post("extract", UNKNOWN).status_code == 422
        rows = {"action": "classify", "rows": [TICKET, TICKET]}
        batch = requests.post(
            f"{service.address}/v1/batches", json=rows, headers=service.headers, timeout=10
        ).json()
        count = 1 + sum(len(action.examples) for action in load_catalogue().values()) + 1 + 1
        posts = workflow.wait(count)[1:]
        assert workflow.refused == []
        told = {post.json["id"]: post.json for post in posts}
    failed = next(one for one in told.values() if one["event"] == "run.failed")
    assert (failed["ok"], failed["status"], failed["code"], failed["result"]) == (
        False,
        "failed",
        "needs_model",
        "none",
    )
    ended = told[batch["id"]]
    assert (ended["event"], ended["total"], ended["done"], ended["failed"]) == (
        "batch.completed",
        2,
        2,
        0,
    )
    for one in told.values():
        assert json.loads(one["answer_json"]).get("result") or one["result"] == "none"
        assert one["result"] in {json.loads(one["answer_json"]).get("result"), "none"}


def test_a_workflow_takes_callbacks(service: RunningService) -> None:
    """So it does with the callbacks of runs, signed over what is really sent, with the sample of
    the plug-in's folder to learn from."""
    with Workflow() as workflow:
        sent = (ROOT / "bubble" / "webhook" / "sample.json").read_bytes()
        assert (
            requests.post(
                workflow.address(f"{LIVE_WORKFLOW}/initialize"), data=sent, timeout=5
            ).status_code
            == 200
        )
        url = workflow.address(LIVE_WORKFLOW)
        service.post(body={**TICKET, "callback_url": url})
        service.post("extract", {**UNKNOWN, "callback_url": url})
        posts = workflow.wait(3)[1:]
        assert workflow.refused == []
    secret = requests.get(
        f"{service.address}/v1/signing-secret", headers=service.headers, timeout=10
    ).json()["signing_secret"]
    assert sorted(post.verified(secret)["status"] for post in posts) == ["done", "failed"]


def test_other_receivers_get_the_message_as_it_is(service: RunningService) -> None:
    """An address that is no Bubble workflow is told of everything, in its own types."""
    with Receiver() as receiver:
        service.post(body={**TICKET, "callback_url": f"http://{receiver.host}/api/1.1/wf"})
        told = receiver.wait()[0].json
    assert (told["category"], told["categories"], told["runner_up"]) == (
        "billing",
        ["billing"],
        None,
    )


def test_what_a_bubble_workflow_is() -> None:
    """Only the paths of Bubble's workflows are written otherwise, on whatever host: an app may have
    its own."""
    body = json.dumps({"event": "run.completed", "ok": True, "id": "run_1", "category": None})
    for path in (
        "/api/1.1/wf/a",
        "/version-test/api/1.1/wf/a/",
        "/version-12ab/api/1.1/wf/a-b/initialize",
    ):
        assert set(json.loads(adapt(f"https://app.example{path}?x=1", body))) == set(DEFAULTS), path
    for path in (
        "",
        "/",
        "/api/1.1/wf/",
        "/api/1.1/obj/a",
        "/api/1.1/wf/a/b",
        "/x/api/1.1/wf/a",
        "/hooks?u=/api/1.1/wf/a",
    ):
        assert adapt(f"https://app.example{path}", body) == body, path


def test_plain_messages_are_always_alike() -> None:
    """Of whatever is told, the keys are the same, and so are their types; what does not fit counts
    as not there."""
    told: list[Json] = [sample_answer(action) for action in load_catalogue().values()]
    told += [json.loads(sample_message(event, load_catalogue())[1]) for event in EVENTS]
    odd: Json = {
        "ok": 1,
        "status": 422,
        "result": ["a"],
        "cost_usd": None,
        "total": True,
        "done": "3",
        "detail": "",
        "id": None,
    }
    for one in [*told, odd, {}]:
        plain = flatten_message(one)
        assert list(plain) == list(DEFAULTS)
        assert {name: kind(value) for name, value in plain.items()} == {
            name: kind(value) for name, value in DEFAULTS.items()
        }
        assert json.loads(plain["answer_json"]) == one
    assert flatten_message(odd) == {**DEFAULTS, "answer_json": json.dumps(odd)}
    assert flatten_message({"cost_usd": 0})["cost_known"] is True


def test_the_sample_is_a_whole_message() -> None:
    """The sample has every key of a message to a workflow, each of its type."""
    found = json.loads((ROOT / "bubble" / "webhook" / "sample.json").read_bytes())
    assert {name: kind(value) for name, value in found.items()} == {
        name: kind(value) for name, value in DEFAULTS.items()
    }
    assert (found["ok"], found["status"], found["id"]) == (True, "done", "run_sample")


# --- INSTALL.md -----------------------------------------------------------------------------------

INSTALL = (ROOT / "bubble" / "INSTALL.md").read_text(encoding="utf-8")
COMMANDS = [dedent(found) for found in re.findall(r"^ *```sh\n(.*?)^ *```$", INSTALL, re.M | re.S)]
PARAMS = [
    json.loads(path.read_text())
    for path in (ROOT / "bubble" / "plugin" / "actions").glob("*/params.json")
]
SHOWN = {params["display"]: params for params in PARAMS}


def captions(action: str) -> set[str]:
    one = SHOWN[f"{action} (Formcall)"]
    return {entry["caption"] for part in ("fields", "return_value") for entry in one[part].values()}


def test_the_commands_of_the_page(service: RunningService, tmp_path: Path) -> None:
    """Each command of INSTALL.md works as it stands; only the addresses and the keys are put in."""
    assert len(COMMANDS) == 3
    with Workflow() as workflow:
        for command in COMMANDS:
            text = command.replace("https://YOUR-APP.bubbleapps.io", workflow.address("")).replace(
                "YOUR-BUBBLE-TOKEN", "bubble-api-token"
            )
            text = text.replace("https://YOUR-FORMCALL-HOST", service.address).replace(
                "YOUR-API-KEY", service.key
            )
            options: Json = {
                "cwd": tmp_path if "formcall build" in text else ROOT / "bubble",
                "env": clean_environment(),
            }
            done = subprocess.run(
                ["sh", "-euc", text],
                **options,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0 and "urn:formcall:problem" not in done.stdout, (
                done.stdout + done.stderr
            )
        assert workflow.learned == {name: kind(value) for name, value in DEFAULTS.items()}
        service.post()
        assert workflow.wait(2)[1].headers["authorization"] == TOKEN
        assert workflow.refused == []
    assert (tmp_path / "my-bubble" / "bubble" / "ids.lock.json").read_bytes() == (
        ROOT / "bubble" / "ids.lock.json"
    ).read_bytes()


def test_the_worked_example_is_true() -> None:
    """Every box, result and choice that the page names is there under that name."""
    example = INSTALL.partition("## A worked example")[2].partition("\n## ")[0]
    boxes = re.findall(r"^   \| ([A-Z][\w ]+) \| ", example, re.M)
    results = re.findall(r"Result of step 1's\s+([A-Z]\w+(?: [a-z]+)?)\*", example)
    assert len(boxes) == 5 and len(results) == 5
    assert {*boxes, *results, "Confidence", "Reason", "Categories (as a list)"} <= captions(
        "Classify text"
    )
    assert {"Names", "Values", "Not found", "Data JSON"} <= captions("Extract fields")
    options = {
        entry["caption"]: entry.get("options", "")
        for entry in SHOWN["Classify text (Formcall)"]["fields"].values()
    }
    for box, value in re.findall(
        r"^   \| (Wait for the answer|On error) \| `(.+?)`", example, re.M
    ):
        assert value in options[box].split(",")
    assert {"Wait (seconds)", "Callback URL", "Idempotency key", "ID", "Finished"} <= captions(
        "Classify text"
    )
    assert "Finished" in captions("Get a run")


def test_what_the_page_names_is_there() -> None:
    """Files, links, parts of a message, ids and waits on the page are those that there are."""
    for path in re.findall(
        r"`((?:plugin|api-connector|webhook)/[\w./-]*|ids\.lock\.json)`", INSTALL
    ):
        assert (ROOT / "bubble" / path).exists(), path
    assert {f"{name}.curl.txt" for name in re.findall(r"`(\w+)\.curl\.txt`", INSTALL)} <= {
        path.name for path in RECIPES.values()
    }
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^## (.+)$", INSTALL, re.M)
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", INSTALL)) <= headings
    listed = INSTALL.partition("Request Data's result*, ")[2].partition(" and the others")[0]
    assert set(re.findall(r"\*(\w+)\*", listed)) <= set(DEFAULTS)
    events = set(re.findall(r"`((?:run|batch)\.\w+)`", INSTALL))
    assert events and events <= set(EVENTS)
