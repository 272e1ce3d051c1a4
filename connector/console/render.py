"""HTML pages from templates of our own; every value is escaped, and an unknown one is an error.

The templates are in ``pages/``, never in a folder of actions.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

_PAGES = ("layout.html", "message.html", "review.html")
STYLE = "style.css"


def render(page: str, **values: Any) -> str:
    """The page with ``values`` filled in, each as plain text."""
    return _environment().get_template(page).render(**values)


def read_page_file(name: str) -> str:
    """A file beside the templates."""
    return (resources.files(__package__) / "pages" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=DictLoader({name: read_page_file(name) for name in _PAGES}),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.clear()
    return environment
