"""Two texts side by side: where they differ, numbers, dates and amounts by their value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from connector.providers.local.text.differences import VALUES, Difference, find_differences, tokens

_MAX_LISTED = 2_000
_NOUNS = {"changed": "wording", "added": "addition", "removed": "omission", "money": "amount"}
_DIGIT = re.compile(r"\d")


def answer(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``verdict``, ``same`` and ``differences`` of the form's two texts."""
    first, second = str(values["a"]), str(values["b"])
    focus, ignore = str(values.get("focus") or "all"), list(values.get("ignore") or ())
    found = [one for one in find_differences(first, second, ignore) if _is_wanted(one, focus)]
    counts = Counter(_NOUNS.get(one.kind, one.kind) for one in found)
    warnings: tuple[str, ...] = ()
    if len(found) > _MAX_LISTED:
        warnings = (f"The first {_MAX_LISTED:,} of {len(found):,} differences are listed.",)
    result = {
        "verdict": _verdict(counts, focus),
        "same": not found,
        "differences": [_row(one) for one in found[:_MAX_LISTED]],
        "count": len(found),
        "similarity": _similarity(first, second, ignore),
    }
    return result, warnings


def _is_wanted(difference: Difference, focus: str) -> bool:
    if focus == "all":
        return True
    has_value = difference.kind in VALUES or bool(_DIGIT.search(difference.a + difference.b))
    return has_value if focus == "values" else difference.kind not in VALUES


def _verdict(counts: Counter[str], focus: str) -> str:
    about = {"all": "", "values": " in numbers, dates and amounts", "words": " in words"}[focus]
    if not counts:
        return f"The texts are the same{about}."
    total = sum(counts.values())
    parts = ", ".join(f"{count} {_plural(noun, count)}" for noun, count in counts.most_common())
    return f"The texts differ in {total} {'place' if total == 1 else 'places'}: {parts}."


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _row(one: Difference) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "a": one.a or None,
        "b": one.b or None,
        "a_start": one.a_start,
        "b_start": one.b_start,
    }


def _similarity(first: str, second: str, ignore: list[str]) -> float:
    """The share of words and values that both have, in any order."""
    a, b = (Counter(token.key for token in tokens(text, ignore)) for text in (first, second))
    total = sum(a.values()) + sum(b.values())
    return round(2 * sum((a & b).values()) / total, 4) if total else 1.0
