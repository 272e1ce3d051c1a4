"""What subscribers can hear of, and bodies of exactly the shape in which it is sent."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from connector.catalogue import Catalogue
from connector.catalogue.sample import sample_answer
from connector.catalogue.values import nearest
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.jobs.deliveries import SAMPLE_SUFFIX
from connector.jobs.progress import described
from connector.jobs.telling import ASKING, COMPLETED, FAILED, event_text, problem_text, told_kept, written
from connector.store.batches import COMPLETED as BATCH_COMPLETED
from connector.store.batches import Progress
from connector.store.deliveries import Deliveries
from connector.store.notes import WAITING
from connector.store.runs import Runs

Json = dict[str, Any]

EVENTS = (COMPLETED, FAILED, BATCH_COMPLETED, ASKING)
# of runs that end in the event
_STATUSES = {COMPLETED: ("done",), FAILED: ("failed", "incomplete", "cancelled", "interrupted"), ASKING: (WAITING,)}
_RUN, _BATCH = f"run{SAMPLE_SUFFIX}", f"batch{SAMPLE_SUFFIX}"
_MOST_SHOWN, _MOST_SENT = 10, 100
# what a sample's answer says of what it cost is said of its failure as well
_BILL = (
    "action", "engine", "model", "model_requested", "effort", "escalated", "version", "previous_run", "warnings",
    "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost_usd", "duration_ms",
)  # fmt: skip
_SAMPLE_FAILURE = "This is a sample of a run that failed: the provider took too long."
_SAMPLE_ASKING = {
    "ok": False, "status": WAITING, "result": "", "detail": "Approve or refuse before the run goes on: Book a flight.", "code": "",
    "approvals": [
        {
            "call": 1, "tool": "book_flight", "title": "Book a flight", "arguments": '{"flight": "FC 12"}',
            "text": "Book a flight (flight: FC 12)",
        }
    ],
    "approvals_text": "1. Book a flight (flight: FC 12)", "trace": [],
}  # fmt: skip
_SAMPLE_BATCH = SimpleNamespace(
    id=_BATCH, status="done", action="classify", total=3, economy=False, budget_nusd=1_000_000_000, tag="", code="", detail="",
    columns='["text"]', mapping='{"text": "text"}', created_ms=1_767_225_600_000, ended_ms=1_767_225_606_000,
)  # fmt: skip
_SAMPLE_PROGRESS = Progress(
    _SAMPLE_BATCH, done=3, unknown=0, failed=0, cancelled=0, left=0, cost_nusd=2_628_000, estimated_nusd=0, reserved_nusd=0, recent=3,
    recent_ms=6_000,
)  # fmt: skip


def read_event(value: Any) -> str:
    """The event that a caller names; ``InvalidInput`` lists those there are."""
    if value in EVENTS:
        return str(value)
    hint = nearest(str(value), EVENTS) if value else ""
    raise InvalidInput([FieldError("event", "not_a_choice", f'"event" takes one of {", ".join(EVENTS)}.{hint}')])


def recent(event: str, key_id: str, *, records: Runs, deliveries: Deliveries) -> list[Json]:
    """What was or would have been sent of the last runs or batches of a key, the newest first."""
    if event == BATCH_COMPLETED:
        sent = [row for row in deliveries.of_key(key_id, event=event, limit=_MOST_SENT) if row.subject_id != _BATCH and row.body]
        by_batch = {row.subject_id: row.body for row in reversed(sent)}  # each was sent to several addresses, perhaps
        return [json.loads(body) for body in reversed(by_batch.values())][:_MOST_SHOWN]
    rows = [row for status in _STATUSES[event] for row in records.of_key(key_id, status=status, limit=_MOST_SHOWN) if row.answer]
    rows.sort(key=lambda row: (row.created_ms, row.id), reverse=True)
    return [json.loads(event_text(event, told_kept(row).body)) for row in rows[:_MOST_SHOWN]]


def sample(event: str, catalogue: Catalogue) -> tuple[str, str]:
    """(the id of what it tells of, the body) of a made-up message in its full shape."""
    if event == BATCH_COMPLETED:
        return _BATCH, event_text(event, written(described(_SAMPLE_PROGRESS)))
    answer = sample_answer(next(iter(catalogue.values())))
    if event == COMPLETED:
        return _RUN, event_text(event, written({**answer, "id": _RUN}))
    if event == ASKING:
        return _RUN, event_text(event, written({**_SAMPLE_ASKING, "id": _RUN, **{name: answer[name] for name in _BILL}}))
    error = FormcallError("provider_timeout", _SAMPLE_FAILURE, extra={name: answer[name] for name in _BILL})
    return _RUN, event_text(event, problem_text(error, _RUN, "failed"))
