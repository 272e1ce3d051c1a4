"""A declarative node for n8n, and a workflow that does the same with HTTP Request nodes.

    build(catalogue, public_url="https://...") -> {"n8n/nodes/description.json": bytes,
    "n8n/workflow.json": bytes, ...}

The package's code is in ``package/``; ``description.json`` contains all data of the actions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connector import __version__
from connector.catalogue import Catalogue
from connector.publish.javascript import with_header
from connector.publish.n8n.node import description
from connector.publish.n8n.workflow import workflow

__all__ = ["build"]

_PACKAGE = Path(__file__).parent / "package"
_FILES = {".js", ".md", ".svg"}


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The package's folder by path; ``public_url`` is the default address of a connection, and the
    address in the workflow."""
    written = {
        f"n8n/{path.relative_to(_PACKAGE).as_posix()}": (
            with_header(path, "formcall build n8n") if path.suffix == ".js" else path.read_bytes()
        )
        for path in sorted(_PACKAGE.rglob("*"))
        if path.suffix in _FILES
    }
    return {
        **written,
        "n8n/nodes/description.json": _json(description(catalogue)),
        "n8n/package.json": _json(_package()),
        "n8n/workflow.json": _json(workflow(catalogue, public_url)),
    }


def _package() -> dict[str, Any]:
    return {
        "name": "n8n-nodes-formcall",
        "version": __version__,
        "description": "Formcall's actions as operations of one n8n node.",
        "license": "MIT",
        "keywords": ["n8n-community-node-package"],
        "files": ["nodes", "credentials"],
        "n8n": {
            "n8nNodesApiVersion": 1,
            "nodes": ["nodes/Formcall.node.js"],
            "credentials": ["credentials/FormcallApi.credentials.js"],
        },
        "peerDependencies": {"n8n-workflow": "*"},
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
