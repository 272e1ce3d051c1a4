"""What the model wrote, read with distrust: JSON text to plain values, then each value against the action's own types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.fields import TYPES, Return
from connector.catalogue.function import drawn_again, lone_record
from connector.catalogue.values import Fault, is_absent

Json = dict[str, Any]

_FENCE = "```"
_MAX_DIGITS = 300
_SHOWN_KEY = 64


@dataclass(frozen=True)
class Checked:
    """The values that passed, or the sentences (without a final stop) that say what did not."""

    values: Json
    faults: tuple[str, ...] = ()


def read_arguments(text: str) -> Json:
    """The object in ``text``; ``Fault`` for anything else: no JSON, a repeated key, NaN, a number of absurd length."""
    try:
        value = json.loads(
            _unfenced(text),
            object_pairs_hook=_pairs,
            parse_constant=_constant,
            parse_int=_whole,
        )
    except Fault:
        raise
    except (ValueError, RecursionError):
        raise Fault("bad_json", "the arguments are not JSON") from None
    if not isinstance(value, dict):
        raise Fault("bad_json", "the arguments are not a JSON object")
    return value


def _unfenced(text: str) -> str:
    inner = text.strip()
    if inner.startswith(_FENCE) and inner.endswith(_FENCE) and len(inner) > 2 * len(_FENCE):
        return inner[len(_FENCE) : -len(_FENCE)].removeprefix("json")
    return text


def _pairs(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Fault("bad_json", "the arguments have a key twice")
    return found


def _constant(word: str) -> Any:
    raise Fault("bad_json", f"the arguments have {word}, which is not a JSON number")


def _whole(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise Fault("bad_json", "the arguments have a number of absurd length")
    return int(digits)


def check_arguments(action: Action, form: Mapping[str, Any], arguments: Json) -> Checked:
    """Every value the model was asked for, made normal; or what is wrong with each."""
    asked = action.asked(form)
    if lone := lone_record(asked):
        arguments = {lone.name: arguments}
    again, lead = drawn_again(asked), next(iter(asked), "")  # the first value is the answer, which may be null but not empty
    faults = [f"{name[:_SHOWN_KEY]} was not asked for" for name in arguments if name not in asked]
    values: Json = {}
    for name, entry in asked.items():
        if name not in arguments:
            faults.append(f"{name} is missing")
            continue
        try:
            values[name] = _checked(arguments[name], entry, form)
            if name == lead and values[name] == "":
                raise Fault("missing", "must not be empty")
        except Fault as fault:
            if name in again and entry.nullable and fault.code == "not_a_choice":
                values[name] = None  # its enum was not sent, so an unknown word is no answer rather than a wrong one
                continue
            faults.append(f"{fault.message}" if name == getattr(lone, "name", None) else f"{name} {fault.message}")
    return Checked(values, tuple(fault.rstrip(".") for fault in faults))


def _checked(value: Any, entry: Return, form: Mapping[str, Any]) -> Any:
    if value is None and entry.nullable:
        return None
    if value is None and is_absent(value):
        raise Fault("missing", "must not be null")
    check = TYPES[entry.type].check
    if check is None:
        raise Fault("wrong_type", "cannot be given by a model")
    return check(value, entry, form)
