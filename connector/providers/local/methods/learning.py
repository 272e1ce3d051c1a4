"""Learning categories from examples: labelled vectors in, a scorer out.

Each category has a vector already, of its name and description. Examples move these vectors by
regularized multinomial logistic regression that is pulled towards them, so that no example means
zero-shot classification, and a few examples change a little. Confidence is calibrated on examples
that were left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from connector.providers.local.model.embed import Vectors

    Array = NDArray[Any]

PULL = 10.0  # strength of the pull towards the vectors of the categories
STEPS = 100
FOLDS = 4
MIN_CALIBRATED = 20  # examples, and two of each category: fewer say nothing of the temperature
_FACTORS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8)  # of the temperature


@dataclass(frozen=True)
class Scorer:
    """Categories as vectors.

    ``vectors``       of the categories, shape (k, 384); of unit length where nothing was learned
    ``temperature``   similarities divided by it are logits
    ``learned_from``  the number of examples
    """

    vectors: Vectors
    temperature: float
    learned_from: int = 0

    @property
    def directions(self) -> Vectors:
        """The vectors with unit length."""
        import numpy as np

        norms = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        result: Vectors = self.vectors / np.maximum(norms, 1e-9)
        return result

    def probabilities(self, vector: Vectors) -> Vectors:
        """The share of each category for a text's unit vector, shape (k,), with the sum 1."""
        result: Vectors = _softmax((self.vectors @ vector)[None] / self.temperature)[0]
        return result


def learn(
    vectors: Vectors, labels: Sequence[int], categories: Vectors, temperature: float
) -> Scorer:
    """The scorer for unit vectors of examples (n, 384), of which ``labels`` are the categories.

    ``categories`` are the unit vectors of the categories (k, 384); without examples they score.
    """
    import numpy as np

    if not len(vectors):
        return Scorer(categories, temperature)
    targets = np.asarray(labels, np.int64)
    moved = categories + _moves(vectors, targets, categories, temperature)
    calibrated = _calibrate(vectors, targets, categories, temperature)
    return Scorer(moved, calibrated, len(vectors))


def _moves(vectors: Array, targets: Array, categories: Array, temperature: float) -> Array:
    """How far each category moves, shape (k, 384), by Nesterov's accelerated gradient."""
    import numpy as np

    wanted = np.eye(len(categories), dtype=np.float32)[targets]
    norm = float(np.linalg.norm(vectors, 2))
    step = 1 / (0.5 * (norm / temperature) ** 2 + 2 * PULL)
    moves = ahead = np.zeros_like(categories)
    momentum = 1.0
    for _ in range(STEPS):
        shares = _softmax(vectors @ (categories + ahead).T / temperature)
        gradient = (shares - wanted).T @ vectors / temperature + 2 * PULL * ahead
        following = (ahead - step * gradient).astype(np.float32)
        grown = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = following + np.float32((momentum - 1) / grown) * (following - moves)
        moves, momentum = following, grown
    return moves


def _calibrate(vectors: Array, targets: Array, categories: Array, temperature: float) -> float:
    """The temperature that makes the shares of left-out examples most likely."""
    import numpy as np

    count = len(vectors)
    if count < max(MIN_CALIBRATED, 2 * len(categories)):
        return temperature
    scores = np.zeros((count, len(categories)), np.float32)
    # every fold has examples of each category, where there are enough
    order = np.argsort(targets, kind="stable")
    for fold in range(FOLDS):
        left_out = order[fold::FOLDS]
        kept = np.setdiff1d(order, left_out)
        moves = _moves(vectors[kept], targets[kept], categories, temperature)
        scores[left_out] = vectors[left_out] @ (categories + moves).T
    losses = [_loss(scores / (factor * temperature), targets) for factor in _FACTORS]
    return _FACTORS[int(np.argmin(losses))] * temperature


def _loss(logits: Array, targets: Array) -> float:
    import numpy as np

    right = _softmax(logits)[np.arange(len(targets)), targets]
    return -float(np.log(np.maximum(right, 1e-6)).mean())


def _softmax(logits: Array) -> Array:
    import numpy as np

    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares
