"""Taking a batch in: every row is checked by the action's own form before anything is kept, and a wrong one fails on its own."""

from __future__ import annotations

import json
from typing import Any

from connector.catalogue.values import clean
from connector.engine.turns import Run
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.jobs.addresses import check_address
from connector.jobs.orders import FIELDS, Order, resolve
from connector.jobs.runner import Runner
from connector.jobs.telling import problem_text
from connector.store.economy import new_place
from connector.store.hooks import check_preset
from connector.store.ids import new_id, now_ms, today
from connector.store.keys import Key
from connector.store.money import nano
from connector.store.runs import row_values

Json = dict[str, Any]

# these failures are of no row: they meet every one until somebody sees to them
STOPPING = {"budget_exceeded", "price_unknown", "provider_auth", "provider_quota", "model_retired", "model_unavailable", "unauthorized"}
_NO_TOOLS = "Economy cannot use tools, which a model calls while it answers. Leave Tools empty, or send these rows without economy."
_NO_FILES = "Economy cannot read files, which may take several calls that build on each other. Send these rows without economy."
_ONE_CALL = "Economy asks once for each row. Leave Votes empty and Quality at standard or strong, or send these rows without economy."
_SHOWN_ERRORS = 5


class Intake:
    """Makes the records of a batch and of its rows."""

    def __init__(self, runner: Runner) -> None:
        self._admission, self._engine, self._records = runner.admission, runner.engine, runner.records
        self._settings = runner.engine.settings

    def records(self, key: Key, order: Order) -> tuple[Json, list[Json]]:
        """The record of the batch that ``key`` orders, and those of its rows; ``FormcallError`` when it cannot be taken in.

        ``InvalidInput`` when no row is right; else a wrong one is a row that has failed.
        """
        if order.callback_url:
            check_address(self._admission.outbound, order.callback_url, field="callback_url", label=FIELDS["callback_url"].label)
        action = self._engine.catalogue.find(order.action)
        mapping = resolve(action, order)
        check_preset(action, order.fixed, {})
        batch = self._batch(key, order, mapping)
        return batch, self._rows(key, order, batch, mapping)

    def _batch(self, key: Key, order: Order, mapping: dict[str, str]) -> Json:
        asked = (
            order.action, order.fixed, mapping, order.sheet.rows, order.budget_usd, order.tag, order.callback_url, order.economy,
            order.live_retry,
        )  # fmt: skip
        return {
            "id": new_id("batch"), "key_id": key.id, "action": order.action, "status": "running", "created_ms": now_ms(),
            "total": len(order.sheet.rows), "generation": 1, "economy": order.economy,
            "provider": new_place(live=order.live_retry) if order.economy else None,
            "budget_nusd": None if order.budget_usd is None else nano(order.budget_usd), "tag": order.tag or None,
            "callback_url": order.callback_url or None, "idempotency_key": order.idempotency_key or None,
            "digest": self._records.digest(*asked) if order.idempotency_key else None,
            "fixed": _text(order.fixed), "columns": _text(order.sheet.columns), "mapping": _text(mapping),
        }  # fmt: skip

    def _rows(self, key: Key, order: Order, batch: Json, mapping: dict[str, str]) -> list[Json]:
        rows = [self._row(batch, number, cells) for number, cells in enumerate(order.sheet.rows, 1)]
        errors: list[FieldError] = []
        right = 0
        for row, cells in zip(rows, order.sheet.rows, strict=True):
            try:
                self._check(order, row, row_values(order.fixed, mapping, cells), key if not right else None)
                right += 1
            except InvalidInput as error:
                errors += [_of_row(row["row_no"], entry) for entry in error.errors if len(errors) < _SHOWN_ERRORS]
                self._refuse(row, error)
        if not right:
            raise InvalidInput(errors[:_SHOWN_ERRORS])
        return rows

    def _row(self, batch: Json, number: int, cells: Json) -> Json:
        return {
            "id": new_id("run"), "key_id": batch["key_id"], "action": batch["action"], "status": "queued",
            "created_ms": batch["created_ms"], "ended_ms": None, "day": today(), "host": "", "attempt": 0, "durable": True,
            "batch_id": batch["id"], "row_no": number, "tag": batch["tag"], "digest": None, "form": _text(cells), "reserved_nusd": 0,
            "cost_nusd": 0, "estimated_nusd": 0, "cancel": False, "code": None, "unknown": False, "answer": None,
        }  # fmt: skip

    def _check(self, order: Order, row: Json, values: Json, key: Key | None) -> None:
        """``InvalidInput`` when this row is not right; for the first that is, with its ``key``, also what would be wrong with all."""
        if fault := order.sheet.faults.get(row["row_no"]):
            raise InvalidInput([FieldError("rows", "bad_line", f"The row {fault}")])
        run = self._engine.prepare(order.action, values)
        if key:
            self._check_all(key, order, values)
        row["tag"] = run.options.tag or row["tag"]
        if self._settings.store_text == "hash":
            row["digest"] = self._records.digest(order.action, run.form)

    def _check_all(self, key: Key, order: Order, values: Json) -> None:
        """``FormcallError`` for a scope that the key lacks, or a budget that cannot be kept."""
        asked = self._admission.ask(key, order.action, values)
        if order.economy and (problem := not_for_economy(asked.run)):
            raise FormcallError("bad_request", problem)
        try:
            asked.purse.opening(has_budget=order.budget_usd is not None)
        except FormcallError as error:
            if error.code in STOPPING:
                raise

    def _refuse(self, row: Json, error: FormcallError) -> None:
        problem = problem_text(error, row["id"], "failed")
        row.update(status="failed", ended_ms=row["created_ms"], code=error.code, answer=problem)
        if self._settings.store_text != "on":
            row["form"] = None


def _of_row(number: int, entry: FieldError) -> FieldError:
    return FieldError(entry.field, entry.code, f"Row {number:,}: {entry.message}")


def _text(value: Any) -> str:
    return clean(json.dumps(value, ensure_ascii=False))


def not_for_economy(run: Run) -> str:
    """Why a run's one call cannot be made through the provider's own batches; "" when it can."""
    quality, votes = run.sureness
    if votes > 1 or quality == "auto":
        return _ONE_CALL
    return _NO_TOOLS if run.tools else _NO_FILES if run.action.file_fields else ""
