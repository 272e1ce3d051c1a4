"""Which part of a request a server refuses, and what it can take instead.

A server names the part in a field of its error, in the place of a problem, or only in its words.
A feature is named like the parameter; those that are not in ``FEATURES`` are never left out:
above all ``store``, so that no server keeps what it was not asked to keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connector.providers.hosted.error_answers import ErrorAnswer, named_in

FEATURES = {
    "reasoning": "reasoning",
    "reasoning.effort": "reasoning",
    "reasoning_effort": "reasoning_effort",
    "reasoningEffort": "reasoning_effort",
    "include": "include",
    "prompt_cache_key": "prompt_cache_key",
    "max_output_tokens": "max_output_tokens",
    "max_completion_tokens": "max_completion_tokens",
    "max_tokens": "max_tokens",
    "stream": "stream",  # the answer then comes at once
    "stream_options": "stream_options",
    "strict": "strict",
    "tool_choice": "tool_choice",
    "tools": "tools",
    "response_format": "response_format",
    "text.format": "response_format",
    "text": "response_format",
}
FORCED_CALL = "forced call"  # in any form
_UNSUPPORTED_CODES = {
    "unsupported_parameter",
    "unsupported_value",
    "unknown_parameter",
    "extra_forbidden",
    "value_error.extra",
}
_REFUSING = re.compile(
    r"unsupported|not (?:\w+ ){0,2}support|unknown|unrecogni[sz]ed|not (?:\w+ )?permitted|"
    r"unexpected|cannot find field|not allowed|not accept|unavailable|not implemented|no longer"
)
_WRONG_FORM = re.compile(r"invalid|type|must be|support|requires|value")
_NO_TOOLS = (
    "does not support tools",
    "does not support tool use",
    "does not support function",
    "tools are not supported",
    "tool use is not supported",
    "tool calling is not supported",
    "function calling is not supported",
    "function calling is not enabled",
    "support tool use",
    "enable-auto-tool-choice",
    "use --jinja",
    "tools param requires",
)
_INDEX = re.compile(r"\[\d+\]|\.\d+(?=\.|$)")
_LIMITS = (
    re.compile(r"(?:less than or equal to|<=|at most|maximum (?:value )?(?:is|of))\s*`?([\d,]+)"),
    re.compile(r"supports at most ([\d,]+) completion tokens"),
)
_WINDOW = re.compile(r"maximum context length is ([\d,]+)")
_INPUT = re.compile(
    r"(?<![\d,])([\d,]++) (?:input tokens|in the messages|tokens from the input|prompt tokens)"
)
_ROOM_NAMES = ("max_tokens", "max_completion_tokens", "max_output_tokens", "completion")
_MIN_ROOM = 256  # less is no room for an answer


def refused_features(answer: ErrorAnswer) -> tuple[str, ...]:
    """The features that the server refuses; empty when the refusal is about something else."""
    if answer.says(*_NO_TOOLS):
        return ("tools",)
    if "tool_choice" in answer.message and answer.says("thinking"):
        return (FORCED_CALL,)
    names = [name for param in answer.params if (name := _feature(param))]
    refuses = bool(answer.codes & _UNSUPPORTED_CODES or _REFUSING.search(answer.words))
    if names and (refuses or names == ["tool_choice"]):
        return tuple(dict.fromkeys(names))
    if answer.params and not names:
        return ()
    return tuple(dict.fromkeys(_in_words(answer, refuses=refuses)))


def _in_words(answer: ErrorAnswer, *, refuses: bool) -> Iterator[str]:
    for name in named_in(answer.message, FEATURES):
        feature = FEATURES[name]
        if refuses or (feature == "tool_choice" and _WRONG_FORM.search(answer.words)):
            if feature == "max_completion_tokens" and "max_tokens" in answer.message:
                continue  # "use max_completion_tokens instead"
            yield feature


def _feature(param: str) -> str:
    """The feature behind a parameter's path, such as ``tools[0].function.strict``."""
    path = _INDEX.sub("", param)
    if path.rpartition(".")[2] == "strict":
        return "strict"
    return FEATURES.get(path) or FEATURES.get(path.partition(".")[0], "") if path else ""


def output_limit(answer: ErrorAnswer) -> int:
    """The most tokens of output that the server says it allows; 0 when it names no such number."""
    window = _WINDOW.search(answer.words)
    if window:
        read = _INPUT.search(answer.words)
        room = _number(window[1]) - _number(read[1]) if read else 0
        return room if room >= max(_MIN_ROOM, _number(window[1]) // 8) else 0
    if not answer.says(*_ROOM_NAMES) and not set(answer.params) & set(_ROOM_NAMES):
        return 0
    for pattern in _LIMITS:
        match = pattern.search(answer.words)
        if match and _number(match[1]) >= _MIN_ROOM:
            return _number(match[1])
    return 0


def _number(text: str) -> int:
    return int(text.replace(",", ""))
