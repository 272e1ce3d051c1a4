"""The strict function is built from the caller's own names, and the model's reply is checked
against it."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.catalogue import (
    Action,
    Catalogue,
    InvalidValue,
    answer_function,
    check_arguments,
    load_catalogue,
    parse_arguments,
    read_action,
)
from connector.catalogue.function import (
    LONG_ENUM,
    MAX_ENUM_VALUES,
    MAX_LONG_ENUM_CHARACTERS,
    MAX_PROPERTIES,
)
from connector.catalogue.user_field_parser import read_user_fields
from connector.catalogue.user_fields import LIST_TYPES, USER_FIELD_TYPES, WRITABLE_TYPES
from connector.catalogue.values import match_choice
from connector.errors import InvalidInput
from connector.json_types import Json
from tests.support.guards import cpu_limit

CATALOGUE = load_catalogue()
LINES = (
    "a text\nb number\nc integer\nd boolean\ne date\nf datetime\ng time\nh email\ni phone\nj "
    "url\nk money\nl percent\nm choice(x|y)\nn list"
)


def action(returns: Json, output: Json, **fields: Json) -> Action:
    """An action with these values of the answer, over a form of categories and of a shape."""
    form = {
        "categories": {"type": "options", "label": "Your categories", "max": 5_000},
        "more": {"type": "options", "label": "More"},
        "wanted": {"type": "shape", "label": "Wanted fields", "max": 1_000},
        "flag": {"type": "boolean", "label": "Flag", "default": False},
        **fields,
    }
    return read_action(
        "made",
        {
            "title": "Made",
            "summary": "Made.",
            "group": "test",
            "fields": form,
            "returns": returns,
            "instructions": "x",
            "message": "x",
            "examples": [
                {
                    "name": "one",
                    "input": {"categories": "a, b", "more": "c, d", "wanted": "x\ny"},
                    "output": output,
                }
            ],
        },
    )


def parameters(made: Action, **sent: Any) -> Json:
    return answer_function(
        made, made.read_form({"categories": "a, b", "more": "c, d", "wanted": "x", **sent})
    )[2]


def extract(fields: Any, **more: Any) -> tuple[Action, Json]:
    made = CATALOGUE["extract"]
    return made, made.read_form({"text": "x", "fields": fields, **more})


def objects(schema: Json) -> list[Json]:
    """Every object inside a schema."""
    inner = [
        *schema.get("properties", {}).values(),
        *([schema["items"]] if "items" in schema else []),
    ]
    return [
        *([schema] if "properties" in schema else []),
        *(found for one in inner for found in objects(one)),
    ]


PICK = {"pick": {"type": "choice", "choices_from": "categories"}}
FORMS = [
    *((name, example.input) for name, made in CATALOGUE.items() for example in made.examples),
    ("extract", {"text": "x", "fields": LINES}),
    ("extract", {"text": "x", "fields": LINES, "many_rows": "yes"}),
]


@pytest.mark.parametrize(
    ("name", "sent"), FORMS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_strict(name: str, sent: Json) -> None:
    """Every function is a valid schema whose objects are closed and require each of their
    properties."""
    made = CATALOGUE[name]
    _, _, schema = answer_function(made, made.read_form(sent))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    for one in objects(schema):
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])
        assert one["required"]
    json.dumps(schema, allow_nan=False)


def test_the_callers_categories_are_the_enum() -> None:
    """A choice's enum is the caller's categories in their order, and null once when it may be
    empty."""
    plain = action(PICK, {"pick": "a"})
    assert parameters(plain, categories="z, a, m")["properties"]["pick"] == {
        "type": "string",
        "enum": ["z", "a", "m"],
    }
    nullable = action(
        {"pick": {**PICK["pick"], "nullable": True, "help": "The best"}}, {"pick": None}
    )
    found = parameters(nullable, categories=["null", "none", "None"[:0] + "b"])["properties"][
        "pick"
    ]
    assert found == {
        "type": ["string", "null"],
        "enum": ["null", "none", "b", None],
        "description": "The best",
    }


def test_categories_are_sent_once() -> None:
    """A second value from the same categories has no enum of its own; one from others has."""
    returns = {
        **PICK,
        "next": {"type": "choice", "choices_from": "categories", "nullable": True},
        "all": {"type": "list", "choices_from": "categories"},
        "other": {"type": "choice", "choices_from": "more"},
    }
    found = parameters(action(returns, {"pick": "a", "next": None, "all": [], "other": "c"}))[
        "properties"
    ]
    assert found["pick"]["enum"] == ["a", "b"]
    assert found["next"] == {"type": ["string", "null"]}
    assert found["all"] == {"type": "array", "items": {"type": "string"}}
    assert found["other"]["enum"] == ["c", "d"]


def test_only_what_is_asked() -> None:
    """A value with `when` is in the function only when its field says so; one that is filled never
    is."""
    made = CATALOGUE["classify"]
    sent = {"text": "x", "categories": "a, b"}
    assert "category" in parameters_of(made, sent)
    assert "categories" not in parameters_of(made, sent)
    assert "categories" in parameters_of(made, {**sent, "multiple": "true"})
    assert "category" not in parameters_of(made, {**sent, "multiple": "true"})
    assert "matched" not in parameters_of(made, sent)


def parameters_of(made: Action, sent: Json) -> Json:
    found: Json = answer_function(made, made.read_form(sent))[2]["properties"]
    return found


# --- limits ---------------------------------------------------------------------------------------


def refused(made: Action, **sent: Any) -> tuple[str, str, str]:
    with pytest.raises(InvalidInput) as caught:
        parameters(made, **sent)
    (error,) = caught.value.errors
    return error.field, error.code, error.message


def test_properties() -> None:
    """A hundred properties are the most; a money field counts twice; the sentence names the box."""
    made = action({"data": {"type": "record", "shape_from": "wanted"}}, {"x": "1", "y": "2"})
    assert (
        len(parameters(made, wanted=[f"field {n}" for n in range(MAX_PROPERTIES)])["properties"])
        == MAX_PROPERTIES
    )
    field, code, sentence = refused(made, wanted=[f"field {n}" for n in range(MAX_PROPERTIES + 1)])
    assert (field, code) == ("wanted", "too_many")
    assert sentence.startswith('"Wanted fields" makes more than 100 values')
    assert (
        len(parameters(made, wanted=[f"m{n} money" for n in range(50)])["properties"])
        == MAX_PROPERTIES
    )
    assert "a money field makes two" in refused(made, wanted=[f"m{n} money" for n in range(51)])[2]


def test_long_enums() -> None:
    """More than 250 names may have 15,000 characters in all; as many names with more are refused
    with both figures."""
    made = action(PICK, {"pick": "a"})
    width = MAX_LONG_ENUM_CHARACTERS // (LONG_ENUM + 1)
    assert parameters(made, categories=[f"{n:0{width}}" for n in range(LONG_ENUM + 1)])
    assert parameters(made, categories=[f"{n:0100}" for n in range(LONG_ENUM)])
    field, code, sentence = refused(
        made, categories=[f"{n:0{width + 1}}" for n in range(LONG_ENUM + 1)]
    )
    assert (field, code) == ("categories", "too_long")
    assert sentence.startswith('"Your categories" has 251 names')
    assert "15,000" in sentence
    assert "Shorten the names." in sentence


def test_enum_values() -> None:
    """A thousand enum values are the most, null not counted."""
    made = action({"pick": {**PICK["pick"], "nullable": True}}, {"pick": "a"})
    assert (
        len(parameters(made, categories=list(range(MAX_ENUM_VALUES)))["properties"]["pick"]["enum"])
        == MAX_ENUM_VALUES + 1
    )
    field, code, sentence = refused(made, categories=list(range(MAX_ENUM_VALUES + 1)))
    assert (field, code) == ("categories", "too_many")
    assert sentence == '"Your categories" lists more than 1,000 choices in all; use fewer.'


def test_enum_values_of_a_shape() -> None:
    """The choices of all the caller's fields count together."""
    made = action({"rows": {"type": "list", "shape_from": "wanted"}}, {"rows": []})
    choices = "|".join(f"c{n}" for n in range(100))
    assert parameters(made, wanted=[f"f{n} choice({choices})" for n in range(10)])
    assert refused(made, wanted=[f"f{n} choice({choices})" for n in range(11)])[:2] == (
        "wanted",
        "too_many",
    )


