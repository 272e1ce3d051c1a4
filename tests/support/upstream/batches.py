"""The Batch API: batches that are validated, run and ended as the test's clock advances.

Nothing happens by itself: whenever somebody looks at a batch, all its lines that are due by then
are run, in the order of the input file. A tenth of the time is for checking, eight tenths for the
lines, the rest for writing the files.
"""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.upstream.batchrules import (
    MOST_LINES,
    Errors,
    batch_refusal,
    line_error,
    read_lines,
)
from tests.support.upstream.dialects import Body, at
from tests.support.upstream.errors import Refused, refuse
from tests.support.upstream.files import FILES_PATH, MOST_BYTES, Files
from tests.support.upstream.models import ModelRow
from tests.support.upstream.script import FAULTS, fault
from tests.support.upstream.wire import Reply, Step, json_reply

BATCHES_PATH = "/v1/batches"
DAY = 86_400.0
CHECKED, RUN = 0.1, 0.9
FINAL = ("completed", "failed", "expired")
WHOLE = "*"
OWN_FAULTS = ("expired", "timeout", "missing", "token_limit")
UNRUN = {
    "expired": (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    "cancelled": (
        "batch_cancelled",
        "This request was not executed because the batch was cancelled.",
    ),
}
TIMED_OUT = ("request_timeout", "The underlying call to the model timed out.")

ID = re.compile(r"(?<=/)(file-|batch_)\w+")

Ask = Callable[[str, Body, Step | None], Reply]
"""(batch id, entry, a step in place of the script's) -> what the model replies to the entry's
body."""


@dataclass
class Batching:
    """How batches go: see `FakeUpstream` for each."""

    seconds: float = 0.0
    faults: Mapping[str, str | Step] = field(default_factory=dict)
    expire_after: float = DAY
    most_lines: int = MOST_LINES
    most_bytes: int = MOST_BYTES

    def __post_init__(self) -> None:
        for custom_id in self.faults:
            self.fault(custom_id)

    def fault(self, custom_id: str) -> str | Step | None:
        """What happens to a line."""
        named = self.faults.get(custom_id, self.faults.get(WHOLE))
        if isinstance(named, str) and named not in FAULTS and named not in OWN_FAULTS:
            raise ValueError(
                f"unknown fault {named!r}; there are: {', '.join(sorted({*FAULTS, *OWN_FAULTS}))}"
            )
        return named

    def any(self, entries: Iterable[Body], name: str) -> bool:
        """Whether a line meets the named fault."""
        return any(self.fault(entry["custom_id"]) == name for entry in entries)


@dataclass
class Batch:
    """One batch; times are seconds since 1970. `results` are the lines that were run, in the order
    of the input."""

    id: str
    asked: Body
    created: float
    seconds: float
    window: float
    entries: list[Body]
    errors: Errors
    ending: str
    model: str | None
    cancelled: float | None = None
    results: list[Body] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    output_file_id: str | None = None
    error_file_id: str | None = None

    def past(self, now: float) -> list[tuple[str, float]]:
        """The states it has been in by `now`, each with the time at which it began."""
        took, stop = self.seconds, self.created + self.window
        events = [("in_progress", CHECKED), ("finalizing", RUN), (self.ending, 1.0)]
        if self.errors:
            events = [("failed", CHECKED)]
        times = [
            ("validating", self.created),
            *((name, self.created + share * took) for name, share in events),
        ]
        if times[-1][1] > stop:
            times = [*(each for each in times if each[1] <= stop), ("expired", stop)]
        if (left := self.cancelled) is not None:
            before = (each for each in times if each[1] <= left)
            times = [*before, ("cancelling", left), ("cancelled", left + CHECKED * took)]
        return [each for each in times if each[1] <= now]

    def status(self, now: float) -> str:
        """Where it is."""
        return self.past(now)[-1][0]

    def due(self, now: float) -> int:
        """How many of its lines are run by `now`."""
        if self.errors:
            return 0
        ends = (self.created + self.window, now if self.cancelled is None else self.cancelled)
        elapsed = min(now, *ends) - self.created
        if elapsed >= RUN * self.seconds:
            return len(self.entries)
        share = (elapsed / self.seconds - CHECKED) / (RUN - CHECKED)
        return max(0, int(len(self.entries) * share))

    def shown(self, past: list[tuple[str, float]]) -> Body:
        """The batch as the API shows it, after these states."""
        done = {f"{name}_at": int(since) for name, since in past[1:]}
        names = (
            "in_progress",
            "finalizing",
            "completed",
            "failed",
            "expired",
            "cancelling",
            "cancelled",
        )
        checked = len(past) > 1
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.asked["endpoint"],
            "model": self.model if checked else None,
            "errors": {"object": "list", "data": self.errors} if past[-1][0] == "failed" else None,
            "input_file_id": self.asked["input_file_id"],
            "completion_window": self.asked["completion_window"],
            "status": past[-1][0],
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": int(self.created),
            "expires_at": int(self.created + self.window),
            **{f"{name}_at": done.get(f"{name}_at") for name in names},
            "request_counts": self._counts(checked),
            "usage": usage_of(self.results),
            "metadata": self.asked.get("metadata"),
        }

    def _counts(self, checked: bool) -> Body:
        good = sum(_good(result) for result in self.results)
        total = len(self.entries) if checked and not self.errors else 0
        return {
            "total": total,
            "completed": good,
            "failed": sum(map(_executed, self.results)) - good,
        }


