"""A Zapier Platform app: the code in ``app/``, and ``app.json`` with all data of the actions.

    build(catalogue, public_url="https://...") -> {"zapier/index.js": bytes, "zapier/app.json":
    bytes, ...}

``WEBHOOKS.md`` is the way without an app. A new action needs no JavaScript.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connector import __version__
from connector.catalogue import Catalogue
from connector.publish.javascript import with_header
from connector.publish.zapier.definition import definition
from connector.publish.zapier.webhooks import build_webhooks_page

__all__ = ["CORE", "build"]

CORE = "19.1.0"  # of zapier-platform-core; Zapier wants one exact version
_APP = Path(__file__).parent / "app"


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The app's folder by path; ``public_url`` is the default address of a connection."""
    written = {
        f"zapier/{path.relative_to(_APP).as_posix()}": (
            with_header(path, "formcall build zapier")
            if path.suffix == ".js"
            else path.read_bytes()
        )
        for path in sorted(_APP.rglob("*"))
        if path.suffix in {".js", ".md"}
    }
    return {
        **written,
        "zapier/app.json": _json(definition(catalogue, public_url)),
        "zapier/package.json": _json(_package()),
        "zapier/WEBHOOKS.md": build_webhooks_page(catalogue, public_url),
    }


def _package() -> dict[str, Any]:
    return {
        "name": "formcall-zapier",
        "version": __version__,
        "description": "Formcall's actions as steps in Zapier.",
        "private": True,
        "license": "MIT",
        "main": "index.js",
        "dependencies": {"zapier-platform-core": CORE},
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
