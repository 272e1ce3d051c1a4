"""Messages that are sent to others: the queue they wait in, and what became of each.

The journal writes a message in the transaction in which its run ends. A sender claims it by moving its next try into the future, for
longer than a try may last: a sender that dies thereby gives it back, and no two send it meanwhile.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Update, func, select, update

from connector.errors import FormcallError
from connector.store.group import message
from connector.store.ids import now_ms
from connector.store.tables import IS_WAITING, deliveries

LEASE_MS = 60_000  # more than a try may last, by far: the clocks of hosts need not agree
STATES = ("waiting", "sent", "given_up", "dropped")


@dataclass(frozen=True)
class Due:
    """A message that this process is to send now; ``attempts`` counts this try."""

    id: str
    key_id: str
    subscription_id: str | None
    subject_id: str
    event: str
    url: str
    receiver: str
    body: str | None
    attempts: int


_DUE = tuple(deliveries.c[name] for name in Due.__dataclass_fields__)


class Deliveries:
    """The table of messages in ``database``. Without ``keeps`` a message's text is deleted as soon as it is not needed any more."""

    def __init__(self, database: Engine, *, keeps: bool = True) -> None:
        self._database = database
        self._forget: dict[str, None] = {} if keeps else {"body": None}

    # --- for senders ---

    def receivers(self) -> list[str]:
        """The hosts that something is due for, the one that waits longest first."""
        query = select(deliveries.c.receiver).where(IS_WAITING, deliveries.c.next_ms <= now_ms()).group_by(deliveries.c.receiver)
        with self._database.connect() as connection:
            return list(connection.execute(query.order_by(func.min(deliveries.c.next_ms))).scalars())

    def claim(self, places: Mapping[str, int], lease_ms: int = LEASE_MS) -> list[Due]:
        """The oldest messages that are due, so many for each of these hosts at the most; they are this process's for ``lease_ms``."""
        now, found = now_ms(), []
        with self._database.begin() as connection:
            for receiver, most in sorted(places.items()):
                found += [Due(*row) for row in connection.execute(_claim(receiver, most, now, now + lease_ms))]
        return found

    def is_sent(self, due: Due, detail: str) -> None:
        """It has arrived."""
        self._change(_still_waiting(due), state="sent", ended_ms=now_ms(), detail=detail, **self._forget)

    def try_later(self, due: Due, detail: str, seconds: float) -> None:
        """It has not arrived, and is tried again after ``seconds``."""
        self._change(_mine(due), next_ms=now_ms() + round(seconds * 1000), detail=detail)

    def give_up(self, due: Due, detail: str, *, state: str = "given_up") -> None:
        """It has not arrived, and is not tried again."""
        self._change(_mine(due), state=state, ended_ms=now_ms(), detail=detail, **self._forget)

    def drop_waiting(self, subscription_id: str, detail: str) -> None:
        """Whatever still waits for a subscription that has ended is not sent any more."""
        of_it = (deliveries.c.subscription_id == subscription_id) & IS_WAITING
        self._change(of_it, state="dropped", ended_ms=now_ms(), detail=detail, **self._forget)

    # --- for those whose messages they are ---

    def add(self, key_id: str, subject_id: str, event: str, body: str, *, url: str, subscription_id: str | None = None) -> str:
        """Queue a message that belongs to no run's end; its id."""
        row = message(key_id, subject_id, event, body, url=url, subscription_id=subscription_id)
        with self._database.begin() as connection:
            connection.execute(deliveries.insert().values(**row))
        return str(row["id"])

    def find(self, delivery_id: str) -> Any:
        """The message's whole record, or None."""
        with self._database.connect() as connection:
            return connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).first()

    def of_key(self, key_id: str, *, limit: int = 50, **wanted: str) -> Sequence[Any]:
        """The newest messages of a key; ``wanted`` narrows them by columns, where it is not empty."""
        query = select(deliveries).where(deliveries.c.key_id == key_id, *(deliveries.c[name] == is_ for name, is_ in wanted.items() if is_))
        with self._database.connect() as connection:
            return connection.execute(query.order_by(deliveries.c.created_ms.desc(), deliveries.c.id.desc()).limit(limit)).all()

    def resend(self, row: Any) -> None:
        """Send a message again, or at once if it waits for its next try. One that may be on its way at this moment is left alone."""
        if row.body is None:
            raise FormcallError("conflict", "This message was not kept, so it cannot be sent again.")
        ended_or_idle = ~IS_WAITING | (deliveries.c.next_ms > now_ms() + LEASE_MS)
        again = {"state": "waiting", "next_ms": now_ms(), "attempts": 0, "ended_ms": None}
        self._change((deliveries.c.id == row.id) & ended_or_idle, **again)

    def _change(self, which: ColumnElement[bool], **values: Any) -> None:
        with self._database.begin() as connection:
            connection.execute(update(deliveries).where(which).values(values))


def _claim(receiver: str, most: int, now: int, until: int) -> Update:
    # one statement, which is a transaction's first on SQLite: a reader that becomes a writer may find that it is too late
    oldest = (
        select(deliveries.c.id)
        .where(IS_WAITING, deliveries.c.receiver == receiver, deliveries.c.next_ms <= now)
        .order_by(deliveries.c.next_ms)  # and nothing more: it is the order of the index, so that few rows are read of many
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("oldest")
    )
    mine = update(deliveries).where(deliveries.c.id.in_(select(oldest.c.id)))
    return mine.values(next_ms=until, attempts=deliveries.c.attempts + 1).returning(*_DUE)


def _still_waiting(due: Due) -> ColumnElement[bool]:
    return (deliveries.c.id == due.id) & IS_WAITING


def _mine(due: Due) -> ColumnElement[bool]:
    """The message, unless its lease ran out and another sender has claimed it since."""
    return _still_waiting(due) & (deliveries.c.attempts == due.attempts)


def signing_secret(secret: bytes, key_id: str) -> str:
    """What the messages of a key are signed with (Standard Webhooks): made from the service's own secret, so it is kept nowhere."""
    made = hmac.new(secret, f"webhooks:{key_id}".encode(), hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(made).decode()}"
