"""The last posts that each hook refused, so that its owner sees why nothing ran.

Of a post only the paths are stored, not the values, unless the operator stores texts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Engine, delete, select

from connector.catalogue.values import clean
from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.hooks import InboundHook
from connector.store.ids import iso_time, new_id, now_ms
from connector.store.rows import HookRefusalRow
from connector.store.tables import hook_refusals

MAX_PER_HOOK = 20
_MAX_BODY = 20_000  # characters


class HookRefusals:
    """The table of refused posts; ``stores_text`` is the operator's setting for all texts."""

    def __init__(self, database: Engine, *, stores_text: bool) -> None:
        self._database = database
        self._stores_text = stores_text

    def record(
        self,
        hook: InboundHook,
        error: FormcallError,
        *,
        keys: Sequence[str],
        content_type: str,
        body: str,
    ) -> None:
        """Store a refused post, and delete the oldest of its hook beyond ``MAX_PER_HOOK``."""
        row = {
            "id": new_id("post"),
            "hook_id": hook.id,
            "key_id": hook.key_id,
            "created_ms": now_ms(),
            "code": error.code,
            "detail": clean(self._detail(error)),
            "errors": _json([{"field": one.field, "code": one.code} for one in error.errors]),
            "content_type": clean(content_type)[:100],
            "keys": _json(list(keys)),
            "body": clean(body)[:_MAX_BODY] if self._stores_text else None,
        }
        of_hook = hook_refusals.c.hook_id == hook.id
        newest = select(hook_refusals.c.id).where(of_hook).order_by(hook_refusals.c.id.desc())
        kept = newest.limit(MAX_PER_HOOK).scalar_subquery()
        with self._database.begin() as connection:
            connection.execute(hook_refusals.insert().values(**row))
            connection.execute(
                delete(hook_refusals).where(of_hook, hook_refusals.c.id.not_in(kept))
            )

    def _detail(self, error: FormcallError) -> str:
        """The sentence of the error; other than of what is missing, it may quote a value."""
        names_no_value = bool(error.errors) and all(one.code == "missing" for one in error.errors)
        return error.detail if self._stores_text or names_no_value else error.kind.title

    def list_all(self, hook_id: str) -> list[Json]:
        """The refused posts of a hook, the newest first."""
        query = (
            select(hook_refusals)
            .where(hook_refusals.c.hook_id == hook_id)
            .order_by(hook_refusals.c.id.desc())
        )
        with self._database.connect() as connection:
            return [_view(HookRefusalRow._make(row)) for row in connection.execute(query)]


def _view(row: HookRefusalRow) -> Json:
    return {
        "id": row.id,
        "created_at": iso_time(row.created_ms),
        "code": row.code,
        "detail": row.detail,
        "errors": json.loads(row.errors),
        "content_type": row.content_type,
        "keys": json.loads(row.keys),
        "body": row.body,
    }


def _json(value: object) -> str:
    return clean(json.dumps(value, ensure_ascii=False))
