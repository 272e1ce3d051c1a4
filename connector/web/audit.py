"""The audit log, with the scope admin: who changed what, when and from where."""

from __future__ import annotations

import json

from flask import Blueprint, Response, jsonify, request

from connector.json_types import Json
from connector.store.audit import EVENTS, AuditFilter
from connector.store.ids import iso_time
from connector.store.rows import AuditRow
from connector.web.auth import needs_key
from connector.web.query import read_query_choice, read_query_limit
from connector.web.run_list import next_link, read_cursor, read_period
from connector.web.services import services

audit = Blueprint("audit", __name__, url_prefix="/v1/audit")


@audit.get("")
@needs_key("admin")
def list_entries() -> Response:
    """A page of entries, the newest first."""
    limit = read_query_limit()
    from_ms, until_ms = read_period()
    filters = AuditFilter(
        event=read_query_choice("event", EVENTS),
        actor=request.args.get("by", "").strip(),
        subject=request.args.get("subject", "").strip(),
        from_ms=from_ms,
        until_ms=until_ms,
    )
    rows = services().service.audit.page(filters, limit=limit + 1, cursor=read_cursor("audit"))
    names = {key.id: key.name for key in services().keys.list_all()}
    response = jsonify([entry_view(row, names.get(row.actor, "")) for row in rows[:limit]])
    if len(rows) > limit:
        response.headers["Link"] = next_link(rows[limit - 1].id)
    return response


def entry_view(row: AuditRow, by_name: str) -> Json:
    """An entry as it is shown."""
    return {
        "id": row.id,
        "event": row.event,
        "by": row.actor,
        "by_name": by_name,
        "address": row.address or "",
        "subject": row.subject,
        "details": json.loads(row.details),
        "created_at": iso_time(row.created_ms),
    }
