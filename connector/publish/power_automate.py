"""A custom connector for Power Automate, Power Apps and Logic Apps: Swagger 2.0 and its properties.

    build(catalogue, public_url="https://...") -> {"power-automate/apiDefinition.swagger.json":
    bytes, ...}

The definition is a part of the specification: the operations useful in a flow, and its trigger.
"""

from __future__ import annotations

from connector.catalogue import Catalogue
from connector.json_types import Json
from connector.publish.openapi import DEFAULT_URL, document, select_operations, to_bytes
from connector.publish.operation import STREAM_OPTIONS
from connector.publish.spec_versions import SPEC_VERSIONS

FOLDER = "power-automate"
# in addition to the actions; the designer lists them in this order
OPERATIONS = (
    "get_run",
    "list_runs",
    "cancel_run",
    "retry_run",
    "create_batch",
    "get_batch",
    "cancel_batch",
    "get_batch_results_csv",
    "list_actions",
    "create_subscription",
    "delete_subscription",
)
_DESCRIPTION = (
    "Prebuilt AI steps on your own Formcall: classify, extract, summarize and more. Each step "
    "takes plain fields and returns flat values that a flow can branch on."
)
_COLOR = "#1F6F5C"
_KEY: Json = {
    "type": "securestring",
    "uiDefinition": {
        "displayName": "API key",
        "description": "The API key of your Formcall, such as fc_...",
        "tooltip": "Ask the operator of your Formcall for one.",
        "constraints": {"tabIndex": 2, "clearText": False, "required": "true"},
    },
}
_VERSION = next(one for one in SPEC_VERSIONS if one.version == "2.0")


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The connector's two files; ``public_url`` is the https URL for Microsoft's servers."""
    definition = document(
        _VERSION,
        select_operations(catalogue, OPERATIONS, without=STREAM_OPTIONS),
        public_url or DEFAULT_URL,
        description=_DESCRIPTION,
    )
    properties = {
        "properties": {
            "connectionParameters": {"api_key": _KEY},
            "iconBrandColor": _COLOR,
            "capabilities": [],
        }
    }
    return {
        f"{FOLDER}/apiDefinition.swagger.json": to_bytes(definition),
        f"{FOLDER}/apiProperties.json": to_bytes(properties),
    }
