"""The pages of the console, in the order of the navigation."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from connector.errors import FormcallError
from connector.web.console.assets import assets
from connector.web.console.audit import audit
from connector.web.console.batches import batches
from connector.web.console.home import home
from connector.web.console.keys import keys
from connector.web.console.messages import deliveries, hooks
from connector.web.console.page import (
    ConsolePage,
    handle_errors,
    redirect_to_sign_in,
)
from connector.web.console.reviews import reviews
from connector.web.console.runs import runs
from connector.web.console.session import signed_in_key
from connector.web.console.settings import settings
from connector.web.console.sign_in import sign_in
from connector.web.console.try_action import actions
from connector.web.console.usage import usage

PAGES: tuple[ConsolePage, ...] = (
    home,
    actions,
    runs,
    reviews,
    batches,
    usage,
    hooks,
    deliveries,
    keys,
    audit,
    settings,
)

_unknown = Blueprint("console_unknown", __name__, url_prefix="/console")
handle_errors(_unknown)


@_unknown.get("/<path:rest>")
def show_unknown(rest: str) -> Response:
    """An address below /console that is none."""
    if not signed_in_key():
        return redirect_to_sign_in()
    raise FormcallError("not_found", f"There is no page at /console/{rest[:100]}.")


def register_console(app: Flask, *, is_on: bool = True) -> None:
    """Serve the console; where it is off, only the style, which the signed pages have as well."""
    app.extensions["formcall_console"] = PAGES if is_on else ()
    app.register_blueprint(assets)
    if is_on:
        for blueprint in (sign_in, *(page.blueprint for page in PAGES), _unknown):
            app.register_blueprint(blueprint)
