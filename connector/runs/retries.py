"""Retries: queueing a run again that ended without an answer."""

from __future__ import annotations

from connector.errors import KINDS, FormcallError
from connector.store.ledger.control_changes import RequeueRun
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import NEEDS_REVIEW, RunSuperseded
from connector.store.rows import RunRow


def require_retryable(row: RunRow) -> None:
    """``FormcallError`` (conflict) when a run cannot be run again from its record."""
    obstacle = ""
    if row.batch_id:
        obstacle = (
            "This run is a row of a batch. Retry the batch, which runs all failed rows again."
        )
    elif row.status == NEEDS_REVIEW:
        obstacle = (
            "This run waits for a person's decision. Approve or refuse its calls, and the run "
            "continues."
        )
    elif row.form is None:
        obstacle = (
            "The form of this run was not stored, so it cannot be run again from here. Send the "
            "request again."
        )
    if obstacle:
        raise FormcallError("conflict", obstacle)


def starts_again(row: RunRow) -> bool:
    """Whether a repeated request starts another attempt: interrupted, or failed temporarily."""
    if row.status == "interrupted":
        return True
    return row.status == "failed" and row.code is not None and KINDS[row.code].retryable


def requeue(ledger: Ledger, run_id: str) -> int:
    """Queue a run again; its next attempt. ``FormcallError`` (conflict) when it has an answer."""
    try:
        attempt = ledger.write(RequeueRun(run_id))
    except RunSuperseded as error:
        reason = "it has its answer" if error.status == "done" else f"it is {error.status}"
        raise FormcallError("conflict", f"This run cannot be run again: {reason}.") from None
    return attempt
