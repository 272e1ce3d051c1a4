"""`formcall audit`: who did what, when and from where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from connector.cli.errors import report_errors
from connector.settings import read_settings

if TYPE_CHECKING:
    from connector.store.rows import AuditRow

_MAX_ENTRIES = 10_000


@click.command()
@click.option("--event", default="", help="Only this event, such as key.created.")
@click.option(
    "--by", "actor", default="", help="Only what this key did, by its name or id; or operator."
)
@click.option("--subject", default="", help="Only what was done to this id or name.")
@click.option(
    "--limit",
    type=click.IntRange(1, _MAX_ENTRIES),
    default=50,
    show_default=True,
    help="How many entries to show.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each entry as a line of JSON.")
@report_errors
def audit(event: str, actor: str, subject: str, *, limit: int, as_json: bool) -> None:
    """Show the audit log, the newest entry first: time, event, who, from where, what."""
    from connector.store.audit import AuditFilter, AuditLog
    from connector.store.keys import open_keys

    keys = open_keys(read_settings())
    names = {key.id: key.name for key in keys.list_all()}
    ids = {name: key_id for key_id, name in names.items()}
    filters = AuditFilter(event, ids.get(actor, actor), ids.get(subject, subject))
    rows = AuditLog(keys.database).page(filters, limit=limit)
    keys.close()
    for row in rows:
        click.echo(_json_line(row) if as_json else _line(row, names))


def _line(row: AuditRow, names: Mapping[str, str]) -> str:
    from connector.store.ids import iso_time

    details = ", ".join(
        f"{name}: {_shown(value)}" for name, value in json.loads(row.details).items()
    )
    who = names.get(row.actor, row.actor)
    place = f" from {row.address}" if row.address else ""
    return f"{iso_time(row.created_ms)}  {row.event}  by {who}{place}  {row.subject}  {details}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "none" if value is None else str(value)


def _json_line(row: AuditRow) -> str:
    from connector.store.ids import iso_time

    entry = {
        "id": row.id,
        "event": row.event,
        "by": row.actor,
        "address": row.address or "",
        "subject": row.subject,
        "details": json.loads(row.details),
        "created_at": iso_time(row.created_ms),
    }
    return json.dumps(entry, ensure_ascii=False)
