"""`formcall hook`: create, list and revoke inbound hooks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from connector.cli.errors import report_errors
from connector.cli.values import read_pairs, read_value
from connector.errors import FormcallError
from connector.settings import Settings, read_settings

if TYPE_CHECKING:
    from connector.store.hooks import Hooks, InboundHook
    from connector.store.keys import Keys

_DEFAULT_URL = "http://127.0.0.1:8080"


@click.group()
def hook() -> None:
    """Create, list and revoke inbound hooks.

    An inbound hook is a URL that runs an action on whatever is posted to it.
    """


@hook.command("create")
@click.argument("name")
@click.option("--action", "action_id", required=True, help="The action to run.")
@click.option(
    "--key",
    "key_name",
    required=True,
    help="The API key, by name or id, that it runs as and is charged to.",
)
@click.option(
    "--set",
    "fixed",
    multiple=True,
    metavar="FIELD=VALUE|@FILE",
    help="A value that is the same for every call; may be repeated.",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=PATH",
    help="The path of a value in the posted body, as in order.lines[0].text.",
)
@click.option(
    "--template",
    "templates",
    multiple=True,
    metavar="FIELD=TEXT",
    help="A text of several posted values, as in '{{ subject }}: {{ body.text }}'.",
)
@click.option(
    "--at-once/--later",
    "answer_at_once",
    default=True,
    show_default=True,
    help="Respond with the result, or immediately with the run's id.",
)
@report_errors
def create_hook(
    name: str,
    action_id: str,
    key_name: str,
    *,
    fixed: tuple[str, ...],
    mapping: tuple[str, ...],
    templates: tuple[str, ...],
    answer_at_once: bool,
) -> None:
    """Create a hook and print its URL, alone, on standard output. It is shown only once."""
    from connector.catalogue import load_catalogue
    from connector.outbound import Outbound, parse_allowed
    from connector.runs.callbacks import check_callback

    texts = read_pairs(fixed, message="Give --set as FIELD=VALUE, each field once.")
    values = {field: read_value(text) for field, text in texts.items()}
    paths = read_pairs(mapping, message="Give --map as FIELD=VALUE, each field once.")
    texts = read_pairs(templates, message="Give --template as FIELD=TEXT, each field once.")
    settings = read_settings()
    action = load_catalogue(settings.templates).find(action_id)
    check_callback(Outbound(parse_allowed(settings.allow_hosts)), values)
    with _open_hooks(settings) as (keys, hooks):
        key = keys.by_name(key_name)
        _, token = hooks.create(
            key.id,
            name,
            action,
            fixed=values,
            mapping=paths,
            templates=texts,
            answer_at_once=answer_at_once,
        )
    click.echo(f"{settings.public_url.rstrip('/') or _DEFAULT_URL}/v1/hooks/{token}")
    if not settings.public_url:
        click.echo("Set FORMCALL_PUBLIC_URL to print the URL that others can reach.", err=True)


@hook.command("list")
@report_errors
def list_hooks() -> None:
    """List the hooks: id, name, action, key, and whether each is valid."""
    with _open_hooks(read_settings()) as (keys, hooks):
        names = {key.id: key.name for key in keys.list_all()}
        for row in hooks.list_all():
            click.echo(_hook_line(row, names.get(row.key_id, row.key_id)))


@hook.command("revoke")
@click.argument("name_or_id")
@report_errors
def revoke_hook(name_or_id: str) -> None:
    """Revoke a hook by its name or id; its URL stops working."""
    with _open_hooks(read_settings()) as (_, hooks):
        row = _find_valid(hooks, name_or_id)
        hooks.revoke(row.id)
    click.echo(f'The hook "{row.name}" is revoked.')


def _find_valid(hooks: Hooks, name_or_id: str) -> InboundHook:
    matches = [
        row
        for row in hooks.list_all()
        if row.revoked_ms is None and name_or_id in {row.id, row.name}
    ]
    if len(matches) == 1:
        return matches[0]
    problem = (
        "There are several hooks of this name; use the id."
        if matches
        else "There is no valid hook of this name or id."
    )
    raise FormcallError("not_found", f"{problem} `formcall hook list` shows them.")


def _hook_line(row: InboundHook, key_name: str) -> str:
    answers = "at once" if row.answer_at_once else "later"
    state = "revoked" if row.revoked_ms else "valid"
    return f"{row.id}  {row.name}  {row.action}  for {key_name}  answers {answers}  {state}"


@contextmanager
def _open_hooks(settings: Settings) -> Iterator[tuple[Keys, Hooks]]:
    from connector.store.database import load_secret, open_database
    from connector.store.hooks import Hooks
    from connector.store.keys import open_keys

    database = open_database(settings)
    try:
        yield open_keys(settings, database), Hooks(database, load_secret(settings))
    finally:
        database.dispose()
