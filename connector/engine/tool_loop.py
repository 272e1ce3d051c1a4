"""The tool loop: the model asks for tools, we run those that are allowed, until it answers or a limit is reached.

Limits are on rounds, calls, tokens and seconds; reaching one makes the run incomplete. What the answer says about tools
(``tools_used``, ``trace``) is written here from calls that were really made, never from what the model says.

A call that changes something waits for a person unless the form says otherwise (``Waiting``); the other calls of its round are made
meanwhile. Where a run stands is written down before anything is changed and after it, so that no attempt makes such a call again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from typing import Any

from connector.catalogue import Fault
from connector.catalogue.filling import Step
from connector.engine.calls import Read, ask_whole, call_arguments, invalid_output, read_call, repair_turn, usable
from connector.engine.results import cut_to_tokens
from connector.engine.state import UNSEEN, Asking, Decision, State, Waiting
from connector.engine.turns import Incomplete, Run
from connector.errors import FormcallError
from connector.providers.base import Call, CallResult, Reply, Turn
from connector.tools import Tool, ToolContext, ToolError
from connector.tools.base import MAX_OUTPUT

Json = dict[str, Any]

MAX_CALLS = 32
MAX_TOKENS = 400_000
_WORKERS = 64
_DEFAULT_STEPS = 8
# what the form says of asking, as which tools it is about
_ASKS: dict[str, Callable[[Tool], bool]] = {
    "never": lambda tool: tool.asks,
    "writes": lambda tool: tool.asks or tool.writes,
    "all": lambda tool: True,
}

_executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="tool")


@dataclass(frozen=True)
class _Done:
    """The result of one call: ``step`` is None when nothing was executed."""

    output: str
    step: Step | None = None


@dataclass(frozen=True)
class _Job:
    """A call that can be made; ``key`` is the same for calls that are the same, however they are written."""

    tool: Tool
    arguments: Json
    written: str
    key: str


def answer_with_tools(run: Run) -> Json:
    """The model's values, once it has called as many of the allowed tools as it needs; ``Waiting`` when a person is asked."""
    loop = _Loop(run)
    loop.go_on()
    while True:
        reply = loop.ask()
        tool_calls = [call for call in reply.calls if call.name != run.function.name]
        if tool_calls:
            loop.call_tools(reply)
            continue
        read = loop.read(reply)
        if not read.faults:
            return read.values
        loop.repair(reply, read.faults)


