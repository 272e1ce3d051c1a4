"""One form for values that are written in many: every reading a value has, or why it has none.

A function takes the value and what the caller says about it, and gives its readings: none, one, or
several where the value alone does not say which is meant. Nothing is chosen between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import idna

from connector.providers.local.text.country_names import country_codes
from connector.providers.local.text.dates import DateStyle, find_dates, find_datetimes
from connector.providers.local.text.money import (
    CROWNS,
    CURRENCY_CODES,
    CURRENCY_SYMBOLS,
    DOLLARS,
    currency_code,
)
from connector.providers.local.text.sentences import word_set
from connector.providers.local.text.units import quantity_readings


@dataclass(frozen=True)
class ValueReading:
    """The readings of a value, and a note for people where there is not exactly one."""

    readings: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Context:
    """What the caller says: the order of dates (unclear, dmy, mdy) and the country, if any."""

    order: str = "unclear"
    region: str = ""
    allowed: dict[str, str] = field(default_factory=dict)  # folded spelling: name


def _one_or_several(readings: list[str], unreadable: str, unclear: str) -> ValueReading:
    distinct = tuple(dict.fromkeys(readings))
    if len(distinct) == 1:
        return ValueReading(distinct)
    return ValueReading(distinct, unclear if distinct else unreadable)


# --- dates ----------------------------------------------------------------------------------------

_COMPACT_DATE = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_SLASHED_DATE = re.compile(r"((?:19|20)\d\d)[/.](\d{1,2})[/.](\d{1,2})")
_WEEKDAY = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|"
    r"sábado|domingo)(?:day|sday|nesday|rsday|urday)?\.?,?\s",
    re.IGNORECASE,
)
_LAST_YEAR = 2050
_NO_ORDER = "Day or month first. Choose the order."


def read_date(text: str, context: Context) -> ValueReading:
    """ISO 8601: 2026-03-04, with the time of day if one is written."""
    text = _SLASHED_DATE.sub(r"\1-\2-\3", _COMPACT_DATE.sub(r"\1-\2-\3", text, count=1), count=1)
    weekday = _WEEKDAY.match(text)
    text = text[weekday.end() :] if weekday else text
    orders = {"dmy": (True,), "mdy": (False,)}.get(context.order, (True, False))
    if context.order == "unclear" and context.region:
        orders = (context.region not in {"US", "PH"},) if context.region != "CA" else orders
    written = [_whole_date(text, order, context.region) for order in orders]
    readings = [one for found in written if found for one in _centuries(text, found)]
    return _one_or_several(readings, "This is not one date.", _NO_ORDER)


def _centuries(text: str, found: str) -> tuple[str, ...]:
    """A year of two digits that is far ahead may be of the century before, too."""
    if found[:4] in text or int(found[:4]) <= _LAST_YEAR:
        return (found,)
    return (f"19{found[2:]}", found)


def _whole_date(text: str, day_first: bool, region: str) -> str:
    style = DateStyle(day_first=day_first, region=region)
    for span in find_datetimes(text, style):
        if (span.start, span.end) == (0, len(text)):
            return str(span.value)
    for span in find_dates(text, style):
        if (span.start, span.end) == (0, len(text)):
            return str(span.value.isoformat())
    return ""


# --- numbers and money ----------------------------------------------------------------------------

_BLANK = r"[ \u00a0\u202f\u2009'’]"
_NUMBER = re.compile(
    rf"(?P<sign>[-−+(]?)\s?(?P<digits>\d{{1,3}}(?:{_BLANK}\d{{3}}){{1,6}}(?:[.,]\d{{1,9}})?"
    r"|\d{1,18}(?:[.,]\d{1,9}){0,6}|[.,]\d{1,9})(?:[.,][-–—]{1,2})?\s?(?P<end>[-−)]?)"
)
_POINT_REGIONS = frozenset({"US", "GB", "IE", "AU", "NZ", "CA", "IN", "JP", "CN", "SG", "MX", "IL"})
_SEPARATOR = "The comma or point may divide thousands or decimals. Choose the region."
_GROUP = 3


def read_number(text: str, context: Context) -> ValueReading:
    """Digits with a decimal point: -1234.5."""
    text = text.strip().removesuffix("%").rstrip()
    return _one_or_several(_numbers(text, context.region), "This is not one number.", _SEPARATOR)


def _numbers(text: str, region: str) -> list[str]:
    match = _NUMBER.fullmatch(text.strip())
    if not match or (match["sign"] == "(") != (match["end"] == ")"):
        return []
    is_negative = match["sign"] in {"-", "−", "("} or match["end"] in {"-", "−"}
    digits = re.sub(_BLANK, "", match["digits"])
    return [_plain(one, is_negative) for one in _readings_of_digits(digits, region)]


def _readings_of_digits(digits: str, region: str) -> list[str]:
    separators = [char for char in digits if char in ".,"]
    groups = re.split("[.,]", digits)
    if len(set(separators)) > 1:
        return _with_both(groups, separators)
    are_groups = all(len(group) == _GROUP for group in groups[1:]) and 0 < len(groups[0]) <= _GROUP
    if len(separators) > 1:
        return ["".join(groups)] if are_groups else []
    decimal = ".".join(groups)
    if not separators or not are_groups or groups[0] == "0":
        return [decimal]
    if not region:
        return ["".join(groups), decimal]
    is_decimal = (separators[0] == ".") == (region in _POINT_REGIONS)
    return [decimal if is_decimal else "".join(groups)]


def _with_both(groups: list[str], separators: list[str]) -> list[str]:
    """A number with commas and points: only the last of them can divide its decimals."""
    is_regular = separators.count(separators[-1]) == 1 and len(set(separators[:-1])) == 1
    # groups of three, or of two as in 12,34,567.00
    are_groups = all(len(group) in {2, _GROUP} for group in groups[1:-1])
    if not is_regular or not are_groups or len(groups[-2]) != _GROUP:
        return []
    return [f"{''.join(groups[:-1])}.{groups[-1]}"]


def _plain(digits: str, is_negative: bool) -> str:
    whole, _, decimals = digits.partition(".")
    whole = whole.lstrip("0") or "0"
    text = f"{whole}.{decimals}" if decimals else whole
    return f"-{text}" if is_negative and Decimal(text) else text


_CURRENCY = re.compile(
    "|".join(sorted(map(re.escape, [*CURRENCY_CODES, *CURRENCY_SYMBOLS]), key=len, reverse=True)),
    re.IGNORECASE,
)
_BY_LOWER = {symbol.casefold(): symbol for symbol in [*CURRENCY_SYMBOLS, *CURRENCY_CODES]}
_CENTS = 2


def read_money(text: str, context: Context) -> ValueReading:
    """The amount and the ISO code of its currency: 1240.50 EUR."""
    rest, symbol = split_currency(text)
    if not symbol:
        return ValueReading((), "This is not one amount with a currency.")
    numbers = [_with_cents(number) for number in _numbers(rest, context.region)]
    codes = _currencies(symbol, context.region)
    readings = [f"{number} {code}" for number in numbers for code in codes]
    unclear = (
        _SEPARATOR if len(codes) == 1 else f'"{symbol}" is several currencies. Choose the region.'
    )
    return _one_or_several(readings, "This is not one amount with a currency.", unclear)


def split_currency(text: str) -> tuple[str, str]:
    """The number and the sign or code of the currency beside it; "" without exactly one."""
    found = [match for match in _CURRENCY.finditer(text) if _is_at_an_end(text, match)]
    if len(found) != 1:
        return text, ""
    rest = (text[: found[0].start()] + text[found[0].end() :]).strip()
    return rest, _BY_LOWER[found[0].group().casefold()]


def _is_at_an_end(text: str, match: re.Match[str]) -> bool:
    sides = (text[: match.start()].strip(" -−(+"), text[match.end() :].strip(" -−)"))
    return not all(sides)


def _with_cents(number: str) -> str:
    whole, divider, cents = number.partition(".")
    return f"{whole}.{cents.ljust(_CENTS, '0')}" if divider else number


def _currencies(symbol: str, region: str) -> tuple[str, ...]:
    code = CURRENCY_SYMBOLS.get(symbol, symbol)
    if code in CURRENCY_CODES:
        return (code,)
    if region and (chosen := currency_code(symbol, "", region)) and code != "$":
        return (chosen,)
    if region and code == "$":
        chosen = currency_code(symbol, "", region)
        return (chosen,) if chosen else DOLLARS
    return {"$": DOLLARS, "kr": CROWNS, "¥": ("JPY", "CNY")}[code]


# --- telephone numbers, addresses of the net ------------------------------------------------------


def read_phone(text: str, context: Context) -> ValueReading:
    """E.164: +493090182000."""
    from connector.providers.local.text.contacts import normalize_phone

    value = normalize_phone(text.removeprefix("tel:").strip(), context.region or None)
    if value and value.startswith("+"):
        return ValueReading((value,))
    digits = sum(map(str.isdigit, text))
    note = "This is not a phone number."
    if value or (not context.region and digits > 6):  # noqa: PLR2004 - of the shortest numbers
        note = "The country is not known. Choose the region."
    return ValueReading((), note)


_EMAIL = re.compile(
    r"(?:mailto:)?(?:[^<>]{0,200}<)?([\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})>?"
)


def read_email(text: str, _: Context) -> ValueReading:
    """The bare address, its domain in small letters; those before the @ may differ by case."""
    match = _EMAIL.fullmatch(text)
    if not match:
        return ValueReading((), "This is not one e-mail address.")
    user, domain = match[1].rsplit("@", 1)
    return ValueReading((f"{user}@{domain.lower()}",))


_URL = re.compile(r"(?:(https?)://)?([^\s/?#:@]{1,253})(?::(\d{1,5}))?([/?#]\S{0,2000})?", re.I)
_PORTS = {"http": "80", "https": "443"}


def read_url(text: str, _: Context) -> ValueReading:
    """With a scheme, the host in small letters, without the usual port; paths differ by case."""
    match = _URL.fullmatch(text)
    if not match or "." not in match[2]:
        return ValueReading((), "This is not one web address.")
    scheme = (match[1] or "https").lower()
    try:
        host = idna.encode(match[2].rstrip(".").lower(), uts46=True).decode()
    except idna.IDNAError:
        return ValueReading((), "Its host name is not a valid one.")
    port = f":{match[3]}" if match[3] and match[3] != _PORTS[scheme] else ""
    rest = match[4] or "/"
    return ValueReading((f"{scheme}://{host}{port}{rest if rest[0] == '/' else '/' + rest}",))


# --- countries, quantities ------------------------------------------------------------------------


def read_country(text: str, _: Context) -> ValueReading:
    """Two letters of ISO 3166: DE."""
    return _one_or_several(
        list(country_codes(text)),
        "This is no country that is known.",
        "This is the name of several.",
    )


def read_unit(text: str, context: Context) -> ValueReading:
    """The number in the base unit: 1.8034 m, 4.54 kg, 20 °C."""
    texts = [text]
    if match := re.search(r"\d(?:[.,\d]*\d)?", text):
        numbers = _readings_of_digits(match.group(), context.region)
        texts = [text[: match.start()] + number + text[match.end() :] for number in numbers]
    readings = [one for written in texts for one in quantity_readings(written, context.region)]
    return _one_or_several(
        readings,
        "This is not one quantity with a known unit.",
        "It may be several. Choose a region.",
    )


# --- names, addresses, a list of the caller's own -------------------------------------------------

_PARTICLES = word_set(
    "van von de der den del della di da dos du la le el al bin ibn ter ten zu y e"
)
_TITLE = re.compile(r"(?:mr|mrs|ms|miss|dr|prof|herr|frau|mme|sr|sra)\.?\s", re.IGNORECASE)
_SUFFIXES = {"jr": "Jr.", "sr": "Sr.", "ii": "II", "iii": "III", "iv": "IV", "phd": "PhD"}
_NAME_WORD = re.compile(r"[^\W\d_]['’.-]?|['’.-]")


def read_name(text: str, _: Context) -> ValueReading:
    """First names, then the surname, with capitals where all letters were of one case."""
    text = _TITLE.sub("", text, count=1)
    if any(char.isdigit() or char in "@/;" for char in text) or not _NAME_WORD.search(text):
        return ValueReading((), "This is not a name.")
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) == 2 and parts[1].casefold().strip(".") not in _SUFFIXES:  # noqa: PLR2004
        parts = [parts[1], parts[0]]
    elif len(parts) > 2:  # noqa: PLR2004 - surname, first names
        return ValueReading((), "This is not one name.")
    words = " ".join(parts).split()
    is_plain = text.isupper() or text.islower()
    return ValueReading((" ".join(_name_word(w, n, is_plain) for n, w in enumerate(words)),))


def _name_word(word: str, number: int, is_plain: bool) -> str:
    bare = word.casefold().strip(".")
    if bare in _SUFFIXES and number:
        return _SUFFIXES[bare]
    if not is_plain:
        return word
    if number and word.casefold() in _PARTICLES:
        return word.casefold()
    capital = re.sub(r"[^\W\d_]+", lambda match: match.group().capitalize(), word.casefold())
    return re.sub(r"\bMc([a-z])", lambda match: "Mc" + match[1].upper(), capital)


def read_address(text: str, _: Context) -> ValueReading:
    """One line, its parts divided by commas, with capitals where all letters were of one case."""
    parts = [" ".join(part.split()) for part in re.split(r"[\n,;|]", text)]
    parts = [part for part in parts if part]
    if not any(char.isdigit() for char in text) or not any(char.isalpha() for char in text):
        return ValueReading((), "This has no number or no name of a street.")
    if text.isupper() or text.islower():
        parts = [" ".join(map(_address_word, part.split())) for part in parts]
    return ValueReading((", ".join(parts),))


def _address_word(word: str) -> str:
    has_digits = any(char.isdigit() for char in word)
    if has_digits or (word.isupper() and len(word) <= 2):  # noqa: PLR2004 - a state or a country
        return word.upper()
    return word.capitalize()


_MAX_DISTANCE = 0.86


def spelling_key(text: str) -> str:
    """What two spellings of one name have in common: letters and digits."""
    return "".join(char for char in text.casefold() if char.isalnum())


def read_listed(text: str, context: Context) -> ValueReading:
    """A name of the caller's list: by any of its spellings, else by the only one that is close."""
    from difflib import SequenceMatcher

    key = spelling_key(text)
    if key in context.allowed:
        return ValueReading((context.allowed[key],))
    scores: dict[str, float] = {}
    for spelling, name in context.allowed.items():
        matcher = SequenceMatcher(None, key, spelling, autojunk=False)
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= _MAX_DISTANCE:
            scores[name] = max(scores.get(name, 0.0), matcher.ratio())
    close = [name for name, score in scores.items() if score >= _MAX_DISTANCE]
    return _one_or_several(close, "This is not in the list.", "It is close to several.")


READERS: dict[str, Callable[[str, Context], ValueReading]] = {
    "date": read_date,
    "number": read_number,
    "money": read_money,
    "phone": read_phone,
    "country": read_country,
    "unit": read_unit,
    "name": read_name,
    "address": read_address,
    "email": read_email,
    "url": read_url,
    "list": read_listed,
}
