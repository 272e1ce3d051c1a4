"""Normalizing values: one form for many spellings, and what can be read in two ways is named."""

from __future__ import annotations

from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.errors import InvalidInput
from connector.providers.computed import ComputedProvider
from connector.providers.local.text.normal_forms import READERS, Context
from connector.providers.pricing.models import load_models
from connector.settings import Settings

CATALOGUE = load_catalogue()
ENGINE = Engine(CATALOGUE, ComputedProvider(), load_models(), Settings())


def run(values: str, kind: str, **form: Any) -> dict[str, Any]:
    outcome = ENGINE.run("normalize", {"values": values, "kind": kind, **form})
    assert outcome.ok, outcome.error
    return outcome.values


# kind, value, region or order, its readings
TABLE = (
    ("date", "3 March 2026", "", "2026-03-03"),
    ("date", "March 3, 2026", "", "2026-03-03"),
    ("date", "Monday, 3. März 2026", "", "2026-03-03"),
    ("date", "20260304", "", "2026-03-04"),
    ("date", "2026/3/4", "", "2026-03-04"),
    ("date", "4.3.2026", "", "2026-03-04"),
    ("date", "13/04/2026", "", "2026-04-13"),
    ("date", "04/13/2026", "", "2026-04-13"),
    ("date", "05/05/2026", "", "2026-05-05"),
    ("date", "03/04/2026", "", "2026-04-03 2026-03-04"),
    ("date", "03/04/2026", "GB", "2026-04-03"),
    ("date", "03/04/2026", "US", "2026-03-04"),
    ("date", "03/04/2026", "dmy", "2026-04-03"),
    ("date", "03/04/2026", "mdy", "2026-03-04"),
    ("date", "3 March 2026 14:30", "", "2026-03-03T14:30"),
    ("date", "31/02/2026", "", ""),
    ("date", "29 February 2025", "", ""),
    ("date", "3 March", "", ""),
    ("date", "1.2.99", "", "1999-02-01 2099-02-01"),
    ("number", "1,234.50", "", "1234.50"),
    ("number", "1.234,50", "", "1234.50"),
    ("number", "1 234 567,89", "", "1234567.89"),
    ("number", "12,34,567.00", "", "1234567.00"),
    ("number", "(1,234.00)", "", "-1234.00"),
    ("number", "1,234.00-", "", "-1234.00"),
    ("number", "12,5", "", "12.5"),
    ("number", "0,123", "", "0.123"),
    ("number", "1,234", "", "1234 1.234"),
    ("number", "1,234", "US", "1234"),
    ("number", "1,234", "DE", "1.234"),
    ("number", "1.234", "DE", "1234"),
    ("number", "1.2.3", "", ""),
    ("number", "007", "", "7"),
    ("number", "1,2,3", "", ""),
    ("money", "EUR 1,240.50", "", "1240.50_EUR"),
    ("money", "1.240,5 €", "", "1240.50_EUR"),
    ("money", "£3", "", "3_GBP"),
    ("money", "$5.00", "US", "5.00_USD"),
    ("money", "$5.00", "AU", "5.00_AUD"),
    ("money", "12.00 kr", "SE", "12.00_SEK"),
    ("money", "¥500", "", "500_JPY 500_CNY"),
    ("money", "5.00", "", ""),
    ("money", "EUR 5 or USD 6", "", ""),
    ("phone", "+49 (0)30 901820", "", "+4930901820"),
    ("phone", "0049 30 901820", "", "+4930901820"),
    ("phone", "030 901820", "DE", "+4930901820"),
    ("phone", "(202) 555-0123", "US", "+12025550123"),
    ("phone", "030 901820", "", ""),
    ("country", "Deutschland", "", "DE"),
    ("country", "U.S.A.", "", "US"),
    ("country", "the netherlands", "", "NL"),
    ("country", "Côte d’Ivoire", "", "CI"),
    ("country", "gb", "", "GB"),
    ("country", "Korea", "", "KR KP"),
    ("country", "Wakanda", "", ""),
    ("unit", "5 ft 11 in", "", "1.8034_m"),
    ("unit", "5'11\"", "", "1.8034_m"),
    ("unit", "3,5 kg", "", "3.5_kg"),
    ("unit", "10 lbs", "", "4.5359237_kg"),
    ("unit", "68 °F", "", "20_°C"),
    ("unit", "2 gallons", "", "7.57082357_l 9.09218_l"),
    ("unit", "2 gallons", "US", "7.57082357_l"),
    ("unit", "5 ft 3 kg", "", ""),
    ("name", "LOPEZ, MARIA", "", "Maria_Lopez"),
    ("name", "Dr. john a. smith jr.", "", "John_A._Smith_Jr."),
    ("name", "maria van den berg", "", "Maria_van_den_Berg"),
    ("name", "DeShawn McDonald", "", "DeShawn_McDonald"),
    ("name", "a@b.example", "", ""),
    ("address", "12  BAKER STREET\tLONDON", "", "12_Baker_Street_London"),
    ("address", "nowhere", "", ""),
    ("email", "Maria <Maria@Example.COM>", "", "Maria@example.com"),
    ("email", "a@b.example, c@d.example", "", ""),
    ("url", "HTTPS://Example.com:443", "", "https://example.com/"),
    ("url", "münchen.example/Weg?A=1", "", "https://xn--mnchen-3ya.example/Weg?A=1"),
    ("url", "not a url", "", ""),
)


