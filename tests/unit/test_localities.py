"""Time zones and regions: how the options are read, and what the embedded engine makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from connector.catalogue import Action, load_catalogue
from connector.catalogue.localities import local_time
from connector.catalogue.reply import check_arguments
from connector.catalogue.requirements import protected_fields
from connector.errors import InvalidInput
from connector.json_types import Json
from connector.providers.local.methods.extract import extract

EXTRACT = load_catalogue()["extract"]


def extracted(text: str, fields: str, **options: str) -> Json:
    """What the embedded engine reads, as the server checks it."""
    form = EXTRACT.read_form({"text": text, "fields": fields, **options})
    checked = check_arguments(EXTRACT, form, extract(form))
    assert not checked.errors
    record: Json = checked.values["data"]
    return record


@pytest.mark.parametrize(
    ("given", "option", "read"),
    [
        ("Europe/Berlin", "timezone", "Europe/Berlin"),
        (" europe/berlin ", "timezone", "Europe/Berlin"),
        ("America/New York", "timezone", "America/New_York"),
        ("utc", "timezone", "UTC"),
        ("de", "region", "DE"),
        ("UK", "region", "GB"),
        ("Germany", "region", "DE"),
    ],
)
def test_options_are_read_as_people_write_them(given: str, option: str, read: str) -> None:
    """Case, spaces and a country's English name do not matter."""
    assert EXTRACT.read_form({"text": "a", "fields": "b", option: given})[option] == read


@pytest.mark.parametrize(
    ("option", "given", "words"),
    [
        ("timezone", "Europe/Berln", 'Did you mean "Europe/Berlin"?'),
        ("timezone", "+02:00", "such as Europe/Berlin or UTC"),
        ("timezone", "../etc/passwd", "takes a time zone"),
        ("timezone", 2, "takes a time zone"),
        ("region", "XX", "two letters"),
        ("region", "DEU", "two letters"),
        ("region", ["DE"], "takes text"),
    ],
)
def test_what_is_no_zone_and_no_country_is_refused(option: str, given: Any, words: str) -> None:
    """The error names the option and what it takes."""
    with pytest.raises(InvalidInput) as raised:
        EXTRACT.read_form({"text": "a", "fields": "b", option: given})
    assert raised.value.errors[0].field == option and words in raised.value.detail


def states_values(action: Action) -> bool:
    """A text whose numbers are kept as they stand (`translate`) states none."""
    first = next(iter(action.returns.values()))
    return not (first.choices or first.choices_from or protected_fields(action.returns))


def test_actions_that_state_values_have_them() -> None:
    """Each step whose answer states dates, phone numbers or amounts has both; one that only chooses
    has no use for either, and no model is told of a time zone where none is asked."""
    states = {name for name, action in load_catalogue().items() if states_values(action)}
    assert {"summarize", "extract"} <= states and "classify" not in states
    for name, action in load_catalogue().items():
        assert ("region" in action.options) is (name in states)
        assert ("timezone" in action.options) is (name in states and not action.computed)


