"""Form values are read from any tool; an unreadable one gives an error with the field, the rule and
the fix."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.catalogue import Action, Choice, InvalidValue, read_action
from connector.catalogue import values as readers
from connector.catalogue.list_values import read_options
from connector.errors import InvalidInput
from connector.json_types import Json
from connector.yaml_subset import read_yaml
from tests.support.guards import cpu_limit

SPEC, _ = read_yaml((Path(__file__).parents[1] / "spec" / "forms.yaml").read_text(encoding="utf-8"))
INSIDES = re.compile(
    r"Traceback|<class|0x[0-9a-f]{6}|marshmallow|NoneType|Exception|\w+Error|\b(dict|str|int|float|bool|tuple)\b"
)


def action_of(fields: dict[str, Any]) -> Action:
    """The smallest action with this form."""
    return read_action(
        "form",
        {
            "title": "Form",
            "summary": "A form.",
            "group": "test",
            "fields": fields,
            "returns": {"answer": {"type": "text"}},
            "instructions": "x",
            "message": "x",
            "examples": [{"name": "empty", "input": {}, "output": {"answer": "x"}}],
        },
    )


FORM = action_of(SPEC["fields"])


def read(sent: Any) -> Any:
    return FORM.read_form(sent)


def problems(sent: Any) -> dict[str, tuple[str, str]]:
    """(code, sentence) by field; each sentence is fit for a person."""
    with pytest.raises(InvalidInput) as caught:
        read(sent)
    assert caught.value.code == "invalid_input"
    assert caught.value.detail.startswith(caught.value.errors[0].message)
    for error in caught.value.errors:
        assert not INSIDES.search(error.message), error.message
        assert error.message.endswith((".", "?"))
        assert len(error.message) < 600
    return {error.field: (error.code, error.message) for error in caught.value.errors}


def said(sent: Any) -> str:
    """What is said of a form that is refused, and nothing of one that is taken."""
    try:
        read(sent)
    except InvalidInput as error:
        return error.detail
    return ""


@pytest.mark.parametrize("case", SPEC["read"], ids=lambda case: case["why"])
def test_read(case: dict[str, Any]) -> None:
    """Each way in which a tool sends a value gives the same clean value."""
    found = read(case["send"])
    for name, value in case["get"].items():
        if isinstance(value, list) and isinstance(value[0], dict):
            assert len(found[name]) == len(value)
            assert [
                {key: entry[key] for key in wanted}
                for entry, wanted in zip(found[name], value, strict=True)
            ] == value
        else:
            assert repr(found[name]) == repr(value)
    assert set(found) <= {*case["get"], *case["send"], "kept"}
    if set(case["get"]) == {"kept"}:
        assert found == case["get"]


@pytest.mark.parametrize("case", SPEC["refuse"], ids=lambda case: f"{case['field']}: {case['why']}")
def test_refuse(case: dict[str, Any]) -> None:
    """Each bad value has its code, and its sentence names the box, the rule and the fix."""
    found = problems(case["send"])
    assert list(found) == [case["field"]]
    code, sentence = found[case["field"]]
    assert code == case["code"]
    for words in case["says"]:
        assert words in sentence
    if code != "unknown_field":
        label = {**SPEC["fields"], "effort": {"label": "Effort"}}[case["field"]]["label"]
        assert sentence.startswith(f'"{label}" ')


def test_every_problem_is_named() -> None:
    """All fields that are wrong are named at once; the first sentence says how many more there
    are."""
    with pytest.raises(InvalidInput) as caught:
        read({"amount": "x", "count": "y", "flag": "z"})
    assert [error.field for error in caught.value.errors] == ["amount", "count", "flag"]
    assert caught.value.detail.endswith("(2 more problems in `errors`.)")


def test_missing() -> None:
    """A required box that is left out or empty is named as empty."""
    fields = {"text": {"type": "text", "label": "Your text", "required": True}}
    made = read_action(
        "form",
        {
            "title": "Form",
            "summary": "A form.",
            "group": "test",
            "fields": fields,
            "returns": {"answer": {"type": "text"}},
            "instructions": "x",
            "message": "{{ text }}",
            "examples": [{"name": "one", "input": {"text": "x"}, "output": {"answer": "x"}}],
        },
    )
    empty: tuple[Json, ...] = ({}, {"text": None}, {"text": ""}, {"text": "  "}, {"text": []})
    for sent in empty:
        with pytest.raises(InvalidInput) as caught:
            made.read_form(sent)
        assert caught.value.errors[0].as_dict() == {
            "field": "text",
            "code": "missing",
            "message": '"Your text" is empty; it is needed.',
        }


@pytest.mark.parametrize("sent", [None, [], [1], "x", "text", 5, 0.5, True], ids=repr)
def test_no_form_at_all(sent: Any) -> None:
    """What is no object is refused as a whole."""
    assert problems(sent)[""][0] == "wrong_type"


def test_fields_may_have_any_name() -> None:
    """A field may have the name of anything that the form is made of."""
    names = [
        "fields",
        "form_fields",
        "load",
        "dump",
        "opts",
        "validate",
        "context",
        "unknown",
        "many",
        "only",
        "exclude",
        "handle_error",
    ]
    action = action_of({name: {"type": "text", "label": name} for name in names})
    sent = {name: f"the {name}" for name in names}
    assert action.read_form(sent) == sent


@pytest.mark.parametrize("bad", ["a\x00b", "a\ud800b", "\udfff"], ids=ascii)
def test_what_no_encoding_can_carry(bad: str) -> None:
    """NUL and half a pair become a replacement sign wherever they stand, also in what is said of
    them."""
    clean = re.sub("[\x00\ud800-\udfff]", "\ufffd", bad)
    form = read(
        {
            "text": bad,
            "tags": [bad],
            "categories": [bad, "b"],
            "worked": f"{bad} => b",
            "wanted": f"x: {bad}",
        }
    )
    assert form["text"] == clean
    assert form["tags"] == [clean]
    assert form["categories"][0]["name"] == clean
    assert form["worked"][0]["text"] == clean
    assert form["wanted"][0]["hint"] == clean
    json.dumps(form, ensure_ascii=False).encode()
    typed = [{"name": "a", "type": bad}]
    for sent in (
        {bad: 1},
        {"size": bad},
        {"amount": bad},
        {"flag": bad},
        {"categories": [bad, bad]},
        {"wanted": typed},
    ):
        with pytest.raises(InvalidInput) as caught:
            read(sent)
        json.dumps([error.as_dict() for error in caught.value.errors], ensure_ascii=False).encode()


def test_escapes_in_json_text_too() -> None:
    """The same holds for what JSON inside a text spells out."""
    assert read({"tags": '["a\\u0000b", "\\ud800"]'})["tags"] == ["a\ufffdb", "\ufffd"]


@pytest.mark.parametrize(
    ("count", "code"), [(2, ""), (500, ""), (501, "too_many"), (1, "too_few"), (20_000, "too_many")]
)
@pytest.mark.parametrize("form", ["lines", "list", "objects", "map", "json"])
def test_how_many_categories(count: int, code: str, form: str) -> None:
    """Two to five hundred categories are taken, in each form."""
    names = [f"category {number}" for number in range(count)]
    sent: Any = {
        "lines": "\n".join(names),
        "list": names,
        "objects": [{"name": name, "description": "x"} for name in names],
        "map": dict.fromkeys(names, ""),
        "json": json.dumps(names),
    }[form]
    if code:
        assert problems({"categories": sent})["categories"][0] == code
    else:
        assert len(read({"categories": sent})["categories"]) == count


def test_long_category_name() -> None:
    """A category's name has at most a hundred characters."""
    assert problems({"categories": ["a", "b" * 101]})["categories"][0] == "too_long"
    assert read({"categories": ["a", "b" * 100]})["categories"][1]["name"] == "b" * 100


