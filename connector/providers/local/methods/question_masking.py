# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Masking of a question: its dates and numbers are replaced by marks, so that rules can match it.

Marks are ``@0`` for a date, ``#1`` for a number and ``%2`` for a percentage; the number is the
index of the value. German, French and Spanish words that matter to the rules become English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from connector.providers.local.text.dates import DateStyle, date_style, find_dates
from connector.providers.local.text.money import (
    NUMBER_WORDS,
    ValueSpan,
    find_money,
    find_numbers,
    plain_digits,
    uses_decimal_comma,
)

MAX_NAME_GAP = 40  # characters between a name and its number in the context
_TRANSLATIONS = {
    word: english
    for english, words in {
        "of": "von",
        "percent": "prozent",
        "times": "mal fois",
        "divided": "geteilt divisé",
        "by": "durch par",
        "days": "tage tagen jours",
        "day": "tag jour",
        "weeks": "wochen semaines",
        "week": "woche",
        "months": "monate monaten mois",
        "years": "jahre jahren ans",
        "after": "nach après",
        "before": "vor avant",
        "between": "zwischen entre",
        "and": "und et",
        "sum": "summe somme",
        "average": "durchschnitt moyenne",
        "today": "heute",
        "weekday": "wochentag",
        "minus": "moins",
        "how": "wie",
        "many": "viele",
        "how many": "combien",
    }.items()
    for word in words.split()
}
MARK = re.compile(r"[#%@](\d{1,2})")
_THE_NAME = re.compile(
    r"\b(?:the|our|my|its)\s+((?:(?!(?:and|or|to|from|plus|minus|is|are|by|in|the|times|divided|"
    r"with)\b)[a-zA-Z][\w-]{1,20}\s?){1,4})"
)
_LONG_NUMBER = re.compile(r"(?<![\w.,#@%])\d{16,60}(?:\.\d{1,30})?(?![\w]|[.,]\d)")
_PERCENT = re.compile(r"\s?(?:%|percent\b|per cent\b|prozent\b|pour cent\b)")
_LONG_NUMBER_WORDS = sorted((word for word in NUMBER_WORDS if len(word) > 2), key=len, reverse=True)
_NUMBER_WORD = re.compile(r"\b(" + "|".join(_LONG_NUMBER_WORDS) + r")(?=\s)")


@dataclass(frozen=True)
class MaskedQuestion:
    """A question with marks in its ``text``, and the ``values`` that the marks stand for."""

    text: str
    values: tuple[str, ...]

    def covers_all_values(self, match: re.Match[str]) -> bool:
        """Whether all marks of the question are inside ``match``."""
        return not MARK.search(self.text[: match.start()] + " " + self.text[match.end() :])


def mask_question(question: str, today: str | None = None) -> MaskedQuestion:
    """Replace dates, percentages and numbers by marks; ``today`` (ISO) replaces the word."""
    values: list[str] = []
    text = _mask_dates(question, values)
    text = _mask_numbers(text, values, uses_decimal_comma(question))
    text = _NUMBER_WORD.sub(
        lambda match: _add_mark(values, str(NUMBER_WORDS[match[1]]), "#"), translate(text.lower())
    )
    if today:
        text = re.sub(r"\btoday\b|\bnow\b", lambda _: _add_mark(values, today, "@"), text)
    return MaskedQuestion(" ".join(text.split()).rstrip(" ?.!="), tuple(values))


def _mask_dates(text: str, values: list[str]) -> str:
    parts: list[str] = []
    position = 0
    for span in find_dates(text, date_style(text)):
        mark = _add_mark(values, span.value.isoformat(), "@")
        parts += [text[position : span.start], mark]
        position = span.end
    return "".join(parts) + text[position:]


def _mask_numbers(text: str, values: list[str], decimal_comma: bool) -> str:
    # a number too long for a float is kept as it is written
    text = _LONG_NUMBER.sub(lambda match: _add_mark(values, match[0], "#"), text)
    parts: list[str] = []
    position = 0
    spans = {span.start: span for span in find_money(text, decimal_comma)}
    spans |= {
        span.start: span
        for span in find_numbers(text, decimal_comma)
        if not _is_inside(span.start, spans.values())
    }
    for start in sorted(spans):
        span = spans[start]
        if start < position or text[max(0, start - 1) : start] in {"@", "#"}:
            continue
        percent = _PERCENT.match(text[span.end : span.end + 12].lower())
        value = _as_written(text[start : span.end], span.value, decimal_comma)
        parts += [text[position:start], _add_mark(values, value, "%" if percent else "#")]
        position = span.end + (percent.end() if percent else 0)
    return "".join(parts) + text[position:]


def _as_written(raw: str, value: int | float, decimal_comma: bool) -> str:
    """The digits as written, such as 1240.50, unless a word such as "million" scales them."""
    digits = re.search(r"\d[\d.,'’\s]*", raw)
    written = plain_digits(digits.group().strip(" .,"), decimal_comma) if digits else ""
    return written if written and float(written) == abs(value) and value >= 0 else str(value)


def _is_inside(position: int, spans: Iterable[ValueSpan]) -> bool:
    return any(span.start <= position < span.end for span in spans)


def _add_mark(values: list[str], value: str, sign: str) -> str:
    values.append(value)
    return f"{sign}{len(values) - 1}"


def translate(text: str) -> str:
    """The text with the words that the rules use in English."""
    return re.sub(r"[^\W\d_]+", lambda match: _TRANSLATIONS.get(match[0], match[0]), text)


# --- names of values ------------------------------------------------------------------------------


def resolve_names(question: str, context: str) -> tuple[str, tuple[int, ...]]:
    """Replace names such as "the total" by their value, if the context has exactly one.

    Returns the question and the positions of those values in the context.
    """
    positions: list[int] = []
    if not context:
        return question, ()

    def resolve(match: re.Match[str]) -> str:
        words = match[1].split()
        for length in range(len(words), 0, -1):
            result = find_named_value(" ".join(words[:length]), context)
            if result:
                value, position = result
                positions.append(position)
                rest = " ".join(words[length:])
                return f"{value} {rest}".rstrip() + (" " if match[0].endswith(" ") else "")
        return match[0]

    return _THE_NAME.sub(resolve, question), tuple(positions)


def find_named_value(name: str, context: str) -> tuple[str, int] | None:
    """The number or date right after ``name`` in the context, and its position.

    None if there is no value, or more than one.
    """
    head = context[:200_000]
    pattern = re.compile(
        rf"(?<![\w-]){re.escape(name)}(?![\w-])([^\d\n.;]{{0,{MAX_NAME_GAP}}})", re.I
    )
    style = date_style(head)
    decimal_comma = uses_decimal_comma(head)
    positions: dict[str, int] = {}
    for match in pattern.finditer(head):
        value = _value_at(head, match.end(), style, decimal_comma)
        if value:
            positions.setdefault(value, match.end())
    return positions.popitem() if len(positions) == 1 else None


def _value_at(text: str, position: int, style: DateStyle, decimal_comma: bool) -> str | None:
    after = text[position : position + 40]
    for span in find_dates(after, style):
        if span.start == 0:
            return str(span.value.isoformat())
    match = re.match(r"\d[\d.,'’]{0,15}\d|\d", after)
    if not match or re.match(r"\s?%", after[match.end() :]):
        return None
    return plain_digits(match.group(), decimal_comma)
