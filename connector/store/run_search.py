"""Search in the texts of runs: FTS5 with SQLite, ``tsvector`` with PostgreSQL.

A run's number in the index is made of its id, which starts with the time. So a search finds the
newest runs first, and a page continues below the last run of the page before. Triggers of the
database remove a run from the index when its texts change or are deleted.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    Connection,
    Engine,
    Select,
    bindparam,
    column,
    select,
    table,
)
from sqlalchemy import text as sql

from connector.catalogue.action import ENVELOPE
from connector.json_types import Json
from connector.store.rows import RunRow
from connector.store.tables import IS_OPEN, runs

MAX_WORDS = 20  # of a search
_MAX_TEXT = 100_000  # characters of a run that are searchable
_RANDOM_DIGITS = 5  # of an id, after its time, that are a part of its number
_TIME_DIGITS = 12
_NUMBER = re.compile(rf"run_([0-9a-f]{{{_TIME_DIGITS + _RANDOM_DIGITS}}})")
_WORD = re.compile(r"[^\W_]+")  # as FTS5 divides a text
_PART = re.compile(r'"([^"]*)"?|(\S+)')
# they say how a run was made, or repeat another value
_NOT_IN_ANSWERS = frozenset({*ENVELOPE, "type", "title", "retryable", "run_status"}) - {
    "result",
    "warnings",
}
_NOT_IN_FORMS = frozenset({"callback_url", "idempotency_key"})
# PostgreSQL has no index in the order of numbers for words that many runs have: such a search ends
# in the newest runs, and one for rare words is cheap over all of them
_WINDOWS = (20_000, 160_000)
_INDEXER_LOCK = 4627719
_MERGED_PAGES = 64
_MERGE_CHANGES = 2  # rows that a merge changes at least while there is something to merge

_NUMBER_COLUMNS = {"sqlite": "rowid", "postgresql": "number"}
_INSERTS = {
    "sqlite": "INSERT INTO run_search (rowid, owner, words) VALUES (:number, :owner, :words)",
    "postgresql": "INSERT INTO run_search (number, words) VALUES (:number, "
    "to_tsvector('simple', :words) || array_to_tsvector(string_to_array(:owner, ' ')))",
}
_MATCHES = {
    "sqlite": "run_search MATCH :words",
    "postgresql": "run_search.words @@ CAST(:words AS tsquery)",
}


@dataclass(frozen=True)
class SearchQuery:
    """What to look for: ``phrases``, all of which a run must have, each of words in a row.

    ``facets`` restrict the search to runs of a key, an action or a tag; all are optional.
    """

    phrases: tuple[str, ...]
    facets: tuple[str, ...] = ()


def parse_phrases(given: str) -> tuple[str, ...]:
    """The words of a search, and the phrases in it that stand in quotation marks."""
    parts = (quoted or word for quoted, word in _PART.findall(given))
    return tuple(part for part in parts if _WORD.search(part))[:MAX_WORDS]


def facet(name: str, value: str) -> str:
    """One word that stands for the run's ``name`` being ``value``."""
    return "is" + hashlib.blake2s(f"{name}={value}".encode(), digest_size=10).hexdigest()


def run_number(run_id: str) -> int:
    """The number of a run in the index; 0 when the id is not one of a run."""
    match = _NUMBER.match(run_id)
    return int(match[1], 16) if match else 0


def lowest_number(ms: int) -> int:
    """A lower bound of the numbers of all runs requested at ``ms`` or later."""
    return max(0, ms) << (4 * _RANDOM_DIGITS)


def searchable_text(form: str | None, answer: str | None) -> str:
    """The texts and numbers of a form and of its answer, which are JSON, one a line."""
    found = [*_texts(_loaded(form), _NOT_IN_FORMS), *_texts(_loaded(answer), _NOT_IN_ANSWERS)]
    return "\n".join(found)[:_MAX_TEXT].replace("\0", " ")


def _loaded(text: str | None) -> Json:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _texts(values: Json, left_out: frozenset[str]) -> Iterator[str]:
    waiting: list[Any] = [value for name, value in values.items() if name not in left_out]
    waiting.reverse()
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, str):
            yield value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield str(value)