# --- keys -----------------------------------------------------------------------------------------


NAMES = [
    "Total (net)",
    "größe",
    "金额",
    "a.b",
    "a b",
    "a-b",
    "$ref",
    "  x  y ",
    "__proto"[2:],
    "1st",
    "A",
    "constructor",
    "e\u0301",
    "😀",
    "x" * 50,
]


def test_keys_are_plain_and_mapped_back() -> None:
    """Any name becomes a property of plain letters, of its own, and the answer has the caller's
    name again."""
    made, form = extract([{"name": name} for name in NAMES])
    _, _, schema = answer_function(made, form)
    keys = list(schema["properties"])
    assert len(set(keys)) == len(NAMES)
    for key in keys:
        assert key.replace("_", "").isalnum()
        assert key.isascii()
        assert len(key) <= 64
    checked = check_arguments(
        made, form, {key: f"value {number}" for number, key in enumerate(keys)}
    )
    assert checked.errors == ()
    assert checked.values["data"] == {
        " ".join(name.split()): f"value {number}" for number, name in enumerate(NAMES)
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=12))
def test_any_names(names: list[str]) -> None:
    """Whatever the names, the keys are plain and apart, or the form is refused."""
    try:
        fields = read_user_fields([{"name": name} for name in names])
    except InvalidValue:
        return
    keys = [field["key"] for field in fields]
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and key.replace("_", "").isalnum() and len(key) <= 64 for key in keys)


