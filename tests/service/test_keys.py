"""API keys and their database: never stored in plain text, refused once revoked, and equal on both
databases."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from connector.errors import FormcallError, SettingsError
from connector.settings import Settings
from connector.store import database
from connector.store.key_limits import SCOPES
from connector.store.keys import Keys, open_keys
from connector.store.tables import metadata
from tests.support.running_service import clean_environment

SERVER = "postgres@127.0.0.1:5432"


def _own_postgresql() -> Iterator[str]:
    """The address of a new PostgreSQL database, which is dropped in the end."""
    psycopg = pytest.importorskip("psycopg", reason="no driver for PostgreSQL is installed")
    try:
        server = psycopg.connect(
            f"postgresql://{SERVER}/postgres", autocommit=True, connect_timeout=2
        )
    except psycopg.OperationalError:
        assert not os.environ.get("CI"), (
            "continuous integration has a PostgreSQL, so a skip there would hide a fault"
        )
        pytest.skip("there is no PostgreSQL at 127.0.0.1:5432 that lets the user postgres in")
    name = f"formcall_test_{secrets.token_hex(6)}"
    with server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"postgresql+psycopg://{SERVER}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings with a new database of each kind."""
    if request.param == "sqlite":
        yield Settings(data_dir=tmp_path / "data")
    else:
        for address in _own_postgresql():
            yield Settings(data_dir=tmp_path / "data", database_url=address)


@pytest.fixture
def keys(settings: Settings) -> Iterator[Keys]:
    found = open_keys(settings)
    yield found
    found.close()


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_is_found_by_its_plain_text_alone(keys: Keys) -> None:
    """A new key is found by what was shown once, and by nothing that is kept of it."""
    key, plain = keys.create("retool", ("actions",))
    assert re.fullmatch(r"fc_[\w-]{43}", plain)
    found = keys.find(plain)
    assert found is not None
    assert (found.id, found.name, found.scopes, found.revoked_at) == (
        key.id,
        "retool",
        ("actions",),
        None,
    )
    assert plain.startswith(found.hint)
    near = (plain[:-1], plain + "a", plain.swapcase(), f" {plain}", key.id, key.hint)
    for other in ("", "fc_", "fc_\x00", "fc_é", "fc_" + "a" * 10_000, *near):
        assert keys.find(other) is None


@pytest.mark.attack(
    "Keys are read from the data folder or a backup",
    "only keyed hashes are stored",
)
def test_plain_text_is_nowhere_in_the_folder(tmp_path: Path) -> None:
    """No file of the service holds a key, only its HMAC under the service's secret."""
    settings = Settings(data_dir=tmp_path)
    keys = open_keys(settings)
    plains = [keys.create(f"key {number}")[1] for number in range(5)]
    for plain in plains:
        keys.find(plain)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for plain in plains:
        assert plain.encode() not in everything
        assert plain[8:].encode() not in everything
        assert (
            hmac.new(database.load_secret(settings), plain.encode(), hashlib.sha256)
            .hexdigest()
            .encode()
            in everything
        )
        assert hashlib.sha256(plain.encode()).hexdigest().encode() not in everything
    keys.close()


def test_another_secret_opens_nothing(settings: Settings) -> None:
    """Keys belong to the secret they were made under; who has only the database has no key."""
    one = open_keys(settings)
    _, plain = one.create("one")
    other = open_keys(
        Settings(data_dir=settings.data_dir, database_url=settings.database_url, secret="another")
    )
    assert other.find(plain) is None
    assert one.find(plain) is not None
    one.close()
    other.close()


def test_a_given_secret_is_shared(tmp_path: Path) -> None:
    """With FORMCALL_SECRET two machines that share a database know each other's keys, and no file
    is made."""
    address = f"sqlite:///{tmp_path / 'shared.db'}"
    made = [
        open_keys(Settings(data_dir=tmp_path / name, database_url=address, secret="s" * 32))
        for name in ("a", "b")
    ]
    _, plain = made[0].create("shared")
    assert made[1].find(plain) is not None
    made[0].revoke("shared")
    assert made[1].find(plain) is None
    assert not [path for path in tmp_path.rglob("secret*") if path.is_file()]
    for keys in made:
        keys.close()


def test_revoking(keys: Keys) -> None:
    """A revoked key is found no more, by its name or its id, and stays in the list; it cannot be
    revoked twice."""
    one, plain = keys.create("one")
    two, other = keys.create("two")
    assert keys.revoke("one").id == one.id
    assert keys.revoke(two.id).name == "two"
    assert keys.find(plain) is None
    assert keys.find(other) is None
    assert [key.name for key in keys.list_all() if key.revoked_at] == ["one", "two"]
    for name in ("one", two.id, "three"):
        with pytest.raises(FormcallError, match="no valid key called"):
            keys.revoke(name)


