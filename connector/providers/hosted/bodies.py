"""Builds the body of a call in the variant that its server accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.json_types import Json
from connector.providers.base import ModelRequest
from connector.providers.hosted.dialects import DIALECTS, Dialect
from connector.providers.hosted.json_answers import answer_name, answer_schema, plain_request
from connector.providers.hosted.variants import (
    CHAT_LIMITS,
    CHOICES,
    JSON_OBJECT,
    JSON_SCHEMA,
    RequestVariant,
)
from connector.providers.pricing.models import Model, Profile


def build(
    request: ModelRequest,
    row: Model,
    variant: RequestVariant,
    profile: Profile,
    extra: Mapping[str, Any],
) -> tuple[Dialect, Json]:
    """The dialect and the body of a call; ``extra`` has the operator's own fields of it."""
    dialect = DIALECTS[variant.dialect]
    limit = variant.output_tokens(request.max_output_tokens)
    if (variant.model, limit) != (request.model, request.max_output_tokens):
        request = replace(request, model=variant.model, max_output_tokens=limit)
    if variant.uses_schema:
        body = _with_schema(dialect, request, row, variant, profile)
    else:
        body = dialect.build_body(request, row, profile)
        _choose_call(body, request, variant, profile)
    if request.listener and "stream" not in variant.refused:
        body |= dialect.stream_parameters
    if variant.refused:
        _leave_out(body, variant)
    return dialect, {**body, **extra, **row.extra_body}


def _with_schema(
    dialect: Dialect, request: ModelRequest, row: Model, variant: RequestVariant, profile: Profile
) -> Json:
    body = dialect.build_body(plain_request(request), row, profile)
    del body["tools"], body["tool_choice"]
    if JSON_SCHEMA not in variant.refused:
        form = {"name": answer_name(request), "schema": answer_schema(request), "strict": True}
        body |= dialect.schema_parameters("json_schema", form)
    elif JSON_OBJECT not in variant.refused:
        body |= dialect.schema_parameters("json_object", {})
    return body


def _choose_call(
    body: Json, request: ModelRequest, variant: RequestVariant, profile: Profile
) -> None:
    """Set how the call is forced; only one function is sent where its name cannot be."""
    if request.force is None:
        body["tool_choice"] = "auto" if CHOICES["required"] in variant.refused else "required"
        return
    form = variant.tool_choice(profile)
    if form == "named":
        return
    body["tool_choice"] = form
    if len(request.functions) > 1:
        forced = zip(request.functions, body["tools"], strict=True)
        body["tools"] = [tool for function, tool in forced if function.name == request.force]


def _leave_out(body: Json, variant: RequestVariant) -> None:
    limit = next((name for name in CHAT_LIMITS if name in body), "")
    if limit in variant.refused:
        tokens = body[limit]
        accepted = [name for name in CHAT_LIMITS if name not in variant.refused]
        body.update(dict.fromkeys(accepted[:1], tokens))
    for name in variant.refused:
        body.pop(name, None)
    if "strict" in variant.refused:
        for tool in body.get("tools", ()):
            tool.pop("strict", None)
            tool.get("function", {}).pop("strict", None)
