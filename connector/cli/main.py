"""The command line: serve, run, check, build, key, eval and doctor."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector import __version__
from connector.batchcli import add_batches
from connector.errors import FormcallError
from connector.hookcli import add_hooks
from connector.opscli import add_operating
from connector.settings import Settings, read_settings
from connector.toolcli import add_tools

if TYPE_CHECKING:
    from connector.catalogue import Action

Json = dict[str, Any]


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose failures are one sentence on standard error and exit status 1, never a stack trace."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except FormcallError as error:
            tell_failure(error)
            sys.exit(1)

    return guarded


def tell_failure(error: FormcallError) -> None:
    click.echo(f"{click.style(error.code, fg='red')}: {error.detail}", err=True)
    for entry in error.errors[1:]:
        click.echo(f"  {entry.field}: {entry.message}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="formcall")
def main() -> None:
    """AI steps for no-code tools: classify, extract, summarize, answer with tools."""


# --- serve -------------------------------------------------------------------------------------------------------------


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
@click.option("--role", default="all", show_default=True, type=click.Choice(["all", "web"]), help="web: take runs in, let workers do them.")
@plainly
def serve(host: str, port: int, role: str) -> None:
    """Start the service. The first start makes an API key and shows it once."""
    from connector import serving

    serving.serve(read_settings(), host=host, port=port, role=role)


@main.command()
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Answer GET /metrics on this port of 127.0.0.1.")
@plainly
def worker(metrics_port: int | None) -> None:
    """Carry out what services with the role web take in. It needs a PostgreSQL that they share; start as many as you like."""
    from connector import serving

    serving.work(read_settings(), metrics_port=metrics_port)


@main.command()
@click.option("--key", "key_name", default="", help="The API key, by name or id, that calls run as and are paid by.")
@click.option("--url", default="", help="Pass all on to a running service, such as http://127.0.0.1:8080.")
@click.option("--key-env", default="FORMCALL_KEY", show_default=True, help="The variable that has the service's API key.")
@plainly
def mcp(key_name: str, *, url: str, key_env: str) -> None:
    """Offer the actions as tools to an assistant that starts this command (Model Context Protocol over standard input and output)."""
    from connector.mcp import stdio

    settings = read_settings()
    if not url:
        stdio.serve_here(settings, key_name=key_name)
        return
    key = os.environ.get(key_env, "").strip()
    if not key:
        raise FormcallError("unauthorized", f"The variable {key_env} has no API key. Set it, or name another one with --key-env.")
    stdio.serve_through(url, key, longest=settings.max_body_bytes)


# --- run ---------------------------------------------------------------------------------------------------------------


class _Actions(click.Group):
    """One subcommand for each action of the catalogue, its options made from the form."""

    @plainly
    def list_commands(self, ctx: click.Context) -> list[str]:
        from connector.catalogue import load_catalogue

        return list(load_catalogue(read_settings().templates))

    @plainly
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from connector.catalogue import load_catalogue

        return _command(load_catalogue(read_settings().templates).find(cmd_name))


def _command(action: Action) -> click.Command:
    options = [
        click.Option([f"--{name.replace('_', '-')}", name], help=entry.help or entry.label, metavar="TEXT|@FILE|-")
        for name, entry in action.form.items()
    ]
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print the answer as JSON.")
    return click.Command(action.id, params=[*options, as_json], callback=_runner(action), help=f"{action.title}. {action.summary}")


def _runner(action: Action) -> Callable[..., None]:
    @plainly
    def run_one(as_json: bool, **given: str | None) -> None:
        from connector.console import show_answer

        values = {name: from_source(text, is_file=name in action.file_fields) for name, text in given.items() if text is not None}
        outcome = make_engine(read_settings()).run(action, values)
        if outcome.error:
            raise outcome.error
        if as_json:
            click.echo(json.dumps(outcome.answer(), ensure_ascii=False, indent=2))
        else:
            show_answer(action, outcome)

    return run_one


def from_source(text: str, *, folder: Path = Path(), is_file: bool = False) -> str:
    """A value as typed, or the content of ``@FILE``, or standard input for ``-``; ``is_file``: as a box for files takes it."""
    from connector.catalogue.files import data_url

    if text == "-":
        content, name = sys.stdin.buffer.read(), ""
    elif text.startswith("@"):
        path = folder / text[1:]
        try:
            content, name = path.read_bytes(), path.name
        except OSError as error:
            raise FormcallError("bad_request", f"The file {path} cannot be read: {error.strerror}.") from None
    else:
        return text
    return data_url(content, name=name) if is_file else content.decode("utf-8", "replace")


def make_engine(settings: Settings) -> Any:
    """The engine of ``settings``, as the service would have it."""
    from connector.catalogue import load_catalogue
    from connector.engine.run import Engine
    from connector.providers.factory import make_provider
    from connector.providers.models import load_models
    from connector.tools import make_toolbox

    catalogue, models = load_catalogue(settings.templates), load_models(settings.models_file)
    return Engine(catalogue, make_provider(settings, models, catalogue), models, settings, make_toolbox(settings))


@main.group(cls=_Actions, subcommand_metavar="ACTION [--FIELD VALUE|@FILE|-]...")
def run() -> None:
    """Run an action and print its answer. `formcall run ACTION --help` lists its fields."""


# --- check and build ---------------------------------------------------------------------------------------------------


@main.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@plainly
def check(files: tuple[Path, ...]) -> None:
    """Check action files (all of them by default); each fault is said with its file and line."""
    from connector.catalogue import action_files, read_file
    from connector.tools import make_toolbox

    toolbox = make_toolbox(read_settings())
    paths = list(files) or action_files(read_settings().templates)
    faults = 0
    for path in paths:
        try:
            toolbox.check(read_file(path), file=str(path))
        except FormcallError as error:
            faults += 1
            click.echo(error.detail, err=True)
    if not faults and not files:
        _check_together(read_settings())
    click.echo(f"{len(paths)} {'action' if len(paths) == 1 else 'actions'}, {faults} with a fault")
    sys.exit(1 if faults else 0)


def _check_together(settings: Settings) -> None:
    """Actions that are each right alone may still have the same name, or that of another operation."""
    from connector.catalogue import load_catalogue
    from connector.publish import openapi

    openapi.build(load_catalogue(settings.templates))


@main.command()
@click.argument("platform", required=False)
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; say which files differ from the catalogue.")
@click.option("--base-url", default="", help="The address of the service, written into the files.")
@click.option("--resource-uuid", default="", help="The id that Retool has given to its resource of the service.")
@plainly
def build(platform: str | None, folder: Path | None, *, only_check: bool, base_url: str, resource_uuid: str) -> None:
    """Write the generated files (specifications and plug-ins) of one PLATFORM, or of all, into DIR (here by default)."""
    from connector import publish
    from connector.catalogue import load_catalogue

    settings = read_settings()
    if platform and platform not in publish.PLATFORMS:
        raise FormcallError("bad_request", f'There is no platform "{platform}"; there are: {", ".join(publish.PLATFORMS)}.')
    catalogue = load_catalogue(settings.templates)
    root, wanted = folder or Path(), [platform] if platform else None
    given = {"public_url": base_url or settings.public_url, "resource_uuid": resource_uuid}
    files = publish.build_all(catalogue, platforms=wanted, kept=publish.read_kept(root), **given)
    if only_check:
        sentences = publish.stale(files, root)
        for sentence in sentences:
            click.echo(sentence, err=True)
        click.echo(f"{len(files)} generated files, {len(sentences)} not up to date")
        sys.exit(1 if sentences else 0)
    try:
        publish.write(files, root)
    except OSError as error:
        raise FormcallError("bad_request", f"The files cannot be written to {root.resolve()}: {error.strerror}.") from None
    click.echo(f"{len(files)} files written to {root.resolve()}")


# --- eval and doctor ---------------------------------------------------------------------------------------------------


@main.command("eval", context_settings={"ignore_unknown_options": True})
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--action", "action_id", required=True, help="The action to run on each row.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many rows.")
@click.option("--show", is_flag=True, help="Print each value that is not as expected.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.argument("fixed", nargs=-1, type=click.UNPROCESSED)
@plainly
def evaluate(file: Path, action_id: str, *, limit: int | None, show: bool, as_json: bool, fixed: tuple[str, ...]) -> None:
    """Run an action on the rows of a CSV FILE and compare: columns named like fields are inputs, like answers are expected.

    Fields that are the same for all rows are given as --FIELD VALUE or --FIELD @FILE. A cell @FILE is read from beside the CSV.
    """
    from connector.evaluation import evaluate_file

    engine = make_engine(read_settings())
    report = evaluate_file(engine, engine.catalogue.find(action_id), file, fixed=_fixed(fixed), limit=limit)
    if as_json:
        click.echo(json.dumps(report.figures(), indent=2))
    else:
        report.tell(show)


def _fixed(words: tuple[str, ...]) -> dict[str, str]:
    """``--name value`` pairs."""
    names, values = words[::2], words[1::2]
    if len(names) != len(values) or not all(name.startswith("--") for name in names):
        raise FormcallError("bad_request", "Give fields as --FIELD VALUE or --FIELD @FILE.")
    return {name[2:].replace("-", "_"): from_source(value) for name, value in zip(names, values, strict=True)}


@main.command()
@plainly
def doctor() -> None:
    """Show the settings (without secrets), the model and its shutdown date, and whether everything can be reached."""
    from connector.diagnosis import diagnose

    settings = read_settings()
    for variable, value, words in settings.shown():
        click.echo(f"{variable:28} {value or '-':40} {words}")
    click.echo()
    started = time.monotonic()
    lines = diagnose(settings)
    for line in lines:
        click.echo(f"{'ok  ' if line.ok else 'FAIL'}  {line.text}")
    click.echo(f"checked in {time.monotonic() - started:.1f} s")
    sys.exit(0 if all(line.ok for line in lines) else 1)


add_operating(main, plainly)
add_hooks(main, plainly, from_source)
add_batches(main, plainly, from_source)
add_tools(main, plainly)

if __name__ == "__main__":
    main()
