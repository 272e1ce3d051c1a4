"""API keys: random, shown once, stored only as an HMAC under the service's own secret."""

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

from sqlalchemy import Engine, ScalarSelect, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from connector.catalogue.options import REVIEW_POLICIES
from connector.errors import FormcallError
from connector.settings import Settings
from connector.store.database import load_secret, open_database
from connector.store.ids import today
from connector.store.ledger.money import format_usd
from connector.store.ledger.records import BudgetLimits
from connector.store.rows import KeyRow
from connector.store.tables import IS_SINGLE, NAME_LENGTH, keys, runs, spending

SCOPES = ("actions", "tools", "review", "admin")
# a tool that acts outside the form, by its name, or all of them
_TOOL_SCOPE = re.compile(r"tool:([a-z][a-z0-9_]{0,39}|\*)")
# the runs of one key that wait for a person, by the key's id
_REVIEW_SCOPE = re.compile(r"review:key_[0-9a-f]{16}")
# the key of runs by the operator's own commands; its text is never shown
COMMAND_LINE = "command line"
_PREFIX = "fc_"
_MAX_LENGTH = 200
_CACHE_SECONDS = 5.0  # a limit for changes made in the database by hand


@dataclass(frozen=True)
class KeyLimits:
    """The limits of a key; None: no limit.

    ``rate_per_minute`` calls, ``at_once`` concurrent runs, budgets in nano-dollars by UTC days.
    """

    rate_per_minute: int | None = None
    at_once: int | None = None
    budget_run_nusd: int | None = None
    budget_day_nusd: int | None = None
    budget_month_nusd: int | None = None

    @property
    def has_budget(self) -> bool:
        budgets = (self.budget_run_nusd, self.budget_day_nusd, self.budget_month_nusd)
        return any(budget is not None for budget in budgets)

    def budget_limits(self) -> BudgetLimits:
        """The limits that the ledger enforces."""
        return BudgetLimits(self.budget_day_nusd, self.budget_month_nusd, self.at_once)

    def __str__(self) -> str:
        parts: list[str] = []
        if self.rate_per_minute is not None:
            parts.append(f"{self.rate_per_minute} calls a minute")
        if self.at_once is not None:
            parts.append(f"{self.at_once} at once")
        budgets = {
            "run": self.budget_run_nusd,
            "day": self.budget_day_nusd,
            "month": self.budget_month_nusd,
        }
        for period, amount in budgets.items():
            if amount is not None:
                parts.append(f"{format_usd(amount)} a {period}")
        return ", ".join(parts)


