"""Opening the database: SQLite in the data folder, or any other by its address; always at the newest version."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from connector.errors import SettingsError
from connector.settings import Settings

HEAD = "0004"  # the newest file in migrations/versions
_MIGRATIONS = Path(__file__).with_name("migrations")
# several processes may start on the same new database: one makes the tables, the others wait here and then find them made
_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(4627718)"}


def open_database(settings: Settings) -> Engine:
    """An engine on the settings' database, with its tables brought up to date; ``SettingsError`` when it cannot be opened."""
    try:
        url = make_url(settings.database)
        if url.get_backend_name() == "sqlite":
            if url.database in {None, "", ":memory:"}:
                raise SettingsError("FORMCALL_DATABASE_URL must name a file, as in sqlite:///folder/formcall.db.")
            settings.data_dir.mkdir(0o700, parents=True, exist_ok=True)
        engine = create_engine(url, pool_size=8, max_overflow=64)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
        _bring_up_to_date(engine)
    except ArgumentError:
        raise SettingsError("FORMCALL_DATABASE_URL is not a database address such as postgresql+psycopg://user@host/name.") from None
    except ModuleNotFoundError as error:
        raise SettingsError(f'FORMCALL_DATABASE_URL needs the package {error.name}: pip install "formcall[postgres]".') from None
    except OSError as error:
        raise _unusable(settings, error) from None
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise SettingsError(f"The database cannot be opened: {reason}. See FORMCALL_DATA_DIR and FORMCALL_DATABASE_URL.") from None
    return engine


def _unusable(settings: Settings, error: OSError) -> SettingsError:
    return SettingsError(f"FORMCALL_DATA_DIR cannot be used: {error.strerror} ({settings.data_dir}).")


def secret(settings: Settings) -> bytes:
    """The secret under which keys are kept: FORMCALL_SECRET, or a file made once in the data folder."""
    if settings.secret:
        return settings.secret.encode()
    path = settings.data_dir / "secret"
    try:
        settings.data_dir.mkdir(0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        found = path.read_bytes().strip()
    except OSError as error:
        raise _unusable(settings, error) from None
    if not found:
        raise SettingsError(f"The file {path} is empty. Put the secret of your keys back, or delete the file and make new keys.")
    return found


def _make_secret(path: Path) -> None:
    """A new secret at ``path``, whole from the first moment; one that another process made meanwhile stays."""
    own = path.with_name(f"secret.{secrets.token_hex(4)}")
    with open(own, "x", encoding="ascii", opener=_private) as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _persistently(cursor: Any, statement: str) -> None:
    """SQLite does not wait when two processes turn a new file to WAL at once; it says that the file is locked, so we wait."""
    for _ in range(100):
        try:
            cursor.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.05)
    cursor.execute(statement)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # what is deleted is overwritten, so that a text that was to go is not left in the file
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        _persistently(cursor, f"PRAGMA {pragma}")
    cursor.close()


def _bring_up_to_date(engine: Engine) -> None:
    try:
        _migrate(engine)
    except BaseException:
        engine.dispose()
        raise


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return  # alembic takes a while to import, and most starts have nothing to do
    with engine.begin() as connection:
        if alone := _ALONE.get(engine.dialect.name):
            connection.exec_driver_sql(alone)
        if _version(connection) != HEAD:
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise SettingsError("The database was made by a newer Formcall. Install that version, or use another database.") from None


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
