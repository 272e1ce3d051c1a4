"""The style, the scripts and the icon of the pages; they are public, and hold nothing of anyone."""

from __future__ import annotations

from flask import Blueprint, Response, request

from connector.console.render import ASSETS, asset_version, read_page_file

assets = Blueprint("console_assets", __name__, url_prefix="/console")

_MAX_AGE_SECONDS = 86_400  # an address names a version, so a new one is loaded at once


def _add(name: str, mimetype: str) -> None:
    def show() -> Response:
        response = Response(read_page_file(name), mimetype=mimetype)
        response.set_etag(asset_version(name))
        response.cache_control.public = True
        response.cache_control.max_age = _MAX_AGE_SECONDS
        response.make_conditional(request)
        return response

    assets.get(f"/{name}", endpoint=name.replace(".", "_"))(show)


for _name, _mimetype in ASSETS.items():
    _add(_name, _mimetype)
