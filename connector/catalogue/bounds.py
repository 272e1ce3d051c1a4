"""The bounds of a value: the characters of a text, the entries of a list, or a number itself."""

from __future__ import annotations

from typing import Protocol

from connector.catalogue.values import InvalidValue

_SINGULAR = {"entries": "entry", "characters": "character"}
_BELOW_MIN = {"entries": "too_few", "characters": "too_short"}
_ABOVE_MAX = {"entries": "too_many", "characters": "too_long"}


class Bounded(Protocol):
    """What has bounds; None: it has none on that side."""

    @property
    def min(self) -> int | float | None: ...

    @property
    def max(self) -> int | float | None: ...


def check_bounds(count: int | float, entry: Bounded, unit: str, *, fix: str = "") -> None:
    """``InvalidValue`` when ``count`` is outside the bounds of ``entry``.

    ``unit``: "entries", "characters", or "" for a number. ``fix``: what helps if it is too low.
    """
    if entry.min is not None and count < entry.min:
        code = _BELOW_MIN.get(unit, "out_of_range")
        message = f"needs at least {_bound_text(entry.min, count, unit)}. {fix}"
        raise InvalidValue(code, message.rstrip())
    if entry.max is not None and count > entry.max:
        code = _ABOVE_MAX.get(unit, "out_of_range")
        raise InvalidValue(code, f"takes at most {_bound_text(entry.max, count, unit)}.")


def _bound_text(bound: int | float, count: int | float, unit: str) -> str:
    if not unit:
        return f"{bound:,}, not {count:,}"
    noun = _SINGULAR[unit] if bound == 1 else unit
    verb = "is" if count == 1 else "are"
    return f"{bound:,} {noun}; there {verb} {count:,}"
