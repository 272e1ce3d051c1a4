"""What one attempt of a run may spend: the most a call can cost is reserved before it, what it did cost is booked after it.

Near the end of a budget a call is not refused for want of money it will hardly use: it gets room for a shorter answer, down to a
sixteenth of the usual room (500 tokens at low effort), so that what is left is spent on answers and can still never be overspent.
"""

from __future__ import annotations

import time
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


class Purse:
    """The meter of one attempt. ``opening`` says what its first call needs, ``start`` gives it what was granted for that.

    ``spent`` is what earlier attempts cost (None: not known), ``tier`` the provider's service tier at whose price the calls are made.
    """

    def __init__(self, engine: Engine, journal: Journal, key: Key, run: Run, *, spent: int | None = 0, tier: str = "") -> None:
        self._engine, self._journal, self._key, self._run = engine, journal, key, run
        self._tier = tier
        self._attempt = 0
        self._granted: int | None = None
        self._steps = 0
        self._spent, self.cost = spent or 0, spent  # what is known of it, and the whole: None when a price is not known
        self._caps = caps_of(run, key)
        self._has_budget = False
        self._bound: Bound | None = None
        self._asked: ModelRequest | None = None  # the call that was allowed last
        self.entries: list[Entry] = []  # of calls that have ended and are not written yet
        self.unsure = False  # whether some that have been taken are written
        self.free_of_charge = engine.provider.engine != "openai"
        run.meter = self

    def opening(self, *, has_budget: bool = False) -> tuple[int, int]:
        """(want, least): nano-dollars that the first call can cost at most, with its usual room and with the least."""
        return self._needs(self._run.opening(), has_budget=has_budget)

    def start(self, granted: int, attempt: int) -> None:
        """The attempt has begun, with ``granted`` nano-dollars for its first call."""
        self._granted, self._attempt = granted, attempt

    def follow(self, row: Any) -> None:
        """The attempt comes after others of a kept run: what those cost counts, and so does what they still have reserved."""
        self._spent = (row.cost_nusd or 0) + row.reserved_nusd
        self.cost = None if row.cost_nusd is None else self._spent

    def take_entries(self) -> tuple[Entry, ...]:
        """The calls that are not written yet; they are now the caller's to write."""
        taken, self.entries = tuple(self.entries), []
        return taken

    # --- the meter ---

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

    def _most(self, *, once: bool = False) -> int | None:
        """The most that the call which was made last can have cost, with its second try unless ``once``; None when that is not known."""
        bound, request = self._bound, self._asked
        if bound is None or request is None:
            return None
        read = bound.input_tokens if bound.exact else _EXACT.input_bound(request, *bound.rows).tokens
        return replace(bound, input_tokens=min(read, bound.input_tokens), twice=bound.twice and not once).nano()

    def _add(self, model: str, usage: Usage, cost: int | None, *, estimated: bool = False) -> None:
        self.entries.append(Entry(self._steps, model[:100], usage.input, usage.cached, usage.output, usage.reasoning, cost, estimated))
        self._steps += 1
        self._spent += cost or 0
        self.cost = None if cost is None or self.cost is None else self.cost + cost

    def _more(self, request: ModelRequest) -> int:
        want, least = self._needs(request)
        note = More(self._run.id, self._attempt, self.take_entries(), self._key.allowance.limits(), want, least)
        try:
            granted: int = patiently(self._journal, note, self._run.deadline, for_database=True).nusd
        except Gone as gone:
            raise Cancelled from gone
        finally:
            if not note.commits:  # what was paid is written in the end
                self.entries, self.unsure = [*note.entries, *self.entries], self.unsure or note.unsure
        return granted

    def _needs(self, request: ModelRequest, *, has_budget: bool = False) -> tuple[int, int]:
        if self.free_of_charge:
            return 0, 0
        engine, twice = self._engine, self._engine.settings.retry_after_timeout and not self._tier
        has_budget = self._has_budget = has_budget or self._has_budget or bool(self._caps) or self._key.allowance.is_budgeted
        counter = _EXACT if has_budget else _BY_BYTES
        bound = self._bound = bound_of(engine.provider, engine.models, request, counter, twice=twice, tier=self._tier)
        if bound is None:
            if has_budget:
                raise _unpriced(self._run.model_requested)
            return 0, 0
        want, least = span_of(bound, request)
        for cap in self._caps:
            left = cap - self._spent
            if left < least:
                raise _too_dear(cap, self._spent, least)
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


def _too_dear(cap: int, spent: int, least: int) -> FormcallError:
    so_far = f" {dollars(spent)} are spent." if spent else ""
    words = f"The next call could cost {dollars(least)}, and the run may cost {dollars(cap)} in all.{so_far}"
    return FormcallError("cost_limit", f"{words} Raise the limit, or shorten the text.")
