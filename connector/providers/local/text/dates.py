# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Dates and times in running text, in English, German, French, Spanish, Italian and Dutch.

A date is returned only if it is certain: 03/04/2026 needs evidence elsewhere of the day's position,
and a date without a year needs a reference date. A parser of our own, since it takes 3.7 ms a
document; the package dateparser takes 1,454 ms and reads "We" as a date.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from connector.catalogue.localities import local_time, zone_named
from connector.providers.local.text.money import ValueSpan

_NAMES = (
    "january jan januar jänner janvier janv enero ene gennaio gen januari stycznia janeiro",
    "february feb februar février fevrier févr febrero febbraio februari lutego fevereiro",
    "march mar märz maerz mrz mars marzo maart marca março mrt",
    "april apr avril avr abril abr aprile kwietnia abril",
    "may mai mayo maggio mag mei maja maio",
    "june jun juni juin junio giugno giu czerwca junho",
    "july jul juli juillet juil julio luglio lug lipca julho",
    "august aug août aout agosto ago augustus sierpnia",
    "september sep sept septembre septiembre settembre set września setembro",
    "october oct oktober okt octobre octubre ottobre ott października outubro",
    "november nov novembre noviembre listopada novembro",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre grudnia dezembro",
)
MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_ISO = re.compile(
    r"(?<![\d-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])|(?<!\d)(\d{4})年(\d{1,2})月(\d{1,2})日"
)
_DIGITS = re.compile(r"(?<![\d./-])(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?![\d/-]|\.\d)")
_DAY_FIRST = re.compile(
    rf"(?<![\w.,:])(\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s-]{{0,2}}"
    rf"(?:day of |of |de |del )?({_MONTH})\b\.?"
    r"(?:\s?,?[\s-](?:de |del )?(\d{4}|'\d{2}|(?<=-)\d{2})(?!\d))?",
    re.I,
)
_MONTH_FIRST = re.compile(
    rf"(?<!\w)({_MONTH})\b\.?\s(\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]|[.,]\d)(?:\s?,?\s(\d{{4}})(?!\d))?",
    re.I,
)
_TIME = re.compile(
    r"(?<![\d:.,/-])(?:(\d{1,2})[:.](\d{2})(?::\d{2}(?:[.,]\d{1,9})?)?(?!\d|[.,:/]\d)\s?(a\.?m\b\.?|p\.?m\b\.?|"
    r"uhr\b|h\b)?|(\d{1,2})\s?(a\.?m\b\.?|p\.?m\b\.?|uhr\b)|(\d{1,2})\s?h\s?(\d{2})?(?!\w)|"
    r"(noon|midday|midnight)\b)",
    re.I,
)
_US = re.compile(
    r"\bUSD\b|\bU\.?S\.?A\b|\b(?:AL|AZ|CA|CO|FL|GA|IL|MA|MI|NC|NJ|NY|OH|OR|PA|TX|VA|WA) \d{5}\b|"
    r"\+1[ -(]"
)
_NOT_US = re.compile(
    r"[€£]|\b(?:EUR|GBP|AUD|NZD|INR|CHF|VAT|GST|ABN|GmbH|Ltd|Pty|Plc)\b|"
    r"\+(?:44|61|64|49|33|34|39|91|353)\b"
)
_DATE_TIME_SEPARATOR = re.compile(
    r"(?:T|,?\s(?:at|um|à|a las|alle|om|kl\.?|from|ab|von|de)\s|\s?[-–|@]\s?|,?[ \t]{1,12})?"
)


