"""retool/components: built by Retool's own command, equal to the catalogue, and driven in a browser
against a real service."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.catalogue import OPTIONS, TYPES, Action, Field, load_catalogue
from connector.catalogue.fields import FORM_TYPES
from connector.catalogue.options import CONDITIONAL_OPTIONS
from connector.errors import InvalidInput
from connector.json_types import Json
from connector.publish.retool.components import (
    EXCHANGE_STATES,
    RUN_ID,
    RUN_STATUS,
    SHOW_ADVANCED,
    component_names,
    state_names,
)
from connector.publish.retool.names import camel, raw
from connector.publish.retool.widgets import UNREAD, WIDGETS, choice_keys, retool_form
from tests.support.node_tools import check_lock, needed
from tests.support.retool_cli import (
    PACKAGES,
    Library,
    form_of,
    odd_catalogue,
    odd_folder,
    script,
    tool,
    typed_sample,
    write_library,
)
from tests.support.running_service import RunningService, serving
from tests.support.samples import ROOT, TICKET

CATALOGUE = load_catalogue()
SHOTS = ROOT / "connector" / "publish" / "retool" / "assets" / "screenshots"
SHOWN_STATES = {"classify": ["empty", "faults", "answer"], "extract": ["answer"]}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The library of all actions and of one with a field of every type, built once."""
    folder = tmp_path_factory.mktemp("library")
    library = write_library(odd_catalogue(folder / "actions"), folder)
    done = tool("retool-ccl", "build", "--skip-updates-check", folder=library.folder)
    assert "Build succeeded" in done.stdout, done.stdout + done.stderr
    return library


@pytest.fixture(scope="module")
def odd_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with an operator's own action, which the examples answer."""
    folder = tmp_path_factory.mktemp("odd")
    with serving(folder, FORMCALL_TEMPLATES=str(odd_folder(folder / "actions"))) as service:
        yield service


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: with RETOOL_SCREENSHOTS set, where they are kept."""
    folder = SHOTS if os.environ.get("RETOOL_SCREENSHOTS") else tmp_path_factory.mktemp("shots")
    folder.mkdir(exist_ok=True)
    return folder


# --- what is generated ----------------------------------------------------------------------------


def test_every_option_is_shown_or_cannot_be() -> None:
    """Retool shows every option that an action has but streaming, and none that it has not."""
    for action in CATALOGUE.values():
        assert set(retool_form(action)) == set(action.form) - UNREAD
    assert set(CONDITIONAL_OPTIONS) > UNREAD


def test_every_type_has_a_widget() -> None:
    """Each type that a form can have is a row of the table, and no row is for a type that there is
    not."""
    assert set(FORM_TYPES) <= set(WIDGETS)
    assert set(WIDGETS) <= set(TYPES)


@pytest.mark.parametrize(
    "text", ["plain", 'a "b"', "it's", '"both" it\'s', "a \\ b", "two\nlines", "é”\u2028"]
)
def test_texts_in_hooks_need_no_backslash(text: str) -> None:
    """Retool's manifest takes what stands between the quotes as it is, so nothing there is
    escaped."""
    found = raw(text)
    assert "\\" not in found and "\n" not in found
    assert found[0] == found[-1] in "'\"" and found[0] not in found[1:-1]


def test_the_library_passes_the_strict_type_check(library: Library) -> None:
    """Retool's own types and TypeScript's strictest settings find nothing."""
    done = tool("tsc", "--noEmit", folder=library.folder)
    assert done.returncode == 0, done.stdout


def test_the_manifest_is_the_catalogue(library: Library) -> None:
    """Retool finds a component for each action with a state for each field and option, their types
    and choices, and its event."""
    components = library.manifest["components"]
    names = component_names(library.catalogue)
    assert set(components) == {*names.values(), RUN_STATUS}
    for action in library.catalogue.values():
        found = components[names[action.id]]
        states = {one["name"]: one for one in found["model"]}
        assert found["events"] == ["run"]
        own = {state_names(action)[name]: entry for name, entry in retool_form(action).items()}
        assert set(states) == {*own, SHOW_ADVANCED.name, *(state.name for state in EXCHANGE_STATES)}
        for name, entry in own.items():
            hook = WIDGETS[entry.type].hook(entry)
            assert (states[name]["type"], states[name]["inspector"]) == (
                hook.kind.lower(),
                hook.inspector,
            )
            assert states[name]["label"] == raw(entry.label)[1:-1]
            assert states[name].get("description", "") == raw(entry.help)[1:-1]
            assert states[name]["initialValue"] == hook.initial
            assert states[name].get("enumLabels", {}) == dict(hook.choices)
            assert states[name].get("enumDefinition", []) == list(hook.choices)
    status = components[RUN_STATUS]
    assert {one["name"] for one in status["model"]} == {
        RUN_ID.name,
        *(state.name for state in EXCHANGE_STATES),
    }
    assert status["events"] == ["check", "cancel", "decide"]


def test_names_and_keys_are_what_retool_takes(library: Library) -> None:
    """States and choices are letters and digits, different from one another, and defaults are among
    the choices."""
    for component in library.manifest["components"].values():
        names = [one["name"] for one in component["model"]]
        assert len(set(names)) == len(names)
        for one in component["model"]:
            keys = one.get("enumDefinition", [])
            assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) for name in [one["name"]])
            assert all(re.fullmatch(r"[A-Za-z0-9]+", key) for key in keys) and len(
                set(keys)
            ) == len(keys)
            assert one["type"] != "enumeration" or one["initialValue"] in keys
    odd = library.catalogue["odd_job"]
    assert state_names(odd)["request"] == "request2"  # `request` is the component's own
    assert choice_keys(odd.fields["kinds"]) == {"kind_1": "kind1", "kind1": "kind12"}
    assert camel("max_cost_usd") == "maxCostUsd"


def test_the_library_holds_no_key_and_calls_nobody(library: Library) -> None:
    """The components neither fetch nor hold a key or an address: the app's query does."""
    bundle = (library.dist / "components.js").read_text()
    for word in (
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "http://",
        "localStorage",
        "Bearer",
    ):
        assert word not in bundle.replace("https://…", ""), word


