"""Batches: run an action on many rows, read progress and results, cancel, resume, retry."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from connector.batches.progress import batch_view
from connector.batches.request import read_batch_request, read_budget
from connector.batches.results import Results
from connector.catalogue.values import is_absent, read_boolean
from connector.errors import FormcallError
from connector.json_types import Json
from connector.publish.operation import XLSX
from connector.store.batches import STATUSES, Progress
from connector.store.rows import BatchRow
from connector.web.actions import with_idempotency_key
from connector.web.auth import is_visible, needs_key
from connector.web.fields import convert_field
from connector.web.query import (
    BATCH_NAMES,
    read_query_choice,
    read_query_limit,
    with_query,
)
from connector.web.request_parsing import read_body
from connector.web.responses import json_response
from connector.web.services import base_url, services
from connector.web.uploads import read_upload

batches = Blueprint("batches", __name__, url_prefix="/v1/batches")

# the characters that divide the cells of a CSV, by what the query may call them
DELIMITERS = {
    **{character: character for character in (",", ";", "\t", "|")},
    **{"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"},
}
RETRY_SECONDS = 5  # when to read the status of a running batch again


@batches.post("")
@needs_key("actions", counted=True)
def create_batch() -> Response:
    """Run an action on each row of a list or a CSV."""
    upload = read_upload(request)
    values = with_idempotency_key(with_query(upload.values, BATCH_NAMES))
    batch_request = read_batch_request(values, upload.file, charset=upload.charset)
    return _accepted_response(services().service.batch_runner.add(g.key, batch_request))


@batches.get("")
@needs_key("actions")
def list_batches() -> Response:
    """The newest batches of this key, filtered by `status` and `limit`."""
    entries = services().service.batches.list_by_key(
        g.key.id, status=read_query_choice("status", STATUSES), limit=read_query_limit()
    )
    return jsonify([_view(progress) for progress in entries])


@batches.get("/<batch_id>")
@needs_key("actions")
def get_batch(batch_id: str) -> Response:
    """The progress of a batch and its cost so far."""
    get_owned_batch(batch_id)
    return _progress_response(services().service.batches.progress(batch_id))


@batches.post("/<batch_id>/cancel")
@needs_key("actions")
def cancel_batch(batch_id: str) -> Response:
    """Cancel a batch: waiting rows at once, running rows after their current model call."""
    get_owned_batch(batch_id)
    return _progress_response(services().service.batch_runner.cancel(batch_id))


@batches.post("/<batch_id>/resume")
@needs_key("actions", counted=True)
def resume_batch(batch_id: str) -> Response:
    """Resume a paused batch; `budget_usd` replaces its budget."""
    get_owned_batch(batch_id)
    budget_usd = read_budget(read_body(request))
    progress = services().service.batch_runner.resume(batch_id, budget_usd=budget_usd)
    return _accepted_response(progress)


@batches.post("/<batch_id>/retry")
@needs_key("actions", counted=True)
def retry_batch(batch_id: str) -> Response:
    """Run the failed rows again."""
    get_owned_batch(batch_id)
    return _accepted_response(services().service.batch_runner.retry(batch_id))


@batches.get("/<batch_id>/results.csv")
@needs_key("actions")
def results_csv(batch_id: str) -> Response:
    """Every row with its answer as CSV, in the order of the rows; open rows have no answer yet.

    `delimiter` and `bom` make it a file that a spreadsheet of another region opens as a table.
    """
    results = _results(batch_id)
    lines = results.csv(
        services().service.batches.rows(batch_id),
        delimiter=DELIMITERS[read_query_choice("delimiter", tuple(DELIMITERS)) or "comma"],
        bom=_read_bom(),
    )
    return Response(
        lines, content_type="text/csv; charset=utf-8", headers=_attachment(f"{batch_id}.csv")
    )


@batches.get("/<batch_id>/results.jsonl")
@needs_key("actions")
def results_jsonl(batch_id: str) -> Response:
    """Every row with its answer, one JSON object in each line."""
    lines = _results(batch_id).jsonl(services().service.batches.rows(batch_id))
    return Response(
        lines,
        content_type="application/x-ndjson; charset=utf-8",
        headers=_attachment(f"{batch_id}.jsonl"),
    )


@batches.get("/<batch_id>/results.xlsx")
@needs_key("actions")
def results_xlsx(batch_id: str) -> Response:
    """Every row with its answer as a spreadsheet, with the columns of the CSV."""
    chunks = _results(batch_id).xlsx(services().service.batches.rows(batch_id))
    return Response(chunks, content_type=XLSX, headers=_attachment(f"{batch_id}.xlsx"))


def _read_bom() -> bool:
    given = request.args.get("bom")
    return not is_absent(given) and convert_field("bom", given, read_boolean)


def get_owned_batch(batch_id: str) -> BatchRow:
    """A batch that the request's key may see; ``not_found`` for another one, as if it did not
    exist."""
    row = services().service.batches.find(batch_id)
    if row is None or not is_visible(row):
        raise FormcallError(
            "not_found",
            "There is no such batch. Check the id; a batch is deleted some time after it has "
            "ended.",
        )
    return row


def _results(batch_id: str) -> Results:
    batch = get_owned_batch(batch_id)
    return Results(services().catalogue.find(batch.action), batch)


def _attachment(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }


def _url(progress: Progress) -> str:
    return f"{base_url()}/v1/batches/{progress.batch.id}"


def _view(progress: Progress) -> Json:
    url = _url(progress)
    return {
        **batch_view(progress),
        "status_url": url,
        "results_url_csv": f"{url}/results.csv",
        "results_url_jsonl": f"{url}/results.jsonl",
        "results_url_xlsx": f"{url}/results.xlsx",
    }


def _progress_response(progress: Progress) -> Response:
    headers = {"Retry-After": str(RETRY_SECONDS)} if progress.batch.status == "running" else {}
    return json_response(_view(progress), headers=headers)


def _accepted_response(progress: Progress) -> Response:
    """202 with the batch's id, its status URL, and when to read it."""
    headers = {"Location": _url(progress), "Retry-After": str(RETRY_SECONDS)}
    if progress.is_replay:
        headers["Idempotent-Replayed"] = "true"
    return json_response(_view(progress), 202, headers=headers)
