"""Streamed answers as in the real service, in both dialects.

flowing(function_call("summarize", {...}), pause=0.05)      the step, its words 50 ms apart
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.support.upstream.dialects import CHAT, Body
from tests.support.upstream.wire import Flow, Reply, Request, Step

EVENTS = {"Content-Type": "text/event-stream; charset=utf-8"}
DONE = b"data: [DONE]\n\n"


def flowing(step: Step, **flow: Any) -> Step:
    """The step, whose answer is sent in this manner when it is asked for as a stream."""
    return lambda request: replace(step(request), flow=Flow(**flow))


def streamed(reply: Reply, request: Request) -> Reply:
    """The reply as a stream, if the request asks for one and there is an answer to send."""
    if (
        not request.body.get("stream")
        or reply.status != 200
        or reply.lasting
        or reply.announced is not None
    ):
        return reply
    events = reply.flow.events or tuple(_events(reply, request))
    return (
        replace(reply, headers=EVENTS, flow=replace(reply.flow, events=events)) if events else reply
    )


def _events(reply: Reply, request: Request) -> Iterator[bytes]:
    try:
        body = json.loads(reply.body)
    except ValueError:
        return
    if not isinstance(body, dict) or not {"output", "choices"} & set(body):
        return
    if request.dialect is CHAT:
        yield from _chat(body, request, reply.flow.size)
    else:
        yield from _responses(body, reply.flow.size)


def event(body: Body, *, name: str = "") -> bytes:
    """One event; Responses gives its events names as well."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(body, separators=(',', ':'))}\n\n".encode()


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _responses(body: Body, size: int) -> Iterator[bytes]:
    numbers = iter(range(1 << 30))

    def one(kind: str, **more: Any) -> bytes:
        return event({"type": kind, "sequence_number": next(numbers), **more}, name=kind)

    begun = {**body, "status": "in_progress", "output": [], "usage": None}
    yield one("response.created", response=begun)
    yield one("response.in_progress", response=begun)
    for place, item in enumerate(body["output"]):
        at = (
            {"output_index": place, "item_id": item["id"]}
            if "id" in item
            else {"output_index": place}
        )
        yield one("response.output_item.added", output_index=place, item=_opened(item))
        if item["type"] == "function_call":
            for piece in _pieces(item["arguments"], size):
                yield one(
                    "response.function_call_arguments.delta",
                    delta=piece,
                    obfuscation=secrets.token_hex(4),
                    **at,
                )
            yield one("response.function_call_arguments.done", arguments=item["arguments"], **at)
        for index, part in enumerate(item.get("content") or ()):
            kind, text = (
                ("refusal", part["refusal"])
                if part["type"] == "refusal"
                else ("output_text", part["text"])
            )
            empty = {**part, ("refusal" if kind == "refusal" else "text"): ""}
            yield one("response.content_part.added", content_index=index, part=empty, **at)
            for piece in _pieces(text, size):
                yield one(f"response.{kind}.delta", delta=piece, content_index=index, **at)
            yield one(
                f"response.{kind}.done",
                content_index=index,
                **at,
                **{"refusal" if kind == "refusal" else "text": text},
            )
            yield one("response.content_part.done", content_index=index, part=part, **at)
        yield one("response.output_item.done", output_index=place, item=item)
    yield one(f"response.{body['status']}", response=body)


def _opened(item: Body) -> Body:
    """An item as it is when it is announced, with nothing in it yet."""
    empties: dict[str, Body] = {"function_call": {"arguments": ""}, "message": {"content": []}}
    empty = empties.get(item["type"], {})
    return {**item, **({"status": "in_progress"} if "status" in item else {}), **empty}


def _chat(body: Body, request: Request, size: int) -> Iterator[bytes]:
    options = request.body.get("stream_options") or {}
    head = {
        key: body[key] for key in ("id", "created", "model", "service_tier", "system_fingerprint")
    }
    counted = {"usage": None} if options.get("include_usage") else {}

    def one(delta: Body, finish: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return event({**head, "object": "chat.completion.chunk", "choices": choices, **counted})

    choice = body["choices"][0]
    message = choice["message"]
    yield one(
        {"role": "assistant", "content": None if message.get("tool_calls") else "", "refusal": None}
    )
    for name in ("content", "refusal"):
        for piece in _pieces(message.get(name) or "", size):
            yield one({name: piece})
    for place, call in enumerate(message.get("tool_calls") or ()):
        opened = {
            **call,
            "index": place,
            "function": {"name": call["function"]["name"], "arguments": ""},
        }
        yield one({"tool_calls": [opened]})
        for piece in _pieces(call["function"]["arguments"], size):
            yield one({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
    yield one({}, choice["finish_reason"])
    if options.get("include_usage"):
        yield event(
            {**head, "object": "chat.completion.chunk", "choices": [], "usage": body.get("usage")}
        )
    yield DONE