@pytest.mark.parametrize(("kind", "value", "known", "readings"), TABLE)
def test_readings(kind: str, value: str, known: str, readings: str) -> None:
    """A value has the readings that people give it, all of them where it does not say which, and
    none where it is of another kind; a note says why there is not one."""
    context = Context(order=known if known.islower() else "unclear", region=known.upper()[:2])
    if known.islower():
        context = Context(order=known)
    found = READERS[kind](value, context)
    assert list(found.readings) == [one.replace("_", " ") for one in readings.split()]
    assert bool(found.note) is (len(found.readings) != 1)


def test_every_kind_is_in_the_table() -> None:
    """The kinds of the form are those that are read, and each is tried here or below."""
    kinds = [choice.value for choice in CATALOGUE["normalize"].fields["kind"].choices]
    assert kinds == list(READERS)
    assert {row[0] for row in TABLE} | {"list"} == set(kinds)


@pytest.mark.parametrize("kind", [kind for kind in READERS if kind not in {"list", "unit"}])
def test_a_normal_value_stays(kind: str) -> None:
    """What was normalized is read as itself: doing it again changes nothing."""
    for row in TABLE:
        if row[0] == kind and len(row[3].split()) == 1:
            value = row[3].replace("_", " ")
            if kind == "number" and value == "1.234":
                continue  # an export that has lost its context is unclear again
            region = "GB" if kind == "number" else ""
            assert READERS[kind](value, Context(region=region)).readings == (value,)


def test_lines_stay_beside_their_values() -> None:
    """There is a row for each line, also for empty ones, and the counts add up."""
    answer = run("3 March 2026\n\n03/04/2026\nsoon", "date")
    assert [row["original"] for row in answer["rows"]] == [
        "3 March 2026",
        None,
        "03/04/2026",
        "soon",
    ]
    assert answer["values_out"] == ["2026-03-03", "?", "?", "?"]
    assert answer["count"] == 1
    assert answer["ambiguous"] == ["03/04/2026: 2026-04-03 | 2026-03-04"]
    assert answer["unreadable"] == ["soon"]


def test_a_column_as_a_list() -> None:
    """A list of values is read like its lines; an empty cell keeps its place."""
    outcome = ENGINE.run("normalize", {"values": ["3,5", None, 7, 2.5], "kind": "number"})
    assert outcome.values["values_out"] == ["3.5", "?", "7", "2.5"]


def test_a_list_of_ones_own() -> None:
    """A value is the name whose spelling it is, or the only one that is close; else it is named."""
    allowed = "Northwind: Northwind Paper Ltd\nAcme Berlin\nAcme Bern"
    answer = run("NORTHWIND paper ltd.\nNorthwnd\nacme berlim\nContoso", "list", allowed=allowed)
    assert [row["value"] for row in answer["rows"]] == [
        "Northwind",
        "Northwind",
        "Acme Berlin",
        None,
    ]
    unclear = run("Acme Berli", "list", allowed="Acme Berlin\nAcme Berlix")["rows"][0]
    assert (unclear["value"], unclear["ambiguous"]) == (None, True)
    assert unclear["readings"] == "Acme Berlin | Acme Berlix"


def test_a_list_is_needed() -> None:
    """Without the list the kind is refused, and the field is named."""
    outcome = ENGINE.run("normalize", {"values": "a", "kind": "list"})
    assert isinstance(outcome.error, InvalidInput)
    assert outcome.error.errors[0].field == "allowed"
