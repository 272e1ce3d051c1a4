"""How many tokens a run with tools may use, known before its first call.

A run asks its model once a round, and every round reads all rounds before it. What it can use at
most follows from its steps: for each step and for the answer, the first request again, the room of
a reply, and a few full results of tools.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from connector.engine.results import RESULT_TOKENS
from connector.engine.window import MIN_OUTPUT_TOKENS
from connector.errors import FormcallError
from connector.providers.base import ModelRequest, Reply

MAX_TOKENS = 400_000  # of a run, unless its first request and the answer take more
_RESULTS = 3  # full results of tools that are read for each step


class Incomplete(FormcallError):
    """A limit was reached before the model answered; the run is incomplete, never done."""

    def __init__(self, detail: str) -> None:
        super().__init__("max_steps", detail)


@dataclass
class Allowance:
    """The most tokens of a run: ``total`` are read and written, ``output`` of them written."""

    total: int
    output: int
    used_input: int = 0
    used_output: int = 0
    _next_input: int = 0

    @classmethod
    def for_steps(cls, steps: int, *, first_input: int, room: int) -> Allowance:
        """For ``steps`` rounds of tools: the first request has ``first_input`` tokens, and each
        reply ``room``."""
        step = first_input + room + _RESULTS * RESULT_TOKENS
        total = max(2 * step, min(MAX_TOKENS, (steps + 1) * step))
        # a usual reply takes a quarter of its room; two may take all of theirs
        return cls(total, room * (4 + steps) // 2)

    def fit(self, request: ModelRequest, input_tokens: int) -> ModelRequest:
        """``request``, which reads ``input_tokens``, with no more room than is left.

        ``Incomplete`` when that is too little for an answer.
        """
        self._next_input = input_tokens
        left = min(self.input_left(input_tokens), self.output - self.used_output)
        if left < min(MIN_OUTPUT_TOKENS, request.max_output_tokens):
            raise Incomplete(
                f"The question takes more than {self.total:,} tokens, {self.output:,} of them "
                "written. Ask for less at once, give less context, or raise Max steps."
            )
        return replace(request, max_output_tokens=min(request.max_output_tokens, left))

    def input_left(self, input_tokens: int) -> int:
        """The tokens that are left once a request has read ``input_tokens``."""
        return self.total - self.used_input - self.used_output - input_tokens

    def add(self, request: ModelRequest, reply: Reply) -> None:
        """Count a reply; what its provider did not count is counted as the most it can be."""
        missing = reply.missing_counts
        self.used_input += self._next_input if "input" in missing else reply.usage.input
        self.used_output += request.max_output_tokens if "output" in missing else reply.usage.output
