"""The provider that the settings select."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from connector.catalogue import Action
from connector.providers.base import Provider
from connector.providers.pricing.models import Models
from connector.settings import Settings

if TYPE_CHECKING:
    from connector.providers.hosted.variants import VariantStore
    from connector.providers.routing import ProviderRouter


def make_provider(
    settings: Settings,
    models: Models,
    actions: Mapping[str, Action],
    variants: VariantStore | None = None,
) -> Provider:
    """The provider that ``settings.answering_engine`` names; only that one is imported.

    ``variants`` keeps what is learned of a hosted provider's server for the next process.
    """
    engine = settings.answering_engine
    if engine == "openai":
        from connector.providers.hosted.client import OpenAIProvider

        if settings.providers_file:
            return _make_router(settings, models, variants)
        return OpenAIProvider(settings, models, variants)
    if engine == "local":
        from connector.providers.local import LocalProvider

        return LocalProvider()
    from connector.providers.scripted import ScriptedProvider

    return ScriptedProvider(actions)


def preloader(settings: Settings) -> Callable[[], None] | None:
    """What loads the model that the first call of the embedded engine would wait for.

    It may run in another thread: our modules are imported here, since two threads that import the
    same ones could meet one that is half made. None for other engines.
    """
    if settings.answering_engine != "local":
        return None
    from connector.providers.local.model.embed import preload_sentences

    return preload_sentences


def _make_router(
    settings: Settings, models: Models, variants: VariantStore | None
) -> ProviderRouter:
    from connector.providers.hosted.client import OpenAIProvider
    from connector.providers.providers_file import usable_providers
    from connector.providers.routing import ProviderRouter, RoutedProvider

    routed = []
    for name, entry in usable_providers(settings).items():
        known = entry.known_models(models)
        client = OpenAIProvider(entry.settings(settings), known, variants, name)
        routed.append(RoutedProvider(entry, client))
    return ProviderRouter(routed, settings)
