"""Sessions of people in the console, and one-time links that start one.

Both are random texts that are shown once; the database has only their HMACs. A session belongs to
an API key and ends with it, after some hours without a page, and after some days in any case.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets

from sqlalchemy import ColumnElement, Engine, delete, select, update

from connector.settings import Settings
from connector.store.audit import OPERATOR, Actor, add_entry
from connector.store.database import load_secret
from connector.store.ids import now_ms
from connector.store.tables import keys, sessions, sign_in_links

LINK_MINUTES = 10
_SEEN_EVERY_MS = 60_000  # a page writes only when the last one is longer ago
_MAX_LENGTH = 200


class Sessions:
    """The sessions and links of this service, shared by all processes on its database."""

    def __init__(
        self,
        database: Engine,
        secret: bytes,
        *,
        idle: dt.timedelta,
        absolute: dt.timedelta,
    ) -> None:
        self._database = database
        self._secret = secret
        self._idle_ms = _ms(idle)
        self._absolute_ms = _ms(absolute)

    def start(self, key_id: str, *, address: str = "") -> str:
        """A new session for a key, started from a network ``address``; what its cookie holds."""
        text, now = secrets.token_urlsafe(32), now_ms()
        row = {
            "digest": self._digest("session", text),
            "key_id": key_id,
            "created_ms": now,
            "seen_ms": now,
            "ends_ms": now + self._absolute_ms,
        }
        with self._database.begin() as connection:
            connection.execute(delete(sessions).where(self._has_ended(now)))
            connection.execute(sessions.insert().values(**row))
            add_entry(connection, Actor(key_id, address), "console.signed_in", key_id)
        return text

    def find_key(self, text: str) -> str | None:
        """The id of the key of a session that has not ended; None for any other text.

        The session then counts as used.
        """
        if not text or len(text) > _MAX_LENGTH:
            return None
        digest, now = self._digest("session", text), now_ms()
        query = (
            select(sessions.c.key_id, sessions.c.seen_ms)
            .join(keys, keys.c.id == sessions.c.key_id)
            .where(sessions.c.digest == digest, keys.c.revoked_at.is_(None), ~self._has_ended(now))
        )
        with self._database.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if now - row.seen_ms > _SEEN_EVERY_MS:
            self._mark_seen(digest, now)
        return str(row.key_id)

    def form_token(self, text: str) -> str:
        """What each form of a session sends back, so that pages of others cannot send it."""
        return self._digest("form", text)

    def end(self, text: str) -> None:
        """End a session; nothing happens when there is none."""
        with self._database.begin() as connection:
            digest = self._digest("session", text)
            connection.execute(delete(sessions).where(sessions.c.digest == digest))

    def make_link(self, key_id: str) -> str:
        """The text of a new link that starts one session for a key, within some minutes."""
        text, now = secrets.token_urlsafe(32), now_ms()
        row = {
            "digest": self._digest("link", text),
            "key_id": key_id,
            "ends_ms": now + LINK_MINUTES * 60_000,
        }
        with self._database.begin() as connection:
            connection.execute(delete(sign_in_links).where(sign_in_links.c.ends_ms <= now))
            connection.execute(sign_in_links.insert().values(**row))
            add_entry(connection, OPERATOR, "console.link_made", key_id)
        return text

    def redeem_link(self, text: str) -> str | None:
        """The id of a link's key; None when it was used, is too old, or its key was revoked."""
        if not text or len(text) > _MAX_LENGTH:
            return None
        is_link = sign_in_links.c.digest == self._digest("link", text)
        query = (
            select(sign_in_links.c.key_id)
            .join(keys, keys.c.id == sign_in_links.c.key_id)
            .where(is_link, sign_in_links.c.ends_ms > now_ms(), keys.c.revoked_at.is_(None))
        )
        with self._database.begin() as connection:
            key_id = connection.execute(query).scalar()
            # of two that use it at the same moment, one deletes it
            is_first = connection.execute(delete(sign_in_links).where(is_link)).rowcount == 1
        return str(key_id) if key_id and is_first else None

    def _mark_seen(self, digest: str, now: int) -> None:
        with self._database.begin() as connection:
            change = update(sessions).where(sessions.c.digest == digest)
            connection.execute(change.values(seen_ms=now))

    def _has_ended(self, now: int) -> ColumnElement[bool]:
        return (sessions.c.ends_ms <= now) | (sessions.c.seen_ms <= now - self._idle_ms)

    def _digest(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def open_sessions(settings: Settings, database: Engine) -> Sessions:
    """The sessions in ``database``, which end as the settings say."""
    return Sessions(
        database,
        load_secret(settings),
        idle=dt.timedelta(hours=settings.session_hours),
        absolute=dt.timedelta(days=settings.session_days),
    )


def _ms(duration: dt.timedelta) -> int:
    return round(duration.total_seconds() * 1000)
