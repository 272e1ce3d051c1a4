"""Erasure of all that is stored of one key, but the books.

The books are the calls in the ledger and the sums of days, months and batches: ids, models, tokens
and money, and no text. Everything else with the key's id is deleted, whatever its age or state.
Only runs in progress are left, since a process holds money for them. The audit log keeps what was
done with the key, without network addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, Table, exists, func, select, true

from connector.store.ledger.control_changes import SettleReservation
from connector.store.ledger.group_commit import Ledger
from connector.store.retention import Deletion, Retention
from connector.store.run_search import RunSearch
from connector.store.tables import (
    IS_OPEN,
    audit_entries,
    batches,
    ledger,
    metadata,
    runs,
    stored_files,
)

BOOKS = {"ledger"}  # with the key's id; ``spending`` has it as an account
_NAMES = {
    "runs": "runs and rows of batches",
    "deliveries": "messages",
    "hook_refusals": "refused posts",
    "cached_answers": "cached answers",
    stored_files.name: "files of runs",
}
_IN_PROGRESS = (runs.c.status == "running") | (runs.c.reserved_nusd != 0)


@dataclass(frozen=True)
class ErasureReport:
    """{what: rows} that were deleted, that were found afterwards, and that were kept."""

    deleted: dict[str, int]
    left: dict[str, int]
    books: int

    @property
    def is_complete(self) -> bool:
        return not any(self.left.values())


def erased_tables() -> list[Table]:
    """The tables whose rows belong to a key, and are not the books."""
    return [
        table
        for table in metadata.sorted_tables
        if "key_id" in table.columns and table.name not in BOOKS
    ]


class Erasure:
    """Erases what belongs to ``key_id``, which must be revoked, so that nothing is added."""

    def __init__(self, database: Engine, key_id: str) -> None:
        self._database = database
        self._key_id = key_id

    def count(self) -> ErasureReport:
        """What there is now; nothing is changed."""
        return ErasureReport({}, self._count_all(), self._count(ledger))

    def run(self) -> ErasureReport:
        """Erase, then look for what is left."""
        self._settle()
        deleted = Retention(self._database).run(self._deletions())
        RunSearch(self._database).overwrite_deleted()
        return ErasureReport(deleted, self._count_all(), self._count(ledger))

    def _settle(self) -> None:
        """Book what runs that have ended still have reserved, as an hour later would be done."""
        is_settled_now = self._is_owned(runs) & ~IS_OPEN & (runs.c.reserved_nusd != 0)
        with self._database.connect() as connection:
            ids = list(connection.execute(select(runs.c.id).where(is_settled_now)).scalars())
        books = Ledger(self._database)
        try:
            for run_id in ids:
                books.write(SettleReservation(run_id))
        finally:
            books.close()

    def _deletions(self) -> Iterator[Deletion]:
        has_rows = exists().where(runs.c.batch_id == batches.c.id)
        # a batch is deleted after its rows
        for table in sorted(erased_tables(), key=lambda table: table is batches):
            which = self._is_owned(table)
            if table is runs:
                which &= ~_IN_PROGRESS
            yield Deletion(
                _name(table), table, which, then=~has_rows if table is batches else true()
            )
        of_key = (audit_entries.c.actor == self._key_id) | (audit_entries.c.subject == self._key_id)
        has_address = of_key & audit_entries.c.address.is_not(None)
        yield Deletion(
            "addresses in the audit log", audit_entries, has_address, values={"address": None}
        )

    def _count_all(self) -> dict[str, int]:
        return {_name(table): self._count(table) for table in erased_tables()}

    def _count(self, table: Table) -> int:
        query = select(func.count()).select_from(table).where(self._is_owned(table))
        with self._database.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def _is_owned(self, table: Table) -> ColumnElement[bool]:
        return table.c.key_id == self._key_id


def _name(table: Table) -> str:
    return _NAMES.get(table.name, table.name)
