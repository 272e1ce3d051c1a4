"""Runs: list, read, cancel, retry, and decide on the tool calls that need approval."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request

from connector.catalogue import Catalogue, InvalidValue
from connector.catalogue.list_values import read_list
from connector.catalogue.options import MAX_WAIT_SECONDS, WAIT_SECONDS
from connector.catalogue.values import is_absent, read_integer, read_number
from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.responses import RETRY_SECONDS, RunResponse, open_run_body, run_view
from connector.runs.reviews import ReviewDecision, feedback_view
from connector.store.ledger.records import NEEDS_REVIEW, OPEN_STATUSES
from connector.store.rows import RunRow
from connector.web.auth import is_visible, needs_key, request_actor
from connector.web.deliveries import deliveries_of
from connector.web.fields import (
    convert_field,
    invalid_field,
    read_text_field,
    refuse_unknown,
)
from connector.web.problems import stored_problem
from connector.web.query import read_query_number, with_query
from connector.web.request_parsing import read_body
from connector.web.responses import json_response
from connector.web.reviews import give_feedback
from connector.web.run_list import list_page
from connector.web.services import base_url, services
from connector.web.streams import ClientConnection

runs = Blueprint("runs", __name__, url_prefix="/v1/runs")

_MAX_NOTE = 2_000


@runs.get("")
@needs_key("actions")
def list_runs() -> Response:
    """The newest runs of this key, in pages; with the scope admin those of other keys."""
    return list_page()


@runs.get("/<run_id>")
@needs_key("actions")
def get_run(run_id: str) -> Response:
    """A run's status and answer; with `wait_seconds` only once it has finished, or after them."""
    row = get_owned_run(run_id)
    seconds = read_query_number("wait_seconds", 0, low=0, high=100)
    if seconds and row.status in OPEN_STATUSES:
        wait_for_end(run_id, seconds)
        row = get_owned_run(run_id)
    headers = {"Retry-After": str(RETRY_SECONDS)} if row.status in OPEN_STATUSES else {}
    return json_response({**_view(row), **_included(row)}, headers=headers)


def _included(row: RunRow) -> Json:
    """The parts that the parameter `include` names, with commas between them."""
    readers: dict[str, Callable[[RunRow], object]] = {
        **services().service.run_details.parts,
        "deliveries": deliveries_of,
        "feedback": feedback_view,
    }
    names = [name.strip() for name in request.args.get("include", "").split(",") if name.strip()]
    for name in names:
        if name not in readers:
            message = f'"include" takes {", ".join(readers)}, with commas between them.'
            raise invalid_field("include", "not_a_choice", message)
    return {name: readers[name](row) for name in names}


def wait_for_end(run_id: str, seconds: float) -> None:
    """Wait for the end of a run while its caller does, where there is a place for this one."""
    reader = ClientConnection()
    with services().waiting_callers.take(g.key.id) as has_place:
        if has_place:
            services().service.runner.wait(run_id, seconds, is_given_up=reader.is_disconnected)


@runs.post("/<run_id>/cancel")
@needs_key("actions")
def cancel_run(run_id: str) -> Response:
    """Cancel a run: a queued one at once, a running one before its next model call."""
    get_owned_run(run_id)
    services().service.runner.cancel(run_id)
    return json_response(_view(get_owned_run(run_id)))


@runs.post("/<run_id>/retry")
@needs_key("actions", counted=True)
def retry_run(run_id: str) -> Response:
    """Run again what ended without an answer: interrupted, failed, incomplete or cancelled."""
    row = get_owned_run(run_id)
    response = services().service.runner.retry(run_id)
    return accepted_response(response, row.action, services().catalogue)


@runs.post("/<run_id>/approve")
@needs_key("actions", counted=True)
def approve_run(run_id: str) -> Response:
    """Approve the tool calls of a waiting run, or those with the given numbers."""
    given = _read_decision("calls", "note", "wait_seconds")
    row = get_owned_run(run_id)
    calls = given.get("calls")
    return _decide(row, given, approved=None if is_absent(calls) else _call_numbers(calls))


@runs.post("/<run_id>/refuse")
@needs_key("actions", counted=True)
def refuse_run(run_id: str) -> Response:
    """Refuse the tool calls of a waiting run; it continues without them."""
    given = _read_decision("note", "wait_seconds")
    return _decide(get_owned_run(run_id), given, approved=[])


@runs.post("/<run_id>/feedback")
@needs_key("actions", counted=True)
def post_feedback(run_id: str) -> Response:
    """Say whether an answer was right, and which values would have been."""
    return give_feedback(get_owned_run(run_id))


