"""A hosted model through OpenAI's SDK: one call at a time, within a deadline, never paid twice by our own doing.

Differences between servers are rows in ``models.yaml``; differences between dialects are the two modules in ``dialects/``;
what a failure means is ``faults.py``. What is left here is the order of things: ask, try again if that is safe, leave out
what this server does not take, and move to a retired model's replacement, always saying so.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.errors import ProviderError
from connector.providers.base import ModelRequest, Reply
from connector.providers.models import Model, Models, Profile
from connector.settings import Settings

if TYPE_CHECKING:
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
}


class OpenAIProvider:
    """Asks the provider at ``settings.openai_base_url``; thread-safe, one for the whole process."""

    engine = "openai"

    def __init__(self, settings: Settings, models: Models) -> None:
        self._settings, self._models = settings, models
        self._profile: Profile = models.profile(settings.openai_base_url, settings.profile)
        self._replaced: dict[str, str] = {}  # models the provider said are gone, and what answers instead
        self._left_out: dict[str, frozenset[str]] = {}  # by model: parameters this server does not take
        self._no_responses = False

    @cached_property
    def _transport(self) -> Transport:
        # importing the SDK takes half a second, so it waits for the first call
        from connector.providers.transport import Transport

        return Transport(base_url=self._settings.openai_base_url, api_key=self._settings.openai_api_key)

    def respond(self, request: ModelRequest) -> Reply:
        """The model's reply, or that of its replacement when the model is gone and the settings allow it."""
        wanted = request.model
        if wanted not in self._replaced:
            try:
                return self._ask(request)
            except ProviderError as error:
                if error.code != "model_unavailable":
                    raise
                self._replaced[wanted] = self._replacement(wanted, error)
        reply = self._ask(replace(request, model=self._replaced[wanted]))
        return replace(reply, warnings=(*reply.warnings, self._told(wanted)))

    def probe(self, *, seconds: float = 5.0) -> Json:
        """What the provider says about the model now (``GET /models/<id>``), for readiness and the doctor."""
        from connector.providers.faults import failure

        try:
            found = self._transport.get(f"/models/{self._settings.model}", deadline=time.monotonic() + seconds)
        except Exception as error:
            raise failure(error).error from None
        return found if isinstance(found, dict) else {}

    # --- one model ---

    def _ask(self, request: ModelRequest) -> Reply:
        row = self._models.find(request.model)
        tries, after_timeout, dropped_reasoning = 1, 0, False
        while True:
            dialect = self._dialect(row)
            outcome = self._try(request, row, dialect)
            if isinstance(outcome, Reply):
                return self._marked(outcome, request, row, dialect)
            if self._mend(outcome, request, dialect):
                continue
            if outcome.stale_reasoning and not dropped_reasoning:
                request, dropped_reasoning = _without_reasoning(request), True
                continue
            if outcome.sent and not (self._settings.retry_after_timeout and after_timeout == 0):
                raise outcome.error
            wait = self._wait(outcome, tries, request.deadline)
            if wait is None:
                raise outcome.error
            time.sleep(wait)
            tries, after_timeout = tries + 1, after_timeout + outcome.sent

    def _try(self, request: ModelRequest, row: Model, dialect: str) -> Reply | Failure:
        from connector.providers.dialects import DIALECTS
        from connector.providers.dialects.reading import BadReply
        from connector.providers.faults import failure, failure_inside

        spoken = DIALECTS[dialect]
        body = spoken.body(request, row, self._profile)
        for name in self._left_out.get(request.model, ()):
            body.pop(name, None)
        try:
            raw = self._transport.post(spoken.path, body, deadline=request.deadline)
            if not isinstance(raw, dict):
                raise BadReply("not a JSON object")
            return failure_inside(raw) or spoken.reply(raw)
        except Exception as error:
            return failure(error)

    def _marked(self, reply: Reply, request: ModelRequest, row: Model, dialect: str) -> Reply:
        warnings = list(reply.warnings)
        model = reply.model or request.model
        if self._models.find(model).id != row.id:
            warnings.append(f"The provider answered with {model} although {request.model} was asked for.")
        if self._no_responses and dialect == "chat":
            warnings.append("The provider does not have the Responses API; chat completions were used.")
        warnings += [f"The provider does not take `{name}`; it was left out." for name in sorted(self._left_out.get(request.model, ()))]
        effort = row.effort(request.effort, dialect)
        if effort != row.effort(request.effort):
            warnings.append(f"{request.model} takes functions over chat completions only with the effort {effort}; the Responses API has no such limit.")
        return replace(reply, model=model, effort=effort, warnings=tuple(warnings))

    def _dialect(self, row: Model) -> str:
        if self._settings.dialect != "auto":
            return self._settings.dialect
        return "chat" if self._no_responses else row.dialect or self._profile.dialect

    # --- after a failure ---

    def _mend(self, outcome: Failure, request: ModelRequest, dialect: str) -> bool:
        """Whether the same call can be made again in a form that this server takes."""
        left_out = self._left_out.get(request.model, frozenset())
        name = _OPTIONAL.get(outcome.optional)
        if name and name not in left_out:
            self._left_out[request.model] = left_out | {name}
            return True
        if outcome.no_endpoint and dialect == "responses" and self._settings.dialect == "auto" and not self._no_responses:
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

    def _told(self, wanted: str) -> str:
        row = self._models.find(wanted)
        when = f" (announced for {row.shutdown})" if row.shutdown else ""
        return f"The model {wanted} has been switched off{when}; {self._replaced[wanted]} answered instead, at its own price."


def _without_reasoning(request: ModelRequest) -> ModelRequest:
    """The same request without earlier reasoning, for a provider that can no longer read it (a change of key or model)."""

    def bare(item: Json) -> Json:
        return {key: value for key, value in item.items() if key != "id" or item.get("type") == "message"}

    turns = []
    for turn in request.turns:
        kept = tuple(bare(item) for item in turn.reply.replay if item.get("type") != "reasoning")
        turns.append(replace(turn, reply=replace(turn.reply, replay=kept)))
    return replace(request, turns=tuple(turns))
