"""Results of tool calls: one structured object, and the same as text for the model.

The first keys of the object are the same in every result.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from connector.catalogue import Catalogue
from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.responses import RETRY_SECONDS, RunResponse, open_run_body
from connector.store.ledger.records import NEEDS_REVIEW, OPEN_STATUSES

# members of a problem that a result has under other names, or not at all
_PROBLEM_ONLY = ("type", "title", "status", "run_status")


def run_result(
    response: RunResponse, action: str, catalogue: Catalogue, *, status_url: str = ""
) -> Json:
    """The result for a run that was requested."""
    if not response.body:
        return _open_run_result(open_run_body(response, action, catalogue), status_url)
    body: Json = json.loads(response.body)
    if response.code:
        return _failure(body, action, response.retry_after)
    return _result(body)


def run_view_result(run: Json) -> Json:
    """The result for a run that was looked up; ``run`` is as GET /v1/runs/<id> shows it."""
    if run["status"] in {*OPEN_STATUSES, NEEDS_REVIEW}:
        return _result({**run, "retry_after": RETRY_SECONDS})
    return _result(run, is_error=not run["ok"])


def error_result(error: FormcallError, action: str, request_id: str) -> Json:
    """The result for a run that did not start.

    An error of the protocol would not reach the model, which can correct its arguments.
    """
    return _failure(error.as_problem(request_id), action, error.retry_after)


def _open_run_result(body: Json, status_url: str) -> Json:
    """The result for a run that has not ended: how to get its answer later."""
    response = {**body, "detail": f"{body['detail']} Call get_run with this id."}
    return _result({**response, "status_url": status_url} if status_url else response)


def _failure(problem: Json, action: str, retry_after: float | None) -> Json:
    own = {
        "ok": False,
        "status": problem.get("run_status", "failed"),
        "result": "",
        "id": problem["id"],
        "action": action,
    }
    members = {key: value for key, value in problem.items() if key not in _PROBLEM_ONLY}
    body = {**own, **members, **own}
    if retry_after:
        body["retry_after"] = math.ceil(retry_after)
    return _result(body, is_error=True)


def _result(body: Json, *, is_error: bool = False) -> Json:
    text = "\n".join(_error_lines(body)) if is_error else json.dumps(body, ensure_ascii=False)
    return {
        "content": [{"type": "text", "text": text}],
        "structuredContent": body,
        "isError": is_error,
    }


def _error_lines(body: Json) -> Iterator[str]:
    """A failure as lines of text for the model."""
    yield f"{body.get('code', '')}: {body.get('detail', '')}"
    for entry in body.get("errors", [])[1:]:
        yield f"- {entry['field']}: {entry['message']}"
    if "retry_after" in body:
        yield f"Try again in {body['retry_after']} seconds."
