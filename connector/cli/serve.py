"""`formcall serve` and `formcall worker`: what is told at the start, and processes that end as they should.

The first process of a service only keeps the one that serves alive, for as long as the service lives; so it loads nothing of ours, and
all that is read, checked and opened is so in the serving process itself.
"""

from __future__ import annotations

import mmap
import os
import platform
import signal
import socket
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from connector import __version__
from connector.errors import FormcallError
from connector.settings import Settings, without_password

if TYPE_CHECKING:
    from flask import Flask

_LOAD_FAILED = 4  # gunicorn's exit status when the application could not be loaded; it has said why


def serve(settings: Settings, *, host: str, port: int, role: str) -> None:
    """Serve until told to stop; ``FormcallError`` when that cannot begin."""
    _have_one_heap()
    from connector.store.folder import hold_folder
    from connector.web.server import Server, bind_address

    if role == "web":
        refuse_sqlite(settings, "serve --role web")
    hold_folder(settings)  # before the port, which a service that is just ending still has as well
    refuse_taken(host, port)
    address = settings.public_url.rstrip("/") or f"http://{bind_address(host, port)}"
    told = mmap.mmap(-1, 1)  # shared with each process that serves, so that only the first of them says hello
    first = os.getpid()
    try:
        Server(settings, partial(_make_app, role=role, address=address, told=told), host=host, port=port).run()
    except SystemExit as end:
        # the other processes begin within that call, and end there too
        sys.exit(1 if end.code == _LOAD_FAILED and os.getpid() == first else end.code)


def _have_one_heap() -> None:
    """Begin anew, as the same process, with an allocator for many threads of which one runs at a time.

    The C library keeps a heap for every few threads and a store of freed pieces for each one. A Python process gains nothing by that,
    and with a thousand threads it is a third of its memory. How it allocates is read once, before anything runs.
    """
    if sys.executable and platform.libc_ver()[0] == "glibc" and not {"GLIBC_TUNABLES", "MALLOC_ARENA_MAX"} & os.environ.keys():
        os.environ["GLIBC_TUNABLES"] = "glibc.malloc.arena_max=1:glibc.malloc.tcache_count=0"
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606  it is this very command


def _make_app(settings: Settings, *, role: Any, address: str, told: mmap.mmap) -> Flask:
    from connector import logs
    from connector.catalogue import load_catalogue
    from connector.publish import openapi
    from connector.web.app import create_app

    # actions that are each right alone may still have the same name, or that of another operation
    openapi.build(load_catalogue(settings.templates))
    app = create_app(settings, role=role)
    if not told[0]:
        _tell(settings, app.extensions["formcall"].keys, address)
        told[0] = 1
    logs.set_up(settings.log)
    return app


def _tell(settings: Settings, keys: Any, address: str) -> None:
    from connector.store.keys import COMMAND_LINE

    click.echo(f"Formcall {__version__} at {address}")
    click.echo(f"  engine    {engine_line(settings)}")
    click.echo(f"  actions   {address}/docs")
    click.echo(f"  specs     {address}/openapi.json  /openapi-3.1.json  /swagger.json")
    if all(key.name == COMMAND_LINE for key in keys.all()):
        _, plain = keys.create("first key", ("actions", "tools", "admin"))
        click.echo(f"  API key   {plain}   (shown only now; more with `formcall key create NAME`)")
    sys.stdout.flush()


def work(settings: Settings, *, metrics_port: int | None) -> None:
    """Carry out what other processes take in, until told to stop."""
    from connector import logs
    from connector.jobs.gauges import serve_metrics
    from connector.jobs.workshop import open_workshop

    refuse_sqlite(settings, "worker")
    _have_one_heap()
    logs.set_up(settings.log)
    workshop = open_workshop(settings, role="worker")
    if metrics_port:
        serve_metrics(workshop.runner.metrics, metrics_port)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    workshop.launch()
    click.echo(f"Formcall {__version__} worker {workshop.durable.host}: {engine_line(settings)}")
    sys.stdout.flush()
    ended.wait()
    workshop.stop(settings.deadline_seconds)


def refuse_sqlite(settings: Settings, command: str) -> None:
    """``FormcallError`` when the database is one that only one process can use."""
    if settings.database.startswith("sqlite"):
        words = f"`formcall {command}` needs a database that several processes share. Set FORMCALL_DATABASE_URL to a PostgreSQL."
        raise FormcallError("settings_error", words)


def refuse_taken(host: str, port: int) -> None:
    """``FormcallError`` when nobody can listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            words = f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port with --port."
            raise FormcallError("settings_error", words) from None


def engine_line(settings: Settings) -> str:
    """Who answers, in a line."""
    engine = settings.answering_engine
    if engine == "openai":
        return f"openai: {settings.model} at {without_password(settings.openai_base_url)}"
    return f"{engine} (no key needed)" + ("" if settings.engine != "auto" else "; set OPENAI_API_KEY to ask a hosted model")
