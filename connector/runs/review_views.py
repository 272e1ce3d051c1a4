"""A run that waits for a person, as a reviewer sees it: the source beside the answer."""

from __future__ import annotations

import json

from connector.catalogue import Action
from connector.catalogue.answer import flat_schemas
from connector.json_types import Json
from connector.runs.reviews import review_of, review_times
from connector.store.ledger.money import to_usd
from connector.store.ledger.records import NEEDS_REVIEW
from connector.store.rows import RunRow
from connector.store.runs import Runs


def review_view(row: RunRow, action: Action | None, records: Runs) -> Json:
    """The proposed answer or the tool calls of a run, with its form and the decision on it."""
    body: Json = json.loads(row.answer) if row.answer else {}
    proposed: Json = json.loads(row.proposed) if row.proposed else {}
    names = flat_schemas(action) if action else {}
    stored = review_of(row)
    kind = "answer" if row.review else "tools"
    return {
        "ok": row.status == "done",
        "status": row.status,
        "id": row.id,
        "kind": kind,
        "action": row.action,
        "title": action.title if action else row.action,
        "reason": stored.get("reason") or _reason(row, body),
        "result": proposed.get("result", ""),
        "answer": {name: proposed[name] for name in names if name in proposed},
        "checks": proposed.get("checks", []),
        "warnings": proposed.get("warnings", []),
        "approvals": body.get("approvals", []),
        "approvals_text": body.get("approvals_text", ""),
        "form": None if row.form is None else records.form_values(row),
        "tag": row.tag or "",
        "cost_usd": to_usd(row.cost_nusd),
        "decision": stored.get("decision", ""),
        "decided_by": stored.get("by", ""),
        "note": stored.get("note", ""),
        "values": stored.get("values", {}),
        **review_times(row),
    }


def _reason(row: RunRow, body: Json) -> str:
    return str(body.get("detail", "")) if row.status == NEEDS_REVIEW else ""
