"""What the views share: created once in ``create_app`` and found through the application."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app, request

from connector.catalogue import Catalogue
from connector.engine.engine import Engine
from connector.engine.readiness import ReadinessChecker
from connector.service import Service
from connector.settings import Settings
from connector.store.keys import Keys
from connector.store.sessions import Sessions
from connector.web.places import Places, large_bodies, waiting_callers
from connector.web.siblings import Siblings
from connector.web.spec_files import SpecFiles


@dataclass(frozen=True)
class Services:
    """The parts that a view may use.

    ``waiting_callers`` and ``large_bodies`` bound the threads that wait for callers. ``siblings``
    are the other processes on the same port, where there may be some.
    """

    service: Service
    readiness: ReadinessChecker
    specs: SpecFiles
    sessions: Sessions
    waiting_callers: Places = field(default_factory=waiting_callers)
    large_bodies: Places = field(default_factory=large_bodies)
    siblings: Siblings | None = None

    @property
    def settings(self) -> Settings:
        return self.service.settings

    @property
    def catalogue(self) -> Catalogue:
        return self.service.catalogue

    @property
    def engine(self) -> Engine:
        return self.service.engine

    @property
    def keys(self) -> Keys:
        return self.service.keys


def base_url() -> str:
    """The URL at which others reach this service."""
    return services().settings.public_url.rstrip("/") or request.host_url.rstrip("/")


def services() -> Services:
    shared: Services = current_app.extensions["formcall"]
    return shared
