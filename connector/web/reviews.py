"""Reviews: what waits for a person, and the decision on it.

Answers that a person must accept first, and tool calls that need approval, are one queue.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request

from connector.catalogue.list_values import read_list
from connector.catalogue.values import InvalidValue, is_absent, read_integer, read_number
from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.review_views import review_view
from connector.runs.reviews import (
    DECISIONS,
    VERDICTS,
    Feedback,
    ReviewDecision,
    feedback_view,
    has_waited,
)
from connector.store.ledger.records import NEEDS_REVIEW
from connector.store.rows import RunRow
from connector.store.run_list import ReviewFilter
from connector.web.auth import needs_key, request_actor
from connector.web.fields import convert_field, invalid_field, read_text_field, refuse_unknown
from connector.web.query import read_query_choice, read_query_limit
from connector.web.request_parsing import read_body
from connector.web.responses import json_response
from connector.web.run_list import read_cursor
from connector.web.services import base_url, services

reviews = Blueprint("reviews", __name__, url_prefix="/v1/reviews")

_STATES = ("waiting", "decided")
_FIELDS = ("decision", "values", "note", "calls", "wait_seconds")
_FEEDBACK_FIELDS = ("verdict", "values", "note")
_MAX_NOTE = 2_000
_MAX_WAIT_SECONDS = 100


@reviews.get("")
@needs_key("review", "actions")
def list_reviews() -> Response:
    """What waits for a person, the oldest first; or what was decided, the newest first."""
    limit = read_query_limit()
    filters = ReviewFilter(g.key.reviewed_keys, request.args.get("action", ""))
    reader = services().service.run_list
    state = read_query_choice("state", _STATES) or "waiting"
    read = reader.waiting if state == "waiting" else reader.decided
    rows = read(filters, limit=limit + 1, cursor=read_cursor())
    page = rows[:limit]
    response = jsonify([_view(row) for row in page])
    if len(rows) > limit:
        query = urlencode({**request.args.to_dict(), "cursor": page[-1].id})
        response.headers["Link"] = f'<{base_url()}{request.path}?{query}>; rel="next"'
    return response


@reviews.get("/<run_id>")
@needs_key("review", "actions")
def get_review(run_id: str) -> Response:
    """What waits for a person in one run: the answer and its source, or the calls of tools."""
    return json_response(_view(get_reviewable(run_id)))


@reviews.post("/<run_id>")
@needs_key("review", "actions", counted=True)
def decide_review(run_id: str) -> Response:
    """Accept, correct or refuse; the run then ends or continues as any other."""
    given = read_body(request)
    refuse_unknown(given, _FIELDS)
    row = get_reviewable(run_id)
    decision = read_decision(given, by=g.key.name)
    seconds = _read_seconds(given)
    services().service.decide(row, decision, calls=_read_calls(given), seconds=seconds)
    return json_response(_view(get_reviewable(run_id)))


def give_feedback(row: RunRow) -> Response:
    """Store whether an answer was right; the run as it is then, with the feedback."""
    given = read_body(request)
    refuse_unknown(given, _FEEDBACK_FIELDS)
    verdict = read_text_field(given, "verdict").lower()
    if verdict not in VERDICTS:
        message = f'"verdict" takes one of {", ".join(VERDICTS)}.'
        raise invalid_field("verdict", "not_a_choice", message)
    values = _read_values(given.get("values"))
    if values and verdict == "right":
        message = '"values" are corrections, and a right answer needs none. Leave them out.'
        raise invalid_field("values", "not_allowed", message)
    feedback = Feedback(verdict, g.key.name, _read_note(given), values)
    services().service.reviews.save_feedback(row, feedback)
    stored = services().service.records.get(row.id)
    return json_response({"ok": True, "id": row.id, "feedback": feedback_view(stored)})


def get_reviewable(run_id: str) -> RunRow:
    """A run that waits or waited for a person, if the request's key may decide on it.

    ``not_found`` for any other: who only reviews sees no other runs.
    """
    row = services().service.records.find(run_id)
    keys = g.key.reviewed_keys
    if row is None or not has_waited(row) or not (keys is None or row.key_id in keys):
        raise FormcallError(
            "not_found",
            "There is no such run. Check the id; GET /v1/reviews lists what waits for you.",
        )
    return row


def read_decision(given: Json, *, by: str) -> ReviewDecision:
    """The decision in the fields of a body; ``InvalidInput`` names an invalid one."""
    kind = read_text_field(given, "decision").lower()
    if kind not in DECISIONS:
        message = f'"decision" takes one of {", ".join(DECISIONS)}.'
        raise invalid_field("decision", "not_a_choice", message)
    values = _read_values(given.get("values"))
    if kind == "correct" and not values:
        message = '"values" is empty. Give the corrected values, such as {"category": "billing"}.'
        raise invalid_field("values", "missing", message)
    if values and kind != "correct":
        message = '"values" goes with the decision correct. Leave it out, or correct.'
        raise invalid_field("values", "not_allowed", message)
    return ReviewDecision(kind, by, _read_note(given), values, request_actor())


def _read_note(given: Json) -> str:
    note = read_text_field(given, "note", required=False)
    if len(note) > _MAX_NOTE:
        raise invalid_field("note", "too_long", f'"note" takes at most {_MAX_NOTE:,} characters.')
    return note


def _read_values(value: Any) -> Json:
    """An object of values by name, or the same as JSON text."""
    if is_absent(value):
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        message = '"values" takes an object such as {"category": "billing"}.'
        raise invalid_field("values", "wrong_type", message)
    return value


def _read_calls(given: Json) -> list[int] | None:
    value = given.get("calls")
    if is_absent(value):
        return None
    entries = value if isinstance(value, list) else str(value)
    try:
        return [read_integer(entry) for entry in read_list(entries)]
    except InvalidValue as error:
        message = f'"calls" must be the numbers of calls, such as 1, 2: it {error.message}'
        raise invalid_field("calls", error.code, message) from None


def _read_seconds(given: Json) -> float:
    value = given.get("wait_seconds")
    seconds = 0.0 if is_absent(value) else convert_field("wait_seconds", value, read_number)
    if not 0 <= seconds <= _MAX_WAIT_SECONDS:
        message = f'"wait_seconds" takes 0 to {_MAX_WAIT_SECONDS} seconds.'
        raise invalid_field("wait_seconds", "out_of_range", message)
    return seconds


def _view(row: RunRow) -> Json:
    action = services().catalogue.get(row.action)
    view = review_view(row, action, services().service.records)
    is_waiting = row.status == NEEDS_REVIEW
    link = services().service.review_links.url(row.id, row.attempt, base_url())
    return {
        **view,
        "status_url": f"{base_url()}/v1/runs/{row.id}",
        "review_url": link if is_waiting else "",
    }
