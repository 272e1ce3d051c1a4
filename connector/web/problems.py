"""Every failure as ``application/problem+json`` (RFC 9457): flat, with a stable code and a sentence for a person."""

from __future__ import annotations

import json
import logging
import math
import re
import traceback

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from connector.errors import KINDS, FormcallError

log = logging.getLogger("formcall")

_RETRY_SECONDS = 5
_AFTER_HOOKS = re.compile(r"(hook[^/]*/+).+|\bfch_.*", re.IGNORECASE | re.DOTALL)
_FROM_STATUS = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}


def problem(error: FormcallError, *, id: str | None = None) -> Response:
    """The response for ``error``; ``id`` is the run's, else the request's."""
    body = error.as_problem(id or g.get("request_id", ""))
    return kept_problem(error.code, json.dumps(body, ensure_ascii=False), error.retry_after)


def kept_problem(code: str, body: str, retry_after: float | None = None) -> Response:
    """The response for a failure whose problem was written down before."""
    kind, g.code = KINDS[code], code
    response = Response(body, kind.status, mimetype="application/problem+json")
    if kind.status in {429, 503}:
        response.headers["Retry-After"] = str(math.ceil(retry_after or _RETRY_SECONDS))
    if kind.status == 401:  # noqa: PLR2004
        response.headers["WWW-Authenticate"] = 'Bearer realm="formcall"'
    return response


def add_problems(app: Flask) -> None:
    """Answer every kind of failure of ``app`` with a problem, also those of the framework."""
    app.register_error_handler(FormcallError, problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def as_told(error: Exception) -> FormcallError:
    """``error`` as its caller may be told of it; one that nobody foresaw is written to the log."""
    if isinstance(error, FormcallError):
        return error
    if isinstance(error, HTTPException):
        status = error.code or 500
        code = _FROM_STATUS.get(status, "bad_request" if status < 500 else "internal")  # noqa: PLR2004
        return FormcallError(code, _sentence(code))
    # the sentence says nothing of the cause; the log has it under the same id
    log.error("request %s failed\n%s", g.get("request_id", ""), _places(error))
    words = f"Something went wrong on our side. If it happens again, give the operator this id: {g.get('request_id', '')}."
    return FormcallError("internal", words)


def _http(error: HTTPException) -> Response:
    response = problem(as_told(error))
    if getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _sentence(code: str) -> str:
    return {
        "not_found": f"There is nothing at {_path()}. The addresses are listed at /docs.",
        "method_not_allowed": f"{_path()} does not take {request.method}.",
        "body_too_large": "The request is too large. Shorten the text, or split it into parts.",
        "unsupported_media_type": "Send the fields as JSON (Content-Type: application/json) or as a form.",
    }.get(code, "The request cannot be understood.")


def _path() -> str:
    """The request's path without what may be a hook's token, however the address was mistyped."""
    return _AFTER_HOOKS.sub(r"\1…", request.path[:200])


def _unforeseen(error: Exception) -> Response:
    return problem(as_told(error))


def _places(error: BaseException) -> str:
    """Where ``error`` and its causes were raised, and their kinds; never their words, which may hold the caller's text."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{_places(cause)}, and then\n" if cause else ""
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"
