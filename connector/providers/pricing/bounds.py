"""What one model call can cost at most, known before it is made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from connector.providers.base import ModelRequest, Provider, Reply, RequestPreview
from connector.providers.pricing.models import Model, Models
from connector.providers.pricing.tokens import TokenCounter


class PricedProvider(ABC):
    """A paid provider: it can preview its calls and name the prices they are billed at."""

    @abstractmethod
    def preview(self, request: ModelRequest) -> RequestPreview:
        """The first call that ``respond`` would make now; nothing is sent."""

    @abstractmethod
    def provider_of(self, model: str) -> str:
        """The name of the provider that is asked first for ``model``."""

    @abstractmethod
    def billable_models(self, model: str, tier: str = "") -> tuple[Model, ...]:
        """The rows at whose prices a call for ``model`` may be billed, in the service ``tier``."""

    @abstractmethod
    def priced_row(self, reply: Reply) -> Model:
        """The row at whose price ``reply`` is billed."""

    @abstractmethod
    def enforces_output_limit(self, model: str) -> bool:
        """Whether the server accepts a limit on the length of an answer; some refuse it."""


@dataclass(frozen=True)
class CostBound:
    """The most that a call can use and cost.

    ``input_tokens``         the most tokens that are read
    ``exact``                whether they were counted with the model's tokenizer
    ``output_tokens``        the most tokens that are written
    ``rows``                 the priced models that may answer; none for an engine that is free
    ``may_be_billed_twice``  the call may be made, and billed, a second time
    ``output_is_limited``    the server accepts a limit, so the answer can be made shorter
    ``tier``                 the service tier whose price applies; "" for the plain one
    """

    input_tokens: int
    exact: bool
    output_tokens: int
    rows: tuple[Model, ...] = ()
    may_be_billed_twice: bool = False
    output_is_limited: bool = True
    tier: str = ""

    def max_nano_usd(self, output_tokens: int | None = None) -> int:
        """The most nano-dollars for at most ``output_tokens``, by default the bound's own."""
        if output_tokens is None or not self.output_is_limited:
            output_tokens = self.output_tokens
        amounts = [
            _require_price(row.max_nano_usd(self._billable_input(row), output_tokens, self.tier))
            for row in self.rows
        ]
        return max(amounts, default=0) * (2 if self.may_be_billed_twice else 1)

    def max_nano_usd_together(self, input_tokens: int, output_tokens: int) -> int:
        """The most nano-dollars for several calls that have so many tokens together."""
        amounts = [
            _require_price(row.max_nano_usd(input_tokens, output_tokens, self.tier))
            for row in self.rows
        ]
        return max(amounts, default=0) * (2 if self.may_be_billed_twice else 1)

    def affordable_output_tokens(self, nano: int) -> int:
        """The most output tokens, up to the bound's own, that ``nano`` covers together with the
        input; 0 when it does not even cover the input."""
        per_call = nano // 2 if self.may_be_billed_twice else nano
        amounts = [
            _require_price(
                row.affordable_output_tokens(per_call, self._billable_input(row), self.tier)
            )
            for row in self.rows
        ]
        affordable = min(amounts, default=self.output_tokens)
        if affordable < self.output_tokens and not self.output_is_limited:
            return 0
        return min(affordable, self.output_tokens)

    def limited_by(self, reply: Reply) -> CostBound:
        """The bound of a call whose ``reply`` tells its model and some of its tokens."""
        rows = tuple(row for row in self.rows if row.id == reply.priced_as) or self.rows
        bound = replace(self, rows=rows)
        if len(reply.missing_counts) != 1:
            return bound
        if "output" in reply.missing_counts:
            return replace(bound, input_tokens=reply.usage.input)
        return replace(bound, output_tokens=reply.usage.output)

    def _billable_input(self, row: Model) -> int:
        # a request longer than the model can read is refused, and not billed
        return min(self.input_tokens, row.max_input) if row.max_input else self.input_tokens


def cost_bound(
    provider: Provider,
    models: Models,
    request: ModelRequest,
    counter: TokenCounter,
    *,
    may_be_billed_twice: bool,
    tier: str = "",
) -> CostBound | None:
    """The bound of the call that ``provider`` would make; None when a price is unknown.

    ``may_be_billed_twice``: a call whose answer was lost is made once more
    (FORMCALL_RETRY_AFTER_TIMEOUT). ``tier`` is the provider's service tier of the call.
    """
    if provider.engine != "openai":
        return CostBound(0, True, request.max_output_tokens)
    priced = provider if isinstance(provider, PricedProvider) else None
    if priced:
        rows = priced.billable_models(request.model, tier)
    else:
        rows = models.candidates(request.model, "replace")
    is_limited = priced is None or priced.enforces_output_limit(request.model)
    output = request.max_output_tokens if is_limited else _longest_output(rows)
    if output is None or any(row.max_nano_usd(0, 0, tier) is None for row in rows):
        return None
    count = counter.input_bound(request, *rows)
    return CostBound(count.tokens, count.exact, output, rows, may_be_billed_twice, is_limited, tier)


def missing_price(provider: Provider, models: Models, model: str, tier: str = "") -> str:
    """Which row is missing, or lacks what, so that a call for ``model`` has no bound."""
    rows: tuple[Model, ...] = models.candidates(model, "replace")
    if isinstance(provider, PricedProvider):
        rows = provider.billable_models(model, tier)
    problems: list[tuple[Callable[[Model], object], str]] = [
        (lambda row: row.price, "The price of {}{} is not known"),
        (
            lambda row: row.max_nano_usd(0, 0, tier) is not None,
            f"The price of {{}}{{}} in the service tier {tier} is not known",
        ),
        (lambda row: row.max_output, "How much {}{} can write (`max_output`) is not known"),
    ]
    for is_described, problem in problems:
        for row in rows:
            if not is_described(row):
                instead = "" if row is rows[0] else f", which may answer instead of {model},"
                return problem.format(row.id, instead)
    return f"The price of {model} is not known"


def first_provider(provider: Provider, model: str) -> str:
    """The name of the provider that is asked for ``model``; that of the engine if it is ours."""
    if isinstance(provider, PricedProvider):
        return provider.provider_of(model)
    return provider.engine


def priced_row(provider: Provider, models: Models, reply: Reply, model: str) -> Model:
    """The row at whose price a ``reply`` to a call for ``model`` is billed."""
    if isinstance(provider, PricedProvider):
        return provider.priced_row(reply)
    return models.find(reply.priced_as or model)


def _longest_output(rows: tuple[Model, ...]) -> int | None:
    """The most tokens that one of the models can write; None when one has no known maximum."""
    maxima = [row.max_output for row in rows]
    return max(maxima) if all(maxima) else None


def _require_price(amount: int | None) -> int:
    if amount is None:
        raise ValueError("a bound consists of rows with prices only")
    return amount


def request_preview(provider: Provider, request: ModelRequest) -> RequestPreview | None:
    """The call that ``provider`` would make; None for an engine that makes no calls."""
    return provider.preview(request) if isinstance(provider, PricedProvider) else None
