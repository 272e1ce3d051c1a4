"""Validation of a new batch: each row is checked against the action's form before it is stored.

An invalid row is stored as failed; the batch is refused only if no row is valid.
"""

from __future__ import annotations

import json
from typing import Any

from connector.batches.request import FIELDS, BatchRequest, resolve_mapping
from connector.catalogue.values import clean
from connector.engine.run import Run
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json
from connector.runs.callbacks import check_address
from connector.runs.responses import RunResponse, problem_json
from connector.runs.runner import Runner
from connector.store.hook_mapping import check_preset
from connector.store.ids import new_id, now_ms, today
from connector.store.keys import Key
from connector.store.ledger.money import to_nano
from connector.store.provider_batches import new_state_json
from connector.store.runs import row_values

# errors that are not specific to a row: every row meets them until the cause is fixed,
# so the whole batch is paused
PAUSING_CODES = {
    "budget_exceeded",
    "price_unknown",
    "provider_auth",
    "provider_quota",
    "model_retired",
    "model_unavailable",
    "unauthorized",
}


def pauses_batch(error: FormcallError | RunResponse) -> bool:
    """Whether each row of a batch meets the error until its cause is fixed."""
    return error.code in PAUSING_CODES or error.affects_all_calls


_NO_TOOLS = (
    "Economy does not support tools, because each row is a single model call. "
    "Leave Tools empty, or send these rows without economy."
)
_FREE = "This action calls no model and costs nothing. Send these rows without economy."
_NO_FILES = (
    "Economy does not support files, which may need several dependent model calls. "
    "Send these rows without economy."
)
_ONE_CALL = (
    "Economy makes one model call for each row. Leave Votes empty and Quality at standard "
    "or strong, or send these rows without economy."
)
_REVIEWED_KEY = (
    "Answers of this API key wait for a person, and rows of a batch cannot. Send these rows as "
    "runs, or ask the operator for another key."
)
_MAX_REPORTED_ERRORS = 5


class BatchValidator:
    """Validates a batch request and builds the database records of the batch and its rows."""

    def __init__(self, runner: Runner) -> None:
        self._admission = runner.admission
        self._engine = runner.engine
        self._records = runner.records
        self._settings = runner.engine.settings

    def records(self, key: Key, request: BatchRequest) -> tuple[Json, list[Json]]:
        """The record of the requested batch and the records of its rows.

        Raises ``FormcallError`` if ``key`` may not run it, and ``InvalidInput`` if the request or
        every row is invalid. If only some rows are invalid, their records have status failed.
        """
        if request.callback_url:
            check_address(
                self._admission.outbound,
                request.callback_url,
                field="callback_url",
                label=FIELDS["callback_url"].label,
            )
        action = self._engine.catalogue.find(request.action)
        mapping = resolve_mapping(action, request)
        check_preset(action, request.fixed, {})
        batch = self._batch(key, request, mapping)
        return batch, self._rows(key, request, batch, mapping)

    def _batch(self, key: Key, request: BatchRequest, mapping: dict[str, str]) -> Json:
        digest_parts = (
            request.action,
            request.fixed,
            mapping,
            request.rows.records,
            request.budget_usd,
            request.tag,
            request.callback_url,
            request.economy,
            request.live_retry,
        )
        return {
            "id": new_id("batch"),
            "key_id": key.id,
            "action": request.action,
            "status": "running",
            "created_ms": now_ms(),
            "total": len(request.rows.records),
            "generation": 1,
            "economy": request.economy,
            "provider": new_state_json(retry_live=request.live_retry) if request.economy else None,
            "budget_nusd": None if request.budget_usd is None else to_nano(request.budget_usd),
            "tag": request.tag or None,
            "callback_url": request.callback_url or None,
            "idempotency_key": request.idempotency_key or None,
            "digest": self._records.digest(*digest_parts) if request.idempotency_key else None,
            "fixed": _json_text(request.fixed),
            "columns": _json_text(request.rows.columns),
            "mapping": _json_text(mapping),
        }

    def _rows(
        self, key: Key, request: BatchRequest, batch: Json, mapping: dict[str, str]
    ) -> list[Json]:
        rows: list[Json] = []
        errors: list[FieldError] = []
        any_valid = False
        for number, cells in enumerate(request.rows.records, 1):
            row = self._row(batch, number, cells)
            rows.append(row)
            try:
                values = row_values(request.fixed, mapping, cells)
                self._check_row(request, row, values, None if any_valid else key)
                any_valid = True
            except InvalidInput as error:
                if len(errors) < _MAX_REPORTED_ERRORS:
                    errors += [_with_row_number(number, entry) for entry in error.errors]
                self._reject(row, error)
        if not any_valid:
            raise InvalidInput(errors[:_MAX_REPORTED_ERRORS])
        return rows

    def _row(self, batch: Json, number: int, cells: Json) -> Json:
        return {
            "id": new_id("run"),
            "key_id": batch["key_id"],
            "action": batch["action"],
            "status": "queued",
            "created_ms": batch["created_ms"],
            "ended_ms": None,
            "day": today(),
            "host": "",
            "attempt": 0,
            "durable": True,
            "batch_id": batch["id"],
            "row_no": number,
            "tag": batch["tag"],
            "digest": None,
            "form": _json_text(cells),
            "reserved_nusd": 0,
            "cost_nusd": 0,
            "estimated_nusd": 0,
            "cancel": False,
            "code": None,
            "unknown": False,
            "answer": None,
        }

    def _check_row(self, request: BatchRequest, row: Json, values: Json, key: Key | None) -> None:
        """Raise ``InvalidInput`` if the row is invalid.

        ``key`` is given for the first valid row only, to check what is the same for all rows.
        """
        if problem := request.rows.errors.get(row["row_no"]):
            raise InvalidInput([FieldError("rows", "bad_line", f"The row {problem}")])
        run = self._engine.prepare(request.action, values)
        if key:
            self._check_batch(key, request, values)
        row["tag"] = run.options.tag or row["tag"]
        if self._settings.store_text == "hash":
            row["digest"] = self._records.digest(request.action, run.form)

    def _check_batch(self, key: Key, request: BatchRequest, values: Json) -> None:
        """Raise ``FormcallError`` for a missing scope or a budget that cannot be enforced."""
        run_request = self._admission.prepare(key, request.action, values)
        if key.review not in {"", "never"}:
            raise FormcallError("forbidden", _REVIEWED_KEY)
        if request.economy and (problem := provider_batch_problem(run_request.run)):
            raise FormcallError("bad_request", problem)
        try:
            run_request.budget.initial_reservation(has_budget=request.budget_usd is not None)
        except FormcallError as error:
            if error.code in PAUSING_CODES:
                raise

    def _reject(self, row: Json, error: FormcallError) -> None:
        problem = problem_json(error, row["id"], "failed")
        row.update(status="failed", ended_ms=row["created_ms"], code=error.code, answer=problem)
        if self._settings.store_text != "on":
            row["form"] = None


def _with_row_number(number: int, entry: FieldError) -> FieldError:
    return FieldError(entry.field, entry.code, f"Row {number:,}: {entry.message}")


def _json_text(value: Any) -> str:
    return clean(json.dumps(value, ensure_ascii=False))


def provider_batch_problem(run: Run) -> str:
    """Why a run cannot be part of a provider batch, which makes one call per row; "" if it can."""
    quality, votes = run.quality_and_votes
    if votes > 1 or quality == "auto":
        return _ONE_CALL
    if run.tools:
        return _NO_TOOLS
    if run.action.computed:
        return _FREE
    return _NO_FILES if run.action.file_fields else ""
