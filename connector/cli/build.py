"""`formcall check` and `formcall build`: the action files, and what is generated from them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from connector.cli.errors import report_errors
from connector.errors import FormcallError
from connector.settings import Settings, read_settings


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@report_errors
def check(files: tuple[Path, ...]) -> None:
    """Check action files (all of them by default); each error names its file and line."""
    from connector.catalogue import action_files, read_file
    from connector.tools import build_toolbox

    settings = read_settings()
    toolbox = build_toolbox(settings)
    paths = list(files) or action_files(settings.templates)
    invalid = 0
    for path in paths:
        try:
            toolbox.check(read_file(path), file=str(path))
        except FormcallError as error:
            invalid += 1
            click.echo(error.detail, err=True)
    if not invalid and not files:
        _check_names(settings)
    noun = "action" if len(paths) == 1 else "actions"
    click.echo(f"{len(paths)} {noun}, {invalid} invalid")
    sys.exit(1 if invalid else 0)


def _check_names(settings: Settings) -> None:
    """Raise when two actions share a name, or one has the name of another operation.

    Each file may be valid alone; only the specification of all of them shows it.
    """
    from connector.catalogue import load_catalogue
    from connector.publish import openapi

    openapi.check(load_catalogue(settings.templates))


@click.command()
@click.argument("platform", required=False)
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--check",
    "check_only",
    is_flag=True,
    help="Write nothing; report which files differ from the catalogue.",
)
@click.option("--base-url", default="", help="The service's address, written into the files.")
@click.option("--resource-uuid", default="", help="The id of the service's resource in Retool.")
@report_errors
def build(
    platform: str | None,
    folder: Path | None,
    *,
    check_only: bool,
    base_url: str,
    resource_uuid: str,
) -> None:
    """Write the generated files (specifications and plug-ins).

    They are those of one PLATFORM, or of all; FOLDER is the current folder by default.
    """
    root = folder or Path()
    files = _generate(platform, root, base_url=base_url, resource_uuid=resource_uuid)
    if check_only:
        _report_stale(files, root)
    else:
        _write(files, root)


def _generate(
    platform: str | None, root: Path, *, base_url: str, resource_uuid: str
) -> dict[str, bytes]:
    from connector.catalogue import load_catalogue
    from connector.publish import platforms

    settings = read_settings()
    if platform and platform not in platforms.PLATFORMS:
        known = ", ".join(platforms.PLATFORMS)
        raise FormcallError(
            "bad_request", f'There is no platform "{platform}"; the platforms are: {known}.'
        )
    return platforms.build_all(
        load_catalogue(settings.templates),
        platforms=[platform] if platform else None,
        previous_build=platforms.read_previous_build(root),
        public_url=base_url or settings.public_url,
        resource_uuid=resource_uuid,
    )


def _report_stale(files: dict[str, bytes], root: Path) -> None:
    from connector.publish import platforms

    sentences = platforms.outdated_files(files, root)
    for sentence in sentences:
        click.echo(sentence, err=True)
    click.echo(f"{len(files)} generated files, {len(sentences)} not up to date")
    sys.exit(1 if sentences else 0)


def _write(files: dict[str, bytes], root: Path) -> None:
    from connector.publish import platforms

    try:
        platforms.write_files(files, root)
    except OSError as error:
        raise FormcallError(
            "bad_request", f"The files cannot be written to {root.resolve()}: {error.strerror}."
        ) from None
    click.echo(f"{len(files)} files written to {root.resolve()}")
