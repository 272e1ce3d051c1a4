"""Sorting a message without a model: by similarity, and by words that show urgency or spam.

Nothing is written: the summary is a sentence of the message, and there is no draft.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connector.catalogue.mail_text import divide_mail
from connector.errors import ProviderError
from connector.providers.local.methods.classify import classify, has_words
from connector.providers.local.methods.summarize import choose_sentences
from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.identify import identify
from connector.providers.local.text.language import detect_language
from connector.providers.local.text.sentiment import sentiment_score

NO_DRAFT = (
    "The embedded engine writes no draft and does not look for missing information. Draft a reply "
    "quotes a fact; set OPENAI_API_KEY for a draft."
)
_MAX_SUMMARY = 300  # characters
# words that people use where many cannot go on, where one cannot, and where nobody waits
_PRIORITY_WORDS = {
    "urgent": re.compile(
        r"\b(?:urgent(?:ly)?|asap|immediately|right now|emergency|outage|production (?:is )?down|"
        r"(?:is|are|was|went) (?:completely )?down|nobody can|no (?:one|customers?) can|"
        r"data (?:loss|breach)|hacked|security (?:breach|incident)|dringend|sofort|notfall)\b",
        re.IGNORECASE,
    ),
    "high": re.compile(
        r"\b(?:cannot|can['\u2019]?t|unable to|not able to|blocked|broken|does(?: not|n['\u2019]t) "
        r"work|not working|stopped working|crash(?:es|ed)?|deadline|today|wrong amount|"
        r"charged twice|cancel my|funktioniert nicht|geht nicht)\b",
        re.IGNORECASE,
    ),
    "low": re.compile(
        r"\b(?:feature request|suggestion|would be nice|no hurry|no rush|whenever you|just curious|"
        r"for your information|fyi|when you have time|thank you for your help)\b",
        re.IGNORECASE,
    ),
}
_SPAM = re.compile(
    r"\b(?:you(?:['\u2019]ve| have) (?:won|been selected)|click (?:here|below) (?:now|to claim)|"
    r"claim your (?:prize|reward|bonus)|earn \$?\d{2,}|work from home|crypto(?:currency)? "
    r"(?:investment|opportunity)|guaranteed (?:returns?|income|ranking)|seo services|backlinks|"
    r"rank(?:ing)? (?:#|number )?1 on google|buy followers|viagra|casino bonus|lottery|"
    r"wire transfer of|limited[- ]time offer|act now|100% free)\b",
    re.IGNORECASE,
)


def triage(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """The values of a triage but for ``draft`` and ``missing_info``, which stay empty."""
    message = str(values.get("message") or "")
    newest = divide_mail(message).newest or message
    sorted_by = {"text": message, "clean": values.get("clean")}
    if detect_language(newest).level == "none":
        sorted_by = {"text": ""}  # nothing fits what cannot be read
    found = classify({**sorted_by, "categories": values.get("categories")}, encoder)
    return {
        "category": found["category"],
        "priority": _priority(newest),
        "team": _nearest(sorted_by, values.get("teams") or (), encoder),
        "language": _language(newest),
        "sentiment": _sentiment(newest, encoder),
        "is_spam": _SPAM.search(newest) is not None,
        "missing_info": [],
        "summary": _summary(newest, encoder),
        "duplicate_of": _nearest(sorted_by, values.get("known_issues") or (), encoder),
        "draft": None,
        "reason": found["reason"],
    }


def _language(text: str) -> str:
    """The code of the language, or und where it is unclear or cannot be told on this machine."""
    try:
        return identify(text)[0] or "und"
    except ProviderError:
        return "und"


def _priority(text: str) -> str:
    return next((name for name, words in _PRIORITY_WORDS.items() if words.search(text)), "normal")


def _nearest(
    sorted_by: Mapping[str, Any], options: Sequence[Mapping[str, str]], encoder: Encoder
) -> str | None:
    """The name of the option that fits the text; None if none clearly does."""
    if not options:
        return None
    values = {**sorted_by, "categories": options, "strictness": "high"}
    name: str | None = classify(values, encoder)["category"]
    return name


def _sentiment(text: str, encoder: Encoder) -> str:
    if not has_words(text):
        return "neutral"
    difference, bar = sentiment_score(text, encoder)
    if abs(difference) < max(0.0, bar):
        return "neutral"
    return "positive" if difference > 0 else "negative"


def _summary(text: str, encoder: Encoder) -> str:
    chosen = choose_sentences(text, 1, None, encoder)
    sentence = chosen[0].text if chosen else " ".join(text.split())
    return sentence[:_MAX_SUMMARY]
