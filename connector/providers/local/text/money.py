# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Numbers, percentages and money in running text.

Every function returns spans in the order of the text. The decimal separator is that of the whole
text: if most numbers with two decimals have a comma ("1.240,50"), the comma is the separator.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from connector.providers.local.text.sentences import word_set

_SPACE = "\u00a0\u202f\u2009"
NUMBER = (
    rf"(?:\d{{1,3}}(?:[.,'’{_SPACE} ]\d{{3}}){{1,5}}(?:[.,]\d{{1,4}})?|"
    r"\d{1,2}(?:,\d\d){1,4},\d{3}(?:\.\d{1,4})?|\d{1,15}(?:[.,]\d{1,6})?)(?![.,]?\d)"
)
_NUMBER = re.compile(rf"(?<![\w.,])([-−]?)({NUMBER})(?!\w)")
_PERCENT = re.compile(
    rf"(?<![\w.,])([-−]?)({NUMBER})\s?(?:%|percent\b|per cent\b|prozent\b|pour cent\b|por ciento\b|"
    r"procent\b)",
    re.I,
)
_COMMA_DECIMAL = re.compile(r"\d,\d{2}(?![\d,])")
_POINT_DECIMAL = re.compile(r"\d\.\d{2}(?![\d.])")

CURRENCY_CODES = word_set(
    "EUR USD GBP CHF JPY CNY AUD CAD NZD SGD HKD SEK NOK DKK PLN CZK HUF RON BGN INR BRL MXN ZAR "
    "TRY ILS KRW THB AED SAR RUB UAH ISK IDR MYR PHP VND CLP COP ARS PEN EGP NGN KES MAD TWD"
)
CURRENCY_SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "zł": "PLN",
    "Kč": "CZK",
    "A$": "AUD",
    "AU$": "AUD",
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "RM": "MYR",
    "NZ$": "NZD",
    "S$": "SGD",
    "HK$": "HKD",
    "R$": "BRL",
    "MX$": "MXN",
    "Fr.": "CHF",
    "SFr.": "CHF",
    "euro": "EUR",
    "euros": "EUR",
    "Euro": "EUR",
    "Euros": "EUR",
    "pounds": "GBP",
    "dollars": "$",
    "dollar": "$",
    "$": "$",
    "¥": "¥",
    "円": "JPY",
    "元": "CNY",
    "kr": "kr",
    "kr.": "kr",
}
DOLLARS = ("AUD", "CAD", "NZD", "SGD", "HKD", "USD")
CROWNS = ("SEK", "NOK", "DKK", "ISK")
# what an ambiguous symbol means in a country that the caller names
_REGION_CURRENCIES = {
    "$": {
        **{"US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "HK": "HKD"},
        **{"MX": "MXN", "AR": "ARS", "CL": "CLP", "CO": "COP", "TW": "TWD", "PR": "USD"},
    },
    "kr": {"SE": "SEK", "NO": "NOK", "DK": "DKK", "IS": "ISK"},
    "¥": {"JP": "JPY", "CN": "CNY"},
}
# evidence of the country, where the symbol alone is ambiguous
_CURRENCY_HINTS = {
    "AUD": re.compile(r"\bABN\b|\bPty\b|\bAustralia|\bAUD\b|\b(?:NSW|VIC|QLD|TAS)\s\d{4}\b|\+61\b"),
    "NZD": re.compile(r"\bNew Zealand\b|\bNZD\b|\bNZBN\b|\+64\b"),
    "CAD": re.compile(r"\bCanad|\bCAD\b|\bHST\b|\b[A-Z]\d[A-Z] \d[A-Z]\d\b"),
    "SGD": re.compile(r"\bSingapore\b|\bSGD\b|\+65\b"),
    "HKD": re.compile(r"\bHong Kong\b|\bHKD\b|\+852\b"),
    "SEK": re.compile(r"\bSEK\b|\bSweden\b|\bSverige\b|\+46\b|\bAB\b"),
    "NOK": re.compile(r"\bNOK\b|\bNorway\b|\bNorge\b|\+47\b"),
    "DKK": re.compile(r"\bDKK\b|\bDenmark\b|\bDanmark\b|\+45\b|\bApS\b"),
    "ISK": re.compile(r"\bISK\b|\bIceland\b|\+354\b"),
    "CNY": re.compile(r"\bCNY\b|\bRMB\b|\bChina\b|人民币|\+86\b"),
}

_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(CURRENCY_SYMBOLS, key=len, reverse=True))
_CODE = "|".join(sorted(CURRENCY_CODES))
# a sign of a currency beside an amount, for patterns of other modules
CURRENCY_MARK = rf"(?:{_CODE}|{_SYMBOL}|Rs\.?|Rp\.?)"
_SCALES = {
    "thousand": 1e3,
    "tsd": 1e3,
    "k": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "millionen": 1e6,
    "mio": 1e6,
    "m": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "mrd": 1e9,
    "milliarden": 1e9,
    "lakh": 1e5,
    "crore": 1e7,
}
_SCALE = (
    r"(?:\s?(?P<{}>thousand|[Tt]sd\b\.?|millions?|Millionen|[Mm]io\b\.?|billion|bn|mn|Mrd\b\.?|"
    r"Milliarden|lakh|crore|[kKmM])(?!\w))?"
)
_MONEY = re.compile(
    r"(?<![\w.,])(?:"
    # symbol or code before the number: "-€ 4.2 million", "EUR 50,--"
    rf"(?P<lead>[-−]?)(?P<before>{_CODE}|{_SYMBOL})\s?(?P<sign>[-−]?)(?P<one>{NUMBER})"
    rf"(?:,?[-–—]{{1,2}}(?!\d))?{_SCALE.format('big')}"
    # the number first: "4.2 million €", "50,-- EUR"
    rf"|(?P<minus>[-−]?)(?P<two>{NUMBER})(?:,[-–—]{{1,2}})?{_SCALE.format('large')}"
    rf"\s?(?P<after>{_CODE}|{_SYMBOL})(?!\w))"
)
# "1.859 €/l" has three decimals
_PER_UNIT = re.compile(r"\s?(?:/|per\s|pro\s)\s?(?:k?Wh|l\b|lit|gal|m\b|kg|unit|Einheit)", re.I)
_MENTION = re.compile(
    rf"(?<![\w$])(?P<sign>(?:{_CODE})(?!\w)|[€£₹¥]|(?:AU|US|CA|NZ|HK|A|C|S|R)?\$)"
)

