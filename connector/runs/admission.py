"""Whether a run may begin, and how: a dry run, an answer from before, the same run again, or a new one with money reserved."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector import logs
from connector.catalogue.options import CACHE_SECONDS
from connector.catalogue.values import clean
from connector.engine.run import Engine
from connector.engine.turns import Run
from connector.errors import KINDS, FormcallError
from connector.jobs.addresses import check_callback
from connector.jobs.aside import put_aside
from connector.jobs.forecast import forecast
from connector.jobs.purse import Purse, patiently
from connector.jobs.telling import COMPLETED, FAILED, Told, event_text, told_kept, written
from connector.jobs.versions import continued
from connector.outbound import Outbound, parse_allowed
from connector.store.ids import moment, now_ms, today
from connector.store.journal import Journal
from connector.store.keys import Key
from connector.store.notes import OPEN, AddCallback, Begin, End, Gone, Grant, Limits, Release, Requeue, Same, Start
from connector.store.runs import Runs

Json = dict[str, Any]

SAME_KEY_MS = 24 * 3_600_000  # how long an idempotency key means the same run
_TRIES = 3


@dataclass
class Asked:
    """A run that a key asked for: ``form`` is the JSON of its fields as they came, ``cache`` the digest to keep its answer under.

    ``files`` are the bytes that ``form`` has only names for, by their digests.
    """

    key: Key
    run: Run
    purse: Purse
    form: str
    cache: str = ""
    batch_id: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    until: float = 0.0  # how long its caller waits (time.monotonic())

    def check(self) -> None:
        """``FormcallError`` when the key may not use the tools that the form allows."""
        for tool in self.run.tools:
            if not self.key.may_use(tool.name, reaches=tool.reaches):
                scope = f"tool:{tool.name}" if tool.reaches else "tools"
                words = f'This API key does not have the scope "{scope}", which {tool.title or tool.name} needs.'
                raise FormcallError("forbidden", f"{words} Leave that tool out, or ask the operator for a key that has it.")


class Admission:
    """Lets runs begin. ``works`` is False where other machines carry them out."""

    def __init__(self, engine: Engine, journal: Journal, records: Runs, *, host: str, works: bool) -> None:
        self._engine, self._journal, self._records = engine, journal, records
        self._host, self._works = host, works
        self._settings = engine.settings
        self.outbound = Outbound(parse_allowed(self._settings.allow_hosts))

    def ask(self, key: Key, action: str, values: Mapping[str, Any]) -> Asked:
        """The run that ``key`` asks for with a form's ``values``; nothing has begun yet."""
        values, earlier = continued(self._records, key.id, self._engine.catalogue.find(action), values)
        run = self._engine.prepare(action, values, earlier)
        kept, files = put_aside(run, values)
        form, until = clean(json.dumps(kept, ensure_ascii=False, default=str)), time.monotonic() + run.options.wait_seconds
        asked = Asked(key, run, Purse(self._engine, self._journal, key, run), form, files=files, until=until)
        asked.check()
        check_callback(self.outbound, vars(run.options))
        if CACHE_SECONDS[run.options.cache]:
            asked.cache = self._cache_digest(run)
        return asked

    def admit(self, asked: Asked) -> Grant | Told:
        """The grant with which the run may go on now, or what there is to tell instead."""
        if asked.run.options.dry_run:
            return Told(asked.run.id, "dry_run", written(forecast(self._engine, asked.run, asked.key)))
        for _ in range(_TRIES):
            begun = self._from_cache(asked) or self._begin(asked)
            if not isinstance(begun, Same):
                return begun
            if again := self._again(asked, begun):
                return again
        raise FormcallError("busy", "The same idempotency key is being used by another request. Try again in a second.", retry_after=1)

    # --- beginning ---

    def _begin(self, asked: Asked) -> Grant | Same:
        want, least = asked.purse.opening()
        if not self.at_once(asked):
            self.keep_files(asked)
        note = Begin(self._row(asked), asked.key.allowance.limits(), want, least)
        begun: Grant | Same = patiently(self._journal, note, asked.until)
        return begun

    def keep_files(self, asked: Asked) -> None:
        """See that the run can be carried out from its record: its files are kept beside it."""
        self._records.files.keep(asked.key.id, asked.files)

    def at_once(self, asked: Asked) -> bool:
        """Whether the run goes on here and now, and not in the queue."""
        options = asked.run.options
        return self._works and (options.wait_seconds > 0 or options.stream)

    def _row(self, asked: Asked) -> Json:
        run, options = asked.run, asked.run.options
        at_once = self.at_once(asked)
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
        row = self._records.find(same.id)
        if row is None:
            return None
        if row.created_ms < now_ms() - SAME_KEY_MS and row.status not in OPEN:
            self._journal.write(Release(row.id))
            return None
        if same.digest != self._digest(asked.run):
            words = "This idempotency key was used for another request. Use a new key for a new request, or send the same fields."
            raise FormcallError("idempotency_mismatch", words)
        if row.status in OPEN or not _may_run_again(row):
            asked.run.id = row.id
            self._tell_also(asked, row)
            return told_kept(row)
        self._tell_also(asked, row, begins=True)
        own, asked.run.id = asked.run.id, row.id
        try:
            return self._restart(asked, row)
        except Gone:  # somebody else was quicker
            asked.run.id = own
            return None

    def _tell_also(self, asked: Asked, row: Any, *, begins: bool = False) -> None:
        """Who asks for the same run again may wait at another address."""
        url = asked.run.options.callback_url
        while url and row:
            told = told_kept(row)
            event = FAILED if told.code else COMPLETED
            note = AddCallback(row.id, url, event, event_text(event, told.body) if told.body else "", begins)
            if self._journal.write(note):
                return
            row = self._records.find(row.id)  # it has ended at this very moment

    def _restart(self, asked: Asked, row: Any) -> Grant | Told:
        """A run that has no answer yet, and whose caller asks for one again, begins anew under its own id."""
        if not self.at_once(asked):
            self.keep_files(asked)
            return Grant(0, self._journal.write(Requeue(row.id, asked.form)))
        asked.purse.follow(row)
        want, least = asked.purse.opening()
        note = Start(row.id, self._host, row.attempt, (row.status,), asked.key.allowance.limits(), want, least, today())
        begun: Grant = patiently(self._journal, note, asked.until)
        return begun

    def _digest(self, run: Run) -> str:
        return self._records.digest(run.action.id, run.form, *filter(None, [run.options.previous_run]))

    # --- answers from before ---

    def _cache_digest(self, run: Run) -> str:
        """The same for requests that a model could not tell apart."""
        if run.action.file_fields:  # they are read when the run has begun
            whole = (run.model_requested, run.effort, run.form, run.earlier.text if run.earlier else "")
            return self._records.digest(self._engine.provider.engine, run.action.id, *whole)
        request = run.opening()
        functions = [(function.name, function.parameters) for function in request.functions]
        asked = (request.model, request.effort, request.instructions, request.message, functions, request.force, run.sureness)
        return self._records.digest(self._engine.provider.engine, run.action.id, *asked)

    def _from_cache(self, asked: Asked) -> Told | Same | None:
        """The answer that the same request got before, as that of a run of its own; None when there is none."""
        seconds = CACHE_SECONDS[asked.run.options.cache]
        found = self._records.cached(asked.key.id, asked.cache, seconds) if asked.cache else None
        return self._as_run(asked, *found) if found else None

    def _as_run(self, asked: Asked, answer: str, made_ms: int) -> Told | Same:
        run = asked.run
        body: Json = json.loads(answer)
        words = f"This answer was kept from {moment(made_ms)}; nothing was spent on it again."
        free = {"input_tokens": 0, "cached_tokens": 0, "output_tokens": 0, "reasoning_tokens": 0, "cost_usd": 0.0, "duration_ms": 0}
        lineage = {"version": run.earlier.version + 1, "previous_run": run.earlier.run_id} if run.earlier else {}
        text = written({**body, **free, **lineage, "id": run.id, "warnings": [*body["warnings"], words]})
        row = {**self._row(asked), "status": "running", "attempt": 1, "host": self._host, "durable": False}
        begun: Grant | Same = self._journal.write(Begin(row, Limits(at_once=asked.key.allowance.at_once)))
        if isinstance(begun, Same):
            return begun
        keeps = self._settings.store_text == "on"
        is_asked_again = bool(run.options.idempotency_key)
        note = End(
            run.id, 1, "done", (), text, unknown=not body["result"], event=COMPLETED, body=event_text(COMPLETED, text),
            keep=lambda: keeps or is_asked_again, keep_form=keeps,
        )  # fmt: skip
        self._journal.write(note)
        logs.run(run_id=run.id, key_id=asked.key.id, action=run.action.id, status="done", cached=True)
        return Told(run.id, "done", text)


def _may_run_again(row: Any) -> bool:
    """Whether the same request is worth another attempt: the run was cut off, or failed in a way that may pass."""
    return row.status == "interrupted" or (row.status == "failed" and bool(row.code) and KINDS[row.code].retryable)
