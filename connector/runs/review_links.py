"""Signed links to one decision: for a person who has no key.

A link is valid for one attempt of one run and for some hours. Whoever has it may see the form and
the answer of that run and decide on it, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time

from connector.errors import FormcallError

_LINK = re.compile(r"(run_[0-9a-f]{1,60})\.([0-9]{1,6})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")
_HOUR_SECONDS = 3_600


class ReviewLinks:
    """Signs links with the service's secret, and verifies them.

    ``hours`` is how long a link is valid. ``public_url`` is where others reach this service; "" if
    only a request can tell.
    """

    def __init__(self, secret: bytes, *, hours: float, public_url: str = "") -> None:
        self._secret = secret
        self._public_url = public_url.rstrip("/")
        self._seconds = hours * _HOUR_SECONDS

    def path(self, run_id: str, attempt: int) -> str:
        """The path of a new link to the decision on an attempt of a run."""
        signed = f"{run_id}.{attempt}.{int(time.time() + self._seconds)}"
        return f"/review/{signed}.{self._signature(signed)}"

    def url(self, run_id: str, attempt: int, address: str = "") -> str:
        """The URL of a new link; "" where no public address of the service is known."""
        address = address or self._public_url
        return f"{address}{self.path(run_id, attempt)}" if address else ""

    def read(self, token: str) -> tuple[str, int]:
        """(run id, attempt) of a link.

        ``FormcallError``: not_found for one that was not signed here, forbidden for one that has
        expired.
        """
        match = _LINK.fullmatch(token)
        signed = token.rpartition(".")[0]
        if not match or not hmac.compare_digest(match[4], self._signature(signed)):
            raise FormcallError("not_found", "This link is not complete. Copy all of it.")
        if int(match[3]) < time.time():
            raise FormcallError("forbidden", "This link has expired. Ask for a new one.")
        return match[1], int(match[2])

    def _signature(self, signed: str) -> str:
        digest = hmac.new(self._secret, f"review link {signed}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
