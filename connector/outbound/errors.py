"""Errors of outbound calls. No sentence repeats what a caller wrote."""

from __future__ import annotations

from connector.errors import FormcallError

ALLOW_HOSTS = "FORMCALL_ALLOW_HOSTS"
MAX_URL_LENGTH = 2_000  # characters
PUBLIC_PORTS = (80, 443, 8080, 8443)

# One sentence for every host that is not public and for every name that is unknown: two sentences
# would reveal to a caller which names and machines the operator's network has.
NOT_PUBLIC = (
    "This address may not be called: its host is unknown, or is not on the public internet. "
    "Check how it is written; a host of the operator's own network must be listed in "
    f"{ALLOW_HOSTS}."
)
NOT_HTTPS = (
    "This address may not be called: it must begin with https://. Plain http is for hosts "
    f"that are listed in {ALLOW_HOSTS}."
)
PORT_NOT_ALLOWED = (
    "This address may not be called: its port must be one of "
    f"{', '.join(map(str, PUBLIC_PORTS))}, unless the operator lists the host with its port in "
    f"{ALLOW_HOSTS}."
)
NOT_A_URL = (
    "This address cannot be read: write it as https://host.example/path, with spaces "
    "and special characters percent-encoded."
)
INVALID_HOST = (
    "This address cannot be read: its host must be a plain name such as hooks.example, "
    "or an IP address such as 192.0.2.1."
)
HAS_CREDENTIALS = (
    "This address may not be called: it has a user name or a password before its host. Use a "
    "secret in its path instead."
)
TOO_LONG = f"This address may not be called: it has more than {MAX_URL_LENGTH:,} characters."

_SENTENCES = {
    "timeout": "The address did not answer in time.",
    "unreachable": "No connection to the address could be made.",
    "tls": "The address's certificate is not valid: {reason}.",
    "too_large": "The address's answer is larger than allowed.",
    "broken": "The address did not send a valid HTTP answer, or closed the connection early.",
}


class Refused(FormcallError):
    """This address may not be called; the sentence names the rule, never what it resolved to."""

    def __init__(self, detail: str) -> None:
        super().__init__("address_refused", detail)


class OutboundError(Exception):
    """The call was allowed and failed; a later one may succeed.

    ``kind`` is timeout, unreachable, tls, too_large or broken.
    """

    def __init__(self, kind: str, *, reason: str = "") -> None:
        self.kind = kind
        self.detail = _SENTENCES[kind].format(reason=reason)
        super().__init__(self.detail)
