"""Whether the process is up, and whether it can answer."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from connector import __version__
from connector.web.services import services

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """The process is up."""
    return jsonify({"ok": True, "status": "ok", "version": __version__})


@health.get("/readyz")
def readyz() -> Response:
    """The engine is there, or the provider has the model."""
    found = services().readiness.check()
    status = "ready" if found.ok else "not_ready"
    response = jsonify({"ok": found.ok, "status": status, "engine": found.engine, "model": found.model, "detail": found.detail})
    response.status_code = 200 if found.ok else 503
    if not found.ok:
        response.headers["Retry-After"] = "60"
    return response
