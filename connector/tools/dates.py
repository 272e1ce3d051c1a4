"""Calendar arithmetic: today, a date so many days later, the days between two dates, a weekday; in a time zone."""

from __future__ import annotations

import calendar
import datetime as dt
import zoneinfo
from typing import Annotated, Literal

from connector.tools.base import Result, ToolError, tool

_MONTHS = {"months": 1, "years": 12}
_DAYS = {"days": 1, "weeks": 7}
_LARGEST = 4_000_000
_MONTHS_A_YEAR = 12
_SHOWN = 60


def _zone(name: str | None) -> dt.tzinfo:
    if not name:
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolError(f"there is no time zone {name[:_SHOWN]!r}; use a name such as Europe/Berlin") from None


def _read(text: str | None, name: str, today: dt.date) -> dt.date:
    if text is None or text.strip().lower() == "today":
        return today
    try:
        return dt.datetime.fromisoformat(text.strip()).date()
    except ValueError:
        raise ToolError(f"{name} must be a date such as 2026-03-31, not {text[:_SHOWN]!r}") from None


def _add(date: dt.date, amount: int | None, unit: str | None) -> dt.date:
    if amount is None or unit is None:
        raise ToolError("add needs amount and unit")
    if abs(amount) > _LARGEST:
        raise ToolError("the amount is too large")
    try:
        if unit in _DAYS:
            return date + dt.timedelta(days=amount * _DAYS[unit])
        months = date.year * _MONTHS_A_YEAR + date.month - 1 + amount * _MONTHS[unit]
        year, month = divmod(months, _MONTHS_A_YEAR)
        # the 31st of January and a month is the last day of February
        return date.replace(year=year, month=month + 1, day=min(date.day, calendar.monthrange(year, month + 1)[1]))
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        raise ToolError("the result is outside the years 1 to 9999") from None


@tool("Calendar arithmetic. Use it for every date.", title="Dates")
def dates(  # noqa: PLR0917  a tool has as many arguments as it needs
    operation: Literal["today", "add", "difference", "weekday"],
    date: Annotated[str | None, "YYYY-MM-DD; null: today"],
    other: Annotated[str | None, "for difference: the later date"],
    amount: Annotated[int | None, "for add; may be negative"],
    unit: Annotated[Literal["days", "weeks", "months", "years"] | None, "for add"],
    time_zone: Annotated[str | None, "such as Europe/Berlin; null: UTC"],
) -> Result:
    """A date (YYYY-MM-DD), a number of days, or a weekday."""
    today = dt.datetime.now(_zone(time_zone)).date()
    found = _worked_out(operation, _read(date, "date", today), other, amount, unit, today)
    return Result(found, found)


def _worked_out(operation: str, start: dt.date, other: str | None, amount: int | None, unit: str | None, today: dt.date) -> str:  # noqa: PLR0917
    if operation == "today":
        return today.isoformat()
    if operation == "add":
        return _add(start, amount, unit).isoformat()
    if operation == "difference":
        return str((_read(other, "other", today) - start).days)
    return calendar.day_name[start.weekday()]
