"""Every action's file is whole: it loads, its examples are answered, and a mistake in it is refused with file, line and sentence.

The tests walk over the files and their examples, so a new action is tested by being there.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.catalogue import OPTIONS, Action, Example, load_catalogue, read_action, read_action_file, read_file
from connector.catalogue.action import ENVELOPE
from connector.catalogue.answer import flat_schemas
from connector.catalogue.catalogue import action_files
from connector.engine.run import Engine
from connector.errors import TemplateError
from connector.providers.models import load_models
from connector.providers.scripted import ScriptedProvider
from connector.settings import Settings
from connector.tools import TOOLS

CATALOGUE = load_catalogue()
ENGINE = Engine(CATALOGUE, ScriptedProvider(CATALOGUE), load_models(), Settings(engine="scripted"))
EXAMPLES = [(action, example) for action in CATALOGUE.values() for example in action.examples]
EACH_EXAMPLE = pytest.mark.parametrize(("action", "example"), EXAMPLES, ids=[f"{action.id}: {example.name}" for action, example in EXAMPLES])
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


# --- every action ---------------------------------------------------------------------------------------------------------


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
    assert set(action.tools) <= set(TOOLS)
    for example in action.examples:
        for call in example.calls:
            TOOLS[call["tool"]].check(call["arguments"])


@EACH_ACTION
def test_keys_of_the_answer(action: Action) -> None:
    """No key of the answer stands twice or has a double underscore, and none is taken from the envelope."""
    keys = [*flat_schemas(action), *ENVELOPE]
    assert len(set(keys)) == len(keys)
    assert not [key for key in keys if "__" in key]


# --- every example --------------------------------------------------------------------------------------------------------


@EACH_EXAMPLE
def test_answered(action: Action, example: Example) -> None:
    """The scripted engine answers each example with exactly the published keys, in their types."""
    outcome = ENGINE.run(action, example.input)
    assert outcome.error is None
    answer = outcome.answer()
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
    sent: dict[str, Any] = {name: "" for name in action.form}
    for name, value in example.input.items():
        sent[name] = value if isinstance(value, str | list | dict) else str(value).lower()
    assert action.read_form(sent) == action.read_form(example.input)


@EACH_EXAMPLE
def test_evidence_is_in_the_source(action: Action, example: Example) -> None:
    """Every piece of evidence that is said to be verified stands at its place in the text that it was taken from."""
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
    """The first example, which is the sample, has only what a form can send: texts, numbers and switches."""
    assert all(isinstance(value, str | int | float | bool) for value in action.examples[0].input.values())
    assert {name for name, field in action.fields.items() if field.required} <= set(action.examples[0].input)


@EACH_ACTION
def test_loading_is_quick(action: Action) -> None:
    """An action is read in a fraction of a second."""
    path = next(path for path in action_files() if path.stem == action.id)
    started = time.monotonic()
    assert read_file(path).id == action.id
    assert time.monotonic() - started < 0.5


# --- broken files ---------------------------------------------------------------------------------------------------------

WHOLE = """\
title: Pick a word
summary: Picks one of your words.
group: test
effort: low
tools: [calculate]
fields:
  text:
    type: longtext
    label: Text
    required: true
    max: 100
  words:
    type: options
    label: Words
    required: true
    min: 2
  wanted:
    type: shape
    label: Wanted
  several:
    type: boolean
    label: Several
    default: false
  size:
    type: choice
    label: Size
    choices: {small: Small, large: Large}
    default: small
returns:
  word:
    type: choice
    choices_from: words
    nullable: true
    when: {several: false}
    fill: {first: words}
  words:
    type: list
    choices_from: words
    when: {several: true}
    fill: {only: word}
  reason: {type: text, help: One sentence}
  length: {type: integer, fill: {words: reason}}
instructions: |
  Pick one.
  {% for option in words %}
  {{ option.name }}
  {% endfor %}
