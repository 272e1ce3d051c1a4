"""A page of the console: its place in the navigation, and views that only its readers reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from connector.console.render import render
from connector.documents.child_slots import children_of
from connector.errors import FormcallError, InvalidInput
from connector.store.keys import Key
from connector.web.console.session import require_own_form, signed_in_key
from connector.web.problems import to_formcall_error
from connector.web.services import services

P = ParamSpec("P")
View = Callable[P, Response]

SIGN_IN = "/console/sign-in"
_PREFIX = "/console"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# a form says where it comes from; no address of the console holds a secret
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}
_FORBIDDEN = (
    "Your key does not open this page. Sign in with a key that has the scope {scope}, or ask the "
    "operator for one."
)

# where the title of a code speaks of keys and requests
_TITLES = {"forbidden": "Not allowed", "bad_request": "That did not work"}


class ConsolePage:
    """One entry of the navigation, and the addresses below it.

    ``scopes``: keys with one of them, or with admin, see it; ``review`` includes review:KEY_ID.
    ``badge`` counts what waits for the key, beside the title. A module makes one, adds its views by
    ``get`` and ``post``, and is listed in ``pages.py``.
    """

    def __init__(
        self,
        title: str,
        path: str,
        *,
        icon: str,
        scopes: tuple[str, ...] = ("actions",),
        group: str = "",
        badge: Callable[[Key], int] | None = None,
    ) -> None:
        self.title = title
        self.address = f"{_PREFIX}{path}"
        self.icon = icon
        self.group = group
        self.badge = badge
        self._scopes = scopes
        name = f"console_{path.strip('/').replace('/', '_') or 'home'}"
        self.blueprint = Blueprint(name, __name__, url_prefix=self.address)
        handle_errors(self.blueprint)

    def get(self, rule: str = "") -> Callable[[View[P]], View[P]]:
        """Add a view that shows something."""

        def decorate(view: View[P]) -> View[P]:
            guarded = self._guard(view)
            self.blueprint.get(rule, endpoint=view.__name__)(guarded)
            return guarded

        return decorate

    def post(self, rule: str = "", *, counted: bool = False) -> Callable[[View[P]], View[P]]:
        """Add a view that does something, for forms with a ``form_token`` only.

        ``counted``: it runs or enqueues something, so it counts against the key's rate limit.
        """

        def decorate(view: View[P]) -> View[P]:
            guarded = self._guard(view, is_form=True, counted=counted)
            self.blueprint.post(rule, endpoint=view.__name__)(guarded)
            return guarded

        return decorate

    def is_open_to(self, key: Key) -> bool:
        """Whether ``key`` may see the page."""
        own = {scope.partition(":")[0] for scope in key.scopes}
        return not own.isdisjoint({*self._scopes, "admin"})

    def render(self, template: str, /, status: int = 200, **values: Any) -> Response:
        """The page as a response; ``values`` are those of its template."""
        return page_response(render(template, console=_ConsoleFrame(self), **values), status)

    def _guard(self, view: View[P], *, is_form: bool = False, counted: bool = False) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            key = signed_in_key()
            if key is None:
                return redirect_to_sign_in()
            if not self.is_open_to(key) and self.address == _PREFIX:
                return go_to(open_pages(key)[0].address)
            if not self.is_open_to(key):
                raise FormcallError("forbidden", _FORBIDDEN.format(scope=self._scopes[0]))
            if is_form:
                require_own_form()
            if counted:
                services().service.rate_limits.check(key)
            with children_of(key.id):
                return view(*args, **kwargs)

        return guarded


class _ConsoleFrame:
    """What the layout shows around each page."""

    def __init__(self, current: ConsolePage | None = None) -> None:
        self.key: Key | None = g.get("key")
        self.form_token: str = g.get("form_token", "")
        self.current = current
        self.pages = open_pages(self.key) if self.key else []

    def badge(self, page: ConsolePage) -> int:
        """The number beside a page's title, 0 for none."""
        return page.badge(self.key) if page.badge and self.key else 0


def open_pages(key: Key) -> list[ConsolePage]:
    """The pages that ``key`` may see, in the order of the navigation."""
    pages: tuple[ConsolePage, ...] = current_app.extensions["formcall_console"]
    return [page for page in pages if page.is_open_to(key)]


def page_response(text: str, status: int = 200) -> Response:
    """A page of the console, with the headers that all of them have."""
    return Response(text, status, mimetype="text/html", headers=_HEADERS)


def plain_page(template: str, /, status: int = 200, **values: Any) -> Response:
    """A page that is no entry of the navigation."""
    return page_response(render(template, console=_ConsoleFrame(), **values), status)


def go_to(address: str) -> Response:
    """A redirect after a form: the browser loads ``address`` by GET."""
    return Response("", 303, mimetype="text/html", headers={**_HEADERS, "Location": address})


def redirect_to_sign_in() -> Response:
    """Where somebody without a session goes, and comes back from."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    return go_to(f"{SIGN_IN}?{urlencode({'next': wanted})}" if wanted else SIGN_IN)


def handle_errors(blueprint: Blueprint) -> None:
    """Show every failure below ``blueprint`` as a page."""
    blueprint.register_error_handler(FormcallError, _error_page)
    blueprint.register_error_handler(HTTPException, _error_page)
    blueprint.register_error_handler(Exception, _error_page)


def problems_of(error: FormcallError) -> list[str]:
    """What is wrong, as sentences for people."""
    entries = error.errors if isinstance(error, InvalidInput) else ()
    return [entry.message for entry in entries] or [error.detail]


def _error_page(error: Exception) -> Response:
    failure = to_formcall_error(error)
    signed_in_key()  # whose navigation the page shows
    g.code = failure.code
    return plain_page(
        "console_error.html",
        status=failure.kind.status,
        title=_TITLES.get(failure.code, failure.kind.title),
        problems=problems_of(failure),
        request_id=g.get("request_id", ""),
    )
