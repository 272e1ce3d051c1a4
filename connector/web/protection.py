"""What protects callers and this service at every address: headers, and no loops through it."""

from __future__ import annotations

from flask import Flask, Response, request

from connector.errors import FormcallError
from connector.web.services import services

# names the service that sends a message, so that it recognises its own (an HMAC, not a secret)
SENDER_HEADER = "Formcall-Sender"
_PRIVATE_PATHS = ("/v1/", "/mcp", "/metrics", "/readyz", "/console")
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_NO_STORE = {"Cache-Control": "no-store"}


def add_protection(app: Flask) -> None:
    """Add the headers to each response of ``app``, and refuse its own messages."""
    app.before_request(_refuse_own_messages)
    app.after_request(_add_headers)


def protective_headers() -> dict[str, str]:
    """The headers of the response to the current request."""
    return {**_HEADERS, **(_NO_STORE if request.path.startswith(_PRIVATE_PATHS) else {})}


def _add_headers(response: Response) -> Response:
    for name, value in protective_headers().items():
        response.headers.setdefault(name, value)
    if response.mimetype == "application/problem+json":
        response.headers.update(_NO_STORE)
    return response


def _refuse_own_messages() -> None:
    """Refuse a message of this service to itself, by whatever address it came."""
    sender = request.headers.get(SENDER_HEADER)
    if sender and sender == services().service.webhook_sender.sender_id:
        raise FormcallError(
            "loop",
            "This is a message of this service, and its address leads back to the service. Give "
            "the callback or the subscription an address of another service.",
        )
