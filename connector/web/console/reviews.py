"""Reviews: what waits for a person, and the decision on it, one after the other."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, g, request

from connector.catalogue.values import InvalidValue, read_integer
from connector.console.review_page import review_values
from connector.errors import FormcallError
from connector.store.ledger.records import NEEDS_REVIEW
from connector.store.rows import RunRow
from connector.store.run_list import ReviewFilter
from connector.web.auth import is_visible
from connector.web.console.home import count_waiting
from connector.web.console.page import ConsolePage, go_to, problems_of
from connector.web.review_forms import read_decision_form, review_of_run, typed_values
from connector.web.reviews import get_reviewable
from connector.web.run_list import read_cursor
from connector.web.services import services

reviews = ConsolePage(
    "Reviews", "/reviews", icon="review", scopes=("review", "actions"), badge=count_waiting
)

_LIMIT = 50
_STATES = ("waiting", "decided")


@reviews.get()
def show_reviews() -> Response:
    """What waits, the oldest first; or what was decided, the newest first."""
    state = request.args.get("state", "waiting")
    state = state if state in _STATES else "waiting"
    run_list = services().service.run_list
    read = run_list.waiting if state == "waiting" else run_list.decided
    rows = read(ReviewFilter(g.key.reviewed_keys), limit=_LIMIT + 1, cursor=read_cursor())
    page = rows[:_LIMIT]
    more = urlencode({"state": state, "cursor": page[-1].id}) if len(rows) > _LIMIT else ""
    return reviews.render(
        "reviews.html",
        state=state,
        entries=[{"row": row, "review": review_of_run(row)} for row in page],
        next_page=f"?{more}" if more else "",
        last=_last_decided(),
    )


@reviews.get("/<run_id>")
def show_review(run_id: str) -> Response:
    """One review: the source beside the answer."""
    return _page(get_reviewable(run_id))


@reviews.post("/<run_id>", counted=True)
def decide_review(run_id: str) -> Response:
    """Take the decision, and go on with the next one that waits."""
    row = get_reviewable(run_id)
    try:
        decision = read_decision_form(row, by=g.key.name)
        services().service.decide(row, decision, calls=_chosen_calls(row))
    except FormcallError as error:
        problem = " ".join(problems_of(error))
        return _page(get_reviewable(run_id), problem, error.kind.status, typed_values())
    return go_to(f"{_next_address(run_id)}?{urlencode({'last': run_id})}")


def _next_address(run_id: str) -> str:
    """The review after this one, or the first that waits, or the list."""
    waiting = services().service.run_list.waiting
    filters = ReviewFilter(g.key.reviewed_keys)
    found = waiting(filters, limit=1, cursor=run_id) or waiting(filters, limit=1)
    return f"{reviews.address}/{found[0].id}" if found else reviews.address


def _chosen_calls(row: RunRow) -> list[int] | None:
    """The numbers of the tool calls that are ticked; None for an answer."""
    if row.review or request.form.get("decision") != "accept":
        return None
    try:
        calls = [read_integer(number) for number in request.form.getlist("calls")]
    except InvalidValue:
        calls = []
    if not calls:
        raise FormcallError("bad_request", "No call is ticked. Tick those to allow, or refuse.")
    return calls


def _last_decided() -> str:
    """The run that was decided on before this page; "" for a text that is no run of the key."""
    run_id = request.args.get("last", "")
    try:
        return get_reviewable(run_id).id if run_id else ""
    except FormcallError:
        return ""


def _page(
    row: RunRow, problem: str = "", status: int = 200, typed: dict[str, str] | None = None
) -> Response:
    names = services().service.reviews.correctable(row) if row.status == NEEDS_REVIEW else ()
    shown = {name: text for name, text in (typed or {}).items() if name in names}
    return reviews.render(
        "console_review.html",
        status=status,
        sees_runs=is_visible(row) and {"actions", "admin"} & set(g.key.scopes),
        last=_last_decided() if request.method == "GET" else "",
        waiting=count_waiting(g.key),
        **review_values(review_of_run(row), names, problem, shown),
    )
