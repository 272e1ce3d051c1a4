"""Settings: what the service is set to, as ``formcall doctor`` shows it, without secrets."""

from __future__ import annotations

from flask import Response

from connector import __version__
from connector.settings import unknown_settings
from connector.web.console.page import ConsolePage
from connector.web.health import database_problem
from connector.web.services import services

settings = ConsolePage("Settings", "/settings", icon="settings", scopes=("admin",), group="Manage")

_CHECK_SECONDS = 1.5


@settings.get()
def show_settings() -> Response:
    """Every setting, the ones that are set first; of a secret only whether it is set."""
    service = services().service
    rows = services().settings.redacted_rows()
    readiness = services().readiness.check_within(_CHECK_SECONDS)
    provider = service.engine.provider
    return settings.render(
        "settings.html",
        version=__version__,
        readiness=readiness,
        engine=readiness.engine if readiness else provider.engine,
        problem=database_problem(),
        actions=list(services().catalogue),
        tools=list(service.engine.toolbox),
        unavailable=list(service.engine.toolbox.unavailable),
        warnings=unknown_settings(),
        rows=rows,
    )
