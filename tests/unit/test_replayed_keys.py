"""Keys of other makers in a reply come back with the next turn: their models require them."""

from __future__ import annotations

from connector.json_types import Json
from connector.providers.base import NO_LISTENER
from connector.providers.hosted.dialects import DIALECTS

CALL: Json = {
    "index": 0,
    "id": "call_1",
    "type": "function",
    "function": {"name": "classify", "arguments": "{}"},
    "extra_content": {"google": {"thought_signature": "sig"}},
}
MESSAGE: Json = {
    "role": "assistant",
    "content": None,
    "refusal": None,
    "annotations": [],
    "reasoning_content": "Because.",
    "reasoning_details": [{"type": "reasoning.text", "text": "Because."}],
    "tool_calls": [CALL],
}
REPLAYED: Json = {
    "role": "assistant",
    "content": None,
    "reasoning_content": "Because.",
    "reasoning_details": [{"type": "reasoning.text", "text": "Because."}],
    "tool_calls": [{key: value for key, value in CALL.items() if key != "index"}],
}


def test_keys_of_a_message_and_its_calls() -> None:
    """Gemini's signatures, DeepSeek's and OpenRouter's reasoning are kept; OpenAI's own keys
    that it does not take back are not."""
    answer = {"choices": [{"message": MESSAGE, "finish_reason": "tool_calls"}]}
    assert DIALECTS["chat"].parse_reply(answer).replay == (REPLAYED,)


def test_keys_of_a_stream() -> None:
    """The same in a stream, in which texts and lists come in parts."""
    details = MESSAGE["reasoning_details"]
    deltas: list[Json] = [
        {"role": "assistant", "reasoning_content": "Bec"},
        {"reasoning_content": "ause.", "reasoning_details": details},
        {"tool_calls": [{**CALL, "function": {"name": "classify", "arguments": "{"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]},
    ]
    events: list[Json] = [{"choices": [{"delta": delta}]} for delta in deltas]
    events.append({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
    answer = DIALECTS["chat"].read_stream(iter(events), NO_LISTENER, "")
    assert DIALECTS["chat"].parse_reply(answer).replay == (REPLAYED,)


def test_keys_of_an_item() -> None:
    """Over Responses too; an item's state and decoded arguments are not sent again."""
    item: Json = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    raw = {**item, "status": "completed", "parsed_arguments": {}, "signature": "sig"}
    reply = DIALECTS["responses"].parse_reply({"status": "completed", "output": [raw]})
    assert reply.replay == ({**item, "signature": "sig"},)
