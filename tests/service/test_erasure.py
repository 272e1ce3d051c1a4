"""Erasure of a customer: nothing is left of a key but the books, and a report says so."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from connector.store.erasure import Erasure, erased_tables
from connector.store.ids import now_ms
from connector.store.tables import cached_answers, deliveries, ledger, metadata, runs
from tests.service.test_retention import _command
from tests.support.ledger_asserts import assert_consistent, queued_values
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]
MARK = "Mrs Quillfeather of Borough Lane"
NO_CUSTOMER_DATA = {
    *("api_keys", "spending", "learned_variants", "rates", "hosts"),
    "audit_entries",  # ids and addresses; the latter are erased
}


def fill(app: WebApp, name: str) -> str:
    """Everything that a customer can leave behind; returns the key's id."""
    key, plain = app.keys.create(name)
    headers = {"X-API-Key": plain}
    form = {**TICKET, "text": f"{MARK} was charged twice.", "idempotency_key": "once"}
    for path, body in (
        ("/v1/actions/classify", form),
        ("/v1/actions/classify", {**form, "idempotency_key": "later", "wait_seconds": 0}),
        ("/v1/hooks", {"name": MARK, "action": "classify", "fixed": TICKET, "mapping": {}}),
        ("/v1/subscriptions", {"event": "run.failed", "target_url": f"https://1.1.1.1/{name}"}),
    ):
        answer = app.client.post(path, json=body, headers=headers)
        assert answer.status_code < 300, answer.json
    app.service.deliveries.add(key.id, "run_1", "run.completed", MARK, url="https://1.1.1.1/")
    app.service.records.blobs.save(key.id, {"a" * 64: base64.b64encode(MARK.encode())})
    at = now_ms()
    row = {"digest": "a", "created_ms": at, "expires_ms": at + 10**9, "answer": MARK}
    with app.service.database.begin() as connection:
        connection.execute(cached_answers.insert().values(key_id=key.id, **row))
        values = {"status": "interrupted", "ended_ms": at, "form": MARK, "reserved_nusd": 0}
        connection.execute(runs.insert().values(**{**queued_values(key.id), **values}))
    return key.id


def counts(app: WebApp, key_id: str) -> dict[str, int]:
    with app.service.database.connect() as connection:
        return {
            table.name: connection.execute(
                select(func.count()).select_from(table).where(table.c.key_id == key_id)
            ).scalar_one()
            for table in metadata.sorted_tables
            if "key_id" in table.columns
        }


@pytest.mark.attack(
    "What a former customer sent is found in the data folder after its erasure",
    "`purge --key` deletes all but the books, also from the file, and reports what is left",
)
def test_nothing_is_left_of_a_key(make: Make, tmp_path: Path) -> None:
    app = make()
    gone, stays = fill(app, "gone"), fill(app, "stays")
    before = counts(app, stays)
    environment = {"FORMCALL_DATA_DIR": str(app.service.settings.data_dir)}
    refused = _command("purge", "--key", "gone", **environment)
    assert refused.returncode == 1
    assert "Revoke it first" in refused.stderr
    app.keys.revoke("gone")
    dry = _command("purge", "--key", "gone", "--dry-run", **environment)
    assert (dry.returncode, counts(app, gone)["runs"]) == (0, 3)
    done = _command("purge", "--key", "gone", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing of the key" in done.stdout
    assert not any(count for name, count in counts(app, gone).items() if name != "ledger")
    assert counts(app, stays) == before
    app.keys.revoke("stays")
    assert _command("purge", "--key", "stays", "--vacuum", **environment).returncode == 0
    assert_consistent(app.service.database)
    app.service.database.dispose()
    for file in app.service.settings.data_dir.glob("formcall.db*"):
        assert MARK.encode() not in file.read_bytes()


def test_a_run_in_progress_is_left_and_reported(make: Make) -> None:
    app = make()
    key = app.keys.create("busy")[0]
    with app.service.database.begin() as connection:
        running = {**queued_values(key.id), "status": "running", "host": "elsewhere"}
        connection.execute(runs.insert().values(reserved_nusd=0, **running))
        connection.execute(runs.insert().values(reserved_nusd=0, **queued_values(key.id)))
    report = Erasure(app.service.database, key.id).run()
    assert report.deleted["runs and rows of batches"] == 1
    assert report.left["runs and rows of batches"] == 1
    assert not report.is_complete


def test_every_table_is_erased_or_has_no_customer_in_it() -> None:
    """A new table is a decision: it has the id of its key, or it is listed here."""
    without_key = {table.name for table in metadata.sorted_tables if "key_id" not in table.columns}
    assert without_key == NO_CUSTOMER_DATA
    assert {table.name for table in erased_tables()} | {ledger.name} | without_key == set(
        metadata.tables
    )


@pytest.mark.attack(
    "A revoked key's messages are still sent", "dropped at their next attempt, and not sent"
)
def test_messages_of_a_revoked_key_are_not_sent(make: Make) -> None:
    app = make()
    key = app.keys.create("former")[0]
    app.service.deliveries.add(key.id, "run_1", "run.completed", "{}", url="https://1.1.1.1/")
    app.keys.revoke("former")
    (due,) = app.service.deliveries.claim({"1.1.1.1": 1})
    app.service.webhook_sender._attempt(due)
    with app.service.database.connect() as connection:
        row = connection.execute(select(deliveries).where(deliveries.c.id == due.id)).one()
    assert (row.state, row.detail) == ("dropped", "The API key of this message was revoked.")