_MONTH_FIRST_REGIONS = frozenset(["US", "PR", "GU", "VI", "AS", "MP", "PH", "FM", "MH", "PW"])
_MIXED_REGIONS = frozenset({"CA"})  # both orders are common
_OFFSET = re.compile(
    r"\s?(?P<utc>UTC|GMT)?\s?(?P<sign>[-+−])(?P<hour>\d\d?)(?::?(?P<minute>\d\d))?(?![\d:])"
)
_IANA = re.compile(r"\s?[(\[]?([A-Z][A-Za-z]{2,20}/[A-Z][A-Za-z_]{2,30})\b[)\]]?")
_ZONE = re.compile(r"\s?\(?(Z|[A-Z]{2,4})\b(?!\.)\)?")
# minutes from UTC of the abbreviations that name one offset
_ZONE_MINUTES = {
    **{"Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "MEZ": 60, "CEST": 120},
    **{"MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180, "JST": 540, "AEST": 600, "AEDT": 660},
    **{"NZST": 720, "NZDT": 780, "EST": -300, "EDT": -240, "CDT": -300, "MDT": -360},
    **{"PDT": -420, "PST": -480},
}
# those that name several, with the one of each region
_REGIONAL_ZONES: dict[str, dict[str, int]] = {
    "BST": {"GB": 60},
    "IST": {"IN": 330, "IE": 60, "IL": 120},
    "CST": {"US": -360, "CA": -360, "MX": -360, "CN": 480, "TW": 480},
    "MST": {"US": -420, "CA": -420, "MX": -420},
    "AST": {"CA": -240, "PR": -240, "SA": 180},
    **{zone: {} for zone in ("ET", "CT", "MT", "PT")},  # summer or winter
}


@dataclass(frozen=True)
class DateStyle:
    """How a text writes its dates: ``day_first`` for 03/04/2026 (None: unknown).

    ``reference`` is the first full date of the text, from which missing years are derived.
    ``region`` is the country that the caller names.
    """

    day_first: bool | None = None
    reference: datetime.date | None = None
    region: str = ""


def date_style(text: str, region: str = "") -> DateStyle:
    """The date style of ``text``, from unambiguous dates, else from its country.

    The country is ``region``, else the one that the text has evidence of.
    """
    head = text[:100_000]
    firsts = [(int(match[1]), int(match[3])) for match in _DIGITS.finditer(head) if match[2] != "."]
    day_first: bool | None = None
    if any(first > 12 for first, _ in firsts):
        day_first = True
    elif any(second > 12 for _, second in firsts):
        day_first = False
    elif region:
        day_first = None if region in _MIXED_REGIONS else region not in _MONTH_FIRST_REGIONS
    elif bool(_US.search(head)) != bool(_NOT_US.search(head)):
        day_first = bool(_NOT_US.search(head))
    full_dates = find_dates(head, DateStyle(day_first))
    return DateStyle(day_first, full_dates[0].value if full_dates else None, region)


def find_dates(text: str, style: DateStyle) -> list[ValueSpan]:
    """The certain dates of ``text`` as ``datetime.date``, without overlaps, in order."""
    candidates = [*_iso(text), *_numeric(text, style), *_named(text, style)]
    candidates.sort(key=lambda span: (span.start, -span.end))
    spans: list[ValueSpan] = []
    for span in candidates:
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return spans


def find_times(text: str) -> list[ValueSpan]:
    """Times of day as "HH:MM". A bare "7.30" is a time only with "Uhr" or "am", not alone."""
    spans = []
    for match in _TIME.finditer(text):
        hour = int(match[1] or match[4] or match[6] or 12)
        minute = int(match[2] or match[7] or 0)
        meridiem = (match[3] or match[5] or "").lower().replace(".", "")
        if match[1] and "." in match.group()[:3] and not meridiem:
            continue
        if match[8]:
            hour = 0 if match[8].lower() == "midnight" else 12
        if meridiem in {"am", "pm"}:
            if not 1 <= hour <= 12:
                continue
            hour = hour % 12 + (12 if meridiem == "pm" else 0)
        if hour < 24 and minute < 60:
            spans.append(ValueSpan(match.start(), match.end(), f"{hour:02d}:{minute:02d}"))
    return spans


def find_datetimes(text: str, style: DateStyle) -> list[ValueSpan]:
    """Dates directly followed by a time, as "YYYY-MM-DDTHH:MM", with "+HH:MM" for a time zone.

    One whose time zone may be several is left out: without its zone it would be another time.
    """
    times = {span.start: span for span in find_times(text)}
    spans = []
    for day in find_dates(text, style):
        separator = _DATE_TIME_SEPARATOR.match(text, day.end)
        time = times.get(separator.end() if separator else day.end)
        if not time:
            continue
        start = f"{day.value.isoformat()}T{time.value}"
        named = _IANA.match(text, time.end)
        if named and zone_named(named[1]):
            at = local_time(start, zone_named(named[1]))
            spans += [ValueSpan(day.start, named.end(), at)] if at != start else []
            continue
        is_iso = separator is not None and separator.group() == "T"
        zone = _zone_after(text, time.end, is_iso=is_iso, region=style.region)
        if zone is not None:
            spans.append(ValueSpan(day.start, zone.end, f"{start}{zone.value}"))
    return spans


def _zone_after(text: str, end: int, *, is_iso: bool, region: str) -> ValueSpan | None:
    """The offset of the zone that stands after a time, "" without one; None if it is uncertain."""
    offset = _OFFSET.match(text, end)
    # "10:00-11:00" is a span of time, unless the whole is in ISO 8601
    if offset and (is_iso or offset["utc"] or offset["sign"] == "+"):
        minutes = int(offset["hour"]) * 60 + int(offset["minute"] or 0)
        sign = 1 if offset["sign"] == "+" else -1
        return ValueSpan(end, offset.end(), _offset_text(sign * minutes))
    name = _ZONE.match(text, end)
    if name and name[1] in _REGIONAL_ZONES:
        regional = _REGIONAL_ZONES[name[1]].get(region)
        return None if regional is None else ValueSpan(end, name.end(), _offset_text(regional))
    if name and name[1] in _ZONE_MINUTES:
        return ValueSpan(end, name.end(), _offset_text(_ZONE_MINUTES[name[1]]))
    return ValueSpan(end, end, "")


def _offset_text(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _iso(text: str) -> list[ValueSpan]:
    spans = []
    for match in _ISO.finditer(text):
        year, month, day = (int(part) for part in match.groups() if part)
        spans.append(_span(match, year, month, day))
    return [span for span in spans if span]


def _numeric(text: str, style: DateStyle) -> list[ValueSpan]:
    spans = []
    for match in _DIGITS.finditer(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        year += 2000 if year < 100 else 0
        day_first = style.day_first
        if match[2] == "." or first > 12:
            day_first = True
        elif second > 12:
            day_first = False
        elif first == second:
            day_first = True  # either order is the same date
        if day_first is None:
            continue
        month, day = (second, first) if day_first else (first, second)
        spans.append(_span(match, year, month, day))
    return [span for span in spans if span]


def _named(text: str, style: DateStyle) -> list[ValueSpan]:
    spans = []
    for pattern, day_group, month_group in ((_DAY_FIRST, 1, 2), (_MONTH_FIRST, 2, 1)):
        for match in pattern.finditer(text):
            day = int(match[day_group])
            month = MONTHS[match[month_group].lower()]
            year = _parse_year(match[3])
            if year is None:
                year = _nearest_year(month, day, style.reference)
            if year is not None:
                spans.append(_span(match, year, month, day))
    return [span for span in spans if span]


def _parse_year(text: str | None) -> int | None:
    """2026 for "2026", for "'26" and for the "26" of 3-Mar-26."""
    if not text:
        return None
    year = int(text.lstrip("'"))
    return year if len(text) == 4 else 2000 + year


def _nearest_year(month: int, day: int, reference: datetime.date | None) -> int | None:
    """The year in which the date is closest to the reference date."""
    if reference is None:
        return None
    years = [
        year
        for year in (reference.year - 1, reference.year, reference.year + 1)
        if _date(year, month, day)
    ]
    if not years:
        return None
    return min(years, key=lambda year: abs((datetime.date(year, month, day) - reference).days))


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _span(match: re.Match[str], year: int, month: int, day: int) -> ValueSpan | None:
    value = _date(year, month, day)
    return ValueSpan(match.start(), match.end(), value) if value and 1900 <= year <= 2199 else None
