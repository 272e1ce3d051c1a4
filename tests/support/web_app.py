"""A Flask application of Formcall in the process of the test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask

from connector.service import Service
from connector.settings import Settings
from connector.store.keys import Keys
from connector.web.app import create_app
from connector.web.services import Services


@dataclass
class WebApp:
    """An application, its keys, and the plain text of one key; ``post`` runs an action."""

    app: Flask
    keys: Keys
    key: str

    @contextmanager
    def launched(self) -> Iterator[Any]:
        """The service, at work until the end of the block; a process has one such at a time.

        It is not typed, since tests know which rows are there.
        """
        self.service.launch()
        try:
            yield self.service
        finally:
            self.service.stop(10)

    def close(self) -> None:
        """Close the database and the connections to a provider."""
        self.service.close()
        connected = getattr(self.service.engine.provider, "_connected", None)
        if connected:
            connected.close()

    @property
    def service(self) -> Service:
        services: Services = self.app.extensions["formcall"]
        return services.service

    @property
    def client(self) -> Any:
        """Flask's test client; not typed, since the JSON of its responses is ``Any | None``."""
        return self.app.test_client()

    @property
    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key}

    def post(
        self,
        action: str = "classify",
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> Any:
        return self.client.post(
            f"/v1/actions/{action}{query}", headers={**self.headers, **(headers or {})}, **body
        )


def build_web_app(settings: Settings, key_name: str) -> WebApp:
    """An application with a new key of that name."""
    app = create_app(settings)
    keys: Keys = app.extensions["formcall"].keys
    _, plain_key = keys.create(key_name)
    return WebApp(app, keys, plain_key)
