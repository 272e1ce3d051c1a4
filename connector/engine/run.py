"""The main job: one action, one form, one answer.

    Engine.run(action, values) -> Outcome      or, in two steps, prepare(action, values) -> Run and carry_out(run) -> Outcome

The web, the jobs and the command line only call this. An ``Outcome`` comes back whenever the form was right, also when the
model failed: what it cost is known either way. A form that is not right is ``InvalidInput`` before anything is spent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue import Action, Catalogue
from connector.catalogue.answer import flat_values, result_text
from connector.catalogue.filling import fill
from connector.documents.intake import Intake
from connector.engine.calls import answer_from
from connector.engine.checks import Check, check_agreement, check_answer, warnings_of
from connector.engine.documents import answer_in_parts, branches_of, open_files, plan_of
from connector.engine.loop import answer_with_tools
from connector.engine.state import Waiting
from connector.engine.turns import Earlier, Incomplete, Run
from connector.engine.values import settled
from connector.engine.votes import answer_surely
from connector.errors import FieldError, FormcallError, InvalidInput, ProviderError
from connector.outbound import Outbound, parse_allowed
from connector.providers.base import Provider, Reply, Usage
from connector.providers.models import Models
from connector.settings import Settings
from connector.tools import Toolbox

Json = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a run. ``values`` are the action's own keys; on a failure they are empty and ``error`` is set.

    ``waiting``: the run goes on once a person has said whether some calls may be made.
    """

    id: str
    action: str
    status: str
    engine: str
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
    error: FormcallError | None = None
    waiting: Waiting | None = None

    @property
    def ok(self) -> bool:
        return self.error is None and self.waiting is None

    def bill(self) -> Json:
        """What the run used, in the words of every answer."""
        return {
            "id": self.id,
            "action": self.action,
            "engine": self.engine,
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

    def answer(self) -> Json:
        """The flat answer: the same keys each time."""
        held = {"checks": [vars(one) for one in self.checks], "checks_failed": sum(not one.ok for one in self.checks)}
        return {"ok": self.ok, "status": self.status, "result": self.result, **self.values, **held, **self.bill()}


class Engine:
    """Runs actions against one provider. Thread-safe; one for the whole process."""

    def __init__(
        self, catalogue: Catalogue, provider: Provider, models: Models, settings: Settings, toolbox: Toolbox | None = None
    ) -> None:
        self.provider, self.models, self.settings = provider, models, settings
        self.toolbox = Toolbox() if toolbox is None else toolbox
        self.catalogue = self.toolbox.offered(catalogue)
        for action in self.catalogue.values():
            self.toolbox.check(action)
        self._intake = Intake(Outbound(parse_allowed(settings.allow_hosts)), most_bytes=settings.max_file_bytes)
        self._slots = threading.BoundedSemaphore(settings.max_in_flight)

    def run(self, action: Action | str, values: Mapping[str, Any]) -> Outcome:
        """The outcome of ``action`` for a form's ``values``; ``InvalidInput`` when the form is not right."""
        return self.carry_out(self.prepare(action, values))

    def prepare(self, action: Action | str, values: Mapping[str, Any], earlier: Earlier | None = None) -> Run:
        """The run of ``action`` for a form's ``values``, of which nothing is asked yet; ``InvalidInput`` when the form is not right.

        ``earlier`` is the text of the form's ``previous_run``, which only a service that keeps its runs can give.
        """
        if isinstance(action, str):
            action = self.catalogue.find(action)
        form = action.read_form(values)
        _refuse_tool_without_tools(form)
        if form.get("previous_run") and not earlier:
            words = '"Previous run" needs a service that keeps its runs, and cannot be given for rows of a batch. Leave it out.'
            raise InvalidInput([FieldError("previous_run", "not_allowed", words)])
        self.toolbox.refuse_off([name for name in form.get("tools") or [] if name in action.tools])
        return Run(action, form, self.provider, self.models, self.settings, self.toolbox, earlier)

    def carry_out(self, run: Run) -> Outcome:
        """What becomes of ``run``; its meter may end it early."""
        if not self._slots.acquire(timeout=self.settings.deadline_seconds):
            raise FormcallError("busy", "Too many runs are going on at the moment. Try again in a few seconds.", retry_after=5)
        try:
            self.open_files(run)
            given = answer_with_tools(run) if run.tools else self._from_files(run) if run.action.file_fields else answer_surely(run)
            given = settled(run, given)
            return self._done(run, given)
        except Waiting as waiting:
            return self._outcome(run, "needs_review", waiting=waiting)
        except Incomplete as error:
            return self.failed(run, error, "incomplete")
        except FormcallError as error:
            return self.failed(run, error, "cancelled" if error.code == "cancelled" else "failed")
        finally:
            self._slots.release()

    def open_files(self, run: Run) -> None:
        """Fetch and read the run's files, unless that is done; ``FormcallError`` names what cannot be read."""
        if run.action.file_fields:
            open_files(run, self._intake, self.settings, sees=self.provider.engine != "local")

    def parts(self, run: Run) -> list[Run]:
        """The runs for the parts of a document that is too long for one call; none when one call is enough. Its files must be open."""
        return branches_of(run, plan_of(run, self.provider, self.models, self.settings))

    def _from_files(self, run: Run) -> Json:
        plan = plan_of(run, self.provider, self.models, self.settings)
        if not plan.parts:
            return answer_surely(run)
        if run.sureness[1] > 1 or run.sureness[0] == "auto":
            run.warnings.append("The document is read in parts, each asked once, so Votes and automatic Quality changed nothing.")
        return answer_in_parts(run, plan)

    def read(self, run: Run, reply: Reply) -> Outcome:
        """What becomes of ``run`` with a reply to its opening that came in another way; nothing more is asked of the model."""
        try:
            return self._done(run, settled(run, answer_from(run, run.take(reply))))
        except FormcallError as error:
            return self.failed(run, error)

    def _done(self, run: Run, given: Json) -> Outcome:
        values = fill(run.action, run.form, given, run.steps)
        result = result_text(run.action, values, run.action.asked(run.form))
        if run.outlet and not result.startswith(run.outlet.text):
            raise ProviderError("invalid_output", "The model's whole answer is not the one whose beginning had been sent on.")
        checks = (*check_agreement(run.shares), *check_answer(run.action, run.form, values, run.steps))
        run.warnings += warnings_of(checks)
        flat = flat_values(run.action, values, confidence_kind=run.confidence_kind)
        return self._outcome(run, "done", values=flat, result=result, checks=checks)

    def failed(self, run: Run, error: FormcallError, status: str = "failed") -> Outcome:
        """What became of a run that ended with ``error``: what it used so far is in it."""
        if run.steps:
            error.extra["trace"] = [vars(step) for step in run.steps]
        return self._outcome(run, status, error=error)

    def _outcome(self, run: Run, status: str, **more: Any) -> Outcome:
        return Outcome(
            id=run.id,
            action=run.action.id,
            status=status,
            engine=self.provider.engine,
            model=run.model,
            model_requested=run.model_requested,
            effort=run.effort,
            escalated=run.escalated,
            version=run.earlier.version + 1 if run.earlier else 1,
            previous_run=run.earlier.run_id if run.earlier else "",
            usage=run.usage,
            cost_usd=run.cost_usd,
            duration_ms=round((time.monotonic() - run.started) * 1000),
            warnings=tuple(dict.fromkeys(run.warnings)),
            **more,
        )


def _refuse_tool_without_tools(form: Mapping[str, Any]) -> None:
    if form.get("require_tool") and not form.get("tools"):
        words = '"Require a tool" is on, but no tool is allowed. Choose one under "Tools".'
        raise InvalidInput([FieldError("tools", "missing", words)])
