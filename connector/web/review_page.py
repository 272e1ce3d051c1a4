"""The page behind a signed link: it shows what waits, and a person decides there without a key.

Opening it decides nothing, so a mail program that fetches links in advance does no harm. After the
decision, the same link shows that.
"""

from __future__ import annotations

from flask import Blueprint, Response

from connector.console.review_page import message_page, review_page
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.store.rows import RunRow
from connector.web.query import check_query
from connector.web.review_forms import read_decision_form, review_of_run, typed_values
from connector.web.services import services

review_links = Blueprint("review_links", __name__)
review_links.before_request(check_query)

BY_LINK = "a signed link"
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
        services().service.decide(row, read_decision_form(row, by=BY_LINK))
    except FormcallError as error:
        problem = " ".join(one.message for one in _errors(error)) or error.detail
        current = services().service.records.get(row.id)
        return _page(current, problem, error.kind.status, typed_values())
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


def _page(
    row: RunRow, problem: str = "", status: int = 200, typed: dict[str, str] | None = None
) -> Response:
    names = services().service.reviews.correctable(row) if row.status == "needs_review" else ()
    shown = {name: text for name, text in (typed or {}).items() if name in names}
    return _html(review_page(review_of_run(row), names, problem=problem, typed=shown), status)


def _refusal(error: FormcallError) -> Response:
    return _html(message_page("No decision here", error.detail), error.kind.status)


def _html(page: str, status: int = 200) -> Response:
    return Response(page, status, mimetype="text/html", headers=_HEADERS)
