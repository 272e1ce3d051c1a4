"""Refusals of requests that never become one of the application's: JSON with a sentence, as ours.

The server finds these while it reads a head or the frame of a body. Its own answer is a page of
HTML that quotes what was sent, which a no-code tool shows as it is.
"""

from __future__ import annotations

import json
from http import HTTPStatus

from gunicorn.http import errors

from connector.errors import FormcallError
from connector.publish.operation import PROBLEM_JSON
from connector.web.partial_request import MAX_HEAD_BYTES

MAX_LINE_BYTES = 8_190  # the most that gunicorn can be set to
HEAD_TOO_LARGE = f"The headers take more than {MAX_HEAD_BYTES:,} bytes. Send fewer or shorter ones."

_LINE_TOO_LONG = (
    f"The address takes more than {MAX_LINE_BYTES:,} bytes. Send the values in the body instead."
)
_TOO_MANY_HEADERS = (
    "The request has too many headers, or one of more than 8,190 bytes. Send fewer or shorter ones."
)
_BAD_HEADER = (
    "A header is not valid: its name has a character that names may not have, its value has a line "
    "break, or the colon is missing. Check the headers that the tool adds."
)
_BAD_FRAME = (
    "The end of the body is not told correctly: the length or a chunk is invalid. Send the request "
    "again, or use a tool that sends Content-Length."
)
_NOT_HTTP = (
    "This is not a valid HTTP request. Use http:// or https:// as the service is set up, and check "
    "what stands between the tool and the service."
)
_EXPLANATIONS: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG, _LINE_TOO_LONG),
    (
        errors.LimitRequestHeaders,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        _TOO_MANY_HEADERS,
    ),
    (errors.InvalidHeaderName, HTTPStatus.BAD_REQUEST, _BAD_HEADER),
    (errors.ObsoleteFolding, HTTPStatus.BAD_REQUEST, _BAD_HEADER),
    (errors.InvalidSchemeHeaders, HTTPStatus.BAD_REQUEST, _BAD_HEADER),
    (errors.InvalidHeader, HTTPStatus.BAD_REQUEST, _BAD_HEADER),
    (errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED, _BAD_HEADER),
    (errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED, _BAD_FRAME),
    (errors.InvalidChunkSize, HTTPStatus.BAD_REQUEST, _BAD_FRAME),
    (errors.ChunkMissingTerminator, HTTPStatus.BAD_REQUEST, _BAD_FRAME),
    (errors.InvalidChunkExtension, HTTPStatus.BAD_REQUEST, _BAD_FRAME),
    (errors.ParseException, HTTPStatus.BAD_REQUEST, _NOT_HTTP),
)
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


def explain(error: Exception) -> tuple[HTTPStatus, str] | None:
    """The status and the sentence for an unreadable request; None: it is not the caller's fault."""
    if isinstance(error, _OURS):
        return None
    for kind, status, detail in _EXPLANATIONS:
        if isinstance(error, kind):
            return status, detail
    return None


def refusal(status: HTTPStatus, detail: str, *, retryable: bool = False) -> bytes:
    """The response, after which the connection ends."""
    extra = {"status": int(status), "retryable": retryable}
    body = json.dumps(FormcallError("bad_request", detail, extra=extra).as_problem("")).encode()
    head = (
        f"HTTP/1.1 {int(status)} {status.phrase}\r\nContent-Type: {PROBLEM_JSON}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
