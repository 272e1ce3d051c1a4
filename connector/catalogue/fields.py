"""The fields of a form and of an answer, and the closed table of their types.

One row of ``TYPES`` is everything Formcall knows about a type: how form values and values from the
model are read, and its schemas in the published request, the model's strict function and the
published answer. A new type is a new row. No other code branches on the type of a field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from connector.catalogue import list_values, user_fields, values
from connector.catalogue.bounds import check_bounds
from connector.catalogue.files import Files, read_files
from connector.catalogue.list_values import HOW_DIVIDED
from connector.catalogue.typed_text import in_type, is_placeholder
from connector.catalogue.user_field_parser import read_user_fields
from connector.catalogue.values import Choice, InvalidValue, is_absent, quoted
from connector.json_types import Json

NAME_LENGTH = 100  # of an option


@dataclass(frozen=True)
class Field:
    """One field of a form.

    ``min`` and ``max`` bound the characters of a text, the value of a number, or the entries of a
    list. A file field takes one file, or up to ``max``. ``or_text`` names the field for text typed
    instead of a file, ``pages_from`` the field that selects its pages. ``format`` narrows a text;
    see ``localities.FORMATS``.
    """

    name: str
    type: str
    label: str
    help: str = ""
    placeholder: str = ""
    required: bool = False
    default: Any = None
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""
    or_text: str = ""
    pages_from: str = ""
    min: int | float | None = None
    max: int | float | None = None
    format: str = ""


@dataclass(frozen=True)
class ReturnField:
    """One value of the answer.

    ``shape`` holds the fields of each entry of a list, fixed by the action; ``shape_from`` names
    the form field in which the caller defines them. ``rows_for``: the form fields of whose entries
    a list has a row each. ``when`` is (form field, accepted values): the model returns this value
    only if the field has one of them. ``source`` "tools": the value is copied from a tool's result.
    ``fill`` is (rule, its arguments): how the server derives a value that is not requested; see
    ``derived_rules.py``. ``fallback_from``: the form field with the answer for null or [].
    """

    name: str
    type: str
    help: str = ""
    nullable: bool = False
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""
    shape_from: str = ""
    shape: tuple[Json, ...] = ()
    rows_for: tuple[str, ...] = ()
    min: int | float | None = None
    max: int | float | None = None
    when: tuple[str, tuple[Any, ...]] | None = None
    fill: tuple[str, tuple[str, ...]] | None = None
    source: str = ""
    fallback_from: str = ""

    @property
    def is_streamable(self) -> bool:
        """Whether the value can be shown while the model writes it: text that is never null."""
        return TYPES[self.type].is_streamable and not self.nullable

    @property
    def is_free_text(self) -> bool:
        """Whether the value is text (or a list of texts) that the model words itself."""
        is_open = not (self.choices or self.choices_from or self.has_shape)
        return is_open and (TYPES[self.type].is_streamable or self.type == "list")

    def is_requested(self, form: Mapping[str, Any]) -> bool:
        """Whether to request this value from the model, given these form values."""
        if self.when is None:
            return self.fill is None
        name, accepted = self.when
        return form.get(name) in accepted

    @cached_property
    def has_shape(self) -> bool:
        return bool(self.shape or self.shape_from)

    def shape_fields(self, form: Mapping[str, Any]) -> list[Json]:
        """The fields of a record, or of each entry of a list."""
        return list(self.shape) if self.shape else list(form[self.shape_from])


@dataclass(frozen=True)
class FieldType:
    """A row of the table. ``None`` in a column: the type is not allowed on that side."""

    read: Callable[[Any, Field], Any] | None = None
    request_schema: Callable[[Field], Json] | None = None
    strict_schema: Callable[[ReturnField, Mapping[str, Any]], Json] | None = None
    check: Callable[[Any, ReturnField, Mapping[str, Any]], Any] | None = None
    answer_schema: Callable[[ReturnField], Json] | None = None
    is_list: bool = False
    is_streamable: bool = False  # a prefix of the value is a meaningful text
    is_file: bool = False


# --- reading form values --------------------------------------------------------------------------


def _read_text(value: Any, entry: Field) -> str:
    text = values.read_text(value)
    check_bounds(len(text), entry, "characters")
    return text


def _read_number(value: Any, entry: Field) -> float:
    number = values.read_number(value)
    check_bounds(number, entry, "")
    return number


def _read_integer(value: Any, entry: Field) -> int:
    number = values.read_integer(value)
    check_bounds(number, entry, "")
    return number


def _read_list(value: Any, entry: Field) -> list[Any]:
    if entry.choices:
        items: list[Any] = list_values.read_choices(value, entry.choices)
    elif entry.choices_from:
        # worked examples; the form schema pairs them once the choices are read
        items = list_values.read_examples(value)
    else:
        items = list_values.read_lines(value)
    check_bounds(len(items), entry, "entries", fix=HOW_DIVIDED)
    return items


def _read_options(value: Any, entry: Field) -> list[dict[str, str]]:
    options = list_values.read_options(value)
    check_bounds(len(options), entry, "entries", fix=HOW_DIVIDED)
    for option in options:
        if len(option["name"]) > NAME_LENGTH:
            raise InvalidValue(
                "too_long",
                f"has a name of more than {NAME_LENGTH} characters: {quoted(option['name'])}.",
            )
    return options


def _read_shape(value: Any, entry: Field) -> list[Json]:
    fields = read_user_fields(value)
    count = sum(1 for field in fields if not field["of"])
    check_bounds(count, entry, "entries", fix=HOW_DIVIDED)
    return fields


def _read_file(value: Any, entry: Field) -> Files:
    return read_files(value, int(entry.max or 1))


# --- schemas of the request -----------------------------------------------------------------------


def _request_text(entry: Field) -> Json:
    # an empty form field is sent as "", which counts as absent, so a required text has minLength 1
    low = entry.min or (1 if entry.required else None)
    return _without_none({"type": "string", "minLength": low, "maxLength": entry.max})


def _request_number(kind: str) -> Callable[[Field], Json]:
    return lambda entry: _without_none({"type": kind, "minimum": entry.min, "maximum": entry.max})


def _request_choice(entry: Field) -> Json:
    return {"type": "string", "enum": [choice.value for choice in entry.choices]}


def _request_lines(entry: Field) -> Json:
    """A list is published as one text, since every tool has a multi-line field; arrays work too."""
    return _without_none({"type": "string", "minLength": 1 if entry.required else None})


def _without_none(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if value is not None}


# --- the strict function, and checking what the model returns -------------------------------------


def _strict_plain(kind: str) -> Callable[[ReturnField, Mapping[str, Any]], Json]:
    # no bounds: not every server accepts them in a strict function, and they cost tokens; they are
    # checked when the value comes back
    def strict_schema(entry: ReturnField, form: Mapping[str, Any]) -> Json:
        return {"type": [kind, "null"] if entry.nullable else kind}

    return strict_schema


def _strict_choice(entry: ReturnField, form: Mapping[str, Any]) -> Json:
    names: list[str | None] = [*choice_names(entry, form)]
    if entry.nullable:
        return {"type": ["string", "null"], "enum": [*names, None]}
    return {"type": "string", "enum": names}


def _strict_list(entry: ReturnField, form: Mapping[str, Any]) -> Json:
    items: Json = {"type": "string"}
    if entry.has_shape:
        items = user_fields.strict_record(entry.shape_fields(form))
    elif entry.choices or entry.choices_from:
        items["enum"] = choice_names(entry, form)
    return _without_none(
        {"type": "array", "items": items, "minItems": entry.min, "maxItems": entry.max}
    )


def _strict_record(entry: ReturnField, form: Mapping[str, Any]) -> Json:
    return user_fields.strict_record(entry.shape_fields(form))


def choice_names(entry: ReturnField, form: Mapping[str, Any]) -> list[str]:
    """The values a choice may take: the action's own, or those the caller entered in the form."""
    if entry.choices_from:
        return [option["name"] for option in form.get(entry.choices_from) or ()]
    return [choice.value for choice in entry.choices]


