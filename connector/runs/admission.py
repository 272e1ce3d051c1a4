"""Whether a request may start a run.

The outcome is one of: a dry run, a cached answer, the run of the same idempotency key, or a new
run with money reserved.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from connector import logs
from connector.catalogue.options import CACHE_SECONDS
from connector.catalogue.values import clean
from connector.engine.engine import Engine
from connector.engine.run import Run
from connector.errors import FormcallError
from connector.json_types import Json
from connector.outbound import Outbound, parse_allowed
from connector.runs.attachments import attach, detach
from connector.runs.budget import RunBudget, write_when_affordable
from connector.runs.callbacks import check_callback
from connector.runs.dry_run import dry_run
from connector.runs.responses import (
    COMPLETED,
    FAILED,
    RunResponse,
    event_json,
    stored_response,
    to_json,
    without_read_text,
)
from connector.runs.retries import starts_again
from connector.runs.reviews import require_reviewable
from connector.runs.revisions import with_previous_version
from connector.store.ids import iso_time, now_ms, today
from connector.store.keys import Key
from connector.store.ledger.changes import CreateRun, FinishRun, StartAttempt
from connector.store.ledger.control_changes import AddCallback, ReleaseKey, RequeueRun
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import (
    OPEN_STATUSES,
    BudgetLimits,
    DuplicateKey,
    Reservation,
    RunSuperseded,
)
from connector.store.rows import RunRow
from connector.store.runs import Runs

IDEMPOTENCY_MS = 24 * 3_600_000  # how long an idempotency key refers to the same run
_MAX_TRIES = 3
_NO_USAGE = {
    "input_tokens": 0,
    "cached_tokens": 0,
    "output_tokens": 0,
    "reasoning_tokens": 0,
    "cost_usd": 0.0,
    "duration_ms": 0,
}


@dataclass
class RunRequest:
    """A run that a key has requested.

    ``form`` is the JSON text of the fields as they were sent; ``files`` are the bytes that it
    refers to, by digest. ``cache_digest`` is the key of its answer in the cache ("": not cached).
    The caller waits until ``wait_until`` (``time.monotonic()``).
    """

    key: Key
    run: Run
    budget: RunBudget
    form: str
    cache_digest: str = ""
    batch_id: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    wait_until: float = 0.0

    @property
    def review_policy(self) -> str:
        """Which answers wait for a person: as the form says, or else the key."""
        return self.run.options.review or self.key.review or "never"

    def check_tool_scopes(self) -> None:
        """``FormcallError`` (forbidden) when the key lacks a scope that a tool of the run needs."""
        for tool in self.run.tools:
            if self.key.may_use(tool.name, reaches_outside=tool.needs_permission):
                continue
            scope = f"tool:{tool.name}" if tool.needs_permission else "tools"
            raise FormcallError(
                "forbidden",
                f'This API key does not have the scope "{scope}", which '
                f"{tool.title or tool.name} needs. Leave that tool out, or ask the operator for a "
                "key that has it.",
            )


class Admission:
    """Decides how each request proceeds. ``executes`` is False where other machines run it."""

    def __init__(
        self, engine: Engine, ledger: Ledger, records: Runs, *, host: str, executes: bool
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._records = records
        self._host = host
        self._executes = executes
        self.is_active: Callable[[str], bool] = lambda run_id: True  # in this process
        self._settings = engine.settings
        self.outbound = Outbound(parse_allowed(self._settings.allow_hosts))

    def prepare(self, key: Key, action: str, values: Mapping[str, Any]) -> RunRequest:
        """Validate a form's ``values`` and the key's scopes; nothing is recorded or spent yet.

        ``InvalidInput`` for a wrong form, other ``FormcallError`` for what the key may not do.
        """
        values, previous = with_previous_version(
            self._records, key.id, self._engine.catalogue.find(action), values
        )
        run = self._engine.prepare(action, values, previous)
        detached, files = detach(run, values)
        request = RunRequest(
            key,
            run,
            RunBudget(self._engine, self._ledger, key, run),
            clean(json.dumps(detached, ensure_ascii=False, default=str)),
            files=files,
            wait_until=time.monotonic() + run.options.wait_seconds,
        )
        request.check_tool_scopes()
        check_callback(self.outbound, vars(run.options))
        require_reviewable(run, request.review_policy)
        if CACHE_SECONDS[run.options.cache] and request.review_policy == "never":
            request.cache_digest = self._cache_digest(run)
        return request

    def prepare_stored(self, key: Key | None, row: RunRow) -> RunRequest:
        """The request of a recorded run, to execute its next attempt.

        ``FormcallError`` when ``key`` was revoked, or the stored form is not valid any longer.
        """
        if key is None or key.revoked_at:
            raise FormcallError("unauthorized", "The API key of this run was revoked.")
        values = self.stored_values(row)
        previous = None
        if not row.batch_id:
            action = self._engine.catalogue.find(row.action)
            values, previous = with_previous_version(self._records, key.id, action, values)
        run = self._engine.prepare(row.action, values, previous)
        run.id = row.id
        budget = RunBudget(self._engine, self._ledger, key, run)
        request = RunRequest(key, run, budget, row.form or "", batch_id=row.batch_id or "")
        request.check_tool_scopes()
        budget.resume_from(row)
        return request

    def stored_values(self, row: RunRow) -> Json:
        """The form of a recorded run with its files; ``FormcallError`` when a file was deleted.

        A row of a batch has its files in its form, as they were sent.
        """
        values = self._records.form_values(row)
        if row.batch_id:
            return values
        return attach(values, partial(self._records.blobs.find, row.key_id))

    def admit(self, request: RunRequest) -> Reservation | RunResponse:
        """The reservation with which the run starts, or the response where nothing starts now."""
        run = request.run
        if run.options.dry_run:
            return RunResponse(run.id, "dry_run", to_json(dry_run(self._engine, run, request.key)))
        for _ in range(_MAX_TRIES):
            admitted = self._from_cache(request) or self._create(request)
            if not isinstance(admitted, DuplicateKey):
                return admitted
            if repeated := self._repeat(request, admitted):
                return repeated
        raise FormcallError(
            "busy",
            "The same idempotency key is being used by another request. Try again in a second.",
            retry_after=1,
        )

    # --- a new run ---

    def _create(self, request: RunRequest) -> Reservation | DuplicateKey:
        desired, minimum = request.budget.initial_reservation()
        if not self.runs_here(request):
            self.store_files(request)
        limits = request.key.limits.budget_limits()
        change = CreateRun(self._new_row(request), limits, desired, minimum)
        if self.runs_here(request):  # a queued one could run although its caller was refused
            change.until = request.wait_until
        return write_when_affordable(self._ledger, change, request.wait_until)

    def store_files(self, request: RunRequest) -> None:
        """Store the request's files, without which its run cannot be executed from its record."""
        self._records.blobs.save(request.key.id, request.files)

    def runs_here(self, request: RunRequest) -> bool:
        """Whether the run executes in this process at once, rather than from the queue."""
        options = request.run.options
        return self._executes and (options.wait_seconds > 0 or options.stream)

    def _new_row(self, request: RunRequest) -> Json:
        run = request.run
        options = run.options
        runs_here = self.runs_here(request)
        store_text = self._settings.store_text
        needs_digest = store_text == "hash" or options.idempotency_key
        return {
            "id": run.id,
            "key_id": request.key.id,
            "action": run.action.id,
            "status": "running" if runs_here else "queued",
            "created_ms": now_ms(),
            "day": today(),
            "host": self._host if runs_here else "",
            "attempt": int(runs_here),
            "durable": not runs_here,
            "batch_id": None,
            "row_no": None,
            "tag": options.tag or None,
            "idempotency_key": options.idempotency_key or None,
            "digest": self._digest(run) if needs_digest else None,
            "form": request.form if store_text == "on" or not runs_here else None,
            "callback_url": options.callback_url or None,
            "max_nusd": None,
            "cost_nusd": 0,
            "estimated_nusd": 0,
            "cancel": False,
            "unknown": False,
            "search_no": 0 if store_text == "on" else None,
        }

    # --- the same idempotency key ---

    def _repeat(
        self, request: RunRequest, duplicate: DuplicateKey
    ) -> Reservation | RunResponse | None:
        """The response of the key's earlier run, or its next attempt; None: try to create again."""
        row = self._records.find(duplicate.id)
        if row is None:
            return None
        if row.created_ms < now_ms() - IDEMPOTENCY_MS and row.status not in OPEN_STATUSES:
            self._ledger.write(ReleaseKey(row.id))
            return None
        if duplicate.digest != self._digest(request.run):
            raise FormcallError(
                "idempotency_mismatch",
                "This idempotency key was used for another request. Use a new key for a new "
                "request, or send the same fields.",
            )
        if not (starts_again(row) or self._is_abandoned(request, row)):
            request.run.id = row.id
            self._add_callback(request, row)
            return replace(stored_response(row), is_replay=True)
        self._add_callback(request, row, restarting=True)
        own_id = request.run.id
        request.run.id = row.id
        try:
            return self._restart(request, row)
        except RunSuperseded:  # another request has restarted it meanwhile
            request.run.id = own_id
            return None

    def _is_abandoned(self, request: RunRequest, row: RunRow) -> bool:
        """Whether a run's start was written, its caller was refused, and nothing executes it."""
        is_ours = row.status == "running" and row.host == self._host and not row.durable
        return is_ours and self.runs_here(request) and not self.is_active(row.id)

    def _add_callback(self, request: RunRequest, row: RunRow, *, restarting: bool = False) -> None:
        """Register the repeated request's callback URL, which may differ from the first one's."""
        url = request.run.options.callback_url
        current: RunRow | None = row
        while url and current:
            response = stored_response(current)
            event = FAILED if response.code else COMPLETED
            body = event_json(event, response.body) if response.has_ended else ""
            if self._ledger.write(AddCallback(row.id, url, event, body, restarting)):
                return
            current = self._records.find(row.id)  # it ended between the read and the write

    def _restart(self, request: RunRequest, row: RunRow) -> Reservation | RunResponse:
        """Start the next attempt of a run that ended without an answer, under the same id."""
        if not self.runs_here(request):
            self.store_files(request)
            return Reservation(0, self._ledger.write(RequeueRun(row.id, request.form)))
        request.budget.resume_from(row)
        desired, minimum = request.budget.initial_reservation()
        change = StartAttempt(
            row.id,
            self._host,
            row.attempt,
            (row.status,),
            request.key.limits.budget_limits(),
            desired,
            minimum,
            today(),
        )
        return write_when_affordable(self._ledger, change, request.wait_until)

    def _digest(self, run: Run) -> str:
        parts = [run.options.previous_run] if run.options.previous_run else []
        return self._records.digest(run.action.id, run.form, *parts)

    # --- cached answers ---

    def _cache_digest(self, run: Run) -> str:
        """Equal for two requests that the model cannot tell apart."""
        engine = self._engine.provider.engine
        if run.action.file_fields:  # the request to the model is known once the files are read
            previous_text = run.previous.text if run.previous else ""
            parts = (run.model_requested, run.effort, run.form, previous_text)
            return self._records.digest(engine, run.action.id, *parts)
        request = run.initial_request()
        functions = [(function.name, function.parameters) for function in request.functions]
        return self._records.digest(
            engine,
            run.action.id,
            request.model,
            request.effort,
            request.instructions,
            request.message,
            functions,
            request.force,
            run.quality_and_votes,
        )

    def _from_cache(self, request: RunRequest) -> RunResponse | DuplicateKey | None:
        """The cached answer of an equal request, recorded as a run of its own; None: no answer."""
        if not request.cache_digest:
            return None
        seconds = CACHE_SECONDS[request.run.options.cache]
        cached = self._records.cached_answer(request.key.id, request.cache_digest, seconds)
        if cached is None:
            return None
        answer, created_ms = cached
        return self._record_cached(request, self._cached_body(request.run, answer, created_ms))

    def _cached_body(self, run: Run, answer: str, created_ms: int) -> Json:
        body: Json = json.loads(answer)
        warning = (
            f"This answer was cached at {iso_time(created_ms)}; nothing was spent on it again."
        )
        body |= _NO_USAGE
        if run.previous:
            body |= {"version": run.previous.version + 1, "previous_run": run.previous.run_id}
        warnings = list(dict.fromkeys([*run.warnings, *body["warnings"], warning]))
        return body | {"id": run.id, "warnings": warnings, "read_text": run.read_text}

    def answer_to_store(self, run: Run, answer: str) -> str | None:
        """What is stored of an answer that its caller gets at once; None: nothing.

        Where texts are not kept, an idempotency key keeps it without the text that repeats send.
        """
        if self._settings.store_text == "on":
            return answer
        return without_read_text(run, answer) if run.options.idempotency_key else None

    def _record_cached(self, request: RunRequest, body: Json) -> RunResponse | DuplicateKey:
        run = request.run
        row = {
            **self._new_row(request),
            "status": "running",
            "attempt": 1,
            "host": self._host,
            "durable": False,
        }
        limits = BudgetLimits(max_concurrent=request.key.limits.at_once)
        created = self._ledger.write(CreateRun(row, limits))
        if isinstance(created, DuplicateKey):
            return created
        text = to_json(body)
        self._ledger.write(
            FinishRun(
                run.id,
                1,
                "done",
                (),
                text,
                unknown=not body["result"],
                checks_failed=body.get("checks_failed"),
                event=COMPLETED,
                body=event_json(COMPLETED, text),
                stored_answer=partial(self.answer_to_store, run),
                keep_form=self._settings.store_text == "on",
            )
        )
        logs.log_run(
            run_id=run.id, key_id=request.key.id, action=run.action.id, status="done", cached=True
        )
        return RunResponse(run.id, "done", text)
