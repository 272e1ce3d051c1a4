"""User fields ("shape"): the fields that a caller wants extracted, such as ``total money: to pay``.

One row of ``USER_FIELD_TYPES`` is everything Formcall knows about a type that a caller may write:
its schema in the model's strict function and the check that normalises a value from the model. A
new type is a new row. A field is a dict, as ``user_field_parser.read_user_fields`` returns it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.catalogue.localities import local_time
from connector.catalogue.typed_text import in_type, is_placeholder, is_stated
from connector.catalogue.values import InvalidValue, is_absent, is_number, match_choice, quoted
from connector.json_types import Json

_SHOWN_KEY = 64
_EMAIL = re.compile(r"[^\s@<>]++@[^\s@<>.]++(?:\.[^\s@<>.]++)+")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL_LENGTH = 254
_MAX_EXACT = 2**53  # beyond it a float does not hold every whole number


@dataclass(frozen=True)
class UserFieldType:
    """One type: its schema in the strict function, and the check of a value from the model.

    ``check`` returns the normalised value or raises ``InvalidValue``; ``note`` is appended to the
    field's description.
    """

    strict_schema: Json
    check: Callable[[Any], Any]
    note: str = ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue("wrong_type", f"must be text, not {quoted(value)}")
    return value.strip()


def _number(value: Any) -> float | int:
    if not is_number(value):
        raise InvalidValue("wrong_type", f"must be a number, not {quoted(value)}")
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _MAX_EXACT
    return int(value) if is_whole else value


def _integer(value: Any) -> int:
    number: float | int = _number(value)
    if not isinstance(number, int):
        raise InvalidValue("wrong_type", f"must be a whole number, not {quoted(value)}")
    return number


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue("wrong_type", f"must be true or false, not {quoted(value)}")
    return value


def _iso_format(
    example: str, parse: Callable[[str], Any], render: Callable[[Any], str]
) -> Callable[[Any], str]:
    """A check that accepts what ``parse`` accepts and returns it in the form of ``example``."""

    def check(value: Any) -> str:
        try:
            return render(parse(_text(value)))
        except ValueError:
            raise InvalidValue(
                "wrong_type", f"must look like {example}, not {quoted(value)}"
            ) from None

    return check


def _email(value: Any) -> str:
    text = _text(value)
    if len(text) > _EMAIL_LENGTH or not _EMAIL.fullmatch(text):
        raise InvalidValue("wrong_type", f"must be an e-mail address, not {quoted(value)}")
    return text


def _phone(value: Any) -> str:
    """E.164 if the number includes a country code (+49 30 1234567, 0049 ...), else unchanged."""
    text = _text(value)
    number = re.sub(r"[\s()./\u2010-\u2015-]", "", text.replace("(0)", ""))
    number = re.sub(r"\A00(?=[1-9])", "+", number)
    return number if _E164.fullmatch(number) else text


def _currency(value: Any) -> str:
    text = _text(value).upper()
    if not re.fullmatch("[A-Z]{3}", text):
        raise InvalidValue(
            "wrong_type", f"must be a three-letter currency code, not {quoted(value)}"
        )
    return text


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise InvalidValue("wrong_type", f"must be a list of texts, not {quoted(value)}")
    return [text for text in map(_text, value) if text]


def _rows(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidValue("wrong_type", f"must be a list of rows, not {quoted(value)}")
    return value


_date = _iso_format("2026-03-31", dt.date.fromisoformat, dt.date.isoformat)
_datetime = _iso_format(
    "2026-03-31T14:30",
    lambda text: dt.datetime.fromisoformat(text.replace(" ", "T")),
    lambda at: at.isoformat("T", "minutes"),
)
_time = _iso_format("14:30", dt.time.fromisoformat, lambda at: at.isoformat("minutes"))

_STRING = {"type": "string"}
USER_FIELD_TYPES: dict[str, UserFieldType] = {
    "text": UserFieldType(_STRING, _text),
    "number": UserFieldType({"type": "number"}, _number),
    "integer": UserFieldType({"type": "integer"}, _integer),
    "boolean": UserFieldType({"type": "boolean"}, _boolean),
    "date": UserFieldType({"type": "string", "format": "date"}, _date),
    "datetime": UserFieldType(
        {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})?$"},
        _datetime,
        "YYYY-MM-DDTHH:MM, with +HH:MM if the text has an offset or a time zone",
    ),
    "time": UserFieldType({"type": "string", "pattern": r"^\d{2}:\d{2}$"}, _time, "HH:MM"),
    "email": UserFieldType({"type": "string", "format": "email"}, _email),
    "phone": UserFieldType(_STRING, _phone),
    "url": UserFieldType(_STRING, _text),
    "money": UserFieldType({"type": "number"}, _number),
    "percent": UserFieldType({"type": "number"}, _number, "19 for 19 %"),
    "choice": UserFieldType(_STRING, _text),
    "list": UserFieldType({"type": "array", "items": _STRING}, _texts),
    # the items of its schema are the fields of a row
    "rows": UserFieldType({"type": "array", "items": {"type": "object"}}, _rows),
    # not available to callers: every money field adds one
    "currency": UserFieldType({"type": "string", "pattern": "^[A-Z]{3}$"}, _currency, "ISO 4217"),
}
_WORDED_TYPES = frozenset({"text", "list"})  # their values may be any words, also "none"
LIST_TYPES = frozenset({"list", "rows"})
WRITABLE_TYPES = tuple(name for name in USER_FIELD_TYPES if name != "currency")


def strict_schema(field: Json) -> Json:
    """The property of the strict function for one of the caller's fields; null: not in the text."""
    row = USER_FIELD_TYPES[field["type"]]
    schema: Json = dict(row.strict_schema)
    if field["type"] == "rows":
        schema["items"] = strict_record(field["fields"])
    elif field["type"] != "list":
        schema["type"] = [schema["type"], "null"]
    if description := "; ".join(text for text in (field["hint"], row.note) if text):
        schema["description"] = description
    if field["choices"]:
        schema["enum"] = [*field["choices"], None]
    return schema