def _check_text(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    if not isinstance(value, str):
        raise InvalidValue("wrong_type", f"must be text, not {quoted(value)}")
    text = values.clean(value).strip()
    check_bounds(len(text), entry, "characters")
    return None if entry.nullable and not text else text


def _check_number(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    number = user_fields.USER_FIELD_TYPES["number"].check(in_type(value, "number"))
    check_bounds(number, entry, "")
    return number


def _check_integer(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    number = user_fields.USER_FIELD_TYPES["integer"].check(in_type(value, "integer"))
    check_bounds(number, entry, "")
    return number


def _check_boolean(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    return user_fields.USER_FIELD_TYPES["boolean"].check(in_type(value, "boolean"))


def _check_choice(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    if entry.nullable and is_absent(value):
        return None
    names = choice_names(entry, form)
    name = values.match_choice(value, names) if isinstance(value, str) else None
    if name is None and entry.nullable and is_placeholder(value):
        return None
    if name is None:
        or_null = " or null" if entry.nullable else ""
        raise InvalidValue(
            "not_a_choice",
            f"must be one of the {len(names)} given choices{or_null}, not {quoted(value)}",
        )
    return name


def _check_list(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    value = _as_list(value, entry, form)
    if not isinstance(value, list):
        raise InvalidValue("wrong_type", f"must be a list, not {quoted(value)}")
    if entry.has_shape:
        fields = entry.shape_fields(form) if value else []
        items: list[Any] = [user_fields.check_record(item, fields, form) for item in value]
    elif entry.choices or entry.choices_from:
        items = list(dict.fromkeys(_check_choice(item, entry, form) for item in value))
    else:
        text_field = ReturnField(entry.name, "text")
        texts = (_check_text(item, text_field, form) for item in value)
        items = [text for text in texts if text]
    check_bounds(len(items), entry, "entries")
    return items


def _as_list(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    """A text as the list that it can only be: choices by their names, anything else as JSON."""
    if not isinstance(value, str):
        return value
    if entry.has_shape or not (entry.choices or entry.choices_from):
        return in_type(value, "rows")
    is_one = values.match_choice(value, choice_names(entry, form)) is not None
    return [value] if is_one else in_type(value, "list")


def _check_record(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    return user_fields.check_record(value, entry.shape_fields(form), form)


# --- schemas of the answer ------------------------------------------------------------------------


def _answer(kind: str) -> Callable[[ReturnField], Json]:
    return lambda entry: _without_none({"type": kind, "nullable": entry.nullable or None})


def _answer_choice(entry: ReturnField) -> Json:
    """A fixed set is published so that a builder can branch on it.

    A nullable one is not: null cannot be part of a published enum.
    """
    schema = _answer("string")(entry)
    if entry.choices and not entry.nullable:
        schema["enum"] = [choice.value for choice in entry.choices]
    return schema


def _answer_list(entry: ReturnField) -> Json:
    if entry.shape:
        items = user_fields.answer_record(list(entry.shape))
    else:
        items = {"type": "object" if entry.shape_from else "string"}
    return {"type": "array", "items": items}


# --- the table ------------------------------------------------------------------------------------

_TEXT = FieldType(
    read=_read_text,
    request_schema=_request_text,
    strict_schema=_strict_plain("string"),
    check=_check_text,
    answer_schema=_answer("string"),
    is_streamable=True,
)
TYPES: dict[str, FieldType] = {
    "text": _TEXT,
    "longtext": _TEXT,
    "number": FieldType(
        read=_read_number,
        request_schema=_request_number("number"),
        strict_schema=_strict_plain("number"),
        check=_check_number,
        answer_schema=_answer("number"),
    ),
    "integer": FieldType(
        read=_read_integer,
        request_schema=_request_number("integer"),
        strict_schema=_strict_plain("integer"),
        check=_check_integer,
        answer_schema=_answer("integer"),
    ),
    "boolean": FieldType(
        read=lambda value, entry: values.read_boolean(value),
        request_schema=lambda entry: {"type": "boolean"},
        strict_schema=_strict_plain("boolean"),
        check=_check_boolean,
        answer_schema=_answer("boolean"),
    ),
    "choice": FieldType(
        read=lambda value, entry: values.read_choice(value, entry.choices),
        request_schema=_request_choice,
        strict_schema=_strict_choice,
        check=_check_choice,
        answer_schema=_answer_choice,
    ),
    "list": FieldType(
        read=_read_list,
        request_schema=_request_lines,
        strict_schema=_strict_list,
        check=_check_list,
        answer_schema=_answer_list,
        is_list=True,
    ),
    "options": FieldType(read=_read_options, request_schema=_request_lines, is_list=True),
    "shape": FieldType(read=_read_shape, request_schema=_request_lines, is_list=True),
    # sent as one string: a URL, a data URL or base64; a part of a multipart form is accepted too
    "file": FieldType(read=_read_file, request_schema=_request_lines, is_file=True),
    "record": FieldType(
        strict_schema=_strict_record, check=_check_record, answer_schema=_answer("object")
    ),
}
FORM_TYPES = tuple(name for name, row in TYPES.items() if row.read)
RETURN_TYPES = tuple(name for name, row in TYPES.items() if row.check)
