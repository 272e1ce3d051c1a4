"""What the parts of a long document gave is put together without a model."""

from __future__ import annotations

from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.merging import merge_answers

ACTION = load_catalogue()["extract_document"]
PEN = {"item": "Pen", "quantity": 2, "price": 1.5}


@pytest.mark.parametrize(
    ("field", "parts", "merged"),
    [
        ("items rows(item text, quantity integer, price number)", [[PEN], [PEN]], [PEN, PEN]),
        ("items rows(item text, quantity integer, price number)", [[PEN, PEN], []], [PEN, PEN]),
        ("items list", [["a", "b"], ["b", "c"]], ["a", "b", "c"]),
        ("items list", [["a", "a"], ["a"]], ["a", "a"]),
        ("items number", [None, 3], 3),
    ],
    ids=["equal rows of two pages", "of one", "texts", "texts of one part", "a number"],
)
def test_values_of_two_parts(field: str, parts: list[Any], merged: Any) -> None:
    """Equal rows stay as many as they are, since each page is in one part; a text is named once."""
    form = ACTION.read_form({"file": "https://example.com/a.pdf", "fields": field})
    answers = [
        (f"page {number}", {"data": {"items": value}, "not_found": [], "evidence": []})
        for number, value in enumerate(parts, 1)
    ]
    values, warnings = merge_answers({"data": ACTION.returns["data"]}, form, answers)
    assert (values, warnings) == ({"data": {"items": merged}}, [])
