"""How values look on the pages: times, money, and names."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from connector.store.ids import now_ms
from connector.store.ledger.money import NANO

_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (31, "day"))
_CENT = 0.01
_INITIALS = {"csv", "iban", "id", "json", "pdf", "url", "usd", "vat"}


def label(name: str) -> str:
    """The name of a field or value as people read it."""
    words = name.replace("_", " ").strip().split(" ")
    shown = [word.upper() if word in _INITIALS else word for word in words]
    return " ".join([shown[0][:1].upper() + shown[0][1:], *shown[1:]])


def moment(ms: int | None) -> str:
    """A stored time in UTC, such as 2026-01-31 12:30:05."""
    if ms is None:
        return "–"
    return f"{dt.datetime.fromtimestamp(ms / 1000, dt.UTC):%Y-%m-%d %H:%M:%S}"


def ago(ms: int | None) -> str:
    """How long ago a stored time was, in words."""
    if ms is None:
        return "never"
    count = max(0, now_ms() - ms) // 1000
    for size, unit in _STEPS:
        if count < size:
            return f"{count} {unit}{'' if count == 1 else 's'} ago" if count else "just now"
        count //= size
    return moment(ms)[:10]


def duration(ms: int | None) -> str:
    """A length of time, such as 850 ms or 12.3 s."""
    if ms is None:
        return "–"
    if ms < 1_000:  # noqa: PLR2004
        return f"{ms} ms"
    seconds = ms / 1_000
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"  # noqa: PLR2004


def usd(nano: int | None) -> str:
    """Nano-dollars as people read them; a dash when the price is not known."""
    if nano is None:
        return "–"
    dollars = nano / NANO
    if dollars == 0:
        return "$0"
    if dollars < _CENT:
        return f"${dollars:.6f}".rstrip("0") if dollars >= 0.000001 else "< $0.000001"  # noqa: PLR2004
    return f"${dollars:,.2f}"


def pretty(value: Any) -> str:
    """A value as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def number(value: float | None) -> str:
    """A number with commas."""
    return "–" if value is None else f"{value:,}"


def dollars(value: float | None) -> str:
    """An amount of US dollars."""
    return usd(None if value is None else round(value * NANO))


def tojson_text(value: Any) -> str:
    """A value as JSON in one line, for an attribute; it is escaped as any text."""
    return json.dumps(value, ensure_ascii=False)


FILTERS: dict[str, Callable[..., str]] = {
    "label": label,
    "moment": moment,
    "ago": ago,
    "duration": duration,
    "usd": usd,
    "pretty": pretty,
    "number": number,
    "dollars": dollars,
    "tojson_text": tojson_text,
}
