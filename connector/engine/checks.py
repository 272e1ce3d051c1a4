"""Checks of an answer by the server alone: against its source and against the executed tool calls.

Each check states what it looked for and whether it holds; one that does not hold is also a warning.
A check that does not apply to an answer is not listed. No check changes the answer: a person
decides what to do about a number that is in no source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from connector.catalogue import Action
from connector.catalogue.derived import ToolStep
from connector.catalogue.files import Files
from connector.catalogue.requirements import (
    has_requirements,
    protected_fields,
    requirement_faults,
)
from connector.catalogue.stated_values import (
    unstated_addresses,
    unstated_names,
    unstated_numbers,
)
from connector.catalogue.text_folding import fold
from connector.json_types import Json

_EVIDENCE_RULES = {"evidence", "located"}
_MAX_NAMED = 8
_ROW_NUMBER = re.compile(r"\[\d+\]")
# what an answer may state about tools, and the tools of which one must have been used
_TOOL_CLAIMS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), frozenset(tools.split()))
    for pattern, tools in (
        (
            r"\b(?:the|my|a) calculator\b|\bI (?:have )?(?:calculated|computed)\b",
            "calculate dates python",
        ),
        (
            r"\b(?:ran|executed|running|executing) (?:the |a |some |this )?"
            r"(?:python|code|script)\b",
            "python",
        ),
        (
            r"\b(?:searched|searching|looked up|browsed|checked) (?:on )?(?:the )?"
            r"(?:web|internet|online)\b",
            "web_search fetch_page",
        ),
        (
            r"\b(?:web|google|internet) search (?:shows|showed|says|found|returned)\b",
            "web_search",
        ),
        (
            r"\bI (?:have )?(?:opened|visited|fetched) (?:the |this |that )?"
            r"(?:page|site|website|url|link)\b",
            "fetch_page",
        ),
    )
)


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it holds, and a sentence on what was checked or is wrong."""

    check: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class CheckContext:
    """An answer, and what it is checked against: the form and the executed tool calls.

    ``warnings`` are what the engine itself says of the answer, which a reason may repeat.
    """

    action: Action
    form: Mapping[str, Any]
    values: Json
    steps: Sequence[ToolStep]
    warnings: Sequence[str] = ()

    @cached_property
    def answer_text(self) -> str:
        """The answer's own sentences, folded; quotations are checked separately."""
        quoted = {
            name
            for field in self.action.returns.values()
            if field.fill and field.fill[0] in _EVIDENCE_RULES
            for name in field.fill[1]
        }
        values = [
            self.values[field.name]
            for field in self.action.requested(self.form).values()
            if field.is_free_text and field.name not in quoted
        ]
        return fold("\n".join(filter(None, _texts(values))))

    @property
    def is_text(self) -> bool:
        """Whether every page of the form's files has text."""
        return all(
            page.text.strip()
            for value in self.form.values()
            if isinstance(value, Files)
            for page in value.pages
        )

    @cached_property
    def source(self) -> str:
        """The text of the form, of all tool calls and their results, and of warnings, folded."""
        texts = [*_texts(list(self.form.values())), *self.warnings]
        for step in self.steps:
            texts += [step.input, step.output]
        return fold("\n".join(texts))


def check_answer(
    action: Action,
    form: Mapping[str, Any],
    values: Json,
    steps: Sequence[ToolStep],
    warnings: Sequence[str] = (),
) -> tuple[Check, ...]:
    """The result of every check that applies to this answer."""
    if action.computed:
        return ()  # no model worded it
    context = CheckContext(action, form, values, steps, warnings)
    # the text in an image cannot be searched, so only quotations and tools are checked there
    checks = CHECKS if context.is_text else (_check_quotes, _check_tools)
    results = (check(context) for check in checks)
    return tuple(result for result in results if result)


def check_agreement(shares: Mapping[str, float]) -> tuple[Check, ...]:
    """Whether repeated calls agree, by the share of calls that gave each value."""
    if not shares:
        return ()
    split = [f"{name} ({share:.0%})" for name, share in shares.items() if share < 1]
    if not split:
        return (Check("agreement", True, "All calls gave the same."),)
    detail = f"The calls did not all give the same: {', '.join(split[:_MAX_NAMED])}."
    return (Check("agreement", False, detail),)