@pytest.mark.attack(
    "A revoked key is used on",
    "refused at once, in all processes",
)
def test_a_key_revoked_elsewhere_is_forgotten_at_once(settings: Settings) -> None:
    """What is remembered of keys is dropped whenever another process makes or revokes one, however
    fast it is."""
    one, other = open_keys(settings), open_keys(settings)
    for number in range(50):
        _, plain = one.create(f"key {number}")
        assert other.find(plain) is not None
        one.revoke(f"key {number}")
        assert other.find(plain) is None
    one.close()
    other.close()


def test_a_key_that_is_asked_for_often_is_remembered(tmp_path: Path) -> None:
    """Asking again costs no question to an SQLite database."""
    keys = open_keys(Settings(data_dir=tmp_path))
    _, plain = keys.create("often")
    assert keys.find(plain) is not None
    keys.database.dispose()
    (tmp_path / "formcall.db").rename(tmp_path / "gone.db")
    assert keys.find(plain) is not None
    keys.close()


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_names_of_keys(keys: Keys, name: str) -> None:
    """A name has 1 to 100 characters."""
    with pytest.raises(FormcallError, match="1 to 100 characters"):
        keys.create(name)


def test_a_name_is_given_once(keys: Keys) -> None:
    """Two keys cannot have one name, also after the first was revoked; spaces make no other
    name."""
    keys.create("my  key")
    keys.revoke("my key")
    for name in ("my key", " my\tkey "):
        with pytest.raises(FormcallError, match='a key called "my key" already'):
            keys.create(name)
    keys.create("Schlüssel — ключ 🎈")
    assert [key.name for key in keys.list_all()] == ["my key", "Schlüssel — ключ 🎈"]


def test_scopes(keys: Keys) -> None:
    """A scope that there is not is refused, with those there are."""
    with pytest.raises(
        FormcallError, match='"write" is not a scope; the scopes are actions, tools, review, admin'
    ):
        keys.create("one", ("actions", "write"))
    assert keys.create("two", SCOPES)[0].scopes == SCOPES
    assert keys.list_all()[0].scopes == SCOPES


# --- the secret -----------------------------------------------------------------------------------


def test_the_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The file is made once, with 256 bits, and only its owner may read it."""
    settings = Settings(data_dir=tmp_path / "data")
    found = database.load_secret(settings)
    assert database.load_secret(settings) == found
    assert re.fullmatch(rb"[0-9a-f]{64}", found)
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret"]
    assert stat.S_IMODE((settings.data_dir / "secret").stat().st_mode) == 0o600
    assert database.load_secret(Settings(data_dir=tmp_path / "data", secret="given")) == b"given"


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    """A secret that was lost is told, since with another one each key would be refused without a
    word."""
    (tmp_path / "secret").write_text("")
    with pytest.raises(SettingsError, match="secret is empty"):
        open_keys(Settings(data_dir=tmp_path))


# --- the database ---------------------------------------------------------------------------------


def _is_declared(name: str | None, kind: str, _parents: object) -> bool:
    """The index of the search is a table of a kind that only its database has."""
    return kind != "table" or not str(name).startswith("run_search")


def test_migrations_make_the_tables(settings: Settings) -> None:
    """A database that was migrated has exactly the tables that the code knows, to the column."""
    engine = database.open_database(settings)
    with engine.connect() as connection:
        assert (
            compare_metadata(
                MigrationContext.configure(
                    connection, opts={"compare_type": True, "include_name": _is_declared}
                ),
                metadata,
            )
            == []
        )
        made = inspect(connection)
        for table in metadata.sorted_tables:
            assert [column["name"] for column in made.get_columns(table.name)] == [
                column.name for column in table.columns
            ]
            unique = {tuple(one["column_names"]) for one in made.get_unique_constraints(table.name)}
            assert unique == {(column.name,) for column in table.columns if column.unique}
    engine.dispose()


def test_the_newest_version_is_the_head() -> None:
    """The version the code looks for is the last one of the migrations, and there is one line of
    them."""
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [database.HEAD]


def test_opening_again_keeps_what_is_there(settings: Settings) -> None:
    """A second start finds the keys of the first."""
    first = open_keys(settings)
    _, plain = first.create("kept")
    first.close()
    second = open_keys(settings)
    assert second.find(plain) is not None
    second.close()


def test_a_start_that_breaks_off_leaves_no_half_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables are made all or none: after a start that was cut off the next one works."""
    whole = database._upgrade

    def cut_off(connection: Any) -> None:
        whole(connection)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(database, "_upgrade", cut_off)
        with pytest.raises(KeyboardInterrupt):
            database.open_database(settings)
    engine = create_engine(settings.database)
    assert not inspect(engine).get_table_names()
    engine.dispose()
    database.open_database(settings).dispose()


