"""`formcall mcp`: the actions as tools over standard input and output."""

from __future__ import annotations

import click

from connector.cli.errors import report_errors
from connector.cli.values import read_api_key
from connector.settings import read_settings


@click.command()
@click.option(
    "--key",
    "key_name",
    default="",
    help="The API key, by name or id, that calls run as and are charged to.",
)
@click.option(
    "--url",
    default="",
    help="Forward every call to a running service, such as http://127.0.0.1:8080.",
)
@click.option(
    "--key-env",
    default="FORMCALL_KEY",
    show_default=True,
    help="The environment variable that holds the service's API key.",
)
@report_errors
def mcp(key_name: str, *, url: str, key_env: str) -> None:
    """Offer the actions as tools to an assistant that starts this command.

    It speaks the Model Context Protocol over standard input and output.
    """
    from connector.mcp import stdio

    settings = read_settings()
    if url:
        stdio.serve_remote(url, read_api_key(key_env), max_bytes=settings.max_body_bytes)
    else:
        stdio.serve_local(settings, key_name=key_name)
