"""Responses about a run while the database does not respond."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connector.errors import FormcallError
from connector.runs.admission import RunRequest
from connector.runs.responses import RunResponse, problem_json
from connector.store.ledger.records import StoreUnavailable

# of a change, of a read, and of a wait for a connection
DATABASE_ERRORS = (StoreUnavailable, DBAPIError, PoolTimeout)
_RETRY_SECONDS = 10


def unrecorded_response(request: RunRequest) -> RunResponse:
    """The response to a caller whose run goes on in this process, and cannot be recorded now.

    Its costs and its answer are kept in memory and written when the database is back. Only with an
    idempotency key is it safe to send the request again.
    """
    run = request.run
    again = (
        "Send the request again with the same idempotency key"
        if run.options.idempotency_key
        else "Read the run by its id; sending the request again would start and pay another one"
    )
    detail = (
        "The service's database does not respond, so the state of this run cannot be recorded. The "
        "run goes on, and its costs and its answer are recorded once the database is back. "
        f"{again}."
    )
    error = FormcallError("busy", detail, extra={"retryable": bool(run.options.idempotency_key)})
    body = problem_json(error, run.id, "running")
    return RunResponse(run.id, "running", body, error.code, _RETRY_SECONDS)
