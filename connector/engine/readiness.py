"""Whether this service can answer now: the engine is installed, or the provider has the model."""

from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, cast

from connector.errors import FormcallError
from connector.json_types import Json
from connector.providers.base import Provider
from connector.providers.hosted.replacements import all_gone
from connector.providers.pricing.models import Models
from connector.providers.providers_file import named_settings
from connector.providers.routing import ProviderRouter, RoutedProvider
from connector.settings import Settings

_CACHE_SECONDS = 60.0
_MAX_CHECKS = 8  # of providers at the same time


@dataclass(frozen=True)
class Readiness:
    """``ok``, and a sentence with the reason and what to do; ``model`` is the one that answers."""

    ok: bool
    engine: str
    model: str
    detail: str
    providers: tuple[ProviderReadiness, ...] = ()


@dataclass(frozen=True)
class ProviderReadiness:
    """Whether one of several providers has the ``model`` that it would be asked for."""

    name: str
    ok: bool
    model: str
    detail: str


class _ProbedProvider(Protocol):
    """A hosted provider."""

    def probe(self, model: str) -> Json:
        """What the provider states about ``model``; ``FormcallError`` when it has none."""
        ...


class ReadinessChecker:
    """Checks the provider at most once a minute. Thread-safe."""

    def __init__(self, settings: Settings, models: Models, provider: Provider) -> None:
        self._settings = settings
        self._models = models
        self._provider = provider
        self._lock = threading.Lock()
        self._checking: threading.Thread | None = None
        self._cached: Readiness | None = None
        self._checked_at = 0.0

    def check(self) -> Readiness:
        with self._lock:
            is_fresh = time.monotonic() - self._checked_at <= _CACHE_SECONDS
            if self._cached is None or not is_fresh:
                self._cached = self._check_now()
                self._checked_at = time.monotonic()
            return self._cached

    def check_within(self, seconds: float) -> Readiness | None:
        """As ``check``, or None where the provider takes longer; a later call then has the result.

        For pages that people wait for, of which any number wait for one check.
        """
        checking = self._checking
        if checking is None or not checking.is_alive():
            checking = threading.Thread(target=self.check, name="readiness", daemon=True)
            self._checking = checking
            checking.start()
        checking.join(seconds)
        return None if checking.is_alive() else self._cached

    def _check_now(self) -> Readiness:
        engine = self._provider.engine
        if isinstance(self._provider, ProviderRouter):
            return self._check_several(self._provider)
        if engine == "openai":
            return self._check_provider()
        available = getattr(self._provider, "available", None)
        missing = available() if available else None
        detail = missing or f"The {engine} engine answers; no key is needed."
        return Readiness(missing is None, engine, engine, detail)

    def _check_several(self, router: ProviderRouter) -> Readiness:
        """The readiness of the providers that may be asked for the model, and of each provider."""
        routed = router.routed()
        with ThreadPoolExecutor(min(_MAX_CHECKS, len(routed))) as pool:
            checked = list(pool.map(self._check_one, routed))
        model = self._settings.model
        asked = router.providers_of(model)
        answering = [one for name in asked for one in checked if one.name == name]
        ready = next((one for one in answering if one.ok), answering[0])
        detail = f"{ready.name}: {ready.detail}"
        failed = [one.name for one in checked if not one.ok and one is not ready]
        if failed:
            detail += f" Not ready: {', '.join(failed)}."
        return Readiness(ready.ok, "openai", ready.model, detail, tuple(checked))

    def _check_one(self, routed: RoutedProvider) -> ProviderReadiness:
        wanted = (self._settings.model, self._settings.model_strong)
        model = next(filter(routed.entry.name_of, wanted), "")
        if not model:
            return ProviderReadiness(routed.name, True, "", "It has neither model of the settings.")
        own_name = routed.entry.name_of(model)
        settings = replace(self._settings, model=own_name)
        known = routed.entry.known_models(self._models)
        found = ReadinessChecker(settings, known, routed.client).check()
        detail = named_settings(found.detail, routed.entry)
        return ProviderReadiness(routed.name, found.ok, found.model, detail)

    def _check_provider(self) -> Readiness:
        model = self._settings.model
        row = self._models.find(model)
        try:
            listed = self._probe(model)
        except FormcallError as error:
            if error.code == "model_unavailable":
                return self._model_unavailable(model)
            if error.code == "provider_rejected":
                detail = "The provider does not list its models, so the model is not checked."
                return _hosted(True, model, detail)
            return _hosted(False, model, error.detail)
        shutdown = str(listed.get("shutdown_date") or row.shutdown)
        return _hosted(True, model, shutdown_note(model, shutdown))

    def _probe(self, model: str) -> Json:
        return cast(_ProbedProvider, self._provider).probe(model)

    def _has(self, model: str) -> bool:
        try:
            self._probe(model)
        except FormcallError as error:
            return error.code != "model_unavailable"
        return True

    def _model_unavailable(self, model: str) -> Readiness:
        successors = self._models.successors(model)
        if not successors or self._settings.retired != "replace":
            advice = "Set FORMCALL_MODEL."
            if successors:
                advice = f"Set FORMCALL_MODEL={successors[0]}, or FORMCALL_RETIRED=replace."
            return _hosted(False, model, f"The provider does not have the model {model}. {advice}")
        answering = next(filter(self._has, successors), "")
        if answering:
            return _hosted(
                True,
                answering,
                f"The provider no longer has {model}; {answering} answers instead. Set "
                f"FORMCALL_MODEL={answering} to use it by name.",
            )
        return _hosted(False, model, all_gone(model, successors))


def _hosted(ok: bool, model: str, detail: str) -> Readiness:
    return Readiness(ok, "openai", model, detail)


def shutdown_note(model: str, day: str) -> str:
    """A sentence on the day the model is switched off, or that the provider has it."""
    try:
        shutdown = dt.date.fromisoformat(day)
    except ValueError:
        return f"The provider has the model {model}."
    days = (shutdown - dt.datetime.now(dt.UTC).date()).days
    if days < 0:
        return (
            f"The provider still has the model {model}, although its shutdown was announced "
            f"for {day}."
        )
    return f"The provider has the model {model}; it will be switched off on {day}, in {days} days."
