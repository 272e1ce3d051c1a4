"""A value is found in every form that a text may use, at its exact position, and never where it is
absent."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.catalogue.text_spans import find_quote, find_value
from connector.catalogue.user_fields import USER_FIELD_TYPES
from connector.yaml_subset import read_yaml
from tests.support.guards import cpu_limit


def found(text: str, value: Any, kind: str, near: str = "") -> str | None:
    """The words of the text at the place that was found."""
    place = find_value(text, value, kind, near=near)
    return None if place is None else text[place.start : place.end]


SPEC, _ = read_yaml(
    (Path(__file__).parents[1] / "spec" / "places.yaml").read_text(encoding="utf-8")
)
WRITTEN = [(case["value"], case["kind"], marked) for case in SPEC for marked in case["texts"]]
LONG = 12345678901234567890123456789012345
ODD = [
    (LONG, "integer", f"no. «{LONG}»"),
    (LONG + 1, "integer", f"no. {LONG}"),
    (None, "number", "None"),
    (float("nan"), "number", "nan"),
    (float("inf"), "number", "inf"),
]


@pytest.mark.parametrize(
    ("value", "kind", "marked"), WRITTEN + ODD, ids=lambda part: ascii(part)[:40]
)
def test_written_forms(value: Any, kind: str, marked: str) -> None:
    """A value is found in each written form, exactly at its place, and not in what only looks like
    it."""
    text = marked.replace("«", "").replace("»", "")
    place = find_value(text, value, kind)
    if "«" not in marked:
        assert place is None
    else:
        assert place is not None
        assert (place.start, place.end) == (marked.index("«"), marked.index("»") - 1)


@pytest.mark.parametrize(
    ("text", "value", "near", "before"),
    [
        ("Net 50.00\nVAT 9.50\nTotal 59.50\nPaid 59.50", 59.5, "total the amount to pay", "Total "),
        ("Shipping: 50\n" + "." * 100 + "\nTotal: 50", 50, "total", "Total: "),
        ("Discount 50, deposit 50", 50, "deposit", "deposit "),
        ("Deposit 50, discount 50", 50, "", "Deposit "),
        ("50 and 50", 50, "something else", ""),
        ("Total 7.50 - " + "x" * 100 + " - Subtotal 50", 50, "subtotal", "Subtotal "),
    ],
)
def test_nearest_label(text: str, value: Any, near: str, before: str) -> None:
    """Of several places the one that follows the field's own words is taken; without any, the
    first."""
    place = find_value(text, value, "money", near=near)
    assert place is not None
    assert text[: place.start].endswith(before)
    if not before:
        assert place.start == 0


QUOTE = (
    "The total is 1240.50 euros, to be paid before Friday, and not a day later than that, as "
    "we said."
)


@pytest.mark.parametrize(
    ("text", "quote", "words"),
    [
        ("a b c", "b", "b"),
        ("A  B\nC", "a b c", "A  B\nC"),
        ("a b c", " b ", "b"),
        ("a b c", "d", None),
        ("a b c", "", None),
        ("x " + QUOTE + " y", QUOTE, QUOTE),
        ("x " + QUOTE.upper() + " y", QUOTE, QUOTE.upper()),
        ("x " + QUOTE.replace(" ", " \n\t") + " y", QUOTE.lower(), QUOTE.replace(" ", " \n\t")),
        ("x" + QUOTE.replace(" ", "  ") + "y", QUOTE, QUOTE.replace(" ", "  ")),
        ("İ İ " + QUOTE.upper() + " İ", QUOTE, QUOTE.upper()),
        ("x " + QUOTE[:-5], QUOTE, None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_quotes(text: str, quote: str, words: str | None) -> None:
    """A quotation is found as it is or but for case and white space, short or long, and else not at
    all."""
    place = find_quote(text, quote)
    assert (None if place is None else text[place.start : place.end]) == words


SIZE = 300_000
ADVERSARIAL = {
    "digits": "1" * SIZE,
    "digits apart": "1 " * (SIZE // 2),
    "digits and points": "1." * (SIZE // 2),
    "zeros": "0" * SIZE,
    "zeros with points": "0.0" * (SIZE // 3),
    "thousands": "1 000 " * (SIZE // 6),
    "spaces": " " * SIZE,
    "lines": "\n" * SIZE,
    "quotation marks": "\u2019" * SIZE,
    "marks": "a\u0301" * (SIZE // 2),
    "digits of another script": "\u0665" * SIZE,
    "signs": "(-5) " * (SIZE // 5),
    "letters": "a" * SIZE,
    "letters apart": "a " * (SIZE // 2),
    "spaces behind a letter": "a" + " " * SIZE,
    "dates of another year": "03.03.25 " * (SIZE // 9),
    "months": "3 mar " * (SIZE // 6),
    "months of another year": "mar 3 2025 " * (SIZE // 11),
    "times": "14:3 " * (SIZE // 5),
    "colons": "12:" * (SIZE // 3),
    "hours": "14 h " * (SIZE // 5),
    "phones": "+1 (" * (SIZE // 4),
    "apostrophes": "1'" * (SIZE // 2),
    "words": "total 50 " * (SIZE // 9),
    "no-break": "1\u00a0" * (SIZE // 2),
}
WANTED = [
    (1000, "number"),
    (0.5, "number"),
    (0, "number"),
    (111, "number"),
    (10**40, "integer"),
    ("2026-03-03", "date"),
    ("14:30", "time"),
    ("02:00", "time"),
    ("+493012345678", "phone"),
    ("EUR", "currency"),
    ("a a a a a a a a a b", "text"),
    ("a " * 20_000 + "b", "text"),
    ("a" * 20_000 + "b", "text"),
    ("x" * 20_000, "text"),
    ("total " * 3 + "51", "text"),
]


@pytest.mark.slow
def test_two_megabytes() -> None:
    """A long document is searched for a dozen values in a second or two."""
    text = "Total 50.00 on 3 March 2025 at 14:31, call +49 30 1234567. " * 34_000
    with cpu_limit():
        for value, kind in WANTED:
            find_value(text, value, kind, near="total")


@pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
def test_bounded_time(text: str) -> None:
    """A long text made to be slow is searched in a fraction of a second a value, whatever the value
    and its label."""
    for value, kind in WANTED:
        with cpu_limit():
            find_value(text, value, kind, near="total " * 100_000)


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates().map(str)
    | st.times().map(lambda at: at.isoformat("minutes"))
)
TEXTS = st.text(max_size=80) | st.lists(
    st.sampled_from(
        [
            *"0123456789.,:'/-+()hpm ",
            "\u00a0",
            "März",
            "march",
            "3",
            "2026",
            "de ",
            "EUR",
            "€",
            "am",
            "a",
        ]
    ),
    max_size=30,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, VALUES, st.sampled_from([*USER_FIELD_TYPES, "another"]), st.text(max_size=20))
def test_no_failure(text: str, value: Any, kind: str, near: str) -> None:
    """Whatever the value and the text, there is a place inside the text, or none; no failure comes
    out."""
    place = find_value(text, value, kind, near=near)
    if place is not None:
        assert 0 <= place.start < place.end <= len(text)


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(0, 10**9, places=2),
    st.sampled_from(["{:.2f}", "{:,.2f}"]),
    st.booleans(),
    st.text("abc ", max_size=10),
)
def test_any_amount(amount: Any, form: str, swapped: bool, around: str) -> None:
    """Any amount is found in the usual forms, with points and commas either way."""
    written = form.format(amount)
    if swapped:
        written = written.translate(str.maketrans(",.", ".,"))
    text = f"{around} {written} {around}"
    assert found(text, float(amount), "money") == written


FORMS = [
    "{0:%Y-%m-%d}",
    "{0.day} {0:%B} {0.year}",
    "{0:%B} {0.day}, {0.year}",
    "{0:%d.%m.}{0.year}",
    "{0.day}/{0.month}/{0.year}",
    "{0:%d-%b-}{0.year}",
]


@settings(max_examples=200, deadline=None)
@given(st.dates(dt.date(1000, 1, 1)), st.sampled_from(FORMS))
def test_any_date(date: dt.date, form: str) -> None:
    """Any date of four digits is found in the usual forms."""
    written = form.format(date)
    assert found(f"on {written}, or so", date.isoformat(), "date") == written


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.data())
def test_any_piece_of_the_text(text: str, data: st.DataObject) -> None:
    """Any piece of a text is found as a quotation, and what is found is that piece but for white
    space at its ends."""
    start = data.draw(st.integers(0, len(text)))
    quote = text[start : data.draw(st.integers(start, len(text)))]
    place = find_quote(text, quote)
    if quote.split():
        assert place is not None
        assert text[place.start : place.end] == quote.strip()
    else:
        assert place is None
