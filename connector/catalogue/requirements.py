"""What the form demands of an answer: derived values that should be empty, and what is wrong else.

The engine has an answer that does not meet them repaired once. If it still does not, it is returned
with what is wrong, in those values and as a failed check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.catalogue.fields import ReturnField
from connector.catalogue.protected_text import mask, restore
from connector.json_types import Json

_MAX_NAMED = 8
_SHOWN = 80  # characters of each

# the sentence for each rule, where `{name}` is the value that is wrong and `{faults}` lists how
_SENTENCES = {
    "placeholder_faults": (
        "{name} must have each placeholder, tag, address and number of the text as often as the "
        "text: {faults}"
    ),
    "glossary_misses": "{name} must use the glossary: {faults}",
    "unstated": "{name} states what the form does not, so leave out or correct: {faults}",
    "left_out": "{name} leaves out or changes what must stay: {faults}",
    "negations_changed": "{name} says the opposite of the text: {faults}",
    "missing_terms": "{name} must contain, word for word: {faults}",
    "words_over": "{name} has too many words; leave out at least {faults}",
}
# the rule that also takes the pieces out of its field, before a model reads it
_PROTECTING = "placeholder_faults"
_SHORTEN = "shorten"  # the choice of a form that allows a version to leave things out


def has_requirements(returns: Mapping[str, ReturnField]) -> bool:
    """Whether an answer of these values has one that should be empty."""
    return any(entry.fill and entry.fill[0] in _SENTENCES for entry in returns.values())


def requirement_faults(
    returns: Mapping[str, ReturnField], form: Mapping[str, Any], values: Json
) -> tuple[str, ...]:
    """A sentence for each requirement that the derived ``values`` do not meet, no full stop."""
    faults = []
    for name, entry in returns.items():
        rule, args = entry.fill or ("", ())
        if rule not in _SENTENCES or not values[name] or _is_allowed(rule, args, form):
            continue
        listed = _listed(values[name])
        faults.append(_SENTENCES[rule].format(name=args[0], faults=listed))
    return tuple(faults)


def _is_allowed(rule: str, args: Sequence[str], form: Mapping[str, Any]) -> bool:
    return rule == "left_out" and form.get(args[-1]) == _SHORTEN


def _listed(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    shown = ", ".join(str(one)[:_SHOWN] for one in value[:_MAX_NAMED])
    more = len(value) - _MAX_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


# --- texts with protected pieces ------------------------------------------------------------------


def protected_texts(returns: Mapping[str, ReturnField]) -> dict[str, tuple[str, str]]:
    """By value of the answer: the field that it is a version of, and the one with own words."""
    return {
        entry.fill[1][0]: (entry.fill[1][1], entry.fill[1][2])
        for entry in returns.values()
        if entry.fill and entry.fill[0] == _PROTECTING
    }


def protected_fields(returns: Mapping[str, ReturnField]) -> frozenset[str]:
    """The form fields that are read as they were sent, since their tags are a part of them."""
    return frozenset(field for field, _ in protected_texts(returns).values())


def masked_texts(returns: Mapping[str, ReturnField], form: Mapping[str, Any]) -> Json:
    """The protected fields of ``form`` as a model reads them: with marks for their pieces."""
    return {
        field: mask(form[field], form.get(own) or ())
        for field, own in protected_texts(returns).values()
        if form.get(field)
    }


def restore_texts(
    returns: Mapping[str, ReturnField], form: Mapping[str, Any], values: Json
) -> None:
    """Put the protected pieces of ``form`` in the place of their marks in ``values``."""
    for name, (field, own) in protected_texts(returns).items():
        if isinstance(written := values.get(name), str):
            text = str(form.get(field) or "")
            values[name] = restore(written, text, form.get(own) or ())


def source_fields(returns: Mapping[str, ReturnField]) -> dict[str, str]:
    """By value of the answer that is a version of a form field, so about as long: that field."""
    return {
        entry.fill[1][0]: entry.fill[1][1]
        for entry in returns.values()
        if entry.fill and entry.fill[0] in {_PROTECTING, "left_out"}
    }
