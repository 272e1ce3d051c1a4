"""Strict URL parsing, and which IP addresses belong to the public internet."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import idna

from connector.outbound.errors import (
    HAS_CREDENTIALS,
    INVALID_HOST,
    MAX_URL_LENGTH,
    NOT_A_URL,
    TOO_LONG,
    Refused,
)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_PORT = 65_535
# beyond what `is_global` knows, which differs from one release of Python to the next
_NOT_GLOBAL_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "168.63.129.16/32",  # Azure's platform, inside each virtual machine's network
        "192.0.0.0/24",  # IETF protocols, and Oracle's metadata at .192
        "192.88.99.0/24",  # 6to4 relays
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# Everything allocated so far; so not site-local, unique-local, link-local, multicast, ::/96 and
# both NAT64 ranges.
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_NOT_GLOBAL_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # IETF protocols: Teredo, benchmarks, overlay ids
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address inside
        "3fff::/20",  # documentation
    )
)
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^#]*)(?:#.*)?", re.IGNORECASE
)
_AUTHORITY = re.compile(
    r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<name>[^:\[\]]{1,253}))(?::(?P<port>[0-9]{1,5}))?"
)
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")


def is_public(address: IPAddress) -> bool:
    """Whether ``address`` is on the public internet; ::ffff:a.b.c.d counts as a.b.c.d."""
    address = unmapped(address)
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_GLOBAL_4)
    return (
        address in _GLOBAL_6
        and address.is_global
        and not any(address in network for network in _NOT_GLOBAL_6)
    )


def unmapped(address: IPAddress) -> IPAddress:
    """The IPv4 address that the system would really connect to, or ``address`` itself."""
    return getattr(address, "ipv4_mapped", None) or address


@dataclass(frozen=True)
class Target:
    """A parsed URL: ``host`` is ASCII in lower case without brackets; ``path`` has the query."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a URL begins with them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def parse_url(url: str) -> Target:
    """Parse ``url`` by a grammar that leaves nothing to interpret. Raises ``Refused``."""
    if len(url) > MAX_URL_LENGTH:
        raise Refused(TOO_LONG)
    match = _URL.fullmatch(url)
    if not match or not url.isprintable() or " " in url or "\\" in url:
        raise Refused(NOT_A_URL)
    if "@" in match["authority"]:
        raise Refused(HAS_CREDENTIALS)
    tls = match["scheme"].lower() == "https"
    host, port = _parse_authority(match["authority"])
    path = match["path"]
    if not path.startswith("/"):
        path = f"/{path}"
    return Target(tls, host, port or (443 if tls else 80), path)


def _parse_authority(text: str) -> tuple[str, int | None]:
    match = _AUTHORITY.fullmatch(text)
    if not match:
        raise Refused(INVALID_HOST)
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port <= MAX_PORT:
        raise Refused(INVALID_HOST)
    host = _parse_ipv6(match["ipv6"]) if match["ipv6"] else parse_host(match["name"])
    return host, port


def _parse_ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise Refused(INVALID_HOST) from None


def parse_host(text: str) -> str:
    """A host name in ASCII and lower case; other alphabets are IDNA-encoded. Raises ``Refused``."""
    try:
        name = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode("ascii")
    except UnicodeError:
        name = ""
    if not _NAME.fullmatch(name):
        raise Refused(INVALID_HOST)
    return name
