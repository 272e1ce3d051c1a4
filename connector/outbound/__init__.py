"""The one way by which Formcall calls an address that a caller named: a callback, a webhook, a page, a file.

    address ──> Target ──> its addresses ──> may they be called? ──> a connection to that very one ──> Answer
            read strictly   looked up once    public, or allowed      Host, SNI, certificate keep the name

The check is made where the connection is: once for each connection, on what the name led to for that connection. So a name that
changes its mind, a redirect and an odd way to write a number are all held to it.
"""

from connector.outbound.allowed import parse_allowed
from connector.outbound.calls import MAX_BYTES, Answer, Outbound
from connector.outbound.faults import VARIABLE, OutboundError, Refused
from connector.outbound.targets import is_public

__all__ = ["MAX_BYTES", "VARIABLE", "Answer", "Outbound", "OutboundError", "Refused", "is_public", "parse_allowed"]