def test_lock_files() -> None:
    """Both lock files name no host, and the library is tested with the packages that it is
    delivered with."""
    own = ROOT / "retool" / "components" / "package-lock.json"
    for path in (own, PACKAGES / "package-lock.json"):
        check_lock(path)
    tested = json.loads((PACKAGES / "package-lock.json").read_text())["packages"]
    for name, package in json.loads(own.read_text())["packages"].items():
        if name and not package.get("optional"):
            assert (package["version"], package["integrity"]) == (
                tested[name]["version"],
                tested[name]["integrity"],
            ), name
    declared = json.loads((own.parent / "package.json").read_text())
    assert json.loads(own.read_text())["packages"][""]["dependencies"] == declared["dependencies"]


# --- in a browser ---------------------------------------------------------------------------------


def service_of(
    action: Action, live_local: RunningService, odd_service: RunningService
) -> RunningService:
    """The embedded engine, or the examples for an action that it has no method for."""
    return live_local if action.local else odd_service


def test_each_form_is_driven_like_a_person(
    library: Library, live_local: RunningService, odd_service: RunningService, shots: Path
) -> None:
    """For each action: by keyboard through all boxes, run empty, filled in, run; the service
    answers and the answer is shown."""
    executable = needed("chromium", "chromium-browser", "google-chrome")
    forms = []
    for action in library.catalogue.values():
        service = service_of(action, live_local, odd_service)
        more = {
            "address": service.address,
            "key": service.key,
            "sample": typed_sample(action),
            "shots": SHOWN_STATES.get(action.id, []),
        }
        forms.append({**form_of(action, library.catalogue), **more})
    found = script(
        "forms.mjs",
        {"dist": str(library.dist), "executable": executable, "shots": str(shots), "forms": forms},
    )
    assert [one["name"] for one in found] == [form["name"] for form in forms]
    for action, one in zip(library.catalogue.values(), found, strict=True):
        check_form(action, one)


