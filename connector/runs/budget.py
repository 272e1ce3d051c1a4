"""The budget of one attempt of a run.

The maximum cost of each call is reserved before the call; its actual cost is booked after it.

Near the end of a budget, a call is not refused for money that it is unlikely to need: its output
limit is lowered instead, to no less than a sixteenth of the usual limit, and no less than 500
tokens. The rest of a budget is thus spent on answers, and still never overspent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from connector.engine.engine import Engine
from connector.engine.run import Cancelled, Run
from connector.errors import FormcallError
from connector.providers.base import ModelRequest, Reply, Usage
from connector.providers.pricing.bounds import CostBound, cost_bound, missing_price
from connector.providers.pricing.tokens import TokenCounter
from connector.store.keys import Key
from connector.store.ledger.changes import Change, ReserveNextCall, T
from connector.store.ledger.group_commit import Ledger
from connector.store.ledger.money import cost_to_nano, format_usd, to_nano
from connector.store.ledger.records import (
    BudgetContended,
    LedgerEntry,
    RunSuperseded,
    StoreUnavailable,
)
from connector.store.rows import RunRow

# under a budget an exact bound lets more runs execute at the same time; without one, exact
# counting only costs time
_EXACT_COUNTER = TokenCounter(exact=True)
_BYTE_COUNTER = TokenCounter(exact=False)
_MIN_OUTPUT_FRACTION = 16  # a call gets at least 1/16 of its usual output limit,
_MIN_OUTPUT_TOKENS = 500  # and at least this many tokens, where that is not its usual limit
_POLL_SECONDS = 0.25  # another process may release money too, which notifies nothing here
_CHARGED_AT_MAXIMUM = "The cost of a call is not known; it is charged at its maximum possible cost."


class _SharedCosts:
    """The costs of an attempt, shared by all its calls, including concurrent ones.

    All amounts are nano-dollars.
    """

    def __init__(self, spent: int | None) -> None:
        self.lock = threading.Lock()  # guards the attributes below
        # held while reserving: the record has one sum for all calls in progress
        self.reserve_lock = threading.Lock()
        self.steps = 0
        self.spent = spent or 0  # the known part
        self.cost = spent  # the total; None when a price is not known
        self.entries: list[LedgerEntry] = []  # of finished calls, not yet written
        self.write_uncertain = False  # whether entries that were drained may be written already
        self.held: dict[int, int] = {}  # reserved per call in progress, by the id() of its budget


class RunBudget:
    """The meter of one attempt: reserves before each call, books after it.

    ``initial_reservation`` states what the first call needs, ``start`` receives what was granted.
    ``spent`` is what earlier attempts cost (None: not known). ``tier`` is the provider's service
    tier, which sets the price. One budget pays for one call at a time; concurrent calls have a
    ``branch`` each, which share their costs.
    """

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        key: Key,
        run: Run,
        *,
        spent: int | None = 0,
        tier: str = "",
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._key = key
        self._run = run
        self._tier = tier
        self._attempt = 0
        self._granted: int | None = None
        self._shared = _SharedCosts(spent)
        self._caps = cost_caps(run, key)
        self._has_budget = False
        self._bound: CostBound | None = None
        self._last_request: ModelRequest | None = None  # the last call that was allowed
        self.is_free = not run.is_hosted
        run.meter = self

    @property
    def cost(self) -> int | None:
        """The cost of the run so far in nano-dollars; None when it is not known."""
        return self._shared.cost

    @property
    def write_uncertain(self) -> bool:
        """Whether some of the drained entries may have been written already."""
        return self._shared.write_uncertain

    def initial_reservation(self, *, has_budget: bool = False) -> tuple[int, int]:
        """(desired, minimum) nano-dollars for the first call, at its usual output and the least.

        (0, 0) for a run with files: its requests are known, and reserved, once they were read.
        """
        self._has_budget = self._has_budget or has_budget
        if self._run.action.file_fields:
            return 0, 0
        return self._required(self._run.initial_request())

    def start(self, granted: int, attempt: int) -> None:
        """The attempt has started, with ``granted`` nano-dollars for its first call."""
        self._granted = None if self._run.action.file_fields else granted
        self._attempt = attempt

    def resume_from(self, row: RunRow) -> None:
        """Count what earlier attempts of a stored run cost, and what they still have reserved."""
        self._shared.spent = (row.cost_nusd or 0) + row.reserved_nusd
        self._shared.cost = None if row.cost_nusd is None else self._shared.spent

    def drain_entries(self) -> tuple[LedgerEntry, ...]:
        """The entries that are not written yet; the caller must write them."""
        with self._shared.lock:
            entries = tuple(self._shared.entries)
            self._shared.entries = []
        return entries

    # --- the meter of engine/meter.py ---

    def branch(self) -> RunBudget:
        """A meter for a concurrent call; it shares the costs, not the reservation."""
        branch = copy(self)
        branch._granted = None
        branch._bound = None
        branch._last_request = None
        return branch

    def reserve(self, calls: Sequence[tuple[Any, ModelRequest]]) -> None:
        """Reserve for all ``calls`` (each with its branch) or none; divide the surplus equally."""
        if self.is_free:
            return
        ranges = [branch._required(request) for branch, request in calls]
        desired = sum(most for most, _ in ranges)
        minimum = sum(least for _, least in ranges)
        for cap in self._caps:
            available = cap - self._shared.spent
            if available < minimum:
                raise _cost_limit_error(cap, self._shared.spent, minimum, calls=len(calls))
            desired = max(minimum, min(desired, available))
        with self._shared.reserve_lock:
            surplus = self._write_reservation(desired, minimum) - minimum
            for (branch, _), (most, least) in zip(calls, ranges, strict=True):
                granted = least + min(most - least, surplus // len(calls))
                branch._granted = granted
                self._shared.held[id(branch)] = granted

    def before_call(self, request: ModelRequest) -> ModelRequest:
        """The request that may be sent, with the output limit that the reservation affords."""
        if self._granted is None:
            self._granted = self._reserve_more(request)
        granted = self._granted
        self._granted = None
        if self.is_free or self._bound is None:
            return request
        affordable = self._bound.affordable_output_tokens(granted)
        if affordable < self._bound.output_tokens:
            self._bound = replace(self._bound, output_tokens=affordable)
        is_bounded = self._has_budget and self._bound.output_is_limited
        if is_bounded or affordable < request.max_output_tokens:
            limit = min(request.max_output_tokens, affordable)
            request = replace(request, max_output_tokens=limit, bounded=is_bounded)
        self._last_request = request
        return request

    def after_call(self, reply: Reply, cost_usd: float | None) -> None:
        """Book the cost of a reply."""
        try:
            self._book_reply(reply, cost_usd)
        finally:
            self._release()

    def _book_reply(self, reply: Reply, cost_usd: float | None) -> None:
        if reply.lost:
            lost_at = reply.lost_at or reply.provider
            cost = self._max_cost(once=True)
            self._add_entry(self._run.model, Usage(), cost, provider=lost_at, estimated=True)
        cost = cost_to_nano(cost_usd)
        estimated = False
        if cost is None:
            cost = self._max_cost(once=True, reply=reply)
            estimated = cost is not None
        if estimated:
            self._run.warnings.append(_CHARGED_AT_MAXIMUM)
        self._add_entry(
            self._run.model, reply.usage, cost, provider=reply.provider, estimated=estimated
        )

    def call_failed(self, *, outcome_unknown: bool, provider: str = "") -> None:
        """Book the maximum cost of a call without a reply that may have been billed."""
        if outcome_unknown and not self.is_free:
            # it may have been billed; the limits only hold if it is charged as if it was
            cost = self._max_cost()
            self._add_entry(self._run.model, Usage(), cost, provider=provider, estimated=True)
        self._release()

    def _max_cost(self, *, once: bool = False, reply: Reply | None = None) -> int | None:
        """The maximum cost of the last call, including its retry unless ``once``; None: unknown.

        ``reply``: its answer, whose model and reported tokens count.
        """
        bound = self._bound
        request = self._last_request
        if bound is None or request is None:
            return None
        input_tokens = bound.input_tokens
        if not bound.exact:
            exact = _EXACT_COUNTER.input_bound(request, *bound.rows).tokens
            input_tokens = min(exact, input_tokens)
        twice = bound.may_be_billed_twice and not once
        worst = replace(bound, input_tokens=input_tokens, may_be_billed_twice=twice)
        return (worst.limited_by(reply) if reply else worst).max_nano_usd()

    def _add_entry(
        self,
        model: str,
        usage: Usage,
        cost: int | None,
        *,
        provider: str,
        estimated: bool = False,
    ) -> None:
        shared = self._shared
        with shared.lock:
            entry = LedgerEntry(
                step=shared.steps,
                model=model[:100],
                provider=provider or self._run.provider,
                input_tokens=usage.input,
                cached_tokens=usage.cached,
                output_tokens=usage.output,
                reasoning_tokens=usage.reasoning,
                nusd=cost,
                estimated=estimated,
            )
            shared.entries.append(entry)
            shared.steps += 1
            if cost is None or shared.cost is None:
                shared.cost = None
            else:
                shared.cost += cost
            shared.spent += cost or 0

    def _release(self) -> None:
        """The last call has finished: its reservation is free for the next one."""
        self._shared.held.pop(id(self), None)

    def _reserve_more(self, request: ModelRequest) -> int:
        with self._shared.reserve_lock:
            desired, minimum = self._required(request)
            # the reservation in the record is replaced as a whole, so the share of the other calls
            # in progress is part of the new one
            others = sum(list(self._shared.held.values()))
            granted = self._write_reservation(others + desired, others + minimum) - others
            self._shared.held[id(self)] = granted
        return granted

    def _write_reservation(self, desired: int, minimum: int) -> int:
        """Write the entries so far and the new reservation; the nano-dollars that were granted."""
        change = ReserveNextCall(
            self._run.id,
            self._attempt,
            self.drain_entries(),
            self._key.limits.budget_limits(),
            desired,
            minimum,
        )
        try:
            granted = write_when_affordable(
                self._ledger, change, self._run.deadline, wait_for_database=True
            ).nusd
        except RunSuperseded as error:
            raise Cancelled from error
        finally:
            if not change.commit_count:
                self._put_back(change)
        return granted

    def _put_back(self, change: ReserveNextCall) -> None:
        """Keep the entries of a change that was not committed: the end of the run writes them."""
        with self._shared.lock:
            self._shared.entries = [*change.entries, *self._shared.entries]
            self._shared.write_uncertain = self._shared.write_uncertain or change.maybe_written

    def _required(self, request: ModelRequest) -> tuple[int, int]:
        """(desired, minimum) nano-dollars for a call; sets ``_bound``, which the call must keep.

        ``FormcallError`` (cost_limit, price_unknown) when the run's limits do not allow the call.
        """
        if self.is_free:
            return 0, 0
        self._has_budget = self._has_budget or bool(self._caps) or self._key.limits.has_budget
        self._bound = self._cost_bound(request)
        if self._bound is None:
            if self._has_budget:
                raise self._price_unknown_error(request)
            return 0, 0
        desired, minimum = reservation_range(self._bound, request)
        committed = self._shared.spent + sum(list(self._shared.held.values()))
        for cap in self._caps:
            available = cap - committed
            if available < minimum:
                raise _cost_limit_error(cap, self._shared.spent, minimum)
            desired = min(desired, available)
        return desired, minimum

    def _price_unknown_error(self, request: ModelRequest) -> FormcallError:
        engine = self._engine
        problem = missing_price(engine.provider, engine.models, request.model, self._tier)
        detail = (
            f"{problem}, so no budget can be enforced. Describe it in the file FORMCALL_MODELS, or "
            "call without a limit."
        )
        return FormcallError("price_unknown", detail)

    def _cost_bound(self, request: ModelRequest) -> CostBound | None:
        engine = self._engine
        return cost_bound(
            engine.provider,
            engine.models,
            request,
            _EXACT_COUNTER if self._has_budget else _BYTE_COUNTER,
            may_be_billed_twice=engine.settings.retry_after_timeout and not self._tier,
            tier=self._tier,
        )


def write_when_affordable(
    ledger: Ledger, change: Change[T], until: float, *, wait_for_database: bool = False
) -> T:
    """Write ``change``, waiting while other calls' reservations hold the money it needs.

    Waits until the moment ``until`` (``time.monotonic()``) at most, then raises what prevented
    it. ``wait_for_database``: also wait for a database that does not respond.
    """
    while True:
        try:
            return ledger.write(change)
        except (BudgetContended, StoreUnavailable) as error:
            remaining = until - time.monotonic()
            may_wait = wait_for_database or not isinstance(error, StoreUnavailable)
            if remaining <= 0 or not may_wait:
                raise
            with ledger.budget_freed:
                ledger.budget_freed.wait(min(remaining, _POLL_SECONDS))


def cost_caps(run: Run, key: Key) -> list[int]:
    """The limits on the run's total cost in nano-dollars: the key's and the option's."""
    caps = []
    if key.limits.budget_run_nusd is not None:
        caps.append(key.limits.budget_run_nusd)
    if run.options.max_cost_usd is not None:
        caps.append(to_nano(run.options.max_cost_usd))
    return caps


def reservation_range(bound: CostBound, request: ModelRequest) -> tuple[int, int]:
    """(desired, minimum): a call's maximum cost at its usual output limit, and at the lowest."""
    lowest_limit = lowest_output_limit(request.max_output_tokens)
    return bound.max_nano_usd(), bound.max_nano_usd(lowest_limit)


def lowest_output_limit(usual: int) -> int:
    """The lowest output limit of a call near the end of a budget; ``usual`` is its usual limit."""
    return max(1, min(usual, max(usual // _MIN_OUTPUT_FRACTION, _MIN_OUTPUT_TOKENS)))


def _cost_limit_error(cap: int, spent: int, minimum: int, *, calls: int = 1) -> FormcallError:
    subject = "The next call"
    if calls > 1:
        subject = f"The {calls} calls that a document of this length takes"
    so_far = f" {format_usd(spent)} are spent." if spent else ""
    detail = (
        f"{subject} could cost {format_usd(minimum)}, and the run may cost {format_usd(cap)} in "
        f"all.{so_far} Raise the limit, or shorten the text."
    )
    return FormcallError("cost_limit", detail)
