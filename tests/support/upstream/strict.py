"""Whether strict function calling accepts a schema.

The limits are those that o-series models still enforce (100 properties, 5 levels); newer models
allow more.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_PROPERTIES = 100
MAX_LEVELS = 5
MAX_ENUM_VALUES = 1000
LARGE_ENUM = 250
MAX_LARGE_ENUM_CHARS = 15_000
MAX_NAME_CHARS = 120_000
TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}
KEYWORDS = frozenset(
    "type enum const anyOf $ref $defs definitions properties required additionalProperties items "
    "title description "
    "pattern format multipleOf minimum maximum exclusiveMinimum exclusiveMaximum minItems "
    "maxItems".split()
)
Node = dict[str, Any]
Where = tuple[str, ...]


@dataclass
class Totals:
    """What is counted over the whole schema."""

    properties: int = 0
    enum_values: int = 0
    chars: int = 0
    refs: list[tuple[Where, str]] = field(default_factory=list)


def strict_fault(schema: object) -> str | None:
    """The first reason why `schema` is not strict, or None."""
    return next(_faults(schema), None)


def _faults(schema: object) -> Iterator[str]:
    if not isinstance(schema, dict) or schema.get("type") != "object":
        found = schema.get("type") if isinstance(schema, dict) else None
        yield f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{found}\"'."
        return
    if "anyOf" in schema:
        yield "In context=(), schema must have type 'object' and not have 'anyOf' at the top level."
    totals = Totals()
    yield from _node(schema, (), 0, totals)
    for key in ("$defs", "definitions"):
        if not isinstance(schema.get(key, {}), dict):
            yield f"In context=({key!r},), definitions must be an object."
        for name, child in schema.get(key, {}).items():
            yield from _node(child, (key, name), 1, totals)
    yield from _over_limits(totals)
    yield from _dangling(schema, totals)


def _node(node: object, where: Where, level: int, totals: Totals) -> Iterator[str]:
    if not isinstance(node, dict):
        yield f"In context={where}, schema must be an object."
        return
    yield from _keywords(node, where)
    if level > MAX_LEVELS:
        yield f"In context={where}, schema has more than {MAX_LEVELS} levels of nesting."
    if "$ref" in node:
        totals.refs.append((where, str(node["$ref"])))
    yield from _enum(node, where, totals)
    types = node["type"] if isinstance(node.get("type"), list) else [node.get("type")]
    if "object" in types or "properties" in node:
        yield from _object(node, where, level, totals)
    if "array" in types:
        yield from _array(node, where, level, totals)
    if "anyOf" in node:
        yield from _any_of(node["anyOf"], where, level, totals)


def _keywords(node: Node, where: Where) -> Iterator[str]:
    for key in node:
        if key not in KEYWORDS or (key in ("$defs", "definitions") and where):
            yield f"In context={where}, '{key}' is not permitted."
    if not {"type", "anyOf", "$ref", "enum", "const"} & node.keys():
        yield f"In context={where}, schema must have a 'type' key."
    types = node.get("type", [])
    for name in types if isinstance(types, list) else [types]:
        if not isinstance(name, str) or name not in TYPES:
            yield f"In context={where}, {name!r} is not a valid type."


def _object(node: Node, where: Where, level: int, totals: Totals) -> Iterator[str]:
    if node.get("additionalProperties") is not False:
        yield (
            f"In context={where}, 'additionalProperties' is required to be supplied and to be "
            "false."
        )
    properties = node.get("properties", {})
    required = node.get("required")
    if not isinstance(properties, dict):
        yield f"In context={where}, 'properties' must be an object."
        return
    if not isinstance(required, list) or set(map(str, required)) != set(properties):
        odd = sorted(
            set(properties) ^ set(map(str, required if isinstance(required, list) else ()))
        )
        yield (
            f"In context={where}, 'required' is required to be supplied and to be an array "
            "including every key in "
            f"properties. Missing or extra: {', '.join(odd) or 'required'}."
        )
    totals.properties += len(properties)
    totals.chars += sum(map(len, properties))
    for name, child in properties.items():
        yield from _node(child, (*where, "properties", name), level + 1, totals)


def _array(node: Node, where: Where, level: int, totals: Totals) -> Iterator[str]:
    if "items" not in node:
        yield f"In context={where}, array schema missing items."
        return
    yield from _node(node["items"], (*where, "items"), level + 1, totals)


def _any_of(branches: object, where: Where, level: int, totals: Totals) -> Iterator[str]:
    if not isinstance(branches, list) or not branches:
        yield f"In context={where}, 'anyOf' must be a non-empty array."
        return
    named = [
        b["properties"]
        for b in branches
        if isinstance(b, dict) and isinstance(b.get("properties"), dict)
    ]
    firsts = [next(iter(properties)) for properties in named if properties]
    if len(set(firsts)) != len(firsts):
        yield (
            f"In context={where}, objects provided via 'anyOf' must not share identical first keys."
        )
    for index, branch in enumerate(branches):
        yield from _node(branch, (*where, "anyOf", str(index)), level, totals)


def _enum(node: Node, where: Where, totals: Totals) -> Iterator[str]:
    if "const" in node:
        totals.chars += len(str(node["const"]))
    if "enum" not in node:
        return
    values = node["enum"]
    if not isinstance(values, list) or not values:
        yield f"In context={where}, 'enum' must be a non-empty array."
        return
    chars = sum(len(value) for value in values if isinstance(value, str))
    totals.enum_values += len(values)
    totals.chars += chars
    if len(values) > LARGE_ENUM and chars > MAX_LARGE_ENUM_CHARS:
        yield (
            f"In context={where}, enum with more than {LARGE_ENUM} values has {chars} characters "
            "in total, "
            f"the limit is {MAX_LARGE_ENUM_CHARS}."
        )


def _over_limits(totals: Totals) -> Iterator[str]:
    counted = (
        (totals.properties, MAX_PROPERTIES, "object properties"),
        (totals.enum_values, MAX_ENUM_VALUES, "enum values"),
        (totals.chars, MAX_NAME_CHARS, "characters of names and enum values"),
    )
    for count, limit, what in counted:
        if count > limit:
            yield f"schema has {count} {what} in total, the limit is {limit}."


def _dangling(schema: Node, totals: Totals) -> Iterator[str]:
    for where, ref in totals.refs:
        match = re.fullmatch(r"#/(\$defs|definitions)/(.+)", ref)
        if ref != "#" and (match is None or match[2] not in schema.get(match[1], {})):
            yield (
                f"In context={where}, reference can only point to definitions in '#/$defs', "
                f"got '{ref}'."
            )
