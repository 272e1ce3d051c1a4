# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""The name that a person gives: at the head of a resume, or as "my name is" in a message."""

from __future__ import annotations

import re

from connector.providers.local.text.label_matching import FieldQuery, normalize
from connector.providers.local.text.label_words import STOP_WORDS

_HEAD = 3_000  # characters in which the sections of a resume begin or its contact data stand
_SECTIONS = re.compile(
    r"^\W{0,4}(?:(?:work|professional|employment|career|relevant|technical|key|core|personal) )?"
    r"(?:experience|education|skills|employment(?: history)?|objective|summary|profile|history|"
    r"qualifications|certifications|references|projects|languages|berufserfahrung|ausbildung|"
    r"kenntnisse|exp[ée]rience|formation|comp[ée]tences|experiencia|educaci[óo]n)\b\W{0,4}"
    r"(?:[a-z& ]{0,20})\W{0,3}$",
    re.I | re.M,
)
_TITLE = re.compile(
    r"\W{0,4}(?:resume|résumé|curriculum vitae|cv|lebenslauf)\b(?: of| -| –|:)?\s?", re.I
)
_CONTACT = re.compile(r"@|\d[\d ().-]{6}|linkedin", re.I)
_DEGREE = re.compile(
    r",?\s(?:ph\.?d|m\.?d|mba|m\.?sc|b\.?sc|cpa|pmp|rn|esq|jr|sr|ii|iii)\.?$", re.I
)
_NAME_END = re.compile(r"\s{2}|\t|[|•·–—/]|\s-\s|,|:|\d|@")
_NAME_WORD = re.compile(
    r"[A-ZÀ-ÖØ-ÞŁŚŠŽ][^\W\d_]*(?:['’.-][^\W\d_]{1,20}){0,3}\.?|(?:van|von|de|der|den|di|da|la|le|el|bin|al)"
)
_NO_PERSON = re.compile(
    r"\b(?:resume|curriculum|vitae|profile|summary|objective|engineer|developer|manager|analyst|"
    r"address|phone|e-?mail|contact|street|page|university|college|school|inc|ltd|llc|gmbh|experience|"
    r"education|skills|consultant|director|officer|assistant|specialist|personal|details|information)\b",
    re.I,
)
_INTRODUCTION = re.compile(
    r"\b(?:my (?:full )?name(?: is|['’]s)|(?:the )?name is|under the name(?: of)?|ich heiße|"
    r"mein name ist|je m['’]appelle|mon nom est|me llamo|mi nombre es|mijn naam is|ik heet|"
    r"nazywam się|mi chiamo):?\s{1,3}",
    re.I,
)
_SPOKEN_WORD = re.compile(r"[^\W\d_][\w'’-]{0,25}")
_NAME_CONCEPTS = frozenset(
    {"name", "first", "last", "person", "people", "applicant", "customer", "sender", "=full"}
)


def is_name_field(field: FieldQuery) -> bool:
    """Whether a text field asks for the name of the person who writes or is described."""
    is_name = bool(field.name & {"name", "applicant"}) and field.name <= _NAME_CONCEPTS
    return field.kind == "text" and is_name


def given_name(field: FieldQuery, text: str) -> str | None:
    """The name of the person, or the part of it that the field asks for; None if there is none."""
    name = resume_name(text) or spoken_name(text)
    if name is None or not field.name & {"first", "last"}:
        return name
    words = name.split()
    if len(words) < 2:
        return words[0] if "first" in field.name else None
    return words[0] if "first" in field.name else words[-1]


def resume_name(text: str) -> str | None:
    """The name in the first line of a resume, as written."""
    if len(_SECTIONS.findall(text[:20_000])) < 2 or not _CONTACT.search(text[:_HEAD]):
        return None
    lines = [line.strip() for line in text[:_HEAD].split("\n") if line.strip()]
    for line in lines[:2]:
        rest = _TITLE.sub("", line, count=1).strip(" *#_|")
        if not rest:
            continue
        return _person_in(rest)
    return None


def _person_in(line: str) -> str | None:
    line = re.sub(r"^name\s?:\s?", "", line, flags=re.I)
    end = _NAME_END.search(line)
    name = _DEGREE.sub("", (line[: end.start()] if end else line).strip(" ,"))
    words = name.split()
    are_names = all(_NAME_WORD.fullmatch(word) for word in words)
    return name if 2 <= len(words) <= 4 and are_names and not _NO_PERSON.search(name) else None


def spoken_name(text: str) -> str | None:
    """The name after "my name is", if all such words of the text give the same."""
    names = {}
    for match in _INTRODUCTION.finditer(text[:60_000]):
        name = _name_at(text[match.end() : match.end() + 80])
        if name:
            names[normalize(name)] = name
    return names.popitem()[1] if len(names) == 1 else None


def _name_at(text: str) -> str | None:
    """The capitalised words at the beginning, or in a text without capitals one or two words."""
    words: list[str] = []
    position = 0
    while len(words) < 4:
        match = _SPOKEN_WORD.match(text, position)
        if match is None or normalize(match.group()) in STOP_WORDS:
            break
        if words and words[0][0].isupper() != match.group()[0].isupper():
            break
        words.append(match.group())
        position = match.end() + 1
        if text[match.end() : match.end() + 1] != " ":
            break
    if not words or (words[0][0].islower() and len(words) > 2):
        return None
    return " ".join(words)
