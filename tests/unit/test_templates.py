"""Action files: they load, their examples are answered, and a mistake is refused with file and
line.

The tests walk over the files and their examples, so a new action is tested by being there.
"""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.catalogue import (
    OPTIONS,
    Action,
    Catalogue,
    Example,
    load_catalogue,
    read_action,
    read_action_file,
)
from connector.catalogue.action import ENVELOPE
from connector.catalogue.answer import flat_schemas
from connector.catalogue.catalogue import action_files
from connector.engine.engine import Engine
from connector.errors import TemplateError
from connector.providers.pricing.models import load_models
from connector.providers.scripted import ScriptedProvider
from connector.settings import Settings
from connector.tools import OPTIONAL, TOOLS
from connector.tools.toolbox import DECLARED
from connector.yaml_subset import read_yaml

CATALOGUE = load_catalogue()
ENGINE = Engine(CATALOGUE, ScriptedProvider(CATALOGUE), load_models(), Settings(engine="scripted"))
EXAMPLES = [(action, example) for action in CATALOGUE.values() for example in action.examples]
EACH_EXAMPLE = pytest.mark.parametrize(
    ("action", "example"),
    EXAMPLES,
    ids=[f"{action.id}: {example.name}" for action, example in EXAMPLES],
)
EACH_ACTION = pytest.mark.parametrize("action", CATALOGUE.values(), ids=list(CATALOGUE))


