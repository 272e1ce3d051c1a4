"""Long texts with the embedded engine: all of them is read, or the answer says what was not."""

from __future__ import annotations

import pytest

from connector.catalogue.user_field_parser import read_user_fields
from connector.providers.local.methods import extract as module
from connector.providers.local.methods.extract import extract

LINE = "The weather was calm on that day, and the boats stayed in the harbour.\n"
FIELDS = read_user_fields("order_number\ntotal money\nclosing_date date")
TEXT = (
    f"{LINE * 3_000}Order number: AB-4711\n{LINE * 3_000}Total: EUR 12.50\n{LINE * 3_000}"
    "Closing date: 3 March 2026\n"
)


def test_the_middle_is_read() -> None:
    """Values are found wherever they stand in a text of 600,000 characters."""
    notes: list[str] = []
    found = extract({"text": TEXT, "fields": FIELDS}, notes=notes)
    assert found == {
        "order_number": "AB-4711",
        "total": 12.5,
        "total_currency": "EUR",
        "closing_date": "2026-03-03",
    }
    assert notes == []


def test_what_was_not_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """When reading takes too long, the answer has the beginning and the end, and says so."""
    monkeypatch.setattr(module, "_SECONDS", -1.0)
    notes: list[str] = []
    found = extract({"text": TEXT, "fields": FIELDS}, notes=notes)
    known = {name: value for name, value in found.items() if value is not None}
    assert known == {"closing_date": "2026-03-03"}
    assert f"of the text's {len(TEXT):,} characters were read" in notes[0]


def test_rows_of_a_long_text() -> None:
    """All rows of a long table are given, and equal ones stay."""
    table = "Item; Quantity; Amount\n" + "Pen; 2; 1.50\n" * 3_000
    fields = read_user_fields("item\nquantity integer\namount number")
    rows = extract({"text": table, "fields": fields}, many=True)["rows"]
    assert len(rows) == 3_000
    assert rows[-1] == {"item": "Pen", "quantity": 2, "amount": 1.5}
