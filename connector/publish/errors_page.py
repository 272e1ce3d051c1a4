"""docs/errors.md: every error code with what happened and what to do, from the table of codes."""

from __future__ import annotations

from connector.errors import KIND_GROUPS, Kind

_HEAD = """\
# Errors and what to do

Every failure is `application/problem+json` with an HTTP error status and always these members. A
client that accepts `application/json` and not the other gets the same under that type.

| member | what it is |
|---|---|
| `code` | the stable code to branch on; never renamed |
| `detail` | one sentence to display: what is wrong and what to do |
| `retryable` | whether the same call may succeed later; with 429 and 503, `Retry-After` gives the \
seconds to wait |
| `errors` | for `invalid_input`: each invalid field with its own code and message |
| `status` `title` `type` `id` | the HTTP status, a short title, a URN of the code, and the id of \
the run or request |

A failed run also reports its cost (`cost_usd`, tokens) and model, and for answers with tools the
`trace` of the calls made. Its `run_status` is one of the statuses below.

## Statuses of a run

| status | what it means |
|---|---|
| `queued` `running` | it continues; request its `status_url` again after `Retry-After` seconds, \
or with `wait_seconds` to wait there |
| `needs_review` | a person decides first, on a [tool call](tools.md) \
or on [the answer](no-code.md#answers-that-a-person-reviews-first) |
| `done` | it has its answer |
| `failed` | it has no answer; its code states why |
| `incomplete` | it has no answer, because a limit was reached |
| `interrupted` | the service stopped during the run |
| `cancelled` | it was cancelled |

A run whose id was returned to the caller (202) continues after a restart, under the same id. A run
that was interrupted while its caller waited is `interrupted`: send it again with the same
idempotency key, or `POST` to its `/retry`. Other runs that ended without an answer can be run again
in the same way; a run that is done is never run again. A run whose process died three times in a
row, or twice where several workers share the database, fails with `gave_up`, since its text or its
files may be what ends the processes. Only a retry runs it again.

A request that is refused before it is read has `bad_request` too: with status 408 when it did not
arrive in time (`retryable`), 414 when its address takes more than 8,190 bytes, 431 when its headers
take more than 64 kB, and 400 when it is not valid HTTP.

## Calls with an unknown outcome

When the service stops, a connection breaks or a time-out expires while the model is working, it is
unknown whether that call was billed. It is then charged at its maximum possible cost and reported
in `estimated_usd`. Such a call is not repeated automatically, unless the operator allows it
(`FORMCALL_RETRY_AFTER_TIMEOUT`) or the run is durable and must continue. An interrupted run keeps
its reservation for an hour, or until it is run again; then its maximum cost is charged.
"""
_TABLE_HEAD = """\
| code | status | retryable | what happened | what to do |
|---|---|---|---|---|
"""
_FOOT = """
`retryable`: the same call may succeed later. "operator:" marks what only the operator of the
service can do.
"""


def build_errors_page() -> bytes:
    """The file ``docs/errors.md``."""
    parts = [_HEAD]
    for title, group in KIND_GROUPS.items():
        parts.append(f"\n## {title}\n\n{_TABLE_HEAD}")
        parts += [_row(code, kind) for code, kind in group.items()]
    return "".join([*parts, _FOOT]).encode()


def _row(code: str, kind: Kind) -> str:
    retryable = "yes" if kind.retryable else ""
    return f"| `{code}` | {kind.status} | {retryable} | {kind.title} | {kind.advice} |\n"
