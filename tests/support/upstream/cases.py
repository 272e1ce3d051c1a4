"""The rules by example: for each one a refused request beside the nearest accepted one."""

from copy import deepcopy
from typing import Any

R, C = "/v1/responses", "/v1/chat/completions"
DROP = object()
SCHEMA = {
    "type": "object",
    "properties": {"category": {"type": ["string", "null"], "enum": ["billing", "other", None]}},
    "required": ["category"],
    "additionalProperties": False,
}
FUNCTION = {"name": "classify", "description": "Sorts.", "strict": True, "parameters": SCHEMA}
FLAT, NESTED = {"type": "function", **FUNCTION}, {"type": "function", "function": FUNCTION}
ASK = {"role": "user", "content": "Where is my invoice?"}
BODIES: dict[str, dict[str, Any]] = {
    R: {"model": "o4-mini", "store": False, "input": [ASK], "tools": [FLAT]},
    C: {"model": "o4-mini", "messages": [ASK], "tools": [NESTED]},
}
CALL = {"type": "function_call", "call_id": "call_1", "name": "classify", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "{}"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "genuine"}
OWN_TURN = [THOUGHT, CALL, OUTPUT]
SAID = {"role": "assistant", "content": "Billing."}
CHAT_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "classify", "arguments": "{}"},
}
CALLED, TOLD = (
    {"role": "assistant", "tool_calls": [CHAT_CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "1"},
)


def body(path: str, **changes: Any) -> dict[str, Any]:
    """The good body of a path with some top-level keys changed, or left out by DROP."""
    changed = deepcopy(BODIES[path]) | changes
    return {key: value for key, value in changed.items() if value is not DROP}


def tool(path: str, **changes: Any) -> dict[str, Any]:
    """The good body with its one function changed."""
    function = {key: value for key, value in (FUNCTION | changes).items() if value is not DROP}
    return body(
        path,
        tools=[
            {"type": "function", **function}
            if path == R
            else {"type": "function", "function": function}
        ],
    )


ANY = None
UNSUPPORTED = (400, "unsupported_parameter")
KEYS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[int, str | None], str | None]] = [
    # path, refused changes, accepted changes, status and code, param
    *((p, {"temperature": 0.2}, {"temperature": 1}, UNSUPPORTED, "temperature") for p in (R, C)),
    *((p, {"top_p": 0.9}, {}, UNSUPPORTED, "top_p") for p in (R, C)),
    *(
        (p, {"parallel_tool_calls": v}, {}, UNSUPPORTED, "parallel_tool_calls")
        for p in (R, C)
        for v in (True, False)
    ),
    *((p, {"top_logprobs": 2}, {}, UNSUPPORTED, "top_logprobs") for p in (R, C)),
    *((C, {k: 0.5}, {}, UNSUPPORTED, k) for k in ("presence_penalty", "frequency_penalty")),
    (C, {"logit_bias": {"1": 1}}, {}, UNSUPPORTED, "logit_bias"),
    (C, {"logprobs": True}, {}, UNSUPPORTED, "logprobs"),
    (C, {"stop": ["."]}, {"stop": None}, UNSUPPORTED, "stop"),
    (C, {"max_tokens": 99}, {"max_completion_tokens": 99}, UNSUPPORTED, "max_tokens"),
    (R, {"max_tokens": 99}, {"max_output_tokens": 99}, UNSUPPORTED, "max_tokens"),
    (
        C,
        {"model": "local-llama", "reasoning_effort": "low"},
        {"model": "local-llama"},
        UNSUPPORTED,
        "reasoning_effort",
    ),
    (
        C,
        {"max_tokens": 99},
        {"model": "local-llama", "max_tokens": 99, "temperature": 0},
        UNSUPPORTED,
        "max_tokens",
    ),
    (
        C,
        {"reasoning_effort": "minimal"},
        {"reasoning_effort": "high"},
        (400, "unsupported_value"),
        "reasoning_effort",
    ),
    (
        R,
        {"reasoning": {"effort": "none"}},
        {"reasoning": {"effort": "low"}},
        (400, "unsupported_value"),
        "reasoning.effort",
    ),
    (
        R,
        {"reasoning": {"depth": 1}},
        {"reasoning": {}},
        (400, "unknown_parameter"),
        "reasoning.depth",
    ),
    (
        R,
        {"model": "o4-mini", "reasoning": {"effort": "max"}},
        {"model": "gpt-5.6-terra", "reasoning": {"effort": "max"}},
        (400, "unsupported_value"),
        "reasoning.effort",
    ),
    (
        C,
        {"model": "gpt-5.6-terra"},
        {"model": "gpt-5.6-terra", "reasoning_effort": "none"},
        (400, None),
        "reasoning_effort",
    ),
    (
        C,
        {"model": "gpt-5.6-terra", "reasoning_effort": "low"},
        {"model": "gpt-5.6-terra", "reasoning_effort": "low", "tools": DROP},
        (400, None),
        "reasoning_effort",
    ),
    (R, {"messages": [ASK]}, {}, (400, "unknown_parameter"), "messages"),
    (C, {"input": "hi"}, {}, (400, "unknown_parameter"), "input"),
    (R, {"input": 7}, {"input": "text"}, (400, "invalid_type"), "input"),
    (C, {"messages": "hi"}, {}, (400, "invalid_type"), "messages"),
    (
        R,
        {"max_output_tokens": True},
        {"max_output_tokens": 16},
        (400, "invalid_type"),
        "max_output_tokens",
    ),
    (
        R,
        {"max_output_tokens": 15},
        {"max_output_tokens": 16},
        (400, "integer_below_min_value"),
        "max_output_tokens",
    ),
    (R, {"input": DROP}, {}, (400, "missing_required_parameter"), "input"),
    (C, {"messages": DROP}, {}, (400, "missing_required_parameter"), "messages"),
    (C, {"messages": []}, {}, (400, "empty_array"), "messages"),
    (R, {"model": DROP}, {}, (400, "missing_required_parameter"), "model"),
    (R, {"model": 4}, {}, (400, "invalid_type"), "model"),
    (R, {"model": "o9"}, {"model": "o3"}, (404, "model_not_found"), "model"),
    (R, {"store": DROP}, {}, (400, "house_rule"), "store"),
    (R, {"store": True}, {"store": False}, (400, "house_rule"), "store"),
    (C, {"store": True}, {"store": False}, (400, "house_rule"), "store"),
    (
        R,
        {"previous_response_id": "resp_1"},
        {"previous_response_id": None},
        (400, "house_rule"),
        "previous_response_id",
    ),
    (
        C,
        {"stream_options": {"include_usage": True}},
        {"stream": True},
        (400, "invalid_value"),
        "stream_options",
    ),
    (
        R,
        {"stream": True, "stream_options": {"include_usage": True}},
        {"stream": True, "stream_options": {"include_obfuscation": False}},
        (400, "unknown_parameter"),
        "stream_options.include_usage",
    ),
    (C, {"n": 2}, {"n": 1}, (400, "house_rule"), "n"),
    (
        R,
        {"include": ["all"]},
        {"include": ["reasoning.encrypted_content"]},
        (400, "invalid_value"),
        "include[0]",
    ),
    (R, {"truncation": "none"}, {"truncation": "disabled"}, (400, "invalid_value"), "truncation"),
    (R, {"service_tier": "slow"}, {"service_tier": "flex"}, (400, "invalid_value"), "service_tier"),
    (
        R,
        {"safety_identifier": "x" * 129},
        {"safety_identifier": "x" * 128},
        (400, "string_above_max_length"),
        ANY,
    ),
    (
        R,
        {"tools": [NESTED]},
        {"tools": [FLAT]},
        (400, "missing_required_parameter"),
        "tools[0].name",
    ),
    (
        C,
        {"tools": [FLAT]},
        {"tools": [NESTED]},
        (400, "missing_required_parameter"),
        "tools[0].function",
    ),
    (C, {"tools": []}, {"tools": DROP}, (400, "empty_array"), "tools"),
    (R, {"tools": [{"type": "web"}]}, {"tools": []}, (400, "invalid_value"), "tools[0].type"),
    (
        R,
        {"tools": [FLAT, FLAT]},
        {"tools": [FLAT, FLAT | {"name": "b"}]},
        (400, "house_rule"),
        "tools[1]",
    ),
    (
        R,
        {"tools": [FLAT | {"name": f"f{n}"} for n in range(129)]},
        {"tools": [FLAT | {"name": f"f{n}"} for n in range(128)]},
        (400, "array_above_max_length"),
        "tools",
    ),
    (R, {"tool_choice": "any"}, {"tool_choice": "required"}, (400, "invalid_value"), "tool_choice"),
    (
        R,
        {"tool_choice": "auto", "tools": DROP},
        {"tool_choice": "auto"},
        (400, "invalid_value"),
        "tool_choice",
    ),
    (
        R,
        {"tool_choice": {"type": "function", "name": "b"}},
        {"tool_choice": {"type": "function", "name": "classify"}},
        (400, "invalid_value"),
        "tool_choice",
    ),
    (
        C,
        {"tool_choice": {"type": "function", "name": "classify"}},
        {"tool_choice": {"type": "function", "function": {"name": "classify"}}},
        (400, ANY),
        "tool_choice.function.name",
    ),
    (
        R,
        {
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": "a",
                    "strict": True,
                    "schema": {"type": "object"},
                }
            }
        },
        {
            "text": {
                "format": {"type": "json_schema", "name": "a", "strict": True, "schema": SCHEMA}
            }
        },
        (400, "invalid_json_schema"),
        "text.format",
    ),
    (
        C,
        {"response_format": {"type": "json_object"}},
        {
            "response_format": {"type": "json_object"},
            "messages": [{"role": "user", "content": "JSON please"}],
        },
        (400, None),
        ANY,
    ),
]


