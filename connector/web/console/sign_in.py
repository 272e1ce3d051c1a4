"""Signing in to the console: with an API key, or with a link that works once. And signing out."""

from __future__ import annotations

import math
import re
import threading
import time
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from connector.errors import FormcallError
from connector.store.sessions import LINK_MINUTES
from connector.web.console.page import (
    SIGN_IN,
    go_to,
    handle_errors,
    open_pages,
    plain_page,
)
from connector.web.console.session import (
    end_session,
    keep_sign_in_token,
    require_own_form,
    require_sign_in_form,
    sign_in_token,
    signed_in_key,
    start_session,
)
from connector.web.services import services

sign_in = Blueprint("console_sign_in", __name__, url_prefix="/console")
handle_errors(sign_in)

HOME = "/console"
_MAX_FAILURES = 20  # from one address, in a window
_WINDOW_SECONDS = 60.0
_MAX_ADDRESSES = 10_000
_INVALID_KEY = (
    "This key is not valid: it is mistyped or was revoked. A new one is made with "
    "`formcall key create NAME`."
)
_INVALID_LINK = (
    f"This link was used already, or is older than {LINK_MINUTES} minutes. A new one is made with "
    "`formcall console link`."
)
_NO_PAGES = "This key opens no page: it needs the scope actions, review or admin."
# what a path of our own consists of, with its query
_ADDRESS = re.compile(r"/console[\w/.,~%?&=+:*-]{0,1000}", re.ASCII)


class _Failures:
    """Counts failed attempts by address, in fixed windows. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._ends = 0.0  # as time.monotonic()

    def check(self, address: str) -> None:
        """``FormcallError`` (rate_limited) for an address that has failed too often."""
        with self._lock:
            self._begin_window()
            if self._counts.get(address, 0) < _MAX_FAILURES:
                return
            seconds = max(1, math.ceil(self._ends - time.monotonic()))
        raise FormcallError(
            "rate_limited",
            f"Too many attempts to sign in have failed. Try again in {seconds} seconds.",
            retry_after=seconds,
        )

    def add(self, address: str) -> None:
        """Count a failure."""
        with self._lock:
            self._begin_window()
            if address in self._counts or len(self._counts) < _MAX_ADDRESSES:
                self._counts[address] = self._counts.get(address, 0) + 1

    def _begin_window(self) -> None:
        now = time.monotonic()
        if now >= self._ends:
            self._counts = {}
            self._ends = now + _WINDOW_SECONDS


_failures = _Failures()


@sign_in.get("/sign-in")
def show_sign_in() -> Response:
    """The form for a key."""
    return go_to(_wanted_page()) if signed_in_key() else _sign_in_page()


@sign_in.post("/sign-in")
def sign_in_with_key() -> Response:
    """Start a session with a key, which is not kept in the browser."""
    require_sign_in_form()
    _failures.check(_address())
    text = request.form.get("key", "").strip()
    key = services().keys.find(text) if text else None
    if key is None:
        _failures.add(_address())
        return _sign_in_page(_INVALID_KEY, 401)
    if not open_pages(key):
        return _sign_in_page(_NO_PAGES, 403)
    response = go_to(_wanted_page())
    start_session(response, key.id)
    return response


@sign_in.get("/start")
def show_start() -> Response:
    """The page of a link that works once: its secret is behind the #, which no server sees."""
    return _start_page()


@sign_in.post("/start")
def sign_in_with_link() -> Response:
    """Start a session with the secret of a link."""
    require_sign_in_form()
    _failures.check(_address())
    # somebody without scripts pastes the whole link
    text = request.form.get("link", "").strip().rpartition("#")[2]
    key_id = services().sessions.redeem_link(text)
    if key_id is None:
        _failures.add(_address())
        return _start_page(_INVALID_LINK, 401)
    response = go_to(HOME)
    start_session(response, key_id)
    return response


@sign_in.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    response = go_to(SIGN_IN)
    if signed_in_key():
        require_own_form()
        end_session(response)
    return response


def _sign_in_page(problem: str = "", status: int = 200) -> Response:
    token = sign_in_token()
    response = plain_page(
        "sign_in.html", status=status, token=token, problem=problem, wanted=_wanted_page()
    )
    keep_sign_in_token(response, token)
    return response


def _start_page(problem: str = "", status: int = 200) -> Response:
    token = sign_in_token()
    response = plain_page("start.html", status=status, token=token, problem=problem)
    keep_sign_in_token(response, token)
    return response


def _wanted_page() -> str:
    """The page that somebody came from, if it is one of ours."""
    wanted = request.values.get("next", "")
    is_own = _ADDRESS.fullmatch(wanted) and not urlsplit(wanted).netloc
    return wanted if is_own else HOME


def _address() -> str:
    return request.remote_addr or ""
