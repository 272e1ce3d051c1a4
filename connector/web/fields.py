"""Values of a request's fields, and the errors that name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from connector.catalogue import InvalidValue
from connector.catalogue.values import clean, is_absent, read_text, suggestion
from connector.errors import FieldError, InvalidInput
from connector.json_types import Json

T = TypeVar("T")

MAX_NAME = 60  # of a name that a message quotes


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """``InvalidInput`` names each field that is not one of ``known``."""
    names = list(known)
    unknown = [clean(name)[:MAX_NAME] for name in given if name not in names]
    if unknown:
        all_fields = f" The fields are {', '.join(names)}."
        raise InvalidInput(
            [
                FieldError(
                    name,
                    "unknown_field",
                    f'There is no field "{name}" here.{suggestion(name, names) or all_fields}',
                )
                for name in unknown
            ]
        )


def read_text_field(given: Json, name: str, *, required: bool = True) -> str:
    """The text in a field of a body; "" when it is empty and not ``required``."""
    value = given.get(name)
    if not is_absent(value):
        return convert_field(name, value, read_text).strip()
    if required:
        raise invalid_field(name, "missing", f'"{name}" is empty; it is needed.')
    return ""


def convert_field(name: str, value: Any, convert: Callable[[Any], T]) -> T:
    """``convert(value)``; ``InvalidInput`` names the field when the value is invalid."""
    try:
        return convert(value)
    except InvalidValue as error:
        raise invalid_field(name, error.code, f'"{name}" {error.message}') from None


def invalid_field(name: str, code: str, message: str) -> InvalidInput:
    """The error for one invalid field."""
    return InvalidInput([FieldError(name, code, message)])
