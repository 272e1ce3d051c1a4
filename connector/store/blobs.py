"""The contents of files that runs were sent; a run's record has only their digests.

They are stored when a run may continue without its caller or may be retried, and kept for a day. A
key can read only its own files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from connector.store.ids import now_ms
from connector.store.tables import stored_files


class BlobStore:
    """Files by the SHA-256 of their bytes. Thread-safe; several processes may share the table."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    @staticmethod
    def digest(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    def save(self, key_id: str, files: Mapping[str, bytes]) -> None:
        """Store ``files`` (by their digests) for a day, or for another day."""
        for digest, content in files.items():
            if not self._renew(key_id, digest):
                self._insert(key_id, digest, content)

    def _renew(self, key_id: str, digest: str) -> bool:
        """Whether the file is stored already; it is then kept for another day."""
        is_same = (stored_files.c.key_id == key_id) & (stored_files.c.digest == digest)
        change = update(stored_files).where(is_same).values(kept_ms=now_ms())
        with self._database.begin() as connection:
            return connection.execute(change).rowcount > 0

    def _insert(self, key_id: str, digest: str, content: bytes) -> None:
        row = {"key_id": key_id, "digest": digest, "kept_ms": now_ms(), "content": content}
        try:
            with self._database.begin() as connection:
                connection.execute(stored_files.insert().values(**row))
        except IntegrityError:
            pass  # another thread or process stored the same file at this moment

    def find(self, key_id: str, digests: Iterable[str]) -> dict[str, bytes]:
        """Those of the files that are still stored."""
        is_one = (stored_files.c.key_id == key_id) & stored_files.c.digest.in_(list(digests))
        query = select(stored_files.c.digest, stored_files.c.content).where(is_one)
        with self._database.connect() as connection:
            return {row.digest: row.content for row in connection.execute(query)}
