# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Values in running text: typed candidates weighed by the words around them, and statements read as yes or no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from . import people, rows
from .amounts import WORDS, Span
from .labels import DOCUMENT, PHRASES, ROLES, STOP, Wanted, akin, concepts_of, contradicts, plain, weight
from .sentences import sentences, word_set
from .typed import Source

BEFORE, AFTER = 70, 60  # characters around a candidate that may name it
FOUND = 0.6  # share of the field's telling words that must stand around a candidate
LEAD = 0.2  # over the next candidate with another value
STATED = 0.6  # share of a yes-or-no field's words that one sentence must hold
CONTACTS = frozenset({"email", "phone", "url"})
UNITS = word_set("days hours people quantity =week =month =year")
MOST = 400
OTHER = word_set("other others autre autres andere anderes sonstige sonstiges otro otra none unknown n/a")
_OF_US = re.compile(r"\sof us\b")
_PARTY = re.compile(r"(?:party|group|table) (?:of|for)\s$")
_HEDGE = re.compile(r"\b(?:about|roughly|around|approx|would|could|up to|etwa|circa|environ|maybe|rather than)\b", re.I)
_NAMED_AS = re.compile(r"\b(?:of|is|was|are|were|to|at|von|ist|de|est)\s$|[:=]\s?$")
_FAX = re.compile(r"\bfax\b", re.I)
_LABELLED = re.compile(r"[:=]\s|\s{3}|\t")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)?|#|n°")
_BREAK = re.compile(r"[.!?](?=\s)|\n\s*\n|;\s")
_NOT = re.compile(
    r"\b(?:not|no|never|nor|without|refused?|declined?|unable|none|neither|nobody|nicht|kein|keine|keinen|nie|ohne|pas|"
    r"jamais|aucun|aucune|sans|refuse|nunca|sin)\b|n['’]t\b", re.I,
)  # fmt: skip
_PLAINLY = re.compile(r"\w\s(?:is|are|was|were|ist|sind|est|sont)\b", re.I)
_IF = re.compile(r"\b(?:if|whether|unless|falls|ob|si)\b|\?", re.I)
_UNSURE = re.compile(r"\b(?:if|whether|maybe|perhaps|unless|would|could|might|falls|ob|vielleicht|si)\b|\?", re.I)
_ITEM = re.compile(r"\s{0,12}(?:[-*•‣–+]|\d{1,2}[.)])\s+(\S.{0,160})$")


def nearest(field: Wanted, source: Source) -> Any:
    """The typed candidate whose surroundings name the field, when no other comes close."""
    found = [span for span in candidates(field, source) if span.start >= source.headers]
    if field.kind in {"number", "integer"}:
        listed_count = rows.counted(field, source)
        if listed_count is not None:
            return listed_count
    scored = sorted(
        ((score(field, place, found, source.text), -found[place].start, found[place].value) for place in range(len(found))),
        reverse=True,
    )
    if not scored or scored[0][0] < FOUND:
        return _only(field, found, source)
    rival = next((row[0] for row in scored[1:] if row[2] != scored[0][2]), 0.0)
    return scored[0][2] if scored[0][0] - rival >= LEAD else None


def candidates(field: Wanted, source: Source) -> list[Span]:
    """All values of the field's type, at most ``MOST``; numbers also when written as words, but only counts."""
    found = list(_counted(field, source)) if field.kind in {"number", "integer"} else source.spans(field.kind)
    return found[:MOST]


def score(field: Wanted, place: int, found: list[Span], text: str) -> float:
    """0..1 and more: the field's telling words near a candidate, the nearer the better; the name's or the hint's."""
    span = found[place]
    following = found[place + 1] if place + 1 < len(found) else None
    near: dict[str, float] = {}
    for concept, distance in around(text, span, following, field.kind in CONTACTS):
        near[concept] = max(near.get(concept, 0.0), 1.0 / (1 + distance / 60))
    near = {next((mine for mine in field.all if akin(mine, concept)), concept): value for concept, value in near.items()}
    if contradicts(field, frozenset(near)) or ("old" in near and "old" not in field.all):
        return 0.0
    hinted = frozenset(concept for concept in field.hint if weight(concept) >= 0.5)
    by_name = _held(field.telling, near)
    by_hint = (0.9 if len(hinted) > 1 else 0.75) * _held(hinted, near)
    extra = 0.3 * _held(field.hint - field.telling, near)
    sure = 0.7 if _HEDGE.search(text[max(0, span.start - 30) : span.start]) else 1.0
    return sure * (max(by_name, by_hint) + extra * (by_name > 0) + _per(field, span, text))


