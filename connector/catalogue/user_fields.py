"""A shape: the fields a caller wants out of a text, typed in lines such as ``total money: the amount to pay``.

One row of ``SHAPE_TYPES`` is all Formcall knows of a type a caller may write: what the model's strict function says about it,
how a value the model gave is checked and made normal, and how it reads in a published schema. A new type is a new row.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.catalogue.values import Fault, find_choice, is_absent, is_number, read_list, read_text, refuse_twice, shown

Json = dict[str, Any]

_NAME_LENGTH = 50  # with "_currency" behind it still below the 64 that a property may have
_LINE_LENGTH = 4_000
_SHOWN_KEY = 64
_KEY = re.compile(r"[^A-Za-z0-9]+")
_TYPED = re.compile(r"(?P<name>.+?)\s+(?P<type>[a-z]+)\s*(?:\((?P<choices>[^()]*)\))?")
# things whose "number" is a name and not a quantity
_NUMBERED = frozenset({
    "account", "article", "bank", "batch", "bill", "booking", "card", "case", "certificate", "claim", "client",
    "confirmation", "contract", "customer", "delivery", "document", "employee", "flight", "id", "identification",
    "insurance", "invoice", "item", "job", "licence", "license", "lot", "member", "membership", "model", "offer", "order",
    "part", "passport", "policy", "po", "product", "project", "purchase", "quote", "receipt", "ref", "reference",
    "registration", "request", "room", "routing", "serial", "shipment", "sku", "social", "tax", "ticket", "tracking",
    "transaction", "vat", "vehicle",
})  # fmt: skip
_DIALLED = frozenset({"cell", "contact", "fax", "mobile", "phone", "telephone"})
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL_LENGTH = 254
_MIN_CHOICES, _MAX_CHOICES = 2, 100


@dataclass(frozen=True)
class ShapeType:
    """One type of a caller's field. ``strict`` goes into the function; ``check`` makes a model's value normal or faults."""

    strict: Json
    check: Callable[[Any], Any]
    note: str = ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Fault("wrong_type", f"must be text, not {shown(value)}")
    return value.strip()


def _number(value: Any) -> float | int:
    if not is_number(value):
        raise Fault("wrong_type", f"must be a number, not {shown(value)}")
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _integer(value: Any) -> int:
    number: float | int = _number(value)
    if not isinstance(number, int):
        raise Fault("wrong_type", f"must be a whole number, not {shown(value)}")
    return number


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Fault("wrong_type", f"must be true or false, not {shown(value)}")
    return value


def _moment(form: str, parse: Callable[[str], Any], render: Callable[[Any], str]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        try:
            return render(parse(_text(value)))
        except ValueError:
            raise Fault("wrong_type", f"must look like {form}, not {shown(value)}") from None

    return check


def _email(value: Any) -> str:
    text = _text(value)
    if len(text) > _EMAIL_LENGTH or not _EMAIL.fullmatch(text):
        raise Fault("wrong_type", f"must be an e-mail address, not {shown(value)}")
    return text


def _phone(value: Any) -> str:
    """E.164 where the country is told (+49 30 1234567, 0049 ...); else as it is written, since nobody knows the country."""
    text = _text(value)
    written = re.sub(r"[\s()./\u2010-\u2015-]", "", text.replace("(0)", ""))
    written = re.sub(r"\A00(?=[1-9])", "+", written)
    return written if _E164.fullmatch(written) else text


def _currency(value: Any) -> str:
    text = _text(value).upper()
    if not re.fullmatch("[A-Z]{3}", text):
        raise Fault("wrong_type", f"must be a three-letter currency code, not {shown(value)}")
    return text


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise Fault("wrong_type", f"must be a list of texts, not {shown(value)}")
    return [text for entry in value if (text := _text(entry))]


_date = _moment("2026-03-31", dt.date.fromisoformat, dt.date.isoformat)
_datetime = _moment(
    "2026-03-31T14:30", lambda text: dt.datetime.fromisoformat(text.replace(" ", "T")), lambda at: at.isoformat("T", "minutes")
)
_time = _moment("14:30", dt.time.fromisoformat, lambda at: at.isoformat("minutes"))

_STRING = {"type": "string"}
SHAPE_TYPES: dict[str, ShapeType] = {
    "text": ShapeType(_STRING, _text),
    "number": ShapeType({"type": "number"}, _number),
    "integer": ShapeType({"type": "integer"}, _integer),
    "boolean": ShapeType({"type": "boolean"}, _boolean),
    "date": ShapeType({"type": "string", "format": "date"}, _date),
    "datetime": ShapeType({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$"}, _datetime, "YYYY-MM-DDTHH:MM"),
    "time": ShapeType({"type": "string", "pattern": r"^\d{2}:\d{2}$"}, _time, "HH:MM"),
    "email": ShapeType({"type": "string", "format": "email"}, _email),
    "phone": ShapeType(_STRING, _phone),
    "url": ShapeType(_STRING, _text),
    "money": ShapeType({"type": "number"}, _number),
    "percent": ShapeType({"type": "number"}, _number, "19 for 19 %"),
    "choice": ShapeType(_STRING, _text),
    "list": ShapeType({"type": "array", "items": _STRING}, _texts),
    # never typed by a caller: each money field brings one along
    "currency": ShapeType({"type": "string", "pattern": "^[A-Z]{3}$"}, _currency, "ISO 4217"),
}
WRITABLE = tuple(name for name in SHAPE_TYPES if name != "currency")
_TYPED_HINT = re.compile(rf"\s*(?:{'|'.join(WRITABLE)})\s*(?:\([^()]*\))?\s*(?::|\Z)")


def read_shape(value: Any) -> list[Json]:
    """The caller's fields as ``{"name", "key", "type", "hint", "choices", "of"}``, from lines, a list or an object.

    ``key`` is the name as a function property may be called (letters, digits, ``_``). A money field ``total`` is followed by
    the currency field ``total_currency``, whose ``of`` is ``total``.
    """
    entries = read_list(list(value.items()) if _is_map(value) else value)
    found: list[Json] = []
    for number, entry in enumerate(entries, 1):
        try:
            field = _field(entry)
        except Fault as fault:
            raise Fault(fault.code, f"entry {number}: {fault.message}") from None
        found.append(field)
    refuse_twice([field["name"] for field in found])
    found = [one for field in found for one in (field, *_currency_of(field, found))]
    _key_apart(found)
    return found


def _currency_of(field: Json, others: list[Json]) -> list[Json]:
    """The currency field that a money field brings along, unless the caller asked for one of that name."""
    name = f"{field['name']}_currency"
    if field["type"] != "money" or name.casefold() in {other["name"].casefold() for other in others}:
        return []
    return [_made(name, "currency", "", [], of=field["name"])]


def strict_schema(field: Json) -> Json:
    """What the strict function says about one of the caller's fields; null means that the text does not state it."""
    row = SHAPE_TYPES[field["type"]]
    if field["type"] == "list":
        schema: Json = dict(row.strict)
    else:
        schema = {**row.strict, "type": [row.strict["type"], "null"]}
    if words := "; ".join(filter(None, (field["hint"], row.note))):
        schema["description"] = words
    if field["choices"]:
        schema["enum"] = [*field["choices"], None]
    return schema