class Batches:
    """The batches and files of one server."""

    def __init__(self, how: Batching, models: Mapping[str, ModelRow], ask: Ask) -> None:
        self.how = how
        self.files = Files(self.now, how.most_bytes)
        self._models = models
        self._ask = ask
        self._ahead = 0.0
        self._batches: dict[str, Batch] = {}
        self._lock = threading.RLock()

    def now(self) -> float:
        """Seconds since 1970 on the clock of the batches."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock of the batches forward."""
        self._ahead += seconds

    def get(self, path: str, query: Mapping[str, str]) -> Reply:
        """A file or its content, a batch, or the list of them."""
        with self._lock:
            if path.startswith(FILES_PATH):
                return self.files.get(path)
            if path == BATCHES_PATH:
                return json_reply(self._list(query))
            return json_reply(self._look(path.removeprefix(f"{BATCHES_PATH}/")))

    def post(self, path: str, body: Any) -> Reply:
        """Upload a file, create a batch or cancel one."""
        with self._lock:
            if path == FILES_PATH:
                return json_reply(self.files.upload(body))
            if path == BATCHES_PATH:
                return json_reply(self._create(body))
            batch_id, _, rest = path.removeprefix(f"{BATCHES_PATH}/").partition("/")
            if rest != "cancel":
                raise Refused(refuse(f"Invalid URL (POST {path})", None, None, status=404))
            return json_reply(self._cancel(batch_id))

    def delete(self, path: str) -> Reply:
        """Delete a file; batches stay."""
        with self._lock:
            if not path.startswith(f"{FILES_PATH}/"):
                raise Refused(refuse(f"Invalid URL (DELETE {path})", None, None, status=404))
            return self.files.delete(path)

    def _create(self, body: Any) -> Body:
        if (found := batch_refusal(body)) is not None:
            raise Refused(found)
        entries, errors = self._read(body)
        if not errors and self.how.any(entries, "token_limit"):
            message = (
                f"Enqueued token limit reached for {entries[0]['body']['model']} in "
                "organization org-test."
            )
            errors = [
                line_error("token_limit_exceeded", f"{message} Limit: 2,000,000 enqueued tokens.")
            ]
        batch = Batch(
            id=f"batch_{secrets.token_hex(16)}",
            asked=body,
            created=self.now(),
            seconds=self.how.seconds,
            window=self.how.expire_after,
            entries=entries,
            errors=errors,
            ending="expired" if not errors and self.how.any(entries, "expired") else "completed",
            model=None if errors else self._models[entries[0]["body"]["model"]].snapshot,
        )
        self._batches[batch.id] = batch
        return batch.shown([("validating", batch.created)])

    def _read(self, body: Body) -> tuple[list[Body], Errors]:
        """The entries of the input file, or why there are none; the service says so only after it
        took the batch."""
        try:
            file = self.files.find(body["input_file_id"])
        except Refused:
            message = (
                f"Cannot find file {body['input_file_id']}, or organization org-test does "
                "not have access to it."
            )
            return [], [line_error("invalid_request", message, "file_id")]
        if file.purpose != "batch":
            message = (
                f"Invalid file purpose '{file.purpose}': the input file must have the "
                "purpose 'batch'."
            )
            return [], [line_error("invalid_request", message, "file_id")]
        return read_lines(file.content, body["endpoint"], self._models, self.how.most_lines)

    def _find(self, id: str) -> Batch:
        if id not in self._batches:
            raise Refused(refuse(f"No batch found with id '{id}'.", None, None, status=404))
        return self._batches[id]

    def _look(self, id: str) -> Body:
        batch, now = self._find(id), self.now()
        self._run(batch, now)
        return batch.shown(batch.past(now))

    def _list(self, query: Mapping[str, str]) -> Body:
        """The newest first, from behind `after`."""
        limit, ids = int(query.get("limit", 20)), list(reversed(self._batches))
        if not 1 <= limit <= 100:
            message = f"Invalid 'limit': expected an integer from 1 to 100, but got {limit}."
            raise Refused(refuse(message, "limit", "invalid_value"))
        start = ids.index(self._find(query["after"]).id) + 1 if "after" in query else 0
        page = [self._look(each) for each in ids[start : start + limit]]
        ends = (
            {"first_id": page[0]["id"], "last_id": page[-1]["id"]}
            if page
            else {"first_id": None, "last_id": None}
        )
        return {"object": "list", "data": page, **ends, "has_more": start + limit < len(ids)}

    def _cancel(self, id: str) -> Body:
        batch, now = self._find(id), self.now()
        status = batch.status(now)
        if status in FINAL:
            raise Refused(
                refuse(f"Cannot cancel a batch with status '{status}'.", None, None, status=409)
            )
        if batch.cancelled is None:
            batch.cancelled = now
        self._run(batch, now)
        return batch.shown(batch.past(now))

    def _run(self, batch: Batch, now: float) -> None:
        """Run what is due, and write the files of a batch that has ended."""
        for entry in batch.entries[len(batch.results) : batch.due(now)]:
            batch.results.append(self._result(batch, entry))
        status, written = batch.status(now), batch.output_file_id or batch.error_file_id
        if (
            batch.entries
            and not batch.errors
            and not written
            and status in ("completed", "expired", "cancelled")
        ):
            self._write(batch, status)

    def _result(self, batch: Batch, entry: Body) -> Body:
        named = self.how.fault(entry["custom_id"])
        line = {
            "id": f"batch_req_{secrets.token_hex(16)}",
            "custom_id": entry["custom_id"],
            "response": None,
            "error": None,
        }
        if named in ("expired", "timeout"):
            return line | {"error": _error(UNRUN["expired"] if named == "expired" else TIMED_OUT)}
        if named == "missing":
            batch.lost.add(entry["custom_id"])
        step = named if callable(named) else fault(named) if named in FAULTS else None
        reply = self._ask(batch.id, entry, step)
        if (said := None if reply.lasting else _json(reply.body)) is None:
            return line | {"error": _error(TIMED_OUT)}
        return line | {
            "response": {
                "status_code": reply.status,
                "request_id": secrets.token_hex(16),
                "body": said,
            }
        }

    def _write(self, batch: Batch, status: str) -> None:
        """Both files where they have lines, in no order that a reader could rely on."""
        code = _error(UNRUN.get(status, UNRUN["expired"]))
        unrun = [
            {
                "id": f"batch_req_{secrets.token_hex(16)}",
                "custom_id": entry["custom_id"],
                "response": None,
                "error": code,
            }
            for entry in batch.entries[len(batch.results) :]
        ]
        lines = [line for line in (*batch.results, *unrun) if line["custom_id"] not in batch.lost]
        lines = lines[1::2] + lines[::2]
        batch.output_file_id = self._file(batch, "output", filter(_good, lines))
        batch.error_file_id = self._file(
            batch, "error", (line for line in lines if not _good(line))
        )

    def _file(self, batch: Batch, name: str, lines: Iterable[Body]) -> str | None:
        content = "".join(json.dumps(line) + "\n" for line in lines)
        keep = at(batch.asked, ("output_expires_after", "seconds"))
        return (
            self.files.add(f"{batch.id}_{name}.jsonl", "batch_output", content.encode(), keep).id
            if content
            else None
        )


