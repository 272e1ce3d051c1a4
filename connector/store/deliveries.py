"""Messages to callback URLs and subscriptions: their queue, and the result of each.

The ledger writes a message in the transaction that ends its run. A sender claims it by moving its
next attempt into the future, for longer than an attempt can take: so no two senders send it at
once, and the message of a sender that dies is due again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Update, func, select, update

from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.ids import now_ms
from connector.store.ledger.transaction import delivery_row
from connector.store.rows import DeliveryRow
from connector.store.tables import IS_WAITING, deliveries

# far more than an attempt can take, since the clocks of hosts may differ
LEASE_MS = 60_000
STATES = ("waiting", "sent", "given_up", "dropped")


@dataclass(frozen=True)
class DueDelivery:
    """A message that this process sends now; ``attempts`` includes this one."""

    id: str
    key_id: str
    subscription_id: str | None
    subject_id: str
    event: str
    url: str
    receiver: str
    body: str | None
    attempts: int


_DUE_COLUMNS = tuple(deliveries.c[name] for name in DueDelivery.__dataclass_fields__)


class Deliveries:
    """The table of messages. Without ``keep_texts`` a body is deleted once it is not needed."""

    def __init__(self, database: Engine, *, keep_texts: bool = True) -> None:
        self._database = database
        self._delete_body: Json = {} if keep_texts else {"body": None}

    # --- for senders ---

    def receivers(self) -> list[str]:
        """The hosts with messages that are due, the one that waits longest first."""
        query = (
            select(deliveries.c.receiver)
            .where(IS_WAITING, deliveries.c.next_ms <= now_ms())
            .group_by(deliveries.c.receiver)
            .order_by(func.min(deliveries.c.next_ms))
        )
        with self._database.connect() as connection:
            return list(connection.execute(query).scalars())

    def claim(self, slots: Mapping[str, int], lease_ms: int = LEASE_MS) -> list[DueDelivery]:
        """Claim the oldest due messages for ``lease_ms``, at most ``slots`` for each host."""
        now = now_ms()
        claimed: list[DueDelivery] = []
        with self._database.begin() as connection:
            for receiver, limit in sorted(slots.items()):
                statement = _claim(receiver, limit, now, now + lease_ms)
                claimed += [DueDelivery(*row) for row in connection.execute(statement)]
        return claimed

    def mark_sent(self, due: DueDelivery, detail: str) -> None:
        """The receiver accepted the message."""
        self._end(_is_waiting(due), "sent", detail)

    def retry_later(self, due: DueDelivery, detail: str, seconds: float) -> None:
        """The attempt failed; the next one is due in ``seconds``."""
        next_ms = now_ms() + round(seconds * 1000)
        self._change(_is_claimed(due), next_ms=next_ms, detail=detail)

    def give_up(self, due: DueDelivery, detail: str, *, state: str = "given_up") -> None:
        """The attempt failed, and there will be no other."""
        self._end(_is_claimed(due), state, detail)

    def drop_waiting(self, subscription_id: str, detail: str) -> None:
        """Drop the waiting messages of a subscription that has ended."""
        which = (deliveries.c.subscription_id == subscription_id) & IS_WAITING
        self._end(which, "dropped", detail)

    # --- for the owners of messages ---

    def add(
        self,
        key_id: str,
        subject_id: str,
        event: str,
        body: str,
        *,
        url: str,
        subscription_id: str | None = None,
    ) -> str:
        """Queue a message apart from the end of a run; returns its id."""
        row = delivery_row(
            key_id, subject_id, event, body, url=url, subscription_id=subscription_id
        )
        with self._database.begin() as connection:
            connection.execute(deliveries.insert().values(**row))
        return str(row["id"])

    def find(self, delivery_id: str) -> DeliveryRow | None:
        """The message's record, or None."""
        query = select(deliveries).where(deliveries.c.id == delivery_id)
        with self._database.connect() as connection:
            row = connection.execute(query).first()
        return DeliveryRow._make(row) if row else None

    def list_by_key(self, key_id: str, *, limit: int = 50, **filters: str) -> list[DeliveryRow]:
        """The newest messages of a key; ``filters`` are values of columns, "" for any."""
        query = select(deliveries).where(deliveries.c.key_id == key_id)
        for name, value in filters.items():
            if value:
                query = query.where(deliveries.c[name] == value)
        query = query.order_by(deliveries.c.created_ms.desc(), deliveries.c.id.desc()).limit(limit)
        with self._database.connect() as connection:
            return [DeliveryRow._make(row) for row in connection.execute(query)]

    def resend(self, row: DeliveryRow) -> None:
        """Send a message again, or now if it waits for its next attempt.

        One that may be in an attempt at this moment is not changed.
        """
        if row.body is None:
            raise FormcallError(
                "conflict", "This message was not stored, so it cannot be sent again."
            )
        now = now_ms()
        is_idle = ~IS_WAITING | (deliveries.c.next_ms > now + LEASE_MS)
        which = (deliveries.c.id == row.id) & is_idle
        self._change(which, state="waiting", next_ms=now, attempts=0, ended_ms=None)

    def _end(self, which: ColumnElement[bool], state: str, detail: str) -> None:
        self._change(which, state=state, ended_ms=now_ms(), detail=detail, **self._delete_body)

    def _change(self, which: ColumnElement[bool], **values: Any) -> None:
        with self._database.begin() as connection:
            connection.execute(update(deliveries).where(which).values(values))


def _claim(receiver: str, limit: int, now: int, until: int) -> Update:
    # one statement, so that SQLite does not have to turn a reader into a writer
    oldest = (
        select(deliveries.c.id)
        .where(IS_WAITING, deliveries.c.receiver == receiver, deliveries.c.next_ms <= now)
        .order_by(deliveries.c.next_ms)  # only this: the index has this order
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("oldest")
    )
    change = update(deliveries).where(deliveries.c.id.in_(select(oldest.c.id)))
    values = {"next_ms": until, "attempts": deliveries.c.attempts + 1}
    return change.values(values).returning(*_DUE_COLUMNS)


def _is_waiting(due: DueDelivery) -> ColumnElement[bool]:
    return (deliveries.c.id == due.id) & IS_WAITING


def _is_claimed(due: DueDelivery) -> ColumnElement[bool]:
    """The message, unless its lease expired and another sender has claimed it since."""
    return _is_waiting(due) & (deliveries.c.attempts == due.attempts)


def sender_id(secret: bytes) -> str:
    """The name of this service in its messages, the same in all processes of one secret."""
    return hmac.new(secret, b"sender of webhooks", hashlib.sha256).hexdigest()[:32]


def signing_secret(secret: bytes, key_id: str) -> str:
    """The secret that signs a key's messages (Standard Webhooks).

    It is derived from the service's secret, and stored nowhere.
    """
    digest = hmac.new(secret, f"webhooks:{key_id}".encode(), hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(digest).decode()}"
