"""Finding a value in a text, so that evidence costs no tokens and cannot be invented by a model.

A text is matched exactly, or except for case, white space and typography (``text_folding.py``). A
number, a date, a time or a telephone number is matched in any usual notation: one pattern covers
all notations of the value, so that a long text is scanned once. The sign of a number counts
(``number_signs.py``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from connector.catalogue.number_signs import has_sign
from connector.catalogue.text_folding import fold, folded_text

# full names and irregular abbreviations; the first three or more letters of a name match too
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
_SYMBOLS = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "zł": "PLN",
    "Fr.": "CHF",
    "euro": "EUR",
}
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_ISO_TIME = re.compile(r"(\d\d):(\d\d)")
_PHONE = re.compile(r"\+?\(?\d[\d ()./\u00a0-]{4,24}\d")
_WORD = re.compile(r"\w{3,}")
_LETTER = r"[^\W\d_]"
_SPACE = r"[ \u00a0]"
_GROUP_SEPARATORS = (".", ",", "'", "\u2019", " ", "\u00a0", "\u202f")
_IN_NUMBER = r".,'\u2019\u00a0\u202f"  # characters that, between digits, make them one number
_GROUP = 3
_LAKH = 5
_MAX_SPANS = 300
_NEAR_BEFORE = 90  # characters before a span in which the words of `near` are looked for
_NEAR_LENGTH = 300  # characters of `near` that are used
_NEAR_PREFIX = 6  # characters of a word that are compared
_SHORT_QUOTE = 60
_PHONE_DIGITS = 6
_NOON = 12


@dataclass(frozen=True)
class TextSpan:
    """A span of a text, in characters from 0; ``end`` is exclusive."""

    start: int
    end: int


def find_quote(text: str, quote: str) -> TextSpan | None:
    """The first span of ``quote``: exact, or except for case, white space and typography."""
    return next(_quotes(text, quote), None) or next(_folded_spans(_quotes, text, quote), None)


def find_value(text: str, value: Any, kind: str, *, near: str = "") -> TextSpan | None:
    """The span of ``value``, of the user field type ``kind``.

    Of several, the best is one preceded by words of ``near``.
    """
    finder = _FINDERS.get(kind, _quotes)
    spans = list(islice(finder(text, value), _MAX_SPANS))
    if not spans:
        spans = list(islice(_folded_spans(finder, text, value), _MAX_SPANS))
    return _best_span(text, spans, near)


def _folded_spans(
    finder: Callable[[str, Any], Iterator[TextSpan]], text: str, value: Any
) -> Iterator[TextSpan]:
    """The spans in ``text`` that ``finder`` finds once text and value are folded."""
    folded_value = fold(value) if isinstance(value, str) else value
    folded = folded_text(text)
    if folded.text == text and folded_value == value:
        return
    for span in finder(folded.text, folded_value):
        yield TextSpan(*folded.source_span(span.start, span.end))


def _best_span(text: str, spans: list[TextSpan], near: str) -> TextSpan | None:
    """The best span: a whole word, then the one preceded by more words of ``near``."""
    words = {word.casefold()[:_NEAR_PREFIX] for word in _WORD.findall(near[:_NEAR_LENGTH])}

    def score(span: TextSpan) -> tuple[bool, int]:
        before = text[max(0, span.start - _NEAR_BEFORE) : span.start].casefold()
        is_word = not (before[-1:].isalnum() or text[span.end : span.end + 1].isalnum())
        return is_word, sum(word in before for word in words)

    return max(spans, key=score, default=None)


def _matches(pattern: str, text: str) -> Iterator[TextSpan]:
    for match in re.finditer(pattern, text, re.IGNORECASE):
        yield TextSpan(match.start(), match.end())


def _quotes(text: str, quote: Any) -> Iterator[TextSpan]:
    words = str(quote).split()
    if not words:
        return
    exact = str(quote).strip()
    start = text.find(exact)
    if start >= 0:
        while start >= 0:
            yield TextSpan(start, start + len(exact))
            start = text.find(exact, start + len(exact))
    elif len(exact) <= _SHORT_QUOTE:
        yield from _matches(r"\s+".join(map(re.escape, words)), text)
    else:
        yield from _long_quote(text, words)


def _long_quote(text: str, words: list[str]) -> Iterator[TextSpan]:
    """The first span of the words, except for case and white space.

    Searches a copy with single spaces, as a regular expression of a long quote is slow.
    """
    starts = []
    flat_words = []
    flat_starts = [0]
    for match in re.finditer(r"\S+", text):
        word = _lower(match[0])
        starts.append(match.start())
        flat_words.append(word)
        flat_starts.append(flat_starts[-1] + len(word) + 1)
    quote = " ".join(map(_lower, words))
    flat_start = " ".join(flat_words).find(quote)
    if flat_start < 0:
        return
    flat_end = flat_start + len(quote)
    first = bisect_right(flat_starts, flat_start) - 1
    last = bisect_right(flat_starts, flat_end - 1) - 1
    start = starts[first] + flat_start - flat_starts[first]
    end = starts[last] + flat_end - flat_starts[last]
    yield TextSpan(start, end)


def _lower(word: str) -> str:
    """``word`` in lower case if that keeps its length, so that offsets stay valid."""
    lower = word.lower()
    return lower if len(lower) == len(word) else word


def _numbers(text: str, value: Any) -> Iterator[TextSpan]:
    """With or without thousands separators and trailing zeros; a point or a comma for decimals."""
    try:
        number = Decimal(str(value)).copy_abs()
    except (InvalidOperation, ValueError):
        return iter(())
    if not number.is_finite():
        return iter(())
    whole, _, decimals = format(number, "f").partition(".")
    decimals = decimals.rstrip("0")
    starts_with_point = whole == "0" and bool(decimals)  # .5
    forms = [_with_decimals("" if starts_with_point else whole, decimals, ".,")]
    if len(whole) > _GROUP:
        groups = _grouped(whole, _GROUP)
        for separator in _GROUP_SEPARATORS:
            points = ".,".replace(separator, "")
            forms.append(_with_decimals(re.escape(separator).join(groups), decimals, points))
    if len(whole) > _LAKH:
        groups = [*_grouped(whole[:-_GROUP], 2), whole[-_GROUP:]]
        forms.append(_with_decimals(",".join(groups), decimals, "."))
    spans = _matches(
        rf"(?<!\d)(?<!\d[{_IN_NUMBER}])0*(?:{'|'.join(forms)})(?!\d)(?![{_IN_NUMBER}]\d)", text
    )
    sign = float(value)
    return (span for span in spans if has_sign(text, span.start, span.end, sign))


def _with_decimals(whole: str, decimals: str, points: str) -> str:
    return rf"{whole}[{points}]{decimals}0*" if decimals else rf"{whole}(?:[{points}]0+)?"


def _grouped(digits: str, size: int) -> list[str]:
    first = len(digits) % size or size
    return [digits[:first], *(digits[i : i + size] for i in range(first, len(digits), size))]


def _dates(text: str, value: Any) -> Iterator[TextSpan]:
    """Dates in figures, such as 31.3.2026, then with the month's name before or after the day."""
    parts = _ISO_DATE.match(str(value))
    if parts is None or not 1 <= int(parts[2]) <= len(_MONTHS):
        return
    full = parts[1]
    short = full[2:]
    day = f"0?{int(parts[3])}"
    month = f"0?{int(parts[2])}"
    year = f"(?:{full}|{short})"
    orders = ((full, month, day), (day, month, year), (month, day, year))
    in_figures = "|".join(r"(?:[.] ?|[-/年月])".join(order) for order in orders)
    yield from _matches(rf"(?<!\d)(?:{in_figures})(?!\d)日?", text)
    name = rf"(?:{_month_names(int(parts[2]))})(?!{_LETTER})(?:\.(?={_SPACE}?\d))?"
    before_full = rf",?(?:{_SPACE}|[/-])?(?:(?:del?|of) )?"
    before_short = r"[-/'\u2019]"
    no_year = rf"(?!{before_full}\d{{4}}|{before_short}\d)"
    year_or_none = rf"(?:{before_full}{full}(?!\d)|{before_short}{short}(?!\d)|{no_year})"
    ordinal_day = rf"{day}(?:st|nd|rd|th|\.|er|[º°])?(?:{_SPACE}|[/-])?(?:(?:de|of) )?"
    yield from _matches(rf"(?<!\d){ordinal_day}{name}{year_or_none}", text)
    day_after = rf"(?:{_SPACE}|-){day}(?:st|nd|rd|th)?(?!\d)"
    yield from _matches(rf"(?<!{_LETTER}){name}{day_after}{year_or_none}", text)


