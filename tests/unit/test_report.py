"""Reports: exact numbers of a table, by group and period, and a text in which they are put."""

from __future__ import annotations

import csv
import io
import json
import random
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.errors import InvalidInput
from connector.providers.computed import ComputedProvider
from connector.providers.local.text.metric_language import (
    MAX_LINE,
    Condition,
    InvalidMetric,
    Metric,
    parse_metric,
)
from connector.providers.local.text.table_columns import read_days, read_numbers
from connector.providers.pricing.models import load_models
from connector.settings import Settings

ENGINE = Engine(load_catalogue(), ComputedProvider(), load_models(), Settings())
SALES = """date,region,amount,status
2026-02-03,North,"EUR 1,200.50",paid
2026-02-20,East,EUR 99.50,paid
2026-03-05,North,"EUR 1,500.00",paid
2026-03-09,South,EUR 300.25,open
"""


def run(rows: str, **form: Any) -> dict[str, Any]:
    outcome = ENGINE.run("report", {"rows": rows, **form})
    assert outcome.ok, outcome.error
    return dict(outcome.values)


def refused(rows: str, **form: Any) -> tuple[str, str]:
    """The field that is refused, and the sentence."""
    outcome = ENGINE.run("report", {"rows": rows, **form})
    assert isinstance(outcome.error, InvalidInput), outcome
    error = outcome.error.errors[0]
    return error.field, error.message


def value(rows: str, metric: str, **form: Any) -> Any:
    return run(rows, metrics=f"X = {metric}", **form)["numbers"][0]["shown"]


COLUMN = "n,tag\n" + "\n".join(f"{n},{tag}" for n, tag in zip("1234", "abab", strict=True))


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ("sum of n", "10"),
        ("sum(n)", "10"),
        ("SUM ( n )", "10"),
        ("average of n", "2.50"),
        ("median of n", "2.50"),
        ("lowest n", "1"),
        ("max(n)", "4"),
        ("count", "4"),
        ("count of rows", "4"),
        ("count where n >= 2", "3"),
        ("count where n >= 2 and tag = A", "1"),
        ("count where tag is not a", "2"),
        ("count where tag contains B", "2"),
        ("distinct tag", "2"),
        ("sum of n where tag = none", "0"),
        ("avg of n where tag = none", None),
        ("share where tag = a", "50.00%"),
        ("share of n where tag = a", "40.00%"),
    ],
)
def test_the_language(metric: str, text: str | None) -> None:
    """Each function, with words and with brackets, and each kind of condition."""
    assert value(COLUMN, metric) == text


def test_titles_with_blanks_and_signs() -> None:
    """A title is found in any case; one that looks like the language stands in quotes."""
    titles = ["Amount (net)", "paid where", "a and b"]
    assert parse_metric("sum of amount (net)", titles).column == "Amount (net)"
    assert parse_metric('T = sum of "paid where" where "A AND B" != "x = y"', titles) == Metric(
        "T", "sum", "paid where", (Condition("a and b", "!=", "x = y"),)
    )
    assert parse_metric("count where a is empty", ["a"]).conditions == (Condition("a", "empty"),)
    assert parse_metric("Open: count where a is not empty", ["a"]).name == "Open"


@pytest.mark.parametrize(
    "line",
    [
        "sum",
        "sum of nothing",
        "share",
        "multiply a",
        "count where",
        "count where a",
        "count where a =",
        "count where a is empty x",
        "= sum of a",
        "__import__('os').system('id')",
        "sum(a); drop table runs",
        "X = " + "(" * 380,
        "count where " + "a = b and " * 38,
        '"' * 399,
        "x" * (MAX_LINE + 1),
    ],
)
def test_what_is_no_metric_is_refused(line: str) -> None:
    """A sentence says what is needed; nothing of the line is evaluated."""
    with pytest.raises(InvalidMetric):
        parse_metric(line, ["a"])


def test_any_text_is_read_or_refused() -> None:
    """Random lines of the language's own parts end in a metric or in its error, no other."""
    parts = ["sum", "of", "a", "(", ")", "where", "and", "=", "<", '"', "is", "not", "empty", "é"]
    choose = random.Random(20)
    for _ in range(3_000):
        line = " ".join(choose.choices(parts, k=choose.randint(0, 12)))
        with suppress(InvalidMetric):
            assert parse_metric(line, ["a"]).function


@pytest.mark.parametrize(
    ("cells", "total"),
    [
        ("€1,200.50 / 99.50 € / -€0.01", "1,299.99 EUR"),
        ("1.234,50 / 1.234", "2,468.50"),  # the first cell shows how the second is meant
        ("1,234.5 / 1,234", "2,468.5"),
        ("1 234,5 / (34,5)", "1,200.0"),
        ("1,234,567 / 1,234", "1,235,801"),
        ("$1,000.00 / ($250.50)", "749.50 $"),
        ("12 kg / 3 kg", "15 kg"),
        ("10% / 15 %", "25%"),
        ("0.1 / 0.2", "0.3"),
        ("5 /  / 7", "12"),
        ("5 / n/a / 7", "12"),
    ],
)
def test_numbers_as_people_write_them(cells: str, total: str) -> None:
    """Signs of currencies, thousands and brackets; empty cells count nothing."""
    rows = json.dumps([{"v": cell.strip()} for cell in cells.split(" / ")])
    assert value(rows, "sum of v") == total


