"""Inbound hooks: an address with a secret token that runs one action, for senders that can only POST what they like.

What the sender posts is read by the hook's own mapping; values that its maker fixed stand above it, and what fits nowhere is ignored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, func, select, update

from connector.catalogue import Action
from connector.catalogue.values import is_absent, nearest
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.store.ids import new_id, now_ms
from connector.store.tables import NAME_LENGTH, hooks

Json = dict[str, Any]

TOKEN_PREFIX = "fch_"  # noqa: S105  it tells a token from other words
MOST_OF_KEY = 200
_LONGEST_TOKEN, _LONGEST_PATH = 100, 300
_INDEX = re.compile("[0-9]{1,6}")
_LONGEST_ID = 200  # of a sender's own id for a message, so that it fits into an idempotency key with the hook's id


@dataclass(frozen=True)
class Hook:
    """A hook as it is kept. ``mapping`` says for a field where its value stands in what is posted, as in ``order.lines.0.text``."""

    id: str
    key_id: str
    name: str
    action: str
    fixed: Json
    mapping: dict[str, str]
    answer_at_once: bool
    created_ms: int
    revoked_ms: int | None = None

    def values(self, action: Action, posted: Any, message_id: str = "") -> Json:
        """The form for ``action`` from what was ``posted``; ``message_id`` is the sender's own id of it.

        A sender sets the action's fields by their names, and run options only where the hook's maker mapped them.
        """
        own = {name: posted[name] for name in action.fields if name in posted} if isinstance(posted, Mapping) else {}
        mapped = {name: picked(posted, path) for name, path in self.mapping.items()}
        found = {**own, **mapped, **self.fixed}
        same = found.get("idempotency_key")
        if is_absent(same):
            same = message_id
        # anything else is refused as what it is, when the form is read
        found["idempotency_key"] = self._own_id(str(same)) if same and isinstance(same, str | int | float) else same
        return found if self.answer_at_once else {**found, "wait_seconds": 0}

    def _own_id(self, given: str) -> str:
        """An id that two hooks of one key cannot share."""
        short = given if len(given) <= _LONGEST_ID else hashlib.sha256(given.encode("utf-8", "replace")).hexdigest()
        return f"{self.id}:{short}"


def picked(posted: Any, path: str) -> Any:
    """What stands at a path such as ``a.b.0.c``, None if nothing does; a key that is written just like the path comes first."""
    if isinstance(posted, Mapping) and path in posted:
        return posted[path]
    value = posted
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def check_preset(action: Action, fixed: Mapping[str, Any], mapping: Mapping[str, Any]) -> None:
    """``InvalidInput`` names each field that the action does not have, each fixed value that it does not take, and each wrong path."""
    errors = [_unknown(name, action) for name in [*fixed, *mapping] if name not in action.form]
    errors += [_wrong_path(name) for name, path in mapping.items() if not isinstance(path, str) or not 0 < len(path) <= _LONGEST_PATH]
    if errors:
        raise InvalidInput(errors)
    try:
        action.read_form(fixed)
    except InvalidInput as error:
        if wrong := [entry for entry in error.errors if entry.field in fixed]:
            raise InvalidInput(wrong) from None


def _unknown(name: str, action: Action) -> FieldError:
    hint = nearest(name, action.form) or f" The fields are {', '.join(action.form)}."
    return FieldError(name, "unknown_field", f'There is no field "{name[:60]}" in this action.{hint}')


def _wrong_path(name: str) -> FieldError:
    words = f'The path for "{name[:60]}" must be names with dots between them, such as order.lines.0.text.'
    return FieldError(name, "wrong_type", words)


class Hooks:
    """The table of hooks in ``database``; tokens are kept as an HMAC under ``secret``."""

    def __init__(self, database: Engine, secret: bytes) -> None:
        self._database, self._secret = database, secret

    def create(
        self, key_id: str, name: str, action: Action, *, fixed: Json, mapping: dict[str, str], answer_at_once: bool = True
    ) -> tuple[Hook, str]:
        """A new hook and its token, which is not kept; ``FormcallError`` when something is not right."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_LENGTH:
            raise InvalidInput([FieldError("name", "missing", f'"name" is needed: 1 to {NAME_LENGTH} characters.')])
        check_preset(action, fixed, mapping)
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        hook = Hook(new_id("hook"), key_id, name, action.id, dict(fixed), dict(mapping), answer_at_once, now_ms())
        texts = {"fixed": json.dumps(hook.fixed, ensure_ascii=False), "mapping": json.dumps(hook.mapping, ensure_ascii=False)}
        with self._database.begin() as connection:
            connection.execute(hooks.insert().values(**{**vars(hook), **texts}, digest=self._digest(token)))
            mine = select(func.count()).where(hooks.c.key_id == key_id, hooks.c.revoked_ms.is_(None))
            if (connection.execute(mine).scalar() or 0) > MOST_OF_KEY:
                raise FormcallError("conflict", f"This API key has {MOST_OF_KEY} hooks already. Revoke one that is not needed any more.")
        return hook, token

    def find(self, token: str) -> Hook | None:
        """The hook with this token, unless it is unknown or revoked. How long that takes says nothing of how near a guess was."""
        if not token.startswith(TOKEN_PREFIX) or len(token) > _LONGEST_TOKEN:
            return None
        query = select(hooks).where(hooks.c.digest == self._digest(token), hooks.c.revoked_ms.is_(None))
        with self._database.connect() as connection:
            row = connection.execute(query).first()
        return _hook(row) if row else None

    def by_id(self, hook_id: str) -> Hook | None:
        """The hook with this id, also a revoked one."""
        with self._database.connect() as connection:
            row = connection.execute(select(hooks).where(hooks.c.id == hook_id)).first()
        return _hook(row) if row else None

    def all(self, key_id: str = "") -> Sequence[Hook]:
        """All hooks, or those of one key, the newest first; also those that were revoked."""
        query = select(hooks).order_by(hooks.c.created_ms.desc(), hooks.c.id.desc())
        with self._database.connect() as connection:
            rows = connection.execute(query.where(hooks.c.key_id == key_id) if key_id else query).all()
        return [_hook(row) for row in rows]

    def revoke(self, hook_id: str) -> None:
        """The hook's address is nothing any more."""
        with self._database.begin() as connection:
            connection.execute(update(hooks).where(hooks.c.id == hook_id, hooks.c.revoked_ms.is_(None)).values(revoked_ms=now_ms()))

    def _digest(self, token: str) -> str:
        return hmac.new(self._secret, f"hook:{token}".encode(), hashlib.sha256).hexdigest()


def _hook(row: Row[Any]) -> Hook:
    return Hook(
        row.id, row.key_id, row.name, row.action, json.loads(row.fixed), json.loads(row.mapping), row.answer_at_once, row.created_ms,
        row.revoked_ms,
    )  # fmt: skip
