"""The files of the Bubble plug-in: their format, their ids, and their agreement with the
actions."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connector.catalogue import OPTIONS, Catalogue, Field, load_catalogue, read_file
from connector.catalogue.fields import FORM_TYPES
from connector.errors import FormcallError
from connector.json_types import Json
from connector.publish.bubble import LOCK, build, ids
from connector.publish.bubble.actions import FIXED, HAND_OVER, RETURN, STOP, WAIT
from connector.publish.bubble.ids import Ids, folder
from connector.publish.bubble.script import PLUGIN_CODES
from connector.publish.bubble.widgets import WIDGETS, boxes_of
from tests.platforms.test_publish import ODD_ACTION
from tests.support.running_service import FORMCALL, clean_environment
from tests.support.samples import ROOT

ACTIONS = "bubble/plugin/actions/"
BUBBLES = "0123456789abcdefghjkmnpqrtuvwxyz"
STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# words that JavaScript keeps for itself
RESERVED = set(
    "await break case catch class const continue debugger default delete do else enum export "
    "extends false finally for function if "
    "implements import in instanceof interface let new null package private protected public "
    "return static super switch this throw true "
    "try typeof var void while with yield arguments eval".split()
)
VALUES = ("text", "number", "boolean")
_NAME: Json = {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"}
_WORDS: Json = {"type": "string", "minLength": 1}
_RANK: Json = {"type": "integer", "minimum": 0}
_TRUE: Json = {"const": True}
_ALL_FIELDS: Json = {"caption": _WORDS, "name": _NAME, "rank": _RANK, "doc": _WORDS}


def _editor(name: str, needed: tuple[str, ...] = (), **more: Any) -> Json:
    properties = {**_ALL_FIELDS, "editor": {"const": name}, **more}
    required = ["caption", "name", "rank", "editor", *needed]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_DYNAMIC = {
    "value": {"enum": ["text", "number", "file", "image"]},
    "optional": _TRUE,
    "is_list": _TRUE,
    "long_text": _TRUE,
}
_FIELD: Json = {
    "oneOf": [
        _editor("DynamicValue", ("value",), **_DYNAMIC, default_val={"type": ["string", "number"]}),
        _editor(
            "Dropdown",
            ("options",),
            options={"type": "string", "pattern": "^[^,]+(,[^,]+)*$"},
            optional=_TRUE,
            default_val=_WORDS,
        ),
        _editor("Checkbox", ("default_val",), default_val={"type": "boolean"}),
        _editor("Label"),
    ]
}
_RETURN: Json = {
    "type": "object",
    "properties": {
        "caption": _WORDS,
        "name": _NAME,
        "rank": _RANK,
        "value": {"enum": list(VALUES)},
        "is_list": _TRUE,
    },
    "required": ["caption", "name", "rank", "value"],
    "additionalProperties": False,
}
PARAMS = Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "display": _WORDS,
            "category": {"const": "plugins"},
            "type": {"const": "server_side"},
            "fields": {"type": "object", "additionalProperties": _FIELD, "minProperties": 1},
            "return_value": {"type": "object", "additionalProperties": _RETURN, "minProperties": 1},
        },
        "required": ["display", "category", "type", "fields", "return_value"],
        "additionalProperties": False,
    }
)


@pytest.fixture(scope="module")
def odd_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The prebuilt actions and one of an operator that has a field of every type, and names that
    the plug-in uses itself."""
    path = tmp_path_factory.mktemp("actions") / "odd_job.yaml"
    text = ODD_ACTION.replace(
        "  note: {type: text, label: Note",
        "  on_error: {type: text, label: A}\n  note: {type: text, label: Note",
    )
    text = text.replace(
        "  words: {type: integer",
        "  success: {type: text, nullable: true}\n  words: {type: integer",
    )
    path.write_text(text.replace("text_back: a b}", "text_back: a b, success: much}"))
    return Catalogue([*load_catalogue().values(), with_fields_of_all_types(read_file(path))])


def with_fields_of_all_types(action: Any) -> Any:
    """``action`` with a field of each type that Bubble has a widget for, also of those that no form
    has yet."""
    missing = sorted(set(WIDGETS) - {"label"} - {entry.type for entry in action.fields.values()})
    made = {f"a_{kind}": Field(f"a_{kind}", kind, f"A {kind}") for kind in missing}
    return replace(
        action,
        fields={
            **action.fields,
            **made,
            "some_files": Field("some_files", "file", "Some files", max=3),
        },
    )


