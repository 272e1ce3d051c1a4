"""Whether a replayed conversation is consistent: calls with outputs, reasoning with what follows
it.

The service keeps nothing (`store` is false), so the client sends all of it back each turn, and most
bugs of a tool loop show here first.
"""

from collections.abc import Callable, Iterable
from typing import Any

from tests.support.upstream.dialects import Body, has_type
from tests.support.upstream.errors import (
    Refusal,
    Refusals,
    missing,
    refuse,
    unknown,
    wrong_type,
    wrong_value,
)

ITEM_KEYS: dict[str, set[str]] = {
    "message": {"type", "role", "content", "status", "id", "phase"},
    "function_call": {
        "type",
        "id",
        "call_id",
        "name",
        "arguments",
        "status",
        "namespace",
        "caller",
        "async",
    },
    "function_call_output": {
        "type",
        "id",
        "call_id",
        "output",
        "status",
        "name",
        "namespace",
        "caller",
    },
    "reasoning": {"type", "id", "summary", "encrypted_content", "content", "status"},
}
ITEM_NEEDS: dict[str, dict[str, str]] = {
    "message": {"role": "string", "content": "text|array"},
    "function_call": {"call_id": "string", "name": "string", "arguments": "string"},
    "function_call_output": {"call_id": "string", "output": "text|array"},
    "reasoning": {"id": "string", "summary": "array"},
}
INPUT_ROLES = ("developer", "system", "user", "assistant")
INPUT_PARTS = ("input_text", "input_image", "input_file")
OUTPUT_PARTS = ("output_text", "refusal")
MESSAGE_KEYS: dict[str, set[str]] = {
    "developer": {"role", "content", "name"},
    "system": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "refusal", "tool_calls", "audio", "annotations"},
    "tool": {"role", "content", "tool_call_id"},
}
CHAT_PARTS = ("text", "image_url", "input_audio", "file", "refusal")


def no_call(call_id: str, param: str) -> Refusal:
    """An output that answers nothing."""
    return refuse(
        f"No tool call found for function call output with call_id {call_id}.", param, None
    )


def no_output(call_id: str, param: str) -> Refusal:
    """A call that was left unanswered."""
    return refuse(f"No tool output found for function call {call_id}.", param, None)


def not_found(item_id: str) -> Refusal:
    """A reasoning item by reference: nothing is stored that it could refer to."""
    message = (
        f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to "
        "false. "
        "Try again with `store` set to true, or remove this item from your input."
    )
    return refuse(message, "input", None, status=404)


def _needs(item: Body, needs: dict[str, str], where: str) -> Refusals:
    for key, kind in needs.items():
        if key not in item:
            yield missing(f"{where}.{key}")
        elif not has_type(item[key], kind):
            yield wrong_type(f"{where}.{key}", f"a value of type {kind}", item[key])


def _parts(content: object, allowed: tuple[str, ...], where: str) -> Refusals:
    for index, part in enumerate(content if isinstance(content, list) else ()):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in allowed:
            yield wrong_value(f"{where}.content[{index}].type", kind, allowed)


def responses_history(items: Any, issued: Callable[[str], bool]) -> Refusals:
    """The `input` of a Responses request; `issued` tells whether encrypted content is this server's
    own."""
    if isinstance(items, str):
        return
    kinds: list[str] = []
    for index, item in enumerate(items):
        yield from _item(item, f"input[{index}]")
        kinds.append(_model_kind(item))
    for index, item in enumerate(items):
        if item.get("type") == "reasoning":
            yield from _reasoning(item, index, kinds, issued)
    yield from _pairs(items, kinds)


def _item(item: Any, where: str) -> Refusals:
    if not isinstance(item, dict):
        yield wrong_type(where, "an object", item)
    kind = item.get("type", "message" if "role" in item else None)
    if not isinstance(kind, str) or kind not in ITEM_KEYS:
        yield wrong_value(f"{where}.type", kind, tuple(ITEM_KEYS))
    for key in item:
        if key not in ITEM_KEYS[kind]:
            yield unknown(f"{where}.{key}")
    yield from _needs(item, ITEM_NEEDS[kind], where)
    if kind == "message":
        if item["role"] not in INPUT_ROLES:
            yield wrong_value(f"{where}.role", item["role"], INPUT_ROLES)
        yield from _parts(
            item["content"], OUTPUT_PARTS if item["role"] == "assistant" else INPUT_PARTS, where
        )


