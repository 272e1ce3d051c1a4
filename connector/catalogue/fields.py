"""The fields of a form and of an answer, and the closed table of their types.

One row of ``TYPES`` is all that Formcall knows of a type: how a form's value is read, what the published request says about it,
what the model's strict function says, how a model's value is checked, how the answer is published, and the widget each
platform shows. A new type is a new row, a new platform is a new column; nothing else asks which type a field has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import marshmallow

from connector.catalogue import shape, values
from connector.catalogue.files import Files, read_files, read_page_numbers
from connector.catalogue.values import Choice, Fault, clean, is_absent, nearest, shown

Json = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One box of the form. ``min`` and ``max`` bound characters of a text, a number itself, or the entries of a list.

    A box for a file takes one, or up to ``max`` of them; ``or_text`` is the box for a text that may be typed instead, ``pages_from``
    the box that says which pages are read.
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


@dataclass(frozen=True)
class Return:
    """One value of the answer.

    ``shape`` are the fields of each entry of a list, as the action itself has them; ``shape_from`` is where the caller has them.
    ``when`` is (a form field, the values it must have): the model is asked for this value only then.
    ``source`` tools: the value must be one that a tool gave, and is written down as the tool gave it.
    ``fill`` is (a rule, its names): how the server works the value out when the model is not asked; see ``fills.py``.
    """

    name: str
    type: str
    help: str = ""
    nullable: bool = False
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""
    shape_from: str = ""
    shape: tuple[Json, ...] = ()
    min: int | float | None = None
    max: int | float | None = None
    when: tuple[str, tuple[Any, ...]] | None = None
    fill: tuple[str, tuple[str, ...]] | None = None
    source: str = ""

    @property
    def flows(self) -> bool:
        """Whether the value can be shown while it is being written: words that are always there."""
        return TYPES[self.type].flows and not self.nullable

    @property
    def is_prose(self) -> bool:
        """Whether the value is words of the model's own, alone or in a list: neither a choice nor the caller's fields."""
        free = not (self.choices or self.choices_from or self.has_shape)
        return free and (TYPES[self.type].flows or self.type == "list")

    def is_asked(self, form: Mapping[str, Any]) -> bool:
        """Whether the model is to give this value for these form values."""
        if self.when is None:
            return self.fill is None
        name, wanted = self.when
        return form.get(name) in wanted

    @property
    def has_shape(self) -> bool:
        return bool(self.shape or self.shape_from)

    def entries(self, form: Mapping[str, Any]) -> list[Json]:
        """The fields of a record, or of each entry of a list."""
        return list(self.shape) if self.shape else list(form[self.shape_from])


@dataclass(frozen=True)
class FieldType:
    """A row of the table; ``None`` in a column means that the type has no place on that side."""

    read: Callable[[Any, Field], Any] | None = None
    request: Callable[[Field], Json] | None = None
    strict: Callable[[Return, Mapping[str, Any]], Json] | None = None
    check: Callable[[Any, Return, Mapping[str, Any]], Any] | None = None
    answer: Callable[[Return], Json] | None = None
    list_like: bool = False
    flows: bool = False  # a half of it is half of its words, and nothing else
    of_files: bool = False


_ONE = {"entries": "entry", "characters": "character"}


# --- the form's side ---------------------------------------------------------------------------------------------------


def _within(count: int | float, entry: Field | Return, unit: str) -> None:
    """``Fault`` when ``count`` is outside the field's bounds, said in its unit."""
    if entry.min is not None and count < entry.min:
        code = {"entries": "too_few", "characters": "too_short"}.get(unit, "out_of_range")
        raise Fault(code, f"needs at least {_counted(entry.min, count, unit)}.")
    if entry.max is not None and count > entry.max:
        code = {"entries": "too_many", "characters": "too_long"}.get(unit, "out_of_range")
        raise Fault(code, f"takes at most {_counted(entry.max, count, unit)}.")


def _counted(bound: int | float, count: int | float, unit: str) -> str:
    if not unit:
        return f"{bound:,}, not {count:,}"
    return f"{bound:,} {_ONE[unit] if bound == 1 else unit}; there {'is' if count == 1 else 'are'} {count:,}"


