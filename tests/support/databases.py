"""New databases of each kind, for tests that must pass on both."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

SERVER = "postgres@127.0.0.1:5432"
KINDS = ("sqlite", "postgresql")


@contextmanager
def database_url(kind: str) -> Iterator[str]:
    """What FORMCALL_DATABASE_URL is to be: "" for the file in the data folder, or a new PostgreSQL
    that is dropped in the end."""
    if kind == "sqlite":
        yield ""
        return
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
        try:
            yield f"postgresql+psycopg://{SERVER}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()
