"""Who may call: ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``, either one, and the scope it needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g, request

from connector.errors import FormcallError
from connector.web.services import services

P = ParamSpec("P")
T = TypeVar("T")


def needs_key(scope: str, *, counted: bool = False) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A view that only a valid key with ``scope`` may call; the key is then in ``g.key``.

    ``counted``: it runs or enqueues something, so the key may call it only so often; this is looked at before the body is read.
    """

    def wrapped(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            plain = _given_key()
            key = services().keys.find(plain) if plain else None
            if key is None:
                raise FormcallError("unauthorized", _NO_KEY if not plain else _BAD_KEY)
            if scope not in key.scopes and "admin" not in key.scopes:
                raise FormcallError("forbidden", f'This API key does not have the scope "{scope}". Ask the operator for one that has it.')
            g.key = key
            if counted:
                services().workshop.rates.check(key)
            return view(*args, **kwargs)

        return guarded

    return wrapped


_NO_KEY = "There is no API key in the request. Send it as the header `Authorization: Bearer YOUR_KEY` or `X-API-Key: YOUR_KEY`."
_BAD_KEY = "This API key is not valid: it is mistyped or was revoked. Ask the operator for a new one."


def _given_key() -> str:
    """The key's plain text. Tools that write "Bearer" themselves and people who type it too may come together."""
    scheme, *words = request.headers.get("Authorization", "").split() or [""]
    if scheme.lower() == "bearer" and words:
        return words[-1]
    given = request.headers.get("X-API-Key", "").split()
    return given[-1] if given else ""