def _read_text(value: Any, entry: Field) -> str:
    text = values.read_text(value)
    _within(len(text), entry, "characters")
    return text


def _read_number(value: Any, entry: Field) -> float:
    number = values.read_number(value)
    _within(number, entry, "")
    return number


def _read_integer(value: Any, entry: Field) -> int:
    number = values.read_integer(value)
    _within(number, entry, "")
    return number


def _read_list(value: Any, entry: Field) -> list[Any]:
    if entry.choices:
        found: list[Any] = values.read_choices(value, entry.choices)
    elif entry.choices_from:
        found = values.read_list(value, commas=False)  # worked examples: paired with their choices once those are read
    else:
        found = values.read_lines(value)
    _within(len(found), entry, "entries")
    return found


def _read_options(value: Any, entry: Field) -> list[dict[str, str]]:
    found = values.read_options(value)
    _within(len(found), entry, "entries")
    for option in found:
        if len(option["name"]) > NAME_LENGTH:
            raise Fault("too_long", f"has a name of more than {NAME_LENGTH} characters: {shown(option['name'])}.")
    return found


def _read_shape(value: Any, entry: Field) -> list[Json]:
    found = shape.read_shape(value)
    _within(sum(1 for one in found if not one["of"]), entry, "entries")
    return found


def _read_file(value: Any, entry: Field) -> Files:
    return read_files(value, int(entry.max or 1))


# --- what is published of a request ------------------------------------------------------------------------------------


def _request_text(entry: Field) -> Json:
    # an empty box is sent as "", which means absent, so a required text says that it needs a character
    low = entry.min or (1 if entry.required else None)
    return _given({"type": "string", "minLength": low, "maxLength": entry.max})


def _request_number(kind: str) -> Callable[[Field], Json]:
    return lambda entry: _given({"type": kind, "minimum": entry.min, "maximum": entry.max})


def _request_choice(entry: Field) -> Json:
    return {"type": "string", "enum": [choice.value for choice in entry.choices]}


def _request_lines(entry: Field) -> Json:
    """Lists are published as one text, since every tool has a box for lines; arrays are taken as well."""
    return _given({"type": "string", "minLength": 1 if entry.required else None})


def _given(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if value is not None}


# --- the model's side --------------------------------------------------------------------------------------------------


def _strict_plain(kind: str) -> Callable[[Return, Mapping[str, Any]], Json]:
    # bounds are held when the value comes back: not every server takes them in a strict function, and words cost less
    def strict(entry: Return, form: Mapping[str, Any]) -> Json:
        return {"type": [kind, "null"] if entry.nullable else kind}

    return strict


def _strict_text(entry: Return, form: Mapping[str, Any]) -> Json:
    return {"type": ["string", "null"] if entry.nullable else "string"}


def _strict_choice(entry: Return, form: Mapping[str, Any]) -> Json:
    names: list[str | None] = [*choice_names(entry, form)]
    if entry.nullable:
        return {"type": ["string", "null"], "enum": [*names, None]}
    return {"type": "string", "enum": names}


def _strict_list(entry: Return, form: Mapping[str, Any]) -> Json:
    items: Json = {"type": "string"}
    if entry.has_shape:
        items = shape.strict_record(entry.entries(form))
    elif entry.choices or entry.choices_from:
        items["enum"] = choice_names(entry, form)
    return _given({"type": "array", "items": items, "minItems": entry.min, "maxItems": entry.max})


def _strict_record(entry: Return, form: Mapping[str, Any]) -> Json:
    return shape.strict_record(entry.entries(form))


def choice_names(entry: Return, form: Mapping[str, Any]) -> list[str]:
    """The names a choice may take: its own, or those the caller put into the form."""
    if entry.choices_from:
        return [option["name"] for option in form[entry.choices_from]]
    return [choice.value for choice in entry.choices]


def _check_text(value: Any, entry: Return, form: Mapping[str, Any]) -> Any:
    if not isinstance(value, str):
        raise Fault("wrong_type", f"must be text, not {shown(value)}")
    text = values.clean(value).strip()
    _within(len(text), entry, "characters")
    return None if entry.nullable and not text else text


