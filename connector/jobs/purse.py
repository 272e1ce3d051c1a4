"""What one attempt of a run may spend: the most a call can cost is reserved before it, what it did cost is booked after it.

Near the end of a budget a call is not refused for want of money it will hardly use: it gets room for a shorter answer, down to a
quarter of the usual room, so that what is left is spent on answers and can still never be overspent.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from connector.engine.run import Engine
from connector.engine.turns import Cancelled, Run
from connector.errors import FormcallError, ProviderError
from connector.providers.base import ModelRequest, Reply, Usage
from connector.providers.bounds import Bound, bound_of
from connector.providers.tokens import Counter
from connector.store.journal import Journal
from connector.store.keys import Key
from connector.store.money import dollars, nano, nano_of_cost
from connector.store.notes import Entry, Gone, More, Note, Reserved

# where money is short a tight bound lets more runs go on at the same time; where it is not, counting is only work
_EXACT, _BY_BYTES = Counter(exact=True), Counter(exact=False)
_LEAST_SHARE = 4  # a call gets at least this part of the room for its answer
_POLL_SECONDS = 0.25  # money may also be freed by another process


class Purse:
    """The meter of one attempt. ``opening`` says what its first call needs, ``start`` gives it what was granted for that."""

    def __init__(self, engine: Engine, journal: Journal, key: Key, run: Run, *, spent: int = 0, patience: float = 0.0) -> None:
        self._engine, self._journal, self._key, self._run = engine, journal, key, run
        self._patience = patience
        self._attempt = 0
        self._granted: int | None = None
        self._steps = 0
        self._spent = spent
        self._caps = [cap for cap in (key.allowance.budget_run_nusd, _given(run.options.max_cost_usd)) if cap is not None]
        self._bound: Bound | None = None
        self.entries: list[Entry] = []  # of calls that have ended and are not written yet
        self.free_of_charge = engine.provider.engine != "openai"
        run.meter = self

    def opening(self, *, has_budget: bool = False) -> tuple[int, int]:
        """(want, least): nano-dollars that the first call can cost at most, with its usual room and with the least."""
        return self._needs(self._run.opening(), has_budget=has_budget)

    def start(self, granted: int, attempt: int) -> None:
        """The attempt has begun, with ``granted`` nano-dollars for its first call."""
        self._granted, self._attempt = granted, attempt

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
        return replace(request, max_output_tokens=min(request.max_output_tokens, self._bound.affordable(granted)))

    def after(self, reply: Reply, cost_usd: float | None) -> None:
        usage = reply.usage
        self._add(self._run.model, usage, nano_of_cost(cost_usd))

    def failed(self, error: ProviderError) -> None:
        if error.unseen and not self.free_of_charge:
            # nobody knows whether it was billed; money is safe only if it counts as if it was
            most = self._bound.nano() if self._bound else None
            self._add(self._run.model, Usage(), most, estimated=True)

    def _add(self, model: str, usage: Usage, cost: int | None, *, estimated: bool = False) -> None:
        self.entries.append(Entry(self._steps, model[:100], usage.input, usage.cached, usage.output, usage.reasoning, cost, estimated))
        self._steps += 1
        self._spent += cost or 0

    def _more(self, request: ModelRequest) -> int:
        want, least = self._needs(request)
        note = More(self._run.id, self._attempt, self.take_entries(), self._key.allowance.limits(), want, least)
        try:
            granted: int = patiently(self._journal, note, self._run.deadline).nusd
        except Gone as gone:
            raise Cancelled from gone
        return granted

    def _needs(self, request: ModelRequest, *, has_budget: bool = False) -> tuple[int, int]:
        if self.free_of_charge:
            return 0, 0
        settings = self._engine.settings
        has_budget = has_budget or bool(self._caps) or self._key.allowance.is_budgeted
        counter = _EXACT if has_budget else _BY_BYTES
        bound = self._bound = bound_of(self._engine.provider, self._engine.models, request, counter, twice=settings.retry_after_timeout)
        if bound is None:
            if has_budget:
                raise _unpriced(self._run.model_requested)
            return 0, 0
        want, least = bound.nano(), bound.nano(max(1, request.max_output_tokens // _LEAST_SHARE))
        for cap in self._caps:
            left = cap - self._spent
            if left < least:
                raise _too_dear(cap, self._spent, least)
            want = min(want, left)
        return want, least


def patiently(journal: Journal, note: Note, until: float) -> Any:
    """Write ``note``, and while only other calls' reservations stand in its way, wait until some have ended or it is ``until``."""
    while True:
        try:
            return journal.write(note)
        except Reserved:
            left = until - time.monotonic()
            if left <= 0:
                raise
            with journal.freed:
                journal.freed.wait(min(left, _POLL_SECONDS))


def _given(usd: float | None) -> int | None:
    return None if usd is None else nano(usd)


def _unpriced(model: str) -> FormcallError:
    words = f"The price of {model} is not known, so no budget can be kept."
    return FormcallError("price_unknown", f"{words} Describe it in the file FORMCALL_MODELS, or call without a limit.")


def _too_dear(cap: int, spent: int, least: int) -> FormcallError:
    so_far = f" {dollars(spent)} are spent." if spent else ""
    words = f"The next call could cost {dollars(least)}, and the run may cost {dollars(cap)} in all.{so_far}"
    return FormcallError("cost_limit", f"{words} Raise the limit, or shorten the text.")
