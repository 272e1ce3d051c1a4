"""Opening the database: SQLite in the data folder, or any other by its address; always at the newest version."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from connector.errors import SettingsError
from connector.settings import Settings

HEAD = "0001"  # the newest file in migrations/versions
_MIGRATIONS = Path(__file__).with_name("migrations")


def open_database(settings: Settings) -> Engine:
    """An engine on the settings' database, with its tables brought up to date; ``SettingsError`` when it cannot be opened."""
    try:
        url = make_url(settings.database)
        if url.get_backend_name() == "sqlite":
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, pool_size=8, max_overflow=64)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
        _bring_up_to_date(engine)
    except ArgumentError:
        raise SettingsError("FORMCALL_DATABASE_URL is not a database address such as postgresql+psycopg://user@host/name.") from None
    except ModuleNotFoundError as error:
        raise SettingsError(f'FORMCALL_DATABASE_URL needs the package {error.name}: pip install "formcall[postgres]".') from None
    except OSError as error:
        raise SettingsError(f"FORMCALL_DATA_DIR cannot be used: {error.strerror} ({settings.data_dir}).") from None
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise SettingsError(f"The database cannot be opened: {reason}.") from None
    return engine


def secret(settings: Settings) -> bytes:
    """The secret under which keys are kept: FORMCALL_SECRET, or a file made once in the data folder."""
    if settings.secret:
        return settings.secret.encode()
    path = settings.data_dir / "secret"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "x", encoding="ascii", opener=_private) as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").encode()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _bring_up_to_date(engine: Engine) -> None:
    if _version(engine) == HEAD:
        return  # alembic takes a while to import, and most starts have nothing to do
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found
