"""The overview: what it counts, of whom, and that its cost does not grow with the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from connector.publish.operations.run_parts import STATUSES
from connector.store import overview as counts
from connector.store.ids import lowest_id, now_ms, today
from connector.store.key_limits import KeyLimits
from connector.store.overview import MAX_ROWS, Overview
from connector.store.tables import deliveries, runs, spending
from tests.support.databases import KINDS, database_url
from tests.support.ledger_asserts import run_values
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]
NOTHING = dict.fromkeys(STATUSES, 0)


@pytest.fixture(params=KINDS)
def app(request: pytest.FixtureRequest, make: Make) -> Iterator[WebApp]:
    """An application on a database of each kind."""
    with database_url(request.param) as url:
        made = make(database_url=url)
        yield made
        made.close()


def overview(app: WebApp, key: str = "") -> Any:
    response = app.client.get("/v1/overview", headers={"X-API-Key": key or app.key})
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def add_run(app: WebApp, key_id: str, *, at: int | None = None, **values: Any) -> None:
    """Store a run that was requested at this time."""
    at = now_ms() if at is None else at
    row = {**run_values(key_id, reserved_nusd=0), "created_ms": at, **values}
    row["id"] = lowest_id("run", at) + row["id"][-20:]
    with app.service.database.begin() as connection:
        connection.execute(runs.insert().values(**row))


def test_a_new_service(app: WebApp) -> None:
    """Without runs all is zero, and the state of the engine is that of readiness."""
    found = overview(app)
    ready = app.client.get("/readyz").get_json()
    assert (found["ok"], found["status"], found["all_keys"]) == (True, "ready", False)
    for name in ("engine", "model", "detail"):
        assert found[name] == ready[name]
    assert found["runs_today"] == NOTHING
    assert found["actions"] == found["budgets"] == []
    assert (found["spent_day_usd"], found["is_complete"]) == (0.0, True)


def test_runs_by_status_and_action(app: WebApp) -> None:
    """Today's runs by status, those of seven days by action; older ones and rows of batches are
    not counted, and another key's only for an admin."""
    own, other = app.keys.list_all()[0], app.keys.create("other")[0]
    _, admin = app.keys.create("admin", ("admin", "actions"))
    app.post(json=TICKET)
    add_run(app, own.id, status="failed", code="busy", action="extract", cost_nusd=2_000_000)
    day = 86_400_000
    add_run(app, own.id, at=now_ms() - 2 * day, status="incomplete", action="extract")
    add_run(app, own.id, at=now_ms() - 8 * day, status="done", action="extract")
    add_run(app, own.id, status="done", action="extract", batch_id="batch_1", row_no=0)
    add_run(app, own.id, status="queued", action="extract")
    add_run(app, other.id, status="done", action="summarize")
    found = overview(app)
    assert found["runs_today"] == {**NOTHING, "done": 1, "failed": 1, "queued": 1}
    assert (found["queued"], found["running"]) == (1, 0)
    assert found["actions"] == [
        {"action": "extract", "runs": 3, "done": 0, "failed": 2, "cost_usd": 0.002},
        {"action": "classify", "runs": 1, "done": 1, "failed": 0, "cost_usd": 0.0},
    ]
    of_all = overview(app, admin)
    assert of_all["all_keys"] is True
    assert of_all["runs_today"] == {**NOTHING, "done": 2, "failed": 1, "queued": 1}
    assert [one["action"] for one in of_all["actions"]] == ["extract", "classify", "summarize"]


def test_spending_against_budgets(app: WebApp) -> None:
    """A key sees its own spending and budget, an admin the sums and all budgets."""
    key, plain = app.keys.create("shop", limits=KeyLimits(budget_day_nusd=5_000_000_000))
    app.keys.create("former", limits=KeyLimits(budget_month_nusd=1))
    app.keys.revoke("former")
    _, admin = app.keys.create("admin", ("admin", "actions"))
    with app.service.database.begin() as connection:
        for account in (key.id, app.keys.list_all()[0].id):
            for period, amount in ((today(), 1_500_000_000), (today()[:7], 2_000_000_000)):
                row = {"account": account, "period": period, "spent_nusd": amount}
                connection.execute(spending.insert().values(reserved_nusd=0, **row))
    found = overview(app, plain)
    assert (found["spent_day_usd"], found["spent_month_usd"]) == (1.5, 2.0)
    budget = {
        "key": key.id,
        "key_name": "shop",
        "spent_day_usd": 1.5,
        "budget_day_usd": 5.0,
        "spent_month_usd": 2.0,
        "budget_month_usd": None,
    }
    assert found["budgets"] == [budget]
    of_all = overview(app, admin)
    assert (of_all["spent_day_usd"], of_all["budgets"]) == (3.0, [budget])


def test_what_waits_and_what_fails(app: WebApp) -> None:
    """Answers and tool calls that wait are told apart; messages are counted by what is next."""
    own = app.keys.list_all()[0]
    _, other = app.keys.create("other")
    app.post(json={**TICKET, "review": "always"})
    add_run(app, own.id, status="needs_review", state="{}")
    for state, attempts in (("waiting", 0), ("waiting", 3), ("given_up", 9), ("sent", 1)):
        made = app.service.deliveries.add(own.id, "run_1", "run.failed", "{}", url="https://a.b/")
        with app.service.database.begin() as connection:
            change = deliveries.update().where(deliveries.c.id == made)
            connection.execute(change.values(state=state, attempts=attempts))
    found = overview(app)
    assert (found["reviews_waiting"], found["approvals_waiting"]) == (1, 1)
    assert found["runs_today"]["needs_review"] == 2
    names = ("deliveries_waiting", "deliveries_failing", "deliveries_given_up")
    assert [found[name] for name in names] == [2, 1, 1]
    not_own = overview(app, other)
    assert [not_own[name] for name in (*names, "reviews_waiting", "queued")] == [0] * 5


def test_counts_stop(app: WebApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a number of rows only the newest are counted, and the answer says so."""
    own = app.keys.list_all()[0]
    for number in range(5):
        add_run(app, own.id, at=now_ms() - 1_000 * number, status="done")
    monkeypatch.setattr(counts, "MAX_ROWS", 3)
    found = overview(app)
    assert (sum(found["runs_today"].values()), found["is_complete"]) == (3, False)


def test_every_query_has_a_limit(app: WebApp) -> None:
    """No query of the counts reads more rows than its limit."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        statements.append((statement, parameters))

    event.listen(app.service.database, "before_cursor_execute", note)
    found = Overview(app.service.database)
    found.recent(None)
    found.waiting(None, None)
    event.remove(app.service.database, "before_cursor_execute", note)
    assert len(statements) == 5
    for statement, parameters in statements:
        values = parameters.values() if isinstance(parameters, dict) else parameters
        assert "LIMIT" in statement
        assert MAX_ROWS in values


def test_a_key_without_actions_is_refused(app: WebApp) -> None:
    _, plain = app.keys.create("reviewer", ("review",))
    assert app.client.get("/v1/overview", headers={"X-API-Key": plain}).status_code == 403
