"""How a provider is reached: directly or through a proxy, and whose certificates are trusted."""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from connector.errors import SettingsError
from connector.settings import Settings

if TYPE_CHECKING:
    from connector.deadline_socket import DeadlineSocket

_MAX_HEAD = 65_536  # bytes of a proxy's answer
_OK = 200


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy, which connects to hosts for us; ``authorization`` is a header's value."""

    host: str
    port: int
    authorization: str = ""

    def open_tunnel(self, connection: DeadlineSocket, host: str, port: int) -> None:
        """Have the proxy connect ``connection`` to a host. Raises ``httpx2.ProxyError``."""
        name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {name} HTTP/1.1", f"Host: {name}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        connection.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        import httpx2

        status = _read_status(connection)
        if status != _OK:
            raise httpx2.ProxyError(f"the proxy answered {status or 'something that is not HTTP'}")


@dataclass(frozen=True)
class Route:
    """``proxy``: None for a direct connection. ``certificates``: a file; "" for this machine's."""

    proxy: Proxy | None = None
    certificates: str = ""


DIRECT = Route()


def route_of(settings: Settings) -> Route:
    """The route to ``settings.openai_base_url``. Raises ``SettingsError``."""
    certificates = settings.ssl_cert_file
    if certificates and not Path(certificates).is_file():
        raise SettingsError(f"SSL_CERT_FILE names no file: {certificates}.")
    proxy = _parse_proxy(settings.https_proxy) if settings.https_proxy else None
    target = urlsplit(settings.openai_base_url)
    is_direct = target.scheme != "https" or _is_excluded(
        target.hostname or "", target.port or 443, settings.no_proxy
    )
    return Route(None if is_direct else proxy, certificates)


def _parse_proxy(text: str) -> Proxy:
    try:
        parts = urlsplit(text if "//" in text else f"http://{text}")
        port = parts.port or 80
    except ValueError:
        raise _invalid_proxy() from None
    if parts.scheme != "http" or not parts.hostname or not text.isascii():
        raise _invalid_proxy()
    authorization = ""
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(user.encode()).decode("ascii")
    return Proxy(parts.hostname, port, authorization)


def _invalid_proxy() -> SettingsError:
    # it may contain a password, so it is not shown
    return SettingsError(
        "HTTPS_PROXY must be the URL of an HTTP proxy, such as http://proxy.example:3128."
    )


def _is_excluded(host: str, port: int, no_proxy: str) -> bool:
    """Whether ``no_proxy``, names and networks with commas, excludes a host from the proxy."""
    return any(_excludes(entry.strip().lower(), host, port) for entry in no_proxy.split(","))


def _excludes(entry: str, host: str, port: int) -> bool:
    if not entry:
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:  # not two IP addresses
        pass
    name, _, only_port = entry.rpartition(":")
    if name and only_port.isdecimal():
        if int(only_port) != port:
            return False
        entry = name
    name = entry.removeprefix("*").strip("[].")
    return entry == "*" or host == name or bool(name and host.endswith(f".{name}"))


def _read_status(connection: DeadlineSocket) -> int:
    """The status of a proxy's answer, of which no byte after its head is read; 0: not HTTP."""
    head = bytearray()
    byte = bytearray(1)
    while not head.endswith(b"\r\n\r\n"):
        if len(head) > _MAX_HEAD or not connection.recv_into(byte):
            return 0
        head += byte
    version, _, rest = bytes(head).partition(b" ")
    return int(rest[:3]) if version.startswith(b"HTTP/1.") and rest[:3].isdigit() else 0