# --- what a model gives back ----------------------------------------------------------------------

GOOD_SHAPE: list[tuple[str, Any, Any]] = [
    ("text", " x ", "x"),
    ("text", "", None),
    ("text", None, None),
    ("number", 5, 5),
    ("number", 5.0, 5),
    ("number", 0.5, 0.5),
    ("number", -1e300 / 10, -1e299),
    ("number", None, None),
    ("integer", 5, 5),
    ("integer", 5.0, 5),
    ("integer", 2**70, 2**70),
    ("boolean", False, False),
    ("boolean", None, None),
    ("date", "2026-03-31", "2026-03-31"),
    ("date", "20260331", "2026-03-31"),
    ("date", " 2026-03-31 ", "2026-03-31"),
    ("datetime", "2026-03-31T14:30", "2026-03-31T14:30"),
    ("datetime", "2026-03-31 14:30:59", "2026-03-31T14:30"),
    ("datetime", "2026-03-31T14:30:00Z", "2026-03-31T14:30+00:00"),
    ("datetime", "2026-03-31", "2026-03-31T00:00"),
    ("time", "14:30", "14:30"),
    ("time", "14:30:59", "14:30"),
    ("email", "a@b.c", "a@b.c"),
    ("phone", "+49 30 1", "+49 30 1"),
    ("url", "x.example/a", "x.example/a"),
    ("money", 12.5, 12.5),
    ("percent", 19, 19),
    ("list", ["a", " b ", ""], ["a", "b"]),
    ("list", [], []),
    ("list", None, []),
    # text where only one reading exists
    ("number", "1234.56", 1234.56),
    ("number", "1,234.56", 1234.56),
    ("number", "1.234,56", 1234.56),
    ("number", "1 234,5", 1234.5),
    ("number", "1,234,567", 1234567),
    ("number", "12,5", 12.5),
    ("number", "\u2212\u0665", -5),
    ("number", "0.125", 0.125),
    ("integer", "5", 5),
    ("integer", "5.0", 5),
    ("money", "12 EUR", 12),
    ("money", "\u20ac1,240.50", 1240.5),
    ("money", "(1,234.00)", -1234),
    ("money", "1,234.00-", -1234),
    ("percent", "19 %", 19),
    ("boolean", "false", False),
    ("boolean", "Yes", True),
    ("date", "2026-03-04T00:00:00", "2026-03-04"),
    ("date", "2026/03/04", "2026-03-04"),
    ("list", "a, b", ["a", "b"]),
    ("list", '["a", "b, c"]', ["a", "b, c"]),
    ("list", "a", ["a"]),
    # words for "not given"
    *(
        (kind, "N/A", None)
        for kind in USER_FIELD_TYPES
        if kind not in {*LIST_TYPES, "currency", "choice"}
    ),
    ("text", "None", None),
    ("text", "not provided.", None),
    ("text", "(unknown)", None),
    ("text", "-", None),
    ("number", "\u2014", None),
    ("choice", "n/a", None),
    ("list", "None", []),
    ("list", ["a", "N/A"], ["a"]),
]
BAD_SHAPE: list[tuple[str, Any, str]] = [
    ("text", 5, "must be text"),
    ("text", ["x"], "must be text"),
    ("text", {"a": 1}, "must be text"),
    ("text", True, "must be text"),
    ("number", "1,234", "must be a number"),
    ("number", "1.234", "must be a number"),
    ("number", "1,234.5.6", "must be a number"),
    ("number", "about 5", "must be a number"),
    ("number", True, "must be a number"),
    ("number", [5], "must be a number"),
    ("number", float("inf"), "must be a number"),
    ("number", float("nan"), "must be a number"),
    ("number", 10**400, "must be a number"),
    ("integer", 5.5, "must be a whole number"),
    ("integer", "5.5", "must be a whole number"),
    ("integer", 10**400, "must be a number"),
    ("boolean", "perhaps", "must be true or false"),
    ("boolean", 1, "must be true or false"),
    ("date", "31.3.2026", "must look like 2026-03-31"),
    ("date", "2026-02-30", "must look like"),
    ("date", 5, "must look like"),
    ("date", "0000-01-01", "must look like"),
    ("datetime", "tomorrow", "must look like 2026-03-31T14:30"),
    ("time", "25:00", "must look like 14:30"),
    ("time", "half past", "must look like"),
    ("email", "a b@c", "must be an e-mail address"),
    ("email", "a@b", "must be an e-mail address"),
    ("email", "x" * 300 + "@b.c", "must be an e-mail address"),
    ("money", "12 or 13 EUR", "must be a number"),
    ("percent", "a fifth", "must be a number"),
    ("list", "a, b; c", "two ways"),
    ("list", [1], "must be text"),
    ("list", {"a": 1}, "must be a list of texts"),
]


