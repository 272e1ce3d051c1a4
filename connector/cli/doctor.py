"""What ``formcall doctor`` looks at: actions, database, engine, model, and the way to the provider."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from connector.catalogue import load_catalogue
from connector.documents.reading import missing
from connector.engine.readiness import Checker, shutdown_note
from connector.errors import FormcallError
from connector.providers.factory import make_provider
from connector.providers.models import load_models
from connector.settings import Settings
from connector.store.keys import open_keys
from connector.tools import make_toolbox


@dataclass(frozen=True)
class Line:
    """One thing that was looked at, with a sentence."""

    ok: bool
    text: str


def diagnose(settings: Settings) -> list[Line]:
    """What was found; a part that failed says what to do."""
    return [part for look in (_actions, _tools, _database, _documents, _model, _engine, _embedded) for part in _safely(look, settings)]


def _safely(look: object, settings: Settings) -> list[Line]:
    try:
        found: list[Line] = look(settings)  # type: ignore[operator]
    except FormcallError as error:
        return [Line(False, error.detail)]
    return found


def _actions(settings: Settings) -> list[Line]:
    catalogue = load_catalogue(settings.templates)
    return [Line(True, f"{len(catalogue)} actions: {', '.join(catalogue)}")]


def _tools(settings: Settings) -> list[Line]:
    box = make_toolbox(settings)
    off = f"; not switched on: {', '.join(box.off)}" if box.off else ""
    return [Line(True, f"tools: {', '.join(box)}{off}")]


def _database(settings: Settings) -> list[Line]:
    keys = open_keys(settings)
    valid = [key for key in keys.all() if key.revoked_at is None]
    keys.close()
    # a password may also stand among the address's options
    where = make_url(settings.database).set(query={}).render_as_string(hide_password=True)
    return [Line(True, f"database {where}, {len(valid)} valid keys")]


def _documents(settings: Settings) -> list[Line]:
    problem = missing()
    megabytes = f"{settings.max_file_bytes / 1e6:g} MB"
    return [Line(not problem, problem or f"documents and images: read up to {megabytes} and {settings.max_pages:,} pages")]


def _model(settings: Settings) -> list[Line]:
    row = load_models(settings.models_file).find(settings.model)
    if not row.known:
        return [Line(True, f"model {settings.model}: no row describes it, so its cost is unknown and no effort is sent")]
    price = f"${row.price['input']:.2f} in, ${row.price['output']:.2f} out for a million tokens" if row.price else "price unknown"
    note = f"; {shutdown_note(row.id, row.shutdown)} Replacement: {row.replacement}." if row.shutdown else ""
    return [Line(True, f"model {row.id}: {price} (as of {row.as_of}, {row.source}){note if settings.answering_engine != 'openai' else ''}")]


def _engine(settings: Settings) -> list[Line]:
    models = load_models(settings.models_file)
    provider = make_provider(settings, models, load_catalogue(settings.templates))
    started = time.monotonic()
    found = Checker(settings, models, provider).check()
    took = f" ({(time.monotonic() - started) * 1000:.0f} ms)" if found.engine == "openai" else ""
    return [Line(found.ok, f"engine {found.engine}: {found.detail}{took}")]


def _embedded(settings: Settings) -> list[Line]:
    """The embedded engine, also when it is not the one that answers."""
    if settings.answering_engine == "local":
        return []
    from connector.providers.local import LocalProvider

    missing = LocalProvider.available()
    return [Line(True, f"embedded engine: {missing or 'installed; FORMCALL_ENGINE=local uses it'}")]
