"""The state of one run: the conversation so far, tokens, cost, and the time that remains."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

from connector.catalogue.derived import ToolStep
from connector.catalogue.files import Files
from connector.catalogue.requirements import protected_fields
from connector.engine.allowance import Allowance
from connector.engine.answer_functions import AnswerFunctions
from connector.engine.checkpoint import CheckpointStore, NullCheckpoints
from connector.engine.meter import Meter, NullMeter
from connector.engine.model_request import (
    DocumentPart,
    RunInput,
    build_request,
    usual_output_tokens,
)
from connector.engine.streaming import TextStream
from connector.engine.window import Window, possible_rows
from connector.errors import FormcallError, ProviderError
from connector.providers.base import Function, ModelRequest, Provider, Reply, Turn, Usage
from connector.providers.pricing.bounds import first_provider, priced_row
from connector.providers.pricing.models import Model, Models
from connector.settings import Settings


class Cancelled(FormcallError):
    """The run was cancelled; model calls made so far are paid, and no more are made."""

    def __init__(self) -> None:
        super().__init__(
            "cancelled",
            "The run was cancelled. Calls that had been made are paid; no more were made.",
        )


@dataclass(frozen=True)
class ModelAccess:
    """What a run needs to reach a model and to price its replies."""

    provider: Provider
    models: Models
    settings: Settings
    functions: AnswerFunctions = field(default_factory=AnswerFunctions)


class Run:
    """One run in progress. ``call_model`` is the only way to the model, so all usage is counted.

    ``options`` say how the run is executed; the action and its model see only ``form``.
    ``can_pause``: a person can be asked for approval, and the run continues after the decision.
    ``agreement``: where calls were repeated, the share of them that gave each value.
    """

    def __init__(self, run_input: RunInput, access: ModelAccess) -> None:
        self.id = new_run_id()
        self.action = run_input.action
        self.form = run_input.form
        self.options = run_input.options
        self.tools = run_input.tools
        self.previous = run_input.previous
        self.function = access.functions.of(self.action, self.form)
        self._access = access
        self._part: DocumentPart | None = None
        self._base_request: ModelRequest | None = None
        self._window: Window | None = None
        # replaced by a service that keeps its runs
        self.meter: Meter = NullMeter()
        self.checkpoints: CheckpointStore = NullCheckpoints()
        self.can_pause = False
        self.stream: TextStream | None = None
        self.cancelled = threading.Event()
        # the conversation, and what it used
        self.turns: list[Turn] = []
        self.allowance: Allowance | None = None  # of a run with tools
        self.may_extend = True  # a reply that is cut off may be requested again with more room
        self.steps: list[ToolStep] = []
        self.warnings: list[str] = []
        self.usage = Usage()
        self.cost_usd: float | None = 0.0
        self.upstream_seconds = 0.0
        # which model answers, and how
        self.escalated = False
        self.agreement: dict[str, float] = {}
        self.confidence_kind = "none"
        self._requested_effort: str = self.form.get("effort") or self.action.effort
        self.effort = self._requested_effort
        self.model_requested = self._choose_model() if self.is_hosted else access.provider.engine
        self.model = self.model_requested
        self.provider = first_provider(access.provider, self.model)
        self.start_clock()
        if self.previous and access.provider.engine == "local":
            self.warnings.append(
                "The embedded engine quotes and does not write, so the feedback changed nothing; "
                "the fields did."
            )

    @property
    def answering(self) -> Provider:
        """What answers the run: the service's provider, or the rules of a computed action."""
        return self._access.provider

    @property
    def is_hosted(self) -> bool:
        """Whether a hosted model answers, and not the embedded or the scripted engine."""
        return self._access.provider.engine == "openai"

    @property
    def quality_and_votes(self) -> tuple[str, int]:
        """The requested quality, and how many calls vote on the answer."""
        return self.form.get("quality") or "standard", int(self.form.get("votes") or 1)

    @property
    def read_text(self) -> str | None:
        """The text that the run reads, if it was requested: of the field `text`, or the first."""
        if not self.options.read_text:
            return None
        texts = {
            name: self.form[name]
            for name, entry in self.action.fields.items()
            if entry.type == "longtext" and name in self.form
        }
        return texts.get("text", next(iter(texts.values()), None))

    @property
    def functions(self) -> tuple[Function, ...]:
        """What the model may call: the allowed tools, and the function that ends the run."""
        tools = (Function(tool.name, tool.description, tool.parameters) for tool in self.tools)
        return (*tools, self.function)

    @property
    def has_output(self) -> bool:
        """Whether a part of the answer has been streamed, so that no other can replace it."""
        return self.stream is not None and self.stream.has_output

    def start_clock(self) -> None:
        """Start the time limit of the run now."""
        self.started = time.monotonic()
        self.deadline = self.started + self._access.settings.deadline_seconds

    def set_files(self, **files: Files) -> None:
        """Put files whose pages have been read into their form fields."""
        self.form = {**self.form, **files}
        self._base_request = None

    def request_without_document(self, field: str) -> ModelRequest:
        """The first request with an empty document in ``field``."""
        branch = copy(self)
        branch._part = DocumentPart(field, "", "")
        branch._base_request = None
        force = None if self.tools else self.function.name
        return replace(branch._template(), functions=self.functions, force=force)

    # --- a document in parts --------------------------------------------------------------------

    def branch(self, part: DocumentPart) -> Run:
        """A run that answers from ``part`` of the document alone.

        What it uses belongs to this run once ``merge_branch`` is called.
        """
        branch = copy(self)
        branch._part = part
        branch._base_request = None
        branch.turns = []
        branch.steps = []
        branch.warnings = []
        branch.usage = Usage()
        branch.cost_usd = 0.0
        branch.meter = self.meter.branch()
        return branch

    def merge_branch(self, branch: Run) -> None:
        """Add the usage, cost and warnings of ``branch`` to this run."""
        self.usage += branch.usage
        self._add_cost(branch.cost_usd)
        self.warnings += branch.warnings
        self.upstream_seconds = max(self.upstream_seconds, branch.upstream_seconds)
        if branch.usage != Usage() or not self.is_hosted:
            self.model = branch.model
            self.provider = branch.provider
            self.effort = branch.effort
            self.confidence_kind = branch.confidence_kind

    # --- calls of the model ---------------------------------------------------------------------

    def escalate(self, reason: str) -> None:
        """Start again with the stronger model."""
        first = self.model
        spent = "an unknown amount" if self.cost_usd is None else f"${self.cost_usd:.6f}"
        self.escalated = True
        self.turns = []
        self.agreement = {}
        self.model_requested = self._choose_model()
        self.model = self.model_requested
        self.provider = first_provider(self._access.provider, self.model)
        self._base_request = None  # it names the model
        self._window = None
        self.warnings.append(
            f"{first} was called first, for {spent}; {self.model} was called as well, because "
            f"{reason}."
        )

    def initial_request(self) -> ModelRequest:
        """The first request, as it is sent if no budget shortens it."""
        force = None if self.tools else self.function.name
        request = replace(self._template(), functions=self.functions, force=force)
        return self.window.fit(request)

    @property
    def window(self) -> Window:
        """The limits of the models that may answer."""
        if self._window is None:
            access = self._access
            rows = possible_rows(access.provider, access.models, self.model_requested)
            self._window = Window.of(rows)
        return self._window

    def max_output_tokens(self) -> int:
        return self._template().max_output_tokens

    def longer_output_limit(self, functions: Sequence[Function], *, force: str | None) -> int:
        """Twice the usual output limit, as far as the window has room; 0 if it has no more."""
        usual = self._next_request(functions, force, self.max_output_tokens())
        longer = self._next_request(functions, force, 2 * self.max_output_tokens())
        limit = longer.max_output_tokens
        return limit if limit > usual.max_output_tokens else 0

    def usual_output_tokens(self) -> int:
        """The tokens that a model usually writes in one call of this run."""
        request = self._template()
        usual = usual_output_tokens(
            self.action,
            self.form,
            self._requested_effort,
            request.message,
            pictures=len(request.pictures),
        )
        return min(usual, request.max_output_tokens)

    def call_model(
        self,
        functions: Sequence[Function],
        *,
        force: str | None,
        max_output_tokens: int | None = None,
    ) -> Reply:
        """One reply to the conversation so far.

        Its usage and cost are added to the run even if the reply turns out to be invalid.
        """
        if self.has_output:
            raise ProviderError(
                "invalid_output",
                "The model's answer was not valid, and a part of it had been sent on already.",
            )
        request = self._next_request(
            functions, force, max_output_tokens or self.max_output_tokens()
        )
        if self.stream:
            self.stream.select(self.function.name, self._streamed_field())
            request = replace(request, listener=self.stream)
        if self.cancelled.is_set():
            raise Cancelled
        request = self.meter.before_call(request)
        reply = self.record_reply(self._send(request))
        if self.allowance:
            self.allowance.add(request, reply)
        return reply

    def record_reply(self, reply: Reply) -> Reply:
        """Add the usage and cost of ``reply`` to the run, and return it."""
        self.usage += reply.usage
        self.model = reply.model or self.model
        self.provider = reply.provider or self.provider
        if self.is_hosted:
            self.effort = reply.effort  # "" where the model or the server takes none
        self.confidence_kind = reply.confidence_kind
        self.warnings += reply.warnings
        cost = self._cost(reply)
        self._add_cost(cost)
        self.meter.after_call(reply, cost)
        return reply

    def _send(self, request: ModelRequest) -> Reply:
        sent_at = time.monotonic()
        try:
            return self._access.provider.respond(request)
        except ProviderError as error:
            self.provider = error.provider or self.provider
            if error.billed:
                self.record_reply(error.billed)
            else:
                self.meter.call_failed(
                    outcome_unknown=error.outcome_unknown, provider=self.provider
                )
            raise
        except Exception:
            self.meter.call_failed(outcome_unknown=True, provider=self.provider)
            raise
        finally:
            self.upstream_seconds += time.monotonic() - sent_at

    def _next_request(
        self, functions: Sequence[Function], force: str | None, max_output_tokens: int
    ) -> ModelRequest:
        """The next request of the conversation, within the model's window."""
        request = replace(
            self._template(),
            functions=tuple(functions),
            force=force,
            turns=tuple(self.turns),
            deadline=self.deadline,
            max_output_tokens=max_output_tokens,
        )
        request = self.window.fit(request)
        if self.allowance is None:
            return request
        return self.allowance.fit(request, self.window.estimate(request))

    def result_room(self, turn: Turn) -> int:
        """The tokens that the results of ``turn`` may have, so that a usual answer has room."""
        request = replace(self._template(), functions=self.functions, turns=(*self.turns, turn))
        used = self.window.estimate(request) + self.usual_output_tokens()
        room = self.window.input_left(used)
        return min(room, self.allowance.input_left(used)) if self.allowance else room

    def fits_window(self) -> bool:
        """Whether the conversation so far leaves the model room for an answer."""
        try:
            self._next_request(self.functions, None, self.max_output_tokens())
        except FormcallError as error:
            if error.code != "too_long":
                raise
            return False
        return True

    def _template(self) -> ModelRequest:
        """The request without functions and turns; it is built once for all calls."""
        if self._base_request is None:
            request = build_request(
                self.action,
                self.form,
                model=self.model_requested,
                effort=self._requested_effort,
                deadline=self.deadline,
                is_priced=self.is_hosted and bool(self._row().price),
                part=self._part,
                previous=self.previous,
            )
            limit = self.window.output_limit(request.max_output_tokens)
            if limit < request.max_output_tokens:
                request = replace(request, max_output_tokens=limit)
            self._base_request = request
        return self._base_request

    def _row(self) -> Model:
        return self._access.models.find(self.model_requested)

    def _choose_model(self) -> str:
        settings = self._access.settings
        if self.escalated or self.form.get("quality") == "strong":
            return settings.model_strong
        return settings.model

    def _streamed_field(self) -> str:
        """The field that may be streamed: a text that comes first in the answer, else ""."""
        if self.form.get("quality") == "auto" and not self.escalated and not self.tools:
            return ""  # the stronger model's answer may still replace this one
        if self.form.get("require_tool") and not any(step.ok for step in self.steps):
            return ""  # an answer before the first tool call is refused
        name, entry = next(iter(self.action.requested(self.form).items()))
        has_marks = protected_fields(self.action.returns)  # replaced in the complete text
        return name if entry.is_streamable and not has_marks else ""

    def _cost(self, reply: Reply) -> float | None:
        if not self.is_hosted:
            return 0.0
        if reply.missing_counts or reply.usage == Usage():
            return None  # the provider counts no tokens, which does not mean that it is free
        row = priced_row(self._access.provider, self._access.models, reply, self.model)
        return row.cost_usd(reply.usage, reply.service_tier)

    def _add_cost(self, cost: float | None) -> None:
        """Add to the total, which is unknown (None) as soon as one part of it is."""
        if cost is None or self.cost_usd is None:
            self.cost_usd = None
        else:
            self.cost_usd += cost


def new_run_id() -> str:
    """A run id: the time, so that the table of runs grows at its end, then 96 random bits."""
    return f"run_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(12)}"
