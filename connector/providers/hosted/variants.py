"""Which variant of a request a server accepts, learned from its refusals."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from connector.providers.hosted.addresses import without_secrets
from connector.providers.pricing.models import Model, Profile
from connector.settings import Settings

if TYPE_CHECKING:
    from connector.providers.hosted.failures import Failure

KEPT_SECONDS = 86_400  # a server may be updated, so what was learned is forgotten after a day
CHAT_LIMITS = ("max_completion_tokens", "max_tokens")
# names of what is not a parameter of its own
TOOLS = "tools"  # no function calls, or none that are enforced
JSON_SCHEMA = "json_schema"
JSON_OBJECT = "json_object"
PROSE = "JSON"  # the last answer was prose although JSON was requested
CHOICES = {form: f"tool_choice: {form}" for form in ("named", "required", "auto")}
_AZURE_DEPLOYMENT = "/openai/deployments/"  # the classic address, which has only chat completions
_RESPONSES = "responses"
_CHAT = "chat"
_WITHOUT_WARNING = frozenset({JSON_SCHEMA, JSON_OBJECT, PROSE, TOOLS, _CHAT, *CHOICES.values()})


@dataclass(frozen=True)
class Learned:
    """What is known of a model at one address, or of the address itself.

    ``refused``     what it does not accept: parameters, and the names above
    ``max_output``  the most tokens of output it allows; 0: no limit is known
    ``at``          when the last of it was learned, in seconds since 1970
    """

    refused: frozenset[str] = frozenset()
    max_output: int = 0
    at: float = 0.0

    @property
    def is_old(self) -> bool:
        return time.time() - self.at > KEPT_SECONDS


class VariantStore(Protocol):
    """Keeps what was learned of a server, for the next process."""

    def load(self, address: str) -> Mapping[str, Learned]:
        """What is known of the models at ``address``; that of the address itself is under ""."""
        ...

    def save(self, address: str, model: str, learned: Learned) -> None: ...


@dataclass(frozen=True)
class RequestVariant:
    """How one call is made: to which model, in which dialect, without what the server refuses.

    A call keeps its variant while other threads learn more about the server.
    """

    model: str
    dialect: str
    refused: frozenset[str] = frozenset()
    max_output: int = 0

    @property
    def uses_schema(self) -> bool:
        """Whether JSON by a schema is requested in place of a function call."""
        return TOOLS in self.refused

    @property
    def omits_output_limit(self) -> bool:
        if self.dialect == _CHAT:
            return self.refused.issuperset(CHAT_LIMITS)
        return "max_output_tokens" in self.refused

    @property
    def omits_effort(self) -> bool:
        return not self.refused.isdisjoint({"reasoning", "reasoning_effort"})

    def output_tokens(self, requested: int) -> int:
        """The limit on the answer, within the one that the server allows."""
        return min(requested, self.max_output) if self.max_output else requested

    def tool_choice(self, profile: Profile) -> str:
        """How a call is forced: named, required or auto."""
        for form in _choice_order(profile):
            if CHOICES[form] not in self.refused:
                return form
        return "auto"


def _choice_order(profile: Profile) -> tuple[str, ...]:
    # with one function, both mean the same, and far more servers accept `required`
    return ("named", "required") if profile.forces_calls else ("required", "named")


class RequestVariants:
    """The variant that one server accepts for each model. Thread-safe."""

    def __init__(
        self, settings: Settings, profile: Profile, store: VariantStore | None = None
    ) -> None:
        self._settings = settings
        self._profile = profile
        self._store = store
        self._address = without_secrets(settings.openai_base_url)
        self._lock = threading.Lock()
        self._learned: dict[str, Learned] | None = None  # by model; "": of the address

    def current(self, row: Model, model: str) -> RequestVariant:
        """The variant for ``model``, as far as the server is known by now."""
        learned = self._of(model)
        return RequestVariant(
            model, self._dialect(row, learned), learned.refused, learned.max_output
        )

    def adapt(self, failure: Failure, variant: RequestVariant) -> bool:
        """Whether the failed call can be made in another variant, which is used from now on."""
        return self._switch_dialect(failure, variant) or self._omit_refused(failure, variant)

    def learn_prose(self, variant: RequestVariant) -> None:
        """Request JSON by a schema from now on: the model did not make the call it had to."""
        self._learn(variant.model, {PROSE if variant.uses_schema else TOOLS})

    def learn_json(self, variant: RequestVariant) -> None:
        """The model wrote the JSON that was requested, so its prose before was an exception."""
        self._learn(variant.model, (), accepted={PROSE})

    def accept_output_limit(self, model: str) -> bool:
        """Whether the server accepts a limit on the length of the model's answers."""
        refused = self._of(model).refused
        return "max_output_tokens" not in refused and not refused.issuperset(CHAT_LIMITS)

    def warnings(self, variant: RequestVariant) -> list[str]:
        """What the answer to a call states about its variant."""
        warnings = []
        if self._lacks_responses and variant.dialect == _CHAT:
            warnings.append(
                "The provider does not have the Responses API; chat completions were used."
            )
        if variant.uses_schema:
            warnings.append(
                "The model makes no function calls; JSON by the function's schema was requested "
                "instead."
            )
        elif variant.tool_choice(self._profile) == "auto":
            warnings.append(
                "The provider does not accept a forced function call, so the model chose whether "
                "to make one."
            )
        for name in self._omitted(variant):
            warnings.append(f"The provider does not accept `{name}`; it was left out.")
        return warnings

    # --- what a refusal means ---

    def _switch_dialect(self, failure: Failure, variant: RequestVariant) -> bool:
        if self._settings.dialect != "auto":
            return False
        if failure.endpoint_missing and variant.dialect == _RESPONSES:
            self._learn("", {_RESPONSES})
            return True
        if failure.needs_responses and variant.dialect == _CHAT and not self._lacks_responses:
            self._learn(variant.model, {_CHAT})
            return True
        return False

    def _omit_refused(self, failure: Failure, variant: RequestVariant) -> bool:
        limit = failure.output_limit
        if limit and (not variant.max_output or limit < variant.max_output):
            self._learn(variant.model, (), limit)
            return True
        refused = {new for name in failure.refused for new in self._refusals(name, variant)}
        if refused <= variant.refused:
            return False
        self._learn(variant.model, refused)
        return True

    def _refusals(self, name: str, variant: RequestVariant) -> Iterable[str]:
        """What is learned from the refusal of ``name`` by a call in ``variant``."""
        if name == "tool_choice":
            forms = _choice_order(self._profile)
            left = [form for form in forms if CHOICES[form] not in variant.refused]
            return {CHOICES[left[0]]} if left else {TOOLS}
        if name == "forced call":
            return {CHOICES["named"], CHOICES["required"]}
        if name == "response_format":
            return {JSON_OBJECT if JSON_SCHEMA in variant.refused else JSON_SCHEMA}
        return {name}

    def _omitted(self, variant: RequestVariant) -> list[str]:
        """The parameters that are left out, and not sent in another form."""
        omitted = variant.refused - _WITHOUT_WARNING
        if variant.dialect == _CHAT and not variant.omits_output_limit:
            omitted -= frozenset(CHAT_LIMITS)
        return sorted(omitted)

    # --- what is known ---

    @property
    def _lacks_responses(self) -> bool:
        return _RESPONSES in self._of("").refused

    def _dialect(self, row: Model, learned: Learned) -> str:
        if self._settings.dialect != "auto":
            return self._settings.dialect
        if self._lacks_responses or _AZURE_DEPLOYMENT in self._address:
            return _CHAT
        if _CHAT in learned.refused:
            return _RESPONSES
        return row.dialect or self._profile.dialect

    def _of(self, model: str) -> Learned:
        learned = self._loaded().get(model)
        if learned is None or learned.is_old:
            return Learned()
        return learned

    def _loaded(self) -> dict[str, Learned]:
        if self._learned is None:
            with self._lock:
                if self._learned is None:
                    stored = self._store.load(self._address) if self._store else {}
                    self._learned = dict(stored)
        return self._learned

    def _learn(
        self,
        model: str,
        refused: Iterable[str],
        max_output: int = 0,
        accepted: Iterable[str] = (),
    ) -> None:
        known = self._loaded()
        with self._lock:
            learned = self._of(model)
            learned = replace(
                learned,
                refused=(learned.refused | frozenset(refused)).difference(accepted),
                max_output=max_output or learned.max_output,
                at=time.time(),
            )
            known[model] = learned
        if self._store:
            self._store.save(self._address, model, learned)