NUMBER_WORDS = {
    word: number
    for number, words in {
        1: "one ein eine einen un une uno una",
        2: "two zwei deux dos both",
        3: "three drei trois tres",
        4: "four vier quatre cuatro",
        5: "five fünf cinq cinco",
        6: "six sechs seis",
        7: "seven sieben sept siete",
        8: "eight acht huit ocho",
        9: "nine neun neuf nueve",
        10: "ten zehn dix diez",
        11: "eleven elf onze once",
        12: "twelve zwölf douze doce",
        13: "thirteen dreizehn treize",
        14: "fourteen vierzehn quatorze",
        15: "fifteen fünfzehn quinze",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty zwanzig vingt veinte",
        30: "thirty dreißig trente",
        40: "forty vierzig quarante",
        50: "fifty fünfzig cinquante",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
        100: "hundred hundert cent",
    }.items()
    for word in words.split()
}


@dataclass(frozen=True)
class ValueSpan:
    """A typed value and its position in the text; ``extra`` is a second value (a currency)."""

    start: int
    end: int
    value: Any
    extra: Any = None


def uses_decimal_comma(text: str) -> bool:
    """Whether the text writes 0,50 rather than 0.50."""
    head = text[:200_000]
    return len(_COMMA_DECIMAL.findall(head)) > len(_POINT_DECIMAL.findall(head))


def decimal_style(text: str) -> bool | None:
    """True for a text that writes 0,50, False for 0.50, None if it writes neither."""
    head = text[:200_000]
    commas, points = len(_COMMA_DECIMAL.findall(head)), len(_POINT_DECIMAL.findall(head))
    return commas > points if commas or points else None


def parse_number(raw: str, decimal_comma: bool | None = False) -> int | float:
    """The value of ``raw``; with ``decimal_comma`` a single comma is the decimal separator.

    With None three digits after a separator are a group: 1.250 and 1,250 are both 1250.
    """
    digits = plain_digits(raw, decimal_comma)
    return float(digits) if "." in digits else int(digits)