def check_form(action: Action, one: Json) -> None:
    assert one["faults"] == [
        words for entry in action.fields.values() for words in said_when_empty(action, entry)
    ]
    assert (one["unfired"], one["fired"]) == (0, ["run"])
    labels = [label for entry in action.fields.values() for label in tab_stops(entry)]
    assert one["order"] == [*labels, "Run"]
    # set before the event, with every key, the options too
    assert one["asked"] == one["request"]
    assert set(one["asked"]) == set(retool_form(action))
    asked = {name: value for name, value in one["asked"].items() if name not in OPTIONS}
    assert action.read_form(asked) == action.read_form(action.examples[0].input)
    response = one["response"]
    assert (response["ok"], response["status"], response["action"]) == (True, "done", action.id)
    assert one["result"].split() == response["result"].split()
    assert one["copied"].replace("\r\n", "\n") == response["result"]
    assert ("embedded engine" if action.local else "scripted") in one["shown"] and " s" in one[
        "shown"
    ]
    for name in action.returns:
        # a value that is the result itself is not repeated under its name
        assert (
            response[name] == response["result"]
            or name.replace("_", " ").capitalize() in one["shown"]
        )
    assert {state: findings for state, findings in one["findings"].items() if findings} == {}
    assert (one["outside"], one["broken"]) == ([], [])


def said_when_empty(action: Action, entry: Field) -> list[str]:
    """What the service says of a field that is needed, or of which another is needed instead, when
    it is empty."""
    if not entry.required and not entry.or_text:
        return []
    # that one of two is needed is said once all others are right
    rest = (
        {}
        if entry.required
        else {
            name: value
            for name, value in action.examples[0].input.items()
            if action.fields[name].required
        }
    )
    with pytest.raises(InvalidInput) as caught:
        action.read_form(rest)
    return [error.message for error in caught.value.errors if error.field == entry.name]


def tab_stops(entry: Field) -> list[str]:
    """What the Tab key stops at in a field."""
    stops = {
        "checks": [choice.label for choice in entry.choices],
        "file": [entry.label, f"{entry.label}: its address"],
    }
    return stops.get(WIDGETS[entry.type].box(entry), [entry.label])


@pytest.fixture(scope="module")
def states(
    library: Library, live_local: RunningService, odd_service: RunningService, shots: Path
) -> Json:
    """Everything that tests/retool/states.mjs saw."""
    executable = needed("chromium", "chromium-browser", "google-chrome")
    service, scripted = (
        {"address": one.address, "key": one.key} for one in (live_local, odd_service)
    )
    told = {
        "dist": str(library.dist),
        "executable": executable,
        "shots": str(shots),
        "service": service,
        "scripted": scripted,
    }
    [found] = script("states.mjs", {**told, "ticket": TICKET})
    return found


def test_no_state_has_an_accessibility_finding(states: Json) -> None:
    """The checker of accessibility finds nothing in any state, and no script fails or calls
    anybody."""
    assert {state: findings for state, findings in states["findings"].items() if findings} == {}
    assert (states["outside"], states["broken"]) == ([], [])


def test_busy_and_unconnected(states: Json) -> None:
    """While the query runs the button says so and cannot be pressed again; a component without a
    query says what to connect."""
    assert states["busy"] == {
        "words": "The answer is on its way.",
        "fired": 1,
        "focus": "Running…",
        "button": "true",
    }
    assert "Connect this component’s Run event to a query" in states["unconnected"]


def test_problems_are_told_in_the_services_words(states: Json) -> None:
    """A refusal is shown as its sentence, however the query tells it, and beside its field when the
    problem is all there."""
    detail, words, data = states["problems"]
    sentence = (
        '"Categories" needs at least 2 entries; there is 1. '
        "Write one a line, or put commas between them."
    )
    assert sentence in detail["alert"] and detail["fields"] == []
    for told in (words, data):
        assert sentence in told["alert"] and "invalid_input" in told["alert"]
        assert told["fields"] == [sentence]
    assert states["unreachable"] == "connect ECONNREFUSED 127.0.0.1:1"


def test_dry_run_and_hand_over(states: Json) -> None:
    """A dry run shows the price; a run that goes on shows its id, and the component for its status
    asks until it has the answer."""
    assert "At most: free" in states["dry"]
    assert states["handedOver"]["status"] in {"queued", "running"}
    assert "The run continues." in states["handedOver"]["shown"]
    assert "No run yet" in states["noRun"]
    status = states["runStatus"]
    assert status["events"] == ["check"] and status["request"]["wait_seconds"] == 20
    assert "billing" in status["shown"] and "done" in status["shown"]
    assert status["afterwards"] == 0  # nothing is asked once it has ended
    assert states["goesOn"] == ["check", "cancel"]
    assert states["failedCheck"] == {"fired": 0, "alert": "There is no such run."}


