"""The function that builds the Flask application."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from connector.durable.queue import Role
from connector.engine.readiness import ReadinessChecker
from connector.publish import openapi
from connector.service import build_service
from connector.settings import Settings
from connector.store.sessions import open_sessions
from connector.web.actions import actions
from connector.web.audit import audit
from connector.web.batches import batches
from connector.web.console.pages import register_console
from connector.web.cors import add_cors
from connector.web.deliveries import deliveries
from connector.web.health import health
from connector.web.hooks import hooks
from connector.web.keys import keys
from connector.web.mcp import mcp
from connector.web.metrics import instrument, metrics
from connector.web.overview import overview
from connector.web.problems import register_error_handlers
from connector.web.protection import add_protection
from connector.web.query import check_characters
from connector.web.request_parsing import close_after_unread_body
from connector.web.review_page import review_links
from connector.web.reviews import reviews
from connector.web.runs import runs
from connector.web.services import Services
from connector.web.siblings import Siblings
from connector.web.spec_files import SpecFiles
from connector.web.specs import specs
from connector.web.subscriptions import subscriptions
from connector.web.usage import usage

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class _Application(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``func`` itself: none is a coroutine, which Flask would check at each request."""
        return func


def create_app(
    settings: Settings, *, role: Role = "all", siblings: Siblings | None = None
) -> Flask:
    """The application for ``settings``: first the service that executes runs, then its views."""
    service = build_service(settings, role=role)
    readiness = ReadinessChecker(settings, service.models, service.engine.provider)
    specs_of_service = SpecFiles(
        lambda url: openapi.build(service.catalogue, public_url=url), settings.public_url
    )

    # no folders: ours called "templates" holds actions, and Flask must not render pages from it
    app = _Application("formcall", static_folder=None, template_folder=None)
    app.url_map.strict_slashes = False  # a trailing slash is ignored, also for a POST
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it
    app.extensions["formcall"] = Services(
        service,
        readiness,
        specs_of_service,
        open_sessions(settings, service.database),
        siblings=siblings,
    )
    if siblings:
        siblings.share(service.runner.metrics)

    if settings.trust_proxy:
        # the environment is changed before the application reads it
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=0, x_proto=settings.trust_proxy, x_host=settings.trust_proxy
        )

    app.before_request(_assign_request_id)
    instrument(app, service.runner.metrics)
    app.before_request(_check_characters)
    app.after_request(_announce_close)
    app.after_request(_echo_request_id)
    add_protection(app)
    add_cors(app)
    register_error_handlers(app)
    for blueprint in (
        actions,
        runs,
        reviews,
        review_links,
        specs,
        health,
        metrics,
        usage,
        hooks,
        subscriptions,
        deliveries,
        batches,
        keys,
        audit,
        overview,
        mcp,
    ):
        app.register_blueprint(blueprint)
    register_console(app, is_on=settings.console == "on")
    return app


def _assign_request_id() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else f"req_{random.getrandbits(96):024x}"


def _check_characters() -> None:
    """Refuse a URL with characters that no record has; bodies are cleaned where they are read."""
    if "\0" in request.path:
        raise NotFound
    check_characters()


def _announce_close(response: Response) -> Response:
    close_after_unread_body(request)
    return response


def _echo_request_id(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    return response