@pytest.mark.parametrize(
    ("text", "zone", "read"),
    [
        ("2026-03-04 15:00", "", "2026-03-04T15:00"),
        ("2026-03-04 15:00", "Europe/Berlin", "2026-03-04T15:00+01:00"),
        ("2026-07-04 15:00", "Europe/Berlin", "2026-07-04T15:00+02:00"),
        ("2026-07-04 15:00", "UTC", "2026-07-04T15:00+00:00"),
        ("2026-03-04T15:06:07Z", "", "2026-03-04T15:06+00:00"),
        ("2026-03-04T15:06:07.123-05:00", "Europe/Berlin", "2026-03-04T15:06-05:00"),
        ("2026-03-04 15:00 +05:30", "", "2026-03-04T15:00+05:30"),
        ("4 March 2026 at 3 pm UTC-3", "", "2026-03-04T15:00-03:00"),
        ("4 March 2026, 3 pm CET", "America/New_York", "2026-03-04T15:00+01:00"),
        ("4.3.2026 um 15:00 Uhr MEZ", "", "2026-03-04T15:00+01:00"),
        ("2026-07-04 15:00 (Europe/Paris)", "UTC", "2026-07-04T15:00+02:00"),
        ("2026-07-04 15:00 Smith/Jones", "", "2026-07-04T15:00"),
        ("2026-03-04 10:00-11:00", "", "2026-03-04T10:00"),
        ("2026-03-04 15:00 CST", "", None),
        ("2026-03-04 15:00 ET", "America/New_York", None),
        ("2026-03-29 02:30", "Europe/Berlin", "2026-03-29T02:30"),
        ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25T02:30"),
        ("2026-10-25 02:30 Europe/Berlin", "", None),
    ],
)
def test_a_zone_is_never_dropped(text: str, zone: str, read: str | None) -> None:
    """A time has the offset that stands beside it, else that of the option. One whose zone may be
    several is null, and one that does not exist or exists twice gets no offset."""
    options = {"timezone": zone} if zone else {}
    assert extracted(f"Start: {text}", "start datetime", **options) == {"start": read}


def test_zones_reach_the_rows_of_a_table() -> None:
    """Date-times in nested rows get the offset as well."""
    form = EXTRACT.read_form(
        {"text": "a", "fields": "stops rows(place text, at datetime)", "timezone": "Asia/Tokyo"}
    )
    stops = [{"place": "a", "at": "2026-03-04T15:00"}, {"place": "b", "at": None}]
    checked = check_arguments(EXTRACT, form, {"stops": stops})
    assert not checked.errors
    assert [row["at"] for row in checked.values["data"]["stops"]] == [
        "2026-03-04T15:00+09:00",
        None,
    ]


@pytest.mark.parametrize(
    ("region", "due", "phone", "currency"),
    [
        ("", None, "030 901820", "USD"),
        ("DE", "2026-04-03", "+4930901820", "USD"),
        ("US", "2026-03-04", None, "USD"),
        ("AU", "2026-04-03", "+6130901820", "AUD"),
        ("CA", None, None, "CAD"),
        ("MX", "2026-04-03", None, "MXN"),
    ],
)
def test_a_region_decides_what_is_ambiguous(
    region: str, due: str | None, phone: str | None, currency: str
) -> None:
    """The order of 03/04, a number without a country code, and a bare dollar sign; in Canada both
    orders of a date are common."""
    text = "Due: 03/04/2026\nPhone: 030 901820\nTotal: $12.50"
    options = {"region": region} if region else {}
    record = extracted(text, "due date\nphone phone\ntotal money", **options)
    assert (record["due"], record["total_currency"]) == (due, currency)
    if phone or not region:
        assert record["phone"] == phone


@pytest.mark.parametrize(
    ("text", "due"),
    [("Due: 03/04/2026. Paid: 25/03/2026.", "2026-04-03"), ("Due: 3 April 2026", "2026-04-03")],
)
def test_what_the_text_itself_decides_comes_before_the_region(text: str, due: str) -> None:
    """An unambiguous date of the same text shows its order."""
    assert extracted(text, "due date", region="US")["due"] == due


def test_region_names_the_zone_of_an_abbreviation() -> None:
    """CST is another time in the USA and in China."""
    text = "Start: 2026-03-04 15:00 CST"
    assert extracted(text, "start datetime", region="US")["start"] == "2026-03-04T15:00-06:00"
    assert extracted(text, "start datetime", region="CN")["start"] == "2026-03-04T15:00+08:00"


def test_a_time_with_an_offset_is_not_changed() -> None:
    """Only a local time is given the zone's offset."""
    assert local_time("2026-03-04T15:00+00:00", "Asia/Tokyo") == "2026-03-04T15:00+00:00"
    assert local_time("2026-03-04T15:00", "Asia/Kolkata") == "2026-03-04T15:00+05:30"
