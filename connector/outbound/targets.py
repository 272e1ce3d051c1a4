"""Where an address leads: reading it strictly, and telling which numbers belong to the public internet."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import idna

from connector.outbound.faults import LONGEST_ADDRESS, NOT_A_HOST, NOT_WRITTEN, TOO_LONG, WITH_USER, Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LAST_PORT = 65_535
# beyond what `is_global` knows, which differs from one release of Python to the next
_NOT_GLOBAL_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "168.63.129.16/32",  # Azure's platform, inside each virtual machine's network
        "192.0.0.0/24",  # protocols' own, and Oracle's metadata at .192
        "192.88.99.0/24",  # relays into IPv6
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # never given out, and broadcast
    )
)
# All that was ever given out lies here, so site-local, unique-local, link-local, multicast, ::/96 and both NAT64 ranges do not.
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_NOT_GLOBAL_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocols' own: Teredo, benchmarks, overlay ids
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address inside
        "3fff::/20",  # documentation
    )
)
_ADDRESS = re.compile(r"(?P<scheme>https?)://(?P<place>[^/?#]*)(?P<path>[^#]*)(?:#.*)?", re.IGNORECASE)
_PLACE = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[^:\[\]]{1,253}))(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")


def is_public(address: Address) -> bool:
    """Whether ``address`` belongs to the public internet; one that carries an IPv4 address (::ffff:a.b.c.d) is what it carries."""
    address = carried(address)
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_GLOBAL_4)
    return address in _GLOBAL_6 and address.is_global and not any(address in network for network in _NOT_GLOBAL_6)


def carried(address: Address) -> Address:
    """The IPv4 address that the system would really connect to, or ``address`` itself."""
    return getattr(address, "ipv4_mapped", None) or address


@dataclass(frozen=True)
class Target:
    """Where an address leads: ``host`` in ASCII and lower case, without brackets; ``path`` with its query."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def read_address(url: str) -> Target:
    """``url``, read by a grammar that leaves nothing to interpret. Raises ``Refused``."""
    if len(url) > LONGEST_ADDRESS:
        raise Refused(TOO_LONG)
    found = _ADDRESS.fullmatch(url)
    if not found or not url.isprintable() or " " in url or "\\" in url:
        raise Refused(NOT_WRITTEN)
    if "@" in found["place"]:
        raise Refused(WITH_USER)
    tls, path = found["scheme"].lower() == "https", found["path"]
    host, port = _place(found["place"])
    return Target(tls, host, port or (443 if tls else 80), path if path.startswith("/") else f"/{path}")


def _place(text: str) -> tuple[str, int | None]:
    found = _PLACE.fullmatch(text)
    port = int(found["port"]) if found and found["port"] else None
    if not found or port == 0 or (port or 0) > LAST_PORT:
        raise Refused(NOT_A_HOST)
    return _six(found["six"]) if found["six"] else read_name(found["name"]), port


def _six(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise Refused(NOT_A_HOST) from None


def read_name(text: str) -> str:
    """A host's name in ASCII and lower case; letters of other alphabets are encoded. Raises ``Refused``."""
    try:
        name = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode("ascii")
    except UnicodeError:
        name = ""
    if not _NAME.fullmatch(name):
        raise Refused(NOT_A_HOST)
    return name
