"""What one call of a model can cost at most, known before it is made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from connector.providers.base import ModelRequest, Preview, Provider
from connector.providers.models import Model, Models
from connector.providers.tokens import Counter


class Hosted(ABC):
    """A provider that is paid: it can say what it would send, and at whose prices it is billed."""

    @abstractmethod
    def preview(self, request: ModelRequest) -> Preview:
        """The call that ``respond`` would make first, with what is known of the server and its models by now; nothing is sent."""

    @abstractmethod
    def priced(self, model: str) -> tuple[Model, ...]:
        """The rows at whose prices a call for ``model`` may be billed."""

    @abstractmethod
    def limits_output(self, model: str) -> bool:
        """Whether the server is told how long an answer may be; some refuse to hear it, and then do as they like."""


@dataclass(frozen=True)
class Bound:
    """The most that a call can use and cost.

    ``input_tokens``   the most tokens that are read, and ``exact``: whether they were counted with the model's tokenizer
    ``output_tokens``  the most tokens that are written
    ``rows``           the models that may answer, each with a price; none for an engine that costs nothing
    ``twice``          the call may be made, and billed, a second time
    ``limited``        the answer can be made shorter: the server is told its limit
    ``tier``           the service tier at whose price it is billed; "" for the plain one
    """

    input_tokens: int
    exact: bool
    output_tokens: int
    rows: tuple[Model, ...] = ()
    twice: bool = False
    limited: bool = True
    tier: str = ""

    def nano(self, output_tokens: int | None = None) -> int:
        """The most nano-dollars for an answer of at most ``output_tokens`` (the bound's own by default)."""
        output = output_tokens if output_tokens is not None and self.limited else self.output_tokens
        amounts = [_known(row.most(self._read_by(row), output, self.tier)) for row in self.rows]
        return max(amounts, default=0) * (2 if self.twice else 1)

    def affordable(self, nano: int) -> int:
        """The most output tokens, up to the bound's own, for which ``nano`` is enough; 0: not even the input is paid for."""
        each = nano // 2 if self.twice else nano
        amounts = [_known(row.affordable(each, self._read_by(row), self.tier)) for row in self.rows]
        affordable = min(amounts, default=self.output_tokens)
        if affordable < self.output_tokens and not self.limited:
            return 0
        return min(affordable, self.output_tokens)

    def _read_by(self, row: Model) -> int:
        # a request longer than a model can read is refused, and not billed
        return min(self.input_tokens, row.context) if row.context else self.input_tokens


def bound_of(provider: Provider, models: Models, request: ModelRequest, counter: Counter, *, twice: bool, tier: str = "") -> Bound | None:
    """The bound of the call that ``provider`` would make for ``request``; None when a price is not known.

    ``twice`` says that a call whose answer was lost is made once more (FORMCALL_RETRY_AFTER_TIMEOUT), ``tier`` at which of the
    provider's service tiers it is made.
    """
    if provider.engine != "openai":
        return Bound(0, True, request.max_output_tokens)
    hosted = provider if isinstance(provider, Hosted) else None
    rows = hosted.priced(request.model) if hosted else models.answering(request.model, "replace")
    limited = hosted is None or hosted.limits_output(request.model)
    output = request.max_output_tokens if limited else _longest_answer(rows)
    if output is None or any(row.most(0, 0, tier) is None for row in rows):
        return None
    count = counter.input_bound(request, *rows)
    return Bound(count.tokens, count.exact, output, rows, twice, limited, tier)


def _longest_answer(rows: tuple[Model, ...]) -> int | None:
    """The most tokens that one of the models can write; None when that is not known of one."""
    longest = [row.max_output for row in rows]
    return max(longest) if all(longest) else None


def _known(amount: int | None) -> int:
    if amount is None:
        raise ValueError("a bound is made of rows with prices only")
    return amount


def preview_of(provider: Provider, request: ModelRequest) -> Preview | None:
    """The call that ``provider`` would make for ``request``; None for an engine that calls nobody."""
    return provider.preview(request) if isinstance(provider, Hosted) else None
