"""Parsing user fields: lines ``name type: hint``, objects, a JSON Schema, or an example answer."""

from __future__ import annotations

import re
from typing import Any

from connector.catalogue.field_sources import (
    attribute_entry,
    example_entries,
    find_schema,
    is_attributes,
    is_example,
    schema_entries,
)
from connector.catalogue.field_type_names import (
    CURRENCY,
    LINE_TYPES,
    is_phone_number,
    mistyped_type,
    type_of_key,
    type_of_word,
)
from connector.catalogue.json_text import parse_json_text
from connector.catalogue.list_text import FIELD_DIVIDERS, split_description
from connector.catalogue.list_values import read_lines, read_list, unwrap
from connector.catalogue.user_fields import WRITABLE_TYPES
from connector.catalogue.values import (
    InvalidValue,
    clean,
    is_absent,
    quoted,
    read_text,
    reject_duplicates,
)
from connector.json_types import Json

_NAME_LENGTH = 50  # with the suffix "_currency" still below the 64 characters of a property name
_LINE_LENGTH = 4_000
_MIN_CHOICES = 2
_MAX_CHOICES = 100
_NOT_IN_KEY = re.compile(r"[^A-Za-z0-9]+")
_ALL_TYPES = ", ".join(WRITABLE_TYPES)
_DIVIDERS = re.compile("[,;，；、]")
_PLAIN_BRACKETS = str.maketrans("（）｜", "()|")


def read_user_fields(value: Any, *, nested: bool = False) -> list[Json]:
    """The caller's fields as ``{"name", "key", "type", "hint", "choices", "of", "fields"}``.

    ``key`` is the name in the form that a function property may have (letters, digits, ``_``). A
    money field ``total`` is followed by the currency field ``total_currency``, whose ``of`` is
    ``total``. ``fields`` are those of each row; ``nested``: these are such fields themselves.
    """
    typed: list[Json] = []
    is_one_line = isinstance(value, str) and "\n" not in value.strip()
    for number, entry in enumerate(_entries(value), 1):
        try:
            if is_one_line and isinstance(entry, str):
                _reject_field_in_hint(entry)
            typed.append(_read_entry(entry, nested))
        except InvalidValue as error:
            raise InvalidValue(error.code, f"entry {number}: {error.message}") from None
    reject_duplicates([field["name"] for field in typed])
    fields: list[Json] = []
    for field in typed:
        fields.append(field)
        if field["type"] == "money":
            fields += _currency_field(field, typed)
    _set_keys(fields)
    return fields


def _entries(value: Any) -> list[Any]:
    """Lines, objects of one field each, or (name, description) of an object of names."""
    if isinstance(value, str):
        value = parse_json_text(clean(value))
    if schema := find_schema(value):
        return schema_entries(schema)
    value = unwrap(value)
    if isinstance(value, dict) and not _is_one_field(value):
        value = example_entries(value) if is_example(value) else list(value.items())
    return read_list(value, dividers=FIELD_DIVIDERS)


def _is_one_field(value: Json) -> bool:
    """Whether an object is one field, and not an object of names such as ``{"name": "text"}``."""
    kind = value.get("type")
    return (
        is_attributes(value)
        and isinstance(kind, str)
        and bool(type_of_key(kind.partition("(")[0]))
        and not type_of_key(str(value.get("name", "")))
    )


def _currency_field(field: Json, others: list[Json]) -> list[Json]:
    """The currency field of a money field, unless the caller has a field of that name."""
    name = f"{field['name']}_currency"
    if name.casefold() in {other["name"].casefold() for other in others}:
        return []
    return [_make_field(name, CURRENCY, of=field["name"])]


# --- one entry ------------------------------------------------------------------------------------


def _read_entry(entry: Any, nested: bool) -> Json:
    if isinstance(entry, tuple):
        field = _from_pair(read_text(entry[0]).strip(), entry[1])
    elif isinstance(entry, dict):
        field = _from_object(entry)
    else:
        field = _from_line(read_text(entry).strip())
    if nested and field["type"] == "rows":
        raise InvalidValue("bad_line", f"{quoted(field['name'])}: rows cannot have rows inside.")
    return field


