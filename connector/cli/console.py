"""`formcall console`: links with which people sign in to the console."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from connector.cli.errors import report_errors
from connector.errors import FormcallError
from connector.settings import read_settings

if TYPE_CHECKING:
    from connector.store.keys import Key, Keys
    from connector.store.sessions import Sessions

_DEFAULT_URL = "http://127.0.0.1:8080"


@click.group()
def console() -> None:
    """Sign in to the console, the pages of a running service."""


@console.command("link")
@click.option(
    "--key",
    "key_name",
    help="The API key, by name or id, that the link signs in with.  [default: the oldest one with "
    "the scope admin]",
)
@click.option(
    "--url",
    help="The URL of the service.  [default: FORMCALL_PUBLIC_URL, or http://127.0.0.1:8080]",
)
@report_errors
def link(key_name: str | None, url: str | None) -> None:
    """Print a link that signs in once, within 10 minutes."""
    from connector.store.database import open_database
    from connector.store.keys import open_keys
    from connector.store.sessions import open_sessions

    settings = read_settings()
    database = open_database(settings)
    with closing(open_keys(settings, database)) as keys:
        key = keys.by_name(key_name) if key_name else _admin_key(keys)
        sessions = open_sessions(settings, database)
        click.echo(sign_in_link(url or settings.public_url or _DEFAULT_URL, sessions, key.id))


def sign_in_link(url: str, sessions: Sessions, key_id: str) -> str:
    """A new link; its secret is behind the #, so no server and no log on the way has it."""
    return f"{url.rstrip('/')}/console/start#{sessions.make_link(key_id)}"


def _admin_key(keys: Keys) -> Key:
    for key in keys.list_all():
        if key.revoked_at is None and "admin" in key.scopes:
            return key
    raise FormcallError(
        "not_found",
        "There is no valid key with the scope admin. Make one with `formcall key create NAME "
        "--scope actions --scope tools --scope admin`, or name a key with --key.",
    )
