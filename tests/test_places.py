"""A value is found in whatever form a text writes it, at its exact place, and never where the text does not have it."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.catalogue.shape import SHAPE_TYPES
from connector.engine.places import find_quote, find_value


def found(text: str, value: Any, kind: str, near: str = "") -> str | None:
    """The words of the text at the place that was found."""
    place = find_value(text, value, kind, near=near)
    return None if place is None else text[place.start : place.end]


# (the value, its kind, the text with the place in « »; without a place the text does not have the value)
WRITTEN = [
    # numbers
    *((1234.5, "money", text) for text in (
        "Total «1.234,50» EUR", "Total «1,234.50» EUR", "Total «1 234,50» EUR", "«1'234.50»", "«1\u2019234.50»", "«1\u00a0234,50»", "«1\u202f234,5»", "«1234.5»", "«1234,50»",
        "EUR«1234,50»-", "-«1.234,50».", "(«1,234.500»)", "$«1,234.50»!", "21.234,50", "1.234,505", "1.234.50", "12345", "1 2345", "1.234,5.0", "11 234.5 and «1234.5»",
    )),
    *((1234567, "number", text) for text in ("«1234567»", "«1,234,567»", "«1.234.567»", "«1 234 567»", "«12,34,567»", "«1,234,567.00»", "1,234,5678", "1.234,567.8", "0.1234567")),
    *((0.5, "number", text) for text in ("«0.5»", "«0,50»", "«.5» kg", "1.5", "10.5", "0.55", "5")),
    *((15, "integer", text) for text in ("«15»", "«15.0»", "«15,00»", "«015»", "«15»%", "«15»kg", "A«15»", "1.5", "1,5", "115", "150", "15.5", "3.15", "1 5")),
    *((0, "integer", text) for text in ("«0»", "«0.00»", "10", "0.5", "00:01"[:0] + "«00»")),
    (-5, "number", "minus «5» degrees"), (19, "percent", "VAT «19» %"), (3, "integer", "on 3.3.2026"), (240, "integer", "1\u00a0240"), (1e22, "number", "«10000000000000000000000»"),
    (12345678901234567890123456789012345, "integer", "no. «12345678901234567890123456789012345»"), (12345678901234567890123456789012346, "integer", "no. 12345678901234567890123456789012345"),
    # dates
    *(("2026-03-03", "date", text) for text in (
        "on «2026-03-03»", "«3 March 2026»", "«March 3rd, 2026»", "«March 3, 2026».", "«Mar 3 2026»", "«03.03.26»", "«3.3.2026»", "«03/03/2026»", "«3. 3. 2026»", "«3. März 2026»", "«3.März 2026»", "le «3 mars 2026»",
        "el «3 de marzo de 2026»", "«3 marzo 2026»", "«3 maart 2026»", "«3 de março de 2026»", "«03-Mar-2026»", "«03-Mar-26»", "«3rd of March, 2026»", "«3\u00a0mars\u00a02026»", "«2026/3/3»", "«2026.03.03»",
        "«2026年3月3日»", "«3 Mar. 2026»", "see you on «3 March».", "«MARCH 3»", "13 March 2026", "March 31", "3 March 2025", "March 3, 2025", "3 March, 2025", "03-Mar-25", "03.03.1926", "03.03.2", "3 markets", "3 Marketing", "3 out of 5",
        "3 May 2026", "2026-03-30", "12026-03-03", "remarch 3", "2026-03",
    )),
    ("2026-12-31", "date", "«12/31/2026»"), ("2026-12-31", "date", "«31/12/2026»"), ("2026-12-31", "date", "«31. Dezember 2026»"), ("1999-12-31", "date", "«31.12.99»"), ("2099-12-31", "date", "«31.12.99»"),
    ("2026-05-01", "date", "«1er mai 2026»"), ("2026-07-14", "date", "«14 juil. 2026»"), ("2026-06-14", "date", "14 jui 2026"), ("2026-08-15", "date", "«15 août 2026»"), ("2026-01-06", "date", "«6. Jänner 2026»"),
    ("2026-03-03T14:30", "datetime", "«3 March 2026» at 14:30"),
    # times
    *(("14:30", "time", text) for text in ("at «14:30»", "«2:30 pm»", "«2:30pm»", "«2.30 p.m.»", "«02:30 PM»", "«14h30»", "«14 h 30»", "«14.30» Uhr", "«14:30:59»", "2:30", "2:30 am", "114:30", "14:300", "14.30.2026", "14:31", "12.14.30")),
    *(("14:00", "time", text) for text in ("«2 pm»", "«14h»", "«14 Uhr»", "«14:00»", "14", "2 pmol", "14 horses")),
    *(("02:30", "time", text) for text in ("«2:30»", "«2:30 am»", "2:30 pm", "2:30 p.m.")),
    ("00:00", "time", "«12 am»"), ("12:00", "time", "«12 pm»"), ("12:15", "time", "«12:15 pm»"), ("00:15", "time", "12:15 pm"), ("05:00", "time", "5 amps"), ("14:30+00:00", "time", "«14:30»"),
    # telephone numbers
    *(("+493012345678", "phone", text) for text in (
        "«+49 30 12345678»", "«+49 (0) 30 / 123 456-78»", "Tel. «+49 (0)30 1234 5678»", "«030 12345678»", "«(030) 1234-5678»", "«0049 30 12345678»", "«030.1234.5678»", "030 12345679", "12345", "+49 31 12345678",
    )),
    ("030 12345678", "phone", "«+49 30 12345678»"), ("110", "phone", "call «110»"), ("extension 12", "phone", "«Extension 12»"),
    # currencies
    *(("EUR", "currency", text) for text in ("«EUR» 5", "«€»5", "5 «Euro»", "5 «euros»", "5«EUR»", "amateur", "Europe", "USD")),
    ("USD", "currency", "«$»5"), ("CHF", "currency", "«Fr.» 5"), ("XYZ", "currency", "5 «XYZ»"),
    # words
    ("Bergen", "text", "from «Bergen»."), ("bergen", "text", "from «Bergen»."), ("the  town hall", "text", "at «The Town\n  Hall»."), ("US", "text", "USED in the «US»"), ("a.b", "text", "axb «a.b»"), ("(x", "text", "«(x»"),
    ("a@b.example", "email", "to «A@B.example»"), ("Oslo", "text", "from Bergen"), ("", "text", "anything"), ("  ", "text", "anything"), ("open", "choice", "it is «open»"), ("x.example/a", "url", "see «x.example/a»"),
    # nothing to find
    (True, "boolean", "true"), (None, "number", "None"), ("abc", "number", "abc"), (float("nan"), "number", "nan"), (float("inf"), "number", "inf"), ("soon", "date", "soon"), ("2026-13-01", "date", "2026-13-01"), ("later", "time", "later"), ("", "currency", "x"), ("", "phone", "x"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind", "marked"), WRITTEN, ids=lambda part: ascii(part)[:40])
def test_written_forms(value: Any, kind: str, marked: str) -> None:
    """A value is found in each written form, exactly at its place, and not in what only looks like it."""
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
    """Of several places the one that follows the field's own words is taken; without any, the first."""
    place = find_value(text, value, "money", near=near)
    assert place is not None
    assert text[: place.start].endswith(before)
    if not before:
        assert place.start == 0


