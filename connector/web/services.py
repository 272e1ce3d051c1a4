"""What the views share: made once in ``create_app``, found through the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app

from connector.catalogue import Catalogue
from connector.engine.readiness import Checker
from connector.engine.run import Engine
from connector.settings import Settings
from connector.store.keys import Keys


@dataclass(frozen=True)
class Services:
    """The parts a view may use. ``specs`` gives the specification files for the address that others reach us at."""

    settings: Settings
    catalogue: Catalogue
    engine: Engine
    keys: Keys
    readiness: Checker
    specs: Callable[[str], dict[str, bytes]]


def services() -> Services:
    found: Services = current_app.extensions["formcall"]
    return found
