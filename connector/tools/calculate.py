"""Exact arithmetic: decimals and fractions, no floating point, no ``eval``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated

from connector.tools.base import ToolError, ToolResult, tool

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[a-z]+)|(?P<operator>\*\*|//|[-+*/%^(),]))"
)
_OPERATORS = str.maketrans({"×": "*", "·": "*", "÷": "/", "\u2212": "-", "\u2013": "-"})
_MAX_LENGTH = 2_000
_MAX_DEPTH = 50
_MAX_BITS = 10_000  # about 3,000 digits; Python itself refuses to write much longer numbers
_DECIMALS = 20
_MAX_EXACT_DECIMALS = 60
_HALF = Fraction(1, 2)


def _square_root(value: Fraction) -> Fraction:
    """Exact where the root is rational, else cut off after 20 places."""
    if value < 0:
        raise ToolError("the square root of a negative number is not a number")
    exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    if exact * exact == value:
        return exact
    scale = 10 ** (2 * _DECIMALS)
    return Fraction(math.isqrt(value.numerator * scale // value.denominator), 10**_DECIMALS)


def _round(value: Fraction, digits: Fraction = Fraction(0)) -> Fraction:
    """Round half away from zero, as is usual for money."""
    if digits.denominator != 1 or abs(digits) > _DECIMALS:
        raise ToolError(f"round takes a whole number of digits, at most {_DECIMALS}")
    scale = Fraction(10) ** int(digits)
    rounded = Fraction(math.floor(abs(value) * scale + _HALF), 1) / scale
    return -rounded if value < 0 else rounded


def _sum(*values: Fraction) -> Fraction:
    total = Fraction(0)
    for value in values:
        # checked at each step: denominators without a common factor multiply each other
        total = _check_size(total + value)
    return total


def _average(*values: Fraction) -> Fraction:
    return _sum(*values) / len(values)


# name: (function, fewest arguments, most arguments)
_FUNCTIONS: dict[str, tuple[Callable[..., Fraction], int, int]] = {
    "round": (_round, 1, 2),
    "sqrt": (_square_root, 1, 1),
    "abs": (abs, 1, 1),
    "min": (min, 1, 100),
    "max": (max, 1, 100),
    "sum": (_sum, 1, 100),
    "avg": (_average, 1, 100),
    "floor": (lambda value: Fraction(math.floor(value)), 1, 1),
    "ceil": (lambda value: Fraction(math.ceil(value)), 1, 1),
}


class _Parser:
    """Recursive descent: sum, product, sign, power, postfix percent, atom."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._position = 0
        self._depth = 0
        self.is_rounded = False  # a root was rounded on the way

    def parse(self) -> Fraction:
        value = self._parse_sum()
        if self._peek():
            raise ToolError(f"there is something left over: {self._peek()}")
        return value

    def _peek(self, offset: int = 0) -> str:
        position = self._position + offset
        return self._tokens[position] if position < len(self._tokens) else ""

    def _accept(self, *operators: str) -> str:
        """The next token if it is one of ``operators``, which is then consumed, else ""."""
        token = self._peek()
        if token not in operators:
            return ""
        self._position += 1
        return token

    def _parse_sum(self) -> Fraction:
        self._enter()
        value = self._parse_product()
        while operator := self._accept("+", "-"):
            other = self._parse_product()
            value = _check_size(value + other if operator == "+" else value - other)
        self._depth -= 1
        return value

    def _parse_product(self) -> Fraction:
        value = self._parse_signed()
        while operator := self._accept("*", "/", "//", "%"):
            value = _check_size(_multiply_or_divide(value, operator, self._parse_signed()))
        return value

    def _parse_signed(self) -> Fraction:
        is_negative = False
        while operator := self._accept("+", "-"):
            is_negative ^= operator == "-"
        value = self._parse_power()
        return -value if is_negative else value

    def _parse_power(self) -> Fraction:
        value = self._parse_percent()
        if self._accept("**", "^"):
            self._enter()
            exponent = self._parse_signed()
            value = self._root(value) if exponent == _HALF else _power(value, exponent)
            self._depth -= 1
        return value

    def _parse_percent(self) -> Fraction:
        """``15%`` is 0.15, unless a value follows: then % is the remainder of a division."""
        value = self._parse_atom()
        while self._peek() == "%" and not self._value_follows():
            self._accept("%")
            value = value / 100
        return value

    def _value_follows(self) -> bool:
        following = self._peek(1)
        return following == "(" or following[:1].isalnum() or following[:1] == "."

    def _parse_atom(self) -> Fraction:
        token = self._peek()
        self._position += 1
        if token == "(":  # noqa: S105  a bracket, no secret
            value = self._parse_sum()
            self._expect_closing_bracket()
            return value
        if token in _FUNCTIONS:
            return self._parse_call(token)
        if token[:1].isdigit() or token[:1] == ".":
            return _check_size(Fraction(token))
        if token:
            raise ToolError(f"a number was expected, not {token!r}")
        raise ToolError("the expression ends too early")

    def _parse_call(self, name: str) -> Fraction:
        function, fewest, most = _FUNCTIONS[name]
        if not self._accept("("):
            raise ToolError(f"{name} needs brackets, such as {name}(2)")
        values = [self._parse_sum()]
        while self._accept(","):
            values.append(self._parse_sum())
        self._expect_closing_bracket()
        if not fewest <= len(values) <= most:
            raise ToolError(f"{name} takes {fewest} to {most} values")
        return self._root(*values) if function is _square_root else function(*values)

    def _root(self, value: Fraction) -> Fraction:
        root = _square_root(value)
        if root * root != value:
            self.is_rounded = True
        return root

    def _expect_closing_bracket(self) -> None:
        if not self._accept(")"):
            raise ToolError("a closing bracket is missing")

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ToolError("the expression is nested too deep")


