"""Whether a run may begin, and how: a dry run, an answer from before, the same run again, or a new one with money reserved."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.catalogue.options import CACHE_SECONDS
from connector.engine.run import Engine
from connector.engine.turns import Run
from connector.errors import KINDS, FormcallError
from connector.jobs.forecast import forecast
from connector.jobs.purse import Purse, patiently
from connector.jobs.telling import Told, told_kept, written
from connector.store.ids import moment, now_ms, today
from connector.store.journal import Journal
from connector.store.keys import Key
from connector.store.notes import OPEN, Begin, End, Grant, Release, Requeue, Same, Start
from connector.store.runs import Runs

Json = dict[str, Any]

SAME_KEY_MS = 24 * 3_600_000  # how long an idempotency key means the same run
_TRIES = 3


@dataclass
class Asked:
    """A run that a key asked for: ``form`` is the JSON of its fields as they came, ``cache`` the digest to keep its answer under."""

    key: Key
    run: Run
    purse: Purse
    form: str
    cache: str = ""

    def check(self) -> None:
        """``FormcallError`` when the key may not use the tools that the form allows."""
        if self.run.tools and not {"tools", "admin"} & set(self.key.scopes):
            words = 'This API key does not have the scope "tools". Leave Tools empty, or ask the operator for a key that has it.'
            raise FormcallError("forbidden", words)


class Admission:
    """Lets runs begin. ``works`` is False where other machines carry them out."""

    def __init__(self, engine: Engine, journal: Journal, records: Runs, *, host: str, works: bool) -> None:
        self._engine, self._journal, self._records = engine, journal, records
        self._host, self._works = host, works
        self._settings = engine.settings

    def ask(self, key: Key, action: str, values: Mapping[str, Any]) -> Asked:
        """The run that ``key`` asks for with a form's ``values``; nothing has begun yet."""
        run = self._engine.prepare(action, values)
        form = json.dumps(values, ensure_ascii=False, default=str)
        asked = Asked(key, run, Purse(self._engine, self._journal, key, run), form)
        asked.check()
        if CACHE_SECONDS[run.options.cache]:
            asked.cache = self._cache_digest(run)
        return asked

    def admit(self, asked: Asked) -> Grant | Told:
        """The grant with which the run may go on now, or what there is to tell instead."""
        if asked.run.options.dry_run:
            return Told(asked.run.id, "dry_run", written(forecast(self._engine, asked.run, asked.key)))
        if asked.cache and (found := self._records.cached(asked.key.id, asked.cache, CACHE_SECONDS[asked.run.options.cache])):
            return self._from_cache(asked, *found)
        for _ in range(_TRIES):
            begun = self._begin(asked)
            if isinstance(begun, Grant):
                return begun
            if told := self._again(asked, begun):
                return told
        raise FormcallError("busy", "The same idempotency key is being used by another request. Try again in a second.", retry_after=1)

    # --- beginning ---

    def _begin(self, asked: Asked) -> Grant | Same:
        want, least = asked.purse.opening()
        note = Begin(self._row(asked), asked.key.allowance.limits(), want, least)
        begun: Grant | Same = patiently(self._journal, note, time.monotonic() + asked.run.options.wait_seconds)
        return begun

    def _at_once(self, asked: Asked) -> bool:
        """Whether the run goes on here and now, and not in the queue."""
        return self._works and asked.run.options.wait_seconds > 0

    def _row(self, asked: Asked) -> Json:
        run, options = asked.run, asked.run.options
        at_once = self._at_once(asked)
        kept = self._settings.store_text
        digest = self._digest(run) if kept == "hash" or options.idempotency_key else None
        return {
            "id": run.id, "key_id": asked.key.id, "action": run.action.id, "status": "running" if at_once else "queued",
            "created_ms": now_ms(), "day": today(), "host": self._host if at_once else "", "attempt": int(at_once),
            "durable": not at_once, "batch_id": None, "row_no": None, "tag": options.tag or None,
            "idempotency_key": options.idempotency_key or None, "digest": digest,
            "form": asked.form if kept == "on" or not at_once else None, "callback_url": options.callback_url or None,
            "max_nusd": None, "cost_nusd": 0, "estimated_nusd": 0, "cancel": False, "unknown": False,
        }  # fmt: skip

    # --- the same request again ---

    def _again(self, asked: Asked, same: Same) -> Grant | Told | None:
        """What the run of the same idempotency key comes to; None when the key is free again."""
        if same.digest != self._digest(asked.run):
            words = "This idempotency key was used for another request. Use a new key for a new request, or send the same fields."
            raise FormcallError("idempotency_mismatch", words)
        row = self._records.find(same.id)
        if row is None:
            return None
        if row.created_ms < now_ms() - SAME_KEY_MS and row.status not in OPEN:
            self._journal.write(Release(row.id))
            return None
        asked.run.id = row.id
        if row.status in OPEN or not _may_run_again(row):
            return told_kept(row)
        return self._restart(asked, row)

    def _restart(self, asked: Asked, row: Any) -> Grant | Told:
        """A run that has no answer yet, and whose caller asks for one again, begins anew under its own id."""
        if not self._at_once(asked):
            return Grant(0, self._journal.write(Requeue(row.id, asked.form)))
        want, least = asked.purse.opening()
        note = Start(row.id, self._host, row.attempt, (row.status,), asked.key.allowance.limits(), want, least, today())
        begun: Grant = patiently(self._journal, note, time.monotonic() + asked.run.options.wait_seconds)
        return begun

    def _digest(self, run: Run) -> str:
        return self._records.digest(run.action.id, run.form)

    # --- answers from before ---

    def _cache_digest(self, run: Run) -> str:
        """The same for requests that a model could not tell apart."""
        request = run.opening()
        functions = [(function.name, function.parameters) for function in request.functions]
        asked = (request.model, request.effort, request.instructions, request.message, functions, request.force)
        return self._records.digest(self._engine.provider.engine, run.action.id, *asked)

    def _from_cache(self, asked: Asked, answer: str, made_ms: int) -> Told:
        run = asked.run
        body: Json = json.loads(answer)
        note = f"This answer was kept from {moment(made_ms)}; nothing was spent on it again."
        free = {"input_tokens": 0, "cached_tokens": 0, "output_tokens": 0, "reasoning_tokens": 0, "cost_usd": 0.0, "duration_ms": 0}
        text = written({**body, **free, "id": run.id, "warnings": [*body["warnings"], note]})
        row = {**self._row(asked), "status": "running", "attempt": 1}
        begun = self._journal.write(Begin(row, asked.key.allowance.limits()))
        if isinstance(begun, Same):
            again = self._again(asked, begun)
            return again if isinstance(again, Told) else Told(run.id, "done", text)
        self._journal.write(End(run.id, 1, "done", (), text, unknown=not body["result"]))
        return Told(run.id, "done", text)


def _may_run_again(row: Any) -> bool:
    """Whether the same request is worth another attempt: the run was cut off, or failed in a way that may pass."""
    return row.status == "interrupted" or (row.status == "failed" and bool(row.code) and KINDS[row.code].retryable)
