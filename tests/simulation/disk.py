"""The database of a simulation: a real SQLite file whose commits can go wrong.

Each history starts with a copy of the same migrated file. Triggers in it record every change of a
run's status, in the transaction that makes it: they are the witness that the service's own records
are compared with.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event

from connector.settings import Settings
from connector.store.database import _SQLITE_PRAGMAS, open_database

_TRIGGERS = """
CREATE TABLE witness (number INTEGER PRIMARY KEY, run_id TEXT, before TEXT, after TEXT,
                      callback_url TEXT);
CREATE TRIGGER run_created AFTER INSERT ON runs BEGIN
  INSERT INTO witness (run_id, before, after) VALUES (new.id, NULL, new.status);
END;
CREATE TRIGGER run_changed AFTER UPDATE OF status ON runs
WHEN old.status <> new.status OR old.attempt <> new.attempt BEGIN
  INSERT INTO witness (run_id, before, after, callback_url)
  VALUES (new.id, old.status, new.status, old.callback_url);
END;
CREATE TABLE held (run_id TEXT, amount INTEGER);
CREATE TRIGGER run_waits AFTER UPDATE ON runs
WHEN new.status = 'needs_review' AND new.reserved_nusd <> 0 BEGIN
  INSERT INTO held VALUES (new.id, new.reserved_nusd);
END;
CREATE TABLE decided (run_id TEXT, attempt INTEGER, review TEXT);
CREATE TRIGGER run_decided AFTER UPDATE OF review ON runs
WHEN new.review IS NOT old.review AND json_extract(new.review, '$.decision') IS NOT NULL BEGIN
  INSERT INTO decided VALUES (new.id, new.attempt, new.review);
END;
CREATE TABLE dropped (run_id TEXT, attempt INTEGER);
CREATE TRIGGER answer_dropped AFTER UPDATE OF status ON runs
WHEN old.status = 'needs_review' AND old.proposed IS NOT NULL
AND new.status NOT IN ('done', 'failed', 'cancelled') BEGIN
  INSERT INTO dropped VALUES (new.id, old.attempt);
END;
CREATE TABLE overspent (account TEXT, period TEXT, amount INTEGER);
CREATE TRIGGER spent AFTER UPDATE ON spending BEGIN
  INSERT INTO overspent SELECT new.account, new.period, new.reserved_nusd + new.spent_nusd
  FROM api_keys WHERE id = new.account AND new.reserved_nusd + new.spent_nusd >
    CASE length(new.period) WHEN 10 THEN budget_day_nusd ELSE budget_month_nusd END;
  INSERT INTO overspent SELECT new.account, new.period, new.reserved_nusd + new.spent_nusd
  FROM batches WHERE id = new.account AND new.reserved_nusd + new.spent_nusd > budget_nusd;
END;
"""


# what retention deletes is kept aside, so that the rules can be checked on the whole history
_ENDED = {
    "runs": "old.status NOT IN ('queued', 'running', 'needs_review') AND old.reserved_nusd = 0",
    "batches": "old.ended_ms IS NOT NULL",
    "deliveries": "old.state <> 'waiting'",
    "spending": "old.reserved_nusd = 0",
}
_DELETIONS = "CREATE TABLE wrongly_deleted (name TEXT, row_id INTEGER);" + "".join(
    f"""
    CREATE TABLE deleted_{table} AS SELECT * FROM {table} WHERE 0;
    CREATE TRIGGER {table}_deleted BEFORE DELETE ON {table} BEGIN
      INSERT INTO deleted_{table} SELECT * FROM {table} WHERE rowid = old.rowid;
      INSERT INTO wrongly_deleted SELECT '{table}', old.rowid WHERE NOT ({is_ended});
    END;
    """
    for table, is_ended in _ENDED.items()
)

# those of the service; the file has its journal already, and no page is ever overwritten or synced,
# since in a simulation the process dies and not the machine
_IRRELEVANT = ("journal_mode", "secure_delete", "synchronous")
_PRAGMAS = (
    *(pragma for pragma in _SQLITE_PRAGMAS if not pragma.startswith(_IRRELEVANT)),
    "synchronous=OFF",
)


class Disk:
    """The file, and what happens to its commits.

    ``on_commit`` returns what goes wrong with one, "" for nothing. "lost": it is committed, but the
    answer is not received. "refused": it is not committed.
    ``check_alive`` raises in a process that is dead.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "simulated.db"
        self._template = folder / "template.db"
        self.on_commit: Callable[[], str] = lambda: ""
        self.check_alive: Callable[[], None] = lambda: None
        self._connections: list[sqlite3.Connection] = []
        self._reader: sqlite3.Connection | None = None  # of the simulation itself
        self.engine = self._create_engine()

    def create_template(self, settings: Settings, prepare: Callable[[Engine], None]) -> None:
        """Migrate the file that all histories start with; ``prepare`` adds what they share."""
        database = open_database(settings)
        prepare(database)
        database.dispose()
        source = settings.data_dir / "formcall.db"
        with sqlite3.connect(source) as connection:
            connection.executescript(_TRIGGERS)
            connection.executescript(_DELETIONS)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copyfile(source, self._template)

    def reset(self) -> None:
        """Start a new history with the template."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.file}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self.file)

    def close(self) -> None:
        """Close all connections, also those that a dead process has never given back."""
        self.engine.dispose()
        while self._connections:
            self._connections.pop().close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def disconnect(self) -> None:
        """The process is dead: what it had not committed is gone."""
        self.engine.dispose()

    def restore_deleted(self) -> None:
        """Put back what was deleted in the history, at its end."""
        self.query("DROP TRIGGER run_created")
        for table in _ENDED:
            self.query(f"INSERT INTO {table} SELECT * FROM deleted_{table}")
            self.query(f"DELETE FROM deleted_{table}")

    def query(self, sql: str, *values: Any) -> list[Any]:
        """Rows read by the simulation itself, which nothing disturbs."""
        if self._reader is None:
            self._reader = sqlite3.connect(self.file, isolation_level=None)
            self._reader.row_factory = sqlite3.Row
        return self._reader.execute(sql, values).fetchall()

    def _create_engine(self) -> Engine:
        disk = self

        class Connection(sqlite3.Connection):
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                disk._connections.append(self)

            def cursor(self, *args: Any, **options: Any) -> Any:
                disk.check_alive()
                return super().cursor(*args, **options)

            def rollback(self) -> None:
                if self in disk._connections:  # else its history has ended
                    super().rollback()

            def commit(self) -> None:
                fault = disk.on_commit() if self.in_transaction else ""
                if fault == "refused":
                    super().rollback()
                    raise sqlite3.OperationalError("database or disk is full")
                super().commit()
                if fault == "lost":
                    raise sqlite3.OperationalError("the answer to the commit was lost")
                disk.check_alive()

        # all connections are made by the one thread that runs the greenlets
        engine = create_engine(
            f"sqlite:///{self.file}", pool_size=8, connect_args={"factory": Connection}
        )
        event.listen(engine, "connect", _set_up)
        return engine


def _set_up(connection: Any, _record: Any) -> None:
    for pragma in _PRAGMAS:
        sqlite3.Connection.execute(connection, f"PRAGMA {pragma}")