def check_warnings(checks: Iterable[Check]) -> list[str]:
    """A sentence for each check that does not hold."""
    return [check.detail for check in checks if not check.ok]


def _texts(value: Any) -> Iterator[str]:
    """Every text inside ``value``, with numbers as text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Files):
        yield from (page.text for page in value.pages)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _result(name: str, missing: Sequence[str], kind: str) -> Check:
    if not missing:
        return Check(name, True, f"All {kind} of the answer are in its source.")
    shown = ", ".join(text[:60] for text in missing[:_MAX_NAMED])
    more = f" and {len(missing) - _MAX_NAMED} more" if len(missing) > _MAX_NAMED else ""
    return Check(name, False, f"Not found in the source of the answer ({kind}): {shown}{more}.")


# --- numbers, names, addresses --------------------------------------------------------------------


def _check_numbers(context: CheckContext) -> Check | None:
    missing = unstated_numbers(context.answer_text, context.source)
    return None if missing is None else _result("numbers", missing, "numbers")


def _check_names(context: CheckContext) -> Check | None:
    if context.form.get("language") or protected_fields(context.action.returns):
        return None  # in another language, places and nouns have other names
    missing = unstated_names(context.answer_text, context.source)
    return None if missing is None else _result("names", missing, "names")


def _check_addresses(context: CheckContext) -> Check | None:
    missing = unstated_addresses(context.answer_text, context.source)
    return None if missing is None else _result("addresses", missing, "e-mail and web addresses")


def _check_requirements(context: CheckContext) -> Check | None:
    """Whether the answer keeps what the form says it must keep, after its one repair."""
    if not has_requirements(context.action.returns):
        return None
    faults = requirement_faults(context.action.returns, context.form, context.values)
    detail = "; ".join(faults) if faults else "The answer keeps all that it must."
    return Check("requirements", not faults, detail)


# --- tools, quotations ----------------------------------------------------------------------------


def _check_tools(context: CheckContext) -> Check | None:
    """Whether the tools that the answer claims to have used were executed."""
    used = {step.tool for step in context.steps if step.ok}
    claims = [
        (match[0], tools)
        for pattern, tools in _TOOL_CLAIMS
        if (match := pattern.search(context.answer_text))
    ]
    if not claims:
        return None
    for claim, tools in claims:
        if not tools & used:
            detail = f'The answer says "{claim[:60]}", but no such tool was used.'
            return Check("tools_claimed", False, detail)
    return Check("tools_claimed", True, "The tools that the answer mentions were used.")


def _check_quotes(context: CheckContext) -> Check | None:
    """Values and quotations must be in the source, except a boolean or a choice."""
    not_quoted = set(_names_of_type(_shape_fields(context), {"boolean", "choice"}))
    evidence = [
        entry
        for name, field in context.action.returns.items()
        if field.fill and field.fill[0] in _EVIDENCE_RULES
        for entry in context.values[name]
        if _ROW_NUMBER.sub("[]", entry["field"]) not in not_quoted
    ]
    if not evidence:
        return None
    missing = [entry["quote"] or entry["field"] for entry in evidence if not entry["verified"]]
    return _result("quotes", list(dict.fromkeys(missing)), "values and quotations")


def _shape_fields(context: CheckContext) -> list[Json]:
    return [
        shape_field
        for field in context.action.returns.values()
        if field.has_shape
        for shape_field in field.shape_fields(context.form)
    ]


def _names_of_type(fields: Iterable[Json], types: set[str], path: str = "") -> Iterator[str]:
    """The names of the fields of these types, those of rows as `items[].paid`."""
    for field in fields:
        if field["type"] in types:
            yield path + field["name"]
        yield from _names_of_type(field["fields"], types, f"{field['name']}[].")


CHECKS: tuple[Callable[[CheckContext], Check | None], ...] = (
    _check_quotes,
    _check_numbers,
    _check_names,
    _check_addresses,
    _check_requirements,
    _check_tools,
)
