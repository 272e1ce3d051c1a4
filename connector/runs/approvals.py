"""Approvals: a person's decision on the tool calls for which a run waits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from connector.engine.checkpoint import Decision
from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.audit import SERVICE, Actor, audit_row
from connector.store.ledger.control_changes import ResolveApproval
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import NEEDS_REVIEW, RunSuperseded
from connector.store.rows import RunRow


def record_decision(
    ledger: Ledger,
    row: RunRow,
    *,
    approved: Sequence[int] | None,
    note: str,
    by: Actor = SERVICE,
) -> int:
    """Write a decision on the calls of a waiting run; the attempt that continues the run.

    ``approved`` are the numbers, from 1, of the calls that may be made (None: all); the others are
    refused. ``FormcallError`` (conflict) when the run does not wait, or not for these calls.
    """
    if row.status != NEEDS_REVIEW:
        raise FormcallError(
            "conflict", f"This run does not wait for an approval; its status is {row.status}."
        )
    if row.proposed is not None:  # it continued and ended, and its state is still stored
        raise FormcallError(
            "conflict",
            "The calls of this run were already decided: it waits with its answer. Review that.",
        )
    if row.form is None or row.state is None:
        raise FormcallError(
            "conflict",
            "The state of this run is not stored any longer, so it cannot continue. Send the "
            "request again.",
        )
    pending = _pending_call_numbers(row)
    approved = pending if approved is None else approved
    _require_pending(approved, pending)
    decision = Decision(tuple(number - 1 for number in approved), note)
    text = json.dumps(asdict(decision), ensure_ascii=False)
    calls = {"approved": list(approved), "of": pending, "action": row.action, "key": row.key_id}
    audit = audit_row(by, "calls.decided", row.id, calls)
    try:
        attempt = ledger.write(ResolveApproval(row.id, row.attempt, text, audit))
    except RunSuperseded as error:
        raise FormcallError(
            "conflict", f"The run was already decided; its status is {error.status}."
        ) from None
    return attempt


def _pending_call_numbers(row: RunRow) -> list[int]:
    body: Json = json.loads(row.answer or "{}")
    return [approval["call"] for approval in body.get("approvals", [])]


def _require_pending(approved: Sequence[int], pending: Sequence[int]) -> None:
    for number in approved:
        if number not in pending:
            numbers = ", ".join(map(str, pending))
            raise FormcallError(
                "conflict", f"The run does not wait for call {number}; it waits for {numbers}."
            )
