"""A log line and metrics for each request, and ``GET /metrics``."""

from __future__ import annotations

import time

from flask import Blueprint, Flask, Response, g
from flask.globals import app_ctx, request_ctx

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
    """The metrics of all processes of this service in the Prometheus text format.

    It needs a key with the scope admin, unless FORMCALL_METRICS is open.
    """
    is_open = services().settings.metrics == "open"
    return _metrics_response() if is_open else _guarded_metrics_response()


def _metrics_response() -> Response:
    metrics_of_process = services().service.runner.metrics
    siblings = services().siblings
    text = siblings.render(metrics_of_process) if siblings else metrics_of_process.render()
    return Response(text, content_type=CONTENT_TYPE)


_guarded_metrics_response = needs_key("admin")(_metrics_response)


def instrument(app: Flask, process_metrics: Metrics) -> None:
    """Measure and log each request of ``app``.

    To be called before other hooks are added, except the one that assigns the request's id.
    """

    def start() -> None:
        g.started = time.perf_counter()
        g.context = logs.RequestContext(g.request_id)
        logs.current_request.set(g.context)

    def finish(response: Response) -> Response:
        _record_request(process_metrics, response)
        logs.current_request.set(None)
        return response

    app.before_request(start)
    app.after_request(finish)


def _record_request(process_metrics: Metrics, response: Response) -> None:
    # each use of a proxy looks its object up
    incoming, kept = request_ctx.request, app_ctx.g
    run = kept.context.run
    status = response.status_code
    seconds = time.perf_counter() - kept.started
    own_seconds = None
    if run and status == _ACCEPTED:
        # the caller was answered after wait_seconds, while this thread continued the run
        if run.options.wait_seconds:
            seconds = min(seconds, run.options.wait_seconds)
    elif run and run.upstream_seconds:
        # only when this request called a model and its caller waited for the answer
        own_seconds = seconds - run.upstream_seconds
    route = incoming.url_rule.rule if incoming.url_rule else _NO_ROUTE
    process_metrics.record_request(route, status, seconds, own_seconds)
    key = kept.get("key")
    logs.log_request(
        request_id=kept.request_id,
        method=incoming.method if incoming.method in _METHODS else "OTHER",
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        key_id=key.id if key else "",
        run_id=run.id if run else "",
        action=run.action.id if run else "",
        code=kept.get("code", ""),
        bytes_in=incoming.content_length or 0,
        # counting the bytes of a stream would wait for its end
        bytes_out=response.calculate_content_length() if response.is_sequence else None,
    )
