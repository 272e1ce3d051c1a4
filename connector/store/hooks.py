"""Inbound hooks: a URL with a secret token that runs one action, for senders that can only POST.

The hook's paths and templates read the fields from what is posted; fixed values override them, and
whatever matches no field is ignored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select, update

from connector.catalogue import Action
from connector.catalogue.values import is_absent
from connector.errors import FieldError, FormcallError, InvalidInput, TemplateError
from connector.json_types import Json
from connector.store.audit import OPERATOR, Actor, add_entry
from connector.store.hook_mapping import Posted, check_preset, explain_missing, hook_template
from connector.store.ids import new_id, now_ms
from connector.store.rows import HookRow
from connector.store.tables import NAME_LENGTH, hooks

TOKEN_PREFIX = "fch_"  # noqa: S105  it marks a text as a token
MAX_PER_KEY = 200
_MAX_TOKEN_LENGTH = 100
# of a sender's message id, so that an idempotency key has room for it and the hook's id
_MAX_MESSAGE_ID_LENGTH = 200


@dataclass(frozen=True)
class InboundHook:
    """A hook. ``mapping`` has the path of a field's value, as in ``order.lines[0].text``, and
    ``templates`` a text with such paths, as in ``{{ subject }}: {{ body.text }}``."""

    id: str
    key_id: str
    name: str
    action: str
    fixed: Json
    mapping: dict[str, str]
    answer_at_once: bool
    created_ms: int
    revoked_ms: int | None = None
    templates: dict[str, str] = field(default_factory=dict)

    def values(self, action: Action, posted: Posted, message_id: str = "") -> Json:
        """The form for ``action`` from what was ``posted``; ``message_id`` is the sender's own id.

        A sender sets the action's fields by their names, but run options only where they are
        mapped. ``InvalidInput`` when a value does not fit its template.
        """
        values: Json = {}
        if isinstance(posted.body, Mapping):
            values = {name: posted.body[name] for name in action.fields if name in posted.body}
        values |= {name: posted.find(path) for name, path in self.mapping.items()}
        values |= {name: _rendered(name, text, posted) for name, text in self.templates.items()}
        values |= self.fixed
        values["idempotency_key"] = self._idempotency_key(values, message_id)
        if not self.answer_at_once:
            values["wait_seconds"] = 0
        return values

    def explained(self, error: InvalidInput, posted: Posted) -> InvalidInput:
        """``error`` with the reason why the hook found nothing for a missing field."""
        return explain_missing(
            error, posted, mapping=self.mapping, templates=self.templates, fixed=self.fixed
        )

    def _idempotency_key(self, values: Json, message_id: str) -> Any:
        key = values.get("idempotency_key")
        if is_absent(key):
            key = message_id
        if key and isinstance(key, str | int | float):
            return self._scoped_id(str(key))
        return key  # of a wrong type: the form's validation refuses it

    def _scoped_id(self, message_id: str) -> str:
        """An id that two hooks of one key cannot share."""
        if len(message_id) > _MAX_MESSAGE_ID_LENGTH:
            message_id = hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()
        return f"{self.id}:{message_id}"


def _rendered(name: str, source: str, posted: Posted) -> str | None:
    try:
        return hook_template(source).render(posted)
    except TemplateError as error:
        message = f'"{name}" cannot be filled in from what was posted: {error.problem}'
        raise InvalidInput([FieldError(name, "wrong_type", message)]) from None


class Hooks:
    """The table of hooks; tokens are stored as an HMAC under ``secret``."""

    def __init__(self, database: Engine, secret: bytes) -> None:
        self._database = database
        self._secret = secret

    def create(
        self,
        key_id: str,
        name: str,
        action: Action,
        *,
        fixed: Json,
        mapping: dict[str, str],
        templates: Mapping[str, str] | None = None,
        answer_at_once: bool = True,
        by: Actor = OPERATOR,
    ) -> tuple[InboundHook, str]:
        """A new hook and its token, which is not stored; ``FormcallError`` when refused."""
        name = _checked_name(name)
        check_preset(action, fixed, mapping, templates)
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        hook = InboundHook(
            new_id("hook"),
            key_id,
            name,
            action.id,
            dict(fixed),
            dict(mapping),
            answer_at_once,
            now_ms(),
            templates=dict(templates or {}),
        )
        row = {
            **vars(hook),
            "fixed": json.dumps(hook.fixed, ensure_ascii=False),
            "mapping": json.dumps(hook.mapping, ensure_ascii=False),
            "templates": json.dumps(hook.templates, ensure_ascii=False),
            "digest": self._digest(token),
        }
        with self._database.begin() as connection:
            # inserted before it is counted: SQLite may refuse to turn a reader into a writer
            connection.execute(hooks.insert().values(**row))
            _check_count(connection, key_id)
            add_entry(connection, by, "hook.created", hook.id, key=key_id, action=action.id)
        return hook, token

    def find(self, token: str) -> InboundHook | None:
        """The hook with this token, None when it is unknown or revoked.

        It is looked up by its digest, so the time this takes tells nothing about a guess.
        """
        if not token.startswith(TOKEN_PREFIX) or len(token) > _MAX_TOKEN_LENGTH:
            return None
        is_active = (hooks.c.digest == self._digest(token)) & hooks.c.revoked_ms.is_(None)
        return self._first(select(hooks).where(is_active))

    def by_id(self, hook_id: str) -> InboundHook | None:
        """The hook with this id, also a revoked one."""
        return self._first(select(hooks).where(hooks.c.id == hook_id))

    def _first(self, query: Select[Any]) -> InboundHook | None:
        with self._database.connect() as connection:
            row = connection.execute(query).first()
        return _to_hook(HookRow._make(row)) if row else None

    def list_all(self, key_id: str = "") -> list[InboundHook]:
        """All hooks, or those of one key, the newest first; also revoked ones."""
        query = select(hooks).order_by(hooks.c.created_ms.desc(), hooks.c.id.desc())
        if key_id:
            query = query.where(hooks.c.key_id == key_id)
        with self._database.connect() as connection:
            return [_to_hook(HookRow._make(row)) for row in connection.execute(query)]

    def revoke(self, hook_id: str, *, by: Actor = OPERATOR) -> None:
        """Make the hook's URL invalid."""
        which = (hooks.c.id == hook_id) & hooks.c.revoked_ms.is_(None)
        with self._database.begin() as connection:
            change = update(hooks).where(which).values(revoked_ms=now_ms())
            if connection.execute(change).rowcount:
                add_entry(connection, by, "hook.revoked", hook_id)

    def _digest(self, token: str) -> str:
        return hmac.new(self._secret, f"hook:{token}".encode(), hashlib.sha256).hexdigest()


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        detail = f'"name" is needed: 1 to {NAME_LENGTH} characters.'
        raise InvalidInput([FieldError("name", "missing", detail)])
    return name


def _check_count(connection: Connection, key_id: str) -> None:
    is_active = (hooks.c.key_id == key_id) & hooks.c.revoked_ms.is_(None)
    count = connection.execute(select(func.count()).where(is_active)).scalar() or 0
    if count > MAX_PER_KEY:
        raise FormcallError(
            "conflict",
            f"This API key already has {MAX_PER_KEY} hooks. Revoke one that is no longer needed.",
        )


def _to_hook(row: HookRow) -> InboundHook:
    return InboundHook(
        row.id,
        row.key_id,
        row.name,
        row.action,
        json.loads(row.fixed),
        json.loads(row.mapping),
        row.answer_at_once,
        row.created_ms,
        row.revoked_ms,
        json.loads(row.templates or "{}"),
    )
