"""The ways in which a form reaches the service: JSON, two kinds of forms, a hook, and MCP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from connector.json_types import Json
from tests.support.web_app import WebApp

Door = Callable[[WebApp, str, Json], tuple[int, Json]]
"""Sends an action's fields; (HTTP status, body)."""


def _by_json(app: WebApp, action: str, fields: Json) -> tuple[int, Json]:
    return _answer(app.post(action, json=fields))


def _by_form(app: WebApp, action: str, fields: Json) -> tuple[int, Json]:
    return _answer(app.post(action, data=_texts(fields)))


def _by_multipart(app: WebApp, action: str, fields: Json) -> tuple[int, Json]:
    kind = "multipart/form-data"
    return _answer(app.post(action, data=_texts(fields), headers={"Content-Type": kind}))


def _by_hook(app: WebApp, action: str, fields: Json) -> tuple[int, Json]:
    made = {"name": "door", "action": action}
    hook = app.client.post("/v1/hooks", json=made, headers=app.headers).get_json()
    path = "/v1" + hook["url"].partition("/v1")[2]
    answer = _answer(app.client.post(path, json=fields))
    app.client.delete(f"/v1/hooks/{hook['id']}", headers=app.headers)
    return answer


def _by_mcp(app: WebApp, action: str, fields: Json) -> tuple[int, Json]:
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": action, "arguments": fields},
    }
    headers = {**app.headers, "Accept": "application/json, text/event-stream"}
    response = app.client.post("/mcp", json=message, headers=headers)
    result = response.get_json()["result"]
    # the protocol has no status of its own, only whether the tool failed
    return 422 if result.get("isError") else 200, result["structuredContent"]


def _answer(response: Any) -> tuple[int, Json]:
    return response.status_code, response.get_json()


def _texts(fields: Json) -> Json:
    """A form can send only text, so lists and objects are sent as their JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
    }


DOORS: dict[str, Door] = {
    "JSON": _by_json,
    "form": _by_form,
    "multipart": _by_multipart,
    "hook": _by_hook,
    "MCP": _by_mcp,
}
