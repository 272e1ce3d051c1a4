"""Classification of a text into the caller's categories by similarity of meaning.

Each category has one vector, of its description and its name, which examples move. The nearest
category is returned if it fits by ``label_fit.py``; else no category matches.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connector.catalogue.mail_text import divide_mail
from connector.providers.local.methods.category_vectors import Form, read_category_form
from connector.providers.local.methods.label_fit import TextScores, score_text
from connector.providers.local.model import wordpiece
from connector.providers.local.model.calibration import calibration_of
from connector.providers.local.model.embed import WINDOW, Encoder
from connector.providers.local.text.sentences import Sentence, sentences
from connector.providers.local.text.sentiment import category_polarities, sentiment_score

if TYPE_CHECKING:
    from connector.providers.local.model.embed import Vectors

MAX_SENTENCES, MAX_TOKENS = 24, 64  # that are read alone, for several categories
MAX_CHARACTERS = 4_000  # from the beginning of the text; they fill the model's window
MAX_QUOTE = 160
THREE_WAYS = 0.4  # of the scale: three kinds of opinion are told apart less surely than two
MIN_QUOTED_TOKENS = 4
_LETTER = re.compile(r"[^\W\d_]")
_SENTIMENT_REASONS = {
    1: "The text praises more than it complains.",
    0: "The text neither praises nor complains clearly.",
    -1: "The text complains more than it praises.",
}


def classify(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """Classify ``values["text"]``.

    Returns ``category``, ``categories``, ``confidence``, ``runner_up`` and ``reason``.
    """
    text = values.get("text") or ""
    if values.get("clean") != "off":
        text = divide_mail(text).newest  # what it quotes was decided before
    names = [str(category.get("name") or "") for category in values.get("categories") or ()]
    if not names:
        return _answer([], None, None, "There are no categories.")
    if not has_words(text):
        return _answer([], None, None, "The text has no words to compare.")
    polarities = category_polarities(names)
    if polarities and not values.get("examples"):
        return _classify_sentiment(text, polarities, encoder)
    return _classify_topic(text, read_category_form(values, encoder), encoder)


def has_words(text: str) -> bool:
    """Whether a text says anything: ``12345``, ``{}``, ``-`` and ``&nbsp;`` do not."""
    if not _LETTER.search(html.unescape(text[: 2 * MAX_CHARACTERS])):
        return False
    return bool(set(wordpiece.pieces(text, WINDOW)) - {wordpiece.UNKNOWN})


def _classify_topic(text: str, form: Form, encoder: Encoder) -> dict[str, Any]:
    head = text[:MAX_CHARACTERS]
    parts = sentences(head) or [Sentence(0, len(head), head)]
    vector, sentence_vectors = encoder.encode_parts([part.raw for part in parts])
    scores = _scores(vector, form, encoder)
    bar = calibration_of(encoder.weights.name).fit_bars[form.strictness]
    if scores.fit < bar and len(text) > MAX_CHARACTERS // 4:
        vector, scores = _best_window(text, form, encoder, (vector, scores))
    shares = form.scorer.probabilities(vector)
    order = sorted(range(len(form.names)), key=lambda index: (-float(shares[index]), index))
    best = order[0]
    pieces = _pieces(parts) if form.several else []
    alone = [_scores(one, form, encoder) for one in encoder.encode(pieces, MAX_TOKENS)]
    if max([scores.fit, *(one.fit for one in alone)]) < bar:
        reason = f'None of the categories is close enough; the nearest is "{form.names[best]}".'
        return _answer([], None, form.names[best], reason)
    matching = [best]
    if form.several:
        matching = _several(scores, alone, form, encoder)
        best = matching[0]
    runner_up = next((form.names[index] for index in order if index not in matching), None)
    if pieces:
        quote = _nearest_piece(pieces, alone, best)
    else:
        quote = _quote(parts, sentence_vectors, form.scorer.directions[best])
    return _answer(
        [form.names[index] for index in matching],
        round(min(1.0, float(sum(shares[index] for index in matching))), 3),
        runner_up,
        f'Closest to "{form.names[best]}" by meaning: "{quote}".',
    )


def _scores(vector: Vectors, form: Form, encoder: Encoder) -> TextScores:
    calibration = calibration_of(encoder.weights.name)
    similarities = form.similarities(vector)
    return score_text(vector, similarities, form.scorer.directions, encoder, calibration)


def _pieces(parts: Sequence[Sentence]) -> list[str]:
    """The sentences that are read alone, where a text may be about several things."""
    pieces = [piece for part in parts for piece in part.raw.split(";") if _LETTER.search(piece)]
    return pieces[:MAX_SENTENCES]


def _nearest_piece(pieces: Sequence[str], alone: Sequence[TextScores], best: int) -> str:
    similarities = [float(one.similarities[best]) for one in alone]
    return _cut(" ".join(pieces[similarities.index(max(similarities))].split()))


def _several(
    scores: TextScores, alone: Sequence[TextScores], form: Form, encoder: Encoder
) -> list[int]:
    """The categories of the text and its sentences that stand out enough, nearest first."""
    gap, least = calibration_of(encoder.weights.name).several_bars
    lowest = float(scores.similarities.max()) - gap
    standing: dict[int, float] = {}
    for index, similarity in enumerate(scores.similarities):
        if similarity >= lowest:
            standing[index] = float(scores.standing[index])
    for one in alone:
        index = int(one.similarities.argmax())
        standing[index] = max(standing.get(index, -math.inf), float(one.standing[index]))
    most = sorted(standing, key=lambda index: (-standing[index], index))
    chosen = [index for index in most if standing[index] >= least][: form.most] or most[:1]
    return sorted(chosen, key=lambda index: (-float(scores.similarities[index]), index))


def _classify_sentiment(
    text: str, polarities: Mapping[str, int], encoder: Encoder
) -> dict[str, Any]:
    """Positive, negative or, if there is such a category, neutral; always one of them."""
    names = {value: name for name, value in polarities.items()}
    score, bar = sentiment_score(text, encoder)
    bar = max(0.0, bar) if 0 in names else 0.0
    sign = 1 if score > 0 else -1
    polarity = 0 if abs(score) < bar else sign
    scale = calibration_of(encoder.weights.name).sentiment_scale
    if 0 in names:
        scale *= THREE_WAYS
    confidence = 1 / (1 + math.exp(-scale * abs(abs(score) - bar)))
    runner_up = names[sign] if polarity == 0 else names.get(0, names[-polarity])
    reason = _SENTIMENT_REASONS[polarity]
    return _answer([names[polarity]], round(confidence, 3), runner_up, reason)


def _best_window(
    text: str, form: Form, encoder: Encoder, first: tuple[Vectors, TextScores]
) -> tuple[Vectors, TextScores]:
    """The beginning, the middle or the end of a long text: what a category fits best."""
    windows = [first]
    for start in (len(text) // 2, max(0, len(text) - WINDOW * 4)):
        vector = encoder.encode([text[start : start + MAX_CHARACTERS]])[0]
        windows.append((vector, _scores(vector, form, encoder)))
    return max(windows, key=lambda window: window[1].fit)


def _quote(parts: Sequence[Sentence], sentence_vectors: Vectors, label: Vectors) -> str:
    """The sentence that is most similar to a category; one of some length, if there is one."""
    similarities = [float(score) for score in sentence_vectors @ label]
    long_enough = [
        index
        for index in range(len(similarities))
        if len(wordpiece.pieces(parts[index].raw, MIN_QUOTED_TOKENS)) >= MIN_QUOTED_TOKENS
    ]
    best = max(long_enough or range(len(similarities)), key=lambda index: similarities[index])
    return _cut(parts[best].text)


def _cut(text: str) -> str:
    text = text.rstrip(".")
    return text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE].rsplit(" ", 1)[0] + "…"


def _answer(
    matching: list[str], confidence: float | None, runner_up: str | None, reason: str
) -> dict[str, Any]:
    return {
        "category": matching[0] if matching else None,
        "categories": matching,
        "confidence": confidence,
        "runner_up": runner_up,
        "reason": reason,
    }
