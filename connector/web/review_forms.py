"""A decision on a review as a form of a page sends it: buttons, a note, and corrected values."""

from __future__ import annotations

from flask import request

from connector.catalogue import Action
from connector.console.review_page import shown_text
from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.review_views import review_view
from connector.runs.reviews import DECISIONS, ReviewDecision
from connector.store.rows import RunRow
from connector.web.auth import request_actor
from connector.web.services import services

MAX_NOTE = 2_000
_VALUE = "value."


def read_decision_form(row: RunRow, *, by: str) -> ReviewDecision:
    """The decision on ``row`` in the request's form; ``FormcallError`` when it holds none."""
    kind = request.form.get("decision", "")
    if kind not in DECISIONS:
        raise FormcallError("bad_request", "Choose one of the buttons.")
    note = request.form.get("note", "").strip()[:MAX_NOTE]
    values = changed_values(review_of_run(row)["answer"]) if kind == "correct" else {}
    if kind == "correct" and not values:
        raise FormcallError("bad_request", "Nothing was changed, so there is no correction.")
    return ReviewDecision(kind, by, note, values, request_actor())


def changed_values(shown: Json) -> Json:
    """The values of the form that differ from those that the page has shown."""
    return {
        name: text
        for name, text in typed_values().items()
        if text.strip() != shown_text(shown.get(name)).strip()
    }


def typed_values() -> dict[str, str]:
    """What stands in the inputs of the values, by their names."""
    return {
        name.removeprefix(_VALUE): text.replace("\r\n", "\n")
        for name, text in request.form.items()
        if name.startswith(_VALUE)
    }


def review_of_run(row: RunRow) -> Json:
    """A run that waits or waited, as its reviewer sees it."""
    return review_view(row, action_of(row), services().service.records)


def action_of(row: RunRow) -> Action | None:
    """The action of a run, None when there is none of its name any longer."""
    return services().catalogue.get(row.action)