QUOTE = "The total is 1240.50 euros, to be paid before Friday, and not a day later than that, as we said."


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
)
def test_quotes(text: str, quote: str, words: str | None) -> None:
    """A quotation is found as it is or but for case and white space, short or long, and else not at all."""
    place = find_quote(text, quote)
    assert (None if place is None else text[place.start : place.end]) == words


SIZE = 2_000_000
ADVERSARIAL = {
    "digits": "1" * SIZE, "digits apart": "1 " * (SIZE // 2), "digits and points": "1." * (SIZE // 2), "zeros": "0" * SIZE, "zeros with points": "0.0" * (SIZE // 3), "thousands": "1 000 " * (SIZE // 6),
    "spaces": " " * SIZE, "lines": "\n" * SIZE, "letters": "a" * SIZE, "letters apart": "a " * (SIZE // 2), "spaces behind a letter": "a" + " " * SIZE, "dates of another year": "03.03.25 " * (SIZE // 9),
    "months": "3 mar " * (SIZE // 6), "months of another year": "mar 3 2025 " * (SIZE // 11), "times": "14:3 " * (SIZE // 5), "colons": "12:" * (SIZE // 3), "hours": "14 h " * (SIZE // 5), "brackets": "(" * SIZE,
    "phones": "+1 (" * (SIZE // 4), "euros": "eu" * (SIZE // 2), "signs": "$€" * (SIZE // 2), "apostrophes": "1'" * (SIZE // 2), "words": "total 50 " * (SIZE // 9), "no-break": "1\u00a0" * (SIZE // 2),
}  # fmt: skip
WANTED = [
    (1000, "number"), (0.5, "number"), (0, "number"), (111, "number"), (10**40, "integer"), ("2026-03-03", "date"), ("14:30", "time"), ("02:00", "time"), ("+493012345678", "phone"), ("EUR", "currency"), ("a a a a a a a a a b", "text"),
    ("a " * 20_000 + "b", "text"), ("a" * 20_000 + "b", "text"), ("x" * 20_000, "text"), ("total " * 3 + "51", "text"),
]  # fmt: skip


@pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
def test_bounded_time(text: str) -> None:
    """Two megabytes made to be slow are searched in a fraction of a second a value, whatever the value and its label."""
    for value, kind in WANTED:
        started = time.monotonic()
        find_value(text, value, kind, near="total " * 100_000)
        assert time.monotonic() - started < 1.5, (str(value)[:20], kind)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates().map(str) | st.times().map(lambda at: at.isoformat("minutes"))
TEXTS = st.text(max_size=80) | st.lists(
    st.sampled_from([*"0123456789.,:'/-+()hpm ", "\u00a0", "März", "march", "3", "2026", "de ", "EUR", "€", "am", "a"]), max_size=30
).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, VALUES, st.sampled_from([*SHAPE_TYPES, "another"]), st.text(max_size=20))
def test_no_failure(text: str, value: Any, kind: str, near: str) -> None:
    """Whatever the value and the text, there is a place inside the text, or none; no failure comes out."""
    place = find_value(text, value, kind, near=near)
    if place is not None:
        assert 0 <= place.start < place.end <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.decimals(0, 10**9, places=2), st.sampled_from(["{:.2f}", "{:,.2f}"]), st.booleans(), st.text("abc ", max_size=10))
def test_any_amount(amount: Any, form: str, swapped: bool, around: str) -> None:
    """Any amount is found in the usual forms, with points and commas either way."""
    written = form.format(amount)
    if swapped:
        written = written.translate(str.maketrans(",.", ".,"))
    text = f"{around} {written} {around}"
    assert found(text, float(amount), "money") == written


@settings(max_examples=200, deadline=None)
@given(st.dates(), st.sampled_from(["{0:%Y-%m-%d}", "{0.day} {0:%B} {0.year}", "{0:%B} {0.day}, {0.year}", "{0:%d.%m.}{0.year}", "{0.day}/{0.month}/{0.year}", "{0:%d-%b-}{0.year}"]))
def test_any_date(date: Any, form: str) -> None:
    """Any date of four digits is found in the usual forms."""
    if date.year < 1000:
        return
    written = form.format(date)
    assert found(f"on {written}, or so", date.isoformat(), "date") == written


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.data())
def test_any_piece_of_the_text(text: str, data: st.DataObject) -> None:
    """Any piece of a text is found as a quotation, and what is found is that piece but for white space at its ends."""
    start = data.draw(st.integers(0, len(text)))
    quote = text[start : data.draw(st.integers(start, len(text)))]
    place = find_quote(text, quote)
    if quote.split():
        assert place is not None
        assert text[place.start : place.end] == quote.strip()
    else:
        assert place is None