message: "{{ text }}"
examples:
  - name: One
    input: {text: a sentence, words: "one\\ntwo"}
    output: {word: one, reason: It is one.}
    check: [word]
  - name: Two
    input: {text: more, words: [one, two], several: "yes"}
    output: {words: [one, two], reason: Both.}
"""


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert text.count(old) == 1, (text.count(old), old)
        return text.replace(old, new)

    return change


def add(to: str, line: str) -> Callable[[str], str]:
    return swap(to, f"{to}\n{line}")


# what is done to the file, the line that is named, words of the sentence
MUTATIONS: dict[str, tuple[Callable[[str], str], int, str]] = {
    # keys
    "an unknown key": (add("group: test", "modell: o4-mini"), 4, "`modell` is not known here."),
    "a model": (add("group: test", "model: o4-mini"), 4, "`model` is not known here."),
    "a misspelt key": (swap("effort: low", "efort: low"), 4, 'Did you mean "effort"?'),
    "an unknown key of a field": (add("    label: Words", "    lable: x"), 15, 'Did you mean "label"?'),
    "an unknown key of a value": (swap("reason: {type: text,", "reason: {type: text, hlep: x,"), 41, 'Did you mean "help"?'),
    "an unknown key of an example": (add("    check: [word]", "    checks: [word]"), 54, 'Did you mean "check"?'),
    "a key twice": (add("group: test", "title: Again"), 4, "`title` stands twice"),
    "a field twice": (add("    max: 100", "  text: {type: text, label: x}"), 12, "`text` stands twice"),
    "no title": (swap("title: Pick a word\n", ""), 1, "`title` is missing"),
    "an empty title": (swap("title: Pick a word", "title: ''"), 1, "`title` is missing"),
    "no fields": (swap("message:", "messages:"), 48, 'Did you mean "message"?'),
    "no message": (swap('message: "{{ text }}"', "message:"), 1, "`message` is missing"),
    "no label": (swap("    label: Words\n", ""), 12, "`label` is missing"),
    "no type": (swap("  reason: {type: text, help", "  reason: {help"), 41, "`type` is missing"),
    # types
    "a misspelt type": (swap("type: longtext", "type: longtxt"), 8, 'Did you mean "longtext"?'),
    "a type that is no form's": (swap("type: longtext", "type: record"), 8, "`type` must be one of"),
    "a type that is no answer's": (swap("reason: {type: text", "reason: {type: options"), 41, "`type` must be one of"),
    "a title that is a number": (swap("title: Pick a word", "title: 5"), 1, "`title` must be text; quote it."),
    "a long title": (swap("Pick a word", "x" * 61), 1, "61 characters; 60 are allowed"),
    "yes for a switch": (swap("required: true\n    max", "required: yes\n    max"), 10, "`required` must be true or false."),
    "a switch as text": (swap("nullable: true", 'nullable: "true"'), 33, "`nullable` must be true or false."),
    "a bound that is a text": (swap("max: 100", "max: many"), 11, "`max` must be a number."),
    "bounds the wrong way": (swap("max: 100", "max: 100\n    min: 101"), 12, "`min` is more than `max`."),
    "bounds that mean nothing": (add("    label: Several", "    max: 1"), 23, "`max` does not go with the type boolean"),
    "steps that are no number": (add("group: test", "max_steps: few"), 4, "`max_steps` must be a whole number."),
    "an effort that does not exist": (swap("effort: low", "effort: hihg"), 4, 'Did you mean "high"?'),
    "tools that are no list": (swap("tools: [calculate]", "tools: calculate"), 5, "`tools` must be a list of texts."),
    "fields that are no map": (lambda text: re.sub(r"fields:\n(.+\n)+?returns:", "fields: [a]\nreturns:", text), 6, "`fields` must be a map"),
    "a field that is a text": (swap("reason: {type: text, help: One sentence}", "reason: text"), 41, "`reason` must be a map"),
    "no map at all": (lambda text: "- x\n", 1, "must be a map of names to values"),
    "an anchor": (swap("group: test", "group: &g test"), 3, "anchors and aliases"),
    "no YAML": (swap("group: test", "group: 'test"), 3, "this is not YAML"),
    # names
    "a name in capitals": (swap("  several:\n", "  Several:\n"), 20, "`Several` is not a name"),
    "a name with two underscores": (swap("  several:\n", "  sev__eral:\n"), 20, "is not a name"),
    "a name too long": (swap("  several:\n", f"  {'s' * 41}:\n"), 20, "at most 40 characters"),
    "an option's name": (swap("  several:\n", "  language:\n"), 20, "`language` is an option that every action has"),
    "a reserved name": (swap("  reason:", "  model:"), 41, "`model` is a name that every answer has already"),
    "the name of a twin": (swap("  length: {", "  words_text: {"), 36, "`words_text` comes along with this value"),
    # choices
    "a choice without choices": (swap("    choices: {small: Small, large: Large}\n    default: small\n", ""), 24, "a choice needs `choices`"),
    "a choice in capitals": (swap("{small: Small, large: Large}", "{Small: Small, large: Large}"), 27, "a lower-case word"),
    "a label with a comma": (swap("large: Large}", 'large: "Large, very"}'), 27, "without commas"),
    "the same label twice": (swap("large: Large}", "large: Small}"), 27, '"Small" twice'),
    "a label that is another's value": (swap("{small: Small,", "{small: Large,"), 27, "twice"),
    "choices of a text": (add("    label: Text", "    choices: {a: A}"), 10, "`choices` does not go with the type longtext"),
    "choices from a field that is not there": (swap("    choices_from: words\n    nullable", "    choices_from: wrods\n    nullable"), 32, "`wrods` is not a field of type options"),
    "choices from a field of another type": (swap("    choices_from: words\n    nullable", "    choices_from: text\n    nullable"), 32, "`text` is not a field of type options"),
    "both kinds of choices": (add("    choices_from: words\n    nullable: true", "    choices: {a: A}"), 34, "exclude each other"),
    "a choice of nothing": (swap("reason: {type: text, help", "reason: {type: choice, help"), 41, "a choice needs `choices` or `choices_from`"),
    "a shape from a field of another type": (swap("reason: {type: text, help", "reason: {type: record, shape_from: words, help"), 41, "`words` is not a field of type shape"),
    "a record without a shape": (swap("reason: {type: text, help", "reason: {type: record, help"), 41, "a record needs `shape_from`"),
    "two records": (
        swap("  reason: {", "  one: {type: record, shape_from: wanted}\n  two: {type: record, shape_from: wanted}\n  reason: {"), 42, "one record",
    ),
    "a list that may be null": (swap("type: list\n", "type: list\n    nullable: true\n"), 38, "`nullable` does not go with the type list"),
    # defaults
    "a default of a required field": (add("    max: 100", "    default: x"), 12, "has no use for a default"),
    "a default that is no choice": (swap("default: small", "default: medium"), 28, "the default takes one of small, large"),
    "a default of another type": (swap("default: false", "default: perhaps"), 23, "the default takes true or false"),
    "a default too long": (swap("    required: true\n    max: 100", f"    max: 100\n    default: {'x' * 101}"), 11, "the default takes at most 100 characters"),
    # when and fill
    "when of no field": (swap("when: {several: false}", "when: {severl: false}"), 34, "`when` names one field"),
    "when of two fields": (swap("when: {several: false}", "when: {several: false, size: small}"), 34, "`when` names one field"),
    "when of a value that never comes": (swap("when: {several: false}", 'when: {several: "false"}'), 34, "`several` can never be `false`"),
    "when of a misspelt choice": (swap("when: {several: false}", "when: {size: smal}"), 34, "`size` can never be `smal`"),
    "when of a text": (swap("when: {several: false}", "when: {text: x}"), 34, "`text` can never be `x`"),
    "when of a field that may be empty": (swap("    label: Several\n    default: false", "    label: Several"), 34, "when `several` is empty"),
    "when that leaves nothing to work from": (swap("when: {several: true}", "when: {size: large}"), 35, "cannot be worked out"),
    "when without fill": (swap("    fill: {first: words}\n", ""), 30, "needs `fill` too"),
    "nothing to ask": (
        lambda text: text.replace("  reason: {type: text, help: One sentence}\n  length: {type: integer, fill: {words: reason}}", "  steps: {type: integer, fill: steps}")
        .replace("when: {several: true}", "when: {size: large}").replace("when: {several: false}", "when: {size: large}"),
        29, "the model is asked for nothing",
    ),
    "an unknown rule": (swap("fill: {words: reason}", "fill: {word: reason}"), 42, 'Did you mean "words"?'),
    "a rule with too many names": (swap("fill: {words: reason}", "fill: {words: [reason, word]}"), 42, "takes 1 name."),
    "a rule over a value that is not there": (swap("fill: {words: reason}", "fill: {words: reson}"), 42, "`reson` is not one of the answer's names"),
    "a rule over itself": (swap("fill: {words: reason}", "fill: {words: length}"), 42, "`length` is not one of the answer's names"),
    "a rule over another type": (swap("fill: {words: reason}", "fill: {words: words}"), 42, "works on text or longtext; `words` is list"),
    "a rule for another type": (swap("length: {type: integer,", "length: {type: text,"), 42, "gives integer or number; this value is text"),
    "evidence in no text": (swap("length: {type: integer, fill: {words: reason}}", "proof: {type: list, fill: {evidence: [words, size]}}"), 42, "works on text or longtext; `size` is choice"),
    "a circle": (
        swap("  length: {type: integer, fill: {words: reason}}", "  one: {type: text, fill: {first: all}}\n  all: {type: list, fill: {only: one}}"), 42, "cannot be worked out",
    ),
    # prompts
    "a prompt that calls": (swap("  Pick one.", "  Pick {{ range(9) }}."), 44, "`call` is not allowed"),
    "a prompt of another field": (swap("{{ option.name }}", "{{ option.name }}{{ text }}"), 46, "`text` inside a loop"),
    "a prompt left open": (swap("  {% endfor %}\n", ""), 46, "for"),
    "a prompt with a key that is not there": (swap("{{ option.name }}", "{{ option.title }}"), 44, "title"),
    "a message of no field": (swap('message: "{{ text }}"', 'message: "{{ txt }}"'), 48, "`txt`, which is no field"),
    "a prompt over nothing": (swap("in words %}", "in word %}"), 45, "anything but a list field"),
    # examples
    "no examples": (lambda text: text[: text.index("examples:")] + "examples: []\n", 49, "at least one example"),
    "an example without a name": (swap("  - name: One\n    input", "  - input"), 50, "`name` is missing"),
    "an example that lacks a field": (swap("input: {text: a sentence,", "input: {"), 51, '"Text" is empty'),
    "an example with another field": (swap("input: {text: a sentence,", "input: {txt: a sentence, text: x,"), 51, 'Did you mean "text"?'),
    "an example that is too long": (swap("text: a sentence,", f"text: {'x' * 101},"), 51, "at most 100 characters"),
    "an example with a wrong word": (swap("output: {word: one,", "output: {word: three,"), 52, "word must be one of the 2 given choices"),
    "an example that lacks a value": (swap(", reason: It is one.}", "}"), 52, "reason is missing"),
    "an example with another value": (swap("output: {word: one,", "output: {word: one, length: 3,"), 52, "length was not asked for"),
    "an example of the other case": (swap("output: {word: one, reason", "output: {words: [one], reason"), 52, "words was not asked for"),
    "an example with a value of another type": (swap("reason: It is one.", "reason: 1"), 52, "reason must be text"),
    "a check of nothing": (swap("check: [word]", "check: [wrd]"), 53, "`check` names wrd"),
    "calls that are no list": (add("    check: [word]", "    calls: calculate"), 54, "`calls` is a list"),
    "a call of another tool": (add("    check: [word]", "    calls: [{tool: dates, arguments: {}}]"), 54, "one of the action's `tools`"),
    "a call without arguments": (add("    check: [word]", "    calls: [{tool: calculate, arguments: 5}]"), 54, "one of the action's `tools`"),
}


def test_the_whole_file_is_right() -> None:
    """The file that the mutations break is itself whole."""
    action = read_action_file("pick", WHOLE, file="pick.yaml")
    assert [example.name for example in action.examples] == ["One", "Two"]
    assert read_action("pick", yaml.safe_load(WHOLE)).id == "pick"


@pytest.mark.parametrize(("change", "line", "words"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_broken(change: Callable[[str], str], line: int, words: str) -> None:
    """Each mistake is refused with the file, the line where it stands and a sentence that names it."""
    with pytest.raises(TemplateError) as caught:
        read_action_file("pick", change(WHOLE), file="pick.yaml")
    assert words in caught.value.problem
    assert caught.value.detail.startswith(f"pick.yaml:{line}: ")
    assert caught.value.detail.endswith((".", "?"))


@pytest.mark.parametrize("name", ["Pick", "pick-one", "_pick", "pick__one", "1pick", "", "p" * 41, "pick/one", "../pick"])
def test_ids(name: str) -> None:
    """An action's id is lower-case words joined by one underscore."""
    with pytest.raises(TemplateError, match="is not an id"):
        read_action_file(name, WHOLE, file="x.yaml")


