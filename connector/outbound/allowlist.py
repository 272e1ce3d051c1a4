"""What the operator allows beyond the public internet: hosts and networks, on one port or all."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from connector.errors import SettingsError
from connector.outbound.errors import ALLOW_HOSTS, Refused
from connector.outbound.targets import MAX_PORT, IPAddress, Target, parse_host

_ENTRY = re.compile(
    r"(?:\[(?P<bracketed>[^\[\]]+)\]|(?P<plain>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?"
)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)


@dataclass(frozen=True)
class AllowListEntry:
    """A host name or a network that may be called; ``port`` None allows every port."""

    name: str
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    port: int | None

    def covers(self, target: Target, address: IPAddress) -> bool:
        """Whether ``target`` may be called at ``address``, one of those it resolved to."""
        if self.port not in (None, target.port):
            return False
        return address in self.network if self.network else target.host == self.name


def parse_allowed(text: str) -> tuple[str, ...]:
    """The checked entries of FORMCALL_ALLOW_HOSTS, which are separated by commas.

    An entry is a name, an IP address or a network, with or without a port: "intranet.example,
    10.1.0.0/16, 127.0.0.1:9000, [fd00::1]:9000". Raises ``SettingsError``.
    """
    stripped = (entry.strip() for entry in text.split(","))
    entries = tuple(entry for entry in stripped if entry)
    for entry in entries:
        parse_entry(entry)
    return entries


def parse_entry(entry: str) -> AllowListEntry:
    """One entry of the list. Raises ``SettingsError``."""
    is_bare_ipv6 = entry.count(":") > 1 and "[" not in entry
    match = _ENTRY.fullmatch(f"[{entry}]" if is_bare_ipv6 else entry)
    if not match:
        raise _invalid_entry(entry)
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port <= MAX_PORT:
        raise _invalid_entry(entry)
    try:
        return AllowListEntry("", ipaddress.ip_network(match["bracketed"] or match["plain"]), port)
    except ValueError:
        return AllowListEntry(_parse_name(entry, match["plain"] or ""), None, port)


def _parse_name(entry: str, name: str) -> str:
    # a name that ends in a number is a notation of an IP address, and would match no host's name
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise _invalid_entry(entry)
    try:
        return parse_host(name)
    except Refused:
        raise _invalid_entry(entry) from None


def _invalid_entry(entry: str) -> SettingsError:
    return SettingsError(
        f"{ALLOW_HOSTS} must be hosts or networks separated by commas, such as "
        f"intranet.example, 10.1.0.0/16, 127.0.0.1:9000; {entry!r} is neither."
    )
