"""`formcall run ACTION`: one action on values from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from connector.cli.errors import report_errors
from connector.cli.values import divide_files, read_value
from connector.errors import FormcallError
from connector.settings import Settings, read_settings

if TYPE_CHECKING:
    from connector.catalogue import Action
    from connector.catalogue.fields import Field
    from connector.engine.engine import Engine


_METAVARS = {"boolean": "true|false", "integer": "NUMBER", "number": "NUMBER"}
_NO_DEFAULTS = (None, "", False)


class _ActionCommands(click.Group):
    """One subcommand for each action of the catalogue, with one option for each form field."""

    @report_errors
    def list_commands(self, ctx: click.Context) -> list[str]:
        from connector.catalogue import load_catalogue

        return list(load_catalogue(read_settings().templates))

    @report_errors
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from connector.catalogue import load_catalogue

        return _command(load_catalogue(read_settings().templates).find(cmd_name))


@click.group(cls=_ActionCommands, subcommand_metavar="ACTION [--FIELD VALUE|@FILE|-]...")
def run() -> None:
    """Run an action and print its answer. `formcall run ACTION --help` lists its fields."""


class _ActionCommand(click.Command):
    """A command on which further files may follow the first one: ``--sources @a.pdf @b.pdf``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_one_option_each(args)))


def _one_option_each(args: Iterable[str]) -> Iterator[str]:
    """The arguments with the option repeated before each further file."""
    option = ""
    before = ""
    for arg in args:
        if arg.startswith("--"):
            option = arg.partition("=")[0]
            before = "@" if "=@" in arg else ""
        elif option and arg.startswith("@") and before.startswith("@"):
            yield option
        yield arg
        before = before if arg.startswith("--") else arg


def _command(action: Action) -> click.Command:
    fields = [
        click.Option(
            [f"--{name.replace('_', '-')}", name],
            help=_help(entry),
            metavar=_metavar(entry),
            multiple=True,
        )
        for name, entry in action.form.items()
    ]
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print the answer as JSON.")
    return _ActionCommand(
        action.id,
        params=[*fields, as_json],
        callback=_callback(action),
        help=f"{action.title}. {action.summary}",
    )


def _help(entry: Field) -> str:
    """The field's help, whether it is required, and else its default."""
    text = entry.help or entry.label
    if entry.required:
        return f"{text}  [required]"
    return text if entry.default in _NO_DEFAULTS else f"{text}  [default: {entry.default}]"


def _metavar(entry: Field) -> str:
    """What the option takes: its choices, a switch, a number, a file, or a text."""
    from connector.catalogue.fields import TYPES

    field_type = TYPES[entry.type]
    if field_type.is_file:
        return "@FILE|URL"
    if entry.choices:
        return "|".join(str(choice.value) for choice in entry.choices)
    schema = field_type.request_schema(entry) if field_type.request_schema else {}
    return _METAVARS.get(str(schema.get("type")), "TEXT|@FILE|-")


def _callback(action: Action) -> Callable[..., None]:
    @report_errors
    def run_action(as_json: bool, **options: tuple[str, ...]) -> None:
        from connector.cli.output import show_answer

        values = {
            name: _read_option(action, name, texts) for name, texts in options.items() if texts
        }
        outcome = make_engine(read_settings()).run(action, values)
        if outcome.error:
            raise outcome.error
        if as_json:
            click.echo(json.dumps(outcome.to_json(), ensure_ascii=False, indent=2))
        else:
            show_answer(action, outcome)

    return run_action


def _read_option(action: Action, name: str, texts: tuple[str, ...]) -> str | list[str]:
    """The value of a field whose option was given once for each of ``texts``.

    A file field takes them all, and a list the entries of all.
    """
    from connector.catalogue.fields import TYPES

    field = action.form[name]
    if name in action.file_fields:
        files = [one for text in texts for one in divide_files(text)]
        values = [read_value(one, is_file=True) for one in files]
        return values if len(values) > 1 else values[0]
    if len(texts) == 1:
        return read_value(texts[0])
    if not TYPES[field.type].is_list:
        raise FormcallError(
            "bad_request",
            f"--{name.replace('_', '-')} is given {len(texts)} times, and takes one value. Give "
            "it once.",
        )
    return "\n".join(map(read_value, texts))


def make_engine(settings: Settings) -> Engine:
    """The engine that a service with these settings would use."""
    from connector.catalogue import load_catalogue
    from connector.engine.engine import Engine
    from connector.providers.factory import make_provider
    from connector.providers.pricing.models import load_models
    from connector.tools import build_toolbox

    catalogue = load_catalogue(settings.templates)
    models = load_models(settings.models_file)
    provider = make_provider(settings, models, catalogue)
    return Engine(catalogue, provider, models, settings, build_toolbox(settings))