def one(kind: str, value: Any) -> Any:
    made, form = extract(f"it {kind}" if kind != "choice" else "it choice(x|y)")
    given = {"it": value, **({"it_currency": "eur "} if kind == "money" else {})}
    return check_arguments(made, form, given)


@pytest.mark.parametrize(("kind", "value", "normal"), GOOD_SHAPE)
def test_good_values_of_a_shape(kind: str, value: Any, normal: Any) -> None:
    """A value of the right kind is made normal; null, and a text of nothing, mean that it is not
    stated."""
    checked = one(kind, value)
    assert checked.errors == ()
    assert repr(checked.values["data"]["it"]) == repr(normal)


@pytest.mark.parametrize(("kind", "value", "words"), BAD_SHAPE, ids=lambda value: f"{value!r:.25}")
def test_bad_values_of_a_shape(kind: str, value: Any, words: str) -> None:
    """A value of the wrong kind is a fault that names the field and what it must be."""
    (fault,) = one(kind, value).errors
    assert fault.startswith("it ")
    assert words in fault


def test_every_writable_type_is_tried() -> None:
    """The tables above speak of every type that a caller may write."""
    assert {kind for kind, *_ in GOOD_SHAPE} | {"rows"} == set(WRITABLE_TYPES)
    assert {kind for kind, *_ in BAD_SHAPE} | {"choice", "rows", "phone", "url"} == set(
        WRITABLE_TYPES
    )


def test_money_and_its_currency() -> None:
    """A money field comes with a currency of three letters, in capitals."""
    made, form = extract("total money")
    assert check_arguments(made, form, {"total": 5, "total_currency": "eur"}).values["data"] == {
        "total": 5,
        "total_currency": "EUR",
    }
    assert (
        check_arguments(made, form, {"total": 5, "total_currency": None}).values["data"][
            "total_currency"
        ]
        is None
    )
    (fault,) = check_arguments(made, form, {"total": 5, "total_currency": "Euro"}).errors
    assert fault == 'total_currency must be a three-letter currency code, not "Euro"'


