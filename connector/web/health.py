"""Liveness and readiness.

Here alone a parameter that is not known is ignored: probes of load balancers and monitors add one
to pass caches, which nobody can change, and a refusal would take a healthy process out of service.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, jsonify
from sqlalchemy import select

from connector import __version__
from connector.runs.database_away import DATABASE_ERRORS
from connector.web.services import services

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """Whether the process is running."""
    return jsonify({"ok": True, "status": "ok", "version": __version__})


@health.get("/readyz")
def readyz() -> Response:
    """Whether the database takes changes, and the engine is installed or the provider has the
    model."""
    readiness = services().readiness.check()
    if problem := database_problem():
        readiness = replace(readiness, ok=False, detail=problem)
    status = "ready" if readiness.ok else "not_ready"
    response = jsonify(
        {
            "ok": readiness.ok,
            "status": status,
            "engine": readiness.engine,
            "model": readiness.model,
            "detail": readiness.detail,
            "providers": [vars(one) for one in readiness.providers],
        }
    )
    response.status_code = 200 if readiness.ok else 503
    if not readiness.ok:
        response.headers["Retry-After"] = "10" if problem else "60"
    return response


def database_problem() -> str:
    """A sentence when the database cannot be read, or did not take the last change; else ""."""
    service = services().service
    try:
        with service.database.connect() as connection:
            connection.execute(select(1))
    except DATABASE_ERRORS:
        return "The service's database does not respond."
    if not service.takes_changes:
        return "The service's database takes no changes; its disk may be full or read-only."
    return ""
