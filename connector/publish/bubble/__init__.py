"""The Bubble plug-in, recipes for Bubble's API Connector and a sample for its workflows, made from the catalogue.

    build(catalogue, kept=b"...") -> {"bubble/plugin/actions/AAE-850n2/server.js": bytes, ...}

``kept`` is the lock file of ids that an earlier build has left; with it every id stays what it was.
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


def build(catalogue: Catalogue, *, public_url: str = "", kept: bytes = b"") -> dict[str, bytes]:
    """All files below bubble/ by path; ``public_url`` is the address that the recipes call."""
    ids = ids_for(catalogue, kept)
    plugin = {"shared_tech_params.json": canonical(shared_tech_params(ids)), "meta_data.json": canonical(meta_data())}
    actions = bubble_actions(catalogue, ids)
    for action in actions:
        place = f"actions/{folder(ids.of(action.key))}"
        plugin[f"{place}/params.json"] = canonical(params(action, ids))
        plugin[f"{place}/server.js"] = server_js(action)
    plugin |= {"README.md": readme(actions), "LICENSE": LICENSE.encode()}
    return {
        **{f"bubble/plugin/{path}": body for path, body in plugin.items()},
        **{f"bubble/api-connector/{name}": body for name, body in recipes(catalogue, public_url).items()},
        "bubble/webhook/sample.json": webhook_sample(catalogue),
        LOCK: ids.file(),
    }
