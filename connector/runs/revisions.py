"""A new version of a text: the run that came before it, and the fields that stay as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from connector.catalogue import OPTIONS, Action
from connector.catalogue.values import clean, is_absent
from connector.engine.turns import Earlier
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.jobs.aside import brought_back
from connector.store.runs import Runs

Json = dict[str, Any]

# how the text is made goes on from version to version; how a run is carried out is a matter of that run alone
_GO_ON = {"effort", "language", "instructions", "quality"}


def continued(records: Runs, key_id: str, action: Action, values: Mapping[str, Any]) -> tuple[Json, Earlier | None]:
    """``values`` with what they leave as it was in the run before, and that run's text; None where there is none before.

    ``InvalidInput`` for a run that is not of this key and action, or whose form or text was not kept.
    """
    wanted, feedback = values.get("previous_run"), values.get("feedback")
    if "previous_run" not in action.options or (is_absent(wanted) and is_absent(feedback)):
        return dict(values), None
    if is_absent(wanted):
        raise _wrong("missing", "is empty, but there is feedback. Give the id of the run that the feedback is on.")
    if is_absent(feedback):
        raise InvalidInput([FieldError("feedback", "missing", '"Feedback" is empty. Say what the new version should do otherwise.')])
    row = records.find(str(wanted).strip())
    if row is None or row.key_id != key_id or row.action != action.id:
        raise _wrong("not_found", f'names no run of "{action.id}" that was made with this API key. Check the id.')
    answer: Json = json.loads(row.answer) if row.answer else {}
    if row.status != "done" or not answer.get("result"):
        raise _wrong("no_answer", f"names a run without a text to go on from; it is {row.status}. Send all fields again without it.")
    if row.form is None:
        raise _wrong("no_answer", "names a run whose form was not kept. Send all fields again without it.")
    given = {name: value for name, value in values.items() if not is_absent(value)}
    return {**_before(records, row, without=given), **given}, Earlier(row.id, int(answer.get("version", 1)), clean(answer["result"]))


def _before(records: Runs, row: Any, *, without: Mapping[str, Any]) -> Json:
    """The fields of the run before, as far as they hold for the next one too."""
    found = {name: value for name, value in records.values(row).items() if name not in without}
    values = {name: value for name, value in found.items() if name not in OPTIONS or name in _GO_ON}
    try:
        return brought_back(values, partial(records.files.find, row.key_id))
    except FormcallError:
        raise _wrong("no_answer", "names a run whose file is not kept any more. Send the file again, with this field.") from None


def _wrong(code: str, words: str) -> InvalidInput:
    return InvalidInput([FieldError("previous_run", code, f'"Previous run" {words}')])
