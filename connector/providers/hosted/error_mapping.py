"""A provider's failures as our errors: one mapping to codes and sentences that name the fix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx2
import openai

from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.base import Reply, Usage
from connector.providers.hosted.dialects.reading import (
    BadReply,
    BrokenOff,
    as_dict,
    as_list,
    as_text,
    as_text_or_none,
    decode_json,
)
from connector.providers.hosted.dialects.usage import read_usage
from connector.providers.hosted.error_answers import ErrorAnswer, excerpt, read_error
from connector.providers.hosted.failures import Failure, coded_error, connection_failure
from connector.providers.hosted.refusals import output_limit, refused_features
from connector.providers.hosted.transport import AnswerTooLarge, CallCancelled

_DEFAULT_RETRY_AFTER = 5.0
_GATEWAY_TIMEOUTS = {504, 524}  # the model behind the gateway may have continued
_REQUEST_STATUSES = {400, 404, 413, 422, 500}  # llama.cpp reports some request errors as 500
_GONE_CODES = {
    "model_not_found",
    "model_deprecated",
    "model_decommissioned",
    "deployment_not_found",
    "deploymentnotfound",
}
_QUOTA_CODES = {
    "insufficient_quota",
    "insufficient_user_quota",
    "insufficient_balance",
    "exceeded_current_quota_error",
    "billing_hard_limit_reached",
    "billing_not_active",
}
_TOO_LONG_CODES = {
    "context_length_exceeded",
    "exceed_context_size_error",
    "string_above_max_length",
    "request_too_large",
}
_REFUSED_CODES = {
    "content_filter",
    "content_policy_violation",
    "invalid_prompt",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
}
# Groq refuses what its model wrote, not the request
_INVALID_CALL_CODES = {"tool_use_failed", "json_validate_failed"}
_NO_IMAGES = (
    "image input is not supported",
    "support image input",
    "not a multimodal model",
    "does not support image",
    "image inputs are not supported",
    "image_url is only supported",
)
_CHECK_URL = (
    " Check OPENAI_BASE_URL. If the provider has only chat completions, set FORMCALL_DIALECT=chat."
)
# the status of a code inside an answer with status 200; any other code is a server failure
_STATUS_OF_CODE = {
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "model_not_found": 404,
    "invalid_prompt": 400,
    "content_filter": 400,
    "context_length_exceeded": 400,
    "invalid_encrypted_content": 400,
}


def failure_from(error: Exception, secret: str = "") -> Failure:
    """The failure behind ``error``, an exception of the SDK, the transport or a dialect.

    Any other exception is raised again. ``secret`` is never quoted.
    """
    if isinstance(error, openai.APIConnectionError):
        return connection_failure(error)
    if isinstance(error, openai.APIStatusError):
        failure = _status_failure(error.status_code, error.body, error.response.headers, secret)
        return with_reported_usage(failure, _whole_body(error)) if failure.retry else failure
    if isinstance(error, CallCancelled):
        detail = "The call was cancelled because its answer was no longer wanted."
        return Failure(coded_error("cancelled", detail), sent=True)
    if isinstance(error, BrokenOff):
        detail = "The provider's answer ended before it was complete."
        return Failure(coded_error("provider_unavailable", detail), sent=True)
    if isinstance(error, AnswerTooLarge | BadReply | RecursionError | ValueError):
        return Failure(_bad_reply(_why_unreadable(error)))
    if isinstance(error, openai.OpenAIError):
        detail = f"The call to the provider failed: {excerpt(str(error), secret)}."
        return Failure(coded_error("provider_unavailable", detail))
    raise error


def embedded_failure(raw: Json, secret: str = "") -> Failure | None:
    """The failure that some servers send inside an answer with status 200, if ``raw`` has one."""
    error = _embedded_error(raw)
    if not error:
        return None
    code = as_dict(error).get("code")
    if isinstance(code, str) and code.isdecimal():
        code = int(code)
    if isinstance(code, int) and code in range(400, 600):
        status = int(code)
    else:
        status = _STATUS_OF_CODE.get(str(code), 500)
    return failure_from_status(status, error, secret)


def _embedded_error(raw: Json) -> Any:
    """The error of an answer, or of its first choice, whose backend failed meanwhile."""
    if raw.get("error"):
        return raw["error"]
    if raw.get("object") == "error":
        return raw
    choice = as_dict(next(iter(as_list(raw.get("choices"))), None))
    is_failed = as_text(choice.get("finish_reason")).lower() == "error"
    return choice.get("error") or (is_failed and {"message": "The model's backend failed."})


def with_reported_usage(failure: Failure, raw: Json) -> Failure:
    """``failure`` with the tokens that its answer ``raw`` reports.

    A call that was billed is not repeated, since a repetition is paid again.
    """
    reported = read_usage(raw.get("usage"))
    if reported.usage == Usage():
        return failure
    billed = Reply(
        model=as_text(raw.get("model")),
        usage=reported.usage,
        missing_counts=reported.missing,
        service_tier=as_text_or_none(raw.get("service_tier")),
        warnings=reported.warnings,
    )
    return Failure(failure.error, generation=failure.generation, billed=billed)


def failure_from_status(status: int, body: Any, secret: str = "") -> Failure:
    """The failure behind an error ``status`` that came without headers, as in a batch's results."""
    failure = _status_failure(status, body, httpx2.Headers(), secret)
    return with_reported_usage(failure, as_dict(body)) if failure.retry else failure