def strict_record(fields: list[Json]) -> Json:
    """The closed object of all the caller's fields."""
    properties = {field["key"]: strict_schema(field) for field in fields}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def answer_record(fields: list[Json]) -> Json:
    """What is published of such an object in an answer."""
    properties: Json = {}
    for field in fields:
        kind = SHAPE_TYPES[field["type"]].strict
        listed = {"items": kind["items"]} if "items" in kind else {"nullable": True}
        properties[field["name"]] = {"type": kind["type"], **listed, **({"description": field["hint"]} if field["hint"] else {})}
    return {"type": "object", "properties": properties, "required": list(properties)}


def check_record(value: Any, fields: list[Json]) -> Json:
    """A model's object with the caller's own names and normal values; ``Fault`` names the first field that is wrong."""
    if not isinstance(value, dict):
        raise Fault("wrong_type", f"must be an object, not {shown(value)}")
    keys = [field["key"] for field in fields]
    if extra := sorted(set(value) - set(keys)):
        raise Fault("unknown_field", f"has {extra[0][:_SHOWN_KEY]}, which was not asked for")
    if missing := [key for key in keys if key not in value]:
        raise Fault("missing", f"lacks {missing[0]}")
    return {field["name"]: _checked(value[field["key"]], field) for field in fields}


def _checked(value: Any, field: Json) -> Any:
    if field["type"] == "list":
        value = [] if value is None else value
    elif is_absent(value):
        return None
    try:
        checked = SHAPE_TYPES[field["type"]].check(value)
    except Fault as fault:
        raise Fault(fault.code, f"{field['key']} {fault.message}") from None
    if not field["choices"]:
        return checked
    if (choice := find_choice(checked, field["choices"])) is None:
        raise Fault("not_a_choice", f"{field['key']} must be one of {', '.join(field['choices'])}, not {shown(value)}")
    return choice


def _is_map(value: Any) -> bool:
    """Whether an object maps names to types, such as ``{"name": "text"}``, and is not one entry written out."""
    return isinstance(value, dict) and not (_is_entry(value) and value.get("type") in WRITABLE and value["name"] not in WRITABLE)


