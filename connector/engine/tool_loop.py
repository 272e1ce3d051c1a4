"""The tool loop: execute the tools that the model calls, until it answers or a limit is reached.

Limits are on rounds, calls, tokens and seconds; reaching one makes the run incomplete. What the
answer states about tools (``tools_used``, ``trace``) is recorded here from executed calls, never
taken from the model.

A call that changes something waits for a person's approval unless the form disables that
(``ApprovalRequired``); the other calls of its round are executed meanwhile. A checkpoint is stored
before and after anything is changed, so that no attempt makes such a call twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

from connector.catalogue.derived import ToolStep
from connector.engine.allowance import Allowance, Incomplete
from connector.engine.checkpoint import (
    RESULT_UNKNOWN,
    ApprovalRequired,
    Checkpoint,
    Decision,
    PendingCall,
)
from connector.engine.one_shot import (
    ParsedReply,
    add_repair_turn,
    ask_until_complete,
    invalid_output_error,
    parse_call,
    require_usable,
)
from connector.engine.results import fit_results
from connector.engine.run import Run
from connector.engine.tool_calls import CallOutcome, PlannedCall, ToolCalls
from connector.errors import FormcallError
from connector.json_types import Json
from connector.providers.base import Call, CallResult, Reply, Turn
from connector.tools import Tool

MAX_CALLS = 32
_DEFAULT_STEPS = 8
# the values of the form's "approve", and the tools that then need approval
_NEEDS_APPROVAL: dict[str, Callable[[Tool], bool]] = {
    "never": lambda tool: tool.always_needs_approval,
    "writes": lambda tool: tool.always_needs_approval or tool.writes,
    "all": lambda tool: True,
}


def allowance_of(run: Run) -> Allowance:
    """The most tokens that a run may use, which follow from its first request and its steps."""
    first_input = run.window.estimate(run.initial_request())
    return Allowance.for_steps(
        _max_steps(run), first_input=first_input, room=run.max_output_tokens()
    )


def _max_steps(run: Run) -> int:
    return run.form.get("max_steps") or run.action.max_steps or _DEFAULT_STEPS


def answer(run: Run) -> Json:
    """The model's values, after it has called as many of the allowed tools as it needs.

    ``ApprovalRequired`` when a person must approve calls first.
    """
    loop = _Loop(run)
    loop.resume()
    while True:
        reply = loop.next_reply()
        if any(call.name != run.function.name for call in reply.calls):
            loop.execute_calls(reply)
            continue
        parsed = loop.parse_answer(reply)
        if not parsed.errors:
            return parsed.values
        loop.repair(reply, parsed.errors)


class _Loop:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._tool_calls = ToolCalls(run)
        self._max_steps = _max_steps(run)
        self._needs_approval = _NEEDS_APPROVAL[run.form.get("approve") or "writes"]
        self._rounds = 0
        self._rounds_before = 0  # of an earlier attempt, which do not count against max_steps
        self._calls = 0
        self._is_repaired = False

    def resume(self) -> None:
        """Continue from the checkpoint of an earlier attempt of the run, if there is one."""
        if self._run.is_hosted:
            self._run.allowance = allowance_of(self._run)
        stored = self._run.checkpoints.load()
        if stored is None:
            return
        checkpoint, decision = stored
        self._restore(checkpoint)
        if checkpoint.reply:
            results = {
                **checkpoint.results,
                **self._interrupted_results(checkpoint.reply, checkpoint.started),
            }
            self._execute_round(checkpoint.reply, results, decision)
        elif decision is None:
            self._rounds_before = self._rounds

    def next_reply(self) -> Reply:
        self._check_limits()
        self._run.may_extend = True
        return require_usable(ask_until_complete(self._run, self._run.functions, force=None))

    def parse_answer(self, reply: Reply) -> ParsedReply:
        """The values of the final call, or what is wrong with it."""
        if not reply.calls:
            return ParsedReply({}, ("there was no function call",))
        if len({call.arguments for call in reply.calls}) > 1:
            return ParsedReply({}, ("the answer was given more than once",))
        if self._lacks_tool_call():
            names = ", ".join(tool.name for tool in self._run.tools)
            error = f"an answer without a tool is not accepted; use one of {names} first"
            return ParsedReply({}, (error,))
        return parse_call(self._run, reply.calls[0])

    def repair(self, reply: Reply, errors: tuple[str, ...]) -> None:
        """Add a turn that asks for a valid answer, once for a run; then raise an error."""
        lacks_tool_call = self._lacks_tool_call()
        if self._is_repaired and lacks_tool_call:
            raise FormcallError(
                "tool_required",
                "The model answered without using a tool, although one is required.",
            )
        if self._is_repaired:
            raise invalid_output_error(errors)
        self._is_repaired = True
        if lacks_tool_call:
            self._run.warnings.append(
                "The model first answered without a tool; that answer was not accepted."
            )
        add_repair_turn(self._run, reply, errors)

    def execute_calls(self, reply: Reply) -> None:
        """Execute all calls of ``reply`` concurrently, and add the turn with their results."""
        if self._rounds - self._rounds_before >= self._max_steps:
            steps = "1 step" if self._max_steps == 1 else f"{self._max_steps} steps"
            raise Incomplete(
                f"The question was not answered within {steps}. Raise Max steps, or ask for less "
                "at once."
            )
        self._rounds += 1
        self._calls += len(reply.calls)
        if self._calls > MAX_CALLS:
            raise Incomplete(
                f"The question took more than {MAX_CALLS} tool calls. Ask for less at once."
            )
        self._execute_round(reply, {}, None)

    # --- one round ------------------------------------------------------------------------------

    def _execute_round(
        self, reply: Reply, results: dict[int, str], decision: Decision | None
    ) -> None:
        """Execute the calls of ``reply`` that have no entry in ``results``, by index, yet."""
        calls = {
            index: self._tool_calls.parse(call)
            for index, call in enumerate(reply.calls)
            if index not in results
        }
        pending = {
            index: call
            for index, call in calls.items()
            if isinstance(call, PlannedCall) and self._must_be_approved(call)
        }
        if decision:
            calls |= _refusals(pending, decision)
        else:
            calls = {index: call for index, call in calls.items() if index not in pending}
        writes = [index for index, call in calls.items() if self._is_new_write(call)]
        if writes:
            self._save(reply, results, started=writes)
        results |= self._tool_calls.execute(calls, self._rounds)
        if pending and not decision:
            self._request_approval(pending, self._checkpoint(reply, results))
        self._add_turn(reply, results)
        if writes:
            self._save(None, {})

    def _must_be_approved(self, call: PlannedCall) -> bool:
        return self._needs_approval(call.tool) and not self._tool_calls.is_known(call)

    def _is_new_write(self, call: PlannedCall | CallOutcome) -> bool:
        if isinstance(call, CallOutcome):
            return False
        return call.tool.writes and not self._tool_calls.is_known(call)

    def _request_approval(self, calls: Mapping[int, PlannedCall], checkpoint: Checkpoint) -> None:
        pending = tuple(
            PendingCall(
                index, call.tool.name, call.tool.title or call.tool.name, call.raw_arguments
            )
            for index, call in calls.items()
        )
        if self._run.can_pause:
            raise ApprovalRequired(pending, checkpoint)
        raise FormcallError(
            "approval_needed",
            f'"{pending[0].title}" needs approval before it is called, and this call cannot wait '
            "for a person. Set Ask before to Nothing, or leave the tool out.",
        )

    def _add_turn(self, reply: Reply, results: Mapping[int, str]) -> None:
        ids = [call.id for call in reply.calls]
        outputs = self._within_room(reply, [results[index] for index in range(len(ids))])
        self._run.turns.append(Turn(reply, tuple(map(CallResult, ids, outputs))))

    def _within_room(self, reply: Reply, outputs: Sequence[str]) -> Sequence[str]:
        """The results as the model reads them: cut off where they would leave no room for its
        answer."""
        run = self._run
        if not run.is_hosted:
            return outputs
        is_parallel = len(outputs) > 1  # then they are read as JSON in ASCII

        def measure(text: str) -> int:
            return run.window.estimate_text(json.dumps(text, ensure_ascii=is_parallel))

        empty = tuple(CallResult(call.id, "") for call in reply.calls)
        fitted = fit_results(outputs, run.result_room(Turn(reply, empty)), measure)
        names = [
            call.name
            for call, output, read in zip(reply.calls, outputs, fitted, strict=True)
            if output != read
        ]
        if names:
            run.warnings.append(
                f"What {', '.join(dict.fromkeys(names))} returned was too long to be read whole; "
                "the end was cut off."
            )
        return fitted

    def _lacks_tool_call(self) -> bool:
        if not self._run.form.get("require_tool"):
            return False
        return not any(step.ok for step in self._run.steps)

    def _check_limits(self) -> None:
        if time.monotonic() >= self._run.deadline:
            raise Incomplete(
                "The question was not answered in time. Ask for less at once, or lower the effort."
            )

    # --- checkpoints ----------------------------------------------------------------------------

    def _interrupted_results(self, reply: Reply, started: Sequence[int]) -> dict[int, str]:
        return {index: self._interrupted_result(reply.calls[index]) for index in started}

    def _interrupted_result(self, call: Call) -> str:
        """Record a call that an earlier attempt started, and whose result is unknown."""
        message = f"{call.name[:64]} {RESULT_UNKNOWN}"
        self._run.warnings.append(f"The tool {message}")
        step = ToolStep(
            self._rounds, call.name, call.arguments, f"Error: it {RESULT_UNKNOWN}", False, 0
        )
        self._run.steps.append(step)
        self._tool_calls.restore([step])  # an equal call of a later turn is not made either
        return f"Error: {message}"

    def _save(
        self, reply: Reply | None, results: dict[int, str], *, started: Sequence[int] = ()
    ) -> None:
        self._run.checkpoints.save(self._checkpoint(reply, results, started))

    def _checkpoint(
        self, reply: Reply | None, results: dict[int, str], started: Sequence[int] = ()
    ) -> Checkpoint:
        return Checkpoint(
            turns=self._run.turns,
            steps=self._run.steps,
            usage=self._run.usage,
            warnings=self._run.warnings,
            rounds=self._rounds,
            calls=self._calls,
            repaired=self._is_repaired,
            reply=reply,
            results=dict(results),
            started=list(started),
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._run.turns = checkpoint.turns
        self._run.steps = checkpoint.steps
        self._run.usage = checkpoint.usage
        if self._run.allowance:
            self._run.allowance.used_input = checkpoint.usage.input
            self._run.allowance.used_output = checkpoint.usage.output
        self._run.warnings = checkpoint.warnings
        self._rounds = checkpoint.rounds
        self._calls = checkpoint.calls
        self._is_repaired = checkpoint.repaired
        self._tool_calls.restore(checkpoint.steps)


def _refusals(pending: Mapping[int, PlannedCall], decision: Decision) -> dict[int, CallOutcome]:
    """The outcome of each pending call that was not approved."""
    note = f" They said: {decision.note}" if decision.note else ""
    refused = CallOutcome(
        f"Refused: a person was asked and did not allow this call.{note} Do not make it again."
    )
    return {index: refused for index in pending if index not in decision.approved}
