"""Parsing and validating a model's reply: JSON text to values, each checked by its type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.fields import TYPES, ReturnField
from connector.catalogue.function import repeated_choices, sole_record
from connector.catalogue.typed_text import is_placeholder
from connector.catalogue.values import InvalidValue
from connector.json_types import Json

_FENCE = "```"
_MAX_DIGITS = 300
_SHOWN_KEY = 64


@dataclass(frozen=True)
class CheckedReply:
    """The valid values, and one message (without a full stop) for each invalid one."""

    values: Json
    errors: tuple[str, ...] = ()


def parse_arguments(text: str) -> Json:
    """The JSON object in ``text``.

    ``InvalidValue`` for anything else: no JSON, a repeated key, NaN, an extremely long number.
    """
    try:
        value = json.loads(
            _strip_fence(text),
            object_pairs_hook=_unique_keys,
            parse_constant=_reject_constant,
            parse_int=_parse_int,
        )
    except InvalidValue:
        raise
    except (ValueError, RecursionError):
        raise InvalidValue("bad_json", "the arguments are not JSON") from None
    if not isinstance(value, dict):
        raise InvalidValue("bad_json", "the arguments are not a JSON object")
    return value


def _strip_fence(text: str) -> str:
    inner = text.strip()
    if inner.startswith(_FENCE) and inner.endswith(_FENCE) and len(inner) > 2 * len(_FENCE):
        return inner[len(_FENCE) : -len(_FENCE)].removeprefix("json")
    return text


def _unique_keys(pairs: list[tuple[str, Any]]) -> Json:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InvalidValue("bad_json", "the arguments have a key twice")
    return value


def _reject_constant(name: str) -> Any:
    raise InvalidValue("bad_json", f"the arguments have {name}, which is not a JSON number")


def _parse_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise InvalidValue("bad_json", "the arguments have an extremely long number")
    return int(digits)


def check_arguments(action: Action, form: Mapping[str, Any], arguments: Json) -> CheckedReply:
    """The values requested from the model, validated and normalised, and the errors of the rest."""
    requested = action.requested(form)
    record = sole_record(requested)
    if record:
        arguments = {record.name: arguments}
    repeated = repeated_choices(requested)
    # the first value is the answer: it may be null, but not empty
    first = next(iter(requested), "")
    errors = [
        f"{name[:_SHOWN_KEY]} was not requested" for name in arguments if name not in requested
    ]
    values: Json = {}
    for name, entry in requested.items():
        if name not in arguments:
            errors.append(f"{name} is missing")
            continue
        try:
            values[name] = check_value(arguments[name], entry, form)
            if name == first and values[name] == "":
                raise InvalidValue("missing", "must not be empty")
        except InvalidValue as error:
            if name in repeated and entry.nullable and error.code == "not_a_choice":
                # its enum was not sent, so an unknown choice counts as no answer, not as an error
                values[name] = None
                continue
            errors.append(error.message if record else f"{name} {error.message}")
    return CheckedReply(values, tuple(error.rstrip(".") for error in errors))


def check_value(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    """One value, validated and normalised; ``InvalidValue`` when it is not one of its type."""
    if value is None or _is_not_given(value, entry):
        if entry.nullable:
            return None
        raise InvalidValue("missing", "must not be null")
    check = TYPES[entry.type].check
    if check is None:
        raise InvalidValue("wrong_type", "cannot be given by a model")
    return check(value, entry, form)


def _is_not_given(value: Any, entry: ReturnField) -> bool:
    """Whether a value that is no text and no choice, and may be null, is "N/A" or the like."""
    is_other = not (entry.choices or entry.choices_from or TYPES[entry.type].is_streamable)
    return entry.nullable and is_other and is_placeholder(value)
