"""Tools are exact and bounded, and report to the model how to call them better."""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.tools import TOOLS, ToolContext, ToolError, tool
from connector.tools.base import MAX_OUTPUT
from connector.tools.search_context import best_passages, passages
from connector.yaml_subset import read_yaml
from tests.support.guards import cpu_limit

NOTHING = ToolContext({})


def calculate(expression: str) -> str:
    return TOOLS["calculate"].call({"expression": expression}, NOTHING).text


def dates(operation: str, *, context: ToolContext | None = None, **more: Any) -> str:
    arguments = {
        "operation": operation,
        "date": None,
        "other": None,
        "amount": None,
        "unit": None,
        "time_zone": None,
        **more,
    }
    TOOLS["dates"].check(arguments)
    return TOOLS["dates"].call(arguments, context or NOTHING).text


def search(query: str, context: str | None) -> str:
    return TOOLS["search_context"].call({"query": query}, ToolContext({"context": context})).text


def told(call: Callable[..., str], *args: Any, **more: Any) -> str:
    """What the model is told: the output, or the error in words."""
    try:
        return call(*args, **more)
    except ToolError as error:
        return f"Error: {error}"


# --- calculate ------------------------------------------------------------------------------------

SPEC, _ = read_yaml(
    (Path(__file__).parents[1] / "spec" / "calculate.yaml").read_text(encoding="utf-8")
)
LARGE = [
    ("sum(" + "1," * 100 + "1)", "takes 1 to 100"),
    ("1" * 2_001, "longer than 2000 characters"),
    ("(" * 60 + "1" + ")" * 60, "nested too deep"),
    ("-" * 10 + "(" * 900, "nested too deep"),
    ("2" + " ** 1" * 60, "nested too deep"),
    ("abs(" * 60 + "1" + ")" * 60, "nested too deep"),
]


@pytest.mark.parametrize(
    ("expression", "value"), [(case["expression"], case["value"]) for case in SPEC["right"]]
)
def test_calculate(expression: str, value: str) -> None:
    """Arithmetic is exact; what has no end is rounded and said to be so."""
    assert calculate(expression) == value


WRONG = [(case["expression"], case["says"]) for case in SPEC["wrong"]]


@pytest.mark.parametrize(("expression", "words"), WRONG + LARGE, ids=lambda text: text[:30])
def test_calculate_refuses(expression: str, words: str) -> None:
    """What cannot be worked out is told to the model in words."""
    with pytest.raises(ToolError) as caught:
        calculate(expression)
    assert words in str(caught.value)


PRIMES = [number for number in range(3, 600) if all(number % other for other in range(2, number))]
COSTLY = [
    "sum(" + ",".join(f"1/{prime}**{10_000 // prime.bit_length()}" for prime in PRIMES[:99]) + ")",
    "avg(" + ",".join(f"1/{prime}**900" for prime in PRIMES[:99]) + ")",
    "+".join(f"1/{prime}**{900}" for prime in PRIMES[:150]),
    "*".join(["9999999999"] * 180),
    "1/5**4300",
    "1/2**9999",
    "sqrt(" * 40 + "2" + ")" * 40,
    "round(" * 40 + "1/3" + ", 20)" * 40,
    "1/7**3000 % (1/3**5000)",
    "9" * 2_000,
    "1" + "%" * 1_999,
    "-" * 1_999 + "1",
    "(10**3000) // (1/3**5000)",
]


@pytest.mark.parametrize("expression", COSTLY, ids=lambda text: text[:30])
def test_calculate_takes_no_time(expression: str) -> None:
    """The costliest expressions take a fraction of a second, and their output can be read."""
    with cpu_limit():
        assert len(told(calculate, expression)) <= MAX_OUTPUT + 20


