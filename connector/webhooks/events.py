"""The events of webhooks, and sample messages in exactly the format in which events are sent."""

from __future__ import annotations

import json
from typing import Any

from connector.batches.progress import batch_view
from connector.catalogue import Catalogue
from connector.catalogue.sample import sample_answer
from connector.catalogue.values import suggestion
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json
from connector.runs.responses import (
    COMPLETED,
    FAILED,
    REVIEW_REQUESTED,
    event_json,
    problem_json,
    stored_response,
    to_json,
)
from connector.store.batches import COMPLETED as BATCH_COMPLETED
from connector.store.batches import Progress
from connector.store.deliveries import Deliveries
from connector.store.ledger.records import NEEDS_REVIEW
from connector.store.rows import BatchRow
from connector.store.runs import Runs
from connector.webhooks.sender import SAMPLE_SUFFIX

EVENTS = (COMPLETED, FAILED, BATCH_COMPLETED, REVIEW_REQUESTED)
# {event: statuses of the runs that cause it}
_STATUSES = {
    COMPLETED: ("done",),
    FAILED: ("failed", "incomplete", "cancelled", "interrupted"),
    REVIEW_REQUESTED: (NEEDS_REVIEW,),
}
_SAMPLE_RUN_ID = f"run{SAMPLE_SUFFIX}"
_SAMPLE_BATCH_ID = f"batch{SAMPLE_SUFFIX}"
_MAX_RECENT = 10
_MAX_DELIVERIES = 100  # that are read to find the recent batches
# the members that a sample answer shares with a sample failure
_COST_FIELDS = (
    "action",
    "engine",
    "provider",
    "model",
    "model_requested",
    "effort",
    "escalated",
    "version",
    "previous_run",
    "warnings",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "duration_ms",
)
_SAMPLE_FAILURE = "This is a sample of a run that failed: the provider took too long."
_SAMPLE_APPROVAL = {
    "ok": False,
    "status": NEEDS_REVIEW,
    "result": "",
    "detail": "Approve or refuse before the run continues: Book a flight.",
    "code": "",
    "approvals": [
        {
            "call": 1,
            "tool": "book_flight",
            "title": "Book a flight",
            "arguments": '{"flight": "FC 12"}',
            "text": 'Book a flight (flight: "FC 12")',
        }
    ],
    "approvals_text": '1. Book a flight (flight: "FC 12")',
    "trace": [],
}
_SAMPLE_BATCH = BatchRow(
    id=_SAMPLE_BATCH_ID,
    key_id="",
    action="classify",
    status="done",
    created_ms=1_767_225_600_000,
    ended_ms=1_767_225_606_000,
    total=3,
    generation=0,
    economy=False,
    budget_nusd=1_000_000_000,
    tag="",
    callback_url=None,
    idempotency_key=None,
    digest=None,
    fixed=None,
    columns='["text"]',
    mapping='{"text": "text"}',
    code="",
    detail="",
    provider=None,
)
_SAMPLE_PROGRESS = Progress(
    _SAMPLE_BATCH,
    done=3,
    unknown=0,
    failed=0,
    cancelled=0,
    remaining=0,
    cost_nusd=2_628_000,
    estimated_nusd=0,
    reserved_nusd=0,
    recent=3,
    recent_ms=6_000,
)


def read_event(value: Any) -> str:
    """The event called ``value``; ``InvalidInput`` lists the known events."""
    if value in EVENTS:
        return str(value)
    hint = suggestion(str(value), EVENTS) if value else ""
    raise InvalidInput(
        [FieldError("event", "not_a_choice", f'"event" takes one of {", ".join(EVENTS)}.{hint}')]
    )


def recent_messages(
    event: str, key_id: str, *, records: Runs, deliveries: Deliveries
) -> list[Json]:
    """The messages of a key's last runs or batches, newest first, whether or not they were sent."""
    if event == BATCH_COMPLETED:
        return _recent_batches(key_id, deliveries)
    rows = [
        row
        for status in _STATUSES[event]
        for row in records.list_by_key(key_id, status=status, limit=_MAX_RECENT)
        if row.answer
    ]
    rows.sort(key=lambda row: (row.created_ms, row.id), reverse=True)
    return [json.loads(event_json(event, stored_response(row).body)) for row in rows[:_MAX_RECENT]]


def _recent_batches(key_id: str, deliveries: Deliveries) -> list[Json]:
    rows = deliveries.list_by_key(key_id, event=BATCH_COMPLETED, limit=_MAX_DELIVERIES)
    bodies: dict[str, str] = {}  # by batch, since a batch may have several receivers
    for row in reversed(rows):
        if row.body and row.subject_id != _SAMPLE_BATCH_ID:
            bodies[row.subject_id] = row.body
    return [json.loads(body) for body in reversed(bodies.values())][:_MAX_RECENT]


def sample_message(event: str, catalogue: Catalogue) -> tuple[str, str]:
    """(subject id, body) of a sample message with all members."""
    if event == BATCH_COMPLETED:
        return _SAMPLE_BATCH_ID, event_json(event, to_json(batch_view(_SAMPLE_PROGRESS)))
    answer = sample_answer(next(iter(catalogue.values())))
    if event == COMPLETED:
        return _SAMPLE_RUN_ID, event_json(event, to_json({**answer, "id": _SAMPLE_RUN_ID}))
    cost = {name: answer[name] for name in _COST_FIELDS}
    if event == REVIEW_REQUESTED:
        body = {**_SAMPLE_APPROVAL, "id": _SAMPLE_RUN_ID, **cost}
        return _SAMPLE_RUN_ID, event_json(event, to_json(body))
    error = FormcallError("provider_timeout", _SAMPLE_FAILURE, extra=cost)
    return _SAMPLE_RUN_ID, event_json(event, problem_json(error, _SAMPLE_RUN_ID, "failed"))
