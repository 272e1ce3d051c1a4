"""The audit log: who changed what, when and from where, with the scope admin."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from flask import Response, request

from connector.console.formats import label
from connector.store.audit import EVENTS, AuditFilter
from connector.store.rows import AuditRow
from connector.web.console.page import ConsolePage
from connector.web.run_list import read_cursor
from connector.web.services import services

audit = ConsolePage("Audit", "/audit", icon="audit", scopes=("admin",), group="Manage")

_LIMIT = 50
_OTHERS = {
    "operator": "The command line",
    "service": "The service",
    "link": "A signed link",
}


@audit.get()
def show_audit() -> Response:
    """A page of entries, the newest first."""
    event = request.args.get("event", "")
    filters = AuditFilter(
        event=event if event in EVENTS else "", actor=request.args.get("by", "").strip()
    )
    log = services().service.audit
    rows = log.page(filters, limit=_LIMIT + 1, cursor=read_cursor("audit"))
    names = {key.id: key.name for key in services().keys.list_all()}
    last = rows[_LIMIT - 1].id if len(rows) > _LIMIT else ""
    more = urlencode({"event": filters.event, "by": filters.actor, "cursor": last})
    return audit.render(
        "audit.html",
        entries=[(row, details_text(row)) for row in rows[:_LIMIT]],
        events={name: label(name.replace(".", " ")) for name in EVENTS},
        names=names,
        actors={**_OTHERS, **names},
        filters=filters,
        next_page=f"?{more}" if last else "",
    )


def details_text(row: AuditRow) -> str:
    """What else an entry says, in one line."""
    return ", ".join(
        f"{label(name)}: {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in json.loads(row.details).items()
    )
