"""Executes the tool calls of a run: all calls of a round at once, each within its time limit."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from connector.catalogue import InvalidValue
from connector.catalogue.derived import ToolStep
from connector.engine.one_shot import parse_call_arguments
from connector.engine.results import truncate
from connector.engine.run import Run
from connector.json_types import Json
from connector.providers.base import Call
from connector.tools import Tool, ToolContext, ToolError
from connector.tools.base import MAX_OUTPUT

_WORKERS = 64
_SHOWN_NAME = 64

_executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="tool")


@dataclass(frozen=True)
class CallOutcome:
    """The result of one call, as text for the model; ``step`` is None if nothing was executed."""

    output: str
    step: ToolStep | None = None


@dataclass(frozen=True)
class PlannedCall:
    """A valid call.

    ``raw_arguments``  the JSON text as the model wrote it
    ``key``            equal for equal calls, however their arguments are written
    """

    tool: Tool
    arguments: Json
    raw_arguments: str
    key: str


class ToolCalls:
    """The calls of one run. A call that is repeated gets the result of the first."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tools = {tool.name: tool for tool in run.tools}
        self._results: dict[str, Future[CallOutcome] | CallOutcome] = {}  # by key

    def parse(self, call: Call) -> PlannedCall | CallOutcome:
        """The call as it can be executed, or the reason why it cannot."""
        if call.name == self._run.function.name:
            return CallOutcome(
                "Not accepted together with other calls. Read their results first, then call it "
                "alone."
            )
        tool = self._tools.get(call.name)
        if tool is None:
            return CallOutcome(
                f"Error: there is no tool {call.name[:_SHOWN_NAME]}; the tools are "
                f"{', '.join(self._tools)}."
            )
        try:
            arguments = parse_call_arguments(call)
            tool.check(arguments)
        except (InvalidValue, ToolError) as error:
            return CallOutcome(f"Error: {error}.")
        return PlannedCall(tool, arguments, call.arguments, _call_key(tool.name, arguments))

    def is_known(self, planned: PlannedCall) -> bool:
        """Whether an equal call was made already, so that this one executes nothing."""
        return planned.key in self._results

    def restore(self, steps: Sequence[ToolStep]) -> None:
        """Take the results of an earlier attempt of the run."""
        for step in steps:
            arguments = parse_call_arguments(Call("", step.tool, step.input))
            outcome = CallOutcome(truncate(step.output), step)
            self._results[_call_key(step.tool, arguments)] = outcome

    def execute(
        self, calls: Mapping[int, PlannedCall | CallOutcome], round_number: int
    ) -> dict[int, str]:
        """The result of each call by its index; executed steps are added to the run."""
        started_at = time.monotonic()
        running = {
            index: self._start(call, round_number, started_at)
            for index, call in calls.items()
            if isinstance(call, PlannedCall)
        }
        results = {}
        for index, call in calls.items():
            if isinstance(call, PlannedCall):
                outcome = self._wait(call, running[index], round_number, started_at)
            else:
                outcome = call
            if outcome.step and outcome.step not in self._run.steps:
                self._run.steps.append(outcome.step)
            results[index] = outcome.output
        return results

    def _start(
        self, call: PlannedCall, round_number: int, started_at: float
    ) -> Future[CallOutcome] | CallOutcome:
        known = self._results.get(call.key)
        if known:
            return known
        context = ToolContext(
            self._run.form, f"{self._run.id}-{call.key}", self._seconds(call.tool, started_at)
        )
        # with what this thread knows, such as whose run it is
        future = _executor.submit(copy_context().run, _execute, call, round_number, context)
        self._results[call.key] = future
        return future

    def _seconds(self, tool: Tool, started_at: float) -> float:
        return max(0.0, min(tool.seconds, self._run.deadline - started_at))

    def _wait(
        self,
        call: PlannedCall,
        started: Future[CallOutcome] | CallOutcome,
        round_number: int,
        started_at: float,
    ) -> CallOutcome:
        """The outcome of a started call; the time of all calls of a round runs concurrently."""
        future = self._results.get(call.key, started)
        if isinstance(future, CallOutcome):
            return future
        seconds = self._seconds(call.tool, started_at)
        try:
            return future.result(timeout=max(0.0, started_at + seconds - time.monotonic()))
        except (TimeoutError, CancelledError):
            if future.cancel():  # it never started, so it may be called again
                self._results.pop(call.key, None)
                return CallOutcome(f"Error: {call.tool.name} could not be started in time.")
            outcome = _timed_out(call, seconds, round_number)
            self._results[call.key] = outcome
            return outcome


def _timed_out(call: PlannedCall, seconds: float, round_number: int) -> CallOutcome:
    message = f"Error: {call.tool.name} took longer than {seconds:.3g} seconds."
    if call.tool.writes:
        message += " It is unknown whether it was done; do not call it again."
    duration_ms = round(seconds * 1000)
    step = ToolStep(round_number, call.tool.name, call.raw_arguments, message, False, duration_ms)
    return CallOutcome(message, step)


def _execute(call: PlannedCall, round_number: int, context: ToolContext) -> CallOutcome:
    started_at = time.monotonic()
    ok = True
    value = None
    try:
        result = call.tool.call(call.arguments, context)
        output = result.text
        value = result.value
    except ToolError as error:
        output = f"Error: {str(error)[:MAX_OUTPUT]}."
        ok = False
    except Exception as error:  # the model is given the kind of a defect, never its details
        output = f"Error: the tool failed ({type(error).__name__})."
        ok = False
    duration_ms = round((time.monotonic() - started_at) * 1000)
    step = ToolStep(
        round_number, call.tool.name, call.raw_arguments, output, ok, duration_ms, value
    )
    return CallOutcome(truncate(output), step)


def _call_key(name: str, arguments: Json) -> str:
    canonical = json.dumps([name, arguments], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
