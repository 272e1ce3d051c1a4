"""Reads the records of runs, and caches answers."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import IntegrityError

from connector.catalogue.values import is_absent
from connector.json_types import Json
from connector.store.blobs import BlobStore
from connector.store.ids import now_ms
from connector.store.ledger.records import NEEDS_REVIEW
from connector.store.rows import LedgerRow, OpenRunRow, RunRow
from connector.store.tables import IS_OPEN, batches, cached_answers, ledger, runs

_OPEN_RUN_COLUMNS = tuple(runs.c[name] for name in OpenRunRow._fields)


def row_values(fixed: Json, mapping: Mapping[str, str], row: Mapping[str, Any]) -> Json:
    """The form of one row of a batch; an empty cell leaves the value that all rows share."""
    own = {
        field: row[column] for field, column in mapping.items() if not is_absent(row.get(column))
    }
    return {**fixed, **own}


class Runs:
    """The records of runs, read only; they are changed through the ledger."""

    def __init__(self, database: Engine, secret: bytes) -> None:
        self._database = database
        self._secret = secret
        self.blobs = BlobStore(database)
        # the fields that the rows of a batch share never change
        self._shared_fields = lru_cache(maxsize=4)(self._read_shared_fields)

    def find(self, run_id: str) -> RunRow | None:
        """The run's record, or None."""
        with self._database.connect() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id)).first()
        return RunRow._make(row) if row else None

    def get(self, run_id: str) -> RunRow:
        """The record of a run that must exist."""
        with self._database.connect() as connection:
            query = select(runs).where(runs.c.id == run_id)
            return RunRow._make(connection.execute(query).one())

    def status(self, run_id: str) -> str:
        """The run's status, "" when there is no such run."""
        query = select(runs.c.status).where(runs.c.id == run_id)
        with self._database.connect() as connection:
            return connection.execute(query).scalar() or ""

    def list_by_key(
        self, key_id: str, *, status: str = "", tag: str = "", action: str = "", limit: int = 50
    ) -> list[RunRow]:
        """The newest runs of a key, without the rows of its batches."""
        query = select(runs).where(runs.c.key_id == key_id, runs.c.batch_id.is_(None))
        filters = ((runs.c.status, status), (runs.c.tag, tag), (runs.c.action, action))
        for column, value in filters:
            if value:
                query = query.where(column == value)
        query = query.order_by(runs.c.id.desc()).limit(limit)
        with self._database.connect() as connection:
            return [RunRow._make(row) for row in connection.execute(query)]

    def list_open(self, host: str | None = None) -> list[OpenRunRow]:
        """The queued and running runs, of all processes or of one."""
        query = select(*_OPEN_RUN_COLUMNS).where(IS_OPEN)
        if host is not None:
            query = query.where(runs.c.host == host)
        with self._database.connect() as connection:
            return [OpenRunRow._make(row) for row in connection.execute(query)]

    def count_open(self) -> dict[str, int]:
        """The numbers of queued and running runs, rows of batches included."""
        query = select(runs.c.status, func.count()).where(IS_OPEN).group_by(runs.c.status)
        with self._database.connect() as connection:
            counts = {row[0]: row[1] for row in connection.execute(query)}
        return {"queued": 0, "running": 0, **counts}

    def unsettled(self, before_ms: int) -> list[str]:
        """Runs that were interrupted before that time and still have a reservation."""
        query = select(runs.c.id).where(
            runs.c.status == "interrupted", runs.c.reserved_nusd > 0, runs.c.ended_ms < before_ms
        )
        with self._database.connect() as connection:
            return list(connection.execute(query).scalars())

    def reserving_rows(self, batch_id: str) -> list[RunRow]:
        """Running rows of a batch that hold a reservation."""
        is_reserving = (runs.c.status == "running") & (runs.c.reserved_nusd > 0)
        query = select(runs).where(runs.c.batch_id == batch_id, is_reserving)
        with self._database.connect() as connection:
            return [RunRow._make(row) for row in connection.execute(query)]

    def expired_reviews(self, before_ms: int, limit: int = 100) -> list[RunRow]:
        """Runs whose time to wait for a person ended before that time."""
        has_expired = runs.c.review_until_ms < before_ms
        query = select(runs).where(has_expired, runs.c.status == NEEDS_REVIEW)
        with self._database.connect() as connection:
            rows = connection.execute(query.order_by(runs.c.review_until_ms).limit(limit))
            return [RunRow._make(row) for row in rows]

    def form_values(self, row: RunRow) -> Json:
        """The fields of a stored run; a batch row's own fields override those that all share."""
        values: Json = json.loads(row.form or "{}")
        if not row.batch_id:
            return values
        return row_values(*self._shared_fields(row.batch_id), values)

    def _read_shared_fields(self, batch_id: str) -> tuple[Json, dict[str, str]]:
        query = select(batches.c.fixed, batches.c.mapping).where(batches.c.id == batch_id)
        with self._database.connect() as connection:
            row = connection.execute(query).one()
        return json.loads(row.fixed or "{}"), json.loads(row.mapping)

    def booked_calls(self, run_id: str) -> list[LedgerRow]:
        """The run's calls in the ledger, in the order in which they were made."""
        query = select(ledger).where(ledger.c.run_id == run_id)
        query = query.order_by(ledger.c.attempt, ledger.c.step)
        with self._database.connect() as connection:
            return [LedgerRow._make(row) for row in connection.execute(query)]

    def digest(self, *parts: Any) -> str:
        """A fingerprint of a request, keyed by the service's secret so it cannot be guessed."""
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=_digest_or_text)
        return hmac.new(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    # --- cached answers ---

    def cached_answer(self, key_id: str, digest: str, seconds: float) -> tuple[str, int] | None:
        """(answer, its time) of the same request of the same key, not older than ``seconds``."""
        query = select(cached_answers.c.answer, cached_answers.c.created_ms).where(
            cached_answers.c.key_id == key_id,
            cached_answers.c.digest == digest,
            cached_answers.c.created_ms > now_ms() - int(seconds * 1000),
        )
        with self._database.connect() as connection:
            row = connection.execute(query).first()
        return (row.answer, row.created_ms) if row else None

    def cache_answer(self, key_id: str, digest: str, answer: str, seconds: float) -> None:
        """Store an answer for ``seconds``, in place of an older one."""
        at = now_ms()
        row = {
            "key_id": key_id,
            "digest": digest,
            "answer": answer,
            "created_ms": at,
            "expires_ms": at + int(seconds * 1000),
        }
        is_same = (cached_answers.c.key_id == key_id) & (cached_answers.c.digest == digest)
        try:
            with self._database.begin() as connection:
                connection.execute(delete(cached_answers).where(is_same))
                connection.execute(cached_answers.insert().values(**row))
        except IntegrityError:
            pass  # another thread or process stored the same answer at this moment


def _digest_or_text(value: Any) -> str:
    """A value that JSON does not have: files are represented by their digest, not their content."""
    return str(getattr(value, "digest", None) or value)
