"""API keys: random, shown once, kept only as an HMAC under the service's own secret."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from connector.errors import FormcallError
from connector.settings import Settings
from connector.store.database import open_database, secret
from connector.store.tables import NAME_LENGTH, keys

SCOPES = ("actions", "tools", "admin")
_PREFIX = "fc_"
_LONGEST = 200
_REMEMBERED_SECONDS = 5.0  # also when somebody changes the database by hand


@dataclass(frozen=True)
class Key:
    """A key as it is kept. ``hint`` are its first characters; a revoked key opens nothing."""

    id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    revoked_at: dt.datetime | None = None


class Keys:
    """The keys of this service. A revoked key is refused at once, also by other processes.

    Keys that were found are remembered for as long as ``stamp`` does not change, a file beside an SQLite database that is touched
    whenever a key is made or revoked. Without one (a database that several machines share) each question goes to the database.
    """

    def __init__(self, database: Engine, secret: bytes, *, stamp: Path | None = None) -> None:
        self._database, self._secret, self._stamp = database, secret, stamp
        self._remembered: dict[str, Key] = {}
        self._remembered_at: tuple[int, float] = (0, 0.0)
        self._by_digest = select(keys).where(keys.c.digest == bindparam("digest"), keys.c.revoked_at.is_(None))

    def create(self, name: str, scopes: Sequence[str] = ("actions", "tools")) -> tuple[Key, str]:
        """A new key and its plain text, which nobody can read again; ``FormcallError`` for a name that is taken."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_LENGTH:
            raise FormcallError("bad_request", "A key needs a name of 1 to 100 characters.")
        if unknown := [scope for scope in scopes if scope not in SCOPES]:
            raise FormcallError("bad_request", f'"{unknown[0]}" is not a scope; the scopes are {", ".join(SCOPES)}.')
        plain = _PREFIX + secrets.token_urlsafe(32)
        key = Key(f"key_{secrets.token_hex(8)}", name, plain[:8], tuple(scopes), dt.datetime.now(dt.UTC))
        row = {**vars(key), "scopes": list(key.scopes), "digest": self._digest(plain)}
        try:
            with self._database.begin() as connection:
                connection.execute(keys.insert().values(**row))
        except IntegrityError:
            raise FormcallError("bad_request", f'There is a key called "{name}" already. Choose another name.') from None
        self._touch()
        return key, plain

    def find(self, plain: str) -> Key | None:
        """The key whose plain text this is, unless it is unknown or revoked."""
        if not plain.startswith(_PREFIX) or len(plain) > _LONGEST:
            return None
        digest = self._digest(plain)
        remembered = self._still_known()
        if digest in remembered:
            return remembered[digest]
        with self._database.connect() as connection:
            row = connection.execute(self._by_digest, {"digest": digest}).first()
        if row is None:
            return None
        remembered[digest] = _key(row)
        return remembered[digest]

    def _still_known(self) -> dict[str, Key]:
        """The keys found since the stamp last changed; an empty dict of its own when nothing may be remembered."""
        changed = self._changed()
        if changed is None:
            return {}
        now = time.monotonic()
        if self._remembered_at[0] != changed or now - self._remembered_at[1] > _REMEMBERED_SECONDS:
            self._remembered, self._remembered_at = {}, (changed, now)
        return self._remembered

    def _changed(self) -> int | None:
        try:
            return self._stamp.stat().st_mtime_ns if self._stamp else None
        except OSError:
            return None

    def _touch(self) -> None:
        if self._stamp:
            self._stamp.touch()
            # a time of our own: the file system's moves in steps, and two changes may fall into the same one
            os.utime(self._stamp, ns=(time.time_ns(), time.time_ns()))

    def close(self) -> None:
        """Give up the connections, as before a fork."""
        self._database.dispose()

    def all(self) -> list[Key]:
        with self._database.connect() as connection:
            return [_key(row) for row in connection.execute(select(keys).order_by(keys.c.created_at))]

    def revoke(self, name_or_id: str) -> Key:
        """Revoke a key by its name or id; ``FormcallError`` when there is none that is still valid."""
        mine = (keys.c.name == name_or_id) | (keys.c.id == name_or_id)
        with self._database.begin() as connection:
            row = connection.execute(select(keys).where(mine, keys.c.revoked_at.is_(None))).first()
            if row is None:
                raise FormcallError("not_found", f'There is no valid key called "{name_or_id[:100]}".')
            connection.execute(update(keys).where(keys.c.id == row.id).values(revoked_at=dt.datetime.now(dt.UTC)))
        self._touch()
        return _key(row)

    def _digest(self, plain: str) -> str:
        return hmac.new(self._secret, plain.encode(), hashlib.sha256).hexdigest()


def _key(row: Row[Any]) -> Key:
    return Key(row.id, row.name, row.hint, tuple(row.scopes), row.created_at, row.revoked_at)


def open_keys(settings: Settings) -> Keys:
    """The keys in the settings' database."""
    database = open_database(settings)
    # beside the file, so that all who share the file share the stamp
    stamp = Path(str(database.url.database)).with_name("keys.stamp") if database.dialect.name == "sqlite" else None
    return Keys(database, secret(settings), stamp=stamp)
