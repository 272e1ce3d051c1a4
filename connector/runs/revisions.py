"""A new version of a text: the run that wrote the previous one, and the fields it takes over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from connector.catalogue import OPTIONS, Action
from connector.catalogue.values import clean, is_absent
from connector.engine.model_request import PreviousVersion
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json
from connector.runs.attachments import attach
from connector.store.rows import RunRow
from connector.store.runs import Runs

# options on how the text is written hold for its next version too; those on how a run is executed
# hold for that run alone
_INHERITED_OPTIONS = {"effort", "language", "instructions", "quality"}


def with_previous_version(
    records: Runs, key_id: str, action: Action, values: Mapping[str, Any]
) -> tuple[Json, PreviousVersion | None]:
    """``values`` completed from the previous run, and that run's text (None: no previous run).

    ``InvalidInput`` for a run of another key or action, or one whose form or text is not stored.
    """
    run_id = values.get("previous_run")
    feedback = values.get("feedback")
    if "previous_run" not in action.options or (is_absent(run_id) and is_absent(feedback)):
        return dict(values), None
    if is_absent(run_id):
        raise _invalid(
            "missing",
            "is empty, but there is feedback. Give the id of the run that the feedback is on.",
        )
    if is_absent(feedback):
        detail = '"Feedback" is empty. Say what the new version should do differently.'
        raise InvalidInput([FieldError("feedback", "missing", detail)])
    row = records.find(str(run_id).strip())
    if row is None or row.key_id != key_id or row.action != action.id:
        raise _invalid(
            "not_found",
            f'names no run of "{action.id}" that was made with this API key. Check the id.',
        )
    previous = _previous_version(row)
    given = {name: value for name, value in values.items() if not is_absent(value)}
    return {**_inherited_values(records, row, given), **given}, previous


def _previous_version(row: RunRow) -> PreviousVersion:
    answer: Json = json.loads(row.answer) if row.answer else {}
    if row.status != "done" or not answer.get("result"):
        raise _invalid(
            "no_answer",
            f"names a run without a text to continue from; its status is {row.status}. Send all "
            "fields again without it.",
        )
    if row.form is None:
        raise _invalid(
            "no_answer", "names a run whose form was not stored. Send all fields again without it."
        )
    return PreviousVersion(row.id, int(answer.get("version", 1)), clean(answer["result"]))


def _inherited_values(records: Runs, row: RunRow, given: Mapping[str, Any]) -> Json:
    """The previous run's fields that are not ``given``, and its inherited options."""
    values = {
        name: value
        for name, value in records.form_values(row).items()
        if name not in given and (name not in OPTIONS or name in _INHERITED_OPTIONS)
    }
    try:
        return attach(values, partial(records.blobs.find, row.key_id))
    except FormcallError:
        raise _invalid(
            "no_answer",
            "names a run whose file is not stored any more. Send the file again, with this field.",
        ) from None


def _invalid(code: str, detail: str) -> InvalidInput:
    return InvalidInput([FieldError("previous_run", code, f'"Previous run" {detail}')])
