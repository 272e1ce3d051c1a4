"""Exact arithmetic: decimals and fractions, no floating point, no ``eval``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated

from connector.tools.base import Result, ToolError, tool

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[a-z]+)|(?P<sign>\*\*|//|[-+*/%^(),]))")
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "\u2212": "-", "\u2013": "-"})
_MAX_LENGTH = 2_000
_MAX_DEPTH = 50
_MAX_BITS = 10_000  # about 3,000 digits; Python itself refuses to write much longer numbers
_DIGITS = 20
_EXACT_PLACES = 60
_HALF = Fraction(1, 2)


def _root(value: Fraction) -> Fraction:
    if value < 0:
        raise ToolError("the square root of a negative number is not a number")
    scale = 10 ** (2 * _DIGITS)
    exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return exact if exact * exact == value else Fraction(math.isqrt(value.numerator * scale // value.denominator), 10**_DIGITS)


def _rounded(value: Fraction, digits: Fraction = Fraction(0)) -> Fraction:
    """Half away from zero, as people round money."""
    if digits.denominator != 1 or abs(digits) > _DIGITS:
        raise ToolError(f"round takes a whole number of digits, at most {_DIGITS}")
    scale = Fraction(10) ** int(digits)
    return Fraction(math.floor(abs(value) * scale + _HALF), 1) / scale * (-1 if value < 0 else 1)


def _total(*values: Fraction) -> Fraction:
    total = Fraction(0)
    for value in values:
        total = _sized(total + value)  # fractions of large unlike denominators would grow with each other
    return total


def _average(*values: Fraction) -> Fraction:
    return _total(*values) / len(values)


_FUNCTIONS: dict[str, tuple[Callable[..., Fraction], int, int]] = {
    "round": (_rounded, 1, 2),
    "sqrt": (_root, 1, 1),
    "abs": (abs, 1, 1),
    "min": (min, 1, 100),
    "max": (max, 1, 100),
    "sum": (_total, 1, 100),
    "avg": (_average, 1, 100),
    "floor": (lambda value: Fraction(math.floor(value)), 1, 1),
    "ceil": (lambda value: Fraction(math.ceil(value)), 1, 1),
}


class _Parser:
    """Recursive descent: sum, product, sign, power, postfix percent, atom."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at, self._depth = 0, 0
        self.rounded = False  # whether a root on the way had no end

    def parse(self) -> Fraction:
        value = self._sum()
        if self._peek():
            raise ToolError(f"there is something left over: {self._peek()}")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *signs: str) -> str:
        if self._peek() in signs:
            self._at += 1
            return self._tokens[self._at - 1]
        return ""

    def _sum(self) -> Fraction:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ToolError("the expression is nested too deep")
        value = self._product()
        while sign := self._take("+", "-"):
            other = self._product()
            value = _sized(value + other if sign == "+" else value - other)
        self._depth -= 1
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while sign := self._take("*", "/", "//", "%"):
            value = _sized(_times(value, sign, self._signed()))
        return value

    def _signed(self) -> Fraction:
        negative = False
        while sign := self._take("+", "-"):
            negative ^= sign == "-"
        value = self._power()
        return -value if negative else value

    def _power(self) -> Fraction:
        value = self._percent()
        if self._take("**", "^"):
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise ToolError("the expression is nested too deep")
            power = self._signed()
            value = self._root_of(value) if power == _HALF else _raised(value, power)
            self._depth -= 1
        return value

    def _percent(self) -> Fraction:
        """``15%`` is 0.15, unless a value follows: then % is the remainder of a division."""
        value = self._atom()
        while self._peek() == "%" and not self._value_follows():
            self._take("%")
            value = value / 100
        return value

    def _value_follows(self) -> bool:
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""
        return following == "(" or following[:1].isalnum() or following[:1] == "."

    def _atom(self) -> Fraction:
        token = self._peek()
        self._at += 1
        if token == "(":  # noqa: S105  a sign, no secret
            value = self._sum()
            self._close()
            return value
        if token in _FUNCTIONS:
            return self._call(token)
        if token[:1].isdigit() or token[:1] == ".":
            return _sized(Fraction(token))
        raise ToolError(f"a number was expected, not {token!r}" if token else "the expression ends too early")

    def _call(self, name: str) -> Fraction:
        function, fewest, most = _FUNCTIONS[name]
        if not self._take("("):
            raise ToolError(f"{name} needs brackets, such as {name}(2)")
        values = [self._sum()]
        while self._take(","):
            values.append(self._sum())
        self._close()
        if not fewest <= len(values) <= most:
            raise ToolError(f"{name} takes {fewest} to {most} values")
        return self._root_of(*values) if function is _root else function(*values)

    def _root_of(self, value: Fraction) -> Fraction:
        root = _root(value)
        self.rounded |= root * root != value
        return root

    def _close(self) -> None:
        if not self._take(")"):
            raise ToolError("a closing bracket is missing")


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ToolError(f"{text[at:].strip()[:1]!r} is not understood; use numbers with a decimal point and + - * / % ** ( )")
        found.append(match[match.lastgroup or 0])
        at = match.end()
    return found


def _times(value: Fraction, sign: str, other: Fraction) -> Fraction:
    if sign == "*":
        return value * other
    if other == 0:
        raise ToolError("division by zero")
    if sign == "/":
        return value / other
    return Fraction(value // other) if sign == "//" else value % other


def _raised(value: Fraction, power: Fraction) -> Fraction:
    if power.denominator != 1:
        raise ToolError("only whole powers (and 0.5) are exact")
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if abs(value) not in {0, 1} and bits * abs(power) > _MAX_BITS:
        raise ToolError("the number would be too large")
    if value == 0 and power < 0:
        raise ToolError("division by zero")
    return _sized(Fraction(value ** int(power)))


def _sized(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
        raise ToolError("the number is too large")
    return value


def shown(value: Fraction, *, rounded: bool = False) -> str:
    """``value`` as a decimal: exact where it ends, else rounded to 20 places and said to be so, with the fraction.

    ``rounded``: it was worked out from a root that has no end.
    """
    if rounded:
        return f"{_decimal(_rounded(value, Fraction(_DIGITS)), _DIGITS)} (rounded)"
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest == 1 and max(twos, fives) <= _EXACT_PLACES:
        return _decimal(value, max(twos, fives))
    nearest = _decimal(_rounded(value, Fraction(_DIGITS)), _DIGITS)
    exact = f"; exactly {value.numerator}/{value.denominator}" if value.denominator < 10**_DIGITS else ""
    return f"{nearest} (rounded{exact})"


def _decimal(value: Fraction, places: int) -> str:
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole, behind = (digits[:-places], digits[-places:].rstrip("0")) if places else (digits, "")
    return ("-" if value < 0 else "") + whole + (f".{behind}" if behind else "")


@tool("Exact arithmetic. Use it for every calculation.", title="Calculator")
def calculate(
    expression: Annotated[str, "such as 15 / 100 * 1240.50; + - * / // % ** ( ) round abs min max sum avg, sqrt to 20 places"],
) -> Result:
    """The exact value of ``expression``."""
    text = expression.translate(_SIGNS).lower().strip()
    if len(text) > _MAX_LENGTH:
        raise ToolError(f"the expression is longer than {_MAX_LENGTH} characters")
    parser = _Parser(text)
    value = parser.parse()
    text = shown(value, rounded=parser.rounded)
    return Result(text, text.partition(" ")[0])
