"""``manifest.json``, an index for tools, and the README for people."""

from __future__ import annotations

import json
from pathlib import Path

from connector import __version__
from connector.catalogue import Action, Catalogue
from connector.json_types import Json
from connector.publish.openapi import DEFAULT_URL
from connector.publish.retool.app import RESOURCE_PLACEHOLDER
from connector.publish.retool.app_queries import part_id, widget_id
from connector.publish.retool.components import RUN_STATUS, component_names, state_names
from connector.publish.retool.functions import function_name
from connector.publish.retool.resource import RESOURCE_NAME
from connector.publish.retool.widgets import WIDGETS, retool_form

_ABOUT = (
    "Formcall's own index of this folder, not a file of Retool's: tools may read it, Retool "
    "does not."
)
# the releases of Retool whose files the formats were taken from, and of its tools that the tests
# run
VERSIONS = {
    "toolscript": "1.0.0, as exported by Retool 3.275 to 3.338",
    "custom_component_support": "1.9.0, for Retool 3.41 and newer",
    "public_api": "2.12.0",
}
_README = Path(__file__).parent / "README.template.md"


def build_manifest(catalogue: Catalogue, *, public_url: str, resource_uuid: str) -> str:
    """The index as JSON."""
    names = component_names(catalogue)
    index: Json = {
        "about": _ABOUT,
        "formcall": __version__,
        "made_for": VERSIONS,
        "tried_on_a_live_retool": False,
        "base_url": f"{(public_url or DEFAULT_URL).rstrip('/')}/",
        "resource": {
            "name": RESOURCE_NAME,
            "uuid": resource_uuid or None,
            "uuid_in_app": resource_uuid or RESOURCE_PLACEHOLDER,
        },
        "run_status_component": RUN_STATUS,
        "actions": [_entry(action, names[action.id]) for action in catalogue.values()],
    }
    return json.dumps(index, ensure_ascii=False, indent=2) + "\n"


def _entry(action: Action, component: str) -> Json:
    states = state_names(action)
    fields = [
        {
            "name": name,
            "type": entry.type,
            "state": states[name],
            "inspector": WIDGETS[entry.type].hook(entry).inspector,
            "widget": WIDGETS[entry.type].tag(entry).name,
            "widget_id": widget_id(action, name),
        }
        for name, entry in retool_form(action).items()
    ]
    return {
        "id": action.id,
        "title": action.title,
        "operation_id": action.id,
        "component": component,
        "query": part_id(action, "Query"),
        "function": {"file": f"functions/{action.id}.ts", "name": function_name(action)},
        "fields": fields,
    }


def build_readme(catalogue: Catalogue, *, public_url: str) -> str:
    """The README, with this catalogue's actions and this service's address."""
    names = component_names(catalogue)
    first = next(iter(catalogue.values()))
    words = {
        "@ACTIONS@": "\n".join(_row(action, names[action.id]) for action in catalogue.values()),
        "@ACTION@": first.id,
        "@COMPONENT@": names[first.id],
        "@URL@": (public_url or DEFAULT_URL).rstrip("/"),
        "@PLACEHOLDER@": RESOURCE_PLACEHOLDER,
        "@COUNT@": str(2 * len(catalogue)),
    }
    text = _README.read_text(encoding="utf-8")
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def _row(action: Action, component: str) -> str:
    title = action.title.replace("|", "\\|")
    return f"| {title} | `{component}` | `{part_id(action, 'Query')}` | `{action.id}.ts` |"
