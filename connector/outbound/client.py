"""Calling an address that somebody else named."""

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
from connector.outbound.allowed import read_entry
from connector.outbound.faults import NOT_A_PORT, NOT_PUBLIC, NOT_TLS, NOT_WRITTEN, PUBLIC_PORTS, OutboundError, Refused
from connector.outbound.limits import Limits
from connector.outbound.lookups import Lookups, Resolver, look_up
from connector.outbound.targets import Address, Target, is_public, read_address

if TYPE_CHECKING:
    import requests

    from connector.outbound.connections import LimitedSocket

MAX_BYTES = 65_536
_HEAD_BYTES, _PIECE = 262_144, 16_384
_HEADERS = {"User-Agent": f"Formcall/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "close"}
# these say whom a request is for, where it ends and who sends it
_OURS = {"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "user-agent"}
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Answer:
    """What an address answered. ``body`` is decompressed and cut at the limit; ``seconds`` is how long all of it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@dataclass(frozen=True)
class _Call:
    """What goes out, and how much may come back."""

    method: str
    headers: Mapping[str, str]
    body: bytes | None
    max_bytes: int
    whole: bool


class Outbound:
    """Calls public addresses, and those that ``allow`` names (entries as in ``parse_allowed``; a wrong one is ``SettingsError``).

    Public hosts are called on ``PUBLIC_PORTS`` and by https (``public_http`` allows plain http too); what the operator allows
    is called by either, on any port that the entry allows. Threads may share one.
    """

    def __init__(self, allow: Iterable[str] = (), *, resolver: Resolver = look_up, public_http: bool = False) -> None:
        self._allowed = tuple(read_entry(entry) for entry in allow)
        self._lookups = Lookups(resolver)
        self._public_http = public_http

    def check(self, url: str, *, seconds: float = 5.0) -> None:
        """Whether ``url`` may be called, as things are now; asks nobody but the resolver, and is asked again for each call.

        Raises ``Refused``, or ``OutboundError`` (timeout, unreachable) if the name cannot be looked up at the moment.
        """
        self._addresses(read_address(url), Limits(time.monotonic() + seconds))

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
        whole: bool = False,
        may_go_to: Callable[[str], object] | None = None,
    ) -> Answer:
        """One exchange with ``url``, at an end after ``seconds``, the look-up of its name and all redirects included.

        ``max_bytes`` of the answer are read, decompressed, and the rest is left; with ``whole`` a longer answer is an error.
        GET and HEAD follow up to ``max_redirects`` redirects; otherwise a redirect is an answer like any other. ``may_go_to`` is called
        with the name of each host before it is looked up, that of a redirect too, and may raise.
        Raises ``Refused``, ``OutboundError``, and ``ValueError`` for a header that is not the caller's to set.
        """
        began = time.monotonic()
        call, target = _Call(method, _headers(headers or {}), body, max_bytes, whole), read_address(url)
        follows = max_redirects if method in {"GET", "HEAD"} else 0
        for _ in range(follows + 1):
            if may_go_to:
                may_go_to(target.host)
            answer = self._exchange(call, target, Limits(began + seconds, _HEAD_BYTES + 4 * max_bytes))
            onward = _onward(target, answer) if follows else None
            if not onward:
                return replace(answer, seconds=time.monotonic() - began)
            if onward.origin != target.origin:
                # what was sent may be a secret between its sender and the first host
                call = replace(call, headers=_HEADERS)
            target = onward
        raise OutboundError("broken")

    def _exchange(self, call: _Call, target: Target, limits: Limits) -> Answer:
        # they take 4 MB, and many a service calls nobody
        import requests
        import urllib3

        from connector.outbound.connections import Adapter

        adapter = Adapter(target, functools.partial(self._dial, target, limits), self._trusted if target.tls else None)
        try:
            request = requests.Request(call.method, target.origin + target.path, headers=call.headers, data=call.body).prepare()
            with adapter.send(request, stream=True) as response:
                return Answer(response.status_code, response.headers, _read(response, call), 0.0)
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException):  # requests' own are OSErrors
            raise OutboundError("broken") from None
        finally:
            adapter.close()

    def _dial(self, target: Target, limits: Limits) -> LimitedSocket:
        """A connection to one of the addresses that were looked up for it, the first that takes one."""
        from connector.outbound.connections import connected

        addresses, kind = self._addresses(target, limits), "unreachable"
        for number, address in enumerate(addresses):
            try:
                return connected(address, target.port, limits, seconds=limits.seconds() / (len(addresses) - number))
            except OSError as error:
                kind = "timeout" if isinstance(error, TimeoutError) else "unreachable"
        raise OutboundError(kind)

    def _addresses(self, target: Target, limits: Limits) -> tuple[Address, ...]:
        """Where ``target`` leads, all of it allowed. Raises ``Refused``."""
        found = self._lookups.addresses(target.host, limits)
        covered = [any(entry.covers(target, address) for entry in self._allowed) for address in found]
        if not found or not all(allowed or is_public(address) for allowed, address in zip(covered, found, strict=True)):
            raise Refused(NOT_PUBLIC)
        if not all(covered) and not target.tls and not self._public_http:
            raise Refused(NOT_TLS)
        if not all(covered) and target.port not in PUBLIC_PORTS:
            raise Refused(NOT_A_PORT)
        return found

    @functools.cached_property
    def _trusted(self) -> ssl.SSLContext:
        from connector.outbound.connections import trusted_authorities

        return trusted_authorities()  # a call by plain http does without: reading them takes a while


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if name.lower() in _OURS or not f"{name}{value}".isascii() or not f"{name}{value}".isprintable():
            raise ValueError(f"The header {name!r} cannot be set.")
    return {**_HEADERS, **given}


def _read(response: requests.Response, call: _Call) -> bytes:
    body = bytearray()
    enough = call.max_bytes + call.whole  # one more shows that there is more
    while len(body) < enough and (piece := response.raw.read(min(_PIECE, enough - len(body)), decode_content=True)):
        body += piece
    if call.whole and len(body) > call.max_bytes:
        raise OutboundError("too_large")
    return bytes(body)


def _onward(target: Target, answer: Answer) -> Target | None:
    """Where a redirect leads, None if the answer is none. Raises ``Refused`` if that is no address."""
    where = answer.headers.get("Location", "")
    if answer.status not in _REDIRECTS or not where:
        return None
    try:
        return read_address(urljoin(target.origin + target.path, where.encode("latin-1").decode("utf-8", "replace")))
    except ValueError:
        raise Refused(NOT_WRITTEN) from None
