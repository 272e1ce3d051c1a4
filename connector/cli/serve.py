"""`formcall serve` and `formcall worker`: starting the processes, and ending them cleanly.

The first process of a service only restarts the serving process if it dies, for as long as the
service runs. So it loads nothing of ours: settings are checked here, and everything else is
imported, opened and checked in the serving process itself, which keeps memory low.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import platform
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from connector import __version__
from connector.cli.errors import report_errors
from connector.errors import FormcallError
from connector.machine import count_processors
from connector.settings import Settings, read_settings, unknown_settings, without_password

if TYPE_CHECKING:
    from flask import Flask

    from connector.durable.queue import Role
    from connector.web.services import Services

FIRST_KEY_FILE = "first-key"  # in the data folder, of a start whose output is not a terminal
_LOAD_FAILED = 4  # gunicorn's exit status when the application failed to load; it prints the reason
_PRIVATE_UMASK = 0o077  # nobody else may read what a service writes
_SAMPLE_BODY = (
    '{"text": "I was charged twice for my May invoice.", '
    '"categories": ["billing", "delivery", "other"]}'
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="The port to listen on.",
)
@click.option(
    "--role",
    default="all",
    show_default=True,
    type=click.Choice(["all", "web"]),
    help="web: accept runs and leave them to workers.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="How many processes serve the port; more than one needs PostgreSQL. "
    "Default: FORMCALL_PROCESSES, or one for each processor.",
)
@report_errors
def serve(host: str, port: int, role: Role, processes: int | None) -> None:
    """Start the service.

    The first start creates an API key. A terminal shows it, once; elsewhere it is in a file.
    """
    _warn_of_unknown_settings()
    start_server(read_settings(), host=host, port=port, role=role, processes=processes)


@click.command()
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    help="Answer GET /metrics on this port of 127.0.0.1.",
)
@report_errors
def worker(metrics_port: int | None) -> None:
    """Execute the runs that services with the role web accept.

    Services and workers must share a PostgreSQL database. Start as many workers as you like.
    """
    _warn_of_unknown_settings()
    start_worker(read_settings(), metrics_port=metrics_port)


def _warn_of_unknown_settings() -> None:
    for sentence in unknown_settings():
        click.echo(f"warning: {sentence}", err=True)


# --- the service ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Group:
    """What the processes that serve one port share.

    ``greeted`` is 1 once one of them has printed the greeting. ``lock`` is held by the one that is
    starting: the first creates what the others then find. ``folder`` is for their sockets.
    """

    greeted: mmap.mmap
    lock: IO[bytes]
    folder: Path

    @contextmanager
    def starting(self) -> Iterator[None]:
        """One process at a time."""
        fcntl.lockf(self.lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self.lock, fcntl.LOCK_UN)


@contextmanager
def _process_group() -> Iterator[_Group]:
    """To be entered by the first process, before it forks the others."""
    folder = Path(tempfile.mkdtemp(prefix="formcall-"))
    first_pid = os.getpid()
    try:
        with tempfile.TemporaryFile() as lock:
            yield _Group(mmap.mmap(-1, 1), lock, folder)
    finally:
        if os.getpid() == first_pid:
            shutil.rmtree(folder, ignore_errors=True)


def count_processes(settings: Settings, processes: int | None) -> int:
    """How many processes serve the port; ``FormcallError`` when the database is for one."""
    wanted = processes or settings.processes
    if not settings.database.startswith("sqlite"):
        return wanted or count_processors()
    if wanted > 1:
        message = (
            f"{wanted} processes need a database that they share. Set FORMCALL_DATABASE_URL to a "
            "PostgreSQL, or use one process."
        )
        raise FormcallError("settings_error", message)
    return 1


def start_server(
    settings: Settings, *, host: str, port: int, role: Role, processes: int | None = None
) -> None:
    """Serve until stopped by a signal; ``FormcallError`` when the service cannot start."""
    os.umask(_PRIVATE_UMASK)
    _reexec_with_one_heap()
    from connector.store.data_dir_lock import lock_data_dir
    from connector.web.server import Server, bind_address

    if role == "web":
        require_shared_database(settings, "serve --role web")
    count = count_processes(settings, processes)
    settings = replace(settings, processes=count)
    lock_data_dir(settings)  # before the port: a service that is still stopping holds both
    require_free_port(host, port)
    url = settings.public_url.rstrip("/") or f"http://{bind_address(host, port)}"
    first_pid = os.getpid()
    try:
        with _process_group() as group:
            make_app = partial(_make_app, role=role, url=url, group=group, count=count)
            Server(settings, make_app, host=host, port=port, processes=count).run()
    except SystemExit as end:
        # gunicorn forks inside run(), so the serving processes end here as well
        if end.code == _LOAD_FAILED and os.getpid() == first_pid:
            sys.exit(1)
        sys.exit(end.code)


def _reexec_with_one_heap() -> None:
    """Restart this process with a memory allocator that suits many threads of which one runs.

    The C library keeps a heap for every few threads and a cache of freed blocks for each thread.
    Python gains nothing from that, because its threads take turns, and with a thousand threads it
    is a third of the process's memory. The allocator reads its settings only once, at start.
    """
    is_configured = {"GLIBC_TUNABLES", "MALLOC_ARENA_MAX"} & os.environ.keys()
    if sys.executable and platform.libc_ver()[0] == "glibc" and not is_configured:
        os.environ["GLIBC_TUNABLES"] = "glibc.malloc.arena_max=1:glibc.malloc.tcache_count=0"
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606  it is this very command


def _make_app(settings: Settings, *, role: Role, url: str, group: _Group, count: int) -> Flask:
    with group.starting(), _loading_model(settings):
        return _start_app(settings, role=role, url=url, group=group, count=count)


@contextmanager
def _loading_model(settings: Settings) -> Iterator[None]:
    """Load the embedded model meanwhile, which takes as long as the imports and a processor more.

    It is there before the first request, whose thread would have to share the interpreter.
    """
    from connector.providers.factory import preloader

    load = preloader(settings)
    if load is None:
        yield
        return
    thread = threading.Thread(target=load, name="preload")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _start_app(settings: Settings, *, role: Role, url: str, group: _Group, count: int) -> Flask:
    from connector import logs
    from connector.publish import openapi
    from connector.store.database import wait_for_database
    from connector.web.app import create_app
    from connector.web.siblings import Siblings

    if group.greeted[0]:
        logs.configure(settings.log)
        wait_for_database(settings)
    siblings = Siblings(group.folder) if count > 1 else None
    app = create_app(settings, role=role, siblings=siblings)
    shared: Services = app.extensions["formcall"]
    openapi.check(shared.catalogue)
    if not group.greeted[0]:
        _print_greeting(settings, shared, url)
        group.greeted[0] = 1
    logs.configure(settings.log)
    return app


def _print_greeting(settings: Settings, shared: Services, url: str) -> None:
    """Print the service's addresses, the first API key if it is new, and a call to try."""
    from connector.store.keys import COMMAND_LINE

    keys = shared.keys
    click.echo(f"Formcall {__version__} at {url}")
    click.echo(f"  engine    {engine_summary(settings)}")
    if settings.console == "on":
        click.echo(f"  console   {url}/console")
    click.echo(f"  actions   {url}/docs")
    click.echo(f"  specs     {url}/openapi.json  /openapi-3.1.json  /swagger.json")
    api_key = "$FORMCALL_KEY"
    if all(key.name == COMMAND_LINE for key in keys.list_all()):
        api_key = _create_first_key(settings, shared, url)
    click.echo()
    click.echo(sample_call(url, api_key))
    sys.stdout.flush()


