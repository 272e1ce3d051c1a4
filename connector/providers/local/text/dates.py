# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Dates and times in running text, in English, German, French, Spanish, Italian and Dutch.

A date is only given when it is certain: 03/04/2026 needs a sign elsewhere of which comes first, and a date without a
year needs a reference date.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from .amounts import Span

_NAMES = (
    "january jan januar jänner janvier janv enero ene gennaio gen januari",
    "february feb februar février fevrier févr febrero febbraio februari",
    "march mar märz maerz mrz mars marzo maart",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag mei",
    "june jun juni juin junio giugno giu",
    "july jul juli juillet juil julio luglio lug",
    "august aug août aout agosto ago augustus",
    "september sep sept septembre septiembre settembre set",
    "october oct oktober okt octobre octubre ottobre ott",
    "november nov novembre noviembre",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre",
)
MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_ISO = re.compile(r"(?<![\d-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])|(?<!\d)(\d{4})年(\d{1,2})月(\d{1,2})日")
_DIGITS = re.compile(r"(?<![\d./-])(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?![\d/-]|\.\d)")
_DAY_FIRST = re.compile(
    rf"(?<![\w.,:])(\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s-]{{0,2}}(?:of |de |del )?({_MONTH})\b\.?"
    r"(?:,?[\s-](?:de |del )?(\d{4}|'\d{2})(?!\d))?",
    re.I,
)
_MONTH_FIRST = re.compile(rf"(?<!\w)({_MONTH})\b\.?\s(\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]|[.,]\d)(?:,?\s(\d{{4}})(?!\d))?", re.I)
_TIME = re.compile(
    r"(?<![\d:.,/-])(?:(\d{1,2})[:.](\d{2})(?::\d{2})?(?!\d|[.,:/]\d)\s?(a\.?m\b\.?|p\.?m\b\.?|uhr\b|h\b)?"
    r"|(\d{1,2})\s?(a\.?m\b\.?|p\.?m\b\.?|uhr\b)|(\d{1,2})\s?h\s?(\d{2})?(?!\w)|(noon|midday|midnight)\b)",
    re.I,
)
_US = re.compile(r"\bUSD\b|\bU\.?S\.?A\b|\b(?:AL|AZ|CA|CO|FL|GA|IL|MA|MI|NC|NJ|NY|OH|OR|PA|TX|VA|WA) \d{5}\b|\+1[ -(]")
_NOT_US = re.compile(r"[€£]|\b(?:EUR|GBP|AUD|NZD|INR|CHF|VAT|GST|ABN|GmbH|Ltd|Pty|Plc)\b|\+(?:44|61|64|49|33|34|39|91|353)\b")
_LINK = re.compile(r"(?:T|,?\s(?:at|um|à|a las|alle|om|kl\.?|from|ab|von|de)\s|\s?[-–|@]\s?|,?[ \t]{1,12})?")


@dataclass(frozen=True)
class Calendar:
    """How a text writes its dates: ``day_first`` for 03/04/2026 (None: not known) and the date it was written on."""

    day_first: bool | None = None
    reference: datetime.date | None = None


def calendar(text: str) -> Calendar:
    """Read the habit from ``text``: unmistakable dates first, then signs of the country."""
    head = text[:100_000]
    firsts = [(int(match[1]), int(match[3])) for match in _DIGITS.finditer(head) if match[2] != "."]
    day_first: bool | None = None
    if any(first > 12 for first, _ in firsts):
        day_first = True
    elif any(second > 12 for _, second in firsts):
        day_first = False
    elif bool(_US.search(head)) != bool(_NOT_US.search(head)):
        day_first = bool(_NOT_US.search(head))
    full = dates(head, Calendar(day_first))
    return Calendar(day_first, full[0].value if full else None)


def dates(text: str, habit: Calendar) -> list[Span]:
    """The dates of ``text`` as ``datetime.date``, without overlaps, in order. Uncertain ones are left out."""
    found = [*_iso(text), *_numeric(text, habit), *_named(text, habit)]
    found.sort(key=lambda span: (span.start, -span.end))
    kept: list[Span] = []
    for span in found:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def times(text: str) -> list[Span]:
    """Times of day as "HH:MM". A bare "7.30" needs "Uhr", "am" or a colon to be one."""
    found = []
    for match in _TIME.finditer(text):
        hour, minute = int(match[1] or match[4] or match[6] or 12), int(match[2] or match[7] or 0)
        half = (match[3] or match[5] or "").lower().replace(".", "")
        if match[1] and "." in match.group()[:3] and not half:
            continue
        if match[8]:
            hour = 0 if match[8].lower() == "midnight" else 12
        if half in {"am", "pm"}:
            if not 1 <= hour <= 12:
                continue
            hour = hour % 12 + (12 if half == "pm" else 0)
        if hour < 24 and minute < 60:
            found.append(Span(match.start(), match.end(), f"{hour:02d}:{minute:02d}"))
    return found


def moments(text: str, habit: Calendar) -> list[Span]:
    """Dates followed at once by a time, as "YYYY-MM-DDTHH:MM"."""
    clock = {span.start: span for span in times(text)}
    found = []
    for day in dates(text, habit):
        link = _LINK.match(text, day.end)
        after = clock.get(link.end() if link else day.end)
        if after:
            found.append(Span(day.start, after.end, f"{day.value.isoformat()}T{after.value}"))
    return found


def _iso(text: str) -> list[Span]:
    spans = []
    for match in _ISO.finditer(text):
        year, month, day = (int(part) for part in match.groups() if part)
        spans.append(_span(match, year, month, day))
    return [span for span in spans if span]


def _numeric(text: str, habit: Calendar) -> list[Span]:
    spans = []
    for match in _DIGITS.finditer(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        year += 2000 if year < 100 else 0
        day_first = True if match[2] == "." or first > 12 else False if second > 12 else habit.day_first
        if day_first is None and first == second:
            day_first = True
        if day_first is not None:
            spans.append(_span(match, year, *((second, first) if day_first else (first, second))))
    return [span for span in spans if span]


def _named(text: str, habit: Calendar) -> list[Span]:
    spans = []
    for pattern, day, month in ((_DAY_FIRST, 1, 2), (_MONTH_FIRST, 2, 1)):
        for match in pattern.finditer(text):
            number = MONTHS[match[month].lower()]
            year = match[3]
            full = 2000 + int(year[1:]) if year and year[0] == "'" else int(year) if year else None
            if full is None:
                full = _near(number, int(match[day]), habit.reference)
            if full is not None:
                spans.append(_span(match, full, number, int(match[day])))
    return [span for span in spans if span]


def _near(month: int, day: int, reference: datetime.date | None) -> int | None:
    """The year that brings month and day closest to the reference."""
    if reference is None:
        return None
    years = [year for year in (reference.year - 1, reference.year, reference.year + 1) if _date(year, month, day)]
    if not years:
        return None
    return min(years, key=lambda year: abs((datetime.date(year, month, day) - reference).days))


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _span(match: re.Match[str], year: int, month: int, day: int) -> Span | None:
    value = _date(year, month, day)
    return Span(match.start(), match.end(), value) if value and 1900 <= year <= 2199 else None
