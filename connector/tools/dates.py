"""Calendar arithmetic in a time zone: today, adding to a date, days between dates, weekdays."""

from __future__ import annotations

import calendar
import datetime as dt
import zoneinfo
from typing import Annotated, Literal

from connector.tools.base import ToolContext, ToolError, ToolResult, tool

_MONTHS = {"months": 1, "years": 12}
_DAYS = {"days": 1, "weeks": 7}
_MAX_AMOUNT = 4_000_000
_MONTHS_IN_YEAR = 12
_SHOWN = 60


def _time_zone(name: str | None) -> dt.tzinfo:
    if not name:
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolError(
            f"there is no time zone {name[:_SHOWN]!r}; use a name such as Europe/Berlin"
        ) from None


def _parse_date(text: str | None, name: str, today: dt.date) -> dt.date:
    if text is None or text.strip().lower() == "today":
        return today
    try:
        return dt.datetime.fromisoformat(text.strip()).date()
    except ValueError:
        raise ToolError(
            f"{name} must be a date such as 2026-03-31, not {text[:_SHOWN]!r}"
        ) from None


def _add(date: dt.date, amount: int | None, unit: str | None) -> dt.date:
    if amount is None or unit is None:
        raise ToolError("add needs amount and unit")
    if abs(amount) > _MAX_AMOUNT:
        raise ToolError("the amount is too large")
    try:
        if unit in _DAYS:
            return date + dt.timedelta(days=amount * _DAYS[unit])
        return _add_months(date, amount * _MONTHS[unit])
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        raise ToolError("the result is outside the years 1 to 9999") from None


def _add_months(date: dt.date, months: int) -> dt.date:
    """31 January plus one month is the last day of February."""
    year, month_index = divmod(
        date.year * _MONTHS_IN_YEAR + date.month - 1 + months, _MONTHS_IN_YEAR
    )
    month = month_index + 1
    last_day = calendar.monthrange(year, month)[1]
    return date.replace(year=year, month=month, day=min(date.day, last_day))


@tool("Calendar arithmetic. Use it for every date.", title="Dates")
def dates(  # noqa: PLR0917  a tool has as many arguments as it needs
    operation: Literal["today", "add", "difference", "weekday"],
    date: Annotated[str | None, "YYYY-MM-DD; null: today"],
    other: Annotated[str | None, "for difference: the later date"],
    amount: Annotated[int | None, "for add; may be negative"],
    unit: Annotated[Literal["days", "weeks", "months", "years"] | None, "for add"],
    time_zone: Annotated[str | None, "such as Europe/Berlin; null: the caller's, or UTC"],
    context: ToolContext,
) -> ToolResult:
    """A date (YYYY-MM-DD), a number of days, or a weekday."""
    zone = _time_zone(time_zone or context.values.get("timezone"))
    today = dt.datetime.now(zone).date()
    start = _parse_date(date, "date", today)
    if operation == "today":
        result = today.isoformat()
    elif operation == "add":
        result = _add(start, amount, unit).isoformat()
    elif operation == "difference":
        result = str((_parse_date(other, "other", today) - start).days)
    else:
        result = calendar.day_name[start.weekday()]
    return ToolResult(result, result)