def test_a_database_of_a_newer_version(settings: Settings) -> None:
    """A database that a newer Formcall made is left alone."""
    engine = database.open_database(settings)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SettingsError, match="made by a newer Formcall"):
        database.open_database(settings)


START = """
import sys, time
from pathlib import Path
from connector.settings import Settings
from connector.store.keys import open_keys
import alembic.command
time.sleep(max(0, float(sys.argv[1]) - time.time()))
keys = open_keys(Settings(data_dir=Path(sys.argv[2]), database_url=sys.argv[3]))
print(keys.create("key " + sys.argv[4])[1])
"""


def test_first_starts_at_the_same_moment(settings: Settings) -> None:
    """Processes that start together on a new folder make one secret and one database, and know each
    other's keys."""
    moment = str(time.time() + 1.5)
    starts = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                START,
                moment,
                str(settings.data_dir),
                settings.database_url,
                str(number),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        for number in range(6)
    ]
    told = [process.communicate(timeout=60) for process in starts]
    assert [process.returncode for process in starts] == [0] * 6, told
    keys = open_keys(settings)
    assert all(keys.find(plain.strip()) for plain, _ in told)
    assert len({key.name for key in keys.list_all()}) == 6
    keys.close()
    assert [path.name for path in settings.data_dir.glob("secret*")] == ["secret"]


def _a_file(folder: Path) -> Path:
    (folder / "file").write_text("no folder")
    return folder / "file"


BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "a folder below a file": (
        {"FORMCALL_DATA_DIR": "FILE/data"},
        "FORMCALL_DATA_DIR cannot be used: Not a directory",
    ),
    "a file as the folder": (
        {"FORMCALL_DATA_DIR": "FILE"},
        "FORMCALL_DATA_DIR cannot be used: File exists",
    ),
    "a folder of the system": (
        {"FORMCALL_DATA_DIR": "/proc/formcall"},
        "FORMCALL_DATA_DIR cannot be used",
    ),
    "no address": (
        {"FORMCALL_DATABASE_URL": "my database"},
        "FORMCALL_DATABASE_URL is not a database address such as",
    ),
    "no such kind": (
        {"FORMCALL_DATABASE_URL": "excel://a/b"},
        "FORMCALL_DATABASE_URL is not a database address such as",
    ),
    "no driver": (
        {"FORMCALL_DATABASE_URL": "mysql+pymysql://a:hunter2@127.0.0.1/b"},
        "FORMCALL_DATABASE_URL needs the package",
    ),
    "no file": ({"FORMCALL_DATABASE_URL": "sqlite://"}, "FORMCALL_DATABASE_URL must name a file"),
    "no folder for the file": (
        {"FORMCALL_DATABASE_URL": "sqlite:////nowhere/x.db"},
        "The database cannot be opened: unable to open",
    ),
    "not a database": (
        {"FORMCALL_DATABASE_URL": "sqlite:///FILE"},
        "The database cannot be opened: file is not a database",
    ),
}


@pytest.mark.parametrize(("variables", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_database_that_cannot_be_opened(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    """A start on a folder or database that cannot be used says so in one sentence, without a
    password."""
    path = _a_file(tmp_path)
    given = {
        "FORMCALL_DATA_DIR": str(tmp_path / "data"),
        **{name: value.replace("FILE", str(path)) for name, value in variables.items()},
    }
    with pytest.raises(SettingsError) as raised:
        open_keys(_read(given))
    assert sentence in raised.value.detail
    assert "\n" not in raised.value.detail
    assert "hunter2" not in raised.value.detail


def _read(variables: dict[str, str]) -> Settings:
    from connector.settings import read_settings

    return read_settings(variables, env_file=os.devnull)


def test_a_secret_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is only needed for the secret is told in the same way."""
    settings = Settings(
        data_dir=_a_file(tmp_path) / "data", database_url=f"postgresql+psycopg://{SERVER}/x"
    )
    with pytest.raises(SettingsError, match="FORMCALL_DATA_DIR cannot be used: Not a directory"):
        database.load_secret(settings)


def test_a_server_that_cannot_be_reached() -> None:
    """So is a PostgreSQL that is not there."""
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL is installed")
    address = "postgresql+psycopg://someone:hunter2@127.0.0.1:9/x"
    with pytest.raises(SettingsError, match="The database cannot be opened") as raised:
        database.open_database(Settings(database_url=address))
    assert "hunter2" not in raised.value.detail