def _check_number(value: Any, entry: Return, form: Mapping[str, Any]) -> Any:
    number = shape.SHAPE_TYPES["number"].check(value)
    _within(number, entry, "")
    return number


def _check_integer(value: Any, entry: Return, form: Mapping[str, Any]) -> Any:
    number = shape.SHAPE_TYPES["integer"].check(value)
    _within(number, entry, "")
    return number


def _check_boolean(value: Any, entry: Return, form: Mapping[str, Any]) -> Any:
    return shape.SHAPE_TYPES["boolean"].check(value)


def _check_choice(value: Any, entry: Return, form: Mapping[str, Any]) -> Any:
    if entry.nullable and is_absent(value):
        return None
    names = choice_names(entry, form)
    found = values.find_choice(value, names) if isinstance(value, str) else None
    if found is None:
        raise Fault("not_a_choice", f"must be one of the {len(names)} given choices{' or null' * entry.nullable}, not {shown(value)}")
    return found


def _check_list(value: Any, entry: Return, form: Mapping[str, Any]) -> Any:
    if not isinstance(value, list):
        raise Fault("wrong_type", f"must be a list, not {shown(value)}")
    if entry.has_shape:
        found: list[Any] = [shape.check_record(one, entry.entries(form)) for one in value]
    elif entry.choices or entry.choices_from:
        found = list(dict.fromkeys(_check_choice(one, entry, form) for one in value))
    else:
        found = [text for one in value if (text := _check_text(one, Return(entry.name, "text"), form))]
    _within(len(found), entry, "entries")
    return found


def _check_record(value: Any, entry: Return, form: Mapping[str, Any]) -> Any:
    return shape.check_record(value, entry.entries(form))


# --- what is published of an answer ------------------------------------------------------------------------------------


def _answer(kind: str) -> Callable[[Return], Json]:
    return lambda entry: _given({"type": kind, "nullable": entry.nullable or None})


def _answer_choice(entry: Return) -> Json:
    """A fixed set is published, so that a builder sees what can be branched on; null cannot be part of a published set."""
    closed = [choice.value for choice in entry.choices] if not entry.nullable else []
    return {**_answer("string")(entry), **({"enum": closed} if closed else {})}


def _answer_list(entry: Return) -> Json:
    if entry.shape:
        return {"type": "array", "items": shape.answer_record(list(entry.shape))}
    return {"type": "array", "items": {"type": "object"} if entry.shape_from else {"type": "string"}}


NAME_LENGTH = 100
_MOST_UNKNOWN = 20
TYPES: dict[str, FieldType] = {
    "text": FieldType(_read_text, _request_text, _strict_text, _check_text, _answer("string"), flows=True),
    "longtext": FieldType(_read_text, _request_text, _strict_text, _check_text, _answer("string"), flows=True),
    "number": FieldType(_read_number, _request_number("number"), _strict_plain("number"), _check_number, _answer("number")),
    "integer": FieldType(_read_integer, _request_number("integer"), _strict_plain("integer"), _check_integer, _answer("integer")),
    "boolean": FieldType(
        lambda value, entry: values.read_boolean(value),
        lambda entry: {"type": "boolean"},
        _strict_plain("boolean"),
        _check_boolean,
        _answer("boolean"),
    ),
    "choice": FieldType(
        lambda value, entry: values.read_choice(value, entry.choices),
        _request_choice,
        _strict_choice,
        _check_choice,
        _answer_choice,
    ),
    "list": FieldType(_read_list, _request_lines, _strict_list, _check_list, _answer_list, list_like=True),
    "options": FieldType(_read_options, _request_lines, list_like=True),
    "shape": FieldType(_read_shape, _request_lines, list_like=True),
    # one string on the wire: an address, a data URL or base64; a part of a multipart form is taken as well
    "file": FieldType(_read_file, _request_lines, of_files=True),
    "record": FieldType(strict=_strict_record, check=_check_record, answer=_answer("object")),
}
FORM_TYPES = tuple(name for name, row in TYPES.items() if row.read)
RETURN_TYPES = tuple(name for name, row in TYPES.items() if row.check)


# --- the form as a marshmallow schema ----------------------------------------------------------------------------------


