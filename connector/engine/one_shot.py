"""One forced function call: validate its arguments, allow one repair, else a coded error."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from connector.catalogue import InvalidValue, check_arguments, parse_arguments
from connector.catalogue.derived import derive
from connector.catalogue.requirements import has_requirements, requirement_faults
from connector.engine.run import Run
from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.base import Call, CallResult, Function, Reply, Turn
from connector.providers.hosted.dialects.reading import ESCAPE, clean_json

_NO_CALL = "Call the function {name} now, with every argument."
_MAX_ERRORS = 10
_BLANKS = 200  # so much white space at the end of an answer is no formatting
MAX_ERROR_BYTES = 600  # of the sentence that states them, which is read as input
MAX_REPAIRED_CALLS = 4  # a reply with more calls is not repaired
_OTHER_CALL = "Not accepted."


@dataclass(frozen=True)
class ParsedReply:
    """The values of a reply, or the sentences that state why it is invalid."""

    values: Json
    errors: tuple[str, ...] = ()


def answer(run: Run) -> Json:
    """The model's values from one forced call, with at most one repair turn.

    What is repaired is a reply that is invalid, or one that does not meet the form's requirements.

    One of the calls may have twice the room, where it was cut off before.
    """
    run.may_extend = True
    reply = _forced_call(run)
    parsed = parse_reply(run, reply)
    if parsed.errors and run.has_output:
        raise ProviderError(
            "invalid_output",
            f"The model's answer was not valid: {parsed.errors[0]}. A part of it had been sent on "
            "already.",
        )
    if parsed.errors:
        if len(reply.calls) > MAX_REPAIRED_CALLS:
            raise _unrepaired_error(parsed.errors)
        add_repair_turn(run, reply, parsed.errors)
        parsed = parse_reply(run, _forced_call(run))
        if parsed.errors:
            raise invalid_output_error(parsed.errors)
        return parsed.values
    return _improve(run, reply, parsed.values)


def _improve(run: Run, reply: Reply, values: Json) -> Json:
    """``values``, or those of one more reply that meet more of the form's requirements.

    A valid answer is never lost: where the second reply is none, the first one stands.
    """
    faults = _faults(run, values)
    if not faults or not run.is_hosted or run.has_output or time.monotonic() >= run.deadline:
        return values
    turns = list(run.turns)
    try:
        add_repair_turn(run, reply, faults)
        second = parse_reply(run, _forced_call(run))
    except ProviderError as error:
        run.warnings.append(f"The answer was not improved, since the second call failed: {error}")
        return values
    finally:
        run.turns = turns
    better = not second.errors and len(_faults(run, second.values)) <= len(faults)
    return second.values if better else values


def _faults(run: Run, values: Json) -> tuple[str, ...]:
    returns = run.action.returns
    if not has_requirements(returns):
        return ()
    return requirement_faults(returns, run.form, derive(run.action, run.form, values))


def _forced_call(run: Run) -> Reply:
    reply = ask_until_complete(run, (run.function,), force=run.function.name)
    return require_usable(reply)


def ask_until_complete(run: Run, functions: Sequence[Function], *, force: str | None) -> Reply:
    """A complete reply.

    Reasoning may use up the whole output budget, so a reply that was cut off is requested once
    more with twice as much, where the model's window has room for it.
    """
    reply = run.call_model(functions, force=force)
    may_help = time.monotonic() < run.deadline and not _ends_in_blanks(reply)
    if reply.finish == "length" and run.may_extend and not run.has_output and may_help:
        run.may_extend = False
        longer = run.longer_output_limit(functions, force=force)
        if longer:
            reply = run.call_model(functions, force=force, max_output_tokens=longer)
    return require_complete(reply)


def _ends_in_blanks(reply: Reply) -> bool:
    """Whether the model wrote white space without end, which more room would only prolong."""
    written = reply.calls[-1].arguments if reply.calls else reply.text
    return written[-_BLANKS:].isspace() and len(written) >= _BLANKS


def parse_only(run: Run, reply: Reply) -> Json:
    """The values of a reply that is not repaired; ``ProviderError`` when it is invalid."""
    parsed = parse_reply(run, require_usable(require_complete(reply)))
    if parsed.errors:
        raise _unrepaired_error(parsed.errors)
    return parsed.values


def _unrepaired_error(errors: tuple[str, ...]) -> ProviderError:
    return ProviderError("invalid_output", f"The model's answer was not valid: {errors[0]}.")


def require_complete(reply: Reply) -> Reply:
    """``reply``, or ``ProviderError`` when it was cut off."""
    if reply.finish == "length":
        raise ProviderError(
            "output_truncated",
            "The model's answer was cut off. Ask for less at once, or lower the effort.",
        )
    return reply


def require_usable(reply: Reply) -> Reply:
    """``reply``, or ``ProviderError`` when the model or its provider refused."""
    if reply.finish == "filtered":
        raise ProviderError("refused", "The provider's content filter stopped the answer.")
    if reply.refusal:
        raise ProviderError("refused", f"The model refused to answer: {reply.refusal[:300]}")
    return reply


def parse_reply(run: Run, reply: Reply) -> ParsedReply:
    """The values of the one call that answers; text that is its JSON counts as that call."""
    calls = reply.calls
    if not calls and reply.text.strip().startswith(("{", "```")):
        calls = (Call("", run.function.name, reply.text),)
    if not calls:
        return ParsedReply({}, ("there was no function call",))
    unknown = [call.name for call in calls if call.name != run.function.name]
    if unknown:
        return ParsedReply({}, (f"there is no function {unknown[0][:64]}",))
    if len({call.arguments for call in calls}) > 1:
        return ParsedReply({}, ("the function was called more than once",))
    return parse_call(run, calls[0])


def parse_call(run: Run, call: Call) -> ParsedReply:
    """The values of the call that answers, or what is wrong with its arguments."""
    try:
        arguments = parse_call_arguments(call)
    except InvalidValue as error:
        return ParsedReply({}, (error.message,))
    checked = check_arguments(run.action, run.form, arguments)
    return ParsedReply(checked.values, checked.errors)


def parse_call_arguments(call: Call) -> Json:
    """The arguments of a call as an object; ``InvalidValue`` when they are no JSON object.

    Characters that cannot be stored as UTF-8 are replaced.
    """
    try:
        arguments: Json = parse_arguments(call.arguments)
        if ESCAPE in call.arguments:
            arguments = clean_json(arguments)
    except RecursionError:
        raise InvalidValue("bad_json", "the arguments are nested too deep") from None
    return arguments


def add_repair_turn(run: Run, reply: Reply, errors: tuple[str, ...]) -> None:
    """Add the turn that asks for a valid answer.

    Raises ``ProviderError`` (invalid_output) when the reply, which the request repeats, leaves no
    room for an answer: the caller's text is not what is too long.
    """
    run.turns.append(repair_turn(run, reply, errors))
    if not run.fits_window():
        raise _unrepaired_error(errors)


def repair_turn(run: Run, reply: Reply, errors: tuple[str, ...]) -> Turn:
    """The turn that tells the model why its reply is invalid and what to do."""
    problems = "; ".join(errors[:_MAX_ERRORS]).encode("utf-8", "replace")[:MAX_ERROR_BYTES]
    message = f"Not accepted: {problems.decode('utf-8', 'ignore')}. "
    message += _NO_CALL.format(name=run.function.name)
    if not reply.calls:
        return Turn(reply, note=message)
    first, *others = reply.calls
    results = (CallResult(call.id, _OTHER_CALL) for call in others)
    return Turn(reply, (CallResult(first.id, message), *results))


def invalid_output_error(errors: tuple[str, ...]) -> ProviderError:
    """The error for an answer that is still invalid after its repair."""
    return ProviderError(
        "invalid_output", f"The model's answer was not valid, also after one repair: {errors[0]}."
    )
