"""Where a value stands in a text: the server looks for itself, so that evidence costs no tokens and cannot be made up.

A text is found as it is or but for case and white space. A number, a date, a time or a telephone number is found in whatever
form the text has it: every candidate in the text is read in all its possible meanings and compared with the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_MONTHS = {
    "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "fév": 2, "mar": 3, "mär": 3, "mrz": 3, "maa": 3, "apr": 4, "avr": 4,
    "abr": 4, "mai": 5, "may": 5, "mag": 5, "mei": 5, "jun": 6, "giu": 6, "juin": 6, "jul": 7, "lug": 7, "juil": 7, "aug": 8,
    "aou": 8, "aoû": 8, "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10, "ott": 10, "out": 10, "nov": 11, "dec": 12,
    "dez": 12, "déc": 12, "dic": 12,
}  # fmt: skip
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "Fr.": "CHF", "euro": "EUR"}
_NUMBER = re.compile(r"\d[\d.,'\u2019\u00a0\u202f]{0,30}\d|\d")
_DATE_DIGITS = re.compile(r"(?<!\d)(\d{1,4})[-./](\d{1,2})[-./](\d{1,4})(?!\d)")
_DATE_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.|er|º)? ?(?:de |of )?([^\W\d_]{3,12})\.?,?(?: ?(?:de )?(\d{4}))?", re.IGNORECASE)
_DATE_MONTH_FIRST = re.compile(r"([^\W\d_]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?(?!\d)(?:,? (\d{4}))?", re.IGNORECASE)
_TIME = re.compile(r"(?<!\d)(\d{1,2})(?:[:.h](\d{2}))? ?([ap]\.?m\.?)?(?!\d)", re.IGNORECASE)
_PHONE = re.compile(r"\+?\(?\d[\d ()./\u00a0-]{4,24}\d")
_WORD = re.compile(r"\w{3,}")
_MOST = 300
_NEAR = 90
_PHONE_DIGITS = 6
_NOON = 12


@dataclass(frozen=True)
class Place:
    """A piece of a text, in characters from 0; ``end`` is just behind it."""

    start: int
    end: int


def find_quote(text: str, quote: str) -> Place | None:
    """Where ``quote`` stands in ``text``, exactly or but for case and white space."""
    return next(_quotes(text, quote), None)


def find_value(text: str, value: Any, kind: str, *, near: str = "") -> Place | None:
    """Where ``value`` of the shape type ``kind`` stands; of several places the one that follows words of ``near``."""
    finder = _FINDERS.get(kind, _quotes)
    places = []
    for place in finder(text, value):
        places.append(place)
        if len(places) >= _MOST:
            break
    return _nearest(text, places, near)


def _nearest(text: str, places: list[Place], near: str) -> Place | None:
    words = {word.casefold()[:6] for word in _WORD.findall(near)}

    def hits(place: Place) -> int:
        before = text[max(0, place.start - _NEAR) : place.start].casefold()
        return sum(word in before for word in words)

    return max(places, key=hits, default=None)


def _quotes(text: str, quote: Any) -> Iterator[Place]:
    words = str(quote).split()
    if not words:
        return
    exact = str(quote).strip()
    at = text.find(exact)
    found = at >= 0
    while at >= 0:
        yield Place(at, at + len(exact))
        at = text.find(exact, at + len(exact))
    if not found:
        loose = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
        yield from (Place(match.start(), match.end()) for match in loose.finditer(text))


def _numbers(text: str, value: Any) -> Iterator[Place]:
    wanted = abs(Decimal(str(value)))
    for match in _NUMBER.finditer(text):
        if wanted in _readings(match[0]):
            yield Place(match.start(), match.end())


def _readings(digits: str) -> set[Decimal]:
    """What ``1.234,50`` and its like may mean: the last separator as the decimal one, or none."""
    plain = re.sub(r"[^\d.,]", "", digits)
    forms = {re.sub(r"[.,]", "", plain)}
    for sign in ".,":
        if plain.count(sign) == 1:
            whole, _, behind = plain.partition(sign)
            other = "," if sign == "." else "."
            if other not in behind:
                forms.add(f"{whole.replace(other, '')}.{behind}")
    try:
        return {Decimal(form) for form in forms if form}
    except InvalidOperation:
        return set()


def _dates(text: str, value: Any) -> Iterator[Place]:
    year, month, day = (int(part) for part in str(value)[:10].split("-"))
    for match in _DATE_DIGITS.finditer(text):
        if (year, month, day) in _orders(match[1], match[2], match[3]):
            yield Place(match.start(), match.end())
    for pattern, order in ((_DATE_DAY_FIRST, (1, 2, 3)), (_DATE_MONTH_FIRST, (2, 1, 3))):
        for match in pattern.finditer(text):
            found_day, name, found_year = (match[group] for group in order)
            if int(found_day) == day and _month(name) == month and found_year in {None, str(year)}:
                yield Place(match.start(), match.end())


def _orders(first: str, second: str, third: str) -> set[tuple[int, int, int]]:
    one, two, three = int(first), int(second), int(third)
    century = 2000 if three < 100 else 0  # noqa: PLR2004  two digits of a year
    return {(one, two, three), (three + century, two, one), (three + century, one, two)}


def _month(name: str) -> int | None:
    lower = name.casefold()
    return _MONTHS.get(lower[:4]) or _MONTHS.get(lower[:3])


def _times(text: str, value: Any) -> Iterator[Place]:
    hour, minute = (int(part) for part in str(value)[-5:].split(":"))
    for match in _TIME.finditer(text):
        if not match[2] and not match[3]:
            continue
        found = int(match[1])
        half = (match[3] or "").lower()[:1]
        if half:
            found = found % _NOON + (_NOON if half == "p" else 0)
        if (found, int(match[2] or 0)) == (hour, minute):
            yield Place(match.start(), match.start() + len(match[0].rstrip()))


def _phones(text: str, value: Any) -> Iterator[Place]:
    wanted = re.sub(r"\D", "", str(value))
    if len(wanted) < _PHONE_DIGITS:
        return
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0].replace("(0)", "")).lstrip("0")
        if len(digits) >= _PHONE_DIGITS and (wanted.endswith(digits) or digits.endswith(wanted.lstrip("0"))):
            yield Place(match.start(), match.end())


def _currencies(text: str, value: Any) -> Iterator[Place]:
    signs = [value, *(sign for sign, code in _SYMBOLS.items() if code == value)]
    for match in re.finditer("|".join(map(re.escape, signs)), text, re.IGNORECASE):
        yield Place(match.start(), match.end())


def _nowhere(text: str, value: Any) -> Iterator[Place]:
    """A yes or no stands nowhere; it is what a reader makes of the text."""
    return iter(())


_FINDERS: dict[str, Callable[[str, Any], Iterator[Place]]] = {
    "number": _numbers,
    "integer": _numbers,
    "money": _numbers,
    "percent": _numbers,
    "date": _dates,
    "datetime": _dates,
    "time": _times,
    "phone": _phones,
    "currency": _currencies,
    "boolean": _nowhere,
}
