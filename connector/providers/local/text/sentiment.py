"""Sentiment of a text, for categories such as positive, negative and neutral.

Similarity to the names of such categories is not enough. A text is compared with a few sentences of
both kinds; positive and negative words, inverted after a negation, are counted as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from connector.providers.local.model.calibration import calibration_of
from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.label_matching import normalize
from connector.providers.local.text.sentences import word_set

if TYPE_CHECKING:
    from connector.providers.local.model.embed import Vectors

POSITIVE_NAMES = word_set(
    "positive positiv positif positivo happy satisfied good praise compliment compliments "
    "zufrieden gut satisfait contento"
)
NEGATIVE_NAMES = word_set(
    "negative negativ negatif negativo unhappy dissatisfied bad angry complaint complaints "
    "unzufrieden schlecht mecontent malo"
)
NEUTRAL_NAMES = word_set("neutral neutre neutro mixed gemischt mixte mixto neither")

POSITIVE_WORDS = word_set(
    "good great love loved loves lovely excellent amazing awesome wonderful fantastic perfect "
    "perfectly best happy pleased nice brilliant superb outstanding impressed recommend "
    "recommended helpful friendly kind beautiful delicious enjoy enjoyed thanks thank glad "
    "delighted easy fast reliable solved gut toll super bon content"
)
NEGATIVE_WORDS = word_set(
    "bad terrible awful horrible worst worse poor broken broke hate hated hates disappointed "
    "disappointing disappointment useless rude slow unacceptable annoying annoyed angry fail "
    "failed fails failure refund waste wrong dirty cold late never problem problems unhappy "
    "complaint complain defective damaged unreliable scam lent"
)
# of languages that the model hardly reads
OTHER_POSITIVE_WORDS = word_set(
    "hervorragend perfekt wunderbar zufrieden danke freundlich empfehlenswert begeistert lecker "
    "bonne parfait parfaite merci ravi ravie contente genial bueno buena excelente perfecto "
    "gracias encantado encanta"
)
OTHER_NEGATIVE_WORDS = word_set(
    "schlecht furchtbar schrecklich enttauscht kaputt mangelhaft unfreundlich arger langsam falsch "
    "defekt mauvais mauvaise nul nulle decu decue casse malo mala pesimo decepcionado roto "
    "lento"
)
NEGATIONS = word_set(
    "not no never nothing hardly isn wasn don didn doesn can cannot nicht kein keine nie pas "
    "jamais ni"
)
POSITIVE_TEXTS = (
    "I am very happy with this and recommend it.",
    "What a great experience, thank you.",
    "It is good.",
    "It works very well.",
    "a wonderful, enjoyable film",
    "This is good news.",
    "Topic: positive",
    "positive",
)
NEGATIVE_TEXTS = (
    "I am very disappointed and want to complain.",
    "What a terrible experience, it does not work.",
    "It is bad.",
    "It does not work at all.",
    "a dull, annoying film",
    "This is bad news.",
    "Topic: negative",
    "negative",
)
NEUTRAL_TEXTS = (
    "The meeting is on Tuesday.",
    "It arrived yesterday.",
    "The report has twelve pages.",
    "How do I change my address?",
    "Topic: neutral",
    "neutral",
    "This is a fact.",
)
WORD_WEIGHT = 0.045  # the similarity that an English word counts as
OTHER_WORD_WEIGHT = 5.0  # English words that a word of another language counts as
MAX_WORDS = 5
MAX_CHARACTERS = 4_000
_WORD = re.compile(r"[^\W\d_]{1,30}")


def category_polarities(names: Sequence[str]) -> dict[str, int] | None:
    """{category: 1 positive, -1 negative or 0 neutral}; None if these are not sentiments."""
    polarities: dict[str, int] = {}
    for name in names:
        polarity = _polarity(normalize(name.strip()))
        if polarity is None:
            return None
        polarities[name] = polarity
    distinct = set(polarities.values())
    has_both = {1, -1} <= distinct
    return polarities if has_both and len(distinct) == len(polarities) else None


def _polarity(name: str) -> int | None:
    if name in POSITIVE_NAMES:
        return 1
    if name in NEGATIVE_NAMES:
        return -1
    return 0 if name in NEUTRAL_NAMES else None


def sentiment_score(text: str, encoder: Encoder) -> tuple[float, float]:
    """(positive or negative, the bar for that): differences of similarities.

    A text whose score is closer to 0 than the bar is neutral, if there is such a category.
    """
    vector = encoder.encode([text[:MAX_CHARACTERS]])[0]
    positive, negative, neutral = (float(one @ vector) for one in sentiment_vectors(encoder))
    words = max(-MAX_WORDS, min(MAX_WORDS, word_score(text)))
    calibration = calibration_of(encoder.weights.name)
    margin, weight = calibration.neutral_bar
    bar = margin + weight * (neutral - max(positive, negative))
    return positive - negative + WORD_WEIGHT * words, bar


def sentiment_vectors(encoder: Encoder) -> tuple[Vectors, Vectors, Vectors]:
    """Unit vectors (384,) of positive, of negative and of neutral texts."""
    return (
        _centre(encoder.encode_cached(POSITIVE_TEXTS)),
        _centre(encoder.encode_cached(NEGATIVE_TEXTS)),
        _centre(encoder.encode_cached(NEUTRAL_TEXTS)),
    )


def _centre(vectors: Vectors) -> Vectors:
    import numpy as np

    mean = vectors.mean(axis=0)
    unit: Vectors = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return unit


def word_score(text: str) -> float:
    """Positive minus negative words; a negation among the three words before inverts a word."""
    words = _WORD.findall(normalize(text[:MAX_CHARACTERS]))
    total = 0.0
    for index, word in enumerate(words):
        value = float((word in POSITIVE_WORDS) - (word in NEGATIVE_WORDS))
        other = (word in OTHER_POSITIVE_WORDS) - (word in OTHER_NEGATIVE_WORDS)
        value = value or OTHER_WORD_WEIGHT * other
        if value and NEGATIONS & set(words[max(0, index - 3) : index]):
            value = -value
        total += value
    return total
