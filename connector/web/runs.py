"""Runs at addresses of their own: where one stands, what it answered, cancel it, run it again."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from connector.catalogue import Fault
from connector.catalogue.options import MOST_WAIT_SECONDS, WAIT_SECONDS
from connector.catalogue.values import is_absent, read_integer, read_list, read_number
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.jobs.telling import Told, described, waiting_words, written
from connector.store.notes import OPEN, WAITING
from connector.web.auth import needs_key
from connector.web.bodies import read_body, read_query_number, refuse_unknown, text_of
from connector.web.problems import kept_problem
from connector.web.services import base_address, services

Json = dict[str, Any]

runs = Blueprint("runs", __name__, url_prefix="/v1/runs")

RETRY_SECONDS = 2  # how soon it is worth asking again for a run that goes on
_MOST_LISTED, _LISTED = 100, 25
_LONGEST_NOTE = 2_000
_STATUSES = (*OPEN, WAITING, "done", "failed", "incomplete", "interrupted", "cancelled")


@runs.get("")
@needs_key("actions")
def list_runs() -> Response:
    """The newest runs of this key, as a plain list; `status`, `tag`, `action` and `limit` narrow it."""
    given = request.args
    if (status := given.get("status", "")) and status not in _STATUSES:
        raise InvalidInput([FieldError("status", "not_allowed", f'"status" takes one of {", ".join(_STATUSES)}.')])
    limit = int(read_query_number("limit", _LISTED, low=1, high=_MOST_LISTED))
    found = services().workshop.records.of_key(
        g.key.id, status=status, tag=given.get("tag", ""), action=given.get("action", ""), limit=limit
    )
    return jsonify([described(row) for row in found])


@runs.get("/<run_id>")
@needs_key("actions")
def get_run(run_id: str) -> Response:
    """Where a run stands; with `wait_seconds` the answer waits for the run to end, so long at most."""
    row = own_run(run_id)
    seconds = read_query_number("wait_seconds", 0, low=0, high=100)
    if seconds and row.status in OPEN:
        services().workshop.runner.wait(run_id, seconds)
        row = own_run(run_id)
    body = {**described(row), "status_url": status_url(run_id)}
    headers = {"Retry-After": str(RETRY_SECONDS)} if row.status in OPEN else {}
    return Response(written(body), mimetype="application/json", headers=headers)


@runs.post("/<run_id>/cancel")
@needs_key("actions")
def cancel_run(run_id: str) -> Response:
    """Cancel a run: one that waits ends at once, one that asks the model ends before its next call."""
    own_run(run_id)
    services().workshop.runner.cancel(run_id)
    return Response(written({**described(own_run(run_id)), "status_url": status_url(run_id)}), mimetype="application/json")


@runs.post("/<run_id>/retry")
@needs_key("actions", counted=True)
def retry_run(run_id: str) -> Response:
    """Run again what ended without an answer: cut off, failed, incomplete or cancelled."""
    row = own_run(run_id)
    return going_on(services().workshop.runner.retry(run_id), row.action)


@runs.post("/<run_id>/approve")
@needs_key("actions", counted=True)
def approve_run(run_id: str) -> Response:
    """Allow the calls that a waiting run asks about, or those of the given numbers; the run goes on."""
    return _decided(run_id, everything=True)


@runs.post("/<run_id>/refuse")
@needs_key("actions", counted=True)
def refuse_run(run_id: str) -> Response:
    """Allow none of the calls that a waiting run asks about; the run goes on without them."""
    return _decided(run_id, everything=False)


def _decided(run_id: str, *, everything: bool) -> Response:
    given = read_body(request)
    refuse_unknown(given, ("calls", "note", "wait_seconds") if everything else ("note", "wait_seconds"))
    row = own_run(run_id)
    note, calls = text_of(given, "note", needed=False), given.get("calls")
    if len(note) > _LONGEST_NOTE:
        raise InvalidInput([FieldError("note", "too_long", f'"note" takes at most {_LONGEST_NOTE:,} characters.')])
    approved = None if is_absent(calls) else _numbers(calls)
    seconds = _number(given, "wait_seconds", WAIT_SECONDS, MOST_WAIT_SECONDS)
    told = services().workshop.runner.decide(run_id, approved=approved if everything else [], note=note, seconds=seconds)
    return response(told, row.action)


def _numbers(given: Any) -> list[int]:
    try:
        return [read_integer(one) for one in read_list(given if isinstance(given, list) else str(given))]
    except Fault as fault:
        words = f'"calls" must be the numbers of calls, such as 1, 2: it {fault.message}'
        raise InvalidInput([FieldError("calls", fault.code, words)]) from None


def _number(given: Json, name: str, usual: float, most: float) -> float:
    if is_absent(value := given.get(name)):
        return usual
    try:
        number = read_number(value)
    except Fault as fault:
        raise InvalidInput([FieldError(name, fault.code, f'"{name}" {fault.message}')]) from None
    if not 0 <= number <= most:
        raise InvalidInput([FieldError(name, "out_of_range", f'"{name}" takes 0 to {most:g} seconds.')])
    return number


def own_run(run_id: str) -> Any:
    """The record of a run that the request's key may see; ``not_found`` also for those of others."""
    row = services().workshop.records.find(run_id)
    if row is None or (row.key_id != g.key.id and "admin" not in g.key.scopes):
        raise FormcallError("not_found", "There is no such run. Check the id; a run is deleted some time after it has ended.")
    return row


def response(told: Told, action: str) -> Response:
    """What is told of a run, over HTTP."""
    if not told.body:
        return going_on(told, action)
    if told.code:
        return kept_problem(told.code, told.body, told.retry_after)
    if told.status == WAITING:
        return _asking(told)
    return Response(told.body, mimetype="application/json")


def going_on(told: Told, action: str, *, address: str | None = None) -> Response:
    """202: the run's id, where to ask for it, and when. ``address`` is the service's own, where there is no request to know it by."""
    url = status_url(told.id, address)
    body = {
        "ok": True, "status": told.status, "result": "", "id": told.id, "action": action, "status_url": url,
        "retry_after": RETRY_SECONDS, "detail": waiting_words(told.status),
    }  # fmt: skip
    headers = {"Location": url, "Retry-After": str(RETRY_SECONDS)}
    return Response(written(body), 202, mimetype="application/json", headers=headers)


def _asking(told: Told) -> Response:
    """202: what a person is asked, and where their answer goes."""
    url = status_url(told.id)
    where = {"status_url": url, "approve_url": f"{url}/approve", "refuse_url": f"{url}/refuse", "retry_after": RETRY_SECONDS}
    headers = {"Location": url, "Retry-After": str(RETRY_SECONDS)}
    return Response(written({**json.loads(told.body), **where}), 202, mimetype="application/json", headers=headers)


def status_url(run_id: str, address: str | None = None) -> str:
    return f"{address or base_address()}/v1/runs/{run_id}"
