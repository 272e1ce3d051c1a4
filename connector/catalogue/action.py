"""An action: its form, its prompts and its answer. It knows no HTTP and no vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import marshmallow

from connector.catalogue.fields import TYPES, Field, FormSchema, Return, form_schema
from connector.catalogue.options import offered
from connector.catalogue.prompt import Prompt
from connector.errors import FieldError, InvalidInput

Json = dict[str, Any]

# what the answer always carries beside an action's own values; an action may not use these names
ENVELOPE = (
    "ok", "status", "result", "checks", "checks_failed", "id", "action", "engine", "model", "model_requested", "effort", "escalated",
    "version", "previous_run", "warnings", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost_usd", "duration_ms",
)  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A worked case: ``input`` is what a form would send, ``output`` what the model returns, ``calls`` the tools it uses."""

    name: str
    input: Json
    output: Json
    calls: tuple[Json, ...] = ()
    check: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """One prebuilt step. ``fields`` is the form in order; ``returns`` are the values of the answer.

    ``long``: how the answers to the parts of a long document become one, ``merge`` (by the server) or ``ask`` (by one more call).
    """

    id: str
    title: str
    summary: str
    group: str
    effort: str
    fields: Mapping[str, Field]
    returns: Mapping[str, Return]
    instructions: Prompt
    message: Prompt
    examples: tuple[Example, ...]
    local: str | None = None
    long: str = ""
    tools: tuple[str, ...] = ()
    max_steps: int = 0

    @cached_property
    def form(self) -> Mapping[str, Field]:
        """The action's own fields, then the options of its runs."""
        return {**self.fields, **self.options}

    @cached_property
    def options(self) -> Mapping[str, Field]:
        """The options that a run of this action can have."""
        return offered(self.returns)

    @cached_property
    def file_fields(self) -> tuple[str, ...]:
        """The boxes that take a file."""
        return tuple(name for name, entry in self.fields.items() if TYPES[entry.type].of_files)

    @cached_property
    def _schema(self) -> FormSchema:
        return form_schema(self.form)

    def read_form(self, values: Mapping[str, Any]) -> Json:
        """Clean values for ``values`` as a form sent them; ``InvalidInput`` names every field that is not right."""
        return read_values(self._schema, values)

    def asked(self, form: Mapping[str, Any]) -> dict[str, Return]:
        """The values the model is to give for this form."""
        return {name: entry for name, entry in self.returns.items() if entry.is_asked(form)}


def read_values(schema: FormSchema, values: Mapping[str, Any]) -> Json:
    """Clean values for ``values`` as a form of ``schema`` sent them; ``InvalidInput`` names every field that is not right."""
    if not isinstance(values, Mapping):
        raise InvalidInput([FieldError("", "wrong_type", "The form must be an object of fields and their values.")])
    try:
        found: Json = schema.load(values, partial=schema.optional)
    except marshmallow.ValidationError as error:
        raise InvalidInput(_field_errors(error.messages)) from None
    return found


def _field_errors(messages: Any) -> list[FieldError]:
    """marshmallow's messages as our own; each of ours is a dict with code and message, alone or in a list."""
    found = []
    for name, entries in messages.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            found.append(FieldError(str(name), entry["code"], entry["message"]))
    # a mistyped name first: it is why another field is empty
    return sorted(found, key=lambda error: error.code != "unknown_field")
