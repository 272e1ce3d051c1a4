"""Rows of a batch whose process died hold their money no longer than another row needs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.store.ids import now_ms, today
from connector.store.ledger.changes import CreateRun, StartAttempt
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import BudgetContended, BudgetLimits
from connector.store.tables import batches
from tests.support.ledger_asserts import assert_consistent, balance, queued_values, run_row
from tests.support.web_app import WebApp

LIMITS = BudgetLimits(day=1_000)


def start(ledger: Ledger, run_id: str, host: str) -> None:
    ledger.write(StartAttempt(run_id, host, 0, ("queued",), LIMITS, 600, 600, today()))


@pytest.mark.parametrize("economy", [False, True], ids=["rows run here", "rows at the provider"])
def test_a_row_that_waits_for_money_frees_what_a_dead_row_behind_it_holds(
    make: Callable[..., WebApp], economy: bool
) -> None:
    """The budget does not hold both rows, and the process of the second died: it is booked in full,
    so the first does not wait for ever. Rows at the provider are no dead ones."""
    service = make().service
    values = {"key_id": "key_a", "action": "classify", "columns": "[]", "mapping": "{}"}
    batch_id, ids = "batch_1", ["run_0", "run_1"]
    with service.database.begin() as connection:
        connection.execute(
            batches.insert().values(
                id=batch_id,
                status="running",
                created_ms=now_ms(),
                total=2,
                generation=1,
                economy=economy,
                **values,
            )
        )
    for number, run_id in enumerate(ids):
        row = queued_values(id=run_id, batch_id=batch_id, row_no=number)
        service.ledger.write(CreateRun(row))
    start(service.ledger, ids[1], service.runner.host)
    with pytest.raises(BudgetContended):
        start(service.ledger, ids[0], service.runner.host)
    service.batch_runner._rows._settle_dead_rows(service.batches.get(batch_id))
    assert balance(service.database, "key_a") == ((600, 0) if economy else (0, 600))
    assert run_row(service.database, ids[1]).status == "running"
    assert_consistent(service.database)
