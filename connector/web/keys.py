"""API keys: list, create, change and revoke them, with the scope admin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request

from connector.catalogue.list_values import read_list
from connector.catalogue.values import is_absent, read_text
from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.ids import iso_time
from connector.store.key_limits import (
    DEFAULT_LIMITS,
    DEFAULT_SCOPES,
    LIMIT_READERS,
    check_review,
    check_scopes,
)
from connector.store.keys import Key, KeyActivity
from connector.store.ledger.money import to_usd
from connector.web.auth import needs_key, request_actor
from connector.web.fields import convert_field, invalid_field, read_text_field, refuse_unknown
from connector.web.request_parsing import read_body
from connector.web.services import base_url, services

T = TypeVar("T")

keys = Blueprint("keys", __name__, url_prefix="/v1/keys")

_CHANGES = ("scopes", *LIMIT_READERS, "review")
_FIELDS = ("name", *_CHANGES)
_NO_ACTIVITY = KeyActivity(None, 0, 0)


@keys.get("")
@needs_key("admin")
def list_keys() -> Response:
    """All keys, the oldest first."""
    activity = services().keys.activity()
    return jsonify([key_view(key, activity.get(key.id)) for key in services().keys.list_all()])


@keys.post("")
@needs_key("admin")
def create_key() -> Response:
    """A new key; the response alone has its text."""
    given = read_body(request)
    refuse_unknown(given, _FIELDS)
    key, text = services().keys.create(
        read_text_field(given, "name"),
        read_scopes(given) or DEFAULT_SCOPES,
        replace(DEFAULT_LIMITS, **read_limits(given)),
        _read_review(given) or "",
        by=request_actor(),
    )
    response = jsonify({**key_view(key), "key": text})
    response.status_code = 201
    response.headers["Location"] = f"{base_url()}/v1/keys/{key.id}"
    return response


@keys.get("/<key_id>")
@needs_key("admin")
def get_key(key_id: str) -> Response:
    """One key."""
    return jsonify(_view(_find(key_id)))


@keys.patch("/<key_id>")
@needs_key("admin")
def change_key(key_id: str) -> Response:
    """Change what is given of a key; the rest stays."""
    given = read_body(request)
    refuse_unknown(given, _CHANGES)
    scopes, limits, review = read_scopes(given), read_limits(given), _read_review(given)
    key = _find(key_id)
    if scopes is None and review is None and not limits:
        raise FormcallError(
            "bad_request", f"Nothing is given to change. The fields are {', '.join(_CHANGES)}."
        )
    changed = services().keys.change(
        key.id, scopes=scopes, review=review, limits=limits, keep_admin=True, by=request_actor()
    )
    return jsonify(_view(changed))


@keys.delete("/<key_id>")
@needs_key("admin")
def revoke_key(key_id: str) -> Response:
    """Revoke a key. Calling it again changes nothing."""
    key = _find(key_id)
    if not key.revoked_at:
        services().keys.revoke(key.id, keep_admin=True, by=request_actor())
    return jsonify({"id": key.id, "deleted": True})


def key_view(key: Key, activity: KeyActivity | None = None) -> Json:
    """A key without its text."""
    used = activity or _NO_ACTIVITY
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "scopes": list(key.scopes),
        "active": key.revoked_at is None,
        "rate_per_minute": key.limits.rate_per_minute,
        "at_once": key.limits.at_once,
        "budget_run_usd": to_usd(key.limits.budget_run_nusd),
        "budget_day_usd": to_usd(key.limits.budget_day_nusd),
        "budget_month_usd": to_usd(key.limits.budget_month_nusd),
        "review": key.review,
        "spent_day_usd": to_usd(used.day_nusd),
        "spent_month_usd": to_usd(used.month_nusd),
        "created_at": _iso(key.created_at),
        "last_used_at": iso_time(used.last_run_ms),
        "revoked_at": _iso(key.revoked_at),
    }


def _view(key: Key) -> Json:
    return key_view(key, services().keys.activity(key.id).get(key.id))


def _find(key_id: str) -> Key:
    key = services().keys.by_id(key_id)
    if key is None:
        raise FormcallError(
            "not_found", "There is no such key. Check the id; GET /v1/keys lists all."
        )
    return key


def _iso(moment: dt.datetime | None) -> str | None:
    if moment is None:
        return None
    # SQLite stores no time zone; what is stored is UTC
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return iso_time(round(moment.timestamp() * 1000))


# --- the fields of a body -------------------------------------------------------------------------


def read_scopes(given: Json) -> list[str] | None:
    """The scopes in a body, each once; None where none are given.

    An empty list is refused: whoever sends it would not expect the default.
    """
    value = given.get("scopes")
    if is_absent(value) and value != []:
        return None
    entries = convert_field("scopes", value, read_list)
    scopes = [convert_field("scopes", entry, read_text).strip() for entry in entries]
    if not scopes:
        raise invalid_field("scopes", "missing", '"scopes" is empty; a key needs at least one.')
    _checked("scopes", check_scopes, scopes)
    return list(dict.fromkeys(scopes))


def read_limits(given: Json) -> dict[str, int | None]:
    """The limits in a body, by the field of ``KeyLimits``; None for one to remove."""
    limits: dict[str, int | None] = {}
    for name, (field, read) in LIMIT_READERS.items():
        value = given.get(name)
        if is_absent(value):
            continue
        try:
            limits[field] = read(value)
        except ValueError as rule:
            message = f'"{name}" takes {rule}, or the word none.'
            raise invalid_field(name, "out_of_range", message) from None
    return limits


def _read_review(given: Json) -> str | None:
    review = read_text_field(given, "review", required=False).lower()
    return _checked("review", check_review, review) if review else None


def _checked(name: str, check: Callable[[Any], T], value: Any) -> T:
    try:
        return check(value)
    except FormcallError as error:
        raise invalid_field(name, "not_a_choice", f'"{name}": {error.detail}') from None
