"""Sample inputs that many tests share, and answers without what differs from run to run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connector.json_types import Json

ROOT = Path(__file__).resolve().parent.parent.parent
TICKET = {
    "text": "I was charged twice for May.",
    "categories": "billing: invoices and charges\ntechnical: errors and crashes",
}


def sample_input(action: str) -> Json:
    """The input of ``action`` in examples/inputs."""
    path = ROOT / "examples" / "inputs" / f"{action}.json"
    fields: Json = json.loads(path.read_text(encoding="utf-8"))
    return fields


def without_durations(value: Any) -> Any:
    """``value`` without any ``duration_ms``, however deep."""
    if isinstance(value, dict):
        return {
            name: without_durations(item) for name, item in value.items() if name != "duration_ms"
        }
    if isinstance(value, list):
        return [without_durations(item) for item in value]
    return value
