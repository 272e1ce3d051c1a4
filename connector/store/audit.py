"""The audit log: who changed what, when and from where.

Entries are only ever added, in the transaction of the change that they are about where it has one.
They hold ids, names of keys and settings, and no secret and no text of a form or an answer. The
addresses of a key's entries are erased with the key, and entries as old as the oldest of the ledger
are deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from connector.json_types import Json
from connector.store.ids import lowest_id, new_id, now_ms
from connector.store.rows import AuditRow
from connector.store.tables import audit_entries

EVENTS = (
    "key.created",
    "key.changed",
    "key.revoked",
    "key.erased",
    "hook.created",
    "hook.revoked",
    "subscription.created",
    "subscription.changed",
    "subscription.ended",
    "tool.loaded",
    "tool.changed",
    "tool.removed",
    "review.decided",
    "calls.decided",
    "data.exported",
    "data.backed_up",
    "data.purged",
    "console.signed_in",
    "console.link_made",
)
_MAX_ADDRESS = 60
_MAX_SUBJECT = 100


@dataclass(frozen=True)
class Actor:
    """Who does something: the id of a key, or one of those below; and the network address."""

    id: str
    address: str = ""


OPERATOR = Actor("operator")  # the command line of this machine
SERVICE = Actor("service")  # the service itself
LINK = "link"  # whoever has a signed link


@dataclass(frozen=True)
class AuditFilter:
    """Which entries to list. An empty text, or None: any. ``until_ms`` is exclusive."""

    event: str = ""
    actor: str = ""
    subject: str = ""
    from_ms: int | None = None
    until_ms: int | None = None


def audit_row(actor: Actor, event: str, subject: str, details: Mapping[str, Any]) -> Json:
    """The row of a new entry. ``details`` are values that JSON knows, without any text."""
    return {
        "id": new_id("audit"),
        "created_ms": now_ms(),
        "event": event,
        "actor": actor.id,
        "address": actor.address[:_MAX_ADDRESS] or None,
        "subject": subject[:_MAX_SUBJECT],
        "details": json.dumps(dict(details), ensure_ascii=False),
        "mark": None,
    }


def add_entry(
    connection: Connection, actor: Actor, event: str, subject: str, **details: Any
) -> None:
    """Add an entry in the transaction of ``connection``."""
    connection.execute(audit_entries.insert().values(audit_row(actor, event, subject, details)))


class AuditLog:
    """Reads the log, and adds what has no transaction of its own."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def add(self, actor: Actor, event: str, subject: str = "", **details: Any) -> None:
        """Add an entry."""
        with self._database.begin() as connection:
            add_entry(connection, actor, event, subject, **details)

    def page(self, filters: AuditFilter, *, limit: int, cursor: str = "") -> list[AuditRow]:
        """The newest entries below the entry ``cursor``."""
        query = select(audit_entries).order_by(audit_entries.c.id.desc()).limit(limit)
        for name in ("event", "actor", "subject"):
            if value := getattr(filters, name):
                query = query.where(audit_entries.c[name] == value)
        if filters.from_ms is not None:
            query = query.where(audit_entries.c.id >= lowest_id("audit", filters.from_ms))
        if filters.until_ms is not None:
            query = query.where(audit_entries.c.id < lowest_id("audit", filters.until_ms))
        if cursor:
            query = query.where(audit_entries.c.id < cursor)
        with self._database.connect() as connection:
            return [AuditRow._make(row) for row in connection.execute(query)]

    def record_tools(self, folder: Path | None) -> None:
        """Add an entry for each tool file that is new, changed or gone since it was last loaded.

        Of processes that start together, one adds it.
        """
        found = {path.stem: _digest(path.read_bytes()) for path in _tool_files(folder)}
        known = self._known_tools()
        for name in sorted({*found, *known}):
            last_id, last_digest = known.get(name, ("", ""))
            digest = found.get(name, "")
            if digest != last_digest:
                event = "tool.changed" if last_digest else "tool.loaded"
                self._add_once(event if digest else "tool.removed", name, digest, last_id)

    def _known_tools(self) -> dict[str, tuple[str, str]]:
        """{tool: (its last entry, the digest of its file then)}; "" of one that was removed."""
        is_of_tool = audit_entries.c.event.in_(("tool.loaded", "tool.changed", "tool.removed"))
        query = select(audit_entries).where(is_of_tool).order_by(audit_entries.c.id)
        with self._database.connect() as connection:
            rows = [AuditRow._make(row) for row in connection.execute(query)]
        return {row.subject: (row.id, json.loads(row.details).get("sha256", "")) for row in rows}

    def _add_once(self, event: str, name: str, digest: str, last_id: str) -> None:
        row = audit_row(SERVICE, event, name, {"sha256": digest} if digest else {})
        row["mark"] = _digest(f"{last_id}:{name}:{digest}".encode())
        with suppress(IntegrityError), self._database.begin() as connection:
            connection.execute(audit_entries.insert().values(row))


def _tool_files(folder: Path | None) -> Iterable[Path]:
    return sorted(folder.glob("*.yaml")) if folder and folder.is_dir() else ()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
