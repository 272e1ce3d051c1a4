"""One transaction of the journal: what its notes ask and change, and the statements that come of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connector.errors import FormcallError
from connector.store.ids import new_id, now_ms, today
from connector.store.money import dollars
from connector.store.notes import Begin, Entry, Gone, Limits, Note, Reserved, Same, callbacks
from connector.store.prepared import Statements
from connector.store.tables import RECEIVER_LENGTH

Json = dict[str, Any]

_RECEIVER = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)


class Group:
    """The notes of one transaction: what they need to know is read at once, each decides, what they change is written at once."""

    def __init__(self, cursor: Any, statements: Statements, notes: Sequence[Note]) -> None:
        self._cursor, self._say, self._notes = cursor, statements, notes
        self._rows: dict[str, Json] = {}
        self._changed: dict[str, Json] = {}
        self._inserted: list[Json] = []
        self._entries: list[Json] = []
        self._moved: dict[tuple[str, str], list[int]] = {}
        self._known: dict[tuple[str, str], tuple[int, int]] = {}
        self._batches: dict[str, tuple[str, int | None]] = {}
        self._told: list[tuple[Json, str, str]] = []
        self._messages: list[Json] = []
        self.has_messages = False

    def write(self) -> None:
        self._read_runs()
        if not self._say.is_sqlite:
            self._lock_accounts()
        for note in self._notes:
            note.error = None
            try:
                note.outcome = note.decide(self)
            except FormcallError as error:
                note.error = error
        self._flush()

    # --- what notes ask ---

    def row(self, run_id: str) -> Json:
        """The run's record as it is now, with what this group has changed so far."""
        found = self.find(run_id)
        if found is None:
            raise FormcallError("not_found", "There is no such run.")
        return found

    def find(self, run_id: str) -> Json | None:
        """``row``, or None."""
        return self._rows.get(run_id)

    def same(self, row: Json) -> Same | None:
        """The run that has this idempotency key already."""
        if not row.get("idempotency_key"):
            return None
        pair = row["key_id"], row["idempotency_key"]
        for mine in self._inserted:
            if (mine["key_id"], mine["idempotency_key"]) == pair:
                return Same(mine["id"], mine["digest"])
        found = self._say.same.one(self._cursor, {"key_id": pair[0], "idempotency_key": pair[1]}).fetchone()
        return Same(*found) if found else None

    def check_at_once(self, row: Json, most: int | None) -> None:
        """``FormcallError`` when the key has ``most`` runs under way already; rows of batches wait in their own queue."""
        if most is None:
            return
        mine = sum(one["key_id"] == row["key_id"] for one in self._inserted)
        if self._say.under_way.one(self._cursor, {"key_id": row["key_id"]}).fetchone()[0] + mine >= most:
            words = f"This API key may have {most} {'run' if most == 1 else 'runs'} under way at once. Wait until one has ended."
            raise FormcallError("too_many_at_once", words, retry_after=2)

    def check_batch(self, row: Json) -> None:
        """``Gone`` when the run is a row of a batch that is paused or cancelled."""
        if row["batch_id"]:
            status, _ = self._batch(row["batch_id"])
            if status in {"paused", "cancelled"}:
                raise Gone(status)

    def grant(self, row: Json, limits: Limits, want: int, least: int) -> int:
        """The nano-dollars that may be reserved: ``want``, or as much as every budget still has, ``least`` at the least."""
        budgets = [(budget, *self._standing(*budget[:2])) for budget in self._budgets(row, limits)]
        for (_, period, most, whose), _, spent in budgets:
            if most - spent < least:
                raise _spent(whose, most, period)
        for (_, _, most, whose), reserved, spent in budgets:
            if most - spent - reserved < least:
                raise Reserved(whose)
            want = min(want, most - spent - reserved)
        return want

    # --- what notes change ---

    def insert(self, row: Json, reserved: int) -> None:
        self._inserted.append({**row, "reserved_nusd": reserved})
        self.move(row, reserved, 0)

    def change(self, row: Json, **values: Any) -> None:
        row.update(values)
        self._changed.setdefault(row["id"], {}).update(values)

    def move(self, row: Json, reserved: int, spent: int) -> None:
        """Change what the run's accounts have reserved and spent."""
        if not reserved and not spent:
            return
        for account, period in accounts(row):
            moved = self._moved.setdefault((account, period), [0, 0])
            moved[0] += reserved
            moved[1] += spent

    def book(self, row: Json, attempt: int, entries: Iterable[Entry], *, unsure: bool = False) -> None:
        """Write calls into the ledger and count what they cost. ``unsure``: some of them may be there already."""
        known = self._booked(row["id"], attempt) if unsure else ()
        for entry in entries:
            if entry.step in known:
                continue
            self._entries.append(
                {
                    **vars(entry), "run_id": row["id"], "attempt": attempt, "key_id": row["key_id"], "batch_id": row["batch_id"],
                    "action": row["action"], "day": row["day"],
                }
            )  # fmt: skip
            cost = None if entry.nusd is None or row["cost_nusd"] is None else row["cost_nusd"] + entry.nusd
            estimated = row["estimated_nusd"] + (entry.nusd or 0) * entry.estimated
            self.change(row, cost_nusd=cost, estimated_nusd=estimated)
            self.move(row, 0, entry.nusd or 0)

    def book_rest(self, row: Json) -> None:
        """Book a reservation whose call nobody saw the end of, in full: the provider may have billed it."""
        rest = row["reserved_nusd"]
        if rest:
            self.move(row, -rest, 0)
            self.book(row, row["attempt"], [Entry(-1, "unknown", nusd=rest, estimated=True)])
            self.change(row, reserved_nusd=0)

    def tell(self, row: Json, event: str, body: str) -> None:
        """Queue a message to the run's callback addresses and to everybody who subscribed to ``event``."""
        self._told.append(({**row}, event, body))  # as it is now: who asks later is told apart

    def send(self, row: Json, event: str, body: str, url: str) -> None:
        """Queue a message to one address alone."""
        self._messages.append(message(row["key_id"], row["id"], event, body, url=url, subscription_id=None))

    # --- reading and writing the tables ---

    def _read_runs(self) -> None:
        ids = sorted({run_id for note in self._notes for run_id in note.runs()})
        if ids:
            self._rows = self._say.lock_runs(self._cursor, ids)

    def _lock_accounts(self) -> None:
        """Lock all that may be changed in the one order that every process keeps, or two of them could wait for each other."""
        rows = [*self._rows.values(), *(note.row for note in self._notes if isinstance(note, Begin))]
        if not any(note.limits.has_budget for note in self._notes) and not any(row.get("batch_id") for row in rows):
            return  # nothing is asked before it is written, and that is done in this order as well
        names = {name for row in rows for day in {row["day"], today()} for name in accounts({**row, "day": day})}
        for account, period in sorted(names):
            self._standing(account, period)

    def _booked(self, run_id: str, attempt: int) -> set[int]:
        """The steps of an attempt that are in the ledger."""
        return {row[0] for row in self._say.booked.one(self._cursor, {"run_id": run_id, "attempt": attempt}).fetchall()}

    def _batch(self, batch_id: str) -> tuple[str, int | None]:
        """(status, budget) of a batch."""
        if batch_id not in self._batches:
            self._batches[batch_id] = self._say.batch.one(self._cursor, {"id": batch_id}).fetchone()
        return self._batches[batch_id]

    def _budgets(self, row: Json, limits: Limits) -> list[tuple[str, str, int, str]]:
        day, month = row["day"], row["day"][:7]
        found = [(row["key_id"], day, limits.day, "The budget of this API key for today")]
        found.append((row["key_id"], month, limits.month, "The budget of this API key for this month"))
        if row.get("batch_id"):
            found.append((row["batch_id"], "all", self._batch(row["batch_id"])[1], "The budget of this batch"))
        return [(account, period, most, whose) for account, period, most, whose in found if most is not None]

    def _standing(self, account: str, period: str) -> tuple[int, int]:
        """(reserved, spent) of an account as of now; its row is locked until the transaction ends."""
        name = account, period
        if name not in self._known:
            self._known[name] = self._say.standing.one(self._cursor, {"account": account, "period": period}).fetchone() or (0, 0)
        reserved, spent = self._known[name]
        moved = self._moved.get(name, (0, 0))
        return reserved + moved[0], spent + moved[1]

    def _flush(self) -> None:
        if self._inserted:
            self._say.insert_runs(self._cursor, self._inserted)
        alike: dict[tuple[str, ...], list[Json]] = {}
        for run_id, values in self._changed.items():
            alike.setdefault(tuple(values), []).append({"this_id": run_id, **values})
        for changes in alike.values():
            self._say.change_runs(self._cursor, changes)
        if self._entries:
            self._say.entry.many(self._cursor, self._entries)
        rows: list[Json] = [
            {"account": account, "period": period, "reserved": reserved, "spent": spent}
            for (account, period), (reserved, spent) in sorted(self._moved.items())
            if reserved or spent
        ]
        if rows:
            self._say.add.many(self._cursor, rows)
        if self._told or self._messages:
            self._flush_messages()

    def _flush_messages(self) -> None:
        owners = sorted({row["key_id"] for row, _, _ in self._told if not row["batch_id"]})
        subscribed = self._say.subscribed(self._cursor, owners) if owners else []
        made = self._messages + [
            message(row["key_id"], row["id"], event, body, url=url, subscription_id=subscription)
            for row, event, body in self._told
            for url, subscription in _receivers(row, event, subscribed)
        ]
        if made:
            self._say.message.many(self._cursor, made)
            self.has_messages = True


