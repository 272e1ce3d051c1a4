"""The Bubble plug-in in use: each server.js runs as in Bubble, on Node 18 and 20, against a real
service."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from connector.catalogue import Action, Catalogue, load_catalogue
from connector.errors import KINDS
from connector.json_types import Json
from connector.publish.bubble import build
from connector.publish.bubble.actions import (
    FIXED,
    HAND_OVER,
    RETURN,
    STOP,
    WAIT,
    BubbleAction,
    bubble_actions,
)
from connector.publish.bubble.ids import folder, ids_for
from connector.publish.bubble.script import PLUGIN_CODES
from connector.publish.platforms import write_files
from connector.publish.samples import example_input
from tests.platforms.test_bubble import with_fields_of_all_types
from tests.support.node_tools import check_lock, node_in
from tests.support.receivers import Receiver, answering, drips, hangs, wait_until
from tests.support.running_service import FORMCALL, RunningService, free_port, serving
from tests.support.samples import ROOT, TICKET

BUBBLE = ROOT / "tests" / "platforms" / "bubble"
HURRY = 300  # how many times faster clocks go where a time-out is waited for
SECRET = "fc_a-key-that-must-not-be-seen"


@dataclass(frozen=True)
class Ran:
    """What came of a step: its results, or the error that stops the workflow."""

    output: Json
    error: str
    waits: list[int]


class Plugin:
    """The plug-in below ``root``, made of ``catalogue``, run by ``node``."""

    def __init__(self, node: str, root: Path = ROOT, catalogue: Catalogue | None = None) -> None:
        found = catalogue or load_catalogue()
        self.node, self._root, self._ids = node, root, ids_for(found)
        self.actions = {action.id: action for action in bubble_actions(found, self._ids)}

    def run(self, *steps: tuple[str, Json], keys: Json | None, hurry: float = 1) -> list[Ran]:
        """What came of each of ``steps``: (an action's id, what is in its boxes)."""
        cases = [
            {"file": str(self._file(name)), "properties": boxes, "keys": keys, "hurry": hurry}
            for name, boxes in steps
        ]
        command = [self.node, str(BUBBLE / "harness.mjs")]
        done = subprocess.run(
            command,
            input=json.dumps(cases),
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [
            self._ran(self.actions[name], found)
            for (name, _), found in zip(steps, json.loads(done.stdout), strict=True)
        ]

    def one(self, action_id: str, /, *, keys: Json | None, hurry: Any = 1, **boxes: Any) -> Ran:
        return self.run((action_id, boxes), keys=keys, hurry=hurry)[0]

    def _file(self, action_id: str) -> Path:
        place = folder(self._ids.of(f"action.{action_id}"))
        return self._root / "bubble" / "plugin" / "actions" / place / "server.js"

    def _ran(self, action: BubbleAction, found: Json) -> Ran:
        """Whatever came of it: one anonymous function that wrote nothing, and results that are just
        those that it declares."""
        assert (found["kind"], found["takes"], found["logged"], found["left"]) == (
            "AsyncFunction anonymous",
            2,
            [],
            False,
        ), found
        assert SECRET not in json.dumps(found)
        assert all(wait < 150_000 for wait in found["waits"])
        if "output" in found:
            check_outputs(action, found["output"])
        return Ran(found.get("output", {}), found.get("error", ""), found["waits"])


def check_outputs(action: BubbleAction, output: Json) -> None:
    """Every result that is declared is there, and no other; each is of its type or, for a single
    one, empty."""
    assert list(output) == [one.name for one in action.outputs]
    is_a: dict[str, Callable[[Any], bool]] = {
        "text": lambda value: isinstance(value, str),
        "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": lambda value: isinstance(value, bool),
    }
    for one in action.outputs:
        value = output[one.name]
        values = value if one.is_list else [] if value is None else [value]
        assert isinstance(values, list) and all(
            is_a[one.value](entry) and entry != "" for entry in values if one.source
        ), (one.name, value)
    together: dict[Any, set[int]] = {}
    for one in (one for one in action.outputs if one.parts or one.beside):
        together.setdefault(one.beside or one.source, set()).add(len(output[one.name]))
    assert all(len(lengths) == 1 for lengths in together.values())


@pytest.fixture(scope="module", params=[18, 20])
def plugin(request: pytest.FixtureRequest) -> Plugin:
    """The committed plug-in on each version of Node: the one that Bubble runs, and the one after
    it."""
    node = node_in(BUBBLE)
    if request.param == 18:
        installed = sorted(BUBBLE.glob("node_modules/node-*/bin/node"))
        if not installed:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(
                "there is no Node 18 for this kind of machine"
            )
        node = str(installed[0])
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    assert (
        int(re.findall(r"\d+", version)[0]) == 18
        if request.param == 18
        else int(re.findall(r"\d+", version)[0]) >= 20
    )
    return Plugin(node)


def keys_of(service: RunningService) -> Json:
    return {"Base URL": f"{service.address}/", "API Key": service.key}


def keys_for(receiver: Receiver) -> Json:
    return {"Base URL": f"http://{receiver.host}", "API Key": SECRET}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The embedded engine, with callbacks to this machine allowed."""
    with serving(
        tmp_path_factory.mktemp("bubble"), FORMCALL_ENGINE="local", FORMCALL_ALLOW_HOSTS="127.0.0.1"
    ) as found:
        yield found


# --- answers --------------------------------------------------------------------------------------


def boxes_for(
    action: BubbleAction,
    values: Mapping[str, Any],
    *,
    lists: Callable[[list[str]], Any] | None = None,
) -> Json:
    """``values`` by the boxes they are entered in; with ``lists``, those that can be are given as
    such."""
    found: Json = {}
    for name, value in values.items():
        boxes = [one for one in action.inputs if one.place and one.field.name == name]
        of_list = [one for one in boxes if one.box.is_list]
        if lists and of_list:
            lines = str(value).split("\n")
            are_options = of_list[0].field.type == "options"
            found[of_list[0].name] = lists(list(map(option, lines)) if are_options else lines)
        else:
            found[boxes[0].name] = value
    return found


def option(line: str) -> str:
    """A typed option as an entry of a real list, where a text is a name as it stands: one with a
    description is the text of an object."""
    name, divider, description = line.partition(": ")
    return json.dumps({"name": name, "description": description}) if divider else line


WAYS: dict[str, Callable[[list[str]], Any] | None] = {
    "lines": None,
    "arrays": lambda lines: lines,
    "lists": lambda lines: {"$list": lines},
    "plain lists": lambda lines: {"$list": lines, "sync": True},
}


def test_every_action_answers_whatever_its_lists_come_as(
    plugin: Plugin, service: RunningService, live: RunningService
) -> None:
    """Each action gives the same typed answer for lists typed as lines, as arrays, and as either
    kind of Bubble's own lists."""
    for action in load_catalogue().values():
        place = service if action.local else live
        step = plugin.actions[action.id]
        steps = [
            (
                action.id,
                {
                    **boxes_for(step, example_input(action), lists=way),
                    "wait": WAIT,
                    "on_error": STOP,
                },
            )
            for way in WAYS.values()
        ]
        found = plugin.run(*steps, keys=keys_of(place))
        assert [one.error for one in found] == [""] * len(WAYS)
        for one in found:
            raw = json.loads(one.output["raw_json"])
            assert (raw["ok"], raw["status"], one.output["success"], one.output["finished"]) == (
                True,
                "done",
                True,
                True,
            )
            assert one.output["result"] == raw["result"] == found[0].output["result"]
            assert (one.output["error_code"], one.output["retryable"]) == ("", False)


def test_what_is_answered_is_given_by_its_name(plugin: Plugin, service: RunningService) -> None:
    """A category, extracted values with their names and places, what was not found, and the calls
    of tools are results of their own."""
    text = "Invoice no. NP-2041\nTotal due: EUR 1,240.50 by 2 April 2026"
    sorted_, read, asked = plugin.run(
        ("classify", {**TICKET, "multiple": False}),
        (
            "extract",
            {"text": text, "fields_list": {"$list": ["total money", "due date", "phone phone"]}},
        ),
        ("answer_with_tools", {"question": "What is 15% of 1240.50?", "tools_list": ["calculate"]}),
        keys=keys_of(service),
    )
    assert (
        sorted_.output["category"],
        sorted_.output["categories"],
        sorted_.output["matched"],
    ) == ("billing", ["billing"], True)
    assert read.output["names"] == ["total", "total_currency", "due"]
    assert read.output["values"] == ["1240.5", "EUR", "2026-04-02"]
    assert (read.output["not_found"], read.output["evidence_quote"]) == (
        ["phone"],
        ["1,240.50", "EUR", "2 April 2026"],
    )
    assert json.loads(read.output["data_json"]) == {
        "total": 1240.5,
        "total_currency": "EUR",
        "due": "2026-04-02",
        "phone": None,
    }
    assert (asked.output["value"], asked.output["tools_used"], asked.output["trace_tool"]) == (
        "186.075",
        ["calculate"],
        ["calculate"],
    )


def test_the_same_key_gives_the_same_run(plugin: Plugin, service: RunningService) -> None:
    """A step that Bubble runs twice with one idempotency key is one run; a dry run is answered
    too."""
    once, dry_run = (
        {**TICKET, "idempotency_key": f"order-7731-{plugin.node}"},
        {**TICKET, "dry_run": True},
    )
    first, again, dry = plugin.run(
        ("classify", once), ("classify", once), ("classify", dry_run), keys=keys_of(service)
    )
    assert first.output["id"] == again.output["id"]
    assert (dry.output["status"], dry.output["success"], dry.output["category"]) == (
        "dry_run",
        True,
        None,
    )


def test_hand_over(plugin: Plugin, service: RunningService) -> None:
    """A run that is handed over is answered at once with its id; its end is told to the callback
    and found by Get a run, with its type."""
    with Receiver() as receiver:
        url = f"http://{receiver.host}/version-test/api/1.1/wf/formcall_ended"
        begun = plugin.one(
            "classify", **TICKET, wait=HAND_OVER, callback_url=url, keys=keys_of(service)
        ).output
        assert (begun["success"], begun["finished"], begun["category"]) == (True, False, None)
        assert begun["status"] in {"queued", "running"}
        ended = plugin.one("get_run", run_id=begun["id"], wait_seconds=30, keys=keys_of(service))
        assert (ended.output["finished"], ended.output["status"], ended.output["category"]) == (
            True,
            "done",
            "billing",
        )
        assert ended.output["answer"] is None  # of another action
        assert ended.waits == [50_000]
        told = receiver.wait()[0].json
        assert (told["id"], told["result"], told["ok"]) == (begun["id"], "billing", True)


def test_a_run_that_failed_is_found_as_it_is(plugin: Plugin, live: RunningService) -> None:
    """Get a run of a run without an answer does not stop the workflow: success is no, with the code
    and the sentence."""
    boxes = {"text": "a", "fields": "zebras", "wait": HAND_OVER}
    begun = plugin.one("extract", **boxes, keys=keys_of(live)).output
    found = plugin.one(
        "get_run", run_id=begun["id"], wait_seconds=30, on_error=STOP, keys=keys_of(live)
    ).output
    assert (found["success"], found["finished"], found["status"], found["error_code"]) == (
        False,
        True,
        "failed",
        "needs_model",
    )
    assert found["error_message"]


def test_batches(plugin: Plugin, service: RunningService) -> None:
    """A batch is started from rows of text, and Get a batch says how far it is until it has
    ended."""
    categories = [option(line) for line in TICKET["categories"].splitlines()]
    boxes = {
        "action": "classify",
        "rows": "message\nI was charged twice.\nThe app crashes with an error.",
        "mapping": "text: message",
        "fixed": f"categories: [{', '.join(categories)}]",
    }
    begun = plugin.one("create_batch", **boxes, keys=keys_of(service)).output
    assert (begun["success"], begun["finished"], begun["total"]) == (True, False, 2)

    def ended() -> Json | None:
        found = plugin.one("get_batch", batch_id=begun["id"], keys=keys_of(service)).output
        return found if found["finished"] else None

    found = wait_until(ended, 60)
    assert (found["status"], found["done"], found["failed"], found["percent"]) == (
        "done",
        2,
        0,
        100,
    )
    assert found["results_url_csv"].endswith(f"{begun['id']}/results.csv")


# --- what is sent ---------------------------------------------------------------------------------


def says(
    status: int, body: Any, kind: str = "application/json"
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answers with a body: an object as JSON, a text as it is."""
    sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    def step(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(sent)))
        handler.end_headers()
        handler.wfile.write(sent)

    return step


@pytest.fixture(scope="module")
def odd(plugin: Plugin, tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    """A plug-in whose one action has a field of every type that Bubble has a widget for."""
    action: Action = replace(
        with_fields_of_all_types(load_catalogue()["classify"]), id="odd_job", title="Odd job"
    )
    catalogue, root = Catalogue([action]), tmp_path_factory.mktemp("odd")
    write_files(build(catalogue), root)
    return Plugin(plugin.node, root, catalogue)


def test_what_is_entered_is_what_is_sent(odd: Plugin) -> None:
    """Addresses of files and images get their scheme, lists stay lists, and what is empty or
    switched off is not sent."""
    files = {"$list": ["//cdn.example/1.pdf", "", "https://cdn.example/2.pdf"]}
    boxes: Json = {
        "text": "A text",
        "categories": None,
        "categories_list": {"$list": ["a", "", None, "b: more"]},
        "multiple": False,
        "examples": " ",
        "examples_list": {"$list": []},
        "a_file": "//cdn.example/f1/a%20b.pdf",
        "max_categories": 3,
        "a_number": 0.5,
        "a_shape": "x text",
        "a_shape_list": ["never read"],
        "some_files_files": files,
        "effort": "",
        "dry_run": False,
        "tag": "t",
        "wait": HAND_OVER,
        "on_error": RETURN,
    }
    image = {
        "text": ["one", "two"],
        "a_file": "",
        "a_file_image": " //cdn.example/f2/b.png ",
        "dry_run": True,
        "multiple": True,
    }
    plain = {
        "text": "a",
        "a_file": "https://files.example/c.pdf",
        "some_files_address": "//cdn.example/1.pdf\n //cdn.example/2.pdf",
    }
    with Receiver(says(200, {"ok": True, "status": "done"})) as receiver:
        odd.run(("odd_job", boxes), ("odd_job", image), ("odd_job", plain), keys=keys_for(receiver))
        first, second, third = receiver.wait(3)
    assert (first.path, first.headers["authorization"], first.headers["content-type"]) == (
        "/v1/actions/odd_job",
        f"Bearer {SECRET}",
        "application/json",
    )
    assert first.json == {
        "text": "A text",
        "categories": ["a", "b: more"],
        "multiple": False,
        "a_file": "https://cdn.example/f1/a%20b.pdf",
        "max_categories": 3,
        "a_number": 0.5,
        "a_shape": "x text",
        "tag": "t",
        "wait_seconds": 0,
        "some_files": ["https://cdn.example/1.pdf", "https://cdn.example/2.pdf"],
    }
    assert second.json == {
        "text": "one\ntwo",
        "multiple": True,
        "a_file": "https://cdn.example/f2/b.png",
        "dry_run": True,
    }
    addresses = "https://cdn.example/1.pdf\nhttps://cdn.example/2.pdf"
    assert third.json == {
        "text": "a",
        "a_file": "https://files.example/c.pdf",
        "some_files": addresses,
    }


def test_words_of_an_action_are_never_code(plugin: Plugin, tmp_path: Path) -> None:
    """Whatever an operator writes into an action's texts, the script stays one function that says
    what is wrong."""
    odd = "a\u2028throw 1\nthrow 2 @PROBLEMS@ @ACTION@ */ ` ${1} \\ \u2029"
    old = load_catalogue()["summarize"]
    fields = {
        name: replace(entry, label=f"{entry.label} {odd}", help=odd)
        for name, entry in old.fields.items()
    }
    catalogue = Catalogue([replace(old, id="odd_words", title=odd, summary=odd, fields=fields)])
    write_files(build(catalogue), tmp_path)
    found = Plugin(plugin.node, tmp_path, catalogue).one("odd_words", text="a", keys=None)
    assert found.error == f"{PLUGIN_CODES['no_base_url']['detail']} (no_base_url)"


def test_ids_in_addresses_cannot_leave_their_place(plugin: Plugin) -> None:
    """An id from the workflow is one part of the address, whatever it holds, and one that is empty
    is not asked for."""
    with Receiver(says(200, {"ok": True, "status": "done"})) as receiver:
        keys = keys_for(receiver)
        keys["Base URL"] += "/forms//"
        plugin.one("get_run", run_id=" run_1/../../usage?x=1#y ", wait_seconds=5, keys=keys)
        assert (
            receiver.wait()[0].path
            == "/forms/v1/runs/run_1%2F..%2F..%2Fusage%3Fx%3D1%23y?wait_seconds=5"
        )
    found = plugin.one("get_run", run_id="  ", on_error=RETURN, keys=keys).output
    assert (found["error_code"], found["error_message"]) == (
        "invalid_input",
        '"Run" is empty; it is needed.',
    )


# --- failures -------------------------------------------------------------------------------------


def both(
    plugin: Plugin, keys: Json | None, hurry: float = 1, name: str = "classify", **boxes: Any
) -> Json:
    """The results of a step that fails with "return the error", after it was seen to stop with the
    same sentence otherwise."""
    given = {**TICKET, **boxes} if name == "classify" else boxes
    stopped, by_default, told = plugin.run(
        (name, {**given, "on_error": STOP}),
        (name, given),
        (name, {**given, "on_error": RETURN}),
        keys=keys,
        hurry=hurry,
    )
    output = told.output
    assert told.error == "" and output["success"] is False and output["finished"] is True
    assert (
        stopped.error == by_default.error == f"{output['error_message']} ({output['error_code']})"
    )
    assert stopped.output == by_default.output == {}
    return output


KEYS_THAT_ARE_NOT_RIGHT: dict[str, tuple[Json | None, str]] = {
    "no keys at all": (None, "no_base_url"),
    "no Base URL": ({"API Key": SECRET}, "no_base_url"),
    "an empty Base URL": ({"Base URL": "  ", "API Key": SECRET}, "no_base_url"),
    "no API Key": ({"Base URL": "https://forms.example"}, "no_api_key"),
    "a blank API Key": ({"Base URL": "https://forms.example", "API Key": " \n"}, "no_api_key"),
    "an API Key with a line break": (
        {"Base URL": "https://forms.example", "API Key": f"{SECRET}\nX: y"},
        "bad_api_key",
    ),
    "an API Key with other letters": (
        {"Base URL": "https://forms.example", "API Key": f"{SECRET}é"},
        "bad_api_key",
    ),
    "another protocol": ({"Base URL": "ftp://forms.example", "API Key": SECRET}, "bad_base_url"),
    "a Base URL with a query": (
        {"Base URL": "https://forms.example/?a=b", "API Key": SECRET},
        "bad_base_url",
    ),
    "a Base URL with a password": (
        {"Base URL": "https://a:b@forms.example", "API Key": SECRET},
        "bad_base_url",
    ),
    "a sentence": ({"Base URL": "my own server", "API Key": SECRET}, "bad_base_url"),
    "nobody there": (
        {"Base URL": f"http://127.0.0.1:{free_port()}", "API Key": SECRET},
        "unreachable",
    ),
    "a port that is never called": (
        {"Base URL": "http://127.0.0.1:6000", "API Key": SECRET},
        "unreachable",
    ),
}


@pytest.mark.parametrize("what", KEYS_THAT_ARE_NOT_RIGHT)
def test_keys_that_are_not_right(plugin: Plugin, what: str) -> None:
    """Each thing that can be wrong with what stands in the Plugins tab is told by its own code, in
    a sentence that says where to look."""
    keys, code = KEYS_THAT_ARE_NOT_RIGHT[what]
    output = both(plugin, keys)
    assert (output["error_code"], output["retryable"]) == (code, PLUGIN_CODES[code]["retryable"])
    assert "Plugins tab" in output["error_message"] and not re.search(
        r"\{|127\.0", output["error_message"]
    )
    assert ("ECONNREFUSED" in output["error_message"]) is (what == "nobody there")


def test_a_key_that_is_not_valid(plugin: Plugin, service: RunningService) -> None:
    """401: the service's own sentence."""
    output = both(plugin, {**keys_of(service), "API Key": SECRET})
    assert (output["error_code"], output["retryable"]) == ("unauthorized", False)


def test_fields_that_are_not_right(plugin: Plugin, service: RunningService) -> None:
    """422: all that is wrong with the form, in one text."""
    output = both(plugin, keys_of(service), text="", categories="one", effort="extreme")
    assert output["error_code"] == "invalid_input"
    for words in (
        '"Text" is empty',
        '"Categories" needs at least 2 entries',
        '"Effort" takes one of',
    ):
        assert words in output["error_message"]
    assert output["id"].startswith("req_")
    assert (
        both(plugin, keys_of(service), name="get_run", run_id="run_0")["error_code"] == "not_found"
    )


def test_too_many_calls(plugin: Plugin, service: RunningService) -> None:
    """429: it is worth trying again later."""
    command = [str(FORMCALL), "key", "create", f"slow {plugin.node}", "--rate", "1"]
    made = subprocess.run(
        command,
        env=service.environment,
        cwd=service.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    boxes = {**TICKET, "on_error": RETURN}
    keys = {**keys_of(service), "API Key": made.stdout.strip()}
    found = [one.output for one in plugin.run(*[("classify", boxes)] * 4, keys=keys)]
    assert found[0]["success"] is True
    assert (found[-1]["error_code"], found[-1]["retryable"]) == ("rate_limited", True)


def test_something_went_wrong_on_the_service(plugin: Plugin) -> None:
    """500: the service's problem with its id; what it says of a run's cost is there too."""
    problem = {
        "status": 500,
        "code": "internal",
        "detail": "Something went wrong.",
        "retryable": True,
        "id": "run_1",
        "errors": [],
        "run_status": "failed",
        "cost_usd": 0.01,
        "model": "o4-mini",
    }
    with Receiver(says(500, problem, "application/problem+json")) as receiver:
        output = both(plugin, keys_for(receiver))
    assert (output["error_code"], output["error_message"], output["retryable"]) == (
        "internal",
        "Something went wrong.",
        True,
    )
    assert (output["id"], output["status"], output["cost_usd"], output["model"]) == (
        "run_1",
        "failed",
        0.01,
        "o4-mini",
    )
    assert json.loads(output["raw_json"]) == problem
    assert KINDS["internal"].status == 500


NOT_FORMCALL: dict[str, tuple[Any, int]] = {
    "a page": (says(200, "<html>hello</html>", "text/html"), 200),
    "a proxy's page": (says(502, "<html>Bad Gateway</html>", "text/html"), 502),
    "a proxy's JSON": (says(503, {"message": "no healthy upstream"}), 503),
    "nothing": (answering(200), 200),
    "a list": (says(200, "[1, 2]"), 200),
    "null": (says(200, "null"), 200),
    "another place": (answering(301, Location="https://elsewhere.example/"), 301),
    "half a JSON": (says(200, '{"ok": tr'), 200),
}


@pytest.mark.parametrize("what", NOT_FORMCALL)
def test_what_is_not_formcall(plugin: Plugin, what: str) -> None:
    """Whatever answers in another way is told as such, with its status; the key is not carried to
    another place."""
    step, status = NOT_FORMCALL[what]
    with Receiver(step) as receiver:
        output = both(plugin, keys_for(receiver))
        assert len(receiver.posts) == 3
    assert (output["error_code"], f"status {status}" in output["error_message"]) == (
        "not_formcall",
        True,
    )


def half(handler: BaseHTTPRequestHandler) -> None:
    """The head and a part of the body, then nothing."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"ok": ')
    handler.wfile.flush()
    hangs(handler)


def cut(handler: BaseHTTPRequestHandler) -> None:
    """The connection ends in the middle."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"ok"')
    handler.close_connection = True


@pytest.mark.parametrize("step", [hangs, half, drips])
def test_a_service_that_does_not_answer(plugin: Plugin, step: Any) -> None:
    """After what the run may wait and a while more, the step gives up by itself, wherever in the
    answer that is."""
    with Receiver(step) as receiver:
        keys = keys_for(receiver)
        output = both(plugin, keys, hurry=HURRY)
        waits = [
            plugin.one("classify", **TICKET, wait_seconds=seconds, hurry=HURRY, keys=keys).waits[0]
            for seconds in (0, 100, 5_000)
        ]
    assert (output["error_code"], output["retryable"]) == ("timed_out", True)
    assert "45 seconds" in output["error_message"]
    assert waits == [20_000, 120_000, 120_000]


def test_a_connection_that_breaks(plugin: Plugin) -> None:
    """An answer that ends in the middle is as good as none."""
    with Receiver(cut) as receiver:
        assert both(plugin, keys_for(receiver))["error_code"] == "unreachable"


def test_lists_that_cannot_be_read(plugin: Plugin, service: RunningService) -> None:
    """A list that Bubble cannot load is a sentence too, without what Bubble said."""
    output = both(plugin, keys_of(service), categories="", categories_list={"$broken": True})
    assert (
        output["error_code"] == "unexpected" and "the list is gone" not in output["error_message"]
    )


def test_the_lock_file_ofnode_names_no_host() -> None:
    """Node comes from whichever registry npm is set to."""
    check_lock(BUBBLE / "package-lock.json")


def test_every_code_of_the_plugin_is_met() -> None:
    """No code of the plug-in's own is without a test that meets it, and none is one of the
    service's, but for an empty box."""
    met = {code for _, code in KEYS_THAT_ARE_NOT_RIGHT.values()} | {
        "not_formcall",
        "timed_out",
        "unexpected",
        "invalid_input",
    }
    assert met == set(PLUGIN_CODES)
    assert set(PLUGIN_CODES) & set(KINDS) == {"invalid_input"}
    assert set(FIXED) == {"get_run", "create_batch", "get_batch"}