def closed(**properties: Any) -> dict[str, Any]:
    """A strict object."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def nested(levels: int) -> dict[str, Any]:
    """A strict object with a text so many levels below it."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = closed(inner=schema)
    return schema


def choices(count: int, length: int = 4) -> dict[str, Any]:
    """An enum of so many texts of one length."""
    return {"type": "string", "enum": [f"{n:0{length}}" for n in range(count)]}


STRING = {"type": "string"}
STRICT: list[tuple[Any, dict[str, Any], str]] = [
    # refused, accepted, a word of the reason
    (None, closed(), "object"),
    ({"type": "array", "items": STRING}, closed(a={"type": "array", "items": STRING}), "object"),
    (closed() | {"anyOf": [STRING]}, closed(a={"anyOf": [STRING, {"type": "null"}]}), "anyOf"),
    (
        closed(a=closed() | {"additionalProperties": True}),
        closed(a=closed()),
        "additionalProperties",
    ),
    (closed(a=STRING, b=STRING) | {"required": ["a"]}, closed(a=STRING, b=STRING), "required"),
    (closed(a=STRING) | {"required": ["a", "b"]}, closed(a=STRING), "required"),
    (
        closed(a={"type": "array", "items": {"type": "object"}}),
        closed(a={"type": "array", "items": closed()}),
        "items",
    ),
    (closed(a={"type": "array"}), closed(a={"type": "array", "items": STRING}), "items"),
    *(
        (closed(a=STRING | {key: value}), closed(a=STRING | {"description": "x"}), key)
        for key, value in {
            "default": "x",
            "allOf": [STRING],
            "not": STRING,
            "if": STRING,
            "then": STRING,
            "else": STRING,
            "dependentRequired": {},
            "dependentSchemas": {},
            "maxLength": 5,
        }.items()
    ),
    (closed(a={}), closed(a={"enum": ["x"]}), "type"),
    (closed(a={"type": "text"}), closed(a={"type": ["string", "null"]}), "text"),
    (closed(a={"enum": []}), closed(a={"const": 1}), "enum"),
    (
        closed(**{f"p{n}": STRING for n in range(101)}),
        closed(**{f"p{n}": STRING for n in range(100)}),
        "properties",
    ),
    (nested(6), nested(5), "levels"),
    (closed(a=choices(600), b=choices(401)), closed(a=choices(600), b=choices(400)), "enum values"),
    (closed(a=choices(251, 60)), closed(a=choices(250, 61)), "characters"),
    (
        closed(a={"$ref": "#/$defs/b"}),
        closed(a={"$ref": "#/$defs/b"}) | {"$defs": {"b": STRING}},
        "$defs",
    ),
    (
        closed(a=STRING) | {"$defs": {"b": {"type": "object"}}},
        closed(a={"$ref": "#"}),
        "additionalProperties",
    ),
    (
        closed(a={"anyOf": [closed(k=STRING), closed(k=STRING)]}),
        closed(a={"anyOf": [closed(k=STRING), closed(m=STRING)]}),
        "first keys",
    ),
]


