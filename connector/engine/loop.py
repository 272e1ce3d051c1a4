"""The tool loop: the model asks for tools, we run those that are allowed, until it answers or a limit is reached.

Limits are on rounds, calls, tokens and seconds; reaching one makes the run incomplete. What the answer says about tools
(``tools_used``, ``trace``) is written here from calls that were really made, never from what the model says.
"""

from __future__ import annotations

import time
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from typing import Any

from connector.catalogue import Fault
from connector.catalogue.filling import Step
from connector.engine.calls import Read, ask_whole, call_arguments, invalid_output, read_call, repair_turn, usable
from connector.engine.turns import Incomplete, Run
from connector.errors import FormcallError
from connector.providers.base import Call, CallResult, Reply, Turn
from connector.tools import Tool, ToolContext, ToolError

Json = dict[str, Any]

MAX_CALLS = 32
MAX_TOKENS = 400_000
_WORKERS = 64
_DEFAULT_STEPS = 8

_executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="tool")


@dataclass(frozen=True)
class _Done:
    """The result of one call: ``step`` is None when nothing was executed."""

    output: str
    step: Step | None = None


def answer_with_tools(run: Run) -> Json:
    """The model's values, once it has called as many of the allowed tools as it needs."""
    loop = _Loop(run)
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
        self._rounds = self._calls = 0
        self._repaired = False
        self._known: dict[tuple[str, str], Future[_Done] | _Done] = {}  # a call made again is answered from the first

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
        self._run.turns.append(repair_turn(self._run, reply, faults))

    def call_tools(self, reply: Reply) -> None:
        """Run every call of ``reply`` at the same time and tell the model what came of each."""
        if self._rounds >= self._max_steps:
            raise Incomplete(f"The question was not answered within {_steps(self._max_steps)}. Raise Max steps, or ask for less at once.")
        self._rounds += 1
        self._calls += len(reply.calls)
        if self._calls > MAX_CALLS:
            raise Incomplete(f"The question took more than {MAX_CALLS} tool calls. Ask for less at once.")
        began = time.monotonic()
        waiting = [(call, self._start(call)) for call in reply.calls]
        results = []
        for call, future in waiting:
            done = future if isinstance(future, _Done) else self._finish(call, future, began)
            if done.step and done.step not in self._run.steps:
                self._run.steps.append(done.step)
            results.append(CallResult(call.id, done.output))
        self._run.turns.append(Turn(reply, tuple(results)))

    def _check_limits(self) -> None:
        used = self._run.usage.input + self._run.usage.output
        if used > MAX_TOKENS:
            raise Incomplete(f"The question took more than {MAX_TOKENS:,} tokens. Ask for less at once, or give less context.")
        if time.monotonic() >= self._run.deadline:
            raise Incomplete("The question was not answered in time. Ask for less at once, or lower the effort.")

    # --- one call ---

    def _start(self, call: Call) -> Future[_Done] | _Done:
        if call.name == self._run.function.name:
            return _Done("Not accepted together with other calls. Read their results first, then call it alone.")
        tool = self._tools.get(call.name)
        if tool is None:
            return _Done(f"Error: there is no tool {call.name[:64]}; the tools are {', '.join(self._tools)}.")
        if known := self._known.get((call.name, call.arguments)):
            return known
        try:
            arguments = call_arguments(call)
            tool.check(arguments)
        except (Fault, ToolError) as error:
            return _Done(f"Error: {error}.")
        future = _executor.submit(_execute, tool, arguments, call.arguments, self._rounds, ToolContext(self._run.form))
        self._known[(call.name, call.arguments)] = future
        return future

    def _finish(self, call: Call, future: Future[_Done], began: float) -> _Done:
        """The result of a call that began with its round: all calls of a round have their time at the same time."""
        tool, key = self._tools[call.name], (call.name, call.arguments)
        if isinstance(known := self._known.get(key), _Done):
            return known
        seconds = max(0.0, min(tool.seconds, self._run.deadline - began))
        try:
            return future.result(timeout=max(0.0, began + seconds - time.monotonic()))
        except (TooSlow, CancelledError):
            if future.cancel():  # it never began, so it may be asked for again
                self._known.pop(key, None)
                return _Done(f"Error: {tool.name} could not be started in time.")
            words = f"Error: {tool.name} took longer than {seconds:.3g} seconds."
            self._known[key] = done = _Done(words, Step(self._rounds, tool.name, call.arguments, words, False, round(seconds * 1000)))
            return done


def _execute(tool: Tool, arguments: Json, written: str, round_: int, context: ToolContext) -> _Done:
    started = time.monotonic()
    ok = True
    try:
        output = tool.call(arguments, context)
    except ToolError as error:
        output, ok = f"Error: {error}.", False
    except Exception as error:  # a tool of ours that breaks is told to the model by its kind, never with its insides
        output, ok = f"Error: the tool failed ({type(error).__name__}).", False
    took = round((time.monotonic() - started) * 1000)
    return _Done(output, Step(round_, tool.name, written, output, ok, took))


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"
