"""Helpers of the tests of runs and money: rows, balances, and a check that all tables agree."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text

from connector.json_types import Json
from connector.store.ids import new_id, now_ms, today
from connector.store.ledger.transaction import accounts
from connector.store.tables import keys, ledger, runs, spending
from tests.support.databases import SERVER


def disconnect(database: Engine, *, is_away: bool) -> None:
    """Turn everybody away from a PostgreSQL database and end all connections to it, or let them in
    again."""
    psycopg = pytest.importorskip("psycopg")
    name = database.url.database
    with psycopg.connect(f"postgresql://{SERVER}/postgres", autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {'false' if is_away else 'true'}")
        if is_away:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )


def run_values(key: str = "key_a", **values: Any) -> Json:
    """The values of a new run that starts at once."""
    return {
        "id": new_id("run"),
        "key_id": key,
        "action": "classify",
        "status": "running",
        "created_ms": now_ms(),
        "day": today(),
        "host": "here",
        "attempt": 1,
        "durable": False,
        "batch_id": None,
        "row_no": None,
        "tag": None,
        "idempotency_key": None,
        "digest": None,
        "form": "{}",
        "callback_url": None,
        "max_nusd": None,
        "cost_nusd": 0,
        "estimated_nusd": 0,
        "cancel": False,
        "unknown": False,
        **values,
    }


def queued_values(key: str = "key_a", **values: Any) -> Json:
    """The record of a new run that waits for its turn."""
    return run_values(
        key, **{"status": "queued", "host": "", "attempt": 0, "durable": True, **values}
    )


def balance(database: Engine, account: str, period: str = "") -> tuple[int, int]:
    """(reserved, spent) of an account in nano-dollars, by default of today."""
    mine = (spending.c.account == account) & (spending.c.period == (period or today()))
    with database.connect() as connection:
        found = connection.execute(
            select(spending.c.reserved_nusd, spending.c.spent_nusd).where(mine)
        ).first()
    return (found.reserved_nusd, found.spent_nusd) if found else (0, 0)


def run_row(database: Engine, run_id: str) -> Any:
    with database.connect() as connection:
        return connection.execute(select(runs).where(runs.c.id == run_id)).one()


def entries(database: Engine, run_id: str = "") -> list[Any]:
    """The calls in the ledger, of one run or of all."""
    query = select(ledger).order_by(ledger.c.run_id, ledger.c.attempt, ledger.c.step)
    with database.connect() as connection:
        return list(
            connection.execute(query.where(ledger.c.run_id == run_id) if run_id else query).all()
        )


def assert_consistent(database: Engine) -> int:
    """All tables agree to the nano-dollar; returns what was spent in all, by the ledger.

    Reserved is the sum over the runs, spent the sum over the ledger, each run costs what its calls
    cost, and nothing is negative.
    """
    with database.connect() as connection:
        all_runs, calls, kept = (
            [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in (runs, ledger, spending)
        )
    reserved: Counter[tuple[str, str]] = Counter()
    spent: Counter[tuple[str, str]] = Counter()
    for row in all_runs:
        assert row["reserved_nusd"] >= 0
        for account in accounts(row):
            reserved[account] += row["reserved_nusd"]
    of_run: Counter[str] = Counter()
    estimated: Counter[str] = Counter()
    for call in calls:
        assert call["nusd"] is None or call["nusd"] >= 0
        of_run[call["run_id"]] += call["nusd"] or 0
        estimated[call["run_id"]] += (call["nusd"] or 0) * call["estimated"]
        for account in accounts(call):
            spent[account] += call["nusd"] or 0
    unknown = {call["run_id"] for call in calls if call["nusd"] is None}
    for row in all_runs:
        assert row["cost_nusd"] == (None if row["id"] in unknown else of_run[row["id"]]), row["id"]
        assert row["estimated_nusd"] == estimated[row["id"]], row["id"]
    found = {
        (row["account"], row["period"]): (row["reserved_nusd"], row["spent_nusd"]) for row in kept
    }
    names = set(reserved) | set(spent) | set(found)
    assert found | dict.fromkeys(names - set(found), (0, 0)) == {
        name: (reserved[name], spent[name]) for name in names
    }
    return sum(of_run.values())


def is_unlocked(database: Engine) -> None:
    """Others can write: no transaction was left open that holds anything."""
    with database.begin() as connection:
        if database.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = '3s'"))
            connection.execute(text("LOCK TABLE runs, spending, ledger IN ACCESS EXCLUSIVE MODE"))
        else:
            connection.execute(
                insert(keys).from_select(["id"], select(keys.c.id).where(keys.c.id == "nobody"))
            )
