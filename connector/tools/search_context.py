"""Finds the passages of the form's context that speak of something, so that a long context need not be read whole."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from connector.tools.base import ToolContext, ToolError, tool

_WORD = re.compile(r"\w+")
_BREAK = re.compile(r"\n\s*\n|(?<=[.!?])\s|\n")
_SIZE = 600
_MOST = 5
_STEM = 5  # words that begin alike are counted as one: order, orders, ordered


@dataclass(frozen=True)
class Passage:
    """A piece of the context; ``start`` is its place in characters."""

    start: int
    text: str


def passages(text: str, size: int = _SIZE) -> list[Passage]:
    """``text`` in pieces of about ``size`` characters, cut where a paragraph or sentence ends if there is such a place."""
    found, at = [], 0
    while at < len(text):
        end = min(at + size, len(text))
        if end < len(text):
            breaks = [match.end() for match in _BREAK.finditer(text, at + size // 2, end)]
            end = breaks[-1] if breaks else end
        if words := text[at:end].strip():
            found.append(Passage(text.index(words, at), words))
        at = end
    return found


def _terms(text: str) -> list[str]:
    return [word[:_STEM] for word in _WORD.findall(text.casefold())]


def best_passages(text: str, query: str, most: int = _MOST) -> list[Passage]:
    """Up to ``most`` passages that share the rarest words with ``query``, best first."""
    wanted = set(_terms(query))
    counted = [(passage, Counter(term for term in _terms(passage.text) if term in wanted)) for passage in passages(text)]
    spread = Counter(term for _, counts in counted for term in counts)
    rarity = {term: math.log(1 + len(counted) / count) for term, count in spread.items()}

    def score(counts: Counter[str]) -> float:
        return sum(rarity[term] * count / (count + 1) for term, count in counts.items())

    ranked = sorted(counted, key=lambda pair: -score(pair[1]))
    return [passage for passage, counts in ranked[:most] if counts]


@tool("Finds passages of the context. Copy quotes from them exactly.", title="Search the context")
def search_context(query: Annotated[str, "a few words that the passage would use"], context: ToolContext) -> str:
    """The best passages with their places, as text."""
    text = context.values.get("context")
    if not text:
        raise ToolError("the form has no context to search")
    found = best_passages(text, query[:1_000])
    if not found:
        return "Nothing in the context has these words."
    return "\n\n".join(f"[from character {passage.start}]\n{passage.text}" for passage in found)
