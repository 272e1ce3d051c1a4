"""The bytes of files that runs were sent, put aside: a run's record has only a name for them.

They are written when a run is to go on without its caller, or may be tried again, and stay for a day. A key sees its own alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from connector.store.ids import now_ms
from connector.store.tables import kept_files


class KeptFiles:
    """Files by the digest of their bytes. Thread-safe; several processes may share the table."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    @staticmethod
    def digest(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    def keep(self, key_id: str, files: Mapping[str, bytes]) -> None:
        """Keep ``files`` (by their digests) for another day."""
        for digest, content in files.items():
            mine = (kept_files.c.key_id == key_id) & (kept_files.c.digest == digest)
            with self._database.begin() as connection:
                if connection.execute(update(kept_files).where(mine).values(kept_ms=now_ms())).rowcount:
                    continue
            try:
                with self._database.begin() as connection:
                    row = {"key_id": key_id, "digest": digest, "kept_ms": now_ms(), "content": content}
                    connection.execute(kept_files.insert().values(**row))
            except IntegrityError:
                pass  # somebody else put the same file aside at this moment

    def find(self, key_id: str, digests: Iterable[str]) -> dict[str, bytes]:
        """Those of the files that are still there."""
        wanted = (kept_files.c.key_id == key_id) & kept_files.c.digest.in_(list(digests))
        with self._database.connect() as connection:
            return {row.digest: row.content for row in connection.execute(select(kept_files.c.digest, kept_files.c.content).where(wanted))}
