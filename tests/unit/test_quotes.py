"""Quotes of an answer: each place once, and a label with the value that stands behind it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.catalogue.derived import derive
from connector.catalogue.files import Document, FileInput, Files, Page
from connector.providers.local.text.sentences import sentences

TEXT = (
    "Northwind Paper Ltd\n"
    "Invoice no.\tNP-2041\tDate\t3 March 2026\n"
    "Customer: Harbour Books\n"
    "Payment ........ 30 days\n"
    "- Carrier: Van Dijk\n"
    "Notes:\n"
    "Terms of delivery\n"
    "The invoice no. is on each page."
)
# (what was quoted, what the answer has)
LABELS = [
    ("Invoice no.", "Invoice no.\tNP-2041\tDate\t3 March 2026"),
    ("invoice NO.", "Invoice no.\tNP-2041\tDate\t3 March 2026"),
    ("Date", "Date\t3 March 2026"),
    ("Customer", "Customer: Harbour Books"),
    ("Customer:", "Customer: Harbour Books"),
    ("Payment", "Payment ........ 30 days"),
    ("Carrier:", "Carrier: Van Dijk"),
    # no label, or one without a value on its line
    ("Notes:", "Notes:"),
    ("Terms of delivery", "Terms of delivery"),
    ("Northwind Paper Ltd", "Northwind Paper Ltd"),
    ("Northwind", "Northwind"),
    ("Harbour Books", "Harbour Books"),
    ("is on each page.", "is on each page."),
    ("3 March 2026", "3 March 2026"),
    ("Customer: Harbour Books", "Customer: Harbour Books"),
    ("Delivery date", "Delivery date"),
]


def _files(*texts: str) -> Files:
    pages = tuple(Page(1, number, text) for number, text in enumerate(texts, 1))
    return Files((FileInput(content=b"x"),), (Document(1, "a.pdf", "pdf", pages),))


def _answered(quotes: list[dict[str, Any]], *texts: str) -> dict[str, Any]:
    action = load_catalogue()["answer"]
    form = {**action.read_form({"question": "?", "text": "x"}), "sources": _files(*texts)}
    return derive(action, form, {"answer": "So.", "found": True, "quotes": quotes})


@pytest.mark.parametrize(("quote", "expected"), LABELS)
def test_a_label_gets_its_value(quote: str, expected: str) -> None:
    """The quote that is only a label goes on to its value, in documents and in texts."""
    found = _answered([{"quote": quote, "file": None, "page": 1}], TEXT)
    (row,), (citation,) = found["quotes"], found["citations"]
    assert row["quote"] == expected
    assert citation["quote"] == (expected if citation["verified"] else quote)
    assert citation["verified"] is (quote != "Delivery date")
    action = load_catalogue()["answer_with_tools"]
    form = action.read_form({"question": "?", "context": TEXT})
    given = {"answer": "So.", "value": None, "found": True, "quotes": [quote]}
    values = derive(action, form, given)
    assert values["quotes"] == [expected]
    assert values["evidence"][0]["quote"] == expected


FIRST, SECOND = "Rent is due on Monday.", "Rent is due on Monday. So is the deposit."
EQUAL: list[tuple[list[tuple[str, int | None]], list[tuple[str, int]]]] = [
    ([("Rent is due", 1), ("Rent is due", 1)], [("Rent is due", 1)]),
    ([("Rent is due", 1), ("rent  is DUE", None)], [("Rent is due", 1)]),
    ([("Rent is due", 1), ("Rent is due", 2)], [("Rent is due", 1), ("Rent is due", 2)]),
    ([("Rent is due", 1), ("on Monday", 1)], [("Rent is due", 1), ("on Monday", 1)]),
    ([("the deposit", 2), ("the deposit", 7)], [("the deposit", 2)]),
]


@pytest.mark.parametrize(("quoted", "expected"), EQUAL)
def test_equal_quotes_are_there_once(
    quoted: list[tuple[str, int | None]], expected: list[tuple[str, int]]
) -> None:
    """Once for each page, and with one citation each."""
    rows = [{"quote": quote, "file": None, "page": page} for quote, page in quoted]
    found = _answered(rows, FIRST, SECOND)
    assert [(one["quote"], one["page"]) for one in found["citations"]] == expected
    assert len(found["quotes"]) == len(expected)


def test_findings_are_not_put_together() -> None:
    """Two findings may have the same proof."""
    action = load_catalogue()["analyze_document"]
    form = {**action.read_form({"task": "Risks", "text": "x"}), "file": _files(FIRST)}
    shared = {"detail": "d", "basis": "stated", "quote": "Rent is due", "page": 1}
    findings = [{"title": "One", **shared}, {"title": "Two", **shared}]
    values = derive(action, form, {"findings": findings})
    assert values["findings"] == findings
    assert [one["field"] for one in values["evidence"]] == ["One", "Two"]


def test_a_long_row_ends_with_the_value() -> None:
    """Of a row that goes on for long, the value is enough."""
    row = "Invoice number\tNP-2041\t" + "\t".join(["and so on"] * 90)
    found = _answered([{"quote": "Invoice number", "file": None, "page": 1}], row)
    assert len(found["quotes"][0]["quote"]) <= 300
    assert found["quotes"][0]["quote"].startswith("Invoice number\tNP-2041")


def test_many_equal_quotes_take_little_time() -> None:
    """Thousands of labels in a long text are settled in time."""
    text = "Label:\tvalue\n" * 20_000
    started = time.process_time()
    action = load_catalogue()["answer_with_tools"]
    form = {**action.read_form({"question": "?", "context": "x"}), "context": text}
    given = {"answer": "So.", "value": None, "found": True, "quotes": ["Label"] * 2_000}
    assert derive(action, form, given)["quotes"] == ["Label:\tvalue"]
    assert time.process_time() - started < 20


def test_a_sentence_goes_on_in_the_next_cell() -> None:
    """A label that ends with a full stop is one line with its value."""
    found = [one.raw for one in sentences("Rechnungsnr.\t4711\nDone.\n")]
    assert found == ["Rechnungsnr.\t4711", "Done."]
