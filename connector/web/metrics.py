"""What operators see of requests: a line in the log for each, and the figures of this process at ``GET /metrics``."""

from __future__ import annotations

import time

from flask import Blueprint, Flask, Response, g, request

from connector import logs
from connector.metrics import CONTENT_TYPE, Metrics
from connector.web.auth import needs_key
from connector.web.services import services

metrics = Blueprint("metrics", __name__)

_ACCEPTED = 202
_NO_ROUTE = "none"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


@metrics.get("/metrics")
def show_metrics() -> Response:
    """The figures of this process, in the text format of Prometheus; for keys with the scope admin, unless FORMCALL_METRICS is open."""
    return _figures() if services().settings.metrics == "open" else _guarded()


def _figures() -> Response:
    return Response(services().workshop.runner.metrics.text(), content_type=CONTENT_TYPE)


_guarded = needs_key("admin")(_figures)


def see_requests(app: Flask, figures: Metrics) -> None:
    """See each request of ``app`` from its beginning to its answer, so before any other hook is added, but for that which names it."""

    def arrived() -> None:
        g.arrived = time.perf_counter()
        g.incoming = logs.Incoming(g.request_id)
        logs.incoming.set(g.incoming)

    def answered(response: Response) -> Response:
        _see(figures, response)
        logs.incoming.set(None)
        return response

    app.before_request(arrived)
    app.after_request(answered)


def _see(figures: Metrics, response: Response) -> None:
    run, status = g.incoming.run, response.status_code
    seconds = time.perf_counter() - g.arrived
    if run and status == _ACCEPTED and run.options.wait_seconds:
        seconds = min(seconds, run.options.wait_seconds)  # its caller was answered then, while this thread went on
    route = request.url_rule.rule if request.url_rule else _NO_ROUTE
    # only where a model was asked in this request, and not by another process or for a caller who is gone
    own_seconds = seconds - run.upstream_seconds if run and run.upstream_seconds and status != _ACCEPTED else None
    figures.request(route, status, seconds, own_seconds)
    key = g.get("key")
    logs.request(
        request_id=g.request_id,
        method=request.method if request.method in _METHODS else "OTHER",
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        key_id=key.id if key else "",
        run_id=run.id if run else "",
        action=run.action.id if run else "",
        code=g.get("code", ""),
        bytes_in=request.content_length or 0,
        # counting the bytes of an answer that comes in pieces would wait for all of them
        bytes_out=response.calculate_content_length() if response.is_sequence else None,
    )