class _Loop:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._tools = {tool.name: tool for tool in run.tools}
        self._max_steps = run.form.get("max_steps") or run.action.max_steps or _DEFAULT_STEPS
        self._asks = _ASKS[run.form.get("approve") or "writes"]
        self._rounds = self._calls = self._before = 0
        self._repaired = False
        self._known: dict[str, Future[_Done] | _Done] = {}  # a call made again is answered from the first

    def go_on(self) -> None:
        """Begin where an earlier attempt of the run has stopped, if there was one."""
        if left := self._run.memory.recall():
            state, decision = left
            self._restore(state)
            if state.reply:
                self._answer(state.reply, dict(state.results), begun=state.begun, decision=decision)
            elif decision is None:
                self._before = self._rounds  # it is run again, so it may take as many steps as any

    def ask(self) -> Reply:
        self._check_limits()
        return usable(self._run, ask_whole(self._run, self._run.functions, force=None))

    def read(self, reply: Reply) -> Read:
        """The final call's values, or what is wrong with it."""
        if len(reply.calls) != 1:
            return Read({}, ("there was no function call" if not reply.calls else "the answer was given more than once",))
        if self._lacks_a_tool():
            return Read({}, (f"an answer without a tool is not accepted; use one of {', '.join(self._tools)} first",))
        return read_call(self._run, reply.calls[0])

    def _lacks_a_tool(self) -> bool:
        return bool(self._run.form.get("require_tool")) and not any(step.ok for step in self._run.steps)

    def repair(self, reply: Reply, faults: tuple[str, ...]) -> None:
        if self._repaired:
            if self._lacks_a_tool():
                raise FormcallError("tool_required", "The model answered without using a tool, although one is required.")
            raise invalid_output(faults)
        self._repaired = True
        if self._lacks_a_tool():
            self._run.warnings.append("The model first answered without a tool; that answer was not accepted.")
        self._run.turns.append(repair_turn(self._run, reply, faults))

    def call_tools(self, reply: Reply) -> None:
        """Run every call of ``reply`` at the same time and tell the model what came of each."""
        if self._rounds - self._before >= self._max_steps:
            raise Incomplete(f"The question was not answered within {_steps(self._max_steps)}. Raise Max steps, or ask for less at once.")
        self._rounds += 1
        self._calls += len(reply.calls)
        if self._calls > MAX_CALLS:
            raise Incomplete(f"The question took more than {MAX_CALLS} tool calls. Ask for less at once.")
        self._answer(reply, {})

    def _answer(self, reply: Reply, told: dict[int, str], *, begun: Sequence[int] = (), decision: Decision | None = None) -> None:
        """Make the calls of ``reply`` of which nothing is known yet; ``told`` are the results there are, by place."""
        told |= {place: self._unseen(reply.calls[place]) for place in begun}
        open_ones = {place: self._read(call) for place, call in enumerate(reply.calls) if place not in told}
        asking = {place: job for place, job in open_ones.items() if isinstance(job, _Job) and self._must_ask(job)}
        if decision:
            open_ones |= {place: _refused(decision.note) for place in asking if place not in decision.approved}
        ready = {place: job for place, job in open_ones.items() if decision or place not in asking}
        writes = [place for place, job in ready.items() if isinstance(job, _Job) and job.tool.writes and job.key not in self._known]
        if writes:
            self._keep(reply, told, begun=writes)
        told |= self._made(ready)
        if waiting := [self._asking(place, job) for place, job in asking.items() if not decision]:
            self._wait(tuple(waiting), self._state(reply, told))
        self._run.turns.append(Turn(reply, tuple(CallResult(call.id, told[place]) for place, call in enumerate(reply.calls))))
        if writes:
            self._keep(None, {})

    def _made(self, jobs: dict[int, _Job | _Done]) -> dict[int, str]:
        """What the model is told of each of these calls, which are made at the same time."""
        began = time.monotonic()
        begun = {place: self._start(job, began) for place, job in jobs.items() if isinstance(job, _Job)}
        told = {}
        for place, job in jobs.items():
            done = job if isinstance(job, _Done) else self._finish(job, begun[place], began)
            if done.step and done.step not in self._run.steps:
                self._run.steps.append(done.step)
            told[place] = done.output
        return told

    # --- what a person is asked, and what is kept for it ---

    def _must_ask(self, job: _Job) -> bool:
        return job.key not in self._known and self._asks(job.tool)

    def _asking(self, place: int, job: _Job) -> Asking:
        return Asking(place, job.tool.name, job.tool.title or job.tool.name, job.written)

    def _wait(self, asking: tuple[Asking, ...], state: State) -> None:
        if self._run.may_wait:
            raise Waiting(asking, state)
        words = f'"{asking[0].title}" asks before it is called, and here nobody can be asked.'
        raise FormcallError("approval_needed", f"{words} Set Ask before to Nothing, or leave the tool out.")

    def _unseen(self, call: Call) -> str:
        words = f"{call.name[:64]} {UNSEEN}"
        self._run.warnings.append(f"The tool {words}")
        self._run.steps.append(Step(self._rounds, call.name, call.arguments, f"Error: it {UNSEEN}", False, 0))
        return f"Error: {words}"

    def _keep(self, reply: Reply | None, told: dict[int, str], *, begun: Sequence[int] = ()) -> None:
        self._run.memory.keep(self._state(reply, told, begun))

    def _state(self, reply: Reply | None, told: dict[int, str], begun: Sequence[int] = ()) -> State:
        run = self._run
        return State(
            run.turns, run.steps, run.usage, run.warnings, self._rounds, self._calls, self._repaired, reply, dict(told), list(begun)
        )

    def _restore(self, state: State) -> None:
        run = self._run
        run.turns, run.steps, run.usage, run.warnings = state.turns, state.steps, state.usage, state.warnings
        self._rounds, self._calls, self._repaired = state.rounds, state.calls, state.repaired
        for step in state.steps:
            self._known[_key_of(step.tool, step.input)] = _Done(self._cut(step.output), step)

    def _cut(self, output: str) -> str:
        return cut_to_tokens(output)

    def _check_limits(self) -> None:
        used = self._run.usage.input + self._run.usage.output
        if used > MAX_TOKENS:
            raise Incomplete(f"The question took more than {MAX_TOKENS:,} tokens. Ask for less at once, or give less context.")
        if time.monotonic() >= self._run.deadline:
            raise Incomplete("The question was not answered in time. Ask for less at once, or lower the effort.")

    # --- one call ---

    def _read(self, call: Call) -> _Job | _Done:
        """The call as it can be made, or why it cannot."""
        if call.name == self._run.function.name:
            return _Done("Not accepted together with other calls. Read their results first, then call it alone.")
        tool = self._tools.get(call.name)
        if tool is None:
            return _Done(f"Error: there is no tool {call.name[:64]}; the tools are {', '.join(self._tools)}.")
        try:
            arguments = call_arguments(call)
            tool.check(arguments)
        except (Fault, ToolError) as error:
            return _Done(f"Error: {error}.")
        return _Job(tool, arguments, call.arguments, _key(tool.name, arguments))

    def _start(self, job: _Job, began: float) -> Future[_Done] | _Done:
        if known := self._known.get(job.key):
            return known
        context = ToolContext(self._run.form, f"{self._run.id}-{job.key}", self._seconds(job.tool, began))
        future = _executor.submit(_execute, job, self._rounds, context)
        self._known[job.key] = future
        return future

    def _seconds(self, tool: Tool, began: float) -> float:
        return max(0.0, min(tool.seconds, self._run.deadline - began))

    def _finish(self, job: _Job, begun: Future[_Done] | _Done, began: float) -> _Done:
        """The result of a call that began with its round: all calls of a round have their time at the same time."""
        tool = job.tool
        future = self._known.get(job.key, begun)
        if isinstance(future, _Done):
            return future
        seconds = self._seconds(tool, began)
        try:
            return future.result(timeout=max(0.0, began + seconds - time.monotonic()))
        except (TooSlow, CancelledError):
            if future.cancel():  # it never began, so it may be asked for again
                self._known.pop(job.key, None)
                return _Done(f"Error: {tool.name} could not be started in time.")
            unsure = " Nobody knows whether it was done; do not call it again." if tool.writes else ""
            words = f"Error: {tool.name} took longer than {seconds:.3g} seconds.{unsure}"
            self._known[job.key] = done = _Done(words, Step(self._rounds, tool.name, job.written, words, False, round(seconds * 1000)))
            return done


def _execute(job: _Job, round_: int, context: ToolContext) -> _Done:
    started = time.monotonic()
    ok, value = True, None
    try:
        result = job.tool.call(job.arguments, context)
        output, value = result.text, result.value
    except ToolError as error:
        output, ok = f"Error: {str(error)[:MAX_OUTPUT]}.", False
    except Exception as error:  # a tool of ours that breaks is told to the model by its kind, never with its insides
        output, ok = f"Error: the tool failed ({type(error).__name__}).", False
    took = round((time.monotonic() - started) * 1000)
    return _Done(cut_to_tokens(output), Step(round_, job.tool.name, job.written, output, ok, took, value))


def _key(name: str, arguments: Json) -> str:
    written = json.dumps([name, arguments], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def _key_of(name: str, written: str) -> str:
    return _key(name, call_arguments(Call("", name, written)))


def _refused(note: str) -> _Done:
    return _Done(f"Refused: a person was asked and did not allow this call.{f' They said: {note}' if note else ''} Do not make it again.")


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"
