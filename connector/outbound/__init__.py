"""Calls to addresses that callers name (callbacks, webhooks, pages, files), guarded against SSRF.

    URL ──> Target ──> IP addresses ──> allowed? ──> connection to that IP ──> OutboundResponse
    parsed strictly   resolved once   public or listed   Host, SNI, certificate keep the name

The check is made for each connection, on what the name resolved to for that connection, so a name
that changes its address, a redirect or an odd notation of an IP address cannot get round it.
"""

from connector.outbound.allowlist import parse_allowed
from connector.outbound.client import MAX_BYTES, Outbound, OutboundResponse
from connector.outbound.errors import ALLOW_HOSTS, OutboundError, Refused
from connector.outbound.targets import is_public

__all__ = [
    "ALLOW_HOSTS",
    "MAX_BYTES",
    "Outbound",
    "OutboundError",
    "OutboundResponse",
    "Refused",
    "is_public",
    "parse_allowed",
]
