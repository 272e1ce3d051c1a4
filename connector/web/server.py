"""Serving the application with gunicorn: one process with threads, since a run mostly waits for its model."""

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
from gunicorn.workers.gthread import ThreadWorker

from connector.errors import FormcallError
from connector.settings import Settings
from connector.web.threads import Threads

if TYPE_CHECKING:
    from flask import Flask

    from connector.jobs.workshop import Workshop

log = logging.getLogger("formcall")

# a few threads more than runs at the same time, so that health checks and specs are answered while all runs wait
_SPARE_THREADS = 16
_LEAVING_SECONDS = 5  # beyond the longest run
_SWITCH_SECONDS = 0.05
_GARBAGE_THRESHOLD = 20_000  # objects made and not freed since the last look


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn brings no types
    """gunicorn's thread worker, which ends in one way: it takes no more requests and finishes those it has.

    Its own quick way (Ctrl-C) shuts its pool down inside the signal's handler, and so waits for ever when the signal comes while the
    same thread holds the pool's lock. It would also throw away answers that are paid for.
    """

    def get_thread_pool(self) -> Threads:
        return Threads(self.cfg.threads)

    def handle_quit(self, sig: int, frame: Any) -> None:
        self.handle_exit(sig, frame)

    def run(self) -> None:
        try:
            super().run()
        finally:
            self.app.stop()


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn brings no types
    """gunicorn, told what to do by us alone; the application is made in the worker, after the fork."""

    def __init__(self, settings: Settings, make_app: Callable[[Settings], Flask], *, host: str, port: int) -> None:
        self._settings, self._make_app, self._bind = settings, make_app, bind_address(host, port)
        self._workshop: Workshop | None = None
        super().__init__()

    def load_config(self) -> None:
        threads = self._settings.max_in_flight + _SPARE_THREADS
        options: dict[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": Worker,
            "threads": threads,
            "worker_connections": max(1_000, 2 * threads),  # clients that keep a connection open wait without a thread
            "keepalive": 30,
            "timeout": 120,  # a sign of life, no limit on a request: on a crowded machine the first thread may be late with it
            "graceful_timeout": round(self._settings.deadline_seconds) + _LEAVING_SECONDS,
            "control_socket_disable": True,
            "loglevel": "critical",  # what it says below that quotes header lines that it cannot read, and a key may be in one
            "proc_name": "formcall",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        try:
            app = self._make_app(self._settings)
        except FormcallError as error:
            raise AppImportError(f"{error.code}: {error.detail}") from None  # gunicorn prints this alone and ends
        self._workshop = app.extensions["formcall"].workshop
        threading.Thread(target=self._launch, args=(self._workshop,), name="launch", daemon=True).start()
        # what was made so far stays until the end; looking through it for garbage again and again would cost each call a little
        gc.freeze()
        gc.set_threshold(_GARBAGE_THRESHOLD)
        # each thread that waits for the interpreter wakes so often to ask for it: with a thousand of them that was all they did
        sys.setswitchinterval(_SWITCH_SECONDS)
        return app

    def _launch(self, workshop: Workshop) -> None:
        """Answers are given from the first moment; the job engine takes a little longer to come up."""
        try:
            workshop.launch()
        except Exception as error:
            log.critical("durable jobs cannot be carried out; the service stops", exc_info=error)
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """The worker has answered its last request."""
        if self._workshop:
            self._workshop.stop(self._settings.deadline_seconds)


def bind_address(host: str, port: int) -> str:
    """``host:port``, with the brackets that an IPv6 address needs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
