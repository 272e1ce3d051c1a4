"""Which pages of other hosts may call the API from a browser (CORS, ``FORMCALL_ALLOW_ORIGINS``).

None by default. A page that calls with an API key shows that key to everybody who opens the page,
so a key for such a page needs narrow scopes and a budget. Cookies are never allowed: the API does
not use any.
"""

from __future__ import annotations

from flask import Flask, Response, request

from connector.web.services import services

_PATHS = ("/v1/", "/mcp")
_REQUEST_HEADERS = (
    "Authorization, X-API-Key, Content-Type, Idempotency-Key, X-Sample, X-Request-ID, "
    "MCP-Protocol-Version"
)
_RESPONSE_HEADERS = (
    "Location, Link, Retry-After, X-Request-ID, Idempotent-Replayed, Content-Disposition, "
    "WWW-Authenticate"
)
_MAX_AGE_SECONDS = 600


def add_cors(app: Flask) -> None:
    """Let the pages of the allowed origins read the responses of ``app``'s API."""

    def add_headers(response: Response) -> Response:
        response.headers.extend(cors_headers())
        if request.method == "OPTIONS" and "Access-Control-Allow-Origin" in response.headers:
            response.headers.extend(_preflight_headers(response))
        return response

    app.after_request(add_headers)


def is_allowed_origin(origin: str) -> bool:
    """Whether pages of ``origin`` may call the API."""
    origins = services().settings.allowed_origins
    return "*" in origins or origin.lower() in origins


def cors_headers() -> dict[str, str]:
    """The headers for the response to the current request; {} where no origin is allowed."""
    origins = services().settings.allowed_origins
    if not origins or not request.path.startswith(_PATHS):
        return {}
    origin = request.headers.get("Origin", "")
    if not origin or not is_allowed_origin(origin):
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": "*" if "*" in origins else origin,
        "Access-Control-Expose-Headers": _RESPONSE_HEADERS,
        "Vary": "Origin",
    }


def _preflight_headers(response: Response) -> dict[str, str]:
    """What a browser asks before it sends a request with a key or with JSON."""
    return {
        "Access-Control-Allow-Methods": response.headers.get("Allow", ""),
        "Access-Control-Allow-Headers": _REQUEST_HEADERS,
        "Access-Control-Max-Age": str(_MAX_AGE_SECONDS),
    }
