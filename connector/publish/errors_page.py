"""docs/errors.md: every code with what happened and what to do, from the one table of codes."""

from __future__ import annotations

from connector.errors import KIND_GROUPS, Kind

_HEAD = """\
# What can go wrong, and what to do

Every failure is `application/problem+json` with a real HTTP status and these members, always:

| member | what it is |
|---|---|
| `code` | what a workflow branches on; never renamed |
| `detail` | one sentence for a person: what is wrong and what to do |
| `retryable` | whether the same call may work later; with 429 and 503 the header `Retry-After` says in how many seconds |
| `errors` | for `invalid_input`: each field with its own code and sentence |
| `status` `title` `type` `id` | the HTTP status, a short title, a name for the code, and the id of the run or request |

A failure of a run also carries what the run cost (`cost_usd`, tokens), which model it was, and for answers with tools the
`trace` of the calls that were made. Its `run_status` is one of those below.

## Where a run stands

| status | what it means |
|---|---|
| `queued` `running` | it goes on; ask at its `status_url` again after `Retry-After` seconds, with `wait_seconds` to wait there |
| `needs_review` | a tool asks first: approve or refuse it, and the run goes on ([tools.md](tools.md)) |
| `done` | it has its answer |
| `failed` | it has none; its code says why |
| `incomplete` | it has none, since a limit was reached first |
| `interrupted` | the service stopped while the run was under way |
| `cancelled` | somebody cancelled it |

A run that the caller was given an id for (202) goes on after a restart, under the same id. One that was cut off while its caller waited
is `interrupted`: send it again with the same idempotency key, or `POST` to its `/retry`. What ended in another way without an answer can
be run again the same way; a run that is done is never run again.

## Calls whose end nobody saw

When the service stops, a connection breaks or a time-out passes while the model is at work, nobody knows whether that call was billed.
There is one rule: it counts as billed, at the most it can have cost, and is told as `estimated_usd`. No such call is made again by itself,
unless the operator allows it (`FORMCALL_RETRY_AFTER_TIMEOUT`) or the run was promised and has to go on. An interrupted run keeps its
reservation for an hour, or until it is run again; then it is booked like that.
"""
_TABLE = "| code | status | again | what happened | what to do |\n|---|---|---|---|---|\n"
_FOOT = '\n`again`: the same call may work later. "operator:" stands before what only the operator of the service can mend.\n'


def build_errors_page() -> bytes:
    """The file ``docs/errors.md``."""
    sections = [
        f"\n## {title}\n\n{_TABLE}{''.join(_row(code, kind) for code, kind in group.items())}" for title, group in KIND_GROUPS.items()
    ]
    return "".join([_HEAD, *sections, _FOOT]).encode()


def _row(code: str, kind: Kind) -> str:
    return f"| `{code}` | {kind.status} | {'yes' if kind.retryable else ''} | {kind.title} | {kind.advice} |\n"
