"""Where a value stands in a text: the server looks for itself, so that evidence costs no tokens and cannot be made up.

A text is found as it is or but for case and white space, a quotation also with other quotation marks and dashes. A number, a
date, a time or a telephone number is found in whatever form the text has it: the ways to write a value are made into one pattern,
so that a long text is read once and fast.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

# full names and odd abbreviations; the first three or more letters of a name stand for it too
_MONTHS = (
    "january januar jänner janvier enero gennaio januari janeiro",
    "february februar feber février fevrier febrero febbraio februari fevereiro",
    "march märz maerz mrz mars marzo maart mrt março marco",
    "april avril abril aprile",
    "may mai mayo maggio mei maio",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august août aout agosto augustus",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember décembre decembre diciembre dicembre dezembro",
)
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "Fr.": "CHF", "euro": "EUR"}
_SINGLE, _DOUBLE = "\u2018\u2019\u201a\u2032\u00b4`", "\u201c\u201d\u201e\u2033\u00ab\u00bb"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_PLAIN = str.maketrans(_SINGLE + _DOUBLE + _DASHES, "'" * len(_SINGLE) + '"' * len(_DOUBLE) + "-" * len(_DASHES))
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_ISO_TIME = re.compile(r"(\d\d):(\d\d)")
_PHONE = re.compile(r"\+?\(?\d[\d ()./\u00a0-]{4,24}\d")
_WORD = re.compile(r"\w{3,}")
_LETTER = r"[^\W\d_]"
_SPACE = r"[ \u00a0]"
_GROUP_SIGNS = (".", ",", "'", "\u2019", " ", "\u00a0", "\u202f")
_INSIDE = r".,'\u2019\u00a0\u202f"  # signs that, between digits, make them one number
_GROUP, _LAKH = 3, 5
_MOST = 300
_NEAR = 90
_NEAR_WORDS = 300
_SHORT_QUOTE = 60
_PHONE_DIGITS = 6
_NOON = 12


@dataclass(frozen=True)
class Place:
    """A piece of a text, in characters from 0; ``end`` is just behind it."""

    start: int
    end: int


def find_quote(text: str, quote: str) -> Place | None:
    """Where ``quote`` stands in ``text``, exactly, or but for case, white space and the kinds of quotation marks and dashes."""
    exact = next(_quotes(text, quote), None)
    # sign for sign, so that a place in the plain text is one in the text
    return exact or next(_quotes(text.translate(_PLAIN), quote.translate(_PLAIN)), None)


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
    """A place that is a whole word before one that is a part of a word, then the one that more words of ``near`` precede."""
    words = {word.casefold()[:6] for word in _WORD.findall(near[:_NEAR_WORDS])}

    def merit(place: Place) -> tuple[bool, int]:
        before = text[max(0, place.start - _NEAR) : place.start].casefold()
        whole = not (before[-1:].isalnum() or text[place.end : place.end + 1].isalnum())
        return whole, sum(word in before for word in words)

    return max(places, key=merit, default=None)


def _matches(pattern: str, text: str) -> Iterator[Place]:
    return (Place(match.start(), match.end()) for match in re.finditer(pattern, text, re.IGNORECASE))


def _quotes(text: str, quote: Any) -> Iterator[Place]:
    words = str(quote).split()
    if not words:
        return
    exact = str(quote).strip()
    at = text.find(exact)
    if at < 0:
        yield from _matches(r"\s+".join(map(re.escape, words)), text) if len(exact) <= _SHORT_QUOTE else _long_quote(text, words)
    while at >= 0:
        yield Place(at, at + len(exact))
        at = text.find(exact, at + len(exact))


def _long_quote(text: str, words: list[str]) -> Iterator[Place]:
    """The first place of the words but for case and white space, found in time that does not grow with their length."""
    starts, flat_starts, flat = [], [0], []
    for match in re.finditer(r"\S+", text):
        starts.append(match.start())
        flat.append(_lower(match[0]))
        flat_starts.append(flat_starts[-1] + len(flat[-1]) + 1)
    wanted = " ".join(map(_lower, words))
    at = " ".join(flat).find(wanted)
    if at >= 0:
        first, last = (bisect_right(flat_starts, place) - 1 for place in (at, at + len(wanted) - 1))
        yield Place(starts[first] + at - flat_starts[first], starts[last] + at + len(wanted) - flat_starts[last])


def _lower(word: str) -> str:
    lower = word.lower()
    return lower if len(lower) == len(word) else word


def _numbers(text: str, value: Any) -> Iterator[Place]:
    """``value`` with its thousands apart or not, a point or a comma before its decimals, zeros behind them."""
    try:
        number = Decimal(str(value)).copy_abs()
    except (InvalidOperation, ValueError):
        return iter(())
    if not number.is_finite():
        return iter(())
    whole, _, behind = format(number, "f").partition(".")
    behind = behind.rstrip("0")
    forms = [_with_decimals(whole if whole != "0" else "" if behind else "0", behind, ".,")]
    if len(whole) > _GROUP:
        groups = _grouped(whole, _GROUP)
        forms += [_with_decimals(re.escape(sign).join(groups), behind, ".,".replace(sign, "")) for sign in _GROUP_SIGNS]
    if len(whole) > _LAKH:
        forms.append(_with_decimals(",".join([*_grouped(whole[:-_GROUP], 2), whole[-_GROUP:]]), behind, "."))
    return _matches(rf"(?<!\d)(?<!\d[{_INSIDE}])0*(?:{'|'.join(forms)})(?!\d)(?![{_INSIDE}]\d)", text)


def _with_decimals(whole: str, behind: str, points: str) -> str:
    return rf"{whole}[{points}]{behind}0*" if behind else rf"{whole}(?:[{points}]0+)?"


def _grouped(digits: str, size: int) -> list[str]:
    first = len(digits) % size or size
    return [digits[:first], *(digits[at : at + size] for at in range(first, len(digits), size))]


def _dates(text: str, value: Any) -> Iterator[Place]:
    parts = _ISO_DATE.match(str(value))
    if parts is None or not 1 <= int(parts[2]) <= len(_MONTHS):
        return
    full, short = parts[1], parts[1][2:]
    day, month, year = f"0?{int(parts[3])}", f"0?{int(parts[2])}", f"(?:{full}|{short})"
    orders = ((full, month, day), (day, month, year), (month, day, year))
    yield from _matches(rf"(?<!\d)(?:{'|'.join(r'(?:[.] ?|[-/年月])'.join(order) for order in orders)})(?!\d)日?", text)
    word = rf"(?:{_month_words(int(parts[2]))})(?!{_LETTER})(?:\.(?={_SPACE}?\d))?"
    before_year, before_short = rf",?(?:{_SPACE}|[/-])?(?:(?:del?|of) )?", r"[-/'\u2019]"
    no_year = rf"(?!{before_year}\d{{4}}|{before_short}\d)"
    behind = rf"(?:{before_year}{full}(?!\d)|{before_short}{short}(?!\d)|{no_year})"
    yield from _matches(rf"(?<!\d){day}(?:st|nd|rd|th|\.|er|[º°])?(?:{_SPACE}|[/-])?(?:(?:de|of) )?{word}{behind}", text)
    yield from _matches(rf"(?<!{_LETTER}){word}(?:{_SPACE}|-){day}(?:st|nd|rd|th)?(?!\d){behind}", text)


def _month_words(month: int) -> str:
    """Every word for the month as a pattern, the longest first; what also begins another month's name is no word for it."""
    others = [name for number, names in enumerate(_MONTHS, 1) if number != month for name in names.split()]
    words = {name[:size] for name in _MONTHS[month - 1].split() for size in range(3, len(name) + 1)}
    return "|".join(sorted((word for word in words if not any(name.startswith(word) for name in others)), key=len, reverse=True))


