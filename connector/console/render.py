"""HTML pages from templates of our own; every value is escaped, and an unknown one is an error.

The templates are in ``pages/``, never in a folder of actions.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from connector.console.formats import FILTERS
from connector.console.icons import ICONS

# files beside the templates that browsers load, with their types
ASSETS = {
    "style.css": "text/css",
    "console.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def render(page: str, /, **values: Any) -> str:
    """The page with ``values`` filled in, each as plain text."""
    return _environment().get_template(page).render(**values)


@cache
def read_page_file(name: str) -> str:
    """A file beside the templates, by a name of ours."""
    return (resources.files(__package__) / "pages" / name).read_text(encoding="utf-8")


@cache
def asset_version(name: str) -> str:
    """A text that changes with the file."""
    return hashlib.sha256(read_page_file(name).encode()).hexdigest()[:12]


def _asset(name: str) -> str:
    """The address of a file that browsers load."""
    return f"/console/{name}?v={asset_version(name)}"


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(read_page_file),
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.clear()
    environment.globals.update(asset=_asset, icons=ICONS)
    environment.filters.update(FILTERS)
    return environment
