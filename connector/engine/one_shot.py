"""One run while it lasts: what was asked and said so far, what it used, and how long it may still take."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from connector.catalogue import Action, answer_function, take_options
from connector.catalogue.files import Files, words_of
from connector.catalogue.filling import Step
from connector.engine.meter import Meter, Unmetered
from connector.engine.outlet import Outlet
from connector.engine.state import Forgetful, Memory
from connector.errors import FormcallError, ProviderError
from connector.providers.base import Function, ModelRequest, Provider, Reply, Shown, Turn, Usage
from connector.providers.models import Models
from connector.settings import Settings
from connector.tools import Tool, Toolbox

Json = dict[str, Any]

_NEW_VERSION = """\
Your earlier version stands at the end of the message, between <earlier_version> and </earlier_version>. Write a new version of it: change
what the feedback asks for, and leave the rest as it is. Feedback: {feedback}"""
_EARLIER = "\n\n<earlier_version>\n{text}\n</earlier_version>"
# hidden reasoning is written out of the same budget as the answer, so even a short answer needs room
_OUTPUT_TOKENS = {"low": 8_000, "medium": 16_000, "high": 32_000}


@dataclass(frozen=True)
class Part:
    """A part of a document, in the place of the whole: some pages, or (for the last word) what was found in all parts, as text.

    ``note`` tells the model what it has before it.
    """

    field: str
    content: Files | str
    note: str

    @property
    def is_pages(self) -> bool:
        return isinstance(self.content, Files)


@dataclass(frozen=True)
class Earlier:
    """The version of a text that a new one is to be made of: the run that wrote it, which version it is, and the text."""

    run_id: str
    version: int
    text: str


class Incomplete(FormcallError):
    """A limit was reached before the model had answered. The run is incomplete, never done."""

    def __init__(self, detail: str) -> None:
        super().__init__("max_steps", detail)


class Cancelled(FormcallError):
    """Somebody has cancelled the run; what was asked of the model so far is paid, nothing more is asked."""

    def __init__(self) -> None:
        super().__init__("cancelled", "The run was cancelled. Calls that had been made are paid; no more were made.")


class Run:
    """The state of one run. ``ask`` is the only way to the model, so nothing is used that is not counted.

    ``options`` say how it is carried out and are no part of ``form``, what the action and its model see.
    """

    def __init__(  # noqa: PLR0917
        self,
        action: Action,
        values: Json,
        provider: Provider,
        models: Models,
        settings: Settings,
        toolbox: Toolbox | None = None,
        earlier: Earlier | None = None,
    ) -> None:
        self.id = run_id()
        form, self.options = take_options(values)
        self.action, self.form = action, form
        self.earlier = earlier
        self.meter: Meter = Unmetered()
        self.memory: Memory = Forgetful()
        self.may_wait = False  # whether somebody can be asked, and the run goes on once they have answered
        self.cancelled = threading.Event()
        self.outlet: Outlet | None = None
        self.upstream_seconds = 0.0
        self._seconds = settings.deadline_seconds
        self.begin()
        # where the form has a box for tools, an empty one allows none
        allowed = form.get("tools", ()) if "tools" in action.fields else action.tools
        box = Toolbox() if toolbox is None else toolbox
        self.tools: tuple[Tool, ...] = tuple(box[name] for name in action.tools if name in allowed and name in box)
        self.steps: list[Step] = []
        self.turns: list[Turn] = []
        self.usage = Usage()
        self.cost_usd: float | None = 0.0
        self.warnings: list[str] = []
        if earlier and provider.engine == "local":
            self.warnings.append("The embedded engine quotes and does not write, so the feedback changed nothing; the fields did.")
        self.confidence_kind = "none"
        self.effort = self._wanted_effort = form.get("effort") or action.effort
        self._provider, self._models = provider, models
        name, description, parameters = answer_function(action, form)
        self.function = Function(name, description, parameters)
        self.shares: dict[str, float] = {}  # where calls were repeated, the share of them that agree on each value
        self.escalated = False
        self._settings = settings
        self.model_requested = self._chosen_model() if self.is_hosted else provider.engine
        self.model = self.model_requested
        self._part: Part | None = None
        self._made: ModelRequest | None = None

    def take_files(self, **read: Files) -> None:
        """The files of the form have been read: these boxes hold their pages from now on."""
        self.form, self._made = {**self.form, **read}, None

    def branch(self, part: Part) -> Run:
        """A run beside this one that answers from ``part`` of its document alone; what it uses is this one's once it is ``absorb``ed."""
        made = copy(self)
        made._part, made._made = part, None
        made.turns, made.steps, made.warnings = [], [], []
        made.usage, made.cost_usd = Usage(), 0.0
        made.meter = self.meter.branch()
        return made

    def absorb(self, branch: Run) -> None:
        """What a branch used, and what it heard from its model, is this run's."""
        self.usage += branch.usage
        self.cost_usd = None if branch.cost_usd is None or self.cost_usd is None else self.cost_usd + branch.cost_usd
        self.warnings += branch.warnings
        self.upstream_seconds = max(self.upstream_seconds, branch.upstream_seconds)
        if branch.usage != Usage() or self._provider.engine != "openai":
            self.model, self.effort, self.confidence_kind = branch.model, branch.effort, branch.confidence_kind

    @property
    def _request(self) -> ModelRequest:
        if self._made is None:
            self._made = self._first_request()
        return self._made

    @property
    def is_hosted(self) -> bool:
        """Whether a model answers, and not an engine of our own."""
        return self._provider.engine == "openai"

    def _chosen_model(self) -> str:
        return self._settings.model_strong if self.escalated or self.form.get("quality") == "strong" else self._settings.model

    @property
    def sureness(self) -> tuple[str, int]:
        """How the answer is made sure: the quality, and how often is asked."""
        return self.form.get("quality") or "standard", int(self.form.get("votes") or 1)

    def escalate(self, reason: str) -> None:
        """From now on the stronger model is asked, from the beginning."""
        first, cost = self.model, self.cost_usd
        self.escalated, self.turns, self.shares = True, [], {}
        self.model = self.model_requested = self._chosen_model()
        self._made = None  # the request is made anew, for that model
        spent = "an unknown amount" if cost is None else f"${cost:.6f}"
        self.warnings.append(f"{first} was asked first, for {spent}; {self.model} was asked as well, since {reason}.")

    def begin(self) -> None:
        """The time begins to run."""
        self.started = time.monotonic()
        self.deadline = self.started + self._seconds

    @property
    def functions(self) -> tuple[Function, ...]:
        """What the model may call: the tools that are allowed, and the function that ends the run."""
        return (*(Function(tool.name, tool.description, tool.parameters) for tool in self.tools), self.function)

    def opening(self) -> ModelRequest:
        """The first request, as it is sent when nothing stands in its way."""
        return replace(self._request, functions=self.functions, force=None if self.tools else self.function.name)

    def ask(self, functions: Sequence[Function], *, force: str | None, max_output_tokens: int | None = None) -> Reply:
        """One reply to everything so far; what it used and cost is added to the run even if it cannot be used."""
        request = replace(self._request, functions=tuple(functions), force=force, turns=tuple(self.turns), deadline=self.deadline)
        if self.is_heard:
            raise ProviderError("invalid_output", "The model's answer was not valid, and a part of it had been sent on already.")
        if self.outlet:
            self.outlet.attend(self.function.name, self._told_value())
            request = replace(request, listener=self.outlet)
        if max_output_tokens:
            request = replace(request, max_output_tokens=max_output_tokens)
        if self.cancelled.is_set():
            raise Cancelled
        return self.take(self._respond(self.meter.before(request)))

    @property
    def is_heard(self) -> bool:
        """Whether something of the answer has been told already, so that no other can take its place."""
        return self.outlet is not None and self.outlet.heard

    def _told_value(self) -> str:
        """The value that may be told while it is being written: a text that comes first, unless a tool has to be used before it."""
        if self.form.get("quality") == "auto" and not self.escalated and not self.tools:
            return ""  # another answer may still take its place
        if self.form.get("require_tool") and not any(step.ok for step in self.steps):
            return ""
        name, entry = next(iter(self.action.asked(self.form).items()))
        return name if entry.flows else ""

    def take(self, reply: Reply) -> Reply:
        """``reply``, once what it used and cost is added to the run."""
        self.usage += reply.usage
        self.model = reply.model or self.model
        if self._provider.engine == "openai":
            self.effort = reply.effort  # "" where the model has none, or the server takes none
        self.confidence_kind = reply.confidence_kind
        self.warnings += reply.warnings
        cost = self._cost(reply)
        self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + cost
        self.meter.after(reply, cost)
        return reply

    def _respond(self, request: ModelRequest) -> Reply:
        began = time.monotonic()
        try:
            return self._provider.respond(request)
        except Exception as error:
            self.meter.failed(unseen=error.unseen if isinstance(error, ProviderError) else True)
            raise
        finally:
            self.upstream_seconds += time.monotonic() - began

    def max_output_tokens(self) -> int:
        return self._request.max_output_tokens

    def _first_request(self) -> ModelRequest:
        form, action = self.form, self.action
        read: Mapping[str, Any] = {name: form[name] for name in action.file_fields if name in form}
        if self._part:
            read = {self._part.field: self._part.content}
            # a method of the embedded engine reads the form itself
            form = {**form, **read} if self._part.is_pages else form
        shown = {**form, **read}
        parts = [action.instructions.render(shown)]
        if self._part:
            parts.append(self._part.note)
        if form.get("instructions"):
            parts.append(form["instructions"])
        if form.get("language"):
            parts.append(f"Write in {form['language']}.")
        if self.earlier:
            parts.append(_NEW_VERSION.format(feedback=form["feedback"]))
        return ModelRequest(
            model=self.model_requested,
            effort=self._wanted_effort,
            instructions="\n".join(parts),
            message=action.message.render(shown) + (_EARLIER.format(text=self.earlier.text) if self.earlier else ""),
            functions=(),
            force=None,
            max_output_tokens=_OUTPUT_TOKENS[self._wanted_effort],
            deadline=self.deadline,
            action=action.id,
            method=action.local,
            values=form,
            pictures=tuple(one for files in read.values() if isinstance(files, Files) for one in pictures_of(files)),
        )

    def _cost(self, reply: Reply) -> float | None:
        if self._provider.engine != "openai":
            return 0.0
        if reply.usage == Usage():  # a provider that counts nothing has not worked for nothing
            return None
        return self._models.find(self.model).cost(reply.usage, reply.service_tier)


def pictures_of(files: Files) -> Iterator[Shown]:
    """The pages that a model is shown, each behind the line that names it and what text it has."""
    return (Shown(words_of(files, page), page.picture) for page in files.pages if page.picture)


def run_id() -> str:
    """A new run's id. It begins with the time, so that a table of runs grows at its end; the rest nobody can guess."""
    return f"run_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(12)}"