def test_what_is_no_number_is_named() -> None:
    """A cell that is left out is named beside the number, and in the notes of the report."""
    answer = run("v\n5\nn/a\n7", metrics="X = avg of v")
    assert answer["numbers"][0]["shown"] == "6.00"
    assert answer["notes"] == ["v: left out what is no number (n/a)."]
    assert "n/a" in answer["report_markdown"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("EUR 5", "USD 6"), "EUR and USD"),
        (("EUR 5", "6"), "EUR and no unit"),
        (("5 kg", "600 g"), "kg and g"),
        (("1,234", "2,345"), "two ways"),
        (("1,234.5", "1.234,5", "1,234"), "two ways"),
    ],
)
def test_nothing_is_added_that_does_not_go_together(cells: tuple[str, ...], words: str) -> None:
    """Other units, and numbers that can be read in two ways, give null and the reason."""
    rows = json.dumps([{"v": cell} for cell in cells])
    row = run(rows, metrics="sum of v\nshare of v where v is not empty")["numbers"]
    assert [one["value"] for one in row] == [None, None]
    assert words in row[0]["note"] and words in row[1]["note"]


def test_a_filter_and_groups_divide_units() -> None:
    """The total of two currencies is null, those of each currency are numbers."""
    rows = "c,v\nEUR,EUR 5\nUSD,USD 6\nEUR,EUR 7"
    answer = run(rows, metrics="T = sum of v\nE = sum of v where c = eur", group_by="C")
    texts = {(row["metric"], row["group"]): row["shown"] for row in answer["numbers"]}
    assert texts["T", None] is None
    assert texts["E", None] == texts["T", "EUR"] == "12 EUR"
    assert texts["T", "USD"] == "6 USD"


def test_the_region_says_how_numbers_are_meant() -> None:
    assert value("v\n1.234\n2.000", "sum of v", region="DE") == "3,234"
    assert value("v\n1.234\n2.000", "sum of v", region="US") == "3.234"


def test_numbers_of_json_have_a_point() -> None:
    """1.234 is no thousand in JSON, also with an exponent; true is no number."""
    assert value('[{"v": 1.234}, {"v": 2}, {"v": null}]', "sum of v") == "3.234"
    assert value('[{"v": 1e-05}, {"v": 2}]', "sum of v") == "2.000010"
    assert value('[{"v": 1e300}, {"v": 2}]', "sum of v") == "2"
    assert value('[{"v": true}, {"v": 2}]', "sum of v") == "2"


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (["0.10"] * 3, "0.10"),
        (["1", "2", "2"], "1.67"),
        (["0.005", "0.005"], "0.005"),
        (["0.01", "0.02"], "0.02"),  # 0.015: half away from zero
        (["-0.01", "-0.02"], "-0.02"),
    ],
)
def test_averages_are_rounded_as_decimals(cells: list[str], text: str) -> None:
    rows = json.dumps([{"v": cell} for cell in cells])
    assert value(rows, "avg of v", region="US") == text


def test_a_period_and_the_one_before() -> None:
    """The last month, its change, groups that ended, and every month that there is."""
    answer = run(SALES, metrics="Revenue = sum of amount", period="month", group_by="region")
    assert answer["period_name"] == "2026-03"
    rows = {(row["group"], row["period"]): row for row in answer["numbers"]}
    total = rows[None, "2026-03"]
    assert (total["value"], total["previous"], total["change"]) == (1800.25, 1300.0, 0.3848)
    assert rows["East", "2026-03"]["change"] == -1.0
    assert rows["South", "2026-03"]["change"] is None
    assert rows[None, "2026-02"]["previous"] is None
    assert "| 2026-02 | 1,300.00 EUR |" in answer["report_markdown"]


@pytest.mark.parametrize(
    ("period", "name", "previous"),
    [
        ("day", "2026-01-01", 1.0),
        ("week", "2026-W01", 2.0),
        ("month", "2026-01", 6.0),
        ("quarter", "2026-Q1", 6.0),
        ("year", "2026", 6.0),
    ],
)
def test_periods(period: str, name: str, previous: float) -> None:
    """The period before is that of the calendar, across a year's end too."""
    rows = "d,v\n2025-12-22,2\n2025-12-28,3\n2025-12-31,1\n2026-01-01,8"
    row = run(rows, metrics="sum of v", period=period)["numbers"][0]
    expected = {"week": (9.0, 5.0)}.get(period, (8.0, previous))
    assert (row["period"], row["value"], row["previous"]) == (name, *expected)


def test_a_gap_is_no_period_before() -> None:
    """March is not compared with January."""
    row = run("d,v\n2026-01-05,2\n2026-03-05,4", metrics="sum of v", period="month")
    assert row["numbers"][0]["previous"] is None


