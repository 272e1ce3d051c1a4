"""The audit log: what is written in it, by whom, and what never is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from connector.cli.main import main
from connector.publish.operations import audit as published
from connector.store.audit import EVENTS, OPERATOR, SERVICE, Actor, AuditFilter, AuditLog
from connector.store.erasure import Erasure
from connector.store.ids import lowest_id, now_ms
from connector.store.retention import Retention, current_cutoffs, plan_deletions
from connector.store.tables import audit_entries
from tests.support.databases import KINDS, database_url
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]
NOTE = "the secret note of a reviewer"
TARGET = "https://1.1.1.1/catch?token=of-the-receiver"


@pytest.fixture(params=KINDS)
def app(request: pytest.FixtureRequest, make: Make) -> Iterator[WebApp]:
    """An application on a database of each kind, whose key has the scope admin."""
    with database_url(request.param) as url:
        made = make(database_url=url, trust_proxy=1)
        _, made.key = made.keys.create("boss", ("actions", "admin"))
        yield made
        made.close()


def send(app: WebApp, method: str, path: str, status: int = 200, **body: Any) -> Any:
    headers = {**app.headers, "X-Forwarded-For": "10.9.9.9, 192.0.2.7"}
    response = app.client.open(path, method=method, json=body, headers=headers)
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()


def entries(app: WebApp, query: str = "") -> list[Any]:
    """The entries over HTTP, the oldest first."""
    response = app.client.get(f"/v1/audit{query}", headers=app.headers)
    assert response.status_code == 200, response.get_data(as_text=True)
    listed: list[Any] = response.get_json()
    return listed[::-1]


def test_who_did_what_and_from_where(app: WebApp) -> None:
    """Each change over HTTP is one entry: by the key, from the address that the trusted proxy has
    seen; nothing in it is a secret or a text."""
    boss = app.keys.by_name("boss")
    made = send(app, "POST", "/v1/keys", 201, name="shop", scopes="actions", budget_day_usd="5")
    send(app, "PATCH", f"/v1/keys/{made['id']}", at_once="2")
    send(app, "DELETE", f"/v1/keys/{made['id']}")
    send(app, "DELETE", f"/v1/keys/{made['id']}")
    hook = send(app, "POST", "/v1/hooks", 201, name=NOTE, action="classify", fixed=TICKET)
    for _ in range(2):
        send(app, "DELETE", f"/v1/hooks/{hook['id']}")
    subscription = {"event": "run.completed", "target_url": TARGET, "authorization": "Bearer s3c"}
    made_sub = send(app, "POST", "/v1/subscriptions", 201, **subscription)
    send(app, "POST", "/v1/subscriptions", 201, **subscription)
    app.client.delete(f"/v1/subscriptions/{made_sub['id']}", headers=app.headers)
    run = send(app, "POST", "/v1/actions/classify", 202, **TICKET, review="always")
    send(app, "POST", f"/v1/reviews/{run['id']}", decision="accept", note=NOTE)
    found = [one for one in entries(app) if one["by"] == boss.id]
    assert [(one["event"], one["subject"]) for one in found] == [
        ("key.created", made["id"]),
        ("key.changed", made["id"]),
        ("key.revoked", made["id"]),
        ("hook.created", hook["id"]),
        ("hook.revoked", hook["id"]),
        ("subscription.created", made_sub["id"]),
        ("subscription.changed", made_sub["id"]),
        ("subscription.ended", made_sub["id"]),
        ("review.decided", run["id"]),
    ]
    assert {one["by_name"] for one in found} == {"boss"}
    assert {one["address"] for one in found[:7]} == {"192.0.2.7"}
    assert found[7]["address"] == "127.0.0.1"
    created = {"name": "shop", "scopes": ["actions"], "rate_per_minute": 3_000}
    assert found[0]["details"] == {**created, "budget_day_usd": 5.0}
    assert found[1]["details"] == {"name": "shop", "at_once": 2}
    assert found[8]["details"] == {"decision": "accept", "action": "classify", "key": boss.id}
    stored = json.dumps(found)
    for secret in (made["key"], NOTE, "of-the-receiver", "s3c", TICKET["text"]):
        assert secret not in stored


def test_entries_of_the_command_line_and_the_service(app: WebApp, tmp_path: Path) -> None:
    """What commands do is by the operator; the command shows the log, also as JSON."""
    settings = app.service.settings
    environment = {
        "FORMCALL_DATA_DIR": str(settings.data_dir),
        "FORMCALL_DATABASE_URL": settings.database_url,
    }

    def command(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments, env=environment)
        assert done.exit_code == 0, done.output
        return done.output

    command("key", "create", "made here")
    command("key", "revoke", "made here")
    command("console", "link", "--key", "boss")
    command("purge")
    command("purge", "--dry-run")
    shown = command("audit", "--by", "operator").splitlines()
    events = ["data.purged", "console.link_made", "key.revoked", "key.created"]
    assert [line.split("  ")[1] for line in shown[:4]] == events
    assert "by operator" in shown[0]
    lines = command("audit", "--subject", "made here", "--json").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["key.revoked", "key.created"]
    assert command("audit", "--by", "boss") == ""


def test_pages_and_filters(app: WebApp) -> None:
    """Pages follow one another without a gap or a repeat; each filter finds its own."""
    log = app.service.audit
    log.add(Actor("key_1", "192.0.2.1"), "data.exported", "runs")
    for number in range(7):
        log.add(SERVICE, "tool.removed", f"tool {number}")
    address, seen = "/v1/audit?limit=3", []
    while address:
        response = app.client.get(address, headers=app.headers)
        seen += [one["id"] for one in response.get_json()]
        link = response.headers.get("Link", "")
        address = link.partition(">")[0].removeprefix("<http://localhost") if link else ""
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == len(entries(app, "?limit=100"))
    assert [one["subject"] for one in entries(app, "?by=key_1")] == ["runs"]
    assert len(entries(app, "?event=tool.removed")) == 7
    assert [one["event"] for one in entries(app, "?subject=tool+3")] == ["tool.removed"]
    assert entries(app, "?to=2020-01-01") == []
    assert len(entries(app, "?from=2020-01-01&event=tool.removed")) == 7


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("event=key.eaten", "event"),
        ("cursor=run_0123456789ab", "cursor"),
        ("from=2026-02-02&to=2026-01-01", "from"),
        ("limit=0", "limit"),
    ],
)
def test_invalid_queries(app: WebApp, query: str, field: str) -> None:
    """A parameter that is invalid is named."""
    response = app.client.get(f"/v1/audit?{query}", headers=app.headers)
    assert response.status_code == 422
    assert [one["field"] for one in response.get_json(force=True)["errors"]] == [field]


def test_only_an_admin_reads_it(app: WebApp) -> None:
    """A key without the scope admin is refused."""
    _, plain = app.keys.create("other", ("actions", "tools", "review"))
    response = app.client.get("/v1/audit", headers={"X-API-Key": plain})
    assert response.status_code == 403


def test_tools_are_recorded_when_they_change(app: WebApp, tmp_path: Path) -> None:
    """A tool file that is new, changed or gone is one entry, however many processes load it."""
    folder = tmp_path / "tools"
    folder.mkdir()
    log = app.service.audit

    def load(count: int = 3) -> list[tuple[str, str]]:
        start = threading.Barrier(count)

        def record() -> None:
            start.wait()
            AuditLog(app.service.database).record_tools(folder)

        threads = [threading.Thread(target=record) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rows = log.page(AuditFilter(actor=SERVICE.id), limit=100)
        return [(row.event, row.subject) for row in reversed(rows)]

    (folder / "prices.yaml").write_text("a: 1")
    assert load() == load() == [("tool.loaded", "prices")]
    (folder / "prices.yaml").write_text("a: 2")
    assert load() == [("tool.loaded", "prices"), ("tool.changed", "prices")]
    (folder / "prices.yaml").unlink()
    assert load()[2:] == [("tool.removed", "prices")]
    (folder / "prices.yaml").write_text("a: 2")
    assert load()[3:] == [("tool.loaded", "prices")]


def test_what_retention_and_erasure_leave(app: WebApp) -> None:
    """Entries go with the oldest calls of the ledger; of an erased key its addresses go at once,
    and what was done stays."""
    key, _ = app.keys.create("former", by=Actor("key_1", "192.0.2.9"))
    app.service.audit.add(Actor(key.id, "192.0.2.8"), "data.exported")
    app.service.audit.add(Actor("key_2", "192.0.2.5"), "data.exported")
    app.keys.revoke("former")
    Erasure(app.service.database, key.id).run()
    rows = app.service.audit.page(AuditFilter(), limit=100)
    assert {row.event for row in rows if key.id in {row.actor, row.subject}} == {
        "key.created",
        "key.revoked",
        "data.exported",
    }
    assert [row.address for row in rows if row.address] == ["192.0.2.5"]
    old = lowest_id("audit", now_ms() - 10 * 366 * 86_400_000)
    with app.service.database.begin() as connection:
        oldest = select(audit_entries.c.id).order_by(audit_entries.c.id).limit(1).scalar_subquery()
        change = update(audit_entries).where(audit_entries.c.id == oldest)
        connection.execute(change.values(id=old))
    deletions = plan_deletions(current_cutoffs(app.service.settings))
    counts = Retention(app.service.database).run(deletions)
    assert counts["entries of the audit log"] == 1
    assert len(app.service.audit.page(AuditFilter(), limit=100)) == len(rows) - 1


def test_a_change_that_fails_is_in_no_log(app: WebApp) -> None:
    """The entry is written with its change or not at all."""
    before = len(entries(app, "?limit=100"))
    send_invalid = app.client.post("/v1/keys", json={"name": "boss"}, headers=app.headers)
    assert send_invalid.status_code == 409
    own = app.keys.by_name("boss")
    assert app.client.delete(f"/v1/keys/{own.id}", headers=app.headers).status_code == 409
    assert len(entries(app, "?limit=100")) == before


def test_the_published_events_are_the_stored_ones() -> None:
    assert published.EVENTS == EVENTS
    assert OPERATOR.id in published.OPERATIONS[0].parameters[1].help
