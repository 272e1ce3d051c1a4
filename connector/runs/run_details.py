"""What led to a run's answer: its form, its request to the model, its calls and its tools.

These are the parts of GET /v1/runs/<id>?include=..., each of which costs a read of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from connector.engine.engine import Engine
from connector.engine.run import Run
from connector.errors import FormcallError
from connector.json_types import Json
from connector.providers.base import ModelRequest
from connector.providers.pricing.bounds import request_preview
from connector.runs.attachments import attach
from connector.runs.dry_run import without_images
from connector.runs.revisions import with_previous_version
from connector.store.ledger.money import to_usd
from connector.store.rows import LedgerRow, RunRow
from connector.store.runs import Runs

_NOT_STORED = (
    "The form of this run is not stored (FORMCALL_STORE_TEXT, or it was deleted), so its request "
    "cannot be shown."
)
_AS_STORED = "Made from the stored form, as the action stands now."
_WITHOUT_FILES = f"{_AS_STORED} The text of its documents is left out."
_EMPTY_REQUEST: Json = {
    "model": "",
    "effort": "",
    "instructions": "",
    "message": "",
    "functions": [],
    "force": "",
    "body": None,
}


class RunDetails:
    """Reads the parts of a run that its view leaves out."""

    def __init__(self, engine: Engine, records: Runs) -> None:
        self._engine = engine
        self._records = records
        self.parts: dict[str, Callable[[RunRow], object]] = {
            "form": self._form,
            "request": self._request,
            "ledger": self._ledger,
            "trace": self._trace,
        }

    def _form(self, row: RunRow) -> Json | None:
        """The fields as they came; None where they are not stored."""
        return None if row.form is None else self._records.form_values(row)

    def _request(self, row: RunRow) -> Json:
        """The first request to the model, made again from the stored form."""
        if row.form is None:
            return {**_EMPTY_REQUEST, "note": _NOT_STORED}
        try:
            run = self._prepare(row)
        except FormcallError as error:
            note = f"The request cannot be made again: {error.detail}"
            return {**_EMPTY_REQUEST, "note": note}
        return self._request_view(run)

    def _prepare(self, row: RunRow) -> Run:
        values = self._records.form_values(row)
        if row.batch_id:
            return self._engine.prepare(row.action, values)
        values = attach(values, partial(self._records.blobs.find, row.key_id))
        action = self._engine.catalogue.find(row.action)
        return self._engine.prepare(
            row.action, *with_previous_version(self._records, row.key_id, action, values)
        )

    def _request_view(self, run: Run) -> Json:
        files = run.action.file_fields
        request = run.request_without_document(files[0]) if files else run.initial_request()
        preview = request_preview(self._engine.provider, request)
        return {
            **_request_json(request),
            "body": without_images(preview.body) if preview else None,
            "note": _WITHOUT_FILES if files else _AS_STORED,
        }

    def _ledger(self, row: RunRow) -> list[Json]:
        """Each call of a model that was booked, in order."""
        return [_ledger_view(entry) for entry in self._records.booked_calls(row.id)]

    def _trace(self, row: RunRow) -> list[Json]:
        """The tool calls that were executed, in order."""
        body = json.loads(row.answer or "{}")
        trace: list[Json] = body.get("trace") or []
        return trace


def _request_json(request: ModelRequest) -> Json:
    return {
        "model": request.model,
        "effort": request.effort,
        "instructions": request.instructions,
        "message": request.message,
        "functions": [
            {
                "name": function.name,
                "description": function.description,
                "parameters": function.parameters,
            }
            for function in request.functions
        ],
        "force": request.force or "",
    }


def _ledger_view(entry: LedgerRow) -> Json:
    return {
        "attempt": entry.attempt,
        "step": entry.step,
        "provider": entry.provider or "",
        "model": entry.model,
        "input_tokens": entry.input_tokens,
        "cached_tokens": entry.cached_tokens,
        "output_tokens": entry.output_tokens,
        "reasoning_tokens": entry.reasoning_tokens,
        "cost_usd": to_usd(entry.nusd),
        "estimated": entry.estimated,
    }
