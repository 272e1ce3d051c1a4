"""Well-formed answers in both dialects, each a step for a script: `[function_call("add", {"a": 1}),
text("1")]`.

Usage is made up but consistent: a token is four bytes, reasoning is part of the output. Cached
tokens are set with `dataclasses.replace(function_call(...), cached=128)`, all figures at once with
`billed(...)` or the server's `usage`.
"""

import json
import math
import secrets
import time
from dataclasses import dataclass
from typing import Any

from tests.support.upstream.dialects import CHAT, Body, at
from tests.support.upstream.samples import WORD, sample
from tests.support.upstream.wire import Reply, Request, json_reply

ENCRYPTED = "reasoning.encrypted_content"


@dataclass(frozen=True)
class Answer:
    """What the model says; a call's name None stands for the function that the request forces.

    `incomplete` is the reason why it broke off. `usage=False` leaves the accounting out, as some
    servers do.
    """

    calls: tuple[tuple[str | None, Any], ...] = ()
    text: str | None = None
    refusal: str | None = None
    incomplete: str | None = None
    cached: int = 0
    reasoning: int = 64
    usage: bool = True

    def __call__(self, request: Request) -> Reply:
        """The reply in the request's dialect."""
        body = _chat(self, request) if request.dialect is CHAT else _response(self, request)
        return json_reply(
            body if self.usage else {key: value for key, value in body.items() if key != "usage"}
        )


def function_call(name: str, arguments: Any) -> Answer:
    """One call. Arguments that are a text go out as they are, so that a test can send broken
    JSON."""
    return Answer(calls=((name, arguments),))


def function_calls(*calls: tuple[str, Any]) -> Answer:
    """Several calls in one reply."""
    return Answer(calls=calls)


def forced_call(arguments: Any) -> Answer:
    """A call of whatever function the request forces (or offers last)."""
    return Answer(calls=((None, arguments),))


def text(content: str) -> Answer:
    """A message and no call."""
    return Answer(text=content)


def refusal(content: str = "I'm sorry, I can't help with that.") -> Answer:
    """The model declines."""
    return Answer(refusal=content)


def incomplete(reason: str = "max_output_tokens", *, content: str | None = None) -> Answer:
    """An answer cut off for `reason` (`max_output_tokens` or `content_filter`), all spent on
    reasoning by default."""
    return Answer(text=content, incomplete=reason)


def automatic(request: Request) -> Reply:
    """The answer without a script: a call that fits the schema when one is due, else a text in the
    wanted format."""
    body, name = request.body, chosen(request)
    if name is not None and (
        body.get("tool_choice", "auto") != "auto" or not _has_outputs(body, request)
    ):
        parameters = (
            next(f for f in _functions(request) if f["name"] == name).get("parameters") or {}
        )
        return function_call(name, sample(parameters))(request)
    return text(_formatted(request))(request)


def chosen(request: Request) -> str | None:
    """The function to call: the forced one, else the last one; None when there is none or calls are
    off."""
    choice, names = request.body.get("tool_choice"), request.dialect.tool_names(request.body)
    if choice == "none" or not names:
        return None
    return str(request.dialect.tool(choice)["name"]) if isinstance(choice, dict) else names[-1]


def _functions(request: Request) -> list[Body]:
    return [request.dialect.tool(tool) for tool in request.body.get("tools") or ()]


def _has_outputs(body: Body, request: Request) -> bool:
    """Whether a tool was heard already: with a free choice, the model then speaks instead of
    calling for ever."""
    items = body[request.dialect.history]
    if isinstance(items, str):
        return False
    return any(
        item.get("type") == "function_call_output" or item.get("role") == "tool" for item in items
    )


def _formatted(request: Request) -> str:
    wanted = at(request.body, request.dialect.format) or {}
    if wanted.get("type") == "json_object":
        return "{}"
    if wanted.get("type") != "json_schema":
        return WORD
    return json.dumps(sample((wanted.get("json_schema") or wanted)["schema"]))


