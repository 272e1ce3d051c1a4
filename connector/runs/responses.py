"""What is told of a run: its answer or its problem as JSON text, made once and then answered, kept and sent as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from connector.engine.run import Outcome
from connector.engine.state import Asking, Waiting
from connector.errors import KINDS, FormcallError
from connector.store.ids import moment
from connector.store.money import usd
from connector.store.notes import OPEN

Json = dict[str, Any]

COMPLETED, FAILED, ASKING = "run.completed", "run.failed", "run.needs_review"
_NOT_KEPT = "The run has ended; its answer was not kept, as FORMCALL_STORE_TEXT asks."


@dataclass(frozen=True)
class Told:
    """What a caller is told of a run. ``body`` is the JSON of its answer or, with a ``code``, of its problem; "" while it goes on."""

    id: str
    status: str
    body: str = ""
    code: str = ""
    retry_after: float | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


def told_outcome(outcome: Outcome) -> Told:
    """An outcome as it is answered and kept."""
    error = outcome.error
    if outcome.waiting:
        return Told(outcome.id, outcome.status, written(_asking(outcome, outcome.waiting)))
    if error is None:
        return Told(outcome.id, outcome.status, written(outcome.answer()))
    bill = {key: value for key, value in outcome.bill().items() if key != "id"}
    error.extra = {"run_status": outcome.status, **bill, **error.extra}
    return Told(outcome.id, outcome.status, written(error.as_problem(outcome.id)), error.code, error.retry_after)


def _asking(outcome: Outcome, waiting: Waiting) -> Json:
    """What a person is asked: each call with its number, the tool and the arguments, as rows and as one text to show."""
    approvals = [
        {"call": one.place + 1, "tool": one.tool, "title": one.title, "arguments": one.arguments, "text": _said(one)}
        for one in waiting.asking
    ]
    names = ", ".join(dict.fromkeys(one.title for one in waiting.asking))
    return {
        "ok": False, "status": outcome.status, "result": "", "detail": f"Approve or refuse before the run goes on: {names}.", "code": "",
        "approvals": approvals, "approvals_text": "\n".join(f"{one['call']}. {one['text']}" for one in approvals),
        "trace": [vars(step) for step in waiting.state.steps], **outcome.bill(),
    }  # fmt: skip


def _said(asking: Asking) -> str:
    """A call as a person reads it."""
    try:
        given = json.loads(asking.arguments)
    except ValueError:
        given = {}
    parts = [f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}" for name, value in given.items()]
    return f"{asking.title} ({', '.join(parts)})" if parts else asking.title


def told_kept(row: Any) -> Told:
    """What is kept of a run."""
    if row.status in OPEN:
        return Told(row.id, row.status)
    return Told(row.id, row.status, row.answer or written(not_kept(row)), row.code or "")


def not_kept(row: Any) -> Json:
    """What is still known of a run whose texts were not kept."""
    if row.code:
        return {**FormcallError(row.code, KINDS[row.code].title + ".").as_problem(row.id), "run_status": row.status, **_bill(row)}
    return {"ok": True, "status": row.status, "result": "", "id": row.id, "action": row.action, "detail": _NOT_KEPT, **_bill(row)}


def problem_text(error: FormcallError, run_id: str, status: str) -> str:
    """The problem of a run that ended without its engine."""
    error.extra = {"run_status": status, **error.extra}
    return written(error.as_problem(run_id))


def event_text(event: str, body: str) -> str:
    """``body``, a flat JSON object, with the name of the event before it."""
    return f'{{"event": "{event}", {body[1:]}' if body else body


def described(row: Any) -> Json:
    """A run as its own address shows it: what it answered, or where it stands, always with the same first keys."""
    told = told_kept(row)
    body: Json = json.loads(told.body) if told.body else {"detail": waiting_words(told.status)}
    for name in ("type", "title", "run_status"):
        body.pop(name, None)
    own = {"ok": row.status == "done", "status": row.status, "id": row.id, "action": row.action}
    first = dict.fromkeys(("ok", "status", "result", "detail", "code"), "")
    times = {"created_at": moment(row.created_ms), "ended_at": moment(row.ended_ms), "attempt": row.attempt, "tag": row.tag or ""}
    return {**first, **own, **body, **own, **_bill(row), **times}


def waiting_words(status: str) -> str:
    """A sentence on a run that has not ended."""
    return "The run waits for its turn." if status == "queued" else "The run is still going on. Ask again in a few seconds."


def written(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False)


def _bill(row: Any) -> Json:
    return {
        "cost_usd": usd(row.cost_nusd),
        "estimated_usd": usd(row.estimated_nusd),  # of it: calls whose end nobody saw
        "reserved_usd": usd(row.reserved_nusd),
    }
