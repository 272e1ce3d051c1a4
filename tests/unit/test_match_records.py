"""Matching records: which rows belong together, the reasons, and that the counts add up."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.errors import InvalidInput
from connector.providers.computed import ComputedProvider
from connector.providers.local.text.record_linkage import similarity
from connector.providers.pricing.models import load_models
from connector.settings import Settings

ENGINE = Engine(load_catalogue(), ComputedProvider(), load_models(), Settings())
FIRST = "Ada Ben Cleo Dan Eva Finn Gita Hugo Ines Jan Kaja Leo Mia Nora Olaf Pia".split()
LAST = "Archer Berg Castell Dahl Eriksen Fonseca Grieg Hansen Ibsen Jonsson Krog Lund".split()
STREETS = "Storgata Kirkegata Havneveien Skolegata Parkveien Strandgata".split()


def match(rows: str, **form: Any) -> dict[str, Any]:
    outcome = ENGINE.run("match_records", {"rows": rows, **form})
    assert outcome.ok, outcome.error
    return outcome.values


def people(count: int, seed: int) -> list[dict[str, str]]:
    """Different people: each has an address and a number of its own."""
    rng = random.Random(seed)
    return [
        {
            "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
            "street": f"{rng.choice(STREETS)} {number}",
            "phone": f"+47 {rng.randrange(10**7, 10**8)}",
            "born": f"{rng.randrange(1940, 2005)}-{rng.randrange(10, 13)}-{rng.randrange(10, 28)}",
        }
        for number in range(1, count + 1)
    ]


def mistyped(row: dict[str, str], rng: random.Random) -> dict[str, str]:
    """The same person with a wrong letter, another case and an empty field."""
    changed = dict(row)
    name = changed["name"]
    at = rng.randrange(1, len(name) - 1)
    changed["name"] = (name[:at] + name[at + 1] + name[at] + name[at + 2 :]).upper()
    changed[rng.choice(["street", "born"])] = ""
    return changed


def as_csv(rows: list[dict[str, str]], divider: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=divider)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("seed", range(6))
def test_mistyped_rows_are_found(seed: int) -> None:
    """Each row that was typed again with mistakes is paired with its original and nothing else, and
    the counts add up."""
    rng = random.Random(seed)
    rows = people(60, seed)
    copies = rng.sample(range(60), 12)
    rows += [mistyped(rows[at], rng) for at in copies]
    answer = match(as_csv(rows, rng.choice(",;\t")))
    assert {(pair["a"], pair["b"]) for pair in answer["pairs"]} == {
        (at + 1, 61 + number) for number, at in enumerate(copies)
    }
    assert all("phone: equal" in pair["why"] for pair in answer["pairs"])
    assert answer["row_count"] == 72 == answer["matched_rows"] + answer["single_rows"]
    assert (answer["pair_count"], answer["distinct_count"]) == (12, 60)
    assert sum(group["size"] for group in answer["groups"]) == answer["matched_rows"]


WRITERS: dict[str, Callable[[list[dict[str, str]]], str]] = {
    "csv": as_csv,
    "json": json.dumps,
    "lines": lambda given: "\n".join(map(json.dumps, given)),
}


def test_rows_as_tools_send_them() -> None:
    """A list of objects is read like its JSON, and a list of lines like the lines."""
    rows = people(20, 4)
    rows.append(mistyped(rows[2], random.Random(1)))
    answers = [
        ENGINE.run("match_records", {"rows": given}).values
        for given in (rows, json.dumps(rows), as_csv(rows).splitlines())
    ]
    assert answers[0] == answers[1] == answers[2]
    assert [(pair["a"], pair["b"]) for pair in answers[0]["pairs"]] == [(3, 21)]


@pytest.mark.parametrize("form", WRITERS)
def test_two_lists(form: str) -> None:
    """Between two lists only rows of different lists are paired, however the lists are written."""
    rng = random.Random(3)
    rows = people(30, 3)
    other = [mistyped(row, rng) for row in rows[:10]] + people(20, 99)
    write = WRITERS[form]
    answer = match(write([*rows, rows[0]]), other=write(other))
    assert {(pair["a"], pair["b"]) for pair in answer["pairs"]} >= {
        (number, number) for number in range(1, 11)
    }
    assert answer["pair_count"] == 11  # the first person stands twice in the first list
    assert answer["groups"][0]["rows"] == "1, 31, b1"


def test_rare_values_count_more() -> None:
    """Rows that share only what most rows have are no match; a column can be left out or weigh
    more."""
    rows = [{**row, "country": "NO", "born": "1980-01-01"} for row in people(40, 5)]
    assert match(as_csv(rows))["pair_count"] == 0
    twins = "name,email\nAda Berg,a@x.example\nAda Berg,b@x.example\nBen Lund,c@x.example"
    by_name = match(twins, columns="name")["pairs"]
    assert [(pair["a"], pair["b"], pair["why"]) for pair in by_name] == [(1, 2, "name: equal")]
    low, high = (
        max(
            (
                pair["score"]
                for pair in match(twins, columns=f"name: {weight}\nemail", threshold="0.1")["pairs"]
            ),
            default=0,
        )
        for weight in ("0.1", "9")
    )
    assert low < high


BROKEN = {
    "no row": ("name,email", "rows", "too_few"),
    "titles twice": ("a,A,a\n1,2,3", "rows", "bad_rows"),
    "more cells than titles": ("a,b\n1,2,3", "rows", "bad_rows"),
    "broken JSON": ('[{"a": 1', "rows", "bad_rows"),
    "a list of texts": ('["a", "b"]', "rows", "bad_rows"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_table_is_refused(name: str) -> None:
    """A text that is no table, or has rows that do not fit, is refused with its field."""
    text, field, code = BROKEN[name]
    outcome = ENGINE.run("match_records", {"rows": text})
    assert isinstance(outcome.error, InvalidInput), outcome
    assert [(entry.field, entry.code) for entry in outcome.error.errors] == [(field, code)]


@pytest.mark.parametrize(
    ("columns", "code"), [("nmae", "unknown_column"), ("name: much", "not_a_number")]
)
def test_columns_are_those_of_the_rows(columns: str, code: str) -> None:
    """An unknown column or a weight that is no number is refused by name."""
    outcome = ENGINE.run("match_records", {"rows": "name\nAda\nBen", "columns": columns})
    assert isinstance(outcome.error, InvalidInput)
    assert (outcome.error.errors[0].field, outcome.error.errors[0].code) == ("columns", code)


def test_similarity_is_symmetric_and_one_only_for_equal_values() -> None:
    """Either order gives the same; values that differ are never fully alike."""
    values = ["ada berg", "ada berk", "berg ada", "adaberg", "a", "b", "ab", "ba", "12", "21", ""]
    for one in values:
        for other in values:
            if one and other:
                assert similarity(one, other) == similarity(other, one)
                assert (similarity(one, other) == 1.0) is (one == other)
