"""Opens the database, SQLite in the data folder or another one, and migrates it."""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from connector.durable.postgresql import create_bounded_engine, long_statements
from connector.errors import SettingsError
from connector.settings import Settings
from connector.store.private_files import make_private, open_private

log = logging.getLogger("formcall")

_POOL_SIZE = 8
_MIN_OVERFLOW = 8
# what the processes of one service share, so that two of them fit a PostgreSQL as it is installed
_MAX_CONNECTIONS = 95
_OTHER_CONNECTIONS = 23  # of a process, for its jobs
_FIRST_PAUSE_SECONDS = 1.0
_MAX_PAUSE_SECONDS = 10.0
HEAD = "0013"  # the newest file in migrations/versions
_MIGRATIONS = Path(__file__).with_name("migrations")
# several processes may start on the same new database: one creates the tables, the others wait
_MIGRATION_LOCKS = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "SELECT pg_advisory_xact_lock(4627718)",
}
# deleted text is overwritten (secure_delete), so that it does not stay in the file
_SQLITE_PRAGMAS = (
    "busy_timeout=5000",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=ON",
)


class DatabaseUnavailable(SettingsError):
    """The database does not respond, or refuses to be opened."""


def wait_for_database(settings: Settings) -> None:
    """Return once the database can be opened: for a start that is not the first one.

    Its settings have been right before, so it is only away. ``SettingsError`` for anything else.
    """
    pause = _FIRST_PAUSE_SECONDS
    is_logged = False
    while True:
        try:
            open_database(settings).dispose()
            return
        except DatabaseUnavailable as error:
            if not is_logged:
                log.warning("the start waits for the database: %s", error.detail)
                is_logged = True
        time.sleep(pause)
        pause = min(2 * pause, _MAX_PAUSE_SECONDS)


def open_database(settings: Settings) -> Engine:
    """An engine on the settings' database, with current tables; ``SettingsError`` on failure."""
    try:
        engine = _create_engine(settings)
        _migrate_or_dispose(engine)
    except ArgumentError:
        raise SettingsError(
            "FORMCALL_DATABASE_URL is not a database address such as "
            "postgresql+psycopg://user@host/name."
        ) from None
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"FORMCALL_DATABASE_URL needs the package {error.name}: pip install "
            '"formcall[postgres]".'
        ) from None
    except OSError as error:
        raise _data_dir_error(settings, error) from None
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise DatabaseUnavailable(
            f"The database cannot be opened: {reason}. See FORMCALL_DATA_DIR and "
            "FORMCALL_DATABASE_URL."
        ) from None
    return engine


def _create_engine(settings: Settings) -> Engine:
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        _require_file(url)
        settings.data_dir.mkdir(0o700, parents=True, exist_ok=True)
        make_private(Path(str(url.database)))
    if url.get_backend_name() == "postgresql":
        return create_bounded_engine(url, **_pool(settings.processes))
    engine = create_engine(url, **_pool(1))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _pool(processes: int) -> dict[str, int]:
    own_share = _MAX_CONNECTIONS // max(1, processes) - _OTHER_CONNECTIONS - _POOL_SIZE
    return {"pool_size": _POOL_SIZE, "max_overflow": max(_MIN_OVERFLOW, own_share)}


def _require_file(url: URL) -> None:
    if url.database in {None, "", ":memory:"}:
        raise SettingsError(
            "FORMCALL_DATABASE_URL must name a file, as in sqlite:///folder/formcall.db."
        )


def _data_dir_error(settings: Settings, error: OSError) -> SettingsError:
    return SettingsError(
        f"FORMCALL_DATA_DIR cannot be used: {error.strerror} ({settings.data_dir})."
    )


def load_secret(settings: Settings) -> bytes:
    """The secret for the HMACs of keys: FORMCALL_SECRET, or a file created in the data folder."""
    if settings.secret:
        return settings.secret.encode()
    path = settings.data_dir / "secret"
    try:
        settings.data_dir.mkdir(0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create_secret(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise _data_dir_error(settings, error) from None
    if not secret:
        raise SettingsError(
            f"The file {path} is empty. Put the secret of your keys back, or delete the file and "
            "make new keys."
        )
    return secret


def _create_secret(path: Path) -> None:
    """Create a secret at ``path`` atomically; one that another process created first stays."""
    temporary = path.with_name(f"secret.{secrets.token_hex(4)}")
    with open(temporary, "x", encoding="ascii", opener=open_private) as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        _execute_when_unlocked(cursor, f"PRAGMA {pragma}")
    cursor.close()


def _execute_when_unlocked(cursor: Any, statement: str) -> None:
    """Wait while the file is locked: SQLite itself does not while processes switch it to WAL."""
    for _ in range(100):
        try:
            cursor.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.05)
    cursor.execute(statement)


def _migrate_or_dispose(engine: Engine) -> None:
    try:
        _migrate(engine)
    except BaseException:
        engine.dispose()
        raise


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return  # alembic is slow to import, and most starts have nothing to migrate
    with engine.begin() as connection, long_statements(connection):
        lock = _MIGRATION_LOCKS.get(engine.dialect.name)
        if lock:
            connection.exec_driver_sql(lock)
        if _version(connection) != HEAD:
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    # imported here, since most starts do not need it
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise SettingsError(
            "The database was made by a newer Formcall. Install that version, or use another "
            "database."
        ) from None


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar()
    return version
