"""The commands for inbound hooks: make one and print its address, list them, revoke one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from connector.errors import FormcallError
from connector.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.store.hooks import Hook, Hooks
    from connector.store.keys import Keys

Command = Callable[..., Any]

_USUAL_ADDRESS = "http://127.0.0.1:8080"


def add_hooks(main: click.Group, plainly: Callable[[Command], Command], from_source: Callable[[str], str]) -> None:
    """Add the group ``hook`` to ``main``; ``plainly`` tells failures as sentences, ``from_source`` reads @FILE."""

    @main.group()
    def hook() -> None:
        """Make, list and revoke inbound hooks: addresses that run an action on whatever is posted to them."""

    @hook.command("create")
    @click.argument("name")
    @click.option("--action", "action_id", required=True, help="The action that it runs.")
    @click.option("--key", "key_name", required=True, help="The API key, by name or id, that it runs as and is paid by.")
    @click.option("--set", "fixed", multiple=True, metavar="FIELD=VALUE|@FILE", help="A value that is always the same; may be repeated.")
    @click.option("--map", "mapping", multiple=True, metavar="FIELD=PATH", help="Where a value stands, as in order.lines.0.text.")
    @click.option("--at-once/--later", default=True, show_default=True, help="Answer with the result, or at once with the run's id.")
    @plainly
    def create(name: str, action_id: str, key_name: str, *, fixed: tuple[str, ...], mapping: tuple[str, ...], at_once: bool) -> None:
        """Make a hook and print its address, alone, on standard output. It is shown only now."""
        values = {field: from_source(text) for field, text in _pairs(fixed, "--set").items()}
        settings = read_settings()
        token = _create(settings, name, action_id, key_name, fixed=values, mapping=_pairs(mapping, "--map"), at_once=at_once)
        click.echo(f"{settings.public_url.rstrip('/') or _USUAL_ADDRESS}/v1/hooks/{token}")
        if not settings.public_url:
            click.echo("Set FORMCALL_PUBLIC_URL to have the address printed as others reach it.", err=True)

    @hook.command("list")
    @plainly
    def list_hooks() -> None:
        """List the hooks: id, name, action, key, and whether each is valid."""
        with _opened(read_settings()) as (keys, hooks):
            names = {key.id: key.name for key in keys.all()}
            for one in hooks.all():
                click.echo(_line(one, names.get(one.key_id, one.key_id)))

    @hook.command("revoke")
    @click.argument("name_or_id")
    @plainly
    def revoke(name_or_id: str) -> None:
        """Revoke a hook by its name or id; its address is nothing from then on."""
        with _opened(read_settings()) as (_, hooks):
            found = [one for one in hooks.all() if one.revoked_ms is None and name_or_id in {one.id, one.name}]
            if len(found) != 1:
                words = "There are several hooks of this name; use the id." if found else "There is no valid hook of this name or id."
                raise FormcallError("not_found", f"{words} `formcall hook list` shows them.")
            hooks.revoke(found[0].id)
            click.echo(f'The hook "{found[0].name}" is revoked.')


def _create(
    settings: Settings, name: str, action_id: str, key_name: str, *, fixed: dict[str, str], mapping: dict[str, str], at_once: bool
) -> str:
    from connector.catalogue import load_catalogue
    from connector.jobs.addresses import check_callback
    from connector.outbound import Outbound, parse_allowed

    action = load_catalogue(settings.templates).find(action_id)
    check_callback(Outbound(parse_allowed(settings.allow_hosts)), fixed)
    with _opened(settings) as (keys, hooks):
        key = keys.named(key_name)
        _, token = hooks.create(key.id, name, action, fixed=fixed, mapping=mapping, answer_at_once=at_once)
    return token


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Keys, Hooks]]:
    from connector.store.database import open_database, secret
    from connector.store.hooks import Hooks
    from connector.store.keys import open_keys

    database = open_database(settings)
    try:
        yield open_keys(settings, database), Hooks(database, secret(settings))
    finally:
        database.dispose()


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    found = dict(one.partition("=")[::2] for one in given)
    if any("=" not in one for one in given) or len(found) != len(given):
        raise FormcallError("bad_request", f"Give {option} as FIELD=VALUE, each field once.")
    return {name.strip().replace("-", "_"): value for name, value in found.items()}


def _line(hook: Hook, key_name: str) -> str:
    answers, state = "at once" if hook.answer_at_once else "later", "revoked" if hook.revoked_ms else "valid"
    return f"{hook.id}  {hook.name}  {hook.action}  for {key_name}  answers {answers}  {state}"
