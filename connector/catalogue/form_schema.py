"""A form as a marshmallow schema, and reading what was sent of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any

import marshmallow

from connector.catalogue.fields import NAME_LENGTH, TYPES, Field
from connector.catalogue.files import Files, read_page_numbers
from connector.catalogue.list_values import read_pairs
from connector.catalogue.localities import FORMATS
from connector.catalogue.values import InvalidValue, clean, is_absent, quoted, suggestion
from connector.errors import FieldError, InvalidInput
from connector.json_types import Json

_MAX_UNKNOWN_KEYS = 20


class FormField(marshmallow.fields.Field[Any]):
    """A marshmallow field that reads one ``Field``; its errors have a code and a message."""

    def __init__(self, entry: Field, **kwargs: Any) -> None:
        missing = {"code": "missing", "message": f'"{entry.label}" is empty; it is needed.'}
        super().__init__(required=entry.required, error_messages={"required": missing}, **kwargs)
        self.entry = entry

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        read = TYPES[self.entry.type].read
        assert read is not None  # noqa: S101  a form has only types that can be read
        try:
            given = read(value, self.entry)
            return FORMATS[self.entry.format](given) if self.entry.format else given
        except InvalidValue as error:
            raise marshmallow.ValidationError(_message(self.entry, error)) from None


class FormSchema(marshmallow.Schema):
    """An action's form: empty values count as absent, unknown keys are rejected, defaults apply."""

    _form_fields: Mapping[str, Field] = {}  # starts with _, which no form field's name does

    @cached_property
    def optional(self) -> frozenset[str]:
        """The fields that may be absent.

        Passed as ``partial`` to ``load``, because marshmallow otherwise deserialises every absent
        field too.
        """
        return frozenset(name for name, entry in self._form_fields.items() if not entry.required)

    class Meta:
        unknown = marshmallow.EXCLUDE

    @marshmallow.pre_load
    def _drop_empty(self, data: Mapping[str, Any], **kwargs: Any) -> Mapping[str, Any]:
        return {
            key: value
            for key, value in data.items()
            if key in self._form_fields and not is_absent(value)
        }

    @marshmallow.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _reject_unknown(self, _: Any, original: Mapping[str, Any], **kwargs: Any) -> None:
        """Report every unknown key together with the errors of the known fields."""
        unknown = (key for key in original if key not in self._form_fields)
        names = [clean(str(key))[:NAME_LENGTH] for key in islice(unknown, _MAX_UNKNOWN_KEYS)]
        if names:
            raise marshmallow.ValidationError({name: [self._unknown(name)] for name in names})

    @marshmallow.post_load
    def _finish(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        for name, entry in self._form_fields.items():
            if name not in data and entry.default is not None:
                data[name] = entry.default
            if entry.choices_from and name in data:
                data[name] = self._pair_examples(entry, data)
            if TYPES[entry.type].is_file:
                self._combine_files(entry, data)
        return data

    def _combine_files(self, entry: Field, data: dict[str, Any]) -> None:
        """Combine the files of a field with the text typed instead and the pages selected.

        Plain text is read at once; other files are read when the action runs.
        """
        if entry.or_text in data:
            data[entry.name] = data.get(entry.name, Files(())).add_text(data[entry.or_text])
        if entry.name not in data:
            if entry.or_text:
                raise self._both_empty(entry)
            return
        failing = entry
        try:
            if entry.pages_from in data:
                failing = self._form_fields[entry.pages_from]
                page_numbers = read_page_numbers(data[failing.name])
                data[entry.name] = replace(data[entry.name], page_numbers=page_numbers)
            data[entry.name] = data[entry.name].read_plain_text()
        except InvalidValue as error:
            raise _field_error(failing, error) from None

    def _both_empty(self, entry: Field) -> marshmallow.ValidationError:
        other = self._form_fields[entry.or_text]
        message = f'"{entry.label}" and "{other.label}" are both empty; one of them is needed.'
        return marshmallow.ValidationError({entry.name: [{"code": "missing", "message": message}]})

    def _pair_examples(self, entry: Field, data: Mapping[str, Any]) -> list[dict[str, str]]:
        names = [option["name"] for option in data.get(entry.choices_from, ())]
        try:
            return read_pairs(data[entry.name], names)
        except InvalidValue as error:
            raise _field_error(entry, error) from None

    def _unknown(self, key: str) -> dict[str, str]:
        hint = (
            suggestion(key, self._form_fields) or f" The fields are {', '.join(self._form_fields)}."
        )
        return {"code": "unknown_field", "message": f"There is no field {quoted(key)} here.{hint}"}


def form_schema(form_fields: Mapping[str, Field]) -> FormSchema:
    """The schema that reads a form of these fields."""
    attributes: dict[str, Any] = {name: FormField(entry) for name, entry in form_fields.items()}
    attributes["_form_fields"] = dict(form_fields)
    schema: FormSchema = type("Form", (FormSchema,), attributes)()
    return schema


def read_values(schema: FormSchema, values: Mapping[str, Any]) -> Json:
    """``values`` as sent by a form, validated and converted; ``InvalidInput`` lists every error."""
    if not isinstance(values, Mapping):
        raise InvalidInput(
            [FieldError("", "wrong_type", "The form must be an object of fields and their values.")]
        )
    try:
        clean_values: Json = schema.load(values, partial=schema.optional)
    except marshmallow.ValidationError as error:
        raise InvalidInput(_field_errors(error.messages)) from None
    return clean_values


def _message(entry: Field, error: InvalidValue) -> dict[str, str]:
    return {"code": error.code, "message": f'"{entry.label}" {error.message}'}


def _field_error(entry: Field, error: InvalidValue) -> marshmallow.ValidationError:
    return marshmallow.ValidationError({entry.name: [_message(entry, error)]})


def _field_errors(messages: Any) -> list[FieldError]:
    """marshmallow's messages as ours: each is a dict with code and message, alone or in a list."""
    errors = []
    for name, entries in messages.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            errors.append(FieldError(str(name), entry["code"], entry["message"]))
    # an unknown name comes first: it often explains why another field is empty
    return sorted(errors, key=lambda error: error.code != "unknown_field")