TYPED = {
    "t": {"type": "text", "min": 2, "max": 5},
    "tn": {"type": "text", "nullable": True},
    "lt": {"type": "longtext"},
    "n": {"type": "number", "min": 0, "max": 1},
    "i": {"type": "integer", "max": 10},
    "b": {"type": "boolean"},
    "c": {"type": "choice", "choices": {"x": "X", "y": "Y"}},
    "cn": {"type": "choice", "choices_from": "categories", "nullable": True},
    "l": {"type": "list", "min": 1, "max": 3},
    "lc": {"type": "list", "choices_from": "more"},
    "ls": {"type": "list", "shape_from": "wanted"},
}
WHOLE: Json = {
    "t": "abc",
    "tn": None,
    "lt": "x",
    "n": 0.5,
    "i": 3,
    "b": True,
    "c": "x",
    "cn": "a",
    "l": ["p"],
    "lc": ["c"],
    "ls": [{"x": "1", "y": None}],
}
GOOD_PLAIN: list[tuple[str, Any, Any]] = [
    ("t", " abc ", "abc"),
    ("tn", "", None),
    ("lt", "", ""),
    ("n", 1, 1),
    ("n", 0.0, 0),
    ("i", 3.0, 3),
    ("b", False, False),
    ("c", "X", "x"),
    ("c", " y.", "y"),
    ("cn", None, None),
    ("cn", "", None),
    ("cn", "A!", "a"),
    ("l", ["p", "", " q "], ["p", "q"]),
    ("lc", ["d", "c", "D"], ["d", "c"]),
    ("lc", [], []),
    ("ls", [], []),
    ("ls", [{"x": "1", "y": "2"}] * 2, [{"x": "1", "y": "2"}] * 2),
    ("lt", "a\x00b\ud800", "a\ufffdb\ufffd"),
]
BAD_PLAIN: list[tuple[str, Any, str]] = [
    ("t", "a", "at least 2 characters"),
    ("t", "abcdef", "at most 5 characters"),
    ("t", None, "must not be null"),
    ("t", 5, "must be text"),
    ("lt", ["x"], "must be text"),
    ("n", 1.01, "at most 1"),
    ("n", -0.1, "at least 0"),
    ("n", float("nan"), "must be a number"),
    ("i", 11, "at most 10"),
    ("i", 2.5, "whole number"),
    ("i", -(10**400), "must be a number"),
    ("b", "maybe", "true or false"),
    ("n", "a few", "must be a number"),
    ("b", None, "must not be null"),
    ("c", "z", "one of the 2 given choices, not"),
    ("c", "", "one of the 2"),
    ("c", None, "must not be null"),
    ("c", ["x"], "one of the 2"),
    ("cn", "ab", "one of the 2 given choices or null"),
    ("l", [], "at least 1 entry; there are 0"),
    ("l", ["p"] * 4, "at most 3 entries"),
    ("l", "p", "must be a list"),
    ("l", [1], "must be text"),
    ("l", None, "must not be null"),
    ("lc", ["e"], "one of the 2"),
    ("lc", [None], "one of the 2"),
    ("ls", [{"x": "1"}], "lacks y"),
    ("ls", [{"x": "1", "y": "2", "z": "3"}], "has z, which was not requested"),
    ("ls", ["x"], "must be an object"),
    ("ls", {"x": "1", "y": "2"}, "must be a list"),
]
ALL_TYPES = action(TYPED, WHOLE)
ALL_FORM = ALL_TYPES.read_form({"categories": "a, b", "more": "c, d", "wanted": "x\ny"})


@pytest.mark.parametrize(
    ("name", "value", "normal"), GOOD_PLAIN, ids=lambda value: ascii(value)[:25]
)
def test_good_values(name: str, value: Any, normal: Any) -> None:
    """Each type's good values are made normal."""
    checked = check_arguments(ALL_TYPES, ALL_FORM, {**WHOLE, name: value})
    assert checked.errors == ()
    assert repr(checked.values[name]) == repr(normal)


