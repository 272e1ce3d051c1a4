"""The two API dialects as data: paths, top-level keys, and positions in a body."""

from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]


def _types(text: str) -> dict[str, str]:
    """`key:type` pairs; the type is one of json types, `text|array` or `any`."""
    return dict(pair.split(":") for pair in text.split())


_COMMON = _types(
    """model:string tools:array tool_choice:any parallel_tool_calls:boolean temperature:number
    top_p:number
    top_logprobs:integer metadata:object prompt_cache_key:string prompt_cache_options:object
    prompt_cache_retention:string safety_identifier:string service_tier:string store:boolean
    stream:boolean
    stream_options:object user:string moderation:object"""
)


@dataclass(frozen=True)
class Dialect:
    """`history` is the key of the conversation, `effort` and `format` are the paths of these two
    settings."""

    name: str
    history: str
    effort: tuple[str, ...]
    format: tuple[str, ...]
    limit: str
    keys: dict[str, str]

    def tool(self, tool: Body) -> Body:
        """The function inside a tool: chat nests it, responses is flat."""
        inner = tool.get("function", {}) if self.name == "chat" else tool
        return inner if isinstance(inner, dict) else {}

    def tool_names(self, body: Body) -> list[str]:
        """The names of the functions that a valid body offers."""
        return [self.tool(tool)["name"] for tool in body.get("tools") or ()]


RESPONSES = Dialect(
    "responses",
    history="input",
    effort=("reasoning", "effort"),
    format=("text", "format"),
    limit="max_output_tokens",
    keys=_COMMON
    | _types(
        """input:text|array instructions:text|array max_output_tokens:integer
        max_tool_calls:integer reasoning:object
        include:array text:object truncation:string previous_response_id:string
        background:boolean conversation:any
        prompt:object context_management:array access_programs:object image:object"""
    ),
)
CHAT = Dialect(
    "chat",
    history="messages",
    effort=("reasoning_effort",),
    format=("response_format",),
    limit="max_completion_tokens",
    keys=_COMMON
    | _types(
        """messages:array max_completion_tokens:integer max_tokens:integer reasoning_effort:string
        response_format:object frequency_penalty:number presence_penalty:number
        logit_bias:object logprobs:boolean
        stop:text|array n:integer seed:integer verbosity:string modalities:array audio:object
        prediction:object
        web_search_options:object functions:array function_call:any"""
    ),
)
DIALECTS = {"/v1/responses": RESPONSES, "/v1/chat/completions": CHAT}

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "text|array": (str, list),
    "any": (object,),
}


def has_type(value: object, name: str) -> bool:
    """JSON's types, where true is not the number 1."""
    if isinstance(value, bool) and name in ("integer", "number"):
        return False
    return isinstance(value, PYTHON_TYPES[name])


def at(body: Body, path: tuple[str, ...]) -> Any:
    """The value at a path, None where something on the way is absent."""
    value: Any = body
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
