"""The bare forwarder that Formcall is measured against: Flask, gunicorn and the SDK's transport.

It does what anyone would write first: read the JSON, build one forced function call, post it, and
return the arguments. It has no keys, checks neither the form nor the answer, and records nothing.
"""

from __future__ import annotations

import itertools
import json
import os
from typing import Any

import httpx2
import openai
from flask import Flask, Response, request

_CLIENTS = [
    openai.OpenAI(
        base_url=os.environ["OPENAI_BASE_URL"],
        api_key="none",
        max_retries=0,
        http_client=httpx2.Client(
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100)
        ),
    )
    for _ in range(8)
]
_calls = itertools.count()

app = Flask(__name__, static_folder=None, template_folder=None)


@app.post("/v1/actions/classify")
def classify() -> Response:
    form = request.get_json()
    lines = [line.partition(":") for line in form["categories"].splitlines()]
    categories = "\n".join(f"{name}: {text.strip()}" for name, _, text in lines)
    properties = {"category": {"type": "string", "enum": [name for name, _, _ in lines]}}
    parameters = {
        "type": "object",
        "properties": properties,
        "required": ["category"],
        "additionalProperties": False,
    }
    body = {
        "model": "o4-mini",
        "input": [
            {"role": "developer", "content": f"Classify the text.\n{categories}"},
            {"role": "user", "content": form["text"]},
        ],
        "tools": [
            {"type": "function", "name": "classify", "parameters": parameters, "strict": True}
        ],
        "tool_choice": {"type": "function", "name": "classify"},
        "reasoning": {"effort": "low"},
        "store": False,
    }
    client = _CLIENTS[next(_calls) % len(_CLIENTS)]
    answer: Any = client.post("/responses", body=body, cast_to=object)
    call = next(item for item in answer["output"] if item["type"] == "function_call")
    return Response(json.dumps(json.loads(call["arguments"])), mimetype="application/json")