@pytest.mark.parametrize(("name", "value", "words"), BAD_PLAIN, ids=lambda value: f"{value!r:.25}")
def test_bad_values(name: str, value: Any, words: str) -> None:
    """Each type's bad values are faults that name the value and what it must be, for the model to
    mend."""
    (fault,) = check_arguments(ALL_TYPES, ALL_FORM, {**WHOLE, name: value}).errors
    assert fault.startswith(f"{name} ")
    assert words in fault
    assert len(fault) < 300


def test_missing_and_unknown_values() -> None:
    """Every value that is missing or was not asked for is named, at a length that can be said."""
    checked = check_arguments(ALL_TYPES, ALL_FORM, {"t": "abc", "extra": 1, "k" * 10_000: 1})
    assert "extra was not requested" in checked.errors
    assert "lt is missing" in checked.errors
    assert max(map(len, checked.errors)) < 100
    made, form = extract("a")
    (fault,) = check_arguments(made, form, {"a": "x", "k" * 10_000: 1}).errors
    assert len(fault) < 100


# --- the arguments' text --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (' \n{"a": {"b": [null, true]}}\n ', {"a": {"b": [None, True]}}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('  ```\n{"a": "```"}\n```  \n', {"a": "```"}),
        ('```json {"a": 1}```', {"a": 1}),
        ("{}", {}),
        ('{"a": 1e2, "b": -0.5}', {"a": 100.0, "b": -0.5}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
    ],
)
def test_read_arguments(text: str, value: Json) -> None:
    """Arguments are one JSON object; a fence around it is forgiven."""
    assert parse_arguments(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ('{"a": 1} and more', "not JSON"),
        ('{"a": 1}{"a": 2}', "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": 1,}', "not JSON"),
        ("[1]", "not a JSON object"),
        ("5", "not a JSON object"),
        ("null", "not a JSON object"),
        ('"x"', "not a JSON object"),
        ("```\n[1]\n```", "not a JSON object"),
        ('{"a": 1, "a": 1}', "a key twice"),
        ('{"x": {"a": 1, "b": 2, "a": 3}}', "a key twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": [Infinity]}', "Infinity"),
        ('{"a": -Infinity}', "-Infinity"),
        ('{"a": ' + "9" * 301 + "}", "extremely long number"),
        ('{"a": -' + "9" * 100_000 + "}", "extremely long number"),
        ("[" * 100_000, "not JSON"),
        ('{"a":' * 100_000, "not JSON"),
        ("```", "not JSON"),
        ("``````", "not JSON"),
        ("```\n", "not JSON"),
        ("```json\n```", "not JSON"),
        ('{"a": "\x01"}', "not JSON"),
        ("\ufeff{}", "not JSON"),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_refuse_arguments(text: str, words: str) -> None:
    """Anything else is a fault that says what is wrong."""
    with pytest.raises(InvalidValue) as caught:
        parse_arguments(text)
    assert caught.value.code == "bad_json"
    assert words in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "```" + "\n" * 500_000,
        "```json" + " \n" * 250_000 + "x",
        " " * 1_000_000,
        "```\n" * 200_000,
        '{"a": "' + "\\\\" * 500_000,
    ],
    ids=["lines", "lines and spaces", "spaces", "fences", "backslashes"],
)
def test_arguments_take_no_time(text: str) -> None:
    """A model that writes white space or fences without end costs no more time than its text is
    long."""
    with cpu_limit(), pytest.raises(InvalidValue):
        parse_arguments(text)


def test_e_mail_addresses_take_no_time() -> None:
    """A long text that is nearly an address is refused at once."""
    with cpu_limit():
        assert one("email", "a@" + "a." * 200_000 + "<").errors