def _id(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def _thinks(request: Request) -> bool:
    return bool(request.row.efforts) and at(request.body, request.dialect.effort) != "none"


def _calls(answer: Answer, request: Request) -> list[tuple[str, str]]:
    """Names and argument texts."""
    return [
        (name or chosen(request) or WORD, given if isinstance(given, str) else json.dumps(given))
        for name, given in answer.calls
    ]


def _counts(answer: Answer, request: Request) -> tuple[int, int, int, int, int]:
    """Input, cached, written, reasoning and all output tokens: those of the request, or made up."""
    if (usage := request.usage) is not None:
        spent = request.limit if usage.output is None else usage.output
        return usage.input, usage.cached, usage.written, usage.reasoning, spent
    said = (
        "".join(arguments for _, arguments in _calls(answer, request))
        + (answer.text or "")
        + (answer.refusal or "")
    )
    reasoning = answer.reasoning if _thinks(request) else 0
    return (
        math.ceil(request.size / 4),
        answer.cached,
        0,
        reasoning,
        reasoning + max(1, math.ceil(len(said) / 4)),
    )


def _response(answer: Answer, request: Request) -> Body:
    body = request.body
    got, cached, written, reasoning, spent = _counts(answer, request)
    return {
        "id": _id("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "incomplete" if answer.incomplete else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": answer.incomplete} if answer.incomplete else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": body.get("metadata") or {},
        "model": request.row.snapshot,
        "output": _output(answer, request),
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": at(body, ("reasoning", "effort")) or "medium", "summary": None},
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "flex" if body.get("service_tier") == "flex" else "default",
        "store": False,
        "temperature": 1.0,
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": {
            "input_tokens": got,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
            "output_tokens": spent,
            "output_tokens_details": {"reasoning_tokens": reasoning},
            "total_tokens": got + spent,
        },
    }


def _output(answer: Answer, request: Request) -> list[Body]:
    output = [_reasoning(request)] if _thinks(request) else []
    parts: list[Body] = []
    if answer.text is not None:
        parts.append(
            {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
        )
    if answer.refusal is not None:
        parts.append({"type": "refusal", "refusal": answer.refusal})
    status = "incomplete" if answer.incomplete else "completed"
    if parts:
        output.append(
            {
                "id": _id("msg_"),
                "type": "message",
                "role": "assistant",
                "status": status,
                "content": parts,
            }
        )
    for name, arguments in _calls(answer, request):
        call = {"id": _id("fc_"), "call_id": _id("call_"), "name": name, "arguments": arguments}
        output.append({"type": "function_call", "status": status} | call)
    return output


def _reasoning(request: Request) -> Body:
    """The reasoning item; its encrypted content goes only to those who ask for it."""
    item: Body = {"id": _id("rs_"), "type": "reasoning", "summary": []}
    if ENCRYPTED in (request.body.get("include") or ()):
        item["encrypted_content"] = request.seals.issue(request.row.snapshot)
    return item


def _chat(answer: Answer, request: Request) -> Body:
    got, cached, written, reasoning, spent = _counts(answer, request)
    content = "" if answer.incomplete and answer.text is None else answer.text
    message: Body = {
        "role": "assistant",
        "content": content,
        "refusal": answer.refusal,
        "annotations": [],
    }
    if answer.calls:
        message["tool_calls"] = [
            {
                "id": _id("call_"),
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for name, arguments in _calls(answer, request)
        ]
    return {
        "id": _id("chatcmpl-"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.row.snapshot,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": _finish(answer, request),
            }
        ],
        "usage": {
            "prompt_tokens": got,
            "completion_tokens": spent,
            "total_tokens": got + spent,
            "prompt_tokens_details": {
                "cached_tokens": cached,
                "cache_write_tokens": written,
                "audio_tokens": 0,
            },
            "completion_tokens_details": {
                "reasoning_tokens": reasoning,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "flex" if request.body.get("service_tier") == "flex" else "default",
        "system_fingerprint": None,
    }


def _finish(answer: Answer, request: Request) -> str:
    """Chat's finish_reason, which for a function forced by name is `stop`: a trap for who waits for
    `tool_calls`."""
    if answer.incomplete:
        return "content_filter" if answer.incomplete == "content_filter" else "length"
    return (
        "tool_calls"
        if answer.calls and not isinstance(request.body.get("tool_choice"), dict)
        else "stop"
    )
