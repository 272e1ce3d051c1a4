"""The sign that a text gives to a number: a minus before or after it, or accounting brackets."""

from __future__ import annotations

import re

_CURRENCY = r"(?:[€$£¥₹]|[A-Z]{3}|zł|Fr\.)"
_DASH = "-\u2010\u2011\u2012\u2013\u2212"
# a dash that joins (INV-12, 10-20, 2026-03-04) is no sign
_MINUS_BEFORE = re.compile(
    rf"(?<![\w)\].,/{_DASH}])[{_DASH}](?P<gap>[ \u00a0\u202f]?)(?:{_CURRENCY}\s?)?\Z"
    r"|\b(?:minus|moins|menos|negative)\s\Z",
    re.IGNORECASE,
)
_MINUS_AFTER = re.compile(rf"(?:\s?{_CURRENCY})?[-\u2212](?![\w(]|\s?\d)")
_HYPHENATED = re.compile(r"[-\u2212]\s{0,3}[^\W\d_]")  # a 5- or 7-year plan
_CREDIT = re.compile(r"\s?CR\b")
_OPENING = re.compile(rf"(?P<outside>{_CURRENCY}\s?)?\(\s?(?P<inside>{_CURRENCY}\s?)?\Z")
_CLOSING = re.compile(rf"\s?(?P<inside>{_CURRENCY})?\s?\)")
_DECIMALS = re.compile(r"\d[.,]\d\d\Z|,\d{3}\.\d+\Z|\.\d{3},\d+\Z")
_REACH = 12  # characters before a number that are looked at

NEGATIVE = -1
EITHER = 0
POSITIVE = 1


def has_sign(text: str, start: int, end: int, value: float) -> bool:
    """Whether the number in ``text[start:end]`` can have the sign of ``value``."""
    sign = sign_at(text, start, end)
    return value == 0 or sign == EITHER or (sign == NEGATIVE) == (value < 0)


def sign_at(text: str, start: int, end: int) -> int:
    """NEGATIVE, POSITIVE, or EITHER where the text leaves it open, as in `- 12` or `(12)`."""
    before = text[max(0, start - _REACH) : start]
    after = text[end : end + _REACH]
    if minus := _MINUS_BEFORE.search(before):
        return EITHER if minus["gap"] else NEGATIVE  # with a gap it may be a bullet
    if _MINUS_AFTER.match(after):
        is_hyphen = _HYPHENATED.match(after) and not _DECIMALS.search(text[start:end])
        return EITHER if is_hyphen else NEGATIVE
    if _CREDIT.match(after):
        return EITHER
    opening = _OPENING.search(before)
    closing = _CLOSING.match(after)
    if not (opening and closing):
        return POSITIVE
    # "twelve (12) months" has brackets too, but accounts write (12.00) or ($12)
    is_amount = _DECIMALS.search(text[start:end]) or any((*opening.groups(), *closing.groups()))
    return NEGATIVE if is_amount else EITHER
