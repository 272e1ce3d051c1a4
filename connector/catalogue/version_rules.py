"""The derived rules that compare a value of the answer with the form, by their names.

Each takes the form, the text of the answer and the names of the rule's form fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connector.catalogue.protected_text import piece_faults
from connector.catalogue.stated_values import unstated_values
from connector.catalogue.text_folding import fold
from connector.catalogue.text_versions import (
    count_words,
    glossary_misses,
    left_out,
    missing_terms,
    negations_changed,
    numbers_kept,
    text_changes,
)

_Form = Mapping[str, Any]


def _unstated(form: _Form, text: str) -> list[str]:
    return unstated_values(fold(text), fold("\n".join(_form_texts(form))))


def _form_texts(form: _Form) -> Iterator[str]:
    """Every text and number in a form, without its files."""
    for value in form.values():
        for entry in value if isinstance(value, list) else [value]:
            yield from map(str, entry.values() if isinstance(entry, Mapping) else [entry])


def _placeholder_faults(form: _Form, text: str, source: str, own: str) -> list[str]:
    return piece_faults(_text(form, source), text, form.get(own) or ())


def _glossary_misses(form: _Form, text: str, source: str, glossary: str) -> list[str]:
    return glossary_misses(_text(form, source), text, form.get(glossary) or ())


def _words_over(form: _Form, text: str, limit: str) -> int:
    allowed = form.get(limit)
    return max(0, count_words(text) - int(allowed)) if allowed else 0


def _text(form: _Form, field: str) -> str:
    return str(form.get(field) or "")


VERSION_RULES: dict[str, Callable[..., Any]] = {
    "unstated": _unstated,
    "placeholder_faults": _placeholder_faults,
    "glossary_misses": _glossary_misses,
    "left_out": lambda form, text, source, _: left_out(_text(form, source), text),
    "missing_terms": lambda form, text, terms: missing_terms(text, form.get(terms) or ()),
    "numbers_kept": lambda form, text, source: numbers_kept(_text(form, source), text),
    "negations_changed": lambda form, text, source: negations_changed(_text(form, source), text),
    "words_over": _words_over,
    "changes": lambda form, text, source: text_changes(_text(form, source), text),
}
