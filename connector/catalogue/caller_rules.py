"""Rules of the caller, such as `if outage -> urgent`, which beat what a model answers.

A line has words, an arrow and an answer: one of the choices of a value. It applies where the text
has one of the words, in any case and with any ending. Of several rules for one value the first
that applies counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.fields import choice_names
from connector.catalogue.mail_text import divide_mail
from connector.catalogue.text_versions import comparable_text, has_term
from connector.catalogue.values import match_choice, quoted, suggestion
from connector.errors import FieldError, InvalidInput
from connector.json_types import Json

RULE = "rules_applied"  # the derived rule: values of the answer, the rules' field, the text's field
_ARROW = re.compile(r"->|=>|→|⇒")
_IF = re.compile(r"\Aif\s", re.IGNORECASE)


@dataclass(frozen=True)
class CallerRule:
    """A rule: ``value`` of the answer is ``choice`` where the text has one of ``terms``."""

    line: str
    terms: tuple[str, ...]
    value: str
    choice: str


def check_rules(action: Action, form: Mapping[str, Any]) -> None:
    """``InvalidInput`` for the first rule of ``form`` that cannot be read."""
    for _, values, rules, _ in _declared(action):
        for line in form.get(rules) or ():
            _read_rule(action, form, values, rules, line)


def apply_rules(action: Action, form: Mapping[str, Any], answer: Json) -> None:
    """Put the choices of the rules that apply into ``answer``, and list what they changed."""
    for name, values, rules, source in _declared(action):
        text = comparable_text(divide_mail(str(form.get(source) or "")).newest)
        applied: dict[str, str] = {}
        for line in form.get(rules) or ():
            rule = _read_rule(action, form, values, rules, line)
            if rule.value not in applied and any(has_term(text, term) for term in rule.terms):
                applied[rule.value] = _applied(rule, answer.get(rule.value))
                answer[rule.value] = rule.choice
        answer[name] = list(applied.values())


def _applied(rule: CallerRule, given: Any) -> str:
    if given == rule.choice:
        return f"{rule.line}: {rule.value} is {rule.choice}"
    return f"{rule.line}: {rule.value} is {rule.choice} instead of {given or 'none'}"


def _declared(action: Action) -> Iterator[tuple[str, Sequence[str], str, str]]:
    """(name, values that rules decide, field of the rules, field of the text)."""
    for name, entry in action.returns.items():
        if entry.fill and entry.fill[0] == RULE:
            *values, rules, source = entry.fill[1]
            yield name, values, rules, source


def _read_rule(
    action: Action, form: Mapping[str, Any], values: Sequence[str], field: str, line: str
) -> CallerRule:
    words, *answers = _ARROW.split(line)
    terms = tuple(filter(None, map(comparable_text, _IF.sub("", words.strip()).split(","))))
    if len(answers) != 1 or not terms or not answers[0].strip():
        raise _invalid(
            action, field, "bad_line", f"has {quoted(line)}; write it as `if outage -> urgent`."
        )
    wanted = answers[0].strip()
    names = {value: choice_names(action.returns[value], form) for value in values}
    for value, choices in names.items():
        if choice := match_choice(wanted, choices):
            return CallerRule(line, terms, value, choice)
    every = [choice for choices in names.values() for choice in choices]
    hint = suggestion(wanted, every) or f" They are {', '.join(every)}."
    raise _invalid(
        action, field, "not_a_choice", f"has a rule for {quoted(wanted)}, which is no choice.{hint}"
    )


def _invalid(action: Action, field: str, code: str, problem: str) -> InvalidInput:
    return InvalidInput([FieldError(field, code, f'"{action.fields[field].label}" {problem}')])
