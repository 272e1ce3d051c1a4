"""An action: its form, its prompts and its answer. Independent of HTTP and of any vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from connector.catalogue.fields import TYPES, Field, ReturnField
from connector.catalogue.form_schema import FormSchema, form_schema, read_values
from connector.catalogue.options import options_for
from connector.catalogue.prompt import Prompt
from connector.catalogue.template_format import LOCAL_METHODS
from connector.json_types import Json

# the keys that every answer has besides the action's own values
_ENVELOPE_KEYS = """
ok status result checks checks_failed id action engine provider model model_requested effort
escalated version previous_run warnings input_tokens cached_tokens output_tokens reasoning_tokens
cost_usd duration_ms read_text
"""
ENVELOPE = tuple(_ENVELOPE_KEYS.split())
# those of a run that has no answer, and of the error of one; tools branch on them
_OTHER_KEYS = """
code detail title type errors retryable retry_after status_url review_url result_url created_at
started_at finished_at feedback calls_to_approve
"""
# those of a message about a batch, which has one shape with that about a run
_MESSAGE_KEYS = "event total done failed approvals approvals_text"
# the names that an action's own values may not have
RESERVED_NAMES = frozenset((*ENVELOPE, *_OTHER_KEYS.split(), *_MESSAGE_KEYS.split()))
_MAX_KEPT = 100  # sets of requested values
ENVELOPE_HEAD = 3  # of these, the keys before the action's own


@dataclass(frozen=True)
class Example:
    """A worked example: ``input`` as a form sends it, ``output`` as the model returns it.

    ``calls`` are the tool calls made on the way, ``check`` the values that any good model should
    return too.
    """

    name: str
    input: Json
    output: Json
    calls: tuple[Json, ...] = ()
    check: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """One action. ``fields`` are the form fields in order; ``returns`` the values of the answer.

    ``long``: how the answers to the parts of a long document are combined, ``merge`` (by the
    server) or ``ask`` (by one more model call). ``computed``: the method ``local`` always answers,
    whichever engine is set, so that nothing is sent to a model.
    """

    id: str
    title: str
    summary: str
    group: str
    effort: str
    fields: Mapping[str, Field]
    returns: Mapping[str, ReturnField]
    instructions: Prompt
    message: Prompt
    examples: tuple[Example, ...]
    local: str | None = None
    computed: bool = False
    long: str = ""
    tools: tuple[str, ...] = ()
    max_steps: int = 0

    @property
    def local_coverage(self) -> str:
        """How much of it the embedded engine answers: ``full``, ``part`` or ``no``."""
        return LOCAL_METHODS[self.local] if self.local else "no"

    @cached_property
    def form(self) -> Mapping[str, Field]:
        """The action's own fields, then its run options."""
        return {**self.fields, **self.options}

    @cached_property
    def options(self) -> Mapping[str, Field]:
        """The run options of this action."""
        return options_for(self.returns, self.fields, computed=self.computed)

    @cached_property
    def file_fields(self) -> tuple[str, ...]:
        """The names of the form fields that take a file."""
        return tuple(name for name, entry in self.fields.items() if TYPES[entry.type].is_file)

    @cached_property
    def _schema(self) -> FormSchema:
        return form_schema(self.form)

    def read_form(self, values: Mapping[str, Any]) -> Json:
        """``values`` as sent by a form, validated; ``InvalidInput`` lists every invalid field."""
        return read_values(self._schema, values)

    def requested(self, form: Mapping[str, Any]) -> Mapping[str, ReturnField]:
        """The values to request from the model, given this form."""
        deciding = repr([form.get(name) for name in self._deciding_fields])
        found = self._requested.get(deciding)
        if found is None:
            found = {name: one for name, one in self.returns.items() if one.is_requested(form)}
            if len(self._requested) < _MAX_KEPT:
                self._requested[deciding] = found
        return found

    @cached_property
    def _deciding_fields(self) -> tuple[str, ...]:
        """The form fields that decide which values are requested."""
        return tuple({entry.when[0]: None for entry in self.returns.values() if entry.when})

    @cached_property
    def _requested(self) -> dict[str, Mapping[str, ReturnField]]:
        """What was requested so far, by the values of the deciding fields."""
        return {}
