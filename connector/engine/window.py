"""Keeps a request within its model's window: how much may be read, and how much may be written.

A model reads and writes within one window. A server refuses a request whose input and output limit
do not fit together, and some servers cut the input silently, so the output limit is lowered to the
room that is left, and a request that leaves none is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from connector.errors import FormcallError
from connector.providers.base import ModelRequest, Provider
from connector.providers.pricing.bounds import PricedProvider
from connector.providers.pricing.models import Model, Models
from connector.providers.pricing.tokens import TokenCounter

MIN_OUTPUT_TOKENS = 256  # the least room for an answer; no useful one is shorter with its reasoning
_OUTPUT_SHARE = 4  # an answer gets at most a quarter of a window
_UNLIMITED = 10**9  # tokens; the window of these models is not known
_MAX_BYTES = 4  # of a character, so of a token at the least
_COUNTER = TokenCounter()


def possible_rows(provider: Provider, models: Models, model: str) -> tuple[Model, ...]:
    """The rows of the models that may answer a call for ``model``; none for our own engines."""
    if isinstance(provider, PricedProvider):
        return provider.billable_models(model)
    if provider.engine == "openai":
        return models.candidates(model, "replace")
    return ()


@dataclass(frozen=True)
class Window:
    """The limits, in tokens, within which every one of ``rows`` can answer; 0: unknown."""

    rows: tuple[Model, ...] = ()
    context: int = 0
    max_input: int = 0
    max_output: int = 0

    @classmethod
    def of(cls, rows: Sequence[Model]) -> Window:
        return cls(
            tuple(rows),
            context=_least([row.context for row in rows]),
            max_input=_least([row.max_input for row in rows]),
            max_output=_least([row.max_output for row in rows]),
        )

    def output_limit(self, usual: int) -> int:
        """The output limit of a call that usually has ``usual``."""
        limits = [usual]
        if self.max_output:
            limits.append(self.max_output)
        if self.context:
            limits.append(max(self.context // _OUTPUT_SHARE, 1))
        return min(limits)

    def estimate(self, request: ModelRequest) -> int:
        """About how many tokens ``request`` has for these models."""
        return _COUNTER.estimate_request(request, *self.rows)

    def estimate_text(self, text: str) -> int:
        """About how many tokens ``text`` has for these models."""
        return _COUNTER.estimate(text, *self.rows)

    def input_left(self, used: int) -> int:
        """The tokens that are left beside ``used`` ones of a request and its answer."""
        return min(self.context or _UNLIMITED, self.max_input or _UNLIMITED) - used

    def fit(self, request: ModelRequest) -> ModelRequest:
        """``request`` with an output limit that fits beside its input.

        Raises ``FormcallError`` (too_long) when no room for an answer is left.
        """
        if self.max_output and request.max_output_tokens > self.max_output:
            request = replace(request, max_output_tokens=self.max_output)
        if not self.max_input or _is_short(request, self.max_input):
            return request
        used = self.estimate(request)
        room = self.context - used if self.context else request.max_output_tokens
        if used > self.max_input or room < min(MIN_OUTPUT_TOKENS, request.max_output_tokens):
            raise self._too_long(request, used)
        return replace(request, max_output_tokens=min(request.max_output_tokens, room))

    def _too_long(self, request: ModelRequest, used: int) -> FormcallError:
        model = request.model
        limit = f"reads and writes {self.context:,} together"
        if used > self.max_input:
            limit = f"reads at most {self.max_input:,}"
        detail = (
            f"The text is longer than {model} can read at once: it has about {used:,} tokens with "
            f"its instructions, and the model {limit}. Shorten it, or split it into parts."
        )
        if request.turns:
            detail = (
                f"The calls so far and their results are longer than {model} can read at once: "
                f"they have about {used:,} tokens with the text, and the model {limit}. Ask for "
                "less at once, give less context, or use a model with a larger window."
            )
        return FormcallError("too_long", detail)


def _is_short(request: ModelRequest, limit: int) -> bool:
    """Whether a request certainly fits, which spares counting its tokens."""
    if request.turns or request.pictures:
        return False
    functions = sum([len(function.as_json) for function in request.functions])
    characters = len(request.instructions) + len(request.message) + functions
    return _MAX_BYTES * characters + 2 * request.max_output_tokens < limit


def _least(limits: Iterable[int]) -> int:
    """The lowest known limit; 0 when none is known."""
    return min(filter(None, limits), default=0)
