"""The commands for tools: list those there are, check the operator's own, import some from an OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from connector.errors import FormcallError, TemplateError
from connector.settings import Settings, read_settings

Command = Callable[..., Any]

_MAX_DOCUMENT = 20_000_000
_DOCUMENT_SECONDS = 30.0


def add_tools(main: click.Group, plainly: Callable[[Command], Command]) -> None:
    """Add the group ``tool`` to ``main``; ``plainly`` tells failures as sentences."""

    @main.group()
    def tool() -> None:
        """List the tools that models may be allowed to call, and import your own from an OpenAPI document."""

    @tool.command("list")
    @plainly
    def list_tools() -> None:
        """List the tools: name, what a key needs to allow it, what it is for; then those that are not switched on."""
        from connector.tools import make_toolbox

        box = make_toolbox(read_settings())
        for name, one in box.items():
            scope = f"tool:{name}" if one.reaches else "tools"
            asks = "  asks first" if one.writes or one.asks else ""
            click.echo(f"{name}  [{scope}]{asks}  {one.title}: {one.description.partition('.')[0]}.")
        for name, words in box.off.items():
            click.echo(f"{name}  is off. {words}")

    @tool.command("import")
    @click.argument("document")
    @click.option("--operation", "operations", multiple=True, required=True, help='An operationId, or "GET /path"; may be repeated.')
    @click.option("--secret", default="", metavar="NAME", help="The secret that the calls need, set as FORMCALL_SECRET_NAME.")
    @click.option("--base-url", default="", help="The service's address, where the document does not say it.")
    @click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="The folder; FORMCALL_TOOLS by default.")
    @click.option("--replace", is_flag=True, help="Write over files that are there already.")
    @plainly
    def import_tools(document: str, operations: tuple[str, ...], *, secret: str, base_url: str, into: Path | None, replace: bool) -> None:
        """Make tools of chosen operations of an OpenAPI DOCUMENT (a file or an https address), a file each."""
        from connector.tools.imported import import_operations

        settings = read_settings()
        folder = into or settings.tools
        if folder is None:
            raise FormcallError("bad_request", "Say with --into, or with FORMCALL_TOOLS, into which folder the tools go.")
        made = import_operations(_read(document, settings), list(operations), secret=secret, base_url=base_url)
        for one in made:
            path = folder / f"{one.name}.yaml"
            _write(path, one.value, replace=replace)
            click.echo(f"{path}  {one.value['method']} {one.value['url']}")
            for note in one.notes:
                click.echo(f"  {one.name}: {note}", err=True)


def _read(document: str, settings: Settings) -> Any:
    import yaml

    text = _fetched(document, settings) if "://" in document else _read_file(Path(document))
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        raise FormcallError("bad_request", "The document is neither JSON nor YAML.") from None


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise FormcallError("bad_request", f"The file {path} cannot be read.") from None


def _fetched(url: str, settings: Settings) -> str:
    from connector.outbound import Outbound, OutboundError, parse_allowed

    try:
        answer = Outbound(parse_allowed(settings.allow_hosts)).request(
            "GET", url, seconds=_DOCUMENT_SECONDS, max_bytes=_MAX_DOCUMENT, max_redirects=3, whole=True
        )
    except OutboundError as error:
        raise FormcallError("bad_request", f"The document cannot be read. {error.detail}") from None
    if answer.status not in range(200, 300):
        raise FormcallError("bad_request", f"The document cannot be read: its address answered {answer.status}.")
    return answer.body.decode("utf-8", "replace")


def _write(path: Path, value: Any, *, replace: bool) -> None:
    import yaml

    from connector.tools.httpfile import read_tool_file

    if path.exists() and not replace:
        raise FormcallError("bad_request", f"{path} is there already. Give --replace to write over it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
    except OSError as error:
        raise FormcallError("bad_request", f"The file {path} cannot be written: {error.strerror}.") from None
    try:
        read_tool_file(path)
    except TemplateError:
        path.unlink()
        raise
