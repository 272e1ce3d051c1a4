"""Models that a provider no longer has, and which of their successors answers instead."""

from __future__ import annotations

import threading
from dataclasses import replace

from connector.errors import ProviderError
from connector.providers.base import Reply
from connector.providers.pricing.models import Model, Models
from connector.settings import Settings

_ADVICE = "Set FORMCALL_MODEL to one that it has."


class Replacements:
    """The model that answers for each requested one at one provider. Thread-safe."""

    def __init__(self, settings: Settings, models: Models) -> None:
        self._settings = settings
        self._models = models
        self._lock = threading.Lock()
        self._current: dict[str, str] = {}  # requested model -> the one that answers instead

    def current(self, model: str) -> str:
        """The model that is called for ``model`` now."""
        return self._current.get(model, model)

    def billable_rows(self, model: str) -> tuple[Model, ...]:
        """The rows of the models that may answer a call for ``model``, in the order of trial."""
        if self._settings.retired != "replace":
            return (self._models.find(model),)
        names = (model, *self._models.successors(model))
        current = self.current(model)
        return tuple(self._models.find(name) for name in names[names.index(current) :])

    def retire(self, model: str, called: str, error: ProviderError) -> None:
        """Call the next successor of ``model`` from now on: the provider does not have ``called``.

        ``error`` is the provider's refusal. Raises ``ProviderError`` when there is no successor
        left, or none is allowed.
        """
        successors = self._models.successors(model)
        if not successors:
            detail = f"The provider does not have the model {model}. {_ADVICE}"
            raise _gone("model_unavailable", detail, error) from None
        if self._settings.retired == "error":
            raise self._retired_error(model, successors[0], error) from None
        names = (model, *successors)
        with self._lock:
            if self.current(model) != called:
                return  # another call has found it out meanwhile
            following = names[names.index(called) + 1 :]
            if following:
                self._current[model] = following[0]
                return
        raise _gone("model_unavailable", all_gone(model, successors), error) from None

    def mark(self, reply: Reply, model: str, called: str) -> Reply:
        """``reply`` with a warning where ``called`` answered for ``model``."""
        if called == model:
            return reply
        row = self._models.find(model)
        when = f" (announced for {row.shutdown})" if row.shutdown else ""
        warning = (
            f"The model {model} has been switched off{when}; {called} answered instead, at "
            "its own price."
        )
        return replace(reply, warnings=(*reply.warnings, warning))

    def _retired_error(self, model: str, replacement: str, error: ProviderError) -> ProviderError:
        shutdown = self._models.find(model).shutdown or "by the provider"
        return _gone(
            "model_retired",
            f"The model {model} was switched off ({shutdown}). Set "
            f"FORMCALL_MODEL={replacement}, the replacement its maker names, or "
            "FORMCALL_RETIRED=replace to use it automatically.",
            error,
        )


def _gone(code: str, detail: str, error: ProviderError) -> ProviderError:
    """An error of ours with the provider's words, of which ``error`` has the id as well."""
    words = error.quote.replace("Its message", "The provider's message", 1)
    return ProviderError(code, detail + words, extra=error.extra)


def all_gone(model: str, successors: tuple[str, ...]) -> str:
    """A sentence for a provider that has neither ``model`` nor one of its successors."""
    if len(successors) == 1:
        return f"The provider has neither {model} nor its replacement {successors[0]}. {_ADVICE}"
    named = f"{', '.join(successors[:-1])} and {successors[-1]}"
    return f"The provider does not have {model}, nor its replacements {named}. {_ADVICE}"