def _create_first_key(settings: Settings, shared: Services, url: str) -> str:
    """Create the first key and tell where it is; the key, or a shell expression that reads it.

    Only a terminal shows the key itself: other output is kept as a log. A link to the console that
    works once and for some minutes may stand there. Of two services that start on one new database,
    one creates the key, and the other tells nothing.
    """
    from connector.cli.console import sign_in_link
    from connector.store.key_limits import DEFAULT_LIMITS
    from connector.store.private_files import write_private
    from connector.store.sessions import LINK_MINUTES

    try:
        key, api_key = shared.keys.create(
            "first key", ("actions", "tools", "admin"), DEFAULT_LIMITS
        )
    except FormcallError:  # there is one of this name
        return "$FORMCALL_KEY"
    click.echo(f"  sign in   {sign_in_link(url, shared.sessions, key.id)}")
    click.echo(
        f"            (once, within {LINK_MINUTES} minutes; more with `formcall console link`)"
    )
    more = "more with `formcall key create NAME`"
    if sys.stdout.isatty():
        click.echo(f"  API key   {api_key}   (shown only now; {more})")
        return api_key
    path = (settings.data_dir / FIRST_KEY_FILE).resolve()
    settings.data_dir.mkdir(0o700, parents=True, exist_ok=True)
    write_private(path, f"{api_key}\n")
    click.echo(f"  API key   in the file {path}   (move it to a safe place; {more})")
    return f"$(cat {shlex.quote(str(path))})"


