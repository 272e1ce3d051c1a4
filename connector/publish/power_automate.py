"""A custom connector for Power Automate, Power Apps and Logic Apps: Swagger 2.0 with Microsoft's words, and how to connect.

    build(catalogue, public_url="https://...") -> {"power-automate/apiDefinition.swagger.json": bytes, ...}

The definition is a part of the whole specification: what a flow has a use for, and its trigger.
"""

from __future__ import annotations

from typing import Any

from connector.catalogue import Catalogue
from connector.publish.editions import EDITIONS
from connector.publish.openapi import DEFAULT_URL, as_bytes, chosen, document
from connector.publish.operations import EVENTS

Json = dict[str, Any]

FOLDER = "power-automate"
# beside the actions; the designer lists them in this order
OPERATIONS = (
    "get_run", "list_runs", "cancel_run", "retry_run", "create_batch", "get_batch", "cancel_batch", "get_batch_results_csv",
    "list_actions", "create_subscription", "delete_subscription",
)  # fmt: skip
_ABOUT = (
    "Prebuilt AI steps on your own Formcall: classify, extract, summarize and more. Each step takes plain fields and gives flat values "
    "that a flow can branch on."
)
_COLOR = "#1F6F5C"
_KEY: Json = {
    "type": "securestring",
    "uiDefinition": {
        "displayName": "API key",
        "description": "The API key of your Formcall, such as fc_...",
        "tooltip": "Ask whoever runs your Formcall for one.",
        "constraints": {"tabIndex": 2, "clearText": False, "required": "true"},
    },
}
_EDITION = next(one for one in EDITIONS if one.version == "2.0")


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The connector's two files by path; ``public_url`` is the https address that Microsoft's servers reach the service at."""
    definition = document(_EDITION, chosen(catalogue, OPERATIONS, without=EVENTS), public_url or DEFAULT_URL, about=_ABOUT)
    properties = {"properties": {"connectionParameters": {"api_key": _KEY}, "iconBrandColor": _COLOR, "capabilities": []}}
    return {f"{FOLDER}/apiDefinition.swagger.json": as_bytes(definition), f"{FOLDER}/apiProperties.json": as_bytes(properties)}
