"""Schemas of an OpenAPI document without references, and the parameter type that each fits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.errors import FormcallError
from connector.json_types import Json

_MAX_REFERENCES = 20
_MAX_CHOICES = 100
_TYPES = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}


class SchemaResolver:
    """Resolves the references of one document; ``operation`` is named in its errors."""

    def __init__(self, document: Json, operation: str) -> None:
        self._document = document
        self._operation = operation

    def resolve(self, schema: Any) -> Json:
        """``schema`` with its reference followed, and its ``allOf`` or only alternative merged."""
        for _ in range(_MAX_REFERENCES):
            if not isinstance(schema, dict):
                return {}
            alternatives = _alternatives(schema)
            if "$ref" in schema:
                schema = self._lookup(str(schema["$ref"]))
            elif schema.get("allOf"):
                own = _without(schema, "allOf")
                schema = _merge([own, *map(self.resolve, schema["allOf"])])
            elif len(alternatives) == 1:
                schema = {**_without(schema, "anyOf", "oneOf"), **self.resolve(alternatives[0])}
            else:
                return schema
        raise self._error("refers to itself without end.")

    def _lookup(self, reference: str) -> Any:
        shown = reference[:80]
        if not reference.startswith("#/"):
            raise self._error(
                f"refers to another document ({shown}); only references within it are followed."
            )
        value: Any = self._document
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, dict) or key not in value:
                raise self._error(f"refers to {shown}, which is not there.")
            value = value[key]
        return value

    def _error(self, problem: str) -> FormcallError:
        return FormcallError("bad_request", f"{self._operation} {problem}")


def _alternatives(schema: Json) -> list[Any]:
    """The entries of ``anyOf`` and ``oneOf``, except null."""
    entries = [*(schema.get("anyOf") or []), *(schema.get("oneOf") or [])]
    return [entry for entry in entries if entry != {"type": "null"}]


def _without(schema: Json, *keys: str) -> Json:
    return {key: value for key, value in schema.items() if key not in keys}


def _merge(parts: Iterable[Json]) -> Json:
    """The schema that satisfies all ``parts``: their properties together."""
    merged: Json = {}
    for part in parts:
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        required = [*merged.get("required", []), *part.get("required", [])]
        merged = {**merged, **part}
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = required
    return merged


def choices_of(schema: Json) -> list[Any]:
    """The values of an enum, except null."""
    return [value for value in schema.get("enum") or [] if value is not None]


def parameter_type(schema: Json) -> str | None:
    """The parameter type for a resolved schema; None when a form cannot hold its values."""
    declared = schema.get("type")
    types = declared if isinstance(declared, list) else [declared]
    types = [name for name in types if name != "null"]
    name = types[0] if len(types) == 1 else None
    if name in {"string", None} and _is_choice(choices_of(schema)):
        return "choice"
    if name == "array":
        item_type = parameter_type(schema.get("items") or {})
        return "list" if item_type in {"text", "choice"} else None
    return _TYPES.get(str(name))


def _is_choice(values: list[Any]) -> bool:
    if not values or len(values) > _MAX_CHOICES:
        return False
    return all(isinstance(value, str) and value for value in values)
