"""n8n/workflow.json: every action with n8n's own HTTP Request node, ready to import, without
installing anything."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import urlsplit

from connector.catalogue import Action, Catalogue
from connector.json_types import Json
from connector.publish.openapi import DEFAULT_URL
from connector.publish.operation import RUN_PATH
from connector.publish.samples import example_input

CREDENTIAL = {"id": "formcall-api-key", "name": "Formcall API key"}  # of the type Header Auth
_NAME = "Formcall: every action"
_STEP, _ROW = 220, 200
_NOTE = """\
## Formcall
1. Create a credential *Header Auth*: name `X-API-Key`, value your key. Choose it in each node.
2. Replace {address} by the address of your service.
3. Run. Each node sends an example; `result` is the one text to show."""


def workflow(catalogue: Catalogue, public_url: str) -> Json:
    """A start, a note, each action with its first example as JSON, and the first also as a form."""
    address = public_url.rstrip("/") or DEFAULT_URL
    actions = list(catalogue.values())
    calls = [
        call_node(action, address, example_input(action), place)
        for place, action in enumerate(actions)
    ]
    calls.append(_form_call(actions[0], address, len(actions)))
    start = _node("Start", "n8n-nodes-base.manualTrigger", 1, {}, (0, 0))
    targets = [{"node": call["name"], "type": "main", "index": 0} for call in calls]
    return {
        "id": _id("workflow").replace("-", "")[:16],
        "name": _NAME,
        "versionId": _id("version"),  # without one, n8n does not import it
        "nodes": [start, _note(address), *calls],
        "connections": {"Start": {"main": [targets]}},
        "settings": {"executionOrder": "v1"},
        "active": False,
        "pinData": {},
    }


def call_node(action: Action, address: str, values: Json, place: int = 0) -> Json:
    """A node that sends ``values`` to ``action`` as JSON."""
    text = json.dumps(values, ensure_ascii=False, indent=2)
    body = {"contentType": "json", "specifyBody": "json", "jsonBody": text}
    return _request(action.title, action, address, place, body)


def _form_call(action: Action, address: str, place: int) -> Json:
    rows = [{"name": name, "value": _typed(value)} for name, value in example_input(action).items()]
    body = {
        "contentType": "form-urlencoded",
        "specifyBody": "keypair",
        "bodyParameters": {"parameters": rows},
    }
    return _request(f"{action.title} (form)", action, address, place, body)


def _request(name: str, action: Action, address: str, place: int, body: Json) -> Json:
    parameters = {
        "method": "POST",
        "url": f"{address}{RUN_PATH.format(action_id=action.id)}",
        "authentication": "genericCredentialType",
        "genericAuthType": "httpHeaderAuth",
        "sendBody": True,
        **body,
        "options": {},
    }
    node = _node(name, "n8n-nodes-base.httpRequest", 4.2, parameters, (_STEP, place * _ROW))
    return {**node, "credentials": {"httpHeaderAuth": CREDENTIAL}}


def _note(address: str) -> Json:
    parameters = {
        "content": _NOTE.format(address=urlsplit(address).netloc),
        "width": 420,
        "height": 220,
    }
    return _node("Note", "n8n-nodes-base.stickyNote", 1, parameters, (-500, 0))


def _node(
    name: str, kind: str, version: float, parameters: Json, position: tuple[int, int]
) -> Json:
    return {
        "id": _id(name),
        "name": name,
        "type": kind,
        "typeVersion": version,
        "position": list(position),
        "parameters": parameters,
    }


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _id(name: str) -> str:
    """A stable id for a name, so that the file is reproducible."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:formcall:n8n:{name}"))
