"""Who is signed in to the console: the cookie of a session, and what a form must send with it.

The console and the API have two doors. A key in a header opens no page, and a cookie opens nothing
below /v1: a page of another host that makes a browser call us reaches nothing with it.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Response, g, request

from connector.errors import FormcallError
from connector.store.keys import Key
from connector.web.auth import client_address
from connector.web.request_parsing import read_complete_body
from connector.web.services import services

FORM_TOKEN = "form-token"  # noqa: S105  the name of the field
_COOKIE = "formcall-console"
_FORM_COOKIE = "formcall-sign-in"
_OWN_SITE = ("same-origin", "none")  # none: the person has typed the address
_DAY_SECONDS = 86_400
_FOREIGN = (
    "This form was sent by a page of another site, so nothing was done. Open the console in this "
    "browser and send it from there."
)
_STALE = "This form is too old. Go back, load the page again, and send it once more."


def signed_in_key() -> Key | None:
    """The key of the request's session, which is then ``g.key``; None without a valid session."""
    if "key" not in g:
        text = request.cookies.get(_name(_COOKIE), "")
        key_id = services().sessions.find_key(text)
        key = services().keys.by_id(key_id) if key_id else None
        if key is None or key.revoked_at:
            return None
        g.key = key
        g.form_token = services().sessions.form_token(text)
    signed_in: Key = g.key
    return signed_in


def start_session(response: Response, key_id: str) -> None:
    """Start a session, in place of the browser's earlier one."""
    end_session(response)
    text = services().sessions.start(key_id, address=client_address())
    _set_cookie(response, _COOKIE, text, round(services().settings.session_days * _DAY_SECONDS))


def end_session(response: Response) -> None:
    """End the browser's session, if there is one."""
    if text := request.cookies.get(_name(_COOKIE), ""):
        services().sessions.end(text)
    _set_cookie(response, _COOKIE, "", 0)


def require_own_form() -> None:
    """``forbidden`` for a form that a page of this session has not sent."""
    _require_own_site()
    read_complete_body(request)  # whole, so that a view may read it as the API does
    if not hmac.compare_digest(_sent_token(), g.form_token.encode()):
        raise FormcallError("forbidden", _STALE)


def require_sign_in_form() -> None:
    """The same for a form from before the session: a cookie and a field have the same text."""
    _require_own_site()
    cookie = request.cookies.get(_name(_FORM_COOKIE), "")
    if not cookie or not hmac.compare_digest(_sent_token(), cookie.encode()):
        raise FormcallError("forbidden", _STALE)


def sign_in_token() -> str:
    """The text for the form with which somebody signs in; ``keep_sign_in_token`` sends it too."""
    return request.cookies.get(_name(_FORM_COOKIE), "") or secrets.token_urlsafe(24)


def keep_sign_in_token(response: Response, token: str) -> None:
    """Let the browser keep ``token`` until it sends the form."""
    _set_cookie(response, _FORM_COOKIE, token, _DAY_SECONDS)


def _sent_token() -> bytes:
    return request.form.get(FORM_TOKEN, "").encode()


def _require_own_site() -> None:
    """Refuse what the browser says comes from elsewhere; old browsers say nothing."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site and site not in _OWN_SITE:
        raise FormcallError("forbidden", _FOREIGN)
    if origin and not site and urlsplit(origin).netloc not in _own_hosts():
        raise FormcallError("forbidden", _FOREIGN)


def _own_hosts() -> set[str]:
    return {request.host, urlsplit(services().settings.public_url).netloc} - {""}


def _is_https() -> bool:
    return request.is_secure or services().settings.public_url.startswith("https://")


def _name(cookie: str) -> str:
    """With https the cookie can only be one that this very host has set."""
    return f"__Host-{cookie}" if _is_https() else cookie


def _set_cookie(response: Response, cookie: str, text: str, max_age: int) -> None:
    response.set_cookie(
        _name(cookie),
        text,
        max_age=max_age,
        secure=_is_https(),
        httponly=True,
        samesite="Lax",
        path="/",
    )
