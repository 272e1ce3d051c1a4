# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""The shortest part of a sentence that answers a question, where the question asks for one value.

The kind of the value is read from the question: a date, an amount, a number, a name or a place. A
part is given only if the sentence has one of the kind that the question does not name itself, or
one that is clearly nearest to its words; else the sentence is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from connector.providers.local.text import contacts
from connector.providers.local.text.dates import date_style, find_dates, find_times
from connector.providers.local.text.label_matching import normalize, stem
from connector.providers.local.text.label_words import STOP_WORDS
from connector.providers.local.text.money import (
    NUMBER_WORDS,
    ValueSpan,
    find_money,
    find_percentages,
)

CLEARLY_NEARER = 1.6  # times as near to the words of the question as the next value
_MAX_SENTENCE = 1_000
_NOUN_REACH = 4  # words after a number in which the thing that it counts stands
_NUMBER_WORDS = "|".join(sorted((word for word in NUMBER_WORDS if len(word) > 2), key=len))
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_YEAR = re.compile(r"(?<![\d.,/-])(?:1[0-9]|20)\d\d(?:s\b)?(?![\w/-]|[.,]\d)")
_MONTH_YEAR = re.compile(
    r"\b(?:(?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December)\s(?:\d{1,2}(?:st|nd|rd|th)?(?:,\s\d{4})?|\d{4})|\d{1,2}(?:st|nd|rd|th)?\s(?:January|"
    r"February|March|April|May|June|July|August|September|October|November|December)(?:\s\d{4})?)\b"
)
_COUNT = re.compile(
    r"(?<![\w.,/-])(?:(?:about|around|over|nearly|almost|approximately|more than|at least|up to) )?"
    rf"(?:\d{{1,3}}(?:[ ,.’']\d{{3}})+|\d+(?:[.,]\d+)?|(?:{_NUMBER_WORDS})(?:-\w{{3,5}})?)"
    r"(?: (?:thousand|million|billion|trillion|hundred|dozen))?(?![\w%])",
    re.I,
)
_MEASURE = re.compile(
    rf"(?<![\w.,/-])(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?|(?:{_NUMBER_WORDS}))[ -](?:working |"
    r"business |calendar |square |cubic )?(?:second|minute|hour|day|week|month|year|decade|"
    r"centur|mile|kilomet|met(?:er|re)|feet|foot|inch|km|cm|mm|kg|pound|ton|gram|liter|litre|"
    r"tag|tage|woche|monat|jahr|stunde|jour|semaine|mois|ans)\w{0,4}\b(?: old)?",
    re.I,
)
_NAME = re.compile(
    r"(?:[A-ZÀ-ÖØ-Þ][\w'’&-]{0,30}|[A-Z]\.)(?: (?:(?:of|the|de|du|von|van|der|den|la|le|&) ){0,2}"
    r"(?:[A-ZÀ-ÖØ-Þ][\w'’&-]{0,30}|[A-Z]\.))*"
)
_WEEKDAY = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Mon|Diens|Donners|Frei|Sams|Sonn)tag|"
    r"Mittwoch|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)s?\b"
)
_PLACE_LEAD = re.compile(
    r"\b(?:in|at|from|near|to|into|across|outside|of|aus|nach|à|dans|en|bei)\s(?:the\s)?$", re.I
)
_LABELLED = re.compile(r"\s{0,3}[*•-]?\s?([^:\n]{2,48}?)\s?[:：]\s{1,40}(\S[^\n]{0,120})$")
_HOW_MANY = re.compile(
    r"\b(?:how many|wie viele|combien d[e']|cuant[oa]s|hoeveel) ?((?:[^\W\d_]+ ?){1,4})"
)
_BY = re.compile(r"(\w{2,30})(?: [^.;]{0,40})?\s(?:by|von|durch|par|por)\s(?:the\s)?$", re.I)
_LEAD = re.compile(r"^[^\w]{0,4}(?:so|and|also|please|then|ok|hello|hi)\b,?\s", re.I)


@dataclass(frozen=True)
class AnswerSpan:
    """A part of a sentence: its place in it and its text."""

    start: int
    end: int
    text: str


Finder = Callable[[str], Sequence[AnswerSpan]]


