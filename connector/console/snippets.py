"""The same call for other tools, to be copied: with the values of a form, and never with a key."""

from __future__ import annotations

import json
import pprint
import shlex
from collections.abc import Callable
from typing import Any, NamedTuple

from connector.catalogue import Action
from connector.json_types import Json
from connector.publish.n8n.workflow import call_node
from connector.publish.operation import RUN_PATH

_FILE = "https://example.com/document.pdf"
_KEY = "YOUR_KEY"
_LONGEST_FILE = 300  # characters of an address


class Snippet(NamedTuple):
    """Text to copy; ``hint`` says where it goes."""

    tool: str
    hint: str
    text: str


def snippets(action: Action, address: str, values: Json) -> list[Snippet]:
    """The call of ``action`` with ``values`` for each tool."""
    sent = {name: _without_file(action, name, value) for name, value in values.items()}
    sent = {**_missing_file(action, sent), **sent}
    url = f"{address}{RUN_PATH.format(action_id=action.id)}"
    return [make(action, address, url, sent) for make in _TOOLS]


def _missing_file(action: Action, values: Json) -> Json:
    """An address for the first file, where a call needs one: no page can show what was chosen."""
    for name in action.file_fields:
        entry = action.fields[name]
        if name not in values and not (entry.or_text and entry.or_text in values):
            return {name: _FILE}
    return {}


def _without_file(action: Action, name: str, value: Any) -> Any:
    """An address in the place of a file that was sent."""
    if name not in action.file_fields:
        return value
    texts = value if isinstance(value, list) else [value]
    shown = [
        text
        for text in texts
        if isinstance(text, str) and text.startswith("https:") and len(text) <= _LONGEST_FILE
    ]
    return (shown or [_FILE])[0] if len(shown) <= 1 else shown


def _curl(action: Action, address: str, url: str, values: Json) -> Snippet:
    body = json.dumps(values, ensure_ascii=False)
    text = " \\\n  ".join(
        [
            f"curl -X POST {shlex.quote(url)}",
            '-H "X-API-Key: $FORMCALL_KEY"',
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(body)}",
        ]
    )
    return Snippet("curl", "In a shell, with your key in FORMCALL_KEY.", text)


def _n8n(action: Action, address: str, url: str, values: Json) -> Snippet:
    node = call_node(action, address, values)
    text = json.dumps({"nodes": [node], "connections": {}}, ensure_ascii=False, indent=2)
    hint = "Click on the canvas of a workflow and press Ctrl+V. The credential is a Header Auth "
    return Snippet("n8n", f"{hint}with the name X-API-Key.", text)


def _bubble(action: Action, address: str, url: str, values: Json) -> Snippet:
    """Each value is a placeholder, which a workflow of Bubble fills with JSON-safe text."""
    fields = ",\n".join(f"  {json.dumps(name)}: <{name}>" for name in values)
    text = " \\\n  ".join(
        [
            f"curl -X POST {shlex.quote(url)}",
            f"-H 'Authorization: Bearer {_KEY}'",
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(f'{{{chr(10)}{fields}{chr(10)}}}')}",
        ]
    )
    hint = "API Connector, Import another call from cURL. Fill the values with :formatted as "
    return Snippet("Bubble", f"{hint}JSON-safe.", text)


def _zapier(action: Action, address: str, url: str, values: Json) -> Snippet:
    rows = [f"  {name} = {_typed(value)}" for name, value in values.items()]
    lines = ["Action event: POST", f"URL: {url}", "Payload Type: json", "Data:", *rows]
    lines += ["Headers:", f"  X-API-Key = {_KEY}"]
    return Snippet("Zapier", "A step of Webhooks by Zapier.", "\n".join(lines))


def _retool(action: Action, address: str, url: str, values: Json) -> Snippet:
    lines = [
        f"// a REST query of the resource with the base URL {address}",
        f"// and the header X-API-Key; POST {RUN_PATH.format(action_id=action.id).lstrip('/')}",
        json.dumps(values, ensure_ascii=False, indent=2),
    ]
    return Snippet("Retool", "The body of a REST query, as raw JSON.", "\n".join(lines))


def _python(action: Action, address: str, url: str, values: Json) -> Snippet:
    body = pprint.pformat(values, sort_dicts=False, width=88)
    text = f"""\
import os

import requests

response = requests.post(
    {url!r},
    headers={{"X-API-Key": os.environ["FORMCALL_KEY"]}},
    json={body},
    timeout=60,
)
response.raise_for_status()
print(response.json()["result"])
"""
    return Snippet("Python", "With the package requests.", text)


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_TOOLS: tuple[Callable[[Action, str, str, Json], Snippet], ...] = (
    _curl,
    _n8n,
    _bubble,
    _zapier,
    _retool,
    _python,
)