def _receivers(row: Json, event: str, subscribed: Sequence[tuple[str, str, str, str]]) -> list[tuple[str, str | None]]:
    if row.get("batch_id"):
        return []  # a batch tells of itself once, not of each row
    found: list[tuple[str, str | None]] = [(url, None) for url in callbacks(row)]
    return found + [(url, own_id) for own_id, key_id, wanted, url in subscribed if key_id == row["key_id"] and wanted == event]


def message(key_id: str, subject_id: str, event: str, body: str, *, url: str, subscription_id: str | None) -> Json:
    """A row of ``deliveries`` that is due at once. Its id stays the same over all tries, so a receiver can tell repeats."""
    at = now_ms()
    return {
        "id": new_id("msg"), "key_id": key_id, "subscription_id": subscription_id, "subject_id": subject_id, "event": event,
        "url": url, "receiver": receiver(url), "body": body, "state": "waiting", "attempts": 0, "created_ms": at, "next_ms": at,
    }  # fmt: skip


def receiver(url: str) -> str:
    """The host of an address, with its port if it names one: all that is ever said of where a message goes."""
    found = _RECEIVER.match(url)
    return found[1].rpartition("@")[2].lower()[:RECEIVER_LENGTH] if found else ""


def accounts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (account, period) pairs that a run is booked to: its key's day and month, and its batch."""
    found = [(row["key_id"], row["day"]), (row["key_id"], row["day"][:7])]
    return [*found, (row["batch_id"], "all")] if row.get("batch_id") else found


def _spent(whose: str, most: int, period: str) -> FormcallError:
    fix = "Raise it and resume the batch."
    if period != "all":
        fix = f"It begins anew {'at midnight UTC' if len(period) == len('2026-01-01') else 'next month'}, or ask the operator for more."
    return FormcallError("budget_exceeded", f"{whose} ({dollars(most)}) does not pay for another call. {fix}")