class RunSearch:
    """The search index of a database, which is filled by ``index_due``."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._kind = database.dialect.name
        self._number: ColumnClause[int] = column(_NUMBER_COLUMNS[self._kind], BigInteger)
        self._index = table("run_search", self._number)

    # --- finding ---

    def find(
        self,
        connection: Connection,
        query: SearchQuery,
        conditions: Select[Any],
        *,
        above: int,
        below: int,
        limit: int,
    ) -> list[RunRow]:
        """The newest runs with these words, of those that ``conditions`` selects.

        Their numbers are between ``above`` (inclusive) and ``below``.
        """
        statement = (
            conditions.join(self._index, runs.c.search_no == self._number)
            .where(sql(_MATCHES[self._kind]), self._number >= bindparam("low"))
            .where(self._number < bindparam("high"))
            .order_by(self._number.desc())
        )
        found: list[RunRow] = []
        for low, high in self._windows(connection, above, below):
            values = {"words": self._match(query), "low": low, "high": high}
            rows = connection.execute(statement.limit(limit - len(found)), values)
            found += [RunRow._make(row) for row in rows]
            if len(found) >= limit:
                break
        return found

    def _windows(self, connection: Connection, above: int, below: int) -> Iterator[tuple[int, int]]:
        """The numbers to search, in parts, the newest first."""
        if self._kind != "sqlite":
            for size in _WINDOWS:
                numbers = select(self._number).where(self._number < below)
                window = numbers.order_by(self._number.desc()).offset(size).limit(1)
                low = connection.execute(window.select_from(self._index)).scalar()
                if low is None or low <= above:
                    break
                yield low, below
                below = low
        yield above, below

    def _match(self, query: SearchQuery) -> str:
        if self._kind == "sqlite":
            phrases = [f'words : "{_quoted(phrase)}"' for phrase in query.phrases]
            return " AND ".join([*phrases, *(f'owner : "{one}"' for one in query.facets)])
        return " & ".join([*map(_postgresql_phrase, query.phrases), *query.facets])

    # --- the index ---

    def index_due(self, limit: int) -> int:
        """Put runs that have ended into the index, at most ``limit``; their number."""
        with self._database.begin() as connection:
            if not self._lock(connection):
                return 0
            due = select(runs.c.id, runs.c.key_id, runs.c.action, runs.c.tag)
            due = due.add_columns(runs.c.form, runs.c.answer)
            due = due.where(runs.c.search_no == 0, ~IS_OPEN).limit(limit).with_for_update()
            rows = connection.execute(due).all()
            for row in rows:
                self._index_run(connection, row)
        return len(rows)

    def _lock(self, connection: Connection) -> bool:
        """Whether this process indexes now; nothing changes the texts that it reads meanwhile."""
        if self._kind == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return True
        lock = sql("SELECT pg_try_advisory_xact_lock(:lock)")
        return bool(connection.execute(lock, {"lock": _INDEXER_LOCK}).scalar())

    def _index_run(self, connection: Connection, row: Any) -> None:
        number: int | None = None
        if words := searchable_text(row.form, row.answer):
            number = self._free_number(connection, row.id)
            facets = [facet("key", row.key_id), facet("action", row.action)]
            if row.tag:
                facets.append(facet("tag", row.tag))
            if self._kind != "sqlite":
                words = " ".join(_folded_words(words))
            values = {"number": number, "owner": " ".join(facets), "words": words}
            connection.execute(sql(_INSERTS[self._kind]), values)
        change = runs.update().where(runs.c.id == row.id).values(search_no=number)
        connection.execute(change)

    def _free_number(self, connection: Connection, run_id: str) -> int:
        number = run_number(run_id) or 1
        taken = select(runs.c.id).where(runs.c.search_no == bindparam("number"))
        while connection.execute(taken, {"number": number}).first():
            number += 1
        return number

    def overwrite_deleted(self) -> None:
        """Remove the words of deleted runs from the file, in small transactions.

        SQLite only marks them as deleted until parts of its index are merged. PostgreSQL removes
        them with its vacuum, as all that is deleted.
        """
        if self._kind != "sqlite":
            return
        pages = -_MERGED_PAGES
        while True:
            with self._database.begin() as connection:
                before = _total_changes(connection)
                merge = sql("INSERT INTO run_search (run_search, rank) VALUES ('merge', :pages)")
                connection.execute(merge, {"pages": pages})
                if _total_changes(connection) - before < _MERGE_CHANGES:
                    return
            pages = _MERGED_PAGES


def _total_changes(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one())


def _quoted(phrase: str) -> str:
    return phrase.replace('"', " ").replace("\0", " ")


def _postgresql_phrase(phrase: str) -> str:
    """Words in a row as a query."""
    return "(" + " <-> ".join(f"'{word}'" for word in _folded_words(phrase)) + ")"


def _folded_words(text: str) -> list[str]:
    """The words of a text without accents and capitals, as FTS5 makes them itself."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )
    return _WORD.findall(plain.lower())