def short_answer(question: str, sentence: str) -> str | None:
    """The part of ``sentence`` that answers ``question``, or None if no part is certain."""
    asked = _LEAD.sub("", normalize(question.strip()))[:400]
    text = sentence[:_MAX_SENTENCE]
    find = _finder(asked)
    value = _labelled_value(asked, text)
    if value is not None:
        spans = find(value) if find else []
        return spans[0].text if len(spans) == 1 else value
    if find is None:
        return None
    known = _stems(asked)
    unknown = [span for span in find(text) if not _stems(span.text) <= known]
    spans = _without_conversions(unknown, text)
    if find is _counts:
        spans = [span for span in spans if _counts_thing(span, text, asked)]
    if find is _names:
        chosen = _only_name(spans, text, known)
    elif find is _places:
        chosen = spans[0] if len({span.text for span in spans}) == 1 else None
    else:
        chosen = _nearest(spans, text, known)
    return chosen.text if chosen else None


def _without_conversions(spans: Sequence[AnswerSpan], text: str) -> list[AnswerSpan]:
    """Without what repeats the value before it in other units: "15 km (9 miles)"."""
    kept: list[AnswerSpan] = []
    for span in spans:
        between = text[kept[-1].end : span.start] if kept else ""
        if between.strip() != "(":
            kept.append(span)
    return kept


def _counts_thing(span: AnswerSpan, text: str, asked: str) -> bool:
    """Whether a number counts what the question asks for: "how many rooms" and "3 large rooms"."""
    match = _HOW_MANY.search(asked)
    things = [stem(word) for word in _WORD.findall(match[1])] if match else []
    things = [word for word in things[:_NOUN_REACH] if word not in STOP_WORDS]
    after = [stem(word) for word in _WORD.findall(normalize(text[span.end :]))[:_NOUN_REACH]]
    return bool(set(things[:2]) & set(after))


def lacks_value(question: str, sentence: str) -> bool:
    """Whether a question asks for an address or a number to call, and the sentence has none."""
    find = _finder(_LEAD.sub("", normalize(question.strip()))[:400])
    return find in (_emails, _urls, _phones) and not find(sentence[:_MAX_SENTENCE])


def _labelled_value(question: str, text: str) -> str | None:
    """The value of "Label: value", if the question has the words of the label."""
    match = _LABELLED.fullmatch(text.strip())
    if match is None or len(text) > 180:
        return None
    label = _stems(normalize(match[1]))
    return match[2].strip() if label and label <= _stems(question) else None


def _stems(text: str) -> frozenset[str]:
    words = (word for word in _WORD.findall(normalize(text)) if word not in STOP_WORDS)
    return frozenset(map(stem, words))


def _nearest(spans: Sequence[AnswerSpan], text: str, known: frozenset[str]) -> AnswerSpan | None:
    """The only span, or the one with clearly most words of the question around it."""
    if len({span.text for span in spans}) <= 1:
        return spans[0] if spans else None
    places = [
        match.start() for match in _WORD.finditer(text) if stem(normalize(match.group())) in known
    ]
    if not places:
        return None
    scored = sorted((_closeness(span, places), -span.start, span) for span in spans)
    best, second = scored[-1], scored[-2]
    return best[2] if best[0] >= second[0] * CLEARLY_NEARER else None


def _closeness(span: AnswerSpan, places: Sequence[int]) -> float:
    distances = (span.start - place if place < span.start else place - span.end for place in places)
    return sum(1 / (8 + max(distance, 0)) for distance in distances)


def _finder(question: str) -> Finder | None:
    """What finds the values of the kind that a question asks for; None for an open question."""
    return next((find for pattern, find in _KINDS if pattern.search(question)), None)


def _read(found: Iterable[ValueSpan], text: str) -> list[AnswerSpan]:
    return [AnswerSpan(one.start, one.end, text[one.start : one.end].strip()) for one in found]


def _dates(text: str) -> list[AnswerSpan]:
    spans = _read(find_dates(text, date_style(text)), text) or _matches(_MONTH_YEAR, text)
    return spans or _years(text) or _times(text)


def _years(text: str) -> list[AnswerSpan]:
    return _matches(_YEAR, text)


def _times(text: str) -> list[AnswerSpan]:
    return _read(find_times(text), text)


def _amounts(text: str) -> list[AnswerSpan]:
    return _read(find_money(text), text)


def _weekdays(text: str) -> list[AnswerSpan]:
    return _matches(_WEEKDAY, text)