# --- choices --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("billing", ["billing", "other"], "billing"),
        ("Billing", ["billing"], "billing"),
        ("  BILLING ", ["billing"], "billing"),
        ("billing.", ["billing"], "billing"),
        ('"billing"', ["billing"], "billing"),
        ("**billing**", ["billing"], "billing"),
        ("very  urgent", ["Very urgent"], "Very urgent"),
        ("C++", ["C", "C++"], "C++"),
        ("c", ["C", "C++"], "C"),
        ("STRASSE", ["Straße"], "Straße"),
        ("a", ["a", "A"], "a"),
        ("A.", ["A.", "A"], "A."),
        ("bill", ["billing"], None),
        ("billing and more", ["billing"], None),
        ("not billing", ["billing"], None),
        ("billing/other", ["billing", "other"], None),
        ("a!", ["a", "A"], None),
        ("", ["billing"], None),
        ("", ["!", "x"], None),
        (".", ["!", "x"], None),
        ("!", ["!", "?"], "!"),
        ("x", [], None),
        ("bil-ling", ["billing"], None),
        ("C#", ["C"], None),
    ],
)
def test_find_choice(text: str, names: list[str], found: str | None) -> None:
    """A choice is itself but for case, space and punctuation at its ends; never a part of one, and
    never one of two."""
    assert match_choice(text, names) == found


def test_an_unknown_second_choice_is_none() -> None:
    """A word that is no category is a fault where the enum was sent, and no answer where it was
    not."""
    made = CATALOGUE["classify"]
    form = made.read_form({"text": "x", "categories": "a, b"})
    given = {"category": "a", "confidence": 0.5, "reason": "x", "runner_up": "zzz"}
    checked = check_arguments(made, form, given)
    assert checked.errors == ()
    assert checked.values["runner_up"] is None
    assert (
        check_arguments(made, form, {**given, "category": "zzz"})
        .errors[0]
        .startswith("category must be one of the 2")
    )


# --- anything at all ------------------------------------------------------------------------------

KEYS = st.sampled_from(
    [
        *"abcdefghijklmn",
        "k_currency",
        *TYPED,
        "rows",
        "category",
        "categories",
        "confidence",
        "reason",
        "runner_up",
        "x",
        "y",
    ]
) | st.text(max_size=5)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["2026-03-31", "14:30", "a@b.c", "EUR", 10**400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=10,
)
SHAPES: list[tuple[Action, Json]] = [
    extract(LINES),
    extract(LINES, many_rows="yes"),
    (ALL_TYPES, ALL_FORM),
    (CATALOGUE["classify"], CATALOGUE["classify"].read_form({"text": "x", "categories": "a, b"})),
]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SHAPES), st.dictionaries(KEYS, ANYTHING, max_size=14))
def test_any_arguments(shape: tuple[Action, Json], arguments: Json) -> None:
    """Whatever object a model gives, it is values or faults that can be said; never a failure."""
    checked = check_arguments(*shape, arguments)
    if not checked.errors:
        json.dumps(checked.values, allow_nan=False)
    assert all(isinstance(fault, str) and not fault.endswith(".") for fault in checked.errors)


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | ANYTHING.map(lambda value: json.dumps(value, default=str))
    | st.text('{}[]",:`json 0123456789eEN\\-.\n', max_size=60)
)
def test_any_text_of_arguments(text: str) -> None:
    """Whatever text a model writes as arguments, it is an object or a fault."""
    found: Any = {}
    try:
        found = parse_arguments(text)
    except InvalidValue as fault:
        found = {fault.code: fault.message}
    assert isinstance(found, dict)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_fits_the_schema_is_taken(data: st.DataObject) -> None:
    """Values that the function's own schema takes are taken when they come back."""
    made, form = SHAPES[0]
    _, _, schema = answer_function(made, form)
    good: dict[str, list[Any]] = {}
    for kind, value, _ in GOOD_SHAPE:
        good.setdefault(kind, []).append(value)
    for kind in USER_FIELD_TYPES:
        good.setdefault(kind, [None])
    given = {
        field["key"]: data.draw(st.sampled_from(good[field["type"]])) for field in form["fields"]
    }
    if not list(jsonschema.Draft202012Validator(schema).iter_errors(given)):
        assert check_arguments(made, form, given).errors == ()


def test_the_catalogue_is_loaded_once() -> None:
    """The catalogue is a mapping of actions by id, in order."""
    assert isinstance(CATALOGUE, Catalogue)
    assert list(CATALOGUE) == sorted(CATALOGUE)
