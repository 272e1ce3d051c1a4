"""openapi/gpt-action.json: the actions for a custom GPT, within the limits of its editor.

    build(catalogue, public_url="https://...") -> {"openapi/gpt-action.json": bytes}

A GPT sends one kind of credential and no custom header, truncates long descriptions, and requires
``properties`` in the schema of every object.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.catalogue import Catalogue
from connector.publish.openapi import DEFAULT_URL, document, select_operations, to_bytes
from connector.publish.operation import STREAM_OPTIONS
from connector.publish.spec_versions import SPEC_VERSIONS

PATH = "openapi/gpt-action.json"
OPERATIONS = ("get_run",)
_DESCRIPTION = "Prebuilt AI steps: each takes plain fields and returns flat values."
_LATEST = next(one for one in SPEC_VERSIONS if one.version.startswith("3.1"))
_VERSION = replace(_LATEST, security={"bearer": _LATEST.security["bearer"]})


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The file; ``public_url`` is the https URL at which OpenAI's servers reach the service."""
    specification = document(
        _VERSION,
        select_operations(catalogue, OPERATIONS, without=STREAM_OPTIONS),
        public_url or DEFAULT_URL,
        description=_DESCRIPTION,
    )
    return {PATH: to_bytes(_with_properties(specification))}


def _with_properties(value: Any) -> Any:
    """``value`` with ``properties`` in every object's schema, empty if the caller defines them."""
    if isinstance(value, list):
        return [_with_properties(item) for item in value]
    if not isinstance(value, dict):
        return value
    schema = {
        key: child if key in _LITERALS else _with_properties(child) for key, child in value.items()
    }
    if schema.get("type") == "object":
        schema.setdefault("properties", {})
    return schema


_LITERALS = {"example", "examples", "default", "enum"}  # keywords whose value is not a schema
