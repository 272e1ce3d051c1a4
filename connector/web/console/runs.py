"""Runs: the list with its filters, and everything of one run on one page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from connector.console.answer_view import answer_view
from connector.console.formats import label
from connector.console.marked_text import sent_form
from connector.console.review_page import correction_values
from connector.errors import FormcallError
from connector.runs.reviews import VERDICTS, Feedback, feedback_view
from connector.store.ledger.records import NEEDS_REVIEW, OPEN_STATUSES
from connector.store.rows import RunRow
from connector.store.run_list import STATUSES, RunFilter
from connector.web.console.page import ConsolePage, go_to, problems_of
from connector.web.console.run_access import stored_body, stored_form, visible_run
from connector.web.deliveries import deliveries_of
from connector.web.review_forms import MAX_NOTE, changed_values, typed_values
from connector.web.run_list import ALL_KEYS, read_cursor, read_filter
from connector.web.services import services

runs = ConsolePage("Runs", "/runs", icon="runs")

_LIMIT = 50
_FILTERS = (
    *("text", "status", "action", "tag", "code", "checks_failed", "key"),
    *("from", "to", "min_cost_usd", "max_cost_usd"),
)
_RESULT = 160  # characters of an answer in the list


@runs.get()
def show_runs() -> Response:
    """The newest runs that the filters select, a page at a time."""
    rows: list[RunRow] = []
    problems: list[str] = []
    try:
        rows = services().service.run_list.page(_filter(), limit=_LIMIT + 1, cursor=read_cursor())
    except FormcallError as error:
        problems = problems_of(error)
    page = rows[:_LIMIT]
    given = {name: request.args.get(name, "") for name in _FILTERS}
    kept = {name: text for name, text in given.items() if text.strip()}
    more = urlencode({**kept, "cursor": page[-1].id}) if len(rows) > _LIMIT else ""
    is_admin = "admin" in g.key.scopes
    return runs.render(
        "runs.html",
        status=422 if problems else 200,
        entries=[{"row": row, "result": _result(row)} for row in page],
        names=_key_names() if is_admin else {},
        given=given,
        has_filter=bool(kept),
        problems=problems,
        next_page=f"?{more}" if more else "",
        first_page=f"?{urlencode(kept)}",
        is_later="cursor" in request.args,
        statuses=[(status, label(status)) for status in STATUSES],
        titles={action.id: action.title for action in services().catalogue.values()},
        can_search=services().settings.store_text == "on",
        all_keys=ALL_KEYS,
        has_open=any(row.status in OPEN_STATUSES for row in page),
    )


def _filter() -> RunFilter:
    """As the list of the API, but the scope admin sees all keys unless one is chosen."""
    chosen = read_filter()
    is_open = "admin" in g.key.scopes and not request.args.get("key", "").strip()
    return replace(chosen, key_id=None) if is_open else chosen


def _key_names() -> dict[str, str]:
    return {key.id: key.name for key in services().keys.list_all()}


def _result(row: RunRow) -> str:
    """The answer in one line, or what went wrong."""
    body = stored_body(row)
    text = str(body.get("result") or body.get("detail") or "")
    line = " ".join(text[: 4 * _RESULT].split())
    return line if len(line) <= _RESULT else f"{line[:_RESULT]}…"


@runs.get("/<run_id>")
def show_run(run_id: str) -> Response:
    """Everything of one run."""
    return _page(visible_run(run_id))


@runs.post("/<run_id>/feedback", counted=True)
def give_feedback(run_id: str) -> Response:
    """Store whether the answer was right, and what would have been."""
    row = visible_run(run_id)
    verdict = request.form.get("verdict", "")
    try:
        if verdict not in VERDICTS:
            raise FormcallError("bad_request", "Say whether the answer is right or wrong.")
        shown = stored_body(row)
        values = changed_values(shown) if verdict == "wrong" else {}
        note = request.form.get("note", "").strip()[:MAX_NOTE]
        feedback = Feedback(verdict, g.key.name, note, values)
        services().service.reviews.save_feedback(row, feedback)
    except FormcallError as error:
        return _page(row, error, typed_values())
    return go_to(f"{runs.address}/{run_id}#feedback")


@runs.post("/<run_id>/cancel")
def cancel_run(run_id: str) -> Response:
    """Cancel a run that has not ended."""
    services().service.runner.cancel(visible_run(run_id).id)
    return go_to(f"{runs.address}/{run_id}")


@runs.post("/<run_id>/retry", counted=True)
def retry_run(run_id: str) -> Response:
    """Run again what ended without an answer."""
    row = visible_run(run_id)
    try:
        services().service.runner.retry(row.id)
    except FormcallError as error:
        return _page(row, error)
    return go_to(f"{runs.address}/{run_id}")


def _page(
    row: RunRow, error: FormcallError | None = None, typed: dict[str, str] | None = None
) -> Response:
    action = services().catalogue.get(row.action)
    body = stored_body(row)
    details = services().service.run_details.parts
    is_open = row.status in OPEN_STATUSES
    return runs.render(
        "run.html",
        status=error.kind.status if error else 200,
        row=row,
        action=action,
        title=action.title if action else row.action,
        key_name=_key_name(row),
        body=body,
        is_open=is_open,
        waits=row.status == NEEDS_REVIEW,
        form=sent_form(action, stored_form(row), body.get("evidence")),
        answer=answer_view(action, body) if row.status == "done" and row.answer else None,
        request=details["request"](row),
        ledger=details["ledger"](row),
        trace=body.get("trace") or [],
        deliveries=deliveries_of(row),
        feedback=feedback_view(row),
        corrections=_corrections(row, typed),
        problems=problems_of(error) if error else [],
        can_retry=row.status in {"failed", "incomplete", "interrupted", "cancelled"}
        and row.form is not None
        and not row.batch_id,
    )


def _corrections(row: RunRow, typed: dict[str, str] | None) -> list[Any]:
    """The inputs for the values that would have been right."""
    names = services().service.reviews.correctable(row) if row.status == "done" else ()
    given = {**stored_body(row), **feedback_view(row)["values"], **(typed or {})}
    return list(correction_values({name: given[name] for name in names if name in given}))


def _key_name(row: RunRow) -> str:
    if row.key_id == g.key.id:
        return str(g.key.name)
    key = services().keys.by_id(row.key_id)
    return key.name if key else row.key_id
