"""What the opening of a contract states: its parties, the date it takes effect, and its law."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from connector.providers.local.text.label_matching import FieldQuery, concepts, normalize
from connector.providers.local.text.letterhead import LEGAL_FORM, LEGAL_NAME
from connector.providers.local.text.money import ValueSpan

_OPENING = 6_000  # characters in which the parties and the date stand
_SEGMENT = 700  # of the parties, after "between"
_KIND = re.compile(
    r"\b(?:agreement|contract|lease|deed|memorandum|vertrag|vereinbarung|contrat|contrato|"
    r"overeenkomst|umowa)\b",
    re.I,
)
_BETWEEN = re.compile(r"\b(?:between|among|zwischen|entre|tussen)\b:?\s{1,5}", re.I)
_AND = re.compile(r"\b(?:and|und|et|y|en)\b:?\s{1,3}(?:the\s)?", re.I)
_LEAD_IN = re.compile(r"^(?:\(?[1-2aiIA][).]\s?|the\s|der\s|die\s)+", re.I)
_PERSON = re.compile(r"[A-ZÀ-ÖØ-Þ][\w'’-]{1,20}(?: (?:[A-Z]\.|[A-ZÀ-ÖØ-Þ][\w'’-]{1,20})){1,3}")
_ALIAS = re.compile(r"[\"“„']([^\"“”„'()]{2,40})[\"”“']")
_LAW_OF = re.compile(
    r"\blaws? of (?:the )?(?:(?:State|Commonwealth|Province|Republic|Kingdom|Territory) of )?"
    r"((?:[A-ZÀ-Þ][\w'-]{1,20})(?: (?:(?:of|and) )?[A-ZÀ-Þ][\w'-]{1,20}){0,3})"
)
_GOVERNED = re.compile(r"\b(?:govern|constru|interpret|applicable law|subject to|enforced)", re.I)
_ORGANISED = re.compile(r"\b(?:organi[sz]ed|existing|incorporated|formed|established)\b", re.I)
_EFFECTIVE = re.compile(
    r"\b(?:as of|effective(?: as of| on| from| date)?(?: is)?|dated|commencing on|"
    r"(?:made|entered into|executed)(?: (?:and|entered into|made|effective|as of)){0,4} ?"
    r"(?:on|this|the)?|with effect from|in force from|mit wirkung (?:vom|zum|ab)|"
    r"prend effet (?:le|au))"
    r"[\s:(\"“”,]{0,4}(?:the |this |der |dem )?$",
    re.I,
)
_NAMED_EFFECTIVE = re.compile(r"^.{0,30}[\"“(](?:the )?[\"“]?effective date", re.I | re.S)
_FIRST_WORDS = frozenset({"=party", "=counterparty"})
_OTHER = re.compile(r"\b(?:second|other|counter|receiving)", re.I)
_DATE_CONCEPTS = frozenset({"date", "effective", "start", "=agreement", "=contract", "=nda"})
_LAW_CONCEPTS = frozenset({"jurisdiction", "=law", "=applicabl"})


@dataclass(frozen=True)
class Party:
    """A party of a contract, with what the contract calls it: "Landlord", or ""."""

    name: str
    alias: str


def party_name(field: FieldQuery, text: str) -> str | None:
    """The party that a text field asks for, by its alias or as "party"; None if it is open."""
    sides = find_parties(text)
    words = concepts(field.title)
    for party in sides:
        alias = concepts(party.alias) - {"name"}
        if alias and alias == words - {"name"}:
            return party.name
    if not sides or not words & _FIRST_WORDS:
        return None
    if _OTHER.search(field.title.replace("_", " ")):
        return sides[1].name if len(sides) > 1 else None
    return sides[0].name


def find_parties(text: str) -> list[Party]:
    """The two parties that the opening of a contract names, or as many as are certain."""
    opening = text[:_OPENING]
    if not _KIND.search(opening):
        return []
    for match in _BETWEEN.finditer(opening):
        segment = " ".join(opening[match.end() : match.end() + _SEGMENT].split())
        sides = _read_parties(segment)
        if sides:
            return sides
    return []


def _read_parties(segment: str) -> list[Party]:
    first = _party_at(segment)
    if first is None:
        return []
    name, end = first
    for joint in _AND.finditer(segment, end):
        second = _party_at(segment[joint.end() :])
        if second:
            start = joint.end() + second[1]
            return [
                Party(name, _alias(segment[end : joint.start()])),
                Party(second[0], _alias(segment[start : start + 250])),
            ]
    return [Party(name, _alias(segment[end : end + 250]))] if LEGAL_FORM.search(name) else []


def _party_at(segment: str) -> tuple[str, int] | None:
    """(name, where it ends) of an organisation or a person at the beginning of ``segment``."""
    lead = _LEAD_IN.match(segment)
    start = lead.end() if lead else 0
    match = LEGAL_NAME.match(segment, start) or _PERSON.match(segment, start)
    return (match.group().strip(), match.end()) if match else None


def _alias(text: str) -> str:
    match = _ALIAS.search(text[:250])
    return re.sub(r"^the ", "", match[1].strip(), flags=re.I) if match else ""


def is_law_field(field: FieldQuery) -> bool:
    """Whether a text field asks for the law that governs a contract."""
    return field.kind == "text" and bool(field.name & _LAW_CONCEPTS)


def governing_law(text: str) -> str | None:
    """The state or country whose law governs a contract, without "the State of"."""
    governing: dict[str, str] = {}
    for match in _LAW_OF.finditer(text[:400_000]):
        before = text[max(0, match.start() - 160) : match.start()]
        if _GOVERNED.search(before) and not _ORGANISED.search(before[-60:]):
            place = " ".join(match[1].split())
            governing.setdefault(normalize(place), place)
    return governing.popitem()[1] if len(governing) == 1 else None


def is_effective_field(field: FieldQuery) -> bool:
    """Whether a date field asks when a contract takes effect."""
    is_date = field.kind == "date" and field.name <= _DATE_CONCEPTS
    return is_date and bool(field.all & (_DATE_CONCEPTS - {"date", "start"}))


def effective_date(text: str, spans: Sequence[ValueSpan]) -> str | None:
    """The date that the opening of a contract takes effect "as of"; ``spans`` are all dates."""
    opening = text[:_OPENING]
    if not _KIND.search(opening):
        return None
    dates: dict[str, bool] = {}
    for span in spans:
        if span.start >= len(opening):
            break
        if _EFFECTIVE.search(opening[max(0, span.start - 60) : span.start].replace("\n", " ")):
            is_named = bool(_NAMED_EFFECTIVE.match(opening[span.end : span.end + 60]))
            dates[span.value] = dates.get(span.value, False) or is_named
    named = [value for value, is_named in dates.items() if is_named]
    if len(named) == 1:
        return named[0]
    return next(iter(dates)) if len(dates) == 1 else None
