# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Numbers, percentages and money in running text.

Every finder returns spans in the order of the text. A number's separators are read by the text's own habit: a comma before
two digits anywhere ("1.240,50") makes the comma the decimal sign everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from .sentences import word_set

_SPACE = "\u00a0\u202f\u2009"
NUMBER = (
    rf"(?:\d{{1,3}}(?:[.,'’{_SPACE} ]\d{{3}}){{1,5}}(?:[.,]\d{{1,4}})?|\d{{1,2}}(?:,\d\d){{1,4}},\d{{3}}(?:\.\d{{1,4}})?"
    r"|\d{1,15}(?:[.,]\d{1,6})?)(?![.,]?\d)"
)
_NUMBER = re.compile(rf"(?<![\w.,])([-−]?)({NUMBER})(?!\w)")
_PERCENT = re.compile(rf"(?<![\w.,])({NUMBER})\s?(?:%|percent\b|per cent\b|prozent\b|pour cent\b|por ciento\b|procent\b)", re.I)
_COMMA_DECIMAL = re.compile(r"\d,\d{2}(?![\d,])")
_POINT_DECIMAL = re.compile(r"\d\.\d{2}(?![\d.])")

CODES = word_set(
    "EUR USD GBP CHF JPY CNY AUD CAD NZD SGD HKD SEK NOK DKK PLN CZK HUF RON BGN INR BRL MXN ZAR TRY ILS KRW THB AED SAR "
    "RUB UAH ISK IDR MYR PHP VND CLP COP ARS PEN EGP NGN KES MAD TWD"
)
SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₴": "UAH", "zł": "PLN", "Kč": "CZK",
    "A$": "AUD", "AU$": "AUD", "US$": "USD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD",
    "R$": "BRL", "MX$": "MXN", "Fr.": "CHF", "SFr.": "CHF", "euro": "EUR", "euros": "EUR", "Euro": "EUR",
    "Euros": "EUR", "pounds": "GBP", "dollars": "$", "dollar": "$", "$": "$", "¥": "¥", "円": "JPY", "元": "CNY",
    "kr": "kr", "kr.": "kr",
}  # fmt: skip
DOLLARS = ("AUD", "CAD", "NZD", "SGD", "HKD", "USD")
CROWNS = ("SEK", "NOK", "DKK", "ISK")
# What tells whose dollar or crown is meant, when only the sign is written.
_HOMES = {
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

_SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
_CODE = "|".join(sorted(CODES))
_SCALES = {
    "thousand": 1e3, "tsd": 1e3, "k": 1e3, "million": 1e6, "millions": 1e6, "millionen": 1e6, "mio": 1e6, "m": 1e6,
    "mn": 1e6, "billion": 1e9, "bn": 1e9, "mrd": 1e9, "milliarden": 1e9, "lakh": 1e5, "crore": 1e7,
}  # fmt: skip
_SCALE = r"(?:\s?(?P<{}>thousand|[Tt]sd\b\.?|millions?|Millionen|[Mm]io\b\.?|billion|bn|mn|Mrd\b\.?|Milliarden|lakh|crore|[kKmM])(?!\w))?"
_MONEY = re.compile(
    rf"(?<![\w.,])(?:(?P<lead>[-−]?)(?P<before>{_CODE}|{_SIGN})\s?(?P<sign>[-−]?)(?P<one>{NUMBER})(?:,?[-–—]{{1,2}}(?!\d))?{_SCALE.format('big')}"
    rf"|(?P<minus>[-−]?)(?P<two>{NUMBER})(?:,[-–—]{{1,2}})?{_SCALE.format('large')}\s?(?P<after>{_CODE}|{_SIGN})(?!\w))"
)
_MENTION = re.compile(rf"(?<![\w$])(?P<sign>(?:{_CODE})(?!\w)|[€£₹¥]|(?:AU|US|CA|NZ|HK|A|C|S|R)?\$)")

WORDS = {
    word: number
    for number, words in {
        1: "one ein eine einen un une uno una", 2: "two zwei deux dos both", 3: "three drei trois tres",
        4: "four vier quatre cuatro", 5: "five fünf cinq cinco", 6: "six sechs seis", 7: "seven sieben sept siete",
        8: "eight acht huit ocho", 9: "nine neun neuf nueve", 10: "ten zehn dix diez", 11: "eleven elf onze once",
        12: "twelve zwölf douze doce", 13: "thirteen dreizehn treize", 14: "fourteen vierzehn quatorze",
        15: "fifteen fünfzehn quinze", 16: "sixteen", 17: "seventeen", 18: "eighteen", 19: "nineteen",
        20: "twenty zwanzig vingt veinte", 30: "thirty dreißig trente", 40: "forty vierzig quarante",
        50: "fifty fünfzig cinquante", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety", 100: "hundred hundert cent",
    }.items()
    for word in words.split()
}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """A typed value and where it stands in the text; ``extra`` is a second value, such as a currency."""

    start: int
    end: int
    value: Any
    extra: Any = None


def comma_decimal(text: str) -> bool:
    """Whether the text writes 0,50 rather than 0.50."""
    head = text[:200_000]
    return len(_COMMA_DECIMAL.findall(head)) > len(_POINT_DECIMAL.findall(head))


def parse_number(raw: str, comma: bool = False) -> int | float:
    """The number that ``raw`` writes; ``comma`` says that a lone comma is the decimal sign."""
    digits = plain_digits(raw, comma)
    return float(digits) if "." in digits else int(digits)


def plain_digits(raw: str, comma: bool = False) -> str:
    """The same as digits with at most a decimal point: "1240.50"."""
    digits = re.sub(rf"['’\s{_SPACE}]", "", raw)
    last = max(digits.rfind(","), digits.rfind("."))
    if last >= 0:
        mark, other = digits[last], "." if digits[last] == "," else ","
        tail = len(digits) - last - 1
        grouped = tail == 3 and other not in digits and (digits.count(mark) > 1 or (mark == ",") != comma)
        digits = digits.replace(other, "")
        digits = digits.replace(mark, "" if grouped or digits.count(mark) > 1 else ".")
    return digits


def numbers(text: str, comma: bool = False) -> list[Span]:
    """Bare numbers: not part of a word, a code or a longer chain of digits and separators."""
    return [
        Span(match.start(), match.end(), -parse_number(match[2], comma) if match[1] else parse_number(match[2], comma))
        for match in _NUMBER.finditer(text)
    ]


def percents(text: str, comma: bool = False) -> list[Span]:
    """Percentages: 19 for "19 %"."""
    return [Span(match.start(), match.end(), parse_number(match[1], comma)) for match in _PERCENT.finditer(text)]


def money(text: str, comma: bool = False, code_of: Callable[[str], str | None] | None = None) -> list[Span]:
    """Amounts beside a currency, with its ISO code as ``extra`` (None when the sign could mean several).

    ``code_of`` gives the code of a sign; without it, ``text`` itself tells whose sign it is.
    """
    code_of = code_of or codes(text)
    found = []
    for match in _MONEY.finditer(text):
        value = _scaled(parse_number(match["one"] or match["two"], comma), match["big"] or match["large"])
        negative = bool(match["lead"] or match["sign"] or match["minus"])
        code = code_of(match["before"] or match["after"])
        found.append(Span(match.start(), match.end(), -value if negative else value, code))
    return found


def _scaled(value: int | float, word: str | None) -> int | float:
    """4,200,000 for 4.2 and "million"."""
    if not word:
        return value
    large = round(value * _SCALES[word.lower().rstrip(".")], 2)
    return int(large) if large.is_integer() else large


def codes(text: str) -> Callable[[str], str | None]:
    """``currency`` for one text, each sign looked up once."""
    return lru_cache(maxsize=64)(partial(currency, text=text))


def currency(sign: str, text: str) -> str | None:
    """The ISO code of a sign, by the rest of the text when several countries share it; None when that tells nothing."""
    code = SIGNS.get(sign, sign)
    if code in CODES:
        return code
    family = {"$": DOLLARS, "kr": CROWNS, "¥": ("CNY",)}[code]
    homes = [home for home in family if home in _HOMES and _HOMES[home].search(text[:100_000])]
    if len(homes) == 1:
        return homes[0]
    return {"$": "USD", "¥": "JPY"}.get(code) if not homes else None


def only_currency(text: str) -> str | None:
    """The one currency a text uses, or None when there is none or several."""
    seen = {currency(sign, text) for sign in {match["sign"] for match in _MENTION.finditer(text[:100_000])}}
    return seen.pop() if len(seen) == 1 else None
