"""Batches: one action on many rows. Where one stands, what came of its rows, and what its owner does with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from connector.errors import FieldError, FormcallError, InvalidInput
from connector.jobs.orders import read_budget, read_order
from connector.jobs.progress import described
from connector.jobs.results import Results
from connector.jobs.telling import written
from connector.store.batches import STATUSES, Progress
from connector.web.actions import with_idempotency_key
from connector.web.auth import needs_key
from connector.web.bodies import read_body, read_query_number, read_upload
from connector.web.services import base_address, services

Json = dict[str, Any]

batches = Blueprint("batches", __name__, url_prefix="/v1/batches")

RETRY_SECONDS = 5  # how soon it is worth asking again for a batch that goes on
_MOST_LISTED, _LISTED = 100, 25


@batches.post("")
@needs_key("actions", counted=True)
def create_batch() -> Response:
    """Run an action on each row of a list or of a CSV."""
    values, file = read_upload(request)
    order = read_order(with_idempotency_key(values), file)
    return _going_on(services().workshop.batch_runner.add(g.key, order))


@batches.get("")
@needs_key("actions")
def list_batches() -> Response:
    """The newest batches of this key, as a plain list; `status` and `limit` narrow it."""
    if (status := request.args.get("status", "")) and status not in STATUSES:
        raise InvalidInput([FieldError("status", "not_allowed", f'"status" takes one of {", ".join(STATUSES)}.')])
    limit = int(read_query_number("limit", _LISTED, low=1, high=_MOST_LISTED))
    return jsonify([_told(progress) for progress in services().workshop.batches.of_key(g.key.id, status=status, limit=limit)])


@batches.get("/<batch_id>")
@needs_key("actions")
def get_batch(batch_id: str) -> Response:
    """How far a batch is and what it cost so far."""
    own_batch(batch_id)
    return _response(services().workshop.batches.progress(batch_id))


@batches.post("/<batch_id>/cancel")
@needs_key("actions")
def cancel_batch(batch_id: str) -> Response:
    """Cancel a batch: rows that wait are cancelled at once, those that ask the model end with that call."""
    own_batch(batch_id)
    return _response(services().workshop.batch_runner.cancel(batch_id))


@batches.post("/<batch_id>/resume")
@needs_key("actions", counted=True)
def resume_batch(batch_id: str) -> Response:
    """Go on with a batch that is paused; `budget_usd` is its budget from now on."""
    own_batch(batch_id)
    return _going_on(services().workshop.batch_runner.resume(batch_id, budget_usd=read_budget(read_body(request))))


@batches.post("/<batch_id>/retry")
@needs_key("actions", counted=True)
def retry_batch(batch_id: str) -> Response:
    """Run the rows again that failed."""
    own_batch(batch_id)
    return _going_on(services().workshop.batch_runner.retry(batch_id))


@batches.get("/<batch_id>/results.csv")
@needs_key("actions")
def results_csv(batch_id: str) -> Response:
    """Every row with its answer, as CSV in the order of the rows; those that have not ended are there without one."""
    batch = own_batch(batch_id)
    lines = _results(batch).csv(services().workshop.batches.rows(batch_id))
    return Response(lines, content_type="text/csv; charset=utf-8", headers=_named(f"{batch_id}.csv"))


@batches.get("/<batch_id>/results.jsonl")
@needs_key("actions")
def results_jsonl(batch_id: str) -> Response:
    """Every row with its answer, a JSON object a line."""
    batch = own_batch(batch_id)
    lines = _results(batch).jsonl(services().workshop.batches.rows(batch_id))
    return Response(lines, content_type="application/x-ndjson; charset=utf-8", headers=_named(f"{batch_id}.jsonl"))


def own_batch(batch_id: str) -> Any:
    """The record of a batch that the request's key may see; ``not_found`` also for those of others."""
    batch = services().workshop.batches.find(batch_id)
    if batch is None or (batch.key_id != g.key.id and "admin" not in g.key.scopes):
        raise FormcallError("not_found", "There is no such batch. Check the id; a batch is deleted some time after it has ended.")
    return batch


def _results(batch: Any) -> Results:
    return Results(services().catalogue.find(batch.action), batch)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}


def _told(progress: Progress) -> Json:
    url = f"{base_address()}/v1/batches/{progress.batch.id}"
    addresses = {"status_url": url, "results_url_csv": f"{url}/results.csv", "results_url_jsonl": f"{url}/results.jsonl"}
    return {**described(progress), **addresses}


def _response(progress: Progress, status: int = 200) -> Response:
    body = _told(progress)
    headers = {"Retry-After": str(RETRY_SECONDS)} if progress.batch.status == "running" else {}
    return Response(written(body), status, mimetype="application/json", headers=headers)


def _going_on(progress: Progress) -> Response:
    """202: the batch's id, where to ask for it, and when."""
    response = _response(progress, 202)
    response.headers["Location"] = f"{base_address()}/v1/batches/{progress.batch.id}"
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