def _held(wanted: frozenset[str], near: Mapping[str, float]) -> float:
    possible = sum(weight(concept) for concept in wanted)
    return sum(weight(concept) * near.get(concept, 0.0) for concept in wanted) / possible if possible else 0.0


def _per(field: Wanted, span: Span, text: str) -> float:
    """What "64 an hour" adds for an hourly rate."""
    unit = re.match(r"\s?(?:an?|per|/|each|pro|par|la|le|the)\s?([^\W\d_]{2,20})", text[span.end : span.end + 30])
    if "people" in field.all and _is_party(span, text):
        return 1.0
    return 0.5 if unit and concepts_of(plain(unit[1])) & field.all else 0.0


def statement(field: Wanted, source: Source) -> Any:
    """True, false or a choice, when one sentence states it plainly and none states the contrary."""
    if field.kind == "choice":
        return _stated_choice(field, source)
    told = set()
    for sentence in sentences(source.text[source.headers :], 2_000):
        if _IF.search(sentence.raw):
            continue
        for clause in re.split(r"[,;]\s|\s(?:but|aber|mais|pero)\s", sentence.raw[:600]):
            held = {concept for word in _WORD.findall(plain(clause)) for concept in _telling(word)}
            plainly = _PLAINLY.search(clause) and len(clause.split()) <= 6 and field.telling <= held
            if (plainly or _states(field, held)) and not _UNSURE.search(clause):
                told.add(not _NOT.search(clause))
    return told.pop() if len(told) == 1 else None


def _states(field: Wanted, held: set[str]) -> bool:
    """Whether a sentence's concepts hold all of a name of several words, or most of name and hint."""
    same = {mine for mine in field.all if any(akin(mine, concept) for concept in held)}
    telling = field.telling
    asked = field.hint - ROLES
    if (len(telling) > 1 and telling <= same) or (len(asked) > 1 and asked <= same):
        return True
    whole = sum(weight(concept) for concept in field.all)
    return len(same) > 1 and sum(weight(concept) for concept in same) >= STATED * whole


def listed(field: Wanted, source: Source) -> list[str] | None:
    """The list items under a line that names the field."""
    lines = source.text.split("\n")
    for number, line in enumerate(lines):
        heads = {concept for word in _WORD.findall(plain(line[:80])) for concept in concepts_of(word)}
        if not field.telling or not field.telling <= heads or len(line) > 80 or _ITEM.match(line):
            continue
        items = []
        for below in lines[number + 1 : number + 60]:
            item = _ITEM.match(below)
            if not item and below.strip():
                break
            if item:
                items.append(item[1].strip())
        if items:
            return items
    return None


def _stated_choice(field: Wanted, source: Source) -> str | None:
    """The one choice whose word the text uses, in a sentence that neither denies nor doubts it."""
    found = sentences(source.text[source.headers :][:20_000], 2_000)
    named = {one: [sentence for sentence in found if _names(one, sentence.raw)] for one in field.choices}
    used = [one for one, where in named.items() if where and plain(one) not in OTHER]
    if len(used) != 1:
        return None
    sure = any(not _NOT.search(sentence.raw) and not _UNSURE.search(sentence.raw) for sentence in named[used[0]])
    return used[0] if sure else None


def _names(choice: str, text: str) -> bool:
    word = plain(choice)
    ending = r"\w{0,3}" if len(word) > 6 else ""  # "défectueuse" for "defectueux"
    stem_ = word[:-1] if ending else word
    return bool(re.search(rf"(?<!\w){re.escape(stem_)}{ending}(?!\w)", plain(text)))


