# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Reading a typed value from the words beside a label, in the normal form of the field's type."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from connector.catalogue.number_signs import NEGATIVE, sign_at
from connector.providers.local.text import contacts
from connector.providers.local.text import dates as days
from connector.providers.local.text import money as amounts
from connector.providers.local.text.label_matching import FieldQuery, concepts, normalize
from connector.providers.local.text.labelled_pairs import Pair, find_pairs, mail_header_length
from connector.providers.local.text.money import ValueSpan
from connector.providers.local.text.registered_numbers import find_iban, read_tax_number
from connector.providers.local.text.sentences import word_set
from connector.providers.local.text.totals import AmountRow, has_total_row, read_rows

TRUE_WORDS = word_set("yes y true ja oui si sí vrai wahr x ✓ ✔ [x] ☑ ☒ checked confirmed")
FALSE_WORDS = word_set("no n false nein non faux falsch [] ☐ none")
MAX_TEXT_LENGTH = 200  # characters of the longest text value
IDENTIFIER = re.compile(
    r"(?<![\w])(?=[\w./-]{0,40}\d)[A-Za-z0-9](?:[\w./-]{0,38}[A-Za-z0-9])?(?![\w])"
)
_IDENTIFIER_END = re.compile(
    r"\s(?:of|from|dated|vom|du|de|del|on|issued|\(|rev\b)|[,;(]|\s{2,}", re.I
)
# words of the next column: "OD3041 Billing Address"
_WORDS_AFTER_CODE = re.compile(r"(?<=\d)(?:\s[^\W\d_]{3,30}){1,6}$")
_PARTIES = frozenset({"customer", "supplier", "company", "person", "sender", "recipient"})
_DASHED = re.compile(r"\s{0,3}(\d{1,3}(?:[.,'’ ]\d{3}){1,4}|\d{1,9})[.,][-–—]{1,2}\s{0,3}")
_PAGE = re.compile(r"(?:seite|page|blatt|pagina|strona)\s?\d", re.I)
_LONGEST_BARE_AMOUNT = 7  # digits; a longer number without separators is a code
_ID_CONCEPTS = frozenset({"number", "tracking", "account"})
_COUNT_SUFFIX = re.compile(r"\s?\(\d[^()]{0,30}\)$")
_SPLIT = re.compile(r"\s?[,;/•|]\s?|\s(?:and|und|et|y|e|&)\s")

# a number, and what stands before it where it is all that stands beside a label
_NUMBER = re.compile(amounts.NUMBER)
_BEFORE_VALUE = re.compile(r"[^\w()]{0,3}(?:[A-Z]{3}\s?|[€$£¥]\s?)?(?:\(\s?)?")


class SourceText:
    """A text with properties that are derived from it once, on first use.

    ``country`` is the code of the country that the caller names, or "".
    """

    def __init__(self, text: str, country: str = "") -> None:
        self.text = text
        self._country = country

    @cached_property
    def decimal_comma(self) -> bool:
        return amounts.uses_decimal_comma(self.text)

    @cached_property
    def decimal_style(self) -> bool | None:
        return amounts.decimal_style(self.text)

    @cached_property
    def date_style(self) -> days.DateStyle:
        return days.date_style(self.text, self._country)

    @cached_property
    def region(self) -> str | None:
        """The default region of telephone numbers: the caller's, a labelled one, or evidence."""
        if self._country:
            return self._country
        countries = {
            pair.value for pair in find_pairs(self.text) if concepts(pair.label) == {"country"}
        }
        if len(countries) == 1:
            return contacts.region_of_country(countries.pop())
        return contacts.detect_region(self.text)

    @cached_property
    def header_length(self) -> int:
        """Where an e-mail's headers end."""
        return mail_header_length(self.text)

    @cached_property
    def currency(self) -> str | None:
        return amounts.only_currency(self.text, self._country)

    @cached_property
    def currency_code(self) -> Callable[[str], str | None]:
        return amounts.currency_lookup(self.text, self._country)

    @cached_property
    def money(self) -> list[ValueSpan]:
        return amounts.find_money(self.text, self.decimal_style, self.currency_code)

    @cached_property
    def amount_rows(self) -> list[AmountRow]:
        """The lines of a label and amounts, as receipts and invoices have."""
        return read_rows(self.text)

    @cached_property
    def is_bill(self) -> bool:
        """Whether it has the total or the payment of a receipt or an invoice."""
        return has_total_row(self.amount_rows)

    def find(self, kind: str, text: str | None = None) -> list[ValueSpan]:
        """All values of a type in ``text`` (the whole source when None), in normal form."""
        part = self.text if text is None else text
        return FINDERS[kind](part, self) if kind in FINDERS else []


