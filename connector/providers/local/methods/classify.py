# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Sorting a text into the caller's categories by likeness of meaning.

Each category becomes one vector: its description, the description as a topic, its name, and any examples. The text's
vector is compared with each. A category is only given when it beats general topics that fit anything; else none fits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import tone, wordpiece
from .embed import WINDOW, Encoder
from .sentences import Sentence, sentences

if TYPE_CHECKING:
    from .embed import Vectors

FLOOR = 0.02  # what a category's likeness must exceed, after half of the best general topic's is taken off
GENERAL_WEIGHT = 0.5
NAME_WEIGHT = 0.6
CLOSE = 0.48  # with several answers: a share of the best category's likeness that counts as fitting too
WARMTH = 0.05  # softmax temperature of `confidence`
FEW = 60  # categories that get all three vectors; more get one, to stay fast
EXAMPLES = 60  # examples that are read in all
READ = 4_000  # characters of the text's beginning that can fill the model's window
QUOTE = 160

GENERAL = (
    "greetings, thanks and small talk", "advertising and spam", "a job application or internship",
    "an appointment or a reminder", "politics and news", "sports and games", "computers and software",
    "health and medicine", "business and finance", "science and nature", "family and friends", "travel and holidays",
    "food and cooking", "music, films and books", "law and crime", "weather", "religion", "cars and machines",
    "home and garden", "school and study",
)  # fmt: skip


def classify(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """``category``, ``categories``, ``confidence``, ``runner_up`` and ``reason`` for ``values["text"]``."""
    import numpy as np

    text, categories = values.get("text") or "", list(values.get("categories") or ())
    names = [str(category.get("name") or "") for category in categories]
    if not names or not set(wordpiece.pieces(text, WINDOW)) - {wordpiece.UNKNOWN}:
        return _answer([], None, None, "The text has no words to compare." if names else "There are no categories.")
    tones = tone.scale(names)
    if tones and not values.get("examples"):
        return _by_tone(text, tones, encoder)
    labels = label_vectors(categories, values.get("examples") or (), encoder)
    parts = sentences(text[:READ]) or [Sentence(0, len(text[:READ]), text[:READ])]
    whole, each = encoder.encode_parts([part.raw for part in parts])
    scores = labels @ whole
    bar = _bar(whole, encoder)
    if scores.max() < bar and len(text) > READ // 4:
        whole, scores, bar = _elsewhere(text, labels, encoder, (whole, scores, bar))
    order = sorted(range(len(names)), key=lambda place: (-float(scores[place]), place))
    best = order[0]
    if scores[best] < bar:
        return _answer([], None, names[best], f'None of the categories is close enough; the nearest is "{names[best]}".')
    fitting = [best]
    if values.get("multiple"):
        closest = np.maximum(scores, (each @ labels.T).max(axis=0)) if len(each) else scores
        fitting = [place for place in order if closest[place] >= max(bar, CLOSE * float(closest.max()))]
    runner = next((names[place] for place in order if place not in fitting), None)
    reason = f'Closest to "{names[best]}" by meaning: "{_quote(parts, each, labels[best])}".'
    return _answer([names[place] for place in fitting], _confidence(scores, bar, best), runner, reason)


def _by_tone(text: str, tones: Mapping[str, int], encoder: Encoder) -> dict[str, Any]:
    """Praise, blame or neither; without a neutral category, an even balance fits none."""
    total = tone.balance(text, encoder)
    kind = 0 if abs(total) < tone.CLEAR else 1 if total > 0 else -1
    names = {value: name for name, value in tones.items()}
    runner = names[1 if total > 0 else -1] if kind == 0 else names.get(0, names[-kind])
    if kind not in names:
        return _answer([], None, runner, "The text neither praises nor complains clearly.")
    away = abs(abs(total) - tone.CLEAR)
    reason = {1: "The text praises more than it complains.", -1: "The text complains more than it praises."}
    said = reason.get(kind, "The text neither praises nor complains clearly.")
    return _answer([names[kind]], round(1 - 0.5 * math.exp(-away), 3), runner, said)


def label_vectors(categories: Sequence[Mapping[str, Any]], examples: Sequence[Mapping[str, Any]], encoder: Encoder) -> Vectors:
    """One unit vector for each category, shape (n, 384)."""
    import numpy as np

    names = [str(category.get("name") or "").replace("_", " ") for category in categories]
    texts = [str(category.get("description") or "") or name for category, name in zip(categories, names, strict=True)]
    rows = encoder.remember([f"Topic: {text}" for text in texts])
    if len(names) <= FEW:
        rows = rows + encoder.remember(texts) + NAME_WEIGHT * encoder.remember(names)
    rows = _unit(rows)
    for place, category in enumerate(categories):
        shown = [str(one.get("text") or "") for one in examples if one.get("choice") == category.get("name")]
        shown = [one for one in shown if one.strip()][: max(1, EXAMPLES // len(categories))]
        if shown:
            rows[place] += encoder.remember(shown).sum(axis=0)
    return _unit(np.asarray(rows, np.float32))


def _unit(rows: Vectors) -> Vectors:
    import numpy as np

    result: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return result


def _bar(whole: Vectors, encoder: Encoder) -> float:
    general = encoder.remember([f"Topic: {topic}" for topic in GENERAL]) @ whole
    return FLOOR + GENERAL_WEIGHT * float(general.max())


def _elsewhere(text: str, labels: Vectors, encoder: Encoder, first: tuple[Vectors, Vectors, float]) -> tuple[Vectors, Vectors, float]:
    """The same for the middle and the end of a long text, when its beginning fits nothing: the clearest window wins."""
    windows = [first]
    for start in (len(text) // 2, max(0, len(text) - WINDOW * 4)):
        whole = encoder.encode([text[start : start + READ]])[0]
        windows.append((whole, labels @ whole, _bar(whole, encoder)))
    return max(windows, key=lambda window: float(window[1].max()) - window[2])


def _quote(parts: Sequence[Sentence], each: Vectors, label: Vectors) -> str:
    likeness = [float(score) for score in each @ label]
    long_enough = [place for place in range(len(likeness)) if len(wordpiece.pieces(parts[place].raw, 4)) > 3]
    best = max(long_enough or range(len(likeness)), key=lambda place: likeness[place])
    text = parts[best].text.rstrip(".")
    return text if len(text) <= QUOTE else text[:QUOTE].rsplit(" ", 1)[0] + "…"


def _confidence(scores: Vectors, bar: float, best: int) -> float:
    """The best category's share among all of them and "none" (softmax over likeness)."""
    weights = [math.exp((float(score) - float(scores[best])) / WARMTH) for score in [*scores, bar]]
    return round(1 / sum(weights), 3)


def _answer(fitting: list[str], confidence: float | None, runner_up: str | None, reason: str) -> dict[str, Any]:
    return {
        "category": fitting[0] if fitting else None,
        "categories": fitting,
        "confidence": confidence,
        "runner_up": runner_up,
        "reason": reason,
    }