def test_dates_that_can_be_read_in_two_ways_are_named() -> None:
    """They are in no period, and the report says so; another cell or the region settles them."""
    two = "d,v\n2026-03-05,1\n03/04/2026,2"
    answer = run(two, metrics="sum of v", period="month")
    assert answer["numbers"][0]["value"] == 1.0
    assert "03/04/2026" in answer["notes"][0] and "two ways" in answer["notes"][0]
    assert run(two, metrics="sum of v", period="month", region="GB")["period_name"] == "2026-04"
    proven = read_days(["13/04/2026", "03/04/2026"])
    assert [str(day) for day in proven.days] == ["2026-04-13", "2026-04-03"]
    assert read_days(["13/04/2026", "04/13/2026", "03/04/2026"]).unclear == (2,)


def test_a_date_column_is_named_where_there_are_several() -> None:
    rows = "ordered,paid,v\n2026-03-05,2026-04-05,1"
    name, sentence = refused(rows, metrics="sum of v", period="month")
    assert name == "date_column" and "ordered, paid" in sentence
    assert run(rows, period="month", date_column="PAID")["period_name"] == "2026-04"
    assert refused("v\n1", period="month")[0] == "date_column"


def test_without_metrics_columns_of_numbers_are_summed() -> None:
    """Not those whose numbers are names, such as an id."""
    answer = run("order id,amount,note\n1,5.50,a\n2,6.25,b")
    assert [(row["metric"], row["shown"]) for row in answer["numbers"]] == [
        ("Rows", "2"),
        ("amount", "11.75"),
    ]


def test_sections_take_numbers() -> None:
    """Names in braces are filled, in any case; a table has its place; all others stay text."""
    answer = run(
        SALES,
        metrics="Revenue = sum of amount",
        period="month",
        group_by="region",
        sections="Sales {period}: {revenue} ({Revenue change}), North {Revenue North}\n"
        "All: {periods}",
    )
    text = answer["report_markdown"]
    assert text.startswith("## Sales 2026-03\n\n1,800.25 EUR (+38.5%), North 1,500.00 EUR\n\n")
    assert "## All\n\n| Period | Revenue |" in text


def test_an_unknown_placeholder_is_refused() -> None:
    name, sentence = refused(SALES, metrics="R = sum of amount", sections="A: {profit}")
    assert name == "sections" and "{profit}" in sentence and "totals" in sentence


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ({"metrics": "sum of price"}, "metrics"),
        ({"metrics": "A = count\na = count"}, "metrics"),
        ({"metrics": "count where region > north"}, "metrics"),
        ({"group_by": "country"}, "group_by"),
        ({"rows": "a,a\n1,2"}, "rows"),
        ({"rows": "a,b"}, "rows"),
        ({"rows": "[1, 2]"}, "rows"),
        ({"rows": "k\n" + "\n".join(map(str, range(300))), "group_by": "k"}, "group_by"),
        ({"rows": json.dumps([{f"k{n}": 1} for n in range(2_000)])}, "rows"),
        ({"rows": "v\n" + "1\n" * 20_001}, "rows"),
    ],
)
def test_a_form_that_cannot_be_computed_is_refused(form: dict[str, str], name: str) -> None:
    """The field is named, and the sentence says what to do."""
    field, sentence = refused(**{"rows": SALES, **form})
    assert field == name and sentence.endswith(".")


def test_hostile_names_stay_text() -> None:
    """No markup, no table and no formula comes out of a cell."""
    rows = json.dumps([{"g": "=HYPERLINK(1)|<b>[x](http://a)", "v": "1"}])
    answer = run(rows, metrics="sum of v", group_by="g")
    line = next(one for one in answer["report_markdown"].split("\n") if "HYPERLINK" in one)
    assert "<b>" not in line and "[x]" not in line and line.count(" | ") == 1
    table = list(csv.DictReader(io.StringIO(answer["csv"])))
    assert table[1]["group"].startswith("'=")


def test_ten_thousand_rows_add_up() -> None:
    """The sums of the groups are the total, to the cent."""
    choose = random.Random(7)
    cents = [choose.randint(-500_000, 500_000) for _ in range(10_000)]
    rows = "g,v\n" + "\n".join(f"{n % 7},{Decimal(c) / 100:.2f}" for n, c in enumerate(cents))
    numbers = run(rows, metrics="V = sum of v\nS = share of v", group_by="g")["numbers"]
    totals = {
        row["group"]: row["shown"].replace(",", "") for row in numbers if row["metric"] == "V"
    }
    assert Decimal(totals.pop(None)) == Decimal(sum(cents)) / 100
    assert sum(map(Decimal, totals.values())) == Decimal(sum(cents)) / 100


def test_columns_are_read_alone() -> None:
    """Cells of a column are those of the list, in its order."""
    cells = read_numbers(["1.5", "", "x", "1.5"])
    assert [cell.state for cell in cells] == ["number", "empty", "text", "number"]
