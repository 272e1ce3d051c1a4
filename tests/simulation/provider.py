"""The provider of a simulation, which keeps its own account of what it charged.

A request has the number of its caller's request in its text, as ``[t17]``; what was charged is
counted by it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace

from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.base import Call, ModelRequest, Reply, Usage
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.pricing.models import Models
from connector.settings import Settings
from connector.store.ledger.money import cost_to_nano
from tests.simulation.scheduler import Scheduler
from tests.simulation.tools import BOOK, LOOK, MARK

_MAX_ROUNDS = 4  # of tools
_INPUT_TOKENS = 150  # fewer than the request has
_ANSWERS: dict[str, Json] = {
    "classify": {
        "category": "billing",
        "confidence": 0.9,
        "reason": "Charged.",
        "runner_up": None,
    },
    "answer_with_tools": {"answer": "Booked.", "value": None, "found": True, "quotes": []},
}


@dataclass
class ProviderAccount:
    """What the provider charged, in nano-dollars, by the number of the request."""

    charges: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    # calls whose end the service did not receive
    unanswered: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class SimulatedProvider(OpenAIProvider):
    """Answers, refuses, loses and delays calls as the seed decides; ``calm`` ends the faults."""

    def __init__(self, settings: Settings, models: Models) -> None:
        super().__init__(settings, models)
        self.scheduler: Scheduler
        self.account = ProviderAccount()
        self.calm = False
        self._seats = 0

    def start_history(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.account = ProviderAccount()
        self.calm = False
        self._seats = 0

    def respond(self, request: ModelRequest) -> Reply:
        found = MARK.search(request.message)
        mark = found[1] if found else ""
        random = self.scheduler.random
        choice = 0.0 if self.calm else random.random()
        latency = random.choice((0.1, 0.5, 2.0, 8.0))
        # until the reply has been received, a crash leaves the call without an end
        self.account.unanswered[mark] += 1
        if choice > 0.95:
            self.scheduler.sleep(latency)
            self.account.unanswered[mark] -= 1
            raise ProviderError("provider_unavailable", "The provider does not respond.")
        self.scheduler.sleep(latency / 2)
        usage = self._usage(request)
        self._charge(mark, request, usage)
        if choice > 0.88:  # the reply is lost, or comes too late
            late = max(0.0, request.deadline - self.scheduler.elapsed)
            self.scheduler.sleep(late if choice > 0.91 else latency / 2)
            error = ProviderError("provider_timeout", "The provider's answer was not received.")
            error.outcome_unknown = True
            raise error
        self.scheduler.sleep(latency / 2)
        self.account.unanswered[mark] -= 1
        calls = self._tool_calls(request) or (self._answer(request, is_valid=choice <= 0.8),)
        return Reply(request.model, calls, usage=usage, effort=request.effort)

    def _answer(self, request: ModelRequest, *, is_valid: bool) -> Call:
        name = request.functions[-1].name
        # an answer without its fields is repaired
        answer = _ANSWERS[name] if is_valid else {}
        if answer.get("confidence"):
            answer = {**answer, "confidence": self.scheduler.random.choice((0.9, 0.9, 0.6))}
        return Call("call_1", name, json.dumps(answer))

    def _tool_calls(self, request: ModelRequest) -> tuple[Call, ...]:
        """Calls of the run's tools, where it has any and the seed wants more of them."""
        random = self.scheduler.random
        if len(request.functions) == 1 or len(request.turns) >= _MAX_ROUNDS:
            return ()
        if random.random() < 0.3:
            return ()
        return tuple(self._tool_call(request, number) for number in range(random.randint(1, 3)))

    def _tool_call(self, request: ModelRequest, number: int) -> Call:
        """A call for a seat that no call has had yet, or sometimes an earlier one of the run."""
        random = self.scheduler.random
        calls = [call for turn in request.turns for call in turn.reply.calls]
        earlier = [call for call in calls if call.name in {BOOK, LOOK}]
        if earlier and random.random() < 0.1:
            return replace(random.choice(earlier), id=f"call_{number}")
        self._seats += 1
        name = random.choice((BOOK, BOOK, LOOK))
        return Call(f"call_{number}", name, json.dumps({"seat": self._seats}))

    def _usage(self, request: ModelRequest) -> Usage:
        limit = request.max_output_tokens
        output = self.scheduler.random.choice((40, 200, limit // 2, limit, limit))
        return Usage(input=_INPUT_TOKENS, output=min(output, limit))

    def _charge(self, mark: str, request: ModelRequest, usage: Usage) -> None:
        row = self._models.find(request.model)
        cost = cost_to_nano(row.cost_usd(usage, None))
        if cost is None:
            raise AssertionError("the model has no price")
        self.account.charges[mark].append(cost)