def _from_line(line: str) -> Json:
    name, hint = split_description(line)
    name = name.strip()
    if hint and _typed_hint(hint, name) and _split_type(name) is None:
        return _from_pair(name, hint)  # also accepted: `name: type` and `name: type: hint`
    return _from_typed_name(name, hint)


def _reject_field_in_hint(line: str) -> None:
    """In one line of several fields, a hint may swallow the next: `total: net, issue date`."""
    _, hint = split_description(line)
    for part in _DIVIDERS.split(hint)[1:]:
        if _split_type(" ".join(part.split())):
            raise InvalidValue(
                "bad_line",
                f"{quoted(part)} may be a field or belong to the hint before it. Write one field "
                "a line, or send the fields as JSON.",
            )


def _typed_hint(hint: str, name: str) -> tuple[str, str] | None:
    """(type with its brackets, hint) of a hint that begins with a type: `date: of birth`."""
    kind, rest = split_description(hint.strip())
    word = kind.partition("(")[0].strip().casefold()
    is_typed = word in LINE_TYPES or _is_amount(word, name)
    return (kind.strip(), rest) if is_typed else None


def _is_amount(word: str, name: str) -> bool:
    """Whether `name: currency` is an amount, and not the currency itself."""
    return word.casefold() == CURRENCY and CURRENCY not in name.casefold()


def _from_pair(name: str, value: Any) -> Json:
    """An entry ``{name: "type: hint"}``, ``{name: "type"}`` or ``{name: "hint"}`` of an object."""
    if isinstance(value, dict) and value and "name" not in value:
        return _from_object({**value, "name": name})
    text = "" if is_absent(value) else read_text(value).strip()
    typed = _typed_hint(text, name)
    if typed is None:
        return _make_field(name, "text", hint=text)
    kind, hint = typed
    word, bracket, inner = kind.partition("(")
    inner = inner.rstrip().removesuffix(")") if bracket else ""
    field_type = type_of_key(word)
    return _with_inner(name, field_type, inner if bracket else None, hint)


def _from_object(entry: Json) -> Json:
    given = attribute_entry(entry)
    if given is None:
        raise InvalidValue(
            "bad_line",
            "an object here has name, type, hint and choices, or the fields of its rows; not "
            f"{quoted(entry)}.",
        )
    name = read_text(given["name"]).strip()
    hint = "" if is_absent(given["hint"]) else read_text(given["hint"])
    word, bracket, inner = _type_text(given["type"]).partition("(")
    kind = type_of_key(word)
    if not kind:
        raise _unknown_type(word)
    if kind == "money" and word.strip().casefold() == CURRENCY and not _is_amount(word, name):
        kind = "text"
    if bracket:
        return _with_inner(name, kind, inner.rstrip().removesuffix(")"), hint)
    if kind == "rows":
        rows = read_user_fields(given["fields"] or given["choices"], nested=True)
        return _make_field(name, kind, hint=hint, fields=rows)
    choices = [] if is_absent(given["choices"]) else read_lines(given["choices"])
    if kind == "list" and choices:
        raise InvalidValue("bad_line", f"{quoted(name)} is a list; only a choice has choices.")
    return _make_field(name, kind, hint=hint, choices=choices)


def _type_text(kind: Any) -> str:
    """The type of an object as text; of a list such as ["string", "null"], the one beside null."""
    if isinstance(kind, list):
        others = [one for one in kind if one != "null"]
        kind = others[0] if len(others) == 1 else kind
    return read_text(kind or "text").strip()


# --- a name with its type -------------------------------------------------------------------------


def _from_typed_name(text: str, hint: str) -> Json:
    """``name type``, ``name type(a|b)`` or ``name``; a last word that is no type is in the name."""
    if len(text) > _LINE_LENGTH:
        raise InvalidValue(
            "bad_line",
            f"is longer than {_LINE_LENGTH} characters before its colon; write `name type: hint`.",
        )
    text = " ".join(text.split())
    if parts := _split_type(text):
        name, kind, inner = parts
        return _with_inner(name, kind, inner, hint)
    if "|" in text:
        raise InvalidValue(
            "bad_line",
            f"{quoted(text)} is not `name type`; the types are {_ALL_TYPES}, and choice(a|b) lists "
            "its choices.",
        )
    _reject_mistyped(text)
    return _make_field(text, "text", hint=hint)