def route(method: str, path: str) -> str:
    """A request's kind: `GET /v1/files/{id}/content`."""
    return f"{method} {ID.sub('{id}', path)}"


def usage_of(results: Iterable[Body]) -> Body:
    """The sum of what the replies say they cost, in the one form that batches have."""
    sums = dict.fromkeys(("input", "cached", "output", "reasoning"), 0)
    for result in results:
        used = at(result, ("response", "body", "usage")) or {}
        for name, ours, chats in (("input", "input", "prompt"), ("output", "output", "completion")):
            sums[name] += used.get(f"{ours}_tokens") or used.get(f"{chats}_tokens") or 0
            detail = "cached" if name == "input" else "reasoning"
            details = (
                used.get(f"{ours}_tokens_details") or used.get(f"{chats}_tokens_details") or {}
            )
            sums[detail] += details.get(f"{detail}_tokens") or 0
    return {
        "input_tokens": sums["input"],
        "input_tokens_details": {"cached_tokens": sums["cached"]},
        "output_tokens": sums["output"],
        "output_tokens_details": {"reasoning_tokens": sums["reasoning"]},
        "total_tokens": sums["input"] + sums["output"],
    }


def _good(line: Body) -> bool:
    return line["response"] is not None and line["response"]["status_code"] < 400


def _executed(line: Body) -> bool:
    """Lines that were never run count neither as completed nor as failed."""
    return line["error"] is None or line["error"]["code"] == TIMED_OUT[0]


def _error(words: tuple[str, str]) -> Body:
    return dict(zip(("code", "message"), words, strict=True))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
