"""HTTP exchanges with addresses that callers name."""

from __future__ import annotations

import functools
import http.client
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from connector import __version__
from connector.outbound.allowlist import parse_entry
from connector.outbound.dns import BoundedResolver, Resolver, system_resolver
from connector.outbound.errors import (
    NOT_A_URL,
    NOT_HTTPS,
    NOT_PUBLIC,
    PORT_NOT_ALLOWED,
    PUBLIC_PORTS,
    OutboundError,
    Refused,
)
from connector.outbound.limits import ExchangeLimits
from connector.outbound.targets import IPAddress, Target, is_public, parse_url

if TYPE_CHECKING:
    import requests

    from connector.deadline_socket import DeadlineSocket

MAX_BYTES = 65_536
_HEAD_BYTES = 262_144
_CHUNK = 16_384
_HEADERS = {
    "User-Agent": f"Formcall/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",
}
# they define for which host a request is, where it ends and what sends it
_RESERVED_HEADERS = {
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "user-agent",
}
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class OutboundResponse:
    """What an address answered, with the ``seconds`` that the whole call took.

    ``body`` is decompressed and cut off at the call's limit.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@dataclass(frozen=True)
class _OutgoingCall:
    """What is sent, and how much may come back."""

    method: str
    headers: Mapping[str, str]
    body: bytes | None
    max_bytes: int
    require_complete: bool


class Outbound:
    """Calls public addresses, and those of the allow list. Thread-safe.

    ``allow`` has entries as ``parse_allowed`` returns them (an invalid one is ``SettingsError``).
    Public hosts are called on ``PUBLIC_PORTS`` and by https (``public_http`` allows plain http
    too); listed hosts by either, on any port that the entry allows.
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        *,
        resolver: Resolver = system_resolver,
        public_http: bool = False,
    ) -> None:
        self._allowed = tuple(parse_entry(entry) for entry in allow)
        self._resolver = BoundedResolver(resolver)
        self._public_http = public_http

    def check(self, url: str, *, seconds: float = 5.0) -> None:
        """Check whether ``url`` may be called now, without a connection; each call checks again.

        Raises ``Refused``, or ``OutboundError`` (timeout, unreachable) when the name cannot be
        resolved at the moment.
        """
        self._resolve(parse_url(url), ExchangeLimits(time.monotonic() + seconds))

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = 10.0,
        max_bytes: int = MAX_BYTES,
        max_redirects: int = 0,
        require_complete: bool = False,
        check_host: Callable[[str], object] | None = None,
    ) -> OutboundResponse:
        """Make one call within ``seconds``, name resolution and redirects included.

        ``max_bytes`` of the answer are read, decompressed, and the rest is dropped; with
        ``require_complete`` a longer answer is an error. GET and HEAD follow up to
        ``max_redirects`` redirects; otherwise a redirect is an answer like any other.
        ``check_host`` is called with the name of each host before it is resolved, also after a
        redirect, and may raise. Raises ``Refused``, ``OutboundError``, and ``ValueError`` for a
        header that callers may not set.
        """
        started = time.monotonic()
        call = _OutgoingCall(method, _headers(headers or {}), body, max_bytes, require_complete)
        target = parse_url(url)
        follows = max_redirects if method in {"GET", "HEAD"} else 0
        for _ in range(follows + 1):
            if check_host:
                check_host(target.host)
            limits = ExchangeLimits(started + seconds, _HEAD_BYTES + 4 * max_bytes)
            response = self._exchange(call, target, limits)
            redirect = _redirect_target(target, response) if follows else None
            if not redirect:
                return replace(response, seconds=time.monotonic() - started)
            if redirect.origin != target.origin:
                # the caller's headers may be a secret shared with the first host only
                call = replace(call, headers=_HEADERS)
            target = redirect
        raise OutboundError("broken")

    def _exchange(
        self, call: _OutgoingCall, target: Target, limits: ExchangeLimits
    ) -> OutboundResponse:
        # imported here: they take 4 MB, and many services make no outbound call
        import requests
        import urllib3

        from connector.outbound.connections import Adapter

        adapter = Adapter(target, functools.partial(self._dial, target, limits))
        url = target.origin + target.path
        try:
            request = requests.Request(
                call.method, url, headers=call.headers, data=call.body
            ).prepare()
            with adapter.send(request, stream=True) as response:
                body = _read(response, call)
                return OutboundResponse(response.status_code, response.headers, body, 0.0)
        # the errors of requests are OSErrors
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException):
            raise OutboundError("broken") from None
        finally:
            adapter.close()

    def _dial(self, target: Target, limits: ExchangeLimits) -> DeadlineSocket:
        """A connection to the target, over TLS where it is https."""
        from connector.outbound.connections import secure

        connection = self._connect(target, limits)
        return secure(connection, self._trusted, target, limits) if target.tls else connection

    def _connect(self, target: Target, limits: ExchangeLimits) -> DeadlineSocket:
        """A connection to the first of the target's checked IP addresses that accepts one."""
        from connector.outbound.connections import connect_to

        addresses = self._resolve(target, limits)
        kind = "unreachable"
        for tried, address in enumerate(addresses):
            share = limits.seconds() / (len(addresses) - tried)
            try:
                return connect_to(address, target.port, limits, seconds=share)
            except OSError as error:
                kind = "timeout" if isinstance(error, TimeoutError) else "unreachable"
        raise OutboundError(kind)

    def _resolve(self, target: Target, limits: ExchangeLimits) -> tuple[IPAddress, ...]:
        """The target's IP addresses, all of which may be called. Raises ``Refused``."""
        addresses = self._resolver.resolve(target.host, limits)
        unlisted = [address for address in addresses if not self._is_listed(target, address)]
        if not addresses or not all(is_public(address) for address in unlisted):
            raise Refused(NOT_PUBLIC)
        if unlisted and not target.tls and not self._public_http:
            raise Refused(NOT_HTTPS)
        if unlisted and target.port not in PUBLIC_PORTS:
            raise Refused(PORT_NOT_ALLOWED)
        return addresses

    def _is_listed(self, target: Target, address: IPAddress) -> bool:
        return any(entry.covers(target, address) for entry in self._allowed)

    @functools.cached_property
    def _trusted(self) -> ssl.SSLContext:
        """Made at the first call by https: reading the certificates takes a while."""
        from connector.outbound.connections import trusted_authorities

        return trusted_authorities()


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        line = f"{name}{value}"
        if name.lower() in _RESERVED_HEADERS or not line.isascii() or not line.isprintable():
            raise ValueError(f"The header {name!r} cannot be set.")
    return {**_HEADERS, **given}


def _read(response: requests.Response, call: _OutgoingCall) -> bytes:
    body = bytearray()
    limit = call.max_bytes + call.require_complete  # one byte more shows that there is more
    while len(body) < limit:
        chunk = response.raw.read(min(_CHUNK, limit - len(body)), decode_content=True)
        if not chunk:
            break
        body += chunk
    if call.require_complete and len(body) > call.max_bytes:
        raise OutboundError("too_large")
    return bytes(body)


def _redirect_target(target: Target, response: OutboundResponse) -> Target | None:
    """Where a redirect leads, None for any other answer. Raises ``Refused`` for an invalid URL."""
    location = response.headers.get("Location", "")
    if response.status not in _REDIRECTS or not location:
        return None
    try:
        decoded = location.encode("latin-1").decode("utf-8", "replace")
        return parse_url(urljoin(target.origin + target.path, decoded))
    except ValueError:
        raise Refused(NOT_A_URL) from None
