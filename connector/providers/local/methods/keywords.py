"""The terms that a text is about; every one of them is in the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.providers.local.text.key_terms import key_terms

_NOTHING = "The text has no word that says what it is about."


def answer(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``terms``, and ``keywords`` with their number and places."""
    text, kind = str(values["text"]), str(values.get("kind") or "terms")
    found = key_terms(text, most=int(values.get("max") or 10), kind=kind)
    result = {
        "terms": [one.term for one in found],
        "keywords": [
            {
                "term": one.term,
                "count": len(one.starts),
                "start": one.starts[0],
                "score": one.score,
            }
            for one in found
        ],
        "count": len(found),
    }
    return result, () if found else (_NOTHING,)
