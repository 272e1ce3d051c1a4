"""The one function that builds the application; read it from top to bottom."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound

from connector.engine.readiness import Checker
from connector.errors import FormcallError
from connector.jobs.durable import Role
from connector.jobs.workshop import open_workshop
from connector.publish import openapi
from connector.settings import Settings
from connector.web.actions import actions
from connector.web.batches import batches
from connector.web.bodies import discard_body
from connector.web.deliveries import deliveries
from connector.web.health import health
from connector.web.hooks import hooks
from connector.web.mcp import mcp
from connector.web.metrics import metrics, see_requests
from connector.web.problems import add_problems
from connector.web.runs import runs
from connector.web.services import Services
from connector.web.specs import specs
from connector.web.subscriptions import subscriptions
from connector.web.usage import usage

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class _Application(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Flask asks each view and each hook, at each request, whether it is a coroutine; none of ours is."""
        return func


def create_app(settings: Settings, *, role: Role = "all") -> Flask:
    """The service for ``settings``: the workshop that carries runs out, then the views over it."""
    workshop = open_workshop(settings, role=role)
    readiness = Checker(settings, workshop.models, workshop.engine.provider)
    published = lru_cache(maxsize=16)(lambda address: openapi.build(workshop.catalogue, public_url=address))

    # our folder of actions is called templates, which must never be what Flask renders pages from
    app = _Application("formcall", static_folder=None, template_folder=None)
    app.url_map.strict_slashes = False  # an address with a / at its end is the same address, also for a POST
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it
    app.extensions["formcall"] = Services(workshop, readiness, published)

    app.before_request(_name_request)
    see_requests(app, workshop.runner.metrics)
    app.before_request(_refuse_nul)
    app.after_request(_take_in)
    app.after_request(_tell_request_id)
    add_problems(app)
    for blueprint in (actions, runs, specs, health, metrics, usage, hooks, subscriptions, deliveries, batches, mcp):
        app.register_blueprint(blueprint)
    return app


def _name_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else f"req_{random.getrandbits(96):024x}"


def _refuse_nul() -> None:
    """PostgreSQL can neither keep nor look for this sign; in a body it is made harmless, in an address it is of no use to anybody."""
    if "\0" in request.path:
        raise NotFound
    if b"%00" in request.query_string:
        raise FormcallError("bad_request", "The address has a sign that no text has (%00). Check how it is put together.")


def _take_in(response: Response) -> Response:
    discard_body(request)
    return response


def _tell_request_id(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    return response