NO_CALL, NO_OUTPUT = (
    "No tool call found for function call output with call_id call_1",
    "No tool output found for function call call_1",
)
HISTORIES: list[tuple[str, list[Any], list[Any], str]] = [
    # path, refused history, accepted history, words of the refusal
    (R, [ASK, OUTPUT], [ASK, CALL, OUTPUT], NO_CALL),
    (R, [ASK, OUTPUT, CALL], [ASK, CALL, OUTPUT], NO_CALL),
    (R, [ASK, CALL, OUTPUT, OUTPUT], [ASK, CALL, OUTPUT], NO_CALL),
    (R, [ASK, CALL], [ASK, CALL, OUTPUT], NO_OUTPUT),
    (R, [ASK, CALL, ASK, SAID, OUTPUT], [ASK, CALL, ASK, OUTPUT, SAID], NO_OUTPUT),
    (
        R,
        [THOUGHT, CALL, CALL | {"call_id": "call_2"}, OUTPUT | {"call_id": "call_2"}],
        [THOUGHT, CALL, CALL | {"call_id": "call_2"}, OUTPUT | {"call_id": "call_2"}, OUTPUT],
        NO_OUTPUT,
    ),
    (
        R,
        [ASK, THOUGHT | {"encrypted_content": None}, SAID],
        [ASK, THOUGHT, SAID],
        "'rs_1' not found. Items are not persisted",
    ),
    (
        R,
        [ASK, THOUGHT | {"encrypted_content": "forged"}, SAID],
        [ASK, THOUGHT, SAID],
        "could not be verified",
    ),
    (R, [ASK, THOUGHT], [ASK, THOUGHT, THOUGHT, SAID], "without its required following item"),
    (R, [ASK, THOUGHT, ASK], [ASK, THOUGHT, SAID, ASK], "without its required following item"),
    (
        R,
        [ASK, THOUGHT | {"summary": None}, SAID],
        [ASK, THOUGHT, SAID],
        ("Invalid type for 'input[1].summary'"),
    ),
    (
        R,
        [ASK, {k: THOUGHT[k] for k in THOUGHT if k != "summary"}, SAID],
        [ASK, THOUGHT, SAID],
        "Missing required parameter",
    ),
    (
        R,
        [ASK, THOUGHT | {"content": [{"text": "hm"}]}, SAID],
        [ASK, THOUGHT | {"content": []}, SAID],
        "input[1].content",
    ),
    (
        R,
        [CALL | {"parsed_arguments": {}}, OUTPUT],
        [CALL | {"status": "completed"}, OUTPUT],
        "Unknown parameter",
    ),
    (R, [CALL | {"arguments": {}}, OUTPUT], [CALL, OUTPUT], "input[0].arguments"),
    (R, [{"type": "thought"}], [ASK], "input[0].type"),
    (R, [ASK | {"role": "tool"}], [ASK | {"role": "developer"}], "input[0].role"),
    (
        R,
        [ASK | {"content": [{"type": "text", "text": "x"}]}],
        [ASK | {"content": [{"type": "input_text", "text": "x"}]}],
        "input[0].content[0].type",
    ),
    (C, [ASK, TOLD], [ASK, CALLED, TOLD], NO_CALL),
    (C, [ASK, CALLED], [ASK, CALLED, TOLD], NO_OUTPUT),
    (C, [ASK, CALLED, ASK, TOLD], [ASK, CALLED, TOLD, ASK], NO_OUTPUT),
    (C, [ASK | {"content": None}], [ASK, CALLED | {"content": None}, TOLD], "messages[0].content"),
    (C, [ASK | {"role": "bot"}], [ASK | {"role": "developer"}], "messages[0].role"),
    (
        C,
        [ASK | {"content": [{"type": "input_text"}]}],
        [ASK | {"content": [{"type": "text", "text": "x"}]}],
        "content[0].type",
    ),
    (C, [ASK, {"role": "assistant", "tool_calls": [CALL]}], [ASK, CALLED, TOLD], "tool_calls[0]"),
    (C, [ASK | {"tool_calls": []}], [ASK], "messages[0].tool_calls"),
]
