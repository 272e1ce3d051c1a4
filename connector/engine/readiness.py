"""Whether this service can answer now: the embedded engine is there, or the provider has the model."""

from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import dataclass
from typing import Any

from connector.errors import FormcallError
from connector.providers.base import Provider
from connector.providers.models import Model, Models
from connector.settings import Settings

_KEPT_SECONDS = 60.0


@dataclass(frozen=True)
class Readiness:
    """``ok`` and a sentence that says why, or what to do; ``model`` is the one that will answer."""

    ok: bool
    engine: str
    model: str
    detail: str


class Checker:
    """Asks the provider at most once a minute."""

    def __init__(self, settings: Settings, models: Models, provider: Provider) -> None:
        self._settings, self._models, self._provider = settings, models, provider
        self._lock = threading.Lock()
        self._known: tuple[float, Readiness] | None = None

    def check(self) -> Readiness:
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > _KEPT_SECONDS:
                found = self._look()
                self._known = time.monotonic(), found
            return self._known[1]

    def _look(self) -> Readiness:
        engine = self._provider.engine
        if engine == "openai":
            return self._look_at_provider()
        available = getattr(self._provider, "available", None)
        missing = available() if available else None
        return Readiness(missing is None, engine, engine, missing or f"The {engine} engine answers; no key is needed.")

    def _look_at_provider(self) -> Readiness:
        model = self._settings.model
        row = self._models.find(model)
        try:
            found = self._probe(model)
        except FormcallError as error:
            if error.code == "model_unavailable":
                return self._gone(row, model)
            if error.code == "provider_rejected":
                return Readiness(True, "openai", model, "The provider does not list its models; it is asked as it is.")
            return Readiness(False, "openai", model, error.detail)
        return Readiness(True, "openai", model, shutdown_note(model, str(found.get("shutdown_date") or row.shutdown)))

    def _probe(self, model: str) -> dict[str, Any]:
        found: dict[str, Any] = getattr(self._provider, "probe")(model)  # noqa: B009  only this provider can be probed
        return found

    def _has(self, model: str) -> bool:
        try:
            self._probe(model)
        except FormcallError as error:
            return error.code != "model_unavailable"
        return True

    def _gone(self, row: Model, model: str) -> Readiness:
        if row.replacement and self._settings.retired == "replace":
            if not self._has(row.replacement):
                words = f"The provider has neither {model} nor its replacement {row.replacement}. Set FORMCALL_MODEL to one that it has."
                return Readiness(False, "openai", model, words)
            words = f"The provider no longer has {model}; {row.replacement} answers instead."
            return Readiness(True, "openai", row.replacement, f"{words} Set FORMCALL_MODEL={row.replacement} to say so.")
        advice = f" Set FORMCALL_MODEL={row.replacement}, or FORMCALL_RETIRED=replace." if row.replacement else " Set FORMCALL_MODEL."
        return Readiness(False, "openai", model, f"The provider does not have the model {model}.{advice}")


def shutdown_note(model: str, day: str) -> str:
    """A sentence on the day the model is switched off, or that it is there."""
    try:
        left = (dt.date.fromisoformat(day) - dt.datetime.now(dt.UTC).date()).days
    except ValueError:
        return f"The provider has the model {model}."
    if left < 0:
        return f"The provider still has the model {model}, although its shutdown was announced for {day}."
    return f"The provider has the model {model}; it will be switched off on {day}, in {left} days."
