"""`formcall tool`: list the tools, and import your own from an OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from connector.cli.errors import report_errors
from connector.errors import FormcallError, TemplateError
from connector.json_types import Json
from connector.settings import Settings, read_settings

_MAX_DOCUMENT_BYTES = 20_000_000
_DOCUMENT_SECONDS = 30.0


@click.group()
def tool() -> None:
    """List the tools that models may call, and import your own from an OpenAPI document."""


@tool.command("list")
@report_errors
def list_tools() -> None:
    """List the tools: name, the scope that a key needs, and purpose; then those switched off."""
    from connector.tools import build_toolbox

    toolbox = build_toolbox(read_settings())
    for name, entry in toolbox.items():
        scope = f"tool:{name}" if entry.needs_permission else "tools"
        needs_approval = entry.writes or entry.always_needs_approval
        approval = "  needs approval" if needs_approval else ""
        summary = entry.description.partition(".")[0]
        click.echo(f"{name}  [{scope}]{approval}  {entry.title}: {summary}.")
    for name, reason in toolbox.unavailable.items():
        click.echo(f"{name}  is off. {reason}")


@tool.command("import")
@click.argument("document")
@click.option(
    "--operation",
    "operations",
    multiple=True,
    required=True,
    help='An operationId, or "GET /path"; may be repeated.',
)
@click.option(
    "--secret",
    default="",
    metavar="NAME",
    help="The secret that the calls send, set as FORMCALL_SECRET_NAME.",
)
@click.option(
    "--base-url", default="", help="The service's URL, when the document does not contain it."
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the files.  [default: FORMCALL_TOOLS]",
)
@click.option("--replace", is_flag=True, help="Overwrite files that exist.")
@report_errors
def import_tools(
    document: str,
    operations: tuple[str, ...],
    *,
    secret: str,
    base_url: str,
    into: Path | None,
    replace: bool,
) -> None:
    """Create tools from chosen operations of an OpenAPI DOCUMENT, one file for each operation.

    DOCUMENT is a file or an https address.
    """
    from connector.tools.imported import import_operations

    settings = read_settings()
    folder = into or settings.tools
    if folder is None:
        raise FormcallError(
            "bad_request", "Name the folder for the tools with --into, or with FORMCALL_TOOLS."
        )
    imported = import_operations(
        _read_document(document, settings), list(operations), secret=secret, base_url=base_url
    )
    for operation in imported:
        path = folder / f"{operation.name}.yaml"
        _write_tool(path, operation.value, replace=replace)
        click.echo(f"{path}  {operation.value['method']} {operation.value['url']}")
        for note in operation.notes:
            click.echo(f"  {operation.name}: {note}", err=True)


def _read_document(document: str, settings: Settings) -> Any:
    import yaml

    text = _download(document, settings) if "://" in document else _read_text(Path(document))
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        raise FormcallError("bad_request", "The document is neither JSON nor YAML.") from None


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise FormcallError("bad_request", f"The file {path} cannot be read.") from None


def _download(url: str, settings: Settings) -> str:
    from connector.outbound import Outbound, OutboundError, parse_allowed

    outbound = Outbound(parse_allowed(settings.allow_hosts))
    try:
        response = outbound.request(
            "GET",
            url,
            seconds=_DOCUMENT_SECONDS,
            max_bytes=_MAX_DOCUMENT_BYTES,
            max_redirects=3,
            require_complete=True,
        )
    except OutboundError as error:
        raise FormcallError("bad_request", f"The document cannot be read. {error.detail}") from None
    if response.status not in range(200, 300):
        raise FormcallError(
            "bad_request", f"The document cannot be read: its server returned {response.status}."
        )
    return response.body.decode("utf-8", "replace")


def _write_tool(path: Path, declaration: Json, *, replace: bool) -> None:
    """Write a tool's file and check that it can be read; a file that cannot is removed again."""
    import yaml

    from connector.tools.httpfile import read_tool_file

    if path.exists() and not replace:
        raise FormcallError("bad_request", f"{path} exists. Give --replace to overwrite it.")
    text = yaml.safe_dump(declaration, sort_keys=False, allow_unicode=True, width=120)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FormcallError(
            "bad_request", f"The file {path} cannot be written: {error.strerror}."
        ) from None
    try:
        read_tool_file(path)
    except TemplateError:
        path.unlink()
        raise
