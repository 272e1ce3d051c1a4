"""API keys: random, shown once, kept only as an HMAC under the service's own secret."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from connector.errors import FormcallError
from connector.settings import Settings
from connector.store.database import open_database, secret
from connector.store.money import dollars
from connector.store.notes import Limits
from connector.store.tables import NAME_LENGTH, keys

SCOPES = ("actions", "tools", "admin")
_A_TOOL = re.compile(r"tool:([a-z][a-z0-9_]{0,39}|\*)")  # a tool that reaches beyond the form, by its name, or all of them
COMMAND_LINE = "command line"  # the key of what the operator's own commands run; nobody has its text
_PREFIX = "fc_"
_LONGEST = 200
_REMEMBERED_SECONDS = 5.0  # also when somebody changes the database by hand


@dataclass(frozen=True)
class Allowance:
    """How much a key may do; None: no limit. ``rate_per_minute`` calls, ``at_once`` runs under way, budgets in nano-dollars (UTC)."""

    rate_per_minute: int | None = None
    at_once: int | None = None
    budget_run_nusd: int | None = None
    budget_day_nusd: int | None = None
    budget_month_nusd: int | None = None

    @property
    def is_budgeted(self) -> bool:
        return (self.budget_run_nusd, self.budget_day_nusd, self.budget_month_nusd) != (None, None, None)

    def limits(self) -> Limits:
        """What the journal holds each run against."""
        return Limits(self.budget_day_nusd, self.budget_month_nusd, self.at_once)

    def __str__(self) -> str:
        parts = [f"{self.rate_per_minute} calls a minute"] if self.rate_per_minute is not None else []
        parts += [f"{self.at_once} at once"] if self.at_once is not None else []
        budgets = (("run", self.budget_run_nusd), ("day", self.budget_day_nusd), ("month", self.budget_month_nusd))
        return ", ".join(parts + [f"{dollars(amount)} a {period}" for period, amount in budgets if amount is not None])


ALLOWANCES = tuple(entry.name for entry in fields(Allowance))


@dataclass(frozen=True)
class Key:
    """A key as it is kept. ``hint`` are its first characters; a revoked key opens nothing."""

    id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    revoked_at: dt.datetime | None = None
    allowance: Allowance = Allowance()

    def may_use(self, tool: str, *, reaches: bool) -> bool:
        """Whether a form sent with this key may allow ``tool``; one that ``reaches`` beyond the form must be allowed by its name."""
        wanted = {"admin", f"tool:{tool}", "tool:*"} | (set() if reaches else {"tools"})
        return bool(wanted & set(self.scopes))


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

    def create(self, name: str, scopes: Sequence[str] = ("actions", "tools"), allowance: Allowance | None = None) -> tuple[Key, str]:
        """A new key and its plain text, which nobody can read again; ``FormcallError`` for a name that is taken."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_LENGTH:
            raise FormcallError("bad_request", "A key needs a name of 1 to 100 characters.")
        if unknown := [scope for scope in scopes if scope not in SCOPES and not _A_TOOL.fullmatch(scope)]:
            words = f'"{unknown[0]}" is not a scope; the scopes are {", ".join(SCOPES)}, and tool:NAME for a tool that reaches further.'
            raise FormcallError("bad_request", words)
        plain = _PREFIX + secrets.token_urlsafe(32)
        allowance = allowance or Allowance()
        key = Key(f"key_{secrets.token_hex(8)}", name, plain[:8], tuple(scopes), dt.datetime.now(dt.UTC), allowance=allowance)
        row = {**vars(key), **asdict(allowance), "scopes": list(key.scopes), "digest": self._digest(plain)}
        del row["allowance"]
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

    def named(self, name_or_id: str) -> Key:
        """The valid key of this name or id; ``FormcallError`` when there is none."""
        mine = (keys.c.name == name_or_id) | (keys.c.id == name_or_id)
        with self._database.connect() as connection:
            row = connection.execute(select(keys).where(mine, keys.c.revoked_at.is_(None))).first()
        if row is None:
            raise FormcallError("not_found", f'There is no valid key called "{name_or_id[:100]}".')
        return _key(row)

    def of_command_line(self) -> Key:
        """The key that commands on this machine run under, without limits."""
        try:
            return self.named(COMMAND_LINE)
        except FormcallError:
            return self.create(COMMAND_LINE)[0]

    def by_id(self, key_id: str) -> Key | None:
        """The key with this id, also a revoked one: what it began may have to be finished."""
        with self._database.connect() as connection:
            row = connection.execute(select(keys).where(keys.c.id == key_id)).first()
        return _key(row) if row else None

    def change(self, name_or_id: str, **allowance: int | None) -> Key:
        """Set some limits of a key (None takes one away); they hold from its next run on."""
        key = self.named(name_or_id)
        with self._database.begin() as connection:
            connection.execute(update(keys).where(keys.c.id == key.id).values(allowance))
        self._touch()
        return replace(key, allowance=replace(key.allowance, **allowance))

    def revoke(self, name_or_id: str) -> Key:
        """Revoke a key by its name or id; ``FormcallError`` when there is none that is still valid."""
        key = self.named(name_or_id)
        at = dt.datetime.now(dt.UTC)
        with self._database.begin() as connection:
            connection.execute(update(keys).where(keys.c.id == key.id).values(revoked_at=at))
        self._touch()
        return replace(key, revoked_at=at)

    def _digest(self, plain: str) -> str:
        return hmac.new(self._secret, plain.encode(), hashlib.sha256).hexdigest()


def _key(row: Row[Any]) -> Key:
    allowance = Allowance(**{name: getattr(row, name) for name in ALLOWANCES})
    return Key(row.id, row.name, row.hint, tuple(row.scopes), row.created_at, row.revoked_at, allowance)


def open_keys(settings: Settings, database: Engine | None = None) -> Keys:
    """The keys in the settings' database, which is opened unless it is given."""
    database = database or open_database(settings)
    # beside the file, so that all who share the file share the stamp
    stamp = Path(str(database.url.database)).with_name("keys.stamp") if database.dialect.name == "sqlite" else None
    return Keys(database, secret(settings), stamp=stamp)
