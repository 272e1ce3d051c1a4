"""The requests by which senders check that a hook's URL is meant for them, and our answers.

The URL is itself the secret, so whoever has it may have its challenge returned.
"""

from __future__ import annotations

from typing import Any

from flask import Request, Response, jsonify

# of Meta, WebSub and Strava; of Dropbox; of Microsoft Graph, which posts without a body
_QUERY_NAMES = ("hub.challenge", "challenge", "validationToken")
_ASANA = "X-Hook-Secret"
_MAX_CHALLENGE = 1_000
_SAFE = {"X-Content-Type-Options": "nosniff"}


def query_handshake(request: Request) -> Response | None:
    """The answer to a challenge in the query, as text; None when there is none."""
    names = [name for name in _QUERY_NAMES if request.args.get(name)]
    return _text(request.args[names[0]]) if len(names) == 1 else None


def post_handshake(request: Request, body: Any) -> Response | None:
    """The answer to a post that is only a handshake; None for one that carries data."""
    if not body:
        return _header_handshake(request) or query_handshake(request)
    if not isinstance(body, dict) or not isinstance(body.get("challenge"), str):
        return None
    if body.get("type") == "url_verification":  # Slack, Lark
        return _text(body["challenge"])
    if set(body) == {"challenge"} and len(body["challenge"]) <= _MAX_CHALLENGE:  # monday.com
        return jsonify(body)
    return None


def _header_handshake(request: Request) -> Response | None:
    secret = request.headers.get(_ASANA, "")
    if not secret or len(secret) > _MAX_CHALLENGE:
        return None
    response = jsonify({"ok": True})
    response.headers[_ASANA] = secret
    return response


def _text(challenge: str) -> Response | None:
    if len(challenge) > _MAX_CHALLENGE:
        return None
    return Response(challenge, mimetype="text/plain", headers=_SAFE)
