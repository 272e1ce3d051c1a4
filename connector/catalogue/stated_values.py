"""Whether the numbers, dates, names and addresses of one text stand in another.

Numbers are compared by value, in digits or in words, so that 1.240,50 stands in "1,240.50 euros".
Dates are found in any usual notation, names also where either text inflects them. All texts are
folded (``text_folding.fold``) by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from connector.catalogue.text_spans import find_value

_MAX_CHECKED = 60
_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f'\u2019]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*")
_ISO_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}")
_GROUP = 3
_NUMBER_WORD_LISTS = (
    "zero one two three four five six seven eight nine ten eleven twelve",
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
)
_NUMBER_WORDS = {
    word: Decimal(number)
    for words in _NUMBER_WORD_LISTS
    for number, word in enumerate(words.split())
}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+")
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"')\]]+", re.IGNORECASE)
# a capitalised word that does not begin a sentence, a line or a quotation
_NAME = re.compile(
    r"(?<![.!?:;\u2026\"\u201c\u201e\u00ab(\[*\u2022-] )(?<=\S )"
    r"[^\W\d_]{2,}(?:['\u2019-][^\W\d_]+)*"
)
_POSSESSIVE = re.compile(r"['\u2019]s?\Z")
_INFLECTION = re.compile(r"(?<=\w{4})(?:s|n|en|es|e)\Z")
_MONTHS = "january february march april may june july august september october november december"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
_ADDRESSED = "mr mrs ms dr sir madam customer team support everyone all regards wishes"
_COMMON_WORDS = frozenset([*_MONTHS.split(), *_WEEKDAYS.split(), *_ADDRESSED.split()])
# German capitalises every noun, so capitals do not show a name there
_GERMAN = re.compile(
    r"\b(?:der|die|das|und|ist|nicht|eine?[rnms]?|den|dem|mit|für|von|wird|sind|auf)\b"
)
_MIN_GERMAN_WORDS = 3


def unstated_values(text: str, source: str) -> list[str]:
    """The numbers, dates, names and addresses of ``text`` that ``source`` states nowhere."""
    found = [
        *(unstated_numbers(text, source) or ()),
        *(unstated_names(text, source) or ()),
        *(unstated_addresses(text, source) or ()),
    ]
    return list(dict.fromkeys(found))


# --- numbers and dates ----------------------------------------------------------------------------


def unstated_numbers(text: str, source: str) -> list[str] | None:
    """The numbers and dates of ``text`` that ``source`` does not state; None if it has none."""
    text = _EMAIL.sub("", _URL.sub("", text))
    if not _NUMBER.search(text):
        return None
    missing_dates = [
        date for date in _distinct(_ISO_DATE, text) if find_value(source, date, "date") is None
    ]
    other = [
        number
        for number in _distinct(_NUMBER, _ISO_DATE.sub("", text))
        if not _contains_number(source, number)
    ]
    known = _stated_numbers(source) if other else set()
    return [*missing_dates, *(one for one in other if not number_readings(one) & known)]


def _distinct(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(pattern.findall(text)))[:_MAX_CHECKED]


def _contains_number(source: str, number: str) -> bool:
    return re.search(rf"(?<!\d)(?<!\d[.,]){re.escape(number)}(?!\d)(?![.,]\d)", source) is not None


def _stated_numbers(source: str) -> set[Decimal]:
    """Every number that the source can be read to state, in digits or in words."""
    written = set(_NUMBER.findall(source))
    numbers = {value for number in written for value in number_readings(number)}
    dates = (number for number in written if _DATE.fullmatch(number))
    numbers |= {Decimal(part) for date in dates for part in date.split(".")}
    return numbers | {_NUMBER_WORDS[word.lower()] for word in set(_NUMBER_WORD.findall(source))}


def number_readings(number: str) -> set[Decimal]:
    """What a number may mean: its separators may be decimal or between thousands."""
    parts = re.split("[.,]", re.sub(r"[^\d.,]", "", number))
    digits = "".join(parts)
    if len(parts) == 1:
        return {Decimal(digits)}
    values = {Decimal(f"{''.join(parts[:-1])}.{parts[-1]}")}
    if all(len(part) == _GROUP for part in parts[1:]):
        values.add(Decimal(digits))
    return values


# --- names and addresses --------------------------------------------------------------------------


def unstated_names(text: str, source: str) -> list[str] | None:
    """The names of ``text`` that ``source`` does not have; None if capitals show no name."""
    if len(_GERMAN.findall(text)) >= _MIN_GERMAN_WORDS:
        return None
    names = names_of(text)
    if not names:
        return None
    return [name for name in names if not _has_name(source, name)]


def names_of(text: str) -> list[str]:
    """The words of ``text`` that are capitalised inside a sentence, each once."""
    capitalised = [
        _POSSESSIVE.sub("", name)
        for line in text.splitlines()
        for name in _NAME.findall(line)
        if name[0].isupper()
    ]
    names = [name for name in dict.fromkeys(capitalised) if name.casefold() not in _COMMON_WORDS]
    return names[:_MAX_CHECKED]


def _has_name(source: str, name: str) -> bool:
    """Whether ``source`` has the name, or a longer form of it, or the form without its ending."""
    stems = dict.fromkeys((name, _INFLECTION.sub("", name)))
    whole, *stem = (re.escape(one) for one in stems)
    patterns = [rf"(?<!\w){whole}", *(rf"(?<!\w){one}(?!\w)" for one in stem)]
    return re.search("|".join(patterns), source, re.IGNORECASE) is not None


def unstated_addresses(text: str, source: str) -> list[str] | None:
    """The e-mail and web addresses of ``text`` that ``source`` lacks; None if it has none."""
    addresses = addresses_of(text)
    if not addresses:
        return None
    folded = source.casefold()
    return [one for one in addresses if one.casefold().rstrip("/") not in folded]


def addresses_of(text: str) -> Sequence[str]:
    """The e-mail and web addresses of ``text``, each once."""
    urls = [url.rstrip(".,;:!?") for url in _URL.findall(text)]
    return list(dict.fromkeys([*_EMAIL.findall(text), *urls]))
