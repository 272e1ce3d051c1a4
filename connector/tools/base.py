"""A tool: a typed function that a model may call. Its strict schema and the check of its arguments come from its signature.

    @tool("Does something exactly.")
    def double(number: Annotated[int, "what to double"]) -> str: ...

Parameters may be ``str``, ``int``, ``float``, ``bool``, a ``Literal`` of texts, each also ``| None``; one named ``context`` gets
the run's ``ToolContext`` and is not seen by the model. A tool gives text; ``ToolError`` tells the model what to do better.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

Json = dict[str, Any]

MAX_OUTPUT = 8_000
_SHOWN = 60
_KINDS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


class ToolError(Exception):
    """The tool could not do it; the text is for the model and says why."""


@dataclass(frozen=True)
class ToolContext:
    """What a tool may see of the run: the form's values."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One argument: its strict schema and the Python types that fit it."""

    schema: Json
    kinds: tuple[type, ...]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """A callable tool. ``parameters`` is its strict schema; ``seconds`` how long it may take."""

    name: str
    description: str
    arguments: Mapping[str, Parameter]
    run: Callable[..., str]
    wants_context: bool
    seconds: float = 10.0

    @property
    def parameters(self) -> Json:
        properties = {name: argument.schema for name, argument in self.arguments.items()}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def call(self, arguments: Json, context: ToolContext) -> str:
        """The tool's text for ``arguments`` that passed ``check``; ``ToolError`` when it cannot be done."""
        extra = {"context": context} if self.wants_context else {}
        output = self.run(**arguments, **extra)
        return output if len(output) <= MAX_OUTPUT else f"{output[:MAX_OUTPUT]}\n[cut off]"

    def check(self, arguments: Json) -> None:
        """``ToolError`` when ``arguments`` do not fit the tool's parameters; nothing is executed."""
        if unknown := [name for name in arguments if name not in self.arguments]:
            raise ToolError(f"there is no argument {unknown[0][:_SHOWN]}; the arguments are {', '.join(self.arguments)}")
        for name, argument in self.arguments.items():
            if name not in arguments:
                raise ToolError(f"the argument {name} is missing")
            value = arguments[name]
            if not isinstance(value, argument.kinds) or (isinstance(value, bool) and bool not in argument.kinds):
                kind = argument.schema["type"]
                raise ToolError(f"the argument {name} must be {' or '.join(kind) if isinstance(kind, list) else kind}")
            if argument.choices and value is not None and value not in argument.choices:
                raise ToolError(f"the argument {name} must be one of {', '.join(argument.choices)}")


def tool(description: str, *, seconds: float = 10.0) -> Callable[[Callable[..., str]], Tool]:
    """Make a typed function a tool with this description for the model."""

    def made(function: Callable[..., str]) -> Tool:
        hints = get_type_hints(function, include_extras=True)
        names = [name for name in inspect.signature(function).parameters if name != "context"]
        arguments = {name: _parameter(hints[name]) for name in names}
        return Tool(function.__name__, description, arguments, function, "context" in hints, seconds)

    return made


def _parameter(hint: Any) -> Parameter:
    described: Json = {}
    if get_origin(hint) is Annotated:
        hint, words = get_args(hint)
        described = {"description": words}
    parts = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
    nullable = type(None) in parts
    (kind,) = (part for part in parts if part is not type(None))
    choices: tuple[str, ...] = ()
    if get_origin(kind) is Literal:
        choices, kind = get_args(kind), str
    named = _KINDS[kind]
    schema: Json = {"type": [named, "null"] if nullable else named, **described}
    if choices:
        schema["enum"] = [*choices, None] if nullable else list(choices)
    python = (int, float) if kind is float else (kind,)
    return Parameter(schema, (*python, type(None)) if nullable else python, choices)