@EACH_ACTION
@pytest.mark.parametrize("option", OPTIONS)
def test_options_are_no_fields(action: Action, option: str) -> None:
    """No action has a field with the name of a run option."""
    assert option not in action.fields


def test_values_in_any_order() -> None:
    """A value may be worked out from another that is worked out itself, wherever each stands in the file."""
    text = WHOLE.replace(
        "  reason: {type: text, help: One sentence}\n",
        "  last: {type: integer, fill: {words: middle}}\n  middle: {type: text, fill: {joined: words}}\n  reason: {type: text, help: One sentence}\n",
    )
    action = read_action_file("pick", text, file="pick.yaml")
    engine = Engine({"pick": action}, ScriptedProvider({"pick": action}), load_models(), Settings(engine="scripted"))  # type: ignore[arg-type]
    for example in action.examples:
        values = engine.run(action, example.input).values
        assert values["middle"] == "\n".join(f"- {word}" for word in values["words"])
        assert values["last"] == len(values["words"])


def test_a_list_of_cases_with_a_default() -> None:
    """The default of a list of worked cases is read like one that was typed."""
    text = WHOLE.replace("    label: Wanted\n", "    label: Wanted\n  cases: {type: list, label: Cases, choices_from: words, default: [x => one]}\n")
    action = read_action_file("pick", text, file="pick.yaml")
    assert action.read_form(action.examples[0].input)["cases"] == [{"text": "x", "choice": "one"}]


# --- the folder -----------------------------------------------------------------------------------------------------------


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
def test_extra_folder_with_a_wrong_file(tmp_path: Path, name: str, content: bytes, words: str) -> None:
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


# --- anything at all ------------------------------------------------------------------------------------------------------

PATHS: list[tuple[str | int, ...]] = []


def walk(value: Any, path: tuple[str | int, ...] = ()) -> None:
    PATHS.append(path)
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        walk(inner, (*path, key))


walk(yaml.safe_load(WHOLE))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["text", "words", "list", "record", "choice", "first", "evidence", "{{ text }}", "{% for x in words %}{% endfor %}", 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "label", "text", "words", "first", "input", "a"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PATHS), JUNK)
def test_nothing_but_a_template_error(path: tuple[str | int, ...], junk: Any) -> None:
    """Whatever stands in any place of an action's JSON, it is read or refused in a sentence; no other failure comes out."""
    value = yaml.safe_load(WHOLE)
    if path:
        inner = value
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = junk
    else:
        value = junk
    try:
        read_action("pick", value)
    except TemplateError as error:
        assert error.detail.endswith((".", "?"))