def _only(field: Wanted, found: list[Span], source: Source) -> Any:
    """The only value of its type in the text, for a field that asks for nothing more special than the type."""
    values = {span.value for span in found if not _FAX.search(source.text[max(0, span.start - 12) : span.start])}
    special = {concept for concept in field.telling if weight(concept) >= 0.5}
    if field.kind in {"date", "datetime"}:
        special -= DOCUMENT
    if field.kind in CONTACTS:
        role = people.side(special or {concept for concept in field.hint if weight(concept) >= 0.5})
        if role and role == people.writer_side(source):
            special = set()
            sender = people.mail(source.text).sender[1]
            values = {sender} if field.kind == "email" and sender and not values else values
    plain_kind = field.kind in {*CONTACTS, "date", "datetime", "time", "money"}
    return values.pop() if len(values) == 1 and not special and plain_kind else None


def around(text: str, span: Span, following: Span | None, far: bool) -> Iterator[tuple[str, int]]:
    """Each concept near a candidate with its distance in characters; ``far`` looks into the sentence before as well."""
    left, right = text[max(0, span.start - BEFORE) : span.start], text[span.end : span.end + AFTER]
    line = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    if _LABELLED.search(line):  # a line of its own: its neighbours speak of something else
        left, right = line[-BEFORE:], right.split("\n")[0]
    stops = list(_BREAK.finditer(left))
    kept = 0 if far else stops[-1].end() if stops else 0
    border = stops[-1].end() if stops else 0
    for match in _WORD.finditer(plain(left)):
        if match.start() >= kept:
            for concept in _telling(match.group()):
                yield concept, len(left) - match.end() + (20 if match.start() < border else 0)
    for pattern, concept in PHRASES:
        for match in pattern.finditer(left.casefold()):
            if match.start() >= kept:
                yield concept, len(left) - match.end()
    stop = _BREAK.search(right)
    right = right[: stop.start()] if stop else right
    if following and following.start - span.end < AFTER:
        comma = re.search(r"[,;:]|(?:^|\s)(?:and|und|et|y|or)\s|\s{3}|\n", right)
        right = right[: comma.start()] if comma else right[: following.start - span.end]
    for match in _WORD.finditer(plain(right)):
        for concept in _telling(match.group()):
            yield concept, match.start() + 15


def _telling(word: str) -> frozenset[str]:
    return frozenset() if word in STOP else concepts_of(word)


def _counted(field: Wanted, source: Source) -> Iterator[Span]:
    """Numbers that count something: "38 breakfast boxes", "eleven people"; the counted noun must be the field's."""
    text = source.text
    spans = source.spans(field.kind)
    for match in re.finditer(r"\b[^\W\d_]{2,12}\b", text[:60_000]):
        number = WORDS.get(match.group().lower())
        if number and number > 1:
            spans.append(Span(match.start(), match.end(), number))
    nouns = field.name | (field.hint & UNITS)
    for span in sorted(spans, key=lambda span: span.start):
        before, after = text[max(0, span.start - 12) : span.start], text[span.end : span.end + 40]
        if re.match(r"\s?[%€£$]|[.,:/-]?\d", after) or re.search(r"[€£$(]\s?$", before):
            continue
        counted = frozenset().union(*(concepts_of(noun) for noun in _nouns(after)))
        named = _named_before(text, span) if _NAMED_AS.search(before) else frozenset()
        if _meets(counted, nouns) or _meets(named, field.telling) or ("people" in field.all and _is_party(span, text)):
            yield span


def _meets(seen: frozenset[str], sought: frozenset[str]) -> bool:
    return any(akin(mine, concept) for concept in seen for mine in sought)


def _is_party(span: Span, text: str) -> bool:
    """Whether a number counts people without a noun: "14 of us", "a table for six"."""
    return bool(_OF_US.match(text, span.end) or _PARTY.search(text[max(0, span.start - 14) : span.start]))


def _nouns(after: str) -> list[str]:
    """The up to three words after a number that can be what it counts: up to a stop or a small word."""
    stop = re.search(r"[.,;:!?\n(]", after)
    words = _WORD.findall(plain(after[: stop.start()] if stop else after))[:3]
    small = next((place for place, word in enumerate(words) if word in STOP), len(words))
    return words[:small]


def _named_before(text: str, span: Span) -> frozenset[str]:
    words = _WORD.findall(plain(text[max(0, span.start - 40) : span.start]))[-2:]
    return frozenset().union(*(concepts_of(word) for word in words))
