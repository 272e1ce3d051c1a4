"""Batches: an action on each row of a spreadsheet; progress, failed rows and results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from flask import Response, g, request

from connector.batches.progress import batch_view
from connector.batches.request import read_batch_request, read_budget
from connector.batches.results import Results
from connector.errors import FormcallError
from connector.json_types import Json
from connector.publish.operation import XLSX
from connector.store.batches import Progress
from connector.store.rows import RunRow
from connector.web.batches import get_owned_batch
from connector.web.console.page import ConsolePage, go_to, problems_of
from connector.web.services import services
from connector.web.uploads import read_upload

batches = ConsolePage("Batches", "/batches", icon="batch")

_LIMIT = 50
_MAX_FAILED = 20
_MAX_READ = 5_000  # rows in which failed ones are looked for; the results have all
_FIELDS = ("action", "budget_usd", "tag", "mapping", "fixed", "sheet")


@batches.get()
def show_batches() -> Response:
    """The newest batches of this key, and the form of a new one."""
    return _list()


@batches.post(counted=True)
def create_batch() -> Response:
    """Run an action on each row of the file."""
    upload = read_upload(request)
    values = {name: upload.values[name] for name in _FIELDS if upload.values.get(name)}
    try:
        batch_request = read_batch_request(values, upload.file, charset=upload.charset)
        progress = services().service.batch_runner.add(g.key, batch_request)
    except FormcallError as error:
        return _list(values, error)
    return go_to(f"{batches.address}/{progress.batch.id}")


@batches.get("/<batch_id>")
def show_batch(batch_id: str) -> Response:
    """The progress of a batch, its cost, and the rows that failed."""
    return _page(batch_id)


@batches.post("/<batch_id>/cancel", counted=True)
def cancel_batch(batch_id: str) -> Response:
    """Cancel a batch: waiting rows at once, running rows after their current call."""
    return _change(batch_id, services().service.batch_runner.cancel)


@batches.post("/<batch_id>/retry", counted=True)
def retry_batch(batch_id: str) -> Response:
    """Run the failed rows again."""
    return _change(batch_id, services().service.batch_runner.retry)


@batches.post("/<batch_id>/resume", counted=True)
def resume_batch(batch_id: str) -> Response:
    """Resume a paused batch, with another budget if one is given."""

    def resume(batch_id: str) -> Progress:
        budget_usd = read_budget({"budget_usd": request.form.get("budget_usd", "")})
        return services().service.batch_runner.resume(batch_id, budget_usd=budget_usd)

    return _change(batch_id, resume)


@batches.get("/<batch_id>/results.csv")
def download_csv(batch_id: str) -> Response:
    """Every row with its answer, as a CSV that spreadsheets open."""
    lines = _results(batch_id).csv(_rows(batch_id), delimiter=",", bom=True)
    return _file(lines, "text/csv; charset=utf-8", f"{batch_id}.csv")


@batches.get("/<batch_id>/results.xlsx")
def download_xlsx(batch_id: str) -> Response:
    """Every row with its answer, as a spreadsheet."""
    return _file(_results(batch_id).xlsx(_rows(batch_id)), XLSX, f"{batch_id}.xlsx")


def _results(batch_id: str) -> Results:
    batch = get_owned_batch(batch_id)
    return Results(services().catalogue.find(batch.action), batch)


def _rows(batch_id: str) -> Iterator[RunRow]:
    return services().service.batches.rows(batch_id)


def _file(content: Any, content_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, content_type=content_type, headers=headers)


def _change(batch_id: str, change: Callable[[str], Progress]) -> Response:
    get_owned_batch(batch_id)
    try:
        change(batch_id)
    except FormcallError as error:
        return _page(batch_id, error)
    return go_to(f"{batches.address}/{batch_id}")


def _list(given: Json | None = None, error: FormcallError | None = None) -> Response:
    return batches.render(
        "batches.html",
        status=error.kind.status if error else 200,
        entries=[
            (progress.batch, batch_view(progress))
            for progress in services().service.batches.list_by_key(g.key.id, limit=_LIMIT)
        ],
        actions=list(services().catalogue.values()),
        titles=_titles(),
        typed=given or {},
        problems=problems_of(error) if error else [],
    )


def _page(batch_id: str, error: FormcallError | None = None) -> Response:
    batch = get_owned_batch(batch_id)
    store = services().service.batches
    view = batch_view(store.progress(batch_id))
    read = islice(store.rows(batch_id), _MAX_READ if view["failed"] else 0)
    failed = (row for row in read if row.code)
    return batches.render(
        "batch.html",
        status=error.kind.status if error else 200,
        batch=batch,
        view=view,
        title=_titles().get(batch.action, batch.action),
        failed=list(islice(failed, _MAX_FAILED)),
        problems=problems_of(error) if error else [],
    )


def _titles() -> dict[str, str]:
    return {action.id: action.title for action in services().catalogue.values()}
