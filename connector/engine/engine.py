"""Runs one action for one form and returns its outcome.

    Engine.run(action, values) -> Outcome

    Engine.prepare(action, values) -> Run      the same in two steps
    Engine.execute(run) -> Outcome

The web, the batches and the command line only call this. An invalid form raises ``InvalidInput``
before anything is spent. Otherwise there is always an ``Outcome``, also when the model failed,
since its cost is known either way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue import Action, Catalogue
from connector.catalogue.answer import flat_values, result_text
from connector.catalogue.caller_rules import check_rules
from connector.catalogue.clean_text import CleanText, clean_values, reading_note
from connector.catalogue.derived import derive
from connector.catalogue.requirements import protected_fields
from connector.catalogue.structured_text import as_texts
from connector.documents.intake import FileLoader
from connector.engine import consensus, documents, one_shot, tool_loop
from connector.engine.allowance import Incomplete
from connector.engine.checkpoint import ApprovalRequired
from connector.engine.checks import Check, check_agreement, check_answer, check_warnings
from connector.engine.model_request import PreviousVersion, RunInput, divided_mails
from connector.engine.run import ModelAccess, Run
from connector.engine.splitting import SplitPlan, plan_split
from connector.engine.tool_values import ground
from connector.errors import FieldError, FormcallError, InvalidInput, ProviderError
from connector.json_types import Json
from connector.outbound import Outbound, parse_allowed
from connector.providers.base import NO_METHOD, Provider, Reply, Usage
from connector.providers.computed import ComputedProvider
from connector.providers.pricing.models import Models
from connector.settings import Settings
from connector.tools import Toolbox

_NEWEST_DECIDES = (
    "The text is a mail: its newest message decides, and what that quotes is context. Set clean to "
    "off to read all of it alike."
)


@dataclass(frozen=True)
class Outcome:
    """How a run ended. ``values`` are the action's own keys, empty after a failure.

    ``error``     why the run failed, else None
    ``approval``  the calls that a person must approve before the run continues, else None
    """

    id: str
    action: str
    status: str
    engine: str
    provider: str
    model: str
    model_requested: str
    effort: str
    usage: Usage
    cost_usd: float | None
    duration_ms: int
    result: str = ""
    values: Json = field(default_factory=dict)
    escalated: bool = False
    version: int = 1
    previous_run: str = ""
    checks: tuple[Check, ...] = ()
    warnings: tuple[str, ...] = ()
    read_text: str | None = None
    error: FormcallError | None = None
    approval: ApprovalRequired | None = None

    @property
    def ok(self) -> bool:
        return self.error is None and self.approval is None

    def usage_fields(self) -> Json:
        """Who answered, tokens, cost and time, under the keys of every answer."""
        return {
            "id": self.id,
            "action": self.action,
            "engine": self.engine,
            "provider": self.provider,
            "model": self.model,
            "model_requested": self.model_requested,
            "effort": self.effort,
            "escalated": self.escalated,
            "version": self.version,
            "previous_run": self.previous_run,
            "warnings": list(self.warnings),
            "input_tokens": self.usage.input,
            "cached_tokens": self.usage.cached,
            "output_tokens": self.usage.output,
            "reasoning_tokens": self.usage.reasoning,
            "cost_usd": self.cost_usd,
            "duration_ms": self.duration_ms,
        }

    def to_json(self) -> Json:
        """The flat answer: the same keys each time."""
        return {
            "ok": self.ok,
            "status": self.status,
            "result": self.result,
            **self.values,
            "checks": [vars(check) for check in self.checks],
            "checks_failed": sum(not check.ok for check in self.checks),
            **self.usage_fields(),
            "read_text": self.read_text,
        }


class Engine:
    """Runs actions against one provider. Thread-safe; one for the whole process."""

    def __init__(
        self,
        catalogue: Catalogue,
        provider: Provider,
        models: Models,
        settings: Settings,
        toolbox: Toolbox | None = None,
    ) -> None:
        self.provider = provider
        self.models = models
        self.settings = settings
        self.toolbox = Toolbox() if toolbox is None else toolbox
        self.catalogue = self.toolbox.expand(catalogue)
        for action in self.catalogue.values():
            self.toolbox.check(action)
        self._access = ModelAccess(provider, models, settings)
        self._computing = ModelAccess(ComputedProvider(), models, settings)
        outbound = Outbound(parse_allowed(settings.allow_hosts))
        self._loader = FileLoader(outbound, max_bytes=settings.max_file_bytes)
        self._slots = threading.BoundedSemaphore(settings.max_in_flight)

    def run(self, action: Action | str, values: Mapping[str, Any]) -> Outcome:
        """The outcome of ``action`` for a form; ``InvalidInput`` when a field is invalid."""
        return self.execute(self.prepare(action, values))

    def prepare(
        self,
        action: Action | str,
        values: Mapping[str, Any],
        previous: PreviousVersion | None = None,
    ) -> Run:
        """Validate a form and make its run, which has called no model yet.

        ``previous`` is the text of the form's ``previous_run``, which only a service that stores
        its runs has. ``InvalidInput`` when a field is invalid.
        """
        if isinstance(action, str):
            action = self.catalogue.find(action)
        self._require_answerable(action)
        cleaned: dict[str, CleanText] = {}
        if action.computed:  # what is compared, replaced or counted is the text as it was sent
            values = as_texts(action.fields, values)
        else:
            as_sent = protected_fields(action.returns)
            values, cleaned = clean_values(action.fields, values, as_sent=as_sent)
        form = action.read_form(values)
        _check_require_tool(form)
        check_rules(action, form)
        if form.get("previous_run") and not previous:
            raise InvalidInput(
                [
                    FieldError(
                        "previous_run",
                        "not_allowed",
                        '"Previous run" needs a service that keeps its runs, and cannot be given '
                        "for rows of a batch. Leave it out.",
                    )
                ]
            )
        self.toolbox.require_available(
            [name for name in form.get("tools") or [] if name in action.tools]
        )
        access = self._computing if action.computed else self._access
        run = Run(RunInput.from_values(action, form, self.toolbox, previous), access)
        run.warnings += [reading_note(action.fields[name], one) for name, one in cleaned.items()]
        if divided_mails(action, form):
            run.warnings.append(_NEWEST_DECIDES)
        return run

    def _require_answerable(self, action: Action) -> None:
        """``ProviderError`` (needs_model) before anything is read or fetched for nothing."""
        if self.provider.engine == "local" and not action.local:
            raise ProviderError("needs_model", NO_METHOD.format(action.id))

    def execute(self, run: Run) -> Outcome:
        """The outcome of ``run``; its meter may end it early."""
        if not self._slots.acquire(timeout=self.settings.deadline_seconds):
            raise FormcallError(
                "busy",
                "Too many runs are in progress at the moment. Try again in a few seconds.",
                retry_after=5,
            )
        try:
            self.load_files(run)
            return self._finish(run, ground(run, self._answer(run)))
        except ApprovalRequired as approval:
            return self._outcome(run, "needs_review", approval=approval)
        except Incomplete as error:
            return self.failed_outcome(run, error, "incomplete")
        except FormcallError as error:
            status = "cancelled" if error.code == "cancelled" else "failed"
            return self.failed_outcome(run, error, status)
        finally:
            self._slots.release()

    def outcome_of_reply(self, run: Run, reply: Reply) -> Outcome:
        """The outcome of ``run`` for a reply from elsewhere, such as a provider's batch.

        The model is not called: an invalid reply is not repaired.
        """
        try:
            values = one_shot.parse_only(run, run.record_reply(reply))
            return self._finish(run, ground(run, values))
        except FormcallError as error:
            return self.failed_outcome(run, error)

    def failed_outcome(self, run: Run, error: FormcallError, status: str = "failed") -> Outcome:
        """The outcome of a run that ended with ``error``, with what it used so far."""
        if run.steps:
            error.extra["trace"] = [vars(step) for step in run.steps]
        return self._outcome(run, status, error=error)

    def load_files(self, run: Run) -> None:
        """Fetch and read the run's files once; ``FormcallError`` names one that is unreadable."""
        if run.action.file_fields:
            can_see_images = run.answering.engine != "local"
            documents.load_files(run, self._loader, self.settings, can_see_images=can_see_images)

    def part_runs(self, run: Run) -> list[Run]:
        """A run for each part of a document that is too long for one call, else none.

        The files of ``run`` must have been read.
        """
        return documents.part_runs(run, self._plan_split(run))

    def _plan_split(self, run: Run) -> SplitPlan:
        return plan_split(run, run.answering, self.settings)

    def _answer(self, run: Run) -> Json:
        if run.tools:
            return tool_loop.answer(run)
        if run.action.file_fields:
            return self._answer_from_files(run)
        return consensus.answer(run)

    def _answer_from_files(self, run: Run) -> Json:
        plan = self._plan_split(run)
        if not plan.parts:
            return consensus.answer(run)
        quality, votes = run.quality_and_votes
        if votes > 1 or quality == "auto":
            run.warnings.append(
                "The document is read in parts, each with one call, so Votes and automatic "
                "Quality changed nothing."
            )
        return documents.answer(run, plan)

    def _finish(self, run: Run, model_values: Json) -> Outcome:
        values = derive(run.action, run.form, model_values, run.steps)
        result = result_text(run.action, values, run.form)
        if run.stream and not result.startswith(run.stream.text):
            raise ProviderError(
                "invalid_output",
                "The model's complete answer does not begin with the text that had been streamed.",
            )
        checks = (
            *check_agreement(run.agreement),
            *check_answer(run.action, run.form, values, run.steps, run.warnings),
        )
        run.warnings += check_warnings(checks)
        flat = flat_values(run.action, values, confidence_kind=run.confidence_kind, form=run.form)
        return self._outcome(run, "done", values=flat, result=result, checks=checks)

    def _outcome(self, run: Run, status: str, **details: Any) -> Outcome:
        return Outcome(
            id=run.id,
            action=run.action.id,
            status=status,
            engine=run.answering.engine,
            provider=run.provider,
            model=run.model,
            model_requested=run.model_requested,
            effort=run.effort,
            escalated=run.escalated,
            version=run.previous.version + 1 if run.previous else 1,
            previous_run=run.previous.run_id if run.previous else "",
            usage=run.usage,
            cost_usd=run.cost_usd,
            duration_ms=round((time.monotonic() - run.started) * 1000),
            warnings=tuple(dict.fromkeys(run.warnings)),
            read_text=run.read_text,
            **details,
        )


def _check_require_tool(form: Mapping[str, Any]) -> None:
    if form.get("require_tool") and not form.get("tools"):
        detail = '"Require a tool" is on, but no tool is allowed. Choose one under "Tools".'
        raise InvalidInput([FieldError("tools", "missing", detail)])
