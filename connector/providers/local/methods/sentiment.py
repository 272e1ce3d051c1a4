"""The sentiment of a text, and of what it says of each aspect, with the clause that says it.

The text as a whole is compared with praise and complaint. An aspect is judged by the clauses that
name it, or that have words for it; one that no clause speaks of is left empty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from connector.catalogue.mail_text import divide_mail
from connector.catalogue.settled_rows import NEUTRAL_BELOW
from connector.providers.local.methods.classify import THREE_WAYS, has_words
from connector.providers.local.model.calibration import calibration_of
from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.aspects import Clause, aspect_score, clauses, mentions
from connector.providers.local.text.sentiment import sentiment_score

IRONY = (
    "The text may be ironic, which the embedded engine cannot tell, so its sentiment is unsure. "
    "Have a person read it, or set OPENAI_API_KEY."
)
_MAX_CLAUSES = 40  # that are looked through for praise beside complaint
_CLEAR = 1.5  # of the bar: clauses that count as praise or complaint of a mixed text
_STEEPNESS = 9.0  # how fast a score nears 1
# praise that people write when they mean the opposite
_IRONIC = re.compile(
    r"\byeah,? right\b|\bjust what (?:i|we) (?:needed|wanted)\b|\bthanks for nothing\b|"
    r"\bgreat job (?:ruining|breaking|losing)\b|\bwhat a (?:surprise|joy)\b|\s/s\b|"
    r"\b(?:oh|wow|well),? (?:great|wonderful|brilliant|fantastic|perfect|lovely|nice)\b|"
    r"\b(?:great|wonderful|brilliant|fantastic|perfect|lovely),? (?:another|yet another|again)\b|"
    r"\b(?:love|loved|enjoy|enjoyed) (?:waiting|paying|being (?:ignored|told|charged|lied)|"
    r"spending (?:hours|my))\b|\bna (?:toll|super|klasse)\b|\btoll gemacht\b|\bbravo,? encore\b",
    re.IGNORECASE,
)


def sentiment(values: Mapping[str, Any], encoder: Encoder, notes: list[str]) -> dict[str, Any]:
    """``score`` (-1 to 1), ``mixed``, ``confidence`` and ``aspects`` of ``values["text"]``.

    A sentence for the caller is added to ``notes`` where the score is left out.
    """
    text = str(values.get("text") or "")
    if values.get("clean") != "off":
        text = divide_mail(text).newest
    if not has_words(text):
        return {"score": None, "mixed": False, "confidence": None, "aspects": []}
    found = clauses(text)
    signs = {_sign(one.text, encoder, _CLEAR) for one in found[:_MAX_CLAUSES]}
    score, confidence = _score(text, encoder)
    aspects = [str(aspect) for aspect in values.get("aspects") or ()]
    answer = {
        "score": score,
        "mixed": {1, -1} <= signs,
        "confidence": confidence,
        "aspects": [_aspect(aspect, found, aspects, encoder) for aspect in aspects],
    }
    if _IRONIC.search(text):
        notes.append(IRONY)
        return {**answer, "score": None, "confidence": None}
    return answer


def _score(text: str, encoder: Encoder) -> tuple[float, float]:
    """(score, confidence): below ``NEUTRAL_BELOW`` is what neither praises nor complains."""
    difference, bar = sentiment_score(text, encoder)
    bar = max(0.0, bar)
    size, sign = abs(difference), math.copysign(1, difference)
    if size < bar:
        score = NEUTRAL_BELOW * size / bar
    else:
        score = 1 - (1 - NEUTRAL_BELOW) * math.exp(-_STEEPNESS * (size - bar))
    scale = THREE_WAYS * calibration_of(encoder.weights.name).sentiment_scale
    confidence = 1 / (1 + math.exp(-scale * abs(size - bar)))
    return round(sign * min(score, 1.0), 3), round(confidence, 3)


def _sign(text: str, encoder: Encoder, strength: float = 1.0) -> int:
    """1 for praise, -1 for complaint, 0 for neither."""
    difference, bar = sentiment_score(text, encoder)
    if abs(difference) < strength * max(0.0, bar):
        return 0
    return 1 if difference > 0 else -1


def _aspect(
    aspect: str, found: Sequence[Clause], aspects: Sequence[str], encoder: Encoder
) -> dict[str, Any]:
    """A row for ``aspect``: its sentiment and the clause that shows it, null without one."""
    speaking = mentions(aspect, found)[:_MAX_CLAUSES]
    if not speaking:
        return {"name": aspect, "sentiment": None, "quote": None}
    signed = [(aspect_score(one) or _sign(one.text, encoder), one) for one in speaking]
    if not any(sign for sign, _ in signed):
        signed = [_with_next(one, found, aspects, encoder) for one in speaking]
    signs = {sign > 0 for sign, _ in signed if sign}
    word = "mixed"
    if len(signs) < 2:  # noqa: PLR2004
        word = {True: "positive", False: "negative", None: "neutral"}[next(iter(signs), None)]
    shown = next((one for sign, one in signed if sign), signed[0][1])
    return {"name": aspect, "sentiment": word, "quote": shown.text}


def _with_next(
    clause: Clause, found: Sequence[Clause], aspects: Sequence[str], encoder: Encoder
) -> tuple[int, Clause]:
    """The sign of a clause that says too little alone, with the next one of its sentence.

    That is not done if the next one speaks of another aspect.
    """
    index = found.index(clause) + 1
    following = found[index] if index < len(found) else None
    if following is None or following.sentence != clause.sentence:
        return 0, clause
    if any(mentions(aspect, [following]) for aspect in aspects):
        return 0, clause
    return _sign(f"{clause.text}, {following.text}", encoder), clause
