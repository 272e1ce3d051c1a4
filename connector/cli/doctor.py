"""`formcall doctor`: the settings, and whether everything they name can be reached.

Each check imports what it needs, so that the other commands start without it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from connector.cli.errors import report_errors
from connector.errors import FormcallError
from connector.settings import Settings, read_settings, unknown_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from connector.providers.pricing.models import Models


@dataclass(frozen=True)
class ReportLine:
    """The result of one check, in a sentence."""

    ok: bool
    text: str


@click.command()
@report_errors
def doctor() -> None:
    """Show the settings (without secrets), and check the database, the engine and the model."""
    settings = read_settings()
    for variable, value, about in settings.redacted_rows():
        click.echo(f"{variable:28} {value or '-':40} {about}")
    click.echo()
    for sentence in unknown_settings():
        click.echo(f"warn  {sentence}")
    started = time.monotonic()
    lines = diagnose(settings)
    for line in lines:
        click.echo(f"{'ok  ' if line.ok else 'FAIL'}  {line.text}")
    click.echo(f"checked in {time.monotonic() - started:.1f} s")
    sys.exit(0 if all(line.ok for line in lines) else 1)


def diagnose(settings: Settings) -> list[ReportLine]:
    """The result of each check; a failed one has the fix."""
    lines = []
    for check in _CHECKS:
        lines += _run_check(check, settings)
    return lines


def _run_check(
    check: Callable[[Settings], list[ReportLine]], settings: Settings
) -> list[ReportLine]:
    try:
        return check(settings)
    except FormcallError as error:
        return [ReportLine(False, error.detail)]


def _actions(settings: Settings) -> list[ReportLine]:
    from connector.catalogue import load_catalogue

    catalogue = load_catalogue(settings.templates)
    return [ReportLine(True, f"{len(catalogue)} actions: {', '.join(catalogue)}")]


def _tools(settings: Settings) -> list[ReportLine]:
    from connector.tools import build_toolbox

    toolbox = build_toolbox(settings)
    off = f"; not switched on: {', '.join(toolbox.unavailable)}" if toolbox.unavailable else ""
    return [ReportLine(True, f"tools: {', '.join(toolbox)}{off}")]


def _database(settings: Settings) -> list[ReportLine]:
    from sqlalchemy.engine import make_url

    from connector.store.keys import open_keys

    keys = open_keys(settings)
    valid = [key for key in keys.list_all() if key.revoked_at is None]
    keys.close()
    # without the query, because a password may be among its options
    url = make_url(settings.database).set(query={}).render_as_string(hide_password=True)
    return [ReportLine(True, f"database {url}, {len(valid)} valid keys")]


def _documents(settings: Settings) -> list[ReportLine]:
    from connector.documents.reading import missing_packages

    problem = missing_packages()
    if problem:
        return [ReportLine(False, problem)]
    limit = f"{settings.max_file_bytes / 1e6:g} MB and {settings.max_pages:,} pages"
    return [ReportLine(True, f"documents and images: read up to {limit}")]


def _ocr(settings: Settings) -> list[ReportLine]:
    from connector.documents.ocr.recognisers import find_recogniser, is_installed, missing_ocr

    problem = missing_ocr(settings.ocr_languages)
    recogniser = find_recogniser(settings.ocr_languages)
    # images are read without OCR by a model, so only a language that was asked for is missed
    is_wrong = bool(problem and settings.ocr_languages and is_installed())
    usable = f"OCR of scans and images: {recogniser.title} in {', '.join(recogniser.languages)}"
    return [ReportLine(not is_wrong, problem or usable)]


def _model(settings: Settings) -> list[ReportLine]:
    from connector.providers.pricing.models import load_models

    models = load_models(settings.models_file)
    # with a hosted engine the check of the engine reports the shutdown of its model
    is_hosted = settings.answering_engine == "openai"
    lines = [_model_line(models, "model", settings.model, with_shutdown=not is_hosted)]
    if settings.model_strong != settings.model:
        lines.append(_model_line(models, "strong model", settings.model_strong, with_shutdown=True))
    return lines


def _model_line(models: Models, role: str, model: str, *, with_shutdown: bool) -> ReportLine:
    """The price of a model, the day it ends, and whether a successor costs less than the first."""
    from connector.providers.pricing.comparison import cheaper_successor_note

    row = models.find(model)
    if not row.known:
        text = (
            f"{role} {model}: it is not in the table of models, so its cost is unknown and no "
            "effort is sent; see formcall models"
        )
        return ReportLine(True, text)
    price = "price unknown"
    if row.price:
        price = f"${row.price['input']:.2f} in, ${row.price['output']:.2f} out for a million tokens"
    notes = [f"it ends on {row.shutdown}"] if row.shutdown and with_shutdown else []
    if row.replacement:
        notes.append(f"replacement: {models.replacement(model)}")
    is_default = role == "model"  # a strong model is not chosen for its price
    cheaper = cheaper_successor_note(models, model) if is_default or row.replacement else ""
    text = "; ".join([f"{role} {model}: {price} (as of {row.as_of})", *notes])
    return ReportLine(True, f"{text}. {cheaper}" if cheaper else text)


def _engine(settings: Settings) -> list[ReportLine]:
    from connector.catalogue import load_catalogue
    from connector.engine.readiness import ReadinessChecker
    from connector.providers.factory import make_provider
    from connector.providers.pricing.models import load_models

    models = load_models(settings.models_file)
    provider = make_provider(settings, models, load_catalogue(settings.templates))
    started = time.monotonic()
    readiness = ReadinessChecker(settings, models, provider).check()
    duration = ""
    if readiness.engine == "openai":
        duration = f" ({(time.monotonic() - started) * 1000:.0f} ms)"
    text = f"engine {readiness.engine}: {readiness.detail}{duration}"
    each = [ReportLine(one.ok, f"provider {one.name}: {one.detail}") for one in readiness.providers]
    return [ReportLine(readiness.ok, text), *each]


def _embedded_engine(settings: Settings) -> list[ReportLine]:
    """Whether the embedded engine and its better model are installed."""
    from connector.providers.local import LocalProvider
    from connector.providers.local.model.weights import better_model_hint

    missing = LocalProvider.available()
    hint = None if missing else better_model_hint()
    if settings.answering_engine == "local":
        return [ReportLine(True, f"embedded engine: {hint}")] if hint else []
    state = missing or " ".join(filter(None, ("installed; FORMCALL_ENGINE=local uses it.", hint)))
    return [ReportLine(True, f"embedded engine: {state}")]


def _learned(settings: Settings) -> list[ReportLine]:
    """What the provider's server was found not to accept, in the last day."""
    if settings.answering_engine != "openai":
        return []
    from connector.providers.providers_file import usable_providers
    from connector.store.database import open_database

    entries = usable_providers(settings).values()
    addresses = dict.fromkeys([entry.address for entry in entries] or [settings.openai_base_url])
    database = open_database(settings)
    lines = [line for address in addresses for line in _learned_at(address, database)]
    database.dispose()
    return lines


def _learned_at(url: str, database: Engine) -> list[ReportLine]:
    from connector.providers.hosted.addresses import without_secrets
    from connector.store.learned_variants import LearnedVariants

    address = without_secrets(url)
    lines = []
    for model, learned in sorted(LearnedVariants(database).load(address).items()):
        if learned.is_old:
            continue
        limit = f"allows {learned.max_output:,} tokens of output" if learned.max_output else ""
        names = ", ".join(sorted(learned.refused))
        found = " and ".join(filter(None, (names and f"does not accept {names}", limit)))
        text = f"learned of {f'{model} at ' if model else ''}{address}: it {found}"
        lines.append(ReportLine(True, f"{text}. This is forgotten a day after it was learned."))
    return lines


_CHECKS = (
    _actions,
    _tools,
    _database,
    _documents,
    _ocr,
    _model,
    _engine,
    _learned,
    _embedded_engine,
)
