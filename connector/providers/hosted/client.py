"""A hosted model through OpenAI's SDK: one call at a time, within a deadline, never paid twice by our own doing.

Differences between servers are rows in ``models.yaml``; differences between dialects are the two modules in ``dialects/``;
what a failure means is ``faults.py``. What is left here is the order of things: ask, try again if that is safe, leave out
what this server does not take, and move to a retired model's replacement, always saying so.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from connector.errors import ProviderError, SettingsError
from connector.providers.base import ModelRequest, Preview, Reply, Usage
from connector.providers.bounds import Hosted
from connector.providers.models import Model, Models, Profile
from connector.settings import Settings

if TYPE_CHECKING:
    from connector.providers.dialects import Dialect
    from connector.providers.faults import Failure
    from connector.providers.transport import Transport

Json = dict[str, Any]

MAX_TRIES = 4
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
# what a request can do without; strictness, tools and store are never left out
_OPTIONAL = {
    "reasoning": "reasoning",
    "reasoning.effort": "reasoning",
    "reasoning_effort": "reasoning_effort",
    "include": "include",
    "prompt_cache_key": "prompt_cache_key",
    "max_output_tokens": "max_output_tokens",
    "max_completion_tokens": "max_completion_tokens",
    "max_tokens": "max_tokens",
    "stream": "stream",  # the answer then comes whole
    "stream_options": "stream_options",
}
_OUTPUT_LIMITS = frozenset({"max_output_tokens", "max_completion_tokens", "max_tokens"})
_UNLIMITED = "The provider takes no limit on the length of an answer, so a call may cost more than was reserved for it. Try again."


@dataclass(frozen=True)
class Manner:
    """How one call is said, and to which model: other threads may learn more about the server while it is under way."""

    model: str
    dialect: str
    left_out: frozenset[str] = frozenset()


class OpenAIProvider(Hosted):
    """Asks the provider at ``settings.openai_base_url``; thread-safe, one for the whole process."""

    engine = "openai"

    def __init__(self, settings: Settings, models: Models) -> None:
        _refuse_unusable(settings)
        self._settings, self._models = settings, models
        self._lock = threading.Lock()
        self._connected: Transport | None = None
        self._profile: Profile = models.profile(settings.openai_base_url, settings.profile)
        self._replaced: dict[str, str] = {}  # models the provider said are gone, and what answers instead
        self._left_out: dict[str, frozenset[str]] = {}  # by model: parameters this server does not take
        self._no_responses = False

    @property
    def _transport(self) -> Transport:
        # importing the SDK takes half a second, so it waits for the first call
        from connector.providers.transport import Transport

        with self._lock:  # the first calls may come at once, and a transport is dear
            if self._connected is None:
                self._connected = Transport(base_url=self._settings.openai_base_url, api_key=self._settings.openai_api_key)
            return self._connected

    def respond(self, request: ModelRequest) -> Reply:
        """The model's reply, or that of its replacement when the model is gone and the settings allow it."""
        wanted = request.model
        if wanted not in self._replaced:
            try:
                return self._ask(request)
            except ProviderError as error:
                if error.code != "model_unavailable":
                    raise
                self.retire(wanted, error)
        return self._ask_replacement(request, self._replaced[wanted])

    def probe(self, model: str = "", *, seconds: float = 5.0) -> Json:
        """What the provider says about ``model`` (the settings' own by default) now, for readiness and the doctor."""
        path = f"/models/{model or self._settings.model}"
        return self.manage(lambda transport: transport.get(path, deadline=time.monotonic() + seconds))

    def manage(self, call: Callable[[Transport], Any]) -> Json:
        """The object that a call gives which asks no model; ``ProviderError``."""
        from connector.providers.dialects.reading import BadReply
        from connector.providers.faults import failure, failure_inside

        try:
            found: Any = call(self._transport)
            if not isinstance(found, dict):
                raise BadReply("not a JSON object")
            failed = failure_inside(found, self.secret)
        except Exception as error:
            raise failure(error, self.secret).error from None
        if failed:
            raise failed.error
        return dict(found)

    def preview(self, request: ModelRequest) -> Preview:
        path, body = self.written(request, self.manner(request.model))
        return Preview("POST", _without_secrets(self._settings.openai_base_url) + path, body)

    def priced(self, model: str) -> tuple[Model, ...]:
        if model in self._replaced:
            return (self._models.find(self._replaced[model]),)
        return self._models.answering(model, self._settings.retired)

    def limits_output(self, model: str) -> bool:
        return not self._left_out.get(self._replaced.get(model, model), frozenset()) & _OUTPUT_LIMITS

    @property
    def secret(self) -> str:
        """What no sentence may quote."""
        return self._settings.openai_api_key

    # --- calls that are made in another way than one by one ---

    @property
    def takes_batches(self) -> bool:
        """Whether the provider takes files of calls that are answered later."""
        return self._profile.batches

    def manner(self, model: str) -> Manner:
        """How a call for ``model``, or for what replaced it, is said now."""
        model = self._replaced.get(model, model)
        return self._manner(model, self._models.find(model))

    def written(self, request: ModelRequest, manner: Manner) -> tuple[str, Json]:
        """The path and the body of a call, behind the provider's address."""
        spoken, body = self._written(replace(request, model=manner.model), self._models.find(manner.model), manner)
        return spoken.path, body

    def heard(self, request: ModelRequest, manner: Manner, raw: Any) -> Reply | Failure:
        """What ``raw``, the body of the answer to a call that was said in that manner, comes to."""
        from connector.providers.dialects.reading import cleaned
        from connector.providers.faults import failure

        row = self._models.find(manner.model)
        try:
            outcome = self._read(cleaned(raw), manner)
        except Exception as error:
            return failure(error, self.secret)
        if not isinstance(outcome, Reply):
            return outcome
        reply = self._marked(outcome, replace(request, model=manner.model), row, manner)
        return reply if manner.model == request.model else self._as_replacement(reply, request.model, manner.model)

    def learn(self, failed: Failure, manner: Manner) -> bool:
        """Whether a call that failed so can be said in a manner that this server takes; from now on it is."""
        return self._mend(failed, manner)

    def retire(self, model: str, error: ProviderError, asked: str = "") -> None:
        """The provider said with ``error`` that ``model`` is gone, or what was ``asked`` instead: its replacement answers from now on.

        ``ProviderError`` when there is none, or none may.
        """
        if asked and asked != model:
            words = f"The provider has neither {model} nor its replacement {asked}. Set FORMCALL_MODEL to one that it has."
            raise ProviderError("model_unavailable", words, extra=error.extra) from None
        self._replaced[model] = self._replacement(model, error)

    # --- one model ---

    def _ask(self, request: ModelRequest) -> Reply:
        row = self._models.find(request.model)
        tries, after_timeout, dropped_reasoning = 1, 0, False
        while True:
            manner = self._manner(request.model, row)
            if request.bounded and manner.left_out & _OUTPUT_LIMITS:
                raise ProviderError("provider_unavailable", _UNLIMITED, retry_after=1)
            outcome = self._try(replace(request, deadline=self._until(request.deadline, after_timeout)), row, manner)
            if isinstance(outcome, Reply):
                reply = self._marked(outcome, request, row, manner)
                return replace(reply, lost=True) if after_timeout else reply
            is_told = request.listener is not None and request.listener.heard
            outcome.error.unseen |= after_timeout > 0 or is_told  # what was written of an answer may be billed
            if self._mend(outcome, manner):
                continue
            if outcome.stale_reasoning and not dropped_reasoning:
                request, dropped_reasoning = _without_reasoning(request), True
                continue
            if outcome.sent and not (self._settings.retry_after_timeout and after_timeout == 0):
                raise outcome.error
            if is_told or (request.listener and request.listener.left.is_set()):
                raise outcome.error  # another answer could not take the place of what was told of this one
            wait = self._wait(outcome, tries, request.deadline)
            if wait is None:
                raise outcome.error
            time.sleep(wait)
            tries, after_timeout = tries + 1, after_timeout + outcome.sent

    def _until(self, deadline: float, after_timeout: int) -> float:
        """When a try is given up. Where a second one is allowed after a time-out, the first takes half of the time."""
        if not self._settings.retry_after_timeout or after_timeout:
            return deadline
        return (time.monotonic() + deadline) / 2

    def _try(self, request: ModelRequest, row: Model, manner: Manner) -> Reply | Failure:
        from connector.providers.faults import failure

        spoken, body = self._written(request, row, manner)
        try:
            return self._read(self._answer(spoken, body, request), manner)
        except Exception as error:
            return failure(error, self.secret)

    def _answer(self, spoken: Dialect, body: Json, request: ModelRequest) -> Any:
        """The provider's answer, decoded; if it comes in pieces, the request's listener has heard them."""
        listener = request.listener
        if listener is None or "stream" not in body:
            return self._transport.post(spoken.path, body, deadline=request.deadline)
        return self._transport.listen(
            spoken.path, body, lambda events: spoken.hear(events, listener), deadline=request.deadline, left=listener.left
        )

    def _read(self, raw: Any, manner: Manner) -> Reply | Failure:
        from connector.providers.dialects import DIALECTS
        from connector.providers.dialects.reading import BadReply
        from connector.providers.faults import failure_inside

        if not isinstance(raw, dict):
            raise BadReply("not a JSON object")
        return failure_inside(raw, self.secret) or DIALECTS[manner.dialect].reply(raw)

    def _manner(self, model: str, row: Model) -> Manner:
        return Manner(model, self._dialect(row), self._left_out.get(model, frozenset()))

    def _written(self, request: ModelRequest, row: Model, manner: Manner) -> tuple[Dialect, Json]:
        """The body of one try, and the dialect it is in."""
        from connector.providers.dialects import DIALECTS

        spoken = DIALECTS[manner.dialect]
        body = spoken.body(request, row, self._profile)
        if request.listener and "stream" not in manner.left_out:
            body |= spoken.streaming
        for name in manner.left_out:
            body.pop(name, None)
        return spoken, body

    def _marked(self, reply: Reply, request: ModelRequest, row: Model, manner: Manner) -> Reply:
        warnings = list(reply.warnings)
        model = reply.model or request.model
        if self._models.find(model).id != row.id:
            warnings.append(f"The provider answered with {model} although {request.model} was asked for.")
        if self._no_responses and manner.dialect == "chat":
            warnings.append("The provider does not have the Responses API; chat completions were used.")
        warnings += [f"The provider does not take `{name}`; it was left out." for name in sorted(manner.left_out)]
        if reply.usage == Usage():
            warnings.append("The provider did not say how many tokens it used, so the cost is not known.")
        effort = row.effort(request.effort, manner.dialect)
        if manner.left_out & {"reasoning", "reasoning_effort"}:
            effort = ""
        elif effort != row.effort(request.effort):
            words = f"{request.model} takes functions over chat completions only with the effort {effort}"
            warnings.append(f"{words}; the Responses API has no such limit.")
        return replace(reply, model=model, effort=effort, warnings=tuple(warnings))

    def _dialect(self, row: Model) -> str:
        if self._settings.dialect != "auto":
            return self._settings.dialect
        return "chat" if self._no_responses else row.dialect or self._profile.dialect

    # --- after a failure ---

    def _mend(self, outcome: Failure, manner: Manner) -> bool:
        """Whether the same call can be made again in a manner that this server takes."""
        name = _OPTIONAL.get(outcome.optional)
        if name and name not in manner.left_out:
            with self._lock:
                self._left_out[manner.model] = self._left_out.get(manner.model, frozenset()) | {name}
            return True
        if outcome.no_endpoint and manner.dialect == "responses" and self._settings.dialect == "auto":
            self._no_responses = True
            return True
        return False

    def _wait(self, outcome: Failure, tries: int, deadline: float) -> float | None:
        """Seconds until the next try, or None when there is no use or no time for one."""
        if not (outcome.retry or outcome.sent) or tries >= MAX_TRIES:
            return None
        jittered = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**tries))  # noqa: S311  spreads load, keeps no secret
        asked = outcome.error.retry_after if outcome.error.code != "provider_timeout" else None
        wait = max(asked or 0.0, jittered)
        return wait if time.monotonic() + wait < deadline else None

    # --- a model that is gone ---

    def _ask_replacement(self, request: ModelRequest, other: str) -> Reply:
        try:
            reply = self._ask(replace(request, model=other))
        except ProviderError as error:
            if error.code == "model_unavailable":
                self.retire(request.model, error, other)
            raise
        return self._as_replacement(reply, request.model, other)

    def _replacement(self, wanted: str, error: ProviderError) -> str:
        row = self._models.find(wanted)
        if not row.replacement:
            words = f"The provider does not have the model {wanted}. Set FORMCALL_MODEL to one that it has."
            raise ProviderError("model_unavailable", words, extra=error.extra) from None
        if self._settings.retired == "error":
            words = (
                f"The model {wanted} was switched off ({row.shutdown or 'by the provider'}). Set FORMCALL_MODEL={row.replacement}, "
                "the replacement its maker names, or FORMCALL_RETIRED=replace to move there by itself."
            )
            raise ProviderError("model_retired", words, extra=error.extra) from None
        return row.replacement

    def _as_replacement(self, reply: Reply, wanted: str, other: str) -> Reply:
        row = self._models.find(wanted)
        when = f" (announced for {row.shutdown})" if row.shutdown else ""
        words = f"The model {wanted} has been switched off{when}; {other} answered instead, at its own price."
        return replace(reply, warnings=(*reply.warnings, words))


def _refuse_unusable(settings: Settings) -> None:
    """``SettingsError`` for an address or a key with which no call could be made."""
    try:
        parts = urlsplit(settings.openai_base_url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError("OPENAI_BASE_URL must be an address such as https://api.openai.com/v1.")  # it may hold a password: not shown
    key = settings.openai_api_key.strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SettingsError("OPENAI_API_KEY has a character that no key has, such as a space or a line break. Copy it again.")


def _without_secrets(address: str) -> str:
    """``address`` as calls begin with it, without the name, the password and the query that may stand in it."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def _without_reasoning(request: ModelRequest) -> ModelRequest:
    """The same request without earlier reasoning, for a provider that can no longer read it (a change of key or model)."""

    def bare(item: Json) -> Json:
        return {key: value for key, value in item.items() if key != "id" or item.get("type") == "message"}

    turns = []
    for turn in request.turns:
        kept = tuple(bare(item) for item in turn.reply.replay if item.get("type") != "reasoning")
        turns.append(replace(turn, reply=replace(turn.reply, replay=kept)))
    return replace(request, turns=tuple(turns))
