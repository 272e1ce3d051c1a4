"""Connections under urllib3 and requests that keep an exchange's limits and its address.

urllib3 would look the name up itself, after it was checked, and its time-out starts again with each
byte. Here a connection is the one that ``dial`` returns: a ``DeadlineSocket`` to the checked
address. Model calls (``providers/hosted/connections.py``) share the sockets, but not urllib3: a
call takes 0.40 ms of CPU over it and 0.17 ms over theirs. Here it is worth that, since arbitrary
servers answer, compressed or not.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from typing import Any

import certifi
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from connector.deadline_socket import DeadlineSocket, connect, start_tls
from connector.outbound.errors import OutboundError
from connector.outbound.limits import ExchangeLimits
from connector.outbound.targets import IPAddress, Target

# by OpenSSL's codes for a refused certificate; its own messages would repeat the host's name
_CERTIFICATE_REASONS = {
    10: "it has expired",
    18: "it is self-signed",
    19: "it is signed by an authority that is not trusted",
    20: "its chain is incomplete, or its authority is not trusted",
    62: "it is for another name",
    64: "it is for another host",
}
_UNKNOWN_REASON = "it cannot be checked, or the server does not speak TLS"


def connect_to(
    address: IPAddress, port: int, limits: ExchangeLimits, *, seconds: float
) -> DeadlineSocket:
    """A connection to ``address``, tried for ``seconds``. Raises ``OSError``."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
    return connect(family, (str(address), port), limits, seconds=seconds)


def secure(
    connection: DeadlineSocket, trusted: ssl.SSLContext, target: Target, limits: ExchangeLimits
) -> DeadlineSocket:
    """``connection`` over TLS, its certificate checked. Raises ``OutboundError``."""
    host = target.host.rstrip(".")  # certificates name a host without the dot of its root
    try:
        return start_tls(connection, trusted, host, seconds=limits.seconds())
    except ssl.SSLError as error:
        code = getattr(error, "verify_code", 0)
        raise OutboundError("tls", reason=_CERTIFICATE_REASONS.get(code, _UNKNOWN_REASON)) from None
    except TimeoutError:
        raise OutboundError("timeout") from None


def trusted_authorities() -> ssl.SSLContext:
    """Authorities that browsers trust, and those of this machine or of SSL_CERT_FILE."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Response(http.client.HTTPResponse):
    """Drops header lines that cannot be parsed: urllib3 would log them together with the URL."""

    def begin(self) -> None:
        super().begin()
        self.msg.defects.clear()
        self.msg.set_payload("")


class _Connection(HTTPConnection):
    response_class = _Response

    def __init__(self, *args: Any, dial: Callable[[], DeadlineSocket], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial()


class _TlsConnection(_Connection):
    """A connection whose ``dial`` has made it a TLS one; urllib3 only needs the scheme's port."""

    default_port = http.client.HTTPS_PORT  # type: ignore[misc]  # urllib3 does the same


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPConnectionPool):
    ConnectionCls = _TlsConnection


class Adapter(HTTPAdapter):
    """requests' adapter for one exchange with one target; no connection is kept for another.

    It is used without a session, so there are no proxies, .netrc, cookies or redirects.
    """

    def __init__(self, target: Target, dial: Callable[[], DeadlineSocket]) -> None:
        super().__init__()
        pool = _TlsPool if target.tls else _Pool
        self._pool = pool(target.host, target.port, dial=dial)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """``dial`` has checked the certificate; no argument can switch that off."""

    def close(self) -> None:
        super().close()
        self._pool.close()