def _month_names(month: int) -> str:
    """A pattern of the month's names and their prefixes, the longest first.

    A prefix that also starts another month's name is left out.
    """
    others = tuple(
        name for number, names in enumerate(_MONTHS, 1) if number != month for name in names.split()
    )
    names = _MONTHS[month - 1].split()
    prefixes = {name[:size] for name in names for size in range(3, len(name) + 1)}
    distinct = [
        prefix for prefix in prefixes if not any(name.startswith(prefix) for name in others)
    ]
    return "|".join(sorted(distinct, key=len, reverse=True))


def _times(text: str, value: Any) -> Iterator[TextSpan]:
    """Times of the 24-hour clock, and of the 12-hour clock with am or pm; seconds are optional."""
    parts = _ISO_TIME.match(str(value))
    if parts is None:
        return iter(())
    hour = int(parts[1])
    minute = parts[2]
    is_full_hour = minute == "00"
    hour_word = "| ?(?:h|uhr|heures?)" if is_full_hour else ""
    in_24 = rf"0?{hour}(?:(?:[:.]| ?h ?){minute}(?::\d\d)?{hour_word})(?! ?[ap]\.?m)"
    minutes = rf"(?:[:.]{minute}){'?' if is_full_hour else ''}"
    letter = "p" if hour >= _NOON else "a"
    in_12 = rf"0?{hour % _NOON or _NOON}{minutes} ?{letter}(?:\.m\.?|m)"
    return _matches(rf"(?<!\d)(?<!\d[.:])(?:{in_24}|{in_12})(?!\d|{_LETTER}|\.\d)", text)


def _phones(text: str, value: Any) -> Iterator[TextSpan]:
    """Telephone numbers with the same digits, with or without the country and trunk prefix."""
    sought = re.sub(r"\D", "", str(value))
    if len(sought) < _PHONE_DIGITS:
        yield from _quotes(text, value)
        return
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0].replace("(0)", "")).lstrip("0")
        is_same = sought.endswith(digits) or digits.endswith(sought.lstrip("0"))
        if len(digits) >= _PHONE_DIGITS and is_same:
            yield TextSpan(match.start(), match.end())


def _currencies(text: str, value: Any) -> Iterator[TextSpan]:
    """The currency's code or one of its symbols."""
    if not value:
        return iter(())
    notations = [str(value), *(symbol for symbol, code in _SYMBOLS.items() if code == value)]
    patterns = [
        rf"(?<!{_LETTER}){re.escape(one)}s?(?!{_LETTER})" if one[0].isalpha() else re.escape(one)
        for one in notations
    ]
    return _matches("|".join(patterns), text)


def _nowhere(text: str, value: Any) -> Iterator[TextSpan]:
    """A boolean has no span: it is an interpretation of the text."""
    return iter(())


_FINDERS: dict[str, Callable[[str, Any], Iterator[TextSpan]]] = {
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
