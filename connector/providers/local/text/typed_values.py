# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Reading a value of a field's type out of the few words beside its label, in the form the caller expects."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from . import amounts, contacts, days
from .amounts import Span
from .keyvalue import Pair, mail_headers, pairs
from .labels import Wanted, concepts, plain
from .sentences import word_set

YES = word_set("yes y true ja oui si sí vrai wahr x ✓ ✔ [x] ☑ ☒ checked confirmed")
NO = word_set("no n false nein non faux falsch [] ☐ none")
TEXT = 200  # characters of the longest text value
IDENTIFIER = re.compile(r"(?<![\w])(?=[\w./-]{0,40}\d)[A-Za-z0-9](?:[\w./-]{0,38}[A-Za-z0-9])?(?![\w])")
_IDENTIFIER_END = re.compile(r"\s(?:of|from|dated|vom|du|de|del|on|issued|\(|rev\b)|[,;(]|\s{2,}", re.I)
_ID_CONCEPTS = frozenset({"number", "tracking", "account"})
_COUNTED = re.compile(r"\s?\(\d[^()]{0,30}\)$")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?!\w)")
_SPLIT = re.compile(r"\s?[,;/•|]\s?|\s(?:and|und|et|y|e|&)\s")


class Source:
    """A text with what is found in it, each looked for once and only when asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def comma(self) -> bool:
        return amounts.comma_decimal(self.text)

    @cached_property
    def habit(self) -> days.Calendar:
        return days.calendar(self.text)

    @cached_property
    def region(self) -> str | None:
        """The country whose telephone numbers the text writes: the one it names beside a label, else the one it shows."""
        named = {pair.value for pair in pairs(self.text) if concepts(pair.label) == {"country"}}
        return contacts.named_region(named.pop()) if len(named) == 1 else contacts.region(self.text)

    @cached_property
    def headers(self) -> int:
        """Where an e-mail's headers end."""
        return mail_headers(self.text)

    @cached_property
    def currency(self) -> str | None:
        return amounts.only_currency(self.text)

    @cached_property
    def code_of(self) -> Callable[[str], str | None]:
        return amounts.codes(self.text)

    @cached_property
    def money(self) -> list[Span]:
        return amounts.money(self.text, self.comma, self.code_of)

    def spans(self, kind: str, text: str | None = None) -> list[Span]:
        """All values of a type in ``text`` (the whole source when None), in normal form."""
        part = self.text if text is None else text
        return FINDERS[kind](part, self) if kind in FINDERS else []


FINDERS: dict[str, Callable[[str, Source], list[Span]]] = {
    "number": lambda text, source: amounts.numbers(text, source.comma),
    "integer": lambda text, source: _whole(amounts.numbers(text, source.comma)),
    "money": lambda text, source: amounts.money(text, source.comma, source.code_of),
    "percent": lambda text, source: amounts.percents(text, source.comma),
    "date": lambda text, source: [Span(span.start, span.end, span.value.isoformat()) for span in days.dates(text, source.habit)],
    "datetime": lambda text, source: days.moments(text, source.habit),
    "time": lambda text, source: days.times(text),
    "email": lambda text, source: contacts.emails(text),
    "url": lambda text, source: contacts.urls(text),
    "phone": lambda text, source: contacts.phones(text, source.region),
}


def read(field: Wanted, text: str, source: Source, pair: Pair | None = None) -> Any:
    """The value of ``text``, which stands beside the field's label; None when it holds none of that type, or several."""
    if pair and pair.how == "gap" and field.kind not in {"money", "percent"} and any(map(str.isdigit, pair.label)):
        return None
    reader = READERS.get(field.kind)
    return reader(field, text, source) if reader else _first(source.spans(field.kind, text))


def amount_currency(amount: float, source: Source) -> str | None:
    """The ISO code that stands beside this amount, or the one currency of the whole text."""
    beside = {span.extra for span in source.money if span.value == amount}
    beside.discard(None)
    return beside.pop() if len(beside) == 1 else source.currency if not beside else None


