"""POST /mcp: the actions as tools of the Model Context Protocol.

Streamable HTTP with one JSON response to each message, and no session.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request

from connector.catalogue import Action
from connector.errors import FormcallError
from connector.json_types import Json
from connector.mcp.messages import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    NOT_ALLOWED,
    PARSE_ERROR,
    STATUSES,
    Message,
    ProtocolError,
    error_message,
    message_id,
    read_message,
    response_message,
)
from connector.mcp.results import run_result
from connector.mcp.tools import Tools, versioned
from connector.runs.responses import RunResponse, run_view, to_json
from connector.store.ledger.records import OPEN_STATUSES
from connector.web.actions import with_idempotency_key
from connector.web.auth import needs_key
from connector.web.cors import is_allowed_origin
from connector.web.early_response import early_response_for
from connector.web.problems import problem_response, to_formcall_error
from connector.web.request_parsing import read_payload
from connector.web.responses import json_response
from connector.web.runs import get_owned_run, status_url, wait_for_end
from connector.web.services import services

mcp = Blueprint("mcp", __name__)

# error codes for which the protocol has codes of its own
_CODES = {
    "bad_json": PARSE_ERROR,
    "bad_request": INVALID_REQUEST,
    "unsupported_media_type": INVALID_REQUEST,
    "body_too_large": INVALID_REQUEST,
    "internal": INTERNAL_ERROR,
}


@mcp.post("/mcp")
@needs_key("actions")
def handle_message() -> Response:
    """Answer one message."""
    _refuse_foreign_origin()
    value = read_payload(request)
    g.mcp_id = message_id(value)
    message = read_message(value, dict(request.headers))
    g.mcp_statuses = STATUSES if message.version else {}
    result = Tools(services().catalogue).respond(message, _RequestCaller(message))
    if result is None:
        return Response(status=202)
    headers = {"Idempotent-Replayed": "true"} if g.get("is_replay") else {}
    return json_response(response_message(message, result), headers=headers)


@mcp.errorhandler(ProtocolError)
def handle_protocol_error(error: ProtocolError) -> Response:
    status = g.get("mcp_statuses", STATUSES).get(error.code, 200)
    return json_response(error_message(g.get("mcp_id"), error), status)


@mcp.errorhandler(Exception)
def handle_error(failure: Exception) -> Response:
    """An error in the protocol's form, with the same status and headers as at other URLs."""
    error = to_formcall_error(failure)
    response = problem_response(error)
    problem = error.as_problem(g.get("request_id", ""))
    protocol_error = ProtocolError(_CODES.get(error.code, NOT_ALLOWED), error.detail, problem)
    response.set_data(to_json(error_message(g.get("mcp_id"), protocol_error)))
    response.mimetype = "application/json"
    return response


class _RequestCaller:
    """The key of this request as a caller of tools."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self.request_id = g.request_id
        self._catalogue = services().catalogue

    def run(self, action: Action, values: Json) -> Json:
        service = services().service
        service.rate_limits.check(g.key)

        def respond(response: RunResponse) -> Response:
            result = self._result(response, action.id)
            return json_response(response_message(self._message, versioned(self._message, result)))

        response = service.run(
            g.key,
            action.id,
            with_idempotency_key(values),
            early=early_response_for(request.environ, respond),
        )
        g.is_replay = response.is_replay
        return self._result(response, action.id)

    def get_run(self, run_id: str, wait_seconds: float) -> Json:
        row = get_owned_run(run_id)
        if wait_seconds and row.status in OPEN_STATUSES:
            wait_for_end(run_id, wait_seconds)
            row = get_owned_run(run_id)
        return {**run_view(row, self._catalogue), "status_url": status_url(run_id)}

    def _result(self, response: RunResponse, action: str) -> Json:
        return run_result(response, action, self._catalogue, status_url=status_url(response.id))


def _refuse_foreign_origin() -> None:
    """Refuse browsers on pages of other hosts, also those whose name resolves to this service."""
    origin = request.headers.get("Origin")
    if origin and not _is_own(origin) and not is_allowed_origin(origin):
        raise FormcallError(
            "forbidden",
            "Pages of other hosts may not call this address. The operator can allow a page in "
            "FORMCALL_ALLOW_ORIGINS, or set FORMCALL_PUBLIC_URL.",
        )


def _is_own(origin: str) -> bool:
    """Whether a page is this service's own.

    That the page has the host of the request says nothing of a name, which anybody can let resolve
    to this address; nobody can do that with an IP address, or with localhost.
    """
    page = urlsplit(origin)
    if public_url := services().settings.public_url:
        return page.netloc == urlsplit(public_url).netloc
    return page.netloc == request.host and _is_fixed_host(page.hostname or "")


def _is_fixed_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return True
