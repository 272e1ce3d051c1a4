"""JSON responses."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from connector.json_types import Json
from connector.runs.responses import to_json


def json_response(
    body: Json, status: int = 200, *, headers: Mapping[str, str] | None = None
) -> Response:
    """``body`` as JSON, with its keys in their order and no escapes of letters."""
    return Response(to_json(body), status, mimetype="application/json", headers=headers)
