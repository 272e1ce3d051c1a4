"""Calendar periods by name: 2026-03-04, 2026-W10, 2026-03, 2026-Q1, 2026."""

from __future__ import annotations

import datetime

_MONTHS_OF_QUARTER = 3


def period_start(day: datetime.date, period: str) -> datetime.date:
    """The first day of the day, week, month, quarter or year that ``day`` is in."""
    if period == "week":
        return day - datetime.timedelta(days=day.weekday())
    if period == "month":
        return day.replace(day=1)
    if period == "quarter":
        return day.replace(day=1, month=day.month - (day.month - 1) % _MONTHS_OF_QUARTER)
    return day.replace(day=1, month=1) if period == "year" else day


def period_name(day: datetime.date, period: str) -> str:
    """The name of the period; weeks are those of ISO 8601."""
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    if period == "quarter":
        return f"{day.year:04d}-Q{(day.month - 1) // _MONTHS_OF_QUARTER + 1}"
    return day.isoformat()[: {"month": 7, "year": 4}.get(period, 10)]


def previous_period(day: datetime.date, period: str) -> str:
    """The name of the period before that of ``day``."""
    return period_name(period_start(day, period) - datetime.timedelta(days=1), period)
