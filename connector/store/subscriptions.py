"""Subscriptions: the URLs at which a key is notified of its runs and batches."""

from __future__ import annotations

import base64
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, func, select, update

from connector.errors import FormcallError
from connector.store.audit import OPERATOR, SERVICE, Actor, add_entry
from connector.store.ids import new_id, now_ms
from connector.store.ledger.transaction import receiver_host
from connector.store.rows import SubscriptionRow
from connector.store.tables import subscriptions

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

MAX_PER_KEY = 100


class Subscriptions:
    """The table of subscriptions.

    Authorization headers are encrypted under a key that is derived from ``secret``.
    """

    def __init__(self, database: Engine, secret: bytes) -> None:
        self._database = database
        self._secret = secret

    def subscribe(
        self,
        key_id: str,
        event: str,
        target_url: str,
        *,
        authorization: str = "",
        by: Actor = OPERATOR,
    ) -> SubscriptionRow:
        """A new subscription, or the active one to the same URL, with its authorization replaced.

        ``FormcallError`` (conflict) when the key has too many.
        """
        values = {
            "key_id": key_id,
            "event": event,
            "target_url": target_url,
            "authorization": self._encrypt(authorization) if authorization else None,
        }
        with self._database.begin() as connection:
            # a write comes first: SQLite may refuse to turn a reader into a writer
            existing = _update_existing(connection, values)
            if existing:
                _add_entry(connection, by, "subscription.changed", existing)
                return existing
            _check_count(connection, key_id)
            row = {**values, "id": new_id("sub"), "created_ms": now_ms()}
            insert = subscriptions.insert().values(**row).returning(*subscriptions.c)
            made = SubscriptionRow._make(connection.execute(insert).one())
            _add_entry(connection, by, "subscription.created", made)
            return made

    def find(self, subscription_id: str) -> SubscriptionRow | None:
        """The subscription's record, also after its end, or None."""
        query = select(subscriptions).where(subscriptions.c.id == subscription_id)
        with self._database.connect() as connection:
            row = connection.execute(query).first()
        return SubscriptionRow._make(row) if row else None

    def list_by_key(self, key_id: str, *, limit: int = 200) -> list[SubscriptionRow]:
        """The newest subscriptions of a key, also those that have ended."""
        query = (
            select(subscriptions)
            .where(subscriptions.c.key_id == key_id)
            .order_by(subscriptions.c.created_ms.desc(), subscriptions.c.id.desc())
            .limit(limit)
        )
        with self._database.connect() as connection:
            return [SubscriptionRow._make(row) for row in connection.execute(query)]

    def end(self, subscription_id: str, reason: str, *, by: Actor = SERVICE) -> None:
        """End an active subscription and delete its authorization; an ended one is not changed."""
        which = (subscriptions.c.id == subscription_id) & subscriptions.c.ended_ms.is_(None)
        with self._database.begin() as connection:
            change = update(subscriptions).where(which)
            values = {"ended_ms": now_ms(), "reason": reason, "authorization": None}
            if connection.execute(change.values(values)).rowcount:
                add_entry(connection, by, "subscription.ended", subscription_id)

    # --- the header for receivers that cannot verify signatures ---

    def authorization(self, row: SubscriptionRow) -> str:
        """The value of the subscription's Authorization header, "" without one.

        ``FormcallError`` when it cannot be decrypted any more.
        """
        from cryptography.fernet import InvalidToken

        if not row.authorization:
            return ""
        try:
            return self._fernet.decrypt(row.authorization.encode()).decode()
        except InvalidToken:
            raise FormcallError(
                "conflict",
                "The service's secret has changed, so the authorization cannot be read any more.",
            ) from None

    def _encrypt(self, authorization: str) -> str:
        return self._fernet.encrypt(authorization.encode()).decode()

    @cached_property
    def _fernet(self) -> Fernet:
        # imported when it is first needed, which few services ever do
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = b"formcall subscriptions authorization"
        derived = HKDF(SHA256(), 32, salt=None, info=info).derive(self._secret)
        return Fernet(base64.urlsafe_b64encode(derived))


def _add_entry(connection: Connection, by: Actor, event: str, row: SubscriptionRow) -> None:
    # of the URL only the host: tools put secrets into the rest
    receiver = receiver_host(row.target_url)
    details = {"key": row.key_id, "of": row.event, "receiver": receiver}
    add_entry(connection, by, event, row.id, **details)


def _update_existing(
    connection: Connection, values: dict[str, str | None]
) -> SubscriptionRow | None:
    change = (
        update(subscriptions)
        .where(
            subscriptions.c.key_id == values["key_id"],
            subscriptions.c.event == values["event"],
            subscriptions.c.target_url == values["target_url"],
            subscriptions.c.ended_ms.is_(None),
        )
        .values(authorization=values["authorization"])
        .returning(*subscriptions.c)
    )
    row = connection.execute(change).first()
    return SubscriptionRow._make(row) if row else None


def _check_count(connection: Connection, key_id: str) -> None:
    is_active = (subscriptions.c.key_id == key_id) & subscriptions.c.ended_ms.is_(None)
    count = connection.execute(select(func.count()).where(is_active)).scalar() or 0
    if count >= MAX_PER_KEY:
        raise FormcallError(
            "conflict",
            f"This API key already has {MAX_PER_KEY} subscriptions. Delete one that is no longer "
            "needed.",
        )
