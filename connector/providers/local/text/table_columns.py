"""The cells of a column as exact numbers with a unit, or as days. Nothing is guessed.

A cell that alone can be read in two ways (1,234 or 03/04/2026) is read as the other cells of its
column show. Where none shows it, the cell stays unclear.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from connector.providers.local.text.money import CURRENCY_SYMBOLS
from connector.providers.local.text.normal_forms import (
    Context,
    read_date,
    read_number,
    split_currency,
)

_JSON_DECIMALS = 6
_LARGEST = 10**100
_MAX_CELL = 100  # characters of a number or a date
_WORD_AFTER = re.compile(r"(.*[\d.)])\s?([^\W\d_]{1,15})", re.DOTALL)
_POINT = Context(region="US")
_COMMA = Context(region="DE")


@dataclass(frozen=True)
class NumberCell:
    """A number with its unit ("" for none) and decimals, or None with the reason.

    ``state``: number, empty, text (no number) or unclear (several numbers).
    """

    state: str
    value: Fraction = Fraction(0)
    unit: str = ""
    decimals: int = 0


EMPTY = NumberCell("empty")
TEXT = NumberCell("text")
UNCLEAR = NumberCell("unclear")


def read_numbers(
    texts: Sequence[str], *, region: str = "", typed: bool = False
) -> list[NumberCell]:
    """The cells of a column; ``typed``: they were numbers of JSON, so a point divides decimals."""
    context = _POINT if typed else Context(region=region)
    distinct = dict.fromkeys(texts)
    cells = {text: _read_cell(text, context, typed=typed) for text in distinct}
    unclear = [text for text in distinct if cells[text] is UNCLEAR]
    if unclear:
        style = _number_style(text for text in distinct if cells[text].state == "number")
        if style:
            cells |= {text: _read_cell(text, style) for text in unclear}
    return [cells[text] for text in texts]


def _read_cell(text: str, context: Context, *, typed: bool = False) -> NumberCell:
    if not text:
        return EMPTY
    if len(text) > _MAX_CELL:
        return TEXT
    number, symbol = split_currency(text)
    unit = CURRENCY_SYMBOLS.get(symbol, symbol)
    if text.rstrip().endswith("%"):
        unit = f"{unit}%"
    reading = read_number(number, context)
    if not reading.readings and not unit and (match := _WORD_AFTER.fullmatch(text)):
        number, unit = match[1], match[2].casefold()
        reading = read_number(number, context)
    if typed and not reading.readings:
        return _read_json(text)
    if len(reading.readings) != 1:
        return UNCLEAR if reading.readings else TEXT
    digits = reading.readings[0]
    return NumberCell("number", Fraction(digits), unit, len(digits.partition(".")[2]))


def _read_json(text: str) -> NumberCell:
    """A number with an exponent, such as 1e-07; text where it is absurd."""
    try:
        value = Fraction(text)
    except ValueError:
        return TEXT
    return NumberCell("number", value, "", _JSON_DECIMALS) if abs(value) < _LARGEST else TEXT


def _number_style(texts: Iterable[str]) -> Context | None:
    """How a column divides decimals, by its clear cells; None if they do not say, or disagree."""
    styles = set()
    for text in texts:
        number = split_currency(text)[0]
        point = read_number(number, _POINT).readings
        comma = read_number(number, _COMMA).readings
        signs = [char for char in number if char in ".,"]
        if len(signs) > 1 and len(set(signs)) == 1:
            styles.add("." if signs[0] == "," else ",")  # several groups of thousands
        elif signs and point == comma:
            styles.add(signs[-1])
    return {".": _POINT, ",": _COMMA}.get(styles.pop()) if len(styles) == 1 else None


@dataclass(frozen=True)
class Days:
    """The day of each cell (None: empty, unreadable or unclear), and the places of the latter."""

    days: tuple[datetime.date | None, ...]
    unreadable: tuple[int, ...]
    unclear: tuple[int, ...]


def read_days(texts: Sequence[str], region: str = "") -> Days:
    """The cells of a column as days; a time of day is left out."""
    distinct = {text: _day_readings(text, Context(region=region)) for text in dict.fromkeys(texts)}
    orders = {order for text in distinct for order in _proven_order(text)}
    if len(orders) == 1:
        context = Context(order=orders.pop())
        for text, readings in distinct.items():
            if len(readings) > 1:
                distinct[text] = _day_readings(text, context)
    found = [distinct[text] for text in texts]
    return Days(
        tuple(one[0] if len(one) == 1 else None for one in found),
        tuple(place for place, one in enumerate(found) if not one and texts[place]),
        tuple(place for place, one in enumerate(found) if len(one) > 1),
    )


def _day_readings(text: str, context: Context) -> list[datetime.date]:
    if not text or len(text) > _MAX_CELL:
        return []
    readings = read_date(text, context).readings
    return [datetime.date.fromisoformat(one[:10]) for one in dict.fromkeys(readings)]


_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](?:\d{4}|\d{2})\b")
_MONTHS = 12


def _proven_order(text: str) -> Iterable[str]:
    match = _SLASHED.match(text)
    if match and int(match[1]) > _MONTHS:
        yield "dmy"
    elif match and int(match[2]) > _MONTHS:
        yield "mdy"
