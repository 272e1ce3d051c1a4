"""An answer as a person has corrected it: each value is checked as a model's would be.

Derived values and checks are computed again where the whole source is at hand, which is in forms
without files and tools. Elsewhere what follows from the values alone is computed again, such as the
one answer of several; the rest stays, and the checks of the first answer are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.catalogue import Action
from connector.catalogue.answer import flat_values, result_text
from connector.catalogue.derived import derive, derive_values
from connector.catalogue.fields import ReturnField
from connector.catalogue.reply import check_value
from connector.catalogue.values import InvalidValue, is_absent, suggestion
from connector.engine.checks import check_answer
from connector.engine.run import Run
from connector.errors import FieldError, InvalidInput
from connector.json_types import Json

_JSON_TYPES = {"record", "list"}  # a form may send these as JSON text


def corrected_answer(run: Run, answer: Json, given: Mapping[str, Any]) -> Json:
    """``answer``, the flat answer of ``run``, with the values in ``given`` in place of its own.

    ``InvalidInput`` names each value that the action does not have, or that is invalid.
    """
    action, form = run.action, run.form
    requested = action.requested(form)
    own = {name: _own_value(answer.get(name), requested[name], form) for name in requested}
    changed = _checked(requested, own, given, form)
    if "confidence" in requested and "confidence" not in changed:
        own["confidence"] = None  # it was the model's, about another value
    values = {**{name: answer.get(name) for name in action.returns}, **own, **changed}
    checks: list[Json] = []
    if not action.file_fields and not run.tools:
        values = derive(action, form, {**own, **changed})
        checks = [vars(check) for check in check_answer(action, form, values, ())]
    elif not run.tools:
        values = {**values, **derive_values(action, form, values)}
    return {
        **answer,
        "result": result_text(action, values, form),
        **flat_values(action, values, confidence_kind="none", form=form),
        "checks": checks,
        "checks_failed": sum(not check["ok"] for check in checks),
    }


def correctable_names(action: Action, form: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of an answer that a person can correct; the server computes the others."""
    return tuple(action.requested(form))


def _own_value(value: Any, entry: ReturnField, form: Mapping[str, Any]) -> Any:
    """A value of a flat answer as the model gave it, without the texts added to its rows."""
    if entry.type != "record" or not isinstance(value, dict):
        return value
    names = [field["name"] for field in entry.shape_fields(form)]
    return {name: value.get(name) for name in names}


def _checked(
    requested: Mapping[str, ReturnField],
    own: Json,
    given: Mapping[str, Any],
    form: Mapping[str, Any],
) -> Json:
    values: Json = {}
    errors: list[FieldError] = []
    for name, value in given.items():
        try:
            values[name] = _checked_value(requested, own, name, value, form)
        except InvalidValue as error:
            errors.append(FieldError(name, error.code, f'"{name}" {error.message}'))
    if errors:
        raise InvalidInput(errors)
    return values


def _checked_value(
    requested: Mapping[str, ReturnField],
    own: Json,
    name: str,
    value: Any,
    form: Mapping[str, Any],
) -> Any:
    entry = requested.get(name)
    if entry is None:
        hint = suggestion(name, requested) or f" The values are {', '.join(requested)}."
        raise InvalidValue("unknown_field", f"is no value that can be corrected.{hint}")
    value = _read(value, entry)
    if entry.type == "record" and isinstance(value, dict) and isinstance(own[name], dict):
        value = {**own[name], **value}
    return check_value(value, entry, form)


def _read(value: Any, entry: ReturnField) -> Any:
    """A value as a form sends it: "" means none, and a list or a record may be JSON text."""
    if is_absent(value):
        return None
    if entry.type not in _JSON_TYPES or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        if entry.type == "list" and not entry.has_shape:
            return [part.strip() for part in value.splitlines() if part.strip()]
        raise InvalidValue("bad_json", "is not JSON") from None
