"""Values in running text: typed candidates, scored by the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connector.providers.local.text import rows
from connector.providers.local.text.entities import (
    is_document,
    mail_header,
    party_side,
    writer_side,
)
from connector.providers.local.text.label_matching import (
    WORD,
    FieldQuery,
    are_related,
    concept_weight,
    concepts,
    concepts_of,
    content_concepts,
    contradicts,
    is_other_total,
    is_specific,
    normalize,
)
from connector.providers.local.text.label_words import DOCUMENT_CONCEPTS, PHRASES, STOP_WORDS
from connector.providers.local.text.money import NUMBER_WORDS, ValueSpan
from connector.providers.local.text.sentences import word_set
from connector.providers.local.text.typed_values import SourceText

# characters around a candidate that may name it
BEFORE = 70
AFTER = 60
MIN_SCORE = 0.6  # about the share of the field's specific concepts that must be nearby
MIN_LEAD = 0.2  # over the next candidate with another value
CONTACT_KINDS = frozenset({"email", "phone", "url"})
UNIT_CONCEPTS = word_set("days hours people quantity =week =month =year")
MAX_CANDIDATES = 400
_LONGEST_LABEL = 40  # characters
_OF_US = re.compile(r"\sof us\b")
_PARTY = re.compile(r"(?:party|group|table) (?:of|for)\s$")
_HEDGE = re.compile(
    r"\b(?:about|roughly|around|approx|would|could|up to|etwa|circa|environ|maybe|rather than)\b",
    re.I,
)
_NAMED_AS = re.compile(r"\b(?:of|is|was|are|were|to|at|von|ist|de|est)\s$|[:=]\s?$")
_FAX = re.compile(r"\bfax\b", re.I)
_LABELLED = re.compile(r"[:=]\s|\s{3}|\t")
_SEPARATOR = re.compile(r"[,;:]|(?:^|\s)(?:and|und|et|y|or)\s|\s{3}|\n")
_BREAK = re.compile(r"[.!?](?=\s)|\n\s*\n|;\s")


def best_candidate(field: FieldQuery, source: SourceText) -> Any:
    """The candidate whose surroundings name the field, if no other comes close, else None."""
    spans = [span for span in candidates(field, source) if span.start >= source.header_length]
    if field.kind in {"number", "integer"}:
        listed_count = rows.counted_quantity(field, source)
        if listed_count is not None:
            return listed_count
    scored = [
        (score_candidate(field, index, spans, source.text), -span.start, span.value)
        for index, span in enumerate(spans)
    ]
    scored.sort(reverse=True)
    if not scored or scored[0][0] < MIN_SCORE:
        return _only_candidate(field, spans, source)
    best_score, _, value = scored[0]
    rival = next((row[0] for row in scored[1:] if row[2] != value), 0.0)
    return value if best_score - rival >= MIN_LEAD else None


def candidates(field: FieldQuery, source: SourceText) -> list[ValueSpan]:
    """The first values of the field's type; numbers, also in words, only if they count."""
    is_number = field.kind in {"number", "integer"}
    spans = list(_counts(field, source)) if is_number else source.find(field.kind)
    return spans[:MAX_CANDIDATES]


def score_candidate(field: FieldQuery, index: int, spans: list[ValueSpan], text: str) -> float:
    """How well the surroundings name the field: 0..1 for its concepts, more with a matching unit.

    Nearer concepts count more; those of the name or of the hint, whichever is better.
    """
    span = spans[index]
    following = spans[index + 1] if index + 1 < len(spans) else None
    nearby: dict[str, float] = {}
    for concept, distance in concepts_nearby(text, span, following, field.kind in CONTACT_KINDS):
        nearby[concept] = max(nearby.get(concept, 0.0), 1.0 / (1 + distance / 60))
    nearby = {
        next((own for own in field.all if are_related(own, concept)), concept): value
        for concept, value in nearby.items()
    }
    if is_other_total(field, _label_before(span, text)):
        return 0.0
    if contradicts(field, frozenset(nearby)) or ("old" in nearby and "old" not in field.all):
        return 0.0
    hinted = frozenset(filter(is_specific, field.hint))
    by_name = _weighted_share(field.specific, nearby)
    by_hint = (0.9 if len(hinted) > 1 else 0.75) * _weighted_share(hinted, nearby)
    extra = 0.3 * _weighted_share(field.hint - field.specific, nearby)
    certainty = 0.7 if _HEDGE.search(text[max(0, span.start - 30) : span.start]) else 1.0
    score = max(by_name, by_hint) + extra * (by_name > 0) + _unit_bonus(field, span, text)
    return certainty * score


def _label_before(span: ValueSpan, text: str) -> frozenset[str]:
    """The concepts of the words before a candidate in its line, if they are few."""
    start = text.rfind("\n", 0, span.start) + 1
    label = text[start : span.start] if span.start - start <= _LONGEST_LABEL else ""
    return concepts(label)


def _weighted_share(required: frozenset[str], nearby: Mapping[str, float]) -> float:
    total = sum(concept_weight(concept) for concept in required)
    if not total:
        return 0.0
    present = sum(concept_weight(concept) * nearby.get(concept, 0.0) for concept in required)
    return present / total