@pytest.fixture(scope="module", params=["prebuilt", "odd"])
def files(request: pytest.FixtureRequest, odd_catalogue: Catalogue) -> dict[str, bytes]:
    return build(load_catalogue() if request.param == "prebuilt" else odd_catalogue)


def params_of(files: dict[str, bytes]) -> dict[str, Json]:
    """Each action's params.json by its id in Bubble."""
    return {
        path[len(ACTIONS) :][:3]: json.loads(body)
        for path, body in files.items()
        if path.endswith("/params.json")
    }


def by_display(files: dict[str, bytes]) -> dict[str, Json]:
    return {one["display"].removesuffix(" (Formcall)"): one for one in params_of(files).values()}


def nodes(value: Any) -> Iterator[Any]:
    yield value
    for one in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from nodes(one)


# --- the files ------------------------------------------------------------------------------------


def test_json_is_as_bubble_writes_it(files: dict[str, bytes]) -> None:
    """Indented by four, keys sorted, no line end at the end and no empty object: a synchronisation
    then changes nothing."""
    found = {
        path: body
        for path, body in files.items()
        if path.startswith("bubble/plugin/") and path.endswith(".json")
    }
    assert len(found) == 2 + len(params_of(files))
    for body in found.values():
        assert (
            body
            == json.dumps(json.loads(body), indent=4, sort_keys=True, ensure_ascii=False).encode()
        )
        assert not [one for one in nodes(json.loads(body)) if one in ({}, [], None)]


