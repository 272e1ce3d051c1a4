"""retool/app: it parses, keeps the rules of importable apps, and its queries get answers from a
real service."""

from __future__ import annotations

import base64
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.catalogue import OPTIONS, Action, Catalogue, Field
from connector.catalogue.files import read_files
from connector.json_types import Json
from connector.publish import platforms, retool
from connector.publish.retool.app import RESOURCE_PLACEHOLDER
from connector.publish.retool.app_queries import part_id, widget_id
from connector.publish.retool.toolscript import Element, HexId, Include, resolve_ids, write_rsx
from connector.publish.retool.widgets import WIDGETS, retool_form
from tests.support.retool_cli import copy_of, odd_catalogue, odd_folder, script, typed_sample
from tests.support.rsx_rules import RULES, App, Node, faults, read_app
from tests.support.running_service import RunningService, serving


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return odd_catalogue(tmp_path_factory.mktemp("actions"))


@pytest.fixture(scope="module")
def folder(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app of all actions and of one with a field of every type."""
    root = tmp_path_factory.mktemp("app")
    platforms.write_files(retool.build(catalogue), root)
    return root / "retool" / "app"


@pytest.fixture(scope="module")
def app(folder: Path) -> App:
    return read_app(folder)


@pytest.fixture(scope="module")
def odd_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("odd")
    with serving(folder, FORMCALL_TEMPLATES=str(odd_folder(folder / "actions"))) as service:
        yield service


# --- the rules of an import -----------------------------------------------------------------------


def test_the_app_keeps_every_rule(folder: Path) -> None:
    """Nothing in the app is known to break an import."""
    assert faults(folder) == []


Breach = Callable[[str], str]
BREACHES: dict[str, tuple[str, Breach]] = {
    "files_are_there": ("metadata.json", lambda text: ""),
    "files_parse": ("main.rsx", lambda text: text.replace("</Container>", "", 1)),
    "no_comments": (
        "main.rsx",
        lambda text: text.replace("<Header>", "<Header><!-- the tabs -->", 1),
    ),
    "ids_are_unique": (
        "main.rsx",
        lambda text: text.replace('id="classify_Bill"', 'id="classify_Result"', 1),
    ),
    "ids_are_well_formed": (
        "functions.rsx",
        lambda text: re.sub(r'id="[0-9a-f]{8}"', 'id="event1"', text, count=1),
    ),
    "widgets_are_placed": (
        ".positions.json",
        lambda text: text.replace('"classify_Run"', '"classify_Go"', 1),
    ),
    "places_fit": (
        ".positions.json",
        lambda text: text.replace('"width": 6', '"width": 7').replace('"col": 6', '"col": 7'),
    ),
    "places_do_not_overlap": (
        ".positions.json",
        lambda text: re.sub(r'"row": [1-9][\d.]*', '"row": 0.0', text),
    ),
    "containers_are_whole": (
        "main.rsx",
        lambda text: text.replace("<View ", "<Body ").replace("</View>", "</Body>"),
    ),
    "frames_are_under_the_app": (
        "main.rsx",
        lambda text: text.replace("<Container", "<ModalFrame").replace(
            "</Container", "</ModalFrame"
        ),
    ),
    "queries_do_not_run_by_themselves": (
        "functions.rsx",
        lambda text: text.replace('queryTimeout="120000"', 'queryTimeout="10000"', 1),
    ),
    "names_are_there": (
        "functions.rsx",
        lambda text: text.replace("classify__text.value", "classify__txet.value", 1),
    ),
}


@pytest.mark.parametrize("rule", [rule.__name__ for rule in RULES])
def test_each_rule_finds_its_breach(rule: str, folder: Path, tmp_path: Path) -> None:
    """An app that breaks one rule is refused by that rule."""
    copy = copy_of(folder, tmp_path / "app")
    file, breach = BREACHES[rule]
    broken = breach((copy / file).read_text(encoding="utf-8"))
    assert broken != (copy / file).read_text(encoding="utf-8")
    (copy / file).write_text(broken, encoding="utf-8")
    if not broken:
        (copy / file).unlink()
    assert {sentence.partition(":")[0] for sentence in faults(copy)} >= {rule}


# --- what the catalogue says ----------------------------------------------------------------------


def test_each_action_has_its_tab_form_and_queries(app: App, catalogue: Catalogue) -> None:
    """A tab for each action with a widget for each field and option, a button that runs its query,
    and a query that follows the run."""
    nodes = {node.id: node for node in app.nodes() if node.id}
    views = [node for node in app.nodes() if node.tag == "View"]
    assert [view.attributes["viewKey"] for view in views] == list(catalogue)
    for action, view in zip(catalogue.values(), views, strict=True):
        inside = {node.id: node for node in view.walk()}
        for name, entry in retool_form(action).items():
            widget = inside[widget_id(action, name)]
            tag = WIDGETS[entry.type].tag(entry)
            assert (widget.tag, widget.attributes[tag.label]) == (tag.name, entry.label)
            assert {
                one.attributes["value"]: one.attributes["label"] for one in widget.children
            } == dict(tag.options)
            assert ("hidden" in widget.attributes) is (name in OPTIONS)
        [click] = inside[part_id(action, "Run")].children
        assert (click.attributes["event"], click.attributes["pluginId"]) == (
            "click",
            part_id(action, "Query"),
        )
        query, follow = nodes[part_id(action, "Query")], nodes[part_id(action, "Follow")]
        assert [pair["key"] for pair in json.loads(query.attributes["body"])] == list(
            retool_form(action)
        )
        for one in (query, follow):
            [event] = one.children
            assert (event.attributes["event"], event.attributes["pluginId"]) == (
                "success",
                follow.id,
            )


def test_texts_of_an_action_arrive_as_they_are(app: App, catalogue: Catalogue) -> None:
    """Quotes and backslashes of an action's texts are the same after reading the files again."""
    action = catalogue["odd_job"]
    nodes = {node.id: node for node in app.nodes() if node.id}
    assert nodes["odd_job_About"].attributes["value"] == action.summary
    assert nodes["odd_job__request"].attributes["tooltipText"] == action.fields["request"].help


def test_values_survive_writing_and_reading(tmp_path: Path) -> None:
    """Whatever an attribute holds comes back the same, and no two ids become one."""
    values: Json = {
        "a": "plain",
        "b": 'a "b"',
        "c": "it's",
        "d": '"both" it\'s',
        "e": "a \\ b",
        "f": "two\nlines\r",
        "g": "<a> & {b}",
        "h": "&amp;",
        "i": "\u2028",
        "j": True,
        "k": 4,
        "l": 1.5,
        "m": None,
        "n": {"ordered": [{"x-y": "é"}]},
        "o": {},
        "p": [],
        "q": "",
    }
    (tmp_path / "one.rsx").write_text(
        write_rsx(Element("Text", values)), encoding="utf-8", newline=""
    )
    [found] = script("rsx.mjs", {"folder": str(tmp_path), "files": ["one.rsx"]})
    assert found["problems"] == []
    assert found["root"]["attributes"] == values
    (tmp_path / "two.rsx").write_text(
        write_rsx(Element("Function", {"funcBody": Include("lib/a.js")}))
    )
    [found] = script("rsx.mjs", {"folder": str(tmp_path), "files": ["two.rsx"]})
    assert found["root"]["attributes"]["funcBody"] == {"include": "./lib/a.js"}
    twins = resolve_ids(
        Element(
            "App",
            children=tuple(
                Element("Option", {"id": HexId(1, (str(number),))}) for number in range(16)
            ),
        )
    )
    assert len({child.id for child in twins.children}) == 16


# --- against a real service -----------------------------------------------------------------------


def held(entry: Field, value: Any) -> Any:
    """What a widget of Retool holds after a person has typed the value: numbers as numbers,
    switches as true or false."""
    tag = WIDGETS[entry.type].tag(entry).name
    if tag == "NumberInput":
        return None if value in ("", None) else float(value)
    if tag == "Switch":
        return value in (True, "yes", "true")
    return value


EMPTY: Json = {
    "TextInput": "",
    "TextArea": "",
    "NumberInput": None,
    "Switch": False,
    "Select": None,
    "Multiselect": [],
    "FileButton": [],
}


def scope(action: Action, values: Json, **more: Any) -> Json:
    """The widgets of an action with what they hold."""
    found: Json = {}
    for name, entry in retool_form(action).items():
        tag = WIDGETS[entry.type].tag(entry).name
        if name in values and tag == "FileButton":
            found[widget_id(action, name)] = chosen_files(values[name])
        else:
            found[widget_id(action, name)] = {
                "value": held(entry, values[name]) if name in values else EMPTY[tag]
            }
    return {**found, **more}


def chosen_files(address: str) -> Json:
    """What Retool's button for files holds once the files of a data: address were chosen from the
    disk."""
    files = read_files(address).inputs
    told = [{"type": one.media, "name": one.name} for one in files]
    return {"value": [base64.b64encode(one.content).decode() for one in files], "files": told}


def filled(app: App, action: Action, query: str, known: Json) -> tuple[str, str, Json]:
    """Method, path and body of a query, its expressions filled in."""
    node = next(node for node in app.nodes() if node.id == part_id(action, query))
    pairs = json.loads(node.attributes.get("body", "[]"))
    texts = {
        **{f"body {pair['key']}": pair["value"] for pair in pairs},
        "path": node.attributes["query"],
    }
    [values] = script("fill.mjs", {"scope": known, "texts": texts})
    path = values.pop("path")
    return (
        node.attributes["type"],
        path,
        {key.removeprefix("body "): value for key, value in values.items()},
    )


def test_each_query_is_answered(
    app: App, catalogue: Catalogue, live_local: RunningService, odd_service: RunningService
) -> None:
    """Each query, filled from what a person has typed, is answered with 200; the action understands
    the same as from its example."""
    for action in catalogue.values():
        service = live_local if action.local else odd_service
        method, path, body = filled(app, action, "Query", scope(action, typed_sample(action)))
        assert set(body) == set(retool_form(action))
        assert action.read_form(body) == {
            **action.read_form(action.examples[0].input),
            "dry_run": False,
            **({"read_text": False} if "read_text" in action.form else {}),
        }
        answer = requests.request(
            method, f"{service.address}/{path}", json=body, headers=service.headers, timeout=60
        )
        assert (answer.status_code, answer.json()["status"]) == (200, "done"), answer.text
        shown(
            app,
            action,
            {part_id(action, "Query"): {"data": answer.json()}, part_id(action, "Follow"): {}},
            answer.json(),
        )


def shown(app: App, action: Action, queries: Json, answer: Json) -> None:
    """What the right half of an action's tab shows for what its queries hold."""
    nodes = {node.id: node for node in app.nodes() if node.id}
    known = {**queries, part_id(action, "Answer"): {"value": newest(app, action, queries)}}
    parts = {
        part: nodes[part_id(action, part)].attributes
        for part in ("Problem", "GoesOn", "Result", "Values", "Bill")
    }
    texts = {
        f"{part} {name}": text
        for part, own in parts.items()
        for name, text in own.items()
        if isinstance(text, str) and "{{" in text
    }
    [values] = script("fill.mjs", {"scope": known, "texts": texts})
    assert (values["Problem hidden"], values["GoesOn hidden"], values["Values hidden"]) == (
        True,
        True,
        False,
    )
    assert values["Result value"] == answer["result"]
    assert set(values["Values value"]) == set(action.returns)
    assert (
        str(answer["cost_usd"]).rstrip(".0") in values["Bill value"]
        and " s" in values["Bill value"]
    )


def newest(app: App, action: Action, queries: Json) -> Json:
    """What the app's own script makes of the queries' data."""
    node = next(node for node in app.nodes() if node.id == part_id(action, "Answer"))
    code = (app.folder / node.attributes["funcBody"]["include"]).read_text()
    body = re.sub(r"\{\{(.*?)\}\}", r"(\1)", code)
    [values] = script(
        "fill.mjs", {"scope": queries, "texts": {"value": f"{{{{ (() => {{ {body} }})() }}}}"}}
    )
    found: Json = values["value"]
    return found


def test_a_run_that_is_handed_over_is_followed(
    app: App, catalogue: Catalogue, live_local: RunningService
) -> None:
    """The second query asks for the run by its id until it is done; the events say when, and the
    newest answer is shown."""
    action = catalogue["classify"]
    run, follow = part_id(action, "Query"), part_id(action, "Follow")
    method, path, body = filled(
        app, action, "Query", scope(action, {**typed_sample(action), "wait_seconds": 0})
    )
    first = requests.request(
        method, f"{live_local.address}/{path}", json=body, headers=live_local.headers, timeout=60
    ).json()
    known: Json = {run: {"data": first}, follow: {}}
    assert asks_again(app, run, known) is True
    until = time.monotonic() + 60
    while asks_again(app, run if not known[follow] else follow, known):
        assert time.monotonic() < until
        method, path, body = filled(app, action, "Follow", known)
        answer = requests.request(
            method, f"{live_local.address}/{path}", headers=live_local.headers, timeout=60
        )
        assert answer.status_code == 200, answer.text
        known[follow] = {"data": answer.json()}
    assert known[follow]["data"]["id"] == first["id"]
    shown(app, action, known, known[follow]["data"])
    # a newer run's answer is not hidden by an older one's
    assert newest(app, action, {run: {"data": {"id": "run_2"}}, follow: known[follow]}) == {
        "id": "run_2"
    }


def asks_again(app: App, query: str, known: Json) -> bool:
    node: Node = next(node for node in app.nodes() if node.id == query)
    [values] = script(
        "fill.mjs", {"scope": known, "texts": {"enabled": node.children[0].attributes["enabled"]}}
    )
    found: bool = values["enabled"]
    return found


def test_a_failure_is_shown(app: App, catalogue: Catalogue) -> None:
    """What a query says went wrong stands in the error box, and nothing stands where the answer
    would."""
    action = catalogue["classify"]
    nodes = {node.id: node.attributes for node in app.nodes() if node.id}
    known = {
        "classify_Query": {"error": "No."},
        "classify_Follow": {},
        "classify_Answer": {"value": {}},
    }
    texts = {
        "words": nodes["classify_Problem"]["description"],
        "hidden": nodes["classify_Problem"]["hidden"],
    }
    texts |= {
        "result": nodes[part_id(action, "Result")]["value"],
        "values": nodes["classify_Values"]["hidden"],
    }
    [values] = script("fill.mjs", {"scope": known, "texts": texts})
    assert values == {
        "words": "No.",
        "hidden": False,
        "result": "The answer will appear here.",
        "values": True,
    }
    failed = {
        "ok": False,
        "status": "failed",
        "detail": "The model gave no answer.",
        "code": "invalid_output",
    }
    known = {
        "classify_Query": {"data": {"id": "a"}},
        "classify_Follow": {},
        "classify_Answer": {"value": failed},
    }
    [values] = script("fill.mjs", {"scope": known, "texts": texts})
    assert (values["words"], values["hidden"], values["values"]) == (
        "The model gave no answer.",
        False,
        True,
    )


def test_a_file_is_sent_as_a_data_address() -> None:
    """The file that was chosen goes to the service as data: addresses; none is an empty text."""
    expression = WIDGETS["file"].value.format(id="button")
    chosen = {
        "value": ["aGk=", "aGs="],
        "files": [{"type": "image/png", "name": "a b.png"}, {"type": "text/plain", "name": "c"}],
    }
    sent = "data:image/png;name=a%20b.png;base64,aGk= data:text/plain;name=c;base64,aGs="
    for held_now, wanted in ((chosen, sent), ({"value": [], "files": []}, ""), ({}, "")):
        [values] = script(
            "fill.mjs",
            {"scope": {"button": held_now}, "texts": {"file": f"{{{{ {expression} }}}}"}},
        )
        assert values == {"file": wanted}


# --- the ZIP and the resource in it ---------------------------------------------------------------


def test_the_zip_holds_the_app(catalogue: Catalogue) -> None:
    """The ZIP has the app's files at its root, with the same bytes each time it is built."""
    files = retool.build(catalogue)
    archive = zipfile.ZipFile(io.BytesIO(files["retool/formcall-app.zip"]))
    assert archive.testzip() is None
    app = {
        path.removeprefix("retool/app/"): body
        for path, body in files.items()
        if path.startswith("retool/app/")
    }
    assert {name: archive.read(name) for name in archive.namelist()} == app
    assert files == retool.build(catalogue)


def test_the_resource_is_chosen_once(catalogue: Catalogue, tmp_path: Path) -> None:
    """With the id of the resource every query has it, and nothing asks for it any more."""
    uuid = "0b1c2d3e-4f56-4a78-9b0c-1d2e3f4a5b6c"
    without, given = retool.build(catalogue), retool.build(catalogue, resource_uuid=uuid)
    queries = given["retool/app/functions.rsx"].decode()
    assert queries == without["retool/app/functions.rsx"].decode().replace(
        RESOURCE_PLACEHOLDER, uuid
    )
    assert queries.count(f'resourceName="{uuid}"') == 2 * len(catalogue)
    assert (
        b"setupHint" in without["retool/app/main.rsx"]
        and b"setupHint" not in given["retool/app/main.rsx"]
    )
    platforms.write_files(given, tmp_path)
    assert faults(tmp_path / "retool" / "app") == []
