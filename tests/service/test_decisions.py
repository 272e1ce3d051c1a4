"""Decisions of several people at the same moment: one counts, and nobody is told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.errors import FormcallError
from connector.store.ledger.changes import CreateRun, FailRun, FinishRun
from connector.store.ledger.control_changes import ResolveApproval
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.records import NEEDS_REVIEW, RunSuperseded
from connector.store.ledger.review_changes import DecideReview
from connector.store.tables import runs
from tests.support.ledger_asserts import run_row, run_values
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]


def waiting_run(ledger: Ledger, **values: Any) -> str:
    """The id of a run whose first attempt waits for a person."""
    row = run_values()
    ledger.write(CreateRun(row))
    ledger.write(FinishRun(row["id"], 1, NEEDS_REVIEW, review_until_ms=1_000, **values))
    return str(row["id"])


def test_a_decision_that_may_be_written_is_told_from_another_of_the_same_kind(make: Make) -> None:
    """The answer to its commit was lost, and meanwhile somebody accepted the answer too: the second
    person is not told that theirs counts. Its own decision is recognised."""
    service = make().service
    run_id = waiting_run(service.ledger, proposed="{}", review="{}")
    first = DecideReview(run_id, 1, "done", '{"by": "first"}', "{}")
    service.ledger.write(first)
    second = DecideReview(run_id, 1, "done", '{"by": "second"}', "{}")
    first.maybe_written = second.maybe_written = True
    assert service.ledger.write(first)
    with pytest.raises(RunSuperseded):
        service.ledger.write(second)
    assert run_row(service.database, run_id).review == '{"by": "first"}'


def test_a_late_decision_on_calls_does_not_drop_the_answer_that_waits(make: Make) -> None:
    """The run went on after another's decision and waits with its answer: a decision on its calls,
    of whatever kind, is a conflict, and the answer still waits."""
    app = make()
    run_id = app.post(json={**TICKET, "review": "always"}).get_json()["id"]
    with app.service.database.begin() as connection:  # as of a run that has called tools
        connection.execute(runs.update().values(state="{}"))
    choices: tuple[list[int] | None, ...] = (None, [])
    for approved in choices:
        with pytest.raises(FormcallError, match="waits with its answer"):
            app.service.runner.resolve_approval(run_id, approved=approved, note="", seconds=0)
    row = app.service.records.get(run_id)
    assert (row.status, row.proposed is None) == (NEEDS_REVIEW, False)


def test_a_run_whose_calls_were_decided_on_has_no_time_limit_any_longer(make: Make) -> None:
    """Else retention would keep it for ever if it could not go on, such as without a budget."""
    service = make().service
    run_id = waiting_run(service.ledger, checkpoint="{}", form="{}")
    assert run_row(service.database, run_id).review_until_ms == 1_000
    service.ledger.write(ResolveApproval(run_id, 1, "{}"))
    service.ledger.write(FailRun(run_id, 1, "budget_exceeded", "{}"))
    row = run_row(service.database, run_id)
    assert (row.status, row.review_until_ms) == ("failed", None)
