# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Statements of a text: yes or no, a choice that it names, and the items of a labelled list."""

from __future__ import annotations

import re
from typing import Any

from connector.providers.local.text.label_matching import (
    WORD,
    FieldQuery,
    are_related,
    concept_weight,
    concepts_of,
    content_concepts,
    normalize,
)
from connector.providers.local.text.label_words import ROLE_CONCEPTS
from connector.providers.local.text.sentences import sentences, word_set
from connector.providers.local.text.typed_values import SourceText

MIN_STATED_SHARE = 0.6  # of the weight of a field's concepts that a clause must have
MAX_SENTENCES = 2_000
OTHER_CHOICES = word_set(
    "other others autre autres andere anderes sonstige sonstiges otro otra none unknown n/a"
)
_NOT = re.compile(
    r"\b(?:not|no|never|nor|without|refused?|declined?|unable|none|neither|nobody|nicht|kein|"
    r"keine|keinen|nie|ohne|pas|jamais|aucun|aucune|sans|refuse|nunca|sin)\b|n['’]t\b",
    re.I,
)
_PLAIN_STATEMENT = re.compile(r"\w\s(?:is|are|was|were|ist|sind|est|sont)\b", re.I)
_IF = re.compile(r"\b(?:if|whether|unless|falls|ob|si)\b|\?", re.I)
_UNSURE = re.compile(
    r"\b(?:if|whether|maybe|perhaps|unless|would|could|might|falls|ob|vielleicht|si)\b|\?", re.I
)
_CLAUSE_END = re.compile(r"[,;]\s|\s(?:but|aber|mais|pero)\s")
_ITEM = re.compile(r"\s{0,12}(?:[-*•‣–+]|\d{1,2}[.)])\s+(\S.{0,160})$")


def find_statement(field: FieldQuery, source: SourceText) -> Any:
    """True, False or a choice that the text states plainly and does not contradict, or None."""
    if field.kind == "choice":
        return _stated_choice(field, source)
    statements = set()
    for sentence in sentences(source.text[source.header_length :], MAX_SENTENCES):
        if _IF.search(sentence.raw):
            continue
        for clause in _CLAUSE_END.split(sentence.raw[:600]):
            if _states(field, clause) and not _UNSURE.search(clause):
                statements.add(not _NOT.search(clause))
    return statements.pop() if len(statements) == 1 else None


def _states(field: FieldQuery, clause: str) -> bool:
    """Whether a clause is about the field.

    It is if it is a short statement with the field's name, or has all concepts of a longer name or
    hint, or most concepts of both.
    """
    words = WORD.findall(normalize(clause))
    concepts = {concept for word in words for concept in content_concepts(word)}
    specific = field.specific
    is_short = _PLAIN_STATEMENT.search(clause) and len(clause.split()) <= 6
    if is_short and specific <= concepts:
        return True
    shared = {own for own in field.all if any(are_related(own, concept) for concept in concepts)}
    hint = field.hint - ROLE_CONCEPTS
    has_name = len(specific) > 1 and specific <= shared
    has_hint = len(hint) > 1 and hint <= shared
    if has_name or has_hint:
        return True
    total = sum(concept_weight(concept) for concept in field.all)
    stated = sum(concept_weight(concept) for concept in shared)
    return len(shared) > 1 and stated >= MIN_STATED_SHARE * total


def list_under_label(field: FieldQuery, source: SourceText) -> list[str] | None:
    """The list items under a line that names the field, or None."""
    lines = source.text.split("\n")
    for number, line in enumerate(lines):
        if _is_list_label(field, line):
            items = _items(lines[number + 1 : number + 60])
            if items:
                return items
    return None


def _is_list_label(field: FieldQuery, line: str) -> bool:
    words = WORD.findall(normalize(line[:80]))
    concepts = {concept for word in words for concept in concepts_of(word)}
    names_field = bool(field.specific) and field.specific <= concepts
    return names_field and len(line) <= 80 and not _ITEM.match(line)


def _items(lines: list[str]) -> list[str]:
    """The list items up to the first other line."""
    items = []
    for line in lines:
        item = _ITEM.match(line)
        if item:
            items.append(item[1].strip())
        elif line.strip():
            break
    return items


def _stated_choice(field: FieldQuery, source: SourceText) -> str | None:
    """The only choice that the text names, in a sentence that neither negates nor doubts it."""
    head = source.text[source.header_length :][:20_000]
    naming: dict[str, list[str]] = {choice: [] for choice in field.choices}
    for sentence in sentences(head, MAX_SENTENCES):
        for choice, named_in in naming.items():
            if _names(choice, sentence.raw):
                named_in.append(sentence.raw)
    named = [
        choice
        for choice, named_in in naming.items()
        if named_in and normalize(choice) not in OTHER_CHOICES
    ]
    if len(named) != 1:
        return None
    is_certain = any(
        not _NOT.search(sentence) and not _UNSURE.search(sentence) for sentence in naming[named[0]]
    )
    return named[0] if is_certain else None


def _names(choice: str, text: str) -> bool:
    word = normalize(choice)
    ending = r"\w{0,3}" if len(word) > 6 else ""  # "défectueuse" for "defectueux"
    stem = word[:-1] if ending else word
    return bool(re.search(rf"(?<!\w){re.escape(stem)}{ending}(?!\w)", normalize(text)))
