"""API keys: who may do what and spend how much; create and revoke them, with the scope admin."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, g, request

from connector.catalogue.values import is_absent
from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.key_limits import DEFAULT_LIMITS, DEFAULT_SCOPES, LIMIT_READERS
from connector.store.keys import KeyActivity
from connector.web.auth import request_actor
from connector.web.console.page import ConsolePage, go_to, problems_of
from connector.web.fields import read_text_field
from connector.web.keys import read_limits, read_scopes
from connector.web.services import services

keys = ConsolePage("Keys", "/keys", icon="key", scopes=("admin",), group="Manage")

_SCOPES = {
    "actions": "run actions, and see its own runs",
    "tools": "use the tools that look things up",
    "review": "decide on what waits, of all keys",
    "admin": "everything, also of other keys",
}
_LIMITS = {
    "budget_day_usd": "Budget a day, in $",
    "budget_month_usd": "Budget a month, in $",
    "budget_run_usd": "Budget a run, in $",
    "rate_per_minute": "Calls a minute",
    "at_once": "Calls at once",
}


@keys.get()
def show_keys() -> Response:
    """All keys with what they have spent; the valid ones first."""
    return _page()


@keys.post()
def create_key() -> Response:
    """A new key; this page alone shows its text."""
    form = request.form
    given: Json = {name: form.get(name, "") for name in ("name", *LIMIT_READERS)}
    given["scopes"] = form.getlist("scopes") or list(DEFAULT_SCOPES)
    try:
        key, text = services().keys.create(
            read_text_field(given, "name"),
            read_scopes(given) or DEFAULT_SCOPES,
            replace(DEFAULT_LIMITS, **read_limits(given)),
            by=request_actor(),
        )
    except FormcallError as error:
        return _page(given, error=error)
    return _page(created=(key.name, text))


@keys.post("/<key_id>/revoke")
def revoke_key(key_id: str) -> Response:
    """Revoke a key; the last admin and the key of this session stay."""
    key = services().keys.by_id(key_id)
    if key is None:
        raise FormcallError("not_found", "There is no such key.")
    if key.id == g.key.id:
        raise FormcallError(
            "conflict", "You are signed in with this key. Sign in with another one to revoke it."
        )
    if not key.revoked_at:
        services().keys.revoke(key.id, keep_admin=True, by=request_actor())
    return go_to(keys.address)


def _page(
    given: Json | None = None,
    *,
    created: tuple[str, str] | None = None,
    error: FormcallError | None = None,
) -> Response:
    activity = services().keys.activity()
    nothing = KeyActivity(None, 0, 0)
    listed = sorted(services().keys.list_all(), key=lambda key: key.revoked_at is not None)
    typed = {name: value for name, value in (given or {}).items() if not is_absent(value)}
    return keys.render(
        "keys.html",
        status=error.kind.status if error else 200,
        entries=[(key, activity.get(key.id, nothing)) for key in listed],
        created=created,
        problems=problems_of(error) if error else [],
        typed=typed,
        scopes=_SCOPES,
        default_scopes=DEFAULT_SCOPES,
        limits=_LIMITS,
    )
