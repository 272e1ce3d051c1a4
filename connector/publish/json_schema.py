"""Schemas as JSON Schema (2020-12), for models that call tools and for importers of schemas."""

from __future__ import annotations

import marshmallow

from connector.catalogue.form_schema import FormSchema
from connector.json_types import Json
from connector.publish.schemas import field_schema
from connector.publish.spec_versions import SPEC_VERSIONS

# OpenAPI 3.1 has the keys of JSON Schema
_VERSION = next(one for one in SPEC_VERSIONS if one.version.startswith("3.1"))


def object_schema(schema: marshmallow.Schema) -> Json:
    """The object that ``schema`` reads or writes; a form allows no other keys."""
    closed = {"additionalProperties": False} if isinstance(schema, FormSchema) else {}
    return {
        "type": "object",
        "properties": {
            name: to_json_schema(field_schema(field)) for name, field in schema.fields.items()
        },
        "required": [name for name, field in schema.fields.items() if field.required],
        **closed,
    }


def to_json_schema(schema: Json) -> Json:
    """A schema with neutral keys as JSON Schema."""
    converted: Json = _VERSION.schema(schema)
    if "example" in converted:
        converted["examples"] = [converted.pop("example")]
    return converted
