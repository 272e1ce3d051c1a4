"""A tool: a typed function that a model may call. Its strict schema and the check of its arguments come from its signature.

    @tool("Does something exactly.")
    def double(number: Annotated[int, "what to double"]) -> str: ...

Parameters may be ``str``, ``int``, ``float``, ``bool``, a ``Literal`` of texts, each also ``| None``; one named ``context`` gets
the run's ``ToolContext`` and is not seen by the model. A tool gives text, or a ``Result`` when its text comes to one value;
``ToolError`` tells the model what to do better.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

Json = dict[str, Any]

MAX_OUTPUT = 8_000
CUT_OFF = "\n[cut off]"
_SHOWN = 60
_KINDS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


class ToolError(Exception):
    """The tool could not do it; the text is for the model and says why."""


@dataclass(frozen=True)
class ToolContext:
    """What a tool may see of the run: the form's values, and ``call_key``, the same for the same call of the same run.

    ``seconds`` are what is left of the call's time.
    """

    values: Mapping[str, Any]
    call_key: str = ""
    seconds: float = 10.0


@dataclass(frozen=True)
class Result:
    """What a tool gives: ``text`` for the model, and ``value``, the bare number, date or name that it comes to, if it does."""

    text: str
    value: str | None = None


@dataclass(frozen=True)
class Parameter:
    """One argument: its strict schema and the Python types that fit it; ``items`` are those of a list's entries."""

    schema: Json
    kinds: tuple[type, ...]
    choices: tuple[Any, ...] = ()
    items: tuple[type, ...] = ()


@dataclass(frozen=True)
class Tool:
    """A callable tool. ``parameters`` is its strict schema; ``seconds`` how long it may take.

    ``reaches``  it runs code or reaches beyond the form, so a key must be allowed it by name
    ``writes``   it changes something, so a person is asked first unless the form says otherwise
    ``asks``     a person is asked first, whatever the form says
    """

    name: str
    description: str
    arguments: Mapping[str, Parameter]
    run: Callable[..., str | Result]
    wants_context: bool
    seconds: float = 10.0
    title: str = ""
    reaches: bool = False
    writes: bool = False
    asks: bool = False

    @property
    def parameters(self) -> Json:
        properties = {name: argument.schema for name, argument in self.arguments.items()}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def call(self, arguments: Json, context: ToolContext) -> Result:
        """What the tool gives for ``arguments`` that passed ``check``; ``ToolError`` when it cannot be done."""
        extra = {"context": context} if self.wants_context else {}
        output = self.run(**arguments, **extra)
        result = output if isinstance(output, Result) else Result(output)
        return result if len(result.text) <= MAX_OUTPUT else replace(result, text=f"{result.text[:MAX_OUTPUT]}{CUT_OFF}")

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
                raise ToolError(f"the argument {name} must be one of {', '.join(map(str, argument.choices))}")
            if isinstance(value, list) and not all(isinstance(one, argument.items) for one in value):
                raise ToolError(f"the argument {name} must be a list of {argument.schema['items']['type']}")


def tool(description: str, *, seconds: float = 10.0, **more: Any) -> Callable[[Callable[..., str | Result]], Tool]:
    """Make a typed function a tool with this description for the model; ``more`` are other fields of ``Tool``."""

    def made(function: Callable[..., str | Result]) -> Tool:
        hints = get_type_hints(function, include_extras=True)
        names = [name for name in inspect.signature(function).parameters if name != "context"]
        arguments = {name: _parameter(hints[name]) for name in names}
        return Tool(function.__name__, description, arguments, function, "context" in hints, seconds, **more)

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
