"""Runs that whoever is signed in may see, as the pages show them."""

from __future__ import annotations

import json

from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.responses import stored_response
from connector.store.rows import RunRow
from connector.web.auth import is_visible
from connector.web.services import services


def visible_run(run_id: str) -> RunRow:
    """A run of the session's key, or of any with the scope admin; ``not_found`` for any other."""
    row = services().service.records.find(run_id)
    if row is None or not is_visible(row):
        raise FormcallError("not_found", "There is no such run.")
    return row


def stored_body(row: RunRow) -> Json:
    """The answer or the problem of a run; {} while it is open."""
    response = stored_response(row)
    return dict(json.loads(response.body)) if response.body else {}


def stored_form(row: RunRow) -> Json:
    """The form of a run as it came; {} where it is not stored."""
    return {} if row.form is None else services().service.records.form_values(row)