def _percentages(text: str) -> list[AnswerSpan]:
    return _read(find_percentages(text), text)


def _counts(text: str) -> list[AnswerSpan]:
    dates = _dates(text)
    return [
        span
        for span in _matches(_COUNT, text)
        if not any(date.start <= span.start < date.end for date in dates)
    ]


def _measures(text: str) -> list[AnswerSpan]:
    return _matches(_MEASURE, text)


def _names(text: str) -> list[AnswerSpan]:
    spans = _matches(_NAME, text)
    return [span for span in spans if span.text.split()[0].lower() not in STOP_WORDS]


def _only_name(spans: Sequence[AnswerSpan], text: str, known: frozenset[str]) -> AnswerSpan | None:
    """The name after "signed by", if the question has that verb, else the only full name."""
    doers = [
        span
        for span in spans
        if (match := _BY.search(text[: span.start])) and stem(normalize(match[1])) in known
    ]
    full = doers or [span for span in spans if " " in span.text]
    return full[0] if len({span.text for span in full}) == 1 else None


def _places(text: str) -> list[AnswerSpan]:
    return [span for span in _matches(_NAME, text) if _PLACE_LEAD.search(text[: span.start])]


def _emails(text: str) -> list[AnswerSpan]:
    return _read(contacts.find_emails(text), text)


def _urls(text: str) -> list[AnswerSpan]:
    return _read(contacts.find_urls(text), text)


def _phones(text: str) -> list[AnswerSpan]:
    return _read(contacts.find_phones(text, None), text)


def _matches(pattern: re.Pattern[str], text: str) -> list[AnswerSpan]:
    return [
        AnswerSpan(match.start(), match.end(), match.group().strip())
        for match in pattern.finditer(text)
    ]


_START = (
    r"^(?:(?:and|since|until|till|after|before|by|in|on|at|from|to|about|um|ab|bis|seit|von|a) )?"
)


# (pattern of the normalized question, finder), the most particular first
_KINDS: tuple[tuple[re.Pattern[str], Finder], ...] = (
    (re.compile(r"\be-?mail address\b|^(?:what|which) e-?mail\b"), _emails),
    (re.compile(r"\b(?:website|web address|url|webseite)\b"), _urls),
    (re.compile(r"\b(?:phone|telephone) number\b|\btelefonnummer\b"), _phones),
    (re.compile(rf"{_START}(?:(?:what|which) year\b|welchem jahr\b|quelle annee\b)"), _years),
    (re.compile(rf"{_START}(?:(?:what|which) time\b|wie viel uhr\b|quelle heure\b)"), _times),
    (
        re.compile(
            rf"{_START}(?:(?:what|which) (?:day of the week|weekday)\b|welchem wochentag\b)"
        ),
        _weekdays,
    ),
    (
        re.compile(
            rf"{_START}(?:(?:what|which) (?:date|day)\b|when\b|wann\b|quand\b|cuando\b|wanneer\b)"
        ),
        _dates,
    ),
    (
        re.compile(
            rf"{_START}(?:what (?:percent|percentage)\b|wie viel prozent\b|quel pourcentage\b)"
        ),
        _percentages,
    ),
    (
        re.compile(
            rf"{_START}(?:how (?:long|old|far|tall|high|wide|deep|heavy)\b|"
            r"wie (?:lange?|alt|weit)\b)"
        ),
        _measures,
    ),
    (
        re.compile(
            rf"{_START}(?:how much\b|what (?:is|was|are|were) the (?:\w+ ){{0,2}}"
            r"(?:price|cost|total|amount|fee|salary|budget|rent|deposit)\b|"
            r"was kostet\b|wie viel kostet\b|combien coute\b)"
        ),
        _amounts,
    ),
    (re.compile(rf"{_START}(?:how many\b|wie viele\b|combien d|cuant[oa]s\b|hoeveel\b)"), _counts),
    (
        re.compile(rf"{_START}(?:who\b|whom\b|wer\b|wen\b|wem\b|quien\b|qui (?:a|est|sera)\b)"),
        _names,
    ),
    (
        re.compile(
            rf"{_START}(?:where\b|wo\b|woher\b|wohin\b|donde\b|waar\b|ou (?:est|se|sont)\b)"
        ),
        _places,
    ),
)