def modern(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: ``nullable`` is a type."""
    if isinstance(schema, list):
        return [modern(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: modern(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") is True and "type" in found:
        found["type"] = [found["type"], "null"]
    return found


# --- every action ---------------------------------------------------------------------------------


def test_every_file_is_an_action() -> None:
    """Each file of the folder is one action of the catalogue, under the file's name."""
    assert sorted(path.stem for path in action_files()) == list(CATALOGUE)


@EACH_ACTION
def test_words_for_people(action: Action) -> None:
    """Title, summary and labels are there, and the first example has a name of its own."""
    assert action.title
    assert action.summary.endswith(".")
    assert all(field.label for field in action.fields.values())
    assert len({example.name for example in action.examples}) == len(action.examples)


@EACH_ACTION
def test_tools_exist(action: Action) -> None:
    """Every tool that an action names is there, and every call of an example fits its tool."""
    assert set(action.tools) <= {*TOOLS, *OPTIONAL, DECLARED}
    for example in action.examples:
        for call in example.calls:
            TOOLS[call["tool"]].check(call["arguments"])


@EACH_ACTION
def test_keys_of_the_answer(action: Action) -> None:
    """No key of the answer stands twice or has a double underscore, and none is taken from the
    envelope."""
    keys = [*flat_schemas(action), *ENVELOPE]
    assert len(set(keys)) == len(keys)
    assert not [key for key in keys if "__" in key]


# --- every example --------------------------------------------------------------------------------


@EACH_EXAMPLE
def test_answered(action: Action, example: Example) -> None:
    """The scripted engine answers each example with exactly the published keys, in their types."""
    outcome = ENGINE.run(action, example.input)
    assert outcome.error is None
    answer = outcome.to_json()
    schemas = flat_schemas(action)
    assert set(answer) == {*schemas, *ENVELOPE}
    for key, schema in schemas.items():
        jsonschema.validate(answer[key], modern(schema))
    assert answer["status"] == "done"
    assert answer["ok"] is True
    assert answer["result"] or example is not action.examples[0]
    for key, value in example.output.items():
        if key in answer:
            assert answer[key] == value


@EACH_EXAMPLE
def test_answer_is_the_same_from_text(action: Action, example: Example) -> None:
    """An example sent as a form of texts, with every other box empty, gives the same answer."""
    sent: dict[str, Any] = dict.fromkeys(action.form, "")
    for name, value in example.input.items():
        sent[name] = value if isinstance(value, str | list | dict) else str(value).lower()
    assert action.read_form(sent) == action.read_form(example.input)


@EACH_EXAMPLE
def test_evidence_is_in_the_source(action: Action, example: Example) -> None:
    """Every piece of evidence that is said to be verified stands at its place in the text that it
    was taken from."""
    values = ENGINE.run(action, example.input).values
    for name, entry in action.returns.items():
        if entry.fill and entry.fill[0] == "evidence":
            text = action.read_form(example.input).get(entry.fill[1][1]) or ""
            for proof in values[name]:
                assert proof["verified"] is (proof["start"] is not None)
                if proof["verified"]:
                    assert text[proof["start"] : proof["end"]] == proof["quote"]


@EACH_ACTION
def test_first_example_can_be_typed(action: Action) -> None:
    """The first example, which is the sample, has only what a form can send: texts, numbers and
    switches."""
    assert all(
        isinstance(value, str | int | float | bool) for value in action.examples[0].input.values()
    )
    assert {name for name, field in action.fields.items() if field.required} <= set(
        action.examples[0].input
    )


# --- broken files ---------------------------------------------------------------------------------

SPEC, _ = read_yaml(
    (Path(__file__).parents[1] / "spec" / "broken.yaml").read_text(encoding="utf-8")
)
WHOLE: str = SPEC["file"]
HEAD, EXAMPLES_PART = WHOLE[: WHOLE.index("fields:")], WHOLE[WHOLE.index("examples:") :]
# mistakes that take more than one change: the whole file, the line that is named, words of the
# sentence
LARGER = {
    "no map at all": ("- x\n", 1, "must be a map of names to values"),
    "fields that are no map": (
        HEAD + "fields: [a]\n" + WHOLE[WHOLE.index("returns:") :],
        6,
        "`fields` must be a map",
    ),
    "no examples": (WHOLE.replace(EXAMPLES_PART, "examples: []\n"), 49, "at least one example"),
    "nothing to ask": (
        WHOLE.replace(
            (
                "  reason: {type: text, help: One sentence}\n  length: {type: integer, fill: "
                "{words: "
                "reason}}\n"
            ),
            "",
        )
        .replace("when: {several: true}", "when: {size: large}")
        .replace("when: {several: false}", "when: {size: large}"),
        29,
        "no value is requested from the model when `size` is small.",
    ),
}


def test_the_whole_file_is_right() -> None:
    """The file that the mutations break is itself whole."""
    action = read_action_file("pick", WHOLE, file="pick.yaml")
    assert [example.name for example in action.examples] == ["One", "Two"]
    assert read_action("pick", yaml.safe_load(WHOLE)).id == "pick"


def refused(text: str, line: int, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read_action_file("pick", text, file="pick.yaml")
    assert words in caught.value.problem
    assert caught.value.detail.startswith(f"pick.yaml:{line}: ")
    assert caught.value.detail.endswith((".", "?"))


@pytest.mark.parametrize("case", SPEC["broken"], ids=lambda case: case["why"])
def test_broken(case: dict[str, Any]) -> None:
    """Each mistake is refused with the file, the line where it stands and a sentence that names
    it."""
    assert WHOLE.count(case["old"]) == 1
    refused(WHOLE.replace(case["old"], case["new"]), case["line"], case["says"])


@pytest.mark.parametrize(("text", "line", "words"), LARGER.values(), ids=LARGER.keys())
def test_broken_in_several_places(text: str, line: int, words: str) -> None:
    """The same holds for mistakes that take more than one change."""
    refused(text, line, words)


@pytest.mark.parametrize(
    "name", ["Pick", "pick-one", "_pick", "pick__one", "1pick", "", "p" * 41, "pick/one", "../pick"]
)
def test_ids(name: str) -> None:
    """An action's id is lower-case words joined by one underscore."""
    with pytest.raises(TemplateError, match="is not an id"):
        read_action_file(name, WHOLE, file="x.yaml")


def test_options_are_no_fields() -> None:
    """No action has a field with the name of a run option."""
    assert {action.id: set(OPTIONS) & set(action.fields) for action in CATALOGUE.values()} == {
        action: set() for action in CATALOGUE
    }


def test_values_in_any_order() -> None:
    """A value may be worked out from another that is worked out itself, wherever each stands in the
    file."""
    filled = (
        "  last: {type: integer, fill: {words: middle}}\n  middle: {type: text, fill: "
        "{joined: words}}\n"
    )
    text = WHOLE.replace("  reason: {", filled + "  reason: {")
    action = read_action_file("pick", text, file="pick.yaml")
    catalogue = Catalogue([action])
    provider = ScriptedProvider(catalogue)
    engine = Engine(catalogue, provider, load_models(), Settings(engine="scripted"))
    for example in action.examples:
        values = engine.run(action, example.input).values
        assert values["middle"] == "\n".join(f"- {word}" for word in values["words"])
        assert values["last"] == len(values["words"])


def test_a_list_of_cases_with_a_default() -> None:
    """The default of a list of worked cases is read like one that was typed."""
    text = WHOLE.replace(
        "    label: Wanted\n",
        (
            "    label: Wanted\n  cases: {type: list, label: Cases, choices_from: words, "
            "default: [x "
            "=> one]}\n"
        ),
    )
    action = read_action_file("pick", text, file="pick.yaml")
    assert action.read_form(action.examples[0].input)["cases"] == [{"text": "x", "choice": "one"}]


# --- the folder -----------------------------------------------------------------------------------


def test_extra_folder(tmp_path: Path) -> None:
    """The operator's own actions stand beside the prebuilt ones."""
    (tmp_path / "pick.yaml").write_text(WHOLE, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not an action", encoding="utf-8")
    assert list(load_catalogue(tmp_path)) == sorted([*CATALOGUE, "pick"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("pick.yaml", WHOLE.encode().replace(b"group: test", b"group: te\xffst"), "not UTF-8 text"),
        ("pick.yaml", WHOLE.encode() + b"#" * 200_000, "more than 200,000 bytes"),
        ("pick.yaml", b"", "the file is empty"),
        ("Pick.yaml", WHOLE.encode(), "is not an id"),
        (f"{next(iter(CATALOGUE))}.yaml", WHOLE.encode(), "there is an action"),
    ],
)
def test_extra_folder_with_a_wrong_file(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    """A file that is not right stops the start with its name."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TemplateError) as caught:
        load_catalogue(tmp_path)
    assert words in caught.value.problem
    assert str(tmp_path / name) in caught.value.detail


def test_extra_folder_that_is_not_there(tmp_path: Path) -> None:
    """A folder that does not exist is said, not taken as an empty one."""
    with pytest.raises(TemplateError, match="does not exist"):
        load_catalogue(tmp_path / "nowhere")


# --- anything at all ------------------------------------------------------------------------------

PATHS: list[tuple[str | int, ...]] = []


def walk(value: Any, path: tuple[str | int, ...] = ()) -> None:
    PATHS.append(path)
    for key, inner in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        walk(inner, (*path, key))


walk(yaml.safe_load(WHOLE))
WORDS = ["text", "words", "list", "record", "choice", "first", "evidence", "{{ text }}"]
KEYS = ["type", "label", "text", "words", "first", "input", "a"]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*WORDS, 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PATHS), JUNK)
def test_nothing_but_a_template_error(path: tuple[str | int, ...], junk: Any) -> None:
    """Whatever stands in any place of an action's JSON, it is read or refused in a sentence; no
    other failure comes out."""
    value = yaml.safe_load(WHOLE)
    if path:
        inner = value
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = junk
    else:
        value = junk
    said = "."
    try:
        read_action("pick", value)
    except TemplateError as error:
        said = error.detail
    assert said.endswith((".", "?"))
