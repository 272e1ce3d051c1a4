"""Time zones and regions: reading the options, and writing a local time with its offset.

Both come from the time zone database, whose package also lists the countries (ISO 3166).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from connector.catalogue.values import InvalidValue, quoted, read_text, suggestion

# what people call these countries' codes
_ALIASES = {"UK": "GB", "USA": "US"}


def read_timezone(value: Any) -> str:
    """A name of the IANA database, such as Europe/Berlin; case and spaces do not matter."""
    name = read_text(value).strip()
    if zone := zone_named(name):
        return zone
    hint = suggestion(name, _zones().values())
    raise InvalidValue(
        "not_a_choice",
        f"takes a time zone by its IANA name, such as Europe/Berlin or UTC, not {quoted(value)}."
        f"{hint}",
    )


def read_region(value: Any) -> str:
    """A country by its two letters (ISO 3166), such as DE; its English name is accepted too."""
    text = read_text(value).strip()
    code = _ALIASES.get(text.upper(), text.upper())
    countries = region_names()
    if code in countries:
        return code
    by_name = {name.casefold(): code for code, name in countries.items()}
    if text.casefold() in by_name:
        return by_name[text.casefold()]
    raise InvalidValue(
        "not_a_choice",
        f"takes a country by its two letters, such as DE, GB or US, not {quoted(value)}.",
    )


# the formats that a text field of a form may have
FORMATS: dict[str, Callable[[Any], str]] = {"timezone": read_timezone, "region": read_region}


def zone_named(name: str) -> str:
    """The zone of this name as the database writes it, or ""."""
    return _zones().get(name.replace(" ", "_").casefold(), "")


@cache
def _zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@cache
def region_names() -> Mapping[str, str]:
    """The countries' English names by their codes."""
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {row[0]: row[1] for row in rows}


# --- writing local times --------------------------------------------------------------------------


def local_time(text: str, timezone: str) -> str:
    """A date-time without an offset with that of ``timezone``; another one as it is.

    A time that does not exist on that day, or exists twice, stays without one.
    """
    at = dt.datetime.fromisoformat(text)
    zone = ZoneInfo(timezone)
    first = at.replace(tzinfo=zone, fold=0)
    second = at.replace(tzinfo=zone, fold=1)
    if at.tzinfo or first.utcoffset() != second.utcoffset():
        return text
    return first.isoformat("T", "minutes")
