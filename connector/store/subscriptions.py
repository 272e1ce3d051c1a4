"""Subscriptions: addresses that a key wants to be told of its runs and batches at, until it says no more or they are gone."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, func, select, update

from connector.errors import FormcallError
from connector.store.ids import new_id, now_ms
from connector.store.tables import subscriptions

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

MOST_OF_KEY = 100


class Subscriptions:
    """The table of subscriptions in ``database``. Authorization headers are kept encrypted under a key made from ``secret``."""

    def __init__(self, database: Engine, secret: bytes) -> None:
        self._database, self._secret = database, secret

    def subscribe(self, key_id: str, event: str, target_url: str, *, authorization: str = "") -> Any:
        """The record of a new subscription, or of the one that is there already; ``FormcallError`` (conflict) for one too many."""
        sealed = self._sealed(authorization) if authorization else None
        of_key = subscriptions.c.key_id == key_id
        open_ones = select(func.count()).where(of_key, subscriptions.c.ended_ms.is_(None))
        with self._database.begin() as connection:
            same = (subscriptions.c.event == event) & (subscriptions.c.target_url == target_url) & subscriptions.c.ended_ms.is_(None)
            # a write before anything is read: a reader that becomes a writer may find that it is too late
            change = update(subscriptions).where(of_key, same).values(authorization=sealed).returning(*subscriptions.c)
            if found := connection.execute(change).first():
                return found
            if (connection.execute(open_ones).scalar() or 0) >= MOST_OF_KEY:
                words = f"This API key has {MOST_OF_KEY} subscriptions already. Delete one that is not needed any more."
                raise FormcallError("conflict", words)
            row = {"id": new_id("sub"), "key_id": key_id, "event": event, "target_url": target_url, "authorization": sealed}
            made = subscriptions.insert().values(**row, created_ms=now_ms()).returning(*subscriptions.c)
            return connection.execute(made).one()

    def find(self, subscription_id: str) -> Any:
        """The subscription's record, also after its end, or None."""
        with self._database.connect() as connection:
            return connection.execute(select(subscriptions).where(subscriptions.c.id == subscription_id)).first()

    def of_key(self, key_id: str, *, limit: int = 200) -> Sequence[Any]:
        """The newest subscriptions of a key, also those that have ended."""
        query = select(subscriptions).where(subscriptions.c.key_id == key_id)
        with self._database.connect() as connection:
            return connection.execute(query.order_by(subscriptions.c.created_ms.desc(), subscriptions.c.id.desc()).limit(limit)).all()

    def end(self, subscription_id: str, reason: str) -> None:
        """Nothing more is sent to it, and its secret is forgotten. One that has ended keeps its first reason."""
        which = (subscriptions.c.id == subscription_id) & subscriptions.c.ended_ms.is_(None)
        with self._database.begin() as connection:
            connection.execute(update(subscriptions).where(which).values(ended_ms=now_ms(), reason=reason, authorization=None))

    # --- the header for receivers that cannot verify signatures ---

    def authorization(self, row: Any) -> str:
        """The value of the subscription's Authorization header, "" without one; ``FormcallError`` when it cannot be read any more."""
        from cryptography.fernet import InvalidToken

        if not row.authorization:
            return ""
        try:
            return self._fernet.decrypt(row.authorization.encode()).decode()
        except InvalidToken:
            raise FormcallError("conflict", "The service's secret has changed, and so the authorization cannot be read any more.") from None

    def _sealed(self, authorization: str) -> str:
        return self._fernet.encrypt(authorization.encode()).decode()

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(SHA256(), 32, salt=None, info=b"formcall subscriptions authorization").derive(self._secret)
        return Fernet(base64.urlsafe_b64encode(derived))
