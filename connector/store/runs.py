"""Reading the records of runs, and the answers that may be given again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import IntegrityError

from connector.catalogue.values import is_absent
from connector.store.aside import KeptFiles
from connector.store.ids import now_ms
from connector.store.tables import IS_OPEN, batches, cached_answers, runs

Json = dict[str, Any]


def row_values(fixed: Json, mapping: Mapping[str, str], row: Mapping[str, Any]) -> Json:
    """The form of one row of a batch; an empty cell leaves the value that is the same for all rows."""
    own = {field: row[column] for field, column in mapping.items() if not is_absent(row.get(column))}
    return {**fixed, **own}


class Runs:
    """The records of runs. They are changed through the journal only."""

    def __init__(self, database: Engine, secret: bytes) -> None:
        self._database, self._secret = database, secret
        self.files = KeptFiles(database)
        self._of_batch = lru_cache(maxsize=4)(self._read_batch)  # what all rows of a batch share does not change

    def find(self, run_id: str) -> Any:
        """The run's whole record, or None."""
        with self._database.connect() as connection:
            return connection.execute(select(runs).where(runs.c.id == run_id)).first()

    def status(self, run_id: str) -> str:
        """queued, running, done, failed, incomplete, interrupted, cancelled; "" when there is no such run."""
        with self._database.connect() as connection:
            return connection.execute(select(runs.c.status).where(runs.c.id == run_id)).scalar() or ""

    def of_key(self, key_id: str, *, status: str = "", tag: str = "", action: str = "", limit: int = 50) -> Sequence[Any]:
        """The newest runs of a key that are no rows of a batch."""
        query = select(runs).where(runs.c.key_id == key_id, runs.c.batch_id.is_(None))
        for column, wanted in ((runs.c.status, status), (runs.c.tag, tag), (runs.c.action, action)):
            if wanted:
                query = query.where(column == wanted)
        with self._database.connect() as connection:
            return connection.execute(query.order_by(runs.c.created_ms.desc(), runs.c.id.desc()).limit(limit)).all()

    def open(self, host: str | None = None) -> Sequence[Any]:
        """Runs that are queued or running, all of them or those of one process; without their texts."""
        columns = (runs.c.id, runs.c.key_id, runs.c.action, runs.c.status, runs.c.attempt, runs.c.durable, runs.c.batch_id, runs.c.host)
        query = select(*columns).where(IS_OPEN)
        if host is not None:
            query = query.where(runs.c.host == host)
        with self._database.connect() as connection:
            return connection.execute(query).all()

    def count_open(self) -> dict[str, int]:
        """How many runs are queued and running, rows of batches included."""
        with self._database.connect() as connection:
            rows = connection.execute(select(runs.c.status, func.count()).where(IS_OPEN).group_by(runs.c.status))
            return {"queued": 0, "running": 0, **{row[0]: row[1] for row in rows}}

    def unsettled(self, before_ms: int) -> list[str]:
        """Runs that were cut off before that moment and still have something reserved."""
        query = select(runs.c.id).where(runs.c.status == "interrupted", runs.c.reserved_nusd > 0, runs.c.ended_ms < before_ms)
        with self._database.connect() as connection:
            return list(connection.execute(query).scalars())

    def values(self, row: Any) -> Json:
        """The fields that a kept run was asked with; what a row of a batch has itself goes over what is the same for all rows."""
        found: Json = json.loads(row.form or "{}")
        if not row.batch_id:
            return found
        return row_values(*self._of_batch(row.batch_id), found)

    def _read_batch(self, batch_id: str) -> tuple[Json, dict[str, str]]:
        with self._database.connect() as connection:
            found = connection.execute(select(batches.c.fixed, batches.c.mapping).where(batches.c.id == batch_id)).one()
        return json.loads(found.fixed or "{}"), json.loads(found.mapping)

    # --- telling requests apart ---

    def digest(self, *parts: Any) -> str:
        """A fingerprint of a request under the service's own secret, so that short texts cannot be guessed from it."""
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=_told_apart)
        return hmac.new(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    # --- answers that may be given again ---

    def cached(self, key_id: str, digest: str, seconds: float) -> tuple[str, int] | None:
        """(answer, when it was made) for the same request of the same key, if it is younger than ``seconds``."""
        query = select(cached_answers.c.answer, cached_answers.c.created_ms).where(
            cached_answers.c.key_id == key_id,
            cached_answers.c.digest == digest,
            cached_answers.c.created_ms > now_ms() - int(seconds * 1000),
        )
        with self._database.connect() as connection:
            found = connection.execute(query).first()
        return (found.answer, found.created_ms) if found else None

    def keep_answer(self, key_id: str, digest: str, answer: str, seconds: float) -> None:
        """Keep an answer for so long; a newer one takes the place of an older one."""
        at = now_ms()
        row = {"key_id": key_id, "digest": digest, "answer": answer, "created_ms": at, "expires_ms": at + int(seconds * 1000)}
        mine = (cached_answers.c.key_id == key_id) & (cached_answers.c.digest == digest)
        try:
            with self._database.begin() as connection:
                connection.execute(delete(cached_answers).where(mine))
                connection.execute(cached_answers.insert().values(**row))
        except IntegrityError:
            pass  # the same answer was kept by somebody else at this moment


def _told_apart(value: Any) -> str:
    """What stands for a value that JSON does not have: files are told apart by their own digest, and never written out."""
    return str(getattr(value, "digest", None) or value)
