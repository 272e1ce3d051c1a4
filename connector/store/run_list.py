"""Lists of runs in pages, the newest first, with filters.

The order is that of the ids, which start with the time: a page continues below the last run of the
page before, however many there are, and whatever was added meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, select

from connector.store.ids import lowest_id, now_ms
from connector.store.ledger.records import NEEDS_REVIEW, OPEN_STATUSES
from connector.store.rows import RunRow
from connector.store.run_search import (
    RunSearch,
    SearchQuery,
    facet,
    lowest_number,
    run_number,
)
from connector.store.tables import (
    HAS_COST,
    HAS_FAILED_CHECKS,
    HAS_PROBLEM,
    IS_OPEN,
    IS_SINGLE,
    runs,
)

CLOSED_STATUSES = ("done", "failed", "incomplete", "interrupted", "cancelled")
STATUSES = (*OPEN_STATUSES, NEEDS_REVIEW, *CLOSED_STATUSES)
_FEW = 1_000
_AFTER_ALL_MS = 366 * 86_400_000  # clocks of several machines may differ


@dataclass(frozen=True)
class RunFilter:
    """Which runs to list. An empty text, or None: any.

    ``from_ms`` and ``until_ms`` (exclusive) are when they were requested. ``phrases`` are searched
    for in their texts.
    """

    key_id: str | None
    status: str = ""
    action: str = ""
    tag: str = ""
    code: str = ""
    has_failed_checks: bool | None = None
    min_nusd: int | None = None
    max_nusd: int | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReviewFilter:
    """Which reviews to list: of these keys (None: of all) and of this action ("": of any)."""

    key_ids: frozenset[str] | None
    action: str = ""


class RunList:
    """Lists of runs; rows of batches are in none."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._search = RunSearch(database)

    def page(self, filters: RunFilter, *, limit: int, cursor: str = "") -> list[RunRow]:
        """The newest runs that ``filters`` selects, below the run ``cursor`` when it is given."""
        query = select(runs).where(IS_SINGLE, *_conditions(filters))
        with self._database.connect() as connection:
            if filters.phrases:
                return self._search.find(
                    connection,
                    _search_query(filters),
                    query,
                    above=lowest_number(filters.from_ms or 0),
                    below=_number_limit(filters, cursor),
                    limit=limit,
                )
            few = _few_candidates(connection, filters)
            query = query.where(*_id_range(filters, cursor), *few)
            rows = connection.execute(query.order_by(runs.c.id.desc()).limit(limit))
            return [RunRow._make(row) for row in rows]

    def waiting(self, filters: ReviewFilter, *, limit: int, cursor: str = "") -> list[RunRow]:
        """The runs that wait for a person, the oldest first, above the run ``cursor``."""
        query = select(runs).where(HAS_PROBLEM, runs.c.status == NEEDS_REVIEW)
        if cursor:
            query = query.where(runs.c.id > cursor)
        return self._reviews(query.order_by(runs.c.id), filters, limit)

    def count_waiting(self, filters: ReviewFilter, *, limit: int) -> int:
        """How many runs wait for a person, counted up to ``limit``."""
        query = select(runs.c.id).where(HAS_PROBLEM, runs.c.status == NEEDS_REVIEW)
        found = _reviewed(query, filters).limit(limit).subquery()
        with self._database.connect() as connection:
            return connection.execute(select(func.count()).select_from(found)).scalar() or 0

    def decided(self, filters: ReviewFilter, *, limit: int, cursor: str = "") -> list[RunRow]:
        """The runs whose answer a person decided on, the newest first, below ``cursor``."""
        has_decision = runs.c.review.is_not(None) & (runs.c.status != NEEDS_REVIEW)
        query = select(runs).where(has_decision)
        if cursor:
            query = query.where(runs.c.id < cursor)
        return self._reviews(query.order_by(runs.c.id.desc()), filters, limit)

    def _reviews(self, query: Select[Any], filters: ReviewFilter, limit: int) -> list[RunRow]:
        query = _reviewed(query, filters).limit(limit)
        with self._database.connect() as connection:
            return [RunRow._make(row) for row in connection.execute(query)]


def _reviewed(query: Select[Any], filters: ReviewFilter) -> Select[Any]:
    if filters.key_ids is not None:
        query = query.where(runs.c.key_id.in_(sorted(filters.key_ids)))
    return query.where(runs.c.action == filters.action) if filters.action else query


def _few_candidates(connection: Connection, filters: RunFilter) -> list[ColumnElement[bool]]:
    """A condition that names the runs to choose from, where they are few.

    Otherwise the database may walk through all runs in the order of the list. Open runs are always
    few; of those that cost at least so much it is counted.
    """
    candidates: list[ColumnElement[bool]] = []
    if filters.status in OPEN_STATUSES:
        candidates.append(runs.c.id.in_(select(runs.c.id).where(IS_OPEN)))
    if filters.min_nusd:
        costly = select(runs.c.id).where(HAS_COST, runs.c.cost_nusd >= filters.min_nusd)
        ids = connection.execute(costly.limit(_FEW)).scalars().all()
        if len(ids) < _FEW:
            candidates.append(runs.c.id.in_(ids))
    return candidates


def _conditions(filters: RunFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    named = {"key_id": filters.key_id, "action": filters.action, "tag": filters.tag}
    for name, value in {**named, "code": filters.code, "status": filters.status}.items():
        if value:
            found.append(runs.c[name] == value)
    if filters.status and filters.status not in {*OPEN_STATUSES, "done"}:
        found.append(HAS_PROBLEM)  # as its partial index has it
    if filters.has_failed_checks is not None:
        found.append(HAS_FAILED_CHECKS if filters.has_failed_checks else runs.c.checks_failed == 0)
    if filters.min_nusd is not None:
        found.append(runs.c.cost_nusd >= filters.min_nusd)
    if filters.max_nusd is not None:
        found.append(runs.c.cost_nusd <= filters.max_nusd)
    return found


def _id_range(filters: RunFilter, cursor: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.from_ms is not None:
        found.append(runs.c.id >= lowest_id("run", filters.from_ms))
    if filters.until_ms is not None:
        found.append(runs.c.id < lowest_id("run", filters.until_ms))
    if cursor:
        found.append(runs.c.id < cursor)
    return found


def _number_limit(filters: RunFilter, cursor: str) -> int:
    latest = now_ms() + _AFTER_ALL_MS if filters.until_ms is None else filters.until_ms
    limit = lowest_number(latest)
    return min(limit, run_number(cursor)) if cursor else limit


def _search_query(filters: RunFilter) -> SearchQuery:
    named = {"key": filters.key_id, "action": filters.action, "tag": filters.tag}
    facets = tuple(facet(name, value) for name, value in named.items() if value)
    return SearchQuery(filters.phrases, facets)
