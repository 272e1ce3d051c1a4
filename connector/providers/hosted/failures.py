"""One failed call, and what the failure of a connection means."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import httpx2
import openai

from connector.errors import ProviderError
from connector.providers.base import Reply
from connector.providers.hosted.connections import DeadlinePassed

_UNTRUSTED = (
    "The certificate of the provider's server is not trusted. Set SSL_CERT_FILE to a file with the "
    "certificate of its issuer, or install it on this machine."
)


@dataclass(frozen=True)
class Failure:
    """One failed call: the ``error`` for the caller, and what another try could change.

    ``retry``                  the same call may succeed later
    ``sent``                   no answer came, but the provider may have run (and billed) the call
    ``model_gone``             the provider does not have the model
    ``endpoint_missing``       the provider does not have the endpoint of this dialect
    ``needs_responses``        the model answers only over the Responses API
    ``refused``                the features of the request the provider does not accept
    ``output_limit``           the most tokens of output that the provider allows; 0: not named
    ``stale_reasoning``        the provider cannot decrypt the replayed reasoning
    ``generation``             what the model wrote, where the provider found its call invalid
    ``billed``                 the tokens that the call used, where the provider reported them
    """

    error: ProviderError
    retry: bool = False
    sent: bool = False
    model_gone: bool = False
    endpoint_missing: bool = False
    needs_responses: bool = False
    refused: tuple[str, ...] = ()
    output_limit: int = 0
    stale_reasoning: bool = False
    generation: str = ""
    billed: Reply | None = None

    def __post_init__(self) -> None:
        is_unknown = self.sent or self.error.code == "provider_bad_reply"
        self.error.outcome_unknown = is_unknown and self.billed is None


def _is_untrusted(error: httpx2.ConnectError) -> bool:
    return isinstance(error.__cause__, ssl.SSLCertVerificationError)


def connection_failure(error: openai.APIConnectionError) -> Failure:
    cause = error.__cause__
    if detail := _misconfiguration(cause):
        return Failure(coded_error("provider_unavailable", detail))
    if isinstance(cause, DeadlinePassed):
        return Failure(coded_error("provider_timeout", "No time was left to ask the provider."))
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        detail = "The provider cannot be reached. Check OPENAI_BASE_URL and this machine's network."
        return Failure(coded_error("provider_unavailable", detail), retry=True)
    if isinstance(error, openai.APITimeoutError):
        detail = "The provider did not answer in time."
        return Failure(coded_error("provider_timeout", detail), sent=True)
    detail = "The provider closed the connection before it answered."
    return Failure(coded_error("provider_unavailable", detail), sent=True)


def _misconfiguration(cause: BaseException | None) -> str:
    """What to correct so that the provider can be reached; "" if waiting may be enough."""
    if isinstance(cause, httpx2.ProxyError):
        return f"The provider cannot be reached: {cause}. Check HTTPS_PROXY and NO_PROXY."
    if isinstance(cause, httpx2.ConnectError) and _is_untrusted(cause):
        return _UNTRUSTED
    if isinstance(
        cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL | httpx2.LocalProtocolError
    ):
        return "OPENAI_BASE_URL is not a valid URL, or the key contains invalid characters."
    return ""


def coded_error(
    code: str, detail: str, request_id: str | None = None, retry_after: float | None = None
) -> ProviderError:
    extra = {"upstream_request_id": request_id} if request_id else {}
    return ProviderError(code, detail, retry_after=retry_after, extra=extra)
