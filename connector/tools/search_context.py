"""Finds the passages of the form's context that match a query, for a context too long to read."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from connector.tools.base import ToolContext, ToolError, tool

_WORD = re.compile(r"\w+")
_BREAK = re.compile(r"\n\s*\n|(?<=[.!?])\s|\n")
_PASSAGE_LENGTH = 600
_MAX_PASSAGES = 5
_MAX_QUERY = 1_000
_STEM_LENGTH = 5  # words with the same beginning count as one: order, orders, ordered


@dataclass(frozen=True)
class Passage:
    """A piece of the context; ``start`` is its position in characters."""

    start: int
    text: str


def passages(text: str, length: int = _PASSAGE_LENGTH) -> list[Passage]:
    """``text`` in pieces of about ``length`` characters, split after paragraphs or sentences."""
    pieces = []
    start = 0
    while start < len(text):
        end = min(start + length, len(text))
        if end < len(text):
            breaks = [match.end() for match in _BREAK.finditer(text, start + length // 2, end)]
            end = breaks[-1] if breaks else end
        piece = text[start:end].strip()
        if piece:
            pieces.append(Passage(text.index(piece, start), piece))
        start = end
    return pieces


def _stems(text: str) -> list[str]:
    return [word[:_STEM_LENGTH] for word in _WORD.findall(text.casefold())]


def best_passages(text: str, query: str, limit: int = _MAX_PASSAGES) -> list[Passage]:
    """Up to ``limit`` passages that share the rarest words with ``query``, best first."""
    query_stems = set(_stems(query))
    counted = []
    for passage in passages(text):
        counts = Counter(stem for stem in _stems(passage.text) if stem in query_stems)
        counted.append((passage, counts))
    passages_with = Counter(stem for _, counts in counted for stem in counts)
    rarity = {stem: math.log(1 + len(counted) / count) for stem, count in passages_with.items()}

    def score(counts: Counter[str]) -> float:
        return sum(rarity[stem] * count / (count + 1) for stem, count in counts.items())

    ranked = sorted(counted, key=lambda pair: -score(pair[1]))
    return [passage for passage, counts in ranked[:limit] if counts]


@tool("Finds passages of the context. Copy quotes from them exactly.", title="Search the context")
def search_context(
    query: Annotated[str, "a few words that the passage would use"], context: ToolContext
) -> str:
    """The best passages with their positions, as text."""
    text = context.values.get("context")
    if not text:
        raise ToolError("the form has no context to search")
    best = best_passages(text, query[:_MAX_QUERY])
    if not best:
        return "Nothing in the context has these words."
    return "\n\n".join(f"[from character {passage.start}]\n{passage.text}" for passage in best)