def _is_entry(value: Json) -> bool:
    return "name" in value and set(value) <= {"name", "type", "hint", "description", "choices"}


def _field(entry: Any) -> Json:
    if isinstance(entry, tuple):
        name, rest = entry
        return _of_pair(read_text(name).strip(), rest)
    if isinstance(entry, dict):
        return _of_object(entry)
    left, _, hint = read_text(entry).strip().partition(":")
    if _TYPED_HINT.match(hint) and _split(left.strip()) is None:
        return _of_pair(left.strip(), hint)  # `name: type` and `name: type: hint`, as people write them too
    return _typed(left.strip(), hint)


def _of_pair(name: str, rest: Any) -> Json:
    """An entry of an object: ``{"total": "money: the amount"}`` or ``{"total": "money"}`` or ``{"total": "the amount"}``."""
    words = "" if is_absent(rest) else read_text(rest).strip()
    kind, _, hint = words.partition(":")
    if _TYPED_HINT.match(words):
        return _typed(f"{name} {kind.strip()}", hint)
    return _made(name, "text", words, [])


def _of_object(entry: Json) -> Json:
    if not _is_entry(entry) or is_absent(entry["name"]):
        raise Fault("bad_line", f"an object here has name, type, hint and choices; not {shown(entry)}.")
    kind = read_text(entry.get("type") or "text").strip()
    listed = entry.get("choices")
    choices = [] if is_absent(listed) else [read_text(choice).strip() for choice in read_list(listed)]
    said = entry.get("hint") or entry.get("description")
    hint = "" if is_absent(said) else read_text(said)
    if "(" in kind:
        return _typed(f"{read_text(entry['name'])} {kind}", hint)
    return _made(read_text(entry["name"]).strip(), kind, hint, choices)


def _typed(left: str, hint: str) -> Json:
    """``name type`` or ``name type(a|b)`` or only ``name``; a last word that is no type belongs to the name."""
    if len(left) > _LINE_LENGTH:
        raise Fault("bad_line", f"is longer than {_LINE_LENGTH} characters before its colon; write `name type: hint`.")
    left = " ".join(left.split())
    if parts := _split(left):
        name, kind, listed = parts
        choices = [choice.strip() for choice in re.split("[|,]", listed) if choice.strip()]
        return _made(name, kind, hint, choices)
    if "|" in left:
        kinds = ", ".join(WRITABLE)
        raise Fault("bad_line", f"{shown(left)} is not `name type`; the types are {kinds}, and choice(a|b) lists its choices.")
    return _made(left, "text", hint, [])


def _split(left: str) -> tuple[str, str, str] | None:
    """Name, type and the list in brackets of ``name type(a|b)``; None when there is no type.

    An "invoice number" is the name of a text, for it may have letters and begin with 0; a "phone number" is a telephone number.
    """
    match = _TYPED.fullmatch(left)
    if not match or match["type"] not in WRITABLE:
        return None
    last = match["name"].casefold().split()[-1]
    if match["type"] == "number" and last in _DIALLED | _NUMBERED:
        return left, "phone" if last in _DIALLED else "text", ""
    return match["name"], match["type"], match["choices"] or ""


def _made(name: str, kind: str, hint: str, choices: list[str], *, of: str = "") -> Json:
    name = " ".join(name.split())
    if not name or "__" in name or (len(name) > _NAME_LENGTH and not of):
        raise Fault("bad_line", f"a name has 1 to {_NAME_LENGTH} characters and no double underscore; not {shown(name)}.")
    if kind not in SHAPE_TYPES or (kind == "currency" and not of):
        raise Fault("not_a_choice", f"{shown(kind)} is not a type; the types are {', '.join(WRITABLE)}.")
    if kind == "choice" and not _MIN_CHOICES <= len(choices) <= _MAX_CHOICES:
        words = f"{shown(name)} needs its choices, such as choice(low|high): {_MIN_CHOICES} to {_MAX_CHOICES} of them."
        raise Fault("too_few" if len(choices) < _MIN_CHOICES else "too_many", words)
    if choices and kind != "choice":
        raise Fault("bad_line", f"{shown(name)} is a {kind}; only a choice has a list in brackets.")
    refuse_twice(choices)
    return {"name": name, "key": "", "type": kind, "hint": " ".join(hint.split()), "choices": choices, "of": of}


def _key_apart(fields: list[Json]) -> None:
    """Give each field a property key of its own: its name where that is plain, else the nearest plain one."""
    taken: set[str] = set()
    for number, field in enumerate(fields, 1):
        key = _KEY.sub("_", field["name"]).strip("_") or f"field_{number}"
        while key in taken:
            key = f"{key}_{number}"
        taken.add(key)
        field["key"] = key