class FormField(marshmallow.fields.Field[Any]):
    """A marshmallow field over one ``Field``: reads its value by the type's row and reports faults with code and sentence."""

    def __init__(self, entry: Field, **kwargs: Any) -> None:
        missing = {"code": "missing", "message": f'"{entry.label}" is empty; it is needed.'}
        super().__init__(required=entry.required, error_messages={"required": missing}, **kwargs)
        self.entry = entry

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        reader = TYPES[self.entry.type].read
        assert reader is not None  # noqa: S101  a form holds only types that can be read
        try:
            return reader(value, self.entry)
        except Fault as fault:
            raise marshmallow.ValidationError({"code": fault.code, "message": f'"{self.entry.label}" {fault.message}'}) from None


class FormSchema(marshmallow.Schema):
    """The form of an action: empty boxes are absent, unknown keys are refused by name, defaults are filled in."""

    _form_fields: Mapping[str, Field] = {}  # with a _, which no field's name begins with

    @cached_property
    def optional(self) -> frozenset[str]:
        """What may be absent. marshmallow reads each absent field as well, unless it is told of those that need not be there."""
        return frozenset(name for name, entry in self._form_fields.items() if not entry.required)

    class Meta:
        unknown = marshmallow.EXCLUDE

    @marshmallow.pre_load
    def _drop_empty(self, data: Mapping[str, Any], **kwargs: Any) -> Mapping[str, Any]:
        return {key: value for key, value in data.items() if key in self._form_fields and not is_absent(value)}

    @marshmallow.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _refuse_unknown(self, _: Any, original: Mapping[str, Any], **kwargs: Any) -> None:
        """Names every key that is no field, beside what is wrong with the fields."""
        known = self._form_fields
        if unknown := [clean(str(key))[:NAME_LENGTH] for key in islice((key for key in original if key not in known), _MOST_UNKNOWN)]:
            raise marshmallow.ValidationError({key: [self._unknown(key)] for key in unknown})

    @marshmallow.post_load
    def _finish(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        for name, entry in self._form_fields.items():
            if name not in data and entry.default is not None:
                data[name] = entry.default
            if entry.choices_from and name in data:
                data[name] = self._paired(entry, data)
            if TYPES[entry.type].of_files:
                self._take_files(entry, data)
        return data

    def _take_files(self, entry: Field, data: dict[str, Any]) -> None:
        """The files of a box, a text that was typed instead or beside, and the pages that are wanted; plain text is read at once."""
        if entry.or_text in data:
            data[entry.name] = data.get(entry.name, Files(())).and_text(data[entry.or_text])
        if entry.name not in data:
            if entry.or_text:
                words = f'"{entry.label}" and "{self._form_fields[entry.or_text].label}" are both empty; one of them is needed.'
                raise marshmallow.ValidationError({entry.name: [{"code": "missing", "message": words}]})
            return
        name = entry.name
        try:
            if entry.pages_from in data:
                name = entry.pages_from
                data[entry.name] = replace(data[entry.name], wanted=read_page_numbers(data[name]))
            data[entry.name] = data[entry.name].with_texts()
        except Fault as fault:
            problem = {"code": fault.code, "message": f'"{self._form_fields[name].label}" {fault.message}'}
            raise marshmallow.ValidationError({name: [problem]}) from None

    def _paired(self, entry: Field, data: Mapping[str, Any]) -> list[dict[str, str]]:
        names = [option["name"] for option in data.get(entry.choices_from, ())]
        try:
            return values.read_pairs(data[entry.name], names)
        except Fault as fault:
            problem = {"code": fault.code, "message": f'"{entry.label}" {fault.message}'}
            raise marshmallow.ValidationError({entry.name: [problem]}) from None

    def _unknown(self, key: str) -> dict[str, str]:
        hint = nearest(key, self._form_fields) or f" The fields are {', '.join(self._form_fields)}."
        return {"code": "unknown_field", "message": f"There is no field {shown(key)} here.{hint}"}


def form_schema(form_fields: Mapping[str, Field]) -> FormSchema:
    """The schema that reads a form of these fields."""
    made = {name: FormField(entry) for name, entry in form_fields.items()}
    kind = type("Form", (FormSchema,), {**made, "_form_fields": dict(form_fields)})
    schema: FormSchema = kind()
    return schema
