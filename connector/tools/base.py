"""A tool is a typed function that a model may call; its strict schema comes from its signature.

    @tool("Does something exactly.")
    def double(number: Annotated[int, "what to double"]) -> str: ...

Parameters may be ``str``, ``int``, ``float``, ``bool`` or a ``Literal`` of texts, each also
``| None``. One named ``context`` receives the run's ``ToolContext`` and is not shown to the model.
A tool returns text, or a ``ToolResult`` when it computes one value. ``ToolError`` tells the model
what to correct.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from connector.json_types import Json

MAX_OUTPUT = 8_000  # characters
CUT_OFF = "\n[cut off]"
_SHOWN = 60
_JSON_TYPES: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


class ToolError(Exception):
    """The tool failed; the text is for the model and states the reason."""


@dataclass(frozen=True)
class ToolContext:
    """What a tool may see of the run.

    ``values``    the form's values
    ``call_key``  equal for equal calls of the same run
    ``seconds``   the time that remains for the call
    """

    values: Mapping[str, Any]
    call_key: str = ""
    seconds: float = 10.0


@dataclass(frozen=True)
class ToolResult:
    """``text`` for the model, and ``value``, the bare number, date or name in it, if any."""

    text: str
    value: str | None = None


@dataclass(frozen=True)
class ToolParameter:
    """One parameter of a tool.

    ``schema``  its strict JSON Schema
    ``kinds``   the Python types that it accepts
    ``items``   the Python types of a list's items
    """

    schema: Json
    kinds: tuple[type, ...]
    choices: tuple[Any, ...] = ()
    items: tuple[type, ...] = ()

    def error(self, value: Any) -> str:
        """What ``value`` must be instead, such as "must be integer"; "" when it is valid."""
        is_unexpected_bool = isinstance(value, bool) and bool not in self.kinds
        if not isinstance(value, self.kinds) or is_unexpected_bool:
            kind = self.schema["type"]
            return f"must be {' or '.join(kind) if isinstance(kind, list) else kind}"
        if self.choices and value is not None and value not in self.choices:
            return f"must be one of {', '.join(map(str, self.choices))}"
        if isinstance(value, list) and not all(isinstance(item, self.items) for item in value):
            return f"must be a list of {self.schema['items']['type']}"
        return ""


@dataclass(frozen=True)
class Tool:
    """A tool that a model may call.

    ``seconds``                its time limit
    ``needs_permission``       it runs code or uses the network: a key must allow it by name
    ``writes``                 it changes something: it needs approval unless the form disables it
    ``always_needs_approval``  it needs approval whatever the form states
    """

    name: str
    description: str
    arguments: Mapping[str, ToolParameter]
    run: Callable[..., str | ToolResult]
    takes_context: bool
    seconds: float = 10.0
    title: str = ""
    needs_permission: bool = False
    writes: bool = False
    always_needs_approval: bool = False

    @property
    def parameters(self) -> Json:
        """The strict JSON Schema of all arguments."""
        properties = {name: argument.schema for name, argument in self.arguments.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def call(self, arguments: Json, context: ToolContext) -> ToolResult:
        """The result for ``arguments`` that passed ``check``; ``ToolError`` when it fails."""
        extra = {"context": context} if self.takes_context else {}
        output = self.run(**arguments, **extra)
        result = output if isinstance(output, ToolResult) else ToolResult(output)
        if len(result.text) <= MAX_OUTPUT:
            return result
        return replace(result, text=f"{result.text[:MAX_OUTPUT]}{CUT_OFF}")

    def check(self, arguments: Json) -> None:
        """``ToolError`` when ``arguments`` do not match the parameters; nothing is executed."""
        unknown = [name for name in arguments if name not in self.arguments]
        if unknown:
            raise ToolError(
                f"there is no argument {unknown[0][:_SHOWN]}; the arguments are "
                f"{', '.join(self.arguments)}"
            )
        for name, parameter in self.arguments.items():
            if name not in arguments:
                raise ToolError(f"the argument {name} is missing")
            error = parameter.error(arguments[name])
            if error:
                raise ToolError(f"the argument {name} {error}")


def tool(
    description: str, *, seconds: float = 10.0, **fields: Any
) -> Callable[[Callable[..., str | ToolResult]], Tool]:
    """Make a typed function a tool with this description; ``fields`` are others of ``Tool``."""

    def decorate(function: Callable[..., str | ToolResult]) -> Tool:
        hints = get_type_hints(function, include_extras=True)
        names = [name for name in inspect.signature(function).parameters if name != "context"]
        return Tool(
            name=function.__name__,
            description=description,
            arguments={name: _parameter(hints[name]) for name in names},
            run=function,
            takes_context="context" in hints,
            seconds=seconds,
            **fields,
        )

    return decorate


def _parameter(hint: Any) -> ToolParameter:
    described: Json = {}
    if get_origin(hint) is Annotated:
        hint, description = get_args(hint)
        described = {"description": description}
    members = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
    is_nullable = type(None) in members
    (kind,) = (member for member in members if member is not type(None))
    choices: tuple[str, ...] = ()
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        kind = str
    json_type = _JSON_TYPES[kind]
    schema: Json = {"type": [json_type, "null"] if is_nullable else json_type, **described}
    if choices:
        schema["enum"] = [*choices, None] if is_nullable else list(choices)
    kinds = (int, float) if kind is float else (kind,)
    return ToolParameter(schema, (*kinds, type(None)) if is_nullable else kinds, choices)
