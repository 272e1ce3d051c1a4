"""One transaction of the ledger: what its changes read and write.

Records are read together before the changes are applied, and everything they change is written
together after them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.ids import new_id, now_ms, today
from connector.store.ledger.money import format_usd
from connector.store.ledger.records import (
    BudgetContended,
    BudgetLimits,
    DuplicateKey,
    LedgerEntry,
    RunSuperseded,
    callback_urls,
)
from connector.store.ledger.statements import Statements
from connector.store.tables import RECEIVER_LENGTH

_HOST = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_WHOLE_BATCH = "all"  # the period of a batch's account


class _Budget(NamedTuple):
    """A budget that a run is held against, and what its account has reserved and spent."""

    period: str
    limit: int
    name: str
    reserved: int
    spent: int


class Transaction:
    """Collects the effects of the changes that share a database transaction."""

    def __init__(self, cursor: Any, statements: Statements) -> None:
        self._cursor = cursor
        self._statements = statements
        self._runs: dict[str, Json] = {}
        self._updates: dict[str, Json] = {}
        self._new_runs: list[Json] = []
        self._entries: list[Json] = []
        self._adjustments: dict[tuple[str, str], list[int]] = {}
        self._balances: dict[tuple[str, str], tuple[int, int]] = {}
        self._batches: dict[str, tuple[str, int | None]] = {}
        self._notifications: list[tuple[Json, str, str]] = []
        self._deliveries: list[Json] = []
        self._audit_entries: list[Json] = []
        self.has_deliveries = False

    # --- reads, each with what this transaction has changed so far ---

    def lock_runs(self, ids: Iterable[str]) -> None:
        """Read and lock the records that the changes need, in the order of their ids."""
        ordered = sorted(set(ids))
        if ordered:
            self._runs = self._statements.lock_runs(self._cursor, ordered)

    def lock_accounts(self, new_runs: Sequence[Json], *, has_budget: bool) -> None:
        """Lock the accounts of all runs in one global order, so that processes cannot deadlock."""
        if self._statements.is_sqlite:
            return
        rows = [*self._runs.values(), *new_runs]
        if not has_budget and not any(row.get("batch_id") for row in rows):
            return  # no balance is read before it is written, and ``flush`` keeps the same order
        names: set[tuple[str, str]] = set()
        for row in rows:
            names.update(accounts(row))
            names.update(accounts({**row, "day": today()}))
        for account, period in sorted(names):
            self._balance(account, period)

    def run(self, run_id: str) -> Json:
        """The run's record; ``FormcallError`` when there is none."""
        row = self._runs.get(run_id)
        if row is None:
            raise FormcallError("not_found", "There is no such run.")
        return row

    def find_run(self, run_id: str) -> Json | None:
        """The run's record, or None."""
        return self._runs.get(run_id)

    def find_duplicate(self, row: Json) -> DuplicateKey | None:
        """The run that already has the idempotency key of ``row``."""
        if not row.get("idempotency_key"):
            return None
        key = {"key_id": row["key_id"], "idempotency_key": row["idempotency_key"]}
        for other in self._new_runs:
            if all(other[name] == value for name, value in key.items()):
                return DuplicateKey(other["id"], other["digest"])
        stored = self._statements.find_duplicate.execute(self._cursor, key).fetchone()
        return DuplicateKey(*stored) if stored else None

    def check_concurrency(self, row: Json, limit: int | None) -> None:
        """``FormcallError`` when the key already has ``limit`` open runs.

        Rows of batches do not count; they wait in a queue of their own.
        """
        if limit is None:
            return
        key_id = row["key_id"]
        statement = self._statements.count_open_runs
        stored = statement.execute(self._cursor, {"key_id": key_id}).fetchone()[0]
        new = sum(other["key_id"] == key_id for other in self._new_runs)
        if stored + new >= limit:
            runs = "run" if limit == 1 else "runs"
            raise FormcallError(
                "too_many_at_once",
                f"This API key may have {limit} {runs} at once. Wait until one has ended.",
                retry_after=2,
            )

    def check_batch(self, row: Json) -> None:
        """``RunSuperseded`` when the run is a row of a batch that is paused or cancelled."""
        if row["batch_id"]:
            status, _ = self._batch(row["batch_id"])
            if status in {"paused", "cancelled"}:
                raise RunSuperseded(status)

    def affordable(self, row: Json, limits: BudgetLimits, desired: int, minimum: int) -> int:
        """The nano-dollars that may be reserved: between ``minimum`` and ``desired``.

        ``FormcallError`` (budget_exceeded) when a budget is spent, ``BudgetContended`` when other
        reservations hold it.
        """
        budgets = self._budgets(row, limits)
        for budget in budgets:
            if budget.limit - budget.spent < minimum:
                raise _exceeded(budget)
        for budget in budgets:
            free = budget.limit - budget.spent - budget.reserved
            if free < minimum:
                raise BudgetContended(budget.name)
            desired = min(desired, free)
        return desired

    # --- effects ---

    def insert_run(self, row: Json, reserved: int) -> None:
        """Add a new run with ``reserved`` nano-dollars."""
        self._new_runs.append({**row, "reserved_nusd": reserved})
        self.adjust_accounts(row, reserved, 0)

    def update_run(self, row: Json, **values: Any) -> None:
        """Set columns of a run."""
        row.update(values)
        self._updates.setdefault(row["id"], {}).update(values)

    def adjust_accounts(self, row: Json, reserved: int, spent: int) -> None:
        """Add to what the run's accounts have reserved and spent."""
        if not reserved and not spent:
            return
        for name in accounts(row):
            adjustment = self._adjustments.setdefault(name, [0, 0])
            adjustment[0] += reserved
            adjustment[1] += spent

    def book_calls(
        self,
        row: Json,
        attempt: int,
        entries: Iterable[LedgerEntry],
        *,
        maybe_written: bool = False,
    ) -> None:
        """Add calls to the ledger and to the run's cost; ``maybe_written``: skip those stored."""
        stored = self._booked_steps(row["id"], attempt) if maybe_written else ()
        for entry in entries:
            if entry.step not in stored:
                self._book_call(row, attempt, entry)

    def _book_call(self, row: Json, attempt: int, entry: LedgerEntry) -> None:
        self._entries.append(
            {
                **vars(entry),
                "run_id": row["id"],
                "attempt": attempt,
                "key_id": row["key_id"],
                "batch_id": row["batch_id"],
                "action": row["action"],
                "day": row["day"],
            }
        )
        amount = entry.nusd or 0
        is_known = entry.nusd is not None and row["cost_nusd"] is not None
        cost = row["cost_nusd"] + amount if is_known else None
        estimated = row["estimated_nusd"] + amount * entry.estimated
        self.update_run(row, cost_nusd=cost, estimated_nusd=estimated)
        self.adjust_accounts(row, 0, amount)

    def release_reservation(self, row: Json) -> None:
        """Give back all that the run has reserved in its accounts."""
        self.adjust_accounts(row, -row["reserved_nusd"], 0)

    def settle_reservation(self, row: Json) -> None:
        """Book what an interrupted call has reserved in full: the provider may have billed it."""
        reserved = row["reserved_nusd"]
        if reserved:
            self.release_reservation(row)
            entry = LedgerEntry(-1, "unknown", nusd=reserved, estimated=True)
            self.book_calls(row, row["attempt"], [entry])
            self.update_run(row, reserved_nusd=0)

    def notify(self, row: Json, event: str, body: str) -> None:
        """Queue a message to the run's callback URLs and to the subscribers of ``event``.

        The callbacks are those at this point; one added later has its own message.
        """
        self._notifications.append(({**row}, event, body))

    def send(self, row: Json, event: str, body: str, url: str) -> None:
        """Queue a message to one URL."""
        self._deliveries.append(
            delivery_row(row["key_id"], row["id"], event, body, url=url, subscription_id=None)
        )

    def add_audit_entry(self, row: Json) -> None:
        """Add a row of the audit log."""
        self._audit_entries.append(row)

    # --- tables ---

    def _booked_steps(self, run_id: str, attempt: int) -> set[int]:
        """The steps of an attempt that the ledger already has."""
        statement = self._statements.booked_steps
        rows = statement.execute(self._cursor, {"run_id": run_id, "attempt": attempt}).fetchall()
        return {row[0] for row in rows}

    def _batch(self, batch_id: str) -> tuple[str, int | None]:
        """(status, budget) of a batch."""
        if batch_id not in self._batches:
            statement = self._statements.read_batch
            self._batches[batch_id] = statement.execute(self._cursor, {"id": batch_id}).fetchone()
        return self._batches[batch_id]

    def _budgets(self, row: Json, limits: BudgetLimits) -> list[_Budget]:
        """The budgets of the run's key and batch that have a limit."""
        key_id, day, batch_id = row["key_id"], row["day"], row.get("batch_id")
        budgets: list[_Budget] = []
        if limits.day is not None:
            name = "The budget of this API key for today"
            budgets.append(_Budget(day, limits.day, name, *self._balance(key_id, day)))
        if limits.month is not None:
            name, month = "The budget of this API key for this month", day[:7]
            budgets.append(_Budget(month, limits.month, name, *self._balance(key_id, month)))
        if batch_id and (limit := self._batch(batch_id)[1]) is not None:
            balance = self._balance(batch_id, _WHOLE_BATCH)
            budgets.append(_Budget(_WHOLE_BATCH, limit, "The budget of this batch", *balance))
        return budgets

    def _balance(self, account: str, period: str) -> tuple[int, int]:
        """(reserved, spent) of an account; its row stays locked until the transaction ends."""
        name = (account, period)
        if name not in self._balances:
            values = {"account": account, "period": period}
            stored = self._statements.read_account.execute(self._cursor, values).fetchone()
            self._balances[name] = stored or (0, 0)
        reserved, spent = self._balances[name]
        adjustment = self._adjustments.get(name, (0, 0))
        return reserved + adjustment[0], spent + adjustment[1]

    def flush(self) -> None:
        """Write all effects to the database."""
        if self._new_runs:
            self._statements.insert_runs(self._cursor, self._new_runs)
        self._flush_updates()
        if self._entries:
            self._statements.insert_entry.execute_many(self._cursor, self._entries)
        self._flush_accounts()
        if self._notifications or self._deliveries:
            self._flush_deliveries()
        if self._audit_entries:
            self._statements.insert_audit.execute_many(self._cursor, self._audit_entries)

    def _flush_updates(self) -> None:
        by_columns: dict[tuple[str, ...], list[Json]] = {}
        for run_id, values in self._updates.items():
            by_columns.setdefault(tuple(values), []).append({"this_id": run_id, **values})
        for rows in by_columns.values():
            self._statements.update_runs(self._cursor, rows)

    def _flush_accounts(self) -> None:
        rows: list[Json] = [
            {"account": account, "period": period, "reserved": reserved, "spent": spent}
            for (account, period), (reserved, spent) in sorted(self._adjustments.items())
            if reserved or spent
        ]
        if rows:
            self._statements.add_to_account.execute_many(self._cursor, rows)

    def _flush_deliveries(self) -> None:
        key_ids = {row["key_id"] for row, _, _ in self._notifications if not row["batch_id"]}
        subscriptions: list[tuple[str, str, str, str]] = []
        if key_ids:
            subscriptions = self._statements.active_subscriptions(self._cursor, sorted(key_ids))
        rows = list(self._deliveries)
        for row, event, body in self._notifications:
            for url, subscription_id in _receivers(row, event, subscriptions):
                rows.append(
                    delivery_row(
                        row["key_id"],
                        row["id"],
                        event,
                        body,
                        url=url,
                        subscription_id=subscription_id,
                    )
                )
        if rows:
            self._statements.insert_delivery.execute_many(self._cursor, rows)
            self.has_deliveries = True


