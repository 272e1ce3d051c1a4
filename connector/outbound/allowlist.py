"""What the operator allows beyond the public internet: names, addresses and networks, on one port or on all."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from connector.errors import SettingsError
from connector.outbound.faults import VARIABLE, Refused
from connector.outbound.targets import LAST_PORT, Address, Target, read_name

_ENTRY = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<plain>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)


@dataclass(frozen=True)
class Allowed:
    """One entry of the operator's list: a host's name, or a network; ``port`` None is every port."""

    name: str
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    port: int | None

    def covers(self, target: Target, address: Address) -> bool:
        """Whether this entry allows ``target`` to be called at ``address``, which is one of its own."""
        if self.port not in (None, target.port):
            return False
        return address in self.network if self.network else target.host == self.name


def parse_allowed(text: str) -> tuple[str, ...]:
    """The entries of FORMCALL_ALLOW_HOSTS, each of them right: names, addresses or networks, with or without a port, between commas.

    For instance "intranet.example, 10.1.0.0/16, 127.0.0.1:9000, [fd00::1]:9000". Raises ``SettingsError``.
    """
    entries = tuple(filter(None, (entry.strip() for entry in text.split(","))))
    for entry in entries:
        read_entry(entry)
    return entries


def read_entry(entry: str) -> Allowed:
    """One entry of the list. Raises ``SettingsError``."""
    bare = f"[{entry}]" if entry.count(":") > 1 and "[" not in entry else entry
    found = _ENTRY.fullmatch(bare)
    port = int(found["port"]) if found and found["port"] else None
    if not found or port == 0 or (port or 0) > LAST_PORT:
        raise _wrong(entry)
    try:
        return Allowed("", ipaddress.ip_network(found["six"] or found["plain"]), port)
    except ValueError:
        return Allowed(_listed_name(entry, found["plain"] or ""), None, port)


def _listed_name(entry: str, name: str) -> str:
    # what ends in a number is another way to write an address, and as a name it would match nothing
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise _wrong(entry)
    try:
        return read_name(name)
    except Refused:
        raise _wrong(entry) from None


def _wrong(entry: str) -> SettingsError:
    return SettingsError(
        f"{VARIABLE} must be hosts or networks with commas between them, such as intranet.example, 10.1.0.0/16, 127.0.0.1:9000; "
        f"{entry!r} is neither."
    )