def _split_type(text: str) -> tuple[str, str, str | None] | None:
    """Name, type and what is in brackets of ``name type(a|b)`` or ``name (type)``.

    None when there is no type. "phone number" is a telephone number.
    """
    head, inner = _trailing_brackets(text)
    if inner is not None and head and (kind := type_of_key(inner)):
        return head, kind, None
    name, _, word = head.rpartition(" ")
    if not name:
        return None
    if is_phone_number(word, name) and inner is None:
        return text, "phone", None
    kind = type_of_word(word, name)
    return (name.strip(), kind, inner) if kind else None


def _trailing_brackets(text: str) -> tuple[str, str | None]:
    """What stands before the brackets at the end of ``text``, and in them; None without any."""
    if not text.endswith((")", "）")):
        return text, None
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        char = text[at].translate(_PLAIN_BRACKETS)
        depth += {")": 1, "(": -1}.get(char, 0)
        if depth == 0:
            return text[:at].rstrip(), text[at + 1 : -1].strip()
    return text, None


def _reject_mistyped(text: str) -> None:
    head, inner = _trailing_brackets(text)
    name, _, word = head.rpartition(" ")
    words = [word for word in (inner, word if name else "") if word]
    for one in words:
        if kind := mistyped_type(one):
            raise InvalidValue(
                "not_a_choice",
                f'{quoted(one)} is not a type. Did you mean "{kind}"? If it belongs to the name, '
                f"write `{text[:60]} text`.",
            )


def _with_inner(name: str, kind: str, inner: str | None, hint: str) -> Json:
    """A field with the choices or the fields in the brackets after its type."""
    if inner is None:
        return _make_field(name, kind, hint=hint)
    if kind == "rows":
        return _make_field(name, kind, hint=hint, fields=read_user_fields(inner, nested=True))
    inner = inner.translate(_PLAIN_BRACKETS)
    choices = inner.split("|") if "|" in inner else _DIVIDERS.split(inner)
    named = [choice.strip() for choice in choices if choice.strip()]
    return _make_field(name, kind, hint=hint, choices=named)


def _unknown_type(word: str) -> InvalidValue:
    kind = mistyped_type(word.strip())
    hint = f' Did you mean "{kind}"?' if kind else ""
    return InvalidValue(
        "not_a_choice", f"{quoted(word)} is not a type; the types are {_ALL_TYPES}.{hint}"
    )


# --- the field ------------------------------------------------------------------------------------


def _make_field(
    name: str,
    kind: str,
    *,
    hint: str = "",
    choices: list[str] | None = None,
    fields: list[Json] | None = None,
    of: str = "",
) -> Json:
    name = " ".join(name.split())
    if not name or "__" in name or (len(name) > _NAME_LENGTH and not of):
        raise InvalidValue(
            "bad_line",
            f"a name has 1 to {_NAME_LENGTH} characters and no double underscore; not "
            f"{quoted(name)}.",
        )
    _check_choices(name, kind, choices or [])
    if kind == "rows" and not fields:
        raise InvalidValue(
            "too_few", f"{quoted(name)} needs its fields, such as rows(item text, price money)."
        )
    return {
        "name": name,
        "key": "",
        "type": kind,
        "hint": " ".join(hint.split()),
        "choices": choices or [],
        "of": of,
        "fields": fields or [],
    }


def _check_choices(name: str, kind: str, choices: list[str]) -> None:
    if kind == "choice" and not _MIN_CHOICES <= len(choices) <= _MAX_CHOICES:
        raise InvalidValue(
            "too_few" if len(choices) < _MIN_CHOICES else "too_many",
            f"{quoted(name)} needs its choices, such as choice(low|high): {_MIN_CHOICES} to "
            f"{_MAX_CHOICES} of them.",
        )
    if choices and kind != "choice":
        raise InvalidValue(
            "bad_line", f"{quoted(name)} is a {kind}; only a choice has a list in brackets."
        )
    reject_duplicates(choices)


def _set_keys(fields: list[Json]) -> None:
    """Give each field a distinct ``key``: its name with other characters replaced by ``_``."""
    taken: set[str] = set()
    for number, field in enumerate(fields, 1):
        key = _NOT_IN_KEY.sub("_", field["name"]).strip("_") or f"field_{number}"
        while key in taken:
            key = f"{key}_{number}"
        taken.add(key)
        field["key"] = key
