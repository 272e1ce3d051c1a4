"""The one-shot way: force one strict function, read its arguments with distrust, allow one repair, else a coded error."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from connector.catalogue import Fault, check_arguments, read_arguments
from connector.engine.turns import Run
from connector.errors import ProviderError
from connector.providers.base import Call, CallResult, Reply, Turn
from connector.providers.dialects.reading import ESCAPE, cleaned

Json = dict[str, Any]

_NO_CALL = "Call the function {name} now, with every argument."
_MOST_FAULTS = 10


@dataclass(frozen=True)
class Read:
    """The values a reply gave, or the sentences that say why it cannot be used."""

    values: Json
    faults: tuple[str, ...] = ()


def answer_at_once(run: Run) -> Json:
    """The model's values from one forced call; at most one repair turn."""
    reply = usable(run, ask_whole(run, (run.function,), force=run.function.name))
    read = read_answer(run, reply)
    if read.faults and run.is_heard:
        raise ProviderError("invalid_output", f"The model's answer was not valid: {read.faults[0]}. A part of it had been sent on already.")
    if read.faults:
        run.turns.append(repair_turn(run, reply, read.faults))
        reply = usable(run, ask_whole(run, (run.function,), force=run.function.name))
        read = read_answer(run, reply)
    if read.faults:
        raise invalid_output(read.faults)
    return read.values


def ask_whole(run: Run, functions: Any, *, force: str | None) -> Reply:
    """A reply that was not cut off: thinking may eat the whole budget, so one more try gets twice as much."""
    reply = run.ask(functions, force=force)
    if reply.finish == "length" and not run.is_heard and time.monotonic() < run.deadline:
        reply = run.ask(functions, force=force, max_output_tokens=2 * run.max_output_tokens())
    return whole(reply)


def answer_from(run: Run, reply: Reply) -> Json:
    """The values of a reply that nothing more is asked after."""
    read = read_answer(run, usable(run, whole(reply)))
    if read.faults:
        raise ProviderError("invalid_output", f"The model's answer was not valid: {read.faults[0]}.")
    return read.values


def whole(reply: Reply) -> Reply:
    """``reply``, unless it was cut off."""
    if reply.finish == "length":
        raise ProviderError("output_truncated", "The model's answer was cut off. Ask for less at once, or lower the effort.")
    return reply


def usable(run: Run, reply: Reply) -> Reply:
    """``reply``, unless the model or its provider refused."""
    if reply.finish == "filtered":
        raise ProviderError("refused", "The provider's content filter stopped the answer.")
    if reply.refusal:
        raise ProviderError("refused", f"The model refused to answer: {reply.refusal[:300]}")
    return reply


def read_answer(run: Run, reply: Reply) -> Read:
    """The values of the one call that answers; prose that is the JSON itself counts as the call that should have been."""
    calls = reply.calls
    if not calls and reply.text.strip().startswith(("{", "```")):
        calls = (Call("", run.function.name, reply.text),)
    if not calls:
        return Read({}, ("there was no function call",))
    if wrong := [call.name for call in calls if call.name != run.function.name]:
        return Read({}, (f"there is no function {wrong[0][:64]}",))
    if len(calls) > 1:
        return Read({}, ("the function was called more than once",))
    return read_call(run, calls[0])


def read_call(run: Run, call: Call) -> Read:
    try:
        arguments = call_arguments(call)
    except Fault as fault:
        return Read({}, (fault.message,))
    checked = check_arguments(run.action, run.form, arguments)
    return Read(checked.values, checked.faults)


def call_arguments(call: Call) -> Json:
    """The call's arguments as an object whose texts can be stored and sent on; ``Fault`` when they are none."""
    try:
        found: Json = read_arguments(call.arguments)
        found = cleaned(found) if ESCAPE in call.arguments else found
    except RecursionError:
        raise Fault("bad_json", "the arguments are nested too deep") from None
    return found


def repair_turn(run: Run, reply: Reply, faults: tuple[str, ...]) -> Turn:
    """What we say to a reply that cannot be used: what is wrong with it, and what to do."""
    words = f"Not accepted: {'; '.join(faults[:_MOST_FAULTS])}. " + _NO_CALL.format(name=run.function.name)
    if reply.calls:
        return Turn(reply, tuple(CallResult(call.id, words) for call in reply.calls))
    return Turn(reply, note=words)


def invalid_output(faults: tuple[str, ...]) -> ProviderError:
    """The error for an answer that was still not valid after its repair."""
    return ProviderError("invalid_output", f"The model's answer was not valid, also after one repair: {faults[0]}.")
