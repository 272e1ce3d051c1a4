"""What one attempt of a run may spend: the most a call can cost is reserved before it, what it did cost is booked after it.

Near the end of a budget a call is not refused for want of money it will hardly use: it gets room for a shorter answer, down to a
sixteenth of the usual room (500 tokens at low effort), so that what is left is spent on answers and can still never be overspent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from connector.engine.run import Engine
from connector.engine.turns import Cancelled, Run
from connector.errors import FormcallError
from connector.providers.base import ModelRequest, Reply, Usage
from connector.providers.bounds import Bound, bound_of
from connector.providers.tokens import Counter
from connector.store.journal import Journal
from connector.store.keys import Key
from connector.store.money import dollars, nano, nano_of_cost
from connector.store.notes import Entry, Gone, More, Note, Reserved, Unwritten

# where money is short a tight bound lets more runs go on at the same time; where it is not, counting is only work
_EXACT, _BY_BYTES = Counter(exact=True), Counter(exact=False)
_LEAST_SHARE = 16  # a call gets at least this part of the room for its answer
_POLL_SECONDS = 0.25  # money may also be freed by another process
_COUNTED_AT_MOST = "The cost of a call is not known; it is counted as the most that the call can have cost."


class _Books:
    """What all calls of an attempt share, also those that are made at the same time."""

    def __init__(self, spent: int | None) -> None:
        self.lock = threading.Lock()  # over what follows
        self.asking = threading.Lock()  # over reserving: the record has one sum for all calls that are under way
        self.steps = 0
        self.spent, self.cost = spent or 0, spent  # what is known of it, and the whole: None when a price is not known
        self.entries: list[Entry] = []  # of calls that have ended and are not written yet
        self.unsure = False  # whether some that have been taken are written
        self.held: dict[int, int] = {}  # what is reserved for each call that is under way, by its purse


class Purse:
    """The meter of one attempt. ``opening`` says what its first call needs, ``start`` gives it what was granted for that.

    ``spent`` is what earlier attempts cost (None: not known), ``tier`` the provider's service tier at whose price the calls are made.
    A purse pays one call at a time; calls at the same time have a ``branch`` each, all in the same books.
    """

    def __init__(self, engine: Engine, journal: Journal, key: Key, run: Run, *, spent: int | None = 0, tier: str = "") -> None:
        self._engine, self._journal, self._key, self._run = engine, journal, key, run
        self._tier = tier
        self._attempt = 0
        self._granted: int | None = None
        self._books = _Books(spent)
        self._caps = caps_of(run, key)
        self._has_budget = False
        self._bound: Bound | None = None
        self._asked: ModelRequest | None = None  # the call that was allowed last
        self.free_of_charge = engine.provider.engine != "openai"
        run.meter = self

    @property
    def cost(self) -> int | None:
        """What the run has cost so far in nano-dollars; None when that is not known."""
        return self._books.cost

    @property
    def unsure(self) -> bool:
        """Whether some of the calls that were taken to be written are written already."""
        return self._books.unsure

    def opening(self, *, has_budget: bool = False) -> tuple[int, int]:
        """(want, least): nano-dollars that the first call can cost at most, with its usual room and with the least.

        Nothing for a run with files: what they make it ask is known once they were read, and reserved then.
        """
        self._has_budget = self._has_budget or has_budget
        return (0, 0) if self._run.action.file_fields else self._needs(self._run.opening())

    def start(self, granted: int, attempt: int) -> None:
        """The attempt has begun, with ``granted`` nano-dollars for its first call."""
        self._granted, self._attempt = None if self._run.action.file_fields else granted, attempt

    def follow(self, row: Any) -> None:
        """The attempt comes after others of a kept run: what those cost counts, and so does what they still have reserved."""
        self._books.spent = (row.cost_nusd or 0) + row.reserved_nusd
        self._books.cost = None if row.cost_nusd is None else self._books.spent

    def take_entries(self) -> tuple[Entry, ...]:
        """The calls that are not written yet; they are now the caller's to write."""
        with self._books.lock:
            taken, self._books.entries = tuple(self._books.entries), []
        return taken

    # --- the meter ---

    def branch(self) -> Purse:
        made = copy(self)
        made._granted = made._bound = made._asked = None
        return made

    def reserve(self, calls: Sequence[tuple[Any, ModelRequest]]) -> None:
        """Reserve what ``calls`` (each with its branch) need, all or none; what can be spared goes to them in equal parts."""
        if self.free_of_charge:
            return
        needs = [purse._needs(request) for purse, request in calls]
        want, least = (sum(amounts) for amounts in zip(*needs, strict=True))
        for cap in self._caps:
            if cap - self._books.spent < least:
                raise _too_dear(cap, self._books.spent, least, calls=len(calls))
            want = max(least, min(want, cap - self._books.spent))
        with self._books.asking:
            spare = self._write_more(want, least) - least
            for (purse, _), (wanted, needed) in zip(calls, needs, strict=True):
                share = min(wanted - needed, spare // len(calls))
                purse._granted = self._books.held[id(purse)] = needed + share

    def before(self, request: ModelRequest) -> ModelRequest:
        if self._granted is None:
            self._granted = self._more(request)
        granted, self._granted = self._granted, None
        if self.free_of_charge or self._bound is None:
            return request
        room = self._bound.affordable(granted)
        if room < self._bound.output_tokens:
            self._bound = replace(self._bound, output_tokens=room)
        is_bounded = self._has_budget and self._bound.limited
        if is_bounded or room < request.max_output_tokens:
            request = replace(request, max_output_tokens=min(request.max_output_tokens, room), bounded=is_bounded)
        self._asked = request
        return request

    def after(self, reply: Reply, cost_usd: float | None) -> None:
        try:
            self._book(reply, cost_usd)
        finally:
            self._is_over()

    def _book(self, reply: Reply, cost_usd: float | None) -> None:
        if reply.lost:
            self._add(self._run.model, Usage(), self._most(once=True), estimated=True)
        cost = nano_of_cost(cost_usd)
        if cost is None and (cost := self._most(once=True)) is not None:
            self._run.warnings.append(_COUNTED_AT_MOST)
            self._add(self._run.model, reply.usage, cost, estimated=True)
        else:
            self._add(self._run.model, reply.usage, cost)

    def failed(self, *, unseen: bool) -> None:
        if unseen and not self.free_of_charge:
            # nobody knows whether it was billed; money is safe only if it counts as if it was
            self._add(self._run.model, Usage(), self._most(), estimated=True)
        self._is_over()

    def _most(self, *, once: bool = False) -> int | None:
        """The most that the call which was made last can have cost, with its second try unless ``once``; None when that is not known."""
        bound, request = self._bound, self._asked
        if bound is None or request is None:
            return None
        read = bound.input_tokens if bound.exact else _EXACT.input_bound(request, *bound.rows).tokens
        return replace(bound, input_tokens=min(read, bound.input_tokens), twice=bound.twice and not once).nano()

    def _add(self, model: str, usage: Usage, cost: int | None, *, estimated: bool = False) -> None:
        books = self._books
        with books.lock:
            entry = Entry(books.steps, model[:100], usage.input, usage.cached, usage.output, usage.reasoning, cost, estimated)
            books.entries.append(entry)
            books.steps += 1
            books.spent += cost or 0
            books.cost = None if cost is None or books.cost is None else books.cost + cost

    def _is_over(self) -> None:
        """The call that was allowed last is: what was reserved for it is free at the next reservation."""
        self._books.held.pop(id(self), None)

    def _more(self, request: ModelRequest) -> int:
        with self._books.asking:
            want, least = self._needs(request)
            # the record's reservation is written anew as a whole, so what the others still need is asked for again
            others = sum(list(self._books.held.values()))
            granted = self._write_more(others + want, others + least) - others
            self._books.held[id(self)] = granted
        return granted

    def _write_more(self, want: int, least: int) -> int:
        note = More(self._run.id, self._attempt, self.take_entries(), self._key.allowance.limits(), want, least)
        try:
            granted: int = patiently(self._journal, note, self._run.deadline, for_database=True).nusd
        except Gone as gone:
            raise Cancelled from gone
        finally:
            if not note.commits:  # what was paid is written in the end
                with self._books.lock:
                    self._books.entries = [*note.entries, *self._books.entries]
                    self._books.unsure = self._books.unsure or note.unsure
        return granted

    def _needs(self, request: ModelRequest) -> tuple[int, int]:
        if self.free_of_charge:
            return 0, 0
        engine, twice = self._engine, self._engine.settings.retry_after_timeout and not self._tier
        has_budget = self._has_budget = self._has_budget or bool(self._caps) or self._key.allowance.is_budgeted
        counter = _EXACT if has_budget else _BY_BYTES
        bound = self._bound = bound_of(engine.provider, engine.models, request, counter, twice=twice, tier=self._tier)
        if bound is None:
            if has_budget:
                raise _unpriced(self._run.model_requested)
            return 0, 0
        want, least = span_of(bound, request)
        spoken_for = self._books.spent + sum(list(self._books.held.values()))
        for cap in self._caps:
            left = cap - spoken_for
            if left < least:
                raise _too_dear(cap, self._books.spent, least)
            want = min(want, left)
        return want, least


def patiently(journal: Journal, note: Note, until: float, *, for_database: bool = False) -> Any:
    """Write ``note``, and while only other calls' reservations stand in its way, wait until some have ended or it is ``until``.

    ``for_database``: also wait for a database that is away.
    """
    while True:
        try:
            return journal.write(note)
        except (Reserved, Unwritten) as error:
            left = until - time.monotonic()
            if left <= 0 or (isinstance(error, Unwritten) and not for_database):
                raise
            with journal.freed:
                journal.freed.wait(min(left, _POLL_SECONDS))


def caps_of(run: Run, key: Key) -> list[int]:
    """What the run may cost in all, by its key and by its own option."""
    given = run.options.max_cost_usd
    return [cap for cap in (key.allowance.budget_run_nusd, None if given is None else nano(given)) if cap is not None]


def span_of(bound: Bound, request: ModelRequest) -> tuple[int, int]:
    """(want, least): the most that a call can cost with its usual room, and with the least."""
    return bound.nano(), bound.nano(max(1, request.max_output_tokens // _LEAST_SHARE))


def _unpriced(model: str) -> FormcallError:
    words = f"The price of {model} is not known, so no budget can be kept."
    return FormcallError("price_unknown", f"{words} Describe it in the file FORMCALL_MODELS, or call without a limit.")


def _too_dear(cap: int, spent: int, least: int, *, calls: int = 1) -> FormcallError:
    so_far = f" {dollars(spent)} are spent." if spent else ""
    which = "The next call" if calls == 1 else f"The {calls} calls that a document of this length takes"
    words = f"{which} could cost {dollars(least)}, and the run may cost {dollars(cap)} in all.{so_far}"
    return FormcallError("cost_limit", f"{words} Raise the limit, or shorten the text.")
