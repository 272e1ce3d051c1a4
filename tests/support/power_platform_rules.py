"""Checks of a custom connector against Microsoft's rules, which tests/spec/connector.yaml lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from connector.json_types import Json

RULES: Json = yaml.safe_load(
    (Path(__file__).parents[1] / "spec" / "connector.yaml").read_text(encoding="utf-8")
)
_METHODS = {"get", "put", "post", "delete"}


def faults(document: Json) -> list[str]:
    """A line for each thing in the definition that would not be taken."""
    found = [
        *_keys("document", document, "#"),
        *_keys("info", document["info"], "info"),
        *_words(document),
    ]
    for address, entry in document["paths"].items():
        found += _path(address, entry)
    for tag in document.get("tags", []):
        found += _keys("tag", tag, "tags")
    for name, answer in document.get("responses", {}).items():
        found += _answer(answer, f"responses/{name}")
    for name, schema in document.get("definitions", {}).items():
        found += _schema(schema, name)
    for name, scheme in document.get("securityDefinitions", {}).items():
        found += _keys("scheme", scheme, name)
    if not re.fullmatch(r"[^{}/ :\\]+(?::\d+)?", document["host"]):
        found.append("host: is no host")
    return found + _references(document)


def property_faults(file: Json) -> list[str]:
    """The same for apiProperties.json."""
    return [f"#: {key}" for key in set(file) - {"properties"}] + list(
        _keys("properties", file["properties"], "properties")
    )


def _keys(kind: str, value: Mapping[str, Any], place: str) -> Iterator[str]:
    rule = RULES[kind]
    for key in value:
        if key not in rule["keys"] and (not key.startswith("x-") or key.startswith("x-ms-")):
            yield f"{place}: {key} may not stand in {kind}"
    for key in rule.get("required", []):
        if key not in value:
            yield f"{place}: {kind} has no {key}"


def _path(address: str, entry: Json) -> Iterator[str]:
    yield from _keys("path", entry, address)
    if not address.startswith("/"):
        yield f"{address}: is no path"
    if sent := entry.get("x-ms-notification-content"):
        yield from _schema(sent["schema"], address)
    for method in _METHODS & set(entry):
        yield from _operation(entry[method], f"{method} {address}")


def _operation(operation: Json, place: str) -> Iterator[str]:
    yield from _keys("operation", operation, place)
    for parameter in operation.get("parameters", []):
        yield from _keys(
            "body" if parameter["in"] == "body" else "parameter",
            parameter,
            f"{place} {parameter['name']}",
        )
        yield from _schema(parameter.get("schema", {}), place)
        if parameter["in"] == "path" and parameter.get("required") is not True:
            yield f"{place} {parameter['name']}: is in the path and not required"
    for status, answer in operation["responses"].items():
        if not re.fullmatch(r"[0-9]{3}|default", status):
            yield f"{place}: {status} is no status"
        yield from (
            [f"{place}: {status} is more than a reference"]
            if "$ref" in answer and len(answer) > 1
            else ()
        )
        yield from () if "$ref" in answer else _answer(answer, f"{place} {status}")


def _answer(answer: Json, place: str) -> Iterator[str]:
    yield from _keys("answer", answer, place)
    yield from _schema(answer.get("schema", {}), place)
    for name, header in answer.get("headers", {}).items():
        yield from _keys("header", header, f"{place} {name}")


def _schema(schema: Json, place: str) -> Iterator[str]:
    yield from _keys("schema", schema, place)
    if schema.get("format", "uri") not in RULES["formats"]:
        yield f"{place}: {schema['format']} is no format"
    if schema.get("type") == "file" or None in schema.get("enum", []):
        yield f"{place}: has a type or an empty choice that is not taken"
    for entry in schema.get("x-ms-enum-values", []):
        if set(entry) != {"value", "displayName"} or entry["value"] not in schema["enum"]:
            yield f"{place}: {entry} is no choice"
    for name, one in schema.get("properties", {}).items():
        yield from _schema(one, f"{place}/{name}")
    inner = (schema.get("items"), schema.get("additionalProperties"), *schema.get("allOf", []))
    for one in [one for one in inner if isinstance(one, dict)]:
        yield from _schema(one, place)


def _words(document: Any) -> Iterator[str]:
    """Words that are one of a few, wherever they stand."""
    if isinstance(document, dict):
        for key, wanted in RULES["words"].items():
            if isinstance(document.get(key), str) and document[key] not in wanted:
                yield f"{key}: {document[key]} is none of {wanted}"
    for one in (
        document.values()
        if isinstance(document, dict)
        else document
        if isinstance(document, list)
        else ()
    ):
        yield from _words(one)


def _references(document: Json) -> list[str]:
    """References that lead nowhere, and ids that are not unique."""
    found = []
    for kind, name in re.findall(r'"\$ref": "#/(\w+)/(\w+)"', json.dumps(document)):
        if name not in document.get(kind, {}):
            found.append(f"#/{kind}/{name} is missing")
    ids = [
        one["operationId"]
        for entry in document["paths"].values()
        for method, one in entry.items()
        if method in _METHODS
    ]
    sources = re.findall(r'"x-ms-dynamic-values": {"operationId": "(\w+)"', json.dumps(document))
    found += [f"{name} is not unique" for name in ids if ids.count(name) > 1]
    return found + [f"{name} is no operation" for name in sources if name not in ids]
