"""Retool: components to drag into an app, a classic app that is ready, functions for new apps, and
the resource they all share.

build(catalogue, public_url="https://...", resource_uuid="...") -> {"retool/README.md": bytes, ...}
"""

from __future__ import annotations

import re
from pathlib import Path

from connector.catalogue import Catalogue
from connector.errors import FormcallError
from connector.publish.javascript import SCRIPTS, with_header
from connector.publish.retool.app import build_app, zipped
from connector.publish.retool.components import build_components
from connector.publish.retool.functions import build_functions
from connector.publish.retool.index import build_manifest, build_readme
from connector.publish.retool.resource import build_resource

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LIKE = "0b1c2d3e-4f56-4a78-9b0c-1d2e3f4a5b6c"
_ASSETS = Path(__file__).parent / "assets"


def build(
    catalogue: Catalogue, *, public_url: str = "", resource_uuid: str = ""
) -> dict[str, bytes]:
    """Everything below ``retool/``. ``resource_uuid`` is the id that Retool has given to its
    resource of the service."""
    if resource_uuid and not _UUID.fullmatch(resource_uuid):
        words = (
            f'"{resource_uuid[:60]}" is not the id of a resource of Retool; one looks like {_LIKE}.'
        )
        raise FormcallError("bad_request", words)
    app = build_app(catalogue, resource_uuid)
    folders = {
        "components": build_components(catalogue),
        "app": app,
        "functions": build_functions(catalogue),
        "resource": build_resource(public_url),
    }
    index = {
        "manifest.json": build_manifest(
            catalogue, public_url=public_url, resource_uuid=resource_uuid
        ),
        "README.md": build_readme(catalogue, public_url=public_url),
    }
    texts = {
        f"{folder}/{path}": text.encode()
        for folder, files in folders.items()
        for path, text in files.items()
    }
    made = {
        **_assets(),
        **texts,
        **{path: text.encode() for path, text in index.items()},
        "formcall-app.zip": zipped(app),
    }
    return {f"retool/{path}": body for path, body in made.items()}


def _assets() -> dict[str, bytes]:
    """The files that are the same for every catalogue."""
    files = (path for path in sorted(_ASSETS.rglob("*")) if path.is_file())
    return {path.relative_to(_ASSETS).as_posix(): _asset(path) for path in files}


def _asset(path: Path) -> bytes:
    return (
        with_header(path, "formcall build retool") if path.suffix in SCRIPTS else path.read_bytes()
    )