def _model_kind(item: Body) -> str:
    """`call`, `reasoning` or `message` for what the model said, "" for what was said to it."""
    kinds = {"function_call": "call", "reasoning": "reasoning"}
    return kinds.get(item.get("type", ""), "message" if item.get("role") == "assistant" else "")


def _reasoning(item: Body, index: int, kinds: list[str], issued: Callable[[str], bool]) -> Refusals:
    content = item.get("encrypted_content")
    if not content:
        yield not_found(item["id"])
    elif not has_type(content, "string"):
        yield wrong_type(f"input[{index}].encrypted_content", "a string", content)
    elif not issued(content):
        why = "Encrypted content could not be decrypted or parsed."
        message = (
            f"The encrypted content {content[:4]}...{content[-4:]} could not be verified. "
            f"Reason: {why}"
        )
        yield refuse(message, None, "invalid_encrypted_content")
    if item.get("content"):
        param = f"input[{index}].content"
        yield refuse(f"Invalid '{param}': reasoning text cannot be sent back.", param, None)
    if index + 1 == len(kinds) or not kinds[index + 1]:
        message = (
            f"Item '{item['id']}' of type 'reasoning' was provided without its required "
            "following item."
        )
        yield refuse(message, "input", None)


def _pairs(items: list[Body], kinds: list[str]) -> Refusals:
    """Each output answers an open call, and no call is open when the model speaks again (at last:
    in this request)."""
    opened: dict[str, None] = {}
    before = ""
    for index, (item, kind) in enumerate(zip(items, kinds, strict=True)):
        if kind and not before:
            yield from (no_output(call_id, "input") for call_id in opened)
        if kind == "call":
            opened[item["call_id"]] = None
        elif item.get("type") == "function_call_output":
            if item["call_id"] not in opened:
                yield no_call(item["call_id"], f"input[{index}].call_id")
            opened.pop(item["call_id"])
        before = kind
    yield from (no_output(call_id, "input") for call_id in opened)


def chat_history(
    messages: list[Any], roles: Iterable[str], *, other_keys: bool = False
) -> Refusals:
    """The `messages` of a chat request: tool messages come right after the assistant message that
    asked for them. `other_keys`: those of another maker are no mistake."""
    opened: dict[str, None] = {}
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        for refusal in _message(message, where, tuple(roles)):
            if not (other_keys and refusal["error"]["code"] == "unknown_parameter"):
                yield refusal
        if message["role"] != "tool":
            yield from (no_output(call_id, where) for call_id in opened)
            opened = {call["id"]: None for call in message.get("tool_calls") or ()}
            continue
        if message["tool_call_id"] not in opened:
            yield no_call(message["tool_call_id"], f"{where}.tool_call_id")
        opened.pop(message["tool_call_id"])
    yield from (no_output(call_id, "messages") for call_id in opened)


def _message(message: Any, where: str, roles: tuple[str, ...]) -> Refusals:
    if not isinstance(message, dict):
        yield wrong_type(where, "an object", message)
    role = message.get("role")
    if role not in roles:
        yield wrong_value(f"{where}.role", role, roles)
    for key in message:
        if key not in MESSAGE_KEYS[role]:
            yield unknown(f"{where}.{key}")
    calls = message.get("tool_calls")
    if calls is not None and not has_type(calls, "array"):
        yield wrong_type(f"{where}.tool_calls", "an array", calls)
    if not (calls and message.get("content") is None):
        yield from _needs(message, {"content": "text|array"}, where)
    if role == "tool":
        yield from _needs(message, {"tool_call_id": "string"}, where)
    yield from _parts(message.get("content"), CHAT_PARTS, where)
    for number, call in enumerate(calls or ()):
        yield from _chat_call(call, f"{where}.tool_calls[{number}]")


def _chat_call(call: Any, where: str) -> Refusals:
    if not isinstance(call, dict):
        yield wrong_type(where, "an object", call)
    for key in call.keys() - {"id", "type", "function"}:
        yield unknown(f"{where}.{key}")
    yield from _needs(call, {"id": "string", "type": "string", "function": "object"}, where)
    yield from _needs(
        call["function"], {"name": "string", "arguments": "string"}, f"{where}.function"
    )