PIECES = st.sampled_from(
    [
        *"0123456789.+-*/%^(), ",
        "**",
        "//",
        "sqrt(",
        "round(",
        "sum(",
        "avg(",
        "999",
        "0.1",
        "×",
        "abs",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=40) | st.lists(PIECES, max_size=30).map("".join))
def test_calculate_fails_only_in_words(expression: str) -> None:
    """Whatever the expression, it gives a number or a sentence for the model."""
    output = told(calculate, expression)
    if not output.startswith("Error: "):
        value, _, rest = output.partition(" ")
        assert Decimal(value).is_finite()
        assert rest == "" or rest.startswith("(rounded")


@settings(max_examples=200, deadline=None)
@given(
    st.fractions(max_denominator=10**6),
    st.sampled_from("+-*/"),
    st.fractions(max_denominator=10**6),
)
def test_calculate_agrees_with_fractions(first: Fraction, sign: str, second: Fraction) -> None:
    """The four operations agree with exact fractions."""
    if sign == "/" and second == 0:
        return
    exact = {
        "+": first + second,
        "-": first - second,
        "*": first * second,
        "/": first / second if second else first,
    }[sign]
    value, _, rest = calculate(f"({first}) {sign} ({second})").partition(" ")
    assert (
        Fraction(value) == exact
        if not rest
        else abs(Fraction(value) - exact) <= Fraction(1, 2 * 10**20)
    )


# --- dates ----------------------------------------------------------------------------------------

DATES = [
    ("add", {"date": "2026-01-31", "amount": 1, "unit": "months"}, "2026-02-28"),
    ("add", {"date": "2024-01-31", "amount": 1, "unit": "months"}, "2024-02-29"),
    ("add", {"date": "2026-03-31", "amount": -1, "unit": "months"}, "2026-02-28"),
    ("add", {"date": "2026-12-15", "amount": 1, "unit": "months"}, "2027-01-15"),
    ("add", {"date": "2026-01-15", "amount": -1, "unit": "months"}, "2025-12-15"),
    ("add", {"date": "2024-02-29", "amount": 1, "unit": "years"}, "2025-02-28"),
    ("add", {"date": "2024-02-29", "amount": 4, "unit": "years"}, "2028-02-29"),
    ("add", {"date": "2026-02-28", "amount": 1, "unit": "days"}, "2026-03-01"),
    ("add", {"date": "2028-02-28", "amount": 1, "unit": "days"}, "2028-02-29"),
    ("add", {"date": "2100-02-28", "amount": 1, "unit": "days"}, "2100-03-01"),
    ("add", {"date": "2026-03-03", "amount": -2, "unit": "weeks"}, "2026-02-17"),
    ("add", {"date": "2026-03-03", "amount": 0, "unit": "days"}, "2026-03-03"),
    ("add", {"date": "0001-01-01", "amount": 9998, "unit": "years"}, "9999-01-01"),
    ("difference", {"date": "2026-03-01", "other": "2026-03-31"}, "30"),
    ("difference", {"date": "2026-03-31", "other": "2026-03-01"}, "-30"),
    ("difference", {"date": "2024-02-28", "other": "2024-03-01"}, "2"),
    ("difference", {"date": "2026-03-01", "other": "2026-03-01"}, "0"),
    ("weekday", {"date": "2026-03-03"}, "Tuesday"),
    ("weekday", {"date": "2000-02-29"}, "Tuesday"),
    ("weekday", {"date": " 2026-03-03T23:59:00 "}, "Tuesday"),
    ("weekday", {"date": "2026-03-03 08:00"}, "Tuesday"),
]


@pytest.mark.parametrize(("operation", "arguments", "value"), DATES)
def test_dates(operation: str, arguments: dict[str, Any], value: str) -> None:
    """Dates are worked out by the calendar; a month's last day stays a last day."""
    assert dates(operation, **arguments) == value