def strict_record(fields: list[Json]) -> Json:
    """The schema of the object with all of the caller's fields, for the strict function."""
    properties = {field["key"]: strict_schema(field) for field in fields}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def answer_record(fields: list[Json]) -> Json:
    """The published schema of such an object in an answer."""
    properties: Json = {}
    for field in fields:
        strict = USER_FIELD_TYPES[field["type"]].strict_schema
        schema: Json = {"type": strict["type"]}
        if field["type"] == "rows":
            schema["items"] = answer_record(field["fields"])
        elif "items" in strict:
            schema["items"] = strict["items"]
        else:
            schema["nullable"] = True
        if field["hint"]:
            schema["description"] = field["hint"]
        properties[field["name"]] = schema
    return {"type": "object", "properties": properties, "required": list(properties)}


def check_record(value: Any, fields: list[Json], form: Mapping[str, Any]) -> Json:
    """The model's object with the caller's names and normalised values.

    ``form``: its texts are the source, in which "none" may be a value. ``InvalidValue`` names the
    first field that is wrong.
    """
    if not isinstance(value, dict):
        raise InvalidValue("wrong_type", f"must be an object, not {quoted(value)}")
    keys = [field["key"] for field in fields]
    if extra := sorted(set(value) - set(keys)):
        raise InvalidValue("unknown_field", f"has {extra[0][:_SHOWN_KEY]}, which was not requested")
    if missing := [key for key in keys if key not in value]:
        raise InvalidValue("missing", f"lacks {missing[0]}")
    return {field["name"]: _check_value(value[field["key"]], field, form) for field in fields}


def _check_value(value: Any, field: Json, form: Mapping[str, Any]) -> Any:
    if _is_not_given(value, field, form):
        return [] if field["type"] in LIST_TYPES else None
    try:
        checked = USER_FIELD_TYPES[field["type"]].check(in_type(value, field["type"]))
    except InvalidValue as error:
        raise InvalidValue(error.code, f"{field['key']} {error.message}") from None
    if field["type"] == "rows":
        return [_check_row(row, field, form) for row in checked]
    if field["type"] == "list":
        return [text for text in checked if not _is_not_given(text, field, form)]
    if field["type"] == "datetime" and form.get("timezone"):
        return local_time(checked, form["timezone"])
    return _check_choice(checked, field) if field["choices"] else checked


def _is_not_given(value: Any, field: Json, form: Mapping[str, Any]) -> bool:
    """Whether the model says that the source does not give this field: null, "", or "N/A"."""
    if is_absent(value):
        return True
    if not is_placeholder(value) or match_choice(value, field["choices"]):
        return False
    return field["type"] not in _WORDED_TYPES or not is_stated(value, field["name"], form)


def _check_choice(value: str, field: Json) -> str:
    choice = match_choice(value, field["choices"])
    if choice is None:
        raise InvalidValue(
            "not_a_choice",
            f"{field['key']} must be one of {', '.join(field['choices'])}, not {quoted(value)}",
        )
    return choice


def _check_row(row: Any, field: Json, form: Mapping[str, Any]) -> Json:
    try:
        return check_record(row, field["fields"], form)
    except InvalidValue as error:
        raise InvalidValue(error.code, f"{field['key']}: {error.message}") from None
