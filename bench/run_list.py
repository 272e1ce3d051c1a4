"""The first page of the list of runs, its filters and its search, with a million runs.

The database is filled directly; each query is measured at the reader that the view calls, warm, and
compared with the time that a person waits for a page without noticing.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, text

from connector.json_types import Json
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.ids import now_ms
from connector.store.run_list import RunFilter, RunList
from connector.store.run_search import RunSearch
from connector.store.tables import runs

RUNS = 1_000_000
TARGET_MS = 200.0
ROUNDS = 7
LIMIT = 25
_CHUNK = 20_000
_WORDS = tuple(f"word{number}" for number in range(20_000))
_ACTIONS = ("classify", "extract", "summarize", "answer", "action_items")
_KEYS = ("key_big", "key_small")
_DAY_MS = 86_400_000
FILTERS = {
    "all runs of a key": {},
    "all keys": {"key_id": None},
    "a key with few runs": {"key_id": "key_small"},
    "failed": {"status": "failed"},
    "running (none)": {"status": "running"},
    "a code": {"code": "provider_timeout"},
    "a rare tag": {"tag": "rare"},
    "a tag (none)": {"tag": "none"},
    "an action": {"action": "summarize"},
    "an action (none)": {"action": "odd"},
    "failed checks": {"has_failed_checks": True},
    "an old day": {"from_ms": 0, "until_ms": 30 * _DAY_MS},
    "cost of at least": {"min_nusd": 990_000},
    "cost (none)": {"min_nusd": 10**12},
    "search: a word of all runs": {"phrases": ("invoice",)},
    "search: a rare word": {"phrases": ("word19999",)},
    "search: two words": {"phrases": ("word7", "word8")},
    "search: a phrase": {"phrases": ("word7 word8",)},
    "search: of a key with few runs": {"key_id": "key_small", "phrases": ("invoice",)},
    "search: all keys": {"key_id": None, "phrases": ("word3",)},
    "search: and failed": {"status": "failed", "phrases": ("invoice",)},
    "search: a word (none)": {"phrases": ("nothing",)},
}


def rows(count: int) -> Iterator[list[Json]]:
    """Runs of a hundred days, in chunks; common words are frequent, as in a language."""
    chance = random.Random(1)
    start = now_ms() - 100 * _DAY_MS
    for first in range(0, count, _CHUNK):
        yield [_row(chance, start, number, count) for number in range(first, first + _CHUNK)]


def _row(chance: random.Random, start: int, number: int, count: int) -> Json:
    at = start + number * 100 * _DAY_MS // count
    has_failed = chance.random() < 0.02
    words = [_WORDS[int(len(_WORDS) * chance.random() ** 3)] for _ in range(60)]
    form = json.dumps({"text": f"Invoice {number}: {' '.join(words)}"})
    return {
        "id": f"run_{at:012x}{chance.getrandbits(96):024x}",
        "key_id": _KEYS[chance.random() < 0.0005],
        "action": chance.choice(_ACTIONS),
        "status": "failed" if has_failed else "done",
        "created_ms": at,
        "ended_ms": at + 900,
        "day": "2026-01-01",
        "host": "bench",
        "attempt": 1,
        "durable": False,
        "tag": "rare" if chance.random() < 0.0001 else None,
        "form": form,
        "answer": json.dumps({"result": chance.choice(_WORDS)}),
        "reserved_nusd": 0,
        "cost_nusd": chance.randrange(1_000_000),
        "estimated_nusd": 0,
        "cancel": False,
        "unknown": False,
        "code": "provider_timeout" if has_failed else None,
        "checks_failed": None if has_failed else int(chance.random() < 0.01),
        "search_no": 0,
    }


def fill(database: Engine, count: int) -> float:
    """Insert and index the runs; the microseconds of the index for a run."""
    for chunk in rows(count):
        with database.begin() as connection:
            connection.execute(runs.insert(), chunk)
    search = RunSearch(database)
    started = time.perf_counter()
    while search.index_due(1_000):
        pass
    seconds = time.perf_counter() - started
    if database.dialect.name == "postgresql":
        with database.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(
                text("VACUUM ANALYZE")
            )
    return seconds * 1e6 / count


def measure(database: Engine) -> dict[str, float]:
    """The median milliseconds of the first page of each filter."""
    reader = RunList(database)
    found: dict[str, float] = {}
    for name, values in FILTERS.items():
        wanted = RunFilter(**{"key_id": "key_big", **values})
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            reader.page(wanted, limit=LIMIT)
            times.append((time.perf_counter() - started) * 1000)
        found[name] = statistics.median(times)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--database", default="", help="a database URL; by default new SQLite")
    parser.add_argument("--folder", type=Path, help="keeps the SQLite file, for another round")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="formcall-bench-") as folder:
        kept = given.folder or Path(folder)
        database = open_database(Settings(data_dir=kept, database_url=given.database))
        with database.connect() as connection:
            is_filled = connection.execute(text("SELECT 1 FROM runs LIMIT 1")).first()
        if not is_filled:
            print(f"index: {fill(database, given.runs):.0f} microseconds a run")
        found = measure(database)
        database.dispose()
    for name, milliseconds in found.items():
        print(f"{milliseconds:8.1f} ms  {'' if milliseconds <= TARGET_MS else '! '}{name}")
    return int(max(found.values()) > TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())
