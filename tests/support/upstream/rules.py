"""What o4-mini and similar models refuse, as pure checks of one request body.

The order is that of the real service as far as clients can see it: address, model, keys, values,
tools, history. Words and codes are the service's own where they are published; `house_rule` marks
what it would take but we never send.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.upstream.dialects import CHAT, DIALECTS, RESPONSES, Body, Dialect, at, has_type
from tests.support.upstream.errors import (
    Refusal,
    Refusals,
    house,
    missing,
    quoted,
    refuse,
    unknown,
    unsupported,
    wrong_type,
    wrong_value,
)
from tests.support.upstream.models import ModelRow
from tests.support.upstream.replay import chat_history, responses_history
from tests.support.upstream.strict import strict_fault

Issued = Callable[[str, str], bool]
"""(encrypted content, model snapshot) -> whether this server issued it."""

MIN_OUTPUT_TOKENS = 16
MAX_TOOLS = 128
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
VALUES: dict[str, tuple[str, ...]] = {
    "service_tier": ("auto", "default", "flex", "scale", "priority", "fast"),
    "truncation": ("auto", "disabled"),
}
INCLUDES = (
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
    "message.input_image.image_url",
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
)
REASONING_KEYS = {"effort", "summary", "generate_summary", "context", "mode"}
TOOL_KEYS = {"type", "name", "description", "parameters", "strict"}
STREAM_OPTIONS = {
    "chat": {"include_usage", "include_obfuscation"},
    "responses": {"include_obfuscation"},
}
TOO_LONG = {"safety_identifier": 128}


def refusal(
    path: str,
    body: object,
    model_rules: Mapping[str, ModelRow],
    *,
    issued: Issued = lambda content, snapshot: True,
) -> Refusal | None:
    """The first refusal of a POSTed `body`, as {"status": ..., "error": {...}}, or None when it is
    fit to answer."""
    return next(_checks(path, body, model_rules, issued), None)


def _checks(path: str, body: object, models: Mapping[str, ModelRow], issued: Issued) -> Refusals:
    dialect = DIALECTS.get(path)
    if dialect is None:
        yield refuse(f"Invalid URL (POST {path})", None, None, status=404)
        return
    if not isinstance(body, dict):
        yield refuse("Invalid request body: expected a JSON object.", None, "invalid_type")
        return
    yield from _model(body, models)
    row = models[body["model"]]
    if dialect.name not in row.dialects:
        yield {"status": 404, "detail": "Not Found"}
    yield from _keys(body, dialect, row)
    yield from _house(body, dialect)
    yield from _effort(body, dialect, row)
    yield from _values(body, dialect)
    yield from _tools(body, dialect, row)
    yield from _tool_choice(body, dialect)
    yield from _format(body, dialect)
    if dialect is RESPONSES:
        yield from responses_history(body["input"], lambda content: issued(content, row.snapshot))
    else:
        yield from chat_history(body["messages"], row.roles, other_keys=not row.strict)


def _model(body: Body, models: Mapping[str, ModelRow]) -> Refusals:
    if "model" not in body:
        yield missing("model")
    name = body["model"]
    if not isinstance(name, str):
        yield wrong_type("model", "a string", name)
    elif name not in models:
        message = f"The model `{name}` does not exist or you do not have access to it."
        yield refuse(message, "model", "model_not_found", status=404)
    elif models[name].retired:
        yield deprecated(name)


def deprecated(model: str) -> Refusal:
    """The answer for a model after its shutdown."""
    message = (
        f"The model `{model}` has been deprecated, learn more here: "
        "https://platform.openai.com/docs/deprecations"
    )
    return refuse(message, "model", "model_not_found", status=404)


def _keys(body: Body, dialect: Dialect, row: ModelRow) -> Refusals:
    for key, value in body.items():
        if key in row.refuses and value is not None and (key, value) != ("temperature", 1):
            yield unsupported(
                key, f" Use '{dialect.limit}' instead." if key == "max_tokens" else ""
            )
        elif key not in dialect.keys:
            if key not in row.takes:
                yield unknown(key)
        elif value is not None and not has_type(value, dialect.keys[key]):
            yield wrong_type(key, f"a value of type {dialect.keys[key]}", value)
    if body.get(dialect.history) is None:
        yield missing(dialect.history)
    if not body[dialect.history]:
        yield refuse(f"Invalid '{dialect.history}': it is empty.", dialect.history, "empty_array")


def _house(body: Body, dialect: Dialect) -> Refusals:
    if body.get("previous_response_id") is not None:
        yield house(
            "previous_response_id needs stored responses: replay the items instead",
            "previous_response_id",
        )
    if dialect is RESPONSES and body.get("store") is not False:
        yield house("store must be false", "store")
    if dialect is CHAT and body.get("store"):
        yield house("store must be false or absent", "store")
    if body.get("stream_options") is not None and not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        yield refuse(message, "stream_options", "invalid_value")
    for key in (body.get("stream_options") or {}).keys() - STREAM_OPTIONS[dialect.name]:
        yield unknown(f"stream_options.{key}")
    if body.get("n", 1) != 1:
        yield house("this fake gives one choice", "n")


def _effort(body: Body, dialect: Dialect, row: ModelRow) -> Refusals:
    param, effort = ".".join(dialect.effort), at(body, dialect.effort)
    for key in (body.get("reasoning") or {}).keys() - REASONING_KEYS:
        yield unknown(f"reasoning.{key}")
    if effort is not None and not row.efforts:
        yield unsupported(param)
    elif effort is not None and effort not in row.efforts:
        message = f"Unsupported value: '{effort}' is not supported with the '{row.id}' model. "
        yield refuse(
            f"{message}Supported values are: {quoted(row.efforts)}.", param, "unsupported_value"
        )
    if dialect is CHAT and body.get("tools") and row.tool_effort and effort != row.tool_effort:
        message = (
            f"Function tools with reasoning_effort are not supported for {row.id} in "
            "/v1/chat/completions. "
            "To use function tools, use /v1/responses or set reasoning_effort to "
            f"'{row.tool_effort}'."
        )
        yield refuse(message, "reasoning_effort", None)


def _values(body: Body, dialect: Dialect) -> Refusals:
    for key, allowed in VALUES.items():
        if body.get(key) is not None and body[key] not in allowed:
            yield wrong_value(key, body[key], allowed)
    for index, item in enumerate(body.get("include") or ()):
        if item not in INCLUDES:
            yield wrong_value(f"include[{index}]", item, INCLUDES)
    for key, most in TOO_LONG.items():
        if len(body.get(key) or "") > most:
            message = (
                f"Invalid '{key}': string too long. Expected a string with maximum length {most}."
            )
            yield refuse(message, key, "string_above_max_length")
    least, limit = MIN_OUTPUT_TOKENS if dialect is RESPONSES else 1, body.get(dialect.limit)
    if limit is not None and limit < least:
        message = (
            f"Invalid '{dialect.limit}': integer below minimum value. Expected a value >= "
            f"{least}, but got {limit}."
        )
        yield refuse(message, dialect.limit, "integer_below_min_value")


def _tools(body: Body, dialect: Dialect, row: ModelRow) -> Refusals:
    tools = body.get("tools")
    if tools is not None and not tools and dialect is CHAT:
        yield refuse(
            "Invalid 'tools': empty array. Expected an array with minimum length 1.",
            "tools",
            "empty_array",
        )
    if len(tools or ()) > MAX_TOOLS:
        message = (
            f"Invalid 'tools': array too long. Expected an array with maximum length {MAX_TOOLS}."
        )
        yield refuse(message, "tools", "array_above_max_length")
    seen: set[str] = set()
    for index, tool in enumerate(tools or ()):
        yield from _tool(tool, f"tools[{index}]", dialect, row)
        name = dialect.tool(tool)["name"]
        if name in seen:
            yield house(f"two tools are named '{name}'", f"tools[{index}]")
        seen.add(name)


def _tool(tool: Any, where: str, dialect: Dialect, row: ModelRow) -> Refusals:
    if not isinstance(tool, dict):
        yield wrong_type(where, "an object", tool)
    if tool.get("type") != "function":
        yield wrong_value(f"{where}.type", tool.get("type"), ("function",))
    if dialect is CHAT:
        if not isinstance(tool.get("function"), dict):
            yield missing(f"{where}.function")
        for key in tool.keys() - {"type", "function"}:
            yield unknown(f"{where}.{key}")
        where = f"{where}.function"
    function = dialect.tool(tool)
    if function.get("name") is None:
        yield missing(f"{where}.name")
    for key in function.keys() - TOOL_KEYS:
        yield unknown(f"{where}.{key}")
    yield from _name(function["name"], f"{where}.name")
    if not has_type(function.get("description", ""), "string"):
        yield wrong_type(f"{where}.description", "a string", function["description"])
    if row.strict:
        yield from _strict(function, where)


def _name(name: object, where: str) -> Refusals:
    if not isinstance(name, str):
        yield wrong_type(where, "a string", name)
    elif not NAME.fullmatch(name):
        message = (
            f"Invalid '{where}': expected 1 to 64 characters that match the pattern "
            "'^[a-zA-Z0-9_-]+$'."
        )
        yield refuse(message, where, "invalid_value")


def _strict(function: Body, where: str) -> Refusals:
    """Not a rule of the service: without `strict` it would take any schema, and answer with
    anything."""
    fault: str | None = "strict must be true."
    if function.get("strict") is True:
        fault = strict_fault(function.get("parameters"))
    if fault is not None:
        message = f"Invalid schema for function '{function['name']}': {fault}"
        yield refuse(message, f"{where}.parameters", "invalid_function_parameters")


def _tool_choice(body: Body, dialect: Dialect) -> Refusals:
    choice = body.get("tool_choice")
    if choice is None:
        return
    if not body.get("tools"):
        yield refuse(
            "'tool_choice' is only allowed when 'tools' are specified.",
            "tool_choice",
            "invalid_value",
        )
    if isinstance(choice, str):
        if choice not in ("none", "auto", "required"):
            yield wrong_value("tool_choice", choice, ("none", "auto", "required"))
        return
    if not isinstance(choice, dict):
        yield wrong_type("tool_choice", "a string or an object", choice)
    if choice.get("type") != "function":
        yield wrong_value("tool_choice.type", choice.get("type"), ("function",))
    where = "tool_choice.function" if dialect is CHAT else "tool_choice"
    name = dialect.tool(choice).get("name")
    if name is None:
        yield missing(f"{where}.name")
    if extra := choice.keys() - ({"type", "function"} if dialect is CHAT else {"type", "name"}):
        yield unknown(f"tool_choice.{min(extra)}")
    if name not in dialect.tool_names(body):
        yield refuse(
            f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice", "invalid_value"
        )


def _format(body: Body, dialect: Dialect) -> Refusals:
    wanted, param = at(body, dialect.format), ".".join(dialect.format)
    if wanted is None:
        return
    if not isinstance(wanted, dict) or wanted.get("type") not in (
        "text",
        "json_schema",
        "json_object",
    ):
        yield wrong_value(
            f"{param}.type",
            at({"f": wanted}, ("f", "type")),
            ("text", "json_schema", "json_object"),
        )
    if wanted["type"] == "json_object" and "json" not in str(body[dialect.history]).lower():
        message = (
            f"'{dialect.history}' must contain the word 'json' to use '{param}' of type "
            "'json_object'."
        )
        yield refuse(message, dialect.history, None)
    if wanted["type"] != "json_schema":
        return
    inner, where = wanted, param
    if dialect is CHAT:
        inner, where = wanted.get("json_schema"), f"{param}.json_schema"
    if not isinstance(inner, dict) or "schema" not in inner:
        yield missing(f"{where}.schema")
    yield from _name(inner.get("name"), f"{where}.name")
    fault = strict_fault(inner["schema"]) if inner.get("strict") else None
    if fault is not None:
        yield refuse(
            f"Invalid schema for response_format '{inner['name']}': {fault}",
            where,
            "invalid_json_schema",
        )
