"""Schemas as plain JSON Schema (2020-12), for those who read no OpenAPI: models that call tools, and importers of bare schemas."""

from __future__ import annotations

from typing import Any

import marshmallow

from connector.catalogue.fields import FormSchema
from connector.publish.editions import EDITIONS
from connector.publish.schemas import published

Json = dict[str, Any]

_EDITION = next(one for one in EDITIONS if one.version.startswith("3.1"))  # whose words are those of JSON Schema


def object_schema(schema: marshmallow.Schema) -> Json:
    """The object that ``schema`` reads or writes, in its fields' order; a form says that it takes no other keys."""
    closed = {"additionalProperties": False} if isinstance(schema, FormSchema) else {}
    return {
        "type": "object",
        "properties": {name: plain(published(field)) for name, field in schema.fields.items()},
        "required": [name for name, field in schema.fields.items() if field.required],
        **closed,
    }


def plain(schema: Json) -> Json:
    """One of our neutral schemas in JSON Schema's words."""
    found: Json = _EDITION.schema(schema)
    return {**{key: value for key, value in found.items() if key != "example"}, **_examples(found)}


def _examples(schema: Json) -> Json:
    return {"examples": [schema["example"]]} if "example" in schema else {}