def _unit_bonus(field: FieldQuery, span: ValueSpan, text: str) -> float:
    """The bonus of a unit that the field names, such as "64 an hour" for an hourly rate."""
    unit = re.match(
        r"\s?(?:an?|per|/|each|pro|par|la|le|the)\s?([^\W\d_]{2,20})",
        text[span.end : span.end + 30],
    )
    if "people" in field.all and _is_party(span, text):
        return 1.0
    return 0.5 if unit and concepts_of(normalize(unit[1])) & field.all else 0.0


def _only_candidate(field: FieldQuery, spans: list[ValueSpan], source: SourceText) -> Any:
    """The only value of its type in the text, for a field that asks for nothing more specific."""
    values = {
        span.value
        for span in spans
        if not _FAX.search(source.text[max(0, span.start - 12) : span.start])
    }
    special = set(filter(is_specific, field.specific))
    if field.kind in {"date", "datetime"}:
        special -= DOCUMENT_CONCEPTS if is_document(source) else DOCUMENT_CONCEPTS - {"invoice"}
    if field.kind in CONTACT_KINDS:
        side = party_side(special or filter(is_specific, field.hint))
        if side and side == writer_side(source):
            special = set()
            sender = mail_header(source.text).sender[1]
            if field.kind == "email" and sender and not values:
                values = {sender}
    may_be_only = field.kind in {*CONTACT_KINDS, "date", "datetime", "time", "money"}
    return values.pop() if len(values) == 1 and not special and may_be_only else None


def concepts_nearby(
    text: str, span: ValueSpan, following: ValueSpan | None, include_previous: bool
) -> Iterator[tuple[str, int]]:
    """(concept, distance in characters) for the words near a candidate.

    ``include_previous``: words of the sentence before count too, with a greater distance.
    """
    before = text[max(0, span.start - BEFORE) : span.start]
    after = text[span.end : span.end + AFTER]
    line = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    if _LABELLED.search(line):  # other lines are about something else
        before = line[-BEFORE:]
        after = after.split("\n")[0]
    yield from _concepts_before(before, include_previous)
    yield from _concepts_after(_until_next(after, span, following))


def _concepts_before(before: str, include_previous: bool) -> Iterator[tuple[str, int]]:
    stops = list(_BREAK.finditer(before))
    sentence_start = stops[-1].end() if stops else 0
    start = 0 if include_previous else sentence_start
    for match in WORD.finditer(normalize(before)):
        if match.start() >= start:
            distance = len(before) - match.end()
            if match.start() < sentence_start:
                distance += 20
            for concept in content_concepts(match.group()):
                yield concept, distance
    for pattern, concept in PHRASES:
        for match in pattern.finditer(before.casefold()):
            if match.start() >= start:
                yield concept, len(before) - match.end()


def _until_next(after: str, span: ValueSpan, following: ValueSpan | None) -> str:
    """The part of ``after`` that belongs to the candidate and not to the next one."""
    end = _BREAK.search(after)
    if end:
        after = after[: end.start()]
    if not following or following.start - span.end >= AFTER:
        return after
    comma = _SEPARATOR.search(after)
    return after[: comma.start()] if comma else after[: following.start - span.end]


def _concepts_after(after: str) -> Iterator[tuple[str, int]]:
    for match in WORD.finditer(normalize(after)):
        for concept in content_concepts(match.group()):
            yield concept, match.start() + 15


def _counts(field: FieldQuery, source: SourceText) -> Iterator[ValueSpan]:
    """Numbers that count what the field names: "38 breakfast boxes", "eleven people"."""
    text = source.text
    spans = source.find(field.kind)
    for match in re.finditer(r"\b[^\W\d_]{2,12}\b", text[:60_000]):
        number = NUMBER_WORDS.get(match.group().lower())
        if number and number > 1:
            spans.append(ValueSpan(match.start(), match.end(), number))
    nouns = field.name | (field.hint & UNIT_CONCEPTS)
    for span in sorted(spans, key=lambda span: span.start):
        before = text[max(0, span.start - 12) : span.start]
        after = text[span.end : span.end + 40]
        if re.match(r"\s?[%€£$]|[.,:/-]?\d", after) or re.search(r"[€£$(]\s?$", before):
            continue
        counted = frozenset[str]().union(*(concepts_of(noun) for noun in _nouns(after)))
        named = _concepts_of_last_words(text, span) if _NAMED_AS.search(before) else frozenset()
        if (
            _any_related(counted, nouns)
            or _any_related(named, field.specific)
            or ("people" in field.all and _is_party(span, text))
        ):
            yield span


def _any_related(concepts: frozenset[str], targets: frozenset[str]) -> bool:
    return any(are_related(target, concept) for concept in concepts for target in targets)


def _is_party(span: ValueSpan, text: str) -> bool:
    """Whether a number counts people without a noun: "14 of us", "a table for six"."""
    return bool(
        _OF_US.match(text, span.end) or _PARTY.search(text[max(0, span.start - 14) : span.start])
    )


def _nouns(after: str) -> list[str]:
    """At most three words after a number that it may count; they end at a stop or a stop word."""
    end = re.search(r"[.,;:!?\n(]", after)
    nouns = WORD.findall(normalize(after[: end.start()] if end else after))[:3]
    count = next((index for index, word in enumerate(nouns) if word in STOP_WORDS), len(nouns))
    return nouns[:count]


def _concepts_of_last_words(text: str, span: ValueSpan) -> frozenset[str]:
    last_words = WORD.findall(normalize(text[max(0, span.start - 40) : span.start]))[-2:]
    return frozenset().union(*(concepts_of(word) for word in last_words))