def plain_digits(raw: str, decimal_comma: bool | None = False) -> str:
    """The number as digits with at most one decimal point: "1240.50"."""
    digits = re.sub(rf"['’\s{_SPACE}]", "", raw)
    last = max(digits.rfind(","), digits.rfind("."))
    if last < 0:
        return digits
    separator = digits[last]
    other = "." if separator == "," else ","
    is_repeated = digits.count(separator) > 1
    has_group = len(digits) - last - 1 == 3 and other not in digits
    is_small = digits[0] == "0"  # 0.085 and 0,085 have decimals only
    may_group = decimal_comma is None or (separator == ",") != decimal_comma
    is_grouping = is_repeated or (has_group and may_group and not is_small)
    return digits.replace(other, "").replace(separator, "" if is_grouping else ".")


def find_numbers(text: str, decimal_comma: bool = False) -> list[ValueSpan]:
    """Numbers that are not part of a word, a code or a longer chain of digits and separators."""
    spans = []
    for match in _NUMBER.finditer(text):
        value = parse_number(match[2], decimal_comma)
        spans.append(ValueSpan(match.start(), match.end(), -value if match[1] else value))
    return spans


def find_percentages(text: str, decimal_comma: bool = False) -> list[ValueSpan]:
    """Percentages: 19 for "19 %", -3 for "-3 %"."""
    spans = []
    for match in _PERCENT.finditer(text):
        value = parse_number(match[2], decimal_comma)
        spans.append(ValueSpan(match.start(), match.end(), -value if match[1] else value))
    return spans


def find_money(
    text: str,
    decimal_comma: bool | None = False,
    code_of: Callable[[str], str | None] | None = None,
) -> list[ValueSpan]:
    """Amounts with a currency; ``extra`` is its ISO code (None if the symbol is ambiguous).

    ``code_of`` returns the code of a symbol; by default it is derived from ``text``.
    """
    code_of = code_of or currency_lookup(text)
    spans = []
    for match in _MONEY.finditer(text):
        is_rate = decimal_comma is None and _PER_UNIT.match(text, match.end())
        number = parse_number(match["one"] or match["two"], False if is_rate else decimal_comma)
        value = _scaled(number, match["big"] or match["large"])
        negative = bool(match["lead"] or match["sign"] or match["minus"])
        code = code_of(match["before"] or match["after"])
        spans.append(ValueSpan(match.start(), match.end(), -value if negative else value, code))
    return spans


def _scaled(value: int | float, word: str | None) -> int | float:
    """4,200,000 for 4.2 and "million"."""
    if not word:
        return value
    large = round(value * _SCALES[word.lower().rstrip(".")], 2)
    return int(large) if large.is_integer() else large


def currency_lookup(text: str, region: str = "") -> Callable[[str], str | None]:
    """``currency_code`` for one text, with a cache."""
    return lru_cache(maxsize=64)(partial(currency_code, text=text, region=region))


def currency_code(symbol: str, text: str, region: str = "") -> str | None:
    """The ISO code of a symbol; None if it is ambiguous and the text has no evidence.

    What it means in ``region``, the country that the caller names, comes before evidence.
    """
    code = CURRENCY_SYMBOLS.get(symbol, symbol)
    if code in CURRENCY_CODES:
        return code
    if region in _REGION_CURRENCIES[code]:
        return _REGION_CURRENCIES[code][region]
    family = {"$": DOLLARS, "kr": CROWNS, "¥": ("CNY",)}[code]
    head = text[:100_000]
    matching = [
        candidate
        for candidate in family
        if candidate in _CURRENCY_HINTS and _CURRENCY_HINTS[candidate].search(head)
    ]
    if len(matching) == 1:
        return matching[0]
    return {"$": "USD", "¥": "JPY"}.get(code) if not matching else None


def only_currency(text: str, region: str = "") -> str | None:
    """The only currency of a text; None if it has none or several."""
    symbols = {match["sign"] for match in _MENTION.finditer(text[:100_000])}
    currencies = {currency_code(symbol, text, region) for symbol in symbols}
    return currencies.pop() if len(currencies) == 1 else None