@pytest.mark.parametrize(
    ("operation", "arguments", "words"),
    [
        ("weekday", {"date": "31.3.2026"}, "must be a date such as 2026-03-31, not '31.3.2026'"),
        ("weekday", {"date": "2026-02-30"}, "must be a date"),
        ("weekday", {"date": "2026-03-311"}, "must be a date"),
        ("weekday", {"date": "2026-03-31abc"}, "must be a date"),
        ("weekday", {"date": "tomorrow"}, "must be a date"),
        ("weekday", {"date": ""}, "must be a date"),
        ("weekday", {"date": "x" * 100_000}, "must be a date"),
        ("weekday", {"date": "\ud800"}, "must be a date"),
        ("difference", {"date": "2026-03-31", "other": "soon"}, "other must be a date"),
        ("add", {"date": "2026-03-31"}, "add needs amount and unit"),
        ("add", {"date": "2026-03-31", "amount": 1}, "add needs amount and unit"),
        ("add", {"date": "9999-12-31", "amount": 1, "unit": "days"}, "outside the years 1 to 9999"),
        (
            "add",
            {"date": "9999-12-31", "amount": 1, "unit": "months"},
            "outside the years 1 to 9999",
        ),
        (
            "add",
            {"date": "0001-01-01", "amount": -1, "unit": "months"},
            "outside the years 1 to 9999",
        ),
        (
            "add",
            {"date": "0001-01-01", "amount": -1, "unit": "years"},
            "outside the years 1 to 9999",
        ),
        (
            "add",
            {"date": "2026-01-01", "amount": 4_000_000, "unit": "weeks"},
            "outside the years 1 to 9999",
        ),
        (
            "add",
            {"date": "2026-01-01", "amount": 10**30, "unit": "days"},
            "the amount is too large",
        ),
        ("today", {"time_zone": "Mars/Olympus"}, "there is no time zone 'Mars/Olympus'"),
        ("today", {"time_zone": "../../etc/passwd"}, "there is no time zone"),
        ("today", {"time_zone": "/etc/localtime"}, "there is no time zone"),
        ("today", {"time_zone": "Europe"}, "there is no time zone"),
        ("today", {"time_zone": "a\x00b"}, "there is no time zone"),
        ("today", {"time_zone": "\ud800"}, "there is no time zone"),
        ("today", {"time_zone": "x" * 100_000}, "there is no time zone"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_dates_refuse(operation: str, arguments: dict[str, Any], words: str) -> None:
    """What is no date, no time zone or outside the calendar is told to the model in words, at a
    length it can read."""
    with pytest.raises(ToolError) as caught:
        dates(operation, **arguments)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 200


def test_today() -> None:
    """Today is the day in the time zone that is asked for; without one in UTC."""
    for zone, hours in (
        (None, 0),
        ("", 0),
        ("UTC", 0),
        ("Pacific/Kiritimati", 14),
        ("Etc/GMT+12", -12),
    ):
        before = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
        found = dates("today", time_zone=zone)
        after = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
        assert found in {before.date().isoformat(), after.date().isoformat()}
    east, west = "Pacific/Kiritimati", "Etc/GMT+12"  # never on the same day
    assert dates("today", time_zone=east) != dates("today", time_zone=west)
    of_the_form = ToolContext({"timezone": east})
    assert dates("today", context=of_the_form) == dates("today", time_zone=east)
    assert dates("today", context=of_the_form, time_zone=west) == dates("today", time_zone=west)
    assert dates("difference", date="today", other=None) == "0"
    assert dates("weekday", date="TODAY") == dates("weekday")


def test_no_time_zone_needs_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a time zone the calendar works on a machine that has no time zone data."""

    def absent(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr("zoneinfo.ZoneInfo", absent)
    assert dates("weekday", date="2026-03-03") == "Tuesday"


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["today", "add", "difference", "weekday"]),
    st.fixed_dictionaries(
        {
            "date": st.none() | st.text(max_size=12) | st.dates().map(str),
            "other": st.none() | st.text(max_size=12) | st.dates().map(str),
            "amount": st.none() | st.integers(),
            "unit": st.none() | st.sampled_from(["days", "weeks", "months", "years"]),
            "time_zone": st.none()
            | st.text(max_size=12)
            | st.sampled_from(["Europe/Berlin", "UTC", "Asia/Kathmandu"]),
        }
    ),
)
def test_dates_fail_only_in_words(operation: str, arguments: dict[str, Any]) -> None:
    """Whatever the arguments, they give a text or a sentence for the model."""
    assert told(dates, operation, **arguments)


@settings(max_examples=100, deadline=None)
@given(st.dates(), st.integers(-5_000, 5_000), st.sampled_from(["days", "weeks"]))
def test_add_and_difference_agree(date: dt.date, amount: int, unit: str) -> None:
    """The days between a date and a later one are the days that were added."""
    try:
        later = dates("add", date=date.isoformat(), amount=amount, unit=unit)
    except ToolError:
        return
    assert int(dates("difference", date=date.isoformat(), other=later)) == amount * (
        7 if unit == "weeks" else 1
    )


# --- search_context -------------------------------------------------------------------------------

STORY = (
    "Order 7731 was placed on 2 March.\n\n"
    + "The weather was fair that week. " * 40
    + "\n\n   The total of the order is 1240.50 euros.   \n\n"
    + "Nothing else happened in the harbour. " * 40
    + "\n\nIt ships from Bergen."
)


def test_search_finds() -> None:
    """The passage that speaks of the query is found first, in any case and form of its words."""
    asked = {
        "total euros": "1240.50",
        "SHIPPED FROM BERGEN": "It ships from Bergen.",
        "When were the orders placed?": "Order 7731",
    }
    for query, words in asked.items():
        assert words in search(query, STORY).split("\n\n[from")[0]


def test_search_finds_nothing() -> None:
    """What the context does not speak of is said to be absent."""
    assert search("zebra", STORY) == "Nothing in the context has these words."
    assert search("", STORY) == "Nothing in the context has these words."
    assert search("?!", STORY) == "Nothing in the context has these words."
    for context in (None, ""):
        with pytest.raises(ToolError, match="no context"):
            search("order", context)


TEXTS = [
    STORY,
    "  \n\n " + STORY,
    "a" * 2_000,
    "word " * 1_000,
    "x. " * 900,
    "\n\n\n",
    "日本語。" * 500,
    "a\u2028b " * 700,
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:30])
def test_passages_stand_where_they_say(text: str) -> None:
    """Every passage stands at its place, and together they hold every word."""
    found = passages(text)
    for passage in found:
        assert text[passage.start : passage.start + len(passage.text)] == passage.text
        assert passage.text == passage.text.strip()
    assert "".join("".join(passage.text.split()) for passage in found) == "".join(text.split())


def test_search_says_where() -> None:
    """The place in front of a passage is where it begins in the context."""
    for entry in search("total harbour Bergen", STORY).split("\n\n[from character "):
        place, _, words = entry.removeprefix("[from character ").partition("]\n")
        assert STORY[int(place) :].startswith(words.split("\n")[0])


def test_search_is_bounded() -> None:
    """Two megabytes of any kind are searched in a second or two, and the output can be read by a
    model."""
    size = 2_000_000
    chance = random.Random(7)
    words = ["order", "total", "harbour", "weather", "fair", "bergen", "euros", "timber"]
    texts = [
        " ".join(chance.choice(words) for _ in range(size // 7)),
        "a" * size,
        " " * size + "order",
        "\n" * size + "order",
        "order " * (size // 6),
        ". " * (size // 2) + "order",
        "\n \n" * (size // 3) + "order",
    ]
    for text in texts:
        with cpu_limit():
            output = search("order total " * 50_000, text)
        assert len(output) <= MAX_OUTPUT + 20
    assert len(best_passages(texts[0], "order")) == 5


# --- what a tool is -------------------------------------------------------------------------------


@tool("Tries every kind of parameter.", seconds=3)
def every_kind(  # noqa: PLR0917  one of each
    text: Annotated[str, "a text"],
    count: int,
    amount: float | None,
    flag: bool,
    unit: Annotated[Literal["a", "b"] | None, "one of two"],
    context: ToolContext,
    fixed: Literal["x", "y"] = "x",
) -> str:
    return repr((text, count, amount, flag, unit, fixed, sorted(context.values)))


def test_schema() -> None:
    """A tool's strict schema is its signature: closed, all required, descriptions and choices; the
    context is not seen."""
    assert (every_kind.name, every_kind.description, every_kind.seconds) == (
        "every_kind",
        "Tries every kind of parameter.",
        3,
    )
    assert every_kind.parameters == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "a text"},
            "count": {"type": "integer"},
            "amount": {"type": ["number", "null"]},
            "flag": {"type": "boolean"},
            "unit": {
                "type": ["string", "null"],
                "description": "one of two",
                "enum": ["a", "b", None],
            },
            "fixed": {"type": "string", "enum": ["x", "y"]},
        },
        "required": ["text", "count", "amount", "flag", "unit", "fixed"],
        "additionalProperties": False,
    }


GOOD: dict[str, Any] = {
    "text": "x",
    "count": 1,
    "amount": None,
    "flag": True,
    "unit": None,
    "fixed": "y",
}


def test_call() -> None:
    """Arguments that fit are passed on, with the run's context."""
    every_kind.check(GOOD)
    assert (
        every_kind.call(GOOD, ToolContext({"b": 1, "a": 2})).text
        == "('x', 1, None, True, None, 'y', ['a', 'b'])"
    )
    every_kind.check({**GOOD, "amount": 1, "unit": "b"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": 5}, "text must be string"),
        ({"text": None}, "text must be string"),
        ({"count": "1"}, "count must be integer"),
        ({"count": 1.5}, "count must be integer"),
        ({"count": True}, "count must be integer"),
        ({"amount": "1"}, "amount must be number or null"),
        ({"amount": False}, "amount must be number or null"),
        ({"flag": 1}, "flag must be boolean"),
        ({"flag": "true"}, "flag must be boolean"),
        ({"unit": "c"}, "unit must be one of a, b"),
        ({"unit": 1}, "unit must be string or null"),
        ({"fixed": None}, "fixed must be string"),
        ({"fixed": "z"}, "fixed must be one of x, y"),
        ({"text": ["x"]}, "text must be string"),
        ({"text": {"a": 1}}, "text must be string"),
        ({"context": "x"}, "there is no argument context"),
        ({"x" * 1_000: 1}, "the arguments are text, count"),
    ],
)
def test_wrong_arguments(change: dict[str, Any], words: str) -> None:
    """Arguments that do not fit are refused by name, in the words of the schema, before anything
    runs."""
    with pytest.raises(ToolError) as caught:
        every_kind.check({**GOOD, **change})
    assert words in str(caught.value)
    assert len(str(caught.value)) < 200
    with pytest.raises(ToolError, match="the argument flag is missing"):
        every_kind.check({name: value for name, value in GOOD.items() if name != "flag"})


def test_long_output_is_cut() -> None:
    """A tool's output has a length that a model can read, and says when it was cut."""

    @tool("Long.")
    def long() -> str:
        return "x" * (MAX_OUTPUT + 1)

    assert long.call({}, NOTHING).text == "x" * MAX_OUTPUT + "\n[cut off]"


@pytest.mark.parametrize("name", TOOLS)
def test_each_tool(name: str) -> None:
    """Each tool is listed under its own name and has words for the model."""
    one = TOOLS[name]
    assert one.name == name
    assert one.description.endswith(".")
    assert one.parameters["required"] == list(one.parameters["properties"])
