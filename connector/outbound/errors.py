"""What is said when an address is not called, and when a call does not succeed. No sentence repeats what a caller wrote."""

from __future__ import annotations

from connector.errors import FormcallError

VARIABLE = "FORMCALL_ALLOW_HOSTS"
LONGEST_ADDRESS = 2_000  # characters
PUBLIC_PORTS = (80, 443, 8080, 8443)

# One sentence for every host that is not public and for every name that is not known: two sentences would tell a caller which
# names and machines the operator's network has.
NOT_PUBLIC = (
    "This address may not be called: its host is not known, or is not on the public internet. Check how it is written; a host "
    f"of the operator's own network must be listed in {VARIABLE}."
)
NOT_TLS = f"This address may not be called: it must begin with https://. Plain http is for hosts that are listed in {VARIABLE}."
NOT_A_PORT = (
    f"This address may not be called: its port must be one of {', '.join(map(str, PUBLIC_PORTS))}, unless the operator lists the "
    f"host with its port in {VARIABLE}."
)
NOT_WRITTEN = "This address cannot be read: write it as https://host.example/path, with spaces and signs percent-encoded."
NOT_A_HOST = "This address cannot be read: its host must be a plain name such as hooks.example, or a number such as 192.0.2.1."
WITH_USER = "This address may not be called: it has a name or a password before its host. Use a secret in its path instead."
TOO_LONG = f"This address may not be called: it has more than {LONGEST_ADDRESS:,} characters."

_SENTENCES = {
    "timeout": "The address did not answer in time.",
    "unreachable": "No connection to the address could be made.",
    "tls": "The address's certificate is not right: {reason}.",
    "too_large": "The address answered with more than may be read.",
    "broken": "The address did not answer as a web server does, or broke the connection off.",
}


class Refused(FormcallError):
    """This address may not be called. The sentence names the rule, and not what an internal name leads to."""

    def __init__(self, detail: str) -> None:
        super().__init__("address_refused", detail)


class OutboundError(Exception):
    """The call was allowed and did not succeed; a later one may. ``kind``: timeout, unreachable, tls, too_large or broken."""

    def __init__(self, kind: str, *, reason: str = "") -> None:
        self.kind = kind
        self.detail = _SENTENCES[kind].format(reason=reason)
        super().__init__(self.detail)
