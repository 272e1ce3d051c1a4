"""Line items of invoices with the embedded engine: whole rows, their pages, and their sum."""

from __future__ import annotations

import csv
import json

import pytest

from connector.catalogue import load_catalogue
from connector.catalogue.files import FileInput
from connector.engine.engine import Engine, Outcome
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.local.provider import LocalProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings
from tests.support.invoices import ITEMS, LAYOUTS
from tests.support.upstream import FakeUpstream, forced_call

FIELDS = "item text\nquantity integer\nprice number: of one\namount number: of the line"


@pytest.fixture(scope="module")
def engine() -> Engine:
    settings = Settings(engine="local")
    return Engine(load_catalogue(), LocalProvider(), load_models(), settings)


def run(engine: Engine, action: str, content: bytes, **form: str) -> Outcome:
    outcome = engine.run(action, {"file": FileInput(content=content).as_text(), **form})
    assert outcome.error is None, outcome.error
    return outcome


@pytest.mark.parametrize("layout", LAYOUTS)
def test_items_of_an_invoice(engine: Engine, layout: str) -> None:
    """Every item is one row with its own values, on its page, and they add up to the total."""
    outcome = run(engine, "extract_document", LAYOUTS[layout](), fields=FIELDS, many_rows="yes")
    found = outcome.values["rows"]
    expected = [item._asdict() for item in ITEMS]
    if layout == "several_lines":
        expected = [{**row, "item": f"{row['item']} from stock"} for row in expected]
    assert found == expected
    assert outcome.values["totals_match"] is True
    pages = [one["page"] for one in outcome.values["row_evidence"]]
    assert pages == ([1, 1, 1, 2, 2] if layout == "two_pages" else [1] * len(ITEMS))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_within_a_record(engine: Engine, layout: str) -> None:
    """Values of the invoice and its items come in one answer."""
    fields = "items rows(item text, quantity integer, amount number)"
    outcome = run(engine, "extract_document", LAYOUTS[layout](), fields=fields)
    found = [(row["quantity"], row["amount"]) for row in outcome.values["data"]["items"]]
    assert found == [(item.quantity, item.amount) for item in ITEMS]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_table_of_an_invoice(engine: Engine, layout: str) -> None:
    """The table has all rows and no line of the total, and can be checked line by line."""
    outcome = run(engine, "extract_table", LAYOUTS[layout]())
    assert len(outcome.values["rows"]) == len(ITEMS)
    assert len(outcome.values["csv"].splitlines()) == len(ITEMS) + 1
    assert outcome.values["totals_match"] is True
    assert all(one["verified"] for one in outcome.values["evidence"])


@pytest.mark.parametrize("dialect", ["responses", "chat"])
@pytest.mark.parametrize("layout", ["ruled", "unruled", "two_pages"])
def test_a_table_by_a_hosted_model(dialect: str, layout: str) -> None:
    """The model is sent the rows as they stand; its rows are looked up, added up, and are CSV."""
    titles = ("Description", "Qty", "Unit price", "Amount")
    rows = [
        (one.item, str(one.quantity), f"{one.price:,.2f}", f"{one.amount:,.2f}") for one in ITEMS
    ]
    pages = [1, 1, 1, 2, 2] if layout == "two_pages" else [1] * len(ITEMS)
    lines = [{"cells": "|".join(row), "page": page} for row, page in zip(rows, pages, strict=True)]
    with FakeUpstream([forced_call({"titles": "|".join(titles), "lines": lines})]) as up:
        settings = Settings(
            openai_api_key="any", openai_base_url=up.base_url, dialect=dialect, engine="openai"
        )
        models = load_models()
        engine = Engine(load_catalogue(), OpenAIProvider(settings, models), models, settings)
        outcome = run(engine, "extract_table", LAYOUTS[layout]())
        sent = json.dumps(up.requests[0]["body"])
        assert up.errors == []
    assert all(json.dumps("\t".join(row))[1:-1] in sent for row in rows)
    assert outcome.values["rows"] == [dict(zip(titles, row, strict=True)) for row in rows]
    assert outcome.values["columns_found"] == list(titles)
    assert list(csv.reader(outcome.values["csv"].splitlines())) == [list(titles), *map(list, rows)]
    assert outcome.values["totals_match"] is True
    assert [(one["page"], one["verified"]) for one in outcome.values["evidence"]] == [
        (page, True) for page in pages
    ]


def test_another_of_several_tables(engine: Engine) -> None:
    """Of two tables one is given, with a warning; the columns of the other one give that."""
    content = (
        b"<html><table><tr><th>Item<th>Price</tr><tr><td>Pen<td>3.50</tr><tr><td>Ink<td>4.00</tr>"
        b"</table><p>Branches</p><table><tr><th>Branch<th>Staff</tr><tr><td>Oslo<td>4</tr></table>"
    )
    first = run(engine, "extract_table", content)
    assert [row["Item"] for row in first.values["rows"]] == ["Pen", "Ink"]
    (warning,) = (one for one in first.warnings if "2 tables" in one)
    assert "name its columns" in warning
    second = run(engine, "extract_table", content, columns="Branch\nStaff")
    assert second.values["rows"] == [{"Branch": "Oslo", "Staff": "4"}]
    assert not any("tables" in one for one in second.warnings)


def test_a_table_over_two_pages_is_one(engine: Engine) -> None:
    """A table that goes on after a page break is not taken for several."""
    outcome = run(engine, "extract_table", LAYOUTS["two_pages"]())
    assert not any("tables" in one for one in outcome.warnings)
