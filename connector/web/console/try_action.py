"""Try: the form of an action, its price before it runs, and its answer beside the form.

A run is made by the one door of the service, as any other call; the page then shows it from its
record, so its address can be kept, sent to others, and opened from the list of runs.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response, g, request

from connector.catalogue import Action
from connector.console.answer_view import answer_view
from connector.console.form_boxes import NOT_SHOWN, form_boxes, sent_values
from connector.console.snippets import snippets
from connector.engine.streaming import TextStream
from connector.errors import FormcallError, InvalidInput
from connector.json_types import Json
from connector.runs.responses import RunResponse
from connector.store.ledger.records import OPEN_STATUSES
from connector.store.rows import RunRow
from connector.web.console.actions import actions
from connector.web.console.page import go_to, problems_of
from connector.web.console.run_access import stored_body, stored_form, visible_run
from connector.web.request_parsing import read_body
from connector.web.services import base_url, services
from connector.web.streams import ClientConnection, event_stream, first_chunk

__all__ = ["actions"]

_WAIT_SECONDS = 8  # then the page follows the run


@actions.get("/<action_id>")
def show_try(action_id: str) -> Response:
    """The form: empty, with an example, or with the form and the answer of a run."""
    action = services().catalogue.find(action_id)
    if run_id := request.args.get("run", ""):
        row = visible_run(run_id)
        form = _without_files(action, stored_form(row))
        return _page(action, form, row=row)
    return _page(action, _example(action, request.args.get("example", "")))


@actions.post("/<action_id>", counted=True)
def run_try(action_id: str) -> Response:
    """Run the form; with ``do-`` = price only say what a run would send and cost, and with live
    send the text while it is written."""
    action = services().catalogue.find(action_id)
    values: Json = {}
    try:
        values = sent_values(action, _read_form(action))
        if request.form.get("do-") == "price":
            result = _run(action, {**values, "dry_run": True})
            return _page(action, values, estimate=json.loads(result.body))
        if request.form.get("do-") == "live" and _can_stream(action, values):
            return _live(action, values)
        result = _run(action, {**values, "wait_seconds": _WAIT_SECONDS})
    except FormcallError as error:
        return _page(action, values, error=error)
    row = services().service.records.find(result.id)
    if row and (row.form is not None or row.status in OPEN_STATUSES):
        return go_to(f"{actions.address}/{action.id}?run={result.id}")
    # the form is not stored, so only this response can show it
    return _page(action, values, row=row, body=json.loads(result.body) if result.body else None)


def _read_form(action: Action) -> Json:
    """The fields that were sent; names of the page itself end with a hyphen or hold one."""
    given = read_body(request, files=action.file_fields)
    return {name: value for name, value in given.items() if "-" not in name}


def _can_stream(action: Action, values: Json) -> bool:
    """Whether the text can be shown while it is written, and read again from its record."""
    is_reviewed = {values.get("review"), g.key.review} - {None, "", "never"}
    is_stored = services().settings.store_text == "on"
    return "stream" in action.options and is_stored and not is_reviewed


def _live(action: Action, values: Json) -> Response:
    """The text while it is written, as events; a script of the page reads them.

    A run that ends before its first text is shown from its record, as any other.
    """
    result = services().service.run_or_stream(g.key, action.id, {**values, "stream": True})
    if isinstance(result, TextStream):
        reader = ClientConnection()
        first = first_chunk(result, reader)
        if first is not None:
            return event_stream(result, reader, first)
        result = result.result()
    return go_to(f"{actions.address}/{action.id}?run={result.id}")


def _run(action: Action, values: Json) -> RunResponse:
    return services().service.run(g.key, action.id, values)


def _example(action: Action, number: str) -> Json:
    """The values of an example by its number from 0; {} for any other text."""
    is_number = number.isascii() and number.isdecimal() and len(number) <= 3  # noqa: PLR2004
    if not is_number or int(number) >= len(action.examples):
        return {}
    return _without_files(action, action.examples[int(number)].input)


def _without_files(action: Action, values: Json) -> Json:
    """``values`` that a form can show: a browser does not take a file from a page."""
    return {
        name: value
        for name, value in values.items()
        if name not in action.file_fields and name in action.form and name not in NOT_SHOWN
    }


def _page(
    action: Action,
    values: Json,
    *,
    row: RunRow | None = None,
    body: Json | None = None,
    estimate: Json | None = None,
    error: FormcallError | None = None,
) -> Response:
    fields, options = form_boxes(action, values, _problems_by_field(error))
    body = stored_body(row) if row and body is None else body or {}
    shown = values or _example(action, "0")
    is_open = row is not None and row.status in OPEN_STATUSES
    return actions.render(
        "try.html",
        status=error.kind.status if error else 200,
        action=action,
        fields=fields,
        options=options,
        is_live=_can_stream(action, {}),
        has_options=any(box.text for box in options if box.kind != "boolean"),
        row=row,
        is_open=is_open,
        body=body,
        answer=answer_view(action, body) if row and row.status == "done" else None,
        request=_request_of(row) if row and not is_open else None,
        estimate=estimate,
        problems=problems_of(error) if error else [],
        wrong=list(_problems_by_field(error)),
        snippets=snippets(action, base_url(), shown),
    )


def _request_of(row: RunRow) -> Any:
    return services().service.run_details.parts["request"](row)


def _problems_by_field(error: FormcallError | None) -> dict[str, str]:
    entries = error.errors if isinstance(error, InvalidInput) else ()
    return {entry.field: entry.message for entry in entries}
