"""Connections that keep an exchange's limits and go where they are told, under urllib3 and requests.

urllib3 looks a name up itself, and its time-out begins anew with each byte that drips in. Here a connection is what ``dial``
makes, and every wait on it, the TLS handshake included, ends with the exchange.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from typing import Any

import certifi
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from connector.outbound.faults import OutboundError
from connector.outbound.limits import Limits
from connector.outbound.targets import Address, Target

# OpenSSL's numbers for what is wrong with a certificate; its own words would repeat the host's name
_REASONS = {
    10: "it has expired",
    18: "it is signed by itself",
    19: "it is signed by an authority that is not trusted",
    20: "its chain is not complete, or its authority is not trusted",
    62: "it is for another name",
    64: "it is for another host",
}
_NO_REASON = "it cannot be checked, or the server does not speak TLS"


class LimitedSocket(socket.socket):
    """A socket whose every wait ends with its exchange."""

    limits: Limits

    def recv_into(self, *given: Any, **named: Any) -> int:
        count = int(self._in_time(super().recv_into, *given, **named))
        self.limits.received(count)
        return count

    def send(self, *given: Any) -> int:
        return int(self._in_time(super().send, *given))

    def sendall(self, *given: Any) -> None:
        self._in_time(super().sendall, *given)

    def _in_time(self, wait: Callable[..., Any], *given: Any, **named: Any) -> Any:
        self.settimeout(self.limits.seconds())
        try:
            return wait(*given, **named)
        except TimeoutError:
            raise OutboundError("timeout") from None


class _TlsSocket(LimitedSocket, ssl.SSLSocket):
    """The same over TLS."""


def connected(address: Address, port: int, limits: Limits, *, seconds: float) -> LimitedSocket:
    """A connection to ``address``, tried for ``seconds``. Raises ``OSError``."""
    made = LimitedSocket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)  # noqa: PLR2004
    try:
        made.limits = limits
        made.settimeout(seconds)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.connect((str(address), port))
        made.settimeout(limits.seconds())  # for the handshake, which is one wait
    except BaseException:
        made.close()
        raise
    return made


def trusted_authorities() -> ssl.SSLContext:
    """Those that browsers trust, and those that the operator added to this machine or names in SSL_CERT_FILE."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    context.sslsocket_class = _TlsSocket
    return context


class _Response(http.client.HTTPResponse):
    """What cannot be read of an answer's head is dropped: urllib3 would log it, together with the address."""

    def begin(self) -> None:
        super().begin()
        self.msg.defects.clear()
        self.msg.set_payload("")


class _Connection(HTTPConnection):
    response_class = _Response

    def __init__(self, *given: Any, dial: Callable[[], LimitedSocket], **named: Any) -> None:
        super().__init__(*given, **named)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial()


class _TlsConnection(_Connection, HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        self._below = self._dial()
        return self._below

    def connect(self) -> None:
        try:
            super().connect()
        except ssl.SSLError as error:
            raise OutboundError("tls", reason=_REASONS.get(getattr(error, "verify_code", 0), _NO_REASON)) from None
        except TimeoutError:
            raise OutboundError("timeout") from None
        self.sock.limits = self._below.limits  # type: ignore[union-attr]  # a _TlsSocket, as its context says


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Adapter(HTTPAdapter):
    """requests' adapter for one exchange with one target: nothing is kept that another exchange could use.

    It is used without a session: proxies, .netrc, cookies and redirects are a session's doing and do not exist here.
    """

    def __init__(self, target: Target, dial: Callable[[], LimitedSocket], trusted: ssl.SSLContext | None) -> None:
        super().__init__()
        self._pool: HTTPConnectionPool = (
            _TlsPool(target.host, target.port, ssl_context=trusted, dial=dial)
            if target.tls
            else _Pool(target.host, target.port, dial=dial)
        )

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The pool's own context has the certificates; nothing can switch the check off."""

    def close(self) -> None:
        super().close()
        self._pool.close()