def test_what_goes_to_the_root(files: dict[str, bytes]) -> None:
    """The plug-in is what Bubble reads and nothing else: no packages, no page headers, no elements,
    no calls of its own."""
    names = {
        path.removeprefix("bubble/plugin/") for path in files if path.startswith("bubble/plugin/")
    }
    rest = {name for name in names if not name.startswith("actions/")}
    assert rest == {"README.md", "LICENSE", "meta_data.json", "shared_tech_params.json"}
    places = {name.rpartition("/")[0] for name in names - rest}
    assert names - rest == {
        f"{place}/{name}" for place in places for name in ("params.json", "server.js")
    }
    shared = json.loads(files["bubble/plugin/shared_tech_params.json"])
    assert shared["dependencies"] == {"plugin_api_version": "4", "use_jquery": False}
    keys = [(one["caption"], one["type"]) for one in shared["shared_keys"].values()]
    assert keys == [("Base URL", "secure"), ("API Key", "secure")]
    meta = json.loads(files["bubble/plugin/meta_data.json"])
    assert (meta["license"], meta["sa_node_version"], meta["categories"]["0"]) == (
        "open_source",
        18,
        "artificial intelligence (AI)",
    )
    assert files["bubble/plugin/LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_every_action_is_there(files: dict[str, bytes]) -> None:
    """Each action of the catalogue, and what runs and batches need, has its entry in the workflow
    menu and its part of the README."""
    readme = files["bubble/plugin/README.md"].decode()
    shown = by_display(files)
    assert {action.title for action in load_catalogue().values()} | {
        "Get a run",
        "Start a batch",
        "Get a batch",
    } <= set(shown)
    for title, one in shown.items():
        section = readme.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        for entry in [*one["fields"].values(), *one["return_value"].values()]:
            assert entry.get("editor") == "Label" or f"\n| {entry['caption']} | " in section, (
                title,
                entry,
            )
    assert all(f"| `{code}` | " in readme for code in PLUGIN_CODES if code != "invalid_input")


def test_folders_have_the_id_in_base_32(files: dict[str, bytes]) -> None:
    """A folder's name is the id and the same in Bubble's base 32, so that no two are one on a disk
    that ignores case."""
    places = {path[len(ACTIONS) :].partition("/")[0] for path in files if path.startswith(ACTIONS)}
    assert len({place.lower() for place in places}) == len(places)
    for place in places:
        encoded = (
            base64.b32encode(place[:3].encode())
            .decode()
            .rstrip("=")
            .translate(str.maketrans(STANDARD, BUBBLES))
        )
        assert place == f"{place[:3]}-{encoded}"
    assert (folder("AAC"), folder("AAM")) == ("AAC-850m6", "AAM-850mu")  # as Bubble has named them


def test_params_are_what_the_editor_takes(files: dict[str, bytes]) -> None:
    """Each params.json has the keys that Bubble knows and no other; names can be used in
    JavaScript, each once; ranks count up."""
    for one in params_of(files).values():
        PARAMS.validate(one)
        for part in (one["fields"].values(), one["return_value"].values()):
            names = [entry["name"] for entry in part]
            assert len(set(names)) == len(names) and not set(names) & RESERVED
            assert sorted(entry["rank"] for entry in part) == list(range(len(part)))
            assert len({entry["caption"] for entry in part}) == len(part)


def test_defaults_fit_their_boxes(files: dict[str, bytes]) -> None:
    """What a box holds at first is of its type, and a drop-down's is one of its entries."""
    for one in params_of(files).values():
        for entry in (entry for entry in one["fields"].values() if "default_val" in entry):
            default = entry["default_val"]
            if entry["editor"] == "Dropdown":
                assert default in entry["options"].split(",")
            elif entry.get("value") == "number":
                assert isinstance(default, int | float) and not isinstance(default, bool)
            elif entry["editor"] == "DynamicValue":
                assert isinstance(default, str)
        for entry in one["fields"].values():
            assert len(set(entry.get("options", "").split(","))) == len(
                entry.get("options", "").split(",")
            )


def test_every_type_has_a_widget() -> None:
    """Each type of field has its row in the table, and the boxes of a row are told apart."""
    assert set(FORM_TYPES) | {"label"} == set(WIDGETS)
    assert all(len({box.suffix for box in boxes}) == len(boxes) for boxes in WIDGETS.values())


def test_forms_are_complete(odd_catalogue: Catalogue) -> None:
    """Every field and every run option has its box, in its order; what is needed must be filled in
    unless another box will do."""
    shown = by_display(build(odd_catalogue))
    for action in odd_catalogue.values():
        fields = sorted(shown[action.title]["fields"].values(), key=lambda entry: entry["rank"])
        captions = [entry["caption"] for entry in fields]
        for name, entry in action.form.items():
            assert (entry.label in captions) is (name != "stream"), name
            boxes = [
                one
                for one in fields
                if one["caption"] == entry.label or one["caption"].startswith(f"{entry.label} (as ")
            ]
            assert len(boxes) == len(boxes_of(entry)) * (name != "stream")
            if entry.type != "boolean":
                assert [one.get("optional", False) for one in boxes] == [
                    len(boxes) > 1 or not entry.required
                ] * len(boxes)
        ours = {one["name"]: one for one in fields if one["editor"] == "Dropdown"}
        assert (ours["wait"]["default_val"], ours["wait"]["options"]) == (
            WAIT,
            f"{WAIT},{HAND_OVER}",
        )
        assert (ours["on_error"]["default_val"], ours["on_error"]["options"]) == (
            STOP,
            f"{STOP},{RETURN}",
        )
        assert captions.index("Advanced: all of the following are optional") < captions.index(
            OPTIONS["idempotency_key"].label
        )


def test_names_of_ours_are_never_taken(odd_catalogue: Catalogue) -> None:
    """An action's own field or value that is called like one of the plug-in's keeps its caption,
    and both are there."""
    odd = by_display(build(odd_catalogue))["Odd job"]
    names = {entry["name"]: entry for entry in odd["fields"].values()}
    assert (names["on_error"]["caption"], names["on_error_"]["caption"]) == ("On error", "A")
    values = {entry["name"]: entry for entry in odd["return_value"].values()}
    assert (values["success"]["value"], values["success_"]["value"]) == ("boolean", "text")


def test_get_run_has_the_values_of_every_action(odd_catalogue: Catalogue) -> None:
    """Get a run gives whatever any action answers, with its type; where two actions differ in the
    type, it has both."""
    shown = by_display(build(odd_catalogue))
    later = {
        (entry["caption"], entry["value"], entry.get("is_list", False))
        for entry in shown["Get a run"]["return_value"].values()
    }
    for title in (action.title for action in odd_catalogue.values()):
        for entry in shown[title]["return_value"].values():
            value, is_list = entry["value"], entry.get("is_list", False)
            captions = (entry["caption"], f"{entry['caption']} ({value}{' list' * is_list})")
            assert {(caption, value, is_list) for caption in captions} & later, (title, entry)


def test_scripts_are_one_bare_function(files: dict[str, bytes]) -> None:
    """server.js is one anonymous function that needs no package, logs nothing and holds no key or
    address."""
    scripts = [body.decode() for path, body in files.items() if path.endswith("/server.js")]
    assert len(scripts) == len(params_of(files))
    for text in scripts:
        assert text.startswith("async function(properties, context) {\n") and text.endswith("\n}\n")
        assert not re.search(
            r"\b(require|import|console|process|eval|globalThis|jQuery)\b\s*[(.]", text
        )
        assert "@" not in re.sub(
            r"\[\^[^\]]*\]", "", text
        )  # no placeholder of the template is left
        assert not re.search(r"https?://(?!forms\.example\.com)\w", text)


def test_waits_end_before_bubble_calls_again() -> None:
    """However long a form asks to wait, the script gives up before the 150 seconds after which
    Bubble repeats a call."""
    text = build(load_catalogue())
    for path, body in text.items():
        if path.endswith("/server.js"):
            patience = int(re.findall(r"const PATIENCE = (\d+);", body.decode())[0])
            assert int(re.findall(r"most_wait_seconds: (\d+),", body.decode())[0]) + patience < 150


# --- the ids --------------------------------------------------------------------------------------


def ids_in(files: dict[str, bytes]) -> list[str]:
    """Every id of the plug-in's files."""
    shared = json.loads(files["bubble/plugin/shared_tech_params.json"])["shared_keys"]
    found = [*shared, *params_of(files)]
    return found + [
        one
        for params in params_of(files).values()
        for part in ("fields", "return_value")
        for one in params[part]
    ]


def lock_in(files: dict[str, bytes]) -> dict[str, str]:
    found: dict[str, str] = json.loads(files[LOCK])
    return found


def test_every_id_is_locked_and_stands_once(files: dict[str, bytes]) -> None:
    """Each id of the plug-in is three letters, stands in one place, and is in the lock file, which
    has each once."""
    found, lock = ids_in(files), lock_in(files)
    assert len(set(found)) == len(found)
    assert all(re.fullmatch("[A-Za-z]{3}", one) for one in found)
    assert set(found) <= set(lock.values())
    assert len(set(lock.values())) == len(lock)


def test_the_lock_file_was_only_ever_appended_to() -> None:
    """No id in any committed version of the lock file was changed, taken away, or given to anything
    else."""
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("there is no history here")
    now = json.loads((ROOT / LOCK).read_bytes())
    commits = subprocess.run(
        [git, "log", "--format=%H", "--", LOCK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert commits
    for commit in commits:
        shown = subprocess.run(
            [git, "show", f"{commit}:{LOCK}"], cwd=ROOT, capture_output=True, check=False
        )
        earlier = json.loads(shown.stdout) if shown.returncode == 0 else {}
        assert {key: now.get(key) for key in earlier} == earlier, commit


def test_another_action_changes_no_id(odd_catalogue: Catalogue) -> None:
    """An operator's own action adds its entry and its ids, from a range of its own, and changes no
    other action but Get a run."""
    before, after = build(load_catalogue()), build(odd_catalogue)
    old, new = lock_in(before), lock_in(after)
    assert {key: new[key] for key in old} == old
    added = {key: one for key, one in new.items() if key not in old}
    assert added["action.odd_job"] == "aAA"
    assert all(one[0].islower() for one in added.values()) and not [
        one for one in old.values() if one[0].islower()
    ]
    assert {key.split(".")[1] for key in added} == {"odd_job", "get_run"}
    place = folder(old["action.get_run"])
    changed = {path for path, body in before.items() if after[path] != body}
    assert changed == {
        f"{ACTIONS}{place}/params.json",
        f"{ACTIONS}{place}/server.js",
        "bubble/plugin/README.md",
        LOCK,
    }
    get_run = params_of(before)[old["action.get_run"]]["return_value"]
    grown = params_of(after)[old["action.get_run"]]["return_value"]
    assert {key: {**grown[key], "rank": 0} for key in get_run} == {
        key: {**one, "rank": 0} for key, one in get_run.items()
    }


def test_ids_go_on_where_an_earlier_build_ended(odd_catalogue: Catalogue) -> None:
    """What was built before keeps its ids, also of an action that was gone meanwhile, and nobody
    else gets them."""
    other = replace(odd_catalogue["odd_job"], id="even_job")
    first = lock_in(build(odd_catalogue))
    kept = build(
        Catalogue([*load_catalogue().values(), other]), previous_build=json.dumps(first).encode()
    )[LOCK]
    second = json.loads(kept)
    assert {key: second[key] for key in first} == first
    assert not set(first.values()) & {one for key, one in second.items() if key not in first}
    third = json.loads(build(odd_catalogue, previous_build=kept)[LOCK])
    assert third == second


def test_gaps_are_not_filled() -> None:
    """The next id comes after the last of its range, wherever others are missing."""
    assert [
        Ids({"a": "AAC", "b": "AAZ", "c": "aAB"}).of("d"),
        Ids({"b": "AAz"}).of("d"),
        Ids({}).of("d"),
    ] == ["AAa", "ABA", "AAC"]
    assert [
        Ids({"b": "AAZ", "c": "aAC"}, own=True).of("d"),
        Ids({"b": "AAZ"}, own=True).of("d"),
    ] == ["aAD", "aAA"]


def test_a_value_of_another_type_is_another_thing(odd_catalogue: Catalogue, tmp_path: Path) -> None:
    """When a value's type changes it gets a new id, and the old one stays its own."""
    first = build(odd_catalogue)[LOCK]
    path = tmp_path / "odd_job.yaml"
    path.write_text(
        ODD_ACTION.replace(
            "words: {type: integer, fill: {words: text_back}}",
            ("words: {type: text, nullable: true}"),
        ).replace("text_back: a b}", "text_back: a b, words: two}")
    )
    changed = build(Catalogue([*load_catalogue().values(), read_file(path)]), previous_build=first)
    lock, key = lock_in(changed), "action.odd_job.return.words"
    assert lock[f"{key}:number"] == json.loads(first)[f"{key}:number"] != lock[f"{key}:text"]
    given = by_display(changed)["Odd job"]["return_value"]
    assert lock[f"{key}:text"] in given and lock[f"{key}:number"] not in given
    both = by_display(changed)["Get a run"]["return_value"]
    assert lock["action.get_run.return.words:text"] in both


def test_a_new_version_takes_no_id_of_an_operator(
    odd_catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When Formcall gets more prebuilt actions, their ids and those of an operator's own actions
    never meet."""
    mine = build(odd_catalogue)[LOCK]
    shipped = Ids(json.loads((ROOT / LOCK).read_bytes()))
    for number in range(3_000):
        shipped.of(f"action.new_{number}")
    newer = tmp_path / "ids.lock.json"
    newer.write_bytes(shipped.file())
    monkeypatch.setattr(ids, "_shipped", lambda: newer)
    found = lock_in(build(odd_catalogue, previous_build=mine))
    assert {key: found[key] for key in json.loads(mine)} == json.loads(mine)
    assert len(set(found.values())) == len(found) > 3_000


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (b"{", "it is not JSON"),
        (b"[]", "an entry has no id of three letters"),
        (b'{"a": "AAC", "b": 7}', "an entry has no id of three letters"),
        (b'{"a": "zzA", "b": "zzA"}', "two entries have the same id"),
        (b'{"mine": "AAC"}', "two entries have the same id"),
    ],
)
def test_a_damaged_lock_file_is_refused(text: bytes, how: str) -> None:
    """A lock file that cannot be gone on with stops the build with a sentence, before an id is
    given twice."""
    with pytest.raises(FormcallError, match=f"bubble/ids.lock.json is damaged: {how}"):
        build(load_catalogue(), previous_build=text)


def test_build_for_an_operator(tmp_path: Path) -> None:
    """`formcall build bubble DIR` has the operator's own actions, and goes on with the lock file in
    DIR when there are more."""
    actions, out = tmp_path / "actions", tmp_path / "out"
    actions.mkdir()
    (actions / "odd_job.yaml").write_text(ODD_ACTION)

    def run(*words: str) -> str:
        environment = clean_environment(
            FORMCALL_TEMPLATES=str(actions), FORMCALL_PUBLIC_URL="https://ai.example.org/"
        )
        command = [str(FORMCALL), "build", "bubble", str(out), *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run()
    first = json.loads((out / LOCK).read_bytes())
    assert first["action.odd_job"] == "aAA"
    assert (
        "https://ai.example.org/v1/actions/odd_job"
        in (out / "bubble/api-connector/odd_job.curl.txt").read_text()
    )
    (actions / "a_job.yaml").write_text(ODD_ACTION.replace("title: Odd job", "title: A job"))
    run()
    second = json.loads((out / LOCK).read_bytes())
    assert {key: second[key] for key in first} == first and "action.a_job" in second
    assert run("--check").endswith("0 not up to date\n")


# --- the recipes ----------------------------------------------------------------------------------


def test_every_action_has_a_recipe(odd_catalogue: Catalogue) -> None:
    """There is a call to paste for each action, and a streaming one for each that can stream."""
    names = {
        path.rpartition("/")[2]
        for path in build(odd_catalogue)
        if path.startswith("bubble/api-connector/")
    }
    wanted = {
        *odd_catalogue,
        *FIXED,
        *(f"{name}.stream" for name, action in odd_catalogue.items() if "stream" in action.form),
    }
    assert names == {f"{name}.curl.txt" for name in wanted}