def _times(text: str, value: Any) -> Iterator[Place]:
    parts = _ISO_TIME.match(str(value))
    if parts is None:
        return iter(())
    hour, minute = int(parts[1]), parts[2]
    clock = rf"0?{hour}(?:(?:[:.]| ?h ?){minute}(?::\d\d)?{'| ?(?:h|uhr|heures?)' * (minute == '00')})(?! ?[ap]\.?m)"
    half = rf"0?{hour % _NOON or _NOON}(?:[:.]{minute}){'?' * (minute == '00')} ?{'p' if hour >= _NOON else 'a'}(?:\.m\.?|m)"
    return _matches(rf"(?<!\d)(?<!\d[.:])(?:{clock}|{half})(?!\d|{_LETTER}|\.\d)", text)


def _phones(text: str, value: Any) -> Iterator[Place]:
    wanted = re.sub(r"\D", "", str(value))
    if len(wanted) < _PHONE_DIGITS:
        yield from _quotes(text, value)
        return
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0].replace("(0)", "")).lstrip("0")
        if len(digits) >= _PHONE_DIGITS and (wanted.endswith(digits) or digits.endswith(wanted.lstrip("0"))):
            yield Place(match.start(), match.end())


def _currencies(text: str, value: Any) -> Iterator[Place]:
    signs = [sign for sign in (str(value), *(sign for sign, code in _SYMBOLS.items() if code == value)) if sign]
    words = [rf"(?<!{_LETTER}){re.escape(sign)}s?(?!{_LETTER})" if sign[0].isalpha() else re.escape(sign) for sign in signs]
    return _matches("|".join(words), text) if words else iter(())


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
