"""Several providers behind the interface of one: who is asked first, and who is asked instead.

A call goes to the first provider of the file that has its model. When that one is down, out of
quota, rate-limited, refuses our key or lacks the model, the providers of its ``fallback`` list that
have the model are asked in turn. A call that may have been billed is repeated elsewhere only where
FORMCALL_RETRY_AFTER_TIMEOUT allows paying twice, and then once. A conversation stays at the
provider that has answered in it, since its reasoning cannot be read by another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.errors import ProviderError
from connector.providers.base import ModelRequest, Reply, RequestPreview, Turn
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.pricing.bounds import PricedProvider
from connector.providers.pricing.models import Model
from connector.providers.providers_file import ProviderEntry, named_settings
from connector.settings import Settings

# failures after which another provider is asked, and for how many seconds this one is then passed
# over, unless it names a time of its own
FALLBACK_SECONDS = {
    "provider_unavailable": 10.0,
    "provider_timeout": 10.0,
    "provider_rate_limited": 5.0,
    "provider_quota": 60.0,
    "provider_auth": 60.0,
    "model_unavailable": 60.0,
    "model_retired": 60.0,
}
_MAX_PASSED_OVER = 60.0  # seconds
_MIN_SECRET = 6  # characters; a shorter one may be a word of any sentence


@dataclass(frozen=True)
class RoutedProvider:
    """A provider of the file with its client."""

    entry: ProviderEntry
    client: OpenAIProvider

    @property
    def name(self) -> str:
        return self.entry.name

    def adapt(self, request: ModelRequest) -> ModelRequest:
        """``request`` with this provider's name of the model, and nothing of another's replies."""
        model = self.entry.name_of(request.model)
        turns = request.turns
        if any(turn.reply.provider not in {"", self.name} for turn in turns):
            turns = tuple(self._own_turn(turn, model) for turn in turns)
        return replace(request, model=model, turns=turns)

    def _own_turn(self, turn: Turn, model: str) -> Turn:
        """``turn`` as if this provider had made its calls."""
        from connector.providers.hosted.dialects import DIALECTS

        dialect = DIALECTS[self.client.variant(model).dialect]
        replay = dialect.replayed_calls(turn.reply.calls)
        return replace(turn, reply=replace(turn.reply, replay=replay))


class ProviderRouter(PricedProvider):
    """The providers of FORMCALL_PROVIDERS, in the order of the file. Thread-safe."""

    engine = "openai"

    def __init__(self, providers: Sequence[RoutedProvider], settings: Settings) -> None:
        self._settings = settings
        self._by_name = {one.name: one for one in providers}
        self._lock = threading.Lock()
        # (provider, model) -> when it may be asked first again, in time.monotonic() seconds
        self._passed_over: dict[tuple[str, str], float] = {}
        secrets = set(settings.provider_secrets.values())
        self._secrets = sorted((one for one in secrets if len(one) >= _MIN_SECRET), key=len)[::-1]

    def respond(self, request: ModelRequest) -> Reply:
        chain = self._chain(request)
        failures: list[tuple[str, ProviderError]] = []
        lost_at = ""
        for position, provider in enumerate(chain):
            sent = replace(
                provider.adapt(request),
                has_alternative=position + 1 < len(chain),
                lost=bool(lost_at),
            )
            try:
                reply = provider.client.respond(sent)
            except ProviderError as error:
                self._pass_over(provider, request.model, error)
                self._name_provider(error, provider)
                if not sent.has_alternative or not self._may_ask_another(error, sent):
                    raise _with_earlier(error, failures) from None
                failures.append((provider.name, error))
                lost_at = lost_at or (provider.name if error.outcome_unknown else "")
            else:
                return _with_warnings(reply, failures, lost_at)
        raise AssertionError("the last provider of a chain answers or raises")

    # --- who is asked ---

    def _chain(self, request: ModelRequest) -> list[RoutedProvider]:
        """The providers that may be asked, in order; at least one. Raises ``ProviderError``."""
        if request.turns:
            pinned = self._by_name.get(request.turns[-1].reply.provider)
            if pinned and pinned.entry.name_of(request.model):
                return [pinned]
        chain = self._candidates(request.model)
        if not chain:
            raise _no_provider(request.model)
        now = time.monotonic()
        return sorted(chain, key=lambda one: self._is_passed_over(one.name, request.model, now))

    def _candidates(self, model: str, tier: str = "") -> list[RoutedProvider]:
        """The first provider that has ``model``, and those of its fallback list that do."""
        having = [one for one in self._by_name.values() if one.entry.name_of(model)]
        if tier:  # only the Batch API has tiers, and a batch stays at one provider
            return [one for one in having if one.client.supports_batches][:1]
        if not having:
            return []
        fallback = (self._by_name[name] for name in having[0].entry.fallback)
        return [having[0], *(one for one in fallback if one.entry.name_of(model))]

    def _is_passed_over(self, name: str, model: str, now: float) -> bool:
        return self._passed_over.get((name, model), 0.0) > now

    def _pass_over(self, provider: RoutedProvider, model: str, error: ProviderError) -> None:
        """Ask ``provider`` last for a while, after a failure that its next call would meet too."""
        seconds = FALLBACK_SECONDS.get(error.code)
        if seconds is None or error.billed:
            return
        until = time.monotonic() + min(error.retry_after or seconds, _MAX_PASSED_OVER)
        with self._lock:
            self._passed_over[(provider.name, model)] = until

    def _may_ask_another(self, error: ProviderError, request: ModelRequest) -> bool:
        listener = request.listener
        if listener and (listener.has_output or listener.cancelled.is_set()):
            return False
        if error.code not in FALLBACK_SECONDS or error.billed:
            return False
        if error.outcome_unknown and (request.lost or not self._settings.retry_after_timeout):
            return False
        return time.monotonic() < request.deadline

    def _name_provider(self, error: ProviderError, provider: RoutedProvider) -> None:
        """Write into ``error`` which provider failed, and nothing secret."""
        detail = named_settings(error.detail, provider.entry)
        for secret in self._secrets:
            detail = detail.replace(secret, "[hidden]")
        error.detail = f"{provider.name}: {detail}"
        error.args = (error.detail,)
        error.provider = provider.name

    # --- the interface of one provider ---

    @property
    def clients(self) -> tuple[OpenAIProvider, ...]:
        return tuple(one.client for one in self._by_name.values())

    def provider_of(self, model: str) -> str:
        return next((one.name for one in self._candidates(model)), "")

    def providers_of(self, model: str) -> tuple[str, ...]:
        """The providers that may be asked for ``model``, in the order of the file."""
        return tuple(one.name for one in self._candidates(model))

    def routed(self) -> tuple[RoutedProvider, ...]:
        return tuple(self._by_name.values())

    def is_passed_over(self, provider: str) -> bool:
        """Whether ``provider`` is asked last at the moment, for one of its models at least."""
        now = time.monotonic()
        with self._lock:
            passed_over = list(self._passed_over.items())
        return any(name == provider and until > now for (name, _), until in passed_over)

    def preview(self, request: ModelRequest) -> RequestPreview:
        first = self._chain(request)[0]
        return first.client.preview(first.adapt(request))

    def billable_models(self, model: str, tier: str = "") -> tuple[Model, ...]:
        candidates = self._candidates(model, tier)
        if not candidates:
            raise _no_provider(model)
        return tuple(
            row
            for one in candidates
            for row in one.client.billable_models(one.entry.name_of(model))
        )

    def priced_row(self, reply: Reply) -> Model:
        return self._by_name[reply.provider].client.priced_row(reply)

    def enforces_output_limit(self, model: str) -> bool:
        return all(
            one.client.enforces_output_limit(one.entry.name_of(model))
            for one in self._candidates(model)
        )

    def for_batches(self, model: str, name: str = "") -> tuple[OpenAIProvider, str] | None:
        candidates = self._candidates(model, "batch")
        if name:  # of a batch that has begun there
            candidates = [self._by_name[name]] if name in self._by_name else []
        found = next((one for one in candidates if one.client.supports_batches), None)
        return (found.client, found.entry.name_of(model)) if found else None


def _no_provider(model: str) -> ProviderError:
    return ProviderError(
        "model_unavailable",
        f"No provider of the file FORMCALL_PROVIDERS has the model {model}. Add it to `models` of "
        "one of them, or set another model.",
    )


def _with_earlier(
    error: ProviderError, failures: Sequence[tuple[str, ProviderError]]
) -> ProviderError:
    """``error`` with the failures of the providers that were asked before."""
    if failures:
        earlier = ", ".join(f"{name} ({one.code})" for name, one in failures)
        error.detail = f"{error.detail} Asked before it: {earlier}."
        error.args = (error.detail,)
    return error


def _with_warnings(
    reply: Reply, failures: Sequence[tuple[str, ProviderError]], lost_at: str
) -> Reply:
    if not failures:
        return reply
    warnings = tuple(
        f"The provider {name} could not answer ({error.code}), so {reply.provider} was asked "
        "instead, at its own price."
        for name, error in failures
    )
    return replace(reply, warnings=(*warnings, *reply.warnings), lost_at=lost_at)