def test_a_run_that_ends_without_an_answer(states: Json) -> None:
    """The status of a run that failed after it was handed over says why; one that was cancelled
    says that."""
    assert "needs_model" in states["failedRun"] and "no answer" in states["failedRun"]
    assert "cancelled" in states["cancelledRun"]


def test_a_run_that_waits_for_a_person(states: Json) -> None:
    """It is shown as that, with its page; the status decides, asks again and shows the answer."""
    waiting = states["waiting"]
    assert waiting["status"] == "needs_review" and waiting["link"] == waiting["url"]
    assert "A person decides first." in waiting["shown"]
    assert "No answer" not in waiting["shown"] and "not given" not in waiting["shown"]
    assert "billing" in states["decided"]["shown"] and "done" in states["decided"]["shown"]
    asked = states["decided"]["asked"]
    assert (asked["decision"], asked["note"]) == ("accept", "Right so.")
    calls = states["calls"]
    assert "Book a flight (flight: 12)" in calls["shown"] and "waits for a person" in calls["shown"]
    assert calls["links"] == 0  # an address that is not of a page is no link
    assert (calls["asked"]["decision"], calls["asked"]["note"]) == ("refuse", "No.")


def test_the_page_of_a_proxy_is_not_shown(states: Json) -> None:
    """HTML that came instead of an answer is told in a sentence."""
    for words in states["pages"]:
        assert "A web page came back instead of an answer" in words and "<" not in words


def test_long_answers_are_folded(states: Json) -> None:
    """The end of a long text, later rows and offsets are shown on request."""
    before, after = states["folded"]["before"], states["folded"]["after"]
    assert "END" not in before and "row 19" in before and "row 20" not in before
    assert "END" in after and "row 29" in after
    assert "start" not in before


def test_a_file_is_chosen_or_named(states: Json) -> None:
    """A file from the person's disk is sent as a data: address and can be taken away again; an
    address may be typed instead."""
    found = states["file"]
    assert (
        len(found["missing"]) == 1 and "both empty; one of them is needed." in found["missing"][0]
    )
    assert (
        found["chosen"]
        == "data:text/plain;name=a%20b.txt;base64,aGVsbG8=\ndata:text/plain;name=c.txt;base64,Yw=="
    )
    assert found["removed"] == "" and found["typed"] == "https://example.org/letter.pdf"


def test_what_builders_bind_to_a_text(states: Json) -> None:
    """A list bound to a box for text becomes its lines, a number its digits, a list of objects
    JSON."""
    assert states["bound"] == {
        "text": "7",
        "categories": "billing\ntechnical",
        "examples": '[{"text":"a","choice":"billing"}]',
    }


def test_an_answer_with_everything(states: Json) -> None:
    """Rows stand in a table, what is missing is said, warnings and the price are shown, and copying
    works without a clipboard."""
    bill = ("price not known", "1,234 tokens", "1.8 s")
    for words in (
        "pens",
        "12",
        "yes",
        "not given",
        "none",
        "o4-mini is gone; gpt-5.6-terra answered.",
        *bill,
    ):
        assert words in states["rich"], words
    assert states["copied"] == "a: 1"


def test_screenshots_are_kept(states: Json, shots: Path) -> None:
    """The pictures of the README are those that the tests make: run with RETOOL_SCREENSHOTS=1 to
    keep new ones."""
    made = {path.name for path in shots.glob("*.png")}
    kept = {
        path.name: path.read_bytes() for path in (ROOT / "retool" / "screenshots").glob("*.png")
    }
    assert set(kept) <= made | {
        f"{action}-{state}.png" for action, listed in SHOWN_STATES.items() for state in listed
    }
    readme = (ROOT / "retool" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(screenshots/([\w-]+\.png)\)", readme)) == set(kept)
    assert sum(map(len, kept.values())) < 250_000
