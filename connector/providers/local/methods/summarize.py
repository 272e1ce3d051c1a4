# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Summaries made of the text's own sentences: chosen, never written.

A sentence counts when it is near the text's centre (centroid), near many other sentences (LexRank) and near the
beginning; with a ``focus``, when it is near that. Near-repetitions of what is already chosen are passed over (MMR).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .embed import Encoder
from .keyvalue import mail_headers
from .sentences import Sentence, sentences

if TYPE_CHECKING:
    from .embed import Vectors

COUNT = {"short": 2, "medium": 4, "long": 8}
BULLETS = {"short": 3, "medium": 5, "long": 8}
READ = 80  # sentences that are embedded; from longer texts the most telling ones are chosen first
PIECES = 72  # of a sentence
NEW = 0.35  # how much of a sentence's score a perfect repetition of a chosen one costs
FOCUS = 3.0
DAMPING = 0.85
SHORT_WORDS = 5
SHORT = 60
WHOLE = 0.2  # what a sentence gains that ends like one
_SPOKEN = re.compile(r"[^\W\d_]{2,30}")
_COLUMNS = re.compile(r"\S\s{3}\s{0,60}\S")
_END = (".", "!", "?", "…", "。", "”", '"', "»", ")")
_WORD = re.compile(r"\w{4,30}")
_ROUTINE = re.compile(
    r"(?:dear|vielen dank|merci|hi|hello|hey|good (?:morning|afternoon|day|evening)|best|kind|warm|many thanks|thanks|thank you|regards|"
    r"yours|sincerely|cheers|hallo|liebe[rs]?|sehr geehrte|guten (?:tag|morgen)|mit freundlichen|viele grüße|bonjour|"
    r"madame|monsieur|cordialement|hola|estimad|saludos|from|to|cc|bcc|subject|date|sent|betreff|von|an|objet)\b",
    re.IGNORECASE,
)


def summarize(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """``summary`` (text) and ``bullets`` (list of text) of ``values["text"]``; a text without a sentence is quoted from its beginning."""
    text, form, length = values.get("text") or "", values.get("format") or "paragraph", values.get("length") or "medium"
    wanted = 1 if form == "tldr" else (BULLETS if form == "bullets" else COUNT).get(length, COUNT["medium"])
    chosen = [sentence.text for sentence in choose(text, wanted, values.get("focus"), encoder)] or [text.strip()[:SHORT]]
    joined = "\n".join(f"- {one}" for one in chosen) if form == "bullets" else " ".join(chosen)
    return {"summary": joined, "bullets": chosen}


def choose(text: str, wanted: int, focus: str | None, encoder: Encoder) -> list[Sentence]:
    """The ``wanted`` most telling sentences of ``text``, in its order."""
    found = sentences(text[mail_headers(text) :])
    return pick(preselect([sentence for sentence in found if _tells(sentence)] or found, READ, focus), wanted, focus, encoder)


def pick(pool: list[Sentence], wanted: int, focus: str | None, encoder: Encoder) -> list[Sentence]:
    """The ``wanted`` most telling sentences of ``pool``, in its order."""
    if len(pool) <= wanted:
        return pool
    vectors = encoder.encode([sentence.text for sentence in pool], PIECES)
    scores = _scores(pool, vectors, focus, encoder)
    return [pool[place] for place in sorted(_distinct(scores, vectors, wanted))]


def preselect(told: list[Sentence], most: int, focus: str | None = None) -> list[Sentence]:
    """At most ``most`` sentences: those with the text's most frequent words and the focus's, in order; linear in the text."""
    if len(told) <= most:
        return told
    bags = [set(_WORD.findall(sentence.raw.lower())) for sentence in told]
    counts = Counter(word for bag in bags for word in bag)
    asked = set(_WORD.findall((focus or "").lower()))

    def weight(place: int) -> float:
        bag = bags[place]
        common = sum(counts[word] for word in bag) / (len(bag) + 5)
        return common * (1 + 3 * len(bag & asked)) * (2 if place < most // 4 else 1)

    best = sorted(range(len(told)), key=lambda place: (-weight(place), place))[:most]
    return [told[place] for place in sorted(best)]


def _tells(sentence: Sentence) -> bool:
    """Whether a sentence says something: no greeting, no header, no line of figures."""
    text = sentence.text
    if not text.isascii() and " " not in text:
        return True  # scripts without spaces
    if _ROUTINE.match(text) and len(text) < SHORT:
        return False
    return len(_SPOKEN.findall(text)) >= SHORT_WORDS and not _COLUMNS.search(sentence.raw)


def _scores(pool: list[Sentence], vectors: Vectors, focus: str | None, encoder: Encoder) -> Vectors:
    import numpy as np

    centre = vectors.mean(axis=0)
    scores = vectors @ (centre / max(float(np.linalg.norm(centre)), 1e-9)) + _rank(vectors)
    scores += np.array([WHOLE * sentence.raw.endswith(_END) for sentence in pool], np.float32)
    scores += 0.3 / (1 + np.arange(len(pool), dtype=np.float32))
    if focus and focus.strip():
        scores = scores * 0.3 + FOCUS * (vectors @ encoder.encode([focus])[0])
    result: Vectors = scores.astype(np.float32)
    return result


def _rank(vectors: Vectors) -> Vectors:
    """LexRank, 0..1: a sentence is important when important sentences are like it."""
    import numpy as np

    likeness = np.clip(vectors @ vectors.T, 0, None) ** 2
    np.fill_diagonal(likeness, 0)
    moves = likeness / np.maximum(likeness.sum(axis=1, keepdims=True), 1e-9)
    rank = np.full(len(vectors), 1 / len(vectors), np.float32)
    for _ in range(20):
        rank = (1 - DAMPING) / len(vectors) + DAMPING * (rank @ moves)
    result: Vectors = (rank / max(float(rank.max()), 1e-9)).astype(np.float32)
    return result


def _distinct(scores: Vectors, vectors: Vectors, wanted: int) -> list[int]:
    """Places of the best scores, each new choice unlike the earlier ones."""
    chosen: list[int] = []
    left = list(range(len(scores)))
    while left and len(chosen) < wanted:

        def gain(place: int) -> float:
            same = max((float(vectors[place] @ vectors[other]) for other in chosen), default=0.0)
            return float(scores[place]) * (1 - NEW * max(same, 0.0)) - (1.0 if same > 0.95 else 0.0)

        best = max(left, key=gain)
        chosen.append(best)
        left.remove(best)
    return chosen
