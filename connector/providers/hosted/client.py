"""A hosted model through OpenAI's SDK: one call at a time, within a deadline, never paid twice.

Differences between servers are rows in ``models.yaml``; those between dialects are the modules in
``dialects/``; what a failure means is ``error_mapping.py``, and what a server does not accept
``variants.py``. This module has the sequence: make the call, retry where that is safe, adapt it to
the server, and move to the successors of a retired model, with a warning for each.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.base import NO_LISTENER, ModelRequest, Reply, RequestPreview
from connector.providers.hosted.addresses import (
    check_settings,
    own_body,
    own_headers,
    without_secrets,
)
from connector.providers.hosted.annotations import ReplyAnnotations
from connector.providers.hosted.replacements import Replacements
from connector.providers.hosted.variants import (
    PROSE,
    RequestVariant,
    RequestVariants,
    VariantStore,
)
from connector.providers.pricing.bounds import PricedProvider
from connector.providers.pricing.models import Model, Models, Profile
from connector.settings import Settings

if TYPE_CHECKING:
    from connector.providers.hosted.dialects import Dialect
    from connector.providers.hosted.failures import Failure
    from connector.providers.hosted.transport import Transport

MAX_TRIES = 4
_MAX_TRIES_WITH_ALTERNATIVE = 2  # then another provider is asked
_MAX_WAIT_WITH_ALTERNATIVE = 1.0  # seconds
_FIRST_WAIT = 0.5  # seconds
_MAX_WAIT = 8.0
_UNLIMITED = (
    "The provider accepts no limit on the length of an answer, so a call may cost more "
    "than was reserved for it. Try again."
)


class OpenAIProvider(PricedProvider):
    """Calls the provider at ``settings.openai_base_url``. Thread-safe; one per process.

    ``name`` is the provider's name in answers, by default that of its profile. ``outcomes`` counts
    its calls by how they ended: answered, or the code of an error.
    """

    engine = "openai"

    def __init__(
        self,
        settings: Settings,
        models: Models,
        store: VariantStore | None = None,
        name: str = "",
    ) -> None:
        check_settings(settings)
        self._settings = settings
        self._models = models
        self._lock = threading.Lock()
        self._connected: Transport | None = None
        self._profile: Profile = models.profile(settings.openai_base_url, settings.profile)
        self.name = name or self._profile.name
        self.outcomes: Counter[str] = Counter()
        self._variants = RequestVariants(settings, self._profile, store)
        self._annotations = ReplyAnnotations(self.name, models, self._variants)
        self._extra_body = own_body(settings)
        self._replacements = Replacements(settings, models)

    @property
    def _transport(self) -> Transport:
        # importing the SDK takes half a second, so it waits for the first call
        from connector.providers.hosted.route import route_of
        from connector.providers.hosted.transport import Transport

        with self._lock:  # first calls may be concurrent, and a transport is expensive
            if self._connected is None:
                self._connected = Transport(
                    base_url=self._settings.openai_base_url,
                    api_key=self._settings.openai_api_key,
                    headers=own_headers(self._settings),
                    route=route_of(self._settings),
                )
            return self._connected

    def respond(self, request: ModelRequest) -> Reply:
        """The model's reply, or that of its first successor which the provider has."""
        outcome = "answered"
        try:
            return self._respond_or_replace(request)
        except ProviderError as error:
            outcome = error.code
            raise
        finally:
            with self._lock:
                self.outcomes[outcome] += 1

    def _respond_or_replace(self, request: ModelRequest) -> Reply:
        while True:
            model = self._replacements.current(request.model)
            sent = request if model == request.model else replace(request, model=model)
            try:
                reply = self._respond(sent)
            except ProviderError as error:
                if error.code != "model_unavailable":
                    raise
                self.retire(request.model, error, model)
            else:
                return self._replacements.mark(reply, request.model, model)

    def probe(self, model: str = "", *, seconds: float = 5.0) -> Json:
        """The provider's description of ``model``, by default the one of the settings."""
        path = f"/models/{model or self._settings.model}"
        return self.call_api(
            lambda transport: transport.get(path, deadline=time.monotonic() + seconds)
        )

    def call_api(self, call: Callable[[Transport], Any]) -> Json:
        """The object that a call without a model returns. Raises ``ProviderError``."""
        from connector.providers.hosted.dialects.reading import BadReply
        from connector.providers.hosted.error_mapping import embedded_failure, failure_from

        try:
            answer: Any = call(self._transport)
            if not isinstance(answer, dict):
                raise BadReply("not a JSON object")
            failure = embedded_failure(answer, self.secret)
        except Exception as error:
            raise failure_from(error, self.secret).error from None
        if failure:
            raise failure.error
        return dict(answer)

    def preview(self, request: ModelRequest) -> RequestPreview:
        path, body = self.build_request(request, self.variant(request.model))
        return RequestPreview("POST", without_secrets(self._settings.openai_base_url) + path, body)

    @property
    def clients(self) -> tuple[OpenAIProvider, ...]:
        """The clients of all providers, each of its own."""
        return (self,)

    def provider_of(self, model: str) -> str:
        return self.name

    def billable_models(self, model: str, tier: str = "") -> tuple[Model, ...]:
        return self._replacements.billable_rows(model)

    def priced_row(self, reply: Reply) -> Model:
        return self._models.find(reply.priced_as or reply.model)

    def enforces_output_limit(self, model: str) -> bool:
        return self._variants.accept_output_limit(self._replacements.current(model))

    @property
    def secret(self) -> str:
        """The key, which no sentence may quote."""
        return self._settings.openai_api_key

    # --- parts of a call, for calls that are made in batches ---

    @property
    def supports_batches(self) -> bool:
        """Whether the provider has a Batch API."""
        return self._profile.batches

    def for_batches(self, model: str, name: str = "") -> tuple[OpenAIProvider, str] | None:
        """The client whose Batch API takes calls for ``model``, with its name of the model.

        ``name``: the provider of a batch that has begun. None when there is none.
        """
        return (self, model) if self.supports_batches else None

    def variant(self, model: str) -> RequestVariant:
        """How a call for ``model``, or for its replacement, is made now."""
        model = self._replacements.current(model)
        return self._variants.current(self._models.find(model), model)

    def build_request(self, request: ModelRequest, variant: RequestVariant) -> tuple[str, Json]:
        """The path (after the base URL) and the body of a call."""
        dialect, body = self._build_body(request, self._models.find(variant.model), variant)
        return dialect.path, body

    def parse_response(
        self, request: ModelRequest, variant: RequestVariant, raw: Any
    ) -> Reply | Failure:
        """The outcome of a call that was made in ``variant``; ``raw`` is its answer's body."""
        from connector.providers.hosted.dialects.reading import clean_json
        from connector.providers.hosted.error_mapping import failure_from

        try:
            outcome = self._parse(clean_json(raw), request, variant)
        except Exception as error:
            return failure_from(error, self.secret)
        row = self._models.find(variant.model)
        outcome = self._annotations.apply(
            outcome, replace(request, model=variant.model), row, variant
        )
        if not isinstance(outcome, Reply):
            return outcome
        return self._replacements.mark(outcome, request.model, variant.model)

    def adapt(self, failure: Failure, variant: RequestVariant) -> bool:
        """Whether the failed call can be made in another variant, which is used from now on."""
        return self._variants.adapt(failure, variant)

    def retire(self, model: str, error: ProviderError, called: str) -> None:
        """Use the next successor of ``model`` from now on, since the provider refused ``called``.

        Raises ``ProviderError`` when there is none left, or none is allowed.
        """
        self._replacements.retire(model, called, error)

    # --- one model ---

    def _respond(self, request: ModelRequest) -> Reply:
        from connector.providers.hosted.dialects.responses import without_reasoning

        row = self._models.find(request.model)
        tries = 1
        timeouts = int(request.lost)
        dropped_reasoning = False
        while True:
            variant = self._variants.current(row, request.model)
            if request.bounded and variant.omits_output_limit:
                raise ProviderError("provider_unavailable", _UNLIMITED, retry_after=1)
            deadline = self._try_deadline(request.deadline, timeouts)
            sent = request
            if deadline != request.deadline:
                sent = replace(request, deadline=deadline)
            outcome = self._try(sent, row, variant)
            prose = self._learn_from_prose(outcome, variant)
            outcome = self._annotations.apply(prose or outcome, request, row, variant)
            if isinstance(outcome, Reply):
                outcome = replace(outcome, lost=True) if timeouts else outcome
                if prose and PROSE in variant.refused:
                    raise _prose_error(outcome)
                return outcome
            if outcome.billed:
                outcome.error.billed = replace(outcome.billed, lost=timeouts > 0)
                raise outcome.error
            if timeouts or _has_output(request):
                outcome.error.outcome_unknown = True  # what was written may be billed
            if self.adapt(outcome, variant):
                continue
            if outcome.stale_reasoning and not dropped_reasoning:
                request = without_reasoning(request)
                dropped_reasoning = True
                continue
            wait = self._wait(outcome, tries, timeouts, request)
            if wait is None:
                raise outcome.error
            time.sleep(wait)
            tries += 1
            timeouts += outcome.sent

    def _try_deadline(self, deadline: float, timeouts: int) -> float:
        """When a try is given up; the first has half the time if one more may follow a time-out."""
        if not self._settings.retry_after_timeout or timeouts:
            return deadline
        return (time.monotonic() + deadline) / 2

    def _try(self, request: ModelRequest, row: Model, variant: RequestVariant) -> Reply | Failure:
        from connector.providers.hosted.call_forms import read_failed_call
        from connector.providers.hosted.error_mapping import failure_from

        dialect, body = self._build_body(request, row, variant)
        try:
            outcome = self._parse(self._call(dialect, body, request, variant), request, variant)
        except Exception as error:
            outcome = failure_from(error, self.secret)
        return read_failed_call(outcome, request, variant)

    def _call(
        self, dialect: Dialect, body: Json, request: ModelRequest, variant: RequestVariant
    ) -> Any:
        """The provider's decoded answer; a streamed one has gone to the request's listener."""
        from connector.providers.hosted.json_answers import text_function

        is_streamed = request.listener is not None and "stream" in body
        listener = request.listener if request.listener and is_streamed else NO_LISTENER

        def read(events: Iterator[Any]) -> Json:
            function = text_function(request) if variant.uses_schema else ""
            return dialect.read_stream(events, listener, function)

        if not is_streamed:
            return self._transport.post(dialect.path, body, deadline=request.deadline, read=read)
        return self._transport.stream(
            dialect.path, body, read, deadline=request.deadline, cancelled=listener.cancelled
        )

    def _parse(self, raw: Any, request: ModelRequest, variant: RequestVariant) -> Reply | Failure:
        from connector.providers.hosted.call_forms import read_reply
        from connector.providers.hosted.dialects.reading import BadReply
        from connector.providers.hosted.error_mapping import (
            embedded_failure,
            failure_from,
            with_reported_usage,
        )

        if not isinstance(raw, dict):
            raise BadReply("not a JSON object")
        failure = embedded_failure(raw, self.secret)
        if failure is None:
            try:
                return read_reply(raw, request, variant)
            except BadReply as error:
                failure = failure_from(error, self.secret)
        return with_reported_usage(failure, raw)

    def _build_body(
        self, request: ModelRequest, row: Model, variant: RequestVariant
    ) -> tuple[Dialect, Json]:
        from connector.providers.hosted.bodies import build

        return build(request, row, variant, self._profile, self._extra_body)

    def _learn_from_prose(self, outcome: Reply | Failure, variant: RequestVariant) -> Reply | None:
        """The reply of a model in prose although it had to call a function; that is remembered."""
        from connector.providers.hosted.call_forms import as_prose

        if not isinstance(outcome, Reply) or self._profile.forces_calls:
            return None
        prose = as_prose(outcome)
        if prose:
            self._variants.learn_prose(variant)
        elif outcome.calls and PROSE in variant.refused:
            self._variants.learn_json(variant)
        return prose

    def _wait(
        self, failure: Failure, tries: int, timeouts: int, request: ModelRequest
    ) -> float | None:
        """Seconds until the next try; None when it would not be safe, useful or in time."""
        is_repeatable = self._settings.retry_after_timeout and not request.has_alternative
        if failure.sent and (timeouts or not is_repeatable):
            return None
        max_tries = _MAX_TRIES_WITH_ALTERNATIVE if request.has_alternative else MAX_TRIES
        if not (failure.retry or failure.sent) or tries >= max_tries:
            return None
        # another reply cannot replace one that was partly passed on
        if _has_output(request) or (request.listener and request.listener.cancelled.is_set()):
            return None
        wait = random.uniform(0, min(_MAX_WAIT, _FIRST_WAIT * 2**tries))  # noqa: S311  spreads load, keeps no secret
        error = failure.error
        if error.code != "provider_timeout":
            wait = max(error.retry_after or 0.0, wait)
        if request.has_alternative and wait > _MAX_WAIT_WITH_ALTERNATIVE:
            return None
        return wait if time.monotonic() + wait < request.deadline else None


def _prose_error(reply: Reply) -> ProviderError:
    """The error for a model of which the call before was answered in prose as well."""
    error = ProviderError(
        "invalid_output",
        f"The model {reply.model} answers in prose, also where JSON by a schema is requested. Set "
        "FORMCALL_MODEL to one that makes function calls.",
    )
    error.billed = reply
    return error


def _has_output(request: ModelRequest) -> bool:
    """Whether a part of the reply was passed on already."""
    return request.listener is not None and request.listener.has_output