def _tokens(text: str) -> list[str]:
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ToolError(
                f"{text[position:].strip()[:1]!r} is not understood; use numbers with a decimal "
                "point and + - * / % ** ( )"
            )
        tokens.append(match[match.lastgroup or 0])
        position = match.end()
    return tokens


def _multiply_or_divide(value: Fraction, operator: str, other: Fraction) -> Fraction:
    if operator == "*":
        return value * other
    if other == 0:
        raise ToolError("division by zero")
    if operator == "/":
        return value / other
    if operator == "//":
        return Fraction(value // other)
    return value % other


def _power(value: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        raise ToolError("only whole powers (and 0.5) are exact")
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if abs(value) not in {0, 1} and bits * abs(exponent) > _MAX_BITS:
        raise ToolError("the number would be too large")
    if value == 0 and exponent < 0:
        raise ToolError("division by zero")
    return _check_size(Fraction(value ** int(exponent)))


def _check_size(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
        raise ToolError("the number is too large")
    return value


def format_decimal(value: Fraction, *, is_rounded: bool = False) -> str:
    """``value`` as a decimal: exact where it ends, else rounded to 20 places with a note.

    ``is_rounded``: it was computed from a rounded root.
    """
    if is_rounded:
        return f"{_decimal(_round(value, Fraction(_DECIMALS)), _DECIMALS)} (rounded)"
    decimals = _decimal_count(value.denominator)
    if decimals is not None and decimals <= _MAX_EXACT_DECIMALS:
        return _decimal(value, decimals)
    nearest = _decimal(_round(value, Fraction(_DECIMALS)), _DECIMALS)
    if value.denominator < 10**_DECIMALS:
        return f"{nearest} (rounded; exactly {value.numerator}/{value.denominator})"
    return f"{nearest} (rounded)"


def _decimal_count(denominator: int) -> int | None:
    """The places of a fraction's decimal form; None when it does not end."""
    twos = _multiplicity(denominator, 2)
    fives = _multiplicity(denominator, 5)
    return max(twos, fives) if denominator == 2**twos * 5**fives else None


def _multiplicity(number: int, factor: int) -> int:
    count = 0
    while number % factor == 0:
        number //= factor
        count += 1
    return count


def _decimal(value: Fraction, count: int) -> str:
    digits = str(abs(value.numerator) * 10**count // value.denominator).rjust(count + 1, "0")
    sign = "-" if value < 0 else ""
    if not count:
        return sign + digits
    decimals = digits[-count:].rstrip("0")
    return sign + digits[:-count] + (f".{decimals}" if decimals else "")


@tool("Exact arithmetic. Use it for every calculation.", title="Calculator")
def calculate(
    expression: Annotated[
        str,
        "such as 15 / 100 * 1240.50; + - * / // % ** ( ) round abs min max sum avg, sqrt to 20 "
        "places",
    ],
) -> ToolResult:
    """The exact value of ``expression``."""
    text = expression.translate(_OPERATORS).lower().strip()
    if len(text) > _MAX_LENGTH:
        raise ToolError(f"the expression is longer than {_MAX_LENGTH} characters")
    parser = _Parser(text)
    value = parser.parse()
    result = format_decimal(value, is_rounded=parser.is_rounded)
    return ToolResult(result, result.partition(" ")[0])
