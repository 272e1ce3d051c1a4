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
    """What a code means: its HTTP status, its short title, what to do about it, and whether the same call may work later.

    ``advice`` is for who reads docs/errors.md; "operator:" stands before what only the operator can mend.
    """

    status: int
    title: str
    advice: str
    retryable: bool = False


# the groups are the sections of docs/errors.md
KIND_GROUPS: dict[str, dict[str, Kind]] = {
    "The caller's side": {
        "invalid_input": Kind(422, "A field is not right", "mend the fields that `errors` names"),
        "bad_json": Kind(400, "The body is not JSON", "check quotes, commas and line breaks of the JSON, or send a form"),
        "unsupported_media_type": Kind(415, "The body is in a format that is not understood", "send `application/json` or a form"),
        "body_too_large": Kind(413, "The request is too large", "shorten the text or split it"),
        "too_long": Kind(413, "The text is longer than the model can read", "shorten the text or split it"),
        "bad_request": Kind(400, "The request is not right", "the sentence says which part of the request cannot be read"),
        "unauthorized": Kind(401, "A valid API key is needed", "send a valid key as `X-API-Key` or `Authorization: Bearer`"),
        "forbidden": Kind(403, "This API key may not do that", "ask the operator for a key with the scope that the sentence names"),
        "not_found": Kind(
            404,
            "There is nothing at this address",
            "check the address and the id in it; what is older than `FORMCALL_KEEP_DAYS` is deleted",
        ),
        "unknown_action": Kind(404, "There is no such action", "check the address; the sentence names the nearest action"),
        "method_not_allowed": Kind(405, "This address does not take that method", "actions are run with POST"),
        "address_refused": Kind(
            422, "That address may not be called", "use a public `https://` address; operator: list private hosts in `FORMCALL_ALLOW_HOSTS`"
        ),
        "file_unreachable": Kind(
            422, "A file could not be fetched", "try again, or send the file itself instead of its address", retryable=True
        ),
        "conflict": Kind(409, "That cannot be done at the moment", "look at how it stands now; the sentence says what is in the way"),
        "idempotency_mismatch": Kind(
            422, "This idempotency key belongs to another request", "give each step its own key, or send exactly the first request again"
        ),
    },
    "Money and limits": {
        "budget_exceeded": Kind(
            402, "The budget is used up", "wait for the next day or month, or ask the operator to raise the key's budget"
        ),
        "budget_reserved": Kind(
            429,
            "The rest of the budget is reserved at the moment",
            "wait for the seconds in `Retry-After`; runs free the rest",
            retryable=True,
        ),
        "cost_limit": Kind(422, "The run would cost more than it may", "raise Max cost, shorten the text, or lower the effort"),
        "price_unknown": Kind(
            422, "The price of this model is not known", "leave the limit out; operator: describe the model in the file `FORMCALL_MODELS`"
        ),
        "rate_limited": Kind(
            429, "Too many calls with this API key", "wait for the seconds in `Retry-After`, and call less often", retryable=True
        ),
        "too_many_at_once": Kind(
            429, "Too many runs of this API key at the same time", "wait for the seconds in `Retry-After`, or use a batch", retryable=True
        ),
    },
    "What became of a run": {
        "cancelled": Kind(409, "The run was cancelled", "nothing, or run it again with retry; calls that had been made are paid"),
        "interrupted": Kind(503, "The run was cut off", "send it again with the same idempotency key, or retry the run", retryable=True),
        "refused": Kind(422, "The model refused to answer", "change the text or the instructions: the model or its content filter refused"),
        "max_steps": Kind(422, "The question was not finished within its limits", "raise Max steps or ask for less at once"),
        "approval_needed": Kind(
            422, "A tool asks first, and here nobody can be asked", "set Ask before to Nothing, leave the tool out, or run it alone"
        ),
        "tool_required": Kind(422, "The model answered without using a tool", "word the question so that it needs a tool"),
        "invalid_output": Kind(
            502, "The model's answer was not valid", "try again, or with a higher effort: one repair did not help", retryable=True
        ),
        "output_truncated": Kind(502, "The model's answer was cut off", "ask for less at once", retryable=True),
    },
    "The provider's side": {
        "provider_auth": Kind(502, "The provider does not accept this service's key", "operator: check `OPENAI_API_KEY`"),
        "provider_quota": Kind(402, "The provider's account has no credit left", "operator: top up the provider's account"),
        "provider_rate_limited": Kind(429, "The provider asks to slow down", "wait for the seconds in `Retry-After`", retryable=True),
        "provider_unavailable": Kind(502, "The provider could not answer", "try again later", retryable=True),
        "provider_timeout": Kind(
            504, "The provider took too long", "try again, knowing that the first call may have been billed", retryable=True
        ),
        "provider_bad_reply": Kind(
            502, "The provider's answer cannot be read", "operator: what answers at `OPENAI_BASE_URL` is not a model's API"
        ),
        "provider_rejected": Kind(502, "The provider did not accept the request", "operator: the sentence has the provider's words"),
        "model_retired": Kind(
            502, "The model has been switched off", "operator: set `FORMCALL_MODEL` to the model that the sentence names"
        ),
        "model_unavailable": Kind(
            502, "The provider does not have this model", "operator: set `FORMCALL_MODEL` to one that the provider has"
        ),
        "needs_model": Kind(501, "This action needs a model", "operator: this action needs a hosted model; set `OPENAI_API_KEY`"),
    },
    "Our side": {
        "busy": Kind(503, "Too much is going on at the moment", "wait for the seconds in `Retry-After`", retryable=True),
        "template_error": Kind(500, "An action's file is not right", "operator: `formcall check` says where"),
        "settings_error": Kind(500, "A setting is not right", "operator: the sentence names the setting"),
        "internal": Kind(500, "Something went wrong on our side", "give the `id` to the operator, whose log has it", retryable=True),
    },
}
KINDS: dict[str, Kind] = {code: kind for group in KIND_GROUPS.values() for code, kind in group.items()}


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
