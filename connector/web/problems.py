"""Every failure as ``application/problem+json`` (RFC 9457): flat, with a stable code and a
sentence for people. Clients that ask for ``application/json`` get the same under that type."""

from __future__ import annotations

import json
import logging
import math
import re
import time
import traceback

from flask import Flask, Response, g, request
from sqlalchemy.exc import DataError, IntegrityError, NotSupportedError, ProgrammingError
from werkzeug.exceptions import HTTPException

from connector.errors import KINDS, FormcallError
from connector.publish.operation import JSON, PROBLEM_JSON
from connector.runs.database_away import DATABASE_ERRORS
from connector.store.ledger.records import StoreUnavailable

log = logging.getLogger("formcall")

# what a database reports of a wrong statement
_OUR_MISTAKES = (DataError, IntegrityError, NotSupportedError, ProgrammingError)

_RETRY_SECONDS = 5
_LOG_PAUSE_SECONDS = 10.0
_HOOK_TOKEN = re.compile(r"\bfch_.*", re.IGNORECASE | re.DOTALL)
_HOOK_PATH = re.compile(
    r"(?<![^/])((?>[^/]*?hook)[^/]*+/++).+", re.IGNORECASE | re.DOTALL
)  # whatever follows the segment that names the hooks
_CODE_OF_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}


def problem_response(error: FormcallError, *, id: str | None = None) -> Response:
    """The response for ``error``; ``id`` is the run's, by default the request's."""
    body = error.as_problem(id or g.get("request_id", ""))
    return stored_problem(error.code, json.dumps(body, ensure_ascii=False), error.retry_after)


def stored_problem(code: str, body: str, retry_after: float | None = None) -> Response:
    """The response for a problem that is already serialised."""
    g.code = code
    kind = KINDS[code]
    response = Response(body, kind.status, mimetype=_accepted_problem_type())
    if kind.status in {429, 503}:
        response.headers["Retry-After"] = str(math.ceil(retry_after or _RETRY_SECONDS))
    if kind.status == 401:  # noqa: PLR2004
        response.headers["WWW-Authenticate"] = 'Bearer realm="formcall"'
    return response


def _accepted_problem_type() -> str:
    """``application/json`` for clients that ask for it: some read nothing else as JSON."""
    accepted = {value.lower() for value, quality in request.accept_mimetypes if quality > 0}
    if JSON in accepted and PROBLEM_JSON not in accepted:
        return JSON
    return PROBLEM_JSON


def register_error_handlers(app: Flask) -> None:
    """Answer every failure of ``app`` with a problem, including those of the framework."""
    app.register_error_handler(FormcallError, problem_response)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unexpected_problem)


def to_formcall_error(error: Exception) -> FormcallError:
    """``error`` with a sentence that its caller may read; an unexpected one is logged."""
    if isinstance(error, FormcallError):
        return error
    if isinstance(error, HTTPException):
        status = error.code or 500
        code = _CODE_OF_STATUS.get(status, "bad_request" if status < 500 else "internal")  # noqa: PLR2004
        return FormcallError(code, _detail(code))
    if isinstance(error, DATABASE_ERRORS) and not isinstance(error, _OUR_MISTAKES):
        _database_log.write(error)
        return StoreUnavailable()
    # the response does not name the cause; the log has it under the same id
    log.error("request %s failed\n%s", g.get("request_id", ""), _traceback_without_messages(error))
    message = (
        "The service failed unexpectedly. If it happens again, give the operator this id: "
        f"{g.get('request_id', '')}."
    )
    return FormcallError("internal", message)


class _DatabaseLog:
    """Logs a failure of the database, and not each of the many that follow within seconds."""

    def __init__(self) -> None:
        self._next = 0.0  # as time.monotonic()

    def write(self, error: Exception) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _LOG_PAUSE_SECONDS
            traces = _traceback_without_messages(error)
            log.error("the database does not respond\n%s", traces)


_database_log = _DatabaseLog()


def _http_problem(error: HTTPException) -> Response:
    response = problem_response(to_formcall_error(error))
    if getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _detail(code: str) -> str:
    return {
        "not_found": f"There is nothing at {_path()}. The URLs are listed at /docs.",
        "method_not_allowed": f"{_path()} does not support {request.method}.",
        "body_too_large": "The request is too large. Shorten the text, or split it into parts.",
        "unsupported_media_type": (
            "Send the fields as JSON (Content-Type: application/json) or as a form."
        ),
    }.get(code, "The request is invalid.")


def _path() -> str:
    """The request's path without anything that may be a hook's token, even if it is mistyped."""
    return _HOOK_PATH.sub(r"\1…", _HOOK_TOKEN.sub("…", request.path[:200]))


def _unexpected_problem(error: Exception) -> Response:
    return problem_response(to_formcall_error(error))


def _traceback_without_messages(error: BaseException) -> str:
    """The tracebacks and types of ``error`` and its causes, without their messages, which may
    quote the caller's text."""
    cause = error.__cause__
    if cause is None and not error.__suppress_context__:
        cause = error.__context__
    before = f"{_traceback_without_messages(cause)}, and then\n" if cause else ""
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"
