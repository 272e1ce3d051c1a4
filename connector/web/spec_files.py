"""The specification files with the address of this service in them, built once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

Build = Callable[[str], dict[str, bytes]]

# it is replaced by the host of a request; a name that no service can have
_HOST = "formcall-host.invalid"


class SpecFiles:
    """The files for any address: a request without a key must not cost a build for each ``Host``.

    ``build`` makes them for one address. With a ``public_url`` this is the only one.
    """

    def __init__(self, build: Build, public_url: str = "") -> None:
        self._build = build
        self._public_url = public_url
        self._built: dict[str, dict[str, bytes]] = {}
        self._lock = threading.Lock()

    def file(self, path: str, base_url: str) -> bytes:
        """The file at ``path`` for the service at ``base_url``."""
        if self._public_url:
            return self._files(self._public_url)[path]
        parts = urlsplit(base_url)
        scheme = "https" if parts.scheme == "https" else "http"
        host = json.dumps(parts.netloc)[1:-1].encode()
        return self._files(f"{scheme}://{_HOST}")[path].replace(_HOST.encode(), host)

    def _files(self, url: str) -> dict[str, bytes]:
        with self._lock:  # requests that come together wait for one build
            if url not in self._built:
                self._built[url] = self._build(url)
            return self._built[url]