def _read_decision(*fields: str) -> Json:
    given = read_body(request)
    refuse_unknown(given, fields)
    return with_query(given)


def _decide(row: RunRow, given: Json, *, approved: list[int] | None) -> Response:
    if row.review:
        return _decide_answer(row, given, accepted=approved is None)
    note = read_text_field(given, "note", required=False)
    if len(note) > _MAX_NOTE:
        raise invalid_field("note", "too_long", f'"note" takes at most {_MAX_NOTE:,} characters.')
    seconds = _wait_seconds(given)
    runner, reader = services().service.runner, ClientConnection()
    with services().waiting_callers.take(g.key.id) as has_place:
        response = runner.resolve_approval(
            row.id,
            approved=approved,
            note=note,
            seconds=seconds if has_place else 0,
            is_given_up=reader.is_disconnected,
            by=request_actor(),
        )
    return run_response(response, row.action)


def _decide_answer(row: RunRow, given: Json, *, accepted: bool) -> Response:
    """Accept or refuse an answer that waits, as its calls are approved or refused."""
    if not is_absent(given.get("calls")):
        message = '"calls" are tool calls, and this run waits with an answer. Leave "calls" out.'
        raise invalid_field("calls", "not_allowed", message)
    kind = "accept" if accepted else "refuse"
    note = read_text_field(given, "note", required=False)
    decision = ReviewDecision(kind, g.key.name, note[:_MAX_NOTE], actor=request_actor())
    services().service.decide(row, decision)
    return json_response(_view(get_owned_run(row.id)))


def _call_numbers(value: Any) -> list[int]:
    entries = value if isinstance(value, list) else str(value)
    try:
        return [read_integer(entry) for entry in read_list(entries)]
    except InvalidValue as error:
        message = f'"calls" must be the numbers of calls, such as 1, 2: it {error.message}'
        raise invalid_field("calls", error.code, message) from None


def _wait_seconds(given: Json) -> float:
    value = given.get("wait_seconds")
    if is_absent(value):
        return WAIT_SECONDS
    seconds = convert_field("wait_seconds", value, read_number)
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        message = f'"wait_seconds" takes 0 to {MAX_WAIT_SECONDS:g} seconds.'
        raise invalid_field("wait_seconds", "out_of_range", message)
    return seconds


def get_owned_run(run_id: str) -> RunRow:
    """A run that the request's key may see; ``not_found`` for another one, as if it did not
    exist."""
    row = services().service.records.find(run_id)
    if row is None or not is_visible(row):
        raise FormcallError(
            "not_found",
            "There is no such run. Check the id; a run is deleted some time after it has ended.",
        )
    return row


def run_response(response: RunResponse, action: str) -> Response:
    """The HTTP response for a run: its answer, its problem, or 202 while it is open."""
    if not response.body:
        http = accepted_response(response, action, services().catalogue)
    elif response.code:
        http = stored_problem(response.code, response.body, response.retry_after)
    elif response.status == NEEDS_REVIEW:
        http = _approval_response(response)
    else:
        http = Response(response.body, mimetype="application/json")
    if response.is_replay:
        http.headers["Idempotent-Replayed"] = "true"
    return http


def accepted_response(response: RunResponse, action: str, catalogue: Catalogue) -> Response:
    """202 with the run's id, its status URL, and when to read it.

    It has every key of the action's answer, null or empty.
    """
    url = status_url(response.id)
    body = {**open_run_body(response, action, catalogue), "status_url": url}
    return json_response(body, 202, headers=_polling_headers(url))


def _approval_response(response: RunResponse) -> Response:
    """202 with the tool calls to approve, and the URLs for the decision."""
    url = status_url(response.id)
    body = {
        **json.loads(response.body),
        "status_url": url,
        "approve_url": f"{url}/approve",
        "refuse_url": f"{url}/refuse",
        "review_url": _review_url(response.id),
        "retry_after": RETRY_SECONDS,
    }
    return json_response(body, 202, headers=_polling_headers(url))


def _review_url(run_id: str) -> str:
    """A new signed link to the page on which a person decides without a key."""
    attempt = services().service.records.get(run_id).attempt
    return services().service.review_links.url(run_id, attempt, base_url())


def _polling_headers(url: str) -> dict[str, str]:
    return {"Location": url, "Retry-After": str(RETRY_SECONDS)}


def _view(row: RunRow) -> Json:
    view = {**run_view(row, services().catalogue), "status_url": status_url(row.id)}
    if row.status == NEEDS_REVIEW:
        view["review_url"] = _review_url(row.id)
    return view


def status_url(run_id: str) -> str:
    return f"{base_url()}/v1/runs/{run_id}"
