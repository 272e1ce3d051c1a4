"""API keys: random, shown once, stored only as an HMAC under the service's own secret."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sqlalchemy import (
    ColumnElement,
    Engine,
    ScalarSelect,
    Text,
    bindparam,
    cast,
    exists,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from connector.errors import FormcallError
from connector.json_types import Json
from connector.settings import Settings
from connector.store.audit import OPERATOR, Actor, add_entry
from connector.store.database import load_secret, open_database
from connector.store.ids import today
from connector.store.key_limits import (
    DEFAULT_SCOPES,
    LIMIT_READERS,
    KeyLimits,
    check_review,
    check_scopes,
)
from connector.store.ledger.money import to_usd
from connector.store.rows import KeyRow
from connector.store.tables import IS_SINGLE, NAME_LENGTH, keys, runs, spending

# the key of runs by the operator's own commands; its text is never shown
COMMAND_LINE = "command line"
_PREFIX = "fc_"
_MAX_LENGTH = 200
_NO_LIMITS = KeyLimits()
_CACHE_SECONDS = 5.0  # a limit for changes made in the database by hand


@dataclass(frozen=True)
class Key:
    """A stored key. ``hint`` has its first characters; a revoked key is refused.

    ``review`` says which of its answers wait for a person, by default.
    """

    id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    revoked_at: dt.datetime | None = None
    limits: KeyLimits = _NO_LIMITS
    review: str = ""

    def may_use(self, tool: str, *, reaches_outside: bool) -> bool:
        """Whether a form sent with this key may allow ``tool``.

        The scope "tools" has the tools that use the form only; one that ``reaches_outside`` must be
        allowed by its name.
        """
        allowing = {"admin", f"tool:{tool}", "tool:*"}
        if not reaches_outside:
            allowing.add("tools")
        return not allowing.isdisjoint(self.scopes)

    @property
    def reviewed_keys(self) -> frozenset[str] | None:
        """The ids of the keys whose waiting runs this key may decide on; None: of all keys."""
        if not {"admin", "review"}.isdisjoint(self.scopes):
            return None
        named = {scope.removeprefix("review:") for scope in self.scopes if ":key_" in scope}
        return frozenset(named | ({self.id} if "actions" in self.scopes else set()))


@dataclass(frozen=True)
class KeyActivity:
    """The last run of a key (ms since 1970; None: none is stored), and what it has spent.

    Amounts are nano-dollars, of this day and this month in UTC.
    """

    last_run_ms: int | None
    day_nusd: int
    month_nusd: int


class Keys:
    """The keys of this service. A revoked key is refused at once, also by other processes.

    Keys are cached as long as ``stamp`` does not change, a file beside an SQLite database that is
    touched whenever a key changes. Without one (several machines share the database) each lookup
    reads the database.
    """

    def __init__(self, database: Engine, secret: bytes, *, stamp: Path | None = None) -> None:
        self.database = database
        self._secret = secret
        self._stamp = stamp
        self._cache: dict[str, Key] = {}
        self._cache_version: tuple[int, float] = (0, 0.0)
        self._by_digest = select(keys).where(
            keys.c.digest == bindparam("digest"), keys.c.revoked_at.is_(None)
        )

    def create(
        self,
        name: str,
        scopes: Sequence[str] = DEFAULT_SCOPES,
        limits: KeyLimits | None = None,
        review: str = "",
        *,
        by: Actor = OPERATOR,
    ) -> tuple[Key, str]:
        """A new key and its text, which is not stored.

        ``FormcallError`` for a name that is taken, or an unknown scope.
        """
        name = _checked_name(name)
        check_scopes(scopes)
        text = _PREFIX + secrets.token_urlsafe(32)
        key = Key(
            f"key_{secrets.token_hex(8)}",
            name,
            text[:8],
            tuple(scopes),
            dt.datetime.now(dt.UTC),
            limits=limits or KeyLimits(),
            review=check_review(review),
        )
        row = {
            "id": key.id,
            "name": key.name,
            "digest": self._digest(text),
            "hint": key.hint,
            "scopes": list(key.scopes),
            "created_at": key.created_at,
            **asdict(key.limits),
            "review": key.review or None,
        }
        try:
            with self.database.begin() as connection:
                connection.execute(keys.insert().values(**row))
                set_values = {name: value for name, value in row.items() if value is not None}
                add_entry(connection, by, "key.created", key.id, **_audited(set_values))
        except IntegrityError:
            raise FormcallError(
                "conflict", f'There is a key called "{name}" already. Choose another name.'
            ) from None
        self._touch_stamp()
        return key, text

    def find(self, text: str) -> Key | None:
        """The key with this text, None when it is unknown or revoked."""
        if not text.startswith(_PREFIX) or len(text) > _MAX_LENGTH:
            return None
        digest = self._digest(text)
        cache = self._current_cache()
        if digest in cache:
            return cache[digest]
        with self.database.connect() as connection:
            row = connection.execute(self._by_digest, {"digest": digest}).first()
        if row is None:
            return None
        key = _to_key(KeyRow._make(row))
        cache[digest] = key
        return key

    def _current_cache(self) -> dict[str, Key]:
        """The keys found since the stamp last changed, by digest and by id; a throw-away dict
        without a stamp."""
        changed_ns = self._stamp_time()
        if changed_ns is None:
            return {}
        now = time.monotonic()
        cached_ns, since = self._cache_version
        if cached_ns != changed_ns or now - since > _CACHE_SECONDS:
            self._cache = {}
            self._cache_version = (changed_ns, now)
        return self._cache

    def _stamp_time(self) -> int | None:
        try:
            return self._stamp.stat().st_mtime_ns if self._stamp else None
        except OSError:
            return None

    def _touch_stamp(self) -> None:
        if self._stamp:
            self._stamp.touch()
            # the file system's clock moves in steps, so two changes could get the same time
            os.utime(self._stamp, ns=(time.time_ns(), time.time_ns()))

    def close(self) -> None:
        """Close the connections, as before a fork."""
        self.database.dispose()

    def list_all(self) -> list[Key]:
        """All keys, the oldest first; also revoked ones."""
        with self.database.connect() as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created_at))
            return [_to_key(KeyRow._make(row)) for row in rows]

    def by_name(self, name_or_id: str) -> Key:
        """The valid key of this name or id; ``FormcallError`` when there is none."""
        is_named = (keys.c.name == name_or_id) | (keys.c.id == name_or_id)
        query = select(keys).where(is_named, keys.c.revoked_at.is_(None))
        with self.database.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise FormcallError("not_found", f'There is no valid key called "{name_or_id[:100]}".')
        return _to_key(KeyRow._make(row))

    def command_line_key(self) -> Key:
        """The key of runs by commands on this machine, which has no limits."""
        try:
            return self.by_name(COMMAND_LINE)
        except FormcallError:
            return self.create(COMMAND_LINE)[0]

    def by_id(self, key_id: str) -> Key | None:
        """The key with this id, also a revoked one, whose runs may have to be finished."""
        cache = self._current_cache()
        if key_id in cache:  # each row of a batch asks for its key
            return cache[key_id]
        with self.database.connect() as connection:
            row = connection.execute(select(keys).where(keys.c.id == key_id)).first()
        if row is None:
            return None
        key = _to_key(KeyRow._make(row))
        cache[key_id] = key
        return key

    def is_revoked(self, key_id: str) -> bool:
        """Whether the key with this id was revoked."""
        key = self.by_id(key_id)
        return key is not None and key.revoked_at is not None

    def change(
        self,
        name_or_id: str,
        *,
        scopes: Sequence[str] | None = None,
        review: str | None = None,
        limits: Mapping[str, int | None] | None = None,
        keep_admin: bool = False,
        by: Actor = OPERATOR,
    ) -> Key:
        """Change a valid key, from its next call on; what is None stays, a limit of None goes.

        ``review``: which of its answers wait for a person, by default. ``keep_admin`` as in
        ``revoke``. ``FormcallError`` when there is no such key, or a value is invalid.
        """
        key = self.by_name(name_or_id)
        values: Json = dict(limits or {})
        if scopes is not None:
            values["scopes"] = list(check_scopes(scopes))
        if review is not None:
            values["review"] = check_review(review) or None
        loses_admin = "admin" in key.scopes and "admin" not in (scopes or key.scopes)
        if values:
            self._update(key, values, "key.changed", by, keep_admin=keep_admin and loses_admin)
        return self.by_name(key.id)

    def _update(self, key: Key, values: Json, event: str, by: Actor, *, keep_admin: bool) -> None:
        """Write ``values``; with ``keep_admin`` only if another valid key has the scope admin."""
        with self.database.begin() as connection:
            if keep_admin and connection.dialect.name == "postgresql":
                # of two admins who remove each other, the second finds what the first has done
                connection.execute(select(keys.c.id).where(_IS_ADMIN).with_for_update())
            condition = _has_other_admin(key.id) if keep_admin else true()
            change = update(keys).where(keys.c.id == key.id, condition).values(values)
            if not connection.execute(change).rowcount:
                raise FormcallError(
                    "conflict",
                    f'"{key.name}" is the only valid key with the scope admin, and without one '
                    "keys can only be made on the command line. Create another one first.",
                )
            add_entry(connection, by, event, key.id, **_audited({"name": key.name, **values}))
        self._touch_stamp()

    def activity(self, key_id: str = "") -> dict[str, KeyActivity]:
        """When each key was last used for a run, and what it has spent today and this month.

        ``key_id``: of this key alone.
        """
        newest = select(runs.c.created_ms).where(runs.c.key_id == keys.c.id, IS_SINGLE)
        newest = newest.order_by(runs.c.id.desc()).limit(1)
        query = select(
            keys.c.id,
            newest.scalar_subquery(),
            _spent_in(today()),
            _spent_in(today()[:7]),
        ).where(keys.c.id == key_id if key_id else true())
        with self.database.connect() as connection:
            return {
                row[0]: KeyActivity(row[1], row[2] or 0, row[3] or 0)
                for row in connection.execute(query)
            }

    def revoke(self, name_or_id: str, *, keep_admin: bool = False, by: Actor = OPERATOR) -> Key:
        """Revoke a valid key by its name or id; ``FormcallError`` when there is none.

        ``keep_admin``: the last valid key with the scope admin is not revoked (conflict).
        """
        key = self.by_name(name_or_id)
        at = dt.datetime.now(dt.UTC)
        keep_admin = keep_admin and "admin" in key.scopes
        self._update(key, {"revoked_at": at}, "key.revoked", by, keep_admin=keep_admin)
        return replace(key, revoked_at=at)

    def _digest(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def _audited(row: Json) -> Json:
    """What the audit log has of a key's row: its name, scopes and limits, as requests name them."""
    found: Json = {name: row[name] for name in ("name", "scopes", "review") if name in row}
    for name, (column, _) in LIMIT_READERS.items():
        if column in row:
            found[name] = to_usd(row[column]) if column.endswith("_nusd") else row[column]
    return found


