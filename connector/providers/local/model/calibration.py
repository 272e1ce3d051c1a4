"""What the similarities of a model mean, fitted on public texts once for each model.

Fitted on the training halves of 20 Newsgroups, Reuters, BBC News and graded opinions, with all
categories, a few of them, and the right one taken away; docs/quality.md has the other halves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.providers.local.model.weights import BGE, MINILM


@dataclass(frozen=True)
class Calibration:
    """Constants of one model.

    ``temperature``  softmax temperature of similarities
    ``fit_weights``  of (standing out, spread, margin, alikeness of the categories) in the logit of
                     "a category fits", see ``label_fit.py``; ``fit_bias`` is its constant
    ``fit_bars``     the logit that a text must reach, by strictness: 2, 8 and 15 in 100 fitting
                     texts do not
    ``sentiment_scale``  makes a logit of "positive" of a sentiment score
    ``neutral_bar``  (constant, weight): the bar of ``sentiment.sentiment_score``
    ``several_bars``  of several categories: how far one may be below the best of the whole text,
                      and how far it must stand out (in standard deviations of the background)
    """

    temperature: float
    fit_weights: tuple[float, float, float, float]
    fit_bias: float
    fit_bars: Mapping[str, float]
    sentiment_scale: float
    neutral_bar: tuple[float, float]
    several_bars: tuple[float, float]


_CALIBRATIONS = {
    BGE.name: Calibration(
        temperature=0.025,
        fit_weights=(0.715, 11.8, 8.318, 10.539),
        fit_bias=-10.129,
        fit_bars={"low": -1.95, "normal": -1.1, "high": -0.55},
        sentiment_scale=22.5,
        neutral_bar=(0.045, 1.0),
        several_bars=(0.02, 2.5),
    ),
    MINILM.name: Calibration(
        temperature=0.045,
        fit_weights=(0.46, 7.151, 7.757, 4.933),
        fit_bias=-4.773,
        fit_bars={"low": -2.05, "normal": -1.2, "high": -0.65},
        sentiment_scale=17.5,
        neutral_bar=(0.04, 0.5),
        several_bars=(0.04, 2.5),
    ),
}


def calibration_of(name: str) -> Calibration:
    """The constants of the model with that name."""
    return _CALIBRATIONS[name]
