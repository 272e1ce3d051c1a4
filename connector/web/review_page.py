"""The page behind a signed link: it shows what waits, and a person decides there without a key.

Opening it decides nothing, so a mail program that fetches links in advance does no harm. After the
decision, the same link shows that.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from connector.catalogue import Action
from connector.console.review_page import message_page, review_page, shown_text
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json
from connector.runs.review_views import review_view
from connector.runs.reviews import DECISIONS, ReviewDecision
from connector.store.rows import RunRow
from connector.web.query import check_query
from connector.web.services import services

review_links = Blueprint("review_links", __name__)
review_links.before_request(check_query)

BY_LINK = "a signed link"
_MAX_NOTE = 2_000
_VALUE = "value."
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}


@review_links.get("/review/<token>")
def show_review(token: str) -> Response:
    """What waits, or how it was decided."""
    try:
        return _page(_linked_run(token))
    except FormcallError as error:
        return _refusal(error)


@review_links.post("/review/<token>")
def decide_by_link(token: str) -> Response:
    """Take the decision, then show it."""
    try:
        row = _linked_run(token)
    except FormcallError as error:
        return _refusal(error)
    try:
        services().service.decide(row, _read_decision(row))
    except FormcallError as error:
        problem = " ".join(one.message for one in _errors(error)) or error.detail
        current = services().service.records.get(row.id)
        return _page(current, problem, error.kind.status, _typed_values())
    return _page(services().service.records.get(row.id))


def _errors(error: FormcallError) -> tuple[FieldError, ...]:
    return error.errors if isinstance(error, InvalidInput) else ()


def _linked_run(token: str) -> RunRow:
    run_id, attempt = services().service.review_links.read(token)
    row = services().service.records.find(run_id)
    if row is None:
        raise FormcallError("not_found", "This run is not stored any longer.")
    if row.status == "needs_review" and row.attempt != attempt:
        raise FormcallError(
            "forbidden", "This link is about an earlier state of the run. Ask for a new one."
        )
    return row


def _read_decision(row: RunRow) -> ReviewDecision:
    kind = request.form.get("decision", "")
    if kind not in DECISIONS:
        raise FormcallError("bad_request", "Choose one of the buttons.")
    note = request.form.get("note", "").strip()[:_MAX_NOTE]
    values = _changed_values(row) if kind == "correct" else {}
    if kind == "correct" and not values:
        raise FormcallError("bad_request", "Nothing was changed, so there is no correction.")
    return ReviewDecision(kind, BY_LINK, note, values)


def _changed_values(row: RunRow) -> Json:
    """The values that differ from those that the page has shown."""
    shown = review_view(row, _action(row), services().service.records)["answer"]
    return {
        name: text
        for name, text in _typed_values().items()
        if text.strip() != shown_text(shown.get(name)).strip()
    }


def _typed_values() -> dict[str, str]:
    """What stands in the inputs of the values, by their names."""
    return {
        name.removeprefix(_VALUE): text.replace("\r\n", "\n")
        for name, text in request.form.items()
        if name.startswith(_VALUE)
    }


def _page(
    row: RunRow, problem: str = "", status: int = 200, typed: dict[str, str] | None = None
) -> Response:
    action = _action(row)
    view = review_view(row, action, services().service.records)
    names = services().service.reviews.correctable(row) if row.status == "needs_review" else ()
    shown = {name: text for name, text in (typed or {}).items() if name in names}
    return _html(review_page(view, names, problem=problem, typed=shown), status)


def _refusal(error: FormcallError) -> Response:
    return _html(message_page("No decision here", error.detail), error.kind.status)


def _action(row: RunRow) -> Action | None:
    return services().catalogue.get(row.action)


def _html(page: str, status: int = 200) -> Response:
    return Response(page, status, mimetype="text/html", headers=_HEADERS)