def sample_call(url: str, api_key: str) -> str:
    """A curl command that classifies a text; ready to paste into a shell."""
    return (
        f"curl -sS {shlex.quote(f'{url}/v1/actions/classify')} "
        f'-H "X-API-Key: {api_key}" '
        f"-H 'Content-Type: application/json' -d {shlex.quote(_SAMPLE_BODY)}"
    )


# --- the worker -----------------------------------------------------------------------------------


def start_worker(settings: Settings, *, metrics_port: int | None) -> None:
    """Execute queued runs until stopped by a signal, also when the executing process dies."""
    from connector import logs
    from connector.cli.supervisor import supervise

    os.umask(_PRIVATE_UMASK)
    require_shared_database(settings, "worker")
    _reexec_with_one_heap()
    logs.configure(settings.log)
    work = partial(_execute_runs, settings, metrics_port)
    if status := supervise(report_errors(work)):
        sys.exit(status)


def _execute_runs(settings: Settings, metrics_port: int | None, ready: Callable[[], None]) -> None:
    from connector.queue_metrics import serve_metrics
    from connector.service import build_service

    service = build_service(settings, role="worker")
    if metrics_port:
        serve_metrics(service.runner.metrics, metrics_port)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    service.launch()
    click.echo(f"Formcall {__version__} worker {service.jobs.host}: {engine_summary(settings)}")
    sys.stdout.flush()
    ready()
    stopped.wait()
    service.stop(settings.deadline_seconds)


# --- both -----------------------------------------------------------------------------------------


def require_shared_database(settings: Settings, command: str) -> None:
    """``FormcallError`` when the database is SQLite, which only one process can use."""
    if settings.database.startswith("sqlite"):
        message = (
            f"`formcall {command}` needs a database that several processes share. Set "
            "FORMCALL_DATABASE_URL to a PostgreSQL."
        )
        raise FormcallError("settings_error", message)


def require_free_port(host: str, port: int) -> None:
    """``FormcallError`` when this process cannot listen on ``host`` and ``port``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = (
                f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port "
                "with --port."
            )
            raise FormcallError("settings_error", message) from None


def engine_summary(settings: Settings) -> str:
    """Which engine answers, in one line."""
    engine = settings.answering_engine
    if engine == "openai":
        return f"openai: {settings.model} at {without_password(settings.openai_base_url)}"
    hint = "; set OPENAI_API_KEY to use a hosted model" if settings.engine == "auto" else ""
    return f"{engine} (no key needed){hint}"