def _spent_in(period: str) -> ScalarSelect[int]:
    query = select(spending.c.spent_nusd).where(spending.c.account == keys.c.id)
    return query.where(spending.c.period == period).scalar_subquery()


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise FormcallError("bad_request", "A key needs a name of 1 to 100 characters.")
    return name


# scopes are stored as a JSON list
_IS_ADMIN = keys.c.revoked_at.is_(None) & cast(keys.c.scopes, Text).like('%"admin"%')


def _has_other_admin(key_id: str) -> ColumnElement[bool]:
    others = select(keys.c.id).where(_IS_ADMIN, keys.c.id != key_id).subquery()
    return exists(select(others.c.id))


def _to_key(row: KeyRow) -> Key:
    limits = KeyLimits(
        row.rate_per_minute,
        row.at_once,
        row.budget_run_nusd,
        row.budget_day_nusd,
        row.budget_month_nusd,
    )
    scopes = tuple(row.scopes)
    return Key(
        row.id,
        row.name,
        row.hint,
        scopes,
        row.created_at,
        row.revoked_at,
        limits,
        row.review or "",
    )


def open_keys(settings: Settings, database: Engine | None = None) -> Keys:
    """The keys in the settings' database, which is opened unless it is given."""
    database = database or open_database(settings)
    stamp = None
    if database.dialect.name == "sqlite":
        # beside the file, so that all processes on the file share the stamp
        stamp = Path(str(database.url.database)).with_name("keys.stamp")
    return Keys(database, load_secret(settings), stamp=stamp)
