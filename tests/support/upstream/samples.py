"""A value that satisfies a schema, always the same: the default answer of the server."""

import math
import re
from typing import Any

Schema = dict[str, Any]

WORD = "sample"
FORMATS = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
}
PATTERN_GUESSES = (
    *f"{WORD} SAMPLE a A 1 12 123 1234 12:30 2025-01-31T12:30 1.5 a1 A-1 AB ABC".split(),
    *FORMATS.values(),
    "",
)
DEEP = 12


def sample(schema: Schema, root: Schema | None = None, depth: int = 0) -> Any:
    """A value for `schema`; references are looked up in `root`, by default the schema itself."""
    root = schema if root is None else root
    if "$ref" in schema:
        return sample(_resolve(schema["$ref"], root), root, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return next((value for value in schema["enum"] if value is not None), None)
    if "anyOf" in schema:
        return sample(_branch(schema["anyOf"], root, depth), root, depth)
    kinds = (
        schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type", "object")]
    )
    if depth > DEEP and "null" in kinds:
        return None
    return _typed(next((kind for kind in kinds if kind != "null"), "null"), schema, root, depth)


def _typed(kind: str, schema: Schema, root: Schema, depth: int) -> Any:
    if kind == "object":
        return {
            name: sample(child, root, depth + 1)
            for name, child in schema.get("properties", {}).items()
        }
    if kind == "array":
        least = schema.get("minItems", 0)
        count = min(max(least, 0 if depth > DEEP else 1), schema.get("maxItems", math.inf))
        return [
            sample(schema.get("items", {"type": "string"}), root, depth + 1)
            for _ in range(int(count))
        ]
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    if kind == "string":
        return _string(schema)
    return True if kind == "boolean" else None


def _branch(branches: list[Schema], root: Schema, depth: int) -> Schema:
    """The first branch that is not null; null once a schema that contains itself has gone deep
    enough."""
    nulls = [branch for branch in branches if branch.get("type") == "null"]
    return (
        nulls[0]
        if nulls and depth > DEEP
        else next((b for b in branches if b not in nulls), branches[0])
    )


def _resolve(ref: str, root: Schema) -> Schema:
    found: Any = root
    for step in ref.removeprefix("#").strip("/").split("/"):
        found = found[step] if step else found
    return dict(found)


def _number(schema: Schema, *, whole: bool) -> float:
    """The smallest allowed positive number, else the largest allowed one."""
    step = schema.get("multipleOf", 1 if whole else None)
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    value = low if math.isfinite(low) else min(1, high)
    if step:
        value = (
            math.ceil(value / step) * step
            if math.isfinite(low)
            else math.floor(value / step) * step
        )
    if value in (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")):
        gap = step or (min(1, (high - low) / 2) if math.isfinite(low) else 1)
        value += gap if value == schema.get("exclusiveMinimum") else -gap
    return int(value) if whole else value


def _string(schema: Schema) -> str:
    if "pattern" in schema:
        for guess in PATTERN_GUESSES:
            if re.search(schema["pattern"], guess):
                return guess
        raise ValueError(
            f"no sample text matches the pattern {schema['pattern']!r}: give the answer in a script"
        )
    text = FORMATS.get(schema.get("format", ""), WORD)
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", len(text)))
    return (text * (1 + least // len(text)))[: max(least, min(most, len(text)))]