NUMBERS = [
    10**5000,
    -(10**5000),
    10**301,
    float("inf"),
    float("-inf"),
    float("nan"),
    1e300,
    -0.0,
    5e-324,
    2**53 + 1,
]


def named(number: float) -> str:
    return f"{number!r}" if isinstance(number, float) else f"{number.bit_length()} bits"


@pytest.mark.parametrize("number", NUMBERS, ids=named)
def test_absurd_numbers(number: float) -> None:
    """A number of any size is taken or refused in any box, never a failure."""
    for field in FORM.form:
        for sent in (number, [number], {"a": number}):
            assert len(said({field: sent})) < 700


def test_whole_numbers_are_exact() -> None:
    """A whole number is not passed through a decimal one."""
    assert readers.read_integer(2**53 + 1) == 2**53 + 1
    assert readers.read_integer(str(2**53 + 1)) == 2**53 + 1


def test_numbers_as_long_as_a_book() -> None:
    """Digits without end are out of range, in no time."""
    with cpu_limit():
        for text in ("9" * 2_000_000, "-" + "9" * 5_000, "9" * 400 + ".5", "9" * 301):
            for name in ("amount", "count"):
                assert problems({name: text})[name][0] == "out_of_range"


MEGA = 2_000_000
LARGE = {
    "one line": "x" * MEGA,
    "one line of spaces and a letter": "x" + " " * MEGA + "!",
    "100,000 lines": "\n".join(f"line {number}" for number in range(100_000)),
    "a million lines": "a\n" * (MEGA // 2),
    "commas": "," * MEGA,
    "comma and spaces": "a: b," + " " * MEGA,
    "commas and colons": "a:b, " * (MEGA // 5),
    "named": "a: b, " * (MEGA // 6),
    "brackets": "[" * MEGA,
    "braces": "{" * MEGA,
    "round brackets": "a choice(" * (MEGA // 9),
    "bars": "a choice(" + "|" * MEGA + ")",
    "choices": "a choice(" + "|".join(map(str, range(300_000))) + ")",
    "words": "a " * (MEGA // 2),
    "shapes with spaces": ("a" + " " * 3_900 + "!\n") * 500,
    "arrows": "=>" * (MEGA // 2),
    "worked": "x => a\n" * 100_000,
    "quotes": '"a", ' * (MEGA // 5),
    "open quotes": "\u201ca" * (MEGA // 2),
    "escaped line breaks": "\\n" * (MEGA // 2),
    "full-width colons": "\uff1a" * MEGA,
    "a field in each hint": "a: " + "b date, " * (MEGA // 8),
    "rows": "a rows(" + "b text, " * (MEGA // 8) + ")",
    "digits": "9" * MEGA,
    "blank": " " * MEGA,
    "NULs": "\x00" * MEGA,
    "half pairs": "\ud800" * MEGA,
}


BOXES = ("text", "amount", "flag", "size", "tags", "categories", "worked", "wanted")


@pytest.mark.slow
@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE.keys())
def test_bounded_time(text: str) -> None:
    """Two megabytes in any box are read or refused in well under a second a box."""
    with cpu_limit():
        for name in BOXES:
            form = {name: text, "categories": "a, b"} if name == "worked" else {name: text}
            assert len(said(form)) < 700


def test_many_unknown_fields() -> None:
    """A form of a hundred thousand unknown fields is refused at once, with a few of them named."""
    with cpu_limit():
        found = problems(
            {f"category{number}": 1 for number in range(100_000)} | {"k" * 1_000_000: 1}
        )
        assert 1 <= len(found) <= 20
        assert all(len(name) <= 100 for name in found)


def nested(depth: int) -> Any:
    value: Any = "x"
    for number in range(depth):
        value = [value] if number % 2 else {"name": value}
    return value


@pytest.mark.parametrize("depth", [1, 5, 100, 400, 900, 20_000])
def test_deep_values(depth: int) -> None:
    """A value nested without end is refused like any other wrong value."""
    for name in SPEC["fields"]:
        for sent in (nested(depth), [nested(depth)], "[" * depth + "]" * depth):
            assert len(said({name: sent})) < 700


WORDS = st.sampled_from(["a: b", "x => a", "a number", "choice(a|b)", "[1]", "{}"])
KEYS = st.sampled_from(
    ["name", "description", "type", "hint", "choices", "text", "choice"]
) | st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(st.sampled_from(list(FORM.form)), JSON, max_size=6) | JSON)
def test_nothing_but_invalid_input(sent: Any) -> None:
    """Whatever JSON is sent, it is read or refused; no other failure comes out, and what is said
    can be sent back."""
    try:
        found = read(sent)
    except InvalidInput as error:
        json.dumps([one.as_dict() for one in error.errors], ensure_ascii=False).encode()
    else:
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12),
        min_size=2,
        max_size=8,
        unique_by=str.casefold,
    )
)
def test_forms_of_options_agree(names: list[str]) -> None:
    """The same names give the same options as lines, as a list, as objects, as a map and as JSON
    text."""
    of_each = dict.fromkeys(names)
    forms = [
        "\n".join(names),
        names,
        [{"name": name} for name in names],
        of_each,
        json.dumps(names),
        json.dumps(of_each),
    ]
    found = [read_options(form) for form in forms]
    assert all(one == found[0] for one in found)
    assert [option["name"] for option in found[0]] == names


def test_choice_by_label() -> None:
    """A choice is known by its value or its label, whatever the case, and by nothing else."""
    choices = (Choice("low", "Not much"), Choice("high", "A lot"))
    assert [
        readers.read_choice(word, choices) for word in ("low", "LOW ", "a  lot", "Not Much")
    ] == ["low", "low", "high", "low"]
    with pytest.raises(InvalidValue, match="takes one of low, high"):
        readers.read_choice("lo", choices)
