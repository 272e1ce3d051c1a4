"""Every failure Formcall knows, as one table of codes and one small tree of classes.

    FormcallError                something a caller or an operator can be told in one sentence
    ├── InvalidInput             the caller's form: names each field, what is wrong and how to mend it
    ├── ProviderError            the model's side: refused, unreachable, retired, not valid
    ├── TemplateError            an action's file: names the file and the line
    └── SettingsError            the operator's settings: names the variable

The code is the contract: it is stable for ever, is the last part of the problem's ``type`` and is what a workflow
branches on. The sentence (``detail``) is for a person and may improve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """What a code means over HTTP: its status, its short title and whether the same call may work later."""

    status: int
    title: str
    retryable: bool = False


KINDS: dict[str, Kind] = {
    # the caller's side
    "invalid_input": Kind(422, "A field is not right"),
    "bad_json": Kind(400, "The body is not JSON"),
    "unsupported_media_type": Kind(415, "The body is in a format that is not understood"),
    "body_too_large": Kind(413, "The request is too large"),
    "too_long": Kind(413, "The text is longer than the model can read"),
    "bad_request": Kind(400, "The request is not right"),
    "unauthorized": Kind(401, "A valid API key is needed"),
    "forbidden": Kind(403, "This API key may not do that"),
    "not_found": Kind(404, "There is nothing at this address"),
    "unknown_action": Kind(404, "There is no such action"),
    "method_not_allowed": Kind(405, "This address does not take that method"),
    "address_refused": Kind(422, "That address may not be called"),
    "conflict": Kind(409, "That cannot be done at the moment"),
    "idempotency_mismatch": Kind(422, "This idempotency key belongs to another request"),
    # money and limits
    "budget_exceeded": Kind(402, "The budget is used up"),
    "budget_reserved": Kind(429, "The rest of the budget is reserved at the moment", retryable=True),
    "cost_limit": Kind(422, "The run would cost more than it may"),
    "price_unknown": Kind(422, "The price of this model is not known"),
    "rate_limited": Kind(429, "Too many calls with this API key", retryable=True),
    "too_many_at_once": Kind(429, "Too many runs of this API key at the same time", retryable=True),
    # what became of a run
    "cancelled": Kind(409, "The run was cancelled"),
    "interrupted": Kind(503, "The run was cut off", retryable=True),
    "refused": Kind(422, "The model refused to answer"),
    "max_steps": Kind(422, "The question was not finished within its limits"),
    "tool_required": Kind(422, "The model answered without using a tool"),
    "invalid_output": Kind(502, "The model's answer was not valid", retryable=True),
    "output_truncated": Kind(502, "The model's answer was cut off", retryable=True),
    # the provider's side
    "provider_auth": Kind(502, "The provider does not accept this service's key"),
    "provider_quota": Kind(402, "The provider's account has no credit left"),
    "provider_rate_limited": Kind(429, "The provider asks to slow down", retryable=True),
    "provider_unavailable": Kind(502, "The provider could not answer", retryable=True),
    "provider_timeout": Kind(504, "The provider took too long", retryable=True),
    "provider_bad_reply": Kind(502, "The provider's answer cannot be read"),
    "provider_rejected": Kind(502, "The provider did not accept the request"),
    "model_retired": Kind(502, "The model has been switched off"),
    "model_unavailable": Kind(502, "The provider does not have this model"),
    "needs_model": Kind(501, "This action needs a model"),
    # our side
    "busy": Kind(503, "Too much is going on at the moment", retryable=True),
    "template_error": Kind(500, "An action's file is not right"),
    "settings_error": Kind(500, "A setting is not right"),
    "internal": Kind(500, "Something went wrong on our side", retryable=True),
}


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field: a stable code and a sentence that names the rule and the fix."""

    field: str
    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": self.message}


class FormcallError(Exception):
    """A failure with a stable ``code`` and a sentence for a person.

    ``extra`` holds flat members that go into the problem beside the standard ones (a run's cost so far, its trace).
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retry_after: float | None = None,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.errors = tuple(errors)
        self.extra: dict[str, Any] = dict(extra or {})

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    def as_problem(self, id: str) -> dict[str, Any]:
        """The members of the problem (RFC 9457) that a caller gets; ``id`` is the run's, or the request's."""
        kind = self.kind
        return {
            "type": f"urn:formcall:problem:{self.code}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "code": self.code,
            "retryable": kind.retryable,
            "id": id,
            "errors": [entry.as_dict() for entry in self.errors],
            **self.extra,
        }


class InvalidInput(FormcallError):
    """One or more fields of the form are not right; ``detail`` is the first sentence, ``errors`` has them all."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        more = len(errors) - 1
        tail = f" ({more} more {'problem' if more == 1 else 'problems'} in `errors`.)" if more else ""
        super().__init__("invalid_input", errors[0].message + tail, errors=errors)


class ProviderError(FormcallError):
    """The model's side failed. ``extra["upstream_request_id"]`` names the provider's own record of the call.

    ``unseen`` says that the call's end was not seen: the provider may have worked for it, and billed it.
    """

    unseen = False


class TemplateError(FormcallError):
    """An action's file is not right; the sentence begins with ``file:line``."""

    def __init__(self, problem: str, *, file: str = "", line: int = 0) -> None:
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__("template_error", place + problem)
        self.problem, self.file, self.line = problem, file, line


class SettingsError(FormcallError):
    """A setting is not right; the sentence names the variable and what it may be."""

    def __init__(self, detail: str) -> None:
        super().__init__("settings_error", detail)
