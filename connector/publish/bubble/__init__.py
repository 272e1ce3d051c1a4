"""The Bubble plug-in, recipes for Bubble's API Connector and a sample for its workflows, made from
the catalogue.

    build(catalogue, previous_build=b"...") -> {"bubble/plugin/README.md": bytes, ...}

``previous_build`` is the lock file of ids from an earlier build; with it no id changes.
"""

from __future__ import annotations

from connector.catalogue import Catalogue
from connector.publish.bubble.actions import bubble_actions
from connector.publish.bubble.files import LICENSE, canonical, meta_data, readme, shared_tech_params
from connector.publish.bubble.ids import LOCK, folder, ids_for
from connector.publish.bubble.recipes import recipes, webhook_sample
from connector.publish.bubble.script import server_js
from connector.publish.bubble.tables import params

__all__ = ["LOCK", "build"]


def build(
    catalogue: Catalogue, *, public_url: str = "", previous_build: bytes = b""
) -> dict[str, bytes]:
    """All files below bubble/ by path; ``public_url`` is the address in the recipes."""
    ids = ids_for(catalogue, previous_build)
    plugin = {
        "shared_tech_params.json": canonical(shared_tech_params(ids)),
        "meta_data.json": canonical(meta_data()),
    }
    actions = bubble_actions(catalogue, ids)
    for action in actions:
        path = f"actions/{folder(ids.of(action.key))}"
        plugin[f"{path}/params.json"] = canonical(params(action, ids))
        plugin[f"{path}/server.js"] = server_js(action)
    plugin |= {"README.md": readme(actions), "LICENSE": LICENSE.encode()}
    return {
        **{f"bubble/plugin/{path}": body for path, body in plugin.items()},
        **{
            f"bubble/api-connector/{name}": body
            for name, body in recipes(catalogue, public_url).items()
        },
        "bubble/webhook/sample.json": webhook_sample(catalogue),
        LOCK: ids.file(),
    }
