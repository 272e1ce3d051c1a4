"""Scores by rules of moderation, as far as words and forms tell; other rules stay without a score.

A rule that was not checked is null, so that the answer says unchecked and never allows by default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.catalogue.files import Files, Page
from connector.errors import ProviderError
from connector.providers.local.text.forbidden_content import KINDS, Finder, finders_of
from connector.providers.local.text.language import detect_language

ALL_KINDS = ("profanity", "abuse", "sexual", "violence", "self_harm", "secrets", "injection")
_NEEDS_MODEL = (
    "The embedded engine finds swear words, passwords, orders to an assistant, links, addresses "
    "and words in quotation marks, and none of these rules is one: {}. Choose such a rule under "
    '"Look for", or set OPENAI_API_KEY.'
)
NOT_CHECKED = (
    "The embedded engine cannot judge these rules, so they are unchecked: {}. Leave them out under "
    '"Look for", have a person look, or set OPENAI_API_KEY.'
)
UNREAD = "The text is in {}, so its words are unchecked. Have a person look, or set OPENAI_API_KEY."
_BY_WORDS = ("profanity", "injection")
_READ = frozenset({"English", "German", "French", "Spanish"})


def moderate(values: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """``scores``: a row for each rule, null where it was not checked; ``notes`` get the reasons.

    ``ProviderError`` (needs_model) if none of the rules can be checked.
    """
    finders = _finders(values)
    unknown = [name for name, found in finders.items() if not found]
    if len(unknown) == len(finders):
        raise ProviderError("needs_model", _NEEDS_MODEL.format(", ".join(unknown)))
    if unknown:
        notes.append(NOT_CHECKED.format(", ".join(unknown)))
    files = next((value for value in values.values() if isinstance(value, Files)), Files(()))
    language = _unread_language(files.pages)
    if language and any(name in finders for name in _BY_WORDS):
        notes.append(UNREAD.format(language))
        finders = {name: [] if name in _BY_WORDS else one for name, one in finders.items()}
    return {"scores": [_row(name, found, files.pages) for name, found in finders.items()]}


def _finders(values: Mapping[str, Any]) -> dict[str, list[Finder]]:
    policies = values.get("policies") or ()
    kinds = values.get("kinds") or (() if policies else ALL_KINDS)
    found = {str(kind): [KINDS[kind]] if kind in KINDS else [] for kind in kinds}
    for policy in policies:
        name = str(policy["name"])
        found.setdefault(name, finders_of(name, str(policy.get("description") or "")))
    return found


def _unread_language(pages: Sequence[Page]) -> str:
    """The language of the pages if the words of the engine are of no use there, else ""."""
    language = detect_language("\n".join(page.text for page in pages))
    is_read = language.level == "full" or language.name in _READ
    return "" if is_read else language.name


def _row(name: str, finders: Sequence[Finder], pages: Sequence[Page]) -> dict[str, Any]:
    """The worst offence; 0 if there is none, and null where nothing was looked for."""
    row = {
        "policy": name,
        "score": 0 if finders else None,
        "quote": None,
        "file": None,
        "page": None,
    }
    found = [(one, page) for page in pages for find in finders for one in find(page.text)]
    if not found:
        return row
    worst, page = max(found, key=lambda pair: pair[0].score)
    return {
        **row,
        "score": worst.score,
        "quote": page.text[worst.start : worst.end],
        "file": page.file,
        "page": page.number,
    }
