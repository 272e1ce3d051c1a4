"""Every failure of Formcall: one table of codes and a small tree of exceptions.

    FormcallError                the base class: a code, and one sentence for people
    ├── InvalidInput             the caller's form: names each field, the rule and the fix
    ├── ProviderError            the provider: refused, unreachable, retired, invalid response
    ├── TemplateError            an action's file: names the file and the line
    └── SettingsError            the operator's settings: names the variable

A code never changes: it is the last part of the problem's ``type``, and workflows branch on it. The
sentence (``detail``) is for people and may be improved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """The meaning of a code: its HTTP status, short title, advice, and whether to try again.

    ``advice`` is shown in docs/errors.md; "operator:" precedes what only the operator can do.
    ``retryable`` means that the same call may succeed later.
    """

    status: int
    title: str
    advice: str
    retryable: bool = False


# the groups are the sections of docs/errors.md
KIND_GROUPS: dict[str, dict[str, Kind]] = {
    "The request": {
        "invalid_input": Kind(422, "A field is invalid", "correct the fields that `errors` names"),
        "bad_json": Kind(
            400,
            "The body is not valid JSON",
            "check the quotes, commas and line breaks of the JSON, or send a form",
        ),
        "unsupported_media_type": Kind(
            415, "The body has an unsupported format", "send `application/json` or a form"
        ),
        "body_too_large": Kind(413, "The request is too large", "shorten the text or split it"),
        "too_long": Kind(413, "The text is too long for the model", "shorten the text or split it"),
        "bad_request": Kind(
            400,
            "The request is invalid",
            "the sentence names the part of the request that cannot be read",
        ),
        "unauthorized": Kind(
            401,
            "A valid API key is needed",
            "send a valid key as `X-API-Key` or `Authorization: Bearer`",
        ),
        "forbidden": Kind(
            403,
            "This API key lacks the permission",
            "ask the operator for a key with the scope that the sentence names",
        ),
        "not_found": Kind(
            404,
            "There is nothing at this URL",
            "check the URL and the id in it; records are deleted after `FORMCALL_KEEP_DAYS`",
        ),
        "unknown_action": Kind(
            404, "There is no such action", "check the URL; the sentence names the nearest action"
        ),
        "method_not_allowed": Kind(
            405, "This URL does not support the method", "run actions with POST"
        ),
        "address_refused": Kind(
            422,
            "Calls to that address are not allowed",
            "use a public `https://` URL; operator: list private hosts in `FORMCALL_ALLOW_HOSTS`",
        ),
        "loop": Kind(
            508,
            "A message of the service to itself",
            "give the callback or the subscription an address of another service",
        ),
        "file_unreachable": Kind(
            422,
            "A file could not be downloaded",
            "try again, or send the file itself instead of its URL",
            retryable=True,
        ),
        "conflict": Kind(
            409,
            "The current state does not allow that",
            "read the current state; the sentence names what prevents it",
        ),
        "idempotency_mismatch": Kind(
            422,
            "This idempotency key belongs to another request",
            "give each step its own key, or repeat exactly the first request",
        ),
    },
    "Money and limits": {
        "budget_exceeded": Kind(
            402,
            "The budget is used up",
            "wait for the next day or month, or ask the operator to raise the key's budget",
        ),
        "budget_reserved": Kind(
            429,
            "The rest of the budget is reserved",
            "wait for the seconds in `Retry-After`; running calls release the rest",
            retryable=True,
        ),
        "cost_limit": Kind(
            422,
            "The run would exceed its cost limit",
            "raise Max cost, shorten the text, or lower the effort",
        ),
        "price_unknown": Kind(
            422,
            "The price of this model is not known",
            "leave the limit out; operator: add the model to the file `FORMCALL_MODELS`",
        ),
        "rate_limited": Kind(
            429,
            "Too many calls with this API key",
            "wait for the seconds in `Retry-After`, and call less often",
            retryable=True,
        ),
        "too_many_at_once": Kind(
            429,
            "Too many runs of this API key at the same time",
            "wait for the seconds in `Retry-After`, or use a batch",
            retryable=True,
        ),
    },
    "The run": {
        "cancelled": Kind(
            409,
            "The run was cancelled",
            "run it again with retry if you still need it; finished calls are charged",
        ),
        "review_refused": Kind(
            409,
            "A person refused the answer",
            "read the reviewer's note in the sentence; send the request again, or decide yourself",
        ),
        "review_expired": Kind(
            409,
            "Nobody decided in time",
            "run it again with retry; operator: `FORMCALL_REVIEW_HOURS` is the time, "
            "`FORMCALL_REVIEW_EXPIRED` what happens then",
        ),
        "interrupted": Kind(
            503,
            "The run was interrupted",
            "send it again with the same idempotency key, or retry the run",
            retryable=True,
        ),
        "gave_up": Kind(
            500,
            "The run was given up",
            "check its text and its files; then retry the run. Operator: the log says what ended "
            "the processes that executed it",
        ),
        "refused": Kind(
            422,
            "The model refused to answer",
            "change the text or the instructions; the model or its content filter refused",
        ),
        "max_steps": Kind(
            422,
            "The question was not answered within its limits",
            "raise Max steps or ask for less at once",
        ),
        "approval_needed": Kind(
            422,
            "A tool needs approval that cannot be given here",
            "set Ask before to Nothing, leave the tool out, or run it alone",
        ),
        "tool_required": Kind(
            422,
            "The model answered without using a tool",
            "word the question so that it needs a tool",
        ),
        "invalid_output": Kind(
            502,
            "The model's answer is invalid",
            "try again, or with a higher effort; one repair did not help",
            retryable=True,
        ),
        "output_truncated": Kind(
            502, "The model's answer was cut off", "ask for less at once", retryable=True
        ),
    },
    "The provider": {
        "provider_auth": Kind(
            502, "The provider rejected this service's key", "operator: check `OPENAI_API_KEY`"
        ),
        "provider_quota": Kind(
            402,
            "The provider's account has no credit left",
            "operator: add credit to the provider's account",
        ),
        "provider_rate_limited": Kind(
            429,
            "The provider's rate limit was reached",
            "wait for the seconds in `Retry-After`",
            retryable=True,
        ),
        "provider_unavailable": Kind(
            502, "The provider is unavailable", "try again later", retryable=True
        ),
        "provider_timeout": Kind(
            504,
            "The provider did not answer in time",
            "try again; the first call may have been charged",
            retryable=True,
        ),
        "provider_bad_reply": Kind(
            502,
            "The provider's response cannot be read",
            "operator: check that `OPENAI_BASE_URL` is a model API",
        ),
        "provider_rejected": Kind(
            502,
            "The provider rejected the request",
            "operator: the sentence quotes the provider's message",
        ),
        "model_retired": Kind(
            502,
            "The model has been shut down",
            "operator: set `FORMCALL_MODEL` to the model that the sentence names",
        ),
        "model_unavailable": Kind(
            502,
            "The provider does not have this model",
            "operator: set `FORMCALL_MODEL` to one that the provider has",
        ),
        "needs_model": Kind(
            422,
            "This needs a hosted model",
            "choose one that works without a model (`local` in the list of actions); operator: set "
            "`OPENAI_API_KEY`",
        ),
    },
    "The service": {
        "busy": Kind(
            503, "The service is busy", "wait for the seconds in `Retry-After`", retryable=True
        ),
        "template_error": Kind(
            500, "An action's file is invalid", "operator: `formcall check` names the file and line"
        ),
        "settings_error": Kind(
            500, "A setting is invalid", "operator: the sentence names the setting"
        ),
        "internal": Kind(
            500,
            "The service failed unexpectedly",
            "give the `id` to the operator, who finds it in the log",
            retryable=True,
        ),
    },
}
KINDS: dict[str, Kind] = {
    code: kind for group in KIND_GROUPS.values() for code, kind in group.items()
}


@dataclass(frozen=True)
class FieldError:
    """One problem of one field: a stable code, and a sentence that names the rule and the fix."""

    field: str
    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": self.message}


class FormcallError(Exception):
    """A failure with a stable ``code`` and a sentence for people.

    ``extra`` holds further members of the problem beside the standard ones, such as a run's cost
    or its trace. ``affects_all_calls``: the cause is not in this call, so each call fails until it
    is fixed.
    """

    affects_all_calls = False

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
        """The members of the problem response (RFC 9457); ``id`` is the run's or the request's."""
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
    """One or more fields of the form are invalid: ``errors`` has all, ``detail`` the first."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        more = len(errors) - 1
        detail = errors[0].message
        if more:
            noun = "problem" if more == 1 else "problems"
            detail += f" ({more} more {noun} in `errors`.)"
        super().__init__("invalid_input", detail, errors=errors)


class ProviderError(FormcallError):
    """The provider failed. ``extra["upstream_request_id"]`` is the provider's id of the call.

    ``outcome_unknown``: the end of the call was not received, so the provider may have processed
    and billed it. ``provider``: its name, where there are several.
    ``billed``: the tokens that the failed call used, where the provider reported
    them (a ``Reply`` of ``providers/base.py``). ``quote``: the provider's message as a sentence to
    append, or "".
    """

    outcome_unknown = False
    billed: Any = None
    provider = ""
    quote = ""


class TemplateError(FormcallError):
    """An action's file is invalid; the sentence begins with ``file:line``."""

    def __init__(self, problem: str, *, file: str = "", line: int = 0) -> None:
        position = f"{file}:" if file else ""
        if file and line:
            position += f"{line}:"
        super().__init__("template_error", f"{position} {problem}" if position else problem)
        self.problem = problem
        self.file = file
        self.line = line


class SettingsError(FormcallError):
    """A setting is invalid; the sentence names the variable and its valid values."""

    def __init__(self, detail: str) -> None:
        super().__init__("settings_error", detail)
