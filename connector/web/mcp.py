"""POST /mcp: the actions as tools of the Model Context Protocol (Streamable HTTP, one JSON answer to each message, no session)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request

from connector.catalogue import Action
from connector.errors import FormcallError
from connector.jobs.telling import Told, described, written
from connector.mcp.messages import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    NOT_ALLOWED,
    PARSE_ERROR,
    STATUSES,
    Message,
    Refusal,
    answered,
    id_of,
    read_message,
    refused,
)
from connector.mcp.results import of_told
from connector.mcp.tools import Tools, worded
from connector.store.notes import OPEN
from connector.web.actions import with_idempotency_key
from connector.web.auth import needs_key
from connector.web.bodies import read_posted
from connector.web.early import early_answer
from connector.web.problems import as_told, problem
from connector.web.runs import own_run, status_url
from connector.web.services import address_for, base_address, services

Json = dict[str, Any]

mcp = Blueprint("mcp", __name__)

# our codes that the protocol has codes of its own for
_CODES = {
    "bad_json": PARSE_ERROR, "bad_request": INVALID_REQUEST, "unsupported_media_type": INVALID_REQUEST, "body_too_large": INVALID_REQUEST,
    "internal": INTERNAL_ERROR,
}  # fmt: skip


@mcp.post("/mcp")
@needs_key("actions")
def receive() -> Response:
    """Answer one message."""
    _refuse_other_pages()
    value = read_posted(request)
    g.mcp_id = id_of(value)
    message = read_message(value, dict(request.headers))
    g.mcp_statuses = STATUSES if message.version else {}
    result = Tools(services().catalogue).answer(message, _Web(message))
    return Response(status=202) if result is None else _json(answered(message, result))


@mcp.errorhandler(Refusal)
def tell_refusal(refusal: Refusal) -> Response:
    return _json(refused(g.get("mcp_id"), refusal), g.get("mcp_statuses", STATUSES).get(refusal.code, 200))


@mcp.errorhandler(Exception)
def tell_error(failure: Exception) -> Response:
    """What kept a message from being answered: with the status and headers that it has everywhere, in the protocol's words."""
    error = as_told(failure)
    made = problem(error)
    refusal = Refusal(_CODES.get(error.code, NOT_ALLOWED), error.detail, error.as_problem(g.get("request_id", "")))
    made.set_data(written(refused(g.get("mcp_id"), refusal)))
    made.mimetype = "application/json"
    return made


class _Web:
    """The key of this request as a caller of tools."""

    def __init__(self, message: Message) -> None:
        self._message, self.request_id = message, g.request_id

    def run(self, action: Action, values: Json) -> Json:
        workshop = services().workshop
        workshop.rates.check(g.key)
        asked = workshop.runner.admission.ask(g.key, action.id, with_idempotency_key(values))
        address, request_id = address_for(request), g.request_id

        def respond(told: Told) -> Response:
            made = _json(answered(self._message, worded(self._message, self._told(told, action.id, address()))))
            made.headers["X-Request-ID"] = request_id
            return made

        told = workshop.runner.run(asked, early_answer(request.environ, respond))
        return self._told(told, action.id, address())

    def show(self, run_id: str, wait_seconds: float) -> Json:
        row = own_run(run_id)
        if wait_seconds and row.status in OPEN:
            services().workshop.runner.wait(run_id, wait_seconds)
            row = own_run(run_id)
        return {**described(row), "status_url": status_url(run_id)}

    def _told(self, told: Told, action: str, address: str) -> Json:
        return of_told(told, action, status_url=status_url(told.id, address))


def _refuse_other_pages() -> None:
    """A browser says which page it calls for; another host's page has no business here, also where its name leads to us."""
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc not in {urlsplit(base_address()).netloc, request.host}:
        raise FormcallError("forbidden", "Pages of other hosts may not call this address.")


def _json(body: Json, status: int = 200) -> Response:
    return Response(written(body), status, mimetype="application/json")
