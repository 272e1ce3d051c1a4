"""`formcall providers`: the providers of FORMCALL_PROVIDERS, and a check of their file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.errors import report_errors
from connector.settings import Settings, read_settings

if TYPE_CHECKING:
    from connector.providers.providers_file import ProviderEntry


@click.group(invoke_without_command=True)
@click.pass_context
@report_errors
def providers(context: click.Context) -> None:
    """List the providers in the order in which they are asked, with their models."""
    if context.invoked_subcommand:
        return
    from connector.providers.providers_file import usable_providers

    settings = read_settings()
    entries = usable_providers(settings)
    if not entries:
        click.echo("FORMCALL_PROVIDERS is not set; OPENAI_BASE_URL and OPENAI_API_KEY are used.")
        return
    for line in _describe(entries, settings):
        click.echo(line)


@providers.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@report_errors
def check(file: Path) -> None:
    """Check a file of providers (for FORMCALL_PROVIDERS); a mistake has its line."""
    from connector.providers.providers_file import read_providers

    entries = read_providers(file)
    settings = read_settings(providers_file=file)
    for line in _describe(entries, settings):
        click.echo(line)
    for entry in entries.values():
        for variable in entry.variables:
            if variable not in settings.provider_secrets:
                click.echo(f"note: {variable}, which {entry.name} needs, is not set here.")
    counted = "1 provider" if len(entries) == 1 else f"{len(entries)} providers"
    click.echo(f"valid: {counted}")


def _describe(entries: Mapping[str, ProviderEntry], settings: Settings) -> Iterator[str]:
    """Each provider, and who answers for the models of the settings."""
    for entry in entries.values():
        key = f"key in {entry.key_env}" if entry.key_env else "no key"
        yield f"{entry.name}: {entry.address}, {key}"
        yield f"  models: {_models(entry)}"
        if entry.prices:
            yield f"  own prices: {', '.join(entry.prices)}"
        if entry.fallback:
            yield f"  asked instead of it: {', '.join(entry.fallback)}"
    roles = (("FORMCALL_MODEL", settings.model), ("FORMCALL_MODEL_STRONG", settings.model_strong))
    for variable, model in roles:
        yield f"{variable}={model}: {_answering(entries, model)}"


def _models(entry: ProviderEntry) -> str:
    if isinstance(entry.models, Mapping):
        return ", ".join(f"{name} (as {own})" for name, own in entry.models.items())
    return ", ".join(entry.models) or "all"


def _answering(entries: Mapping[str, ProviderEntry], model: str) -> str:
    having = [entry for entry in entries.values() if entry.name_of(model)]
    if not having:
        return "no provider has it"
    instead = [name for name in having[0].fallback if entries[name].name_of(model)]
    return ", then ".join([having[0].name, *instead])