# of a new key that is given no rate: a loop or a leaked key has an end, and people never meet it
DEFAULT_LIMITS = KeyLimits(rate_per_minute=3_000)
LIMIT_FIELDS = tuple(entry.name for entry in fields(KeyLimits))


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
    limits: KeyLimits = KeyLimits()
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
        self._database = database
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
        scopes: Sequence[str] = ("actions", "tools"),
        limits: KeyLimits | None = None,
        review: str = "",
    ) -> tuple[Key, str]:
        """A new key and its text, which is not stored.

        ``FormcallError`` for a name that is taken, or an unknown scope.
        """
        name = _checked_name(name)
        _check_scopes(scopes)
        text = _PREFIX + secrets.token_urlsafe(32)
        key = Key(
            f"key_{secrets.token_hex(8)}",
            name,
            text[:8],
            tuple(scopes),
            dt.datetime.now(dt.UTC),
            limits=limits or KeyLimits(),
            review=_checked_review(review),
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
            with self._database.begin() as connection:
                connection.execute(keys.insert().values(**row))
        except IntegrityError:
            raise FormcallError(
                "bad_request", f'There is a key called "{name}" already. Choose another name.'
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
        with self._database.connect() as connection:
            row = connection.execute(self._by_digest, {"digest": digest}).first()
        if row is None:
            return None
        key = _to_key(KeyRow._make(row))
        cache[digest] = key
        return key

    def _current_cache(self) -> dict[str, Key]:
        """The keys found since the stamp last changed; a throw-away dict without a stamp."""
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
        self._database.dispose()

    def list_all(self) -> list[Key]:
        """All keys, the oldest first; also revoked ones."""
        with self._database.connect() as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created_at))
            return [_to_key(KeyRow._make(row)) for row in rows]

    def by_name(self, name_or_id: str) -> Key:
        """The valid key of this name or id; ``FormcallError`` when there is none."""
        is_named = (keys.c.name == name_or_id) | (keys.c.id == name_or_id)
        query = select(keys).where(is_named, keys.c.revoked_at.is_(None))
        with self._database.connect() as connection:
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
        with self._database.connect() as connection:
            row = connection.execute(select(keys).where(keys.c.id == key_id)).first()
        return _to_key(KeyRow._make(row)) if row else None

    def is_revoked(self, key_id: str) -> bool:
        """Whether the key with this id was revoked."""
        key = self.by_id(key_id)
        return key is not None and key.revoked_at is not None

    def update_limits(self, name_or_id: str, **values: int | None) -> Key:
        """Set some limits of a key (None removes one), from its next run on."""
        key = self.by_name(name_or_id)
        with self._database.begin() as connection:
            connection.execute(update(keys).where(keys.c.id == key.id).values(values))
        self._touch_stamp()
        return replace(key, limits=replace(key.limits, **values))

    def set_review(self, name_or_id: str, review: str) -> None:
        """Set which answers of a key wait for a person by default, from its next run on."""
        key = self.by_name(name_or_id)
        with self._database.begin() as connection:
            change = update(keys).where(keys.c.id == key.id)
            connection.execute(change.values(review=_checked_review(review)))
        self._touch_stamp()

    def activity(self) -> dict[str, KeyActivity]:
        """When each key was last used for a run, and what it has spent today and this month."""
        newest = select(runs.c.created_ms).where(runs.c.key_id == keys.c.id, IS_SINGLE)
        newest = newest.order_by(runs.c.id.desc()).limit(1)
        query = select(
            keys.c.id,
            newest.scalar_subquery(),
            _spent_in(today()),
            _spent_in(today()[:7]),
        )
        with self._database.connect() as connection:
            return {
                row[0]: KeyActivity(row[1], row[2] or 0, row[3] or 0)
                for row in connection.execute(query)
            }

    def revoke(self, name_or_id: str) -> Key:
        """Revoke a valid key by its name or id; ``FormcallError`` when there is none."""
        key = self.by_name(name_or_id)
        at = dt.datetime.now(dt.UTC)
        with self._database.begin() as connection:
            connection.execute(update(keys).where(keys.c.id == key.id).values(revoked_at=at))
        self._touch_stamp()
        return replace(key, revoked_at=at)

    def _digest(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def _spent_in(period: str) -> ScalarSelect[int]:
    query = select(spending.c.spent_nusd).where(spending.c.account == keys.c.id)
    return query.where(spending.c.period == period).scalar_subquery()


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise FormcallError("bad_request", "A key needs a name of 1 to 100 characters.")
    return name


def _checked_review(review: str) -> str:
    if review and review not in REVIEW_POLICIES:
        raise FormcallError(
            "bad_request", f'"{review[:40]}" is not one of {", ".join(REVIEW_POLICIES)}.'
        )
    return review


def _check_scopes(scopes: Sequence[str]) -> None:
    for scope in scopes:
        is_named = _TOOL_SCOPE.fullmatch(scope) or _REVIEW_SCOPE.fullmatch(scope)
        if scope not in SCOPES and not is_named:
            raise FormcallError(
                "bad_request",
                f'"{scope}" is not a scope; the scopes are {", ".join(SCOPES)}, tool:NAME for a '
                "tool that acts outside the form, and review:KEY_ID for the runs of one key.",
            )


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