def _whole_body(error: openai.APIStatusError) -> Json:
    """The body of an error that reports its usage, else {}; the SDK keeps only the error in it."""
    content = error.response.content
    try:
        return as_dict(decode_json(content)) if b'"usage"' in content else {}
    except ValueError:
        return {}


def _status_failure(status: int, body: Any, headers: httpx2.Headers, secret: str) -> Failure:
    answer = read_error(status, body, headers, secret)
    failure = _failure_of_code(answer) or _FAILURE_OF_STATUS.get(status, _other_status)(answer)
    if failure.error.code != "provider_rejected":
        return failure
    refused = refused_features(answer)
    is_redirect = status < 400  # noqa: PLR2004
    failure.error.affects_all_calls = bool(
        refused or failure.endpoint_missing or is_redirect or "store" in answer.params
    )
    return replace(failure, refused=refused, output_limit=output_limit(answer))


def _failure_of_code(answer: ErrorAnswer) -> Failure | None:
    """The failure that the answer's codes or words mean under any status; None: none of them."""
    for applies, failure in _FAILURES_OF_CODES:
        if applies(answer):
            return failure(answer)
    return None


def _is_quota(answer: ErrorAnswer) -> bool:
    return answer.status == 402 or bool(answer.codes & _QUOTA_CODES)  # noqa: PLR2004


def _quota(answer: ErrorAnswer) -> Failure:
    detail = "The provider's account has no credit left. Top it up or set another OPENAI_API_KEY."
    return Failure(answer.error("provider_quota", detail + answer.quote))


def _is_refused(answer: ErrorAnswer) -> bool:
    return bool(answer.codes & _REFUSED_CODES)


def _refused(answer: ErrorAnswer) -> Failure:
    detail = "The provider's content filter refused the text."
    return Failure(answer.error("refused", detail + answer.quote))


def _model_gone(answer: ErrorAnswer) -> Failure:
    detail = f"The provider does not have this model.{answer.quote}"
    return Failure(answer.error("model_unavailable", detail), model_gone=True)


def _too_long(answer: ErrorAnswer) -> Failure:
    detail = "The text is longer than the model can read. Shorten it, or split it into parts."
    return Failure(answer.error("too_long", detail))


def _is_invalid_call(answer: ErrorAnswer) -> bool:
    return bool(answer.codes & _INVALID_CALL_CODES)


def _invalid_call(answer: ErrorAnswer) -> Failure:
    detail = f"The model's function call was not valid.{answer.quote}"
    error = answer.error("invalid_output", detail)
    return Failure(error, retry=True, generation=answer.generation)


def _reads_no_images(answer: ErrorAnswer) -> bool:
    return answer.status in _REQUEST_STATUSES and answer.says(*_NO_IMAGES)


def _no_images(answer: ErrorAnswer) -> Failure:
    detail = f"The model reads no images. Set FORMCALL_MODEL to one that does.{answer.quote}"
    return Failure(answer.error("provider_rejected", detail))


def _no_endpoint(answer: ErrorAnswer) -> Failure:
    detail = f"The provider does not have this endpoint.{_CHECK_URL}{answer.quote}"
    return Failure(answer.error("provider_rejected", detail), endpoint_missing=True)


def _is_gone(answer: ErrorAnswer) -> bool:
    """Whether the codes of an error, or the words of a request error, say that there is no such
    model."""
    if answer.codes & _GONE_CODES or answer.status == 410:  # noqa: PLR2004
        return True
    if answer.status == 404 and answer.params == ("model",):  # noqa: PLR2004
        return True
    if answer.says("no available channel for model", "no endpoints found for "):
        return True
    is_about_model = answer.says("model") and answer.status in _REQUEST_STATUSES
    if answer.status == 404 and is_about_model and not answer.params:  # noqa: PLR2004
        return answer.says("not exist", "not found", "deprecated", "decommissioned")
    return is_about_model and answer.says(
        "not a valid model id", "invalid model name", "decommissioned", "model does not exist"
    )


def _is_too_long(answer: ErrorAnswer) -> bool:
    if answer.status not in _REQUEST_STATUSES or output_limit(answer):
        return False
    return bool(answer.codes & _TOO_LONG_CODES) or answer.says(
        "maximum context length", "exceeds the available context size", "context window"
    )


