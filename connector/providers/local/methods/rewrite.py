"""Shorter texts: the sentences of a text that matter most, verbatim. Other goals need a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.catalogue.text_versions import count_words, missing_terms
from connector.errors import ProviderError
from connector.providers.local.methods.summarize import choose_sentences
from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.language import detect_language

ONLY_SHORTENS = (
    "The embedded engine shortens a text by leaving sentences out, and cannot rewrite it. Choose "
    "the goal Shorten, or set OPENAI_API_KEY."
)
NOT_SHORTER = (
    "The embedded engine shortens a text by leaving whole sentences out, which does not reach this "
    "length with what must be kept. Allow more words, or set OPENAI_API_KEY."
)
QUOTED = "Whole sentences were left out; the others are as they were."
_MAX_SENTENCES = 40


def rewrite(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """``text_out``: the most relevant sentences of ``text``, of half its words or ``max_words``.

    ``ProviderError`` (needs_model) for every other goal, and where that cannot be reached.
    """
    text = str(values.get("text") or "")
    if values.get("goal") != "shorten" or values.get("tone"):
        raise ProviderError("needs_model", ONLY_SHORTENS)
    limit = int(values.get("max_words") or max(1, count_words(text) // 2))
    terms = values.get("must_keep") or ()
    shorter = _longest_fit(text, limit, " ".join(terms), encoder)
    if not shorter or missing_terms(shorter, terms):
        raise ProviderError("needs_model", NOT_SHORTER)
    return {"text_out": shorter}


def _longest_fit(text: str, limit: int, focus: str, encoder: Encoder) -> str:
    """The most sentences of ``text`` that have at most ``limit`` words; "" for none."""
    if detect_language(text).level == "none":
        return ""
    fitting = ""
    low, high = 1, _MAX_SENTENCES
    while low <= high:
        count = (low + high) // 2
        chosen = choose_sentences(text, count, focus or None, encoder)
        shorter = " ".join(one.text for one in chosen)
        if count_words(shorter) <= limit:
            fitting, low = shorter, count + 1
        else:
            high = count - 1
    return fitting