def wants_identifier(field: Wanted) -> bool:
    """Whether a text field is a number, a code or a reference."""
    return bool(field.name & _ID_CONCEPTS) or ("number" in field.hint and not field.name & {"name", "person", "company"})


def yes_or_no(text: str) -> bool | None:
    word = re.split(r"[\s,.;]", text.strip().casefold(), maxsplit=1)[0]
    return True if word in YES else False if word in NO else None


def choice(field: Wanted, text: str) -> str | None:
    """The one choice that the text names."""
    value = plain(text)
    exact = [one for one in field.choices if plain(one) == value.strip(" .")]
    named = exact or [one for one in field.choices if re.search(rf"(?<!\w){re.escape(plain(one))}(?!\w)", value)]
    return named[0] if len(named) == 1 else None


def split_list(text: str) -> list[str] | None:
    """The parts of an enumeration; None when it is none."""
    parts = [_COUNTED.sub("", part.strip(" .")) for part in _SPLIT.split(text) if part.strip(" .")]
    return parts if parts and all(len(part) <= TEXT // 2 for part in parts) else None


def clean_text(text: str) -> str | None:
    """A text value without what trails it; None when it is too long to be a name or a title."""
    value = text.strip().strip("*_").strip()
    return value if 0 < len(value) <= TEXT and any(char.isalnum() for char in value) else None


def iban(text: str) -> str | None:
    """The one IBAN of a text, as written."""
    found = {match.group() for match in _IBAN.finditer(text)}
    return found.pop() if len(found) == 1 else None


def identifier_in(field: Wanted, text: str) -> str | None:
    """The number or code that stands beside a label."""
    if "iban" in field.text.casefold():
        return iban(text)
    value = text.strip().lstrip("#").strip()
    end = _IDENTIFIER_END.search(value)
    value = (value[: end.start()] if end else value).strip().rstrip(".")
    if not any(char.isdigit() for char in value) or len(value) > 40:
        return None
    return value if len(value.split()) <= 5 else None


def _amount(text: str, source: Source) -> Any:
    spans = source.spans("money", text)
    if not spans:
        bare = [span for span in source.spans("number", text) if not re.match(r"\s?%", text[span.end :])]
        # Without a sign beside it, a lone number beside an amount's label will do, but only alone.
        rest = re.sub(r"[\W\d_]+", "", text)
        spans = bare if len(bare) == 1 and len(rest) <= 3 else []
    values = {span.value for span in spans}
    return values.pop() if len(values) == 1 else None


def _number(field: Wanted, text: str, source: Source) -> Any:
    found = re.match(r"[\s:#~≈]{0,3}", text)
    spans = source.spans(field.kind, text)
    if spans and spans[0].start <= (found.end() if found else 0):
        rest = text[spans[0].end :]
        # "2 of 5", "30-06" or "12/7" are not one number.
        return None if re.match(r"\s?(?:[-/–]\s?\d|of \d)", rest) else spans[0].value
    word = re.match(r"\s?([^\W\d_]+)\b", text)
    return amounts.WORDS.get(word[1].lower()) if word else None


def _whole(spans: list[Span]) -> list[Span]:
    return [Span(span.start, span.end, int(span.value)) for span in spans if float(span.value).is_integer()]


def _one(spans: list[Span]) -> Any:
    values = {span.value for span in spans}
    return values.pop() if len(values) == 1 else None


def _first(spans: list[Span]) -> Any:
    return spans[0].value if spans else None


READERS: dict[str, Callable[[Wanted, str, Source], Any]] = {
    "text": lambda field, text, _: identifier_in(field, text) if wants_identifier(field) else clean_text(text),
    "boolean": lambda _, text, __: yes_or_no(text),
    "choice": lambda field, text, _: choice(field, text),
    "list": lambda _, text, __: split_list(text),
    "money": lambda _, text, source: _amount(text, source),
    "percent": lambda _, text, source: _one(source.spans("percent", text)),
    "number": _number,
    "integer": _number,
}