def _lacks_responses(answer: ErrorAnswer) -> bool:
    if answer.status in {405, 501}:
        return True
    is_about_it = answer.says("responses api", "/responses", "responses endpoint")
    refuses = answer.says("not support", "unsupported", "not available", "not implement")
    if is_about_it and refuses and not answer.says("/chat/completions"):
        return True
    is_server_error = answer.status >= 500  # noqa: PLR2004
    return is_server_error and "not implemented" in answer.words


def _unauthorized(answer: ErrorAnswer) -> Failure:
    detail = "The provider does not accept this service's key. Check OPENAI_API_KEY."
    return Failure(answer.error("provider_auth", detail + answer.quote))


def _forbidden(answer: ErrorAnswer) -> Failure:
    if answer.is_page or answer.says("country", "region", "territory"):
        detail = (
            "The provider, or a gateway in front of it, refuses calls from this machine (403). "
            "Check OPENAI_BASE_URL, and whether the provider serves this machine's network."
        )
        return Failure(answer.error("provider_auth", detail + answer.quote))
    return _unauthorized(answer)


def _redirected(answer: ErrorAnswer) -> Failure:
    detail = (
        f"The provider answered with a redirect ({answer.status}), which is not followed. Set "
        "OPENAI_BASE_URL to the URL it moved to."
    )
    return Failure(answer.error("provider_rejected", detail))


def _other_status(answer: ErrorAnswer) -> Failure:
    if answer.status < 400:  # noqa: PLR2004
        return _redirected(answer)
    if answer.status in _GATEWAY_TIMEOUTS:
        detail = f"The provider did not answer in time ({answer.status})."
        return Failure(answer.error("provider_timeout", detail), sent=True)
    detail = f"The provider failed ({answer.status}).{answer.quote}"
    error = answer.error("provider_unavailable", detail, answer.retry_after)
    if refused_features(answer) == ("tools",):  # llama.cpp
        return _bad_request(answer)
    is_passing = answer.status in {408, 409} or answer.status >= 500  # noqa: PLR2004
    return Failure(error, retry=is_passing)


def _limited(answer: ErrorAnswer) -> Failure:
    wait = _DEFAULT_RETRY_AFTER if answer.retry_after is None else answer.retry_after
    detail = f"The provider's rate limit was reached. Try again later.{answer.quote}"
    return Failure(answer.error("provider_rate_limited", detail, wait), retry=True)


def _not_found(answer: ErrorAnswer) -> Failure:
    if refused_features(answer):
        return _bad_request(answer)
    detail = f"The provider has nothing at this URL (404).{_CHECK_URL}{answer.quote}"
    # an error that names a parameter comes from the endpoint itself
    return Failure(answer.error("provider_rejected", detail), endpoint_missing=not answer.params)


def _bad_request(answer: ErrorAnswer) -> Failure:
    detail = f"The provider did not accept the request.{answer.quote}{_fix(answer)}"
    return Failure(
        answer.error("provider_rejected", detail),
        needs_responses=answer.says("use /v1/responses", "use the responses api"),
        stale_reasoning="invalid_encrypted_content" in answer.codes,
    )


def _fix(answer: ErrorAnswer) -> str:
    """The setting that helps with a refused part of the request, as a sentence to append."""
    if "store" in answer.params or "'store'" in answer.message or '"store"' in answer.message:
        return " FORMCALL_DIALECT=chat with FORMCALL_PROFILE=generic sends no `store`."
    if output_limit(answer):
        return " Describe the model's `context` and `max_output` in FORMCALL_MODELS."
    return ""


_FAILURES_OF_CODES: tuple[
    tuple[Callable[[ErrorAnswer], bool], Callable[[ErrorAnswer], Failure]], ...
] = (
    (_is_quota, _quota),
    (_is_refused, _refused),
    (_is_gone, _model_gone),
    (_is_too_long, _too_long),
    (_is_invalid_call, _invalid_call),
    (_reads_no_images, _no_images),
    (_lacks_responses, _no_endpoint),
)
_FAILURE_OF_STATUS: Mapping[int, Callable[[ErrorAnswer], Failure]] = {
    400: _bad_request,
    401: _unauthorized,
    403: _forbidden,
    404: _not_found,
    413: _bad_request,
    422: _bad_request,
    429: _limited,
}


def _why_unreadable(error: Exception) -> str:
    """Why an answer cannot be read, as the end of a sentence."""
    if isinstance(error, ValueError):  # of JSON, or of a number with thousands of digits
        return "it is not JSON"
    if isinstance(error, AnswerTooLarge):
        return str(error)
    if isinstance(error, BadReply) and str(error):
        return f"it is {error}"
    return "it is nested too deep"


def _bad_reply(reason: str) -> ProviderError:
    return coded_error(
        "provider_bad_reply",
        f"The provider's answer cannot be read: {reason}. Check OPENAI_BASE_URL.",
    )
