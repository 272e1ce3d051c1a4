"""What a tool's caller is told: one structured result with the same first keys each time, and the same as text for the model."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from connector.errors import FormcallError
from connector.jobs.telling import Told, waiting_words
from connector.store.notes import OPEN, WAITING

Json = dict[str, Any]

RETRY_SECONDS = 2
# a problem's own names for what a result says in other words
_PROBLEMS_OWN = ("type", "title", "status", "run_status")


def of_told(told: Told, action: str, *, status_url: str = "") -> Json:
    """The result for what a run came to."""
    if not told.body:
        return _result(going_on(told, action, status_url))
    body: Json = json.loads(told.body)
    return _failed(body, action, told.retry_after) if told.code else _result(body)


def of_run(run: Json) -> Json:
    """The result for a run as its own address shows it."""
    goes_on = run["status"] in {*OPEN, WAITING}
    return _result({**run, "retry_after": RETRY_SECONDS} if goes_on else run, is_error=not goes_on and not run["ok"])


def of_error(error: FormcallError, action: str, request_id: str) -> Json:
    """The result for a run that did not begin: the model is told what to mend, which it cannot be in the protocol's own errors."""
    return _failed(error.as_problem(request_id), action, error.retry_after)


def going_on(told: Told, action: str, status_url: str) -> Json:
    """A run that its caller has to ask for again."""
    words = f"{waiting_words(told.status)} Call get_run with this id."
    where = {"status_url": status_url} if status_url else {}
    own = {"ok": True, "status": told.status, "result": "", "id": told.id, "action": action}
    return {**own, "detail": words, "retry_after": RETRY_SECONDS, **where}


def _failed(problem: Json, action: str, retry_after: float | None) -> Json:
    own = {"ok": False, "status": problem.get("run_status", "failed"), "result": "", "id": problem["id"], "action": action}
    more = {key: value for key, value in problem.items() if key not in _PROBLEMS_OWN}
    again = {"retry_after": math.ceil(retry_after)} if retry_after else {}
    return _result({**own, **more, **own, **again}, is_error=True)


def _result(body: Json, *, is_error: bool = False) -> Json:
    text = "\n".join(_sentences(body)) if is_error else json.dumps(body, ensure_ascii=False)
    return {"content": [{"type": "text", "text": text}], "structuredContent": body, "isError": is_error}


def _sentences(body: Json) -> Iterator[str]:
    """A failure as a model reads it."""
    yield f"{body.get('code', '')}: {body.get('detail', '')}"
    for entry in body.get("errors", [])[1:]:
        yield f"- {entry['field']}: {entry['message']}"
    if "retry_after" in body:
        yield f"Try again in {body['retry_after']} seconds."