def _receivers(
    row: Json, event: str, subscriptions: Sequence[tuple[str, str, str, str]]
) -> list[tuple[str, str | None]]:
    """(URL, subscription id or None) of everything that is notified of the run's event."""
    if row.get("batch_id"):
        return []  # a batch sends one message of its own, not one for each row
    receivers: list[tuple[str, str | None]] = [
        (url, None) for url in callback_urls(row["callback_url"])
    ]
    for subscription_id, key_id, subscribed_event, url in subscriptions:
        if key_id == row["key_id"] and subscribed_event == event:
            receivers.append((url, subscription_id))
    return receivers


def delivery_row(
    key_id: str, subject_id: str, event: str, body: str, *, url: str, subscription_id: str | None
) -> Json:
    """A row of ``deliveries`` that is due now.

    Its id is the same for all attempts, so a receiver can recognise repeats.
    """
    at = now_ms()
    return {
        "id": new_id("msg"),
        "key_id": key_id,
        "subscription_id": subscription_id,
        "subject_id": subject_id,
        "event": event,
        "url": url,
        "receiver": receiver_host(url),
        "body": body,
        "state": "waiting",
        "attempts": 0,
        "created_ms": at,
        "next_ms": at,
    }


def receiver_host(url: str) -> str:
    """The host of a URL, with its port if it has one; no more of a URL is ever logged or shown."""
    match = _HOST.match(url)
    return match[1].rpartition("@")[2].lower()[:RECEIVER_LENGTH] if match else ""


def accounts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (account, period) pairs that a run is booked to: its key's day and month, its batch."""
    names = [(row["key_id"], row["day"]), (row["key_id"], row["day"][:7])]
    if row.get("batch_id"):
        names.append((row["batch_id"], _WHOLE_BATCH))
    return names


def _exceeded(budget: _Budget) -> FormcallError:
    if budget.period == _WHOLE_BATCH:
        fix = "Raise it and resume the batch."
    else:
        is_day = len(budget.period) == len("2026-01-01")
        restart = "at midnight UTC" if is_day else "next month"
        fix = f"It starts again {restart}, or ask the operator for more."
    detail = f"{budget.name} ({format_usd(budget.limit)}) does not pay for another call. {fix}"
    return FormcallError("budget_exceeded", detail)
