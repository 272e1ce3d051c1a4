"""Values of a model that have the right content and the wrong JSON type: text for everything else.

A second call would be paid for `"1234.56"` in place of `1234.56`. A text is taken where it has one
reading only; `"1,234"` has two, in two countries, so the model has to say it again. Words that
stand for "not given" are null.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connector.catalogue.json_text import looks_like_json, parse_json_text
from connector.catalogue.list_text import split_entries, unquote
from connector.catalogue.text_folding import comparable, fold
from connector.catalogue.values import InvalidValue

_NOT_GIVEN = """
n/a|n.a|na|none|null|nil|nan|unknown|unspecified|undefined|not provided|not available|not specified
not stated|not given|not found|not mentioned|not applicable|not known|not indicated|not present
not in the text|none provided|none given|none stated|no data|no value|keine angabe|k.a|k. a
nicht angegeben|nicht vorhanden|non précisé|no especificado
"""
_PLACEHOLDERS = frozenset(_NOT_GIVEN.replace("\n", "|").strip("|").split("|"))
# words that a text may state as a value, such as `Allergies: none`
_STATEMENTS = frozenset({"none", "unknown", "nil", "na"})
_ENCLOSING = " .-?_[]()<>*\"'"
_MAX_PLACEHOLDER = 30
_MIN_WORD = 3
_WORD_PREFIX = 6

_ISO_DATETIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d\d)[/.](\d\d)")
# each form of a number that has one reading, with its separators of thousands and of decimals
_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+|\d*\.\d+)")
_TWO_READINGS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_GROUPED = (
    (re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+|[+-]?\d{1,3}(?:,\d{3}){2,}"), ",", "."),
    (re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+|[+-]?\d{1,3}(?:\.\d{3}){2,}"), ".", ","),
    (re.compile(r"[+-]?\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?"), " '", ","),
    (re.compile(r"[+-]?\d+,\d+"), "", ","),
)
_MAX_DIGITS = 40
_MAX_AMOUNT = _MAX_DIGITS + 20  # with its currency and spaces
_CURRENCY = re.compile(r"\A(?:[€$£¥₹]|[A-Z]{3})?([^A-Za-z€$£¥₹]++)(?:[€$£¥₹]|[A-Z]{3})?\Z")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


def is_placeholder(value: Any) -> bool:
    """Whether ``value`` is a text that stands for "not given", such as "N/A" or "-"."""
    if not isinstance(value, str) or len(value) > _MAX_PLACEHOLDER:
        return False
    words = comparable(value).strip(_ENCLOSING)
    return words in _PLACEHOLDERS or not words


def is_stated(word: str, field_name: str, form: Mapping[str, Any]) -> bool:
    """Whether the form's texts give the placeholder ``word`` as the value of that field.

    `Allergies: none` states none; the word has to follow the field's name on its line.
    """
    bare = comparable(word).strip(_ENCLOSING)
    if bare not in _STATEMENTS:
        return False
    names = {
        part[:_WORD_PREFIX]
        for part in re.findall(r"[^\W_]+", comparable(field_name))
        if len(part) >= _MIN_WORD
    }
    pattern = re.compile(rf"^(.{{0,200}}?)(?<!\w){re.escape(bare)}(?!\w)", re.IGNORECASE | re.M)
    return any(
        any(name in match[1].casefold() for name in names)
        for text in _source_texts(form)
        for match in pattern.finditer(fold(text))
    )


def _source_texts(form: Mapping[str, Any]) -> Iterator[str]:
    for value in form.values():
        if isinstance(value, str):
            yield value
        yield from (page.text for page in getattr(value, "pages", ()))


# --- text in the right type -----------------------------------------------------------------------


def number_of(text: str) -> Any:
    """The number that ``text`` writes in a form with one reading, else ``text`` itself."""
    written = fold(text).strip()
    if len(written) > _MAX_DIGITS:
        return text
    if written.endswith("-") or (written.startswith("(") and written.endswith(")")):
        written = f"-{written.strip('()- ')}"  # as accountants write a negative amount
    if _TWO_READINGS.fullmatch(written):
        return text
    if _PLAIN_NUMBER.fullmatch(written):
        return float(written) if "." in written else int(written)
    for form, groups, point in _GROUPED:
        if form.fullmatch(written):
            digits = "".join(char for char in written if char not in groups).replace(point, ".")
            return float(digits) if "." in digits else int(digits)
    return text


def amount_of(text: str) -> Any:
    """The same for an amount that may have its currency before or after it."""
    written = fold(text).strip()
    match = _CURRENCY.match(written) if len(written) <= _MAX_AMOUNT else None
    number = number_of(match[1]) if match else text
    return text if isinstance(number, str) else number


def percentage_of(text: str) -> Any:
    """The same for a percentage, with or without its sign."""
    number = number_of(text.strip().removesuffix("%").rstrip())
    return text if isinstance(number, str) else number


def boolean_of(text: str) -> Any:
    return _BOOLEANS.get(comparable(text), text)


def date_of(text: str) -> str:
    """The date of an ISO date and time, or of a date with slashes that begins with its year."""
    text = text.strip()
    if match := _YEAR_FIRST.fullmatch(text):
        return "-".join(match.groups())
    if _ISO_DATETIME.fullmatch(text):
        return dt.datetime.fromisoformat(text).date().isoformat()
    return text


def list_of(text: str) -> Any:
    """The entries of a list that was written as one text."""
    if looks_like_json(text):
        return parse_json_text(text)
    return [unquote(entry) for entry in split_entries(text)]


READERS: dict[str, Callable[[str], Any]] = {
    "number": number_of,
    "integer": number_of,
    "money": amount_of,
    "percent": percentage_of,
    "boolean": boolean_of,
    "date": date_of,
    "list": list_of,
    "rows": lambda text: parse_json_text(text) if looks_like_json(text) else text,
}


def in_type(value: Any, kind: str) -> Any:
    """``value``, or what it says in the type ``kind`` if it is a text with one reading.

    ``InvalidValue`` for a list that can be divided in two ways.
    """
    reader = READERS.get(kind)
    if reader is None or not isinstance(value, str):
        return value
    try:
        return reader(value)
    except ValueError as error:
        if isinstance(error, InvalidValue):
            raise
        return value
