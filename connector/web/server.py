"""Serving the application with gunicorn: processes with threads, because a run mostly waits for its
model. SQLite has one process, PostgreSQL as many as there are processors.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.errors import AppImportError

from connector.errors import FormcallError
from connector.settings import Settings
from connector.web.refusals import MAX_LINE_BYTES
from connector.web.worker import MAX_CONNECTIONS, Worker

if TYPE_CHECKING:
    from flask import Flask

    from connector.service import Service

log = logging.getLogger("formcall")

_SPARE_THREADS = 16  # for requests of all kinds beside the runs; worker.py has more for brief ones
_SHUTDOWN_SECONDS = 5  # in addition to the longest run
_SWITCH_SECONDS = 0.05
_GC_THRESHOLD = 20_000  # objects allocated and not freed since the last collection


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn brings no types
    """gunicorn, configured here only; the application is created in the worker, after the fork."""

    def __init__(
        self,
        settings: Settings,
        make_app: Callable[[Settings], Flask],
        *,
        host: str,
        port: int,
        processes: int = 1,
    ) -> None:
        self._settings = settings
        self._processes = processes
        self._make_app = make_app
        self._bind = bind_address(host, port)
        self._service: Service | None = None
        super().__init__()

    def load_config(self) -> None:
        threads = self._settings.max_in_flight + _SPARE_THREADS
        options: dict[str, Any] = {
            "bind": self._bind,
            "workers": self._processes,
            "worker_class": Worker,
            "limit_request_line": MAX_LINE_BYTES,
            "threads": threads,
            "worker_connections": MAX_CONNECTIONS,
            "keepalive": 30,
            # for the worker's heartbeat, not for a request; generous, for a busy machine
            "timeout": 120,
            "graceful_timeout": round(self._settings.deadline_seconds) + _SHUTDOWN_SECONDS,
            "control_socket_disable": True,
            # lower levels quote invalid header lines, which may contain a key
            "loglevel": "critical",
            "proc_name": "formcall",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        try:
            app = self._make_app(self._settings)
        except FormcallError as error:
            # gunicorn prints only this message and exits
            raise AppImportError(f"{error.code}: {error.detail}") from None
        self._service = app.extensions["formcall"].service
        threading.Thread(
            target=self._launch, args=(self._service,), name="launch", daemon=True
        ).start()
        # the objects created so far live until the end; collections need not visit them again
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
        # every waiting thread requests the interpreter once per interval; with a thousand of them
        # the default interval left no time for work
        sys.setswitchinterval(_SWITCH_SECONDS)
        return app

    def _launch(self, service: Service) -> None:
        """Start the job engine in the background: requests are answered before it is ready."""
        try:
            service.launch()
        except Exception as error:
            log.critical("durable jobs cannot be executed; the service stops", exc_info=error)
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """Stop the service; the worker has answered its last request."""
        if self._service:
            self._service.stop(self._settings.deadline_seconds)


def bind_address(host: str, port: int) -> str:
    """``host:port``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
