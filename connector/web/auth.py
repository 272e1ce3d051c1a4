"""API keys: ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``, and the scope a view needs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

from flask import g, request

from connector.documents.child_slots import children_of
from connector.errors import FormcallError
from connector.store.audit import LINK, Actor
from connector.store.keys import Key
from connector.web.query import check_query
from connector.web.services import services

P = ParamSpec("P")
T = TypeVar("T")


def needs_key(*scopes: str, counted: bool = False) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let only a valid key with one of ``scopes`` call a view; the key is then ``g.key``.

    Parameters of the query that the view ignores are refused.

    ``counted``: the view runs or enqueues something, so it counts against the key's rate limit;
    that is checked before the query and the body are read.
    """

    def decorate(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            plain = _sent_key()
            key = services().keys.find(plain) if plain else None
            if key is None:
                raise FormcallError("unauthorized", _INVALID_KEY if plain else _NO_KEY)
            if not _has_scope(key, scopes):
                raise FormcallError(
                    "forbidden",
                    f'This API key does not have the scope "{scopes[0]}". Ask the operator for one '
                    "that has it.",
                )
            g.key = key
            if counted:
                services().service.rate_limits.check(key)
            check_query()
            with children_of(key.id):  # of spreadsheets with the rows of a batch
                return view(*args, **kwargs)

        return wrapper

    return decorate


def _has_scope(key: Key, scopes: Collection[str]) -> bool:
    """Whether a key has one of ``scopes``, or one of them for a key that it names."""
    own = {scope.partition(":")[0] for scope in key.scopes}
    return not own.isdisjoint({*scopes, "admin"})


_NO_KEY = (
    "There is no API key in the request. Send it as the header `Authorization: Bearer "
    "YOUR_KEY` or `X-API-Key: YOUR_KEY`."
)
_INVALID_KEY = (
    "This API key is not valid: it is mistyped or was revoked. Ask the operator for a new one."
)


def _sent_key() -> str:
    """The key in the request, or "". "Bearer" may be repeated: some tools add it to what the user
    has typed."""
    scheme, *words = request.headers.get("Authorization", "").split() or [""]
    if scheme.lower() == "bearer" and words:
        return words[-1]
    words = request.headers.get("X-API-Key", "").split()
    return words[-1] if words else ""


def request_actor() -> Actor:
    """Who sends the request, for the audit log: its key, or whoever has a signed link."""
    return Actor(g.key.id if "key" in g else LINK, client_address())


def client_address() -> str:
    """The network address of the client; behind proxies that are trusted, as the first of them
    says."""
    count = services().settings.trust_proxy
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if count and len(forwarded) >= count and forwarded[-count].strip():
        return forwarded[-count].strip()
    return request.remote_addr or ""


class OwnedRow(Protocol):
    """A record that belongs to an API key."""

    @property
    def key_id(self) -> str: ...


def is_visible(row: OwnedRow) -> bool:
    """Whether the request's key may see ``row``: its own records, or any with the scope admin."""
    return bool(row.key_id == g.key.id or "admin" in g.key.scopes)
