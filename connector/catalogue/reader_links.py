"""Checking the references inside an action: every name exists, has the right type, and resolves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from connector.catalogue.answer import companion_keys
from connector.catalogue.derived_rules import DERIVED_RULES
from connector.catalogue.fields import Field, ReturnField
from connector.catalogue.template_source import TemplateSource

_MAX_CASES = 1_000


def check_links(
    source: TemplateSource, fields: Mapping[str, Field], returns: Mapping[str, ReturnField]
) -> None:
    """``TemplateError`` for the first reference that does not resolve."""
    checker = _LinkChecker(source, fields, returns)
    checker.check_fields()
    checker.check_returns()
    checker.check_repeated_choices()
    checker.check_record_count()
    checker.check_key_names()
    checker.check_cases()


def possible_values(field: Field) -> tuple[Any, ...]:
    """The values that a boolean or a choice can have; nothing for other types."""
    if field.type == "boolean":
        return (True, False)
    return tuple(choice.value for choice in field.choices if field.type == "choice")


class _LinkChecker:
    def __init__(
        self,
        source: TemplateSource,
        fields: Mapping[str, Field],
        returns: Mapping[str, ReturnField],
    ) -> None:
        self._source = source
        self._fields = fields
        self._returns = returns

    def check_fields(self) -> None:
        for field in self._fields.values():
            path = ("fields", field.name)
            self._check_reference(field.choices_from, "options", *path, "choices_from")
            self._check_reference(field.or_text, "longtext", *path, "or_text")
            self._check_reference(field.pages_from, "text", *path, "pages_from")

    def check_returns(self) -> None:
        for entry in self._returns.values():
            path = ("returns", entry.name)
            self._check_reference(entry.choices_from, "options", *path, "choices_from")
            self._check_reference(entry.shape_from, "shape", *path, "shape_from")
            self._check_reference(entry.fallback_from, "text", *path, "fallback_from")
            self._check_rows_for(entry)
            if entry.fallback_from and not entry.choices_from:
                raise self._source.error(
                    "`fallback_from` goes with `choices_from`.", *path, "fallback_from"
                )
            if entry.type == "record" and not entry.shape_from:
                raise self._source.error(
                    "a record needs `shape_from`, the form's field of type shape.", *path
                )
            if entry.type == "choice" and not (entry.choices or entry.choices_from):
                raise self._source.error("a choice needs `choices` or `choices_from`.", *path)
            if entry.fill:
                self._check_fill(entry, *entry.fill)
            elif entry.when:
                raise self._source.error(
                    "a value with `when` needs `fill` too, for when it is not requested.",
                    *path,
                )

    def _check_reference(self, name: str, kind: str, *path: str) -> None:
        if name and (name not in self._fields or self._fields[name].type != kind):
            raise self._source.error(f"`{name}` is not a field of type {kind}.", *path)

    def _check_rows_for(self, entry: ReturnField) -> None:
        for name in entry.rows_for:
            if name not in self._fields or self._fields[name].type not in {"list", "options"}:
                raise self._source.error(
                    f"`{name}` is not a field of type list or options.",
                    "returns",
                    entry.name,
                    "rows_for",
                )

    def _check_fill(self, entry: ReturnField, rule_name: str, args: tuple[str, ...]) -> None:
        path = ("returns", entry.name, "fill")
        rule = DERIVED_RULES[rule_name]
        if entry.type not in rule.result_types:
            result_types = " or ".join(rule.result_types)
            raise self._source.error(
                f"`fill: {rule_name}` gives {result_types}; this value is {entry.type}.", *path
            )
        for kind, arg, types in zip(rule.args, args, rule.arg_types, strict=True):
            known: Mapping[str, Any] = self._fields if kind == "field" else self._returns
            if arg not in known or arg == entry.name:
                side = "form" if kind == "field" else "answer"
                raise self._source.error(f"`{arg}` is not one of the {side}'s names.", *path)
            if types and known[arg].type not in types:
                raise self._source.error(
                    f"`fill: {rule_name}` works on {' or '.join(types)}; `{arg}` is "
                    f"{known[arg].type}.",
                    *path,
                )
            if rule_name in {"first", "only"} and known[arg].shape_from != entry.shape_from:
                raise self._source.error(f"`{arg}` must have the same `shape_from`.", *path)

    def check_repeated_choices(self) -> None:
        """A second value from the same choices has no enum in the function, so it may be null."""
        listed: set[str] = set()
        for entry in self._returns.values():
            is_repeated = bool(entry.choices_from) and entry.choices_from in listed
            is_plain_choice = entry.type == "choice" and not entry.fill
            if is_repeated and is_plain_choice and not entry.nullable:
                raise self._source.error(
                    "a second value from the same choices must be `nullable: true`.",
                    "returns",
                    entry.name,
                )
            listed.add(entry.choices_from)

    def check_record_count(self) -> None:
        records = [entry.name for entry in self._returns.values() if entry.type == "record"]
        if len(records) > 1:
            raise self._source.error("an answer may have one record.", "returns", records[1])

    def check_key_names(self) -> None:
        taken = set(self._returns)
        for entry in self._returns.values():
            keys = companion_keys(entry)
            if duplicates := taken.intersection(keys):
                raise self._source.error(
                    f"`{min(duplicates)}` is a key added with this value; rename the other one.",
                    "returns",
                    entry.name,
                )
            taken.update(keys)

    # --- every combination of the fields that `when` depends on ---

    def check_cases(self) -> None:
        """For every form, some value is requested from the model and the rest can be derived."""
        for form in self._cases():
            known = {name for name, entry in self._returns.items() if entry.is_requested(form)}
            condition = _condition(form)
            if not known:
                raise self._source.error(
                    f"no value is requested from the model{condition}.", "returns"
                )
            if missing := self._underivable(known):
                raise self._source.error(
                    f"this cannot be derived{condition}: a value that `fill` uses is missing too.",
                    "returns",
                    missing[0].name,
                    "fill",
                )

    def _cases(self) -> Iterator[dict[str, Any]]:
        names = sorted({entry.when[0] for entry in self._returns.values() if entry.when})
        options = []
        for name in names:
            field = self._fields[name]
            is_set = field.required or field.default is not None
            options.append((*possible_values(field), *(() if is_set else (None,))))
        if math.prod(map(len, options)) > _MAX_CASES:
            raise self._source.error("`when` depends on too many fields; use fewer.", "returns")
        for values in product(*options):
            yield dict(zip(names, values, strict=True))

    def _underivable(self, known: set[str]) -> list[ReturnField]:
        """The values that cannot be derived, directly or in steps, from those in ``known``."""
        known = set(known)
        waiting = [entry for name, entry in self._returns.items() if name not in known]
        while ready := [entry for entry in waiting if known.issuperset(_dependencies(entry))]:
            known.update(entry.name for entry in ready)
            waiting = [entry for entry in waiting if entry.name not in known]
        return waiting


def _condition(form: Mapping[str, Any]) -> str:
    """`` when `multiple` is true and ...``, or nothing for a form without conditions."""
    parts = [
        f"`{name}` is {'empty' if value is None else str(value).lower()}"
        for name, value in form.items()
    ]
    return f" when {' and '.join(parts)}" if parts else ""


def _dependencies(entry: ReturnField) -> list[str]:
    """The values of the answer from which this one is derived."""
    rule, args = entry.fill or ("steps", ())
    kinds = DERIVED_RULES[rule].args
    return [arg for kind, arg in zip(kinds, args, strict=True) if kind == "returns"]
