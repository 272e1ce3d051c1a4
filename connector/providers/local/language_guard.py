"""What the embedded engine may answer in which language; one place for all of its methods.

Its model and its rules are English. A text in other letters gets the answer that says nothing:
null, an empty list, ``found: false``, with the reason. One in another language of Latin letters is
answered with a warning, except where the meaning decides alone (``classify``). Every such answer
has a warning that names the language and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.catalogue.files import Files
from connector.catalogue.mail_text import divide_mail
from connector.providers.base import ModelRequest
from connector.providers.local.text.language import (
    ENGLISH,
    SAMPLE,
    Language,
    detect_language,
    foreign_script,
)

Arguments = dict[str, Any]
Answer = Callable[[ModelRequest], tuple[str, Arguments]]
READ = "The embedded engine reads English, and German, French and Spanish in part."
REMEDY = "Translate such texts before this step, or set OPENAI_API_KEY."
HALF_CONFIDENCE = 0.75  # of the confidence for an English text
LEAD = "The summary is the beginning of the text."
_LEAD_CHARACTERS = 600
# their form is the same in every language
_OPEN_TYPES = frozenset({"email", "url"})
_REASONS = ("reason", "answer")  # texts of an answer that state why there is none


@dataclass(frozen=True)
class Reads:
    """What a method reads.

    ``texts``   the fields of the form that it reads, beside its files
    ``latin``   whether it answers, with a warning, in every language of Latin letters
    ``fluent``  languages besides English that need no warning
    """

    texts: tuple[str, ...]
    latin: bool = True
    fluent: frozenset[str] = frozenset()


# a method that is not listed works in every language
READS: Mapping[str, Reads] = {
    "classify": Reads(("text",), latin=False),
    "extract": Reads(("text",), fluent=frozenset({"German", "French", "Spanish"})),
    "summarize": Reads(("text",)),
    "answer": Reads(("question", "context")),
    "quotes": Reads(("question",)),
    "findings": Reads(("task",)),
    "sentiment": Reads(("text",), latin=False),
    "check": Reads(()),
}


@dataclass(frozen=True)
class LanguageReading:
    """How well the texts of a request can be read: ``level`` full, half or none; and why."""

    level: str = "full"
    warning: str = ""


FULL = LanguageReading()


def read_languages(request: ModelRequest) -> LanguageReading:
    """The reading of the worst text of ``request``."""
    reads = READS.get(request.method or "")
    if reads is None:
        return FULL
    language = _worst_language(request, reads)
    if language.level == "full" or language.name in reads.fluent:
        return FULL
    if language.level == "half" or (reads.latin and language.latin):
        warning = f"The text is in {language.name}. {READ} Check such answers. {REMEDY}"
        return LanguageReading("half", warning)
    lead = f" {LEAD}" if request.method == "summarize" else ""
    return LanguageReading("none", f"The text is in {language.name}. {READ} {REMEDY}{lead}")


def _worst_language(request: ModelRequest, reads: Reads) -> Language:
    texts = [_text(request, name) for name in reads.texts]
    texts += [_pages_text(value) for value in request.values.values() if isinstance(value, Files)]
    found = [detect_language(text) for text in texts if text]
    labels = _labels(request.values)
    name = foreign_script(labels[: 3 * SAMPLE]) if request.method == "classify" else None
    if name:
        found.append(Language(name, "none", latin=False))
    return max(found, key=_distance, default=ENGLISH)


def _distance(language: Language) -> tuple[bool, int]:
    return not language.latin, ("full", "half", "none").index(language.level)


def _text(request: ModelRequest, name: str) -> str:
    text = str(request.values.get(name) or "")
    if request.method == "classify" and request.values.get("clean") != "off":
        return divide_mail(text).newest  # what it quotes is not read
    return text


def _pages_text(files: Files) -> str:
    """The beginning of the first pages, as much as decides on the language."""
    return "\n".join(page.body[:SAMPLE] for page in files.pages[:3])


def _labels(values: Mapping[str, Any]) -> str:
    return " ".join(
        f"{one.get('name') or ''} {one.get('description') or ''}"
        for one in values.get("categories") or ()
        if isinstance(one, Mapping)
    )


def unread_answer(
    request: ModelRequest, reading: LanguageReading, answer: Answer
) -> tuple[str, Arguments]:
    """(function, arguments) for texts that cannot be read; ``answer`` is what the method answers.

    Of an extraction, fields remain that are named in the text's own letters, and those whose form
    is the same everywhere. A summary is the beginning of the text. What a tool computed remains,
    if the question can be read.
    """
    if request.method == "extract":
        name, found = answer(request)
        return name, _named_fields(request, found)
    if request.method == "summarize":
        lead = _lead(str(request.values.get("text") or ""))
        return answer(replace(request, values={**request.values, "text": lead}))
    if request.method == "answer" and _is_read(str(request.values.get("question") or "")):
        name, found = answer(request)
        if "found" not in found or found.get("value") is not None:
            return name, found
    return "", {**dict.fromkeys(_REASONS, reading.warning), "found": False, "mixed": False}


def _is_read(text: str) -> bool:
    return detect_language(text).latin


def _lead(text: str) -> str:
    from connector.providers.local.text.sentences import sentences

    first = sentences(text[: 4 * _LEAD_CHARACTERS])
    lead = ""
    for sentence in first:
        if lead and len(lead) + len(sentence.raw) > _LEAD_CHARACTERS:
            break
        lead = f"{lead}\n{sentence.raw}" if lead else sentence.raw
    return lead or text[:_LEAD_CHARACTERS]


def _named_fields(request: ModelRequest, found: Arguments) -> Arguments:
    """``found`` without the fields whose names are not in letters of the unread language."""
    fields = [one for one in request.values.get("fields") or () if isinstance(one, Mapping)]
    names = {
        str(one.get("name"))
        for one in fields
        if one.get("type") in _OPEN_TYPES
        or foreign_script(f"{one.get('name') or ''} {one.get('hint') or ''}")
    }
    if "rows" in found:
        return found if names else {"rows": []}
    # a currency belongs to its amount
    keys = {one.get("key") for one in fields if names & {one.get("name"), one.get("of")}}
    return {key: value if key in keys else None for key, value in found.items()}


def lower_confidence(arguments: Arguments) -> Arguments:
    """``arguments`` with the confidence of a language that is read in part."""
    confidence = arguments.get("confidence")
    if not isinstance(confidence, float):
        return arguments
    return {**arguments, "confidence": round(HALF_CONFIDENCE * confidence, 3)}