FINDERS: dict[str, Callable[[str, SourceText], list[ValueSpan]]] = {
    "number": lambda text, source: amounts.find_numbers(text, source.decimal_comma),
    "integer": lambda text, source: _integers(amounts.find_numbers(text, source.decimal_comma)),
    "money": lambda text, source: amounts.find_money(
        text, source.decimal_style, source.currency_code
    ),
    "percent": lambda text, source: amounts.find_percentages(text, source.decimal_comma),
    "date": lambda text, source: [
        ValueSpan(span.start, span.end, span.value.isoformat())
        for span in days.find_dates(text, source.date_style)
    ],
    "datetime": lambda text, source: days.find_datetimes(text, source.date_style),
    "time": lambda text, source: days.find_times(text),
    "email": lambda text, source: contacts.find_emails(text),
    "url": lambda text, source: contacts.find_urls(text),
    "phone": lambda text, source: contacts.find_phones(text, source.region),
}


def read_value(field: FieldQuery, text: str, source: SourceText, pair: Pair | None = None) -> Any:
    """The value in ``text``, which is beside the field's label; None if it has none or several."""
    # a number in the label of a gap pair is rather a value: "2 boxes      12.00"
    has_number_label = pair and pair.layout == "gap" and any(map(str.isdigit, pair.label))
    if has_number_label and field.kind not in {"money", "percent"}:
        return None
    reader = READERS.get(field.kind)
    return reader(field, text, source) if reader else _first_value(source.find(field.kind, text))


def amount_currency(amount: float, source: SourceText) -> str | None:
    """The currency code beside this amount, else the only currency of the text, else None."""
    codes = {span.extra for span in source.money if span.value == amount}
    codes.discard(None)
    if not codes:
        return source.currency
    return codes.pop() if len(codes) == 1 else None


def is_identifier_field(field: FieldQuery) -> bool:
    """Whether a text field is a number, a code or a reference."""
    return (
        is_tax_number_field(field)
        or bool(field.name & _ID_CONCEPTS)
        or ("number" in field.hint and not field.name & {"name", "person", "company"})
    )


def is_tax_number_field(field: FieldQuery) -> bool:
    """Whether a text field is the number under which a business pays tax: "vat_number"."""
    return field.kind == "text" and "tax" in field.name and "date" not in field.name


def parse_boolean(text: str) -> bool | None:
    """The answer that the first word of the text gives; None if it is neither yes nor no."""
    word = re.split(r"[\s,.;]", text.strip().casefold(), maxsplit=1)[0]
    if word in TRUE_WORDS:
        return True
    return False if word in FALSE_WORDS else None


def parse_choice(field: FieldQuery, text: str) -> str | None:
    """The only choice that the text names, or None."""
    value = normalize(text)
    exact = [choice for choice in field.choices if normalize(choice) == value.strip(" .")]
    matches = exact or [
        choice
        for choice in field.choices
        if re.search(rf"(?<!\w){re.escape(normalize(choice))}(?!\w)", value)
    ]
    return matches[0] if len(matches) == 1 else None


