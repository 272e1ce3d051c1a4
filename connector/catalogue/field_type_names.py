"""The names under which people and tools know the types of a user field."""

from __future__ import annotations

import re

from connector.catalogue.user_fields import WRITABLE_TYPES

# names that are types wherever they stand, also as the last word of a line
_WORDS = {
    "text": "string str",
    "number": "float decimal double numeric",
    "integer": "int",
    "boolean": "bool",
    "datetime": "timestamp",
    "list": "array",
    "choice": "enum select dropdown",
    "rows": "table",
}
# everyday words that name a type only where a type is expected, such as under the key "type"
_EVERYDAY = {
    "text": "longtext textarea longstring varchar",
    "number": "num real",
    "integer": "long bigint",
    "boolean": "checkbox flag toggle yes/no",
    "datetime": "date-time date_time",
    "email": "mail e-mail",
    "phone": "tel telephone",
    "url": "uri link website",
    "money": "currency price amount",
    "percent": "percentage %",
    "choice": "option radio singleselect",
    "list": "array[string] array[number] string[] strings tags multiselect",
    "rows": "array[object] object[] objects",
}
CURRENCY = "currency"
_NAMES = {kind: kind for kind in WRITABLE_TYPES}
LINE_TYPES = {
    **_NAMES,
    **{word: kind for kind, words in _WORDS.items() for word in words.split()},
}
KEY_TYPES = {
    **LINE_TYPES,
    **{word: kind for kind, words in _EVERYDAY.items() for word in words.split()},
}
# before "currency", these make it an amount; "invoice currency" is the name of a currency
_AMOUNTS = frozenset(
    (
        *("amount", "balance", "budget", "cost", "due", "fee", "gross", "net", "price", "revenue"),
        *("salary", "subtotal", "sum", "tax", "total", "value", "vat"),
    )
)
# nouns whose "number" is an identifier and not a quantity
_IDENTIFIED = """
account article bank batch bill booking card case certificate claim client confirmation contract
customer delivery document employee flight id identification insurance invoice item job licence
license lot member membership model offer order part passport policy po product project purchase
quote receipt ref reference registration request room routing serial shipment sku social tax ticket
tracking transaction vat vehicle
"""
_IDENTIFIED_NOUNS = frozenset(_IDENTIFIED.split())
_PHONE_NOUNS = frozenset({"cell", "contact", "fax", "mobile", "phone", "telephone"})
_LONG_NAME = 5  # of a shorter name, only a swap of letters is a mistake: "gate" is a word
_SPACES = re.compile(r"[\s_]+")


def type_of_key(name: str) -> str:
    """The type that is called ``name`` where a type is expected, or ""."""
    folded = name.strip().casefold()
    return KEY_TYPES.get(folded) or KEY_TYPES.get(_SPACES.sub("", folded), "")


def type_of_word(word: str, name: str) -> str:
    """The type of a line that ends with ``word`` after ``name``, or "" if it is part of the name.

    "invoice number" is the name of a text, as it may have letters and start with 0.
    """
    word = word.casefold()
    noun = name.casefold().split()[-1] if name.split() else ""
    if word == CURRENCY:
        return "money" if noun in _AMOUNTS else ""
    return "" if word == "number" and noun in _IDENTIFIED_NOUNS else LINE_TYPES.get(word, "")


def is_phone_number(word: str, name: str) -> bool:
    """Whether ``name`` and ``word`` are "phone number", a name that states its own type."""
    return word.casefold() == "number" and name.casefold().split()[-1:][0] in _PHONE_NOUNS


def mistyped_type(word: str) -> str:
    """The type of which ``word`` looks like a typing mistake, or ""."""
    word = word.casefold()
    if word in KEY_TYPES or word in {f"{name}s" for name in KEY_TYPES}:
        return ""  # a plural is a word
    return next((name for name in LINE_TYPES if _is_mistake(word, name)), "")


def _is_mistake(word: str, name: str) -> bool:
    """Whether ``word`` is ``name`` with two letters swapped or, if it is long, one letter wrong."""
    if len(word) == len(name):
        swapped = (
            name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1)
        )
        differing = sum(a != b for a, b in zip(word, name, strict=True))
        return (word != name and word in swapped) or (differing == 1 and len(name) >= _LONG_NAME)
    if abs(len(word) - len(name)) != 1 or len(name) < _LONG_NAME:
        return False
    longer, shorter = (word, name) if len(word) > len(name) else (name, word)
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
