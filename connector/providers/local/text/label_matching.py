# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Matching of labels and field names: words of several languages are mapped to shared concepts.

"Rechnungs-Nr.", "invoice no." and the field ``invoice_number`` are all {invoice, number}; their
similarity is the share of common concepts. Rare concepts weigh more than those that the type of the
field implies, such as "date".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from connector.providers.local.text.label_words import (
    CONCEPT_WORDS,
    DOCUMENT_CONCEPTS,
    OPPOSITES,
    OTHER_TOTALS,
    PHRASES,
    ROLE_CONCEPTS,
    STOP_WORDS,
    TAX_NUMBERS,
    WEAK_CONCEPTS,
)

_PLAIN = str.maketrans("øł", "ol")
_UMLAUT = re.compile(r"([aou])e(?=[^aeiou])")  # "buero" is "büro"
_EXCLUSION = re.compile(
    r"[,;(]?\s?\b(?:not|nicht|pas|except|excluding|rather than)\b(?! registered)[^,;.]{0,80}", re.I
)
WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)?|#|n°")
_TOKEN = re.compile(r"#|n°|nº|[^\W_]+(?:-[^\W_]+)?|[^\W_]+")


@cache
def _words() -> Mapping[str, str]:
    table: dict[str, str] = {}
    for concept, words in CONCEPT_WORDS.items():
        for word in words.split():
            table.setdefault(word, concept)
    return table


def normalize(text: str) -> str:
    """Lower case without accents; the length stays the same but for a few rare letters."""
    decomposed = unicodedata.normalize("NFD", text.casefold().translate(_PLAIN))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """A word without the most common endings, so that "boxes" and "box" are equal."""
    for ending in ("ies", "es", "s", "en", "e", "n"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


@lru_cache(maxsize=4096)
def concepts_of(word: str) -> frozenset[str]:
    """The concepts of a normalized word; a German compound may have two.

    An unknown word is a concept of its own: "=" and its stem.
    """
    if word in TAX_NUMBERS:
        return frozenset({"tax", "number"})
    table = _words()
    for form in (word, word.rstrip("s"), stem(word)):
        if form in table:
            return frozenset({table[form]})
    if "-" in word:
        parts = [part for part in word.split("-") if part]
        return frozenset().union(*(concepts_of(part) for part in parts)) if parts else frozenset()
    for cut in range(4, len(word) - 1):
        head, tail = word[:cut], word[cut:]
        if tail in table and (head in table or head.rstrip("s") in table or stem(head) in table):
            head_concept = table.get(head) or table.get(head.rstrip("s")) or table[stem(head)]
            return frozenset({head_concept, table[tail]})
    if len(word) < 2:
        return frozenset()
    return frozenset({"=" + stem(_UMLAUT.sub(r"\1", word))})


def content_concepts(word: str) -> frozenset[str]:
    """The concepts of a normalized word; none for a stop word."""
    return frozenset() if word in STOP_WORDS else concepts_of(word)


def tokens(text: str) -> list[str]:
    """The normalized words of a short text, of up to a few hundred characters."""
    return _TOKEN.findall(normalize(text.replace("_", " ")))


def concepts(text: str) -> frozenset[str]:
    """The concepts of a label or a short phrase."""
    rest = text.casefold().replace("_", " ")
    result = set()
    for pattern, concept in PHRASES:
        rest, count = pattern.subn(" ", rest)
        if count:
            result.add(concept)
    for word in tokens(rest):
        if word not in STOP_WORDS:
            result |= concepts_of(word)
    return frozenset(result)


@dataclass(frozen=True)
class FieldQuery:
    """A field to fill: its key, type and choices, and the concepts of its name and hint."""

    key: str
    kind: str
    name: frozenset[str]
    hint: frozenset[str]
    title: str = ""
    text: str = ""
    choices: tuple[str, ...] = ()
    amount_field: str = ""
    columns: tuple[FieldQuery, ...] = ()  # the fields of each row, for a field of rows

    @property
    def all(self) -> frozenset[str]:
        return self.name | self.hint

    @property
    def specific(self) -> frozenset[str]:
        """The concepts of the name that say more than the type does; all of them if none does."""
        return frozenset(filter(is_specific, self.name)) or self.name

    def amount_key(self, fields: Iterable[FieldQuery]) -> str:
        """The key of the money field that a currency field belongs to."""
        return next(
            (
                field.key
                for field in fields
                if field.kind == "money" and self.amount_field in {field.key, field.title}
            ),
            self.amount_field,
        )


def field_query(field: Mapping[str, Any]) -> FieldQuery:
    """The query for one entry of the form's ``fields``."""
    name = str(field.get("name") or field.get("key") or "")
    hint = str(field.get("hint") or "")
    choices = tuple(str(choice) for choice in field.get("choices") or ())
    return FieldQuery(
        key=str(field.get("key") or name),
        kind=str(field.get("type") or "text"),
        name=concepts(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)),
        hint=concepts(_EXCLUSION.sub(" ", hint[:400])),
        title=name,
        text=f"{name.replace('_', ' ')}: {hint}" if hint else name.replace("_", " "),
        choices=choices,
        amount_field=str(field.get("of") or ""),
        columns=tuple(map(field_query, field.get("fields") or ())),
    )


