"""Which provider answers, from the settings."""

from __future__ import annotations

from collections.abc import Mapping

from connector.catalogue import Action
from connector.providers.base import Provider
from connector.providers.models import Models
from connector.settings import Settings


def make_provider(settings: Settings, models: Models, actions: Mapping[str, Action]) -> Provider:
    """The provider that ``settings.answering_engine`` names; each is imported only when it is the one."""
    engine = settings.answering_engine
    if engine == "openai":
        from connector.providers.openai import OpenAIProvider

        return OpenAIProvider(settings, models)
    if engine == "local":
        from connector.providers.local import LocalProvider

        return LocalProvider()
    from connector.providers.scripted import ScriptedProvider

    return ScriptedProvider(actions)