def split_list(text: str) -> list[str] | None:
    """The parts of an enumeration; None if the text is not one."""
    parts = [
        _COUNT_SUFFIX.sub("", part.strip(" .")) for part in _SPLIT.split(text) if part.strip(" .")
    ]
    return parts if parts and all(len(part) <= MAX_TEXT_LENGTH // 2 for part in parts) else None


def _text(field: FieldQuery, text: str) -> str | None:
    value = (clean_text(text) or "").rstrip(",;")
    if not value or (field.name & _PARTIES and not any(map(str.isalpha, value))):
        return None  # a customer's number is not the customer
    is_postal = "address" in field.name and not field.name & {"email", "website"}
    has_place = any(char.isdigit() or char == "," for char in text)
    return value if has_place or not is_postal else None


def clean_text(text: str) -> str | None:
    """The text without markup; None if it has no letters or is too long for a name or title."""
    value = text.strip().strip("*_").strip()
    is_value = len(value) <= MAX_TEXT_LENGTH and any(char.isalnum() for char in value)
    return value if is_value else None


def parse_identifier(field: FieldQuery, text: str) -> str | None:
    """The number or code beside a label, or None."""
    if "iban" in field.text.casefold():
        return find_iban(text)
    if is_tax_number_field(field):
        return read_tax_number(text)
    value = text.strip().lstrip("#").strip()
    end = _IDENTIFIER_END.search(value)
    value = (value[: end.start()] if end else value).strip().rstrip(".")
    value = _WORDS_AFTER_CODE.sub("", value)
    if not any(char.isdigit() for char in value) or len(value) > 40 or _PAGE.match(value):
        return None
    return value if len(value.split()) <= 5 else None


def _amount(text: str, source: SourceText) -> Any:
    spans = source.find("money", text)
    dashed = _DASHED.fullmatch(text)
    if dashed and not spans:
        return int(re.sub(r"\D", "", dashed[1]))
    if not spans:
        bare = [
            span for span in source.find("number", text) if not re.match(r"\s?%", text[span.end :])
        ]
        # a number without a currency counts if it is the only one and has no other words with it
        rest = re.sub(r"[\W\d_]+", "", text)
        is_amount = len(bare) == 1 and len(rest) <= 3 and bare[0].value < 10**_LONGEST_BARE_AMOUNT
        spans = bare if is_amount else []
    values = {_signed(span, text) for span in spans}
    return values.pop() if len(values) == 1 else None


def _signed(span: ValueSpan, text: str) -> Any:
    """The span's value; negative in accounts' `(1,234.00)`, `($12)` and `1,234.00-`."""
    number = _NUMBER.search(text, span.start, span.end)
    if number is None or span.value <= 0 or not _BEFORE_VALUE.fullmatch(text[: span.start]):
        return span.value
    sign = sign_at(text, number.start(), number.end())
    return -span.value if sign == NEGATIVE else span.value


def _number(field: FieldQuery, text: str, source: SourceText) -> Any:
    prefix = re.match(r"[\s:#~≈]{0,3}", text)
    spans = source.find(field.kind, text)
    value = _signed(spans[0], text) if spans else 0
    # in brackets only where they are the sign
    if spans and (spans[0].start <= (prefix.end() if prefix else 0) or value < spans[0].value):
        rest = text[spans[0].end :]
        # "2 of 5", "30-06" and "12/7" are not a single number
        return None if re.match(r"\s?(?:[-/–]\s?\d|of \d)", rest) else value
    word = re.match(r"\s?([^\W\d_]+)\b", text)
    return amounts.NUMBER_WORDS.get(word[1].lower()) if word else None


def _integers(spans: list[ValueSpan]) -> list[ValueSpan]:
    return [
        ValueSpan(span.start, span.end, int(span.value))
        for span in spans
        if float(span.value).is_integer()
    ]


def _only_value(spans: list[ValueSpan]) -> Any:
    values = {span.value for span in spans}
    return values.pop() if len(values) == 1 else None


def _first_value(spans: list[ValueSpan]) -> Any:
    return spans[0].value if spans else None


READERS: dict[str, Callable[[FieldQuery, str, SourceText], Any]] = {
    "text": lambda field, text, _: (
        parse_identifier(field, text) if is_identifier_field(field) else _text(field, text)
    ),
    "boolean": lambda _, text, __: parse_boolean(text),
    "choice": lambda field, text, _: parse_choice(field, text),
    "list": lambda _, text, __: split_list(text),
    "money": lambda _, text, source: _amount(text, source),
    "percent": lambda _, text, source: _only_value(source.find("percent", text)),
    "number": _number,
    "integer": _number,
}