def concept_weight(concept: str) -> float:
    """0.4 for concepts that a type implies, 0.5 for kinds of documents, 1 for all others."""
    if concept in WEAK_CONCEPTS:
        return 0.4
    return 0.5 if concept in DOCUMENT_CONCEPTS else 1.0


def is_specific(concept: str) -> bool:
    """Whether a concept says more than the type of a field does."""
    return concept_weight(concept) >= 0.5


def label_similarity(field: FieldQuery, label: Iterable[str]) -> float:
    """How well the concepts of a label match a field, 0..1: the better of its name and hint."""
    label_concepts = _aligned(field, frozenset(label))
    if not label_concepts or contradicts(field, label_concepts):
        return 0.0
    if is_other_total(field, label_concepts) or _is_heading(field, label_concepts):
        return 0.0
    if (
        label_concepts == {"name"}
        and field.kind == "text"
        and "name" in field.all
        and field.all & ROLE_CONCEPTS
    ):
        return 0.6
    shared = sum(
        concept_weight(concept) * (1.0 if concept in field.name else 0.7)
        for concept in label_concepts & field.all
    )
    label_weight = sum(concept_weight(concept) for concept in label_concepts)
    by_name = shared / max(label_weight + _missing(field.name - label_concepts), 1e-9)
    if not any(map(is_specific, label_concepts & field.hint)):
        return by_name
    common = sum(concept_weight(concept) for concept in label_concepts & field.all)
    by_hint = 0.85 * common / max(label_weight + _missing(field.hint - label_concepts), 1e-9)
    return max(by_name, by_hint)


def is_other_total(field: FieldQuery, label_concepts: frozenset[str]) -> bool:
    """Whether a label is of another total than the field: of quantities, before tax, of points."""
    is_total = field.kind in {"money", "number"} and "total" in field.all
    return is_total and bool((label_concepts & OTHER_TOTALS) - field.all)


def _is_heading(field: FieldQuery, label_concepts: frozenset[str]) -> bool:
    """Whether a label names only a document or a number, and the field is neither: "Invoice"."""
    is_amount = field.kind == "money" and "number" in label_concepts
    names_document = len(label_concepts) == 1 and label_concepts <= DOCUMENT_CONCEPTS
    is_of_document = bool(field.name & (label_concepts | {"number", "date"}))
    return (is_amount and "number" not in field.all) or (names_document and not is_of_document)


def _missing(absent: frozenset[str]) -> float:
    """The weight of the concepts that a label lacks."""
    return sum(
        concept_weight(concept) * (1.1 if concept_weight(concept) == 1.0 else 0.7)
        for concept in absent
    )


def _aligned(field: FieldQuery, label_concepts: frozenset[str]) -> frozenset[str]:
    """The label's concepts in the terms of the field.

    Related words become the field's ("dietary" for "diet"), "mobile" counts as a phone, and the
    day on which an invoice was issued as its date.
    """
    if field.kind == "phone" and "mobile" not in field.all and "mobile" in label_concepts:
        label_concepts = (label_concepts - {"mobile"}) | {"phone"}
    if "net" in label_concepts & field.all and "total" in field.all:
        label_concepts = (label_concepts - {"amount"}) | {"total"}  # "Nettobetrag"
    if field.kind == "date" and "invoice" in field.name and "issue" not in field.all:
        label_concepts = frozenset("invoice" if one == "issue" else one for one in label_concepts)
    return frozenset(
        next((own for own in field.all if are_related(own, concept)), concept)
        for concept in label_concepts
    )


def are_related(first: str, second: str) -> bool:
    """Whether two concepts are equal, or unknown words of which one is the other plus an ending."""
    if first == second:
        return True
    if first[:1] != "=" or second[:1] != "=":
        return False
    short, long = sorted((first, second), key=len)
    return len(short) > 4 and len(long) - len(short) <= 4 and long.startswith(short)


def contradicts(field: FieldQuery, concepts: frozenset[str]) -> bool:
    """Whether concepts are the opposite of the field's: net for gross, due for issued."""
    for first, second in OPPOSITES:
        for own, opposite in ((first, second), (second, first)):
            in_field = own in field.all and opposite not in field.all
            in_label = opposite in concepts and own not in concepts
            if in_field and in_label:
                return True
    return False
