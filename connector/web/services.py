"""What the views share: made once in ``create_app``, found through the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Request, current_app, request

from connector.catalogue import Catalogue
from connector.engine.readiness import Checker
from connector.engine.run import Engine
from connector.jobs.workshop import Workshop
from connector.settings import Settings
from connector.store.keys import Keys


@dataclass(frozen=True)
class Services:
    """The parts a view may use. ``specs`` gives the specification files for the address that others reach us at."""

    workshop: Workshop
    readiness: Checker
    specs: Callable[[str], dict[str, bytes]]

    @property
    def settings(self) -> Settings:
        return self.workshop.settings

    @property
    def catalogue(self) -> Catalogue:
        return self.workshop.catalogue

    @property
    def engine(self) -> Engine:
        return self.workshop.engine

    @property
    def keys(self) -> Keys:
        return self.workshop.keys


def base_address() -> str:
    """The address that others reach this service at."""
    return address_for(request)()


def address_for(asked: Request) -> Callable[[], str]:
    """``base_address`` of a request, to be asked for at any time and in any thread."""
    public, environ = services().settings.public_url.rstrip("/"), asked.environ
    return lambda: public or Request(environ, populate_request=False).host_url.rstrip("/")


def services() -> Services:
    found: Services = current_app.extensions["formcall"]
    return found
