"""Whether any of the caller's categories fits a text, and how well.

A similarity alone says little: a long text is similar to everything, and so are broad categories.
So the best category must stand out against everyday sentences that have nothing to do with the
form, and against the other categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.providers.local.model.calibration import Calibration
from connector.providers.local.model.embed import Encoder

if TYPE_CHECKING:
    from connector.providers.local.model.embed import Vectors

STRICTNESS = ("low", "normal", "high")
_LEAST_SPREAD = 0.01  # of a text's similarities to the background, for texts like no other


@dataclass(frozen=True)
class TextScores:
    """A text compared with all categories.

    ``similarities``  to each category, shape (k,)
    ``standing``      how far each stands out against the background, in standard deviations, (k,)
    ``fit``           logit of "the best category fits"
    """

    similarities: Vectors
    standing: Vectors
    fit: float


def score_text(
    vector: Vectors,
    similarities: Vectors,
    labels: Vectors,
    encoder: Encoder,
    calibration: Calibration,
) -> TextScores:
    """Compare a text's unit vector (384,) with the categories' unit vectors (k, 384).

    ``similarities`` (k,) are those of the text to them, or to examples of them.
    """
    standing = stand_out(similarities, vector, encoder)
    features = (float(standing.max()), *_lead(similarities), _alikeness(labels))
    weighted = zip(calibration.fit_weights, features, strict=True)
    fit = calibration.fit_bias + sum(weight * feature for weight, feature in weighted)
    return TextScores(similarities, standing, fit)


def stand_out(similarities: Vectors, vector: Vectors, encoder: Encoder) -> Vectors:
    """Similarities of a text in standard deviations above those to everyday sentences."""
    general = encoder.background() @ vector
    spread = max(float(general.std()), _LEAST_SPREAD)
    result: Vectors = (similarities - float(general.mean())) / spread
    return result


def _lead(similarities: Vectors) -> tuple[float, float]:
    """How far the best is above the mean of the others, and above the second."""
    if len(similarities) < 2:  # noqa: PLR2004
        return 0.1, 0.05  # of usual forms
    ordered = sorted((float(value) for value in similarities), reverse=True)
    others = ordered[1:]
    return ordered[0] - sum(others) / len(others), ordered[0] - ordered[1]


def _alikeness(labels: Vectors) -> float:
    """The mean similarity of two different categories."""
    count = len(labels)
    if count < 2:  # noqa: PLR2004
        return 0.5
    total = labels.sum(axis=0)
    return (float(total @ total) - count) / (count * (count - 1))
