# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures

"""Extractive summaries: sentences of the text, selected and never generated.

A sentence scores high if it is similar to the text as a whole (centroid), similar to many other
sentences (LexRank) and near the beginning, or, with a ``focus``, similar to that. Sentences similar
to those already selected are penalized (maximal marginal relevance).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.prose import (
    body_of,
    body_sentences,
    is_message,
    is_pleasantry,
    is_reference,
    is_whole,
    needs_context,
)
from connector.providers.local.text.sentences import Sentence, sentences

if TYPE_CHECKING:
    from connector.providers.local.model.embed import Vectors

COUNT = {"short": 2, "medium": 4, "long": 8}
BULLETS = {"short": 3, "medium": 5, "long": 8}
MAX_SENTENCES = 80  # that are encoded; from longer texts the most relevant ones are preselected
MAX_TOKENS = 72  # of a sentence
REDUNDANCY_WEIGHT = 0.35  # the share of its score that an exact repetition loses
FOCUS_WEIGHT = 3.0
DAMPING = 0.85
LEAD_BONUS = 0.3  # of the first sentence of an article, for a summary of one sentence
MAX_GAP = 20  # characters between two sentences that follow each other
WHOLE_SENTENCES = 3  # a text of fewer is its own summary
STEM = 5  # words with the same first letters count as equal: order, orders, ordered
SHORT_WORDS = 5
SHORT = 60
SENTENCE_BONUS = 0.2  # for text that ends like a sentence
_SPOKEN = re.compile(r"[^\W\d_]{2,30}")
_COLUMNS = re.compile(r"\S\s{3}\s{0,60}\S")
_END = (".", "!", "?", "…", "。", "”", '"', "»", ")")
_WORD = re.compile(r"\w{4,30}")
_ROUTINE = re.compile(
    r"(?:dear|vielen dank|merci|hi|hello|hey|good (?:morning|afternoon|day|evening)|best|kind|"
    r"warm|many thanks|thanks|thank you|regards|yours|sincerely|cheers|hallo|liebe[rs]?|"
    r"sehr geehrte|guten (?:tag|morgen)|mit freundlichen|viele grüße|bonjour|madame|monsieur|"
    r"cordialement|hola|estimad|saludos|from|to|cc|bcc|subject|date|sent|betreff|von|an|objet)\b",
    re.IGNORECASE,
)


def summarize(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """``summary`` (text) and ``bullets`` (list of texts) of ``values["text"]``.

    A text without sentences is quoted from its beginning.
    """
    text = values.get("text") or ""
    style = values.get("format") or "paragraph"
    length = values.get("length") or "medium"
    count = _sentence_count(style, length)
    chosen = choose_sentences(text, count, values.get("focus"), encoder)
    bullets = [sentence.text for sentence in chosen] or [text.strip()[:SHORT]]
    if style == "bullets":
        return {"summary": "\n".join(f"- {bullet}" for bullet in bullets), "bullets": bullets}
    return {"summary": " ".join(bullets), "bullets": bullets}


def _sentence_count(style: str, length: str) -> int:
    if style == "tldr":
        return 1
    counts = BULLETS if style == "bullets" else COUNT
    return counts.get(length, COUNT["medium"])


def choose_sentences(text: str, count: int, focus: str | None, encoder: Encoder) -> list[Sentence]:
    """The ``count`` most relevant sentences of ``text``, in its order.

    Fewer where the others cannot be understood alone. Up to two sentences are all returned.
    """
    body = body_of(text)
    found = body_sentences(sentences(body)) or sentences(text)
    told = [sentence for sentence in found if _is_informative(sentence)]
    if len(found) < WHOLE_SENTENCES or not told:
        return told or found[:count]
    pool = preselect(told, MAX_SENTENCES, focus)
    is_mail = is_message(text)
    if count == 1 and is_mail and not (focus and focus.strip()):
        return [_first_telling(pool)]
    return pick_sentences(pool, count, focus, encoder, is_article=not is_mail, is_text=True)


def _first_telling(pool: Sequence[Sentence]) -> Sentence:
    """The first sentence that tells something and is understood alone, else the first."""
    for is_fit in (_is_telling, lambda sentence: not needs_context(sentence.text)):
        for sentence in pool:
            if is_fit(sentence):
                return sentence
    return pool[0]


def _is_telling(sentence: Sentence) -> bool:
    text = sentence.text
    return is_whole(sentence) and not needs_context(text) and not is_pleasantry(text)


def pick_sentences(
    pool: list[Sentence],
    count: int,
    focus: str | None,
    encoder: Encoder,
    *,
    is_text: bool = False,
    is_article: bool = False,
) -> list[Sentence]:
    """The ``count`` most relevant sentences of ``pool``, in its order.

    Those of a text (``is_text``) are understood without the others, or follow the one that they
    need. In an article the first sentence counts as the most relevant, as in news.
    """
    if len(pool) <= count:
        return pool
    vectors = encoder.encode_centred([sentence.text for sentence in pool], MAX_TOKENS)
    scores = _scores(pool, vectors, focus, encoder)
    if is_article and not (focus and focus.strip()) and _is_telling(pool[0]):
        scores[0] += LEAD_BONUS if count == 1 else scores.max()
    needs = [_needs(pool, index) if is_text else None for index in range(len(pool))]
    chosen = _select_diverse(scores, vectors, count, needs)
    return [pool[index] for index in sorted(chosen)]


def _needs(pool: Sequence[Sentence], index: int) -> int | None:
    """The index of the sentence without which one is not understood; its own if that is missing."""
    if not index or not needs_context(pool[index].text):
        return None
    gap = pool[index].start - pool[index - 1].end
    return index - 1 if gap <= MAX_GAP else index


def preselect(candidates: list[Sentence], count: int, focus: str | None = None) -> list[Sentence]:
    """At most ``count`` sentences: with the rarest words of ``focus``, then with the most frequent
    ones of the text.

    They keep their order. Linear in the text's length, to limit how much is encoded.
    """
    if len(candidates) <= count:
        return candidates
    word_sets = [{word[:STEM] for word in _WORD.findall(one.raw.lower())} for one in candidates]
    counts = Counter(word for words in word_sets for word in words)
    focus_words = {word[:STEM] for word in _WORD.findall((focus or "").lower())} & counts.keys()
    rarity = {word: math.log(1 + len(candidates) / counts[word]) for word in focus_words}

    def weight(index: int) -> tuple[float, float]:
        words = word_sets[index]
        common = sum(counts[word] for word in words) / (len(words) + 5)
        shared = sum(rarity[word] for word in words & focus_words)
        return -shared, -common * (2 if index < count // 4 else 1)

    best = sorted(range(len(candidates)), key=lambda index: (*weight(index), index))[:count]
    return [candidates[index] for index in sorted(best)]


def _is_informative(sentence: Sentence) -> bool:
    """Whether a sentence has content: it is no greeting, no mail header and no row of a table."""
    text = sentence.text
    if not text.isascii() and " " not in text:
        return True  # scripts without spaces
    if (_ROUTINE.match(text) and len(text) < SHORT) or is_reference(text):
        return False
    return len(_SPOKEN.findall(text)) >= SHORT_WORDS and not _COLUMNS.search(sentence.raw)


def _scores(pool: list[Sentence], vectors: Vectors, focus: str | None, encoder: Encoder) -> Vectors:
    import numpy as np

    centre = vectors.mean(axis=0)
    scores = vectors @ (centre / max(float(np.linalg.norm(centre)), 1e-9)) + _lexrank(vectors)
    scores += np.array(
        [SENTENCE_BONUS * sentence.raw.endswith(_END) for sentence in pool], np.float32
    )
    scores += 0.3 / (1 + np.arange(len(pool), dtype=np.float32))
    if focus and focus.strip():
        scores = scores * 0.3 + FOCUS_WEIGHT * (vectors @ encoder.encode_centred([focus])[0])
    result: Vectors = scores.astype(np.float32)
    return result


def _lexrank(vectors: Vectors) -> Vectors:
    """LexRank, 0..1: a sentence is important if it is similar to important sentences."""
    import numpy as np

    likeness = np.clip(vectors @ vectors.T, 0, None) ** 2
    np.fill_diagonal(likeness, 0)
    moves = likeness / np.maximum(likeness.sum(axis=1, keepdims=True), 1e-9)
    rank = np.full(len(vectors), 1 / len(vectors), np.float32)
    for _ in range(20):
        rank = (1 - DAMPING) / len(vectors) + DAMPING * (rank @ moves)
    result: Vectors = (rank / max(float(rank.max()), 1e-9)).astype(np.float32)
    return result


def _select_diverse(
    scores: Vectors, vectors: Vectors, count: int, needs: Sequence[int | None]
) -> list[int]:
    """The indexes of the best scores, avoiding sentences similar to those already selected.

    One that needs another (its index in ``needs``) is selected only after that.
    """
    chosen: list[int] = []
    remaining = list(range(len(scores)))
    while remaining and len(chosen) < count:

        def gain(index: int) -> float:
            similarities = [float(vectors[index] @ vectors[other]) for other in chosen]
            similarity = max(similarities, default=0.0)
            penalty = 1.0 if similarity > 0.95 else 0.0
            factor = 1 - REDUNDANCY_WEIGHT * max(similarity, 0.0)
            return float(scores[index]) * factor - penalty

        open_ones = [index for index in remaining if needs[index] in (None, *chosen)]
        if not open_ones:
            break
        best = max(open_ones, key=gain)
        chosen.append(best)
        remaining.remove(best)
    return chosen or [0]
