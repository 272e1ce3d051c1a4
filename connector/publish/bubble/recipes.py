"""Calls as cURL for Bubble's API Connector ("Import another call from cURL"), and a sample from
which a workflow detects its data.

A placeholder `<name>` has no quotes: the value that replaces it is JSON-safe, so it brings its own.
"""

from __future__ import annotations

import json
import shlex
from typing import Any

from connector.catalogue import Action, Catalogue, Field
from connector.catalogue.bubble_payload import flatten_message
from connector.catalogue.sample import sample_answer
from connector.json_types import Json

HOST = "https://YOUR-FORMCALL-HOST"
KEY = "YOUR-API-KEY"
_STREAM = "stream"  # an option of the actions that give a text
_WAIT: Json = {"wait_seconds": 60}  # a call of Bubble's may take 150 seconds
_BATCH: Json = {"action": "<action>", "rows": "<rows>", "fixed": "<fixed>"}


def recipes(catalogue: Catalogue, public_url: str = "") -> dict[str, bytes]:
    """The files below api-connector/ by name: one per action, a streaming one where possible, and
    those that read runs and batches."""
    base = public_url.rstrip("/") or HOST
    found = {}
    for action in catalogue.values():
        url, body = f"{base}/v1/actions/{action.id}", _body(action)
        found[f"{action.id}.curl.txt"] = _post(url, {**body, **_WAIT})
        if _STREAM in action.form:
            found[f"{action.id}.stream.curl.txt"] = _post(
                url, {**body, _STREAM: True}, "text/event-stream"
            )
    found["get_run.curl.txt"] = _curl("GET", f"{base}/v1/runs/[run_id]?wait_seconds=20")
    found["create_batch.curl.txt"] = _post(f"{base}/v1/batches", _BATCH)
    found["get_batch.curl.txt"] = _curl("GET", f"{base}/v1/batches/[batch_id]")
    return found


def webhook_sample(catalogue: Catalogue) -> bytes:
    """A message to a Bubble workflow with a value for every key."""
    answer = sample_answer(next(iter(catalogue.values())))
    return (
        json.dumps(
            flatten_message({"event": "run.completed", **answer}), ensure_ascii=False, indent=2
        )
        + "\n"
    ).encode()


def _body(action: Action) -> Json:
    """Required fields and those of the first example as placeholders, and all defaults."""
    set_already = {name: entry.default for name, entry in action.fields.items() if _is_set(entry)}
    placeholders = [
        name
        for name, entry in action.fields.items()
        if entry.required or name in action.examples[0].input
    ]
    return {**{name: f"<{name}>" for name in placeholders}, **set_already}


def _is_set(entry: Field) -> bool:
    return isinstance(entry.default, str | bool | int | float)


def _post(url: str, body: Json, accept: str = "") -> bytes:
    lines = [f"  {json.dumps(name)}: {_written(value)}" for name, value in body.items()]
    return _curl("POST", url, "{\n" + ",\n".join(lines) + "\n}", accept)


def _written(value: Any) -> str:
    is_placeholder = isinstance(value, str) and value.startswith("<") and value.endswith(">")
    return value if is_placeholder else json.dumps(value, ensure_ascii=False)


def _curl(method: str, url: str, body: str = "", accept: str = "") -> bytes:
    parts = [f"curl -X {method} {shlex.quote(url)}", f"-H 'Authorization: Bearer {KEY}'"]
    if accept:
        parts.append(f"-H 'Accept: {accept}'")
    if body:
        parts += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    return (" \\\n  ".join(parts) + "\n").encode()
